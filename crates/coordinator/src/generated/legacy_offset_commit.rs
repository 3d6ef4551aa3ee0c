//! LegacyOffsetCommitKey and LegacyOffsetCommitValue.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

/// A committed position, in the first form of the key.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LegacyOffsetCommitKey {
    /// `string`.
    pub group: Str,
    /// `string`.
    pub topic: Str,
    /// `int32`.
    pub partition: i32,
}

impl LegacyOffsetCommitKey {
    /// The number of this record type.
    pub const ID: i16 = 0;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for LegacyOffsetCommitKey {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "LegacyOffsetCommitKey",
                version,
            });
        }
        let group = dec.string(false)?;
        let topic = dec.string(false)?;
        let partition = dec.i32()?;
        Ok(Self { group, topic, partition })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "LegacyOffsetCommitKey",
                version,
            });
        }
        enc.string(false, &self.group)?;
        enc.string(false, &self.topic)?;
        enc.i32(self.partition);
        Ok(())
    }
}

/// The position that goes with the first form of the key.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LegacyOffsetCommitValue {
    /// `int64`.
    pub offset: i64,
    /// `string`.
    pub metadata: Str,
    /// `int64`.
    pub commit_timestamp: i64,
}

impl LegacyOffsetCommitValue {
    /// The number of this record type.
    pub const ID: i16 = 0;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for LegacyOffsetCommitValue {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "LegacyOffsetCommitValue",
                version,
            });
        }
        let offset = dec.i64()?;
        let metadata = dec.string(false)?;
        let commit_timestamp = dec.i64()?;
        Ok(Self { offset, metadata, commit_timestamp })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "LegacyOffsetCommitValue",
                version,
            });
        }
        enc.i64(self.offset);
        enc.string(false, &self.metadata)?;
        enc.i64(self.commit_timestamp);
        Ok(())
    }
}
