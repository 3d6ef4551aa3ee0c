//! Produce (key 0), versions 3-13. Appends record batches to partitions.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Records, Str};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// Appends record batches to partitions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProduceRequest {
    /// `string`, a transactionalId, nullable, default null.
    pub transactional_id: Option<Str>,
    /// `int16`.
    pub acks: i16,
    /// `int32`.
    pub timeout_ms: i32,
    /// `[]TopicProduceData`.
    pub topic_data: Vec<TopicProduceData>,
}

impl ProduceRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 3;
    /// The highest version.
    pub const MAX_VERSION: i16 = 13;
}

impl Message for ProduceRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "ProduceRequest", version });
        }
        let flexible = version >= 9;
        let transactional_id = dec.nullable_string(flexible)?;
        let acks = dec.i16()?;
        let timeout_ms = dec.i32()?;
        let topic_data = dec.array(flexible, 3, |dec| TopicProduceData::decode(dec, version))?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { transactional_id, acks, timeout_ms, topic_data })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "ProduceRequest", version });
        }
        let flexible = version >= 9;
        enc.nullable_string(flexible, self.transactional_id.as_deref())?;
        enc.i16(self.acks);
        enc.i32(self.timeout_ms);
        enc.array(flexible, &self.topic_data, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `TopicProduceData` in [`ProduceRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicProduceData {
    /// `string`, a topicName, versions 3-12.
    pub name: Str,
    /// `uuid`, versions 13.
    pub topic_id: Uuid,
    /// `[]PartitionProduceData`.
    pub partition_data: Vec<PartitionProduceData>,
}

impl Message for TopicProduceData {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let name = if version <= 12 {
            dec.string(flexible)?
        } else {
            Str::EMPTY
        };
        let topic_id = if version == 13 {
            dec.uuid()?
        } else {
            Uuid::ZERO
        };
        let partition_data = dec.array(flexible, 6, |dec| {
            PartitionProduceData::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { name, topic_id, partition_data })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 9;
        if version <= 12 {
            enc.string(flexible, &self.name)?;
        }
        if version == 13 {
            enc.uuid(self.topic_id);
        }
        enc.array(flexible, &self.partition_data, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `PartitionProduceData` in [`ProduceRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PartitionProduceData {
    /// `int32`.
    pub index: i32,
    /// `records`, nullable.
    pub records: Option<Records>,
}

impl Message for PartitionProduceData {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let index = dec.i32()?;
        let records = dec.records(flexible)?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { index, records })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 9;
        enc.i32(self.index);
        enc.records(flexible, self.records.as_ref())?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// Where each partition's batches begin, or why they were refused.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProduceResponse {
    /// `[]TopicProduceResponse`.
    pub responses: Vec<TopicProduceResponse>,
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `[]NodeEndpoint`, versions 10-13, tag 0.
    pub node_endpoints: Vec<NodeEndpoint>,
}

impl ProduceResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 3;
    /// The highest version.
    pub const MAX_VERSION: i16 = 13;
}

impl Message for ProduceResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "ProduceResponse", version });
        }
        let flexible = version >= 9;
        let responses = dec.array(flexible, 3, |dec| {
            TopicProduceResponse::decode(dec, version)
        })?;
        let throttle_time_ms = dec.i32()?;
        let mut node_endpoints = Vec::new();
        if flexible {
            dec.tagged_fields(|dec, tag| {
                match tag {
                    0 if version >= 10 => {
                        node_endpoints =
                            dec.array(true, 11, |dec| NodeEndpoint::decode(dec, version))?
                    }
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(Self { responses, throttle_time_ms, node_endpoints })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "ProduceResponse", version });
        }
        let flexible = version >= 9;
        enc.array(flexible, &self.responses, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.i32(self.throttle_time_ms);
        if version < 10 && !self.node_endpoints.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "ProduceResponse.node_endpoints",
                version,
            });
        }
        if flexible {
            enc.tagged_fields(|tags| {
                if version >= 10 && !self.node_endpoints.is_empty() {
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

/// `TopicProduceResponse` in [`ProduceResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicProduceResponse {
    /// `string`, a topicName, versions 3-12.
    pub name: Str,
    /// `uuid`, versions 13.
    pub topic_id: Uuid,
    /// `[]PartitionProduceResponse`.
    pub partition_responses: Vec<PartitionProduceResponse>,
}

impl Message for TopicProduceResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let name = if version <= 12 {
            dec.string(flexible)?
        } else {
            Str::EMPTY
        };
        let topic_id = if version == 13 {
            dec.uuid()?
        } else {
            Uuid::ZERO
        };
        let partition_responses = dec.array(flexible, 22, |dec| {
            PartitionProduceResponse::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { name, topic_id, partition_responses })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 9;
        if version <= 12 {
            enc.string(flexible, &self.name)?;
        }
        if version == 13 {
            enc.uuid(self.topic_id);
        }
        enc.array(flexible, &self.partition_responses, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `PartitionProduceResponse` in [`ProduceResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionProduceResponse {
    /// `int32`.
    pub index: i32,
    /// `int16`.
    pub error_code: i16,
    /// `int64`.
    pub base_offset: i64,
    /// `int64`, default -1.
    pub log_append_time_ms: i64,
    /// `int64`, versions 5-13, default -1.
    pub log_start_offset: i64,
    /// `[]BatchIndexAndErrorMessage`, versions 8-13.
    pub record_errors: Vec<BatchIndexAndErrorMessage>,
    /// `string`, versions 8-13, nullable, default null.
    pub error_message: Option<Str>,
    /// `LeaderIdAndEpoch`, versions 10-13, tag 0.
    pub current_leader: LeaderIdAndEpoch,
}

impl Default for PartitionProduceResponse {
    fn default() -> Self {
        Self {
            index: 0,
            error_code: 0,
            base_offset: 0,
            log_append_time_ms: -1,
            log_start_offset: -1,
            record_errors: Vec::new(),
            error_message: None,
            current_leader: LeaderIdAndEpoch::default(),
        }
    }
}

impl Message for PartitionProduceResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let index = dec.i32()?;
        let error_code = dec.i16()?;
        let base_offset = dec.i64()?;
        let log_append_time_ms = dec.i64()?;
        let log_start_offset = if version >= 5 { dec.i64()? } else { -1 };
        let record_errors = if version >= 8 {
            dec.array(flexible, 6, |dec| {
                BatchIndexAndErrorMessage::decode(dec, version)
            })?
        } else {
            Vec::new()
        };
        let error_message = if version >= 8 {
            dec.nullable_string(flexible)?
        } else {
            None
        };
        let mut current_leader = LeaderIdAndEpoch::default();
        if flexible {
            dec.tagged_fields(|dec, tag| {
                match tag {
                    0 if version >= 10 => current_leader = LeaderIdAndEpoch::decode(dec, version)?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(Self {
            index,
            error_code,
            base_offset,
            log_append_time_ms,
            log_start_offset,
            record_errors,
            error_message,
            current_leader,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 9;
        enc.i32(self.index);
        enc.i16(self.error_code);
        enc.i64(self.base_offset);
        enc.i64(self.log_append_time_ms);
        if version >= 5 {
            enc.i64(self.log_start_offset);
        }
        if version >= 8 {
            enc.array(flexible, &self.record_errors, |enc, item| {
                item.encode(enc, version)
            })?;
        }
        if version >= 8 {
            enc.nullable_string(flexible, self.error_message.as_deref())?;
        }
        if version < 10 && self.current_leader != LeaderIdAndEpoch::default() {
            return Err(EncodeError::UnsupportedField {
                field: "PartitionProduceResponse.current_leader",
                version,
            });
        }
        if flexible {
            enc.tagged_fields(|tags| {
                if version >= 10 && self.current_leader != LeaderIdAndEpoch::default() {
                    tags.field(0, |enc| {
                        self.current_leader.encode(enc, version)?;
                        Ok(())
                    })?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// `BatchIndexAndErrorMessage` in [`ProduceResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BatchIndexAndErrorMessage {
    /// `int32`.
    pub batch_index: i32,
    /// `string`, nullable, default null.
    pub batch_index_error_message: Option<Str>,
}

impl Message for BatchIndexAndErrorMessage {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 9;
        let batch_index = dec.i32()?;
        let batch_index_error_message = dec.nullable_string(flexible)?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { batch_index, batch_index_error_message })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 9;
        enc.i32(self.batch_index);
        enc.nullable_string(flexible, self.batch_index_error_message.as_deref())?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `LeaderIdAndEpoch` in [`ProduceResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct LeaderIdAndEpoch {
    /// `int32`, a brokerId, default -1.
    pub leader_id: i32,
    /// `int32`, default -1.
    pub leader_epoch: i32,
}

impl Default for LeaderIdAndEpoch {
    fn default() -> Self {
        Self { leader_id: -1, leader_epoch: -1 }
    }
}

impl Message for LeaderIdAndEpoch {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let leader_id = dec.i32()?;
        let leader_epoch = dec.i32()?;
        dec.skip_tagged_fields()?;
        Ok(Self { leader_id, leader_epoch })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i32(self.leader_id);
        enc.i32(self.leader_epoch);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `NodeEndpoint` in [`ProduceResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NodeEndpoint {
    /// `int32`, a brokerId.
    pub node_id: i32,
    /// `string`.
    pub host: Str,
    /// `int32`.
    pub port: i32,
    /// `string`, nullable, default null.
    pub rack: Option<Str>,
}

impl Message for NodeEndpoint {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let node_id = dec.i32()?;
        let host = dec.string(true)?;
        let port = dec.i32()?;
        let rack = dec.nullable_string(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self { node_id, host, port, rack })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i32(self.node_id);
        enc.string(true, &self.host)?;
        enc.i32(self.port);
        enc.nullable_string(true, self.rack.as_deref())?;
        enc.no_tagged_fields();
        Ok(())
    }
}

impl TopicProduceResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.partition_responses {
            item.visit_errors(seen);
        }
    }
}

impl PartitionProduceResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for ProduceResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.responses {
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

impl Request for ProduceRequest {
    const KEY: ApiKey = ApiKey::Produce;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 9;
    type Response = ProduceResponse;
}
