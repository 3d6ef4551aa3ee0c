//! InitProducerId (key 22), versions 0-6. Asks for a producer id, or the next epoch of one.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Asks for a producer id, or the next epoch of one.
#[derive(Debug, Clone, PartialEq)]
pub struct InitProducerIdRequest {
    /// `string`, a transactionalId, nullable.
    pub transactional_id: Option<Str>,
    /// `int32`.
    pub transaction_timeout_ms: i32,
    /// `int64`, a producerId, versions 3-6, default -1.
    pub producer_id: i64,
    /// `int16`, versions 3-6, default -1.
    pub producer_epoch: i16,
    /// `bool`, versions 6.
    pub enable2_pc: bool,
    /// `bool`, versions 6.
    pub keep_prepared_txn: bool,
}

impl Default for InitProducerIdRequest {
    fn default() -> Self {
        Self {
            transactional_id: Some(Str::EMPTY),
            transaction_timeout_ms: 0,
            producer_id: -1,
            producer_epoch: -1,
            enable2_pc: false,
            keep_prepared_txn: false,
        }
    }
}

impl InitProducerIdRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 6;
}

impl Message for InitProducerIdRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "InitProducerIdRequest",
                version,
            });
        }
        let flexible = version >= 2;
        let transactional_id = dec.nullable_string(flexible)?;
        let transaction_timeout_ms = dec.i32()?;
        let producer_id = if version >= 3 { dec.i64()? } else { -1 };
        let producer_epoch = if version >= 3 { dec.i16()? } else { -1 };
        let enable2_pc = if version == 6 { dec.bool()? } else { false };
        let keep_prepared_txn = if version == 6 { dec.bool()? } else { false };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            transactional_id,
            transaction_timeout_ms,
            producer_id,
            producer_epoch,
            enable2_pc,
            keep_prepared_txn,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "InitProducerIdRequest",
                version,
            });
        }
        let flexible = version >= 2;
        enc.nullable_string(flexible, self.transactional_id.as_deref())?;
        enc.i32(self.transaction_timeout_ms);
        if version >= 3 {
            enc.i64(self.producer_id);
        } else if self.producer_id != -1 {
            return Err(EncodeError::UnsupportedField {
                field: "InitProducerIdRequest.producer_id",
                version,
            });
        }
        if version >= 3 {
            enc.i16(self.producer_epoch);
        } else if self.producer_epoch != -1 {
            return Err(EncodeError::UnsupportedField {
                field: "InitProducerIdRequest.producer_epoch",
                version,
            });
        }
        if version == 6 {
            enc.bool(self.enable2_pc);
        } else if self.enable2_pc {
            return Err(EncodeError::UnsupportedField {
                field: "InitProducerIdRequest.enable2_pc",
                version,
            });
        }
        if version == 6 {
            enc.bool(self.keep_prepared_txn);
        } else if self.keep_prepared_txn {
            return Err(EncodeError::UnsupportedField {
                field: "InitProducerIdRequest.keep_prepared_txn",
                version,
            });
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// The id and epoch to write with.
#[derive(Debug, Clone, PartialEq)]
pub struct InitProducerIdResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
    /// `int64`, a producerId, default -1.
    pub producer_id: i64,
    /// `int16`.
    pub producer_epoch: i16,
    /// `int64`, a producerId, versions 6, default -1.
    pub ongoing_txn_producer_id: i64,
    /// `int16`, versions 6, default -1.
    pub ongoing_txn_producer_epoch: i16,
}

impl Default for InitProducerIdResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            producer_id: -1,
            producer_epoch: 0,
            ongoing_txn_producer_id: -1,
            ongoing_txn_producer_epoch: -1,
        }
    }
}

impl InitProducerIdResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 6;
}

impl Message for InitProducerIdResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "InitProducerIdResponse",
                version,
            });
        }
        let flexible = version >= 2;
        let throttle_time_ms = dec.i32()?;
        let error_code = dec.i16()?;
        let producer_id = dec.i64()?;
        let producer_epoch = dec.i16()?;
        let ongoing_txn_producer_id = if version == 6 { dec.i64()? } else { -1 };
        let ongoing_txn_producer_epoch = if version == 6 { dec.i16()? } else { -1 };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            throttle_time_ms,
            error_code,
            producer_id,
            producer_epoch,
            ongoing_txn_producer_id,
            ongoing_txn_producer_epoch,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "InitProducerIdResponse",
                version,
            });
        }
        let flexible = version >= 2;
        enc.i32(self.throttle_time_ms);
        enc.i16(self.error_code);
        enc.i64(self.producer_id);
        enc.i16(self.producer_epoch);
        if version == 6 {
            enc.i64(self.ongoing_txn_producer_id);
        } else if self.ongoing_txn_producer_id != -1 {
            return Err(EncodeError::UnsupportedField {
                field: "InitProducerIdResponse.ongoing_txn_producer_id",
                version,
            });
        }
        if version == 6 {
            enc.i16(self.ongoing_txn_producer_epoch);
        } else if self.ongoing_txn_producer_epoch != -1 {
            return Err(EncodeError::UnsupportedField {
                field: "InitProducerIdResponse.ongoing_txn_producer_epoch",
                version,
            });
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

impl Response for InitProducerIdResponse {
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

impl Request for InitProducerIdRequest {
    const KEY: ApiKey = ApiKey::InitProducerId;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 2;
    type Response = InitProducerIdResponse;
}
