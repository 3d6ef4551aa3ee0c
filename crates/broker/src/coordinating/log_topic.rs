//! The topics that coordinators keep their state in: made when first needed, with Kafka's configuration.

use crate::quorum::QuorumHandle;
use klamm_metadata::decide::{Decision, NewTopic, RefusalKind, create_topics};
use klamm_settings::{Settings, broker};
use klamm_wire::ErrorCode;

/// How such a topic is made.
#[derive(Debug, Clone)]
pub(crate) struct LogTopic {
    name: &'static str,
    partitions: i32,
    replicas: i16,
    configs: Vec<(&'static str, String)>,
}

impl LogTopic {
    /// The topic that keeps groups and their offsets.
    pub(crate) const OFFSETS: &'static str = "__consumer_offsets";
    /// The topic that keeps transactions.
    pub(crate) const TRANSACTIONS: &'static str = "__transaction_state";

    /// All of them.
    pub(crate) fn all(settings: &Settings) -> Vec<Self> {
        vec![Self::offsets(settings), Self::transactions(settings)]
    }

    pub(super) fn offsets(settings: &Settings) -> Self {
        let segment_bytes = settings.get(&broker::OFFSETS_TOPIC_SEGMENT_BYTES);
        Self {
            name: Self::OFFSETS,
            partitions: settings.get(&broker::OFFSETS_TOPIC_NUM_PARTITIONS),
            replicas: settings.get(&broker::OFFSETS_TOPIC_REPLICATION_FACTOR),
            configs: vec![
                ("cleanup.policy", "compact".to_owned()),
                ("compression.type", "producer".to_owned()),
                ("segment.bytes", segment_bytes.to_string()),
            ],
        }
    }

    pub(super) fn transactions(settings: &Settings) -> Self {
        let min_isr = settings.get(&broker::TRANSACTION_STATE_LOG_MIN_ISR);
        let segment_bytes = settings.get(&broker::TRANSACTION_STATE_LOG_SEGMENT_BYTES);
        Self {
            name: Self::TRANSACTIONS,
            partitions: settings.get(&broker::TRANSACTION_STATE_LOG_NUM_PARTITIONS),
            replicas: settings.get(&broker::TRANSACTION_STATE_LOG_REPLICATION_FACTOR),
            configs: vec![
                ("unclean.leader.election.enable", "false".to_owned()),
                ("compression.type", "uncompressed".to_owned()),
                ("cleanup.policy", "compact".to_owned()),
                ("min.insync.replicas", min_isr.to_string()),
                ("segment.bytes", segment_bytes.to_string()),
            ],
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// The topic as the controller is to make it.
    pub(crate) fn wanted(&self) -> NewTopic {
        let configs = self.configs.iter();
        NewTopic {
            name: self.name.to_owned(),
            num_partitions: self.partitions,
            replication_factor: self.replicas,
            configs: configs
                .map(|(name, value)| ((*name).to_owned(), Some(value.clone())))
                .collect(),
            ..NewTopic::default()
        }
    }

    /// Makes the topic; it is no error if it is there.
    ///
    /// # Errors
    /// COORDINATOR_NOT_AVAILABLE: clients ask again.
    pub(super) async fn create(&self, quorum: &QuorumHandle) -> Result<(), ErrorCode> {
        let wanted = [self.wanted()];
        let decided = quorum.decide(move |context| {
            match create_topics(&context.controller, &wanted, false, context.random) {
                Ok(Decision { records, reply }) => Decision { records, reply: Ok(reply) },
                Err(refusal) => Decision::nothing(Err(refusal)),
            }
        });
        let results = match decided.await {
            Ok(Ok(results)) => results,
            Ok(Err(refusal)) => return self.unavailable(&refusal),
            Err(error) => return self.unavailable(&error),
        };
        for (_, result) in results {
            match result {
                Err(refusal) if refusal.kind != RefusalKind::TopicAlreadyExists => {
                    return self.unavailable(&refusal);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn unavailable(&self, why: &dyn std::fmt::Debug) -> Result<(), ErrorCode> {
        tracing::warn!(?why, topic = self.name, "creating a coordinator's topic");
        Err(ErrorCode::COORDINATOR_NOT_AVAILABLE)
    }
}
