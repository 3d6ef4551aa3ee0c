//! WriteShareGroupState (key 85), versions 0-1. Stores the state of share partitions.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// Stores the state of share partitions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WriteShareGroupStateRequest {
    /// `string`.
    pub group_id: Str,
    /// `[]WriteStateData`.
    pub topics: Vec<WriteStateData>,
}

impl WriteShareGroupStateRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 1;
}

impl Message for WriteShareGroupStateRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "WriteShareGroupStateRequest",
                version,
            });
        }
        let group_id = dec.string(true)?;
        let topics = dec.array(true, 18, |dec| WriteStateData::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { group_id, topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "WriteShareGroupStateRequest",
                version,
            });
        }
        enc.string(true, &self.group_id)?;
        enc.array(true, &self.topics, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `WriteStateData` in [`WriteShareGroupStateRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WriteStateData {
    /// `uuid`.
    pub topic_id: Uuid,
    /// `[]PartitionData`.
    pub partitions: Vec<PartitionData>,
}

impl Message for WriteStateData {
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

/// `PartitionData` in [`WriteShareGroupStateRequest`].
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionData {
    /// `int32`.
    pub partition: i32,
    /// `int32`.
    pub state_epoch: i32,
    /// `int32`.
    pub leader_epoch: i32,
    /// `int64`.
    pub start_offset: i64,
    /// `int32`, versions 1, default -1.
    pub delivery_complete_count: i32,
    /// `[]StateBatch`.
    pub state_batches: Vec<StateBatch>,
}

impl Default for PartitionData {
    fn default() -> Self {
        Self {
            partition: 0,
            state_epoch: 0,
            leader_epoch: 0,
            start_offset: 0,
            delivery_complete_count: -1,
            state_batches: Vec::new(),
        }
    }
}

impl Message for PartitionData {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let partition = dec.i32()?;
        let state_epoch = dec.i32()?;
        let leader_epoch = dec.i32()?;
        let start_offset = dec.i64()?;
        let delivery_complete_count = if version == 1 { dec.i32()? } else { -1 };
        let state_batches = dec.array(true, 20, |dec| StateBatch::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            partition,
            state_epoch,
            leader_epoch,
            start_offset,
            delivery_complete_count,
            state_batches,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.i32(self.partition);
        enc.i32(self.state_epoch);
        enc.i32(self.leader_epoch);
        enc.i64(self.start_offset);
        if version == 1 {
            enc.i32(self.delivery_complete_count);
        }
        enc.array(true, &self.state_batches, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `StateBatch` in [`WriteShareGroupStateRequest`].
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

/// Whether each state was stored.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WriteShareGroupStateResponse {
    /// `[]WriteStateResult`.
    pub results: Vec<WriteStateResult>,
}

impl WriteShareGroupStateResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 1;
}

impl Message for WriteShareGroupStateResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "WriteShareGroupStateResponse",
                version,
            });
        }
        let results = dec.array(true, 18, |dec| WriteStateResult::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { results })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "WriteShareGroupStateResponse",
                version,
            });
        }
        enc.array(true, &self.results, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `WriteStateResult` in [`WriteShareGroupStateResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WriteStateResult {
    /// `uuid`.
    pub topic_id: Uuid,
    /// `[]PartitionResult`.
    pub partitions: Vec<PartitionResult>,
}

impl Message for WriteStateResult {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let topic_id = dec.uuid()?;
        let partitions = dec.array(true, 8, |dec| PartitionResult::decode(dec, version))?;
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

/// `PartitionResult` in [`WriteShareGroupStateResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PartitionResult {
    /// `int32`.
    pub partition: i32,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable, default null.
    pub error_message: Option<Str>,
}

impl Message for PartitionResult {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let partition = dec.i32()?;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self { partition, error_code, error_message })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i32(self.partition);
        enc.i16(self.error_code);
        enc.nullable_string(true, self.error_message.as_deref())?;
        enc.no_tagged_fields();
        Ok(())
    }
}

impl WriteStateResult {
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

impl Response for WriteShareGroupStateResponse {
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

impl Request for WriteShareGroupStateRequest {
    const KEY: ApiKey = ApiKey::WriteShareGroupState;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = WriteShareGroupStateResponse;
}
