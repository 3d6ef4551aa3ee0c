//! What a leader checks before it appends a batch of a client.
//!
//! The envelope (header, checksum, first bytes of the codec's frame) is always checked and needs no record. The inside
//! is checked where the topic's rules need it: compaction wants keys, time limits want every timestamp, another codec
//! wants everything; `klamm.validate=deep` asks for it on each batch.

use crate::header::{BatchHeader, Compression, TimestampType};
use crate::inflate::{InflateError, InflateLimit, InflateReader, Inflater, sniff};
use crate::record::{RecordHead, RecordProblem, Slice, Source, read_head};
use crate::view::{BatchError, BatchView};
use klamm_model::Offset;

/// Why a produced batch is refused before its records are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Not the bytes that the client meant. Kafka's CORRUPT_MESSAGE.
    #[error(transparent)]
    Corrupt(BatchError),
    /// Fields that do not go together. Kafka's INVALID_RECORD.
    #[error("{0}")]
    Invalid(&'static str),
    /// Kafka's INVALID_TIMESTAMP.
    #[error("{0}")]
    Timestamp(&'static str),
    /// The body cannot be what the codec says. Kafka's CORRUPT_MESSAGE.
    #[error(transparent)]
    Codec(InflateError),
}

/// Timestamps that a topic takes, both ends included, in milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimestampRange {
    /// `now - message.timestamp.before.max.ms`.
    pub min_ms: i64,
    /// `now + message.timestamp.after.max.ms`.
    pub max_ms: i64,
}

/// What the records of a batch must be.
#[derive(Debug, Clone, Copy, Default)]
pub struct RecordRules {
    /// The topic is compacted.
    pub key_required: bool,
    /// Timestamps that are taken; `None` where the log stamps.
    pub timestamps: Option<TimestampRange>,
    /// Bytes that may come out of a compressed body; `None` is the usual limit.
    pub inflate_limit: Option<InflateLimit>,
}

/// What is wrong with one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordFault {
    /// No key, and the topic is compacted.
    #[error("a compacted topic takes no record without a key")]
    KeyMissing,
    /// Outside the topic's range.
    #[error("the timestamp {timestamp_ms} is out of range")]
    Timestamp {
        /// The record's timestamp.
        timestamp_ms: i64,
    },
}

/// Why the inside of a batch is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordsError {
    /// The bytes are not records. Kafka's INVALID_RECORD.
    #[error("record {index}: {problem}")]
    Malformed {
        /// The record's place in the batch, from 0.
        index: i32,
        /// What is wrong.
        problem: RecordProblem,
    },
    /// The compressed bytes cannot be read. Kafka's CORRUPT_MESSAGE.
    #[error(transparent)]
    Inflate(#[from] InflateError),
    /// Records break the rules. Kafka's INVALID_RECORD with a list, or INVALID_TIMESTAMP if all are such.
    #[error("{} records break the topic's rules", .0.len())]
    Faults(Vec<(i32, RecordFault)>),
}

/// What the records of a valid batch are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordsSummary {
    /// The largest timestamp of a record, in milliseconds; the batch's own where the log stamps.
    pub max_timestamp_ms: i64,
    /// Offset of the first record with it.
    pub max_timestamp_offset: Offset,
    /// Bytes of the body without compression.
    pub body_bytes: usize,
}

/// A record list is cut here, so that an answer stays small.
const FAULTS_MAX: usize = 1000;

impl TimestampRange {
    /// Whether a timestamp is taken. "None" (-1) always is.
    #[must_use]
    pub const fn contains(&self, timestamp_ms: i64) -> bool {
        timestamp_ms == -1 || (self.min_ms <= timestamp_ms && timestamp_ms <= self.max_ms)
    }
}

impl BatchView<'_> {
    /// Everything that can be checked on a client's batch without its records. The size limit and the base offset
    /// are the caller's.
    ///
    /// # Errors
    /// The first rule that the batch breaks.
    pub fn validate_envelope(&self) -> Result<(), EnvelopeError> {
        self.validate_stored().map_err(EnvelopeError::Corrupt)?;
        validate_fields(self.header())?;
        if let Some(compression) = self.header().compression() {
            sniff(compression, self.body()).map_err(EnvelopeError::Codec)?;
        }
        Ok(())
    }
}

fn validate_fields(header: &BatchHeader) -> Result<(), EnvelopeError> {
    let fail = |rule| Err(EnvelopeError::Invalid(rule));
    let attributes = header.attributes;
    if header.record_count <= 0 {
        return fail("a batch has one record at least");
    }
    if header.last_offset_delta != header.record_count - 1 {
        return fail("the last offset and the record count do not go together");
    }
    if attributes.is_control() {
        return fail("clients do not write control records");
    }
    if attributes.has_delete_horizon() {
        return fail("clients do not set a delete horizon");
    }
    if attributes.timestamp_type() == TimestampType::LogAppendTime {
        return Err(EnvelopeError::Timestamp(
            "clients do not set the log append time",
        ));
    }
    if header.producer_id.0 < -1 {
        return fail("a producer id is not below -1");
    }
    if header.has_producer() && (header.producer_epoch < 0 || header.base_sequence < 0) {
        return fail("a producer id comes with an epoch and a sequence");
    }
    // Clients that are not idempotent send epoch 0 and sequence 0 as well as -1: without an id they mean nothing.
    if attributes.is_transactional() && !header.has_producer() {
        return fail("a transactional batch has a producer id");
    }
    Ok(())
}

/// Checks every record of a batch whose envelope is right. Memory does not depend on how much comes out.
///
/// # Errors
/// Bytes that are not records, output above the limit, or a list of records that break the rules.
pub fn validate_records(
    batch: &BatchView<'_>,
    rules: &RecordRules,
    inflater: &mut Inflater,
) -> Result<RecordsSummary, RecordsError> {
    let body = batch.body();
    if batch.header().compression() == Some(Compression::None) {
        return Walk::new(batch.header(), rules).run(Slice::new(body), Slice::is_at_end);
    }
    let limit = rules
        .inflate_limit
        .unwrap_or(InflateLimit::usual(body.len()));
    let reader = batch.inflate_reader(inflater, limit)?;
    let stream = Stream {
        reader,
        buffer: vec![0; STREAM_BYTES],
        at: 0,
        end: 0,
        position: 0,
    };
    Walk::new(batch.header(), rules).run(stream, Stream::is_at_end)
}

/// One pass over the records of a batch.
struct Walk<'r> {
    header: &'r BatchHeader,
    rules: &'r RecordRules,
    faults: Vec<(i32, RecordFault)>,
    max: (i64, i32),
}

impl<'r> Walk<'r> {
    fn new(header: &'r BatchHeader, rules: &'r RecordRules) -> Self {
        Self { header, rules, faults: Vec::new(), max: (-1, 0) }
    }

    fn run<S>(
        mut self,
        mut source: S,
        is_at_end: impl FnOnce(&mut S) -> Result<bool, S::Error>,
    ) -> Result<RecordsSummary, RecordsError>
    where
        S: Source,
        S::Error: Into<StreamError>,
    {
        for index in 0..self.header.record_count {
            let head = read_head(&mut source).map_err(|error| error.into().at(index))?;
            self.record(index, &head)?;
        }
        let count = self.header.record_count;
        if !is_at_end(&mut source).map_err(|error| error.into().at(count))? {
            return Err(StreamError::Record(RecordProblem::Trailing).at(count));
        }
        if !self.faults.is_empty() {
            return Err(RecordsError::Faults(self.faults));
        }
        let (max_timestamp_ms, delta) = match self.header.timestamp_type() {
            TimestampType::CreateTime => self.max,
            TimestampType::LogAppendTime => (self.header.max_timestamp_ms, 0),
        };
        Ok(RecordsSummary {
            max_timestamp_ms,
            max_timestamp_offset: self.header.base_offset.plus(i64::from(delta)),
            body_bytes: source.position(),
        })
    }

    fn record(&mut self, index: i32, head: &RecordHead) -> Result<(), RecordsError> {
        if head.offset_delta != index {
            return Err(StreamError::Record(RecordProblem::OffsetOrder).at(index));
        }
        let timestamp_ms = head.timestamp_ms(self.header);
        let in_range = self
            .rules
            .timestamps
            .is_none_or(|range| range.contains(timestamp_ms));
        let fault = if self.rules.key_required && head.key.is_none() {
            RecordFault::KeyMissing
        } else if !in_range {
            RecordFault::Timestamp { timestamp_ms }
        } else {
            if timestamp_ms > self.max.0 {
                self.max = (timestamp_ms, index);
            }
            return Ok(());
        };
        self.faults.push((index, fault));
        if self.faults.len() >= FAULTS_MAX {
            return Err(RecordsError::Faults(std::mem::take(&mut self.faults)));
        }
        Ok(())
    }
}

/// Bytes out of a decompressor, through a small window.
struct Stream<'a> {
    reader: InflateReader<'a>,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    position: usize,
}

const STREAM_BYTES: usize = 64 << 10;

/// Why reading stopped.
enum StreamError {
    Record(RecordProblem),
    Inflate(InflateError),
}

impl StreamError {
    fn at(self, index: i32) -> RecordsError {
        match self {
            Self::Record(problem) => RecordsError::Malformed { index, problem },
            Self::Inflate(error) => RecordsError::Inflate(error),
        }
    }
}

impl From<RecordProblem> for StreamError {
    fn from(problem: RecordProblem) -> Self {
        Self::Record(problem)
    }
}

impl Stream<'_> {
    /// Whether a byte is left in the window after refilling it.
    fn fill(&mut self) -> Result<bool, StreamError> {
        if self.at == self.end {
            self.at = 0;
            self.end = self
                .reader
                .read(&mut self.buffer)
                .map_err(StreamError::Inflate)?;
        }
        Ok(self.at < self.end)
    }

    fn is_at_end(&mut self) -> Result<bool, StreamError> {
        Ok(!self.fill()?)
    }
}

impl Source for Stream<'_> {
    type Error = StreamError;

    fn byte(&mut self) -> Result<u8, StreamError> {
        if !self.fill()? {
            return Err(RecordProblem::Truncated.into());
        }
        let byte = self
            .buffer
            .get(self.at)
            .copied()
            .ok_or(RecordProblem::Truncated)?;
        self.at += 1;
        self.position += 1;
        Ok(byte)
    }

    fn skip(&mut self, count: usize) -> Result<(), StreamError> {
        let mut left = count;
        while left > 0 {
            if !self.fill()? {
                return Err(RecordProblem::Truncated.into());
            }
            let step = left.min(self.end - self.at);
            self.at += step;
            self.position += step;
            left -= step;
        }
        Ok(())
    }

    fn position(&self) -> usize {
        self.position
    }
}

#[cfg(test)]
mod tests;
