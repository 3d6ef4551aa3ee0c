//! StreamsGroupMetadataKey and StreamsGroupMetadataValue.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

/// A streams group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StreamsGroupMetadataKey {
    /// `string`.
    pub group_id: Str,
}

impl StreamsGroupMetadataKey {
    /// The number of this record type.
    pub const ID: i16 = 17;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for StreamsGroupMetadataKey {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "StreamsGroupMetadataKey",
                version,
            });
        }
        let group_id = dec.string(false)?;
        Ok(Self { group_id })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "StreamsGroupMetadataKey",
                version,
            });
        }
        enc.string(false, &self.group_id)?;
        Ok(())
    }
}

/// Its epoch, and a hash of what it read and how it was assigned.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamsGroupMetadataValue {
    /// `int32`.
    pub epoch: i32,
    /// `int64`.
    pub metadata_hash: i64,
    /// `int32`, tag 0, default -1.
    pub validated_topology_epoch: i32,
    /// `[]LastAssignmentConfig`, nullable, tag 1.
    pub last_assignment_configs: Option<Vec<LastAssignmentConfig>>,
}

impl Default for StreamsGroupMetadataValue {
    fn default() -> Self {
        Self {
            epoch: 0,
            metadata_hash: 0,
            validated_topology_epoch: -1,
            last_assignment_configs: Some(Vec::new()),
        }
    }
}

impl StreamsGroupMetadataValue {
    /// The number of this record type.
    pub const ID: i16 = 17;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for StreamsGroupMetadataValue {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "StreamsGroupMetadataValue",
                version,
            });
        }
        let epoch = dec.i32()?;
        let metadata_hash = dec.i64()?;
        let mut validated_topology_epoch = -1;
        let mut last_assignment_configs = Some(Vec::new());
        dec.tagged_fields(|dec, tag| {
            match tag {
                0 => validated_topology_epoch = dec.i32()?,
                1 => {
                    last_assignment_configs = dec
                        .nullable_array(true, 3, |dec| LastAssignmentConfig::decode(dec, version))?
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self {
            epoch,
            metadata_hash,
            validated_topology_epoch,
            last_assignment_configs,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "StreamsGroupMetadataValue",
                version,
            });
        }
        enc.i32(self.epoch);
        enc.i64(self.metadata_hash);
        enc.tagged_fields(|tags| {
            if self.validated_topology_epoch != -1 {
                tags.field(0, |enc| {
                    enc.i32(self.validated_topology_epoch);
                    Ok(())
                })?;
            }
            if self
                .last_assignment_configs
                .as_ref()
                .is_none_or(|value| !value.is_empty())
            {
                tags.field(1, |enc| {
                    enc.nullable_array(
                        true,
                        self.last_assignment_configs.as_deref(),
                        |enc, item| item.encode(enc, version),
                    )?;
                    Ok(())
                })?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// `LastAssignmentConfig` in [`StreamsGroupMetadataValue`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LastAssignmentConfig {
    /// `string`.
    pub key: Str,
    /// `string`.
    pub value: Str,
}

impl Message for LastAssignmentConfig {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let key = dec.string(true)?;
        let value = dec.string(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self { key, value })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.key)?;
        enc.string(true, &self.value)?;
        enc.no_tagged_fields();
        Ok(())
    }
}
