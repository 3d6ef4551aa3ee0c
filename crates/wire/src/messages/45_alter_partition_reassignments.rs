//! AlterPartitionReassignments (key 45), versions 0-1. Moves partitions to other brokers, or cancels moves.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Moves partitions to other brokers, or cancels moves.
#[derive(Debug, Clone, PartialEq)]
pub struct AlterPartitionReassignmentsRequest {
    /// `int32`, default 60000.
    pub timeout_ms: i32,
    /// `bool`, versions 1, default true.
    pub allow_replication_factor_change: bool,
    /// `[]ReassignableTopic`.
    pub topics: Vec<ReassignableTopic>,
}

impl Default for AlterPartitionReassignmentsRequest {
    fn default() -> Self {
        Self {
            timeout_ms: 60000,
            allow_replication_factor_change: true,
            topics: Vec::new(),
        }
    }
}

impl AlterPartitionReassignmentsRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 1;
}

impl Message for AlterPartitionReassignmentsRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "AlterPartitionReassignmentsRequest",
                version,
            });
        }
        let timeout_ms = dec.i32()?;
        let allow_replication_factor_change = if version == 1 { dec.bool()? } else { true };
        let topics = dec.array(true, 3, |dec| ReassignableTopic::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { timeout_ms, allow_replication_factor_change, topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "AlterPartitionReassignmentsRequest",
                version,
            });
        }
        enc.i32(self.timeout_ms);
        if version == 1 {
            enc.bool(self.allow_replication_factor_change);
        } else if !self.allow_replication_factor_change {
            return Err(EncodeError::UnsupportedField {
                field: "AlterPartitionReassignmentsRequest.allow_replication_factor_change",
                version,
            });
        }
        enc.array(true, &self.topics, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `ReassignableTopic` in [`AlterPartitionReassignmentsRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReassignableTopic {
    /// `string`, a topicName.
    pub name: Str,
    /// `[]ReassignablePartition`.
    pub partitions: Vec<ReassignablePartition>,
}

impl Message for ReassignableTopic {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let name = dec.string(true)?;
        let partitions = dec.array(true, 6, |dec| ReassignablePartition::decode(dec, version))?;
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

/// `ReassignablePartition` in [`AlterPartitionReassignmentsRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReassignablePartition {
    /// `int32`.
    pub partition_index: i32,
    /// `[]int32`, a brokerId, nullable, default null.
    pub replicas: Option<Vec<i32>>,
}

impl Message for ReassignablePartition {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let partition_index = dec.i32()?;
        let replicas = dec.nullable_array(true, 4, Dec::i32)?;
        dec.skip_tagged_fields()?;
        Ok(Self { partition_index, replicas })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i32(self.partition_index);
        enc.nullable_array(true, self.replicas.as_deref(), |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// Whether each move began or was cancelled.
#[derive(Debug, Clone, PartialEq)]
pub struct AlterPartitionReassignmentsResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `bool`, versions 1, default true.
    pub allow_replication_factor_change: bool,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable.
    pub error_message: Option<Str>,
    /// `[]ReassignableTopicResponse`.
    pub responses: Vec<ReassignableTopicResponse>,
}

impl Default for AlterPartitionReassignmentsResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            allow_replication_factor_change: true,
            error_code: 0,
            error_message: Some(Str::EMPTY),
            responses: Vec::new(),
        }
    }
}

impl AlterPartitionReassignmentsResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 1;
}

impl Message for AlterPartitionReassignmentsResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "AlterPartitionReassignmentsResponse",
                version,
            });
        }
        let throttle_time_ms = dec.i32()?;
        let allow_replication_factor_change = if version == 1 { dec.bool()? } else { true };
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(true)?;
        let responses = dec.array(true, 3, |dec| {
            ReassignableTopicResponse::decode(dec, version)
        })?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            throttle_time_ms,
            allow_replication_factor_change,
            error_code,
            error_message,
            responses,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "AlterPartitionReassignmentsResponse",
                version,
            });
        }
        enc.i32(self.throttle_time_ms);
        if version == 1 {
            enc.bool(self.allow_replication_factor_change);
        }
        enc.i16(self.error_code);
        enc.nullable_string(true, self.error_message.as_deref())?;
        enc.array(true, &self.responses, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `ReassignableTopicResponse` in [`AlterPartitionReassignmentsResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReassignableTopicResponse {
    /// `string`, a topicName.
    pub name: Str,
    /// `[]ReassignablePartitionResponse`.
    pub partitions: Vec<ReassignablePartitionResponse>,
}

impl Message for ReassignableTopicResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let name = dec.string(true)?;
        let partitions = dec.array(true, 8, |dec| {
            ReassignablePartitionResponse::decode(dec, version)
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

/// `ReassignablePartitionResponse` in [`AlterPartitionReassignmentsResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct ReassignablePartitionResponse {
    /// `int32`.
    pub partition_index: i32,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable.
    pub error_message: Option<Str>,
}

impl Default for ReassignablePartitionResponse {
    fn default() -> Self {
        Self {
            partition_index: 0,
            error_code: 0,
            error_message: Some(Str::EMPTY),
        }
    }
}

impl Message for ReassignablePartitionResponse {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let partition_index = dec.i32()?;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self { partition_index, error_code, error_message })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i32(self.partition_index);
        enc.i16(self.error_code);
        enc.nullable_string(true, self.error_message.as_deref())?;
        enc.no_tagged_fields();
        Ok(())
    }
}

impl ReassignableTopicResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.partitions {
            item.visit_errors(seen);
        }
    }
}

impl ReassignablePartitionResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for AlterPartitionReassignmentsResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
        for item in &self.responses {
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

impl Request for AlterPartitionReassignmentsRequest {
    const KEY: ApiKey = ApiKey::AlterPartitionReassignments;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = AlterPartitionReassignmentsResponse;
}
