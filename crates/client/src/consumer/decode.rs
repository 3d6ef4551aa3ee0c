//! Fetched bytes into records, one batch at a time, without copying keys and values.
//!
//! A consumer that reads committed records passes over the batches of aborted transactions: the broker lists producer
//! and first offset of each, and a transaction's abort marker ends it.

use super::ConsumerRecord;
use crate::config::IsolationLevel;
use bytes::Bytes;
use klamm_records::{
    BatchError, BatchHeader, BatchView, Compression, ControlType, HEADER_BYTES, InflateLimit,
    Inflater, Records, legacy_entries,
};
use klamm_wire::messages::fetch::AbortedTransaction;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// What one answer brought for one partition, as far as it was not given out yet.
#[derive(Debug)]
pub(super) struct Fetched {
    topic: Arc<str>,
    partition: i32,
    bytes: Bytes,
    /// Records before this were not asked for: a batch may begin before the position.
    next_offset: i64,
    /// The epoch of the leader that wrote what lies before the next record.
    epoch: Option<i32>,
    isolation: IsolationLevel,
    check_crcs: bool,
    /// Aborted transactions that begin further on, by first offset.
    aborted: VecDeque<AbortedTransaction>,
    /// Producers whose transaction is aborted and not ended yet.
    aborting: BTreeSet<i64>,
    ready: VecDeque<ConsumerRecord>,
}

/// Why bytes of a batch are not records.
pub(super) type Damage = String;

impl Fetched {
    pub(super) fn new(
        (topic, partition): (Arc<str>, i32),
        bytes: Bytes,
        (next_offset, epoch): (i64, Option<i32>),
        aborted: Vec<AbortedTransaction>,
        (isolation, check_crcs): (IsolationLevel, bool),
    ) -> Self {
        let mut aborted: Vec<_> = aborted;
        aborted.sort_by_key(|transaction| transaction.first_offset);
        Self {
            topic,
            partition,
            bytes,
            next_offset,
            epoch,
            isolation,
            check_crcs,
            aborted: aborted.into(),
            aborting: BTreeSet::new(),
            ready: VecDeque::new(),
        }
    }

    /// The offset that comes after all that was given out and passed over.
    pub(super) fn next_offset(&self) -> i64 {
        self.ready
            .front()
            .map_or(self.next_offset, |record| record.offset)
    }

    /// The epoch of the leader that wrote the record before that offset, if it is known.
    pub(super) const fn epoch(&self) -> Option<i32> {
        self.epoch
    }

    /// The next record. `None` at the end; the end may come in the middle of a batch, which is normal.
    pub(super) fn next(
        &mut self,
        inflater: &mut Inflater,
    ) -> Result<Option<ConsumerRecord>, Damage> {
        while self.ready.is_empty() {
            match BatchView::parse(&self.bytes) {
                Ok(batch) => {
                    let header = *batch.header();
                    let bytes = self.bytes.split_to(batch.bytes().len());
                    self.open(&header, &bytes, inflater)?;
                    if self.ready.is_empty() {
                        // Passed over as a whole.
                        self.epoch = epoch_of(&header).or(self.epoch);
                    }
                }
                Err(BatchError::Incomplete { .. }) => return Ok(None),
                Err(BatchError::OldMagic { .. }) => self.open_legacy(inflater)?,
                Err(error) => return Err(error.to_string()),
            }
        }
        let record = self.ready.pop_front();
        if let Some(record) = &record {
            self.epoch = record.leader_epoch.or(self.epoch);
        }
        Ok(record)
    }

    fn open(
        &mut self,
        header: &BatchHeader,
        bytes: &Bytes,
        inflater: &mut Inflater,
    ) -> Result<(), Damage> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        if self.check_crcs {
            let view = BatchView::parse(bytes).map_err(|e| text(&e))?;
            view.verify_crc().map_err(|e| text(&e))?;
        }
        // Whatever becomes of the batch, the next fetch goes on behind it: compaction may have taken its last records.
        let end = header.next_offset().0;
        if !self.is_aborted(header) {
            let compressed = bytes.slice(HEADER_BYTES.min(bytes.len())..);
            let body = match header.compression() {
                Some(Compression::None) => compressed,
                _ => {
                    let view = BatchView::parse(bytes).map_err(|e| text(&e))?;
                    let limit = InflateLimit::usual(compressed.len());
                    Bytes::from(view.inflate(inflater, limit).map_err(|e| text(&e))?)
                }
            };
            self.take(header, &body)?;
        }
        self.next_offset = self.next_offset.max(end);
        Ok(())
    }

    fn take(&mut self, header: &BatchHeader, body: &Bytes) -> Result<(), Damage> {
        for record in Records::new(header, body) {
            let record = record.map_err(|error| error.to_string())?;
            if header.is_control() {
                let kind = record.key.and_then(ControlType::from_key);
                if kind == Some(ControlType::Abort) {
                    self.aborting.remove(&header.producer_id.0);
                }
                continue;
            }
            if record.offset.0 < self.next_offset {
                continue;
            }
            let part = |part: &[u8]| body.slice_ref(part);
            self.ready.push_back(ConsumerRecord {
                topic: Arc::clone(&self.topic),
                partition: self.partition,
                offset: record.offset.0,
                leader_epoch: epoch_of(header),
                timestamp_ms: record.timestamp_ms,
                timestamp_type: header.timestamp_type(),
                key: record.key.map(part),
                value: record.value.map(part),
                headers: record
                    .headers
                    .map(|header| (part(header.key), header.value.map(part)))
                    .collect(),
            });
        }
        Ok(())
    }

    /// Whether a batch belongs to a transaction that was aborted.
    fn is_aborted(&mut self, header: &BatchHeader) -> bool {
        if self.isolation == IsolationLevel::ReadUncommitted {
            return false;
        }
        while let Some(first) = self.aborted.front()
            && first.first_offset <= header.last_offset().0
        {
            self.aborting.insert(first.producer_id);
            self.aborted.pop_front();
        }
        let is_data = header.is_transactional() && !header.is_control();
        is_data && self.aborting.contains(&header.producer_id.0)
    }

    fn open_legacy(&mut self, inflater: &mut Inflater) -> Result<(), Damage> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let bytes = self.bytes.clone();
        let entry = match legacy_entries(&bytes).next() {
            Some(Ok(entry)) => entry,
            Some(Err(BatchError::Incomplete { .. })) | None => {
                self.bytes.clear();
                return Ok(());
            }
            Some(Err(error)) => return Err(text(&error)),
        };
        if self.check_crcs {
            entry.verify_crc().map_err(|e| text(&e))?;
        }
        let limit = InflateLimit::usual(entry.bytes().len());
        for message in entry.messages(inflater, limit).map_err(|e| text(&e))? {
            if message.offset.0 >= self.next_offset {
                self.ready.push_back(ConsumerRecord {
                    topic: Arc::clone(&self.topic),
                    partition: self.partition,
                    offset: message.offset.0,
                    leader_epoch: None,
                    timestamp_ms: message.timestamp_ms,
                    timestamp_type: entry.timestamp_type(),
                    key: message.key.map(Bytes::from),
                    value: message.value.map(Bytes::from),
                    headers: Vec::new(),
                });
            }
        }
        self.next_offset = self.next_offset.max(entry.offset.0 + 1);
        let length = entry.bytes().len();
        self.bytes = bytes.slice(length..);
        Ok(())
    }
}

fn epoch_of(header: &BatchHeader) -> Option<i32> {
    Some(header.leader_epoch.0).filter(|epoch| *epoch >= 0)
}

#[cfg(test)]
mod tests;
