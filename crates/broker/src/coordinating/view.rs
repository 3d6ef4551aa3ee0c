//! The cluster's metadata as groups look at it.

use super::shards::Seen;
use klamm_codec::Str;
use klamm_coordinator::groups::{ConsumerTimes, KnownTopic, Surroundings};
use klamm_metadata::decide::stored;
use klamm_metadata::image::{ResourceKind, Topic};
use klamm_model::{NodeId, Uuid};
use klamm_settings::{Overrides, group};
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// One moment's topics and settings.
#[derive(Debug)]
pub(super) struct View {
    seen: Seen,
    /// Of groups without settings of their own: each heartbeat asks for them, and they are text in several layers.
    usual_times: OnceLock<ConsumerTimes>,
}

impl View {
    pub(super) fn new(seen: &Seen) -> Self {
        Self { seen: seen.clone(), usual_times: OnceLock::new() }
    }

    fn times(&self, overrides: &Overrides) -> ConsumerTimes {
        let layers = &self.seen.layers;
        ConsumerTimes {
            session_timeout_ms: layers
                .group_setting(&group::CONSUMER_SESSION_TIMEOUT_MS, overrides),
            heartbeat_interval_ms: layers
                .group_setting(&group::CONSUMER_HEARTBEAT_INTERVAL_MS, overrides),
            assignment_interval_ms: layers
                .group_setting(&group::CONSUMER_ASSIGNMENT_INTERVAL_MS, overrides),
        }
    }
}

fn known(topic: &Topic) -> KnownTopic {
    KnownTopic {
        id: topic.id,
        name: Str::from(&topic.name),
        partitions: i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX),
    }
}

impl Surroundings for View {
    fn version(&self) -> i64 {
        self.seen.version
    }

    fn topic_named(&self, name: &str) -> Option<KnownTopic> {
        let topic = self.seen.image.topics().named(name)?;
        Some(known(topic))
    }

    fn topic_with_id(&self, id: Uuid) -> Option<KnownTopic> {
        let topic = self.seen.image.topics().by_id(id)?;
        Some(known(topic))
    }

    fn each_topic_name(&self, visit: &mut dyn FnMut(&str)) {
        for topic in self.seen.image.topics().iter() {
            visit(topic.name.as_str());
        }
    }

    fn racks(&self, id: Uuid) -> Vec<Vec<Str>> {
        let cluster = self.seen.image.cluster();
        if cluster.brokers().all(|broker| broker.rack.is_none()) {
            return Vec::new();
        }
        let Some(topic) = self.seen.image.topics().by_id(id) else {
            return Vec::new();
        };
        let of_replica = |replica: &i32| {
            let rack = cluster.broker(NodeId(*replica))?.rack.as_deref()?;
            Some(Str::from(rack))
        };
        let partitions = topic.partitions.iter().map(|(_, partition)| {
            let racks: BTreeSet<Str> = partition.replicas().iter().filter_map(of_replica).collect();
            racks.into_iter().collect()
        });
        partitions.collect()
    }

    fn consumer_times(&self, group_id: &str) -> ConsumerTimes {
        let overrides = stored(&self.seen.image, ResourceKind::Group, group_id);
        if overrides.is_empty() {
            *self.usual_times.get_or_init(|| self.times(&overrides))
        } else {
            self.times(&overrides)
        }
    }
}
