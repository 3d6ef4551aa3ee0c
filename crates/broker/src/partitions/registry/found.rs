//! The index of the partitions: by name, by id, and of those that need regular attention.

use super::FindError;
use super::unopened::Unopened;
use crate::partitions::Partition;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use klamm_model::{TopicName, Uuid};
use std::sync::Arc;

/// What a node holds. What is asked about one topic costs the size of that topic.
#[derive(Debug, Default)]
pub(super) struct Found {
    by_name: HashMap<TopicName, Uuid, FixedState>,
    partitions: HashMap<(Uuid, i32), Slot, FixedState>,
    /// The partitions of each topic.
    indexes: HashMap<Uuid, Vec<i32>, FixedState>,
    /// Those with `compact` in their cleanup policy.
    compacted: HashMap<(Uuid, i32), Arc<Partition>, FixedState>,
}

#[derive(Debug, Clone)]
pub(super) enum Slot {
    Here(Arc<Partition>),
    /// Its log can't be opened, at least not yet.
    Unopened(Arc<Unopened>),
    /// Its log may lie in a directory that failed.
    Offline,
}

/// What was known of a topic that is gone.
#[derive(Debug, Default)]
pub(super) struct Removed {
    pub(super) here: Vec<Arc<Partition>>,
    pub(super) unopened: Vec<Arc<Unopened>>,
}

impl Slot {
    fn partition(&self) -> Option<&Arc<Partition>> {
        match self {
            Self::Here(partition) => Some(partition),
            Self::Unopened(_) | Self::Offline => None,
        }
    }
}

impl Found {
    pub(super) fn id_of(&self, topic: &str) -> Option<Uuid> {
        self.by_name.get(topic).copied()
    }

    pub(super) fn slot(&self, topic: Uuid, partition: i32) -> Option<&Slot> {
        self.partitions.get(&(topic, partition))
    }

    pub(super) fn partition(
        &self,
        topic: Uuid,
        partition: i32,
    ) -> Result<Arc<Partition>, FindError> {
        match self.slot(topic, partition) {
            Some(Slot::Here(partition)) if partition.is_online() => Ok(Arc::clone(partition)),
            Some(_) => Err(FindError::Offline),
            None => Err(FindError::UnknownTopicOrPartition),
        }
    }

    pub(super) fn all(&self) -> Vec<Arc<Partition>> {
        let here = self.partitions.values().filter_map(Slot::partition);
        here.cloned().collect()
    }

    pub(super) fn compacted(&self) -> Vec<Arc<Partition>> {
        self.compacted.values().cloned().collect()
    }

    /// Logs that could not be opened, in the order of their names.
    pub(super) fn unopened(&self) -> Vec<Arc<Unopened>> {
        let of = |slot: &Slot| match slot {
            Slot::Unopened(unopened) => Some(Arc::clone(unopened)),
            Slot::Here(_) | Slot::Offline => None,
        };
        let mut all: Vec<_> = self.partitions.values().filter_map(of).collect();
        all.sort_by(|a, b| a.name().cmp(b.name()));
        all
    }

    /// Whether a log is still to be opened: its topic was not deleted.
    pub(super) fn awaits(&self, unopened: &Arc<Unopened>) -> bool {
        let slot = self.slot(unopened.topic_id(), unopened.name().partition);
        matches!(slot, Some(Slot::Unopened(it)) if Arc::ptr_eq(it, unopened))
    }

    /// Whether partitions of the topic are here.
    pub(super) fn has(&self, topic: Uuid) -> bool {
        self.indexes.contains_key(&topic)
    }

    pub(super) fn slots_of(&self, topic: Uuid) -> impl Iterator<Item = &Slot> {
        let indexes = self.indexes.get(&topic).into_iter().flatten();
        indexes.filter_map(move |index| self.slot(topic, *index))
    }

    pub(super) fn of_topic(&self, topic: Uuid) -> impl Iterator<Item = &Arc<Partition>> {
        self.slots_of(topic).filter_map(Slot::partition)
    }

    pub(super) fn name(&mut self, topic: &TopicName, id: Uuid) {
        self.by_name.insert(topic.clone(), id);
    }

    pub(super) fn insert(&mut self, topic: Uuid, index: i32, slot: Slot) {
        let key = (topic, index);
        match slot.partition().filter(|p| p.is_compacted()) {
            Some(partition) => self.compacted.insert(key, Arc::clone(partition)),
            None => self.compacted.remove(&key),
        };
        if self.partitions.insert((topic, index), slot).is_none() {
            self.indexes.entry(topic).or_default().push(index);
        }
    }

    /// The topic's policy may have changed.
    pub(super) fn sort_compacted(&mut self, topic: Uuid) {
        let of: Vec<_> = self.of_topic(topic).cloned().collect();
        for partition in of {
            let key = (topic, partition.name().partition);
            if partition.is_compacted() {
                self.compacted.insert(key, partition);
            } else {
                self.compacted.remove(&key);
            }
        }
    }

    /// Takes a topic out, and gives its partitions.
    pub(super) fn remove(&mut self, topic: Uuid, name: &TopicName) -> Removed {
        if self.by_name.get(name) == Some(&topic) {
            self.by_name.remove(name);
        }
        let mut removed = Removed::default();
        for index in self.indexes.remove(&topic).unwrap_or_default() {
            self.compacted.remove(&(topic, index));
            match self.partitions.remove(&(topic, index)) {
                Some(Slot::Here(partition)) => removed.here.push(partition),
                Some(Slot::Unopened(unopened)) => removed.unopened.push(unopened),
                Some(Slot::Offline) | None => {}
            }
        }
        removed
    }
}
