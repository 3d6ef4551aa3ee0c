//! DescribeUserScramCredentials (key 50), versions 0. Asks which SCRAM credentials users have.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Asks which SCRAM credentials users have.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeUserScramCredentialsRequest {
    /// `[]UserName`, nullable.
    pub users: Option<Vec<UserName>>,
}

impl Default for DescribeUserScramCredentialsRequest {
    fn default() -> Self {
        Self { users: Some(Vec::new()) }
    }
}

impl DescribeUserScramCredentialsRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for DescribeUserScramCredentialsRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DescribeUserScramCredentialsRequest",
                version,
            });
        }
        let users = dec.nullable_array(true, 2, |dec| UserName::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { users })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DescribeUserScramCredentialsRequest",
                version,
            });
        }
        enc.nullable_array(true, self.users.as_deref(), |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `UserName` in [`DescribeUserScramCredentialsRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UserName {
    /// `string`.
    pub name: Str,
}

impl Message for UserName {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let name = dec.string(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self { name })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.name)?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// Mechanisms and iterations, never secrets.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeUserScramCredentialsResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable.
    pub error_message: Option<Str>,
    /// `[]DescribeUserScramCredentialsResult`.
    pub results: Vec<DescribeUserScramCredentialsResult>,
}

impl Default for DescribeUserScramCredentialsResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            error_message: Some(Str::EMPTY),
            results: Vec::new(),
        }
    }
}

impl DescribeUserScramCredentialsResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for DescribeUserScramCredentialsResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DescribeUserScramCredentialsResponse",
                version,
            });
        }
        let throttle_time_ms = dec.i32()?;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(true)?;
        let results = dec.array(true, 6, |dec| {
            DescribeUserScramCredentialsResult::decode(dec, version)
        })?;
        dec.skip_tagged_fields()?;
        Ok(Self { throttle_time_ms, error_code, error_message, results })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DescribeUserScramCredentialsResponse",
                version,
            });
        }
        enc.i32(self.throttle_time_ms);
        enc.i16(self.error_code);
        enc.nullable_string(true, self.error_message.as_deref())?;
        enc.array(true, &self.results, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `DescribeUserScramCredentialsResult` in [`DescribeUserScramCredentialsResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeUserScramCredentialsResult {
    /// `string`.
    pub user: Str,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable.
    pub error_message: Option<Str>,
    /// `[]CredentialInfo`.
    pub credential_infos: Vec<CredentialInfo>,
}

impl Default for DescribeUserScramCredentialsResult {
    fn default() -> Self {
        Self {
            user: Str::EMPTY,
            error_code: 0,
            error_message: Some(Str::EMPTY),
            credential_infos: Vec::new(),
        }
    }
}

impl Message for DescribeUserScramCredentialsResult {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let user = dec.string(true)?;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(true)?;
        let credential_infos = dec.array(true, 6, |dec| CredentialInfo::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { user, error_code, error_message, credential_infos })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.user)?;
        enc.i16(self.error_code);
        enc.nullable_string(true, self.error_message.as_deref())?;
        enc.array(true, &self.credential_infos, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `CredentialInfo` in [`DescribeUserScramCredentialsResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CredentialInfo {
    /// `int8`.
    pub mechanism: i8,
    /// `int32`.
    pub iterations: i32,
}

impl Message for CredentialInfo {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let mechanism = dec.i8()?;
        let iterations = dec.i32()?;
        dec.skip_tagged_fields()?;
        Ok(Self { mechanism, iterations })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i8(self.mechanism);
        enc.i32(self.iterations);
        enc.no_tagged_fields();
        Ok(())
    }
}

impl DescribeUserScramCredentialsResult {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for DescribeUserScramCredentialsResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
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

impl Request for DescribeUserScramCredentialsRequest {
    const KEY: ApiKey = ApiKey::DescribeUserScramCredentials;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = DescribeUserScramCredentialsResponse;
}
