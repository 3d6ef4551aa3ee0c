//! JoinGroup (key 11), versions 0-9. Joins a classic group and waits for its next generation.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use bytes::Bytes;
use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Joins a classic group and waits for its next generation.
#[derive(Debug, Clone, PartialEq)]
pub struct JoinGroupRequest {
    /// `string`, a groupId.
    pub group_id: Str,
    /// `int32`.
    pub session_timeout_ms: i32,
    /// `int32`, versions 1-9, default -1.
    pub rebalance_timeout_ms: i32,
    /// `string`.
    pub member_id: Str,
    /// `string`, versions 5-9, nullable, default null.
    pub group_instance_id: Option<Str>,
    /// `string`.
    pub protocol_type: Str,
    /// `[]JoinGroupRequestProtocol`.
    pub protocols: Vec<JoinGroupRequestProtocol>,
    /// `string`, versions 8-9, nullable, default null.
    pub reason: Option<Str>,
}

impl Default for JoinGroupRequest {
    fn default() -> Self {
        Self {
            group_id: Str::EMPTY,
            session_timeout_ms: 0,
            rebalance_timeout_ms: -1,
            member_id: Str::EMPTY,
            group_instance_id: None,
            protocol_type: Str::EMPTY,
            protocols: Vec::new(),
            reason: None,
        }
    }
}

impl JoinGroupRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 9;
}

impl Message for JoinGroupRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "JoinGroupRequest", version });
        }
        let flexible = version >= 6;
        let group_id = dec.string(flexible)?;
        let session_timeout_ms = dec.i32()?;
        let rebalance_timeout_ms = if version >= 1 { dec.i32()? } else { -1 };
        let member_id = dec.string(flexible)?;
        let group_instance_id = if version >= 5 {
            dec.nullable_string(flexible)?
        } else {
            None
        };
        let protocol_type = dec.string(flexible)?;
        let protocols = dec.array(flexible, 3, |dec| {
            JoinGroupRequestProtocol::decode(dec, version)
        })?;
        let reason = if version >= 8 {
            dec.nullable_string(flexible)?
        } else {
            None
        };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            group_id,
            session_timeout_ms,
            rebalance_timeout_ms,
            member_id,
            group_instance_id,
            protocol_type,
            protocols,
            reason,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "JoinGroupRequest", version });
        }
        let flexible = version >= 6;
        enc.string(flexible, &self.group_id)?;
        enc.i32(self.session_timeout_ms);
        if version >= 1 {
            enc.i32(self.rebalance_timeout_ms);
        }
        enc.string(flexible, &self.member_id)?;
        if version >= 5 {
            enc.nullable_string(flexible, self.group_instance_id.as_deref())?;
        } else if self.group_instance_id.is_some() {
            return Err(EncodeError::UnsupportedField {
                field: "JoinGroupRequest.group_instance_id",
                version,
            });
        }
        enc.string(flexible, &self.protocol_type)?;
        enc.array(flexible, &self.protocols, |enc, item| {
            item.encode(enc, version)
        })?;
        if version >= 8 {
            enc.nullable_string(flexible, self.reason.as_deref())?;
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `JoinGroupRequestProtocol` in [`JoinGroupRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JoinGroupRequestProtocol {
    /// `string`.
    pub name: Str,
    /// `bytes`.
    pub metadata: Bytes,
}

impl Message for JoinGroupRequestProtocol {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 6;
        let name = dec.string(flexible)?;
        let metadata = dec.bytes(flexible)?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { name, metadata })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 6;
        enc.string(flexible, &self.name)?;
        enc.bytes(flexible, &self.metadata)?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// The new generation; its leader also gets all members.
#[derive(Debug, Clone, PartialEq)]
pub struct JoinGroupResponse {
    /// `int32`, versions 2-9.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
    /// `int32`, default -1.
    pub generation_id: i32,
    /// `string`, versions 7-9, nullable, default null.
    pub protocol_type: Option<Str>,
    /// `string`, nullable in 7+.
    pub protocol_name: Option<Str>,
    /// `string`.
    pub leader: Str,
    /// `bool`, versions 9.
    pub skip_assignment: bool,
    /// `string`.
    pub member_id: Str,
    /// `[]JoinGroupResponseMember`.
    pub members: Vec<JoinGroupResponseMember>,
}

impl Default for JoinGroupResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            generation_id: -1,
            protocol_type: None,
            protocol_name: Some(Str::EMPTY),
            leader: Str::EMPTY,
            skip_assignment: false,
            member_id: Str::EMPTY,
            members: Vec::new(),
        }
    }
}

impl JoinGroupResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 9;
}

impl Message for JoinGroupResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "JoinGroupResponse", version });
        }
        let flexible = version >= 6;
        let throttle_time_ms = if version >= 2 { dec.i32()? } else { 0 };
        let error_code = dec.i16()?;
        let generation_id = dec.i32()?;
        let protocol_type = if version >= 7 {
            dec.nullable_string(flexible)?
        } else {
            None
        };
        let protocol_name = if version >= 7 {
            dec.nullable_string(flexible)?
        } else {
            Some(dec.string(flexible)?)
        };
        let leader = dec.string(flexible)?;
        let skip_assignment = if version == 9 { dec.bool()? } else { false };
        let member_id = dec.string(flexible)?;
        let members = dec.array(flexible, 4, |dec| {
            JoinGroupResponseMember::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            throttle_time_ms,
            error_code,
            generation_id,
            protocol_type,
            protocol_name,
            leader,
            skip_assignment,
            member_id,
            members,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "JoinGroupResponse", version });
        }
        let flexible = version >= 6;
        if version >= 2 {
            enc.i32(self.throttle_time_ms);
        }
        enc.i16(self.error_code);
        enc.i32(self.generation_id);
        if version >= 7 {
            enc.nullable_string(flexible, self.protocol_type.as_deref())?;
        }
        if version >= 7 {
            enc.nullable_string(flexible, self.protocol_name.as_deref())?;
        } else {
            let Some(value) = &self.protocol_name else {
                return Err(EncodeError::UnexpectedNull {
                    field: "JoinGroupResponse.protocol_name",
                    version,
                });
            };
            enc.string(flexible, value)?;
        }
        enc.string(flexible, &self.leader)?;
        if version == 9 {
            enc.bool(self.skip_assignment);
        } else if self.skip_assignment {
            return Err(EncodeError::UnsupportedField {
                field: "JoinGroupResponse.skip_assignment",
                version,
            });
        }
        enc.string(flexible, &self.member_id)?;
        enc.array(flexible, &self.members, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `JoinGroupResponseMember` in [`JoinGroupResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JoinGroupResponseMember {
    /// `string`.
    pub member_id: Str,
    /// `string`, versions 5-9, nullable, default null.
    pub group_instance_id: Option<Str>,
    /// `bytes`.
    pub metadata: Bytes,
}

impl Message for JoinGroupResponseMember {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 6;
        let member_id = dec.string(flexible)?;
        let group_instance_id = if version >= 5 {
            dec.nullable_string(flexible)?
        } else {
            None
        };
        let metadata = dec.bytes(flexible)?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { member_id, group_instance_id, metadata })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 6;
        enc.string(flexible, &self.member_id)?;
        if version >= 5 {
            enc.nullable_string(flexible, self.group_instance_id.as_deref())?;
        }
        enc.bytes(flexible, &self.metadata)?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

impl Response for JoinGroupResponse {
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

impl Request for JoinGroupRequest {
    const KEY: ApiKey = ApiKey::JoinGroup;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 6;
    type Response = JoinGroupResponse;
}
