//! AlterShareGroupOffsets (key 91), versions 0. Sets where a share group starts.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// Sets where a share group starts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterShareGroupOffsetsRequest {
    /// `string`, a groupId.
    pub group_id: Str,
    /// `[]AlterShareGroupOffsetsRequestTopic`.
    pub topics: Vec<AlterShareGroupOffsetsRequestTopic>,
}

impl AlterShareGroupOffsetsRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for AlterShareGroupOffsetsRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "AlterShareGroupOffsetsRequest",
                version,
            });
        }
        let group_id = dec.string(true)?;
        let topics = dec.array(true, 3, |dec| {
            AlterShareGroupOffsetsRequestTopic::decode(dec, version)
        })?;
        dec.skip_tagged_fields()?;
        Ok(Self { group_id, topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "AlterShareGroupOffsetsRequest",
                version,
            });
        }
        enc.string(true, &self.group_id)?;
        enc.array(true, &self.topics, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `AlterShareGroupOffsetsRequestTopic` in [`AlterShareGroupOffsetsRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterShareGroupOffsetsRequestTopic {
    /// `string`, a topicName.
    pub topic_name: Str,
    /// `[]AlterShareGroupOffsetsRequestPartition`.
    pub partitions: Vec<AlterShareGroupOffsetsRequestPartition>,
}

impl Message for AlterShareGroupOffsetsRequestTopic {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let topic_name = dec.string(true)?;
        let partitions = dec.array(true, 13, |dec| {
            AlterShareGroupOffsetsRequestPartition::decode(dec, version)
        })?;
        dec.skip_tagged_fields()?;
        Ok(Self { topic_name, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.topic_name)?;
        enc.array(true, &self.partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `AlterShareGroupOffsetsRequestPartition` in [`AlterShareGroupOffsetsRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterShareGroupOffsetsRequestPartition {
    /// `int32`.
    pub partition_index: i32,
    /// `int64`.
    pub start_offset: i64,
}

impl Message for AlterShareGroupOffsetsRequestPartition {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let partition_index = dec.i32()?;
        let start_offset = dec.i64()?;
        dec.skip_tagged_fields()?;
        Ok(Self { partition_index, start_offset })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i32(self.partition_index);
        enc.i64(self.start_offset);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// Whether each offset was set.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterShareGroupOffsetsResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable, default null.
    pub error_message: Option<Str>,
    /// `[]AlterShareGroupOffsetsResponseTopic`.
    pub responses: Vec<AlterShareGroupOffsetsResponseTopic>,
}

impl AlterShareGroupOffsetsResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for AlterShareGroupOffsetsResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "AlterShareGroupOffsetsResponse",
                version,
            });
        }
        let throttle_time_ms = dec.i32()?;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(true)?;
        let responses = dec.array(true, 19, |dec| {
            AlterShareGroupOffsetsResponseTopic::decode(dec, version)
        })?;
        dec.skip_tagged_fields()?;
        Ok(Self { throttle_time_ms, error_code, error_message, responses })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "AlterShareGroupOffsetsResponse",
                version,
            });
        }
        enc.i32(self.throttle_time_ms);
        enc.i16(self.error_code);
        enc.nullable_string(true, self.error_message.as_deref())?;
        enc.array(true, &self.responses, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `AlterShareGroupOffsetsResponseTopic` in [`AlterShareGroupOffsetsResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterShareGroupOffsetsResponseTopic {
    /// `string`, a topicName.
    pub topic_name: Str,
    /// `uuid`.
    pub topic_id: Uuid,
    /// `[]AlterShareGroupOffsetsResponsePartition`.
    pub partitions: Vec<AlterShareGroupOffsetsResponsePartition>,
}

impl Message for AlterShareGroupOffsetsResponseTopic {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let topic_name = dec.string(true)?;
        let topic_id = dec.uuid()?;
        let partitions = dec.array(true, 8, |dec| {
            AlterShareGroupOffsetsResponsePartition::decode(dec, version)
        })?;
        dec.skip_tagged_fields()?;
        Ok(Self { topic_name, topic_id, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.topic_name)?;
        enc.uuid(self.topic_id);
        enc.array(true, &self.partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `AlterShareGroupOffsetsResponsePartition` in [`AlterShareGroupOffsetsResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterShareGroupOffsetsResponsePartition {
    /// `int32`.
    pub partition_index: i32,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable, default null.
    pub error_message: Option<Str>,
}

impl Message for AlterShareGroupOffsetsResponsePartition {
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

impl AlterShareGroupOffsetsResponseTopic {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.partitions {
            item.visit_errors(seen);
        }
    }
}

impl AlterShareGroupOffsetsResponsePartition {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for AlterShareGroupOffsetsResponse {
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

impl Request for AlterShareGroupOffsetsRequest {
    const KEY: ApiKey = ApiKey::AlterShareGroupOffsets;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = AlterShareGroupOffsetsResponse;
}
