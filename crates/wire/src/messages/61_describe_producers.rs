//! DescribeProducers (key 61), versions 0. Asks which producers write to partitions.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Asks which producers write to partitions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeProducersRequest {
    /// `[]TopicRequest`.
    pub topics: Vec<TopicRequest>,
}

impl DescribeProducersRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for DescribeProducersRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DescribeProducersRequest",
                version,
            });
        }
        let topics = dec.array(true, 3, |dec| TopicRequest::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DescribeProducersRequest",
                version,
            });
        }
        enc.array(true, &self.topics, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `TopicRequest` in [`DescribeProducersRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicRequest {
    /// `string`, a topicName.
    pub name: Str,
    /// `[]int32`.
    pub partition_indexes: Vec<i32>,
}

impl Message for TopicRequest {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let name = dec.string(true)?;
        let partition_indexes = dec.array(true, 4, Dec::i32)?;
        dec.skip_tagged_fields()?;
        Ok(Self { name, partition_indexes })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.name)?;
        enc.array(true, &self.partition_indexes, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// The live producers of each partition.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeProducersResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `[]TopicResponse`.
    pub topics: Vec<TopicResponse>,
}

impl DescribeProducersResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for DescribeProducersResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DescribeProducersResponse",
                version,
            });
        }
        let throttle_time_ms = dec.i32()?;
        let topics = dec.array(true, 3, |dec| TopicResponse::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { throttle_time_ms, topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DescribeProducersResponse",
                version,
            });
        }
        enc.i32(self.throttle_time_ms);
        enc.array(true, &self.topics, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `TopicResponse` in [`DescribeProducersResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicResponse {
    /// `string`, a topicName.
    pub name: Str,
    /// `[]PartitionResponse`.
    pub partitions: Vec<PartitionResponse>,
}

impl Message for TopicResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let name = dec.string(true)?;
        let partitions = dec.array(true, 9, |dec| PartitionResponse::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { name, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.name)?;
        enc.array(true, &self.partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `PartitionResponse` in [`DescribeProducersResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PartitionResponse {
    /// `int32`.
    pub partition_index: i32,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable, default null.
    pub error_message: Option<Str>,
    /// `[]ProducerState`.
    pub active_producers: Vec<ProducerState>,
}

impl Message for PartitionResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let partition_index = dec.i32()?;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(true)?;
        let active_producers = dec.array(true, 37, |dec| ProducerState::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { partition_index, error_code, error_message, active_producers })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.i32(self.partition_index);
        enc.i16(self.error_code);
        enc.nullable_string(true, self.error_message.as_deref())?;
        enc.array(true, &self.active_producers, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `ProducerState` in [`DescribeProducersResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct ProducerState {
    /// `int64`, a producerId.
    pub producer_id: i64,
    /// `int32`.
    pub producer_epoch: i32,
    /// `int32`, default -1.
    pub last_sequence: i32,
    /// `int64`, default -1.
    pub last_timestamp: i64,
    /// `int32`.
    pub coordinator_epoch: i32,
    /// `int64`, default -1.
    pub current_txn_start_offset: i64,
}

impl Default for ProducerState {
    fn default() -> Self {
        Self {
            producer_id: 0,
            producer_epoch: 0,
            last_sequence: -1,
            last_timestamp: -1,
            coordinator_epoch: 0,
            current_txn_start_offset: -1,
        }
    }
}

impl Message for ProducerState {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let producer_id = dec.i64()?;
        let producer_epoch = dec.i32()?;
        let last_sequence = dec.i32()?;
        let last_timestamp = dec.i64()?;
        let coordinator_epoch = dec.i32()?;
        let current_txn_start_offset = dec.i64()?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            producer_id,
            producer_epoch,
            last_sequence,
            last_timestamp,
            coordinator_epoch,
            current_txn_start_offset,
        })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i64(self.producer_id);
        enc.i32(self.producer_epoch);
        enc.i32(self.last_sequence);
        enc.i64(self.last_timestamp);
        enc.i32(self.coordinator_epoch);
        enc.i64(self.current_txn_start_offset);
        enc.no_tagged_fields();
        Ok(())
    }
}

impl TopicResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.partitions {
            item.visit_errors(seen);
        }
    }
}

impl PartitionResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for DescribeProducersResponse {
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

impl Request for DescribeProducersRequest {
    const KEY: ApiKey = ApiKey::DescribeProducers;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = DescribeProducersResponse;
}
