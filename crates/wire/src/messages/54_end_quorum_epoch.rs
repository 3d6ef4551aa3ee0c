//! EndQuorumEpoch (key 54), versions 0-1. Tells the voters that a leader steps down.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// Tells the voters that a leader steps down.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EndQuorumEpochRequest {
    /// `string`, nullable, default null.
    pub cluster_id: Option<Str>,
    /// `[]TopicData`.
    pub topics: Vec<RequestTopicData>,
    /// `[]LeaderEndpoint`, versions 1.
    pub leader_endpoints: Vec<LeaderEndpoint>,
}

impl EndQuorumEpochRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 1;
}

impl Message for EndQuorumEpochRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "EndQuorumEpochRequest",
                version,
            });
        }
        let flexible = version == 1;
        let cluster_id = dec.nullable_string(flexible)?;
        let topics = dec.array(flexible, 3, |dec| RequestTopicData::decode(dec, version))?;
        let leader_endpoints = if version == 1 {
            dec.array(flexible, 5, |dec| LeaderEndpoint::decode(dec, version))?
        } else {
            Vec::new()
        };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { cluster_id, topics, leader_endpoints })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "EndQuorumEpochRequest",
                version,
            });
        }
        let flexible = version == 1;
        enc.nullable_string(flexible, self.cluster_id.as_deref())?;
        enc.array(flexible, &self.topics, |enc, item| {
            item.encode(enc, version)
        })?;
        if version == 1 {
            enc.array(flexible, &self.leader_endpoints, |enc, item| {
                item.encode(enc, version)
            })?;
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `TopicData` in [`EndQuorumEpochRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RequestTopicData {
    /// `string`, a topicName.
    pub topic_name: Str,
    /// `[]PartitionData`.
    pub partitions: Vec<RequestPartitionData>,
}

impl Message for RequestTopicData {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 1;
        let topic_name = dec.string(flexible)?;
        let partitions = dec.array(flexible, 14, |dec| {
            RequestPartitionData::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { topic_name, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 1;
        enc.string(flexible, &self.topic_name)?;
        enc.array(flexible, &self.partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `PartitionData` in [`EndQuorumEpochRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RequestPartitionData {
    /// `int32`.
    pub partition_index: i32,
    /// `int32`, a brokerId.
    pub leader_id: i32,
    /// `int32`.
    pub leader_epoch: i32,
    /// `[]int32`, versions 0.
    pub preferred_successors: Vec<i32>,
    /// `[]ReplicaInfo`, versions 1.
    pub preferred_candidates: Vec<ReplicaInfo>,
}

impl Message for RequestPartitionData {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 1;
        let partition_index = dec.i32()?;
        let leader_id = dec.i32()?;
        let leader_epoch = dec.i32()?;
        let preferred_successors = if version == 0 {
            dec.array(flexible, 4, Dec::i32)?
        } else {
            Vec::new()
        };
        let preferred_candidates = if version == 1 {
            dec.array(flexible, 21, |dec| ReplicaInfo::decode(dec, version))?
        } else {
            Vec::new()
        };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            partition_index,
            leader_id,
            leader_epoch,
            preferred_successors,
            preferred_candidates,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 1;
        enc.i32(self.partition_index);
        enc.i32(self.leader_id);
        enc.i32(self.leader_epoch);
        if version == 0 {
            enc.array(flexible, &self.preferred_successors, |enc, item| {
                enc.i32(*item);
                Ok(())
            })?;
        }
        if version == 1 {
            enc.array(flexible, &self.preferred_candidates, |enc, item| {
                item.encode(enc, version)
            })?;
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `ReplicaInfo` in [`EndQuorumEpochRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReplicaInfo {
    /// `int32`, a brokerId.
    pub candidate_id: i32,
    /// `uuid`.
    pub candidate_directory_id: Uuid,
}

impl Message for ReplicaInfo {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let candidate_id = dec.i32()?;
        let candidate_directory_id = dec.uuid()?;
        dec.skip_tagged_fields()?;
        Ok(Self { candidate_id, candidate_directory_id })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i32(self.candidate_id);
        enc.uuid(self.candidate_directory_id);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `LeaderEndpoint` in [`EndQuorumEpochRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LeaderEndpoint {
    /// `string`.
    pub name: Str,
    /// `string`.
    pub host: Str,
    /// `uint16`.
    pub port: u16,
}

impl Message for LeaderEndpoint {
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

/// Whether the voter took note.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EndQuorumEpochResponse {
    /// `int16`.
    pub error_code: i16,
    /// `[]TopicData`.
    pub topics: Vec<ResponseTopicData>,
    /// `[]NodeEndpoint`, versions 1, tag 0.
    pub node_endpoints: Vec<NodeEndpoint>,
}

impl EndQuorumEpochResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 1;
}

impl Message for EndQuorumEpochResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "EndQuorumEpochResponse",
                version,
            });
        }
        let flexible = version == 1;
        let error_code = dec.i16()?;
        let topics = dec.array(flexible, 3, |dec| ResponseTopicData::decode(dec, version))?;
        let mut node_endpoints = Vec::new();
        if flexible {
            dec.tagged_fields(|dec, tag| {
                match tag {
                    0 => {
                        node_endpoints =
                            dec.array(true, 8, |dec| NodeEndpoint::decode(dec, version))?
                    }
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(Self { error_code, topics, node_endpoints })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "EndQuorumEpochResponse",
                version,
            });
        }
        let flexible = version == 1;
        enc.i16(self.error_code);
        enc.array(flexible, &self.topics, |enc, item| {
            item.encode(enc, version)
        })?;
        if version < 1 && !self.node_endpoints.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "EndQuorumEpochResponse.node_endpoints",
                version,
            });
        }
        if flexible {
            enc.tagged_fields(|tags| {
                if !self.node_endpoints.is_empty() {
                    tags.field(0, |enc| {
                        enc.array(true, &self.node_endpoints, |enc, item| {
                            item.encode(enc, version)
                        })?;
                        Ok(())
                    })?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// `TopicData` in [`EndQuorumEpochResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ResponseTopicData {
    /// `string`, a topicName.
    pub topic_name: Str,
    /// `[]PartitionData`.
    pub partitions: Vec<ResponsePartitionData>,
}

impl Message for ResponseTopicData {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 1;
        let topic_name = dec.string(flexible)?;
        let partitions = dec.array(flexible, 14, |dec| {
            ResponsePartitionData::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { topic_name, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 1;
        enc.string(flexible, &self.topic_name)?;
        enc.array(flexible, &self.partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `PartitionData` in [`EndQuorumEpochResponse`].
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
}

impl Message for ResponsePartitionData {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 1;
        let partition_index = dec.i32()?;
        let error_code = dec.i16()?;
        let leader_id = dec.i32()?;
        let leader_epoch = dec.i32()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { partition_index, error_code, leader_id, leader_epoch })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 1;
        enc.i32(self.partition_index);
        enc.i16(self.error_code);
        enc.i32(self.leader_id);
        enc.i32(self.leader_epoch);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `NodeEndpoint` in [`EndQuorumEpochResponse`].
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

impl Response for EndQuorumEpochResponse {
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

impl Request for EndQuorumEpochRequest {
    const KEY: ApiKey = ApiKey::EndQuorumEpoch;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 1;
    type Response = EndQuorumEpochResponse;
}
