//! PushTelemetry (key 72), versions 0. Reports metrics of a client.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use bytes::Bytes;
use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// Reports metrics of a client.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PushTelemetryRequest {
    /// `uuid`.
    pub client_instance_id: Uuid,
    /// `int32`.
    pub subscription_id: i32,
    /// `bool`.
    pub terminating: bool,
    /// `int8`.
    pub compression_type: i8,
    /// `bytes`.
    pub metrics: Bytes,
}

impl PushTelemetryRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for PushTelemetryRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "PushTelemetryRequest",
                version,
            });
        }
        let client_instance_id = dec.uuid()?;
        let subscription_id = dec.i32()?;
        let terminating = dec.bool()?;
        let compression_type = dec.i8()?;
        let metrics = dec.bytes(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            client_instance_id,
            subscription_id,
            terminating,
            compression_type,
            metrics,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "PushTelemetryRequest",
                version,
            });
        }
        enc.uuid(self.client_instance_id);
        enc.i32(self.subscription_id);
        enc.bool(self.terminating);
        enc.i8(self.compression_type);
        enc.bytes(true, &self.metrics)?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// Whether they were taken.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PushTelemetryResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
}

impl PushTelemetryResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for PushTelemetryResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "PushTelemetryResponse",
                version,
            });
        }
        let throttle_time_ms = dec.i32()?;
        let error_code = dec.i16()?;
        dec.skip_tagged_fields()?;
        Ok(Self { throttle_time_ms, error_code })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "PushTelemetryResponse",
                version,
            });
        }
        enc.i32(self.throttle_time_ms);
        enc.i16(self.error_code);
        enc.no_tagged_fields();
        Ok(())
    }
}

impl Response for PushTelemetryResponse {
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

impl Request for PushTelemetryRequest {
    const KEY: ApiKey = ApiKey::PushTelemetry;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = PushTelemetryResponse;
}
