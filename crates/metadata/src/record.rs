//! One record of the metadata log, with Kafka's framing.
//!
//! ```text
//! uvarint 1 (frame version) │ uvarint type │ uvarint version │ body in that version
//! ```

use bytes::Bytes;
use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Segment};
use thiserror::Error;

pub use crate::generated::Record as MetadataRecord;
use crate::level::MetadataVersion;

/// Why bytes are no metadata record.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RecordError {
    /// The frame is of a form that no known release writes.
    #[error("metadata record frame version {0} is unknown")]
    UnknownFrame(u32),
    /// A type or version that this build does not know: a newer release wrote it, and skipping it would lose it.
    #[error("metadata record type {id} in version {version} is unknown")]
    Unknown {
        /// The record's type.
        id: u32,
        /// The record's version.
        version: u32,
    },
    /// The bytes are no record of that type and version.
    #[error("metadata record: {0}")]
    Damaged(DecodeError),
}

/// The only frame version there is.
const FRAME_VERSION: u32 = 1;

impl MetadataRecord {
    /// Reads the value of a record in the metadata log.
    ///
    /// # Errors
    /// The bytes are of an unknown type or version, or are no such record.
    pub fn from_value(value: Bytes) -> Result<Self, RecordError> {
        let mut dec = Dec::new(value);
        let frame = dec.uvarint().map_err(RecordError::Damaged)?;
        if frame != FRAME_VERSION {
            return Err(RecordError::UnknownFrame(frame));
        }
        let id = dec.uvarint().map_err(RecordError::Damaged)?;
        let version = dec.uvarint().map_err(RecordError::Damaged)?;
        let unknown = RecordError::Unknown { id, version };
        let (Ok(short_id), Ok(short)) = (i16::try_from(id), i16::try_from(version)) else {
            return Err(unknown);
        };
        let record = Self::decode(short_id, &mut dec, short).map_err(|error| match error {
            DecodeError::UnknownId { .. } | DecodeError::UnsupportedVersion { .. } => unknown,
            error => RecordError::Damaged(error),
        })?;
        dec.finish().map_err(RecordError::Damaged)?;
        Ok(record)
    }

    /// Writes the value of a record in the version that a `metadata.version` asks for.
    ///
    /// # Errors
    /// A field is set that this level cannot say, or a text is longer than its prefix.
    pub fn to_value(&self, level: MetadataVersion) -> Result<Bytes, EncodeError> {
        let version = self.version_at(level);
        let mut enc = Enc::new();
        enc.uvarint(FRAME_VERSION);
        enc.uvarint(u32::from(self.id().unsigned_abs()));
        enc.uvarint(u32::from(version.unsigned_abs()));
        self.encode(&mut enc, version)?;
        let output = enc.finish();
        if let [Segment::Bytes(only)] = output.segments.as_slice() {
            return Ok(only.clone());
        }
        let mut value = Vec::with_capacity(output.len);
        for segment in &output.segments {
            // No field of a metadata record is a range of a file.
            if let Segment::Bytes(bytes) = segment {
                value.extend_from_slice(bytes);
            }
        }
        Ok(value.into())
    }

    /// The version in which the record is written at a `metadata.version`.
    #[must_use]
    pub fn version_at(&self, level: MetadataVersion) -> i16 {
        match self {
            Self::RegisterBroker(_) => level.register_broker_record(),
            Self::Partition(_) | Self::PartitionChange(_) => level.partition_record(),
            // The lowest version that can say it, as Kafka writes it.
            Self::BrokerRegistrationChange(change) => {
                if change.cordoned_log_dirs.is_some() {
                    3
                } else if !change.log_dirs.is_empty() {
                    2
                } else {
                    i16::from(change.in_controlled_shutdown != 0)
                }
            }
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests;
