//! Which part of a log may be cleaned, and whether it is worth it.
//!
//! ```text
//! log start ── first dirty ────────── clean end ────── active segment
//!   clean        cleanable               not yet: from the last stable offset on, younger than min.compaction.lag.ms,
//!                                        not synced, and always the active segment
//! ```

use super::CleanError;
use crate::config::LogConfig;
use crate::files::Files;
use crate::index::{IndexEntry, TimeEntry};
use crate::layout::FileKind;
use crate::scan::HeaderWalk;
use klamm_host::OpenMode;
use klamm_model::TopicPartition;
use std::sync::Arc;

/// A log as the cleaner sees it: taken under the lock, looked at without it.
#[derive(Debug, Clone)]
pub struct CleanView {
    pub(crate) files: Arc<Files>,
    pub(crate) config: Arc<LogConfig>,
    /// The closed segments, oldest first.
    pub(crate) segments: Vec<SegmentView>,
    pub(crate) active_base: i64,
    pub(crate) last_stable: i64,
    /// What lies below is on disk. A record above may be lost with the power, so it replaces none yet.
    pub(crate) durable_end: i64,
    pub(crate) partition: TopicPartition,
    /// A pass removes nothing above: recovery takes a hole there for a loss.
    pub(crate) recovery_point: i64,
    /// Where the last pass ended; already inside of the log.
    pub(crate) first_dirty: i64,
    pub(crate) truncations: u64,
}

/// A closed segment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SegmentView {
    pub(crate) base: i64,
    /// Base offset of the next segment.
    pub(crate) end: i64,
    pub(crate) size: u64,
    pub(crate) index_bytes: [u64; 2],
}

/// How much there is to clean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dirtiness {
    /// The first offset that no pass has seen.
    pub first_dirty: i64,
    /// The first offset that may not be cleaned: a segment's base.
    pub clean_end: i64,
    /// Bytes of the segments that a pass has seen as a whole.
    pub clean_bytes: u64,
    /// Bytes of the other segments below `clean_end`.
    pub cleanable_bytes: u64,
    /// How long ago, in milliseconds, `max.compaction.lag.ms` asked for a pass; 0 if it does not.
    pub delay_ms: i64,
}

impl Dirtiness {
    /// The cleanable share of what a pass would read, in millionths.
    #[must_use]
    pub fn ratio_ppm(&self) -> u32 {
        let total = u128::from(self.clean_bytes) + u128::from(self.cleanable_bytes);
        let share = (u128::from(self.cleanable_bytes) * 1_000_000).checked_div(total);
        u32::try_from(share.unwrap_or(0)).unwrap_or(1_000_000)
    }

    /// Whether a pass is due: dirty enough, or too old.
    #[must_use]
    pub fn is_due(&self, config: &LogConfig) -> bool {
        self.cleanable_bytes > 0
            && (self.delay_ms > 0 || self.ratio_ppm() > config.min_cleanable_dirty_ppm)
    }
}

impl CleanView {
    /// The log's settings.
    #[must_use]
    pub const fn config(&self) -> &Arc<LogConfig> {
        &self.config
    }

    /// Measures the log. Reads a few bytes of its files if a compaction lag is set.
    ///
    /// # Errors
    /// A file can't be read, or is gone.
    pub fn dirtiness(&self, now_ms: i64) -> Result<Dirtiness, CleanError> {
        let stable = self.last_stable.min(self.durable_end);
        let mut limit = self.active_base.min(stable);
        if self.config.min_compaction_lag_ms > 0 {
            let young_ms = now_ms.saturating_sub(self.config.min_compaction_lag_ms);
            for segment in self.segments.iter().filter(|s| s.end > self.first_dirty) {
                if self.largest_ms(segment)?.is_some_and(|ms| ms > young_ms) {
                    limit = limit.min(segment.base);
                    break;
                }
            }
        }
        // Whole segments only: the one that holds the limit stays.
        let below = self.segments.iter().take_while(|s| s.end <= limit).count();
        let cleanable = self.segments.get(..below).unwrap_or_default();
        let clean_end = cleanable
            .last()
            .map_or(self.first_dirty, |s| s.end.max(self.first_dirty));
        let bytes = |dirty: bool| -> u64 {
            let of_kind = cleanable
                .iter()
                .filter(|s| (s.end > self.first_dirty) == dirty);
            of_kind.map(|s| s.size).sum()
        };
        Ok(Dirtiness {
            first_dirty: self.first_dirty,
            clean_end,
            clean_bytes: bytes(false),
            cleanable_bytes: bytes(true),
            delay_ms: self.delay_ms(now_ms)?,
        })
    }

    /// The log has to be synced in full before a pass may clean all that it could.
    #[must_use]
    pub const fn wants_full_sync(&self, dirtiness: &Dirtiness) -> bool {
        dirtiness.clean_end > self.recovery_point
    }

    /// How far a pass gets: the end of the last segment that may be cleaned and lies below the recovery point.
    pub(crate) fn end_of_pass(&self, dirtiness: &Dirtiness) -> Option<i64> {
        let limit = dirtiness.clean_end.min(self.recovery_point);
        let ends = self.segments.iter().map(|s| s.end);
        let end = ends.take_while(|end| *end <= limit).last()?;
        (end > dirtiness.first_dirty).then_some(end)
    }

    fn delay_ms(&self, now_ms: i64) -> Result<i64, CleanError> {
        if self.config.max_compaction_lag_ms == i64::MAX {
            return Ok(0);
        }
        let due_ms = now_ms.saturating_sub(self.config.max_compaction_lag_ms);
        let mut oldest = i64::MAX;
        for segment in self.segments.iter().filter(|s| s.end > self.first_dirty) {
            if let Some(ms) = self.first_ms(segment)?.filter(|ms| *ms > 0) {
                oldest = oldest.min(ms);
            }
        }
        Ok(due_ms.saturating_sub(oldest).max(0))
    }

    /// The largest timestamp of a segment, out of its time index.
    fn largest_ms(&self, segment: &SegmentView) -> Result<Option<i64>, CleanError> {
        let path = self.files.path(FileKind::TimeIndex, segment.base);
        let disk = self.files.disk();
        let file = disk
            .open(&path, OpenMode::Read)
            .map_err(|e| CleanError::of_read(&e))?;
        let len = file.len().map_err(|e| CleanError::of_read(&e))?;
        let Some(at) = (len / TimeEntry::BYTES as u64).checked_sub(1) else {
            return Ok(None);
        };
        let mut bytes = [0; TimeEntry::BYTES];
        file.read_exact_at(&mut bytes, at * TimeEntry::BYTES as u64)
            .map_err(|e| CleanError::of_read(&e))?;
        Ok(TimeEntry::read(&bytes).map(|entry| entry.timestamp_ms))
    }

    /// The timestamp of a segment's first batch.
    fn first_ms(&self, segment: &SegmentView) -> Result<Option<i64>, CleanError> {
        let path = self.files.path(FileKind::Log, segment.base);
        let disk = self.files.disk();
        let file = disk
            .open(&path, OpenMode::Read)
            .map_err(|e| CleanError::of_read(&e))?;
        let step = HeaderWalk::short(&*file, 0, segment.size, i64::MIN)
            .step()
            .map_err(|e| CleanError::of_read(&e))?;
        Ok(step
            .ok()
            .flatten()
            .map(|found| found.header.max_timestamp_ms))
    }
}

/// Puts neighbours together that fit into one segment, so that many small ones do not stay.
pub(crate) fn groups(segments: &[SegmentView], config: &LogConfig) -> Vec<std::ops::Range<usize>> {
    let mut groups = Vec::new();
    let mut from = 0;
    let (mut bytes, mut indexes) = (0, [0; 2]);
    for (at, segment) in segments.iter().enumerate() {
        let grown = [0, 1].map(|i| indexes[i] + segment.index_bytes[i]);
        let first_base = segments.get(from).map_or(segment.base, |s| s.base);
        let fits = bytes + segment.size <= config.segment_bytes.into()
            && grown
                .iter()
                .all(|bytes| *bytes <= u64::from(config.index_bytes_max))
            && (segment.end - 1).saturating_sub(first_base) <= i64::from(i32::MAX);
        if at > from && !fits {
            groups.push(from..at);
            from = at;
            (bytes, indexes) = (segment.size, segment.index_bytes);
        } else {
            (bytes, indexes) = (bytes + segment.size, grown);
        }
    }
    if from < segments.len() {
        groups.push(from..segments.len());
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(base: i64, end: i64, size: u64) -> SegmentView {
        SegmentView { base, end, size, index_bytes: [8, 12] }
    }

    #[test]
    fn neighbours_are_joined_up_to_the_limits() {
        let config = LogConfig {
            segment_bytes: 100,
            index_bytes_max: 36,
            ..LogConfig::default()
        };
        let sizes = |list: &[u64]| -> Vec<SegmentView> {
            (0i64..)
                .zip(list)
                .map(|(i, size)| segment(i * 10, i * 10 + 10, *size))
                .collect()
        };
        let of = |list: &[u64]| groups(&sizes(list), &config);
        assert_eq!(of(&[40, 40, 40, 100, 1]), [0..2, 2..3, 3..4, 4..5]);
        assert_eq!(of(&[1, 1, 1, 1, 1]), [0..3, 3..5], "the time index is full");
        assert_eq!(of(&[500]).len(), 1);
        assert!(of(&[]).is_empty());
        let far = i64::from(i32::MAX);
        let wide = [
            segment(0, 5, 1),
            segment(5, far + 1, 1),
            segment(far + 1, far + 2, 1),
        ];
        assert_eq!(groups(&wide, &config), [0..2, 2..3]);
    }

    #[test]
    fn a_log_is_due_by_ratio_or_by_age() {
        let config = LogConfig { min_cleanable_dirty_ppm: 500_000, ..LogConfig::default() };
        let dirty = |clean_bytes, cleanable_bytes, delay_ms| Dirtiness {
            first_dirty: 0,
            clean_end: 9,
            clean_bytes,
            cleanable_bytes,
            delay_ms,
        };
        assert!(
            !dirty(50, 50, 0).is_due(&config),
            "half is not more than half"
        );
        assert!(dirty(49, 51, 0).is_due(&config));
        assert!(dirty(1000, 1, 5).is_due(&config));
        assert!(!dirty(1000, 0, 5).is_due(&config));
        assert_eq!(dirty(0, 0, 0).ratio_ppm(), 0);
        assert_eq!(dirty(0, u64::MAX, 0).ratio_ppm(), 1_000_000);
    }
}
