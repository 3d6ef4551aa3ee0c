//! StreamsGroupTargetAssignmentMetadataKey and StreamsGroupTargetAssignmentMetadataValue.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

/// The target assignment of a streams group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StreamsGroupTargetAssignmentMetadataKey {
    /// `string`.
    pub group_id: Str,
}

impl StreamsGroupTargetAssignmentMetadataKey {
    /// The number of this record type.
    pub const ID: i16 = 20;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for StreamsGroupTargetAssignmentMetadataKey {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "StreamsGroupTargetAssignmentMetadataKey",
                version,
            });
        }
        let group_id = dec.string(false)?;
        Ok(Self { group_id })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "StreamsGroupTargetAssignmentMetadataKey",
                version,
            });
        }
        enc.string(false, &self.group_id)?;
        Ok(())
    }
}

/// Its epoch.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StreamsGroupTargetAssignmentMetadataValue {
    /// `int32`.
    pub assignment_epoch: i32,
    /// `int64`, tag 0.
    pub assignment_timestamp: i64,
}

impl StreamsGroupTargetAssignmentMetadataValue {
    /// The number of this record type.
    pub const ID: i16 = 20;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for StreamsGroupTargetAssignmentMetadataValue {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "StreamsGroupTargetAssignmentMetadataValue",
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
                message: "StreamsGroupTargetAssignmentMetadataValue",
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
