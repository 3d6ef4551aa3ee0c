//! SyncGroup (key 14), versions 0-5. Hands in (leader) or collects (all) the assignment of a generation.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use bytes::Bytes;
use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Hands in (leader) or collects (all) the assignment of a generation.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SyncGroupRequest {
    /// `string`, a groupId.
    pub group_id: Str,
    /// `int32`.
    pub generation_id: i32,
    /// `string`.
    pub member_id: Str,
    /// `string`, versions 3-5, nullable, default null.
    pub group_instance_id: Option<Str>,
    /// `string`, versions 5, nullable, default null.
    pub protocol_type: Option<Str>,
    /// `string`, versions 5, nullable, default null.
    pub protocol_name: Option<Str>,
    /// `[]SyncGroupRequestAssignment`.
    pub assignments: Vec<SyncGroupRequestAssignment>,
}

impl SyncGroupRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 5;
}

impl Message for SyncGroupRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "SyncGroupRequest", version });
        }
        let flexible = version >= 4;
        let group_id = dec.string(flexible)?;
        let generation_id = dec.i32()?;
        let member_id = dec.string(flexible)?;
        let group_instance_id = if version >= 3 {
            dec.nullable_string(flexible)?
        } else {
            None
        };
        let protocol_type = if version == 5 {
            dec.nullable_string(flexible)?
        } else {
            None
        };
        let protocol_name = if version == 5 {
            dec.nullable_string(flexible)?
        } else {
            None
        };
        let assignments = dec.array(flexible, 3, |dec| {
            SyncGroupRequestAssignment::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            group_id,
            generation_id,
            member_id,
            group_instance_id,
            protocol_type,
            protocol_name,
            assignments,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "SyncGroupRequest", version });
        }
        let flexible = version >= 4;
        enc.string(flexible, &self.group_id)?;
        enc.i32(self.generation_id);
        enc.string(flexible, &self.member_id)?;
        if version >= 3 {
            enc.nullable_string(flexible, self.group_instance_id.as_deref())?;
        } else if self.group_instance_id.is_some() {
            return Err(EncodeError::UnsupportedField {
                field: "SyncGroupRequest.group_instance_id",
                version,
            });
        }
        if version == 5 {
            enc.nullable_string(flexible, self.protocol_type.as_deref())?;
        }
        if version == 5 {
            enc.nullable_string(flexible, self.protocol_name.as_deref())?;
        }
        enc.array(flexible, &self.assignments, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `SyncGroupRequestAssignment` in [`SyncGroupRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SyncGroupRequestAssignment {
    /// `string`.
    pub member_id: Str,
    /// `bytes`.
    pub assignment: Bytes,
}

impl Message for SyncGroupRequestAssignment {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 4;
        let member_id = dec.string(flexible)?;
        let assignment = dec.bytes(flexible)?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { member_id, assignment })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 4;
        enc.string(flexible, &self.member_id)?;
        enc.bytes(flexible, &self.assignment)?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// What this member has to consume.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SyncGroupResponse {
    /// `int32`, versions 1-5.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
    /// `string`, versions 5, nullable, default null.
    pub protocol_type: Option<Str>,
    /// `string`, versions 5, nullable, default null.
    pub protocol_name: Option<Str>,
    /// `bytes`.
    pub assignment: Bytes,
}

impl SyncGroupResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 5;
}

impl Message for SyncGroupResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "SyncGroupResponse", version });
        }
        let flexible = version >= 4;
        let throttle_time_ms = if version >= 1 { dec.i32()? } else { 0 };
        let error_code = dec.i16()?;
        let protocol_type = if version == 5 {
            dec.nullable_string(flexible)?
        } else {
            None
        };
        let protocol_name = if version == 5 {
            dec.nullable_string(flexible)?
        } else {
            None
        };
        let assignment = dec.bytes(flexible)?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            throttle_time_ms,
            error_code,
            protocol_type,
            protocol_name,
            assignment,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "SyncGroupResponse", version });
        }
        let flexible = version >= 4;
        if version >= 1 {
            enc.i32(self.throttle_time_ms);
        }
        enc.i16(self.error_code);
        if version == 5 {
            enc.nullable_string(flexible, self.protocol_type.as_deref())?;
        }
        if version == 5 {
            enc.nullable_string(flexible, self.protocol_name.as_deref())?;
        }
        enc.bytes(flexible, &self.assignment)?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

impl Response for SyncGroupResponse {
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

impl Request for SyncGroupRequest {
    const KEY: ApiKey = ApiKey::SyncGroup;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 4;
    type Response = SyncGroupResponse;
}
