//! CreatePartitions (key 37), versions 0-3. Adds partitions to topics.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Adds partitions to topics.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreatePartitionsRequest {
    /// `[]CreatePartitionsTopic`.
    pub topics: Vec<CreatePartitionsTopic>,
    /// `int32`.
    pub timeout_ms: i32,
    /// `bool`.
    pub validate_only: bool,
}

impl CreatePartitionsRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 3;
}

impl Message for CreatePartitionsRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "CreatePartitionsRequest",
                version,
            });
        }
        let flexible = version >= 2;
        let topics = dec.array(flexible, 7, |dec| {
            CreatePartitionsTopic::decode(dec, version)
        })?;
        let timeout_ms = dec.i32()?;
        let validate_only = dec.bool()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { topics, timeout_ms, validate_only })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "CreatePartitionsRequest",
                version,
            });
        }
        let flexible = version >= 2;
        enc.array(flexible, &self.topics, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.i32(self.timeout_ms);
        enc.bool(self.validate_only);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `CreatePartitionsTopic` in [`CreatePartitionsRequest`].
#[derive(Debug, Clone, PartialEq)]
pub struct CreatePartitionsTopic {
    /// `string`, a topicName.
    pub name: Str,
    /// `int32`.
    pub count: i32,
    /// `[]CreatePartitionsAssignment`, nullable.
    pub assignments: Option<Vec<CreatePartitionsAssignment>>,
}

impl Default for CreatePartitionsTopic {
    fn default() -> Self {
        Self { name: Str::EMPTY, count: 0, assignments: Some(Vec::new()) }
    }
}

impl Message for CreatePartitionsTopic {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let name = dec.string(flexible)?;
        let count = dec.i32()?;
        let assignments = dec.nullable_array(flexible, 2, |dec| {
            CreatePartitionsAssignment::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { name, count, assignments })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        enc.string(flexible, &self.name)?;
        enc.i32(self.count);
        enc.nullable_array(flexible, self.assignments.as_deref(), |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `CreatePartitionsAssignment` in [`CreatePartitionsRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreatePartitionsAssignment {
    /// `[]int32`, a brokerId.
    pub broker_ids: Vec<i32>,
}

impl Message for CreatePartitionsAssignment {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let broker_ids = dec.array(flexible, 4, Dec::i32)?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { broker_ids })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        enc.array(flexible, &self.broker_ids, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// Whether each topic grew.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreatePartitionsResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `[]CreatePartitionsTopicResult`.
    pub results: Vec<CreatePartitionsTopicResult>,
}

impl CreatePartitionsResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 3;
}

impl Message for CreatePartitionsResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "CreatePartitionsResponse",
                version,
            });
        }
        let flexible = version >= 2;
        let throttle_time_ms = dec.i32()?;
        let results = dec.array(flexible, 5, |dec| {
            CreatePartitionsTopicResult::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { throttle_time_ms, results })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "CreatePartitionsResponse",
                version,
            });
        }
        let flexible = version >= 2;
        enc.i32(self.throttle_time_ms);
        enc.array(flexible, &self.results, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `CreatePartitionsTopicResult` in [`CreatePartitionsResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreatePartitionsTopicResult {
    /// `string`, a topicName.
    pub name: Str,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable, default null.
    pub error_message: Option<Str>,
}

impl Message for CreatePartitionsTopicResult {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 2;
        let name = dec.string(flexible)?;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(flexible)?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { name, error_code, error_message })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 2;
        enc.string(flexible, &self.name)?;
        enc.i16(self.error_code);
        enc.nullable_string(flexible, self.error_message.as_deref())?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

impl CreatePartitionsTopicResult {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for CreatePartitionsResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
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

impl Request for CreatePartitionsRequest {
    const KEY: ApiKey = ApiKey::CreatePartitions;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 2;
    type Response = CreatePartitionsResponse;
}
