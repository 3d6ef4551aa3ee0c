//! DescribeLogDirs (key 35), versions 1-5. Asks what lies in the log folders.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Asks what lies in the log folders.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeLogDirsRequest {
    /// `[]DescribableLogDirTopic`, nullable.
    pub topics: Option<Vec<DescribableLogDirTopic>>,
}

impl Default for DescribeLogDirsRequest {
    fn default() -> Self {
        Self { topics: Some(Vec::new()) }
    }
}

impl DescribeLogDirsRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 1;
    /// The highest version.
    pub const MAX_VERSION: i16 = 5;
}

impl Message for DescribeLogDirsRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DescribeLogDirsRequest",
                version,
            });
        }
        let flexible = version >= 2;
        let topics = dec.nullable_array(flexible, 3, |dec| {
            DescribableLogDirTopic::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DescribeLogDirsRequest",
                version,
            });
        }
        let flexible = version >= 2;
        enc.nullable_array(flexible, self.topics.as_deref(), |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `DescribableLogDirTopic` in [`DescribeLogDirsRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribableLogDirTopic {
    /// `string`, a topicName.
    pub topic: Str,
    /// `[]int32`.
    pub partitions: Vec<i32>,
}

impl Message for DescribableLogDirTopic {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let topic = dec.string(flexible)?;
        let partitions = dec.array(flexible, 4, Dec::i32)?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { topic, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        enc.string(flexible, &self.topic)?;
        enc.array(flexible, &self.partitions, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// Size and lag of each replica, room on each volume.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeLogDirsResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `int16`, versions 3-5.
    pub error_code: i16,
    /// `[]DescribeLogDirsResult`.
    pub results: Vec<DescribeLogDirsResult>,
}

impl DescribeLogDirsResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 1;
    /// The highest version.
    pub const MAX_VERSION: i16 = 5;
}

impl Message for DescribeLogDirsResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DescribeLogDirsResponse",
                version,
            });
        }
        let flexible = version >= 2;
        let throttle_time_ms = dec.i32()?;
        let error_code = if version >= 3 { dec.i16()? } else { 0 };
        let results = dec.array(flexible, 5, |dec| {
            DescribeLogDirsResult::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { throttle_time_ms, error_code, results })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DescribeLogDirsResponse",
                version,
            });
        }
        let flexible = version >= 2;
        enc.i32(self.throttle_time_ms);
        if version >= 3 {
            enc.i16(self.error_code);
        }
        enc.array(flexible, &self.results, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `DescribeLogDirsResult` in [`DescribeLogDirsResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct DescribeLogDirsResult {
    /// `int16`.
    pub error_code: i16,
    /// `string`.
    pub log_dir: Str,
    /// `[]DescribeLogDirsTopic`.
    pub topics: Vec<DescribeLogDirsTopic>,
    /// `int64`, versions 4-5, default -1.
    pub total_bytes: i64,
    /// `int64`, versions 4-5, default -1.
    pub usable_bytes: i64,
    /// `bool`, versions 5.
    pub is_cordoned: bool,
}

impl Default for DescribeLogDirsResult {
    fn default() -> Self {
        Self {
            error_code: 0,
            log_dir: Str::EMPTY,
            topics: Vec::new(),
            total_bytes: -1,
            usable_bytes: -1,
            is_cordoned: false,
        }
    }
}

impl Message for DescribeLogDirsResult {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let error_code = dec.i16()?;
        let log_dir = dec.string(flexible)?;
        let topics = dec.array(flexible, 3, |dec| {
            DescribeLogDirsTopic::decode(dec, version)
        })?;
        let total_bytes = if version >= 4 { dec.i64()? } else { -1 };
        let usable_bytes = if version >= 4 { dec.i64()? } else { -1 };
        let is_cordoned = if version == 5 { dec.bool()? } else { false };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            error_code,
            log_dir,
            topics,
            total_bytes,
            usable_bytes,
            is_cordoned,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        enc.i16(self.error_code);
        enc.string(flexible, &self.log_dir)?;
        enc.array(flexible, &self.topics, |enc, item| {
            item.encode(enc, version)
        })?;
        if version >= 4 {
            enc.i64(self.total_bytes);
        }
        if version >= 4 {
            enc.i64(self.usable_bytes);
        }
        if version == 5 {
            enc.bool(self.is_cordoned);
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `DescribeLogDirsTopic` in [`DescribeLogDirsResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeLogDirsTopic {
    /// `string`, a topicName.
    pub name: Str,
    /// `[]DescribeLogDirsPartition`.
    pub partitions: Vec<DescribeLogDirsPartition>,
}

impl Message for DescribeLogDirsTopic {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let name = dec.string(flexible)?;
        let partitions = dec.array(flexible, 21, |dec| {
            DescribeLogDirsPartition::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { name, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
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

/// `DescribeLogDirsPartition` in [`DescribeLogDirsResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeLogDirsPartition {
    /// `int32`.
    pub partition_index: i32,
    /// `int64`.
    pub partition_size: i64,
    /// `int64`.
    pub offset_lag: i64,
    /// `bool`.
    pub is_future_key: bool,
}

impl Message for DescribeLogDirsPartition {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let partition_index = dec.i32()?;
        let partition_size = dec.i64()?;
        let offset_lag = dec.i64()?;
        let is_future_key = dec.bool()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { partition_index, partition_size, offset_lag, is_future_key })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        enc.i32(self.partition_index);
        enc.i64(self.partition_size);
        enc.i64(self.offset_lag);
        enc.bool(self.is_future_key);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

impl DescribeLogDirsResult {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for DescribeLogDirsResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
        for item in &self.results {
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

impl Request for DescribeLogDirsRequest {
    const KEY: ApiKey = ApiKey::DescribeLogDirs;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 2;
    type Response = DescribeLogDirsResponse;
}
