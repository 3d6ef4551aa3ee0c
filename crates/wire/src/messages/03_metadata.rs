//! Metadata (key 3), versions 0-13. Asks for brokers, topics and leaders; may create topics.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// Asks for brokers, topics and leaders; may create topics.
#[derive(Debug, Clone, PartialEq)]
pub struct MetadataRequest {
    /// `[]MetadataRequestTopic`, nullable in 1+.
    pub topics: Option<Vec<MetadataRequestTopic>>,
    /// `bool`, versions 4-13, default true.
    pub allow_auto_topic_creation: bool,
    /// `bool`, versions 8-10.
    pub include_cluster_authorized_operations: bool,
    /// `bool`, versions 8-13.
    pub include_topic_authorized_operations: bool,
}

impl Default for MetadataRequest {
    fn default() -> Self {
        Self {
            topics: Some(Vec::new()),
            allow_auto_topic_creation: true,
            include_cluster_authorized_operations: false,
            include_topic_authorized_operations: false,
        }
    }
}

impl MetadataRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 13;
}

impl Message for MetadataRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "MetadataRequest", version });
        }
        let flexible = version >= 9;
        let topics = if version >= 1 {
            dec.nullable_array(flexible, 2, |dec| {
                MetadataRequestTopic::decode(dec, version)
            })?
        } else {
            Some(dec.array(flexible, 2, |dec| {
                MetadataRequestTopic::decode(dec, version)
            })?)
        };
        let allow_auto_topic_creation = if version >= 4 { dec.bool()? } else { true };
        let include_cluster_authorized_operations = if (8..=10).contains(&version) {
            dec.bool()?
        } else {
            false
        };
        let include_topic_authorized_operations = if version >= 8 { dec.bool()? } else { false };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            topics,
            allow_auto_topic_creation,
            include_cluster_authorized_operations,
            include_topic_authorized_operations,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "MetadataRequest", version });
        }
        let flexible = version >= 9;
        if version >= 1 {
            enc.nullable_array(flexible, self.topics.as_deref(), |enc, item| {
                item.encode(enc, version)
            })?;
        } else {
            let Some(value) = &self.topics else {
                return Err(EncodeError::UnexpectedNull {
                    field: "MetadataRequest.topics",
                    version,
                });
            };
            enc.array(flexible, value, |enc, item| item.encode(enc, version))?;
        }
        if version >= 4 {
            enc.bool(self.allow_auto_topic_creation);
        } else if !self.allow_auto_topic_creation {
            return Err(EncodeError::UnsupportedField {
                field: "MetadataRequest.allow_auto_topic_creation",
                version,
            });
        }
        if (8..=10).contains(&version) {
            enc.bool(self.include_cluster_authorized_operations);
        } else if self.include_cluster_authorized_operations {
            return Err(EncodeError::UnsupportedField {
                field: "MetadataRequest.include_cluster_authorized_operations",
                version,
            });
        }
        if version >= 8 {
            enc.bool(self.include_topic_authorized_operations);
        } else if self.include_topic_authorized_operations {
            return Err(EncodeError::UnsupportedField {
                field: "MetadataRequest.include_topic_authorized_operations",
                version,
            });
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `MetadataRequestTopic` in [`MetadataRequest`].
#[derive(Debug, Clone, PartialEq)]
pub struct MetadataRequestTopic {
    /// `uuid`, versions 10-13.
    pub topic_id: Uuid,
    /// `string`, a topicName, nullable in 10+.
    pub name: Option<Str>,
}

impl Default for MetadataRequestTopic {
    fn default() -> Self {
        Self { topic_id: Uuid::ZERO, name: Some(Str::EMPTY) }
    }
}

impl Message for MetadataRequestTopic {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let topic_id = if version >= 10 {
            dec.uuid()?
        } else {
            Uuid::ZERO
        };
        let name = if version >= 10 {
            dec.nullable_string(flexible)?
        } else {
            Some(dec.string(flexible)?)
        };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { topic_id, name })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 9;
        if version >= 10 {
            enc.uuid(self.topic_id);
        }
        if version >= 10 {
            enc.nullable_string(flexible, self.name.as_deref())?;
        } else {
            let Some(value) = &self.name else {
                return Err(EncodeError::UnexpectedNull { field: "MetadataRequest.name", version });
            };
            enc.string(flexible, value)?;
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// Brokers, the controller, and each topic's partitions and leaders.
#[derive(Debug, Clone, PartialEq)]
pub struct MetadataResponse {
    /// `int32`, versions 3-13.
    pub throttle_time_ms: i32,
    /// `[]MetadataResponseBroker`.
    pub brokers: Vec<MetadataResponseBroker>,
    /// `string`, versions 2-13, nullable, default null.
    pub cluster_id: Option<Str>,
    /// `int32`, a brokerId, versions 1-13, default -1.
    pub controller_id: i32,
    /// `[]MetadataResponseTopic`.
    pub topics: Vec<MetadataResponseTopic>,
    /// `int32`, versions 8-10, default -2147483648.
    pub cluster_authorized_operations: i32,
    /// `int16`, versions 13.
    pub error_code: i16,
}

impl Default for MetadataResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            brokers: Vec::new(),
            cluster_id: None,
            controller_id: -1,
            topics: Vec::new(),
            cluster_authorized_operations: i32::MIN,
            error_code: 0,
        }
    }
}

impl MetadataResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 13;
}

impl Message for MetadataResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "MetadataResponse", version });
        }
        let flexible = version >= 9;
        let throttle_time_ms = if version >= 3 { dec.i32()? } else { 0 };
        let brokers = dec.array(flexible, 10, |dec| {
            MetadataResponseBroker::decode(dec, version)
        })?;
        let cluster_id = if version >= 2 {
            dec.nullable_string(flexible)?
        } else {
            None
        };
        let controller_id = if version >= 1 { dec.i32()? } else { -1 };
        let topics = dec.array(flexible, 8, |dec| {
            MetadataResponseTopic::decode(dec, version)
        })?;
        let cluster_authorized_operations = if (8..=10).contains(&version) {
            dec.i32()?
        } else {
            i32::MIN
        };
        let error_code = if version == 13 { dec.i16()? } else { 0 };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            throttle_time_ms,
            brokers,
            cluster_id,
            controller_id,
            topics,
            cluster_authorized_operations,
            error_code,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "MetadataResponse", version });
        }
        let flexible = version >= 9;
        if version >= 3 {
            enc.i32(self.throttle_time_ms);
        }
        enc.array(flexible, &self.brokers, |enc, item| {
            item.encode(enc, version)
        })?;
        if version >= 2 {
            enc.nullable_string(flexible, self.cluster_id.as_deref())?;
        }
        if version >= 1 {
            enc.i32(self.controller_id);
        }
        enc.array(flexible, &self.topics, |enc, item| {
            item.encode(enc, version)
        })?;
        if (8..=10).contains(&version) {
            enc.i32(self.cluster_authorized_operations);
        } else if self.cluster_authorized_operations != i32::MIN {
            return Err(EncodeError::UnsupportedField {
                field: "MetadataResponse.cluster_authorized_operations",
                version,
            });
        }
        if version == 13 {
            enc.i16(self.error_code);
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `MetadataResponseBroker` in [`MetadataResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MetadataResponseBroker {
    /// `int32`, a brokerId.
    pub node_id: i32,
    /// `string`.
    pub host: Str,
    /// `int32`.
    pub port: i32,
    /// `string`, versions 1-13, nullable, default null.
    pub rack: Option<Str>,
}

impl Message for MetadataResponseBroker {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let node_id = dec.i32()?;
        let host = dec.string(flexible)?;
        let port = dec.i32()?;
        let rack = if version >= 1 {
            dec.nullable_string(flexible)?
        } else {
            None
        };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { node_id, host, port, rack })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 9;
        enc.i32(self.node_id);
        enc.string(flexible, &self.host)?;
        enc.i32(self.port);
        if version >= 1 {
            enc.nullable_string(flexible, self.rack.as_deref())?;
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `MetadataResponseTopic` in [`MetadataResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct MetadataResponseTopic {
    /// `int16`.
    pub error_code: i16,
    /// `string`, a topicName, nullable in 12+.
    pub name: Option<Str>,
    /// `uuid`, versions 10-13.
    pub topic_id: Uuid,
    /// `bool`, versions 1-13.
    pub is_internal: bool,
    /// `[]MetadataResponsePartition`.
    pub partitions: Vec<MetadataResponsePartition>,
    /// `int32`, versions 8-13, default -2147483648.
    pub topic_authorized_operations: i32,
}

impl Default for MetadataResponseTopic {
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

impl Message for MetadataResponseTopic {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let error_code = dec.i16()?;
        let name = if version >= 12 {
            dec.nullable_string(flexible)?
        } else {
            Some(dec.string(flexible)?)
        };
        let topic_id = if version >= 10 {
            dec.uuid()?
        } else {
            Uuid::ZERO
        };
        let is_internal = if version >= 1 { dec.bool()? } else { false };
        let partitions = dec.array(flexible, 18, |dec| {
            MetadataResponsePartition::decode(dec, version)
        })?;
        let topic_authorized_operations = if version >= 8 { dec.i32()? } else { i32::MIN };
        if flexible {
            dec.skip_tagged_fields()?;
        }
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
        let flexible = version >= 9;
        enc.i16(self.error_code);
        if version >= 12 {
            enc.nullable_string(flexible, self.name.as_deref())?;
        } else {
            let Some(value) = &self.name else {
                return Err(EncodeError::UnexpectedNull {
                    field: "MetadataResponse.name",
                    version,
                });
            };
            enc.string(flexible, value)?;
        }
        if version >= 10 {
            enc.uuid(self.topic_id);
        }
        if version >= 1 {
            enc.bool(self.is_internal);
        }
        enc.array(flexible, &self.partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        if version >= 8 {
            enc.i32(self.topic_authorized_operations);
        } else if self.topic_authorized_operations != i32::MIN {
            return Err(EncodeError::UnsupportedField {
                field: "MetadataResponseTopic.topic_authorized_operations",
                version,
            });
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `MetadataResponsePartition` in [`MetadataResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct MetadataResponsePartition {
    /// `int16`.
    pub error_code: i16,
    /// `int32`.
    pub partition_index: i32,
    /// `int32`, a brokerId.
    pub leader_id: i32,
    /// `int32`, versions 7-13, default -1.
    pub leader_epoch: i32,
    /// `[]int32`, a brokerId.
    pub replica_nodes: Vec<i32>,
    /// `[]int32`, a brokerId.
    pub isr_nodes: Vec<i32>,
    /// `[]int32`, a brokerId, versions 5-13.
    pub offline_replicas: Vec<i32>,
}

impl Default for MetadataResponsePartition {
    fn default() -> Self {
        Self {
            error_code: 0,
            partition_index: 0,
            leader_id: 0,
            leader_epoch: -1,
            replica_nodes: Vec::new(),
            isr_nodes: Vec::new(),
            offline_replicas: Vec::new(),
        }
    }
}

impl Message for MetadataResponsePartition {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let error_code = dec.i16()?;
        let partition_index = dec.i32()?;
        let leader_id = dec.i32()?;
        let leader_epoch = if version >= 7 { dec.i32()? } else { -1 };
        let replica_nodes = dec.array(flexible, 4, Dec::i32)?;
        let isr_nodes = dec.array(flexible, 4, Dec::i32)?;
        let offline_replicas = if version >= 5 {
            dec.array(flexible, 4, Dec::i32)?
        } else {
            Vec::new()
        };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            error_code,
            partition_index,
            leader_id,
            leader_epoch,
            replica_nodes,
            isr_nodes,
            offline_replicas,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 9;
        enc.i16(self.error_code);
        enc.i32(self.partition_index);
        enc.i32(self.leader_id);
        if version >= 7 {
            enc.i32(self.leader_epoch);
        }
        enc.array(flexible, &self.replica_nodes, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        enc.array(flexible, &self.isr_nodes, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        if version >= 5 {
            enc.array(flexible, &self.offline_replicas, |enc, item| {
                enc.i32(*item);
                Ok(())
            })?;
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

impl MetadataResponseTopic {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
        for item in &self.partitions {
            item.visit_errors(seen);
        }
    }
}

impl MetadataResponsePartition {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for MetadataResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.topics {
            item.visit_errors(seen);
        }
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }

    fn throttle_time_ms(&self) -> i32 {
        self.throttle_time_ms
    }

    fn set_throttle_time_ms(&mut self, ms: i32) {
        self.throttle_time_ms = ms;
    }
}

impl Request for MetadataRequest {
    const KEY: ApiKey = ApiKey::Metadata;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 9;
    type Response = MetadataResponse;
}
