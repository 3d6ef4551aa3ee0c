//! StreamsGroupDescribe (key 89), versions 0. Asks for the state and members of streams groups.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Asks for the state and members of streams groups.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StreamsGroupDescribeRequest {
    /// `[]string`, a groupId.
    pub group_ids: Vec<Str>,
    /// `bool`.
    pub include_authorized_operations: bool,
}

impl StreamsGroupDescribeRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for StreamsGroupDescribeRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "StreamsGroupDescribeRequest",
                version,
            });
        }
        let group_ids = dec.array(true, 1, |dec| dec.string(true))?;
        let include_authorized_operations = dec.bool()?;
        dec.skip_tagged_fields()?;
        Ok(Self { group_ids, include_authorized_operations })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "StreamsGroupDescribeRequest",
                version,
            });
        }
        enc.array(true, &self.group_ids, |enc, item| enc.string(true, item))?;
        enc.bool(self.include_authorized_operations);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// Topology, members and tasks of each group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StreamsGroupDescribeResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `[]DescribedGroup`.
    pub groups: Vec<DescribedGroup>,
}

impl StreamsGroupDescribeResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for StreamsGroupDescribeResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "StreamsGroupDescribeResponse",
                version,
            });
        }
        let throttle_time_ms = dec.i32()?;
        let groups = dec.array(true, 20, |dec| DescribedGroup::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { throttle_time_ms, groups })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "StreamsGroupDescribeResponse",
                version,
            });
        }
        enc.i32(self.throttle_time_ms);
        enc.array(true, &self.groups, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `DescribedGroup` in [`StreamsGroupDescribeResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribedGroup {
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable, default null.
    pub error_message: Option<Str>,
    /// `string`, a groupId.
    pub group_id: Str,
    /// `string`.
    pub group_state: Str,
    /// `int32`.
    pub group_epoch: i32,
    /// `int32`.
    pub assignment_epoch: i32,
    /// `Topology`, nullable, default null.
    pub topology: Option<Box<Topology>>,
    /// `[]Member`.
    pub members: Vec<Member>,
    /// `int32`, default -2147483648.
    pub authorized_operations: i32,
}

impl Message for DescribedGroup {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(true)?;
        let group_id = dec.string(true)?;
        let group_state = dec.string(true)?;
        let group_epoch = dec.i32()?;
        let assignment_epoch = dec.i32()?;
        let topology = if dec.struct_marker()? {
            Some(Box::new(Topology::decode(dec, version)?))
        } else {
            None
        };
        let members = dec.array(true, 28, |dec| Member::decode(dec, version))?;
        let authorized_operations = dec.i32()?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            error_code,
            error_message,
            group_id,
            group_state,
            group_epoch,
            assignment_epoch,
            topology,
            members,
            authorized_operations,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.i16(self.error_code);
        enc.nullable_string(true, self.error_message.as_deref())?;
        enc.string(true, &self.group_id)?;
        enc.string(true, &self.group_state)?;
        enc.i32(self.group_epoch);
        enc.i32(self.assignment_epoch);
        enc.struct_marker(self.topology.is_some());
        if let Some(value) = &self.topology {
            value.encode(enc, version)?;
        }
        enc.array(true, &self.members, |enc, item| item.encode(enc, version))?;
        enc.i32(self.authorized_operations);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `Topology` in [`StreamsGroupDescribeResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Topology {
    /// `int32`.
    pub epoch: i32,
    /// `[]Subtopology`, nullable, default null.
    pub subtopologies: Option<Vec<Subtopology>>,
}

impl Message for Topology {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let epoch = dec.i32()?;
        let subtopologies = dec.nullable_array(true, 6, |dec| Subtopology::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { epoch, subtopologies })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.i32(self.epoch);
        enc.nullable_array(true, self.subtopologies.as_deref(), |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `Subtopology` in [`StreamsGroupDescribeResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Subtopology {
    /// `string`.
    pub subtopology_id: Str,
    /// `[]string`, a topicName.
    pub source_topics: Vec<Str>,
    /// `[]string`, a topicName.
    pub repartition_sink_topics: Vec<Str>,
    /// `[]TopicInfo`.
    pub state_changelog_topics: Vec<TopicInfo>,
    /// `[]TopicInfo`.
    pub repartition_source_topics: Vec<TopicInfo>,
}

impl Message for Subtopology {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let subtopology_id = dec.string(true)?;
        let source_topics = dec.array(true, 1, |dec| dec.string(true))?;
        let repartition_sink_topics = dec.array(true, 1, |dec| dec.string(true))?;
        let state_changelog_topics = dec.array(true, 9, |dec| TopicInfo::decode(dec, version))?;
        let repartition_source_topics =
            dec.array(true, 9, |dec| TopicInfo::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            subtopology_id,
            source_topics,
            repartition_sink_topics,
            state_changelog_topics,
            repartition_source_topics,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.subtopology_id)?;
        enc.array(true, &self.source_topics, |enc, item| {
            enc.string(true, item)
        })?;
        enc.array(true, &self.repartition_sink_topics, |enc, item| {
            enc.string(true, item)
        })?;
        enc.array(true, &self.state_changelog_topics, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.array(true, &self.repartition_source_topics, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `Member` in [`StreamsGroupDescribeResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Member {
    /// `string`.
    pub member_id: Str,
    /// `int32`.
    pub member_epoch: i32,
    /// `string`, nullable, default null.
    pub instance_id: Option<Str>,
    /// `string`, nullable, default null.
    pub rack_id: Option<Str>,
    /// `string`.
    pub client_id: Str,
    /// `string`.
    pub client_host: Str,
    /// `int32`.
    pub topology_epoch: i32,
    /// `string`.
    pub process_id: Str,
    /// `Endpoint`, nullable, default null.
    pub user_endpoint: Option<Box<Endpoint>>,
    /// `[]KeyValue`.
    pub client_tags: Vec<KeyValue>,
    /// `[]TaskOffset`.
    pub task_offsets: Vec<TaskOffset>,
    /// `[]TaskOffset`.
    pub task_end_offsets: Vec<TaskOffset>,
    /// `Assignment`.
    pub assignment: Assignment,
    /// `Assignment`.
    pub target_assignment: Assignment,
    /// `bool`.
    pub is_classic: bool,
}

impl Message for Member {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let member_id = dec.string(true)?;
        let member_epoch = dec.i32()?;
        let instance_id = dec.nullable_string(true)?;
        let rack_id = dec.nullable_string(true)?;
        let client_id = dec.string(true)?;
        let client_host = dec.string(true)?;
        let topology_epoch = dec.i32()?;
        let process_id = dec.string(true)?;
        let user_endpoint = if dec.struct_marker()? {
            Some(Box::new(Endpoint::decode(dec, version)?))
        } else {
            None
        };
        let client_tags = dec.array(true, 3, |dec| KeyValue::decode(dec, version))?;
        let task_offsets = dec.array(true, 14, |dec| TaskOffset::decode(dec, version))?;
        let task_end_offsets = dec.array(true, 14, |dec| TaskOffset::decode(dec, version))?;
        let assignment = Assignment::decode(dec, version)?;
        let target_assignment = Assignment::decode(dec, version)?;
        let is_classic = dec.bool()?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            member_id,
            member_epoch,
            instance_id,
            rack_id,
            client_id,
            client_host,
            topology_epoch,
            process_id,
            user_endpoint,
            client_tags,
            task_offsets,
            task_end_offsets,
            assignment,
            target_assignment,
            is_classic,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.member_id)?;
        enc.i32(self.member_epoch);
        enc.nullable_string(true, self.instance_id.as_deref())?;
        enc.nullable_string(true, self.rack_id.as_deref())?;
        enc.string(true, &self.client_id)?;
        enc.string(true, &self.client_host)?;
        enc.i32(self.topology_epoch);
        enc.string(true, &self.process_id)?;
        enc.struct_marker(self.user_endpoint.is_some());
        if let Some(value) = &self.user_endpoint {
            value.encode(enc, version)?;
        }
        enc.array(true, &self.client_tags, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.array(true, &self.task_offsets, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.array(true, &self.task_end_offsets, |enc, item| {
            item.encode(enc, version)
        })?;
        self.assignment.encode(enc, version)?;
        self.target_assignment.encode(enc, version)?;
        enc.bool(self.is_classic);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `Endpoint` in [`StreamsGroupDescribeResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Endpoint {
    /// `string`.
    pub host: Str,
    /// `uint16`.
    pub port: u16,
}

impl Message for Endpoint {
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

/// `TaskOffset` in [`StreamsGroupDescribeResponse`].
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

/// `Assignment` in [`StreamsGroupDescribeResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Assignment {
    /// `[]TaskIds`.
    pub active_tasks: Vec<TaskIds>,
    /// `[]TaskIds`.
    pub standby_tasks: Vec<TaskIds>,
    /// `[]TaskIds`.
    pub warmup_tasks: Vec<TaskIds>,
}

impl Message for Assignment {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let active_tasks = dec.array(true, 3, |dec| TaskIds::decode(dec, version))?;
        let standby_tasks = dec.array(true, 3, |dec| TaskIds::decode(dec, version))?;
        let warmup_tasks = dec.array(true, 3, |dec| TaskIds::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { active_tasks, standby_tasks, warmup_tasks })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.array(true, &self.active_tasks, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.array(true, &self.standby_tasks, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.array(true, &self.warmup_tasks, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `TaskIds` in [`StreamsGroupDescribeResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TaskIds {
    /// `string`.
    pub subtopology_id: Str,
    /// `[]int32`.
    pub partitions: Vec<i32>,
}

impl Message for TaskIds {
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

/// `KeyValue` in [`StreamsGroupDescribeResponse`].
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

/// `TopicInfo` in [`StreamsGroupDescribeResponse`].
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

impl DescribedGroup {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for StreamsGroupDescribeResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.groups {
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

impl Request for StreamsGroupDescribeRequest {
    const KEY: ApiKey = ApiKey::StreamsGroupDescribe;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = StreamsGroupDescribeResponse;
}
