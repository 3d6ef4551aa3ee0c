//! Message sets of magic 0 and 1, read only: what a log from before Kafka 0.11 may still hold.
//!
//! ```text
//! offset i64 │ size i32 │ CRC-32 u32 │ magic i8 │ attributes i8 │ [timestamp i64, magic 1] │ key i32, bytes │ value i32, bytes
//! ```
//! Offset, size and magic sit where a batch of magic 2 has them. A compressed entry is a wrapper: its value is a message
//! set, its offset is that of the last message inside. Wrappers do not nest.

use crate::header::{Compression, TimestampType};
use crate::inflate::{InflateError, InflateLimit, Inflater};
use crate::view::BatchError;
use klamm_model::Offset;

/// One entry: a message, or a wrapper around compressed ones. Its length is right; `verify_crc` says the rest.
#[derive(Debug, Clone, Copy)]
pub struct LegacyEntry<'a> {
    /// 0 or 1.
    pub magic: i8,
    /// Of the message, or of the last one in a wrapper.
    pub offset: Offset,
    /// Milliseconds since the Unix epoch, -1 in magic 0; the largest in a wrapper.
    pub timestamp_ms: i64,
    attributes: u8,
    crc: u32,
    key: Option<&'a [u8]>,
    value: Option<&'a [u8]>,
    bytes: &'a [u8],
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacyMessage {
    /// Its offset in the log.
    pub offset: Offset,
    /// Milliseconds since the Unix epoch, -1 in magic 0.
    pub timestamp_ms: i64,
    /// The key.
    pub key: Option<Vec<u8>>,
    /// The value.
    pub value: Option<Vec<u8>>,
}

/// Why the messages of an entry cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LegacyError {
    /// The messages in a wrapper are damaged.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// The compressed bytes are damaged.
    #[error(transparent)]
    Inflate(#[from] InflateError),
}

const CRC_AT: usize = 12;
const COVERED_AT: usize = 16;
const CODEC: u8 = 0x07;
const LOG_APPEND_TIME: u8 = 0x08;

impl<'a> LegacyEntry<'a> {
    /// The entry at the beginning of `bytes`; what follows it is ignored.
    ///
    /// # Errors
    /// `Incomplete`, `BadLength`, `UnknownMagic` (magic 2 too).
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BatchError> {
        let have = bytes.len();
        let incomplete = |need| BatchError::Incomplete { have, need };
        let mut reader = Reader(bytes);
        let offset = reader.i64().ok_or(incomplete(COVERED_AT))?;
        let length = reader.i32().ok_or(incomplete(COVERED_AT))?;
        let bad = BatchError::BadLength { length };
        let need = usize::try_from(length)
            .map_err(|_| bad)?
            .saturating_add(CRC_AT);
        let (bytes, _) = bytes.split_at_checked(need).ok_or(incomplete(need))?;
        let mut reader = Reader(bytes.get(CRC_AT..).unwrap_or_default());
        let crc = reader.i32().ok_or(bad)?.cast_unsigned();
        let magic = reader.byte().ok_or(bad)?.cast_signed();
        if !matches!(magic, 0 | 1) {
            return Err(BatchError::UnknownMagic { magic });
        }
        let attributes = reader.byte().ok_or(bad)?;
        let timestamp_ms = if magic == 0 {
            -1
        } else {
            reader.i64().ok_or(bad)?
        };
        let key = reader.span().ok_or(bad)?;
        let value = reader.span().ok_or(bad)?;
        if !reader.0.is_empty() {
            return Err(bad);
        }
        let offset = Offset(offset);
        Ok(Self {
            magic,
            offset,
            timestamp_ms,
            attributes,
            crc,
            key,
            value,
            bytes,
        })
    }

    /// The whole entry.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// How the messages inside are compressed, or `None` for an unassigned id.
    #[must_use]
    pub fn compression(&self) -> Option<Compression> {
        Compression::from_id(self.attributes & CODEC)
    }

    /// Who set the timestamp. Magic 0 has none.
    #[must_use]
    pub const fn timestamp_type(&self) -> TimestampType {
        if self.magic == 1 && self.attributes & LOG_APPEND_TIME != 0 {
            TimestampType::LogAppendTime
        } else {
            TimestampType::CreateTime
        }
    }

    /// Whether the bytes are those that were written.
    ///
    /// # Errors
    /// `Crc`.
    pub fn verify_crc(&self) -> Result<(), BatchError> {
        let covered = self.bytes.get(COVERED_AT..).unwrap_or_default();
        let (stored, computed) = (self.crc, crc_fast::crc32_iso_hdlc(covered));
        if stored == computed {
            Ok(())
        } else {
            Err(BatchError::Crc { stored, computed })
        }
    }

    /// The messages: one, or those in the wrapper.
    ///
    /// # Errors
    /// The wrapper is damaged, holds another wrapper, or gives more than the limit.
    pub fn messages(
        &self,
        inflater: &mut Inflater,
        limit: InflateLimit,
    ) -> Result<Vec<LegacyMessage>, LegacyError> {
        let id = self.attributes & CODEC;
        let compression = match self.compression() {
            Some(Compression::None) => return Ok(vec![self.message()]),
            // zstd came with magic 2.
            None | Some(Compression::Zstd) => return Err(BatchError::BadCompression { id }.into()),
            Some(compression) => compression,
        };
        let body = self.value.unwrap_or_default();
        let reader = if self.magic == 0 && compression == Compression::Lz4 {
            inflater.reader_of_magic_0_lz4(body, limit)?
        } else {
            inflater.reader(compression, body, limit)?
        };
        let set = reader.read_to_end()?;
        let mut messages = Vec::new();
        for entry in legacy_entries(&set) {
            let entry = entry?;
            if entry.compression() != Some(Compression::None) {
                return Err(BatchError::BadCompression { id: entry.attributes & CODEC }.into());
            }
            messages.push(entry.message());
        }
        self.place(&mut messages);
        Ok(messages)
    }

    fn message(&self) -> LegacyMessage {
        LegacyMessage {
            offset: self.offset,
            timestamp_ms: self.timestamp_ms,
            key: self.key.map(<[u8]>::to_vec),
            value: self.value.map(<[u8]>::to_vec),
        }
    }

    /// Magic 1 numbers the messages in a wrapper from 0; the wrapper has the last one's offset.
    fn place(&self, messages: &mut [LegacyMessage]) {
        if self.magic == 0 {
            return;
        }
        let Some(last) = messages.last().map(|m| m.offset.0) else {
            return;
        };
        let base = self.offset.0.wrapping_sub(last);
        for message in messages {
            message.offset = Offset(message.offset.0.wrapping_add(base));
            if self.timestamp_type() == TimestampType::LogAppendTime {
                message.timestamp_ms = self.timestamp_ms;
            }
        }
    }
}

/// The entries of a message set, one after the other. Ends at the end of the bytes or after the first error.
pub fn legacy_entries(bytes: &[u8]) -> impl Iterator<Item = Result<LegacyEntry<'_>, BatchError>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let entry = LegacyEntry::parse(rest);
        rest = match &entry {
            Ok(entry) => rest.get(entry.bytes.len()..).unwrap_or_default(),
            Err(_) => &[],
        };
        Some(entry)
    })
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take().map(u8::from_be_bytes)
    }

    fn i32(&mut self) -> Option<i32> {
        self.take().map(i32::from_be_bytes)
    }

    fn i64(&mut self) -> Option<i64> {
        self.take().map(i64::from_be_bytes)
    }

    /// The outer `None` is an error, the inner one a missing value.
    fn span(&mut self) -> Option<Option<&'a [u8]>> {
        let length = self.i32()?;
        if length == -1 {
            return Some(None);
        }
        let (taken, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(Some(taken))
    }
}
