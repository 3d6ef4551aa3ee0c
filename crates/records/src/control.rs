//! Control records: transaction markers (KIP-98) and the quorum's own records (KIP-595, 630, 853).
//!
//! Key: version i16, type i16. A reader passes over types that it does not know.

use crate::build::{AppendError, BatchBuilder, BatchFields, NewRecord};
use crate::deflate::{Codec, Deflater};
use bytes::Bytes;

/// What a control record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ControlType {
    /// A transaction ended and its records do not count.
    Abort,
    /// A transaction ended and its records count.
    Commit,
    /// A quorum has a new leader.
    LeaderChange,
    /// A snapshot begins.
    SnapshotHeader,
    /// A snapshot ends.
    SnapshotFooter,
    /// The quorum's protocol version.
    KraftVersion,
    /// The quorum's voters.
    KraftVoters,
    /// From a later version of Kafka.
    Unknown(i16),
}

/// A control record: a type, and a value in that type's own format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ControlRecord<'a> {
    /// The type.
    pub control_type: ControlType,
    /// The value.
    pub value: &'a [u8],
}

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndTransaction {
    /// Its records do not count.
    Abort,
    /// Its records count.
    Commit,
}

/// The marker that ends a transaction in one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndTransactionMarker {
    /// How it ended.
    pub end: EndTransaction,
    /// The epoch of the coordinator that decided.
    pub coordinator_epoch: i32,
}

const KEY_VERSION: i16 = 0;
const MARKER_VERSION: i16 = 0;

impl ControlType {
    /// The number in the key.
    #[must_use]
    pub const fn id(self) -> i16 {
        match self {
            Self::Abort => 0,
            Self::Commit => 1,
            Self::LeaderChange => 2,
            Self::SnapshotHeader => 3,
            Self::SnapshotFooter => 4,
            Self::KraftVersion => 5,
            Self::KraftVoters => 6,
            Self::Unknown(id) => id,
        }
    }

    /// The type of a number.
    #[must_use]
    pub const fn from_id(id: i16) -> Self {
        match id {
            0 => Self::Abort,
            1 => Self::Commit,
            2 => Self::LeaderChange,
            3 => Self::SnapshotHeader,
            4 => Self::SnapshotFooter,
            5 => Self::KraftVersion,
            6 => Self::KraftVoters,
            id => Self::Unknown(id),
        }
    }

    /// Reads a key. `None` if it is too short or its version is negative; longer keys come from later versions.
    #[must_use]
    pub fn from_key(key: &[u8]) -> Option<Self> {
        let (version, rest) = key.split_first_chunk()?;
        let (id, _) = rest.split_first_chunk()?;
        (i16::from_be_bytes(*version) >= 0).then(|| Self::from_id(i16::from_be_bytes(*id)))
    }

    /// The key of this type.
    #[must_use]
    pub fn key(self) -> [u8; 4] {
        let [a, b] = KEY_VERSION.to_be_bytes();
        let [c, d] = self.id().to_be_bytes();
        [a, b, c, d]
    }
}

impl EndTransactionMarker {
    /// The type of this marker.
    #[must_use]
    pub const fn control_type(self) -> ControlType {
        match self.end {
            EndTransaction::Abort => ControlType::Abort,
            EndTransaction::Commit => ControlType::Commit,
        }
    }

    /// The value of this marker.
    #[must_use]
    pub fn value(self) -> [u8; 6] {
        let [a, b] = MARKER_VERSION.to_be_bytes();
        let [c, d, e, f] = self.coordinator_epoch.to_be_bytes();
        [a, b, c, d, e, f]
    }

    /// Reads key and value. `None` if they are not a marker.
    #[must_use]
    pub fn parse(key: &[u8], value: &[u8]) -> Option<Self> {
        let end = match ControlType::from_key(key)? {
            ControlType::Abort => EndTransaction::Abort,
            ControlType::Commit => EndTransaction::Commit,
            _ => return None,
        };
        let (version, rest) = value.split_first_chunk()?;
        let (epoch, _) = rest.split_first_chunk()?;
        (i16::from_be_bytes(*version) >= 0)
            .then_some(Self { end, coordinator_epoch: i32::from_be_bytes(*epoch) })
    }
}

/// A batch of control records, not compressed. `fields.control` is set for the caller; a marker's batch is
/// transactional and carries the producer's id and epoch.
///
/// # Errors
/// More than 2 GiB.
pub fn control_batch(
    fields: &BatchFields,
    timestamp_ms: i64,
    records: &[ControlRecord<'_>],
) -> Result<Bytes, AppendError> {
    let mut builder = BatchBuilder::new();
    for record in records {
        builder.append(&NewRecord {
            timestamp_ms,
            key: Some(&record.control_type.key()),
            value: Some(record.value),
            headers: &[],
        })?;
    }
    let fields = BatchFields { control: true, ..*fields };
    builder
        .build(&fields, Codec::default(), &mut Deflater::new())
        .map_err(|_| AppendError::TooLarge)
}
