//! The one record type of `__transaction_state`: key and value as bytes, and back.

use super::command::TransactionVersion;
use super::state::TransactionState;
use super::transaction::{Partitions, Transaction};
use crate::records::transaction_log::PartitionsSchema;
use crate::records::{TransactionLogKey, TransactionLogValue};
use crate::shard::{Record, RecordError};
use bytes::Bytes;
use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message, Str};

/// The classic value.
const CLASSIC: i16 = 0;
/// The value with tagged fields.
const FLEXIBLE: i16 = 1;

/// A record's meaning.
#[derive(Debug)]
pub(super) enum Meaning {
    Transaction(Str, Option<Transaction>),
    /// Of a type that is not known.
    Other(i16),
}

fn bytes_of(id: i16, message: &impl Message, version: i16) -> Result<Bytes, EncodeError> {
    let mut enc = Enc::new();
    enc.i16(id);
    message.encode(&mut enc, version)?;
    let bytes = enc.finish().into_bytes();
    Ok(bytes.expect("nothing here lies in a file"))
}

/// A transactional id's state, or its end.
pub(super) fn write(
    id: &Str,
    transaction: Option<&Transaction>,
    finalized: TransactionVersion,
) -> Result<Record, EncodeError> {
    let key = TransactionLogKey { transactional_id: id.clone() };
    let value = transaction.map(|transaction| {
        let is_classic = is_classic(transaction, finalized);
        let version = if is_classic { CLASSIC } else { FLEXIBLE };
        bytes_of(version, &value_of(transaction), version)
    });
    Ok(Record {
        key: bytes_of(TransactionLogKey::ID, &key, 0)?,
        value: value.transpose()?,
    })
}

/// Whether a record is written without tagged fields: the cluster has not agreed on them, and nothing needs them.
pub(super) fn is_classic(transaction: &Transaction, finalized: TransactionVersion) -> bool {
    finalized < TransactionVersion::V1
        && transaction.next_producer_id == -1
        && transaction.client == TransactionVersion::V0
}

pub(super) fn value_of(transaction: &Transaction) -> TransactionLogValue {
    let partitions = transaction.partitions();
    let partitions = partitions.iter().map(|(topic, ids)| PartitionsSchema {
        topic: topic.clone(),
        partition_ids: ids.iter().copied().collect(),
    });
    let is_empty = transaction.state == TransactionState::Empty;
    TransactionLogValue {
        producer_id: transaction.producer_id,
        previous_producer_id: transaction.previous_producer_id,
        next_producer_id: transaction.next_producer_id,
        producer_epoch: transaction.producer_epoch,
        transaction_timeout_ms: transaction.timeout_ms,
        transaction_status: transaction.state as i8,
        transaction_partitions: (!is_empty).then(|| partitions.collect()),
        transaction_last_update_timestamp_ms: transaction.updated_ms,
        transaction_start_timestamp_ms: transaction.started_ms,
        client_transaction_version: transaction.client.0,
        ..TransactionLogValue::default()
    }
}

/// Reads a record.
pub(super) fn read(record: &Record) -> Result<Meaning, RecordError> {
    let mut key = Dec::new(record.key.clone());
    let id = match key.i16()? {
        TransactionLogKey::ID => TransactionLogKey::decode(&mut key, 0)?.transactional_id,
        other => return Ok(Meaning::Other(other)),
    };
    let Some(value) = &record.value else {
        return Ok(Meaning::Transaction(id, None));
    };
    let mut dec = Dec::new(value.clone());
    let version = dec.i16()?;
    let value = TransactionLogValue::decode(&mut dec, version)?;
    Ok(Meaning::Transaction(id, Some(transaction_of(&value)?)))
}

fn transaction_of(value: &TransactionLogValue) -> Result<Transaction, DecodeError> {
    let status = value.transaction_status;
    let state = TransactionState::from_log(status)
        .ok_or(DecodeError::UnknownId { what: "transaction status", id: i64::from(status) })?;
    let mut partitions = Partitions::default();
    // An id without a transaction has none, whatever is written there.
    let listed = value
        .transaction_partitions
        .as_deref()
        .filter(|_| state != TransactionState::Empty);
    for topic in listed.unwrap_or_default() {
        partitions.add(&topic.topic, &topic.partition_ids);
    }
    let mut transaction = Transaction {
        producer_id: value.producer_id,
        previous_producer_id: value.previous_producer_id,
        next_producer_id: value.next_producer_id,
        started_ms: value.transaction_start_timestamp_ms,
        updated_ms: value.transaction_last_update_timestamp_ms,
        timeout_ms: value.transaction_timeout_ms,
        producer_epoch: value.producer_epoch,
        // The log has no place for it.
        last_producer_epoch: -1,
        client: TransactionVersion(value.client_transaction_version),
        state,
        open: None,
    };
    transaction.set_partitions(partitions);
    Ok(transaction)
}
