//! Fetch (key 1), versions 4-18. Reads batches from offsets on, within a session that remembers the partitions.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Records, Str};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// Reads batches from offsets on, within a session that remembers the partitions.
#[derive(Debug, Clone, PartialEq)]
pub struct FetchRequest {
    /// `string`, versions 12-18, nullable, tag 0, default null.
    pub cluster_id: Option<Str>,
    /// `int32`, a brokerId, versions 4-14, default -1.
    pub replica_id: i32,
    /// `ReplicaState`, versions 15-18, tag 1.
    pub replica_state: ReplicaState,
    /// `int32`.
    pub max_wait_ms: i32,
    /// `int32`.
    pub min_bytes: i32,
    /// `int32`, default 0x7fffffff.
    pub max_bytes: i32,
    /// `int8`.
    pub isolation_level: i8,
    /// `int32`, versions 7-18.
    pub session_id: i32,
    /// `int32`, versions 7-18, default -1.
    pub session_epoch: i32,
    /// `[]FetchTopic`.
    pub topics: Vec<FetchTopic>,
    /// `[]ForgottenTopic`, versions 7-18.
    pub forgotten_topics_data: Vec<ForgottenTopic>,
    /// `string`, versions 11-18.
    pub rack_id: Str,
}

impl Default for FetchRequest {
    fn default() -> Self {
        Self {
            cluster_id: None,
            replica_id: -1,
            replica_state: ReplicaState::default(),
            max_wait_ms: 0,
            min_bytes: 0,
            max_bytes: i32::MAX,
            isolation_level: 0,
            session_id: 0,
            session_epoch: -1,
            topics: Vec::new(),
            forgotten_topics_data: Vec::new(),
            rack_id: Str::EMPTY,
        }
    }
}

impl FetchRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 4;
    /// The highest version.
    pub const MAX_VERSION: i16 = 18;
}

impl Message for FetchRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "FetchRequest", version });
        }
        let flexible = version >= 12;
        let mut cluster_id = None;
        let replica_id = if version <= 14 { dec.i32()? } else { -1 };
        let mut replica_state = ReplicaState::default();
        let max_wait_ms = dec.i32()?;
        let min_bytes = dec.i32()?;
        let max_bytes = dec.i32()?;
        let isolation_level = dec.i8()?;
        let session_id = if version >= 7 { dec.i32()? } else { 0 };
        let session_epoch = if version >= 7 { dec.i32()? } else { -1 };
        let topics = dec.array(flexible, 3, |dec| FetchTopic::decode(dec, version))?;
        let forgotten_topics_data = if version >= 7 {
            dec.array(flexible, 3, |dec| ForgottenTopic::decode(dec, version))?
        } else {
            Vec::new()
        };
        let rack_id = if version >= 11 {
            dec.string(flexible)?
        } else {
            Str::EMPTY
        };
        if flexible {
            dec.tagged_fields(|dec, tag| {
                match tag {
                    0 => cluster_id = dec.nullable_string(true)?,
                    1 if version >= 15 => replica_state = ReplicaState::decode(dec, version)?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(Self {
            cluster_id,
            replica_id,
            replica_state,
            max_wait_ms,
            min_bytes,
            max_bytes,
            isolation_level,
            session_id,
            session_epoch,
            topics,
            forgotten_topics_data,
            rack_id,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "FetchRequest", version });
        }
        let flexible = version >= 12;
        if version <= 14 {
            enc.i32(self.replica_id);
        } else if self.replica_id != -1 {
            return Err(EncodeError::UnsupportedField {
                field: "FetchRequest.replica_id",
                version,
            });
        }
        if version < 15 && self.replica_state != ReplicaState::default() {
            return Err(EncodeError::UnsupportedField {
                field: "FetchRequest.replica_state",
                version,
            });
        }
        enc.i32(self.max_wait_ms);
        enc.i32(self.min_bytes);
        enc.i32(self.max_bytes);
        enc.i8(self.isolation_level);
        if version >= 7 {
            enc.i32(self.session_id);
        }
        if version >= 7 {
            enc.i32(self.session_epoch);
        }
        enc.array(flexible, &self.topics, |enc, item| {
            item.encode(enc, version)
        })?;
        if version >= 7 {
            enc.array(flexible, &self.forgotten_topics_data, |enc, item| {
                item.encode(enc, version)
            })?;
        } else if !self.forgotten_topics_data.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "FetchRequest.forgotten_topics_data",
                version,
            });
        }
        if version >= 11 {
            enc.string(flexible, &self.rack_id)?;
        }
        if flexible {
            enc.tagged_fields(|tags| {
                if self.cluster_id.is_some() {
                    tags.field(0, |enc| {
                        enc.nullable_string(true, self.cluster_id.as_deref())?;
                        Ok(())
                    })?;
                }
                if version >= 15 && self.replica_state != ReplicaState::default() {
                    tags.field(1, |enc| {
                        self.replica_state.encode(enc, version)?;
                        Ok(())
                    })?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// `ReplicaState` in [`FetchRequest`].
#[derive(Debug, Clone, PartialEq)]
pub struct ReplicaState {
    /// `int32`, a brokerId, default -1.
    pub replica_id: i32,
    /// `int64`, default -1.
    pub replica_epoch: i64,
}

impl Default for ReplicaState {
    fn default() -> Self {
        Self { replica_id: -1, replica_epoch: -1 }
    }
}

impl Message for ReplicaState {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let replica_id = dec.i32()?;
        let replica_epoch = dec.i64()?;
        dec.skip_tagged_fields()?;
        Ok(Self { replica_id, replica_epoch })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i32(self.replica_id);
        enc.i64(self.replica_epoch);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `FetchTopic` in [`FetchRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FetchTopic {
    /// `string`, a topicName, versions 4-12.
    pub topic: Str,
    /// `uuid`, versions 13-18.
    pub topic_id: Uuid,
    /// `[]FetchPartition`.
    pub partitions: Vec<FetchPartition>,
}

impl Message for FetchTopic {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 12;
        let topic = if version <= 12 {
            dec.string(flexible)?
        } else {
            Str::EMPTY
        };
        let topic_id = if version >= 13 {
            dec.uuid()?
        } else {
            Uuid::ZERO
        };
        let partitions = dec.array(flexible, 16, |dec| FetchPartition::decode(dec, version))?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { topic, topic_id, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 12;
        if version <= 12 {
            enc.string(flexible, &self.topic)?;
        }
        if version >= 13 {
            enc.uuid(self.topic_id);
        }
        enc.array(flexible, &self.partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `FetchPartition` in [`FetchRequest`].
#[derive(Debug, Clone, PartialEq)]
pub struct FetchPartition {
    /// `int32`.
    pub partition: i32,
    /// `int32`, versions 9-18, default -1.
    pub current_leader_epoch: i32,
    /// `int64`.
    pub fetch_offset: i64,
    /// `int32`, versions 12-18, default -1.
    pub last_fetched_epoch: i32,
    /// `int64`, versions 5-18, default -1.
    pub log_start_offset: i64,
    /// `int32`.
    pub partition_max_bytes: i32,
    /// `uuid`, versions 17-18, tag 0.
    pub replica_directory_id: Uuid,
    /// `int64`, versions 18, tag 1, default 9223372036854775807.
    pub high_watermark: i64,
}

impl Default for FetchPartition {
    fn default() -> Self {
        Self {
            partition: 0,
            current_leader_epoch: -1,
            fetch_offset: 0,
            last_fetched_epoch: -1,
            log_start_offset: -1,
            partition_max_bytes: 0,
            replica_directory_id: Uuid::ZERO,
            high_watermark: i64::MAX,
        }
    }
}

impl Message for FetchPartition {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 12;
        let partition = dec.i32()?;
        let current_leader_epoch = if version >= 9 { dec.i32()? } else { -1 };
        let fetch_offset = dec.i64()?;
        let last_fetched_epoch = if version >= 12 { dec.i32()? } else { -1 };
        let log_start_offset = if version >= 5 { dec.i64()? } else { -1 };
        let partition_max_bytes = dec.i32()?;
        let mut replica_directory_id = Uuid::ZERO;
        let mut high_watermark = i64::MAX;
        if flexible {
            dec.tagged_fields(|dec, tag| {
                match tag {
                    0 if version >= 17 => replica_directory_id = dec.uuid()?,
                    1 if version == 18 => high_watermark = dec.i64()?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(Self {
            partition,
            current_leader_epoch,
            fetch_offset,
            last_fetched_epoch,
            log_start_offset,
            partition_max_bytes,
            replica_directory_id,
            high_watermark,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 12;
        enc.i32(self.partition);
        if version >= 9 {
            enc.i32(self.current_leader_epoch);
        }
        enc.i64(self.fetch_offset);
        if version >= 12 {
            enc.i32(self.last_fetched_epoch);
        } else if self.last_fetched_epoch != -1 {
            return Err(EncodeError::UnsupportedField {
                field: "FetchPartition.last_fetched_epoch",
                version,
            });
        }
        if version >= 5 {
            enc.i64(self.log_start_offset);
        }
        enc.i32(self.partition_max_bytes);
        if flexible {
            enc.tagged_fields(|tags| {
                if version >= 17 && self.replica_directory_id != Uuid::ZERO {
                    tags.field(0, |enc| {
                        enc.uuid(self.replica_directory_id);
                        Ok(())
                    })?;
                }
                if version == 18 && self.high_watermark != i64::MAX {
                    tags.field(1, |enc| {
                        enc.i64(self.high_watermark);
                        Ok(())
                    })?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// `ForgottenTopic` in [`FetchRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ForgottenTopic {
    /// `string`, a topicName, versions 7-12.
    pub topic: Str,
    /// `uuid`, versions 13-18.
    pub topic_id: Uuid,
    /// `[]int32`.
    pub partitions: Vec<i32>,
}

impl Message for ForgottenTopic {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 12;
        let topic = if version <= 12 {
            dec.string(flexible)?
        } else {
            Str::EMPTY
        };
        let topic_id = if version >= 13 {
            dec.uuid()?
        } else {
            Uuid::ZERO
        };
        let partitions = dec.array(flexible, 4, Dec::i32)?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { topic, topic_id, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 12;
        if version <= 12 {
            enc.string(flexible, &self.topic)?;
        }
        if version >= 13 {
            enc.uuid(self.topic_id);
        }
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

/// Batches of each partition, with its end, its start and the transactions to leave out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FetchResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `int16`, versions 7-18.
    pub error_code: i16,
    /// `int32`, versions 7-18.
    pub session_id: i32,
    /// `[]FetchableTopicResponse`.
    pub responses: Vec<FetchableTopicResponse>,
    /// `[]NodeEndpoint`, versions 16-18, tag 0.
    pub node_endpoints: Vec<NodeEndpoint>,
}

impl FetchResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 4;
    /// The highest version.
    pub const MAX_VERSION: i16 = 18;
}

impl Message for FetchResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "FetchResponse", version });
        }
        let flexible = version >= 12;
        let throttle_time_ms = dec.i32()?;
        let error_code = if version >= 7 { dec.i16()? } else { 0 };
        let session_id = if version >= 7 { dec.i32()? } else { 0 };
        let responses = dec.array(flexible, 3, |dec| {
            FetchableTopicResponse::decode(dec, version)
        })?;
        let mut node_endpoints = Vec::new();
        if flexible {
            dec.tagged_fields(|dec, tag| {
                match tag {
                    0 if version >= 16 => {
                        node_endpoints =
                            dec.array(true, 11, |dec| NodeEndpoint::decode(dec, version))?
                    }
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(Self {
            throttle_time_ms,
            error_code,
            session_id,
            responses,
            node_endpoints,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "FetchResponse", version });
        }
        let flexible = version >= 12;
        enc.i32(self.throttle_time_ms);
        if version >= 7 {
            enc.i16(self.error_code);
        }
        if version >= 7 {
            enc.i32(self.session_id);
        } else if self.session_id != 0 {
            return Err(EncodeError::UnsupportedField {
                field: "FetchResponse.session_id",
                version,
            });
        }
        enc.array(flexible, &self.responses, |enc, item| {
            item.encode(enc, version)
        })?;
        if version < 16 && !self.node_endpoints.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "FetchResponse.node_endpoints",
                version,
            });
        }
        if flexible {
            enc.tagged_fields(|tags| {
                if version >= 16 && !self.node_endpoints.is_empty() {
                    tags.field(0, |enc| {
                        enc.array(true, &self.node_endpoints, |enc, item| {
                            item.encode(enc, version)
                        })?;
                        Ok(())
                    })?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// `FetchableTopicResponse` in [`FetchResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FetchableTopicResponse {
    /// `string`, a topicName, versions 4-12.
    pub topic: Str,
    /// `uuid`, versions 13-18.
    pub topic_id: Uuid,
    /// `[]PartitionData`.
    pub partitions: Vec<PartitionData>,
}

impl Message for FetchableTopicResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 12;
        let topic = if version <= 12 {
            dec.string(flexible)?
        } else {
            Str::EMPTY
        };
        let topic_id = if version >= 13 {
            dec.uuid()?
        } else {
            Uuid::ZERO
        };
        let partitions = dec.array(flexible, 30, |dec| PartitionData::decode(dec, version))?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { topic, topic_id, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 12;
        if version <= 12 {
            enc.string(flexible, &self.topic)?;
        }
        if version >= 13 {
            enc.uuid(self.topic_id);
        }
        enc.array(flexible, &self.partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `PartitionData` in [`FetchResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionData {
    /// `int32`.
    pub partition_index: i32,
    /// `int16`.
    pub error_code: i16,
    /// `int64`.
    pub high_watermark: i64,
    /// `int64`, default -1.
    pub last_stable_offset: i64,
    /// `int64`, versions 5-18, default -1.
    pub log_start_offset: i64,
    /// `EpochEndOffset`, versions 12-18, tag 0.
    pub diverging_epoch: EpochEndOffset,
    /// `LeaderIdAndEpoch`, versions 12-18, tag 1.
    pub current_leader: LeaderIdAndEpoch,
    /// `SnapshotId`, versions 12-18, tag 2.
    pub snapshot_id: SnapshotId,
    /// `[]AbortedTransaction`, nullable.
    pub aborted_transactions: Option<Vec<AbortedTransaction>>,
    /// `int32`, a brokerId, versions 11-18, default -1.
    pub preferred_read_replica: i32,
    /// `records`, nullable.
    pub records: Option<Records>,
}

impl Default for PartitionData {
    fn default() -> Self {
        Self {
            partition_index: 0,
            error_code: 0,
            high_watermark: 0,
            last_stable_offset: -1,
            log_start_offset: -1,
            diverging_epoch: EpochEndOffset::default(),
            current_leader: LeaderIdAndEpoch::default(),
            snapshot_id: SnapshotId::default(),
            aborted_transactions: Some(Vec::new()),
            preferred_read_replica: -1,
            records: None,
        }
    }
}

impl Message for PartitionData {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 12;
        let partition_index = dec.i32()?;
        let error_code = dec.i16()?;
        let high_watermark = dec.i64()?;
        let last_stable_offset = dec.i64()?;
        let log_start_offset = if version >= 5 { dec.i64()? } else { -1 };
        let mut diverging_epoch = EpochEndOffset::default();
        let mut current_leader = LeaderIdAndEpoch::default();
        let mut snapshot_id = SnapshotId::default();
        let aborted_transactions =
            dec.nullable_array(flexible, 16, |dec| AbortedTransaction::decode(dec, version))?;
        let preferred_read_replica = if version >= 11 { dec.i32()? } else { -1 };
        let records = dec.records(flexible)?;
        if flexible {
            dec.tagged_fields(|dec, tag| {
                match tag {
                    0 => diverging_epoch = EpochEndOffset::decode(dec, version)?,
                    1 => current_leader = LeaderIdAndEpoch::decode(dec, version)?,
                    2 => snapshot_id = SnapshotId::decode(dec, version)?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(Self {
            partition_index,
            error_code,
            high_watermark,
            last_stable_offset,
            log_start_offset,
            diverging_epoch,
            current_leader,
            snapshot_id,
            aborted_transactions,
            preferred_read_replica,
            records,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 12;
        enc.i32(self.partition_index);
        enc.i16(self.error_code);
        enc.i64(self.high_watermark);
        enc.i64(self.last_stable_offset);
        if version >= 5 {
            enc.i64(self.log_start_offset);
        }
        if version < 12 && self.diverging_epoch != EpochEndOffset::default() {
            return Err(EncodeError::UnsupportedField {
                field: "PartitionData.diverging_epoch",
                version,
            });
        }
        if version < 12 && self.current_leader != LeaderIdAndEpoch::default() {
            return Err(EncodeError::UnsupportedField {
                field: "PartitionData.current_leader",
                version,
            });
        }
        if version < 12 && self.snapshot_id != SnapshotId::default() {
            return Err(EncodeError::UnsupportedField {
                field: "PartitionData.snapshot_id",
                version,
            });
        }
        enc.nullable_array(
            flexible,
            self.aborted_transactions.as_deref(),
            |enc, item| item.encode(enc, version),
        )?;
        if version >= 11 {
            enc.i32(self.preferred_read_replica);
        } else if self.preferred_read_replica != -1 {
            return Err(EncodeError::UnsupportedField {
                field: "PartitionData.preferred_read_replica",
                version,
            });
        }
        enc.records(flexible, self.records.as_ref())?;
        if flexible {
            enc.tagged_fields(|tags| {
                if self.diverging_epoch != EpochEndOffset::default() {
                    tags.field(0, |enc| {
                        self.diverging_epoch.encode(enc, version)?;
                        Ok(())
                    })?;
                }
                if self.current_leader != LeaderIdAndEpoch::default() {
                    tags.field(1, |enc| {
                        self.current_leader.encode(enc, version)?;
                        Ok(())
                    })?;
                }
                if self.snapshot_id != SnapshotId::default() {
                    tags.field(2, |enc| {
                        self.snapshot_id.encode(enc, version)?;
                        Ok(())
                    })?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// `EpochEndOffset` in [`FetchResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct EpochEndOffset {
    /// `int32`, default -1.
    pub epoch: i32,
    /// `int64`, default -1.
    pub end_offset: i64,
}

impl Default for EpochEndOffset {
    fn default() -> Self {
        Self { epoch: -1, end_offset: -1 }
    }
}

impl Message for EpochEndOffset {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let epoch = dec.i32()?;
        let end_offset = dec.i64()?;
        dec.skip_tagged_fields()?;
        Ok(Self { epoch, end_offset })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i32(self.epoch);
        enc.i64(self.end_offset);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `LeaderIdAndEpoch` in [`FetchResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct LeaderIdAndEpoch {
    /// `int32`, a brokerId, default -1.
    pub leader_id: i32,
    /// `int32`, default -1.
    pub leader_epoch: i32,
}

impl Default for LeaderIdAndEpoch {
    fn default() -> Self {
        Self { leader_id: -1, leader_epoch: -1 }
    }
}

impl Message for LeaderIdAndEpoch {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let leader_id = dec.i32()?;
        let leader_epoch = dec.i32()?;
        dec.skip_tagged_fields()?;
        Ok(Self { leader_id, leader_epoch })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i32(self.leader_id);
        enc.i32(self.leader_epoch);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `SnapshotId` in [`FetchResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct SnapshotId {
    /// `int64`, default -1.
    pub end_offset: i64,
    /// `int32`, default -1.
    pub epoch: i32,
}

impl Default for SnapshotId {
    fn default() -> Self {
        Self { end_offset: -1, epoch: -1 }
    }
}

impl Message for SnapshotId {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let end_offset = dec.i64()?;
        let epoch = dec.i32()?;
        dec.skip_tagged_fields()?;
        Ok(Self { end_offset, epoch })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i64(self.end_offset);
        enc.i32(self.epoch);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `AbortedTransaction` in [`FetchResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AbortedTransaction {
    /// `int64`, a producerId.
    pub producer_id: i64,
    /// `int64`.
    pub first_offset: i64,
}

impl Message for AbortedTransaction {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 12;
        let producer_id = dec.i64()?;
        let first_offset = dec.i64()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { producer_id, first_offset })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 12;
        enc.i64(self.producer_id);
        enc.i64(self.first_offset);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `NodeEndpoint` in [`FetchResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NodeEndpoint {
    /// `int32`, a brokerId.
    pub node_id: i32,
    /// `string`.
    pub host: Str,
    /// `int32`.
    pub port: i32,
    /// `string`, nullable, default null.
    pub rack: Option<Str>,
}

impl Message for NodeEndpoint {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let node_id = dec.i32()?;
        let host = dec.string(true)?;
        let port = dec.i32()?;
        let rack = dec.nullable_string(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self { node_id, host, port, rack })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i32(self.node_id);
        enc.string(true, &self.host)?;
        enc.i32(self.port);
        enc.nullable_string(true, self.rack.as_deref())?;
        enc.no_tagged_fields();
        Ok(())
    }
}

impl FetchableTopicResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.partitions {
            item.visit_errors(seen);
        }
    }
}

impl PartitionData {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for FetchResponse {
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

impl Request for FetchRequest {
    const KEY: ApiKey = ApiKey::Fetch;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 12;
    type Response = FetchResponse;
}
