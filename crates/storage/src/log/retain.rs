//! Retention: which segments go, and the logical start of a log.

use super::PartitionLog;
use super::delete::PendingDelete;
use crate::error::StorageError;
use crate::layout::FileKind;

impl PartitionLog {
    /// Raises the first readable offset, bounded by the high watermark (DeleteRecords). Segments below it go with the
    /// next `expired`. Gives the value that holds now.
    ///
    /// # Errors
    /// The disk, while the epoch history is shortened.
    pub fn advance_log_start(&mut self, offset: i64) -> Result<i64, StorageError> {
        self.files.dir.check_online()?;
        let to = offset.min(self.high_watermark);
        if to > self.log_start {
            self.change_epochs(|epochs| epochs.cut_start(to))?;
            self.log_start = to;
        }
        Ok(self.log_start)
    }

    /// Takes expired segments out of the log: below the log start always; by time and size if the cleanup policy has
    /// `delete`. Oldest first, never beyond the high watermark. A log whose records all expired ends up with one empty
    /// segment. Gives the files to delete.
    ///
    /// # Errors
    /// The disk.
    pub fn expired(&mut self, now_ms: i64) -> Result<Option<PendingDelete>, StorageError> {
        self.files.dir.check_online()?;
        let mut count = 0;
        let mut left_bytes = self.size_bytes();
        for index in 0..self.segments.len() {
            if !self.is_expired(index, left_bytes, now_ms)? {
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
        let first_base = self.segments.get(count).map_or(self.log_end, |s| s.base);
        let start = self.log_start.max(first_base);
        self.change_epochs(|epochs| epochs.cut_start(start))?;
        self.log_start = start;
        let gone: Vec<_> = self.segments.drain(..count).collect();
        self.cursors.lock().forget();
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
            files: self.files.clone(),
            paths,
            delay_ms,
        }))
    }

    /// Whether the oldest segment that is left may go. `left_bytes`: of the log from this segment on.
    fn is_expired(&self, index: usize, left_bytes: u64, now_ms: i64) -> Result<bool, StorageError> {
        let segment = &self.segments[index];
        let end = self
            .segments
            .get(index + 1)
            .map_or(self.log_end, |next| next.base);
        let is_active = index + 1 == self.segments.len();
        if end > self.high_watermark || (is_active && segment.size == 0) {
            return Ok(false);
        }
        if end <= self.log_start && !is_active {
            return Ok(true);
        }
        if !self.config.cleanup_delete {
            return Ok(false);
        }
        let max_bytes = u64::try_from(self.config.retention_bytes).unwrap_or(u64::MAX);
        // By size only what is surplus without the rest shrinking below the limit.
        if left_bytes.saturating_sub(segment.size) >= max_bytes {
            return Ok(true);
        }
        if self.config.retention_ms < 0 {
            return Ok(false);
        }
        let largest = if is_active {
            self.active.largest
        } else {
            segment.largest_indexed(&self.files)?
        };
        // Without any timestamp there is no age to judge by.
        let Some((largest_ms, _)) = largest.filter(|l| l.0 >= 0) else {
            return Ok(false);
        };
        Ok(now_ms.saturating_sub(largest_ms) > self.config.retention_ms)
    }
}
