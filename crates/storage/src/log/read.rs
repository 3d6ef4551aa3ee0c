//! Reading: offset → a range of one segment's file, in whole batches.
//!
//! The usual reader follows the log: the place where its last range ended is remembered (a few per log), and what it may
//! see ends at the file's end. Such a read touches no index and no file. Others look the offset up in the sparse index
//! and walk over the headers of at most `index.interval.bytes`.

use super::PartitionLog;
use crate::error::StorageError;
use crate::scan::HeaderWalk;
use crate::segment::{Segment, SegmentError};
use crate::txn_index::AbortedTxn;
use klamm_host::FileRange;

/// Up to where a reader may look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpperBound {
    /// Consumers.
    HighWatermark,
    /// Consumers of committed records; the answer lists aborted transactions.
    LastStable,
    /// Replicas.
    LogEnd,
}

/// What a read found.
#[derive(Debug, Clone)]
pub struct LogSlice {
    /// Whole batches; `None` if there is nothing to read below the bound (yet).
    pub range: Option<FileRange>,
    /// Where to read on.
    pub next_offset: i64,
    /// Transactions whose records in the range do not count; for `LastStable` only.
    pub aborted: Vec<AbortedTxn>,
}

/// Why nothing can be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    /// `OFFSET_OUT_OF_RANGE`.
    #[error("the log has offsets {start} to {end}")]
    OutOfRange {
        /// The first readable offset.
        start: i64,
        /// The log's end.
        end: i64,
    },
    /// The file holds something else than batches. Nothing of it is served.
    #[error("segment {base} is damaged at byte {position}: {reason}")]
    Damaged {
        /// Base offset of the segment.
        base: i64,
        /// Where.
        position: u64,
        /// What is wrong.
        reason: &'static str,
    },
    /// The disk.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Batch boundaries that were found lately.
#[derive(Debug, Default)]
pub(super) struct Cursors {
    places: [Place; PLACES],
    next: usize,
}

/// The batch that holds `offset` begins at a position of a segment; if it is not written yet, it will.
#[derive(Debug, Clone, Copy)]
struct Place {
    offset: i64,
    base: i64,
    position: u64,
}

/// Segments whose pages are surely in memory: appends went there lately.
const RECENT_SEGMENTS: usize = 2;

/// Readers that follow a log at the same time and still find their place.
const PLACES: usize = 4;

impl Default for Place {
    fn default() -> Self {
        Self { offset: -1, base: -1, position: 0 }
    }
}

impl Cursors {
    fn find(&self, offset: i64) -> Option<Place> {
        self.places.iter().find(|p| p.offset == offset).copied()
    }

    fn remember(&mut self, place: Place) {
        if self.find(place.offset).is_none() {
            if let Some(slot) = self.places.get_mut(self.next % PLACES) {
                *slot = place;
            }
            self.next = self.next.wrapping_add(1);
        }
    }

    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

impl PartitionLog {
    /// Whether looking an offset up surely needs no disk: it is in the newest segment or the one before.
    #[must_use]
    pub fn is_recent(&self, offset: i64) -> bool {
        let first = self.segments.len().saturating_sub(RECENT_SEGMENTS);
        self.segments
            .get(first)
            .is_some_and(|segment| offset >= segment.base)
    }

    /// Reads whole batches from the one that holds `offset`, out of one segment, up to `max_bytes`. With
    /// `min_one_batch` the first batch comes even if it is larger. At the bound the range is `None`.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn read(
        &self,
        offset: i64,
        max_bytes: usize,
        min_one_batch: bool,
        upper: UpperBound,
    ) -> Result<LogSlice, ReadError> {
        self.files.dir.check_online()?;
        if offset < self.log_start || offset > self.log_end {
            return Err(ReadError::OutOfRange { start: self.log_start, end: self.log_end });
        }
        let bound = match upper {
            UpperBound::HighWatermark => self.high_watermark,
            UpperBound::LastStable => self.last_stable_offset(),
            UpperBound::LogEnd => self.log_end,
        };
        if offset >= bound {
            return Ok(LogSlice::empty(offset));
        }
        let Some((index, position)) = self.place_of(offset)? else {
            // Compaction took everything up to the log's end.
            return Ok(LogSlice::empty(offset));
        };
        let segment = &self.segments[index];
        let (end, end_offset) = self.end_in(index, bound)?;
        let cut = self.cut(
            segment,
            (position, end, end_offset),
            max_bytes,
            min_one_batch,
        )?;
        let Some((to, next_offset)) = cut.filter(|(to, _)| *to > position) else {
            return Ok(LogSlice::empty(offset));
        };
        self.cursors.lock().remember(Place {
            offset: next_offset,
            base: segment.base,
            position: to,
        });
        let aborted = match upper {
            UpperBound::LastStable => self.aborted_between(index, offset, next_offset)?,
            _ => Vec::new(),
        };
        let file = segment.open(&self.files)?;
        let len = usize::try_from(to - position).unwrap_or(usize::MAX);
        Ok(LogSlice {
            range: Some(FileRange { file, position, len }),
            next_offset,
            aborted,
        })
    }

    /// Segment and position of the batch that holds an offset below the log's end.
    pub(super) fn place_of(&self, offset: i64) -> Result<Option<(usize, u64)>, ReadError> {
        let mut index = self.segment_index_of(offset);
        if let Some(place) = self.cursors.lock().find(offset) {
            let segment = &self.segments[index];
            if place.base == segment.base && place.position < segment.size {
                return Ok(Some((index, place.position)));
            }
        }
        while let Some(segment) = self.segments.get(index) {
            if let Some(found) = segment
                .locate(&self.files, offset)
                .map_err(|e| e.read(segment))?
            {
                return Ok(Some((index, found.position)));
            }
            index += 1;
        }
        Ok(None)
    }

    /// Up to which byte of a segment a reader with that bound may look, and which offset follows.
    fn end_in(&self, index: usize, bound: i64) -> Result<(u64, i64), ReadError> {
        let segment = &self.segments[index];
        let segment_end = self
            .segments
            .get(index + 1)
            .map_or(self.log_end, |next| next.base);
        if bound >= segment_end {
            return Ok((segment.size, segment_end));
        }
        if let Some(place) = self.cursors.lock().find(bound)
            && place.base == segment.base
        {
            return Ok((place.position.min(segment.size), bound));
        }
        let found = segment
            .locate(&self.files, bound)
            .map_err(|e| e.read(segment))?;
        let end = found.map_or(segment.size, |f| f.position);
        self.cursors
            .lock()
            .remember(Place { offset: bound, base: segment.base, position: end });
        Ok((end, bound))
    }

    /// Where the range ends, and which offset follows it. `None`: not even one batch may come.
    fn cut(
        &self,
        segment: &Segment,
        (position, end, end_offset): (u64, u64, i64),
        max_bytes: usize,
        min_one_batch: bool,
    ) -> Result<Option<(u64, i64)>, ReadError> {
        if end <= position {
            return Ok(None);
        }
        let limit = position.saturating_add(max_bytes as u64);
        if limit >= end {
            return Ok(Some((end, end_offset)));
        }
        let damaged = |e: SegmentError| e.read(segment);
        let boundary = segment
            .boundary_before(&self.files, position, limit)
            .map_err(damaged)?;
        if boundary.is_some() || !min_one_batch {
            return Ok(boundary);
        }
        let file = segment.open(&self.files)?;
        let mut walk = HeaderWalk::short(&*file, position, end, i64::MIN);
        let first = segment.step(&self.files, &mut walk).map_err(damaged)?;
        Ok(first.map(|f| (f.position + f.bytes, f.header.next_offset().0)))
    }

    /// Aborted transactions with records in `[from, to)`.
    fn aborted_between(
        &self,
        first_segment: usize,
        from: i64,
        to: i64,
    ) -> Result<Vec<AbortedTxn>, ReadError> {
        let mut aborted = Vec::new();
        for segment in self.segments.get(first_segment..).unwrap_or_default() {
            let (found, is_all) = segment.aborted_between(&self.files, from, to)?;
            aborted.extend(found);
            if is_all {
                break;
            }
        }
        Ok(aborted)
    }
}

impl LogSlice {
    const fn empty(next_offset: i64) -> Self {
        Self { range: None, next_offset, aborted: Vec::new() }
    }

    /// Bytes of the range.
    #[must_use]
    pub fn len(&self) -> usize {
        self.range.as_ref().map_or(0, |r| r.len)
    }

    /// Nothing to read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl SegmentError {
    pub(super) fn read(self, segment: &Segment) -> ReadError {
        match self {
            Self::Storage(error) => ReadError::Storage(error),
            Self::Damage(damage) => ReadError::Damaged {
                base: segment.base,
                position: damage.position,
                reason: damage.reason,
            },
        }
    }
}
