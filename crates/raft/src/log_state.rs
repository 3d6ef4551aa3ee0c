//! What the quorum knows of its own log: where it starts and ends, what is durable, which epoch wrote what.

use crate::snapshot::SnapshotId;
use klamm_model::{LeaderEpoch, Offset};

/// Where an epoch's first record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochStart {
    /// The epoch.
    pub epoch: LeaderEpoch,
    /// Its first offset.
    pub start_offset: Offset,
}

/// Bounds and epochs of the log. Kept in step with the disk by the actions that the quorum emits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogState {
    /// The first offset still in the log.
    pub start: Offset,
    /// The next offset to assign.
    pub end: Offset,
    /// One past the last durable offset.
    pub flushed: Offset,
    /// The epochs of the log, rising in both fields.
    pub epochs: Vec<EpochStart>,
    /// The snapshot that ends where the log starts; `None` if the log starts at 0.
    pub base: Option<SnapshotId>,
    /// The newest snapshot.
    pub latest: Option<SnapshotId>,
}

/// Whether a follower's log is a prefix of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Validity {
    Valid,
    Diverging { epoch: LeaderEpoch, end_offset: Offset },
    Snapshot(SnapshotId),
}

impl LogState {
    /// A log without records.
    #[must_use]
    pub const fn empty() -> Self {
        Self {
            start: Offset(0),
            end: Offset(0),
            flushed: Offset(0),
            epochs: Vec::new(),
            base: None,
            latest: None,
        }
    }

    /// Epoch of the last record; 0 if there never was one.
    #[must_use]
    pub fn last_epoch(&self) -> LeaderEpoch {
        match (self.epochs.last(), self.base) {
            (Some(last), _) => last.epoch,
            (None, Some(base)) => base.epoch,
            (None, None) => LeaderEpoch(0),
        }
    }

    /// The largest epoch not above `epoch`, and where it ends here.
    pub(crate) fn end_of_epoch(&self, epoch: LeaderEpoch) -> (LeaderEpoch, Offset) {
        let above = self.epochs.partition_point(|entry| entry.epoch <= epoch);
        let end = self
            .epochs
            .get(above)
            .map_or(self.end, |next| next.start_offset);
        match above.checked_sub(1).and_then(|i| self.epochs.get(i)) {
            Some(found) => (found.epoch, end),
            None => (
                self.base.map_or(LeaderEpoch(0), |base| base.epoch),
                self.start,
            ),
        }
    }

    /// Compares a follower's end with our log.
    pub(crate) fn validate(&self, offset: Offset, epoch: LeaderEpoch) -> Validity {
        if offset.0 == 0 && self.start.0 == 0 {
            return Validity::Valid;
        }
        let before_start = self.base.is_some_and(|base| {
            offset < self.start
                || epoch < base.epoch
                || (offset == self.start && epoch != base.epoch)
        });
        if let (true, Some(latest)) = (before_start, self.latest) {
            return Validity::Snapshot(latest);
        }
        let (found, end_offset) = self.end_of_epoch(epoch);
        if found != epoch || end_offset < offset {
            return Validity::Diverging { epoch: found, end_offset };
        }
        Validity::Valid
    }

    /// Where to truncate, if the leader's log parts from ours where `epoch` ends there.
    pub(crate) fn divergence(&self, epoch: LeaderEpoch, end_offset: Offset) -> Offset {
        let (found, end) = self.end_of_epoch(epoch);
        if found == epoch {
            end.min(end_offset)
        } else {
            end
        }
    }

    /// Notes records at the end.
    pub(crate) fn append(&mut self, epoch: LeaderEpoch, end: Offset) {
        if self.epochs.last().is_none_or(|last| last.epoch < epoch) {
            self.epochs
                .push(EpochStart { epoch, start_offset: self.end });
        }
        self.end = end;
    }

    /// Notes a cut.
    pub(crate) fn truncate(&mut self, to: Offset) {
        self.end = self.end.min(to);
        self.flushed = self.flushed.min(to);
        self.epochs.retain(|entry| entry.start_offset < to);
    }

    /// Notes that a snapshot took the place of the whole log.
    pub(crate) fn replace_by(&mut self, id: SnapshotId) {
        *self = Self {
            start: id.end_offset,
            end: id.end_offset,
            flushed: id.end_offset,
            epochs: Vec::new(),
            base: Some(id),
            latest: Some(id),
        };
    }

    /// Notes that the records below a snapshot's end are gone.
    pub fn trim(&mut self, id: SnapshotId) {
        if id.end_offset < self.start || id.end_offset > self.end {
            return;
        }
        self.start = id.end_offset;
        self.base = Some(id);
        self.latest = self.latest.max(Some(id));
        // An epoch that began below and goes on above now begins at the start.
        let live = self
            .epochs
            .partition_point(|entry| entry.start_offset <= id.end_offset);
        if let Some(i) = live.checked_sub(1) {
            self.epochs.drain(..i);
            if let Some(first) = self.epochs.first_mut() {
                first.start_offset = id.end_offset;
            }
        }
        if self.start == self.end {
            self.epochs.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Epoch 1 wrote 0–9, epoch 3 wrote 10–14, epoch 4 wrote 15–19.
    fn log() -> LogState {
        let mut log = LogState::empty();
        log.append(LeaderEpoch(1), Offset(10));
        log.append(LeaderEpoch(3), Offset(12));
        log.append(LeaderEpoch(3), Offset(15));
        log.append(LeaderEpoch(4), Offset(20));
        log
    }

    #[test]
    fn a_follower_is_valid_only_with_the_epoch_of_its_last_record() {
        let log = log();
        let diverging =
            |epoch, end| Validity::Diverging { epoch: LeaderEpoch(epoch), end_offset: Offset(end) };
        assert_eq!(log.validate(Offset(0), LeaderEpoch(0)), Validity::Valid);
        assert_eq!(log.validate(Offset(10), LeaderEpoch(1)), Validity::Valid);
        assert_eq!(log.validate(Offset(11), LeaderEpoch(1)), diverging(1, 10));
        assert_eq!(log.validate(Offset(11), LeaderEpoch(2)), diverging(1, 10));
        assert_eq!(log.validate(Offset(15), LeaderEpoch(3)), Validity::Valid);
        assert_eq!(log.validate(Offset(21), LeaderEpoch(4)), diverging(4, 20));
        assert_eq!(log.validate(Offset(3), LeaderEpoch(0)), diverging(0, 0));
    }

    #[test]
    fn truncation_takes_the_smaller_end_of_the_common_epoch() {
        let log = log();
        assert_eq!(log.divergence(LeaderEpoch(3), Offset(13)), Offset(13));
        assert_eq!(log.divergence(LeaderEpoch(3), Offset(99)), Offset(15));
        assert_eq!(log.divergence(LeaderEpoch(2), Offset(99)), Offset(10));
        assert_eq!(log.divergence(LeaderEpoch(0), Offset(0)), Offset(0));
    }

    #[test]
    fn trimmed_records_are_had_from_the_snapshot() {
        let mut log = log();
        let id = SnapshotId { end_offset: Offset(12), epoch: LeaderEpoch(3) };
        log.trim(id);
        assert_eq!(log.start, Offset(12));
        assert_eq!(
            log.validate(Offset(0), LeaderEpoch(0)),
            Validity::Snapshot(id)
        );
        assert_eq!(
            log.validate(Offset(12), LeaderEpoch(1)),
            Validity::Snapshot(id)
        );
        assert_eq!(log.validate(Offset(12), LeaderEpoch(3)), Validity::Valid);
        assert_eq!(log.validate(Offset(20), LeaderEpoch(4)), Validity::Valid);
        log.truncate(Offset(12));
        assert_eq!(log.last_epoch(), LeaderEpoch(3));
        let all = SnapshotId { end_offset: Offset(30), epoch: LeaderEpoch(5) };
        log.replace_by(all);
        assert_eq!((log.end, log.last_epoch()), (Offset(30), LeaderEpoch(5)));
        assert_eq!(
            log.end_of_epoch(LeaderEpoch(5)),
            (LeaderEpoch(5), Offset(30))
        );
    }
}
