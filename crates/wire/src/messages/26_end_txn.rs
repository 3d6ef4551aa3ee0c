//! EndTxn (key 26), versions 0-5. Commits or aborts a transaction.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Commits or aborts a transaction.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EndTxnRequest {
    /// `string`, a transactionalId.
    pub transactional_id: Str,
    /// `int64`, a producerId.
    pub producer_id: i64,
    /// `int16`.
    pub producer_epoch: i16,
    /// `bool`.
    pub committed: bool,
}

impl EndTxnRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 5;
}

impl Message for EndTxnRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "EndTxnRequest", version });
        }
        let flexible = version >= 3;
        let transactional_id = dec.string(flexible)?;
        let producer_id = dec.i64()?;
        let producer_epoch = dec.i16()?;
        let committed = dec.bool()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { transactional_id, producer_id, producer_epoch, committed })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "EndTxnRequest", version });
        }
        let flexible = version >= 3;
        enc.string(flexible, &self.transactional_id)?;
        enc.i64(self.producer_id);
        enc.i16(self.producer_epoch);
        enc.bool(self.committed);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// The outcome, and the id and epoch to go on with.
#[derive(Debug, Clone, PartialEq)]
pub struct EndTxnResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
    /// `int64`, a producerId, versions 5, default -1.
    pub producer_id: i64,
    /// `int16`, versions 5, default -1.
    pub producer_epoch: i16,
}

impl Default for EndTxnResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            producer_id: -1,
            producer_epoch: -1,
        }
    }
}

impl EndTxnResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 5;
}

impl Message for EndTxnResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion { message: "EndTxnResponse", version });
        }
        let flexible = version >= 3;
        let throttle_time_ms = dec.i32()?;
        let error_code = dec.i16()?;
        let producer_id = if version == 5 { dec.i64()? } else { -1 };
        let producer_epoch = if version == 5 { dec.i16()? } else { -1 };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { throttle_time_ms, error_code, producer_id, producer_epoch })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion { message: "EndTxnResponse", version });
        }
        let flexible = version >= 3;
        enc.i32(self.throttle_time_ms);
        enc.i16(self.error_code);
        if version == 5 {
            enc.i64(self.producer_id);
        }
        if version == 5 {
            enc.i16(self.producer_epoch);
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

impl Response for EndTxnResponse {
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

impl Request for EndTxnRequest {
    const KEY: ApiKey = ApiKey::EndTxn;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 3;
    type Response = EndTxnResponse;
}
