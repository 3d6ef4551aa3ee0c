//! DescribeAcls (key 29), versions 1-3. Searches the access rules.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Searches the access rules.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeAclsRequest {
    /// `int8`.
    pub resource_type_filter: i8,
    /// `string`, nullable.
    pub resource_name_filter: Option<Str>,
    /// `int8`, default 3.
    pub pattern_type_filter: i8,
    /// `string`, nullable.
    pub principal_filter: Option<Str>,
    /// `string`, nullable.
    pub host_filter: Option<Str>,
    /// `int8`.
    pub operation: i8,
    /// `int8`.
    pub permission_type: i8,
}

impl Default for DescribeAclsRequest {
    fn default() -> Self {
        Self {
            resource_type_filter: 0,
            resource_name_filter: Some(Str::EMPTY),
            pattern_type_filter: 3,
            principal_filter: Some(Str::EMPTY),
            host_filter: Some(Str::EMPTY),
            operation: 0,
            permission_type: 0,
        }
    }
}

impl DescribeAclsRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 1;
    /// The highest version.
    pub const MAX_VERSION: i16 = 3;
}

impl Message for DescribeAclsRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DescribeAclsRequest",
                version,
            });
        }
        let flexible = version >= 2;
        let resource_type_filter = dec.i8()?;
        let resource_name_filter = dec.nullable_string(flexible)?;
        let pattern_type_filter = dec.i8()?;
        let principal_filter = dec.nullable_string(flexible)?;
        let host_filter = dec.nullable_string(flexible)?;
        let operation = dec.i8()?;
        let permission_type = dec.i8()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            resource_type_filter,
            resource_name_filter,
            pattern_type_filter,
            principal_filter,
            host_filter,
            operation,
            permission_type,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DescribeAclsRequest",
                version,
            });
        }
        let flexible = version >= 2;
        enc.i8(self.resource_type_filter);
        enc.nullable_string(flexible, self.resource_name_filter.as_deref())?;
        enc.i8(self.pattern_type_filter);
        enc.nullable_string(flexible, self.principal_filter.as_deref())?;
        enc.nullable_string(flexible, self.host_filter.as_deref())?;
        enc.i8(self.operation);
        enc.i8(self.permission_type);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// The rules found.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeAclsResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable.
    pub error_message: Option<Str>,
    /// `[]DescribeAclsResource`.
    pub resources: Vec<DescribeAclsResource>,
}

impl Default for DescribeAclsResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            error_message: Some(Str::EMPTY),
            resources: Vec::new(),
        }
    }
}

impl DescribeAclsResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 1;
    /// The highest version.
    pub const MAX_VERSION: i16 = 3;
}

impl Message for DescribeAclsResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DescribeAclsResponse",
                version,
            });
        }
        let flexible = version >= 2;
        let throttle_time_ms = dec.i32()?;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(flexible)?;
        let resources = dec.array(flexible, 5, |dec| {
            DescribeAclsResource::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { throttle_time_ms, error_code, error_message, resources })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DescribeAclsResponse",
                version,
            });
        }
        let flexible = version >= 2;
        enc.i32(self.throttle_time_ms);
        enc.i16(self.error_code);
        enc.nullable_string(flexible, self.error_message.as_deref())?;
        enc.array(flexible, &self.resources, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `DescribeAclsResource` in [`DescribeAclsResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeAclsResource {
    /// `int8`.
    pub resource_type: i8,
    /// `string`.
    pub resource_name: Str,
    /// `int8`, default 3.
    pub pattern_type: i8,
    /// `[]AclDescription`.
    pub acls: Vec<AclDescription>,
}

impl Default for DescribeAclsResource {
    fn default() -> Self {
        Self {
            resource_type: 0,
            resource_name: Str::EMPTY,
            pattern_type: 3,
            acls: Vec::new(),
        }
    }
}

impl Message for DescribeAclsResource {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let resource_type = dec.i8()?;
        let resource_name = dec.string(flexible)?;
        let pattern_type = dec.i8()?;
        let acls = dec.array(flexible, 5, |dec| AclDescription::decode(dec, version))?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { resource_type, resource_name, pattern_type, acls })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        enc.i8(self.resource_type);
        enc.string(flexible, &self.resource_name)?;
        enc.i8(self.pattern_type);
        enc.array(flexible, &self.acls, |enc, item| item.encode(enc, version))?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `AclDescription` in [`DescribeAclsResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AclDescription {
    /// `string`.
    pub principal: Str,
    /// `string`.
    pub host: Str,
    /// `int8`.
    pub operation: i8,
    /// `int8`.
    pub permission_type: i8,
}

impl Message for AclDescription {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let principal = dec.string(flexible)?;
        let host = dec.string(flexible)?;
        let operation = dec.i8()?;
        let permission_type = dec.i8()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { principal, host, operation, permission_type })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
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

impl Response for DescribeAclsResponse {
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

impl Request for DescribeAclsRequest {
    const KEY: ApiKey = ApiKey::DescribeAcls;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 2;
    type Response = DescribeAclsResponse;
}
