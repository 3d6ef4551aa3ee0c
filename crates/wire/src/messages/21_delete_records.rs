//! DeleteRecords (key 21), versions 0-2. Moves the start of partitions forward.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Moves the start of partitions forward.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteRecordsRequest {
    /// `[]DeleteRecordsTopic`.
    pub topics: Vec<DeleteRecordsTopic>,
    /// `int32`.
    pub timeout_ms: i32,
}

impl DeleteRecordsRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for DeleteRecordsRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DeleteRecordsRequest",
                version,
            });
        }
        let flexible = version == 2;
        let topics = dec.array(flexible, 3, |dec| DeleteRecordsTopic::decode(dec, version))?;
        let timeout_ms = dec.i32()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { topics, timeout_ms })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DeleteRecordsRequest",
                version,
            });
        }
        let flexible = version == 2;
        enc.array(flexible, &self.topics, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.i32(self.timeout_ms);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `DeleteRecordsTopic` in [`DeleteRecordsRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteRecordsTopic {
    /// `string`, a topicName.
    pub name: Str,
    /// `[]DeleteRecordsPartition`.
    pub partitions: Vec<DeleteRecordsPartition>,
}

impl Message for DeleteRecordsTopic {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 2;
        let name = dec.string(flexible)?;
        let partitions = dec.array(flexible, 12, |dec| {
            DeleteRecordsPartition::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { name, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 2;
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

/// `DeleteRecordsPartition` in [`DeleteRecordsRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteRecordsPartition {
    /// `int32`.
    pub partition_index: i32,
    /// `int64`.
    pub offset: i64,
}

impl Message for DeleteRecordsPartition {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 2;
        let partition_index = dec.i32()?;
        let offset = dec.i64()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { partition_index, offset })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 2;
        enc.i32(self.partition_index);
        enc.i64(self.offset);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// The new first offset of each partition.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteRecordsResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `[]DeleteRecordsTopicResult`.
    pub topics: Vec<DeleteRecordsTopicResult>,
}

impl DeleteRecordsResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for DeleteRecordsResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DeleteRecordsResponse",
                version,
            });
        }
        let flexible = version == 2;
        let throttle_time_ms = dec.i32()?;
        let topics = dec.array(flexible, 3, |dec| {
            DeleteRecordsTopicResult::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { throttle_time_ms, topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DeleteRecordsResponse",
                version,
            });
        }
        let flexible = version == 2;
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

/// `DeleteRecordsTopicResult` in [`DeleteRecordsResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteRecordsTopicResult {
    /// `string`, a topicName.
    pub name: Str,
    /// `[]DeleteRecordsPartitionResult`.
    pub partitions: Vec<DeleteRecordsPartitionResult>,
}

impl Message for DeleteRecordsTopicResult {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 2;
        let name = dec.string(flexible)?;
        let partitions = dec.array(flexible, 14, |dec| {
            DeleteRecordsPartitionResult::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { name, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 2;
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

/// `DeleteRecordsPartitionResult` in [`DeleteRecordsResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteRecordsPartitionResult {
    /// `int32`.
    pub partition_index: i32,
    /// `int64`.
    pub low_watermark: i64,
    /// `int16`.
    pub error_code: i16,
}

impl Message for DeleteRecordsPartitionResult {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 2;
        let partition_index = dec.i32()?;
        let low_watermark = dec.i64()?;
        let error_code = dec.i16()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { partition_index, low_watermark, error_code })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 2;
        enc.i32(self.partition_index);
        enc.i64(self.low_watermark);
        enc.i16(self.error_code);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

impl DeleteRecordsTopicResult {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.partitions {
            item.visit_errors(seen);
        }
    }
}

impl DeleteRecordsPartitionResult {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for DeleteRecordsResponse {
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

impl Request for DeleteRecordsRequest {
    const KEY: ApiKey = ApiKey::DeleteRecords;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 2;
    type Response = DeleteRecordsResponse;
}
