//! LeaveGroup (key 13), versions 0-5. Takes members out of a classic group.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Takes members out of a classic group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LeaveGroupRequest {
    /// `string`, a groupId.
    pub group_id: Str,
    /// `string`, versions 0-2.
    pub member_id: Str,
    /// `[]MemberIdentity`, versions 3-5.
    pub members: Vec<MemberIdentity>,
}

impl LeaveGroupRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 5;
}

impl Message for LeaveGroupRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "LeaveGroupRequest", version });
        }
        let flexible = version >= 4;
        let group_id = dec.string(flexible)?;
        let member_id = if version <= 2 {
            dec.string(flexible)?
        } else {
            Str::EMPTY
        };
        let members = if version >= 3 {
            dec.array(flexible, 3, |dec| MemberIdentity::decode(dec, version))?
        } else {
            Vec::new()
        };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { group_id, member_id, members })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "LeaveGroupRequest", version });
        }
        let flexible = version >= 4;
        enc.string(flexible, &self.group_id)?;
        if version <= 2 {
            enc.string(flexible, &self.member_id)?;
        } else if !self.member_id.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "LeaveGroupRequest.member_id",
                version,
            });
        }
        if version >= 3 {
            enc.array(flexible, &self.members, |enc, item| {
                item.encode(enc, version)
            })?;
        } else if !self.members.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "LeaveGroupRequest.members",
                version,
            });
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `MemberIdentity` in [`LeaveGroupRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MemberIdentity {
    /// `string`.
    pub member_id: Str,
    /// `string`, nullable, default null.
    pub group_instance_id: Option<Str>,
    /// `string`, versions 5, nullable, default null.
    pub reason: Option<Str>,
}

impl Message for MemberIdentity {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 4;
        let member_id = dec.string(flexible)?;
        let group_instance_id = dec.nullable_string(flexible)?;
        let reason = if version == 5 {
            dec.nullable_string(flexible)?
        } else {
            None
        };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { member_id, group_instance_id, reason })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 4;
        enc.string(flexible, &self.member_id)?;
        enc.nullable_string(flexible, self.group_instance_id.as_deref())?;
        if version == 5 {
            enc.nullable_string(flexible, self.reason.as_deref())?;
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// Whether each member left.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LeaveGroupResponse {
    /// `int32`, versions 1-5.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
    /// `[]MemberResponse`, versions 3-5.
    pub members: Vec<MemberResponse>,
}

impl LeaveGroupResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 5;
}

impl Message for LeaveGroupResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "LeaveGroupResponse", version });
        }
        let flexible = version >= 4;
        let throttle_time_ms = if version >= 1 { dec.i32()? } else { 0 };
        let error_code = dec.i16()?;
        let members = if version >= 3 {
            dec.array(flexible, 5, |dec| MemberResponse::decode(dec, version))?
        } else {
            Vec::new()
        };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { throttle_time_ms, error_code, members })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "LeaveGroupResponse", version });
        }
        let flexible = version >= 4;
        if version >= 1 {
            enc.i32(self.throttle_time_ms);
        }
        enc.i16(self.error_code);
        if version >= 3 {
            enc.array(flexible, &self.members, |enc, item| {
                item.encode(enc, version)
            })?;
        } else if !self.members.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "LeaveGroupResponse.members",
                version,
            });
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `MemberResponse` in [`LeaveGroupResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct MemberResponse {
    /// `string`.
    pub member_id: Str,
    /// `string`, nullable.
    pub group_instance_id: Option<Str>,
    /// `int16`.
    pub error_code: i16,
}

impl Default for MemberResponse {
    fn default() -> Self {
        Self {
            member_id: Str::EMPTY,
            group_instance_id: Some(Str::EMPTY),
            error_code: 0,
        }
    }
}

impl Message for MemberResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 4;
        let member_id = dec.string(flexible)?;
        let group_instance_id = dec.nullable_string(flexible)?;
        let error_code = dec.i16()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { member_id, group_instance_id, error_code })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 4;
        enc.string(flexible, &self.member_id)?;
        enc.nullable_string(flexible, self.group_instance_id.as_deref())?;
        enc.i16(self.error_code);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

impl MemberResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for LeaveGroupResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
        for item in &self.members {
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

impl Request for LeaveGroupRequest {
    const KEY: ApiKey = ApiKey::LeaveGroup;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 4;
    type Response = LeaveGroupResponse;
}
