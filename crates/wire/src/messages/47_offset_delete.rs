//! OffsetDelete (key 47), versions 0. Forgets positions of a group.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Forgets positions of a group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetDeleteRequest {
    /// `string`, a groupId.
    pub group_id: Str,
    /// `[]OffsetDeleteRequestTopic`.
    pub topics: Vec<OffsetDeleteRequestTopic>,
}

impl OffsetDeleteRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for OffsetDeleteRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "OffsetDeleteRequest",
                version,
            });
        }
        let group_id = dec.string(false)?;
        let topics = dec.array(false, 6, |dec| {
            OffsetDeleteRequestTopic::decode(dec, version)
        })?;
        Ok(Self { group_id, topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "OffsetDeleteRequest",
                version,
            });
        }
        enc.string(false, &self.group_id)?;
        enc.array(false, &self.topics, |enc, item| item.encode(enc, version))?;
        Ok(())
    }
}

/// `OffsetDeleteRequestTopic` in [`OffsetDeleteRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetDeleteRequestTopic {
    /// `string`, a topicName.
    pub name: Str,
    /// `[]OffsetDeleteRequestPartition`.
    pub partitions: Vec<OffsetDeleteRequestPartition>,
}

impl Message for OffsetDeleteRequestTopic {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let name = dec.string(false)?;
        let partitions = dec.array(false, 4, |dec| {
            OffsetDeleteRequestPartition::decode(dec, version)
        })?;
        Ok(Self { name, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.string(false, &self.name)?;
        enc.array(false, &self.partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        Ok(())
    }
}

/// `OffsetDeleteRequestPartition` in [`OffsetDeleteRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetDeleteRequestPartition {
    /// `int32`.
    pub partition_index: i32,
}

impl Message for OffsetDeleteRequestPartition {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let partition_index = dec.i32()?;
        Ok(Self { partition_index })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i32(self.partition_index);
        Ok(())
    }
}

/// Whether each position was deleted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetDeleteResponse {
    /// `int16`.
    pub error_code: i16,
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `[]OffsetDeleteResponseTopic`.
    pub topics: Vec<OffsetDeleteResponseTopic>,
}

impl OffsetDeleteResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for OffsetDeleteResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "OffsetDeleteResponse",
                version,
            });
        }
        let error_code = dec.i16()?;
        let throttle_time_ms = dec.i32()?;
        let topics = dec.array(false, 6, |dec| {
            OffsetDeleteResponseTopic::decode(dec, version)
        })?;
        Ok(Self { error_code, throttle_time_ms, topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "OffsetDeleteResponse",
                version,
            });
        }
        enc.i16(self.error_code);
        enc.i32(self.throttle_time_ms);
        enc.array(false, &self.topics, |enc, item| item.encode(enc, version))?;
        Ok(())
    }
}

/// `OffsetDeleteResponseTopic` in [`OffsetDeleteResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetDeleteResponseTopic {
    /// `string`, a topicName.
    pub name: Str,
    /// `[]OffsetDeleteResponsePartition`.
    pub partitions: Vec<OffsetDeleteResponsePartition>,
}

impl Message for OffsetDeleteResponseTopic {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let name = dec.string(false)?;
        let partitions = dec.array(false, 6, |dec| {
            OffsetDeleteResponsePartition::decode(dec, version)
        })?;
        Ok(Self { name, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.string(false, &self.name)?;
        enc.array(false, &self.partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        Ok(())
    }
}

/// `OffsetDeleteResponsePartition` in [`OffsetDeleteResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetDeleteResponsePartition {
    /// `int32`.
    pub partition_index: i32,
    /// `int16`.
    pub error_code: i16,
}

impl Message for OffsetDeleteResponsePartition {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let partition_index = dec.i32()?;
        let error_code = dec.i16()?;
        Ok(Self { partition_index, error_code })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i32(self.partition_index);
        enc.i16(self.error_code);
        Ok(())
    }
}

impl OffsetDeleteResponseTopic {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.partitions {
            item.visit_errors(seen);
        }
    }
}

impl OffsetDeleteResponsePartition {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for OffsetDeleteResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
        for item in &self.topics {
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

impl Request for OffsetDeleteRequest {
    const KEY: ApiKey = ApiKey::OffsetDelete;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = i16::MAX;
    type Response = OffsetDeleteResponse;
}
