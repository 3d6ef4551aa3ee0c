//! ReadShareGroupStateSummary (key 87), versions 0-1. Reads where share partitions start.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// Reads where share partitions start.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReadShareGroupStateSummaryRequest {
    /// `string`.
    pub group_id: Str,
    /// `[]ReadStateSummaryData`.
    pub topics: Vec<ReadStateSummaryData>,
}

impl ReadShareGroupStateSummaryRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 1;
}

impl Message for ReadShareGroupStateSummaryRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ReadShareGroupStateSummaryRequest",
                version,
            });
        }
        let group_id = dec.string(true)?;
        let topics = dec.array(true, 18, |dec| ReadStateSummaryData::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { group_id, topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ReadShareGroupStateSummaryRequest",
                version,
            });
        }
        enc.string(true, &self.group_id)?;
        enc.array(true, &self.topics, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `ReadStateSummaryData` in [`ReadShareGroupStateSummaryRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReadStateSummaryData {
    /// `uuid`.
    pub topic_id: Uuid,
    /// `[]PartitionData`.
    pub partitions: Vec<PartitionData>,
}

impl Message for ReadStateSummaryData {
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

/// `PartitionData` in [`ReadShareGroupStateSummaryRequest`].
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

/// The start and epoch of each.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReadShareGroupStateSummaryResponse {
    /// `[]ReadStateSummaryResult`.
    pub results: Vec<ReadStateSummaryResult>,
}

impl ReadShareGroupStateSummaryResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 1;
}

impl Message for ReadShareGroupStateSummaryResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ReadShareGroupStateSummaryResponse",
                version,
            });
        }
        let results = dec.array(true, 18, |dec| ReadStateSummaryResult::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { results })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ReadShareGroupStateSummaryResponse",
                version,
            });
        }
        enc.array(true, &self.results, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `ReadStateSummaryResult` in [`ReadShareGroupStateSummaryResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReadStateSummaryResult {
    /// `uuid`.
    pub topic_id: Uuid,
    /// `[]PartitionResult`.
    pub partitions: Vec<PartitionResult>,
}

impl Message for ReadStateSummaryResult {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let topic_id = dec.uuid()?;
        let partitions = dec.array(true, 24, |dec| PartitionResult::decode(dec, version))?;
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

/// `PartitionResult` in [`ReadShareGroupStateSummaryResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionResult {
    /// `int32`.
    pub partition: i32,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable, default null.
    pub error_message: Option<Str>,
    /// `int32`.
    pub state_epoch: i32,
    /// `int32`.
    pub leader_epoch: i32,
    /// `int64`.
    pub start_offset: i64,
    /// `int32`, versions 1, default -1.
    pub delivery_complete_count: i32,
}

impl Default for PartitionResult {
    fn default() -> Self {
        Self {
            partition: 0,
            error_code: 0,
            error_message: None,
            state_epoch: 0,
            leader_epoch: 0,
            start_offset: 0,
            delivery_complete_count: -1,
        }
    }
}

impl Message for PartitionResult {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let partition = dec.i32()?;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(true)?;
        let state_epoch = dec.i32()?;
        let leader_epoch = dec.i32()?;
        let start_offset = dec.i64()?;
        let delivery_complete_count = if version == 1 { dec.i32()? } else { -1 };
        dec.skip_tagged_fields()?;
        Ok(Self {
            partition,
            error_code,
            error_message,
            state_epoch,
            leader_epoch,
            start_offset,
            delivery_complete_count,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.i32(self.partition);
        enc.i16(self.error_code);
        enc.nullable_string(true, self.error_message.as_deref())?;
        enc.i32(self.state_epoch);
        enc.i32(self.leader_epoch);
        enc.i64(self.start_offset);
        if version == 1 {
            enc.i32(self.delivery_complete_count);
        }
        enc.no_tagged_fields();
        Ok(())
    }
}

impl ReadStateSummaryResult {
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

impl Response for ReadShareGroupStateSummaryResponse {
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

impl Request for ReadShareGroupStateSummaryRequest {
    const KEY: ApiKey = ApiKey::ReadShareGroupStateSummary;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = ReadShareGroupStateSummaryResponse;
}
