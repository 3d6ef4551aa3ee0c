//! Which leader epoch began at which offset (KIP-101, KIP-279).

use crate::checkpoint;
use std::sync::{Arc, OnceLock};

/// The epochs of a log with their first offsets, oldest first. Epochs rise, offsets do not fall.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EpochHistory {
    entries: Vec<(i32, i64)>,
}

/// Name of the file in the partition's folder.
pub(crate) const FILE: &str = "leader-epoch-checkpoint";

impl EpochHistory {
    /// An empty history, shared by all logs that have no other.
    pub(crate) fn none() -> Arc<Self> {
        static NONE: OnceLock<Arc<EpochHistory>> = OnceLock::new();
        Arc::clone(NONE.get_or_init(Arc::default))
    }

    /// Reads the file's bytes; damage makes an empty history.
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        Self { entries: checkpoint::parse_epochs(bytes).unwrap_or_default() }
    }

    pub(crate) fn format(&self) -> String {
        checkpoint::format_epochs(&self.entries)
    }

    /// All entries: epoch and first offset.
    #[must_use]
    pub fn entries(&self) -> &[(i32, i64)] {
        &self.entries
    }

    /// The newest epoch that has records or a leader.
    #[must_use]
    pub fn latest(&self) -> Option<i32> {
        self.entries.last().map(|e| e.0)
    }

    /// The epoch that wrote an offset.
    #[must_use]
    pub fn epoch_of(&self, offset: i64) -> Option<i32> {
        let after = self.entries.partition_point(|e| e.1 <= offset);
        self.entries.get(after.checked_sub(1)?).map(|e| e.0)
    }

    /// Notes that an epoch begins at an offset. Entries that contradict it (a later epoch, or a later start) go: the
    /// log was truncated below them. Whether anything changed.
    pub(crate) fn assign(&mut self, epoch: i32, start: i64) -> bool {
        if epoch < 0 || start < 0 {
            return false;
        }
        let known = self
            .entries
            .last()
            .is_some_and(|e| e.0 == epoch && e.1 <= start);
        if known {
            return false;
        }
        while self
            .entries
            .last()
            .is_some_and(|e| e.0 >= epoch || e.1 >= start)
        {
            self.entries.pop();
        }
        self.entries.push((epoch, start));
        true
    }

    /// The end of an epoch: the largest epoch that is not above `epoch`, and the first offset that is not of it.
    /// `None` if the epoch is newer than all known ones, or nothing is known.
    #[must_use]
    pub fn end_of(&self, epoch: i32, log_end: i64) -> Option<(i32, i64)> {
        if epoch < 0 {
            return None;
        }
        if self.latest() == Some(epoch) {
            return Some((epoch, log_end));
        }
        let above = self.entries.partition_point(|e| e.0 <= epoch);
        let end = self.entries.get(above)?.1;
        match above.checked_sub(1).and_then(|i| self.entries.get(i)) {
            // Older than all known ones: its records were deleted.
            None => Some((epoch, end)),
            Some(found) => Some((found.0, end)),
        }
    }

    /// Forgets epochs that begin at or after the new end of the log. Whether anything changed.
    pub(crate) fn cut_end(&mut self, end: i64) -> bool {
        let keep = self.entries.partition_point(|e| e.1 < end);
        let cut = keep < self.entries.len();
        self.entries.truncate(keep);
        cut
    }

    /// Forgets epochs that ended before the new start of the log; the one that covers it begins there now. Whether
    /// anything changed.
    pub(crate) fn cut_start(&mut self, start: i64) -> bool {
        let covering = self
            .entries
            .partition_point(|e| e.1 <= start)
            .checked_sub(1);
        let Some(covering) = covering else {
            return false;
        };
        let before = self.entries.get(covering).copied();
        self.entries.drain(..covering);
        if let Some(first) = self.entries.first_mut() {
            first.1 = start;
        }
        covering > 0 || self.entries.first().copied() != before
    }

    pub(crate) fn clear(&mut self) -> bool {
        let cut = !self.entries.is_empty();
        self.entries.clear();
        cut
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(entries: &[(i32, i64)]) -> EpochHistory {
        EpochHistory { entries: entries.to_vec() }
    }

    #[test]
    fn epochs_begin_once_and_contradictions_go() {
        let mut h = EpochHistory::default();
        assert!(h.assign(0, 0) && h.assign(2, 10));
        assert!(!h.assign(2, 12));
        assert!(h.assign(5, 10));
        assert_eq!(h.entries(), [(0, 0), (5, 10)]);
        assert!(h.assign(4, 20));
        assert_eq!(h.entries(), [(0, 0), (4, 20)]);
        assert!(!h.assign(-1, 30) && !h.assign(6, -1));
    }

    #[test]
    fn ends_follow_kip_101() {
        let h = history(&[(1, 5), (3, 20), (7, 30)]);
        assert_eq!(h.end_of(7, 44), Some((7, 44)));
        assert_eq!(h.end_of(8, 44), None);
        assert_eq!(h.end_of(3, 44), Some((3, 30)));
        assert_eq!(h.end_of(5, 44), Some((3, 30)));
        assert_eq!(h.end_of(0, 44), Some((0, 5)));
        assert_eq!(h.end_of(-1, 44), None);
        assert_eq!(EpochHistory::default().end_of(0, 0), None);
        assert_eq!(
            (h.epoch_of(4), h.epoch_of(19), h.epoch_of(99)),
            (None, Some(1), Some(7))
        );
    }

    #[test]
    fn cuts_keep_what_the_log_still_has() {
        let mut h = history(&[(1, 5), (3, 20), (7, 30)]);
        assert!(h.cut_end(30));
        assert_eq!(h.entries(), [(1, 5), (3, 20)]);
        assert!(!h.cut_end(30));
        assert!(h.cut_start(22));
        assert_eq!(h.entries(), [(3, 22)]);
        assert!(!h.cut_start(22) && !h.cut_start(1));
        let mut h = history(&[(1, 5), (3, 20)]);
        assert!(h.cut_start(20));
        assert_eq!(h.entries(), [(3, 20)]);
    }
}
