//! ListConfigResources (key 74), versions 0-1. Lists the resources that have settings.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Lists the resources that have settings.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListConfigResourcesRequest {
    /// `[]int8`, versions 1.
    pub resource_types: Vec<i8>,
}

impl ListConfigResourcesRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 1;
}

impl Message for ListConfigResourcesRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ListConfigResourcesRequest",
                version,
            });
        }
        let resource_types = if version == 1 {
            dec.array(true, 1, Dec::i8)?
        } else {
            Vec::new()
        };
        dec.skip_tagged_fields()?;
        Ok(Self { resource_types })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ListConfigResourcesRequest",
                version,
            });
        }
        if version == 1 {
            enc.array(true, &self.resource_types, |enc, item| {
                enc.i8(*item);
                Ok(())
            })?;
        } else if !self.resource_types.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "ListConfigResourcesRequest.resource_types",
                version,
            });
        }
        enc.no_tagged_fields();
        Ok(())
    }
}

/// Their types and names.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListConfigResourcesResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
    /// `[]ConfigResource`.
    pub config_resources: Vec<ConfigResource>,
}

impl ListConfigResourcesResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 1;
}

impl Message for ListConfigResourcesResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ListConfigResourcesResponse",
                version,
            });
        }
        let throttle_time_ms = dec.i32()?;
        let error_code = dec.i16()?;
        let config_resources = dec.array(true, 2, |dec| ConfigResource::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { throttle_time_ms, error_code, config_resources })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ListConfigResourcesResponse",
                version,
            });
        }
        enc.i32(self.throttle_time_ms);
        enc.i16(self.error_code);
        enc.array(true, &self.config_resources, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `ConfigResource` in [`ListConfigResourcesResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigResource {
    /// `string`.
    pub resource_name: Str,
    /// `int8`, versions 1, default 16.
    pub resource_type: i8,
}

impl Default for ConfigResource {
    fn default() -> Self {
        Self { resource_name: Str::EMPTY, resource_type: 16 }
    }
}

impl Message for ConfigResource {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let resource_name = dec.string(true)?;
        let resource_type = if version == 1 { dec.i8()? } else { 16 };
        dec.skip_tagged_fields()?;
        Ok(Self { resource_name, resource_type })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.resource_name)?;
        if version == 1 {
            enc.i8(self.resource_type);
        }
        enc.no_tagged_fields();
        Ok(())
    }
}

impl Response for ListConfigResourcesResponse {
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

impl Request for ListConfigResourcesRequest {
    const KEY: ApiKey = ApiKey::ListConfigResources;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = ListConfigResourcesResponse;
}
