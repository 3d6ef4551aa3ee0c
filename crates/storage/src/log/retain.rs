//! Retention: which segments go, and the logical start of a log.

use super::delete::PendingDelete;
use super::{LogView, PartitionLog};
use crate::error::StorageError;
use crate::layout::FileKind;
use std::sync::Arc;

/// Ages of segments that retention has to know, to be read without the log's lock. Blocks.
#[derive(Debug)]
#[must_use = "what retention does not know, it keeps"]
pub struct UnreadAges {
    view: LogView,
    /// Segments with a larger timestamp stay, and what is behind them.
    older_than_ms: i64,
}

impl PartitionLog {
    /// Raises the first readable offset, bounded by the high watermark (DeleteRecords). Segments below it go with the
    /// next `expired`. Gives the value that holds now.
    ///
    /// # Errors
    /// The directory is offline.
    pub fn advance_log_start(&mut self, offset: i64) -> Result<i64, StorageError> {
        self.files.dir.check_online()?;
        let to = offset.min(self.high_watermark);
        if to > self.log_start {
            self.shorten_epochs(to);
            self.log_start = to;
        }
        Ok(self.log_start)
    }

    /// What must be read before `expired_as_known` can judge the oldest segments by their age.
    #[must_use]
    pub fn unread_ages(&self, now_ms: i64) -> Option<UnreadAges> {
        if !self.config.cleanup_delete || self.config.retention_ms < 0 {
            return None;
        }
        let older_than_ms = now_ms.saturating_sub(self.config.retention_ms);
        let closed = self.segments.iter().take(self.segments.len() - 1);
        let mut may_go = closed.skip_while(|segment| {
            let largest = segment.largest.get();
            largest.is_some_and(|largest| largest.is_some_and(|l| l.0 < older_than_ms))
        });
        let is_unknown = may_go.next()?.largest.get().is_none();
        is_unknown.then(|| UnreadAges { view: self.view(), older_than_ms })
    }

    /// `expired_as_known` after the ages were read, for an owner that may wait for the device.
    ///
    /// # Errors
    /// The disk.
    pub fn expired(&mut self, now_ms: i64) -> Result<Option<PendingDelete>, StorageError> {
        if let Some(ages) = self.unread_ages(now_ms) {
            ages.read()?;
        }
        self.expired_as_known(now_ms)
    }

    /// Takes expired segments out of the log: below the log start always; by time and size if the cleanup policy has
    /// `delete`. Oldest first, never beyond the high watermark. A log whose records all expired ends up with one empty
    /// segment. A segment whose age was not read stays. Gives the files to delete.
    ///
    /// # Errors
    /// The disk.
    pub fn expired_as_known(&mut self, now_ms: i64) -> Result<Option<PendingDelete>, StorageError> {
        self.files.dir.check_online()?;
        if self.is_swapping() {
            // Files are changing places; the next round is soon enough.
            return Ok(None);
        }
        let mut count = 0;
        let mut left_bytes = self.size_bytes();
        for index in 0..self.segments.len() {
            if !self.is_expired(index, left_bytes, now_ms) {
                break;
            }
            left_bytes -= self.segments[index].size;
            count += 1;
        }
        if count == 0 {
            return Ok(None);
        }
        if count == self.segments.len() {
            // The active one as well: begin a new one at the log's end.
            self.roll(now_ms)?;
        }
        let first_base = self.segments.end_of(count - 1, self.log_end);
        let start = self.log_start.max(first_base);
        self.shorten_epochs(start);
        self.log_start = start;
        let gone = self.segments.drain_oldest(count);
        self.layout_changed();
        let mut paths = Vec::new();
        for segment in &gone {
            segment.close();
            paths.extend(segment.paths(&self.files));
            if let Ok(at) = self.snapshots.binary_search(&segment.base) {
                self.snapshots.remove(at);
                paths.push(self.files.path(FileKind::Snapshot, segment.base));
            }
        }
        self.flush.folder_dirty = true;
        let delay_ms = self.config.file_delete_delay_ms;
        Ok(Some(PendingDelete {
            files: Arc::clone(&self.files),
            paths,
            epochs: Some(self.epochs_write()),
            delay_ms,
        }))
    }

    /// Whether the oldest segment that is left may go. `left_bytes`: of the log from this segment on.
    fn is_expired(&self, index: usize, left_bytes: u64, now_ms: i64) -> bool {
        let segment = &self.segments[index];
        let end = self.segments.end_of(index, self.log_end);
        let is_active = index + 1 == self.segments.len();
        if end > self.high_watermark || (is_active && segment.size == 0) {
            return false;
        }
        if end <= self.log_start && !is_active {
            return true;
        }
        if !self.config.cleanup_delete {
            return false;
        }
        let max_bytes = u64::try_from(self.config.retention_bytes).unwrap_or(u64::MAX);
        // By size only what is surplus without the rest shrinking below the limit.
        if left_bytes.saturating_sub(segment.size) >= max_bytes {
            return true;
        }
        if self.config.retention_ms < 0 {
            return false;
        }
        let largest = if is_active {
            self.active.largest
        } else {
            segment.largest.get().copied().flatten()
        };
        // Without any timestamp there is no age to judge by.
        let Some((largest_ms, _)) = largest.filter(|l| l.0 >= 0) else {
            return false;
        };
        now_ms.saturating_sub(largest_ms) > self.config.retention_ms
    }
}

impl UnreadAges {
    /// Reads them, oldest first, up to the first segment that is young enough to stay.
    ///
    /// # Errors
    /// The disk, or a segment was removed in the meantime: then ask again.
    pub fn read(&self) -> Result<(), StorageError> {
        let segments = &self.view.segments;
        for segment in segments.iter().take(segments.len() - 1) {
            let largest = segment.largest(&self.view.files)?;
            if largest.is_none_or(|(time, _)| time >= self.older_than_ms) {
                break;
            }
        }
        Ok(())
    }

    /// The log as it was.
    #[must_use]
    pub const fn view(&self) -> &LogView {
        &self.view
    }
}
