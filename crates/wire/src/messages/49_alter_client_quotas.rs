//! AlterClientQuotas (key 49), versions 0-1. Sets or removes client quotas.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Sets or removes client quotas.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterClientQuotasRequest {
    /// `[]EntryData`.
    pub entries: Vec<RequestEntryData>,
    /// `bool`.
    pub validate_only: bool,
}

impl AlterClientQuotasRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 1;
}

impl Message for AlterClientQuotasRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "AlterClientQuotasRequest",
                version,
            });
        }
        let flexible = version == 1;
        let entries = dec.array(flexible, 3, |dec| RequestEntryData::decode(dec, version))?;
        let validate_only = dec.bool()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { entries, validate_only })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "AlterClientQuotasRequest",
                version,
            });
        }
        let flexible = version == 1;
        enc.array(flexible, &self.entries, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.bool(self.validate_only);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `EntryData` in [`AlterClientQuotasRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RequestEntryData {
    /// `[]EntityData`.
    pub entity: Vec<RequestEntityData>,
    /// `[]OpData`.
    pub ops: Vec<OpData>,
}

impl Message for RequestEntryData {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 1;
        let entity = dec.array(flexible, 3, |dec| RequestEntityData::decode(dec, version))?;
        let ops = dec.array(flexible, 11, |dec| OpData::decode(dec, version))?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { entity, ops })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 1;
        enc.array(flexible, &self.entity, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.array(flexible, &self.ops, |enc, item| item.encode(enc, version))?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `EntityData` in [`AlterClientQuotasRequest`].
#[derive(Debug, Clone, PartialEq)]
pub struct RequestEntityData {
    /// `string`.
    pub entity_type: Str,
    /// `string`, nullable.
    pub entity_name: Option<Str>,
}

impl Default for RequestEntityData {
    fn default() -> Self {
        Self { entity_type: Str::EMPTY, entity_name: Some(Str::EMPTY) }
    }
}

impl Message for RequestEntityData {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 1;
        let entity_type = dec.string(flexible)?;
        let entity_name = dec.nullable_string(flexible)?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { entity_type, entity_name })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 1;
        enc.string(flexible, &self.entity_type)?;
        enc.nullable_string(flexible, self.entity_name.as_deref())?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `OpData` in [`AlterClientQuotasRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OpData {
    /// `string`.
    pub key: Str,
    /// `float64`.
    pub value: f64,
    /// `bool`.
    pub remove: bool,
}

impl Message for OpData {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 1;
        let key = dec.string(flexible)?;
        let value = dec.f64()?;
        let remove = dec.bool()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { key, value, remove })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 1;
        enc.string(flexible, &self.key)?;
        enc.f64(self.value);
        enc.bool(self.remove);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// Whether each quota was changed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterClientQuotasResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `[]EntryData`.
    pub entries: Vec<ResponseEntryData>,
}

impl AlterClientQuotasResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 1;
}

impl Message for AlterClientQuotasResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "AlterClientQuotasResponse",
                version,
            });
        }
        let flexible = version == 1;
        let throttle_time_ms = dec.i32()?;
        let entries = dec.array(flexible, 5, |dec| ResponseEntryData::decode(dec, version))?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { throttle_time_ms, entries })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "AlterClientQuotasResponse",
                version,
            });
        }
        let flexible = version == 1;
        enc.i32(self.throttle_time_ms);
        enc.array(flexible, &self.entries, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `EntryData` in [`AlterClientQuotasResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct ResponseEntryData {
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable.
    pub error_message: Option<Str>,
    /// `[]EntityData`.
    pub entity: Vec<ResponseEntityData>,
}

impl Default for ResponseEntryData {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: Some(Str::EMPTY),
            entity: Vec::new(),
        }
    }
}

impl Message for ResponseEntryData {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 1;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(flexible)?;
        let entity = dec.array(flexible, 3, |dec| ResponseEntityData::decode(dec, version))?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { error_code, error_message, entity })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 1;
        enc.i16(self.error_code);
        enc.nullable_string(flexible, self.error_message.as_deref())?;
        enc.array(flexible, &self.entity, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `EntityData` in [`AlterClientQuotasResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct ResponseEntityData {
    /// `string`.
    pub entity_type: Str,
    /// `string`, nullable.
    pub entity_name: Option<Str>,
}

impl Default for ResponseEntityData {
    fn default() -> Self {
        Self { entity_type: Str::EMPTY, entity_name: Some(Str::EMPTY) }
    }
}

impl Message for ResponseEntityData {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 1;
        let entity_type = dec.string(flexible)?;
        let entity_name = dec.nullable_string(flexible)?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { entity_type, entity_name })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 1;
        enc.string(flexible, &self.entity_type)?;
        enc.nullable_string(flexible, self.entity_name.as_deref())?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

impl ResponseEntryData {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for AlterClientQuotasResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.entries {
            item.visit_errors(seen);
        }
    }

    fn throttle_time_ms(&self) -> i32 {
        self.throttle_time_ms
    }

    fn set_throttle_time_ms(&mut self, ms: i32) {
        self.throttle_time_ms = ms;
    }
}

impl Request for AlterClientQuotasRequest {
    const KEY: ApiKey = ApiKey::AlterClientQuotas;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 1;
    type Response = AlterClientQuotasResponse;
}
