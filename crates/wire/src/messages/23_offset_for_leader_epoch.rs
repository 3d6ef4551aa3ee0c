//! OffsetForLeaderEpoch (key 23), versions 2-4. Asks where leader epochs end, to find out about truncation.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Asks where leader epochs end, to find out about truncation.
#[derive(Debug, Clone, PartialEq)]
pub struct OffsetForLeaderEpochRequest {
    /// `int32`, a brokerId, versions 3-4, default -2.
    pub replica_id: i32,
    /// `[]OffsetForLeaderTopic`.
    pub topics: Vec<OffsetForLeaderTopic>,
}

impl Default for OffsetForLeaderEpochRequest {
    fn default() -> Self {
        Self { replica_id: -2, topics: Vec::new() }
    }
}

impl OffsetForLeaderEpochRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 2;
    /// The highest version.
    pub const MAX_VERSION: i16 = 4;
}

impl Message for OffsetForLeaderEpochRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "OffsetForLeaderEpochRequest",
                version,
            });
        }
        let flexible = version == 4;
        let replica_id = if version >= 3 { dec.i32()? } else { -2 };
        let topics = dec.array(flexible, 3, |dec| {
            OffsetForLeaderTopic::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { replica_id, topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "OffsetForLeaderEpochRequest",
                version,
            });
        }
        let flexible = version == 4;
        if version >= 3 {
            enc.i32(self.replica_id);
        }
        enc.array(flexible, &self.topics, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `OffsetForLeaderTopic` in [`OffsetForLeaderEpochRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetForLeaderTopic {
    /// `string`, a topicName.
    pub topic: Str,
    /// `[]OffsetForLeaderPartition`.
    pub partitions: Vec<OffsetForLeaderPartition>,
}

impl Message for OffsetForLeaderTopic {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 4;
        let topic = dec.string(flexible)?;
        let partitions = dec.array(flexible, 12, |dec| {
            OffsetForLeaderPartition::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { topic, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 4;
        enc.string(flexible, &self.topic)?;
        enc.array(flexible, &self.partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `OffsetForLeaderPartition` in [`OffsetForLeaderEpochRequest`].
#[derive(Debug, Clone, PartialEq)]
pub struct OffsetForLeaderPartition {
    /// `int32`.
    pub partition: i32,
    /// `int32`, default -1.
    pub current_leader_epoch: i32,
    /// `int32`.
    pub leader_epoch: i32,
}

impl Default for OffsetForLeaderPartition {
    fn default() -> Self {
        Self { partition: 0, current_leader_epoch: -1, leader_epoch: 0 }
    }
}

impl Message for OffsetForLeaderPartition {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 4;
        let partition = dec.i32()?;
        let current_leader_epoch = dec.i32()?;
        let leader_epoch = dec.i32()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { partition, current_leader_epoch, leader_epoch })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 4;
        enc.i32(self.partition);
        enc.i32(self.current_leader_epoch);
        enc.i32(self.leader_epoch);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// The end offset of each epoch asked for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetForLeaderEpochResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `[]OffsetForLeaderTopicResult`.
    pub topics: Vec<OffsetForLeaderTopicResult>,
}

impl OffsetForLeaderEpochResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 2;
    /// The highest version.
    pub const MAX_VERSION: i16 = 4;
}

impl Message for OffsetForLeaderEpochResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "OffsetForLeaderEpochResponse",
                version,
            });
        }
        let flexible = version == 4;
        let throttle_time_ms = dec.i32()?;
        let topics = dec.array(flexible, 3, |dec| {
            OffsetForLeaderTopicResult::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { throttle_time_ms, topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "OffsetForLeaderEpochResponse",
                version,
            });
        }
        let flexible = version == 4;
        enc.i32(self.throttle_time_ms);
        enc.array(flexible, &self.topics, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `OffsetForLeaderTopicResult` in [`OffsetForLeaderEpochResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OffsetForLeaderTopicResult {
    /// `string`, a topicName.
    pub topic: Str,
    /// `[]EpochEndOffset`.
    pub partitions: Vec<EpochEndOffset>,
}

impl Message for OffsetForLeaderTopicResult {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 4;
        let topic = dec.string(flexible)?;
        let partitions = dec.array(flexible, 18, |dec| EpochEndOffset::decode(dec, version))?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { topic, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 4;
        enc.string(flexible, &self.topic)?;
        enc.array(flexible, &self.partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `EpochEndOffset` in [`OffsetForLeaderEpochResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct EpochEndOffset {
    /// `int16`.
    pub error_code: i16,
    /// `int32`.
    pub partition: i32,
    /// `int32`, default -1.
    pub leader_epoch: i32,
    /// `int64`, default -1.
    pub end_offset: i64,
}

impl Default for EpochEndOffset {
    fn default() -> Self {
        Self {
            error_code: 0,
            partition: 0,
            leader_epoch: -1,
            end_offset: -1,
        }
    }
}

impl Message for EpochEndOffset {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 4;
        let error_code = dec.i16()?;
        let partition = dec.i32()?;
        let leader_epoch = dec.i32()?;
        let end_offset = dec.i64()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { error_code, partition, leader_epoch, end_offset })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 4;
        enc.i16(self.error_code);
        enc.i32(self.partition);
        enc.i32(self.leader_epoch);
        enc.i64(self.end_offset);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

impl OffsetForLeaderTopicResult {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.partitions {
            item.visit_errors(seen);
        }
    }
}

impl EpochEndOffset {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for OffsetForLeaderEpochResponse {
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

impl Request for OffsetForLeaderEpochRequest {
    const KEY: ApiKey = ApiKey::OffsetForLeaderEpoch;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 4;
    type Response = OffsetForLeaderEpochResponse;
}
