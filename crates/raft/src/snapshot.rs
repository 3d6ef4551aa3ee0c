//! Snapshots: their names, and when to take one.

use klamm_model::{LeaderEpoch, Offset};
use std::fmt;

/// Which prefix of the log a snapshot replaces: everything below `end_offset`, whose last record has `epoch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SnapshotId {
    /// One past the last offset contained.
    pub end_offset: Offset,
    /// Epoch of the last record contained.
    pub epoch: LeaderEpoch,
}

impl SnapshotId {
    /// The checkpoint that formatting writes; it holds the first voters and no metadata.
    pub const BOOTSTRAP: Self = Self { end_offset: Offset(0), epoch: LeaderEpoch(0) };

    /// The file's name.
    #[must_use]
    pub fn file_name(self) -> String {
        format!("{self}.checkpoint")
    }

    /// Reads a file's name; `None` if it is not a finished snapshot.
    #[must_use]
    pub fn of_file(name: &str) -> Option<Self> {
        let (offset, epoch) = name.strip_suffix(".checkpoint")?.split_once('-')?;
        let digits =
            |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(offset, 20) || !digits(epoch, 10) {
            return None;
        }
        Some(Self {
            end_offset: Offset(offset.parse().ok()?),
            epoch: LeaderEpoch(epoch.parse().ok()?),
        })
    }
}

impl fmt::Display for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:020}-{:010}", self.end_offset.0, self.epoch.0)
    }
}

/// When to take a snapshot (`metadata.log.max.record.bytes.between.snapshots`, `metadata.log.max.snapshot.interval.ms`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotPolicy {
    /// Bytes of committed records since the last one.
    pub bytes_max: u64,
    /// Milliseconds since the first record after the last one; 0 switches the rule off.
    pub interval_ms_max: i64,
}

impl Default for SnapshotPolicy {
    fn default() -> Self {
        Self { bytes_max: 20 * 1024 * 1024, interval_ms_max: 3_600_000 }
    }
}

impl SnapshotPolicy {
    /// Whether a snapshot is due. `first_record_ms`: when the first record that the last snapshot lacks was applied.
    #[must_use]
    pub fn is_due(&self, bytes_since: u64, first_record_ms: Option<i64>, now_ms: i64) -> bool {
        let Some(first) = first_record_ms else {
            return false;
        };
        let aged = self.interval_ms_max > 0 && now_ms.saturating_sub(first) >= self.interval_ms_max;
        bytes_since >= self.bytes_max || aged
    }

    /// When the time rule will next hold; `None` if it never will without another record.
    #[must_use]
    pub fn due_at(&self, first_record_ms: Option<i64>) -> Option<i64> {
        first_record_ms
            .filter(|_| self.interval_ms_max > 0)
            .map(|first| first.saturating_add(self.interval_ms_max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kafkas() {
        let id = SnapshotId { end_offset: Offset(1234), epoch: LeaderEpoch(7) };
        assert_eq!(id.file_name(), "00000000000000001234-0000000007.checkpoint");
        assert_eq!(SnapshotId::of_file(&id.file_name()), Some(id));
        for bad in [
            "00000000000000001234-0000000007.checkpoint.part",
            "00000000000000001234-0000000007.checkpoint.deleted",
            "1234-7.checkpoint",
            "bootstrap.checkpoint",
            "99999999999999999999-0000000007.checkpoint",
            "0000000000000000+234-0000000007.checkpoint",
        ] {
            assert_eq!(SnapshotId::of_file(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_snapshot_is_due_by_bytes_or_by_age_but_never_without_news() {
        let policy = SnapshotPolicy { bytes_max: 100, interval_ms_max: 1000 };
        assert!(!policy.is_due(1000, None, 5000));
        assert!(!policy.is_due(99, Some(4001), 5000));
        assert!(policy.is_due(100, Some(5000), 5000));
        assert!(policy.is_due(1, Some(4000), 5000));
        assert_eq!(policy.due_at(Some(4000)), Some(5000));
        let never = SnapshotPolicy { interval_ms_max: 0, ..policy };
        assert!(!never.is_due(1, Some(0), 5000));
        assert_eq!(never.due_at(Some(0)), None);
    }
}
