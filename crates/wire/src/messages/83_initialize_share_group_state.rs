//! InitializeShareGroupState (key 83), versions 0. Makes the stored state of share partitions.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};
use klamm_model::Uuid;

use crate::{ApiKey, ErrorCode, Request, Response};

/// Makes the stored state of share partitions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct InitializeShareGroupStateRequest {
    /// `string`.
    pub group_id: Str,
    /// `[]InitializeStateData`.
    pub topics: Vec<InitializeStateData>,
}

impl InitializeShareGroupStateRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for InitializeShareGroupStateRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "InitializeShareGroupStateRequest",
                version,
            });
        }
        let group_id = dec.string(true)?;
        let topics = dec.array(true, 18, |dec| InitializeStateData::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { group_id, topics })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "InitializeShareGroupStateRequest",
                version,
            });
        }
        enc.string(true, &self.group_id)?;
        enc.array(true, &self.topics, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `InitializeStateData` in [`InitializeShareGroupStateRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct InitializeStateData {
    /// `uuid`.
    pub topic_id: Uuid,
    /// `[]PartitionData`.
    pub partitions: Vec<PartitionData>,
}

impl Message for InitializeStateData {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let topic_id = dec.uuid()?;
        let partitions = dec.array(true, 17, |dec| PartitionData::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { topic_id, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.uuid(self.topic_id);
        enc.array(true, &self.partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `PartitionData` in [`InitializeShareGroupStateRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PartitionData {
    /// `int32`.
    pub partition: i32,
    /// `int32`.
    pub state_epoch: i32,
    /// `int64`.
    pub start_offset: i64,
}

impl Message for PartitionData {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let partition = dec.i32()?;
        let state_epoch = dec.i32()?;
        let start_offset = dec.i64()?;
        dec.skip_tagged_fields()?;
        Ok(Self { partition, state_epoch, start_offset })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i32(self.partition);
        enc.i32(self.state_epoch);
        enc.i64(self.start_offset);
        enc.no_tagged_fields();
        Ok(())
    }
}

/// Whether each state was made.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct InitializeShareGroupStateResponse {
    /// `[]InitializeStateResult`.
    pub results: Vec<InitializeStateResult>,
}

impl InitializeShareGroupStateResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for InitializeShareGroupStateResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "InitializeShareGroupStateResponse",
                version,
            });
        }
        let results = dec.array(true, 18, |dec| InitializeStateResult::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { results })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "InitializeShareGroupStateResponse",
                version,
            });
        }
        enc.array(true, &self.results, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `InitializeStateResult` in [`InitializeShareGroupStateResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct InitializeStateResult {
    /// `uuid`.
    pub topic_id: Uuid,
    /// `[]PartitionResult`.
    pub partitions: Vec<PartitionResult>,
}

impl Message for InitializeStateResult {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let topic_id = dec.uuid()?;
        let partitions = dec.array(true, 8, |dec| PartitionResult::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { topic_id, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.uuid(self.topic_id);
        enc.array(true, &self.partitions, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `PartitionResult` in [`InitializeShareGroupStateResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PartitionResult {
    /// `int32`.
    pub partition: i32,
    /// `int16`.
    pub error_code: i16,
    /// `string`, nullable, default null.
    pub error_message: Option<Str>,
}

impl Message for PartitionResult {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let partition = dec.i32()?;
        let error_code = dec.i16()?;
        let error_message = dec.nullable_string(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self { partition, error_code, error_message })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.i32(self.partition);
        enc.i16(self.error_code);
        enc.nullable_string(true, self.error_message.as_deref())?;
        enc.no_tagged_fields();
        Ok(())
    }
}

impl InitializeStateResult {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.partitions {
            item.visit_errors(seen);
        }
    }
}

impl PartitionResult {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for InitializeShareGroupStateResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.results {
            item.visit_errors(seen);
        }
    }

    fn throttle_time_ms(&self) -> i32 {
        0
    }

    fn set_throttle_time_ms(&mut self, _ms: i32) {}
}

impl Request for InitializeShareGroupStateRequest {
    const KEY: ApiKey = ApiKey::InitializeShareGroupState;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = InitializeShareGroupStateResponse;
}
