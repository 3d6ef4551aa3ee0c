//! ShareGroupMetadataKey and ShareGroupMetadataValue.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

/// A share group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareGroupMetadataKey {
    /// `string`.
    pub group_id: Str,
}

impl ShareGroupMetadataKey {
    /// The number of this record type.
    pub const ID: i16 = 11;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for ShareGroupMetadataKey {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ShareGroupMetadataKey",
                version,
            });
        }
        let group_id = dec.string(false)?;
        Ok(Self { group_id })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ShareGroupMetadataKey",
                version,
            });
        }
        enc.string(false, &self.group_id)?;
        Ok(())
    }
}

/// Its epoch and a hash of what it subscribed to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareGroupMetadataValue {
    /// `int32`.
    pub epoch: i32,
    /// `int64`.
    pub metadata_hash: i64,
}

impl ShareGroupMetadataValue {
    /// The number of this record type.
    pub const ID: i16 = 11;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for ShareGroupMetadataValue {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ShareGroupMetadataValue",
                version,
            });
        }
        let epoch = dec.i32()?;
        let metadata_hash = dec.i64()?;
        dec.skip_tagged_fields()?;
        Ok(Self { epoch, metadata_hash })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ShareGroupMetadataValue",
                version,
            });
        }
        enc.i32(self.epoch);
        enc.i64(self.metadata_hash);
        enc.no_tagged_fields();
        Ok(())
    }
}
