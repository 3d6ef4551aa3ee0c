//! Cutting the end of a log: a follower that diverged, or a fresh start at another offset.
//!
//! Files go newest first, so that a crash in between leaves a log without a hole; the cut is synced before anything is
//! appended behind it.

use super::{Active, PartitionLog};
use crate::error::StorageError;
use crate::layout::FileKind;
use crate::segment::{Segment, SegmentError};
use std::sync::Arc;

impl PartitionLog {
    /// Removes records from `offset` on. A batch that holds `offset` in its middle goes as a whole. Gives the log's new
    /// end, which is not above `offset` unless the log ended before.
    ///
    /// # Errors
    /// The disk.
    pub fn truncate_to(&mut self, offset: i64, now_ms: i64) -> Result<i64, StorageError> {
        self.files.dir.check_online()?;
        if offset >= self.log_end {
            return Ok(self.log_end);
        }
        if self.segments.first().base > offset {
            self.truncate_fully_and_start_at(offset, now_ms)?;
            return Ok(offset);
        }
        self.wait_for_swap();
        // Looked up before anything is removed: a failed read changes nothing.
        let segment = &self.segments[self.segments.index_of(offset)];
        let found = match segment.locate(&self.files, offset) {
            Ok(found) => found,
            Err(SegmentError::Storage(error)) => return Err(error),
            Err(SegmentError::Damage(damage)) => {
                let reason = format!("truncating: {} at {}", damage.reason, damage.position);
                return Err(self.files.dir.fail(&reason));
            }
        };
        let end = found.map_or(offset, |f| f.header.base_offset.0.min(offset));
        self.lower_checkpoints(end)?;
        // Half a truncation is no state to go on from.
        let position = found.map(|f| f.position);
        let done = self.cut_all(offset, end, position, now_ms);
        done.map_err(|e| self.files.dir.fail_for(e))?;
        Ok(end)
    }

    fn cut_all(
        &mut self,
        offset: i64,
        end: i64,
        position: Option<u64>,
        now_ms: i64,
    ) -> Result<(), StorageError> {
        while self.active_segment().base > offset {
            self.drop_newest()?;
        }
        if let Some(position) = position {
            self.cut_active(position, end)?;
        }
        self.after_truncation(end, now_ms)
    }

    /// Forgets everything; the next offset is `offset`.
    ///
    /// # Errors
    /// The disk.
    pub fn truncate_fully_and_start_at(
        &mut self,
        offset: i64,
        now_ms: i64,
    ) -> Result<(), StorageError> {
        self.files.dir.check_online()?;
        self.wait_for_swap();
        // Recovery must not trust anything that is written from now on.
        let first = self.segments.first().base;
        self.lower_checkpoints(first.min(offset))?;
        let done = self.begin_anew(offset, now_ms);
        done.map_err(|e| self.files.dir.fail_for(e))
    }

    fn begin_anew(&mut self, offset: i64, now_ms: i64) -> Result<(), StorageError> {
        while self.segments.len() > 1 {
            self.drop_newest()?;
        }
        let old = std::mem::replace(self.active_segment_mut(), Segment::empty(offset));
        self.remove_segment(&old)?;
        self.start_file(self.active_segment())?;
        self.files.sync_folder()?;
        self.keep_snapshots(i64::MAX, i64::MIN)?;
        self.active = Active::new(now_ms);
        self.log_start = offset;
        self.log_end = offset;
        self.high_watermark = offset;
        self.producers = crate::producer_state::ProducerState::default();
        self.layout_changed();
        self.flush.truncated(offset, offset);
        self.flush.flushed_end = offset;
        self.flush.recovery_point = offset;
        self.flush.unflushed_since_ms = None;
        self.flush.dirty_bytes = 0;
        self.change_epochs(crate::epoch_history::EpochHistory::clear)
    }

    /// Cuts the active segment at a batch boundary.
    fn cut_active(&mut self, position: u64, end: i64) -> Result<(), StorageError> {
        let segment = self.active_segment();
        let file = segment.open(&self.files)?;
        let base = segment.base;
        file.set_len(position)
            .and_then(|()| file.sync_data())
            .map_err(|e| self.files.dir.fail_io("truncating a log", &e))?;
        let files = Arc::clone(&self.files);
        let segment = self.active_segment_mut();
        segment.size = position;
        let below = end.saturating_sub(base);
        let kept = segment.offsets.count_below(&files, base, below)?;
        segment.offsets.truncate(kept, &files, base)?;
        let kept = segment.times.count_below(&files, base, below)?;
        segment.times.truncate(kept, &files, base)?;
        segment.cut_aborted(&files, end)
    }

    fn after_truncation(&mut self, end: i64, now_ms: i64) -> Result<(), StorageError> {
        self.log_end = end;
        self.log_start = self.log_start.min(end);
        self.high_watermark = self.high_watermark.min(end);
        self.layout_changed();
        let base = self.active_segment().base;
        self.flush.truncated(end, base);
        if self.flush.flushed_end >= end {
            self.flush.unflushed_since_ms = None;
            self.flush.dirty_bytes = 0;
        }
        self.files.sync_folder()?;
        match self.load_active(now_ms) {
            Ok(_) => {}
            Err(SegmentError::Storage(error)) => return Err(error),
            Err(SegmentError::Damage(damage)) => {
                return Err(self
                    .files
                    .dir
                    .fail(&format!("after a truncation: {}", damage.reason)));
            }
        }
        self.keep_snapshots(i64::MIN, end)?;
        self.change_epochs(|epochs| epochs.cut_end(end))?;
        self.rebuild_producers(end, now_ms)
    }

    /// Removes the active segment; the one before it becomes active.
    pub(super) fn drop_newest(&mut self) -> Result<(), StorageError> {
        if let Some(segment) = self.segments.pop() {
            self.remove_segment(&segment)?;
            // One after the other, also on disk: no hole.
            self.files.sync_folder()?;
        }
        Ok(())
    }

    /// Removes a segment's files and its snapshot at once.
    pub(super) fn remove_segment(&mut self, segment: &Segment) -> Result<(), StorageError> {
        segment.close();
        for path in segment.paths(&self.files) {
            self.files.remove(&path)?;
        }
        if let Ok(at) = self.snapshots.binary_search(&segment.base) {
            self.snapshots.remove(at);
            self.files
                .remove(&self.files.path(FileKind::Snapshot, segment.base))?;
        }
        self.flush.folder_dirty = true;
        Ok(())
    }
}
