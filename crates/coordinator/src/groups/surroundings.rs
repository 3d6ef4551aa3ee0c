//! What a shard sees of the cluster around it: a value that the driver hands over whenever the metadata changed.

use klamm_codec::Str;
use klamm_model::Uuid;
use std::fmt;

/// A topic that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownTopic {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: Str,
    /// How many partitions it has.
    pub partitions: i32,
}

/// The times that members of a consumer group live by, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConsumerTimes {
    /// `consumer.session.timeout.ms` of the group.
    pub session_timeout_ms: i32,
    /// `consumer.heartbeat.interval.ms` of the group.
    pub heartbeat_interval_ms: i32,
    /// `consumer.assignment.interval.ms` of the group.
    pub assignment_interval_ms: i32,
}

/// Kafka's defaults.
impl Default for ConsumerTimes {
    fn default() -> Self {
        Self {
            session_timeout_ms: 45_000,
            heartbeat_interval_ms: 5_000,
            assignment_interval_ms: 1_000,
        }
    }
}

/// Topics and the settings of groups, at one moment.
pub trait Surroundings: fmt::Debug + Send + Sync {
    /// Grows with every change of the metadata.
    fn version(&self) -> i64;
    /// The topic of a name.
    fn topic_named(&self, name: &str) -> Option<KnownTopic>;
    /// The topic of an id.
    fn topic_with_id(&self, id: Uuid) -> Option<KnownTopic>;
    /// Shows every topic's name.
    fn each_topic_name(&self, visit: &mut dyn FnMut(&str));
    /// For each partition the racks of its replicas, sorted; nothing if no broker has a rack.
    fn racks(&self, id: Uuid) -> Vec<Vec<Str>>;
    /// What counts for a consumer group.
    fn consumer_times(&self, group: &str) -> ConsumerTimes;
}

/// No topics, and Kafka's defaults: before the driver has said anything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nowhere;

impl Surroundings for Nowhere {
    fn version(&self) -> i64 {
        -1
    }

    fn topic_named(&self, _name: &str) -> Option<KnownTopic> {
        None
    }

    fn topic_with_id(&self, _id: Uuid) -> Option<KnownTopic> {
        None
    }

    fn each_topic_name(&self, _visit: &mut dyn FnMut(&str)) {}

    fn racks(&self, _id: Uuid) -> Vec<Vec<Str>> {
        Vec::new()
    }

    fn consumer_times(&self, _group: &str) -> ConsumerTimes {
        ConsumerTimes::default()
    }
}
