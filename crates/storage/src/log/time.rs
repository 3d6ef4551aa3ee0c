//! Look-ups by timestamp (ListOffsets), in a view: they read index and header pages.

use super::read::ReadError;
use super::{LogView, PartitionLog};
use crate::index::{IndexEntry, OffsetEntry, TimeEntry};
use crate::scan::{Found, HeaderWalk};
use crate::segment::{Segment, SegmentError};
use klamm_host::DiskFile;
use klamm_records::{BatchView, HEADER_BYTES, InflateLimit, Inflater, LegacyEntry, MAGIC, Records};

/// A record found by its timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimestampedOffset {
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: i64,
    /// The record's offset.
    pub offset: i64,
    /// The epoch that wrote it, if known.
    pub leader_epoch: Option<i32>,
}

impl PartitionLog {
    /// As `LogView::offset_for_timestamp`, for an owner that may wait for the device.
    ///
    /// # Errors
    /// The disk, or damaged batches.
    pub fn offset_for_timestamp(
        &self,
        timestamp_ms: i64,
    ) -> Result<Option<TimestampedOffset>, ReadError> {
        self.view().offset_for_timestamp(timestamp_ms)
    }

    /// As `LogView::max_timestamp`, for an owner that may wait for the device.
    ///
    /// # Errors
    /// The disk, or damaged batches.
    pub fn max_timestamp(&self) -> Result<Option<TimestampedOffset>, ReadError> {
        self.view().max_timestamp()
    }
}

impl LogView {
    /// The first readable record with a timestamp that is not below `timestamp_ms`. `None` if there is none. Blocks.
    ///
    /// # Errors
    /// The disk, or damaged batches.
    pub fn offset_for_timestamp(
        &self,
        timestamp_ms: i64,
    ) -> Result<Option<TimestampedOffset>, ReadError> {
        self.files.dir.check_online()?;
        for index in self.segments.index_of(self.log_start)..self.segments.len() {
            let largest = self.largest_of(index)?;
            if largest.is_none_or(|(largest_ms, _)| largest_ms < timestamp_ms) {
                continue;
            }
            let found = self.search(&self.segments[index], timestamp_ms)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The first record with the largest timestamp of the log (KIP-734). `None` for a log without timestamps.
    /// Blocks.
    ///
    /// # Errors
    /// The disk, or damaged batches.
    pub fn max_timestamp(&self) -> Result<Option<TimestampedOffset>, ReadError> {
        self.files.dir.check_online()?;
        let mut best: Option<(i64, usize)> = None;
        for index in self.segments.index_of(self.log_start)..self.segments.len() {
            let largest = match self.largest_of(index)? {
                // The index speaks of a record that was deleted: look at those that are left.
                Some((_, offset)) if offset < self.log_start => self.largest_readable(index)?,
                largest => largest.map(|(largest_ms, _)| largest_ms),
            };
            if let Some(largest_ms) = largest
                && best.is_none_or(|(ms, _)| largest_ms > ms)
            {
                best = Some((largest_ms, index));
            }
        }
        let Some((largest_ms, index)) = best.filter(|(ms, _)| *ms >= 0) else {
            return Ok(None);
        };
        self.search(&self.segments[index], largest_ms)
    }

    /// The largest timestamp of the batches in a segment that reach up to the log's start.
    fn largest_readable(&self, index: usize) -> Result<Option<i64>, ReadError> {
        let segment = &self.segments[index];
        let damaged = |e: SegmentError| e.read(segment);
        let found = segment
            .locate(&self.files, self.log_start)
            .map_err(damaged)?;
        let Some(found) = found else { return Ok(None) };
        let file = segment.open(&self.files)?;
        let mut walk = HeaderWalk::long(&*file, found.position, segment.size, i64::MIN);
        let mut largest = None;
        while let Some(found) = segment.step(&self.files, &mut walk).map_err(damaged)? {
            largest = largest.max(Some(found.header.max_timestamp_ms));
        }
        Ok(largest)
    }

    fn largest_of(&self, index: usize) -> Result<Option<(i64, i64)>, ReadError> {
        if index + 1 == self.segments.len() {
            return Ok(self.active_largest);
        }
        Ok(self.segments[index].largest(&self.files)?)
    }

    fn search(
        &self,
        segment: &Segment,
        timestamp_ms: i64,
    ) -> Result<Option<TimestampedOffset>, ReadError> {
        let (files, base) = (&self.files, segment.base);
        // Everything up to this entry's batch is older, except that batch itself.
        let time = segment
            .times
            .floor(files, base, timestamp_ms, TimeEntry::key)?;
        let relative = time.map_or(0, |t| t.relative_offset.into());
        let entry = segment
            .offsets
            .floor(files, base, relative, OffsetEntry::key)?;
        let from = entry
            .and_then(|e| u64::try_from(e.position).ok())
            .unwrap_or(0);
        let file = segment.open(files)?;
        let mut walk = HeaderWalk::short(&*file, from, segment.size, i64::MIN);
        while let Some(found) = segment
            .step(files, &mut walk)
            .map_err(|e| e.read(segment))?
        {
            let header = &found.header;
            if header.max_timestamp_ms < timestamp_ms || header.last_offset().0 < self.log_start {
                continue;
            }
            let record = self.record_in(segment, &*file, &found, timestamp_ms)?;
            if let Some((timestamp_ms, offset)) = record {
                let epoch = header.leader_epoch.0;
                let leader_epoch = if epoch >= 0 {
                    Some(epoch)
                } else {
                    self.epochs.epoch_of(offset)
                };
                return Ok(Some(TimestampedOffset {
                    timestamp_ms,
                    offset,
                    leader_epoch,
                }));
            }
        }
        Ok(None)
    }

    /// The first record of a batch that is not older and not below the log's start.
    fn record_in(
        &self,
        segment: &Segment,
        file: &dyn DiskFile,
        found: &Found,
        timestamp_ms: i64,
    ) -> Result<Option<(i64, i64)>, ReadError> {
        let damaged =
            |reason| ReadError::Damaged { base: segment.base, position: found.position, reason };
        let mut bytes = vec![0; usize::try_from(found.bytes).unwrap_or(0)];
        file.read_exact_at(&mut bytes, found.position)
            .map_err(|e| {
                let path = self.files.path(crate::layout::FileKind::Log, segment.base);
                self.files.read_failed(&path, &e)
            })?;
        let fits = |time: i64, offset: i64| time >= timestamp_ms && offset >= self.log_start;
        let mut inflater = Inflater::new();
        let limit = InflateLimit::usual(bytes.len());
        if found.magic != MAGIC {
            let entry = LegacyEntry::parse(&bytes).map_err(|_| damaged("an old message"))?;
            let messages = entry.messages(&mut inflater, limit);
            let messages = messages.map_err(|_| damaged("an old message"))?;
            let first = messages.iter().find(|m| fits(m.timestamp_ms, m.offset.0));
            return Ok(first.map(|m| (m.timestamp_ms, m.offset.0)));
        }
        let batch = BatchView::parse(&bytes).map_err(|_| damaged("a batch"))?;
        let inflated;
        let body = if batch.records().is_some() {
            bytes.get(HEADER_BYTES..).unwrap_or_default()
        } else {
            inflated = batch
                .inflate(&mut inflater, limit)
                .map_err(|_| damaged("its records"))?;
            &inflated
        };
        for record in Records::new(batch.header(), body) {
            let record = record.map_err(|_| damaged("a record"))?;
            if fits(record.timestamp_ms, record.offset.0) {
                return Ok(Some((record.timestamp_ms, record.offset.0)));
            }
        }
        Ok(None)
    }
}
