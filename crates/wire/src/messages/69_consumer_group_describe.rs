//! ConsumerGroupDescribe (key 69), versions 0-1. Asks for the state and members of consumer groups.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use bytes::Bytes;
use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// Asks for the state and members of consumer groups.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConsumerGroupDescribeRequest {
    /// `[]string`, a groupId.
    pub group_ids: Vec<Str>,
    /// `bool`.
    pub include_authorized_operations: bool,
    /// `bool`, tag 10000.
    pub asks_for_standing: bool,
}

impl ConsumerGroupDescribeRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 1;
}

impl Message for ConsumerGroupDescribeRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ConsumerGroupDescribeRequest",
                version,
            });
        }
        let group_ids = dec.array(true, 1, |dec| dec.string(true))?;
        let include_authorized_operations = dec.bool()?;
        let mut asks_for_standing = false;
        dec.tagged_fields(|dec, tag| {
            match tag {
                10000 => asks_for_standing = dec.bool()?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self { group_ids, include_authorized_operations, asks_for_standing })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ConsumerGroupDescribeRequest",
                version,
            });
        }
        enc.array(true, &self.group_ids, |enc, item| enc.string(true, item))?;
        enc.bool(self.include_authorized_operations);
        enc.tagged_fields(|tags| {
            if self.asks_for_standing {
                tags.field(10000, |enc| {
                    enc.bool(self.asks_for_standing);
                    Ok(())
                })?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// Epochs, members and assignments of each group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConsumerGroupDescribeResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `[]DescribedGroup`.
    pub groups: Vec<DescribedGroup>,
}

impl ConsumerGroupDescribeResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 1;
}

impl Message for ConsumerGroupDescribeResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ConsumerGroupDescribeResponse",
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
                message: "ConsumerGroupDescribeResponse",
                version,
            });
        }
        enc.i32(self.throttle_time_ms);
        enc.array(true, &self.groups, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `DescribedGroup` in [`ConsumerGroupDescribeResponse`].
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
    /// `string`.
    pub assignor_name: Str,
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
        let assignor_name = dec.string(true)?;
        let members = dec.array(true, 16, |dec| Member::decode(dec, version))?;
        let authorized_operations = dec.i32()?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            error_code,
            error_message,
            group_id,
            group_state,
            group_epoch,
            assignment_epoch,
            assignor_name,
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
        enc.string(true, &self.assignor_name)?;
        enc.array(true, &self.members, |enc, item| item.encode(enc, version))?;
        enc.i32(self.authorized_operations);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `Member` in [`ConsumerGroupDescribeResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// `string`.
    pub member_id: Str,
    /// `string`, nullable, default null.
    pub instance_id: Option<Str>,
    /// `string`, nullable, default null.
    pub rack_id: Option<Str>,
    /// `int32`.
    pub member_epoch: i32,
    /// `string`.
    pub client_id: Str,
    /// `string`.
    pub client_host: Str,
    /// `[]string`, a topicName.
    pub subscribed_topic_names: Vec<Str>,
    /// `string`, nullable, default null.
    pub subscribed_topic_regex: Option<Str>,
    /// `Assignment`.
    pub assignment: Assignment,
    /// `Assignment`.
    pub target_assignment: Assignment,
    /// `int8`, versions 1, default -1.
    pub member_type: i8,
    /// `bytes`, nullable, tag 10000, default null.
    pub standing: Option<Bytes>,
}

impl Default for Member {
    fn default() -> Self {
        Self {
            member_id: Str::EMPTY,
            instance_id: None,
            rack_id: None,
            member_epoch: 0,
            client_id: Str::EMPTY,
            client_host: Str::EMPTY,
            subscribed_topic_names: Vec::new(),
            subscribed_topic_regex: None,
            assignment: Assignment::default(),
            target_assignment: Assignment::default(),
            member_type: -1,
            standing: None,
        }
    }
}

impl Message for Member {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let member_id = dec.string(true)?;
        let instance_id = dec.nullable_string(true)?;
        let rack_id = dec.nullable_string(true)?;
        let member_epoch = dec.i32()?;
        let client_id = dec.string(true)?;
        let client_host = dec.string(true)?;
        let subscribed_topic_names = dec.array(true, 1, |dec| dec.string(true))?;
        let subscribed_topic_regex = dec.nullable_string(true)?;
        let assignment = Assignment::decode(dec, version)?;
        let target_assignment = Assignment::decode(dec, version)?;
        let member_type = if version == 1 { dec.i8()? } else { -1 };
        let mut standing = None;
        dec.tagged_fields(|dec, tag| {
            match tag {
                10000 => standing = dec.nullable_bytes(true)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self {
            member_id,
            instance_id,
            rack_id,
            member_epoch,
            client_id,
            client_host,
            subscribed_topic_names,
            subscribed_topic_regex,
            assignment,
            target_assignment,
            member_type,
            standing,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.member_id)?;
        enc.nullable_string(true, self.instance_id.as_deref())?;
        enc.nullable_string(true, self.rack_id.as_deref())?;
        enc.i32(self.member_epoch);
        enc.string(true, &self.client_id)?;
        enc.string(true, &self.client_host)?;
        enc.array(true, &self.subscribed_topic_names, |enc, item| {
            enc.string(true, item)
        })?;
        enc.nullable_string(true, self.subscribed_topic_regex.as_deref())?;
        self.assignment.encode(enc, version)?;
        self.target_assignment.encode(enc, version)?;
        if version == 1 {
            enc.i8(self.member_type);
        }
        enc.tagged_fields(|tags| {
            if self.standing.is_some() {
                tags.field(10000, |enc| {
                    enc.nullable_bytes(true, self.standing.as_ref())?;
                    Ok(())
                })?;
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// `TopicPartitions` in [`ConsumerGroupDescribeResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicPartitions {
    /// `uuid`.
    pub topic_id: Uuid,
    /// `string`, a topicName.
    pub topic_name: Str,
    /// `[]int32`.
    pub partitions: Vec<i32>,
}

impl Message for TopicPartitions {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let topic_id = dec.uuid()?;
        let topic_name = dec.string(true)?;
        let partitions = dec.array(true, 4, Dec::i32)?;
        dec.skip_tagged_fields()?;
        Ok(Self { topic_id, topic_name, partitions })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.uuid(self.topic_id);
        enc.string(true, &self.topic_name)?;
        enc.array(true, &self.partitions, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `Assignment` in [`ConsumerGroupDescribeResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Assignment {
    /// `[]TopicPartitions`.
    pub topic_partitions: Vec<TopicPartitions>,
}

impl Message for Assignment {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let topic_partitions = dec.array(true, 19, |dec| TopicPartitions::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { topic_partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.array(true, &self.topic_partitions, |enc, item| {
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

impl Response for ConsumerGroupDescribeResponse {
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

impl Request for ConsumerGroupDescribeRequest {
    const KEY: ApiKey = ApiKey::ConsumerGroupDescribe;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = ConsumerGroupDescribeResponse;
}
