//! Replay of topics and partitions.

use std::sync::Arc;

use klamm_model::{TopicName, Uuid};

use super::{OPEN_MAX, Replay, ReplayError};
use crate::generated::{PartitionChangeRecord, PartitionRecord, RemoveTopicRecord, TopicRecord};
use crate::image::{
    ConfigResource, Partition, PartitionState, Partitions, RecoveryState, ResourceKind, Topic,
};

/// "The leader stays" in a partition change.
pub(crate) const NO_LEADER_CHANGE: i32 = -2;

impl Replay {
    /// Puts every open topic back into the image.
    pub(super) fn close_topics(&mut self) {
        for topic in std::mem::take(&mut self.open).into_values() {
            self.image.topics.put(topic);
        }
        if self.directories.len() > OPEN_MAX {
            self.directories.clear();
        }
    }

    /// The topic for change.
    fn open_topic(&mut self, id: Uuid) -> Result<&mut Topic, ReplayError> {
        if self.open.len() >= OPEN_MAX && !self.open.contains_key(&id) {
            self.close_topics();
        }
        match self.open.entry(id) {
            std::collections::btree_map::Entry::Occupied(open) => Ok(open.into_mut()),
            std::collections::btree_map::Entry::Vacant(slot) => {
                let topic = self.image.topics.by_id(id);
                let topic = topic.ok_or_else(|| ReplayError::UnknownTopic(id.to_string()))?;
                Ok(slot.insert((**topic).clone()))
            }
        }
    }

    /// One shared copy of equal directories: brokers with one directory each place many partitions alike.
    fn share(
        directories: &mut std::collections::BTreeSet<Arc<[Uuid]>>,
        ids: &[Uuid],
    ) -> Arc<[Uuid]> {
        match directories.get(ids) {
            Some(shared) => Arc::clone(shared),
            None => {
                let shared: Arc<[Uuid]> = ids.into();
                directories.insert(Arc::clone(&shared));
                shared
            }
        }
    }

    pub(super) fn create_topic(&mut self, r: &TopicRecord) -> Result<(), ReplayError> {
        let Ok(name) = TopicName::new(&r.name) else {
            let value = r.name.to_string();
            return Err(ReplayError::InvalidValue { what: "topic name", value });
        };
        let topics = &self.image.topics;
        if topics.by_name(&name).is_some() || topics.by_id(r.topic_id).is_some() {
            return Err(ReplayError::DuplicateTopic(r.name.to_string()));
        }
        self.delta.topic_created(r.topic_id, name.clone());
        let topic = Topic { id: r.topic_id, name, partitions: Partitions::default() };
        self.image.topics.put(topic);
        Ok(())
    }

    pub(super) fn remove_topic(&mut self, r: &RemoveTopicRecord) -> Result<(), ReplayError> {
        self.open.remove(&r.topic_id);
        let Some(topic) = self.image.topics.remove(r.topic_id) else {
            return Err(ReplayError::UnknownTopic(r.topic_id.to_string()));
        };
        // Kafka writes no record for this: the configuration goes with the topic.
        let resource = ConfigResource::new(ResourceKind::Topic, &topic.name);
        if self.image.configs.remove(&resource) {
            self.delta.configs.insert(resource);
        }
        self.delta.topic_deleted(topic.id, topic.name.clone());
        Ok(())
    }

    pub(super) fn set_partition(&mut self, r: &PartitionRecord) -> Result<(), ReplayError> {
        let state = PartitionState {
            replicas: r.replicas.clone(),
            directories: r.directories.clone(),
            isr: r.isr.clone(),
            elr: r.eligible_leader_replicas.clone().unwrap_or_default(),
            last_known_elr: r.last_known_elr.clone().unwrap_or_default(),
            adding: r.adding_replicas.clone(),
            removing: r.removing_replicas.clone(),
            leader: r.leader,
            leader_epoch: r.leader_epoch,
            partition_epoch: r.partition_epoch,
            recovery: recovery_state(r.leader_recovery_state)?,
        };
        self.put_partition(r.topic_id, r.partition_id, &state)
    }

    fn put_partition(
        &mut self,
        topic: Uuid,
        partition: i32,
        state: &PartitionState,
    ) -> Result<(), ReplayError> {
        let mut directories = std::mem::take(&mut self.directories);
        let packed = Partition::pack(state, |ids| Self::share(&mut directories, ids));
        self.directories = directories;
        if !self.open_topic(topic)?.partitions.insert(partition, packed) {
            let value = partition.to_string();
            return Err(ReplayError::InvalidValue { what: "partition number", value });
        }
        self.delta.partition_changed(topic, partition);
        Ok(())
    }

    pub(super) fn change_partition(
        &mut self,
        r: &PartitionChangeRecord,
    ) -> Result<(), ReplayError> {
        let (topic, partition) = (r.topic_id, r.partition_id);
        let found = self.open_topic(topic)?.partitions.get(partition);
        let found = found.ok_or(ReplayError::UnknownPartition { topic, partition })?;
        let state = apply(found.unpack(), r)?;
        self.put_partition(topic, partition, &state)
    }

    pub(super) fn clear_elr(&mut self, name: &str) -> Result<(), ReplayError> {
        self.close_topics();
        let ids: Vec<Uuid> = if name.is_empty() {
            self.image.topics.iter().map(|topic| topic.id).collect()
        } else {
            let topic = self.image.topics.named(name);
            vec![
                topic
                    .ok_or_else(|| ReplayError::UnknownTopic(name.to_owned()))?
                    .id,
            ]
        };
        for id in ids {
            let Some(topic) = self.image.topics.by_id(id).cloned() else {
                continue;
            };
            for (n, partition) in topic.partitions.iter() {
                if partition.elr().is_empty() && partition.last_known_elr().is_empty() {
                    continue;
                }
                let none = (Vec::new(), Vec::new());
                let state = partition.unpack();
                let state = PartitionState { elr: none.0, last_known_elr: none.1, ..state };
                self.put_partition(id, n, &state)?;
            }
        }
        Ok(())
    }
}

fn recovery_state(code: i8) -> Result<RecoveryState, ReplayError> {
    let what = "leader recovery state";
    let invalid = || ReplayError::InvalidValue { what, value: code.to_string() };
    RecoveryState::from_code(code).ok_or_else(invalid)
}

/// A partition after a change. The partition epoch rises always, the leader epoch with each word about the leader.
pub(crate) fn apply(
    mut state: PartitionState,
    r: &PartitionChangeRecord,
) -> Result<PartitionState, ReplayError> {
    if let Some(replicas) = &r.replicas {
        state.replicas.clone_from(replicas);
    }
    if let Some(directories) = &r.directories {
        state.directories.clone_from(directories);
    }
    if let Some(isr) = &r.isr {
        state.isr.clone_from(isr);
    }
    if let Some(removing) = &r.removing_replicas {
        state.removing.clone_from(removing);
    }
    if let Some(adding) = &r.adding_replicas {
        state.adding.clone_from(adding);
    }
    if let Some(elr) = &r.eligible_leader_replicas {
        state.elr.clone_from(elr);
    }
    if let Some(last_known) = &r.last_known_elr {
        state.last_known_elr.clone_from(last_known);
    }
    if r.leader != NO_LEADER_CHANGE {
        state.leader = r.leader;
        state.leader_epoch = state.leader_epoch.saturating_add(1);
    }
    // -1 says "as before".
    if r.leader_recovery_state != -1 {
        state.recovery = recovery_state(r.leader_recovery_state)?;
    }
    state.partition_epoch = state.partition_epoch.saturating_add(1);
    Ok(state)
}
