//! ShareFetch (key 78), versions 1-2. Acquires records for a share consumer; may acknowledge others.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Records, Str};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// Acquires records for a share consumer; may acknowledge others.
#[derive(Debug, Clone, PartialEq)]
pub struct ShareFetchRequest {
    /// `string`, a groupId, nullable, default null.
    pub group_id: Option<Str>,
    /// `string`, nullable.
    pub member_id: Option<Str>,
    /// `int32`.
    pub share_session_epoch: i32,
    /// `int32`.
    pub max_wait_ms: i32,
    /// `int32`.
    pub min_bytes: i32,
    /// `int32`, default 0x7fffffff.
    pub max_bytes: i32,
    /// `int32`.
    pub max_records: i32,
    /// `int32`.
    pub batch_size: i32,
    /// `int8`, versions 2.
    pub share_acquire_mode: i8,
    /// `bool`, versions 2.
    pub is_renew_ack: bool,
    /// `[]FetchTopic`.
    pub topics: Vec<FetchTopic>,
    /// `[]ForgottenTopic`.
    pub forgotten_topics_data: Vec<ForgottenTopic>,
}

impl Default for ShareFetchRequest {
    fn default() -> Self {
        Self {
            group_id: None,
            member_id: Some(Str::EMPTY),
            share_session_epoch: 0,
            max_wait_ms: 0,
            min_bytes: 0,
            max_bytes: i32::MAX,
            max_records: 0,
            batch_size: 0,
            share_acquire_mode: 0,
            is_renew_ack: false,
            topics: Vec::new(),
            forgotten_topics_data: Vec::new(),
        }
    }
}

impl ShareFetchRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 1;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for ShareFetchRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "ShareFetchRequest", version });
        }
        let group_id = dec.nullable_string(true)?;
        let member_id = dec.nullable_string(true)?;
        let share_session_epoch = dec.i32()?;
        let max_wait_ms = dec.i32()?;
        let min_bytes = dec.i32()?;
        let max_bytes = dec.i32()?;
        let max_records = dec.i32()?;
        let batch_size = dec.i32()?;
        let share_acquire_mode = if version == 2 { dec.i8()? } else { 0 };
        let is_renew_ack = if version == 2 { dec.bool()? } else { false };
        let topics = dec.array(true, 18, |dec| FetchTopic::decode(dec, version))?;
        let forgotten_topics_data =
            dec.array(true, 18, |dec| ForgottenTopic::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            group_id,
            member_id,
            share_session_epoch,
            max_wait_ms,
            min_bytes,
            max_bytes,
            max_records,
            batch_size,
            share_acquire_mode,
            is_renew_ack,
            topics,
            forgotten_topics_data,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "ShareFetchRequest", version });
        }
        enc.nullable_string(true, self.group_id.as_deref())?;
        enc.nullable_string(true, self.member_id.as_deref())?;
        enc.i32(self.share_session_epoch);
        enc.i32(self.max_wait_ms);
        enc.i32(self.min_bytes);
        enc.i32(self.max_bytes);
        enc.i32(self.max_records);
        enc.i32(self.batch_size);
        if version == 2 {
            enc.i8(self.share_acquire_mode);
        }
        if version == 2 {
            enc.bool(self.is_renew_ack);
        } else if self.is_renew_ack {
            return Err(EncodeError::UnsupportedField {
                field: "ShareFetchRequest.is_renew_ack",
                version,
            });
        }
        enc.array(true, &self.topics, |enc, item| item.encode(enc, version))?;
        enc.array(true, &self.forgotten_topics_data, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `FetchTopic` in [`ShareFetchRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FetchTopic {
    /// `uuid`.
    pub topic_id: Uuid,
    /// `[]FetchPartition`.
    pub partitions: Vec<FetchPartition>,
}

impl Message for FetchTopic {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let topic_id = dec.uuid()?;
        let partitions = dec.array(true, 6, |dec| FetchPartition::decode(dec, version))?;
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

/// `FetchPartition` in [`ShareFetchRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FetchPartition {
    /// `int32`.
    pub partition_index: i32,
    /// `[]AcknowledgementBatch`.
    pub acknowledgement_batches: Vec<AcknowledgementBatch>,
}

impl Message for FetchPartition {
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

/// `AcknowledgementBatch` in [`ShareFetchRequest`].
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

/// `ForgottenTopic` in [`ShareFetchRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ForgottenTopic {
    /// `uuid`.
    pub topic_id: Uuid,
    /// `[]int32`.
    pub partitions: Vec<i32>,
}

impl Message for ForgottenTopic {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let topic_id = dec.uuid()?;
        let partitions = dec.array(true, 4, Dec::i32)?;
        dec.skip_tagged_fields()?;
        Ok(Self { topic_id, partitions })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.uuid(self.topic_id);
        enc.array(true, &self.partitions, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// Records, and the ranges acquired.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareFetchResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable, default null.
    pub error_message: Option<Str>,
    /// `int32`.
    pub acquisition_lock_timeout_ms: i32,
    /// `[]ShareFetchableTopicResponse`.
    pub responses: Vec<ShareFetchableTopicResponse>,
    /// `[]NodeEndpoint`.
    pub node_endpoints: Vec<NodeEndpoint>,
}

impl ShareFetchResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 1;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for ShareFetchResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "ShareFetchResponse", version });
        }
        let throttle_time_ms = dec.i32()?;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(true)?;
        let acquisition_lock_timeout_ms = dec.i32()?;
        let responses = dec.array(true, 18, |dec| {
            ShareFetchableTopicResponse::decode(dec, version)
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
            return Err(EncodeError::UnsupportedVersion { message: "ShareFetchResponse", version });
        }
        enc.i32(self.throttle_time_ms);
        enc.i16(self.error_code);
        enc.nullable_string(true, self.error_message.as_deref())?;
        enc.i32(self.acquisition_lock_timeout_ms);
        enc.array(true, &self.responses, |enc, item| item.encode(enc, version))?;
        enc.array(true, &self.node_endpoints, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `ShareFetchableTopicResponse` in [`ShareFetchResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareFetchableTopicResponse {
    /// `uuid`.
    pub topic_id: Uuid,
    /// `[]PartitionData`.
    pub partitions: Vec<PartitionData>,
}

impl Message for ShareFetchableTopicResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let topic_id = dec.uuid()?;
        let partitions = dec.array(true, 22, |dec| PartitionData::decode(dec, version))?;
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

/// `PartitionData` in [`ShareFetchResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PartitionData {
    /// `int32`.
    pub partition_index: i32,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable, default null.
    pub error_message: Option<Str>,
    /// `int16`.
    pub acknowledge_error_code: i16,
    /// `string`, nullable, default null.
    pub acknowledge_error_message: Option<Str>,
    /// `LeaderIdAndEpoch`.
    pub current_leader: LeaderIdAndEpoch,
    /// `records`, nullable in 0.
    pub records: Option<Records>,
    /// `[]AcquiredRecords`.
    pub acquired_records: Vec<AcquiredRecords>,
}

impl Message for PartitionData {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let partition_index = dec.i32()?;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(true)?;
        let acknowledge_error_code = dec.i16()?;
        let acknowledge_error_message = dec.nullable_string(true)?;
        let current_leader = LeaderIdAndEpoch::decode(dec, version)?;
        let records = Some(Records::Bytes(dec.bytes(true)?));
        let acquired_records = dec.array(true, 19, |dec| AcquiredRecords::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            partition_index,
            error_code,
            error_message,
            acknowledge_error_code,
            acknowledge_error_message,
            current_leader,
            records,
            acquired_records,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.i32(self.partition_index);
        enc.i16(self.error_code);
        enc.nullable_string(true, self.error_message.as_deref())?;
        enc.i16(self.acknowledge_error_code);
        enc.nullable_string(true, self.acknowledge_error_message.as_deref())?;
        self.current_leader.encode(enc, version)?;
        let Some(value) = &self.records else {
            return Err(EncodeError::UnexpectedNull {
                field: "ShareFetchResponse.records",
                version,
            });
        };
        enc.records(true, Some(value))?;
        enc.array(true, &self.acquired_records, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `LeaderIdAndEpoch` in [`ShareFetchResponse`].
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

/// `AcquiredRecords` in [`ShareFetchResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AcquiredRecords {
    /// `int64`.
    pub first_offset: i64,
    /// `int64`.
    pub last_offset: i64,
    /// `int16`.
    pub delivery_count: i16,
}

impl Message for AcquiredRecords {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let first_offset = dec.i64()?;
        let last_offset = dec.i64()?;
        let delivery_count = dec.i16()?;
        dec.skip_tagged_fields()?;
        Ok(Self { first_offset, last_offset, delivery_count })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i64(self.first_offset);
        enc.i64(self.last_offset);
        enc.i16(self.delivery_count);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `NodeEndpoint` in [`ShareFetchResponse`].
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

impl ShareFetchableTopicResponse {
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
        if self.acknowledge_error_code != 0 {
            seen(ErrorCode(self.acknowledge_error_code));
        }
    }
}

impl Response for ShareFetchResponse {
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

impl Request for ShareFetchRequest {
    const KEY: ApiKey = ApiKey::ShareFetch;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = ShareFetchResponse;
}
