//! StreamsGroupHeartbeat (key 88), versions 0. The one request of a member of a streams group.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// The one request of a member of a streams group.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamsGroupHeartbeatRequest {
    /// `string`, a groupId.
    pub group_id: Str,
    /// `string`.
    pub member_id: Str,
    /// `int32`.
    pub member_epoch: i32,
    /// `int32`.
    pub endpoint_information_epoch: i32,
    /// `string`, nullable, default null.
    pub instance_id: Option<Str>,
    /// `string`, nullable, default null.
    pub rack_id: Option<Str>,
    /// `int32`, default -1.
    pub rebalance_timeout_ms: i32,
    /// `Topology`, nullable, default null.
    pub topology: Option<Box<Topology>>,
    /// `[]TaskIds`, nullable, default null.
    pub active_tasks: Option<Vec<RequestTaskIds>>,
    /// `[]TaskIds`, nullable, default null.
    pub standby_tasks: Option<Vec<RequestTaskIds>>,
    /// `[]TaskIds`, nullable, default null.
    pub warmup_tasks: Option<Vec<RequestTaskIds>>,
    /// `string`, nullable, default null.
    pub process_id: Option<Str>,
    /// `Endpoint`, nullable, default null.
    pub user_endpoint: Option<Box<RequestEndpoint>>,
    /// `[]KeyValue`, nullable, default null.
    pub client_tags: Option<Vec<KeyValue>>,
    /// `[]TaskOffset`, nullable, default null.
    pub task_offsets: Option<Vec<TaskOffset>>,
    /// `[]TaskOffset`, nullable, default null.
    pub task_end_offsets: Option<Vec<TaskOffset>>,
    /// `bool`.
    pub shutdown_application: bool,
}

impl Default for StreamsGroupHeartbeatRequest {
    fn default() -> Self {
        Self {
            group_id: Str::EMPTY,
            member_id: Str::EMPTY,
            member_epoch: 0,
            endpoint_information_epoch: 0,
            instance_id: None,
            rack_id: None,
            rebalance_timeout_ms: -1,
            topology: None,
            active_tasks: None,
            standby_tasks: None,
            warmup_tasks: None,
            process_id: None,
            user_endpoint: None,
            client_tags: None,
            task_offsets: None,
            task_end_offsets: None,
            shutdown_application: false,
        }
    }
}

impl StreamsGroupHeartbeatRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for StreamsGroupHeartbeatRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "StreamsGroupHeartbeatRequest",
                version,
            });
        }
        let group_id = dec.string(true)?;
        let member_id = dec.string(true)?;
        let member_epoch = dec.i32()?;
        let endpoint_information_epoch = dec.i32()?;
        let instance_id = dec.nullable_string(true)?;
        let rack_id = dec.nullable_string(true)?;
        let rebalance_timeout_ms = dec.i32()?;
        let topology = if dec.struct_marker()? {
            Some(Box::new(Topology::decode(dec, version)?))
        } else {
            None
        };
        let active_tasks =
            dec.nullable_array(true, 3, |dec| RequestTaskIds::decode(dec, version))?;
        let standby_tasks =
            dec.nullable_array(true, 3, |dec| RequestTaskIds::decode(dec, version))?;
        let warmup_tasks =
            dec.nullable_array(true, 3, |dec| RequestTaskIds::decode(dec, version))?;
        let process_id = dec.nullable_string(true)?;
        let user_endpoint = if dec.struct_marker()? {
            Some(Box::new(RequestEndpoint::decode(dec, version)?))
        } else {
            None
        };
        let client_tags = dec.nullable_array(true, 3, |dec| KeyValue::decode(dec, version))?;
        let task_offsets = dec.nullable_array(true, 14, |dec| TaskOffset::decode(dec, version))?;
        let task_end_offsets =
            dec.nullable_array(true, 14, |dec| TaskOffset::decode(dec, version))?;
        let shutdown_application = dec.bool()?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            group_id,
            member_id,
            member_epoch,
            endpoint_information_epoch,
            instance_id,
            rack_id,
            rebalance_timeout_ms,
            topology,
            active_tasks,
            standby_tasks,
            warmup_tasks,
            process_id,
            user_endpoint,
            client_tags,
            task_offsets,
            task_end_offsets,
            shutdown_application,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "StreamsGroupHeartbeatRequest",
                version,
            });
        }
        enc.string(true, &self.group_id)?;
        enc.string(true, &self.member_id)?;
        enc.i32(self.member_epoch);
        enc.i32(self.endpoint_information_epoch);
        enc.nullable_string(true, self.instance_id.as_deref())?;
        enc.nullable_string(true, self.rack_id.as_deref())?;
        enc.i32(self.rebalance_timeout_ms);
        enc.struct_marker(self.topology.is_some());
        if let Some(value) = &self.topology {
            value.encode(enc, version)?;
        }
        enc.nullable_array(true, self.active_tasks.as_deref(), |enc, item| {
            item.encode(enc, version)
        })?;
        enc.nullable_array(true, self.standby_tasks.as_deref(), |enc, item| {
            item.encode(enc, version)
        })?;
        enc.nullable_array(true, self.warmup_tasks.as_deref(), |enc, item| {
            item.encode(enc, version)
        })?;
        enc.nullable_string(true, self.process_id.as_deref())?;
        enc.struct_marker(self.user_endpoint.is_some());
        if let Some(value) = &self.user_endpoint {
            value.encode(enc, version)?;
        }
        enc.nullable_array(true, self.client_tags.as_deref(), |enc, item| {
            item.encode(enc, version)
        })?;
        enc.nullable_array(true, self.task_offsets.as_deref(), |enc, item| {
            item.encode(enc, version)
        })?;
        enc.nullable_array(true, self.task_end_offsets.as_deref(), |enc, item| {
            item.encode(enc, version)
        })?;
        enc.bool(self.shutdown_application);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `Topology` in [`StreamsGroupHeartbeatRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Topology {
    /// `int32`.
    pub epoch: i32,
    /// `[]Subtopology`.
    pub subtopologies: Vec<Subtopology>,
}

impl Message for Topology {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let epoch = dec.i32()?;
        let subtopologies = dec.array(true, 8, |dec| Subtopology::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { epoch, subtopologies })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.i32(self.epoch);
        enc.array(true, &self.subtopologies, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `Subtopology` in [`StreamsGroupHeartbeatRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Subtopology {
    /// `string`.
    pub subtopology_id: Str,
    /// `[]string`, a topicName.
    pub source_topics: Vec<Str>,
    /// `[]string`.
    pub source_topic_regex: Vec<Str>,
    /// `[]TopicInfo`.
    pub state_changelog_topics: Vec<TopicInfo>,
    /// `[]string`, a topicName.
    pub repartition_sink_topics: Vec<Str>,
    /// `[]TopicInfo`.
    pub repartition_source_topics: Vec<TopicInfo>,
    /// `[]CopartitionGroup`.
    pub copartition_groups: Vec<CopartitionGroup>,
}

impl Message for Subtopology {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let subtopology_id = dec.string(true)?;
        let source_topics = dec.array(true, 1, |dec| dec.string(true))?;
        let source_topic_regex = dec.array(true, 1, |dec| dec.string(true))?;
        let state_changelog_topics = dec.array(true, 9, |dec| TopicInfo::decode(dec, version))?;
        let repartition_sink_topics = dec.array(true, 1, |dec| dec.string(true))?;
        let repartition_source_topics =
            dec.array(true, 9, |dec| TopicInfo::decode(dec, version))?;
        let copartition_groups =
            dec.array(true, 4, |dec| CopartitionGroup::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            subtopology_id,
            source_topics,
            source_topic_regex,
            state_changelog_topics,
            repartition_sink_topics,
            repartition_source_topics,
            copartition_groups,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.subtopology_id)?;
        enc.array(true, &self.source_topics, |enc, item| {
            enc.string(true, item)
        })?;
        enc.array(true, &self.source_topic_regex, |enc, item| {
            enc.string(true, item)
        })?;
        enc.array(true, &self.state_changelog_topics, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.array(true, &self.repartition_sink_topics, |enc, item| {
            enc.string(true, item)
        })?;
        enc.array(true, &self.repartition_source_topics, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.array(true, &self.copartition_groups, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `CopartitionGroup` in [`StreamsGroupHeartbeatRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CopartitionGroup {
    /// `[]int16`.
    pub source_topics: Vec<i16>,
    /// `[]int16`.
    pub source_topic_regex: Vec<i16>,
    /// `[]int16`.
    pub repartition_source_topics: Vec<i16>,
}

impl Message for CopartitionGroup {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let source_topics = dec.array(true, 2, Dec::i16)?;
        let source_topic_regex = dec.array(true, 2, Dec::i16)?;
        let repartition_source_topics = dec.array(true, 2, Dec::i16)?;
        dec.skip_tagged_fields()?;
        Ok(Self { source_topics, source_topic_regex, repartition_source_topics })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.array(true, &self.source_topics, |enc, item| {
            enc.i16(*item);
            Ok(())
        })?;
        enc.array(true, &self.source_topic_regex, |enc, item| {
            enc.i16(*item);
            Ok(())
        })?;
        enc.array(true, &self.repartition_source_topics, |enc, item| {
            enc.i16(*item);
            Ok(())
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `KeyValue` in [`StreamsGroupHeartbeatRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct KeyValue {
    /// `string`.
    pub key: Str,
    /// `string`.
    pub value: Str,
}

impl Message for KeyValue {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let key = dec.string(true)?;
        let value = dec.string(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self { key, value })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.key)?;
        enc.string(true, &self.value)?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `TopicInfo` in [`StreamsGroupHeartbeatRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicInfo {
    /// `string`, a topicName.
    pub name: Str,
    /// `int32`.
    pub partitions: i32,
    /// `int16`.
    pub replication_factor: i16,
    /// `[]KeyValue`.
    pub topic_configs: Vec<KeyValue>,
}

impl Message for TopicInfo {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let name = dec.string(true)?;
        let partitions = dec.i32()?;
        let replication_factor = dec.i16()?;
        let topic_configs = dec.array(true, 3, |dec| KeyValue::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { name, partitions, replication_factor, topic_configs })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.name)?;
        enc.i32(self.partitions);
        enc.i16(self.replication_factor);
        enc.array(true, &self.topic_configs, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `Endpoint` in [`StreamsGroupHeartbeatRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RequestEndpoint {
    /// `string`.
    pub host: Str,
    /// `uint16`.
    pub port: u16,
}

impl Message for RequestEndpoint {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let host = dec.string(true)?;
        let port = dec.u16()?;
        dec.skip_tagged_fields()?;
        Ok(Self { host, port })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.host)?;
        enc.u16(self.port);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `TaskOffset` in [`StreamsGroupHeartbeatRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TaskOffset {
    /// `string`.
    pub subtopology_id: Str,
    /// `int32`.
    pub partition: i32,
    /// `int64`.
    pub offset: i64,
}

impl Message for TaskOffset {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let subtopology_id = dec.string(true)?;
        let partition = dec.i32()?;
        let offset = dec.i64()?;
        dec.skip_tagged_fields()?;
        Ok(Self { subtopology_id, partition, offset })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.subtopology_id)?;
        enc.i32(self.partition);
        enc.i64(self.offset);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `TaskIds` in [`StreamsGroupHeartbeatRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RequestTaskIds {
    /// `string`.
    pub subtopology_id: Str,
    /// `[]int32`.
    pub partitions: Vec<i32>,
}

impl Message for RequestTaskIds {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let subtopology_id = dec.string(true)?;
        let partitions = dec.array(true, 4, Dec::i32)?;
        dec.skip_tagged_fields()?;
        Ok(Self { subtopology_id, partitions })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.subtopology_id)?;
        enc.array(true, &self.partitions, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// The member's epoch, tasks and what the group lacks.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamsGroupHeartbeatResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable, default null.
    pub error_message: Option<Str>,
    /// `string`.
    pub member_id: Str,
    /// `int32`.
    pub member_epoch: i32,
    /// `int32`.
    pub heartbeat_interval_ms: i32,
    /// `int32`.
    pub acceptable_recovery_lag: i32,
    /// `int32`.
    pub task_offset_interval_ms: i32,
    /// `[]Status`, nullable.
    pub status: Option<Vec<Status>>,
    /// `[]TaskIds`, nullable, default null.
    pub active_tasks: Option<Vec<ResponseTaskIds>>,
    /// `[]TaskIds`, nullable, default null.
    pub standby_tasks: Option<Vec<ResponseTaskIds>>,
    /// `[]TaskIds`, nullable, default null.
    pub warmup_tasks: Option<Vec<ResponseTaskIds>>,
    /// `int32`.
    pub endpoint_information_epoch: i32,
    /// `[]EndpointToPartitions`, nullable, default null.
    pub partitions_by_user_endpoint: Option<Vec<EndpointToPartitions>>,
}

impl Default for StreamsGroupHeartbeatResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            error_message: None,
            member_id: Str::EMPTY,
            member_epoch: 0,
            heartbeat_interval_ms: 0,
            acceptable_recovery_lag: 0,
            task_offset_interval_ms: 0,
            status: Some(Vec::new()),
            active_tasks: None,
            standby_tasks: None,
            warmup_tasks: None,
            endpoint_information_epoch: 0,
            partitions_by_user_endpoint: None,
        }
    }
}

impl StreamsGroupHeartbeatResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for StreamsGroupHeartbeatResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "StreamsGroupHeartbeatResponse",
                version,
            });
        }
        let throttle_time_ms = dec.i32()?;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(true)?;
        let member_id = dec.string(true)?;
        let member_epoch = dec.i32()?;
        let heartbeat_interval_ms = dec.i32()?;
        let acceptable_recovery_lag = dec.i32()?;
        let task_offset_interval_ms = dec.i32()?;
        let status = dec.nullable_array(true, 3, |dec| Status::decode(dec, version))?;
        let active_tasks =
            dec.nullable_array(true, 3, |dec| ResponseTaskIds::decode(dec, version))?;
        let standby_tasks =
            dec.nullable_array(true, 3, |dec| ResponseTaskIds::decode(dec, version))?;
        let warmup_tasks =
            dec.nullable_array(true, 3, |dec| ResponseTaskIds::decode(dec, version))?;
        let endpoint_information_epoch = dec.i32()?;
        let partitions_by_user_endpoint =
            dec.nullable_array(true, 7, |dec| EndpointToPartitions::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            throttle_time_ms,
            error_code,
            error_message,
            member_id,
            member_epoch,
            heartbeat_interval_ms,
            acceptable_recovery_lag,
            task_offset_interval_ms,
            status,
            active_tasks,
            standby_tasks,
            warmup_tasks,
            endpoint_information_epoch,
            partitions_by_user_endpoint,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "StreamsGroupHeartbeatResponse",
                version,
            });
        }
        enc.i32(self.throttle_time_ms);
        enc.i16(self.error_code);
        enc.nullable_string(true, self.error_message.as_deref())?;
        enc.string(true, &self.member_id)?;
        enc.i32(self.member_epoch);
        enc.i32(self.heartbeat_interval_ms);
        enc.i32(self.acceptable_recovery_lag);
        enc.i32(self.task_offset_interval_ms);
        enc.nullable_array(true, self.status.as_deref(), |enc, item| {
            item.encode(enc, version)
        })?;
        enc.nullable_array(true, self.active_tasks.as_deref(), |enc, item| {
            item.encode(enc, version)
        })?;
        enc.nullable_array(true, self.standby_tasks.as_deref(), |enc, item| {
            item.encode(enc, version)
        })?;
        enc.nullable_array(true, self.warmup_tasks.as_deref(), |enc, item| {
            item.encode(enc, version)
        })?;
        enc.i32(self.endpoint_information_epoch);
        enc.nullable_array(
            true,
            self.partitions_by_user_endpoint.as_deref(),
            |enc, item| item.encode(enc, version),
        )?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `EndpointToPartitions` in [`StreamsGroupHeartbeatResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EndpointToPartitions {
    /// `Endpoint`.
    pub user_endpoint: ResponseEndpoint,
    /// `[]TopicPartition`.
    pub active_partitions: Vec<TopicPartition>,
    /// `[]TopicPartition`.
    pub standby_partitions: Vec<TopicPartition>,
}

impl Message for EndpointToPartitions {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let user_endpoint = ResponseEndpoint::decode(dec, version)?;
        let active_partitions = dec.array(true, 3, |dec| TopicPartition::decode(dec, version))?;
        let standby_partitions = dec.array(true, 3, |dec| TopicPartition::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { user_endpoint, active_partitions, standby_partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        self.user_endpoint.encode(enc, version)?;
        enc.array(true, &self.active_partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.array(true, &self.standby_partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `Status` in [`StreamsGroupHeartbeatResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Status {
    /// `int8`.
    pub status_code: i8,
    /// `string`.
    pub status_detail: Str,
}

impl Message for Status {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let status_code = dec.i8()?;
        let status_detail = dec.string(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self { status_code, status_detail })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i8(self.status_code);
        enc.string(true, &self.status_detail)?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `TopicPartition` in [`StreamsGroupHeartbeatResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicPartition {
    /// `string`, a topicName.
    pub topic: Str,
    /// `[]int32`.
    pub partitions: Vec<i32>,
}

impl Message for TopicPartition {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let topic = dec.string(true)?;
        let partitions = dec.array(true, 4, Dec::i32)?;
        dec.skip_tagged_fields()?;
        Ok(Self { topic, partitions })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.topic)?;
        enc.array(true, &self.partitions, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `TaskIds` in [`StreamsGroupHeartbeatResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ResponseTaskIds {
    /// `string`.
    pub subtopology_id: Str,
    /// `[]int32`.
    pub partitions: Vec<i32>,
}

impl Message for ResponseTaskIds {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let subtopology_id = dec.string(true)?;
        let partitions = dec.array(true, 4, Dec::i32)?;
        dec.skip_tagged_fields()?;
        Ok(Self { subtopology_id, partitions })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.subtopology_id)?;
        enc.array(true, &self.partitions, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `Endpoint` in [`StreamsGroupHeartbeatResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ResponseEndpoint {
    /// `string`.
    pub host: Str,
    /// `uint16`.
    pub port: u16,
}

impl Message for ResponseEndpoint {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let host = dec.string(true)?;
        let port = dec.u16()?;
        dec.skip_tagged_fields()?;
        Ok(Self { host, port })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.host)?;
        enc.u16(self.port);
        enc.no_tagged_fields();
        Ok(())
    }
}

impl Response for StreamsGroupHeartbeatResponse {
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

impl Request for StreamsGroupHeartbeatRequest {
    const KEY: ApiKey = ApiKey::StreamsGroupHeartbeat;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = StreamsGroupHeartbeatResponse;
}
