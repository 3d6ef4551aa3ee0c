//! ListPartitionReassignments (key 46), versions 0. Asks which partitions are being moved.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Asks which partitions are being moved.
#[derive(Debug, Clone, PartialEq)]
pub struct ListPartitionReassignmentsRequest {
    /// `int32`, default 60000.
    pub timeout_ms: i32,
    /// `[]ListPartitionReassignmentsTopics`, nullable, default null.
    pub topics: Option<Vec<ListPartitionReassignmentsTopics>>,
}

impl Default for ListPartitionReassignmentsRequest {
    fn default() -> Self {
        Self { timeout_ms: 60000, topics: None }
    }
}

impl ListPartitionReassignmentsRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for ListPartitionReassignmentsRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ListPartitionReassignmentsRequest",
                version,
            });
        }
        let timeout_ms = dec.i32()?;
        let topics = dec.nullable_array(true, 3, |dec| {
            ListPartitionReassignmentsTopics::decode(dec, version)
        })?;
        dec.skip_tagged_fields()?;
        Ok(Self { timeout_ms, topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ListPartitionReassignmentsRequest",
                version,
            });
        }
        enc.i32(self.timeout_ms);
        enc.nullable_array(true, self.topics.as_deref(), |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `ListPartitionReassignmentsTopics` in [`ListPartitionReassignmentsRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListPartitionReassignmentsTopics {
    /// `string`, a topicName.
    pub name: Str,
    /// `[]int32`.
    pub partition_indexes: Vec<i32>,
}

impl Message for ListPartitionReassignmentsTopics {
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

/// The moves under way.
#[derive(Debug, Clone, PartialEq)]
pub struct ListPartitionReassignmentsResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable.
    pub error_message: Option<Str>,
    /// `[]OngoingTopicReassignment`.
    pub topics: Vec<OngoingTopicReassignment>,
}

impl Default for ListPartitionReassignmentsResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            error_message: Some(Str::EMPTY),
            topics: Vec::new(),
        }
    }
}

impl ListPartitionReassignmentsResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for ListPartitionReassignmentsResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ListPartitionReassignmentsResponse",
                version,
            });
        }
        let throttle_time_ms = dec.i32()?;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(true)?;
        let topics = dec.array(true, 3, |dec| {
            OngoingTopicReassignment::decode(dec, version)
        })?;
        dec.skip_tagged_fields()?;
        Ok(Self { throttle_time_ms, error_code, error_message, topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ListPartitionReassignmentsResponse",
                version,
            });
        }
        enc.i32(self.throttle_time_ms);
        enc.i16(self.error_code);
        enc.nullable_string(true, self.error_message.as_deref())?;
        enc.array(true, &self.topics, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `OngoingTopicReassignment` in [`ListPartitionReassignmentsResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OngoingTopicReassignment {
    /// `string`, a topicName.
    pub name: Str,
    /// `[]OngoingPartitionReassignment`.
    pub partitions: Vec<OngoingPartitionReassignment>,
}

impl Message for OngoingTopicReassignment {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let name = dec.string(true)?;
        let partitions = dec.array(true, 8, |dec| {
            OngoingPartitionReassignment::decode(dec, version)
        })?;
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

/// `OngoingPartitionReassignment` in [`ListPartitionReassignmentsResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OngoingPartitionReassignment {
    /// `int32`.
    pub partition_index: i32,
    /// `[]int32`, a brokerId.
    pub replicas: Vec<i32>,
    /// `[]int32`, a brokerId.
    pub adding_replicas: Vec<i32>,
    /// `[]int32`, a brokerId.
    pub removing_replicas: Vec<i32>,
}

impl Message for OngoingPartitionReassignment {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let partition_index = dec.i32()?;
        let replicas = dec.array(true, 4, Dec::i32)?;
        let adding_replicas = dec.array(true, 4, Dec::i32)?;
        let removing_replicas = dec.array(true, 4, Dec::i32)?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            partition_index,
            replicas,
            adding_replicas,
            removing_replicas,
        })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i32(self.partition_index);
        enc.array(true, &self.replicas, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        enc.array(true, &self.adding_replicas, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        enc.array(true, &self.removing_replicas, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

impl Response for ListPartitionReassignmentsResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }

    fn throttle_time_ms(&self) -> i32 {
        self.throttle_time_ms
    }

    fn set_throttle_time_ms(&mut self, ms: i32) {
        self.throttle_time_ms = ms;
    }
}

impl Request for ListPartitionReassignmentsRequest {
    const KEY: ApiKey = ApiKey::ListPartitionReassignments;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = ListPartitionReassignmentsResponse;
}
