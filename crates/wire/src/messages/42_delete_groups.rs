//! DeleteGroups (key 42), versions 0-2. Deletes empty groups.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Deletes empty groups.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteGroupsRequest {
    /// `[]string`, a groupId.
    pub groups_names: Vec<Str>,
}

impl DeleteGroupsRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for DeleteGroupsRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DeleteGroupsRequest",
                version,
            });
        }
        let flexible = version == 2;
        let groups_names = dec.array(flexible, 1, |dec| dec.string(flexible))?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { groups_names })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DeleteGroupsRequest",
                version,
            });
        }
        let flexible = version == 2;
        enc.array(flexible, &self.groups_names, |enc, item| {
            enc.string(flexible, item)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// Whether each group was deleted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteGroupsResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `[]DeletableGroupResult`.
    pub results: Vec<DeletableGroupResult>,
}

impl DeleteGroupsResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for DeleteGroupsResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DeleteGroupsResponse",
                version,
            });
        }
        let flexible = version == 2;
        let throttle_time_ms = dec.i32()?;
        let results = dec.array(flexible, 4, |dec| {
            DeletableGroupResult::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { throttle_time_ms, results })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DeleteGroupsResponse",
                version,
            });
        }
        let flexible = version == 2;
        enc.i32(self.throttle_time_ms);
        enc.array(flexible, &self.results, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `DeletableGroupResult` in [`DeleteGroupsResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeletableGroupResult {
    /// `string`, a groupId.
    pub group_id: Str,
    /// `int16`.
    pub error_code: i16,
}

impl Message for DeletableGroupResult {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 2;
        let group_id = dec.string(flexible)?;
        let error_code = dec.i16()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { group_id, error_code })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 2;
        enc.string(flexible, &self.group_id)?;
        enc.i16(self.error_code);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

impl DeletableGroupResult {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for DeleteGroupsResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.results {
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

impl Request for DeleteGroupsRequest {
    const KEY: ApiKey = ApiKey::DeleteGroups;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 2;
    type Response = DeleteGroupsResponse;
}
