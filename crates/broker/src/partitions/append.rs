//! What a producer's batch must satisfy before it is appended, and how a refusal reads.
//!
//! The envelope (length, CRC, count, codec, flags) is always checked. Records are looked at only where the topic's
//! configuration or the batch's header asks for it; see docs/decisions on batch validation.

use super::TopicTraits;
use bytes::Bytes;
use klamm_records::{
    BatchError, BatchView, Codec, Compression, Deflater, EnvelopeError, Inflater, RecordFault,
    RecordRules, RecordsError, Stamp, StampTime, Target, TimestampRange, convert, validate_records,
};
use klamm_storage::{TimestampSource, VerificationGuard};
use klamm_wire::ErrorCode;
use std::borrow::Cow;

/// One partition's part of a produce request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AppendRequest<'a> {
    /// The record batch as it came.
    pub(crate) records: &'a Bytes,
    /// The request's version may carry zstd.
    pub(crate) zstd_allowed: bool,
    /// Of the verification, if the batch may be the first of its transaction here.
    pub(crate) guard: Option<VerificationGuard>,
    /// Wall time.
    pub(crate) now_ms: i64,
}

/// A batch's place in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Appended {
    pub(crate) base_offset: i64,
    /// -1 unless the topic stamps records with the time of the append.
    pub(crate) log_append_time_ms: i64,
    pub(crate) log_start_offset: i64,
    /// Bytes written; 0 for a batch that was there already.
    pub(crate) bytes: usize,
    /// The log must be synced up to this offset before the batch is acknowledged.
    pub(crate) sync_before_ack: Option<i64>,
}

/// Why a batch is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AppendFailure {
    pub(crate) error: ErrorCode,
    /// What to tell the producer.
    pub(crate) message: Cow<'static, str>,
    /// The records at fault, by their index in the batch.
    pub(crate) records: Vec<(i32, Cow<'static, str>)>,
    /// The log's word on the producer: its code says all, and the answer says where the log starts.
    pub(crate) is_on_producer: bool,
}

impl AppendFailure {
    pub(crate) fn new(error: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            error,
            message: message.into(),
            records: Vec::new(),
            is_on_producer: false,
        }
    }
}

/// A batch that may be appended.
#[derive(Debug)]
pub(super) struct Checked {
    /// The batch as it is to be written, but for its offset, epoch and time.
    pub(super) batch: Bytes,
}

/// Checks a batch against the protocol's rules and the topic's configuration.
///
/// # Errors
/// The first rule that it breaks, in Kafka's order.
pub(super) fn check(
    request: &AppendRequest<'_>,
    traits: &TopicTraits,
) -> Result<Checked, AppendFailure> {
    let batch = BatchView::parse(request.records).map_err(of_batch_error)?;
    if batch.bytes().len() != request.records.len() {
        return invalid("a produce request holds exactly one record batch for a partition");
    }
    if batch.bytes().len() > batch_bytes_max(traits) {
        let (have, max) = (batch.bytes().len(), batch_bytes_max(traits));
        return Err(too_large(have, max));
    }
    batch.validate_envelope().map_err(of_envelope_error)?;
    let header = batch.header();
    if header.base_offset.0 != 0 {
        return invalid("the base offset of a produced batch is 0");
    }
    if header.compression() == Some(Compression::Zstd) && !request.zstd_allowed {
        return Err(AppendFailure::new(
            ErrorCode::UNSUPPORTED_COMPRESSION_TYPE,
            "zstd needs version 7 of the produce API",
        ));
    }
    let rules = record_rules(traits, request.now_ms);
    if needs_records(&batch, traits, &rules) {
        INFLATER
            .with_borrow_mut(|inflater| validate_records(&batch, &rules, inflater))
            .map_err(of_records_error)?;
    }
    match traits.log.compression {
        Some(codec) if header.compression() != Some(codec) => recompress(&batch, codec, traits),
        _ => Ok(Checked { batch: request.records.clone() }),
    }
}

thread_local! {
    // Contexts are dear to make and hold no state between batches.
    static INFLATER: std::cell::RefCell<Inflater> = std::cell::RefCell::default();
    static DEFLATER: std::cell::RefCell<Deflater> = std::cell::RefCell::default();
}

fn record_rules(traits: &TopicTraits, now_ms: i64) -> RecordRules {
    let range = TimestampRange {
        min_ms: now_ms.saturating_sub(traits.log.timestamp_before_max_ms),
        max_ms: now_ms.saturating_add(traits.log.timestamp_after_max_ms),
    };
    RecordRules {
        key_required: traits.log.cleanup_compact,
        timestamps: (traits.log.timestamp_source == TimestampSource::CreateTime).then_some(range),
        inflate_limit: None,
    }
}

/// Whether the header leaves open if the records satisfy the topic: the road that inflates.
fn needs_records(batch: &BatchView<'_>, traits: &TopicTraits, rules: &RecordRules) -> bool {
    let header = batch.header();
    let converts = traits
        .log
        .compression
        .is_some_and(|codec| header.compression() != Some(codec));
    let times_open = rules.timestamps.is_some_and(|range| {
        // The header tells the largest timestamp only; a limit on the past needs every record.
        traits.log.timestamp_before_max_ms != i64::MAX || !range.contains(header.max_timestamp_ms)
    });
    traits.validates_deep || traits.log.cleanup_compact || converts || times_open
}

fn recompress(
    batch: &BatchView<'_>,
    compression: Compression,
    traits: &TopicTraits,
) -> Result<Checked, AppendFailure> {
    let header = batch.header();
    let target = Target {
        codec: Codec { compression, level: traits.compression_level },
        stamp: Stamp {
            base_offset: header.base_offset,
            leader_epoch: header.leader_epoch,
            time: StampTime::Keep,
        },
        inflate_limit: None,
    };
    let converted = INFLATER.with_borrow_mut(|inflater| {
        DEFLATER.with_borrow_mut(|deflater| convert(batch, &target, inflater, deflater))
    });
    let batch = converted
        .map_err(|error| AppendFailure::new(ErrorCode::CORRUPT_MESSAGE, error.to_string()))?;
    if batch.len() > batch_bytes_max(traits) {
        return Err(too_large(batch.len(), batch_bytes_max(traits)));
    }
    Ok(Checked { batch })
}

fn batch_bytes_max(traits: &TopicTraits) -> usize {
    usize::try_from(traits.log.max_message_bytes).unwrap_or(usize::MAX)
}

fn invalid<T>(message: &'static str) -> Result<T, AppendFailure> {
    Err(AppendFailure::new(ErrorCode::INVALID_RECORD, message))
}

fn too_large(have: usize, max: usize) -> AppendFailure {
    let message = format!("the batch has {have} bytes, max.message.bytes is {max}");
    AppendFailure::new(ErrorCode::MESSAGE_TOO_LARGE, message)
}

fn of_batch_error(error: BatchError) -> AppendFailure {
    let code = match error {
        BatchError::OldMagic { .. } => ErrorCode::UNSUPPORTED_FOR_MESSAGE_FORMAT,
        BatchError::UnknownMagic { .. } | BatchError::BadCompression { .. } => {
            ErrorCode::INVALID_RECORD
        }
        BatchError::BadCount { .. } => ErrorCode::INVALID_RECORD,
        BatchError::Incomplete { .. } | BatchError::BadLength { .. } | BatchError::Crc { .. } => {
            ErrorCode::CORRUPT_MESSAGE
        }
    };
    AppendFailure::new(code, error.to_string())
}

fn of_envelope_error(error: EnvelopeError) -> AppendFailure {
    match error {
        EnvelopeError::Corrupt(error) => of_batch_error(error),
        EnvelopeError::Invalid(rule) => AppendFailure::new(ErrorCode::INVALID_RECORD, rule),
        EnvelopeError::Timestamp(rule) => AppendFailure::new(ErrorCode::INVALID_TIMESTAMP, rule),
        EnvelopeError::Codec(error) => {
            AppendFailure::new(ErrorCode::CORRUPT_MESSAGE, error.to_string())
        }
    }
}

fn of_records_error(error: RecordsError) -> AppendFailure {
    let message = error.to_string();
    match error {
        RecordsError::Malformed { .. } => AppendFailure::new(ErrorCode::INVALID_RECORD, message),
        RecordsError::Inflate(_) => AppendFailure::new(ErrorCode::CORRUPT_MESSAGE, message),
        RecordsError::Faults(faults) => {
            let is_time =
                |(_, fault): &(i32, RecordFault)| matches!(fault, RecordFault::Timestamp { .. });
            let code = if faults.iter().all(is_time) {
                ErrorCode::INVALID_TIMESTAMP
            } else {
                ErrorCode::INVALID_RECORD
            };
            let records = faults
                .iter()
                .map(|(i, fault)| (*i, fault.to_string().into()));
            AppendFailure {
                error: code,
                message: message.into(),
                records: records.collect(),
                is_on_producer: false,
            }
        }
    }
}

/// Why the log did not take a batch.
pub(super) fn of_append_error(error: klamm_storage::AppendError) -> AppendFailure {
    use klamm_storage::{AppendError, ProducerError, StorageError};
    let code = match &error {
        AppendError::Producer(ProducerError::OutOfOrderSequence { .. }) => {
            ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER
        }
        AppendError::Producer(ProducerError::InvalidProducerEpoch { .. }) => {
            ErrorCode::INVALID_PRODUCER_EPOCH
        }
        AppendError::Producer(
            ProducerError::InvalidTxnState { .. } | ProducerError::Unverified { .. },
        ) => ErrorCode::INVALID_TXN_STATE,
        AppendError::Producer(ProducerError::CoordinatorFenced { .. }) => {
            ErrorCode::TRANSACTION_COORDINATOR_FENCED
        }
        AppendError::Malformed(_) | AppendError::NotInOrder { .. } | AppendError::Impossible => {
            ErrorCode::CORRUPT_MESSAGE
        }
        AppendError::LargerThanSegment { .. } => ErrorCode::RECORD_LIST_TOO_LARGE,
        AppendError::Storage(
            StorageError::Offline { .. }
            | StorageError::DiskFull { .. }
            | StorageError::Read { .. },
        ) => ErrorCode::KAFKA_STORAGE_ERROR,
    };
    AppendFailure {
        is_on_producer: matches!(error, AppendError::Producer(_)),
        ..AppendFailure::new(code, error.to_string())
    }
}
