//! ReadShareGroupState (key 84), versions 0. Reads the stored state of share partitions.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// Reads the stored state of share partitions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReadShareGroupStateRequest {
    /// `string`.
    pub group_id: Str,
    /// `[]ReadStateData`.
    pub topics: Vec<ReadStateData>,
}

impl ReadShareGroupStateRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for ReadShareGroupStateRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ReadShareGroupStateRequest",
                version,
            });
        }
        let group_id = dec.string(true)?;
        let topics = dec.array(true, 18, |dec| ReadStateData::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { group_id, topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ReadShareGroupStateRequest",
                version,
            });
        }
        enc.string(true, &self.group_id)?;
        enc.array(true, &self.topics, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `ReadStateData` in [`ReadShareGroupStateRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReadStateData {
    /// `uuid`.
    pub topic_id: Uuid,
    /// `[]PartitionData`.
    pub partitions: Vec<PartitionData>,
}

impl Message for ReadStateData {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let topic_id = dec.uuid()?;
        let partitions = dec.array(true, 9, |dec| PartitionData::decode(dec, version))?;
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

/// `PartitionData` in [`ReadShareGroupStateRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PartitionData {
    /// `int32`.
    pub partition: i32,
    /// `int32`.
    pub leader_epoch: i32,
}

impl Message for PartitionData {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let partition = dec.i32()?;
        let leader_epoch = dec.i32()?;
        dec.skip_tagged_fields()?;
        Ok(Self { partition, leader_epoch })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i32(self.partition);
        enc.i32(self.leader_epoch);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// The state of each.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReadShareGroupStateResponse {
    /// `[]ReadStateResult`.
    pub results: Vec<ReadStateResult>,
}

impl ReadShareGroupStateResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for ReadShareGroupStateResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ReadShareGroupStateResponse",
                version,
            });
        }
        let results = dec.array(true, 18, |dec| ReadStateResult::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { results })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ReadShareGroupStateResponse",
                version,
            });
        }
        enc.array(true, &self.results, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `ReadStateResult` in [`ReadShareGroupStateResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReadStateResult {
    /// `uuid`.
    pub topic_id: Uuid,
    /// `[]PartitionResult`.
    pub partitions: Vec<PartitionResult>,
}

impl Message for ReadStateResult {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let topic_id = dec.uuid()?;
        let partitions = dec.array(true, 21, |dec| PartitionResult::decode(dec, version))?;
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

/// `PartitionResult` in [`ReadShareGroupStateResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PartitionResult {
    /// `int32`.
    pub partition: i32,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable, default null.
    pub error_message: Option<Str>,
    /// `int32`.
    pub state_epoch: i32,
    /// `int64`.
    pub start_offset: i64,
    /// `[]StateBatch`.
    pub state_batches: Vec<StateBatch>,
}

impl Message for PartitionResult {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let partition = dec.i32()?;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(true)?;
        let state_epoch = dec.i32()?;
        let start_offset = dec.i64()?;
        let state_batches = dec.array(true, 20, |dec| StateBatch::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            partition,
            error_code,
            error_message,
            state_epoch,
            start_offset,
            state_batches,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.i32(self.partition);
        enc.i16(self.error_code);
        enc.nullable_string(true, self.error_message.as_deref())?;
        enc.i32(self.state_epoch);
        enc.i64(self.start_offset);
        enc.array(true, &self.state_batches, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `StateBatch` in [`ReadShareGroupStateResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StateBatch {
    /// `int64`.
    pub first_offset: i64,
    /// `int64`.
    pub last_offset: i64,
    /// `int8`.
    pub delivery_state: i8,
    /// `int16`.
    pub delivery_count: i16,
}

impl Message for StateBatch {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let first_offset = dec.i64()?;
        let last_offset = dec.i64()?;
        let delivery_state = dec.i8()?;
        let delivery_count = dec.i16()?;
        dec.skip_tagged_fields()?;
        Ok(Self { first_offset, last_offset, delivery_state, delivery_count })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i64(self.first_offset);
        enc.i64(self.last_offset);
        enc.i8(self.delivery_state);
        enc.i16(self.delivery_count);
        enc.no_tagged_fields();
        Ok(())
    }
}

impl ReadStateResult {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.partitions {
            item.visit_errors(seen);
        }
    }
}

impl PartitionResult {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for ReadShareGroupStateResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.results {
            item.visit_errors(seen);
        }
    }

    fn throttle_time_ms(&self) -> i32 {
        0
    }

    fn set_throttle_time_ms(&mut self, _ms: i32) {}
}

impl Request for ReadShareGroupStateRequest {
    const KEY: ApiKey = ApiKey::ReadShareGroupState;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = ReadShareGroupStateResponse;
}
