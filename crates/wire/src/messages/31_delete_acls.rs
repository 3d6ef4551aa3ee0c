//! DeleteAcls (key 31), versions 1-3. Removes the access rules that match filters.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Removes the access rules that match filters.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteAclsRequest {
    /// `[]DeleteAclsFilter`.
    pub filters: Vec<DeleteAclsFilter>,
}

impl DeleteAclsRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 1;
    /// The highest version.
    pub const MAX_VERSION: i16 = 3;
}

impl Message for DeleteAclsRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "DeleteAclsRequest", version });
        }
        let flexible = version >= 2;
        let filters = dec.array(flexible, 8, |dec| DeleteAclsFilter::decode(dec, version))?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { filters })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "DeleteAclsRequest", version });
        }
        let flexible = version >= 2;
        enc.array(flexible, &self.filters, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `DeleteAclsFilter` in [`DeleteAclsRequest`].
#[derive(Debug, Clone, PartialEq)]
pub struct DeleteAclsFilter {
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

impl Default for DeleteAclsFilter {
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

impl Message for DeleteAclsFilter {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
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

/// The rules that each filter removed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteAclsResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `[]DeleteAclsFilterResult`.
    pub filter_results: Vec<DeleteAclsFilterResult>,
}

impl DeleteAclsResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 1;
    /// The highest version.
    pub const MAX_VERSION: i16 = 3;
}

impl Message for DeleteAclsResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "DeleteAclsResponse", version });
        }
        let flexible = version >= 2;
        let throttle_time_ms = dec.i32()?;
        let filter_results = dec.array(flexible, 5, |dec| {
            DeleteAclsFilterResult::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { throttle_time_ms, filter_results })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "DeleteAclsResponse", version });
        }
        let flexible = version >= 2;
        enc.i32(self.throttle_time_ms);
        enc.array(flexible, &self.filter_results, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `DeleteAclsFilterResult` in [`DeleteAclsResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct DeleteAclsFilterResult {
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable.
    pub error_message: Option<Str>,
    /// `[]DeleteAclsMatchingAcl`.
    pub matching_acls: Vec<DeleteAclsMatchingAcl>,
}

impl Default for DeleteAclsFilterResult {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: Some(Str::EMPTY),
            matching_acls: Vec::new(),
        }
    }
}

impl Message for DeleteAclsFilterResult {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(flexible)?;
        let matching_acls = dec.array(flexible, 11, |dec| {
            DeleteAclsMatchingAcl::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { error_code, error_message, matching_acls })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        enc.i16(self.error_code);
        enc.nullable_string(flexible, self.error_message.as_deref())?;
        enc.array(flexible, &self.matching_acls, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `DeleteAclsMatchingAcl` in [`DeleteAclsResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct DeleteAclsMatchingAcl {
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable.
    pub error_message: Option<Str>,
    /// `int8`.
    pub resource_type: i8,
    /// `string`.
    pub resource_name: Str,
    /// `int8`, default 3.
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

impl Default for DeleteAclsMatchingAcl {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: Some(Str::EMPTY),
            resource_type: 0,
            resource_name: Str::EMPTY,
            pattern_type: 3,
            principal: Str::EMPTY,
            host: Str::EMPTY,
            operation: 0,
            permission_type: 0,
        }
    }
}

impl Message for DeleteAclsMatchingAcl {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(flexible)?;
        let resource_type = dec.i8()?;
        let resource_name = dec.string(flexible)?;
        let pattern_type = dec.i8()?;
        let principal = dec.string(flexible)?;
        let host = dec.string(flexible)?;
        let operation = dec.i8()?;
        let permission_type = dec.i8()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            error_code,
            error_message,
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
        let flexible = version >= 2;
        enc.i16(self.error_code);
        enc.nullable_string(flexible, self.error_message.as_deref())?;
        enc.i8(self.resource_type);
        enc.string(flexible, &self.resource_name)?;
        enc.i8(self.pattern_type);
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

impl DeleteAclsFilterResult {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
        for item in &self.matching_acls {
            item.visit_errors(seen);
        }
    }
}

impl DeleteAclsMatchingAcl {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for DeleteAclsResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.filter_results {
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

impl Request for DeleteAclsRequest {
    const KEY: ApiKey = ApiKey::DeleteAcls;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 2;
    type Response = DeleteAclsResponse;
}
