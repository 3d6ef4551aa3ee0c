//! DescribeTransactions (key 65), versions 0. Asks for the state of transactions.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Asks for the state of transactions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeTransactionsRequest {
    /// `[]string`, a transactionalId.
    pub transactional_ids: Vec<Str>,
}

impl DescribeTransactionsRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for DescribeTransactionsRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DescribeTransactionsRequest",
                version,
            });
        }
        let transactional_ids = dec.array(true, 1, |dec| dec.string(true))?;
        dec.skip_tagged_fields()?;
        Ok(Self { transactional_ids })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DescribeTransactionsRequest",
                version,
            });
        }
        enc.array(true, &self.transactional_ids, |enc, item| {
            enc.string(true, item)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// State, timeout and partitions of each.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DescribeTransactionsResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `[]TransactionState`.
    pub transaction_states: Vec<TransactionState>,
}

impl DescribeTransactionsResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 0;
}

impl Message for DescribeTransactionsResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "DescribeTransactionsResponse",
                version,
            });
        }
        let throttle_time_ms = dec.i32()?;
        let transaction_states =
            dec.array(true, 28, |dec| TransactionState::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self { throttle_time_ms, transaction_states })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "DescribeTransactionsResponse",
                version,
            });
        }
        enc.i32(self.throttle_time_ms);
        enc.array(true, &self.transaction_states, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `TransactionState` in [`DescribeTransactionsResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TransactionState {
    /// `int16`.
    pub error_code: i16,
    /// `string`, a transactionalId.
    pub transactional_id: Str,
    /// `string`.
    pub transaction_state: Str,
    /// `int32`.
    pub transaction_timeout_ms: i32,
    /// `int64`.
    pub transaction_start_time_ms: i64,
    /// `int64`, a producerId.
    pub producer_id: i64,
    /// `int16`.
    pub producer_epoch: i16,
    /// `[]TopicData`.
    pub topics: Vec<TopicData>,
}

impl Message for TransactionState {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let error_code = dec.i16()?;
        let transactional_id = dec.string(true)?;
        let transaction_state = dec.string(true)?;
        let transaction_timeout_ms = dec.i32()?;
        let transaction_start_time_ms = dec.i64()?;
        let producer_id = dec.i64()?;
        let producer_epoch = dec.i16()?;
        let topics = dec.array(true, 3, |dec| TopicData::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            error_code,
            transactional_id,
            transaction_state,
            transaction_timeout_ms,
            transaction_start_time_ms,
            producer_id,
            producer_epoch,
            topics,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.i16(self.error_code);
        enc.string(true, &self.transactional_id)?;
        enc.string(true, &self.transaction_state)?;
        enc.i32(self.transaction_timeout_ms);
        enc.i64(self.transaction_start_time_ms);
        enc.i64(self.producer_id);
        enc.i16(self.producer_epoch);
        enc.array(true, &self.topics, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `TopicData` in [`DescribeTransactionsResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicData {
    /// `string`, a topicName.
    pub topic: Str,
    /// `[]int32`.
    pub partitions: Vec<i32>,
}

impl Message for TopicData {
    fn decode(dec: &mut Dec, _version: i16) -> Result<Self, DecodeError> {
        let topic = dec.string(true)?;
        let partitions = dec.array(true, 4, Dec::i32)?;
        dec.skip_tagged_fields()?;
        Ok(Self { topic, partitions })
    }

    fn encode(&self, enc: &mut Enc, _version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.topic)?;
        enc.array(true, &self.partitions, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

impl TransactionState {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
    }
}

impl Response for DescribeTransactionsResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.transaction_states {
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

impl Request for DescribeTransactionsRequest {
    const KEY: ApiKey = ApiKey::DescribeTransactions;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 0;
    type Response = DescribeTransactionsResponse;
}
