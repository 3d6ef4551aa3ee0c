//! ListTransactions (key 66), versions 0-2. Lists transactions.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Lists transactions.
#[derive(Debug, Clone, PartialEq)]
pub struct ListTransactionsRequest {
    /// `[]string`.
    pub state_filters: Vec<Str>,
    /// `[]int64`, a producerId.
    pub producer_id_filters: Vec<i64>,
    /// `int64`, versions 1-2, default -1.
    pub duration_filter: i64,
    /// `string`, versions 2, nullable, default null.
    pub transactional_id_pattern: Option<Str>,
}

impl Default for ListTransactionsRequest {
    fn default() -> Self {
        Self {
            state_filters: Vec::new(),
            producer_id_filters: Vec::new(),
            duration_filter: -1,
            transactional_id_pattern: None,
        }
    }
}

impl ListTransactionsRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for ListTransactionsRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ListTransactionsRequest",
                version,
            });
        }
        let state_filters = dec.array(true, 1, |dec| dec.string(true))?;
        let producer_id_filters = dec.array(true, 8, Dec::i64)?;
        let duration_filter = if version >= 1 { dec.i64()? } else { -1 };
        let transactional_id_pattern = if version == 2 {
            dec.nullable_string(true)?
        } else {
            None
        };
        dec.skip_tagged_fields()?;
        Ok(Self {
            state_filters,
            producer_id_filters,
            duration_filter,
            transactional_id_pattern,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ListTransactionsRequest",
                version,
            });
        }
        enc.array(true, &self.state_filters, |enc, item| {
            enc.string(true, item)
        })?;
        enc.array(true, &self.producer_id_filters, |enc, item| {
            enc.i64(*item);
            Ok(())
        })?;
        if version >= 1 {
            enc.i64(self.duration_filter);
        } else if self.duration_filter != -1 {
            return Err(EncodeError::UnsupportedField {
                field: "ListTransactionsRequest.duration_filter",
                version,
            });
        }
        if version == 2 {
            enc.nullable_string(true, self.transactional_id_pattern.as_deref())?;
        } else if self.transactional_id_pattern.is_some() {
            return Err(EncodeError::UnsupportedField {
                field: "ListTransactionsRequest.transactional_id_pattern",
                version,
            });
        }
        enc.no_tagged_fields();
        Ok(())
    }
}

/// The transactions found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListTransactionsResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `int16`.
    pub error_code: i16,
    /// `[]string`.
    pub unknown_state_filters: Vec<Str>,
    /// `[]TransactionState`.
    pub transaction_states: Vec<TransactionState>,
}

impl ListTransactionsResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 2;
}

impl Message for ListTransactionsResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "ListTransactionsResponse",
                version,
            });
        }
        let throttle_time_ms = dec.i32()?;
        let error_code = dec.i16()?;
        let unknown_state_filters = dec.array(true, 1, |dec| dec.string(true))?;
        let transaction_states =
            dec.array(true, 11, |dec| TransactionState::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            throttle_time_ms,
            error_code,
            unknown_state_filters,
            transaction_states,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "ListTransactionsResponse",
                version,
            });
        }
        enc.i32(self.throttle_time_ms);
        enc.i16(self.error_code);
        enc.array(true, &self.unknown_state_filters, |enc, item| {
            enc.string(true, item)
        })?;
        enc.array(true, &self.transaction_states, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `TransactionState` in [`ListTransactionsResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TransactionState {
    /// `string`, a transactionalId.
    pub transactional_id: Str,
    /// `int64`, a producerId.
    pub producer_id: i64,
    /// `string`.
    pub transaction_state: Str,
}

impl Message for TransactionState {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let transactional_id = dec.string(true)?;
        let producer_id = dec.i64()?;
        let transaction_state = dec.string(true)?;
        dec.skip_tagged_fields()?;
        Ok(Self { transactional_id, producer_id, transaction_state })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.transactional_id)?;
        enc.i64(self.producer_id);
        enc.string(true, &self.transaction_state)?;
        enc.no_tagged_fields();
        Ok(())
    }
}

impl Response for ListTransactionsResponse {
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

impl Request for ListTransactionsRequest {
    const KEY: ApiKey = ApiKey::ListTransactions;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = ListTransactionsResponse;
}
