//! ElectLeaders (key 43), versions 0-2. Has leaders elected.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Has leaders elected.
#[derive(Debug, Clone, PartialEq)]
pub struct ElectLeadersRequest {
    /// `int8`, versions 1-2.
    pub election_type: i8,
    /// `[]TopicPartitions`, nullable.
    pub topic_partitions: Option<Vec<TopicPartitions>>,
    /// `int32`, default 60000.
    pub timeout_ms: i32,
}

impl Default for ElectLeadersRequest {
    fn default() -> Self {
        Self {
            election_type: 0,
            topic_partitions: Some(Vec::new()),
            timeout_ms: 60000,
        }
    }
}

impl ElectLeadersRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for ElectLeadersRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ElectLeadersRequest",
                version,
            });
        }
        let flexible = version == 2;
        let election_type = if version >= 1 { dec.i8()? } else { 0 };
        let topic_partitions =
            dec.nullable_array(flexible, 3, |dec| TopicPartitions::decode(dec, version))?;
        let timeout_ms = dec.i32()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { election_type, topic_partitions, timeout_ms })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ElectLeadersRequest",
                version,
            });
        }
        let flexible = version == 2;
        if version >= 1 {
            enc.i8(self.election_type);
        } else if self.election_type != 0 {
            return Err(EncodeError::UnsupportedField {
                field: "ElectLeadersRequest.election_type",
                version,
            });
        }
        enc.nullable_array(flexible, self.topic_partitions.as_deref(), |enc, item| {
            item.encode(enc, version)
        })?;
        enc.i32(self.timeout_ms);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `TopicPartitions` in [`ElectLeadersRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicPartitions {
    /// `string`, a topicName.
    pub topic: Str,
    /// `[]int32`.
    pub partitions: Vec<i32>,
}

impl Message for TopicPartitions {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 2;
        let topic = dec.string(flexible)?;
        let partitions = dec.array(flexible, 4, Dec::i32)?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { topic, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 2;
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

/// The outcome of each partition's election.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ElectLeadersResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `int16`, versions 1-2.
    pub error_code: i16,
    /// `[]ReplicaElectionResult`.
    pub replica_election_results: Vec<ReplicaElectionResult>,
}

impl ElectLeadersResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for ElectLeadersResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ElectLeadersResponse",
                version,
            });
        }
        let flexible = version == 2;
        let throttle_time_ms = dec.i32()?;
        let error_code = if version >= 1 { dec.i16()? } else { 0 };
        let replica_election_results = dec.array(flexible, 3, |dec| {
            ReplicaElectionResult::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { throttle_time_ms, error_code, replica_election_results })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ElectLeadersResponse",
                version,
            });
        }
        let flexible = version == 2;
        enc.i32(self.throttle_time_ms);
        if version >= 1 {
            enc.i16(self.error_code);
        } else if self.error_code != 0 {
            return Err(EncodeError::UnsupportedField {
                field: "ElectLeadersResponse.error_code",
                version,
            });
        }
        enc.array(flexible, &self.replica_election_results, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `ReplicaElectionResult` in [`ElectLeadersResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReplicaElectionResult {
    /// `string`, a topicName.
    pub topic: Str,
    /// `[]PartitionResult`.
    pub partition_result: Vec<PartitionResult>,
}

impl Message for ReplicaElectionResult {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 2;
        let topic = dec.string(flexible)?;
        let partition_result =
            dec.array(flexible, 8, |dec| PartitionResult::decode(dec, version))?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { topic, partition_result })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 2;
        enc.string(flexible, &self.topic)?;
        enc.array(flexible, &self.partition_result, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `PartitionResult` in [`ElectLeadersResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionResult {
    /// `int32`.
    pub partition_id: i32,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable.
    pub error_message: Option<Str>,
}

impl Default for PartitionResult {
    fn default() -> Self {
        Self {
            partition_id: 0,
            error_code: 0,
            error_message: Some(Str::EMPTY),
        }
    }
}

impl Message for PartitionResult {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version == 2;
        let partition_id = dec.i32()?;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(flexible)?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { partition_id, error_code, error_message })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version == 2;
        enc.i32(self.partition_id);
        enc.i16(self.error_code);
        enc.nullable_string(flexible, self.error_message.as_deref())?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

impl ReplicaElectionResult {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.partition_result {
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

impl Response for ElectLeadersResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
        for item in &self.replica_election_results {
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

impl Request for ElectLeadersRequest {
    const KEY: ApiKey = ApiKey::ElectLeaders;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 2;
    type Response = ElectLeadersResponse;
}
