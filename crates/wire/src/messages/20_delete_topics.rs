//! DeleteTopics (key 20), versions 1-6. Deletes topics by name or id.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// Deletes topics by name or id.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteTopicsRequest {
    /// `[]DeleteTopicState`, versions 6.
    pub topics: Vec<DeleteTopicState>,
    /// `[]string`, a topicName, versions 1-5.
    pub topic_names: Vec<Str>,
    /// `int32`.
    pub timeout_ms: i32,
}

impl DeleteTopicsRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 1;
    /// The highest version.
    pub const MAX_VERSION: i16 = 6;
}

impl Message for DeleteTopicsRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DeleteTopicsRequest",
                version,
            });
        }
        let flexible = version >= 4;
        let topics = if version == 6 {
            dec.array(flexible, 18, |dec| DeleteTopicState::decode(dec, version))?
        } else {
            Vec::new()
        };
        let topic_names = if version <= 5 {
            dec.array(flexible, 1, |dec| dec.string(flexible))?
        } else {
            Vec::new()
        };
        let timeout_ms = dec.i32()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { topics, topic_names, timeout_ms })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DeleteTopicsRequest",
                version,
            });
        }
        let flexible = version >= 4;
        if version == 6 {
            enc.array(flexible, &self.topics, |enc, item| {
                item.encode(enc, version)
            })?;
        } else if !self.topics.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "DeleteTopicsRequest.topics",
                version,
            });
        }
        if version <= 5 {
            enc.array(flexible, &self.topic_names, |enc, item| {
                enc.string(flexible, item)
            })?;
        }
        enc.i32(self.timeout_ms);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `DeleteTopicState` in [`DeleteTopicsRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteTopicState {
    /// `string`, a topicName, nullable, default null.
    pub name: Option<Str>,
    /// `uuid`.
    pub topic_id: Uuid,
}

impl Message for DeleteTopicState {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let name = dec.nullable_string(true)?;
        let topic_id = dec.uuid()?;
        dec.skip_tagged_fields()?;
        Ok(Self { name, topic_id })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.nullable_string(true, self.name.as_deref())?;
        enc.uuid(self.topic_id);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// Whether each topic was deleted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteTopicsResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `[]DeletableTopicResult`.
    pub responses: Vec<DeletableTopicResult>,
}

impl DeleteTopicsResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 1;
    /// The highest version.
    pub const MAX_VERSION: i16 = 6;
}

impl Message for DeleteTopicsResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DeleteTopicsResponse",
                version,
            });
        }
        let flexible = version >= 4;
        let throttle_time_ms = dec.i32()?;
        let responses = dec.array(flexible, 4, |dec| {
            DeletableTopicResult::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { throttle_time_ms, responses })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DeleteTopicsResponse",
                version,
            });
        }
        let flexible = version >= 4;
        enc.i32(self.throttle_time_ms);
        enc.array(flexible, &self.responses, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `DeletableTopicResult` in [`DeleteTopicsResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct DeletableTopicResult {
    /// `string`, a topicName, nullable in 6+.
    pub name: Option<Str>,
    /// `uuid`, versions 6.
    pub topic_id: Uuid,
    /// `int16`.
    pub error_code: i16,
    /// `string`, versions 5-6, nullable, default null.
    pub error_message: Option<Str>,
}

impl Default for DeletableTopicResult {
    fn default() -> Self {
        Self {
            name: Some(Str::EMPTY),
            topic_id: Uuid::ZERO,
            error_code: 0,
            error_message: None,
        }
    }
}

impl Message for DeletableTopicResult {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 4;
        let name = if version == 6 {
            dec.nullable_string(flexible)?
        } else {
            Some(dec.string(flexible)?)
        };
        let topic_id = if version == 6 {
            dec.uuid()?
        } else {
            Uuid::ZERO
        };
        let error_code = dec.i16()?;
        let error_message = if version >= 5 {
            dec.nullable_string(flexible)?
        } else {
            None
        };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { name, topic_id, error_code, error_message })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 4;
        if version == 6 {
            enc.nullable_string(flexible, self.name.as_deref())?;
        } else {
            let Some(value) = &self.name else {
                return Err(EncodeError::UnexpectedNull {
                    field: "DeleteTopicsResponse.name",
                    version,
                });
            };
            enc.string(flexible, value)?;
        }
        if version == 6 {
            enc.uuid(self.topic_id);
        }
        enc.i16(self.error_code);
        if version >= 5 {
            enc.nullable_string(flexible, self.error_message.as_deref())?;
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

impl DeletableTopicResult {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for DeleteTopicsResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
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

impl Request for DeleteTopicsRequest {
    const KEY: ApiKey = ApiKey::DeleteTopics;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 4;
    type Response = DeleteTopicsResponse;
}
