//! What a group has committed, and what waits for the end of a transaction.

use super::command::CommittedOffset;
use klamm_codec::Str;
use std::collections::{BTreeMap, BTreeSet};

/// Committed offsets by topic and partition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Offsets {
    topics: BTreeMap<Str, BTreeMap<i32, CommittedOffset>>,
    /// Commits of open transactions, by topic, partition and producer id.
    pending: BTreeMap<Str, BTreeMap<i32, BTreeMap<i64, Pending>>>,
    /// Pending commits so far: their order is that of the log.
    made: u64,
}

/// A commit that counts once its transaction does.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pending {
    order: u64,
    /// `None` once a later commit has taken its place, which the end of the transaction must not undo.
    committed: Option<CommittedOffset>,
}

impl Offsets {
    /// Nothing is committed, nothing pending.
    pub(super) fn is_empty(&self) -> bool {
        self.topics.is_empty() && self.pending.is_empty()
    }

    pub(super) fn get(&self, topic: &str, partition: i32) -> Option<&CommittedOffset> {
        self.topics.get(topic)?.get(&partition)
    }

    pub(super) fn put(&mut self, topic: &Str, partition: i32, committed: CommittedOffset) {
        self.supersede(topic, partition, u64::MAX);
        self.set(topic, partition, committed);
    }

    /// Forgets what is committed, and what is pending.
    pub(super) fn remove(&mut self, topic: &str, partition: i32) -> bool {
        let committed = remove(&mut self.topics, topic, partition);
        let pending = remove(&mut self.pending, topic, partition);
        committed.is_some() || pending.is_some()
    }

    /// Partitions of a topic for which something is committed or pending.
    pub(super) fn partitions_of(&self, topic: &str) -> BTreeSet<i32> {
        let committed = self.topics.get(topic).map(BTreeMap::keys);
        let pending = self.pending.get(topic).map(BTreeMap::keys);
        let committed = committed.into_iter().flatten();
        committed
            .chain(pending.into_iter().flatten())
            .copied()
            .collect()
    }

    /// What is committed.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Str, i32, &CommittedOffset)> {
        self.topics.iter().flat_map(|(topic, partitions)| {
            let all = partitions.iter();
            all.map(move |(partition, committed)| (topic, *partition, committed))
        })
    }

    /// Partitions for which only open transactions have committed.
    pub(super) fn only_pending(&self) -> impl Iterator<Item = (&Str, i32)> {
        let all = self.pending.iter().flat_map(|(topic, partitions)| {
            partitions.keys().map(move |partition| (topic, *partition))
        });
        all.filter(|(topic, partition)| self.get(topic, *partition).is_none())
    }

    /// Whether an open transaction has committed for the partition.
    pub(super) fn is_pending(&self, topic: &str, partition: i32) -> bool {
        let partitions = self.pending.get(topic);
        partitions.is_some_and(|partitions| partitions.contains_key(&partition))
    }

    /// A commit of an open transaction.
    pub(super) fn put_pending(
        &mut self,
        producer_id: i64,
        topic: &Str,
        partition: i32,
        committed: CommittedOffset,
    ) {
        self.made += 1;
        let pending = Pending { order: self.made, committed: Some(committed) };
        if !self.pending.contains_key(topic) {
            self.pending.insert(topic.detached(), BTreeMap::new());
        }
        if let Some(partitions) = self.pending.get_mut(topic) {
            let producers = partitions.entry(partition).or_default();
            producers.insert(producer_id, pending);
        }
    }

    /// A producer's transaction ended: its commits count, or are dropped.
    pub(super) fn settle(&mut self, producer_id: i64, commits: bool) {
        let mut ended = Vec::new();
        self.pending.retain(|topic, partitions| {
            partitions.retain(|partition, producers| {
                if let Some(pending) = producers.remove(&producer_id) {
                    ended.push((topic.clone(), *partition, pending));
                }
                !producers.is_empty()
            });
            !partitions.is_empty()
        });
        for (topic, partition, pending) in ended {
            if let Some(committed) = pending.committed.filter(|_| commits) {
                self.supersede(&topic, partition, pending.order);
                self.set(&topic, partition, committed);
            }
        }
    }

    /// A commit has taken the place of pending ones that are older than `order`.
    fn supersede(&mut self, topic: &Str, partition: i32, order: u64) {
        let partitions = self.pending.get_mut(topic);
        let producers = partitions.and_then(|partitions| partitions.get_mut(&partition));
        for pending in producers.into_iter().flat_map(BTreeMap::values_mut) {
            if pending.order < order {
                pending.committed = None;
            }
        }
    }

    fn set(&mut self, topic: &Str, partition: i32, committed: CommittedOffset) {
        if let Some(partitions) = self.topics.get_mut(topic) {
            partitions.insert(partition, committed);
        } else {
            let first = BTreeMap::from([(partition, committed)]);
            self.topics.insert(topic.detached(), first);
        }
    }
}

fn remove<T>(
    topics: &mut BTreeMap<Str, BTreeMap<i32, T>>,
    topic: &str,
    partition: i32,
) -> Option<T> {
    let partitions = topics.get_mut(topic)?;
    let removed = partitions.remove(&partition);
    if partitions.is_empty() {
        topics.remove(topic);
    }
    removed
}
