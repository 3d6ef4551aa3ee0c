//! ConsumerGroupMetadataKey and ConsumerGroupMetadataValue.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

/// A consumer group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConsumerGroupMetadataKey {
    /// `string`.
    pub group_id: Str,
}

impl ConsumerGroupMetadataKey {
    /// The number of this record type.
    pub const ID: i16 = 3;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for ConsumerGroupMetadataKey {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ConsumerGroupMetadataKey",
                version,
            });
        }
        let group_id = dec.string(false)?;
        Ok(Self { group_id })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ConsumerGroupMetadataKey",
                version,
            });
        }
        enc.string(false, &self.group_id)?;
        Ok(())
    }
}

/// Its epoch and a hash of what it subscribed to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConsumerGroupMetadataValue {
    /// `int32`.
    pub epoch: i32,
    /// `int64`, tag 0.
    pub metadata_hash: i64,
}

impl ConsumerGroupMetadataValue {
    /// The number of this record type.
    pub const ID: i16 = 3;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for ConsumerGroupMetadataValue {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ConsumerGroupMetadataValue",
                version,
            });
        }
        let epoch = dec.i32()?;
        let mut metadata_hash = 0;
        dec.tagged_fields(|dec, tag| {
            match tag {
                0 => metadata_hash = dec.i64()?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self { epoch, metadata_hash })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ConsumerGroupMetadataValue",
                version,
            });
        }
        enc.i32(self.epoch);
        enc.tagged_fields(|tags| {
            if self.metadata_hash != 0 {
                tags.field(0, |enc| {
                    enc.i64(self.metadata_hash);
                    Ok(())
                })?;
            }
            Ok(())
        })?;
        Ok(())
    }
}
