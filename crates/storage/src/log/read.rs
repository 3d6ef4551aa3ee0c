//! Reading: offset → a range of one segment's file, in whole batches.
//!
//! The usual reader follows the log: the place where its last range ended is remembered (a few per log), and what it may
//! see ends at the file's end. Such a read touches no index and no file, and is done at once. Others get a `LookUp` to run
//! without the log's lock: it looks the offset up in the sparse index and walks over the headers of at most
//! `index.interval.bytes`.

use super::cursors::Place;
use super::{LogView, PartitionLog};
use crate::error::StorageError;
use crate::scan::HeaderWalk;
use crate::segment::{Segment, SegmentError};
use crate::txn_index::AbortedTxn;
use klamm_host::{FileRange, Residency};

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

/// What to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadAsk {
    /// The range begins with the batch that holds it.
    pub offset: i64,
    /// Bytes of the range at most.
    pub bytes_max: usize,
    /// The first batch comes even if it is larger.
    pub min_one_batch: bool,
    /// Up to where.
    pub upper: UpperBound,
}

/// A read that was begun.
#[derive(Debug)]
pub enum Reading {
    /// It needed no disk.
    Done(LogSlice),
    /// The rest may wait for the device: run it without the lock.
    LookUp(Box<LookUp>),
}

/// The part of a read that touches the disk.
#[derive(Debug)]
#[must_use = "nothing is read until it ran"]
pub struct LookUp {
    view: LogView,
    ask: ReadAsk,
    bound: i64,
    known: Known,
    is_recent: bool,
}

/// What memory tells of a read.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    /// Segment in the list.
    index: usize,
    /// Where the batch begins.
    position: Option<u64>,
    /// Up to which byte of the segment the reader may look, and which offset follows.
    end: Option<(u64, i64)>,
}

/// What a look-up found; give it to `PartitionLog::end_read`.
#[derive(Debug)]
#[must_use = "the log must say whether it still holds"]
pub struct LookedUp {
    layout: u64,
    places: [Option<Place>; 2],
    result: Result<LogSlice, ReadError>,
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

/// Segments whose pages are likely in memory: appends went there lately.
const RECENT_SEGMENTS: usize = 2;
/// A look at the headers before a place touches about so much: the sparse index leads to less than one batch and
/// `index.interval.bytes` before it.
const LOOKED_AT_BYTES: u64 = 64 << 10;

impl PartitionLog {
    /// Begins to read whole batches from the one that holds an offset, out of one segment. Touches no disk. At the bound
    /// the range is `None`.
    ///
    /// # Errors
    /// The offset is out of range, or the directory offline.
    pub fn begin_read(&self, ask: ReadAsk) -> Result<Reading, ReadError> {
        self.files.dir.check_online()?;
        let offset = ask.offset;
        if offset < self.log_start || offset > self.log_end {
            return Err(ReadError::OutOfRange { start: self.log_start, end: self.log_end });
        }
        let bound = match ask.upper {
            UpperBound::HighWatermark => self.high_watermark,
            UpperBound::LastStable => self.last_stable_offset(),
            UpperBound::LogEnd => self.log_end,
        };
        if offset >= bound {
            return Ok(Reading::Done(LogSlice::empty(offset)));
        }
        let known = self.known(offset, bound);
        if let Some(slice) = self.at_hand(ask, known) {
            return Ok(Reading::Done(slice));
        }
        Ok(Reading::LookUp(Box::new(LookUp {
            view: self.view(),
            ask,
            bound,
            known,
            is_recent: known.index + RECENT_SEGMENTS >= self.segments.len(),
        })))
    }

    /// Ends a read. `None`: files were cut, removed or replaced in the meantime; begin again.
    pub fn end_read(&self, done: LookedUp) -> Option<Result<LogSlice, ReadError>> {
        if !self.is_layout(done.layout) {
            return None;
        }
        let mut cursors = self.cursors.lock();
        for place in done.places.into_iter().flatten() {
            cursors.remember(place);
        }
        drop(cursors);
        Some(done.result)
    }

    /// The whole of a read, for an owner that may wait for the device.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn read(
        &self,
        offset: i64,
        bytes_max: usize,
        min_one_batch: bool,
        upper: UpperBound,
    ) -> Result<LogSlice, ReadError> {
        match self.begin_read(ReadAsk { offset, bytes_max, min_one_batch, upper })? {
            Reading::Done(slice) => Ok(slice),
            Reading::LookUp(look_up) => self
                .end_read(look_up.run())
                .expect("a log that is borrowed does not change"),
        }
    }

    fn known(&self, offset: i64, bound: i64) -> Known {
        let index = self.segments.index_of(offset);
        let segment = &self.segments[index];
        let cursors = self.cursors.lock();
        let place_of = |offset| cursors.find(offset).filter(|p| p.base == segment.base);
        let position = if offset <= segment.base && segment.size > 0 {
            Some(0)
        } else {
            place_of(offset)
                .map(|place| place.position)
                .filter(|position| *position < segment.size)
        };
        let segment_end = self.segments.end_of(index, self.log_end);
        let end = if bound >= segment_end {
            Some((segment.size, segment_end))
        } else {
            place_of(bound).map(|place| (place.position.min(segment.size), bound))
        };
        Known { index, position, end }
    }

    /// The range, if memory says where it begins and ends.
    fn at_hand(&self, ask: ReadAsk, known: Known) -> Option<LogSlice> {
        let (position, (end, next_offset)) = (known.position?, known.end?);
        let len = usize::try_from(end.checked_sub(position)?).ok()?;
        if len == 0 {
            return Some(LogSlice::empty(ask.offset));
        }
        let no_aborted = ask.upper != UpperBound::LastStable
            || self
                .segments
                .from(known.index)
                .all(|segment| segment.newest_aborted < ask.offset);
        if len > ask.bytes_max || !no_aborted {
            return None;
        }
        let segment = &self.segments[known.index];
        let file = segment.log.held()?;
        let place = Place { offset: next_offset, base: segment.base, position: end };
        self.cursors.lock().remember(place);
        Some(LogSlice {
            range: Some(FileRange { file, position, len }),
            next_offset,
            aborted: Vec::new(),
        })
    }
}

impl LookUp {
    /// Whether the device is likely not waited for: the place is in the newest segment or the one before, whose file is
    /// open, and the headers that will be looked at are in the page cache.
    #[must_use]
    pub fn is_in_memory(&self) -> bool {
        let segment = &self.view.segments[self.known.index];
        let (Some((end, _)), true) = (self.known.end, self.is_recent) else {
            return false;
        };
        let Some(file) = segment.log.held() else {
            return false;
        };
        let range = match self.known.position {
            // The cut: the last header in reach.
            Some(position) => {
                let limit = position.saturating_add(self.ask.bytes_max as u64).min(end);
                position.max(limit.saturating_sub(LOOKED_AT_BYTES))..limit
            }
            // Anywhere.
            None if segment.size <= LOOKED_AT_BYTES => 0..segment.size,
            None => return false,
        };
        file.residency(range.start, range.end.saturating_sub(range.start)) != Residency::Cold
    }

    /// Looks up. Blocks; not under the log's lock.
    pub fn run(self) -> LookedUp {
        let mut places = [None; 2];
        let result = self.find(&mut places);
        LookedUp { layout: self.view.layout(), places, result }
    }

    fn find(&self, places: &mut [Option<Place>; 2]) -> Result<LogSlice, ReadError> {
        let (view, offset) = (&self.view, self.ask.offset);
        let (index, position) = match self.known.position {
            Some(position) => (self.known.index, position),
            None => match view.place_of(offset)? {
                Some(place) => place,
                // Compaction took everything up to the log's end.
                None => return Ok(LogSlice::empty(offset)),
            },
        };
        let segment = &view.segments[index];
        let (end, end_offset) = match self.known.end {
            Some(end) if index == self.known.index => end,
            _ => view.end_in(index, self.bound)?,
        };
        let place = |offset, position| Some(Place { offset, base: segment.base, position });
        places[0] = place(end_offset, end);
        let cut = view.cut(segment, (position, end, end_offset), &self.ask)?;
        let Some((to, next_offset)) = cut.filter(|(to, _)| *to > position) else {
            return Ok(LogSlice::empty(offset));
        };
        places[1] = place(next_offset, to);
        let aborted = match self.ask.upper {
            UpperBound::LastStable => view.aborted_between(index, offset, next_offset)?,
            _ => Vec::new(),
        };
        let file = segment.open(&view.files)?;
        let len = usize::try_from(to - position).unwrap_or(usize::MAX);
        Ok(LogSlice {
            range: Some(FileRange { file, position, len }),
            next_offset,
            aborted,
        })
    }
}

impl LogView {
    /// Segment and position of the batch that holds an offset below the log's end.
    fn place_of(&self, offset: i64) -> Result<Option<(usize, u64)>, ReadError> {
        let first = self.segments.index_of(offset);
        for (skipped, segment) in self.segments.from(first).enumerate() {
            let found = segment.locate(&self.files, offset);
            if let Some(found) = found.map_err(|e| e.read(segment))? {
                return Ok(Some((first + skipped, found.position)));
            }
        }
        Ok(None)
    }

    /// Up to which byte of a segment a reader with that bound may look, and which offset follows.
    fn end_in(&self, index: usize, bound: i64) -> Result<(u64, i64), ReadError> {
        let segment = &self.segments[index];
        let segment_end = self.segments.end_of(index, self.log_end);
        if bound >= segment_end {
            return Ok((segment.size, segment_end));
        }
        let found = segment.locate(&self.files, bound);
        let found = found.map_err(|e| e.read(segment))?;
        Ok((found.map_or(segment.size, |f| f.position), bound))
    }

    /// Where the range ends, and which offset follows it. `None`: not even one batch may come.
    fn cut(
        &self,
        segment: &Segment,
        (position, end, end_offset): (u64, u64, i64),
        ask: &ReadAsk,
    ) -> Result<Option<(u64, i64)>, ReadError> {
        if end <= position {
            return Ok(None);
        }
        let limit = position.saturating_add(ask.bytes_max as u64);
        if limit >= end {
            return Ok(Some((end, end_offset)));
        }
        let damaged = |e: SegmentError| e.read(segment);
        let boundary = segment
            .boundary_before(&self.files, position, limit)
            .map_err(damaged)?;
        if boundary.is_some() || !ask.min_one_batch {
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
        for segment in self.segments.from(first_segment) {
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
