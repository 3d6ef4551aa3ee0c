//! DescribeGroups (key 15), versions 0-6. Asks for the state and members of classic groups.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use bytes::Bytes;
use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Asks for the state and members of classic groups.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeGroupsRequest {
    /// `[]string`, a groupId.
    pub groups: Vec<Str>,
    /// `bool`, versions 3-6.
    pub include_authorized_operations: bool,
    /// `bool`, versions 5-6, tag 10000.
    pub asks_for_standing: bool,
}

impl DescribeGroupsRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 6;
}

impl Message for DescribeGroupsRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DescribeGroupsRequest",
                version,
            });
        }
        let flexible = version >= 5;
        let groups = dec.array(flexible, 1, |dec| dec.string(flexible))?;
        let include_authorized_operations = if version >= 3 { dec.bool()? } else { false };
        let mut asks_for_standing = false;
        if flexible {
            dec.tagged_fields(|dec, tag| {
                match tag {
                    10000 => asks_for_standing = dec.bool()?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(Self { groups, include_authorized_operations, asks_for_standing })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DescribeGroupsRequest",
                version,
            });
        }
        let flexible = version >= 5;
        enc.array(flexible, &self.groups, |enc, item| {
            enc.string(flexible, item)
        })?;
        if version >= 3 {
            enc.bool(self.include_authorized_operations);
        } else if self.include_authorized_operations {
            return Err(EncodeError::UnsupportedField {
                field: "DescribeGroupsRequest.include_authorized_operations",
                version,
            });
        }
        if flexible {
            enc.tagged_fields(|tags| {
                if self.asks_for_standing {
                    tags.field(10000, |enc| {
                        enc.bool(self.asks_for_standing);
                        Ok(())
                    })?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// State, protocol and members of each group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeGroupsResponse {
    /// `int32`, versions 1-6.
    pub throttle_time_ms: i32,
    /// `[]DescribedGroup`.
    pub groups: Vec<DescribedGroup>,
}

impl DescribeGroupsResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 6;
}

impl Message for DescribeGroupsResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DescribeGroupsResponse",
                version,
            });
        }
        let flexible = version >= 5;
        let throttle_time_ms = if version >= 1 { dec.i32()? } else { 0 };
        let groups = dec.array(flexible, 12, |dec| DescribedGroup::decode(dec, version))?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { throttle_time_ms, groups })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DescribeGroupsResponse",
                version,
            });
        }
        let flexible = version >= 5;
        if version >= 1 {
            enc.i32(self.throttle_time_ms);
        }
        enc.array(flexible, &self.groups, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `DescribedGroup` in [`DescribeGroupsResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribedGroup {
    /// `int16`.
    pub error_code: i16,
    /// `string`, versions 6, nullable, default null.
    pub error_message: Option<Str>,
    /// `string`, a groupId.
    pub group_id: Str,
    /// `string`.
    pub group_state: Str,
    /// `string`.
    pub protocol_type: Str,
    /// `string`.
    pub protocol_data: Str,
    /// `[]DescribedGroupMember`.
    pub members: Vec<DescribedGroupMember>,
    /// `int32`, versions 3-6, default -2147483648.
    pub authorized_operations: i32,
}

impl Message for DescribedGroup {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 5;
        let error_code = dec.i16()?;
        let error_message = if version == 6 {
            dec.nullable_string(flexible)?
        } else {
            None
        };
        let group_id = dec.string(flexible)?;
        let group_state = dec.string(flexible)?;
        let protocol_type = dec.string(flexible)?;
        let protocol_data = dec.string(flexible)?;
        let members = dec.array(flexible, 7, |dec| {
            DescribedGroupMember::decode(dec, version)
        })?;
        let authorized_operations = if version >= 3 { dec.i32()? } else { i32::MIN };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            error_code,
            error_message,
            group_id,
            group_state,
            protocol_type,
            protocol_data,
            members,
            authorized_operations,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 5;
        enc.i16(self.error_code);
        if version == 6 {
            enc.nullable_string(flexible, self.error_message.as_deref())?;
        } else if self.error_message.is_some() {
            return Err(EncodeError::UnsupportedField {
                field: "DescribedGroup.error_message",
                version,
            });
        }
        enc.string(flexible, &self.group_id)?;
        enc.string(flexible, &self.group_state)?;
        enc.string(flexible, &self.protocol_type)?;
        enc.string(flexible, &self.protocol_data)?;
        enc.array(flexible, &self.members, |enc, item| {
            item.encode(enc, version)
        })?;
        if version >= 3 {
            enc.i32(self.authorized_operations);
        } else if self.authorized_operations != i32::MIN {
            return Err(EncodeError::UnsupportedField {
                field: "DescribedGroup.authorized_operations",
                version,
            });
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `DescribedGroupMember` in [`DescribeGroupsResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribedGroupMember {
    /// `string`.
    pub member_id: Str,
    /// `string`, versions 4-6, nullable, default null.
    pub group_instance_id: Option<Str>,
    /// `string`.
    pub client_id: Str,
    /// `string`.
    pub client_host: Str,
    /// `bytes`.
    pub member_metadata: Bytes,
    /// `bytes`.
    pub member_assignment: Bytes,
    /// `bytes`, versions 5-6, nullable, tag 10000, default null.
    pub standing: Option<Bytes>,
}

impl Message for DescribedGroupMember {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 5;
        let member_id = dec.string(flexible)?;
        let group_instance_id = if version >= 4 {
            dec.nullable_string(flexible)?
        } else {
            None
        };
        let client_id = dec.string(flexible)?;
        let client_host = dec.string(flexible)?;
        let member_metadata = dec.bytes(flexible)?;
        let member_assignment = dec.bytes(flexible)?;
        let mut standing = None;
        if flexible {
            dec.tagged_fields(|dec, tag| {
                match tag {
                    10000 => standing = dec.nullable_bytes(true)?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(Self {
            member_id,
            group_instance_id,
            client_id,
            client_host,
            member_metadata,
            member_assignment,
            standing,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 5;
        enc.string(flexible, &self.member_id)?;
        if version >= 4 {
            enc.nullable_string(flexible, self.group_instance_id.as_deref())?;
        }
        enc.string(flexible, &self.client_id)?;
        enc.string(flexible, &self.client_host)?;
        enc.bytes(flexible, &self.member_metadata)?;
        enc.bytes(flexible, &self.member_assignment)?;
        if flexible {
            enc.tagged_fields(|tags| {
                if self.standing.is_some() {
                    tags.field(10000, |enc| {
                        enc.nullable_bytes(true, self.standing.as_ref())?;
                        Ok(())
                    })?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}

impl DescribedGroup {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for DescribeGroupsResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.groups {
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

impl Request for DescribeGroupsRequest {
    const KEY: ApiKey = ApiKey::DescribeGroups;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 5;
    type Response = DescribeGroupsResponse;
}
