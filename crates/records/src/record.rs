//! The inside of a batch: records as slices, without copying.
//!
//! ```text
//! length varint │ attributes i8 │ timestamp delta varlong │ offset delta varint │ key length varint, key
//!               │ value length varint, value │ header count varint │ (key length, key, value length, value)*
//! ```
//! One grammar, `read_head`, serves slices in memory and streams out of a decompressor.

use crate::header::{BatchHeader, TimestampType};
use crate::varint::{VARINT_BYTES_MAX, VARLONG_BYTES_MAX, unzigzag_32, unzigzag_64};
use klamm_model::Offset;

/// What is wrong with the bytes of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordProblem {
    /// The bytes end inside a record, or there are fewer records than announced.
    #[error("the bytes end before the record does")]
    Truncated,
    /// A number that is longer than its type.
    #[error("a varint is too long")]
    Varint,
    /// A length below -1, a field that reaches over the end of its record, or bytes left in it.
    #[error("a length does not fit the record")]
    Length,
    /// Bytes after the last record.
    #[error("bytes follow the last record")]
    Trailing,
    /// The record's offset does not follow the one before.
    #[error("the offset does not follow the one before")]
    OffsetOrder,
}

/// One record, as slices of the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordView<'a> {
    /// Its offset in the log.
    pub offset: Offset,
    /// Milliseconds since the Unix epoch; the batch's own time if the log stamps.
    pub timestamp_ms: i64,
    /// Offset minus the batch's base offset.
    pub offset_delta: i32,
    /// Timestamp minus the batch's base timestamp, as stored.
    pub timestamp_delta_ms: i64,
    /// The key; `None` is not the same as empty.
    pub key: Option<&'a [u8]>,
    /// The value; `None` deletes the key in a compacted topic.
    pub value: Option<&'a [u8]>,
    /// Headers, in order.
    pub headers: Headers<'a>,
}

/// One header of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeaderView<'a> {
    /// UTF-8 by agreement, but nobody checks.
    pub key: &'a [u8],
    /// The value, which may be missing.
    pub value: Option<&'a [u8]>,
}

/// The headers of a record. They were checked when the record was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headers<'a> {
    left: usize,
    bytes: &'a [u8],
}

/// The records of a batch. Ends after the announced number or the first error; bytes that are left are an error too.
#[derive(Debug, Clone)]
pub struct Records<'a> {
    header: BatchHeader,
    source: Slice<'a>,
    given: i32,
    done: bool,
}

impl<'a> Records<'a> {
    /// Walks over a body without compression.
    #[must_use]
    pub const fn new(header: &BatchHeader, body: &'a [u8]) -> Self {
        let source = Slice { bytes: body, position: 0 };
        Self { header: *header, source, given: 0, done: false }
    }

    fn read(&mut self) -> Result<RecordView<'a>, RecordProblem> {
        let start = self.source.position;
        let head = read_head(&mut self.source)?;
        let record = self
            .source
            .bytes
            .get(start..self.source.position)
            .unwrap_or_default();
        let part = |span: Span| record.get(span.at..span.at + span.len).unwrap_or_default();
        let base = &self.header;
        Ok(RecordView {
            offset: base.base_offset.plus(i64::from(head.offset_delta)),
            timestamp_ms: match base.timestamp_type() {
                TimestampType::CreateTime => head.timestamp_ms(base),
                TimestampType::LogAppendTime => base.max_timestamp_ms,
            },
            offset_delta: head.offset_delta,
            timestamp_delta_ms: head.timestamp_delta_ms,
            key: head.key.map(part),
            value: head.value.map(part),
            headers: Headers {
                left: head.header_count,
                bytes: record.get(head.headers_at..).unwrap_or_default(),
            },
        })
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<RecordView<'a>, RecordProblem>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        if self.given >= self.header.record_count {
            self.done = true;
            let left = self.source.position < self.source.bytes.len();
            return left.then_some(Err(RecordProblem::Trailing));
        }
        self.given += 1;
        let record = self.read();
        self.done = record.is_err();
        Some(record)
    }
}

impl Headers<'_> {
    /// How many are left.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.left
    }

    /// None is left.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.left == 0
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = HeaderView<'a>;

    fn next(&mut self) -> Option<HeaderView<'a>> {
        self.left = self.left.checked_sub(1)?;
        let mut source = Slice { bytes: self.bytes, position: 0 };
        let key = read_span(&mut source).ok()??;
        let value = read_span(&mut source).ok()?;
        let part = |span: Span| {
            self.bytes
                .get(span.at..span.at + span.len)
                .unwrap_or_default()
        };
        let header = HeaderView { key: part(key), value: value.map(part) };
        self.bytes = self.bytes.get(source.position..).unwrap_or_default();
        Some(header)
    }
}

/// Where the parts of a record are, relative to its first byte.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RecordHead {
    pub(crate) offset_delta: i32,
    pub(crate) timestamp_delta_ms: i64,
    pub(crate) key: Option<Span>,
    value: Option<Span>,
    header_count: usize,
    headers_at: usize,
}

/// A run of bytes in a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    at: usize,
    len: usize,
}

impl RecordHead {
    /// The producer's timestamp. Wraps like Java's sum: nonsense stays readable.
    pub(crate) const fn timestamp_ms(&self, batch: &BatchHeader) -> i64 {
        batch
            .base_timestamp_ms
            .wrapping_add(self.timestamp_delta_ms)
    }
}

/// Bytes to read records from.
pub(crate) trait Source {
    /// What can go wrong: the bytes, and the way to them.
    type Error: From<RecordProblem>;

    /// The next byte.
    fn byte(&mut self) -> Result<u8, Self::Error>;
    /// Passes over bytes.
    fn skip(&mut self, count: usize) -> Result<(), Self::Error>;
    /// Bytes that were taken so far.
    fn position(&self) -> usize;
}

/// Reads one record and stops behind it. Checks that every part lies inside the announced length.
pub(crate) fn read_head<S: Source>(source: &mut S) -> Result<RecordHead, S::Error> {
    let start = source.position();
    let length = length_of(read_i32(source)?)?.ok_or(RecordProblem::Length)?;
    let end = source.position() + length;
    let mut record = Bounded { source, start, end };
    record.skip(1)?; // attributes: no bit of them has a meaning
    let timestamp_delta_ms = read_i64(&mut record)?;
    let offset_delta = read_i32(&mut record)?;
    let key = read_span(&mut record)?;
    let value = read_span(&mut record)?;
    let count = read_i32(&mut record)?;
    let header_count = usize::try_from(count).map_err(|_| RecordProblem::Length)?;
    let headers_at = record.position();
    // A header takes two bytes at least, so a lie about the count ends at the record's end.
    for _ in 0..header_count {
        read_span(&mut record)?.ok_or(RecordProblem::Length)?;
        read_span(&mut record)?;
    }
    if record.source.position() != end {
        return Err(RecordProblem::Length.into());
    }
    Ok(RecordHead {
        offset_delta,
        timestamp_delta_ms,
        key,
        value,
        header_count,
        headers_at,
    })
}

fn read_span<S: Source>(source: &mut S) -> Result<Option<Span>, S::Error> {
    let Some(len) = length_of(read_i32(source)?)? else {
        return Ok(None);
    };
    let at = source.position();
    source.skip(len)?;
    Ok(Some(Span { at, len }))
}

/// -1 is "none"; below is nonsense.
fn length_of(raw: i32) -> Result<Option<usize>, RecordProblem> {
    match raw {
        -1 => Ok(None),
        _ => usize::try_from(raw)
            .map(Some)
            .map_err(|_| RecordProblem::Length),
    }
}

fn read_i32<S: Source>(source: &mut S) -> Result<i32, S::Error> {
    let raw = read_raw(source, VARINT_BYTES_MAX)?;
    let raw = u32::try_from(raw).map_err(|_| RecordProblem::Varint)?;
    Ok(unzigzag_32(raw))
}

fn read_i64<S: Source>(source: &mut S) -> Result<i64, S::Error> {
    Ok(unzigzag_64(read_raw(source, VARLONG_BYTES_MAX)?))
}

fn read_raw<S: Source>(source: &mut S, bytes_max: usize) -> Result<u64, S::Error> {
    let mut raw = 0u64;
    for i in 0..bytes_max {
        let byte = source.byte()?;
        let bits = u64::from(byte & 0x7f);
        let shifted = bits << (7 * i);
        if shifted >> (7 * i) != bits {
            return Err(RecordProblem::Varint.into());
        }
        raw |= shifted;
        if byte & 0x80 == 0 {
            return Ok(raw);
        }
    }
    Err(RecordProblem::Varint.into())
}

/// The part of a source that belongs to one record; positions count from the record's first byte.
struct Bounded<'s, S> {
    source: &'s mut S,
    start: usize,
    end: usize,
}

impl<S: Source> Source for Bounded<'_, S> {
    type Error = S::Error;

    fn byte(&mut self) -> Result<u8, S::Error> {
        if self.source.position() >= self.end {
            return Err(RecordProblem::Length.into());
        }
        self.source.byte()
    }

    fn skip(&mut self, count: usize) -> Result<(), S::Error> {
        if count > self.end - self.source.position() {
            return Err(RecordProblem::Length.into());
        }
        self.source.skip(count)
    }

    fn position(&self) -> usize {
        self.source.position() - self.start
    }
}

/// Bytes in memory.
#[derive(Debug, Clone)]
pub(crate) struct Slice<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Slice<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    pub(crate) fn is_at_end(&mut self) -> Result<bool, RecordProblem> {
        Ok(self.position >= self.bytes.len())
    }
}

impl Source for Slice<'_> {
    type Error = RecordProblem;

    fn byte(&mut self) -> Result<u8, RecordProblem> {
        let byte = self
            .bytes
            .get(self.position)
            .ok_or(RecordProblem::Truncated)?;
        self.position += 1;
        Ok(*byte)
    }

    fn skip(&mut self, count: usize) -> Result<(), RecordProblem> {
        if count > self.bytes.len() - self.position {
            return Err(RecordProblem::Truncated);
        }
        self.position += count;
        Ok(())
    }

    fn position(&self) -> usize {
        self.position
    }
}
