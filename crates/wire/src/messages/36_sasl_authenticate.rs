//! SaslAuthenticate (key 36), versions 0-2. Carries a token of a SASL exchange.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use bytes::Bytes;
use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Carries a token of a SASL exchange.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SaslAuthenticateRequest {
    /// `bytes`.
    pub auth_bytes: Bytes,
}

impl SaslAuthenticateRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for SaslAuthenticateRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "SaslAuthenticateRequest",
                version,
            });
        }
        let flexible = version == 2;
        let auth_bytes = dec.bytes(flexible)?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { auth_bytes })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "SaslAuthenticateRequest",
                version,
            });
        }
        let flexible = version == 2;
        enc.bytes(flexible, &self.auth_bytes)?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// The other side's token, and how long the session lasts.
#[derive(Debug, Clone, PartialEq)]
pub struct SaslAuthenticateResponse {
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable.
    pub error_message: Option<Str>,
    /// `bytes`.
    pub auth_bytes: Bytes,
    /// `int64`, versions 1-2.
    pub session_lifetime_ms: i64,
}

impl Default for SaslAuthenticateResponse {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: Some(Str::EMPTY),
            auth_bytes: Bytes::new(),
            session_lifetime_ms: 0,
        }
    }
}

impl SaslAuthenticateResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for SaslAuthenticateResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "SaslAuthenticateResponse",
                version,
            });
        }
        let flexible = version == 2;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(flexible)?;
        let auth_bytes = dec.bytes(flexible)?;
        let session_lifetime_ms = if version >= 1 { dec.i64()? } else { 0 };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { error_code, error_message, auth_bytes, session_lifetime_ms })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "SaslAuthenticateResponse",
                version,
            });
        }
        let flexible = version == 2;
        enc.i16(self.error_code);
        enc.nullable_string(flexible, self.error_message.as_deref())?;
        enc.bytes(flexible, &self.auth_bytes)?;
        if version >= 1 {
            enc.i64(self.session_lifetime_ms);
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

impl Response for SaslAuthenticateResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }

    fn throttle_time_ms(&self) -> i32 {
        0
    }

    fn set_throttle_time_ms(&mut self, _ms: i32) {}
}

impl Request for SaslAuthenticateRequest {
    const KEY: ApiKey = ApiKey::SaslAuthenticate;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 2;
    type Response = SaslAuthenticateResponse;
}
