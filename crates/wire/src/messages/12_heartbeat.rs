//! Heartbeat (key 12), versions 0-4. Keeps a member of a classic group alive.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Keeps a member of a classic group alive.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HeartbeatRequest {
    /// `string`, a groupId.
    pub group_id: Str,
    /// `int32`.
    pub generation_id: i32,
    /// `string`.
    pub member_id: Str,
    /// `string`, versions 3-4, nullable, default null.
    pub group_instance_id: Option<Str>,
}

impl HeartbeatRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 4;
}

impl Message for HeartbeatRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "HeartbeatRequest", version });
        }
        let flexible = version == 4;
        let group_id = dec.string(flexible)?;
        let generation_id = dec.i32()?;
        let member_id = dec.string(flexible)?;
        let group_instance_id = if version >= 3 {
            dec.nullable_string(flexible)?
        } else {
            None
        };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { group_id, generation_id, member_id, group_instance_id })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "HeartbeatRequest", version });
        }
        let flexible = version == 4;
        enc.string(flexible, &self.group_id)?;
        enc.i32(self.generation_id);
        enc.string(flexible, &self.member_id)?;
        if version >= 3 {
            enc.nullable_string(flexible, self.group_instance_id.as_deref())?;
        } else if self.group_instance_id.is_some() {
            return Err(EncodeError::UnsupportedField {
                field: "HeartbeatRequest.group_instance_id",
                version,
            });
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// Whether the member may go on or has to rejoin.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HeartbeatResponse {
    /// `int32`, versions 1-4.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
}

impl HeartbeatResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 4;
}

impl Message for HeartbeatResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "HeartbeatResponse", version });
        }
        let flexible = version == 4;
        let throttle_time_ms = if version >= 1 { dec.i32()? } else { 0 };
        let error_code = dec.i16()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { throttle_time_ms, error_code })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "HeartbeatResponse", version });
        }
        let flexible = version == 4;
        if version >= 1 {
            enc.i32(self.throttle_time_ms);
        }
        enc.i16(self.error_code);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

impl Response for HeartbeatResponse {
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

impl Request for HeartbeatRequest {
    const KEY: ApiKey = ApiKey::Heartbeat;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 4;
    type Response = HeartbeatResponse;
}
