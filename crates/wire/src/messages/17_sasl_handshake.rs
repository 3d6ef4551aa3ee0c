//! SaslHandshake (key 17), versions 0-1. Picks a SASL mechanism.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Picks a SASL mechanism.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SaslHandshakeRequest {
    /// `string`.
    pub mechanism: Str,
}

impl SaslHandshakeRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 1;
}

impl Message for SaslHandshakeRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "SaslHandshakeRequest",
                version,
            });
        }
        let mechanism = dec.string(false)?;
        Ok(Self { mechanism })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "SaslHandshakeRequest",
                version,
            });
        }
        enc.string(false, &self.mechanism)?;
        Ok(())
    }
}

/// Whether it is offered, and all that are.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SaslHandshakeResponse {
    /// `int16`.
    pub error_code: i16,
    /// `[]string`.
    pub mechanisms: Vec<Str>,
}

impl SaslHandshakeResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 1;
}

impl Message for SaslHandshakeResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "SaslHandshakeResponse",
                version,
            });
        }
        let error_code = dec.i16()?;
        let mechanisms = dec.array(false, 2, |dec| dec.string(false))?;
        Ok(Self { error_code, mechanisms })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "SaslHandshakeResponse",
                version,
            });
        }
        enc.i16(self.error_code);
        enc.array(false, &self.mechanisms, |enc, item| enc.string(false, item))?;
        Ok(())
    }
}

impl Response for SaslHandshakeResponse {
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

impl Request for SaslHandshakeRequest {
    const KEY: ApiKey = ApiKey::SaslHandshake;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = i16::MAX;
    type Response = SaslHandshakeResponse;
}
