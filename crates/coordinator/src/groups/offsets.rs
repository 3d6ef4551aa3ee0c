//! What a group has committed.

use super::command::CommittedOffset;
use klamm_codec::Str;
use std::collections::BTreeMap;

/// Committed offsets by topic and partition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Offsets {
    topics: BTreeMap<Str, BTreeMap<i32, CommittedOffset>>,
}

impl Offsets {
    pub(super) fn is_empty(&self) -> bool {
        self.topics.is_empty()
    }

    pub(super) fn get(&self, topic: &str, partition: i32) -> Option<&CommittedOffset> {
        self.topics.get(topic)?.get(&partition)
    }

    pub(super) fn put(&mut self, topic: &Str, partition: i32, committed: CommittedOffset) {
        if let Some(partitions) = self.topics.get_mut(&**topic) {
            partitions.insert(partition, committed);
        } else {
            let first = BTreeMap::from([(partition, committed)]);
            self.topics.insert(topic.detached(), first);
        }
    }

    pub(super) fn remove(&mut self, topic: &str, partition: i32) -> bool {
        let Some(partitions) = self.topics.get_mut(topic) else {
            return false;
        };
        let removed = partitions.remove(&partition).is_some();
        if partitions.is_empty() {
            self.topics.remove(topic);
        }
        removed
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Str, i32, &CommittedOffset)> {
        self.topics.iter().flat_map(|(topic, partitions)| {
            let all = partitions.iter();
            all.map(move |(partition, committed)| (topic, *partition, committed))
        })
    }
}
