//! ShareGroupTargetAssignmentMetadataKey and ShareGroupTargetAssignmentMetadataValue.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

/// The target assignment of a share group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareGroupTargetAssignmentMetadataKey {
    /// `string`.
    pub group_id: Str,
}

impl ShareGroupTargetAssignmentMetadataKey {
    /// The number of this record type.
    pub const ID: i16 = 12;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for ShareGroupTargetAssignmentMetadataKey {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ShareGroupTargetAssignmentMetadataKey",
                version,
            });
        }
        let group_id = dec.string(false)?;
        Ok(Self { group_id })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ShareGroupTargetAssignmentMetadataKey",
                version,
            });
        }
        enc.string(false, &self.group_id)?;
        Ok(())
    }
}

/// Its epoch.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareGroupTargetAssignmentMetadataValue {
    /// `int32`.
    pub assignment_epoch: i32,
    /// `int64`, tag 0.
    pub assignment_timestamp: i64,
}

impl ShareGroupTargetAssignmentMetadataValue {
    /// The number of this record type.
    pub const ID: i16 = 12;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for ShareGroupTargetAssignmentMetadataValue {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ShareGroupTargetAssignmentMetadataValue",
                version,
            });
        }
        let assignment_epoch = dec.i32()?;
        let mut assignment_timestamp = 0;
        dec.tagged_fields(|dec, tag| {
            match tag {
                0 => assignment_timestamp = dec.i64()?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self { assignment_epoch, assignment_timestamp })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ShareGroupTargetAssignmentMetadataValue",
                version,
            });
        }
        enc.i32(self.assignment_epoch);
        enc.tagged_fields(|tags| {
            if self.assignment_timestamp != 0 {
                tags.field(0, |enc| {
                    enc.i64(self.assignment_timestamp);
                    Ok(())
                })?;
            }
            Ok(())
        })?;
        Ok(())
    }
}
