//! Records on their way into batches, and batches on their way to a broker. No I/O and no clock.
//!
//! ```text
//! append ─> the open batch at the back of its partition's queue
//!           closed by size or time ─> drained by the sender ─> under way ─> done, or back into its place
//! ```
//! *Invariant:* batches of a partition leave in the order of their numbers, and a batch that comes back goes in front
//! of all with higher numbers. After a batch came back, nothing of its partition leaves until all that was under way
//! has been answered, and then it goes alone until it is done. So retries keep the order, and a batch that may be in
//! the log already never falls out of the five that a broker remembers. The first batch under an identity goes alone too.
//!
//! Each partition has its own identity and sequences. A new epoch, which an accident in one partition makes necessary,
//! is taken over by the others when nothing of theirs is unsettled: under a new epoch the broker would not know an old
//! batch again.

use super::delivery::{Outcome, Tracker};
use super::sequence::ProducerIdentity;
use crate::config::ProducerConfig;
use crate::error::ClientError;
use bytes::Bytes;
use klamm_model::ProducerId;
use klamm_records::{
    BatchBuilder, BatchFields, BatchHeader, BatchView, Codec, Deflater, HEADER_BYTES, InflateLimit,
    Inflater, NewRecord, Records,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A partition of a topic, as the accumulator's key.
pub(super) type Key = (Arc<str>, i32);

/// All queues.
#[derive(Debug)]
pub(super) struct Accumulator {
    queues: BTreeMap<Key, Queue>,
    next_number: u64,
    batch_size: usize,
    linger: Duration,
    codec: Codec,
    /// Whether all batches are parts of transactions.
    transactional: bool,
}

/// Numbers that a batch may give to the parts that it is split into.
const NUMBERS_A_BATCH: u64 = 1 << 16;

/// One partition's batches that wait.
#[derive(Debug, Default)]
struct Queue {
    batches: VecDeque<Batch>,
    /// Numbers of the batches that were sent and not answered.
    under_way: BTreeSet<u64>,
    /// A batch came back: wait for the answers to all others first.
    is_held: bool,
    /// Not before this, after an error.
    retry_at: Option<Instant>,
    /// Whom the broker knows us as in this partition.
    identity: Option<ProducerIdentity>,
    /// The sequence number of the next batch.
    next_sequence: i32,
    /// Sequences have a hole: begin anew under another identity once nothing is under way.
    is_broken: bool,
}

/// One batch.
#[derive(Debug)]
pub(super) struct Batch {
    number: u64,
    /// Numbers from its own on that no other batch has.
    numbers: u64,
    content: Content,
    records: i32,
    created: Instant,
    /// Attempts so far.
    pub(super) attempts: u32,
    /// The identity and the first sequence number that it goes with.
    pub(super) stamp: Option<(ProducerIdentity, i32)>,
    tracker: Tracker,
    /// Bytes of the producer's memory that it holds.
    memory: usize,
}

#[derive(Debug)]
enum Content {
    Open(BatchBuilder),
    Closed(Bytes),
}

/// What an append did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Appended {
    /// Whether the sender has something new to look at.
    pub(super) wake: bool,
    /// Whether the batch still takes records.
    pub(super) is_open: bool,
    /// The record's place in its batch.
    pub(super) index: i32,
    /// What the record takes in the batch.
    pub(super) bytes: usize,
}

/// When batches count as ready although they are neither full nor old.
#[derive(Debug, Clone, Copy)]
pub(super) struct Urgency {
    /// Someone flushes, closes, or waits for memory.
    pub(super) now: bool,
}

impl Accumulator {
    pub(super) fn new(config: &ProducerConfig) -> Self {
        Self {
            queues: BTreeMap::new(),
            next_number: 0,
            batch_size: config.batch_size,
            linger: config.linger,
            codec: config.codec(),
            transactional: config.transactional_id.is_some(),
        }
    }

    /// Appends a record to the open batch of its partition, or to a new one. `memory` is what the record holds of the
    /// producer's memory until its batch is done.
    pub(super) fn append(
        &mut self,
        key: &Key,
        record: &NewRecord<'_>,
        memory: usize,
        now: Instant,
    ) -> Result<(Tracker, Appended), ClientError> {
        let (batch_size, number) = (self.batch_size, self.next_number);
        if !self.queues.contains_key(key) {
            self.queues.insert(key.clone(), Queue::default());
        }
        let Some(queue) = self.queues.get_mut(key) else {
            return Err(ClientError::Closed);
        };
        let mut is_new = false;
        if !queue
            .batches
            .back()
            .is_some_and(|batch| batch.takes(record, batch_size))
        {
            is_new = true;
            self.next_number += NUMBERS_A_BATCH;
            queue
                .batches
                .push_back(Batch::new(number, NUMBERS_A_BATCH, now));
        }
        // Just checked or pushed.
        let Some(batch) = queue.batches.back_mut() else {
            return Err(ClientError::Closed);
        };
        let (index, before) = (batch.records, batch.bytes());
        let after = batch.append(record, memory)?;
        let is_open = after < batch_size;
        let tracker = batch.tracker.clone();
        Ok((
            tracker,
            Appended {
                wake: is_new || !is_open,
                is_open,
                index,
                bytes: after - before,
            },
        ))
    }

    /// Batches that wait for a partition.
    pub(super) fn waiting(&self, key: &Key) -> usize {
        self.queues.get(key).map_or(0, |queue| queue.batches.len())
    }

    /// Partitions whose first batch may leave now, oldest batch first.
    pub(super) fn ready(&self, urgency: Urgency, now: Instant) -> Vec<Key> {
        let mut ready: Vec<_> = self
            .queues
            .iter()
            .filter(|(_, queue)| {
                queue
                    .ready_at(self, urgency, now)
                    .is_some_and(|at| at <= now)
            })
            .filter_map(|(key, queue)| queue.batches.front().map(|batch| (batch.number, key)))
            .collect();
        ready.sort_unstable();
        ready.into_iter().map(|(_, key)| key.clone()).collect()
    }

    /// When the next batch gets ready by time, or is too old.
    pub(super) fn next_event(
        &self,
        urgency: Urgency,
        timeout: Duration,
        now: Instant,
    ) -> Option<Instant> {
        let ready = self
            .queues
            .values()
            .filter_map(|queue| queue.ready_at(self, urgency, now));
        let first = self
            .queues
            .values()
            .filter_map(|queue| queue.batches.front());
        let expiry = first.map(|batch| batch.created + timeout);
        ready.filter(|at| *at > now).chain(expiry).min()
    }

    /// Takes the first batch of a partition, stamped and compressed. `None` if there is none or it exceeds `bytes_max`.
    pub(super) fn drain(
        &mut self,
        key: &Key,
        identity: Option<ProducerIdentity>,
        bytes_max: usize,
        deflater: &mut Deflater,
    ) -> Option<Result<(Batch, Bytes), (Batch, ClientError)>> {
        let (codec, transactional) = (self.codec, self.transactional);
        let queue = self.queues.get_mut(key)?;
        if queue.batches.front()?.bytes() > bytes_max {
            return None;
        }
        if let Some(identity) = identity {
            queue.adopt(identity);
        }
        let mut batch = queue.batches.pop_front()?;
        let stamp = batch.stamp.or_else(|| {
            let identity = queue.identity.filter(|_| identity.is_some())?;
            let sequence = queue.next_sequence;
            queue.next_sequence = add_to_sequence(sequence, batch.records);
            Some((identity, sequence))
        });
        match batch.close(stamp, transactional, codec, deflater) {
            Ok(bytes) => {
                // A broker takes any first sequence of a producer that it does not know: were the first batch lost, the
                // second would be taken in its place.
                let is_first = stamp.is_some_and(|(_, sequence)| sequence == 0);
                queue.is_held = batch.attempts > 0 || is_first;
                batch.attempts += 1;
                queue.under_way.insert(batch.number);
                Some(Ok((batch, bytes)))
            }
            Err(error) => Some(Err((batch, error))),
        }
    }

    /// Takes note that a batch was answered. Call before `put_back`.
    pub(super) fn answered(&mut self, key: &Key, batch: &Batch) {
        if let Some(queue) = self.queues.get_mut(key) {
            queue.under_way.remove(&batch.number);
            queue.is_held &= !queue.under_way.is_empty();
        }
    }

    /// Puts the halves of a batch that was too large into its place. `false` if it has one record only.
    pub(super) fn put_back_split(&mut self, key: &Key, batch: &Batch) -> bool {
        let Some((first, second)) = batch.split() else {
            return false;
        };
        let queue = self.queues.entry(key.clone()).or_default();
        let place = queue
            .batches
            .partition_point(|other| other.number < first.number);
        queue.batches.insert(place, second);
        queue.batches.insert(place, first);
        queue.is_held = !queue.under_way.is_empty();
        true
    }

    /// Puts a batch back into its place, to be sent again from `retry_at` on.
    pub(super) fn put_back(&mut self, key: &Key, batch: Batch, retry_at: Instant) {
        let queue = self.queues.entry(key.clone()).or_default();
        let place = queue
            .batches
            .partition_point(|other| other.number < batch.number);
        queue.batches.insert(place, batch);
        queue.is_held = !queue.under_way.is_empty();
        queue.retry_at = Some(retry_at);
    }

    /// Whether an older batch of the partition has no answer yet, or waits to be sent again.
    pub(super) fn has_older(&self, key: &Key, batch: &Batch) -> bool {
        let Some(queue) = self.queues.get(key) else {
            return false;
        };
        let waits = queue
            .batches
            .front()
            .is_some_and(|first| first.number < batch.number);
        waits
            || queue
                .under_way
                .first()
                .is_some_and(|first| *first < batch.number)
    }

    /// Gives back the sequence numbers of a batch that the broker refused for good. `false` if later numbers were given
    /// out already, so that a hole remains.
    pub(super) fn take_back_sequence(&mut self, key: &Key, batch: &Batch) -> bool {
        let (Some((_, sequence)), Some(queue)) = (batch.stamp, self.queues.get_mut(key)) else {
            return true;
        };
        let is_last = queue.next_sequence == add_to_sequence(sequence, batch.records);
        if is_last {
            queue.next_sequence = sequence;
        }
        is_last
    }

    /// Takes note that a partition's sequences have a hole. `true` if a new identity is needed: `current` is the one
    /// with the hole.
    pub(super) fn break_sequences(&mut self, key: &Key, current: ProducerIdentity) -> bool {
        let Some(queue) = self.queues.get_mut(key) else {
            return false;
        };
        queue.is_broken = true;
        queue.identity == Some(current)
    }

    /// Takes out batches that are older than `timeout`.
    pub(super) fn expire(&mut self, timeout: Duration, now: Instant) -> Vec<(Key, Batch)> {
        let mut expired = Vec::new();
        for (key, queue) in &mut self.queues {
            let is_old = |batch: &Batch| now.duration_since(batch.created) >= timeout;
            while queue.batches.front().is_some_and(is_old) {
                expired.extend(queue.batches.pop_front().map(|batch| (key.clone(), batch)));
            }
        }
        expired
    }

    /// Batches of all partitions that wait or are under way.
    pub(super) fn unfinished(&self) -> usize {
        self.queues
            .values()
            .map(|queue| queue.batches.len() + queue.under_way.len())
            .sum()
    }

    /// What waiting batches tell their senders, to wait for them.
    pub(super) fn trackers(&self) -> Vec<Tracker> {
        let batches = self.queues.values().flat_map(|queue| &queue.batches);
        batches.map(|batch| batch.tracker.clone()).collect()
    }

    /// Takes out everything, for closing.
    pub(super) fn take_all(&mut self) -> Vec<(Key, Batch)> {
        let take = |(key, queue): (&Key, &mut Queue)| {
            let batches = std::mem::take(&mut queue.batches);
            batches
                .into_iter()
                .map(|batch| (key.clone(), batch))
                .collect::<Vec<_>>()
        };
        self.queues.iter_mut().flat_map(take).collect()
    }
}

impl Queue {
    /// Takes over an identity, with sequences from 0, if nothing is unsettled under the old one, or it is broken.
    fn adopt(&mut self, identity: ProducerIdentity) {
        let is_waiting = self
            .batches
            .front()
            .is_some_and(|first| first.stamp.is_some());
        let is_settled = self.is_broken || !is_waiting;
        if self.identity == Some(identity) || !self.under_way.is_empty() || !is_settled {
            return;
        }
        self.identity = Some(identity);
        self.next_sequence = 0;
        self.is_broken = false;
        for batch in &mut self.batches {
            batch.stamp = None;
        }
    }

    /// When the first batch may leave; `None` if something else has to happen first.
    fn ready_at(&self, all: &Accumulator, urgency: Urgency, now: Instant) -> Option<Instant> {
        let first = self.batches.front()?;
        if self.is_held || (self.is_broken && !self.under_way.is_empty()) {
            return None;
        }
        if first.attempts > 0 {
            return self.retry_at;
        }
        let is_full = self.batches.len() > 1 || first.bytes() >= all.batch_size;
        let by_itself = if urgency.now || is_full {
            now
        } else {
            first.created + all.linger
        };
        Some(self.retry_at.map_or(by_itself, |at| at.max(by_itself)))
    }
}

impl Batch {
    fn new(number: u64, numbers: u64, created: Instant) -> Self {
        Self {
            number,
            numbers,
            content: Content::Open(BatchBuilder::new()),
            records: 0,
            created,
            attempts: 0,
            stamp: None,
            tracker: Tracker::new(),
            memory: 0,
        }
    }

    /// Whether a record goes into this batch. A first record always does.
    fn takes(&self, record: &NewRecord<'_>, batch_size: usize) -> bool {
        match &self.content {
            Content::Open(builder) => {
                builder.is_empty() || builder.bytes_with(record) <= batch_size
            }
            Content::Closed(_) => false,
        }
    }

    fn append(&mut self, record: &NewRecord<'_>, memory: usize) -> Result<usize, ClientError> {
        let Content::Open(builder) = &mut self.content else {
            return Err(ClientError::Closed);
        };
        builder
            .append(record)
            .map_err(|error| ClientError::BadAnswer(error.to_string()))?;
        self.records += 1;
        self.memory += memory;
        Ok(builder.bytes())
    }

    fn bytes(&self) -> usize {
        match &self.content {
            Content::Open(builder) => builder.bytes(),
            Content::Closed(bytes) => bytes.len(),
        }
    }

    /// The finished bytes, with the producer's identity in the header.
    fn close(
        &mut self,
        stamp: Option<(ProducerIdentity, i32)>,
        transactional: bool,
        codec: Codec,
        deflater: &mut Deflater,
    ) -> Result<Bytes, ClientError> {
        let bytes = match &mut self.content {
            Content::Closed(bytes) if self.stamp == stamp => bytes.clone(),
            // The stamp was taken off when its identity broke.
            Content::Closed(bytes) => restamp(bytes, stamp),
            Content::Open(builder) => {
                let fields = BatchFields { transactional, ..fields_of(stamp) };
                let built = builder.build(&fields, codec, deflater);
                built.map_err(|error| ClientError::BadAnswer(error.to_string()))?
            }
        };
        self.stamp = stamp;
        self.content = Content::Closed(bytes.clone());
        Ok(bytes)
    }

    /// Two batches with half of the records each, to be sent as if they were new. They take over the memory.
    fn split(&self) -> Option<(Self, Self)> {
        let at = self.records / 2;
        let numbers = self.numbers / 2;
        if at == 0 || numbers == 0 {
            return None;
        }
        let mut first = Self::new(self.number, numbers, self.created);
        let mut second = Self::new(self.number + numbers, numbers, self.created);
        self.deal(at, &mut first, &mut second)?;
        first.memory = self.memory / 2;
        second.memory = self.memory - first.memory;
        self.tracker.split(at, first.tracker(), second.tracker());
        Some((first, second))
    }

    /// Copies the records before `at` to `first`, the others to `second`.
    fn deal(&self, at: i32, first: &mut Self, second: &mut Self) -> Option<()> {
        let Content::Closed(bytes) = &self.content else {
            return None;
        };
        let view = BatchView::parse(bytes).ok()?;
        // Our own batch: what comes out is what went in.
        let body = view
            .inflate(&mut Inflater::new(), InflateLimit::bytes(usize::MAX))
            .ok()?;
        for record in Records::new(view.header(), &body) {
            let record = record.ok()?;
            let headers: Vec<_> = record.headers.collect();
            let half = if record.offset_delta < at {
                &mut *first
            } else {
                &mut *second
            };
            let copy = NewRecord {
                timestamp_ms: record.timestamp_ms,
                key: record.key,
                value: record.value,
                headers: &headers,
            };
            half.append(&copy, 0).ok()?;
        }
        Some(())
    }

    /// Its place among all batches.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// What tells its senders.
    pub(super) fn tracker(&self) -> Tracker {
        self.tracker.clone()
    }

    /// Whether it is older than the time that a delivery may take.
    pub(super) fn is_expired(&self, timeout: Duration, now: Instant) -> bool {
        now.duration_since(self.created) >= timeout
    }

    /// Tells all that wait for it. Gives the memory that is free now.
    pub(super) fn finish(self, outcome: Outcome) -> usize {
        self.tracker.finish(outcome);
        self.memory
    }
}

/// Nobody waits for ever for a batch that was lost with its producer.
impl Drop for Batch {
    fn drop(&mut self) {
        self.tracker.finish(Err(ClientError::Closed));
    }
}

fn fields_of(stamp: Option<(ProducerIdentity, i32)>) -> BatchFields {
    match stamp {
        None => BatchFields::default(),
        Some((identity, base_sequence)) => BatchFields {
            producer_id: ProducerId(identity.id),
            producer_epoch: identity.epoch,
            base_sequence,
            ..BatchFields::default()
        },
    }
}

/// The same batch under another identity: three header fields and the checksum.
fn restamp(batch: &Bytes, stamp: Option<(ProducerIdentity, i32)>) -> Bytes {
    let Some((header, body)) = batch.split_first_chunk::<HEADER_BYTES>() else {
        return batch.clone();
    };
    let fields = fields_of(stamp);
    let mut header = BatchHeader {
        producer_id: fields.producer_id,
        producer_epoch: fields.producer_epoch,
        base_sequence: fields.base_sequence,
        ..BatchHeader::parse(header)
    };
    header.crc = header.compute_crc(body);
    [&header.to_bytes()[..], body].concat().into()
}

/// Sequences go from 2^31 - 1 on to 0.
const fn add_to_sequence(sequence: i32, records: i32) -> i32 {
    sequence.wrapping_add(records) & i32::MAX
}

#[cfg(test)]
mod tests;
