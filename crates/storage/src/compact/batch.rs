//! What becomes of one batch.
//!
//! | a record | stays if |
//! |---|---|
//! | without a key | never: a compacted topic has none |
//! | of an aborted transaction | never |
//! | at or behind the end of what was mapped | always |
//! | older than the newest one of its key | never |
//! | without a value | its batch has no delete horizon yet, or it has not passed |
//! | any other | always |
//!
//! A batch without records stays, emptied, if it carries its producer's last sequence number, or ends where the
//! cleaning ends: then the log still shows how far its offsets went. Offsets, sequence numbers and codec stay as they are.

use super::CleanError;
use super::key_map::{Full, KeyMap};
use super::transactions::Transactions;
use crate::scan::{is_marker, marker_in};
use crate::txn_index::AbortedTxn;
use bytes::Bytes;
use klamm_model::{LeaderEpoch, Offset, ProducerId};
use klamm_records::{
    BatchBuilder, BatchFields, BatchHeader, BatchView, Compression, Deflater, HEADER_BYTES,
    InflateLimit, Inflater, LegacyEntry, LegacyMessage, MAGIC, NewRecord, RecordView, Records,
    TimestampType,
};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The newest of a producer in the log, which must not go while the producer is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LastOfProducer {
    /// A batch of records that ends at this offset.
    Batch(i64),
    /// A marker, with this producer epoch.
    Marker(i16),
}

/// What a pass goes by.
#[derive(Debug)]
pub(crate) struct Rules {
    /// The newest offset of every key below `mapped_end` that the log has from the first dirty offset on.
    pub(crate) map: KeyMap,
    pub(crate) mapped_end: i64,
    /// The pass ends here.
    pub(crate) clean_end: i64,
    pub(crate) now_ms: i64,
    pub(crate) delete_retention_ms: i64,
    pub(crate) last_of_producers: BTreeMap<i64, LastOfProducer>,
}

/// Codec state and buffers, kept from batch to batch.
#[derive(Debug, Default)]
pub(crate) struct Workshop {
    inflater: Inflater,
    deflater: Deflater,
    builder: BatchBuilder,
}

/// What a batch becomes.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) fate: Fate,
    pub(crate) header: BatchHeader,
    /// An entry of the transaction index that goes with it.
    pub(crate) aborted: Option<AbortedTxn>,
    pub(crate) records_read: u64,
    pub(crate) records_kept: u64,
}

#[derive(Debug)]
pub(crate) enum Fate {
    /// As it is.
    Keep,
    /// Not at all.
    Drop,
    /// These bytes instead.
    Replace(Bytes),
}

impl Rules {
    /// Whether a record stays, as far as its key says.
    fn keeps(
        &self,
        offset: i64,
        key: Option<&[u8]>,
        is_tombstone: bool,
        horizon: Option<i64>,
    ) -> bool {
        if offset >= self.mapped_end {
            return true;
        }
        let Some(key) = key else { return false };
        let is_newest = self.map.get(key).is_none_or(|newest| newest <= offset);
        let is_past = horizon.is_some_and(|horizon| self.now_ms >= horizon);
        is_newest && !(is_tombstone && is_past)
    }

    fn must_stay(&self, header: &BatchHeader) -> bool {
        if header.next_offset().0 == self.clean_end {
            return true;
        }
        let last = header
            .has_producer()
            .then(|| self.last_of_producers.get(&header.producer_id.0))
            .flatten();
        match last {
            Some(LastOfProducer::Batch(offset)) => header.last_offset().0 == *offset,
            Some(LastOfProducer::Marker(epoch)) => {
                header.is_control() && header.producer_epoch == *epoch
            }
            None => false,
        }
    }

    const fn horizon_ms(&self) -> i64 {
        self.now_ms.saturating_add(self.delete_retention_ms)
    }
}

/// Puts a batch's keys into the map. `Err(Ok(offset))`: the map is full, and this record is not in it.
pub(crate) fn map_batch(
    bytes: &[u8],
    magic: i8,
    (from, map): (i64, &mut KeyMap),
    transactions: &mut Transactions,
    workshop: &mut Workshop,
) -> Result<(), Result<i64, CleanError>> {
    let mut put = |offset: i64, key: Option<&[u8]>| match key {
        Some(key) if offset >= from => map.put(key, offset).map_err(|Full| Ok(offset)),
        _ => Ok(()),
    };
    if magic != MAGIC {
        for message in legacy_messages(bytes, workshop).map_err(Err)?.1 {
            put(message.offset.0, message.key.as_deref())?;
        }
        return Ok(());
    }
    let batch = BatchView::parse(bytes).map_err(|_| Err(CleanError::Damaged("a batch")))?;
    let header = batch.header();
    if header.is_control() {
        if is_marker(header) {
            transactions.marker(header, marker_in(header, batch.body()));
        }
        return Ok(());
    }
    if transactions.batch(header) {
        return Ok(());
    }
    let body = body_of(&batch, &mut workshop.inflater).map_err(Err)?;
    for record in Records::new(header, &body) {
        let record = record.map_err(|_| Err(CleanError::Damaged("a record")))?;
        put(record.offset.0, record.key)?;
    }
    Ok(())
}

/// Decides on a batch and makes the new one.
pub(crate) fn clean_batch(
    bytes: &[u8],
    found: (i8, BatchHeader),
    rules: &Rules,
    transactions: &mut Transactions,
    workshop: &mut Workshop,
) -> Result<Verdict, CleanError> {
    let (magic, header) = found;
    if magic != MAGIC {
        return clean_legacy(bytes, header, rules, workshop);
    }
    let batch = BatchView::parse(bytes).map_err(|_| CleanError::Damaged("a batch"))?;
    let mut aborted = None;
    let (is_void, is_spent) = if is_marker(&header) {
        let ended = transactions.marker(&header, marker_in(&header, batch.body()));
        aborted = ended.index;
        let is_past = header
            .delete_horizon_ms()
            .is_some_and(|h| rules.now_ms >= h);
        (ended.is_spent && is_past, ended.is_spent)
    } else {
        (!header.is_control() && transactions.batch(&header), false)
    };
    let horizon = header.delete_horizon_ms();
    let body = if is_void {
        Cow::default()
    } else {
        body_of(&batch, &mut workshop.inflater)?
    };
    let mut kept = Vec::new();
    let mut tombstones = false;
    if !is_void {
        for record in Records::new(&header, &body) {
            let record = record.map_err(|_| CleanError::Damaged("a record"))?;
            let is_tombstone = record.value.is_none();
            if header.is_control()
                || rules.keeps(record.offset.0, record.key, is_tombstone, horizon)
            {
                tombstones |= is_tombstone;
                kept.push(record);
            }
        }
    }
    let all = u64::from(header.record_count.max(0).unsigned_abs());
    let verdict = |fate, header, count: usize| Verdict {
        fate,
        header,
        aborted,
        records_read: all,
        records_kept: count as u64,
    };
    if kept.is_empty() {
        return Ok(match (rules.must_stay(&header), header.record_count) {
            (false, _) => verdict(Fate::Drop, header, 0),
            (true, 0) => verdict(Fate::Keep, header, 0),
            (true, _) => {
                let empty = header.emptied();
                let bytes = Bytes::copy_from_slice(&empty.to_bytes());
                verdict(Fate::Replace(bytes), empty, 0)
            }
        });
    }
    let needs_horizon = horizon.is_none() && (tombstones || is_spent);
    let count = kept.len();
    if count as u64 == all && !needs_horizon {
        return Ok(verdict(Fate::Keep, header, count));
    }
    let horizon = horizon.or(needs_horizon.then(|| rules.horizon_ms()));
    let bytes = rebuild(&header, horizon, &kept, workshop)?;
    let header = *BatchView::parse(&bytes)
        .map_err(|_| CleanError::Damaged("a new batch"))?
        .header();
    Ok(verdict(Fate::Replace(bytes), header, count))
}

/// The same batch with fewer records.
fn rebuild(
    header: &BatchHeader,
    horizon: Option<i64>,
    kept: &[RecordView<'_>],
    workshop: &mut Workshop,
) -> Result<Bytes, CleanError> {
    let builder = &mut workshop.builder;
    builder.clear();
    if let Some(horizon) = horizon {
        builder.set_delete_horizon(horizon);
    }
    for record in kept {
        let headers: Vec<_> = record.headers.collect();
        let new = NewRecord {
            timestamp_ms: record.timestamp_ms,
            key: record.key,
            value: record.value,
            headers: &headers,
        };
        builder
            .append_at(record.offset_delta, &new)
            .map_err(|_| CleanError::Damaged("the order of records"))?;
    }
    let fields = BatchFields {
        base_offset: header.base_offset,
        leader_epoch: header.leader_epoch,
        producer_id: header.producer_id,
        producer_epoch: header.producer_epoch,
        base_sequence: header.base_sequence,
        transactional: header.is_transactional(),
        control: header.is_control(),
        append_time_ms: (header.timestamp_type() == TimestampType::LogAppendTime)
            .then_some(header.max_timestamp_ms),
        last_offset_delta: Some(header.last_offset_delta),
    };
    let compression = header
        .compression()
        .ok_or(CleanError::Damaged("the codec"))?;
    builder
        .build(&fields, compression.into(), &mut workshop.deflater)
        .map_err(|_| CleanError::Codec)
}

fn body_of<'b>(
    batch: &BatchView<'b>,
    inflater: &mut Inflater,
) -> Result<Cow<'b, [u8]>, CleanError> {
    if batch.header().compression() == Some(Compression::None) || batch.body().is_empty() {
        return Ok(Cow::Borrowed(batch.body()));
    }
    let limit = InflateLimit::usual(batch.body().len());
    let body = batch.inflate(inflater, limit);
    body.map(Cow::Owned).map_err(CleanError::Inflate)
}

fn legacy_messages<'b>(
    bytes: &'b [u8],
    workshop: &mut Workshop,
) -> Result<(LegacyEntry<'b>, Vec<LegacyMessage>), CleanError> {
    let damaged = || CleanError::Damaged("an old message");
    let entry = LegacyEntry::parse(bytes).map_err(|_| damaged())?;
    let limit = InflateLimit::usual(bytes.len());
    let messages = entry.messages(&mut workshop.inflater, limit);
    Ok((entry, messages.map_err(|_| damaged())?))
}

/// Messages of magic 0 and 1. What is left of an entry, or has to carry a delete horizon, becomes a batch of magic 2.
fn clean_legacy(
    bytes: &[u8],
    header: BatchHeader,
    rules: &Rules,
    workshop: &mut Workshop,
) -> Result<Verdict, CleanError> {
    let (entry, messages) = legacy_messages(bytes, workshop)?;
    let all = messages.len();
    let keeps = |m: &LegacyMessage| {
        let is_tombstone = m.value.is_none();
        rules.keeps(m.offset.0, m.key.as_deref(), is_tombstone, None)
    };
    let kept: Vec<_> = messages.into_iter().filter(keeps).collect();
    let count = kept.len();
    let verdict = |fate, header| Verdict {
        fate,
        header,
        aborted: None,
        records_read: all as u64,
        records_kept: count as u64,
    };
    let tombstones = kept.iter().any(|m| m.value.is_none());
    let Some(first) = kept.first().map(|m| m.offset) else {
        if !rules.must_stay(&header) {
            return Ok(verdict(Fate::Drop, header));
        }
        let header = header.emptied();
        let bytes = Bytes::copy_from_slice(&header.to_bytes());
        return Ok(verdict(Fate::Replace(bytes), header));
    };
    if count == all && !tombstones {
        return Ok(verdict(Fate::Keep, header));
    }
    let delta = |offset: Offset| {
        let delta = i32::try_from(offset.0.saturating_sub(first.0));
        delta.map_err(|_| CleanError::Damaged("the offsets of old messages"))
    };
    let builder = &mut workshop.builder;
    builder.clear();
    if tombstones {
        builder.set_delete_horizon(rules.horizon_ms());
    }
    for message in &kept {
        let new = NewRecord {
            timestamp_ms: message.timestamp_ms,
            key: message.key.as_deref(),
            value: message.value.as_deref(),
            headers: &[],
        };
        builder
            .append_at(delta(message.offset)?, &new)
            .map_err(|_| CleanError::Damaged("the order of old messages"))?;
    }
    let stamped = entry.timestamp_type() == TimestampType::LogAppendTime;
    let fields = BatchFields {
        base_offset: first,
        leader_epoch: LeaderEpoch::UNKNOWN,
        producer_id: ProducerId::NONE,
        append_time_ms: stamped.then_some(entry.timestamp_ms),
        last_offset_delta: Some(delta(entry.offset)?),
        ..BatchFields::default()
    };
    let compression = entry
        .compression()
        .ok_or(CleanError::Damaged("the codec"))?;
    let bytes = builder
        .build(&fields, compression.into(), &mut workshop.deflater)
        .map_err(|_| CleanError::Codec)?;
    let head = bytes.first_chunk::<HEADER_BYTES>();
    let header = BatchHeader::parse(head.ok_or(CleanError::Damaged("a new batch"))?);
    Ok(verdict(Fate::Replace(bytes), header))
}
