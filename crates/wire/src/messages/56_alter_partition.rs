//! AlterPartition (key 56), versions 2-3. A leader proposes new in-sync replicas.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// A leader proposes new in-sync replicas.
#[derive(Debug, Clone, PartialEq)]
pub struct AlterPartitionRequest {
    /// `int32`, a brokerId.
    pub broker_id: i32,
    /// `int64`, default -1.
    pub broker_epoch: i64,
    /// `[]TopicData`.
    pub topics: Vec<RequestTopicData>,
}

impl Default for AlterPartitionRequest {
    fn default() -> Self {
        Self { broker_id: 0, broker_epoch: -1, topics: Vec::new() }
    }
}

impl AlterPartitionRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 2;
    /// The highest version.
    pub const MAX_VERSION: i16 = 3;
}

impl Message for AlterPartitionRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "AlterPartitionRequest",
                version,
            });
        }
        let broker_id = dec.i32()?;
        let broker_epoch = dec.i64()?;
        let topics = dec.array(true, 18, |dec| RequestTopicData::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { broker_id, broker_epoch, topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "AlterPartitionRequest",
                version,
            });
        }
        enc.i32(self.broker_id);
        enc.i64(self.broker_epoch);
        enc.array(true, &self.topics, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `TopicData` in [`AlterPartitionRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RequestTopicData {
    /// `uuid`.
    pub topic_id: Uuid,
    /// `[]PartitionData`.
    pub partitions: Vec<RequestPartitionData>,
}

impl Message for RequestTopicData {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let topic_id = dec.uuid()?;
        let partitions = dec.array(true, 15, |dec| RequestPartitionData::decode(dec, version))?;
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

/// `PartitionData` in [`AlterPartitionRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RequestPartitionData {
    /// `int32`.
    pub partition_index: i32,
    /// `int32`.
    pub leader_epoch: i32,
    /// `[]int32`, a brokerId, versions 2.
    pub new_isr: Vec<i32>,
    /// `[]BrokerState`, versions 3.
    pub new_isr_with_epochs: Vec<BrokerState>,
    /// `int8`.
    pub leader_recovery_state: i8,
    /// `int32`.
    pub partition_epoch: i32,
}

impl Message for RequestPartitionData {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let partition_index = dec.i32()?;
        let leader_epoch = dec.i32()?;
        let new_isr = if version == 2 {
            dec.array(true, 4, Dec::i32)?
        } else {
            Vec::new()
        };
        let new_isr_with_epochs = if version == 3 {
            dec.array(true, 13, |dec| BrokerState::decode(dec, version))?
        } else {
            Vec::new()
        };
        let leader_recovery_state = dec.i8()?;
        let partition_epoch = dec.i32()?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            partition_index,
            leader_epoch,
            new_isr,
            new_isr_with_epochs,
            leader_recovery_state,
            partition_epoch,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.i32(self.partition_index);
        enc.i32(self.leader_epoch);
        if version == 2 {
            enc.array(true, &self.new_isr, |enc, item| {
                enc.i32(*item);
                Ok(())
            })?;
        } else if !self.new_isr.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "RequestPartitionData.new_isr",
                version,
            });
        }
        if version == 3 {
            enc.array(true, &self.new_isr_with_epochs, |enc, item| {
                item.encode(enc, version)
            })?;
        } else if !self.new_isr_with_epochs.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "RequestPartitionData.new_isr_with_epochs",
                version,
            });
        }
        enc.i8(self.leader_recovery_state);
        enc.i32(self.partition_epoch);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `BrokerState` in [`AlterPartitionRequest`].
#[derive(Debug, Clone, PartialEq)]
pub struct BrokerState {
    /// `int32`, a brokerId.
    pub broker_id: i32,
    /// `int64`, default -1.
    pub broker_epoch: i64,
}

impl Default for BrokerState {
    fn default() -> Self {
        Self { broker_id: 0, broker_epoch: -1 }
    }
}

impl Message for BrokerState {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let broker_id = dec.i32()?;
        let broker_epoch = dec.i64()?;
        dec.skip_tagged_fields()?;
        Ok(Self { broker_id, broker_epoch })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i32(self.broker_id);
        enc.i64(self.broker_epoch);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// The state that the controller decided on.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterPartitionResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
    /// `[]TopicData`.
    pub topics: Vec<ResponseTopicData>,
}

impl AlterPartitionResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 2;
    /// The highest version.
    pub const MAX_VERSION: i16 = 3;
}

impl Message for AlterPartitionResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "AlterPartitionResponse",
                version,
            });
        }
        let throttle_time_ms = dec.i32()?;
        let error_code = dec.i16()?;
        let topics = dec.array(true, 18, |dec| ResponseTopicData::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { throttle_time_ms, error_code, topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "AlterPartitionResponse",
                version,
            });
        }
        enc.i32(self.throttle_time_ms);
        enc.i16(self.error_code);
        enc.array(true, &self.topics, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `TopicData` in [`AlterPartitionResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ResponseTopicData {
    /// `uuid`.
    pub topic_id: Uuid,
    /// `[]PartitionData`.
    pub partitions: Vec<ResponsePartitionData>,
}

impl Message for ResponseTopicData {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let topic_id = dec.uuid()?;
        let partitions = dec.array(true, 21, |dec| ResponsePartitionData::decode(dec, version))?;
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

/// `PartitionData` in [`AlterPartitionResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ResponsePartitionData {
    /// `int32`.
    pub partition_index: i32,
    /// `int16`.
    pub error_code: i16,
    /// `int32`, a brokerId.
    pub leader_id: i32,
    /// `int32`.
    pub leader_epoch: i32,
    /// `[]int32`, a brokerId.
    pub isr: Vec<i32>,
    /// `int8`.
    pub leader_recovery_state: i8,
    /// `int32`.
    pub partition_epoch: i32,
}

impl Message for ResponsePartitionData {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let partition_index = dec.i32()?;
        let error_code = dec.i16()?;
        let leader_id = dec.i32()?;
        let leader_epoch = dec.i32()?;
        let isr = dec.array(true, 4, Dec::i32)?;
        let leader_recovery_state = dec.i8()?;
        let partition_epoch = dec.i32()?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            partition_index,
            error_code,
            leader_id,
            leader_epoch,
            isr,
            leader_recovery_state,
            partition_epoch,
        })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i32(self.partition_index);
        enc.i16(self.error_code);
        enc.i32(self.leader_id);
        enc.i32(self.leader_epoch);
        enc.array(true, &self.isr, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        enc.i8(self.leader_recovery_state);
        enc.i32(self.partition_epoch);
        enc.no_tagged_fields();
        Ok(())
    }
}

impl ResponseTopicData {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.partitions {
            item.visit_errors(seen);
        }
    }
}

impl ResponsePartitionData {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for AlterPartitionResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
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

impl Request for AlterPartitionRequest {
    const KEY: ApiKey = ApiKey::AlterPartition;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = AlterPartitionResponse;
}
