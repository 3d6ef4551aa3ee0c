//! Closing the active segment and beginning the next.

use super::{Active, PartitionLog};
use crate::error::StorageError;
use crate::layout::FileKind;
use crate::segment::Segment;
use klamm_host::DiskFile;
use std::io;
use std::sync::OnceLock;

impl Active {
    pub(super) const fn new(now_ms: i64) -> Self {
        Self {
            largest: None,
            indexed_ms: -1,
            bytes_since_entry: 0,
            first_timestamp_ms: None,
            created_ms: now_ms,
            reserved_end: 0,
        }
    }
}

impl PartitionLog {
    /// Closes the active segment if the coming append wants it. Whether it did.
    pub(super) fn roll_if_due(
        &mut self,
        bytes: usize,
        largest_ms: i64,
        last_offset: i64,
        now_ms: i64,
    ) -> Result<bool, StorageError> {
        let segment = self.active_segment();
        let due = !segment.can_hold(last_offset)
            || (segment.size > 0
                && (self.is_full(bytes)
                    || self.is_index_full(0)
                    || self.is_old(self.active.first_timestamp_ms, largest_ms, now_ms)));
        if due && segment.base < self.log_end {
            self.roll(now_ms)?;
            return Ok(true);
        }
        Ok(false)
    }

    /// The active segment has no room for so many bytes.
    pub(super) fn is_full(&self, bytes: usize) -> bool {
        self.active_segment().size + bytes as u64 > u64::from(self.config.segment_bytes)
    }

    /// The active segment's indexes have no room for an entry, after `ahead` others.
    pub(super) fn is_index_full(&self, ahead: usize) -> bool {
        let segment = self.active_segment();
        let (index_max, ahead) = (u64::from(self.config.index_bytes_max), ahead as u64);
        // Kafka keeps the last slot of the time index for the entry that closes a segment.
        segment.offsets.bytes() + 8 * (ahead + 1) > index_max / 8 * 8
            || segment.times.bytes() + 12 * (ahead + 2) > index_max / 12 * 12
    }

    /// Closes the active segment and begins one at the log's end. Does nothing if the active one is empty.
    ///
    /// # Errors
    /// No room: the log is as before. Otherwise the directory is offline.
    pub fn roll(&mut self, now_ms: i64) -> Result<(), StorageError> {
        self.files.dir.check_online()?;
        let base = self.log_end;
        if self.active_segment().base >= base {
            return Ok(());
        }
        self.finish_active()?;
        self.take_snapshot()?;
        let segment = Segment::empty(base);
        self.start_file(&segment)?;
        self.segments.push(segment);
        self.active = Active::new(now_ms);
        self.flush.folder_dirty = true;
        Ok(())
    }

    /// The last entry of the time index, and both indexes written: a closed segment is complete on file. Index files are
    /// made even if they are empty.
    pub(super) fn finish_active(&mut self) -> Result<(), StorageError> {
        // First, so that there is room for the indexes.
        self.release_reserve()?;
        self.push_time_entry();
        // What the time index says of it, now that it is complete.
        let largest = self.active.largest.filter(|(time, _)| *time >= 0);
        let segment = self.segments.active_mut();
        segment.largest = OnceLock::from(largest);
        let base = segment.base;
        segment.offsets.write_out(&self.files, base)?;
        segment.times.write_out(&self.files, base)?;
        segment.offsets.ensure_file(&self.files, base)?;
        segment.times.ensure_file(&self.files, base)
    }

    /// Makes an empty log file; what a crash left there goes.
    pub(super) fn start_file(&self, segment: &Segment) -> Result<(), StorageError> {
        let file = segment.open_or_make(&self.files)?;
        let start = |file: &dyn DiskFile| -> io::Result<()> {
            if file.len()? > 0 {
                file.set_len(0)?;
            }
            if self.config.preallocate {
                file.preallocate(0, u64::from(self.config.segment_bytes))?;
            }
            Ok(())
        };
        start(&*file).map_err(|e| self.files.write_failed(FileKind::Log, segment.base, &e))
    }

    /// A segment that begins with this timestamp waited long enough: by timestamps if the first batch has one, by the
    /// clock otherwise.
    pub(super) fn is_old(&self, first_ms: Option<i64>, largest_ms: i64, now_ms: i64) -> bool {
        let age_ms = match first_ms {
            Some(first) if first >= 0 => largest_ms.saturating_sub(first),
            _ => now_ms.saturating_sub(self.active.created_ms),
        };
        age_ms > self.config.segment_ms.saturating_sub(self.jitter_ms())
    }

    /// Spreads rolls of many partitions: a fixed share of the jitter for each partition and segment.
    fn jitter_ms(&self) -> i64 {
        let max = self.config.segment_jitter_ms;
        if max <= 0 {
            return 0;
        }
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let name = self.files.folder.bytes();
        for byte in name.chain(self.active_segment().base.to_be_bytes()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        i64::try_from(hash % max.unsigned_abs()).unwrap_or(0)
    }
}
