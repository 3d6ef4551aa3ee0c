//! CreateAcls (key 30), versions 1-3. Adds access rules.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Adds access rules.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreateAclsRequest {
    /// `[]AclCreation`.
    pub creations: Vec<AclCreation>,
}

impl CreateAclsRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 1;
    /// The highest version.
    pub const MAX_VERSION: i16 = 3;
}

impl Message for CreateAclsRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "CreateAclsRequest", version });
        }
        let flexible = version >= 2;
        let creations = dec.array(flexible, 8, |dec| AclCreation::decode(dec, version))?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { creations })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "CreateAclsRequest", version });
        }
        let flexible = version >= 2;
        enc.array(flexible, &self.creations, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `AclCreation` in [`CreateAclsRequest`].
#[derive(Debug, Clone, PartialEq)]
pub struct AclCreation {
    /// `int8`.
    pub resource_type: i8,
    /// `string`.
    pub resource_name: Str,
    /// `int8`, default 3.
    pub resource_pattern_type: i8,
    /// `string`.
    pub principal: Str,
    /// `string`.
    pub host: Str,
    /// `int8`.
    pub operation: i8,
    /// `int8`.
    pub permission_type: i8,
}

impl Default for AclCreation {
    fn default() -> Self {
        Self {
            resource_type: 0,
            resource_name: Str::EMPTY,
            resource_pattern_type: 3,
            principal: Str::EMPTY,
            host: Str::EMPTY,
            operation: 0,
            permission_type: 0,
        }
    }
}

impl Message for AclCreation {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let resource_type = dec.i8()?;
        let resource_name = dec.string(flexible)?;
        let resource_pattern_type = dec.i8()?;
        let principal = dec.string(flexible)?;
        let host = dec.string(flexible)?;
        let operation = dec.i8()?;
        let permission_type = dec.i8()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            resource_type,
            resource_name,
            resource_pattern_type,
            principal,
            host,
            operation,
            permission_type,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        enc.i8(self.resource_type);
        enc.string(flexible, &self.resource_name)?;
        enc.i8(self.resource_pattern_type);
        enc.string(flexible, &self.principal)?;
        enc.string(flexible, &self.host)?;
        enc.i8(self.operation);
        enc.i8(self.permission_type);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// Whether each rule was added.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreateAclsResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `[]AclCreationResult`.
    pub results: Vec<AclCreationResult>,
}

impl CreateAclsResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 1;
    /// The highest version.
    pub const MAX_VERSION: i16 = 3;
}

impl Message for CreateAclsResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "CreateAclsResponse", version });
        }
        let flexible = version >= 2;
        let throttle_time_ms = dec.i32()?;
        let results = dec.array(flexible, 4, |dec| AclCreationResult::decode(dec, version))?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { throttle_time_ms, results })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "CreateAclsResponse", version });
        }
        let flexible = version >= 2;
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

/// `AclCreationResult` in [`CreateAclsResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct AclCreationResult {
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable.
    pub error_message: Option<Str>,
}

impl Default for AclCreationResult {
    fn default() -> Self {
        Self { error_code: 0, error_message: Some(Str::EMPTY) }
    }
}

impl Message for AclCreationResult {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(flexible)?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { error_code, error_message })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        enc.i16(self.error_code);
        enc.nullable_string(flexible, self.error_message.as_deref())?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

impl AclCreationResult {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for CreateAclsResponse {
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

impl Request for CreateAclsRequest {
    const KEY: ApiKey = ApiKey::CreateAcls;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 2;
    type Response = CreateAclsResponse;
}
