//! What a client knows of the cluster: brokers, topics, leaders.
//!
//! A snapshot is immutable and shared. Answers are merged into a new one; a leader with a lower epoch than the known one
//! comes from a broker that lags, and is not taken (KIP-320).

use crate::config::Address;
use crate::error::ClientError;
use klamm_model::Uuid;
use klamm_wire::messages::metadata::{
    MetadataResponse, MetadataResponsePartition, MetadataResponseTopic,
};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The cluster at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cluster {
    /// The cluster's id.
    pub cluster_id: Option<String>,
    /// A broker that takes controller requests, or -1.
    pub controller_id: i32,
    /// Brokers by id.
    pub brokers: BTreeMap<i32, BrokerNode>,
    /// Topics that were asked for, by name.
    pub topics: BTreeMap<Arc<str>, Arc<Topic>>,
}

/// A broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerNode {
    /// Its id.
    pub id: i32,
    /// Where clients reach it.
    pub address: Address,
    /// Its rack.
    pub rack: Option<String>,
}

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its name.
    pub name: Arc<str>,
    /// Its id; `Uuid::ZERO` from brokers older than 2.8.
    pub id: Uuid,
    /// Kafka's own.
    pub is_internal: bool,
    /// Partitions, by number.
    pub partitions: Vec<Partition>,
}

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Its number.
    pub index: i32,
    /// The leader, if there is one.
    pub leader: Option<i32>,
    /// The leader's epoch, or -1.
    pub leader_epoch: i32,
    /// All replicas, the preferred leader first.
    pub replicas: Vec<i32>,
    /// Replicas in sync.
    pub in_sync: Vec<i32>,
    /// Replicas that are down.
    pub offline: Vec<i32>,
}

impl Topic {
    /// A partition by number.
    #[must_use]
    pub fn partition(&self, index: i32) -> Option<&Partition> {
        self.partitions
            .iter()
            .find(|partition| partition.index == index)
    }
}

impl Cluster {
    /// The broker that leads a partition, and its epoch.
    #[must_use]
    pub fn leader(&self, topic: &str, partition: i32) -> Option<(&BrokerNode, i32)> {
        let partition = self.topics.get(topic)?.partition(partition)?;
        let node = self.brokers.get(&partition.leader?)?;
        Some((node, partition.leader_epoch))
    }
}

/// The snapshot and its age.
#[derive(Debug, Default)]
pub(crate) struct MetadataCache {
    state: Mutex<CacheState>,
    /// Held by whoever asks a broker; others wait and use the answer.
    pub(crate) asking: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct CacheState {
    cluster: Arc<Cluster>,
    topics: BTreeMap<Arc<str>, TopicState>,
    stale: BTreeSet<Arc<str>>,
    /// Answers so far. Counted, not timed: in a simulation many things happen at one instant.
    answers: u64,
}

#[derive(Debug)]
struct TopicState {
    answered_at: Instant,
    /// Which answer told of it.
    answer: u64,
    used_at: Instant,
    /// The broker's word on the topic.
    code: i16,
}

/// Whether a topic can be used as it is known.
pub(crate) enum Known {
    /// Yes.
    Fresh(Arc<Topic>),
    /// The broker was asked since, and refused.
    Refused(ClientError),
    /// Ask.
    Unknown,
}

impl MetadataCache {
    /// The snapshot.
    pub(crate) fn cluster(&self) -> Arc<Cluster> {
        Arc::clone(&self.state.lock().cluster)
    }

    /// How many answers came so far.
    pub(crate) fn answers(&self) -> u64 {
        self.state.lock().answers
    }

    /// What is known of a topic. `since`: that many answers do not count.
    pub(crate) fn topic(&self, name: &str, age_max: Duration, since: Option<u64>) -> Known {
        let now = Instant::now();
        let mut state = self.state.lock();
        let is_stale = state.stale.contains(name);
        let Some(known) = state.topics.get_mut(name) else {
            return Known::Unknown;
        };
        known.used_at = now;
        let answered_at = known.answered_at;
        let is_answer = since.is_some_and(|since| known.answer > since);
        if known.code != 0 {
            let error = ClientError::check(known.code)
                .err()
                .unwrap_or(ClientError::Closed);
            return if is_answer {
                Known::Refused(error)
            } else {
                Known::Unknown
            };
        }
        let is_fresh = !is_stale && now.duration_since(answered_at) < age_max;
        match state.cluster.topics.get(name) {
            Some(topic) if is_fresh || is_answer => Known::Fresh(Arc::clone(topic)),
            _ => Known::Unknown,
        }
    }

    /// The topics to ask for, with `wanted`: all that were used lately.
    pub(crate) fn topics_to_ask(&self, wanted: &[&str], idle_max: Duration) -> Vec<Arc<str>> {
        let now = Instant::now();
        let mut state = self.state.lock();
        let state = &mut *state;
        let (topics, cluster) = (&mut state.topics, &mut state.cluster);
        topics.retain(|name, topic| {
            let keep = now.duration_since(topic.used_at) < idle_max;
            if !keep {
                Arc::make_mut(cluster).topics.remove(name);
            }
            keep
        });
        let mut names: BTreeSet<Arc<str>> = topics.keys().cloned().collect();
        names.extend(wanted.iter().map(|name| Arc::from(*name)));
        names.into_iter().collect()
    }

    /// Says that a topic's leaders changed.
    pub(crate) fn mark_stale(&self, topic: &str) {
        let mut state = self.state.lock();
        let known = state
            .topics
            .get_key_value(topic)
            .map(|(name, _)| Arc::clone(name));
        state.stale.extend(known);
    }

    /// Takes over a leader that a broker named beside an error (KIP-951).
    pub(crate) fn set_leader(&self, topic: &str, partition: i32, leader: i32, epoch: i32) {
        let mut state = self.state.lock();
        let cluster = Arc::make_mut(&mut state.cluster);
        if !cluster.brokers.contains_key(&leader) {
            return;
        }
        let Some(topic) = cluster.topics.get_mut(topic).map(Arc::make_mut) else {
            return;
        };
        let found = topic.partitions.iter_mut().find(|p| p.index == partition);
        if let Some(found) = found.filter(|p| p.leader_epoch < epoch) {
            found.leader = Some(leader);
            found.leader_epoch = epoch;
        }
    }

    /// Merges an answer.
    pub(crate) fn merge(&self, response: &MetadataResponse) {
        let now = Instant::now();
        let mut state = self.state.lock();
        let old = Arc::clone(&state.cluster);
        let mut cluster = Cluster {
            cluster_id: response.cluster_id.as_ref().map(ToString::to_string),
            controller_id: response.controller_id,
            brokers: response
                .brokers
                .iter()
                .filter_map(broker_of)
                .map(|b| (b.id, b))
                .collect(),
            topics: old.topics.clone(),
        };
        state.answers += 1;
        let answer = state.answers;
        for topic in &response.topics {
            let Some(name) = topic.name.as_deref() else {
                continue;
            };
            let name: Arc<str> = name.into();
            if topic.error_code == 0 {
                let known = old
                    .topics
                    .get(&name)
                    .filter(|known| known.id == topic.topic_id);
                let merged = topic_of(Arc::clone(&name), topic, known.map(Arc::as_ref));
                cluster.topics.insert(Arc::clone(&name), Arc::new(merged));
            } else {
                cluster.topics.remove(&name);
            }
            state.stale.remove(&name);
            let used_at = state.topics.get(&name).map_or(now, |known| known.used_at);
            let code = topic.error_code;
            let entry = TopicState { answered_at: now, answer, used_at, code };
            state.topics.insert(name, entry);
        }
        state.cluster = Arc::new(cluster);
    }
}

fn broker_of(
    broker: &klamm_wire::messages::metadata::MetadataResponseBroker,
) -> Option<BrokerNode> {
    let port = u16::try_from(broker.port).ok()?;
    Some(BrokerNode {
        id: broker.node_id,
        address: Address { host: broker.host.to_string(), port },
        rack: broker.rack.as_ref().map(ToString::to_string),
    })
}

fn topic_of(name: Arc<str>, answer: &MetadataResponseTopic, known: Option<&Topic>) -> Topic {
    let mut partitions: Vec<_> = answer.partitions.iter().map(partition_of).collect();
    partitions.sort_by_key(|partition| partition.index);
    for partition in &mut partitions {
        let old = known.and_then(|topic| topic.partition(partition.index));
        if let Some(old) = old.filter(|old| old.leader_epoch > partition.leader_epoch) {
            *partition = old.clone();
        }
    }
    Topic {
        name,
        id: answer.topic_id,
        is_internal: answer.is_internal,
        partitions,
    }
}

fn partition_of(answer: &MetadataResponsePartition) -> Partition {
    Partition {
        index: answer.partition_index,
        leader: Some(answer.leader_id).filter(|leader| *leader >= 0),
        leader_epoch: answer.leader_epoch,
        replicas: answer.replica_nodes.clone(),
        in_sync: answer.isr_nodes.clone(),
        offline: answer.offline_replicas.clone(),
    }
}

#[cfg(test)]
mod tests;
