//! AlterUserScramCredentials (key 51), versions 0. Sets or removes SCRAM credentials.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use bytes::Bytes;
use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Sets or removes SCRAM credentials.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterUserScramCredentialsRequest {
    /// `[]ScramCredentialDeletion`.
    pub deletions: Vec<ScramCredentialDeletion>,
    /// `[]ScramCredentialUpsertion`.
    pub upsertions: Vec<ScramCredentialUpsertion>,
}

impl AlterUserScramCredentialsRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for AlterUserScramCredentialsRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "AlterUserScramCredentialsRequest",
                version,
            });
        }
        let deletions = dec.array(true, 3, |dec| ScramCredentialDeletion::decode(dec, version))?;
        let upsertions = dec.array(true, 9, |dec| {
            ScramCredentialUpsertion::decode(dec, version)
        })?;
        dec.skip_tagged_fields()?;
        Ok(Self { deletions, upsertions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "AlterUserScramCredentialsRequest",
                version,
            });
        }
        enc.array(true, &self.deletions, |enc, item| item.encode(enc, version))?;
        enc.array(true, &self.upsertions, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `ScramCredentialDeletion` in [`AlterUserScramCredentialsRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScramCredentialDeletion {
    /// `string`.
    pub name: Str,
    /// `int8`.
    pub mechanism: i8,
}

impl Message for ScramCredentialDeletion {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let name = dec.string(true)?;
        let mechanism = dec.i8()?;
        dec.skip_tagged_fields()?;
        Ok(Self { name, mechanism })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.name)?;
        enc.i8(self.mechanism);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `ScramCredentialUpsertion` in [`AlterUserScramCredentialsRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScramCredentialUpsertion {
    /// `string`.
    pub name: Str,
    /// `int8`.
    pub mechanism: i8,
    /// `int32`.
    pub iterations: i32,
    /// `bytes`.
    pub salt: Bytes,
    /// `bytes`.
    pub salted_password: Bytes,
}

impl Message for ScramCredentialUpsertion {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let name = dec.string(true)?;
        let mechanism = dec.i8()?;
        let iterations = dec.i32()?;
        let salt = dec.bytes(true)?;
        let salted_password = dec.bytes(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self { name, mechanism, iterations, salt, salted_password })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.name)?;
        enc.i8(self.mechanism);
        enc.i32(self.iterations);
        enc.bytes(true, &self.salt)?;
        enc.bytes(true, &self.salted_password)?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// Whether each user was changed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterUserScramCredentialsResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `[]AlterUserScramCredentialsResult`.
    pub results: Vec<AlterUserScramCredentialsResult>,
}

impl AlterUserScramCredentialsResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for AlterUserScramCredentialsResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "AlterUserScramCredentialsResponse",
                version,
            });
        }
        let throttle_time_ms = dec.i32()?;
        let results = dec.array(true, 5, |dec| {
            AlterUserScramCredentialsResult::decode(dec, version)
        })?;
        dec.skip_tagged_fields()?;
        Ok(Self { throttle_time_ms, results })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "AlterUserScramCredentialsResponse",
                version,
            });
        }
        enc.i32(self.throttle_time_ms);
        enc.array(true, &self.results, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `AlterUserScramCredentialsResult` in [`AlterUserScramCredentialsResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct AlterUserScramCredentialsResult {
    /// `string`.
    pub user: Str,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable.
    pub error_message: Option<Str>,
}

impl Default for AlterUserScramCredentialsResult {
    fn default() -> Self {
        Self {
            user: Str::EMPTY,
            error_code: 0,
            error_message: Some(Str::EMPTY),
        }
    }
}

impl Message for AlterUserScramCredentialsResult {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let user = dec.string(true)?;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self { user, error_code, error_message })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.user)?;
        enc.i16(self.error_code);
        enc.nullable_string(true, self.error_message.as_deref())?;
        enc.no_tagged_fields();
        Ok(())
    }
}

impl AlterUserScramCredentialsResult {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for AlterUserScramCredentialsResponse {
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

impl Request for AlterUserScramCredentialsRequest {
    const KEY: ApiKey = ApiKey::AlterUserScramCredentials;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = AlterUserScramCredentialsResponse;
}
