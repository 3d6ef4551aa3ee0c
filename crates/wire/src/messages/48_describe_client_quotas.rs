//! DescribeClientQuotas (key 48), versions 0-1. Searches client quotas.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Searches client quotas.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeClientQuotasRequest {
    /// `[]ComponentData`.
    pub components: Vec<ComponentData>,
    /// `bool`.
    pub strict: bool,
}

impl DescribeClientQuotasRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 1;
}

impl Message for DescribeClientQuotasRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DescribeClientQuotasRequest",
                version,
            });
        }
        let flexible = version == 1;
        let components = dec.array(flexible, 4, |dec| ComponentData::decode(dec, version))?;
        let strict = dec.bool()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { components, strict })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DescribeClientQuotasRequest",
                version,
            });
        }
        let flexible = version == 1;
        enc.array(flexible, &self.components, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.bool(self.strict);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `ComponentData` in [`DescribeClientQuotasRequest`].
#[derive(Debug, Clone, PartialEq)]
pub struct ComponentData {
    /// `string`.
    pub entity_type: Str,
    /// `int8`.
    pub match_type: i8,
    /// `string`, nullable.
    pub r#match: Option<Str>,
}

impl Default for ComponentData {
    fn default() -> Self {
        Self {
            entity_type: Str::EMPTY,
            match_type: 0,
            r#match: Some(Str::EMPTY),
        }
    }
}

impl Message for ComponentData {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 1;
        let entity_type = dec.string(flexible)?;
        let match_type = dec.i8()?;
        let r#match = dec.nullable_string(flexible)?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { entity_type, match_type, r#match })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 1;
        enc.string(flexible, &self.entity_type)?;
        enc.i8(self.match_type);
        enc.nullable_string(flexible, self.r#match.as_deref())?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// The quotas found.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeClientQuotasResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable.
    pub error_message: Option<Str>,
    /// `[]EntryData`, nullable.
    pub entries: Option<Vec<EntryData>>,
}

impl Default for DescribeClientQuotasResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            error_message: Some(Str::EMPTY),
            entries: Some(Vec::new()),
        }
    }
}

impl DescribeClientQuotasResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 1;
}

impl Message for DescribeClientQuotasResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DescribeClientQuotasResponse",
                version,
            });
        }
        let flexible = version == 1;
        let throttle_time_ms = dec.i32()?;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(flexible)?;
        let entries = dec.nullable_array(flexible, 3, |dec| EntryData::decode(dec, version))?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { throttle_time_ms, error_code, error_message, entries })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DescribeClientQuotasResponse",
                version,
            });
        }
        let flexible = version == 1;
        enc.i32(self.throttle_time_ms);
        enc.i16(self.error_code);
        enc.nullable_string(flexible, self.error_message.as_deref())?;
        enc.nullable_array(flexible, self.entries.as_deref(), |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `EntryData` in [`DescribeClientQuotasResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EntryData {
    /// `[]EntityData`.
    pub entity: Vec<EntityData>,
    /// `[]ValueData`.
    pub values: Vec<ValueData>,
}

impl Message for EntryData {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 1;
        let entity = dec.array(flexible, 3, |dec| EntityData::decode(dec, version))?;
        let values = dec.array(flexible, 10, |dec| ValueData::decode(dec, version))?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { entity, values })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 1;
        enc.array(flexible, &self.entity, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.array(flexible, &self.values, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `EntityData` in [`DescribeClientQuotasResponse`].
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

/// `ValueData` in [`DescribeClientQuotasResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ValueData {
    /// `string`.
    pub key: Str,
    /// `float64`.
    pub value: f64,
}

impl Message for ValueData {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 1;
        let key = dec.string(flexible)?;
        let value = dec.f64()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { key, value })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 1;
        enc.string(flexible, &self.key)?;
        enc.f64(self.value);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

impl Response for DescribeClientQuotasResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }

    fn throttle_time_ms(&self) -> i32 {
        self.throttle_time_ms
    }

    fn set_throttle_time_ms(&mut self, ms: i32) {
        self.throttle_time_ms = ms;
    }
}

impl Request for DescribeClientQuotasRequest {
    const KEY: ApiKey = ApiKey::DescribeClientQuotas;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 1;
    type Response = DescribeClientQuotasResponse;
}
