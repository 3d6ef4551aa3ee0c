//! ClientQuotaRecord, versions 0. A quota has a value, or none any more.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

/// A quota has a value, or none any more.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClientQuotaRecord {
    /// `[]EntityData`.
    pub entity: Vec<EntityData>,
    /// `string`.
    pub key: Str,
    /// `float64`.
    pub value: f64,
    /// `bool`.
    pub remove: bool,
}

impl ClientQuotaRecord {
    /// The number of this record type.
    pub const ID: i16 = 14;
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for ClientQuotaRecord {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "ClientQuotaRecord", version });
        }
        let entity = dec.array(true, 3, |dec| EntityData::decode(dec, version))?;
        let key = dec.string(true)?;
        let value = dec.f64()?;
        let remove = dec.bool()?;
        dec.skip_tagged_fields()?;
        Ok(Self { entity, key, value, remove })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "ClientQuotaRecord", version });
        }
        enc.array(true, &self.entity, |enc, item| item.encode(enc, version))?;
        enc.string(true, &self.key)?;
        enc.f64(self.value);
        enc.bool(self.remove);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `EntityData` in [`ClientQuotaRecord`].
#[derive(Debug, Clone, PartialEq)]
pub struct EntityData {
    /// `string`.
    pub entity_type: Str,
    /// `string`, nullable.
    pub entity_name: Option<Str>,
}

impl Default for EntityData {
    fn default() -> Self {
        Self { entity_type: Str::EMPTY, entity_name: Some(Str::EMPTY) }
    }
}

impl Message for EntityData {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let entity_type = dec.string(true)?;
        let entity_name = dec.nullable_string(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self { entity_type, entity_name })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.entity_type)?;
        enc.nullable_string(true, self.entity_name.as_deref())?;
        enc.no_tagged_fields();
        Ok(())
    }
}
