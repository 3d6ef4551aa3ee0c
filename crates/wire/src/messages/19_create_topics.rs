//! CreateTopics (key 19), versions 2-7. Creates topics.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// Creates topics.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateTopicsRequest {
    /// `[]CreatableTopic`.
    pub topics: Vec<CreatableTopic>,
    /// `int32`, default 60000.
    pub timeout_ms: i32,
    /// `bool`.
    pub validate_only: bool,
}

impl Default for CreateTopicsRequest {
    fn default() -> Self {
        Self { topics: Vec::new(), timeout_ms: 60000, validate_only: false }
    }
}

impl CreateTopicsRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 2;
    /// The highest version.
    pub const MAX_VERSION: i16 = 7;
}

impl Message for CreateTopicsRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "CreateTopicsRequest",
                version,
            });
        }
        let flexible = version >= 5;
        let topics = dec.array(flexible, 10, |dec| CreatableTopic::decode(dec, version))?;
        let timeout_ms = dec.i32()?;
        let validate_only = dec.bool()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { topics, timeout_ms, validate_only })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "CreateTopicsRequest",
                version,
            });
        }
        let flexible = version >= 5;
        enc.array(flexible, &self.topics, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.i32(self.timeout_ms);
        enc.bool(self.validate_only);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `CreatableTopic` in [`CreateTopicsRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreatableTopic {
    /// `string`, a topicName.
    pub name: Str,
    /// `int32`.
    pub num_partitions: i32,
    /// `int16`.
    pub replication_factor: i16,
    /// `[]CreatableReplicaAssignment`.
    pub assignments: Vec<CreatableReplicaAssignment>,
    /// `[]CreatableTopicConfig`.
    pub configs: Vec<CreatableTopicConfig>,
}

impl Message for CreatableTopic {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 5;
        let name = dec.string(flexible)?;
        let num_partitions = dec.i32()?;
        let replication_factor = dec.i16()?;
        let assignments = dec.array(flexible, 6, |dec| {
            CreatableReplicaAssignment::decode(dec, version)
        })?;
        let configs = dec.array(flexible, 3, |dec| {
            CreatableTopicConfig::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            name,
            num_partitions,
            replication_factor,
            assignments,
            configs,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 5;
        enc.string(flexible, &self.name)?;
        enc.i32(self.num_partitions);
        enc.i16(self.replication_factor);
        enc.array(flexible, &self.assignments, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.array(flexible, &self.configs, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `CreatableReplicaAssignment` in [`CreateTopicsRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreatableReplicaAssignment {
    /// `int32`.
    pub partition_index: i32,
    /// `[]int32`, a brokerId.
    pub broker_ids: Vec<i32>,
}

impl Message for CreatableReplicaAssignment {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 5;
        let partition_index = dec.i32()?;
        let broker_ids = dec.array(flexible, 4, Dec::i32)?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { partition_index, broker_ids })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 5;
        enc.i32(self.partition_index);
        enc.array(flexible, &self.broker_ids, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `CreatableTopicConfig` in [`CreateTopicsRequest`].
#[derive(Debug, Clone, PartialEq)]
pub struct CreatableTopicConfig {
    /// `string`.
    pub name: Str,
    /// `string`, nullable.
    pub value: Option<Str>,
}

impl Default for CreatableTopicConfig {
    fn default() -> Self {
        Self { name: Str::EMPTY, value: Some(Str::EMPTY) }
    }
}

impl Message for CreatableTopicConfig {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 5;
        let name = dec.string(flexible)?;
        let value = dec.nullable_string(flexible)?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { name, value })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 5;
        enc.string(flexible, &self.name)?;
        enc.nullable_string(flexible, self.value.as_deref())?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// What was made of each topic, with its settings.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreateTopicsResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `[]CreatableTopicResult`.
    pub topics: Vec<CreatableTopicResult>,
}

impl CreateTopicsResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 2;
    /// The highest version.
    pub const MAX_VERSION: i16 = 7;
}

impl Message for CreateTopicsResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "CreateTopicsResponse",
                version,
            });
        }
        let flexible = version >= 5;
        let throttle_time_ms = dec.i32()?;
        let topics = dec.array(flexible, 6, |dec| {
            CreatableTopicResult::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { throttle_time_ms, topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "CreateTopicsResponse",
                version,
            });
        }
        let flexible = version >= 5;
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

/// `CreatableTopicResult` in [`CreateTopicsResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct CreatableTopicResult {
    /// `string`, a topicName.
    pub name: Str,
    /// `uuid`, versions 7.
    pub topic_id: Uuid,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable.
    pub error_message: Option<Str>,
    /// `int16`, versions 5-7, tag 0.
    pub topic_config_error_code: i16,
    /// `int32`, versions 5-7, default -1.
    pub num_partitions: i32,
    /// `int16`, versions 5-7, default -1.
    pub replication_factor: i16,
    /// `[]CreatableTopicConfigs`, versions 5-7, nullable.
    pub configs: Option<Vec<CreatableTopicConfigs>>,
}

impl Default for CreatableTopicResult {
    fn default() -> Self {
        Self {
            name: Str::EMPTY,
            topic_id: Uuid::ZERO,
            error_code: 0,
            error_message: Some(Str::EMPTY),
            topic_config_error_code: 0,
            num_partitions: -1,
            replication_factor: -1,
            configs: Some(Vec::new()),
        }
    }
}

impl Message for CreatableTopicResult {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 5;
        let name = dec.string(flexible)?;
        let topic_id = if version == 7 {
            dec.uuid()?
        } else {
            Uuid::ZERO
        };
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(flexible)?;
        let mut topic_config_error_code = 0;
        let num_partitions = if version >= 5 { dec.i32()? } else { -1 };
        let replication_factor = if version >= 5 { dec.i16()? } else { -1 };
        let configs = if version >= 5 {
            dec.nullable_array(flexible, 6, |dec| {
                CreatableTopicConfigs::decode(dec, version)
            })?
        } else {
            Some(Vec::new())
        };
        if flexible {
            dec.tagged_fields(|dec, tag| {
                match tag {
                    0 => topic_config_error_code = dec.i16()?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        Ok(Self {
            name,
            topic_id,
            error_code,
            error_message,
            topic_config_error_code,
            num_partitions,
            replication_factor,
            configs,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 5;
        enc.string(flexible, &self.name)?;
        if version == 7 {
            enc.uuid(self.topic_id);
        }
        enc.i16(self.error_code);
        enc.nullable_string(flexible, self.error_message.as_deref())?;
        if version >= 5 {
            enc.i32(self.num_partitions);
        }
        if version >= 5 {
            enc.i16(self.replication_factor);
        }
        if version >= 5 {
            enc.nullable_array(flexible, self.configs.as_deref(), |enc, item| {
                item.encode(enc, version)
            })?;
        }
        if flexible {
            enc.tagged_fields(|tags| {
                if self.topic_config_error_code != 0 {
                    tags.field(0, |enc| {
                        enc.i16(self.topic_config_error_code);
                        Ok(())
                    })?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// `CreatableTopicConfigs` in [`CreateTopicsResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct CreatableTopicConfigs {
    /// `string`.
    pub name: Str,
    /// `string`, nullable.
    pub value: Option<Str>,
    /// `bool`.
    pub read_only: bool,
    /// `int8`, default -1.
    pub config_source: i8,
    /// `bool`.
    pub is_sensitive: bool,
}

impl Default for CreatableTopicConfigs {
    fn default() -> Self {
        Self {
            name: Str::EMPTY,
            value: Some(Str::EMPTY),
            read_only: false,
            config_source: -1,
            is_sensitive: false,
        }
    }
}

impl Message for CreatableTopicConfigs {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let name = dec.string(true)?;
        let value = dec.nullable_string(true)?;
        let read_only = dec.bool()?;
        let config_source = dec.i8()?;
        let is_sensitive = dec.bool()?;
        dec.skip_tagged_fields()?;
        Ok(Self { name, value, read_only, config_source, is_sensitive })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.name)?;
        enc.nullable_string(true, self.value.as_deref())?;
        enc.bool(self.read_only);
        enc.i8(self.config_source);
        enc.bool(self.is_sensitive);
        enc.no_tagged_fields();
        Ok(())
    }
}

impl CreatableTopicResult {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
        if self.topic_config_error_code != 0 {
            seen(ErrorCode(self.topic_config_error_code));
        }
    }
}

impl Response for CreateTopicsResponse {
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

impl Request for CreateTopicsRequest {
    const KEY: ApiKey = ApiKey::CreateTopics;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 5;
    type Response = CreateTopicsResponse;
}
