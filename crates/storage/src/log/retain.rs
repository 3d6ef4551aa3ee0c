//! Retention: which segments go, and the logical start of a log.

use super::delete::PendingDelete;
use super::{LogView, PartitionLog};
use crate::error::StorageError;
use crate::layout::FileKind;
use std::sync::Arc;

/// Ages of segments that retention has to know, to be read without the log's lock. Blocks. A segment is as old as its
/// newest record, or without timestamps as the last change of its file.
#[derive(Debug)]
#[must_use = "what retention does not know, it keeps"]
pub struct UnreadAges {
    view: LogView,
    /// Segments with a larger timestamp stay, and what is behind them.
    older_than_ms: i64,
}

/// When the files of segments without timestamps were last changed: their age, as Kafka sees it.
#[derive(Debug, Default)]
#[must_use = "what retention does not know, it keeps"]
pub struct FileAges {
    /// Base offsets and milliseconds since the Unix epoch.
    modified_ms: Vec<(i64, i64)>,
    /// The log's end when they were read: the active segment has its age while nothing is appended.
    log_end: i64,
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
        // What memory knows: `None` is a segment whose index or file has to be asked.
        let known = |index: usize| {
            let segment = &self.segments[index];
            if index + 1 == self.segments.len() {
                // A log without records has nothing that could go.
                return stamped(self.active.largest).or((segment.size == 0).then_some(i64::MAX));
            }
            segment.largest.get().copied().and_then(stamped)
        };
        let mut ages = (0..self.segments.len()).map(known);
        let oldest_left = ages.find(|age| age.is_none_or(|age_ms| age_ms >= older_than_ms))?;
        oldest_left
            .is_none()
            .then(|| UnreadAges { view: self.view(), older_than_ms })
    }

    /// `expired_as_known` after the ages were read, for an owner that may wait for the device.
    ///
    /// # Errors
    /// The disk.
    pub fn expired(&mut self, now_ms: i64) -> Result<Option<PendingDelete>, StorageError> {
        let ages = match self.unread_ages(now_ms) {
            Some(unread) => unread.read()?,
            None => FileAges::default(),
        };
        self.expired_as_known(now_ms, &ages)
    }

    /// Takes expired segments out of the log: below the log start always; by time and size if the cleanup policy has
    /// `delete`. Oldest first, never beyond the high watermark. A log whose records all expired ends up with one empty
    /// segment. A segment whose age was not read stays. Gives the files to delete.
    ///
    /// # Errors
    /// The disk.
    pub fn expired_as_known(
        &mut self,
        now_ms: i64,
        ages: &FileAges,
    ) -> Result<Option<PendingDelete>, StorageError> {
        self.files.dir.check_online()?;
        if self.is_swapping() {
            // Files are changing places; the next round is soon enough.
            return Ok(None);
        }
        let mut count = 0;
        let mut left_bytes = self.size_bytes();
        for index in 0..self.segments.len() {
            if !self.is_expired(index, left_bytes, (now_ms, ages)) {
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
            match self.roll(now_ms) {
                Ok(()) => {}
                // Those before it make room.
                Err(StorageError::DiskFull { .. }) if count > 1 => count -= 1,
                Err(error) => return Err(error),
            }
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
        let leaves_new_names = self.flush.folder_dirty || self.flush.running;
        self.flush.folder_dirty = true;
        let delay_ms = self.config.file_delete_delay_ms;
        Ok(Some(PendingDelete {
            files: Arc::clone(&self.files),
            paths,
            epochs: Some(self.epochs_write()),
            leaves_new_names,
            delay_ms,
        }))
    }

    /// Whether the oldest segment that is left may go. `left_bytes`: of the log from this segment on.
    fn is_expired(&self, index: usize, left_bytes: u64, (now_ms, ages): (i64, &FileAges)) -> bool {
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
        let of_file = || ages.of(segment.base, is_active.then_some(self.log_end));
        let age = stamped(largest).or_else(of_file);
        age.is_some_and(|at_ms| now_ms.saturating_sub(at_ms) > self.config.retention_ms)
    }
}

/// A segment's largest timestamp, if its records have any.
fn stamped(largest: Option<(i64, i64)>) -> Option<i64> {
    largest.map(|(time, _)| time).filter(|time| *time >= 0)
}

impl FileAges {
    fn of(&self, base: i64, log_end_now: Option<i64>) -> Option<i64> {
        let at = self.modified_ms.binary_search_by_key(&base, |age| age.0);
        let (_, modified_ms) = *self.modified_ms.get(at.ok()?)?;
        log_end_now
            .is_none_or(|end| end == self.log_end)
            .then_some(modified_ms)
    }
}

impl UnreadAges {
    /// Reads them, oldest first, up to the first segment that is young enough to stay.
    ///
    /// # Errors
    /// The disk, or a segment was removed in the meantime: then ask again.
    pub fn read(&self) -> Result<FileAges, StorageError> {
        let LogView { segments, files, log_end, .. } = &self.view;
        let mut ages = FileAges { modified_ms: Vec::new(), log_end: *log_end };
        for (index, segment) in segments.iter().enumerate() {
            let is_active = index + 1 == segments.len();
            if is_active && segment.size == 0 {
                break;
            }
            let largest = if is_active {
                self.view.active_largest
            } else {
                segment.largest(files)?
            };
            let at_ms = match stamped(largest) {
                Some(at_ms) => at_ms,
                None => {
                    let modified = segment.open(files)?.modified_ms();
                    let path = || files.path(FileKind::Log, segment.base);
                    let modified_ms = modified.map_err(|e| files.read_failed(&path(), &e))?;
                    ages.modified_ms.push((segment.base, modified_ms));
                    modified_ms
                }
            };
            if at_ms >= self.older_than_ms {
                break;
            }
        }
        Ok(ages)
    }

    /// The log as it was.
    #[must_use]
    pub const fn view(&self) -> &LogView {
        &self.view
    }
}
