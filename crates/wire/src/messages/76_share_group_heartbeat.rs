//! ShareGroupHeartbeat (key 76), versions 1. The one request of a member of a share group.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// The one request of a member of a share group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareGroupHeartbeatRequest {
    /// `string`, a groupId.
    pub group_id: Str,
    /// `string`.
    pub member_id: Str,
    /// `int32`.
    pub member_epoch: i32,
    /// `string`, nullable, default null.
    pub rack_id: Option<Str>,
    /// `[]string`, a topicName, nullable, default null.
    pub subscribed_topic_names: Option<Vec<Str>>,
}

impl ShareGroupHeartbeatRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 1;
    /// The highest version.
    pub const MAX_VERSION: i16 = 1;
}

impl Message for ShareGroupHeartbeatRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ShareGroupHeartbeatRequest",
                version,
            });
        }
        let group_id = dec.string(true)?;
        let member_id = dec.string(true)?;
        let member_epoch = dec.i32()?;
        let rack_id = dec.nullable_string(true)?;
        let subscribed_topic_names = dec.nullable_array(true, 1, |dec| dec.string(true))?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            group_id,
            member_id,
            member_epoch,
            rack_id,
            subscribed_topic_names,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ShareGroupHeartbeatRequest",
                version,
            });
        }
        enc.string(true, &self.group_id)?;
        enc.string(true, &self.member_id)?;
        enc.i32(self.member_epoch);
        enc.nullable_string(true, self.rack_id.as_deref())?;
        enc.nullable_array(true, self.subscribed_topic_names.as_deref(), |enc, item| {
            enc.string(true, item)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// The member's epoch and its partitions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShareGroupHeartbeatResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable, default null.
    pub error_message: Option<Str>,
    /// `string`, nullable, default null.
    pub member_id: Option<Str>,
    /// `int32`.
    pub member_epoch: i32,
    /// `int32`.
    pub heartbeat_interval_ms: i32,
    /// `Assignment`, nullable, default null.
    pub assignment: Option<Box<Assignment>>,
}

impl ShareGroupHeartbeatResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 1;
    /// The highest version.
    pub const MAX_VERSION: i16 = 1;
}

impl Message for ShareGroupHeartbeatResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ShareGroupHeartbeatResponse",
                version,
            });
        }
        let throttle_time_ms = dec.i32()?;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(true)?;
        let member_id = dec.nullable_string(true)?;
        let member_epoch = dec.i32()?;
        let heartbeat_interval_ms = dec.i32()?;
        let assignment = if dec.struct_marker()? {
            Some(Box::new(Assignment::decode(dec, version)?))
        } else {
            None
        };
        dec.skip_tagged_fields()?;
        Ok(Self {
            throttle_time_ms,
            error_code,
            error_message,
            member_id,
            member_epoch,
            heartbeat_interval_ms,
            assignment,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ShareGroupHeartbeatResponse",
                version,
            });
        }
        enc.i32(self.throttle_time_ms);
        enc.i16(self.error_code);
        enc.nullable_string(true, self.error_message.as_deref())?;
        enc.nullable_string(true, self.member_id.as_deref())?;
        enc.i32(self.member_epoch);
        enc.i32(self.heartbeat_interval_ms);
        enc.struct_marker(self.assignment.is_some());
        if let Some(value) = &self.assignment {
            value.encode(enc, version)?;
        }
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `Assignment` in [`ShareGroupHeartbeatResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Assignment {
    /// `[]TopicPartitions`.
    pub topic_partitions: Vec<TopicPartitions>,
}

impl Message for Assignment {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let topic_partitions = dec.array(true, 18, |dec| TopicPartitions::decode(dec, version))?;
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

/// `TopicPartitions` in [`ShareGroupHeartbeatResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicPartitions {
    /// `uuid`.
    pub topic_id: Uuid,
    /// `[]int32`.
    pub partitions: Vec<i32>,
}

impl Message for TopicPartitions {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let topic_id = dec.uuid()?;
        let partitions = dec.array(true, 4, Dec::i32)?;
        dec.skip_tagged_fields()?;
        Ok(Self { topic_id, partitions })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.uuid(self.topic_id);
        enc.array(true, &self.partitions, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

impl Response for ShareGroupHeartbeatResponse {
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

impl Request for ShareGroupHeartbeatRequest {
    const KEY: ApiKey = ApiKey::ShareGroupHeartbeat;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = ShareGroupHeartbeatResponse;
}
