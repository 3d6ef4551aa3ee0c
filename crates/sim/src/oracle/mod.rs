//! Knows what clients were promised, and says which promise was broken.
//!
//! Clients tell it what they send, what was acknowledged and what they read; the scenario tells it of crashes. It
//! checks while the run goes on, so that the first broken promise is reported at its moment:
//! - *Unmodified*: every record that is read was sent to this partition, byte for byte, and was not refused.
//! - *One place*: an offset names one record for good, an idempotent producer's record has one offset.
//! - *Order*: an idempotent producer's records stand in the order in which it made them.
//! - *Kept*: an acknowledged record is at its offset after a process kill; in a topic with `flush.messages=1` after a
//!   power cut too. Elsewhere a power cut may take a tail, never a hole.
//! - *Newest*: in a compacted topic a record may go once a newer one has its key, never before; no other one moves.
//! - *Forward*: high watermark, last stable offset and log start never fall, but for what a power cut took.
//! - *Whole*: a transaction is read as a whole or not at all, and as its client was told.
//! - *Decided*: a coordinator of transactions goes from state to state as it may, and its decisions stay.
//! - *Owned*: a partition of a group has one owner at a time, and one who lost it commits no more.
//! - *Committed*: a committed offset is the last one that was acknowledged, or a later one; none of an aborted transaction.
//! - *Topics*: an acknowledged creation, deletion or setting survives everything.

mod decisions;
mod groups;
mod offsets;
mod partition;
#[cfg(test)]
mod tests;
mod transactions;

pub(crate) use decisions::{Decisions, Marker, Markers, StateLog, Step};
pub use groups::{Groups, MemberKey};
pub use offsets::{CommitKey, Offsets};
pub use transactions::{TransactionKey, Transactions};

use crate::RecordId;
use klamm_model::Uuid;
use partition::{Partition, Sent};
use std::collections::BTreeMap;
use tokio::time::Instant;

/// A partition of one incarnation of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartitionKey {
    /// The topic's id.
    pub topic: Uuid,
    /// The partition's number.
    pub partition: i32,
}

/// A producer session as the oracle numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProducerKey(pub u32);

/// A batch that is or was under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BatchKey(u64);

/// Offsets that a response showed, -1 where it showed none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watermarks {
    /// How far consumers may read.
    pub high: i64,
    /// How far consumers of committed records may read.
    pub last_stable: i64,
    /// The first offset that is left.
    pub log_start: i64,
}

/// What was known before a request was sent: its answer may not fall behind.
#[derive(Debug, Clone, Copy)]
pub struct Floor {
    marks: Watermarks,
    lives: u64,
}

/// How a node ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Its process was killed or stopped; the system's cache stays.
    Process,
    /// Its machine lost power.
    Power,
}

/// What a topic was promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicFacts {
    /// Its name.
    pub name: String,
    /// Its partitions.
    pub partitions: i32,
    /// `flush.messages=1`: acknowledged means on disk.
    pub synced: bool,
    /// `cleanup.policy=compact`: records may go once a newer one has their key.
    pub compacted: bool,
    /// A deletion was sent.
    pub deleting: bool,
    /// A deletion was acknowledged.
    pub deleted: bool,
    /// The retention that was acknowledged last, and those sent since.
    pub retention_ms: Vec<i64>,
}

/// The memory of promises.
#[derive(Debug)]
pub struct Oracle {
    start: Instant,
    topics: BTreeMap<Uuid, TopicFacts>,
    partitions: BTreeMap<PartitionKey, Partition>,
    /// Which partition each record was made for, and by whom.
    records: Vec<(PartitionKey, ProducerKey)>,
    batches: BTreeMap<BatchKey, Sent>,
    next_batch: u64,
    idempotent: Vec<bool>,
    /// Producer ids that were handed out.
    producer_ids: BTreeMap<i64, i16>,
    violations: Vec<String>,
    /// Records acknowledged, and records read.
    pub acknowledged: u64,
    /// Records that clients read.
    pub read: u64,
    /// What transactions were promised.
    pub transactions: Transactions,
    /// What groups were promised.
    pub groups: Groups,
    /// What coordinators of transactions decided.
    pub(crate) decisions: Decisions,
}

impl Default for Oracle {
    fn default() -> Self {
        Self::new()
    }
}

impl Oracle {
    /// Nothing promised yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
            topics: BTreeMap::new(),
            partitions: BTreeMap::new(),
            records: Vec::new(),
            batches: BTreeMap::new(),
            next_batch: 0,
            idempotent: Vec::new(),
            producer_ids: BTreeMap::new(),
            violations: Vec::new(),
            acknowledged: 0,
            read: 0,
            transactions: Transactions::default(),
            groups: Groups::default(),
            decisions: Decisions::default(),
        }
    }

    /// The promises broken so far.
    #[must_use]
    pub fn violations(&self) -> &[String] {
        &self.violations
    }

    /// Notes a broken promise.
    pub fn violation(&mut self, text: String) {
        self.tell(text);
    }

    fn tell(&mut self, text: String) {
        let at = self.start.elapsed().as_secs_f64();
        self.violations.push(format!("at {at:.3} s: {text}"));
    }

    /// A new producer session.
    pub fn producer(&mut self, idempotent: bool) -> ProducerKey {
        self.idempotent.push(idempotent);
        ProducerKey(u32::try_from(self.idempotent.len() - 1).unwrap_or(u32::MAX))
    }

    /// The node handed out a producer id.
    pub fn producer_id(&mut self, id: i64, epoch: i16) {
        let before = self.producer_ids.insert(id, epoch);
        if before.is_some_and(|before| before >= epoch) {
            self.violation(format!(
                "producer id {id} epoch {epoch} was handed out twice"
            ));
        }
    }

    /// A creation was acknowledged, or found after an answer that was lost.
    pub fn topic_created(&mut self, id: Uuid, facts: TopicFacts) {
        if let Some(before) = self.topics.get(&id) {
            let text = format!(
                "topics {} and {} share the id {id}",
                before.name, facts.name
            );
            self.violation(text);
        }
        for partition in 0..facts.partitions {
            let key = PartitionKey { topic: id, partition };
            self.partitions.insert(key, Partition::new(facts.synced));
        }
        self.topics.insert(id, facts);
    }

    /// What a topic was promised.
    #[must_use]
    pub fn topic(&self, id: Uuid) -> Option<&TopicFacts> {
        self.topics.get(&id)
    }

    /// The same, to change it.
    pub fn topic_mut(&mut self, id: Uuid) -> Option<&mut TopicFacts> {
        self.topics.get_mut(&id)
    }

    /// Topics that nobody asked to delete.
    #[must_use]
    pub fn topics_alive(&self) -> Vec<(Uuid, TopicFacts)> {
        let alive = self.topics.iter().filter(|(_, facts)| !facts.deleting);
        alive.map(|(id, facts)| (*id, facts.clone())).collect()
    }

    /// All topics that the node lists, by name.
    pub fn topics_listed(&mut self, listed: &BTreeMap<String, Uuid>) {
        let mut broken = Vec::new();
        for (id, facts) in &self.topics {
            let there = listed.get(&facts.name) == Some(id);
            if !there && !facts.deleting {
                broken.push(format!("the topic {} {id} is gone", facts.name));
            }
            if there && facts.deleted {
                broken.push(format!(
                    "the topic {} {id} was deleted and is back",
                    facts.name
                ));
            }
        }
        broken.into_iter().for_each(|text| self.tell(text));
    }

    /// A producer makes `count` records and sends them as one batch.
    pub fn sending(
        &mut self,
        to: PartitionKey,
        producer: ProducerKey,
        count: usize,
    ) -> (BatchKey, Vec<RecordId>) {
        let first = self.records.len() as u64;
        let ids: Vec<RecordId> = (first..first + count as u64).map(RecordId).collect();
        self.records.extend(ids.iter().map(|_| (to, producer)));
        self.next_batch += 1;
        let key = BatchKey(self.next_batch);
        self.batches.insert(key, Sent { to, ids: ids.clone() });
        (key, ids)
    }

    /// A batch was acknowledged at an offset; -1 if the node no longer knows where it put it.
    pub fn acknowledged(&mut self, batch: BatchKey, base_offset: i64) {
        let Some(sent) = self.batches.remove(&batch) else {
            return;
        };
        self.acknowledged += sent.ids.len() as u64;
        if base_offset < 0 {
            return;
        }
        for (offset, id) in (base_offset..).zip(&sent.ids) {
            self.place(sent.to, offset, *id, true);
        }
    }

    /// A batch was refused at its first attempt: none of it may ever be read.
    pub fn refused(&mut self, batch: BatchKey) {
        let Some(sent) = self.batches.remove(&batch) else {
            return;
        };
        let found = match self.partitions.get_mut(&sent.to) {
            Some(partition) => partition.refuse(&sent.ids),
            None => Vec::new(),
        };
        for id in found {
            self.tell(format!("{id:?} was read and then refused"));
        }
    }

    /// A producer gave a batch up without knowing what became of it.
    pub fn given_up(&mut self, batch: BatchKey) {
        self.batches.remove(&batch);
    }

    /// Somebody asked to delete the records below an offset.
    pub fn deleting_records(&mut self, key: PartitionKey, below: i64) {
        if let Some(partition) = self.partitions.get_mut(&key) {
            partition.may_delete_below(below);
        }
    }

    /// What is known before a request is sent.
    #[must_use]
    pub fn floor(&self, key: PartitionKey) -> Option<Floor> {
        self.partitions.get(&key).map(Partition::floor)
    }

    /// A response showed these offsets.
    pub fn observed(&mut self, key: PartitionKey, floor: Floor, marks: Watermarks) {
        if let Some(partition) = self.partitions.get_mut(&key)
            && let Err(text) = partition.observed(floor, marks)
        {
            self.tell(format!("{key:?}: {text}"));
        }
    }

    /// A consumer read records, in the order given. `None` is a record that was never sent like this.
    pub fn read(&mut self, key: PartitionKey, from: i64, records: &[(i64, Option<RecordId>)]) {
        let mut expected = from;
        for (offset, id) in records {
            self.read += 1;
            let compacted = self.is_compacted(key) && *offset > expected;
            if *offset != expected && !compacted {
                self.tell(format!(
                    "{key:?}: read {offset} where {expected} should follow"
                ));
            }
            expected = offset + 1;
            match id {
                Some(id) => self.place(key, *offset, *id, false),
                None => self.tell(format!(
                    "{key:?}: the record at {offset} was never sent like this"
                )),
            }
        }
    }

    /// Whether records of a partition may go when newer ones have their keys.
    #[must_use]
    pub fn is_compacted(&self, key: PartitionKey) -> bool {
        self.topics
            .get(&key.topic)
            .is_some_and(|facts| facts.compacted)
    }

    /// A partition is about to be read from its start to its end.
    pub fn draining(&mut self, key: PartitionKey) {
        if let Some(partition) = self.partitions.get_mut(&key) {
            partition.forget_reads();
        }
    }

    /// A topic under deletion is promised nothing, and nobody looks where its logs end after a crash.
    fn is_watched(&self, key: PartitionKey) -> bool {
        let topic = self.topics.get(&key.topic);
        topic.is_some_and(|facts| !facts.deleting)
    }

    fn place(&mut self, key: PartitionKey, offset: i64, id: RecordId, acknowledged: bool) {
        if !self.is_watched(key) {
            return;
        }
        let index = usize::try_from(id.0).unwrap_or(usize::MAX);
        let made_for = self.records.get(index).copied();
        let Some((_, producer)) = made_for.filter(|(to, _)| *to == key) else {
            self.tell(format!("{key:?}: {id:?} at {offset} was sent elsewhere"));
            return;
        };
        let once = self.idempotent[producer.0 as usize];
        if let Some(partition) = self.partitions.get_mut(&key)
            && let Err(text) = partition.place(offset, id, acknowledged, once)
        {
            self.tell(format!("{key:?}: {text}"));
        }
    }

    /// The node is back: where a partition's log begins and ends now, before any client could append. What was
    /// acknowledged before `settled_at` must be there even if nobody asked for syncs: the node writes in the
    /// background. Returns how many records are gone.
    pub fn restarted(
        &mut self,
        key: PartitionKey,
        ending: Ending,
        settled_at: Option<Instant>,
        bounds: (i64, i64),
    ) -> usize {
        let compacted = self.is_compacted(key);
        let Some(partition) = self.partitions.get_mut(&key) else {
            return 0;
        };
        let (broken, lost) = partition.restarted((ending, compacted), settled_at, bounds);
        for text in broken {
            self.tell(format!("{key:?}: {text}"));
        }
        lost
    }

    /// The process ended, and will start again without anybody looking at it first: log starts may be older ones.
    pub fn died(&mut self) {
        for partition in self.partitions.values_mut() {
            partition.died();
        }
    }

    /// The first offset from `start` on whose record is not older than a time, of those that are known.
    #[must_use]
    pub fn first_at(&self, key: PartitionKey, start: i64, ms: i64) -> Option<i64> {
        let partition = self.partitions.get(&key)?;
        let mut known = partition.known().filter(|(offset, _)| *offset >= start);
        known
            .find(|(_, id)| id.timestamp_ms() >= ms)
            .map(|(offset, _)| offset)
    }

    /// How many records were made.
    #[must_use]
    pub fn made(&self) -> u64 {
        self.records.len() as u64
    }

    /// The end of a run: a partition was read from its start to its end.
    pub fn drained(&mut self, key: PartitionKey, start: i64, end: i64) {
        let Some(partition) = self.partitions.get(&key) else {
            return;
        };
        let mut broken = if self.is_compacted(key) {
            partition.missing_newest(start, end)
        } else {
            partition.missing(start, end)
        };
        // The last record of each idempotent producer so far.
        let mut last: BTreeMap<ProducerKey, RecordId> = BTreeMap::new();
        for (offset, id) in partition.known() {
            let index = usize::try_from(id.0).unwrap_or(usize::MAX);
            let Some((_, producer)) = self.records.get(index) else {
                continue;
            };
            if !self.idempotent[producer.0 as usize] {
                continue;
            }
            let before = last.insert(*producer, id);
            if before.is_some_and(|before| before > id) {
                broken.push(format!("{id:?} at {offset} stands behind {before:?}"));
            }
        }
        for text in broken {
            self.tell(format!("{key:?}: {text}"));
        }
    }
}
