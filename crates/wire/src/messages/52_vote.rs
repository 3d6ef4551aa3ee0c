//! Vote (key 52), versions 0-2. Asks for a vote in the metadata quorum.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// Asks for a vote in the metadata quorum.
#[derive(Debug, Clone, PartialEq)]
pub struct VoteRequest {
    /// `string`, nullable, default null.
    pub cluster_id: Option<Str>,
    /// `int32`, a brokerId, versions 1-2, default -1.
    pub voter_id: i32,
    /// `[]TopicData`.
    pub topics: Vec<RequestTopicData>,
}

impl Default for VoteRequest {
    fn default() -> Self {
        Self { cluster_id: None, voter_id: -1, topics: Vec::new() }
    }
}

impl VoteRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for VoteRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "VoteRequest", version });
        }
        let cluster_id = dec.nullable_string(true)?;
        let voter_id = if version >= 1 { dec.i32()? } else { -1 };
        let topics = dec.array(true, 3, |dec| RequestTopicData::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { cluster_id, voter_id, topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "VoteRequest", version });
        }
        enc.nullable_string(true, self.cluster_id.as_deref())?;
        if version >= 1 {
            enc.i32(self.voter_id);
        }
        enc.array(true, &self.topics, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `TopicData` in [`VoteRequest`].
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
        let partitions = dec.array(true, 25, |dec| RequestPartitionData::decode(dec, version))?;
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

/// `PartitionData` in [`VoteRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RequestPartitionData {
    /// `int32`.
    pub partition_index: i32,
    /// `int32`.
    pub replica_epoch: i32,
    /// `int32`, a brokerId.
    pub replica_id: i32,
    /// `uuid`, versions 1-2.
    pub replica_directory_id: Uuid,
    /// `uuid`, versions 1-2.
    pub voter_directory_id: Uuid,
    /// `int32`.
    pub last_offset_epoch: i32,
    /// `int64`.
    pub last_offset: i64,
    /// `bool`, versions 2.
    pub pre_vote: bool,
}

impl Message for RequestPartitionData {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let partition_index = dec.i32()?;
        let replica_epoch = dec.i32()?;
        let replica_id = dec.i32()?;
        let replica_directory_id = if version >= 1 {
            dec.uuid()?
        } else {
            Uuid::ZERO
        };
        let voter_directory_id = if version >= 1 {
            dec.uuid()?
        } else {
            Uuid::ZERO
        };
        let last_offset_epoch = dec.i32()?;
        let last_offset = dec.i64()?;
        let pre_vote = if version == 2 { dec.bool()? } else { false };
        dec.skip_tagged_fields()?;
        Ok(Self {
            partition_index,
            replica_epoch,
            replica_id,
            replica_directory_id,
            voter_directory_id,
            last_offset_epoch,
            last_offset,
            pre_vote,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.i32(self.partition_index);
        enc.i32(self.replica_epoch);
        enc.i32(self.replica_id);
        if version >= 1 {
            enc.uuid(self.replica_directory_id);
        }
        if version >= 1 {
            enc.uuid(self.voter_directory_id);
        }
        enc.i32(self.last_offset_epoch);
        enc.i64(self.last_offset);
        if version == 2 {
            enc.bool(self.pre_vote);
        } else if self.pre_vote {
            return Err(EncodeError::UnsupportedField {
                field: "RequestPartitionData.pre_vote",
                version,
            });
        }
        enc.no_tagged_fields();
        Ok(())
    }
}

/// The voter's answer and what it knows of the leader.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct VoteResponse {
    /// `int16`.
    pub error_code: i16,
    /// `[]TopicData`.
    pub topics: Vec<ResponseTopicData>,
    /// `[]NodeEndpoint`, versions 1-2, tag 0.
    pub node_endpoints: Vec<NodeEndpoint>,
}

impl VoteResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for VoteResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "VoteResponse", version });
        }
        let error_code = dec.i16()?;
        let topics = dec.array(true, 3, |dec| ResponseTopicData::decode(dec, version))?;
        let mut node_endpoints = Vec::new();
        dec.tagged_fields(|dec, tag| {
            match tag {
                0 if version >= 1 => {
                    node_endpoints = dec.array(true, 8, |dec| NodeEndpoint::decode(dec, version))?
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self { error_code, topics, node_endpoints })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "VoteResponse", version });
        }
        enc.i16(self.error_code);
        enc.array(true, &self.topics, |enc, item| item.encode(enc, version))?;
        if version < 1 && !self.node_endpoints.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "VoteResponse.node_endpoints",
                version,
            });
        }
        enc.tagged_fields(|tags| {
            if version >= 1 && !self.node_endpoints.is_empty() {
                tags.field(0, |enc| {
                    enc.array(true, &self.node_endpoints, |enc, item| {
                        item.encode(enc, version)
                    })?;
                    Ok(())
                })?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// `TopicData` in [`VoteResponse`].
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
        let partitions = dec.array(true, 16, |dec| ResponsePartitionData::decode(dec, version))?;
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

/// `PartitionData` in [`VoteResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ResponsePartitionData {
    /// `int32`.
    pub partition_index: i32,
    /// `int16`.
    pub error_code: i16,
    /// `int32`, a brokerId.
    pub leader_id: i32,
    /// `int32`.
    pub leader_epoch: i32,
    /// `bool`.
    pub vote_granted: bool,
}

impl Message for ResponsePartitionData {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let partition_index = dec.i32()?;
        let error_code = dec.i16()?;
        let leader_id = dec.i32()?;
        let leader_epoch = dec.i32()?;
        let vote_granted = dec.bool()?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            partition_index,
            error_code,
            leader_id,
            leader_epoch,
            vote_granted,
        })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i32(self.partition_index);
        enc.i16(self.error_code);
        enc.i32(self.leader_id);
        enc.i32(self.leader_epoch);
        enc.bool(self.vote_granted);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `NodeEndpoint` in [`VoteResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NodeEndpoint {
    /// `int32`, a brokerId.
    pub node_id: i32,
    /// `string`.
    pub host: Str,
    /// `uint16`.
    pub port: u16,
}

impl Message for NodeEndpoint {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let node_id = dec.i32()?;
        let host = dec.string(true)?;
        let port = dec.u16()?;
        dec.skip_tagged_fields()?;
        Ok(Self { node_id, host, port })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i32(self.node_id);
        enc.string(true, &self.host)?;
        enc.u16(self.port);
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

impl Response for VoteResponse {
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

impl Request for VoteRequest {
    const KEY: ApiKey = ApiKey::Vote;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = VoteResponse;
}
