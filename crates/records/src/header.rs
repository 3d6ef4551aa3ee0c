//! The 61 bytes in front of a batch's records.
//!
//! ```text
//!  0 base offset i64     8 length i32 (bytes after itself)   12 leader epoch i32   16 magic i8   17 CRC u32
//! 21 attributes i16     23 last offset delta i32             27 base timestamp i64  35 max timestamp i64
//! 43 producer id i64    51 producer epoch i16                53 base sequence i32   57 record count i32
//! ```
//! The CRC covers everything from the attributes on, so a broker sets base offset and leader epoch without touching it.

use crate::crc::crc32c_of;
use klamm_model::{LeaderEpoch, Offset, ProducerId};

/// Bytes of a header.
pub const HEADER_BYTES: usize = 61;
/// Bytes of base offset and length, which the length field does not count.
pub const LOG_OVERHEAD_BYTES: usize = 12;
/// The one format that is written.
pub const MAGIC: i8 = 2;
/// Where the part under the CRC begins.
pub(crate) const CRC_FROM: usize = 21;

/// How the records of a batch are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Compression {
    /// As they are.
    #[default]
    None,
    /// RFC 1952.
    Gzip,
    /// Raw blocks, alone or in xerial framing.
    Snappy,
    /// LZ4 frame with independent blocks.
    Lz4,
    /// Zstandard (KIP-110).
    Zstd,
}

/// Who set the timestamps of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestampType {
    /// The producer, record by record.
    CreateTime,
    /// The broker: every record has the batch's max timestamp.
    LogAppendTime,
}

/// The attribute bits of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Attributes(pub i16);

/// The parsed header. Times are milliseconds since the Unix epoch, -1 for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchHeader {
    /// Offset of the first record that the producer put in; stays when compaction removes that record.
    pub base_offset: Offset,
    /// Bytes that follow the length field.
    pub length: i32,
    /// The leader that appended the batch, -1 before that.
    pub leader_epoch: LeaderEpoch,
    /// CRC-32C of the bytes from the attributes to the end.
    pub crc: u32,
    /// Codec and flags.
    pub attributes: Attributes,
    /// Last offset minus base offset; stays when compaction removes records.
    pub last_offset_delta: i32,
    /// What record timestamps are relative to. With `delete_horizon` set, it is that horizon.
    pub base_timestamp_ms: i64,
    /// The largest timestamp of the records.
    pub max_timestamp_ms: i64,
    /// The idempotent producer, or -1.
    pub producer_id: ProducerId,
    /// The producer's epoch, or -1.
    pub producer_epoch: i16,
    /// The first record's sequence number, or -1.
    pub base_sequence: i32,
    /// Records in the batch.
    pub record_count: i32,
}

/// What a leader changes in the header of a batch that it appends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Offset of the first record.
    pub base_offset: Offset,
    /// The leader's epoch.
    pub leader_epoch: LeaderEpoch,
    /// What happens to the timestamps.
    pub time: StampTime,
}

/// What a leader does to the timestamps of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StampTime {
    /// Leaves them; the CRC stays too.
    Keep,
    /// Sets the largest timestamp that validation found in the records; a new CRC only if it differs.
    CreateTime {
        /// The true maximum.
        max_timestamp_ms: i64,
    },
    /// Marks the batch as stamped by the log; a new CRC.
    LogAppendTime {
        /// Now.
        now_ms: i64,
    },
}

impl Compression {
    /// Every codec, by id.
    pub const ALL: [Self; 5] = [Self::None, Self::Gzip, Self::Snappy, Self::Lz4, Self::Zstd];

    /// The id in the attributes.
    #[must_use]
    pub const fn id(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Gzip => 1,
            Self::Snappy => 2,
            Self::Lz4 => 3,
            Self::Zstd => 4,
        }
    }

    /// The codec of an id.
    #[must_use]
    pub fn from_id(id: u8) -> Option<Self> {
        Self::ALL.get(usize::from(id)).copied()
    }

    /// The name in configurations.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }

    /// The codec of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.name() == name)
    }
}

impl std::fmt::Display for Compression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl Attributes {
    const CODEC: i16 = 0x07;
    const LOG_APPEND_TIME: i16 = 0x08;
    const TRANSACTIONAL: i16 = 0x10;
    const CONTROL: i16 = 0x20;
    const DELETE_HORIZON: i16 = 0x40;

    /// The codec's id, which may be unknown.
    #[must_use]
    pub const fn codec_id(self) -> u8 {
        (self.0 & Self::CODEC) as u8
    }

    /// The codec, or `None` for the unassigned ids 5 to 7.
    #[must_use]
    pub fn compression(self) -> Option<Compression> {
        Compression::from_id(self.codec_id())
    }

    /// Who set the timestamps.
    #[must_use]
    pub const fn timestamp_type(self) -> TimestampType {
        if self.0 & Self::LOG_APPEND_TIME == 0 {
            TimestampType::CreateTime
        } else {
            TimestampType::LogAppendTime
        }
    }

    /// Part of a transaction.
    #[must_use]
    pub const fn is_transactional(self) -> bool {
        self.0 & Self::TRANSACTIONAL != 0
    }

    /// Holds control records, which consumers never see.
    #[must_use]
    pub const fn is_control(self) -> bool {
        self.0 & Self::CONTROL != 0
    }

    /// The base timestamp is the time after which tombstones may go (KIP-534).
    #[must_use]
    pub const fn has_delete_horizon(self) -> bool {
        self.0 & Self::DELETE_HORIZON != 0
    }

    /// These attributes with another codec.
    #[must_use]
    pub const fn with_compression(self, compression: Compression) -> Self {
        Self((self.0 & !Self::CODEC) | compression.id() as i16)
    }

    /// These attributes with another timestamp type.
    #[must_use]
    pub const fn with_timestamp_type(self, timestamp_type: TimestampType) -> Self {
        self.with_bit(
            Self::LOG_APPEND_TIME,
            matches!(timestamp_type, TimestampType::LogAppendTime),
        )
    }

    /// These attributes with the transactional bit as given.
    #[must_use]
    pub const fn with_transactional(self, on: bool) -> Self {
        self.with_bit(Self::TRANSACTIONAL, on)
    }

    /// These attributes with the control bit as given.
    #[must_use]
    pub const fn with_control(self, on: bool) -> Self {
        self.with_bit(Self::CONTROL, on)
    }

    /// These attributes with the delete-horizon bit as given.
    #[must_use]
    pub const fn with_delete_horizon(self, on: bool) -> Self {
        self.with_bit(Self::DELETE_HORIZON, on)
    }

    const fn with_bit(self, bit: i16, on: bool) -> Self {
        Self(if on { self.0 | bit } else { self.0 & !bit })
    }
}

impl BatchHeader {
    /// Reads the fields. Says nothing about their sense; the magic is not looked at.
    #[must_use]
    pub fn parse(bytes: &[u8; HEADER_BYTES]) -> Self {
        Self {
            base_offset: Offset(i64::from_be_bytes(field(bytes, 0))),
            length: i32::from_be_bytes(field(bytes, 8)),
            leader_epoch: LeaderEpoch(i32::from_be_bytes(field(bytes, 12))),
            crc: u32::from_be_bytes(field(bytes, 17)),
            attributes: Attributes(i16::from_be_bytes(field(bytes, 21))),
            last_offset_delta: i32::from_be_bytes(field(bytes, 23)),
            base_timestamp_ms: i64::from_be_bytes(field(bytes, 27)),
            max_timestamp_ms: i64::from_be_bytes(field(bytes, 35)),
            producer_id: ProducerId(i64::from_be_bytes(field(bytes, 43))),
            producer_epoch: i16::from_be_bytes(field(bytes, 51)),
            base_sequence: i32::from_be_bytes(field(bytes, 53)),
            record_count: i32::from_be_bytes(field(bytes, 57)),
        }
    }

    /// Writes the fields, with magic 2 and the CRC as it stands.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        let mut out = [0; HEADER_BYTES];
        set(&mut out, 0, &self.base_offset.0.to_be_bytes());
        set(&mut out, 8, &self.length.to_be_bytes());
        set(&mut out, 12, &self.leader_epoch.0.to_be_bytes());
        set(&mut out, 16, &MAGIC.to_be_bytes());
        set(&mut out, 17, &self.crc.to_be_bytes());
        set(&mut out, 21, &self.attributes.0.to_be_bytes());
        set(&mut out, 23, &self.last_offset_delta.to_be_bytes());
        set(&mut out, 27, &self.base_timestamp_ms.to_be_bytes());
        set(&mut out, 35, &self.max_timestamp_ms.to_be_bytes());
        set(&mut out, 43, &self.producer_id.0.to_be_bytes());
        set(&mut out, 51, &self.producer_epoch.to_be_bytes());
        set(&mut out, 53, &self.base_sequence.to_be_bytes());
        set(&mut out, 57, &self.record_count.to_be_bytes());
        out
    }

    /// This header after `stamp`. `body` is what follows the header; it is read only if the CRC must change.
    #[must_use]
    pub fn stamped(&self, stamp: Stamp, body: &[u8]) -> Self {
        let mut header = self.with_stamp(stamp);
        if (header.max_timestamp_ms, header.attributes) != (self.max_timestamp_ms, self.attributes)
        {
            header.crc = header.compute_crc(body);
        }
        header
    }

    /// The stamped fields with the CRC as it was.
    pub(crate) fn with_stamp(&self, stamp: Stamp) -> Self {
        let (max_timestamp_ms, attributes) = match stamp.time {
            StampTime::Keep => (self.max_timestamp_ms, self.attributes),
            StampTime::CreateTime { max_timestamp_ms } => (
                max_timestamp_ms,
                self.attributes
                    .with_timestamp_type(TimestampType::CreateTime),
            ),
            StampTime::LogAppendTime { now_ms } => (
                now_ms,
                self.attributes
                    .with_timestamp_type(TimestampType::LogAppendTime),
            ),
        };
        Self {
            base_offset: stamp.base_offset,
            leader_epoch: stamp.leader_epoch,
            max_timestamp_ms,
            attributes,
            ..*self
        }
    }

    /// The CRC of this header's covered part and the body.
    #[must_use]
    pub fn compute_crc(&self, body: &[u8]) -> u32 {
        let bytes = self.to_bytes();
        let (_, covered) = bytes.split_at(CRC_FROM);
        crc32c_of(&[covered, body])
    }

    /// This header over no records: what compaction leaves of a batch whose sequence numbers or last offset still count.
    #[must_use]
    pub fn emptied(&self) -> Self {
        let attributes = self.attributes.with_compression(Compression::None);
        let mut header = Self {
            length: (HEADER_BYTES - LOG_OVERHEAD_BYTES) as i32,
            attributes: attributes.with_delete_horizon(false),
            base_timestamp_ms: -1,
            record_count: 0,
            ..*self
        };
        header.crc = header.compute_crc(&[]);
        header
    }

    /// The whole batch in bytes, header included. 0 if the length is negative.
    #[must_use]
    pub fn batch_bytes(&self) -> usize {
        usize::try_from(self.length).map_or(0, |n| n.saturating_add(LOG_OVERHEAD_BYTES))
    }

    /// Offset of the last record that the producer put in.
    #[must_use]
    pub const fn last_offset(&self) -> Offset {
        self.base_offset.plus(self.last_offset_delta as i64)
    }

    /// The offset after this batch.
    #[must_use]
    pub const fn next_offset(&self) -> Offset {
        self.last_offset().plus(1)
    }

    /// The last record's sequence number: wraps from 2^31 - 1 to 0. -1 without a sequence.
    #[must_use]
    pub const fn last_sequence(&self) -> i32 {
        if self.base_sequence < 0 {
            return -1;
        }
        self.base_sequence.wrapping_add(self.last_offset_delta) & i32::MAX
    }

    /// Comes from an idempotent producer.
    #[must_use]
    pub const fn has_producer(&self) -> bool {
        self.producer_id.0 >= 0
    }

    /// Part of a transaction.
    #[must_use]
    pub const fn is_transactional(&self) -> bool {
        self.attributes.is_transactional()
    }

    /// Holds control records.
    #[must_use]
    pub const fn is_control(&self) -> bool {
        self.attributes.is_control()
    }

    /// The codec, or `None` for an unassigned id.
    #[must_use]
    pub fn compression(&self) -> Option<Compression> {
        self.attributes.compression()
    }

    /// Who set the timestamps.
    #[must_use]
    pub const fn timestamp_type(&self) -> TimestampType {
        self.attributes.timestamp_type()
    }

    /// The time after which the cleaner may drop this batch's tombstones, in milliseconds (KIP-534).
    #[must_use]
    pub const fn delete_horizon_ms(&self) -> Option<i64> {
        if self.attributes.has_delete_horizon() {
            Some(self.base_timestamp_ms)
        } else {
            None
        }
    }
}

/// `N` bytes at a place that is known to lie inside.
#[inline]
fn field<const N: usize>(bytes: &[u8; HEADER_BYTES], at: usize) -> [u8; N] {
    let found = bytes.get(at..).and_then(|rest| rest.first_chunk());
    *found.unwrap_or(&[0; N])
}

#[inline]
fn set(out: &mut [u8; HEADER_BYTES], at: usize, value: &[u8]) {
    if let Some(place) = out.get_mut(at..at + value.len()) {
        place.copy_from_slice(value);
    }
}
