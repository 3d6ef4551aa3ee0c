//! ShareAcknowledge (key 79), versions 1-2. Acknowledges acquired records.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// Acknowledges acquired records.
#[derive(Debug, Clone, PartialEq)]
pub struct ShareAcknowledgeRequest {
    /// `string`, a groupId, nullable, default null.
    pub group_id: Option<Str>,
    /// `string`, nullable.
    pub member_id: Option<Str>,
    /// `int32`.
    pub share_session_epoch: i32,
    /// `bool`, versions 2.
    pub is_renew_ack: bool,
    /// `[]AcknowledgeTopic`.
    pub topics: Vec<AcknowledgeTopic>,
}

impl Default for ShareAcknowledgeRequest {
    fn default() -> Self {
        Self {
            group_id: None,
            member_id: Some(Str::EMPTY),
            share_session_epoch: 0,
            is_renew_ack: false,
            topics: Vec::new(),
        }
    }
}

impl ShareAcknowledgeRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 1;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for ShareAcknowledgeRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ShareAcknowledgeRequest",
                version,
            });
        }
        let group_id = dec.nullable_string(true)?;
        let member_id = dec.nullable_string(true)?;
        let share_session_epoch = dec.i32()?;
        let is_renew_ack = if version == 2 { dec.bool()? } else { false };
        let topics = dec.array(true, 18, |dec| AcknowledgeTopic::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            group_id,
            member_id,
            share_session_epoch,
            is_renew_ack,
            topics,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ShareAcknowledgeRequest",
                version,
            });
        }
        enc.nullable_string(true, self.group_id.as_deref())?;
        enc.nullable_string(true, self.member_id.as_deref())?;
        enc.i32(self.share_session_epoch);
        if version == 2 {
            enc.bool(self.is_renew_ack);
        } else if self.is_renew_ack {
            return Err(EncodeError::UnsupportedField {
                field: "ShareAcknowledgeRequest.is_renew_ack",
                version,
            });
        }
        enc.array(true, &self.topics, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `AcknowledgeTopic` in [`ShareAcknowledgeRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AcknowledgeTopic {
    /// `uuid`.
    pub topic_id: Uuid,
    /// `[]AcknowledgePartition`.
    pub partitions: Vec<AcknowledgePartition>,
}

impl Message for AcknowledgeTopic {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let topic_id = dec.uuid()?;
        let partitions = dec.array(true, 6, |dec| AcknowledgePartition::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { topic_id, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.uuid(self.topic_id);
        enc.array(true, &self.partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `AcknowledgePartition` in [`ShareAcknowledgeRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AcknowledgePartition {
    /// `int32`.
    pub partition_index: i32,
    /// `[]AcknowledgementBatch`.
    pub acknowledgement_batches: Vec<AcknowledgementBatch>,
}

impl Message for AcknowledgePartition {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let partition_index = dec.i32()?;
        let acknowledgement_batches =
            dec.array(true, 18, |dec| AcknowledgementBatch::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { partition_index, acknowledgement_batches })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.i32(self.partition_index);
        enc.array(true, &self.acknowledgement_batches, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `AcknowledgementBatch` in [`ShareAcknowledgeRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AcknowledgementBatch {
    /// `int64`.
    pub first_offset: i64,
    /// `int64`.
    pub last_offset: i64,
    /// `[]int8`.
    pub acknowledge_types: Vec<i8>,
}

impl Message for AcknowledgementBatch {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let first_offset = dec.i64()?;
        let last_offset = dec.i64()?;
        let acknowledge_types = dec.array(true, 1, Dec::i8)?;
        dec.skip_tagged_fields()?;
        Ok(Self { first_offset, last_offset, acknowledge_types })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i64(self.first_offset);
        enc.i64(self.last_offset);
        enc.array(true, &self.acknowledge_types, |enc, item| {
            enc.i8(*item);
            Ok(())
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// Whether each acknowledgement was taken.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareAcknowledgeResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable, default null.
    pub error_message: Option<Str>,
    /// `int32`, versions 2.
    pub acquisition_lock_timeout_ms: i32,
    /// `[]ShareAcknowledgeTopicResponse`.
    pub responses: Vec<ShareAcknowledgeTopicResponse>,
    /// `[]NodeEndpoint`.
    pub node_endpoints: Vec<NodeEndpoint>,
}

impl ShareAcknowledgeResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 1;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for ShareAcknowledgeResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ShareAcknowledgeResponse",
                version,
            });
        }
        let throttle_time_ms = dec.i32()?;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(true)?;
        let acquisition_lock_timeout_ms = if version == 2 { dec.i32()? } else { 0 };
        let responses = dec.array(true, 18, |dec| {
            ShareAcknowledgeTopicResponse::decode(dec, version)
        })?;
        let node_endpoints = dec.array(true, 11, |dec| NodeEndpoint::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            throttle_time_ms,
            error_code,
            error_message,
            acquisition_lock_timeout_ms,
            responses,
            node_endpoints,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ShareAcknowledgeResponse",
                version,
            });
        }
        enc.i32(self.throttle_time_ms);
        enc.i16(self.error_code);
        enc.nullable_string(true, self.error_message.as_deref())?;
        if version == 2 {
            enc.i32(self.acquisition_lock_timeout_ms);
        }
        enc.array(true, &self.responses, |enc, item| item.encode(enc, version))?;
        enc.array(true, &self.node_endpoints, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `ShareAcknowledgeTopicResponse` in [`ShareAcknowledgeResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareAcknowledgeTopicResponse {
    /// `uuid`.
    pub topic_id: Uuid,
    /// `[]PartitionData`.
    pub partitions: Vec<PartitionData>,
}

impl Message for ShareAcknowledgeTopicResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let topic_id = dec.uuid()?;
        let partitions = dec.array(true, 17, |dec| PartitionData::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { topic_id, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.uuid(self.topic_id);
        enc.array(true, &self.partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `PartitionData` in [`ShareAcknowledgeResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PartitionData {
    /// `int32`.
    pub partition_index: i32,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable, default null.
    pub error_message: Option<Str>,
    /// `LeaderIdAndEpoch`.
    pub current_leader: LeaderIdAndEpoch,
}

impl Message for PartitionData {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let partition_index = dec.i32()?;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(true)?;
        let current_leader = LeaderIdAndEpoch::decode(dec, version)?;
        dec.skip_tagged_fields()?;
        Ok(Self { partition_index, error_code, error_message, current_leader })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.i32(self.partition_index);
        enc.i16(self.error_code);
        enc.nullable_string(true, self.error_message.as_deref())?;
        self.current_leader.encode(enc, version)?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `LeaderIdAndEpoch` in [`ShareAcknowledgeResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LeaderIdAndEpoch {
    /// `int32`.
    pub leader_id: i32,
    /// `int32`.
    pub leader_epoch: i32,
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

/// `NodeEndpoint` in [`ShareAcknowledgeResponse`].
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

impl ShareAcknowledgeTopicResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.partitions {
            item.visit_errors(seen);
        }
    }
}

impl PartitionData {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for ShareAcknowledgeResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
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

impl Request for ShareAcknowledgeRequest {
    const KEY: ApiKey = ApiKey::ShareAcknowledge;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = ShareAcknowledgeResponse;
}
