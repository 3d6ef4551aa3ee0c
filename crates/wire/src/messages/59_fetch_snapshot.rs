//! FetchSnapshot (key 59), versions 0-1. Reads a piece of a metadata snapshot.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Records, Str};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// Reads a piece of a metadata snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct FetchSnapshotRequest {
    /// `string`, nullable, tag 0, default null.
    pub cluster_id: Option<Str>,
    /// `int32`, a brokerId, default -1.
    pub replica_id: i32,
    /// `int32`, default 0x7fffffff.
    pub max_bytes: i32,
    /// `[]TopicSnapshot`.
    pub topics: Vec<RequestTopicSnapshot>,
}

impl Default for FetchSnapshotRequest {
    fn default() -> Self {
        Self {
            cluster_id: None,
            replica_id: -1,
            max_bytes: i32::MAX,
            topics: Vec::new(),
        }
    }
}

impl FetchSnapshotRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 1;
}

impl Message for FetchSnapshotRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "FetchSnapshotRequest",
                version,
            });
        }
        let mut cluster_id = None;
        let replica_id = dec.i32()?;
        let max_bytes = dec.i32()?;
        let topics = dec.array(true, 3, |dec| RequestTopicSnapshot::decode(dec, version))?;
        dec.tagged_fields(|dec, tag| {
            match tag {
                0 => cluster_id = dec.nullable_string(true)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self { cluster_id, replica_id, max_bytes, topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "FetchSnapshotRequest",
                version,
            });
        }
        enc.i32(self.replica_id);
        enc.i32(self.max_bytes);
        enc.array(true, &self.topics, |enc, item| item.encode(enc, version))?;
        enc.tagged_fields(|tags| {
            if self.cluster_id.is_some() {
                tags.field(0, |enc| {
                    enc.nullable_string(true, self.cluster_id.as_deref())?;
                    Ok(())
                })?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// `TopicSnapshot` in [`FetchSnapshotRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RequestTopicSnapshot {
    /// `string`, a topicName.
    pub name: Str,
    /// `[]PartitionSnapshot`.
    pub partitions: Vec<RequestPartitionSnapshot>,
}

impl Message for RequestTopicSnapshot {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let name = dec.string(true)?;
        let partitions = dec.array(true, 30, |dec| {
            RequestPartitionSnapshot::decode(dec, version)
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

/// `PartitionSnapshot` in [`FetchSnapshotRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RequestPartitionSnapshot {
    /// `int32`.
    pub partition: i32,
    /// `int32`.
    pub current_leader_epoch: i32,
    /// `SnapshotId`.
    pub snapshot_id: RequestSnapshotId,
    /// `int64`.
    pub position: i64,
    /// `uuid`, versions 1, tag 0.
    pub replica_directory_id: Uuid,
}

impl Message for RequestPartitionSnapshot {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let partition = dec.i32()?;
        let current_leader_epoch = dec.i32()?;
        let snapshot_id = RequestSnapshotId::decode(dec, version)?;
        let position = dec.i64()?;
        let mut replica_directory_id = Uuid::ZERO;
        dec.tagged_fields(|dec, tag| {
            match tag {
                0 if version == 1 => replica_directory_id = dec.uuid()?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self {
            partition,
            current_leader_epoch,
            snapshot_id,
            position,
            replica_directory_id,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.i32(self.partition);
        enc.i32(self.current_leader_epoch);
        self.snapshot_id.encode(enc, version)?;
        enc.i64(self.position);
        enc.tagged_fields(|tags| {
            if version == 1 && self.replica_directory_id != Uuid::ZERO {
                tags.field(0, |enc| {
                    enc.uuid(self.replica_directory_id);
                    Ok(())
                })?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// `SnapshotId` in [`FetchSnapshotRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RequestSnapshotId {
    /// `int64`.
    pub end_offset: i64,
    /// `int32`.
    pub epoch: i32,
}

impl Message for RequestSnapshotId {
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

/// The piece, or where to look instead.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FetchSnapshotResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
    /// `[]TopicSnapshot`.
    pub topics: Vec<ResponseTopicSnapshot>,
    /// `[]NodeEndpoint`, versions 1, tag 0.
    pub node_endpoints: Vec<NodeEndpoint>,
}

impl FetchSnapshotResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 1;
}

impl Message for FetchSnapshotResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "FetchSnapshotResponse",
                version,
            });
        }
        let throttle_time_ms = dec.i32()?;
        let error_code = dec.i16()?;
        let topics = dec.array(true, 3, |dec| ResponseTopicSnapshot::decode(dec, version))?;
        let mut node_endpoints = Vec::new();
        dec.tagged_fields(|dec, tag| {
            match tag {
                0 if version == 1 => {
                    node_endpoints = dec.array(true, 8, |dec| NodeEndpoint::decode(dec, version))?
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self { throttle_time_ms, error_code, topics, node_endpoints })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "FetchSnapshotResponse",
                version,
            });
        }
        enc.i32(self.throttle_time_ms);
        enc.i16(self.error_code);
        enc.array(true, &self.topics, |enc, item| item.encode(enc, version))?;
        if version < 1 && !self.node_endpoints.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "FetchSnapshotResponse.node_endpoints",
                version,
            });
        }
        enc.tagged_fields(|tags| {
            if version == 1 && !self.node_endpoints.is_empty() {
                tags.field(0, |enc| {
                    enc.array(true, &self.node_endpoints, |enc, item| {
                        item.encode(enc, version)
                    })?;
                    Ok(())
                })?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// `TopicSnapshot` in [`FetchSnapshotResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ResponseTopicSnapshot {
    /// `string`, a topicName.
    pub name: Str,
    /// `[]PartitionSnapshot`.
    pub partitions: Vec<ResponsePartitionSnapshot>,
}

impl Message for ResponseTopicSnapshot {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let name = dec.string(true)?;
        let partitions = dec.array(true, 37, |dec| {
            ResponsePartitionSnapshot::decode(dec, version)
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

/// `PartitionSnapshot` in [`FetchSnapshotResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct ResponsePartitionSnapshot {
    /// `int32`.
    pub index: i32,
    /// `int16`.
    pub error_code: i16,
    /// `SnapshotId`.
    pub snapshot_id: ResponseSnapshotId,
    /// `LeaderIdAndEpoch`, tag 0.
    pub current_leader: LeaderIdAndEpoch,
    /// `int64`.
    pub size: i64,
    /// `int64`.
    pub position: i64,
    /// `records`.
    pub unaligned_records: Option<Records>,
}

impl Default for ResponsePartitionSnapshot {
    fn default() -> Self {
        Self {
            index: 0,
            error_code: 0,
            snapshot_id: ResponseSnapshotId::default(),
            current_leader: LeaderIdAndEpoch::default(),
            size: 0,
            position: 0,
            unaligned_records: Some(Records::EMPTY),
        }
    }
}

impl Message for ResponsePartitionSnapshot {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let index = dec.i32()?;
        let error_code = dec.i16()?;
        let snapshot_id = ResponseSnapshotId::decode(dec, version)?;
        let mut current_leader = LeaderIdAndEpoch::default();
        let size = dec.i64()?;
        let position = dec.i64()?;
        let unaligned_records = Some(Records::Bytes(dec.bytes(true)?));
        dec.tagged_fields(|dec, tag| {
            match tag {
                0 => current_leader = LeaderIdAndEpoch::decode(dec, version)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self {
            index,
            error_code,
            snapshot_id,
            current_leader,
            size,
            position,
            unaligned_records,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.i32(self.index);
        enc.i16(self.error_code);
        self.snapshot_id.encode(enc, version)?;
        enc.i64(self.size);
        enc.i64(self.position);
        let Some(value) = &self.unaligned_records else {
            return Err(EncodeError::UnexpectedNull {
                field: "FetchSnapshotResponse.unaligned_records",
                version,
            });
        };
        enc.records(true, Some(value))?;
        enc.tagged_fields(|tags| {
            if self.current_leader != LeaderIdAndEpoch::default() {
                tags.field(0, |enc| {
                    self.current_leader.encode(enc, version)?;
                    Ok(())
                })?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// `SnapshotId` in [`FetchSnapshotResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ResponseSnapshotId {
    /// `int64`.
    pub end_offset: i64,
    /// `int32`.
    pub epoch: i32,
}

impl Message for ResponseSnapshotId {
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

/// `LeaderIdAndEpoch` in [`FetchSnapshotResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LeaderIdAndEpoch {
    /// `int32`, a brokerId.
    pub leader_id: i32,
    /// `int32`.
    pub leader_epoch: i32,
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

/// `NodeEndpoint` in [`FetchSnapshotResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NodeEndpoint {
    /// `int32`, a brokerId.
    pub node_id: i32,
    /// `string`.
    pub host: Str,
    /// `uint16`.
    pub port: u16,
}

impl Message for NodeEndpoint {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let node_id = dec.i32()?;
        let host = dec.string(true)?;
        let port = dec.u16()?;
        dec.skip_tagged_fields()?;
        Ok(Self { node_id, host, port })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i32(self.node_id);
        enc.string(true, &self.host)?;
        enc.u16(self.port);
        enc.no_tagged_fields();
        Ok(())
    }
}

impl ResponseTopicSnapshot {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.partitions {
            item.visit_errors(seen);
        }
    }
}

impl ResponsePartitionSnapshot {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for FetchSnapshotResponse {
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

impl Request for FetchSnapshotRequest {
    const KEY: ApiKey = ApiKey::FetchSnapshot;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = FetchSnapshotResponse;
}
