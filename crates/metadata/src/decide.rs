//! The controller's decisions: what a request makes of an image.
//!
//! Each decision is a function of the image and the request. It answers with records, which take effect once they are
//! in the log and replayed, and with the reply to give then. Nothing here changes state.

mod alter_partition;
mod assign_directories;
mod bootstrap;
mod brokers;
mod change;
mod configs;
mod create_partitions;
mod create_topics;
mod delete_topics;
mod elect;
mod features;
mod placement;
mod producer_ids;
mod quotas;
mod reassign;

pub use alter_partition::{AlterIsr, AlteredIsr, ProposedReplica, alter_partition};
pub use assign_directories::{DirectoryAssignment, assign_directories};
pub use bootstrap::{InitialLevels, bootstrap};
pub use brokers::{
    Heartbeat, HeartbeatReply, Registration, fence_broker, heartbeat, register_broker,
    register_controller, rest_broker, unregister_broker,
};
pub use configs::{
    AlterConfig, ConfigResults, alter_configs_incrementally, replace_configs, stored,
};
pub use create_partitions::{MorePartitions, create_partitions};
pub use create_topics::{CreatedTopic, NewTopic, create_topics};
pub use delete_topics::{DeletedTopic, TopicRef, delete_topics};
pub use elect::{ElectionKind, elect_leaders};
pub use features::{FeatureUpdate, UpgradeKind, update_features};
pub use producer_ids::{PRODUCER_ID_BLOCK, allocate_producer_ids};
pub use quotas::{QuotaAlteration, alter_client_quotas};
pub use reassign::{OngoingReassignment, Reassignment, alter_reassignments, list_reassignments};

use std::ops::Range;

use klamm_model::NodeId;
use klamm_settings::{Layers, Overrides};

use crate::image::{Image, ResourceKind};
use crate::record::MetadataRecord;

/// What to write, and what to answer once it is committed.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision<R> {
    /// The records, in order; they go into one batch. Empty: answer at once.
    pub records: Vec<MetadataRecord>,
    /// The answer.
    pub reply: R,
}

/// A request, or a part of one, is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind:?}: {message}")]
pub struct Refusal {
    /// What the client is to make of it: an error code of Kafka.
    pub kind: RefusalKind,
    /// What a person is to make of it. Empty when the code says it all.
    pub message: String,
}

/// Kafka's error code of a refusal, by its name there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// BROKER_ID_NOT_REGISTERED.
    BrokerIdNotRegistered,
    /// DUPLICATE_BROKER_REGISTRATION.
    DuplicateBrokerRegistration,
    /// ELECTION_NOT_NEEDED.
    ElectionNotNeeded,
    /// ELIGIBLE_LEADERS_NOT_AVAILABLE.
    EligibleLeadersNotAvailable,
    /// FENCED_LEADER_EPOCH.
    FencedLeaderEpoch,
    /// INELIGIBLE_REPLICA.
    IneligibleReplica,
    /// INVALID_CONFIG.
    InvalidConfig,
    /// INVALID_PARTITIONS.
    InvalidPartitions,
    /// INVALID_REGISTRATION.
    InvalidRegistration,
    /// INVALID_REPLICA_ASSIGNMENT.
    InvalidReplicaAssignment,
    /// INVALID_REPLICATION_FACTOR.
    InvalidReplicationFactor,
    /// INVALID_REQUEST.
    InvalidRequest,
    /// INVALID_TOPIC_EXCEPTION.
    InvalidTopic,
    /// INVALID_UPDATE_VERSION.
    InvalidUpdateVersion,
    /// NEW_LEADER_ELECTED.
    NewLeaderElected,
    /// NO_REASSIGNMENT_IN_PROGRESS.
    NoReassignmentInProgress,
    /// NOT_CONTROLLER.
    NotController,
    /// POLICY_VIOLATION.
    PolicyViolation,
    /// PREFERRED_LEADER_NOT_AVAILABLE.
    PreferredLeaderNotAvailable,
    /// STALE_BROKER_EPOCH.
    StaleBrokerEpoch,
    /// THROTTLING_QUOTA_EXCEEDED.
    ThrottlingQuotaExceeded,
    /// TOPIC_ALREADY_EXISTS.
    TopicAlreadyExists,
    /// UNKNOWN_SERVER_ERROR.
    UnknownServerError,
    /// UNKNOWN_TOPIC_ID.
    UnknownTopicId,
    /// UNKNOWN_TOPIC_OR_PARTITION.
    UnknownTopicOrPartition,
    /// UNSUPPORTED_VERSION.
    UnsupportedVersion,
}

/// What decisions look at besides the request.
#[derive(Debug, Clone, Copy)]
pub struct Controller<'a> {
    /// The state after all records written so far, committed or not.
    pub image: &'a Image,
    /// This node's settings, with what was changed at run time.
    pub layers: &'a Layers,
    /// This node.
    pub node: NodeId,
    /// The voters of the quorum.
    pub voters: &'a [NodeId],
    /// The agreed level of `kraft.version`.
    pub kraft_version: i16,
}

/// Where decisions take random bits from: one call a number, so that a run can be repeated.
pub type Random<'a> = &'a mut dyn FnMut() -> u128;

/// Most partitions that one request may create: more would make a batch that no log takes.
pub const PARTITIONS_PER_REQUEST_MAX: usize = 10_000;

impl Refusal {
    /// A refusal with a message.
    pub fn new(kind: RefusalKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// A refusal whose code says it all.
    #[must_use]
    pub const fn bare(kind: RefusalKind) -> Self {
        Self { kind, message: String::new() }
    }
}

impl<R> Decision<R> {
    /// An answer without records.
    pub const fn nothing(reply: R) -> Self {
        Self { records: Vec::new(), reply }
    }

    /// The same records with another answer.
    pub fn map<S>(self, answer: impl FnOnce(R) -> S) -> Decision<S> {
        Decision { records: self.records, reply: answer(self.reply) }
    }

    /// The answer without the records, for a request that only asks what would happen.
    #[must_use]
    pub fn validated(self, validate_only: bool) -> Self {
        Self {
            records: if validate_only {
                Vec::new()
            } else {
                self.records
            },
            ..self
        }
    }
}

impl Controller<'_> {
    /// What is set on a topic.
    fn topic_overrides(&self, topic: &str) -> Overrides {
        stored(self.image, ResourceKind::Topic, topic)
    }

    /// How many in-sync replicas a topic's partitions need, as far as their replication factor allows.
    fn min_isr_of(&self, topic: &crate::image::Topic) -> usize {
        let overrides = self.topic_overrides(&topic.name);
        let wanted = self
            .layers
            .topic_setting(&klamm_settings::topic::MIN_INSYNC_REPLICAS, &overrides);
        let replicas = topic
            .partitions
            .get(0)
            .map_or(1, |partition| partition.replicas().len());
        usize::try_from(wanted).unwrap_or(1).min(replicas)
    }

    /// Whether a topic prefers going on over keeping its records.
    fn allows_unclean_election(&self, topic: &str) -> bool {
        let key = &klamm_settings::topic::UNCLEAN_LEADER_ELECTION_ENABLE;
        self.layers.topic_setting(key, &self.topic_overrides(topic))
    }

    /// Checks replicas that a client named by hand.
    fn check_assignment(&self, replicas: &[i32], expected: Option<usize>) -> Result<(), Refusal> {
        let refuse =
            |message: String| Err(Refusal::new(RefusalKind::InvalidReplicaAssignment, message));
        if replicas.is_empty() {
            return refuse("The assignment names no broker for a partition.".to_owned());
        }
        let mut sorted = replicas.to_vec();
        sorted.sort_unstable();
        for (slot, id) in sorted.iter().enumerate() {
            if self.image.cluster().broker(NodeId(*id)).is_none() {
                return refuse(format!(
                    "The assignment names broker {id}, which is not registered."
                ));
            }
            if slot > 0 && sorted.get(slot - 1) == Some(id) {
                return refuse(format!(
                    "The assignment names broker {id} twice for one partition."
                ));
            }
        }
        match expected {
            Some(expected) if expected != replicas.len() => refuse(format!(
                "The assignment gives one partition {} replica(s) and others {expected}.",
                replicas.len()
            )),
            _ => Ok(()),
        }
    }

    /// The replicas that may be in sync from the start.
    fn active(&self, replicas: &[i32]) -> Vec<i32> {
        let cluster = self.image.cluster();
        replicas
            .iter()
            .copied()
            .filter(|id| cluster.is_active(*id))
            .collect()
    }
}

/// A random number below `end`; 0 when there is none.
fn below(random: Random<'_>, end: usize) -> usize {
    let end = end as u128;
    usize::try_from(random().checked_rem(end).unwrap_or(0)).unwrap_or(0)
}

/// Shuffles in place (Fisher and Yates).
fn shuffle<T>(items: &mut [T], random: Random<'_>) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(random, last + 1));
    }
}

/// Producer ids of one block.
pub type ProducerIds = Range<i64>;

#[cfg(test)]
mod tests;
