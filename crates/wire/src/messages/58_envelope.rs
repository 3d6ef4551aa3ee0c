//! Envelope (key 58), versions 0. Carries a client's request from a broker to the controller.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use bytes::Bytes;
use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Carries a client's request from a broker to the controller.
#[derive(Debug, Clone, PartialEq)]
pub struct EnvelopeRequest {
    /// `bytes`.
    pub request_data: Bytes,
    /// `bytes`, nullable.
    pub request_principal: Option<Bytes>,
    /// `bytes`.
    pub client_host_address: Bytes,
}

impl Default for EnvelopeRequest {
    fn default() -> Self {
        Self {
            request_data: Bytes::new(),
            request_principal: Some(Bytes::new()),
            client_host_address: Bytes::new(),
        }
    }
}

impl EnvelopeRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for EnvelopeRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "EnvelopeRequest", version });
        }
        let request_data = dec.bytes(true)?;
        let request_principal = dec.nullable_bytes(true)?;
        let client_host_address = dec.bytes(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self { request_data, request_principal, client_host_address })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "EnvelopeRequest", version });
        }
        enc.bytes(true, &self.request_data)?;
        enc.nullable_bytes(true, self.request_principal.as_ref())?;
        enc.bytes(true, &self.client_host_address)?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// Carries the controller's answer back.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EnvelopeResponse {
    /// `bytes`, nullable, default null.
    pub response_data: Option<Bytes>,
    /// `int16`.
    pub error_code: i16,
}

impl EnvelopeResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for EnvelopeResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "EnvelopeResponse", version });
        }
        let response_data = dec.nullable_bytes(true)?;
        let error_code = dec.i16()?;
        dec.skip_tagged_fields()?;
        Ok(Self { response_data, error_code })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "EnvelopeResponse", version });
        }
        enc.nullable_bytes(true, self.response_data.as_ref())?;
        enc.i16(self.error_code);
        enc.no_tagged_fields();
        Ok(())
    }
}

impl Response for EnvelopeResponse {
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

impl Request for EnvelopeRequest {
    const KEY: ApiKey = ApiKey::Envelope;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = EnvelopeResponse;
}
