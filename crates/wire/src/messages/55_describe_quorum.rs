//! DescribeQuorum (key 55), versions 0-2. Asks how far voters and observers of the quorum are.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// Asks how far voters and observers of the quorum are.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeQuorumRequest {
    /// `[]TopicData`.
    pub topics: Vec<RequestTopicData>,
}

impl DescribeQuorumRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for DescribeQuorumRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DescribeQuorumRequest",
                version,
            });
        }
        let topics = dec.array(true, 3, |dec| RequestTopicData::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DescribeQuorumRequest",
                version,
            });
        }
        enc.array(true, &self.topics, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `TopicData` in [`DescribeQuorumRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RequestTopicData {
    /// `string`, a topicName.
    pub topic_name: Str,
    /// `[]PartitionData`.
    pub partitions: Vec<RequestPartitionData>,
}

impl Message for RequestTopicData {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let topic_name = dec.string(true)?;
        let partitions = dec.array(true, 5, |dec| RequestPartitionData::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { topic_name, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.topic_name)?;
        enc.array(true, &self.partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `PartitionData` in [`DescribeQuorumRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RequestPartitionData {
    /// `int32`.
    pub partition_index: i32,
}

impl Message for RequestPartitionData {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let partition_index = dec.i32()?;
        dec.skip_tagged_fields()?;
        Ok(Self { partition_index })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i32(self.partition_index);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// Leader, epoch, and each replica's progress.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeQuorumResponse {
    /// `int16`.
    pub error_code: i16,
    /// `string`, versions 2, nullable.
    pub error_message: Option<Str>,
    /// `[]TopicData`.
    pub topics: Vec<ResponseTopicData>,
    /// `[]Node`, versions 2.
    pub nodes: Vec<Node>,
}

impl Default for DescribeQuorumResponse {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: Some(Str::EMPTY),
            topics: Vec::new(),
            nodes: Vec::new(),
        }
    }
}

impl DescribeQuorumResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for DescribeQuorumResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DescribeQuorumResponse",
                version,
            });
        }
        let error_code = dec.i16()?;
        let error_message = if version == 2 {
            dec.nullable_string(true)?
        } else {
            Some(Str::EMPTY)
        };
        let topics = dec.array(true, 3, |dec| ResponseTopicData::decode(dec, version))?;
        let nodes = if version == 2 {
            dec.array(true, 6, |dec| Node::decode(dec, version))?
        } else {
            Vec::new()
        };
        dec.skip_tagged_fields()?;
        Ok(Self { error_code, error_message, topics, nodes })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DescribeQuorumResponse",
                version,
            });
        }
        enc.i16(self.error_code);
        if version == 2 {
            enc.nullable_string(true, self.error_message.as_deref())?;
        }
        enc.array(true, &self.topics, |enc, item| item.encode(enc, version))?;
        if version == 2 {
            enc.array(true, &self.nodes, |enc, item| item.encode(enc, version))?;
        } else if !self.nodes.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "DescribeQuorumResponse.nodes",
                version,
            });
        }
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `TopicData` in [`DescribeQuorumResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ResponseTopicData {
    /// `string`, a topicName.
    pub topic_name: Str,
    /// `[]PartitionData`.
    pub partitions: Vec<ResponsePartitionData>,
}

impl Message for ResponseTopicData {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let topic_name = dec.string(true)?;
        let partitions = dec.array(true, 25, |dec| ResponsePartitionData::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { topic_name, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.topic_name)?;
        enc.array(true, &self.partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `PartitionData` in [`DescribeQuorumResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct ResponsePartitionData {
    /// `int32`.
    pub partition_index: i32,
    /// `int16`.
    pub error_code: i16,
    /// `string`, versions 2, nullable.
    pub error_message: Option<Str>,
    /// `int32`, a brokerId.
    pub leader_id: i32,
    /// `int32`.
    pub leader_epoch: i32,
    /// `int64`.
    pub high_watermark: i64,
    /// `[]ReplicaState`.
    pub current_voters: Vec<ReplicaState>,
    /// `[]ReplicaState`.
    pub observers: Vec<ReplicaState>,
}

impl Default for ResponsePartitionData {
    fn default() -> Self {
        Self {
            partition_index: 0,
            error_code: 0,
            error_message: Some(Str::EMPTY),
            leader_id: 0,
            leader_epoch: 0,
            high_watermark: 0,
            current_voters: Vec::new(),
            observers: Vec::new(),
        }
    }
}

impl Message for ResponsePartitionData {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let partition_index = dec.i32()?;
        let error_code = dec.i16()?;
        let error_message = if version == 2 {
            dec.nullable_string(true)?
        } else {
            Some(Str::EMPTY)
        };
        let leader_id = dec.i32()?;
        let leader_epoch = dec.i32()?;
        let high_watermark = dec.i64()?;
        let current_voters = dec.array(true, 13, |dec| ReplicaState::decode(dec, version))?;
        let observers = dec.array(true, 13, |dec| ReplicaState::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            partition_index,
            error_code,
            error_message,
            leader_id,
            leader_epoch,
            high_watermark,
            current_voters,
            observers,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.i32(self.partition_index);
        enc.i16(self.error_code);
        if version == 2 {
            enc.nullable_string(true, self.error_message.as_deref())?;
        }
        enc.i32(self.leader_id);
        enc.i32(self.leader_epoch);
        enc.i64(self.high_watermark);
        enc.array(true, &self.current_voters, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.array(true, &self.observers, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `Node` in [`DescribeQuorumResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Node {
    /// `int32`, a brokerId.
    pub node_id: i32,
    /// `[]Listener`.
    pub listeners: Vec<Listener>,
}

impl Message for Node {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let node_id = dec.i32()?;
        let listeners = dec.array(true, 5, |dec| Listener::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { node_id, listeners })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.i32(self.node_id);
        enc.array(true, &self.listeners, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `Listener` in [`DescribeQuorumResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Listener {
    /// `string`.
    pub name: Str,
    /// `string`.
    pub host: Str,
    /// `uint16`.
    pub port: u16,
}

impl Message for Listener {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let name = dec.string(true)?;
        let host = dec.string(true)?;
        let port = dec.u16()?;
        dec.skip_tagged_fields()?;
        Ok(Self { name, host, port })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.name)?;
        enc.string(true, &self.host)?;
        enc.u16(self.port);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `ReplicaState` in [`DescribeQuorumResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct ReplicaState {
    /// `int32`, a brokerId.
    pub replica_id: i32,
    /// `uuid`, versions 2.
    pub replica_directory_id: Uuid,
    /// `int64`.
    pub log_end_offset: i64,
    /// `int64`, versions 1-2, default -1.
    pub last_fetch_timestamp: i64,
    /// `int64`, versions 1-2, default -1.
    pub last_caught_up_timestamp: i64,
}

impl Default for ReplicaState {
    fn default() -> Self {
        Self {
            replica_id: 0,
            replica_directory_id: Uuid::ZERO,
            log_end_offset: 0,
            last_fetch_timestamp: -1,
            last_caught_up_timestamp: -1,
        }
    }
}

impl Message for ReplicaState {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let replica_id = dec.i32()?;
        let replica_directory_id = if version == 2 {
            dec.uuid()?
        } else {
            Uuid::ZERO
        };
        let log_end_offset = dec.i64()?;
        let last_fetch_timestamp = if version >= 1 { dec.i64()? } else { -1 };
        let last_caught_up_timestamp = if version >= 1 { dec.i64()? } else { -1 };
        dec.skip_tagged_fields()?;
        Ok(Self {
            replica_id,
            replica_directory_id,
            log_end_offset,
            last_fetch_timestamp,
            last_caught_up_timestamp,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.i32(self.replica_id);
        if version == 2 {
            enc.uuid(self.replica_directory_id);
        } else if self.replica_directory_id != Uuid::ZERO {
            return Err(EncodeError::UnsupportedField {
                field: "ReplicaState.replica_directory_id",
                version,
            });
        }
        enc.i64(self.log_end_offset);
        if version >= 1 {
            enc.i64(self.last_fetch_timestamp);
        }
        if version >= 1 {
            enc.i64(self.last_caught_up_timestamp);
        }
        enc.no_tagged_fields();
        Ok(())
    }
}

impl ResponseTopicData {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.partitions {
            item.visit_errors(seen);
        }
    }
}

impl ResponsePartitionData {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for DescribeQuorumResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
        for item in &self.topics {
            item.visit_errors(seen);
        }
    }

    fn throttle_time_ms(&self) -> i32 {
        0
    }

    fn set_throttle_time_ms(&mut self, _ms: i32) {}
}

impl Request for DescribeQuorumRequest {
    const KEY: ApiKey = ApiKey::DescribeQuorum;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = DescribeQuorumResponse;
}
