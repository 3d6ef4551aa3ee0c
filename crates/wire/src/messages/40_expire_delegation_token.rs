//! ExpireDelegationToken (key 40), versions 1-2. Shortens or ends a delegation token.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use bytes::Bytes;
use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Shortens or ends a delegation token.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExpireDelegationTokenRequest {
    /// `bytes`.
    pub hmac: Bytes,
    /// `int64`.
    pub expiry_time_period_ms: i64,
}

impl ExpireDelegationTokenRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 1;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for ExpireDelegationTokenRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ExpireDelegationTokenRequest",
                version,
            });
        }
        let flexible = version == 2;
        let hmac = dec.bytes(flexible)?;
        let expiry_time_period_ms = dec.i64()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { hmac, expiry_time_period_ms })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ExpireDelegationTokenRequest",
                version,
            });
        }
        let flexible = version == 2;
        enc.bytes(flexible, &self.hmac)?;
        enc.i64(self.expiry_time_period_ms);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// Its new expiry.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExpireDelegationTokenResponse {
    /// `int16`.
    pub error_code: i16,
    /// `int64`.
    pub expiry_timestamp_ms: i64,
    /// `int32`.
    pub throttle_time_ms: i32,
}

impl ExpireDelegationTokenResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 1;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for ExpireDelegationTokenResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ExpireDelegationTokenResponse",
                version,
            });
        }
        let flexible = version == 2;
        let error_code = dec.i16()?;
        let expiry_timestamp_ms = dec.i64()?;
        let throttle_time_ms = dec.i32()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { error_code, expiry_timestamp_ms, throttle_time_ms })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ExpireDelegationTokenResponse",
                version,
            });
        }
        let flexible = version == 2;
        enc.i16(self.error_code);
        enc.i64(self.expiry_timestamp_ms);
        enc.i32(self.throttle_time_ms);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

impl Response for ExpireDelegationTokenResponse {
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

impl Request for ExpireDelegationTokenRequest {
    const KEY: ApiKey = ApiKey::ExpireDelegationToken;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 2;
    type Response = ExpireDelegationTokenResponse;
}
