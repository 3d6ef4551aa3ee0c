//! TxnOffsetCommit (key 28), versions 0-5. Commits the positions of a group as part of a transaction.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Commits the positions of a group as part of a transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct TxnOffsetCommitRequest {
    /// `string`, a transactionalId.
    pub transactional_id: Str,
    /// `string`, a groupId.
    pub group_id: Str,
    /// `int64`, a producerId.
    pub producer_id: i64,
    /// `int16`.
    pub producer_epoch: i16,
    /// `int32`, versions 3-5, default -1.
    pub generation_id: i32,
    /// `string`, versions 3-5.
    pub member_id: Str,
    /// `string`, versions 3-5, nullable, default null.
    pub group_instance_id: Option<Str>,
    /// `[]TxnOffsetCommitRequestTopic`.
    pub topics: Vec<TxnOffsetCommitRequestTopic>,
}

impl Default for TxnOffsetCommitRequest {
    fn default() -> Self {
        Self {
            transactional_id: Str::EMPTY,
            group_id: Str::EMPTY,
            producer_id: 0,
            producer_epoch: 0,
            generation_id: -1,
            member_id: Str::EMPTY,
            group_instance_id: None,
            topics: Vec::new(),
        }
    }
}

impl TxnOffsetCommitRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 5;
}

impl Message for TxnOffsetCommitRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "TxnOffsetCommitRequest",
                version,
            });
        }
        let flexible = version >= 3;
        let transactional_id = dec.string(flexible)?;
        let group_id = dec.string(flexible)?;
        let producer_id = dec.i64()?;
        let producer_epoch = dec.i16()?;
        let generation_id = if version >= 3 { dec.i32()? } else { -1 };
        let member_id = if version >= 3 {
            dec.string(flexible)?
        } else {
            Str::EMPTY
        };
        let group_instance_id = if version >= 3 {
            dec.nullable_string(flexible)?
        } else {
            None
        };
        let topics = dec.array(flexible, 3, |dec| {
            TxnOffsetCommitRequestTopic::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            transactional_id,
            group_id,
            producer_id,
            producer_epoch,
            generation_id,
            member_id,
            group_instance_id,
            topics,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "TxnOffsetCommitRequest",
                version,
            });
        }
        let flexible = version >= 3;
        enc.string(flexible, &self.transactional_id)?;
        enc.string(flexible, &self.group_id)?;
        enc.i64(self.producer_id);
        enc.i16(self.producer_epoch);
        if version >= 3 {
            enc.i32(self.generation_id);
        } else if self.generation_id != -1 {
            return Err(EncodeError::UnsupportedField {
                field: "TxnOffsetCommitRequest.generation_id",
                version,
            });
        }
        if version >= 3 {
            enc.string(flexible, &self.member_id)?;
        } else if !self.member_id.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "TxnOffsetCommitRequest.member_id",
                version,
            });
        }
        if version >= 3 {
            enc.nullable_string(flexible, self.group_instance_id.as_deref())?;
        } else if self.group_instance_id.is_some() {
            return Err(EncodeError::UnsupportedField {
                field: "TxnOffsetCommitRequest.group_instance_id",
                version,
            });
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

/// `TxnOffsetCommitRequestTopic` in [`TxnOffsetCommitRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TxnOffsetCommitRequestTopic {
    /// `string`, a topicName.
    pub name: Str,
    /// `[]TxnOffsetCommitRequestPartition`.
    pub partitions: Vec<TxnOffsetCommitRequestPartition>,
}

impl Message for TxnOffsetCommitRequestTopic {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 3;
        let name = dec.string(flexible)?;
        let partitions = dec.array(flexible, 14, |dec| {
            TxnOffsetCommitRequestPartition::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { name, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 3;
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

/// `TxnOffsetCommitRequestPartition` in [`TxnOffsetCommitRequest`].
#[derive(Debug, Clone, PartialEq)]
pub struct TxnOffsetCommitRequestPartition {
    /// `int32`.
    pub partition_index: i32,
    /// `int64`.
    pub committed_offset: i64,
    /// `int32`, versions 2-5, default -1.
    pub committed_leader_epoch: i32,
    /// `string`, nullable.
    pub committed_metadata: Option<Str>,
}

impl Default for TxnOffsetCommitRequestPartition {
    fn default() -> Self {
        Self {
            partition_index: 0,
            committed_offset: 0,
            committed_leader_epoch: -1,
            committed_metadata: Some(Str::EMPTY),
        }
    }
}

impl Message for TxnOffsetCommitRequestPartition {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 3;
        let partition_index = dec.i32()?;
        let committed_offset = dec.i64()?;
        let committed_leader_epoch = if version >= 2 { dec.i32()? } else { -1 };
        let committed_metadata = dec.nullable_string(flexible)?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            partition_index,
            committed_offset,
            committed_leader_epoch,
            committed_metadata,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 3;
        enc.i32(self.partition_index);
        enc.i64(self.committed_offset);
        if version >= 2 {
            enc.i32(self.committed_leader_epoch);
        }
        enc.nullable_string(flexible, self.committed_metadata.as_deref())?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// Whether each position is pending now.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TxnOffsetCommitResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `[]TxnOffsetCommitResponseTopic`.
    pub topics: Vec<TxnOffsetCommitResponseTopic>,
}

impl TxnOffsetCommitResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 5;
}

impl Message for TxnOffsetCommitResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "TxnOffsetCommitResponse",
                version,
            });
        }
        let flexible = version >= 3;
        let throttle_time_ms = dec.i32()?;
        let topics = dec.array(flexible, 3, |dec| {
            TxnOffsetCommitResponseTopic::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { throttle_time_ms, topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "TxnOffsetCommitResponse",
                version,
            });
        }
        let flexible = version >= 3;
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

/// `TxnOffsetCommitResponseTopic` in [`TxnOffsetCommitResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TxnOffsetCommitResponseTopic {
    /// `string`, a topicName.
    pub name: Str,
    /// `[]TxnOffsetCommitResponsePartition`.
    pub partitions: Vec<TxnOffsetCommitResponsePartition>,
}

impl Message for TxnOffsetCommitResponseTopic {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 3;
        let name = dec.string(flexible)?;
        let partitions = dec.array(flexible, 6, |dec| {
            TxnOffsetCommitResponsePartition::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { name, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 3;
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

/// `TxnOffsetCommitResponsePartition` in [`TxnOffsetCommitResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TxnOffsetCommitResponsePartition {
    /// `int32`.
    pub partition_index: i32,
    /// `int16`.
    pub error_code: i16,
}

impl Message for TxnOffsetCommitResponsePartition {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 3;
        let partition_index = dec.i32()?;
        let error_code = dec.i16()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { partition_index, error_code })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 3;
        enc.i32(self.partition_index);
        enc.i16(self.error_code);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

impl TxnOffsetCommitResponseTopic {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.partitions {
            item.visit_errors(seen);
        }
    }
}

impl TxnOffsetCommitResponsePartition {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for TxnOffsetCommitResponse {
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

impl Request for TxnOffsetCommitRequest {
    const KEY: ApiKey = ApiKey::TxnOffsetCommit;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 3;
    type Response = TxnOffsetCommitResponse;
}
