//! AlterConfigs (key 33), versions 0-2. Replaces all settings of resources.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Replaces all settings of resources.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterConfigsRequest {
    /// `[]AlterConfigsResource`.
    pub resources: Vec<AlterConfigsResource>,
    /// `bool`.
    pub validate_only: bool,
}

impl AlterConfigsRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for AlterConfigsRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "AlterConfigsRequest",
                version,
            });
        }
        let flexible = version == 2;
        let resources = dec.array(flexible, 4, |dec| {
            AlterConfigsResource::decode(dec, version)
        })?;
        let validate_only = dec.bool()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { resources, validate_only })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "AlterConfigsRequest",
                version,
            });
        }
        let flexible = version == 2;
        enc.array(flexible, &self.resources, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.bool(self.validate_only);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `AlterConfigsResource` in [`AlterConfigsRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterConfigsResource {
    /// `int8`.
    pub resource_type: i8,
    /// `string`.
    pub resource_name: Str,
    /// `[]AlterableConfig`.
    pub configs: Vec<AlterableConfig>,
}

impl Message for AlterConfigsResource {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 2;
        let resource_type = dec.i8()?;
        let resource_name = dec.string(flexible)?;
        let configs = dec.array(flexible, 3, |dec| AlterableConfig::decode(dec, version))?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { resource_type, resource_name, configs })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 2;
        enc.i8(self.resource_type);
        enc.string(flexible, &self.resource_name)?;
        enc.array(flexible, &self.configs, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `AlterableConfig` in [`AlterConfigsRequest`].
#[derive(Debug, Clone, PartialEq)]
pub struct AlterableConfig {
    /// `string`.
    pub name: Str,
    /// `string`, nullable.
    pub value: Option<Str>,
}

impl Default for AlterableConfig {
    fn default() -> Self {
        Self { name: Str::EMPTY, value: Some(Str::EMPTY) }
    }
}

impl Message for AlterableConfig {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 2;
        let name = dec.string(flexible)?;
        let value = dec.nullable_string(flexible)?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { name, value })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 2;
        enc.string(flexible, &self.name)?;
        enc.nullable_string(flexible, self.value.as_deref())?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// Whether each resource was changed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterConfigsResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `[]AlterConfigsResourceResponse`.
    pub responses: Vec<AlterConfigsResourceResponse>,
}

impl AlterConfigsResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for AlterConfigsResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "AlterConfigsResponse",
                version,
            });
        }
        let flexible = version == 2;
        let throttle_time_ms = dec.i32()?;
        let responses = dec.array(flexible, 6, |dec| {
            AlterConfigsResourceResponse::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { throttle_time_ms, responses })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "AlterConfigsResponse",
                version,
            });
        }
        let flexible = version == 2;
        enc.i32(self.throttle_time_ms);
        enc.array(flexible, &self.responses, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `AlterConfigsResourceResponse` in [`AlterConfigsResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct AlterConfigsResourceResponse {
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable.
    pub error_message: Option<Str>,
    /// `int8`.
    pub resource_type: i8,
    /// `string`.
    pub resource_name: Str,
}

impl Default for AlterConfigsResourceResponse {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: Some(Str::EMPTY),
            resource_type: 0,
            resource_name: Str::EMPTY,
        }
    }
}

impl Message for AlterConfigsResourceResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 2;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(flexible)?;
        let resource_type = dec.i8()?;
        let resource_name = dec.string(flexible)?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { error_code, error_message, resource_type, resource_name })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 2;
        enc.i16(self.error_code);
        enc.nullable_string(flexible, self.error_message.as_deref())?;
        enc.i8(self.resource_type);
        enc.string(flexible, &self.resource_name)?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

impl AlterConfigsResourceResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for AlterConfigsResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.responses {
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

impl Request for AlterConfigsRequest {
    const KEY: ApiKey = ApiKey::AlterConfigs;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 2;
    type Response = AlterConfigsResponse;
}
