//! The partitions under distribution: who had them, who has them.

use super::{Assignment, MemberSubscription, TopicId, TopicShape};
use klamm_codec::Str;
use std::collections::BTreeMap;

/// One subscribed topic.
#[derive(Debug)]
pub(super) struct Topic<'a> {
    pub id: TopicId,
    pub shape: &'a TopicShape,
    /// The members that subscribe, ascending.
    pub subscribers: Vec<usize>,
    /// Each partition's owner.
    pub owners: Vec<Option<usize>>,
    /// Each partition's owner before, if that one still subscribes.
    pub before: Vec<Option<usize>>,
}

impl Topic<'_> {
    /// The racks that hold a replica of a partition.
    pub(super) fn racks(&self, partition: usize) -> &[Str] {
        self.shape.racks.get(partition).map_or(&[], Vec::as_slice)
    }
}

/// All subscribed topics; members are numbers, in the order of their ids.
#[derive(Debug)]
pub(super) struct Board<'a> {
    pub members: &'a [&'a MemberSubscription],
    pub topics: Vec<Topic<'a>>,
    /// How many partitions each member owns.
    pub loads: Vec<usize>,
}

impl<'a> Board<'a> {
    /// Lays out the topics that somebody subscribes to. Each partition stays with the member that had it, if that one
    /// still subscribes; of two that claim the same one, the first.
    pub(super) fn new(
        members: &'a [&'a MemberSubscription],
        shapes: &'a BTreeMap<TopicId, TopicShape>,
    ) -> Self {
        let mut subscribers: BTreeMap<TopicId, Vec<usize>> = BTreeMap::new();
        for (index, member) in members.iter().enumerate() {
            for topic in &member.topics {
                subscribers.entry(*topic).or_default().push(index);
            }
        }
        let mut loads = vec![0; members.len()];
        let topics = subscribers.into_iter().filter_map(|(id, subscribers)| {
            let shape = shapes.get(&id)?;
            let mut owners = vec![None; usize::try_from(shape.partitions).unwrap_or(0)];
            for index in &subscribers {
                let current = members
                    .get(*index)
                    .and_then(|member| member.current.get(&id));
                for partition in current.into_iter().flatten() {
                    let slot = usize::try_from(*partition)
                        .ok()
                        .and_then(|p| owners.get_mut(p));
                    if let Some(owner @ None) = slot {
                        *owner = Some(*index);
                        if let Some(load) = loads.get_mut(*index) {
                            *load += 1;
                        }
                    }
                }
            }
            let before = owners.clone();
            Some(Topic { id, shape, subscribers, owners, before })
        });
        let topics = topics.collect();
        Self { members, topics, loads }
    }

    /// Whether all members subscribe to the same topics.
    pub(super) fn is_homogeneous(&self) -> bool {
        self.topics
            .iter()
            .all(|topic| topic.subscribers.len() == self.members.len())
    }

    /// The owners, as the answer to the caller.
    pub(super) fn into_assignment(self) -> Assignment {
        let mut lists: Vec<BTreeMap<TopicId, Vec<i32>>> = vec![BTreeMap::new(); self.members.len()];
        for topic in &self.topics {
            for (partition, owner) in (0..).zip(&topic.owners) {
                if let Some(list) = owner.and_then(|owner| lists.get_mut(owner)) {
                    list.entry(topic.id).or_default().push(partition);
                }
            }
        }
        let ids = self.members.iter().map(|member| member.member_id.clone());
        ids.zip(lists).collect()
    }
}
