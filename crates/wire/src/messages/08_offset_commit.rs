//! OffsetCommit (key 8), versions 2-10. Commits the positions of a group.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// Commits the positions of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct OffsetCommitRequest {
    /// `string`, a groupId.
    pub group_id: Str,
    /// `int32`, default -1.
    pub generation_id_or_member_epoch: i32,
    /// `string`.
    pub member_id: Str,
    /// `string`, versions 7-10, nullable, default null.
    pub group_instance_id: Option<Str>,
    /// `int64`, versions 2-4, default -1.
    pub retention_time_ms: i64,
    /// `[]OffsetCommitRequestTopic`.
    pub topics: Vec<OffsetCommitRequestTopic>,
}

impl Default for OffsetCommitRequest {
    fn default() -> Self {
        Self {
            group_id: Str::EMPTY,
            generation_id_or_member_epoch: -1,
            member_id: Str::EMPTY,
            group_instance_id: None,
            retention_time_ms: -1,
            topics: Vec::new(),
        }
    }
}

impl OffsetCommitRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 2;
    /// The highest version.
    pub const MAX_VERSION: i16 = 10;
}

impl Message for OffsetCommitRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "OffsetCommitRequest",
                version,
            });
        }
        let flexible = version >= 8;
        let group_id = dec.string(flexible)?;
        let generation_id_or_member_epoch = dec.i32()?;
        let member_id = dec.string(flexible)?;
        let group_instance_id = if version >= 7 {
            dec.nullable_string(flexible)?
        } else {
            None
        };
        let retention_time_ms = if version <= 4 { dec.i64()? } else { -1 };
        let topics = dec.array(flexible, 3, |dec| {
            OffsetCommitRequestTopic::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            group_id,
            generation_id_or_member_epoch,
            member_id,
            group_instance_id,
            retention_time_ms,
            topics,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "OffsetCommitRequest",
                version,
            });
        }
        let flexible = version >= 8;
        enc.string(flexible, &self.group_id)?;
        enc.i32(self.generation_id_or_member_epoch);
        enc.string(flexible, &self.member_id)?;
        if version >= 7 {
            enc.nullable_string(flexible, self.group_instance_id.as_deref())?;
        } else if self.group_instance_id.is_some() {
            return Err(EncodeError::UnsupportedField {
                field: "OffsetCommitRequest.group_instance_id",
                version,
            });
        }
        if version <= 4 {
            enc.i64(self.retention_time_ms);
        }
        enc.array(flexible, &self.topics, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `OffsetCommitRequestTopic` in [`OffsetCommitRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetCommitRequestTopic {
    /// `string`, a topicName, versions 2-9.
    pub name: Str,
    /// `uuid`, versions 10.
    pub topic_id: Uuid,
    /// `[]OffsetCommitRequestPartition`.
    pub partitions: Vec<OffsetCommitRequestPartition>,
}

impl Message for OffsetCommitRequestTopic {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 8;
        let name = if version <= 9 {
            dec.string(flexible)?
        } else {
            Str::EMPTY
        };
        let topic_id = if version == 10 {
            dec.uuid()?
        } else {
            Uuid::ZERO
        };
        let partitions = dec.array(flexible, 14, |dec| {
            OffsetCommitRequestPartition::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { name, topic_id, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 8;
        if version <= 9 {
            enc.string(flexible, &self.name)?;
        }
        if version == 10 {
            enc.uuid(self.topic_id);
        }
        enc.array(flexible, &self.partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `OffsetCommitRequestPartition` in [`OffsetCommitRequest`].
#[derive(Debug, Clone, PartialEq)]
pub struct OffsetCommitRequestPartition {
    /// `int32`.
    pub partition_index: i32,
    /// `int64`.
    pub committed_offset: i64,
    /// `int32`, versions 6-10, default -1.
    pub committed_leader_epoch: i32,
    /// `string`, nullable.
    pub committed_metadata: Option<Str>,
}

impl Default for OffsetCommitRequestPartition {
    fn default() -> Self {
        Self {
            partition_index: 0,
            committed_offset: 0,
            committed_leader_epoch: -1,
            committed_metadata: Some(Str::EMPTY),
        }
    }
}

impl Message for OffsetCommitRequestPartition {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 8;
        let partition_index = dec.i32()?;
        let committed_offset = dec.i64()?;
        let committed_leader_epoch = if version >= 6 { dec.i32()? } else { -1 };
        let committed_metadata = dec.nullable_string(flexible)?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            partition_index,
            committed_offset,
            committed_leader_epoch,
            committed_metadata,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 8;
        enc.i32(self.partition_index);
        enc.i64(self.committed_offset);
        if version >= 6 {
            enc.i32(self.committed_leader_epoch);
        }
        enc.nullable_string(flexible, self.committed_metadata.as_deref())?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// Whether each partition's position was stored.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetCommitResponse {
    /// `int32`, versions 3-10.
    pub throttle_time_ms: i32,
    /// `[]OffsetCommitResponseTopic`.
    pub topics: Vec<OffsetCommitResponseTopic>,
}

impl OffsetCommitResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 2;
    /// The highest version.
    pub const MAX_VERSION: i16 = 10;
}

impl Message for OffsetCommitResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "OffsetCommitResponse",
                version,
            });
        }
        let flexible = version >= 8;
        let throttle_time_ms = if version >= 3 { dec.i32()? } else { 0 };
        let topics = dec.array(flexible, 3, |dec| {
            OffsetCommitResponseTopic::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { throttle_time_ms, topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "OffsetCommitResponse",
                version,
            });
        }
        let flexible = version >= 8;
        if version >= 3 {
            enc.i32(self.throttle_time_ms);
        }
        enc.array(flexible, &self.topics, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `OffsetCommitResponseTopic` in [`OffsetCommitResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetCommitResponseTopic {
    /// `string`, a topicName, versions 2-9.
    pub name: Str,
    /// `uuid`, versions 10.
    pub topic_id: Uuid,
    /// `[]OffsetCommitResponsePartition`.
    pub partitions: Vec<OffsetCommitResponsePartition>,
}

impl Message for OffsetCommitResponseTopic {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 8;
        let name = if version <= 9 {
            dec.string(flexible)?
        } else {
            Str::EMPTY
        };
        let topic_id = if version == 10 {
            dec.uuid()?
        } else {
            Uuid::ZERO
        };
        let partitions = dec.array(flexible, 6, |dec| {
            OffsetCommitResponsePartition::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { name, topic_id, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 8;
        if version <= 9 {
            enc.string(flexible, &self.name)?;
        }
        if version == 10 {
            enc.uuid(self.topic_id);
        }
        enc.array(flexible, &self.partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `OffsetCommitResponsePartition` in [`OffsetCommitResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetCommitResponsePartition {
    /// `int32`.
    pub partition_index: i32,
    /// `int16`.
    pub error_code: i16,
}

impl Message for OffsetCommitResponsePartition {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 8;
        let partition_index = dec.i32()?;
        let error_code = dec.i16()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { partition_index, error_code })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 8;
        enc.i32(self.partition_index);
        enc.i16(self.error_code);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

impl OffsetCommitResponseTopic {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.partitions {
            item.visit_errors(seen);
        }
    }
}

impl OffsetCommitResponsePartition {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for OffsetCommitResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
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

impl Request for OffsetCommitRequest {
    const KEY: ApiKey = ApiKey::OffsetCommit;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 8;
    type Response = OffsetCommitResponse;
}
