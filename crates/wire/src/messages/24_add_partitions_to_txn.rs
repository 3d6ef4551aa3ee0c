//! AddPartitionsToTxn (key 24), versions 0-5. Adds partitions to a transaction, or asks whether they belong to it.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

use crate::{ApiKey, ErrorCode, Request, Response};

/// Adds partitions to a transaction, or asks whether they belong to it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AddPartitionsToTxnRequest {
    /// `[]AddPartitionsToTxnTransaction`, versions 4-5.
    pub transactions: Vec<AddPartitionsToTxnTransaction>,
    /// `string`, a transactionalId, versions 0-3.
    pub v3_and_below_transactional_id: Str,
    /// `int64`, a producerId, versions 0-3.
    pub v3_and_below_producer_id: i64,
    /// `int16`, versions 0-3.
    pub v3_and_below_producer_epoch: i16,
    /// `[]AddPartitionsToTxnTopic`, versions 0-3.
    pub v3_and_below_topics: Vec<AddPartitionsToTxnTopic>,
}

impl AddPartitionsToTxnRequest {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 5;
}

impl Message for AddPartitionsToTxnRequest {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "AddPartitionsToTxnRequest",
                version,
            });
        }
        let flexible = version >= 3;
        let transactions = if version >= 4 {
            dec.array(flexible, 14, |dec| {
                AddPartitionsToTxnTransaction::decode(dec, version)
            })?
        } else {
            Vec::new()
        };
        let v3_and_below_transactional_id = if version <= 3 {
            dec.string(flexible)?
        } else {
            Str::EMPTY
        };
        let v3_and_below_producer_id = if version <= 3 { dec.i64()? } else { 0 };
        let v3_and_below_producer_epoch = if version <= 3 { dec.i16()? } else { 0 };
        let v3_and_below_topics = if version <= 3 {
            dec.array(flexible, 3, |dec| {
                AddPartitionsToTxnTopic::decode(dec, version)
            })?
        } else {
            Vec::new()
        };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            transactions,
            v3_and_below_transactional_id,
            v3_and_below_producer_id,
            v3_and_below_producer_epoch,
            v3_and_below_topics,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "AddPartitionsToTxnRequest",
                version,
            });
        }
        let flexible = version >= 3;
        if version >= 4 {
            enc.array(flexible, &self.transactions, |enc, item| {
                item.encode(enc, version)
            })?;
        } else if !self.transactions.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "AddPartitionsToTxnRequest.transactions",
                version,
            });
        }
        if version <= 3 {
            enc.string(flexible, &self.v3_and_below_transactional_id)?;
        } else if !self.v3_and_below_transactional_id.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "AddPartitionsToTxnRequest.v3_and_below_transactional_id",
                version,
            });
        }
        if version <= 3 {
            enc.i64(self.v3_and_below_producer_id);
        } else if self.v3_and_below_producer_id != 0 {
            return Err(EncodeError::UnsupportedField {
                field: "AddPartitionsToTxnRequest.v3_and_below_producer_id",
                version,
            });
        }
        if version <= 3 {
            enc.i16(self.v3_and_below_producer_epoch);
        } else if self.v3_and_below_producer_epoch != 0 {
            return Err(EncodeError::UnsupportedField {
                field: "AddPartitionsToTxnRequest.v3_and_below_producer_epoch",
                version,
            });
        }
        if version <= 3 {
            enc.array(flexible, &self.v3_and_below_topics, |enc, item| {
                item.encode(enc, version)
            })?;
        } else if !self.v3_and_below_topics.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "AddPartitionsToTxnRequest.v3_and_below_topics",
                version,
            });
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `AddPartitionsToTxnTransaction` in [`AddPartitionsToTxnRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AddPartitionsToTxnTransaction {
    /// `string`, a transactionalId.
    pub transactional_id: Str,
    /// `int64`, a producerId.
    pub producer_id: i64,
    /// `int16`.
    pub producer_epoch: i16,
    /// `bool`.
    pub verify_only: bool,
    /// `[]AddPartitionsToTxnTopic`.
    pub topics: Vec<AddPartitionsToTxnTopic>,
}

impl Message for AddPartitionsToTxnTransaction {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let transactional_id = dec.string(true)?;
        let producer_id = dec.i64()?;
        let producer_epoch = dec.i16()?;
        let verify_only = dec.bool()?;
        let topics = dec.array(true, 3, |dec| AddPartitionsToTxnTopic::decode(dec, version))?;
        dec.skip_tagged_fields()?;
        Ok(Self {
            transactional_id,
            producer_id,
            producer_epoch,
            verify_only,
            topics,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.transactional_id)?;
        enc.i64(self.producer_id);
        enc.i16(self.producer_epoch);
        enc.bool(self.verify_only);
        enc.array(true, &self.topics, |enc, item| item.encode(enc, version))?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `AddPartitionsToTxnTopic` in [`AddPartitionsToTxnRequest`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AddPartitionsToTxnTopic {
    /// `string`, a topicName.
    pub name: Str,
    /// `[]int32`.
    pub partitions: Vec<i32>,
}

impl Message for AddPartitionsToTxnTopic {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 3;
        let name = dec.string(flexible)?;
        let partitions = dec.array(flexible, 4, Dec::i32)?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { name, partitions })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 3;
        enc.string(flexible, &self.name)?;
        enc.array(flexible, &self.partitions, |enc, item| {
            enc.i32(*item);
            Ok(())
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// The outcome per transaction and partition.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AddPartitionsToTxnResponse {
    /// `int32`.
    pub throttle_time_ms: i32,
    /// `int16`, versions 4-5.
    pub error_code: i16,
    /// `[]AddPartitionsToTxnResult`, versions 4-5.
    pub results_by_transaction: Vec<AddPartitionsToTxnResult>,
    /// `[]AddPartitionsToTxnTopicResult`, versions 0-3.
    pub results_by_topic_v3_and_below: Vec<AddPartitionsToTxnTopicResult>,
}

impl AddPartitionsToTxnResponse {
    /// The lowest version.
    pub const MIN_VERSION: i16 = 0;
    /// The highest version.
    pub const MAX_VERSION: i16 = 5;
}

impl Message for AddPartitionsToTxnResponse {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(DecodeError::UnsupportedVersion {
                message: "AddPartitionsToTxnResponse",
                version,
            });
        }
        let flexible = version >= 3;
        let throttle_time_ms = dec.i32()?;
        let error_code = if version >= 4 { dec.i16()? } else { 0 };
        let results_by_transaction = if version >= 4 {
            dec.array(flexible, 3, |dec| {
                AddPartitionsToTxnResult::decode(dec, version)
            })?
        } else {
            Vec::new()
        };
        let results_by_topic_v3_and_below = if version <= 3 {
            dec.array(flexible, 3, |dec| {
                AddPartitionsToTxnTopicResult::decode(dec, version)
            })?
        } else {
            Vec::new()
        };
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self {
            throttle_time_ms,
            error_code,
            results_by_transaction,
            results_by_topic_v3_and_below,
        })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        if !(Self::MIN_VERSION..=Self::MAX_VERSION).contains(&version) {
            return Err(EncodeError::UnsupportedVersion {
                message: "AddPartitionsToTxnResponse",
                version,
            });
        }
        let flexible = version >= 3;
        enc.i32(self.throttle_time_ms);
        if version >= 4 {
            enc.i16(self.error_code);
        }
        if version >= 4 {
            enc.array(flexible, &self.results_by_transaction, |enc, item| {
                item.encode(enc, version)
            })?;
        } else if !self.results_by_transaction.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "AddPartitionsToTxnResponse.results_by_transaction",
                version,
            });
        }
        if version <= 3 {
            enc.array(
                flexible,
                &self.results_by_topic_v3_and_below,
                |enc, item| item.encode(enc, version),
            )?;
        } else if !self.results_by_topic_v3_and_below.is_empty() {
            return Err(EncodeError::UnsupportedField {
                field: "AddPartitionsToTxnResponse.results_by_topic_v3_and_below",
                version,
            });
        }
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `AddPartitionsToTxnResult` in [`AddPartitionsToTxnResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AddPartitionsToTxnResult {
    /// `string`, a transactionalId.
    pub transactional_id: Str,
    /// `[]AddPartitionsToTxnTopicResult`.
    pub topic_results: Vec<AddPartitionsToTxnTopicResult>,
}

impl Message for AddPartitionsToTxnResult {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let transactional_id = dec.string(true)?;
        let topic_results = dec.array(true, 3, |dec| {
            AddPartitionsToTxnTopicResult::decode(dec, version)
        })?;
        dec.skip_tagged_fields()?;
        Ok(Self { transactional_id, topic_results })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        enc.string(true, &self.transactional_id)?;
        enc.array(true, &self.topic_results, |enc, item| {
            item.encode(enc, version)
        })?;
        enc.no_tagged_fields();
        Ok(())
    }
}

/// `AddPartitionsToTxnTopicResult` in [`AddPartitionsToTxnResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AddPartitionsToTxnTopicResult {
    /// `string`, a topicName.
    pub name: Str,
    /// `[]AddPartitionsToTxnPartitionResult`.
    pub results_by_partition: Vec<AddPartitionsToTxnPartitionResult>,
}

impl Message for AddPartitionsToTxnTopicResult {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 3;
        let name = dec.string(flexible)?;
        let results_by_partition = dec.array(flexible, 6, |dec| {
            AddPartitionsToTxnPartitionResult::decode(dec, version)
        })?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { name, results_by_partition })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 3;
        enc.string(flexible, &self.name)?;
        enc.array(flexible, &self.results_by_partition, |enc, item| {
            item.encode(enc, version)
        })?;
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

/// `AddPartitionsToTxnPartitionResult` in [`AddPartitionsToTxnResponse`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AddPartitionsToTxnPartitionResult {
    /// `int32`.
    pub partition_index: i32,
    /// `int16`.
    pub partition_error_code: i16,
}

impl Message for AddPartitionsToTxnPartitionResult {
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        let flexible = version >= 3;
        let partition_index = dec.i32()?;
        let partition_error_code = dec.i16()?;
        if flexible {
            dec.skip_tagged_fields()?;
        }
        Ok(Self { partition_index, partition_error_code })
    }

    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        let flexible = version >= 3;
        enc.i32(self.partition_index);
        enc.i16(self.partition_error_code);
        if flexible {
            enc.no_tagged_fields();
        }
        Ok(())
    }
}

impl AddPartitionsToTxnResult {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.topic_results {
            item.visit_errors(seen);
        }
    }
}

impl AddPartitionsToTxnTopicResult {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        for item in &self.results_by_partition {
            item.visit_errors(seen);
        }
    }
}

impl AddPartitionsToTxnPartitionResult {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.partition_error_code != 0 {
            seen(ErrorCode(self.partition_error_code));
        }
    }
}

impl Response for AddPartitionsToTxnResponse {
    fn visit_errors(&self, seen: &mut dyn FnMut(ErrorCode)) {
        if self.error_code != 0 {
            seen(ErrorCode(self.error_code));
        }
        for item in &self.results_by_transaction {
            item.visit_errors(seen);
        }
        for item in &self.results_by_topic_v3_and_below {
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

impl Request for AddPartitionsToTxnRequest {
    const KEY: ApiKey = ApiKey::AddPartitionsToTxn;
    const MIN_VERSION: i16 = Self::MIN_VERSION;
    const MAX_VERSION: i16 = Self::MAX_VERSION;
    const FLEXIBLE_FROM: i16 = 3;
    type Response = AddPartitionsToTxnResponse;
}
