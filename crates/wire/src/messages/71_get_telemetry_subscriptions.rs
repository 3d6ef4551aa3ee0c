//! GetTelemetrySubscriptions (key 71), versions 0. Asks which metrics a client should report.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// Asks which metrics a client should report.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GetTelemetrySubscriptionsRequest {
    /// `uuid`.
    pub client_instance_id: Uuid,
}

impl GetTelemetrySubscriptionsRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for GetTelemetrySubscriptionsRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "GetTelemetrySubscriptionsRequest",
                version,
            });
        }
        let client_instance_id = dec.uuid()?;
        dec.skip_tagged_fields()?;
        Ok(Self { client_instance_id })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "GetTelemetrySubscriptionsRequest",
                version,
            });
        }
        enc.uuid(self.client_instance_id);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// What to report, how often, and to whom.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GetTelemetrySubscriptionsResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
    /// `uuid`.
    pub client_instance_id: Uuid,
    /// `int32`.
    pub subscription_id: i32,
    /// `[]int8`.
    pub accepted_compression_types: Vec<i8>,
    /// `int32`.
    pub push_interval_ms: i32,
    /// `int32`.
    pub telemetry_max_bytes: i32,
    /// `bool`.
    pub delta_temporality: bool,
    /// `[]string`.
    pub requested_metrics: Vec<Str>,
}

impl GetTelemetrySubscriptionsResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for GetTelemetrySubscriptionsResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "GetTelemetrySubscriptionsResponse",
                version,
            });
        }
        let throttle_time_ms = dec.i32()?;
        let error_code = dec.i16()?;
        let client_instance_id = dec.uuid()?;
        let subscription_id = dec.i32()?;
        let accepted_compression_types = dec.array(true, 1, Dec::i8)?;
        let push_interval_ms = dec.i32()?;
        let telemetry_max_bytes = dec.i32()?;
        let delta_temporality = dec.bool()?;
        let requested_metrics = dec.array(true, 1, |dec| dec.string(true))?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            throttle_time_ms,
            error_code,
            client_instance_id,
            subscription_id,
            accepted_compression_types,
            push_interval_ms,
            telemetry_max_bytes,
            delta_temporality,
            requested_metrics,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "GetTelemetrySubscriptionsResponse",
                version,
            });
        }
        enc.i32(self.throttle_time_ms);
        enc.i16(self.error_code);
        enc.uuid(self.client_instance_id);
        enc.i32(self.subscription_id);
        enc.array(true, &self.accepted_compression_types, |enc, item| {
            enc.i8(*item);
            Ok(())
        })?;
        enc.i32(self.push_interval_ms);
        enc.i32(self.telemetry_max_bytes);
        enc.bool(self.delta_temporality);
        enc.array(true, &self.requested_metrics, |enc, item| {
            enc.string(true, item)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

impl Response for GetTelemetrySubscriptionsResponse {
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

impl Request for GetTelemetrySubscriptionsRequest {
    const KEY: ApiKey = ApiKey::GetTelemetrySubscriptions;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = GetTelemetrySubscriptionsResponse;
}
