//! AccessControlEntryRecord, versions 0. An access rule exists.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

/// An access rule exists.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AccessControlEntryRecord {
    /// `uuid`.
    pub id: Uuid,
    /// `int8`.
    pub resource_type: i8,
    /// `string`.
    pub resource_name: Str,
    /// `int8`.
    pub pattern_type: i8,
    /// `string`.
    pub principal: Str,
    /// `string`.
    pub host: Str,
    /// `int8`.
    pub operation: i8,
    /// `int8`.
    pub permission_type: i8,
}

impl AccessControlEntryRecord {
    /// The number of this record type.
    pub const ID: i16 = 18;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for AccessControlEntryRecord {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "AccessControlEntryRecord",
                version,
            });
        }
        let id = dec.uuid()?;
        let resource_type = dec.i8()?;
        let resource_name = dec.string(true)?;
        let pattern_type = dec.i8()?;
        let principal = dec.string(true)?;
        let host = dec.string(true)?;
        let operation = dec.i8()?;
        let permission_type = dec.i8()?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            id,
            resource_type,
            resource_name,
            pattern_type,
            principal,
            host,
            operation,
            permission_type,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "AccessControlEntryRecord",
                version,
            });
        }
        enc.uuid(self.id);
        enc.i8(self.resource_type);
        enc.string(true, &self.resource_name)?;
        enc.i8(self.pattern_type);
        enc.string(true, &self.principal)?;
        enc.string(true, &self.host)?;
        enc.i8(self.operation);
        enc.i8(self.permission_type);
        enc.no_tagged_fields();
        Ok(())
    }
}
