//! ListOffsets (key 2), versions 1-11. Looks up offsets by time, or the first and last ones.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Looks up offsets by time, or the first and last ones.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListOffsetsRequest {
    /// `int32`, a brokerId.
    pub replica_id: i32,
    /// `int8`, versions 2-11.
    pub isolation_level: i8,
    /// `[]ListOffsetsTopic`.
    pub topics: Vec<ListOffsetsTopic>,
    /// `int32`, versions 10-11.
    pub timeout_ms: i32,
}

impl ListOffsetsRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 1;
    /// The highest version.
    pub const MAX_VERSION: i16 = 11;
}

impl Message for ListOffsetsRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "ListOffsetsRequest", version });
        }
        let flexible = version >= 6;
        let replica_id = dec.i32()?;
        let isolation_level = if version >= 2 { dec.i8()? } else { 0 };
        let topics = dec.array(flexible, 3, |dec| ListOffsetsTopic::decode(dec, version))?;
        let timeout_ms = if version >= 10 { dec.i32()? } else { 0 };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { replica_id, isolation_level, topics, timeout_ms })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "ListOffsetsRequest", version });
        }
        let flexible = version >= 6;
        enc.i32(self.replica_id);
        if version >= 2 {
            enc.i8(self.isolation_level);
        } else if self.isolation_level != 0 {
            return Err(EncodeError::UnsupportedField {
                field: "ListOffsetsRequest.isolation_level",
                version,
            });
        }
        enc.array(flexible, &self.topics, |enc, item| {
            item.encode(enc, version)
        })?;
        if version >= 10 {
            enc.i32(self.timeout_ms);
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `ListOffsetsTopic` in [`ListOffsetsRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListOffsetsTopic {
    /// `string`, a topicName.
    pub name: Str,
    /// `[]ListOffsetsPartition`.
    pub partitions: Vec<ListOffsetsPartition>,
}

impl Message for ListOffsetsTopic {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 6;
        let name = dec.string(flexible)?;
        let partitions = dec.array(flexible, 12, |dec| {
            ListOffsetsPartition::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { name, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 6;
        enc.string(flexible, &self.name)?;
        enc.array(flexible, &self.partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `ListOffsetsPartition` in [`ListOffsetsRequest`].
#[derive(Debug, Clone, PartialEq)]
pub struct ListOffsetsPartition {
    /// `int32`.
    pub partition_index: i32,
    /// `int32`, versions 4-11, default -1.
    pub current_leader_epoch: i32,
    /// `int64`.
    pub timestamp: i64,
}

impl Default for ListOffsetsPartition {
    fn default() -> Self {
        Self { partition_index: 0, current_leader_epoch: -1, timestamp: 0 }
    }
}

impl Message for ListOffsetsPartition {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 6;
        let partition_index = dec.i32()?;
        let current_leader_epoch = if version >= 4 { dec.i32()? } else { -1 };
        let timestamp = dec.i64()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { partition_index, current_leader_epoch, timestamp })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 6;
        enc.i32(self.partition_index);
        if version >= 4 {
            enc.i32(self.current_leader_epoch);
        }
        enc.i64(self.timestamp);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// The offset found in each partition.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListOffsetsResponse {
    /// `int32`, versions 2-11.
    pub throttle_time_ms: i32,
    /// `[]ListOffsetsTopicResponse`.
    pub topics: Vec<ListOffsetsTopicResponse>,
}

impl ListOffsetsResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 1;
    /// The highest version.
    pub const MAX_VERSION: i16 = 11;
}

impl Message for ListOffsetsResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ListOffsetsResponse",
                version,
            });
        }
        let flexible = version >= 6;
        let throttle_time_ms = if version >= 2 { dec.i32()? } else { 0 };
        let topics = dec.array(flexible, 3, |dec| {
            ListOffsetsTopicResponse::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { throttle_time_ms, topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ListOffsetsResponse",
                version,
            });
        }
        let flexible = version >= 6;
        if version >= 2 {
            enc.i32(self.throttle_time_ms);
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

/// `ListOffsetsTopicResponse` in [`ListOffsetsResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListOffsetsTopicResponse {
    /// `string`, a topicName.
    pub name: Str,
    /// `[]ListOffsetsPartitionResponse`.
    pub partitions: Vec<ListOffsetsPartitionResponse>,
}

impl Message for ListOffsetsTopicResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 6;
        let name = dec.string(flexible)?;
        let partitions = dec.array(flexible, 22, |dec| {
            ListOffsetsPartitionResponse::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { name, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 6;
        enc.string(flexible, &self.name)?;
        enc.array(flexible, &self.partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `ListOffsetsPartitionResponse` in [`ListOffsetsResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct ListOffsetsPartitionResponse {
    /// `int32`.
    pub partition_index: i32,
    /// `int16`.
    pub error_code: i16,
    /// `int64`, default -1.
    pub timestamp: i64,
    /// `int64`, default -1.
    pub offset: i64,
    /// `int32`, versions 4-11, default -1.
    pub leader_epoch: i32,
}

impl Default for ListOffsetsPartitionResponse {
    fn default() -> Self {
        Self {
            partition_index: 0,
            error_code: 0,
            timestamp: -1,
            offset: -1,
            leader_epoch: -1,
        }
    }
}

impl Message for ListOffsetsPartitionResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 6;
        let partition_index = dec.i32()?;
        let error_code = dec.i16()?;
        let timestamp = dec.i64()?;
        let offset = dec.i64()?;
        let leader_epoch = if version >= 4 { dec.i32()? } else { -1 };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { partition_index, error_code, timestamp, offset, leader_epoch })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 6;
        enc.i32(self.partition_index);
        enc.i16(self.error_code);
        enc.i64(self.timestamp);
        enc.i64(self.offset);
        if version >= 4 {
            enc.i32(self.leader_epoch);
        } else if self.leader_epoch != -1 {
            return Err(EncodeError::UnsupportedField {
                field: "ListOffsetsPartitionResponse.leader_epoch",
                version,
            });
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

impl ListOffsetsTopicResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.partitions {
            item.visit_errors(seen);
        }
    }
}

impl ListOffsetsPartitionResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for ListOffsetsResponse {
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

impl Request for ListOffsetsRequest {
    const KEY: ApiKey = ApiKey::ListOffsets;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 6;
    type Response = ListOffsetsResponse;
}
