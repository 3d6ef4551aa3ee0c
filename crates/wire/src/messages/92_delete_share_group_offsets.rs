//! DeleteShareGroupOffsets (key 92), versions 0. Forgets the offsets of a share group.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// Forgets the offsets of a share group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteShareGroupOffsetsRequest {
    /// `string`, a groupId.
    pub group_id: Str,
    /// `[]DeleteShareGroupOffsetsRequestTopic`.
    pub topics: Vec<DeleteShareGroupOffsetsRequestTopic>,
}

impl DeleteShareGroupOffsetsRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for DeleteShareGroupOffsetsRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DeleteShareGroupOffsetsRequest",
                version,
            });
        }
        let group_id = dec.string(true)?;
        let topics = dec.array(true, 2, |dec| {
            DeleteShareGroupOffsetsRequestTopic::decode(dec, version)
        })?;
        dec.skip_tagged_fields()?;
        Ok(Self { group_id, topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DeleteShareGroupOffsetsRequest",
                version,
            });
        }
        enc.string(true, &self.group_id)?;
        enc.array(true, &self.topics, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `DeleteShareGroupOffsetsRequestTopic` in [`DeleteShareGroupOffsetsRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteShareGroupOffsetsRequestTopic {
    /// `string`, a topicName.
    pub topic_name: Str,
}

impl Message for DeleteShareGroupOffsetsRequestTopic {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let topic_name = dec.string(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self { topic_name })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.topic_name)?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// Whether each topic was forgotten.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteShareGroupOffsetsResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable, default null.
    pub error_message: Option<Str>,
    /// `[]DeleteShareGroupOffsetsResponseTopic`.
    pub responses: Vec<DeleteShareGroupOffsetsResponseTopic>,
}

impl DeleteShareGroupOffsetsResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for DeleteShareGroupOffsetsResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DeleteShareGroupOffsetsResponse",
                version,
            });
        }
        let throttle_time_ms = dec.i32()?;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(true)?;
        let responses = dec.array(true, 21, |dec| {
            DeleteShareGroupOffsetsResponseTopic::decode(dec, version)
        })?;
        dec.skip_tagged_fields()?;
        Ok(Self { throttle_time_ms, error_code, error_message, responses })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DeleteShareGroupOffsetsResponse",
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

/// `DeleteShareGroupOffsetsResponseTopic` in [`DeleteShareGroupOffsetsResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeleteShareGroupOffsetsResponseTopic {
    /// `string`, a topicName.
    pub topic_name: Str,
    /// `uuid`.
    pub topic_id: Uuid,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable, default null.
    pub error_message: Option<Str>,
}

impl Message for DeleteShareGroupOffsetsResponseTopic {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let topic_name = dec.string(true)?;
        let topic_id = dec.uuid()?;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self { topic_name, topic_id, error_code, error_message })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.topic_name)?;
        enc.uuid(self.topic_id);
        enc.i16(self.error_code);
        enc.nullable_string(true, self.error_message.as_deref())?;
        enc.no_tagged_fields();
        Ok(())
    }
}

impl DeleteShareGroupOffsetsResponseTopic {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for DeleteShareGroupOffsetsResponse {
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

impl Request for DeleteShareGroupOffsetsRequest {
    const KEY: ApiKey = ApiKey::DeleteShareGroupOffsets;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = DeleteShareGroupOffsetsResponse;
}
