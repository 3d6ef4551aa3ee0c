//! DescribeTopicPartitions (key 75), versions 0. Asks for the partitions of topics, page by page.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// Asks for the partitions of topics, page by page.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeTopicPartitionsRequest {
    /// `[]TopicRequest`.
    pub topics: Vec<TopicRequest>,
    /// `int32`, default 2000.
    pub response_partition_limit: i32,
    /// `Cursor`, nullable, default null.
    pub cursor: Option<Box<RequestCursor>>,
}

impl Default for DescribeTopicPartitionsRequest {
    fn default() -> Self {
        Self {
            topics: Vec::new(),
            response_partition_limit: 2000,
            cursor: None,
        }
    }
}

impl DescribeTopicPartitionsRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for DescribeTopicPartitionsRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DescribeTopicPartitionsRequest",
                version,
            });
        }
        let topics = dec.array(true, 2, |dec| TopicRequest::decode(dec, version))?;
        let response_partition_limit = dec.i32()?;
        let cursor = if dec.struct_marker()? {
            Some(Box::new(RequestCursor::decode(dec, version)?))
        } else {
            None
        };
        dec.skip_tagged_fields()?;
        Ok(Self { topics, response_partition_limit, cursor })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DescribeTopicPartitionsRequest",
                version,
            });
        }
        enc.array(true, &self.topics, |enc, item| item.encode(enc, version))?;
        enc.i32(self.response_partition_limit);
        enc.struct_marker(self.cursor.is_some());
        if let Some(value) = &self.cursor {
            value.encode(enc, version)?;
        }
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `TopicRequest` in [`DescribeTopicPartitionsRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicRequest {
    /// `string`, a topicName.
    pub name: Str,
}

impl Message for TopicRequest {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let name = dec.string(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self { name })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.name)?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `Cursor` in [`DescribeTopicPartitionsRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RequestCursor {
    /// `string`, a topicName.
    pub topic_name: Str,
    /// `int32`.
    pub partition_index: i32,
}

impl Message for RequestCursor {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let topic_name = dec.string(true)?;
        let partition_index = dec.i32()?;
        dec.skip_tagged_fields()?;
        Ok(Self { topic_name, partition_index })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.topic_name)?;
        enc.i32(self.partition_index);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// A page of partitions and where the next begins.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeTopicPartitionsResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `[]DescribeTopicPartitionsResponseTopic`.
    pub topics: Vec<DescribeTopicPartitionsResponseTopic>,
    /// `Cursor`, nullable, default null.
    pub next_cursor: Option<Box<ResponseCursor>>,
}

impl DescribeTopicPartitionsResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for DescribeTopicPartitionsResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DescribeTopicPartitionsResponse",
                version,
            });
        }
        let throttle_time_ms = dec.i32()?;
        let topics = dec.array(true, 26, |dec| {
            DescribeTopicPartitionsResponseTopic::decode(dec, version)
        })?;
        let next_cursor = if dec.struct_marker()? {
            Some(Box::new(ResponseCursor::decode(dec, version)?))
        } else {
            None
        };
        dec.skip_tagged_fields()?;
        Ok(Self { throttle_time_ms, topics, next_cursor })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DescribeTopicPartitionsResponse",
                version,
            });
        }
        enc.i32(self.throttle_time_ms);
        enc.array(true, &self.topics, |enc, item| item.encode(enc, version))?;
        enc.struct_marker(self.next_cursor.is_some());
        if let Some(value) = &self.next_cursor {
            value.encode(enc, version)?;
        }
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `DescribeTopicPartitionsResponseTopic` in [`DescribeTopicPartitionsResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeTopicPartitionsResponseTopic {
    /// `int16`.
    pub error_code: i16,
    /// `string`, a topicName, nullable.
    pub name: Option<Str>,
    /// `uuid`.
    pub topic_id: Uuid,
    /// `bool`.
    pub is_internal: bool,
    /// `[]DescribeTopicPartitionsResponsePartition`.
    pub partitions: Vec<DescribeTopicPartitionsResponsePartition>,
    /// `int32`, default -2147483648.
    pub topic_authorized_operations: i32,
}

impl Default for DescribeTopicPartitionsResponseTopic {
    fn default() -> Self {
        Self {
            error_code: 0,
            name: Some(Str::EMPTY),
            topic_id: Uuid::ZERO,
            is_internal: false,
            partitions: Vec::new(),
            topic_authorized_operations: i32::MIN,
        }
    }
}

impl Message for DescribeTopicPartitionsResponseTopic {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let error_code = dec.i16()?;
        let name = dec.nullable_string(true)?;
        let topic_id = dec.uuid()?;
        let is_internal = dec.bool()?;
        let partitions = dec.array(true, 20, |dec| {
            DescribeTopicPartitionsResponsePartition::decode(dec, version)
        })?;
        let topic_authorized_operations = dec.i32()?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            error_code,
            name,
            topic_id,
            is_internal,
            partitions,
            topic_authorized_operations,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.i16(self.error_code);
        enc.nullable_string(true, self.name.as_deref())?;
        enc.uuid(self.topic_id);
        enc.bool(self.is_internal);
        enc.array(true, &self.partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.i32(self.topic_authorized_operations);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `DescribeTopicPartitionsResponsePartition` in [`DescribeTopicPartitionsResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeTopicPartitionsResponsePartition {
    /// `int16`.
    pub error_code: i16,
    /// `int32`.
    pub partition_index: i32,
    /// `int32`, a brokerId.
    pub leader_id: i32,
    /// `int32`, default -1.
    pub leader_epoch: i32,
    /// `[]int32`, a brokerId.
    pub replica_nodes: Vec<i32>,
    /// `[]int32`, a brokerId.
    pub isr_nodes: Vec<i32>,
    /// `[]int32`, a brokerId, nullable, default null.
    pub eligible_leader_replicas: Option<Vec<i32>>,
    /// `[]int32`, a brokerId, nullable, default null.
    pub last_known_elr: Option<Vec<i32>>,
    /// `[]int32`, a brokerId.
    pub offline_replicas: Vec<i32>,
}

impl Default for DescribeTopicPartitionsResponsePartition {
    fn default() -> Self {
        Self {
            error_code: 0,
            partition_index: 0,
            leader_id: 0,
            leader_epoch: -1,
            replica_nodes: Vec::new(),
            isr_nodes: Vec::new(),
            eligible_leader_replicas: None,
            last_known_elr: None,
            offline_replicas: Vec::new(),
        }
    }
}

impl Message for DescribeTopicPartitionsResponsePartition {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let error_code = dec.i16()?;
        let partition_index = dec.i32()?;
        let leader_id = dec.i32()?;
        let leader_epoch = dec.i32()?;
        let replica_nodes = dec.array(true, 4, Dec::i32)?;
        let isr_nodes = dec.array(true, 4, Dec::i32)?;
        let eligible_leader_replicas = dec.nullable_array(true, 4, Dec::i32)?;
        let last_known_elr = dec.nullable_array(true, 4, Dec::i32)?;
        let offline_replicas = dec.array(true, 4, Dec::i32)?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            error_code,
            partition_index,
            leader_id,
            leader_epoch,
            replica_nodes,
            isr_nodes,
            eligible_leader_replicas,
            last_known_elr,
            offline_replicas,
        })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i16(self.error_code);
        enc.i32(self.partition_index);
        enc.i32(self.leader_id);
        enc.i32(self.leader_epoch);
        enc.array(true, &self.replica_nodes, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        enc.array(true, &self.isr_nodes, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        enc.nullable_array(
            true,
            self.eligible_leader_replicas.as_deref(),
            |enc, item| {
                enc.i32(*item);
                Ok(())
            },
        )?;
        enc.nullable_array(true, self.last_known_elr.as_deref(), |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        enc.array(true, &self.offline_replicas, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `Cursor` in [`DescribeTopicPartitionsResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ResponseCursor {
    /// `string`, a topicName.
    pub topic_name: Str,
    /// `int32`.
    pub partition_index: i32,
}

impl Message for ResponseCursor {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let topic_name = dec.string(true)?;
        let partition_index = dec.i32()?;
        dec.skip_tagged_fields()?;
        Ok(Self { topic_name, partition_index })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.topic_name)?;
        enc.i32(self.partition_index);
        enc.no_tagged_fields();
        Ok(())
    }
}

impl DescribeTopicPartitionsResponseTopic {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
        for item in &self.partitions {
            item.visit_errors(seen);
        }
    }
}

impl DescribeTopicPartitionsResponsePartition {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for DescribeTopicPartitionsResponse {
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

impl Request for DescribeTopicPartitionsRequest {
    const KEY: ApiKey = ApiKey::DescribeTopicPartitions;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = DescribeTopicPartitionsResponse;
}
