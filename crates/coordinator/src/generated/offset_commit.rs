//! OffsetCommitKey and OffsetCommitValue.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

/// Whose position: group, topic, partition.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetCommitKey {
    /// `string`.
    pub group: Str,
    /// `string`.
    pub topic: Str,
    /// `int32`.
    pub partition: i32,
}

impl OffsetCommitKey {
    /// The number of this record type.
    pub const ID: i16 = 1;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for OffsetCommitKey {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "OffsetCommitKey", version });
        }
        let group = dec.string(false)?;
        let topic = dec.string(false)?;
        let partition = dec.i32()?;
        Ok(Self { group, topic, partition })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "OffsetCommitKey", version });
        }
        enc.string(false, &self.group)?;
        enc.string(false, &self.topic)?;
        enc.i32(self.partition);
        Ok(())
    }
}

/// The position, its metadata and its date.
#[derive(Debug, Clone, PartialEq)]
pub struct OffsetCommitValue {
    /// `int64`.
    pub offset: i64,
    /// `int32`, versions 3-4, default -1.
    pub leader_epoch: i32,
    /// `string`.
    pub metadata: Str,
    /// `int64`.
    pub commit_timestamp: i64,
    /// `int64`, versions 1, default -1.
    pub expire_timestamp: i64,
    /// `uuid`, versions 4, tag 0.
    pub topic_id: Uuid,
}

impl Default for OffsetCommitValue {
    fn default() -> Self {
        Self {
            offset: 0,
            leader_epoch: -1,
            metadata: Str::EMPTY,
            commit_timestamp: 0,
            expire_timestamp: -1,
            topic_id: Uuid::ZERO,
        }
    }
}

impl OffsetCommitValue {
    /// The number of this record type.
    pub const ID: i16 = 1;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 4;
}

impl Message for OffsetCommitValue {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "OffsetCommitValue", version });
        }
        let flexible = version == 4;
        let offset = dec.i64()?;
        let leader_epoch = if version >= 3 { dec.i32()? } else { -1 };
        let metadata = dec.string(flexible)?;
        let commit_timestamp = dec.i64()?;
        let expire_timestamp = if version == 1 { dec.i64()? } else { -1 };
        let mut topic_id = Uuid::ZERO;
        if flexible {
            dec.tagged_fields(|dec, tag| {
                match tag {
                    0 => topic_id = dec.uuid()?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(Self {
            offset,
            leader_epoch,
            metadata,
            commit_timestamp,
            expire_timestamp,
            topic_id,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "OffsetCommitValue", version });
        }
        let flexible = version == 4;
        enc.i64(self.offset);
        if version >= 3 {
            enc.i32(self.leader_epoch);
        }
        enc.string(flexible, &self.metadata)?;
        enc.i64(self.commit_timestamp);
        if version == 1 {
            enc.i64(self.expire_timestamp);
        }
        if flexible {
            enc.tagged_fields(|tags| {
                if self.topic_id != Uuid::ZERO {
                    tags.field(0, |enc| {
                        enc.uuid(self.topic_id);
                        Ok(())
                    })?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}
