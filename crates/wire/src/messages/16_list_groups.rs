//! ListGroups (key 16), versions 0-5. Lists the groups that a broker coordinates.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Lists the groups that a broker coordinates.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListGroupsRequest {
    /// `[]string`, versions 4-5.
    pub states_filter: Vec<Str>,
    /// `[]string`, versions 5.
    pub types_filter: Vec<Str>,
}

impl ListGroupsRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 5;
}

impl Message for ListGroupsRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "ListGroupsRequest", version });
        }
        let flexible = version >= 3;
        let states_filter = if version >= 4 {
            dec.array(flexible, 1, |dec| dec.string(flexible))?
        } else {
            Vec::new()
        };
        let types_filter = if version == 5 {
            dec.array(flexible, 1, |dec| dec.string(flexible))?
        } else {
            Vec::new()
        };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { states_filter, types_filter })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "ListGroupsRequest", version });
        }
        let flexible = version >= 3;
        if version >= 4 {
            enc.array(flexible, &self.states_filter, |enc, item| {
                enc.string(flexible, item)
            })?;
        } else if !self.states_filter.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "ListGroupsRequest.states_filter",
                version,
            });
        }
        if version == 5 {
            enc.array(flexible, &self.types_filter, |enc, item| {
                enc.string(flexible, item)
            })?;
        } else if !self.types_filter.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "ListGroupsRequest.types_filter",
                version,
            });
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// Groups with type, state and protocol.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListGroupsResponse {
    /// `int32`, versions 1-5.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
    /// `[]ListedGroup`.
    pub groups: Vec<ListedGroup>,
}

impl ListGroupsResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 5;
}

impl Message for ListGroupsResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "ListGroupsResponse", version });
        }
        let flexible = version >= 3;
        let throttle_time_ms = if version >= 1 { dec.i32()? } else { 0 };
        let error_code = dec.i16()?;
        let groups = dec.array(flexible, 3, |dec| ListedGroup::decode(dec, version))?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { throttle_time_ms, error_code, groups })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "ListGroupsResponse", version });
        }
        let flexible = version >= 3;
        if version >= 1 {
            enc.i32(self.throttle_time_ms);
        }
        enc.i16(self.error_code);
        enc.array(flexible, &self.groups, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `ListedGroup` in [`ListGroupsResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListedGroup {
    /// `string`, a groupId.
    pub group_id: Str,
    /// `string`.
    pub protocol_type: Str,
    /// `string`, versions 4-5.
    pub group_state: Str,
    /// `string`, versions 5.
    pub group_type: Str,
}

impl Message for ListedGroup {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 3;
        let group_id = dec.string(flexible)?;
        let protocol_type = dec.string(flexible)?;
        let group_state = if version >= 4 {
            dec.string(flexible)?
        } else {
            Str::EMPTY
        };
        let group_type = if version == 5 {
            dec.string(flexible)?
        } else {
            Str::EMPTY
        };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { group_id, protocol_type, group_state, group_type })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 3;
        enc.string(flexible, &self.group_id)?;
        enc.string(flexible, &self.protocol_type)?;
        if version >= 4 {
            enc.string(flexible, &self.group_state)?;
        }
        if version == 5 {
            enc.string(flexible, &self.group_type)?;
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

impl Response for ListGroupsResponse {
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

impl Request for ListGroupsRequest {
    const KEY: ApiKey = ApiKey::ListGroups;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 3;
    type Response = ListGroupsResponse;
}
