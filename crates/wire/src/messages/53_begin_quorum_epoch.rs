//! BeginQuorumEpoch (key 53), versions 0-1. Tells the voters that an epoch has a leader.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// Tells the voters that an epoch has a leader.
#[derive(Debug, Clone, PartialEq)]
pub struct BeginQuorumEpochRequest {
    /// `string`, nullable, default null.
    pub cluster_id: Option<Str>,
    /// `int32`, a brokerId, versions 1, default -1.
    pub voter_id: i32,
    /// `[]TopicData`.
    pub topics: Vec<RequestTopicData>,
    /// `[]LeaderEndpoint`, versions 1.
    pub leader_endpoints: Vec<LeaderEndpoint>,
}

impl Default for BeginQuorumEpochRequest {
    fn default() -> Self {
        Self {
            cluster_id: None,
            voter_id: -1,
            topics: Vec::new(),
            leader_endpoints: Vec::new(),
        }
    }
}

impl BeginQuorumEpochRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 1;
}

impl Message for BeginQuorumEpochRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "BeginQuorumEpochRequest",
                version,
            });
        }
        let flexible = version == 1;
        let cluster_id = dec.nullable_string(flexible)?;
        let voter_id = if version == 1 { dec.i32()? } else { -1 };
        let topics = dec.array(flexible, 3, |dec| RequestTopicData::decode(dec, version))?;
        let leader_endpoints = if version == 1 {
            dec.array(flexible, 5, |dec| LeaderEndpoint::decode(dec, version))?
        } else {
            Vec::new()
        };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { cluster_id, voter_id, topics, leader_endpoints })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "BeginQuorumEpochRequest",
                version,
            });
        }
        let flexible = version == 1;
        enc.nullable_string(flexible, self.cluster_id.as_deref())?;
        if version == 1 {
            enc.i32(self.voter_id);
        }
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

/// `TopicData` in [`BeginQuorumEpochRequest`].
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
        let partitions = dec.array(flexible, 12, |dec| {
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

/// `PartitionData` in [`BeginQuorumEpochRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RequestPartitionData {
    /// `int32`.
    pub partition_index: i32,
    /// `uuid`, versions 1.
    pub voter_directory_id: Uuid,
    /// `int32`, a brokerId.
    pub leader_id: i32,
    /// `int32`.
    pub leader_epoch: i32,
}

impl Message for RequestPartitionData {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 1;
        let partition_index = dec.i32()?;
        let voter_directory_id = if version == 1 {
            dec.uuid()?
        } else {
            Uuid::ZERO
        };
        let leader_id = dec.i32()?;
        let leader_epoch = dec.i32()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { partition_index, voter_directory_id, leader_id, leader_epoch })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 1;
        enc.i32(self.partition_index);
        if version == 1 {
            enc.uuid(self.voter_directory_id);
        }
        enc.i32(self.leader_id);
        enc.i32(self.leader_epoch);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `LeaderEndpoint` in [`BeginQuorumEpochRequest`].
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

/// Whether the voter accepts it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BeginQuorumEpochResponse {
    /// `int16`.
    pub error_code: i16,
    /// `[]TopicData`.
    pub topics: Vec<ResponseTopicData>,
    /// `[]NodeEndpoint`, versions 1, tag 0.
    pub node_endpoints: Vec<NodeEndpoint>,
}

impl BeginQuorumEpochResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 1;
}

impl Message for BeginQuorumEpochResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "BeginQuorumEpochResponse",
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
                message: "BeginQuorumEpochResponse",
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
                field: "BeginQuorumEpochResponse.node_endpoints",
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

/// `TopicData` in [`BeginQuorumEpochResponse`].
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

/// `PartitionData` in [`BeginQuorumEpochResponse`].
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

/// `NodeEndpoint` in [`BeginQuorumEpochResponse`].
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

impl Response for BeginQuorumEpochResponse {
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

impl Request for BeginQuorumEpochRequest {
    const KEY: ApiKey = ApiKey::BeginQuorumEpoch;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 1;
    type Response = BeginQuorumEpochResponse;
}
