//! ConfigRecord, versions 0. A setting has a value, or none any more.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

/// A setting has a value, or none any more.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigRecord {
    /// `int8`.
    pub resource_type: i8,
    /// `string`.
    pub resource_name: Str,
    /// `string`.
    pub name: Str,
    /// `string`, nullable.
    pub value: Option<Str>,
}

impl Default for ConfigRecord {
    fn default() -> Self {
        Self {
            resource_type: 0,
            resource_name: Str::EMPTY,
            name: Str::EMPTY,
            value: Some(Str::EMPTY),
        }
    }
}

impl ConfigRecord {
    /// The number of this record type.
    pub const ID: i16 = 4;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for ConfigRecord {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "ConfigRecord", version });
        }
        let resource_type = dec.i8()?;
        let resource_name = dec.string(true)?;
        let name = dec.string(true)?;
        let value = dec.nullable_string(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self { resource_type, resource_name, name, value })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "ConfigRecord", version });
        }
        enc.i8(self.resource_type);
        enc.string(true, &self.resource_name)?;
        enc.string(true, &self.name)?;
        enc.nullable_string(true, self.value.as_deref())?;
        enc.no_tagged_fields();
        Ok(())
    }
}
