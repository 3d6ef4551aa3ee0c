//! Records into a batch.

use crate::deflate::{Codec, DeflateError, Deflater};
use crate::header::{Attributes, BatchHeader, Compression, HEADER_BYTES, TimestampType};
use crate::record::HeaderView;
use crate::varint::{len_i32, len_i64, put_i32, put_i64};
use bytes::Bytes;
use klamm_model::{LeaderEpoch, Offset, ProducerId};

/// One record to append.
#[derive(Debug, Clone, Copy)]
pub struct NewRecord<'a> {
    /// Milliseconds since the Unix epoch, -1 for none.
    pub timestamp_ms: i64,
    /// The key.
    pub key: Option<&'a [u8]>,
    /// The value.
    pub value: Option<&'a [u8]>,
    /// Headers, in order.
    pub headers: &'a [HeaderView<'a>],
}

/// Header fields that do not come from the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchFields {
    /// 0 in a produce request.
    pub base_offset: Offset,
    /// -1 in a produce request.
    pub leader_epoch: LeaderEpoch,
    /// The idempotent producer, or `ProducerId::NONE`.
    pub producer_id: ProducerId,
    /// Its epoch, or -1.
    pub producer_epoch: i16,
    /// The first record's sequence number, or -1.
    pub base_sequence: i32,
    /// Part of a transaction.
    pub transactional: bool,
    /// Holds control records.
    pub control: bool,
    /// The log stamped the batch at this time.
    pub append_time_ms: Option<i64>,
    /// The last offset of the batch that this one replaces (compaction keeps it). `None`: the last record's.
    pub last_offset_delta: Option<i32>,
}

/// A record does not fit a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// A batch holds 2 GiB at most, lengths being signed 32-bit numbers.
    #[error("the batch would exceed 2 GiB")]
    TooLarge,
    /// Offsets rise inside a batch.
    #[error("the offset does not follow the one before")]
    OffsetOrder,
}

/// Collects records. The buffer is kept from batch to batch.
#[derive(Debug, Clone)]
pub struct BatchBuilder {
    body: Vec<u8>,
    count: i32,
    next_offset_delta: i32,
    base_timestamp_ms: Option<i64>,
    max_timestamp_ms: i64,
    delete_horizon: bool,
}

/// Keeps the batch below 2 GiB whatever the codec adds.
const BODY_BYTES_MAX: usize = (i32::MAX as usize) - (1 << 24);

impl Default for BatchFields {
    fn default() -> Self {
        Self {
            base_offset: Offset(0),
            leader_epoch: LeaderEpoch::UNKNOWN,
            producer_id: ProducerId::NONE,
            producer_epoch: -1,
            base_sequence: -1,
            transactional: false,
            control: false,
            append_time_ms: None,
            last_offset_delta: None,
        }
    }
}

impl Default for BatchBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl BatchBuilder {
    /// No record yet.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(0)
    }

    /// No record yet; room for a body of that many bytes.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self {
            body: Vec::with_capacity(bytes),
            count: 0,
            next_offset_delta: 0,
            base_timestamp_ms: None,
            max_timestamp_ms: -1,
            delete_horizon: false,
        }
    }

    /// Records so far.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count.unsigned_abs() as usize
    }

    /// No record yet.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Bytes of the batch without compression, header included.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        HEADER_BYTES + self.body.len()
    }

    /// Bytes of the batch without compression after one more record: a little above the truth.
    #[must_use]
    pub fn bytes_with(&self, record: &NewRecord<'_>) -> usize {
        self.bytes() + record_bytes_max(record)
    }

    /// Makes record timestamps relative to a delete horizon (KIP-534). Call before the first record.
    pub const fn set_delete_horizon(&mut self, horizon_ms: i64) {
        self.base_timestamp_ms = Some(horizon_ms);
        self.delete_horizon = true;
    }

    /// Appends a record at the next offset. Gives its offset delta.
    ///
    /// # Errors
    /// The batch would exceed 2 GiB.
    pub fn append(&mut self, record: &NewRecord<'_>) -> Result<i32, AppendError> {
        let delta = self.next_offset_delta;
        self.append_at(delta, record)?;
        Ok(delta)
    }

    /// Appends a record at an offset of its own: holes are right in a compacted log.
    ///
    /// # Errors
    /// The offset is not above the last one, or the batch would exceed 2 GiB.
    pub fn append_at(
        &mut self,
        offset_delta: i32,
        record: &NewRecord<'_>,
    ) -> Result<(), AppendError> {
        if offset_delta < self.next_offset_delta {
            return Err(AppendError::OffsetOrder);
        }
        let next = offset_delta.checked_add(1).ok_or(AppendError::TooLarge)?;
        if self.bytes_with(record) > BODY_BYTES_MAX {
            return Err(AppendError::TooLarge);
        }
        let base = *self.base_timestamp_ms.get_or_insert(record.timestamp_ms);
        // Wrapping: readers add the difference back the same way.
        let timestamp_delta = record.timestamp_ms.wrapping_sub(base);
        let length = 1
            + len_i64(timestamp_delta)
            + len_i32(offset_delta)
            + span_bytes(record.key)
            + span_bytes(record.value)
            + len_i32(length_i32(record.headers.len()))
            + headers_bytes(record.headers);
        let out = &mut self.body;
        put_i32(out, length_i32(length));
        out.push(0);
        put_i64(out, timestamp_delta);
        put_i32(out, offset_delta);
        put_span(out, record.key);
        put_span(out, record.value);
        put_i32(out, length_i32(record.headers.len()));
        for header in record.headers {
            put_span(out, Some(header.key));
            put_span(out, header.value);
        }
        self.count += 1;
        self.next_offset_delta = next;
        self.max_timestamp_ms = self.max_timestamp_ms.max(record.timestamp_ms);
        Ok(())
    }

    /// The batch; the builder is empty afterwards and keeps its buffer. An empty builder gives an empty batch, which
    /// has a place in a compacted log only.
    ///
    /// # Errors
    /// The codec's library is out of memory.
    pub fn build(
        &mut self,
        fields: &BatchFields,
        codec: Codec,
        deflater: &mut Deflater,
    ) -> Result<Bytes, DeflateError> {
        let body_bytes = match codec.compression {
            Compression::None => self.body.len(),
            _ => self.body.len() / 2,
        };
        let mut out = Vec::with_capacity(HEADER_BYTES + body_bytes);
        out.resize(HEADER_BYTES, 0);
        deflater.deflate(codec, &self.body, &mut out)?;
        let last = self.next_offset_delta.saturating_sub(1).max(0);
        let timestamp_type = match fields.append_time_ms {
            None => TimestampType::CreateTime,
            Some(_) => TimestampType::LogAppendTime,
        };
        let header = BatchHeader {
            base_offset: fields.base_offset,
            length: 0,
            leader_epoch: fields.leader_epoch,
            crc: 0,
            attributes: Attributes::default()
                .with_compression(codec.compression)
                .with_timestamp_type(timestamp_type)
                .with_transactional(fields.transactional)
                .with_control(fields.control)
                .with_delete_horizon(self.delete_horizon),
            last_offset_delta: fields.last_offset_delta.unwrap_or(last),
            base_timestamp_ms: self.base_timestamp_ms.unwrap_or(-1),
            max_timestamp_ms: fields.append_time_ms.unwrap_or(self.max_timestamp_ms),
            producer_id: fields.producer_id,
            producer_epoch: fields.producer_epoch,
            base_sequence: fields.base_sequence,
            record_count: self.count,
        };
        self.clear();
        Ok(finish(header, out))
    }

    /// Forgets the records and keeps the buffer.
    pub fn clear(&mut self) {
        let body = std::mem::take(&mut self.body);
        *self = Self { body, ..Self::new() };
        self.body.clear();
    }
}

/// Sets length and CRC, and writes the header into the room in front of the body.
pub(crate) fn finish(mut header: BatchHeader, mut batch: Vec<u8>) -> Bytes {
    header.length = length_i32(batch.len() - crate::header::LOG_OVERHEAD_BYTES);
    header.crc = header.compute_crc(batch.get(HEADER_BYTES..).unwrap_or_default());
    if let Some(room) = batch.first_chunk_mut() {
        *room = header.to_bytes();
    }
    Bytes::from(batch)
}

/// Lengths stay below `BODY_BYTES_MAX` plus what a codec adds, checked on append.
fn length_i32(bytes: usize) -> i32 {
    i32::try_from(bytes).unwrap_or(i32::MAX)
}

fn record_bytes_max(record: &NewRecord<'_>) -> usize {
    const FIXED: usize = 5 + 1 + 10 + 5 + 5;
    FIXED + span_bytes(record.key) + span_bytes(record.value) + headers_bytes(record.headers)
}

fn headers_bytes(headers: &[HeaderView<'_>]) -> usize {
    headers
        .iter()
        .map(|h| span_bytes(Some(h.key)) + span_bytes(h.value))
        .sum()
}

fn span_bytes(span: Option<&[u8]>) -> usize {
    span.map_or(1, |bytes| len_i32(length_i32(bytes.len())) + bytes.len())
}

fn put_span(out: &mut Vec<u8>, span: Option<&[u8]>) {
    match span {
        None => put_i32(out, -1),
        Some(bytes) => {
            put_i32(out, length_i32(bytes.len()));
            out.extend_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests;
