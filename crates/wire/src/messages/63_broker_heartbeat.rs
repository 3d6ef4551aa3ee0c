//! BrokerHeartbeat (key 63), versions 0-2. Keeps a broker's registration alive.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// Keeps a broker's registration alive.
#[derive(Debug, Clone, PartialEq)]
pub struct BrokerHeartbeatRequest {
    /// `int32`, a brokerId.
    pub broker_id: i32,
    /// `int64`, default -1.
    pub broker_epoch: i64,
    /// `int64`.
    pub current_metadata_offset: i64,
    /// `bool`.
    pub want_fence: bool,
    /// `bool`.
    pub want_shut_down: bool,
    /// `[]uuid`, versions 1-2, tag 0.
    pub offline_log_dirs: Vec<Uuid>,
    /// `[]uuid`, versions 2, nullable, tag 1, default null.
    pub cordoned_log_dirs: Option<Vec<Uuid>>,
}

impl Default for BrokerHeartbeatRequest {
    fn default() -> Self {
        Self {
            broker_id: 0,
            broker_epoch: -1,
            current_metadata_offset: 0,
            want_fence: false,
            want_shut_down: false,
            offline_log_dirs: Vec::new(),
            cordoned_log_dirs: None,
        }
    }
}

impl BrokerHeartbeatRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for BrokerHeartbeatRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "BrokerHeartbeatRequest",
                version,
            });
        }
        let broker_id = dec.i32()?;
        let broker_epoch = dec.i64()?;
        let current_metadata_offset = dec.i64()?;
        let want_fence = dec.bool()?;
        let want_shut_down = dec.bool()?;
        let mut offline_log_dirs = Vec::new();
        let mut cordoned_log_dirs = None;
        dec.tagged_fields(|dec, tag| {
            match tag {
                0 if version >= 1 => offline_log_dirs = dec.array(true, 16, Dec::uuid)?,
                1 if version == 2 => cordoned_log_dirs = dec.nullable_array(true, 16, Dec::uuid)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self {
            broker_id,
            broker_epoch,
            current_metadata_offset,
            want_fence,
            want_shut_down,
            offline_log_dirs,
            cordoned_log_dirs,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "BrokerHeartbeatRequest",
                version,
            });
        }
        enc.i32(self.broker_id);
        enc.i64(self.broker_epoch);
        enc.i64(self.current_metadata_offset);
        enc.bool(self.want_fence);
        enc.bool(self.want_shut_down);
        if version < 1 && !self.offline_log_dirs.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "BrokerHeartbeatRequest.offline_log_dirs",
                version,
            });
        }
        if version < 2 && self.cordoned_log_dirs.is_some() {
            return Err(EncodeError::UnsupportedField {
                field: "BrokerHeartbeatRequest.cordoned_log_dirs",
                version,
            });
        }
        enc.tagged_fields(|tags| {
            if version >= 1 && !self.offline_log_dirs.is_empty() {
                tags.field(0, |enc| {
                    enc.array(true, &self.offline_log_dirs, |enc, item| {
                        enc.uuid(*item);
                        Ok(())
                    })?;
                    Ok(())
                })?;
            }
            if version == 2 && self.cordoned_log_dirs.is_some() {
                tags.field(1, |enc| {
                    enc.nullable_array(true, self.cordoned_log_dirs.as_deref(), |enc, item| {
                        enc.uuid(*item);
                        Ok(())
                    })?;
                    Ok(())
                })?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// Whether it is fenced or may stop.
#[derive(Debug, Clone, PartialEq)]
pub struct BrokerHeartbeatResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
    /// `bool`.
    pub is_caught_up: bool,
    /// `bool`, default true.
    pub is_fenced: bool,
    /// `bool`.
    pub should_shut_down: bool,
}

impl Default for BrokerHeartbeatResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            is_caught_up: false,
            is_fenced: true,
            should_shut_down: false,
        }
    }
}

impl BrokerHeartbeatResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for BrokerHeartbeatResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "BrokerHeartbeatResponse",
                version,
            });
        }
        let throttle_time_ms = dec.i32()?;
        let error_code = dec.i16()?;
        let is_caught_up = dec.bool()?;
        let is_fenced = dec.bool()?;
        let should_shut_down = dec.bool()?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            throttle_time_ms,
            error_code,
            is_caught_up,
            is_fenced,
            should_shut_down,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "BrokerHeartbeatResponse",
                version,
            });
        }
        enc.i32(self.throttle_time_ms);
        enc.i16(self.error_code);
        enc.bool(self.is_caught_up);
        enc.bool(self.is_fenced);
        enc.bool(self.should_shut_down);
        enc.no_tagged_fields();
        Ok(())
    }
}

impl Response for BrokerHeartbeatResponse {
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

impl Request for BrokerHeartbeatRequest {
    const KEY: ApiKey = ApiKey::BrokerHeartbeat;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = BrokerHeartbeatResponse;
}
