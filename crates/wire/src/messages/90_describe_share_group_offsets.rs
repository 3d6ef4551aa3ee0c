//! DescribeShareGroupOffsets (key 90), versions 0-1. Asks where share groups stand.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// Asks where share groups stand.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeShareGroupOffsetsRequest {
    /// `[]DescribeShareGroupOffsetsRequestGroup`.
    pub groups: Vec<DescribeShareGroupOffsetsRequestGroup>,
}

impl DescribeShareGroupOffsetsRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 1;
}

impl Message for DescribeShareGroupOffsetsRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DescribeShareGroupOffsetsRequest",
                version,
            });
        }
        let groups = dec.array(true, 3, |dec| {
            DescribeShareGroupOffsetsRequestGroup::decode(dec, version)
        })?;
        dec.skip_tagged_fields()?;
        Ok(Self { groups })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DescribeShareGroupOffsetsRequest",
                version,
            });
        }
        enc.array(true, &self.groups, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `DescribeShareGroupOffsetsRequestGroup` in [`DescribeShareGroupOffsetsRequest`].
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeShareGroupOffsetsRequestGroup {
    /// `string`, a groupId.
    pub group_id: Str,
    /// `[]DescribeShareGroupOffsetsRequestTopic`, nullable.
    pub topics: Option<Vec<DescribeShareGroupOffsetsRequestTopic>>,
}

impl Default for DescribeShareGroupOffsetsRequestGroup {
    fn default() -> Self {
        Self { group_id: Str::EMPTY, topics: Some(Vec::new()) }
    }
}

impl Message for DescribeShareGroupOffsetsRequestGroup {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let group_id = dec.string(true)?;
        let topics = dec.nullable_array(true, 3, |dec| {
            DescribeShareGroupOffsetsRequestTopic::decode(dec, version)
        })?;
        dec.skip_tagged_fields()?;
        Ok(Self { group_id, topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.group_id)?;
        enc.nullable_array(true, self.topics.as_deref(), |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `DescribeShareGroupOffsetsRequestTopic` in [`DescribeShareGroupOffsetsRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeShareGroupOffsetsRequestTopic {
    /// `string`, a topicName.
    pub topic_name: Str,
    /// `[]int32`.
    pub partitions: Vec<i32>,
}

impl Message for DescribeShareGroupOffsetsRequestTopic {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let topic_name = dec.string(true)?;
        let partitions = dec.array(true, 4, Dec::i32)?;
        dec.skip_tagged_fields()?;
        Ok(Self { topic_name, partitions })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.topic_name)?;
        enc.array(true, &self.partitions, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// The start offset and lag of each partition.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeShareGroupOffsetsResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `[]DescribeShareGroupOffsetsResponseGroup`.
    pub groups: Vec<DescribeShareGroupOffsetsResponseGroup>,
}

impl DescribeShareGroupOffsetsResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 1;
}

impl Message for DescribeShareGroupOffsetsResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DescribeShareGroupOffsetsResponse",
                version,
            });
        }
        let throttle_time_ms = dec.i32()?;
        let groups = dec.array(true, 6, |dec| {
            DescribeShareGroupOffsetsResponseGroup::decode(dec, version)
        })?;
        dec.skip_tagged_fields()?;
        Ok(Self { throttle_time_ms, groups })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DescribeShareGroupOffsetsResponse",
                version,
            });
        }
        enc.i32(self.throttle_time_ms);
        enc.array(true, &self.groups, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `DescribeShareGroupOffsetsResponseGroup` in [`DescribeShareGroupOffsetsResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeShareGroupOffsetsResponseGroup {
    /// `string`, a groupId.
    pub group_id: Str,
    /// `[]DescribeShareGroupOffsetsResponseTopic`.
    pub topics: Vec<DescribeShareGroupOffsetsResponseTopic>,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable, default null.
    pub error_message: Option<Str>,
}

impl Message for DescribeShareGroupOffsetsResponseGroup {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let group_id = dec.string(true)?;
        let topics = dec.array(true, 19, |dec| {
            DescribeShareGroupOffsetsResponseTopic::decode(dec, version)
        })?;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self { group_id, topics, error_code, error_message })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.group_id)?;
        enc.array(true, &self.topics, |enc, item| item.encode(enc, version))?;
        enc.i16(self.error_code);
        enc.nullable_string(true, self.error_message.as_deref())?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `DescribeShareGroupOffsetsResponseTopic` in [`DescribeShareGroupOffsetsResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeShareGroupOffsetsResponseTopic {
    /// `string`, a topicName.
    pub topic_name: Str,
    /// `uuid`.
    pub topic_id: Uuid,
    /// `[]DescribeShareGroupOffsetsResponsePartition`.
    pub partitions: Vec<DescribeShareGroupOffsetsResponsePartition>,
}

impl Message for DescribeShareGroupOffsetsResponseTopic {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let topic_name = dec.string(true)?;
        let topic_id = dec.uuid()?;
        let partitions = dec.array(true, 20, |dec| {
            DescribeShareGroupOffsetsResponsePartition::decode(dec, version)
        })?;
        dec.skip_tagged_fields()?;
        Ok(Self { topic_name, topic_id, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.topic_name)?;
        enc.uuid(self.topic_id);
        enc.array(true, &self.partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `DescribeShareGroupOffsetsResponsePartition` in [`DescribeShareGroupOffsetsResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeShareGroupOffsetsResponsePartition {
    /// `int32`.
    pub partition_index: i32,
    /// `int64`.
    pub start_offset: i64,
    /// `int32`.
    pub leader_epoch: i32,
    /// `int64`, versions 1, default -1.
    pub lag: i64,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable, default null.
    pub error_message: Option<Str>,
}

impl Default for DescribeShareGroupOffsetsResponsePartition {
    fn default() -> Self {
        Self {
            partition_index: 0,
            start_offset: 0,
            leader_epoch: 0,
            lag: -1,
            error_code: 0,
            error_message: None,
        }
    }
}

impl Message for DescribeShareGroupOffsetsResponsePartition {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let partition_index = dec.i32()?;
        let start_offset = dec.i64()?;
        let leader_epoch = dec.i32()?;
        let lag = if version == 1 { dec.i64()? } else { -1 };
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            partition_index,
            start_offset,
            leader_epoch,
            lag,
            error_code,
            error_message,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.i32(self.partition_index);
        enc.i64(self.start_offset);
        enc.i32(self.leader_epoch);
        if version == 1 {
            enc.i64(self.lag);
        }
        enc.i16(self.error_code);
        enc.nullable_string(true, self.error_message.as_deref())?;
        enc.no_tagged_fields();
        Ok(())
    }
}

impl DescribeShareGroupOffsetsResponseGroup {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.topics {
            item.visit_errors(seen);
        }
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl DescribeShareGroupOffsetsResponseTopic {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.partitions {
            item.visit_errors(seen);
        }
    }
}

impl DescribeShareGroupOffsetsResponsePartition {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for DescribeShareGroupOffsetsResponse {
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

impl Request for DescribeShareGroupOffsetsRequest {
    const KEY: ApiKey = ApiKey::DescribeShareGroupOffsets;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = DescribeShareGroupOffsetsResponse;
}
