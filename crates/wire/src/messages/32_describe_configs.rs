//! DescribeConfigs (key 32), versions 1-4. Asks for settings and where their values come from.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Asks for settings and where their values come from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeConfigsRequest {
    /// `[]DescribeConfigsResource`.
    pub resources: Vec<DescribeConfigsResource>,
    /// `bool`.
    pub include_synonyms: bool,
    /// `bool`, versions 3-4.
    pub include_documentation: bool,
}

impl DescribeConfigsRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 1;
    /// The highest version.
    pub const MAX_VERSION: i16 = 4;
}

impl Message for DescribeConfigsRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DescribeConfigsRequest",
                version,
            });
        }
        let flexible = version == 4;
        let resources = dec.array(flexible, 4, |dec| {
            DescribeConfigsResource::decode(dec, version)
        })?;
        let include_synonyms = dec.bool()?;
        let include_documentation = if version >= 3 { dec.bool()? } else { false };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { resources, include_synonyms, include_documentation })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DescribeConfigsRequest",
                version,
            });
        }
        let flexible = version == 4;
        enc.array(flexible, &self.resources, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.bool(self.include_synonyms);
        if version >= 3 {
            enc.bool(self.include_documentation);
        } else if self.include_documentation {
            return Err(EncodeError::UnsupportedField {
                field: "DescribeConfigsRequest.include_documentation",
                version,
            });
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `DescribeConfigsResource` in [`DescribeConfigsRequest`].
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeConfigsResource {
    /// `int8`.
    pub resource_type: i8,
    /// `string`.
    pub resource_name: Str,
    /// `[]string`, nullable.
    pub configuration_keys: Option<Vec<Str>>,
}

impl Default for DescribeConfigsResource {
    fn default() -> Self {
        Self {
            resource_type: 0,
            resource_name: Str::EMPTY,
            configuration_keys: Some(Vec::new()),
        }
    }
}

impl Message for DescribeConfigsResource {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 4;
        let resource_type = dec.i8()?;
        let resource_name = dec.string(flexible)?;
        let configuration_keys = dec.nullable_array(flexible, 1, |dec| dec.string(flexible))?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { resource_type, resource_name, configuration_keys })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 4;
        enc.i8(self.resource_type);
        enc.string(flexible, &self.resource_name)?;
        enc.nullable_array(flexible, self.configuration_keys.as_deref(), |enc, item| {
            enc.string(flexible, item)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// Settings, with their synonyms and documentation if wanted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeConfigsResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `[]DescribeConfigsResult`.
    pub results: Vec<DescribeConfigsResult>,
}

impl DescribeConfigsResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 1;
    /// The highest version.
    pub const MAX_VERSION: i16 = 4;
}

impl Message for DescribeConfigsResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DescribeConfigsResponse",
                version,
            });
        }
        let flexible = version == 4;
        let throttle_time_ms = dec.i32()?;
        let results = dec.array(flexible, 7, |dec| {
            DescribeConfigsResult::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { throttle_time_ms, results })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DescribeConfigsResponse",
                version,
            });
        }
        let flexible = version == 4;
        enc.i32(self.throttle_time_ms);
        enc.array(flexible, &self.results, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `DescribeConfigsResult` in [`DescribeConfigsResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeConfigsResult {
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable.
    pub error_message: Option<Str>,
    /// `int8`.
    pub resource_type: i8,
    /// `string`.
    pub resource_name: Str,
    /// `[]DescribeConfigsResourceResult`.
    pub configs: Vec<DescribeConfigsResourceResult>,
}

impl Default for DescribeConfigsResult {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: Some(Str::EMPTY),
            resource_type: 0,
            resource_name: Str::EMPTY,
            configs: Vec::new(),
        }
    }
}

impl Message for DescribeConfigsResult {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 4;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(flexible)?;
        let resource_type = dec.i8()?;
        let resource_name = dec.string(flexible)?;
        let configs = dec.array(flexible, 9, |dec| {
            DescribeConfigsResourceResult::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            error_code,
            error_message,
            resource_type,
            resource_name,
            configs,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 4;
        enc.i16(self.error_code);
        enc.nullable_string(flexible, self.error_message.as_deref())?;
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

/// `DescribeConfigsResourceResult` in [`DescribeConfigsResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeConfigsResourceResult {
    /// `string`.
    pub name: Str,
    /// `string`, nullable.
    pub value: Option<Str>,
    /// `bool`.
    pub read_only: bool,
    /// `int8`, default -1.
    pub config_source: i8,
    /// `bool`.
    pub is_sensitive: bool,
    /// `[]DescribeConfigsSynonym`.
    pub synonyms: Vec<DescribeConfigsSynonym>,
    /// `int8`, versions 3-4.
    pub config_type: i8,
    /// `string`, versions 3-4, nullable.
    pub documentation: Option<Str>,
}

impl Default for DescribeConfigsResourceResult {
    fn default() -> Self {
        Self {
            name: Str::EMPTY,
            value: Some(Str::EMPTY),
            read_only: false,
            config_source: -1,
            is_sensitive: false,
            synonyms: Vec::new(),
            config_type: 0,
            documentation: Some(Str::EMPTY),
        }
    }
}

impl Message for DescribeConfigsResourceResult {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 4;
        let name = dec.string(flexible)?;
        let value = dec.nullable_string(flexible)?;
        let read_only = dec.bool()?;
        let config_source = dec.i8()?;
        let is_sensitive = dec.bool()?;
        let synonyms = dec.array(flexible, 4, |dec| {
            DescribeConfigsSynonym::decode(dec, version)
        })?;
        let config_type = if version >= 3 { dec.i8()? } else { 0 };
        let documentation = if version >= 3 {
            dec.nullable_string(flexible)?
        } else {
            Some(Str::EMPTY)
        };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            name,
            value,
            read_only,
            config_source,
            is_sensitive,
            synonyms,
            config_type,
            documentation,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 4;
        enc.string(flexible, &self.name)?;
        enc.nullable_string(flexible, self.value.as_deref())?;
        enc.bool(self.read_only);
        enc.i8(self.config_source);
        enc.bool(self.is_sensitive);
        enc.array(flexible, &self.synonyms, |enc, item| {
            item.encode(enc, version)
        })?;
        if version >= 3 {
            enc.i8(self.config_type);
        }
        if version >= 3 {
            enc.nullable_string(flexible, self.documentation.as_deref())?;
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `DescribeConfigsSynonym` in [`DescribeConfigsResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeConfigsSynonym {
    /// `string`.
    pub name: Str,
    /// `string`, nullable.
    pub value: Option<Str>,
    /// `int8`.
    pub source: i8,
}

impl Default for DescribeConfigsSynonym {
    fn default() -> Self {
        Self { name: Str::EMPTY, value: Some(Str::EMPTY), source: 0 }
    }
}

impl Message for DescribeConfigsSynonym {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 4;
        let name = dec.string(flexible)?;
        let value = dec.nullable_string(flexible)?;
        let source = dec.i8()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { name, value, source })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 4;
        enc.string(flexible, &self.name)?;
        enc.nullable_string(flexible, self.value.as_deref())?;
        enc.i8(self.source);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

impl DescribeConfigsResult {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for DescribeConfigsResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.results {
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

impl Request for DescribeConfigsRequest {
    const KEY: ApiKey = ApiKey::DescribeConfigs;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 4;
    type Response = DescribeConfigsResponse;
}
