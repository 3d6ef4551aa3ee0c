//! Walks over the headers in a segment file, and checks whole batches during recovery.

use crc_fast::{CrcAlgorithm, Digest};
use klamm_host::DiskFile;
use klamm_model::{LeaderEpoch, Offset, ProducerId};
use klamm_records::{
    Attributes, BatchHeader, EndTransactionMarker, HEADER_BYTES, LOG_OVERHEAD_BYTES, MAGIC, Records,
};
use std::io;

/// A batch in a segment file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    /// Its first byte.
    pub(crate) position: u64,
    /// Its bytes.
    pub(crate) bytes: u64,
    /// Its header. Messages of magic 0 and 1 appear as a batch of one record.
    pub(crate) header: BatchHeader,
    /// The format: 2, or 0 and 1 in segments from before Kafka 0.11.
    pub(crate) magic: i8,
}

/// The bytes at a position are not a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Damage {
    /// Where.
    pub(crate) position: u64,
    /// What is wrong, for the log.
    pub(crate) reason: &'static str,
}

/// A step of a walk.
pub(crate) type Step = Result<Option<Found>, Damage>;

/// Walks from batch to batch; reads headers only.
#[derive(Debug)]
pub(crate) struct HeaderWalk<'f> {
    file: &'f dyn DiskFile,
    next: u64,
    end: u64,
    next_offset_min: i64,
    /// Bytes of the file from `buffer_at` on.
    buffer: Vec<u8>,
    buffer_at: u64,
    capacity: usize,
    /// Nobody asks for bodies.
    skips_bodies: bool,
    /// Of the batch before the next one.
    last_bytes: u64,
    /// What the next read brings in where nobody asks for bodies: more and more while batches are small.
    ahead: usize,
}

/// For look-ups: several headers of small batches, and little waste with large ones.
const LOOKUP_BYTES: usize = 512;
/// For whole segments.
const SEQUENTIAL_BYTES: usize = 256 << 10;
/// Where batches are at least this long, a read of each header costs less than one of all bytes.
const SKIPPED_BYTES_MIN: u64 = 8 << 10;
/// Bytes of a message of magic 0 without key and value.
const LEGACY_BYTES_MIN: u64 = 26;

impl<'f> HeaderWalk<'f> {
    /// A walk over `[position, end)` that goes a few steps; offsets below `next_offset_min` are damage.
    pub(crate) fn short(
        file: &'f dyn DiskFile,
        position: u64,
        end: u64,
        next_offset_min: i64,
    ) -> Self {
        Self::new(file, (position, end), next_offset_min, LOOKUP_BYTES)
    }

    /// A walk over many batches whose bodies are not looked at.
    pub(crate) fn headers(
        file: &'f dyn DiskFile,
        position: u64,
        end: u64,
        next_offset_min: i64,
    ) -> Self {
        let walk = Self::long(file, position, end, next_offset_min);
        Self { skips_bodies: true, ..walk }
    }

    /// The same where bodies are read, too.
    pub(crate) fn long(
        file: &'f dyn DiskFile,
        position: u64,
        end: u64,
        next_offset_min: i64,
    ) -> Self {
        Self::new(file, (position, end), next_offset_min, SEQUENTIAL_BYTES)
    }

    fn new(
        file: &'f dyn DiskFile,
        (next, end): (u64, u64),
        next_offset_min: i64,
        capacity: usize,
    ) -> Self {
        Self {
            file,
            next,
            end,
            next_offset_min,
            buffer: Vec::new(),
            buffer_at: 0,
            capacity,
            skips_bodies: false,
            last_bytes: 0,
            ahead: LOOKUP_BYTES,
        }
    }

    /// The next batch; `None` at the end.
    pub(crate) fn step(&mut self) -> io::Result<Step> {
        let position = self.next;
        if position >= self.end {
            return Ok(Ok(None));
        }
        let left = self.end - position;
        let head = self.head(position, left)?;
        let found = match parse_any(head, position, left) {
            Ok(found) => found,
            Err(reason) => return Ok(Err(Damage { position, reason })),
        };
        let header = &found.header;
        let reason = if header.base_offset.0 < self.next_offset_min {
            "an offset is below the one before"
        } else if header.last_offset_delta < 0 || header.last_offset().0 == i64::MAX {
            "the last offset is impossible"
        } else {
            self.next = position + found.bytes;
            self.last_bytes = found.bytes;
            self.next_offset_min = header.next_offset().0;
            return Ok(Ok(Some(found)));
        };
        Ok(Err(Damage { position, reason }))
    }

    /// The first bytes of the batch at `position`: a whole header, unless fewer bytes are left.
    fn head(&mut self, position: u64, left: u64) -> io::Result<&[u8]> {
        self.bytes(position, left.min(HEADER_BYTES as u64) as usize)
    }

    fn next_read_bytes(&mut self) -> usize {
        if !self.skips_bodies {
            return self.capacity;
        }
        self.ahead = if self.last_bytes >= SKIPPED_BYTES_MIN {
            LOOKUP_BYTES
        } else {
            (self.ahead * 4).min(self.capacity)
        };
        self.ahead
    }

    /// `len` bytes at a position; no more than the buffer holds.
    fn bytes(&mut self, position: u64, len: usize) -> io::Result<&[u8]> {
        let skip = position
            .checked_sub(self.buffer_at)
            .and_then(|s| usize::try_from(s).ok());
        let from = match skip.filter(|s| s.saturating_add(len) <= self.buffer.len()) {
            Some(skip) => skip,
            None => {
                let left = self.end.saturating_sub(position);
                let most = self.next_read_bytes();
                let fill = left.min(most as u64) as usize;
                // What was read already moves to the front. No zeros for what is read over.
                let kept = match skip.and_then(|skip| self.buffer.get(skip..)) {
                    Some(rest) => rest.len().min(fill),
                    None => 0,
                };
                let from = skip.unwrap_or(0);
                if kept > 0 {
                    self.buffer.copy_within(from..from + kept, 0);
                }
                self.buffer.resize(fill, 0);
                self.buffer_at = position;
                let rest = self.buffer.get_mut(kept..).unwrap_or_default();
                let at = position + kept as u64;
                if let Err(error) = self.file.read_exact_at(rest, at) {
                    self.buffer.clear();
                    return Err(error);
                }
                0
            }
        };
        Ok(self.buffer.get(from..from + len).unwrap_or_default())
    }

    /// Whether a batch's bytes are those that were written. Large batches are read in pieces.
    pub(crate) fn crc_is_right(&mut self, found: &Found) -> io::Result<bool> {
        let (from, algorithm) = if found.magic == MAGIC {
            (21, CrcAlgorithm::Crc32Iscsi)
        } else {
            (16, CrcAlgorithm::Crc32IsoHdlc)
        };
        let mut digest = Digest::new(algorithm);
        let (mut at, end) = (found.position + from, found.position + found.bytes);
        // First the whole batch, if the buffer can hold it: the next header is likely to be behind it.
        let all = end - found.position;
        if all <= self.capacity as u64 {
            let bytes = self.bytes(found.position, all as usize)?;
            digest.update(bytes.get(from as usize..).unwrap_or_default());
            at = end;
        }
        while at < end {
            let len = (end - at).min(self.capacity as u64) as usize;
            digest.update(self.bytes(at, len)?);
            at += len as u64;
        }
        // A CRC of 32 bits in a wider register: the upper half is zero.
        Ok(digest.finalize() as u32 == found.header.crc)
    }
}

/// Reads a header of any format. `left` bytes remain in the file.
pub(crate) fn parse_any(head: &[u8], position: u64, left: u64) -> Result<Found, &'static str> {
    let magic = head
        .get(16)
        .map(|b| b.cast_signed())
        .ok_or("a torn header")?;
    let (header, least) = match magic {
        MAGIC => {
            let bytes = head.first_chunk::<HEADER_BYTES>().ok_or("a torn header")?;
            (BatchHeader::parse(bytes), HEADER_BYTES as u64)
        }
        0 | 1 => (
            legacy_header(head, magic).ok_or("a torn header")?,
            LEGACY_BYTES_MIN,
        ),
        _ => return Err("an unknown format"),
    };
    let length = u64::try_from(header.length).map_err(|_| "a negative length")?;
    let bytes = length + LOG_OVERHEAD_BYTES as u64;
    if bytes < least {
        return Err("a length that is too small");
    }
    if bytes > left {
        return Err("a torn batch");
    }
    Ok(Found { position, bytes, header, magic })
}

/// A message of magic 0 or 1 as a batch of one record at its own offset.
fn legacy_header(head: &[u8], magic: i8) -> Option<BatchHeader> {
    let i64_at = |at: usize| {
        head.get(at..)?
            .first_chunk()
            .map(|b| i64::from_be_bytes(*b))
    };
    let timestamp_ms = if magic == 1 { i64_at(18)? } else { -1 };
    Some(BatchHeader {
        base_offset: Offset(i64_at(0)?),
        length: i32::from_be_bytes(*head.get(8..)?.first_chunk()?),
        leader_epoch: LeaderEpoch::UNKNOWN,
        crc: u32::from_be_bytes(*head.get(12..)?.first_chunk()?),
        attributes: Attributes(0),
        last_offset_delta: 0,
        base_timestamp_ms: timestamp_ms,
        max_timestamp_ms: timestamp_ms,
        producer_id: ProducerId::NONE,
        producer_epoch: -1,
        base_sequence: -1,
        record_count: 1,
    })
}

/// The marker in a control batch of a transaction, read from the file.
pub(crate) fn read_marker(
    file: &dyn DiskFile,
    found: &Found,
) -> io::Result<Option<EndTransactionMarker>> {
    /// A marker takes some 80 bytes; what is far larger is none.
    const MARKER_BYTES_MAX: u64 = 64 << 10;
    if !is_marker(&found.header) || found.bytes > MARKER_BYTES_MAX {
        return Ok(None);
    }
    let mut batch = vec![0; found.bytes as usize];
    file.read_exact_at(&mut batch, found.position)?;
    Ok(marker_in(
        &found.header,
        batch.get(HEADER_BYTES..).unwrap_or_default(),
    ))
}

/// Whether a batch is a transaction marker; quorum control batches have no producer.
pub(crate) const fn is_marker(header: &BatchHeader) -> bool {
    header.is_control() && header.has_producer()
}

/// The marker in the body of a control batch.
pub(crate) fn marker_in(header: &BatchHeader, body: &[u8]) -> Option<EndTransactionMarker> {
    let record = Records::new(header, body).next()?.ok()?;
    EndTransactionMarker::parse(record.key?, record.value?)
}
