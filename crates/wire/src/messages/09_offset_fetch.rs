//! OffsetFetch (key 9), versions 1-10. Asks for the committed positions of groups.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// Asks for the committed positions of groups.
#[derive(Debug, Clone, PartialEq)]
pub struct OffsetFetchRequest {
    /// `string`, a groupId, versions 1-7.
    pub group_id: Str,
    /// `[]OffsetFetchRequestTopic`, versions 1-7, nullable in 2-7.
    pub topics: Option<Vec<OffsetFetchRequestTopic>>,
    /// `[]OffsetFetchRequestGroup`, versions 8-10.
    pub groups: Vec<OffsetFetchRequestGroup>,
    /// `bool`, versions 7-10.
    pub require_stable: bool,
}

impl Default for OffsetFetchRequest {
    fn default() -> Self {
        Self {
            group_id: Str::EMPTY,
            topics: Some(Vec::new()),
            groups: Vec::new(),
            require_stable: false,
        }
    }
}

impl OffsetFetchRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 1;
    /// The highest version.
    pub const MAX_VERSION: i16 = 10;
}

impl Message for OffsetFetchRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "OffsetFetchRequest", version });
        }
        let flexible = version >= 6;
        let group_id = if version <= 7 {
            dec.string(flexible)?
        } else {
            Str::EMPTY
        };
        let topics = if version <= 7 {
            if version >= 2 {
                dec.nullable_array(flexible, 3, |dec| {
                    OffsetFetchRequestTopic::decode(dec, version)
                })?
            } else {
                Some(dec.array(flexible, 3, |dec| {
                    OffsetFetchRequestTopic::decode(dec, version)
                })?)
            }
        } else {
            Some(Vec::new())
        };
        let groups = if version >= 8 {
            dec.array(flexible, 3, |dec| {
                OffsetFetchRequestGroup::decode(dec, version)
            })?
        } else {
            Vec::new()
        };
        let require_stable = if version >= 7 { dec.bool()? } else { false };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { group_id, topics, groups, require_stable })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "OffsetFetchRequest", version });
        }
        let flexible = version >= 6;
        if version <= 7 {
            enc.string(flexible, &self.group_id)?;
        } else if !self.group_id.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "OffsetFetchRequest.group_id",
                version,
            });
        }
        if version <= 7 {
            if version >= 2 {
                enc.nullable_array(flexible, self.topics.as_deref(), |enc, item| {
                    item.encode(enc, version)
                })?;
            } else {
                let Some(value) = &self.topics else {
                    return Err(EncodeError::UnexpectedNull {
                        field: "OffsetFetchRequest.topics",
                        version,
                    });
                };
                enc.array(flexible, value, |enc, item| item.encode(enc, version))?;
            }
        } else if self.topics.as_ref().is_none_or(|value| !value.is_empty()) {
            return Err(EncodeError::UnsupportedField {
                field: "OffsetFetchRequest.topics",
                version,
            });
        }
        if version >= 8 {
            enc.array(flexible, &self.groups, |enc, item| {
                item.encode(enc, version)
            })?;
        } else if !self.groups.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "OffsetFetchRequest.groups",
                version,
            });
        }
        if version >= 7 {
            enc.bool(self.require_stable);
        } else if self.require_stable {
            return Err(EncodeError::UnsupportedField {
                field: "OffsetFetchRequest.require_stable",
                version,
            });
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `OffsetFetchRequestTopic` in [`OffsetFetchRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetFetchRequestTopic {
    /// `string`, a topicName.
    pub name: Str,
    /// `[]int32`.
    pub partition_indexes: Vec<i32>,
}

impl Message for OffsetFetchRequestTopic {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 6;
        let name = dec.string(flexible)?;
        let partition_indexes = dec.array(flexible, 4, Dec::i32)?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { name, partition_indexes })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 6;
        enc.string(flexible, &self.name)?;
        enc.array(flexible, &self.partition_indexes, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `OffsetFetchRequestGroup` in [`OffsetFetchRequest`].
#[derive(Debug, Clone, PartialEq)]
pub struct OffsetFetchRequestGroup {
    /// `string`, a groupId.
    pub group_id: Str,
    /// `string`, versions 9-10, nullable, default null.
    pub member_id: Option<Str>,
    /// `int32`, versions 9-10, default -1.
    pub member_epoch: i32,
    /// `[]OffsetFetchRequestTopics`, nullable.
    pub topics: Option<Vec<OffsetFetchRequestTopics>>,
}

impl Default for OffsetFetchRequestGroup {
    fn default() -> Self {
        Self {
            group_id: Str::EMPTY,
            member_id: None,
            member_epoch: -1,
            topics: Some(Vec::new()),
        }
    }
}

impl Message for OffsetFetchRequestGroup {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let group_id = dec.string(true)?;
        let member_id = if version >= 9 {
            dec.nullable_string(true)?
        } else {
            None
        };
        let member_epoch = if version >= 9 { dec.i32()? } else { -1 };
        let topics = dec.nullable_array(true, 3, |dec| {
            OffsetFetchRequestTopics::decode(dec, version)
        })?;
        dec.skip_tagged_fields()?;
        Ok(Self { group_id, member_id, member_epoch, topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.group_id)?;
        if version >= 9 {
            enc.nullable_string(true, self.member_id.as_deref())?;
        }
        if version >= 9 {
            enc.i32(self.member_epoch);
        }
        enc.nullable_array(true, self.topics.as_deref(), |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `OffsetFetchRequestTopics` in [`OffsetFetchRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetFetchRequestTopics {
    /// `string`, a topicName, versions 8-9.
    pub name: Str,
    /// `uuid`, versions 10.
    pub topic_id: Uuid,
    /// `[]int32`.
    pub partition_indexes: Vec<i32>,
}

impl Message for OffsetFetchRequestTopics {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let name = if version <= 9 {
            dec.string(true)?
        } else {
            Str::EMPTY
        };
        let topic_id = if version == 10 {
            dec.uuid()?
        } else {
            Uuid::ZERO
        };
        let partition_indexes = dec.array(true, 4, Dec::i32)?;
        dec.skip_tagged_fields()?;
        Ok(Self { name, topic_id, partition_indexes })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if version <= 9 {
            enc.string(true, &self.name)?;
        }
        if version == 10 {
            enc.uuid(self.topic_id);
        }
        enc.array(true, &self.partition_indexes, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// The stored positions with their metadata.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetFetchResponse {
    /// `int32`, versions 3-10.
    pub throttle_time_ms: i32,
    /// `[]OffsetFetchResponseTopic`, versions 1-7.
    pub topics: Vec<OffsetFetchResponseTopic>,
    /// `int16`, versions 2-7.
    pub error_code: i16,
    /// `[]OffsetFetchResponseGroup`, versions 8-10.
    pub groups: Vec<OffsetFetchResponseGroup>,
}

impl OffsetFetchResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 1;
    /// The highest version.
    pub const MAX_VERSION: i16 = 10;
}

impl Message for OffsetFetchResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "OffsetFetchResponse",
                version,
            });
        }
        let flexible = version >= 6;
        let throttle_time_ms = if version >= 3 { dec.i32()? } else { 0 };
        let topics = if version <= 7 {
            dec.array(flexible, 3, |dec| {
                OffsetFetchResponseTopic::decode(dec, version)
            })?
        } else {
            Vec::new()
        };
        let error_code = if (2..=7).contains(&version) {
            dec.i16()?
        } else {
            0
        };
        let groups = if version >= 8 {
            dec.array(flexible, 5, |dec| {
                OffsetFetchResponseGroup::decode(dec, version)
            })?
        } else {
            Vec::new()
        };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { throttle_time_ms, topics, error_code, groups })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "OffsetFetchResponse",
                version,
            });
        }
        let flexible = version >= 6;
        if version >= 3 {
            enc.i32(self.throttle_time_ms);
        }
        if version <= 7 {
            enc.array(flexible, &self.topics, |enc, item| {
                item.encode(enc, version)
            })?;
        } else if !self.topics.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "OffsetFetchResponse.topics",
                version,
            });
        }
        if (2..=7).contains(&version) {
            enc.i16(self.error_code);
        }
        if version >= 8 {
            enc.array(flexible, &self.groups, |enc, item| {
                item.encode(enc, version)
            })?;
        } else if !self.groups.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "OffsetFetchResponse.groups",
                version,
            });
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `OffsetFetchResponseTopic` in [`OffsetFetchResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetFetchResponseTopic {
    /// `string`, a topicName.
    pub name: Str,
    /// `[]OffsetFetchResponsePartition`.
    pub partitions: Vec<OffsetFetchResponsePartition>,
}

impl Message for OffsetFetchResponseTopic {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 6;
        let name = dec.string(flexible)?;
        let partitions = dec.array(flexible, 16, |dec| {
            OffsetFetchResponsePartition::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { name, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 6;
        enc.string(flexible, &self.name)?;
        enc.array(flexible, &self.partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `OffsetFetchResponsePartition` in [`OffsetFetchResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct OffsetFetchResponsePartition {
    /// `int32`.
    pub partition_index: i32,
    /// `int64`.
    pub committed_offset: i64,
    /// `int32`, versions 5-7, default -1.
    pub committed_leader_epoch: i32,
    /// `string`, nullable.
    pub metadata: Option<Str>,
    /// `int16`.
    pub error_code: i16,
}

impl Default for OffsetFetchResponsePartition {
    fn default() -> Self {
        Self {
            partition_index: 0,
            committed_offset: 0,
            committed_leader_epoch: -1,
            metadata: Some(Str::EMPTY),
            error_code: 0,
        }
    }
}

impl Message for OffsetFetchResponsePartition {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 6;
        let partition_index = dec.i32()?;
        let committed_offset = dec.i64()?;
        let committed_leader_epoch = if version >= 5 { dec.i32()? } else { -1 };
        let metadata = dec.nullable_string(flexible)?;
        let error_code = dec.i16()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            partition_index,
            committed_offset,
            committed_leader_epoch,
            metadata,
            error_code,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 6;
        enc.i32(self.partition_index);
        enc.i64(self.committed_offset);
        if version >= 5 {
            enc.i32(self.committed_leader_epoch);
        }
        enc.nullable_string(flexible, self.metadata.as_deref())?;
        enc.i16(self.error_code);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `OffsetFetchResponseGroup` in [`OffsetFetchResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetFetchResponseGroup {
    /// `string`, a groupId.
    pub group_id: Str,
    /// `[]OffsetFetchResponseTopics`.
    pub topics: Vec<OffsetFetchResponseTopics>,
    /// `int16`.
    pub error_code: i16,
}

impl Message for OffsetFetchResponseGroup {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let group_id = dec.string(true)?;
        let topics = dec.array(true, 3, |dec| {
            OffsetFetchResponseTopics::decode(dec, version)
        })?;
        let error_code = dec.i16()?;
        dec.skip_tagged_fields()?;
        Ok(Self { group_id, topics, error_code })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.group_id)?;
        enc.array(true, &self.topics, |enc, item| item.encode(enc, version))?;
        enc.i16(self.error_code);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `OffsetFetchResponseTopics` in [`OffsetFetchResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetFetchResponseTopics {
    /// `string`, a topicName, versions 8-9.
    pub name: Str,
    /// `uuid`, versions 10.
    pub topic_id: Uuid,
    /// `[]OffsetFetchResponsePartitions`.
    pub partitions: Vec<OffsetFetchResponsePartitions>,
}

impl Message for OffsetFetchResponseTopics {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let name = if version <= 9 {
            dec.string(true)?
        } else {
            Str::EMPTY
        };
        let topic_id = if version == 10 {
            dec.uuid()?
        } else {
            Uuid::ZERO
        };
        let partitions = dec.array(true, 20, |dec| {
            OffsetFetchResponsePartitions::decode(dec, version)
        })?;
        dec.skip_tagged_fields()?;
        Ok(Self { name, topic_id, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if version <= 9 {
            enc.string(true, &self.name)?;
        }
        if version == 10 {
            enc.uuid(self.topic_id);
        }
        enc.array(true, &self.partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `OffsetFetchResponsePartitions` in [`OffsetFetchResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct OffsetFetchResponsePartitions {
    /// `int32`.
    pub partition_index: i32,
    /// `int64`.
    pub committed_offset: i64,
    /// `int32`, default -1.
    pub committed_leader_epoch: i32,
    /// `string`, nullable.
    pub metadata: Option<Str>,
    /// `int16`.
    pub error_code: i16,
}

impl Default for OffsetFetchResponsePartitions {
    fn default() -> Self {
        Self {
            partition_index: 0,
            committed_offset: 0,
            committed_leader_epoch: -1,
            metadata: Some(Str::EMPTY),
            error_code: 0,
        }
    }
}

impl Message for OffsetFetchResponsePartitions {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let partition_index = dec.i32()?;
        let committed_offset = dec.i64()?;
        let committed_leader_epoch = dec.i32()?;
        let metadata = dec.nullable_string(true)?;
        let error_code = dec.i16()?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            partition_index,
            committed_offset,
            committed_leader_epoch,
            metadata,
            error_code,
        })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i32(self.partition_index);
        enc.i64(self.committed_offset);
        enc.i32(self.committed_leader_epoch);
        enc.nullable_string(true, self.metadata.as_deref())?;
        enc.i16(self.error_code);
        enc.no_tagged_fields();
        Ok(())
    }
}

impl OffsetFetchResponseTopic {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.partitions {
            item.visit_errors(seen);
        }
    }
}

impl OffsetFetchResponsePartition {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl OffsetFetchResponseGroup {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.topics {
            item.visit_errors(seen);
        }
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl OffsetFetchResponseTopics {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.partitions {
            item.visit_errors(seen);
        }
    }
}

impl OffsetFetchResponsePartitions {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for OffsetFetchResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.topics {
            item.visit_errors(seen);
        }
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
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

impl Request for OffsetFetchRequest {
    const KEY: ApiKey = ApiKey::OffsetFetch;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 6;
    type Response = OffsetFetchResponse;
}
