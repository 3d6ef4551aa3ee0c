//! AddOffsetsToTxn (key 25), versions 0-4. Announces that a transaction will commit positions of a group.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Announces that a transaction will commit positions of a group.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AddOffsetsToTxnRequest {
    /// `string`, a transactionalId.
    pub transactional_id: Str,
    /// `int64`, a producerId.
    pub producer_id: i64,
    /// `int16`.
    pub producer_epoch: i16,
    /// `string`, a groupId.
    pub group_id: Str,
}

impl AddOffsetsToTxnRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 4;
}

impl Message for AddOffsetsToTxnRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "AddOffsetsToTxnRequest",
                version,
            });
        }
        let flexible = version >= 3;
        let transactional_id = dec.string(flexible)?;
        let producer_id = dec.i64()?;
        let producer_epoch = dec.i16()?;
        let group_id = dec.string(flexible)?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { transactional_id, producer_id, producer_epoch, group_id })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "AddOffsetsToTxnRequest",
                version,
            });
        }
        let flexible = version >= 3;
        enc.string(flexible, &self.transactional_id)?;
        enc.i64(self.producer_id);
        enc.i16(self.producer_epoch);
        enc.string(flexible, &self.group_id)?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// Whether the group was added.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AddOffsetsToTxnResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
}

impl AddOffsetsToTxnResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 4;
}

impl Message for AddOffsetsToTxnResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "AddOffsetsToTxnResponse",
                version,
            });
        }
        let flexible = version >= 3;
        let throttle_time_ms = dec.i32()?;
        let error_code = dec.i16()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { throttle_time_ms, error_code })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "AddOffsetsToTxnResponse",
                version,
            });
        }
        let flexible = version >= 3;
        enc.i32(self.throttle_time_ms);
        enc.i16(self.error_code);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

impl Response for AddOffsetsToTxnResponse {
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

impl Request for AddOffsetsToTxnRequest {
    const KEY: ApiKey = ApiKey::AddOffsetsToTxn;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 3;
    type Response = AddOffsetsToTxnResponse;
}
