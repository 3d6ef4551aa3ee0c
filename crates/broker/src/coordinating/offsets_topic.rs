//! `__consumer_offsets`: made when the first group is looked for, with Kafka's configuration.

use crate::quorum::QuorumHandle;
use klamm_metadata::decide::{Decision, NewTopic, RefusalKind, create_topics};
use klamm_settings::{Settings, broker};
use klamm_wire::ErrorCode;

/// How the topic is made.
#[derive(Debug, Clone)]
pub(crate) struct OffsetsTopic {
    partitions: i32,
    replicas: i16,
    segment_bytes: i32,
}

impl OffsetsTopic {
    /// The topic that keeps groups and their offsets.
    pub(crate) const NAME: &'static str = "__consumer_offsets";

    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            partitions: settings.get(&broker::OFFSETS_TOPIC_NUM_PARTITIONS),
            replicas: settings.get(&broker::OFFSETS_TOPIC_REPLICATION_FACTOR),
            segment_bytes: settings.get(&broker::OFFSETS_TOPIC_SEGMENT_BYTES),
        }
    }

    /// The topic as the controller is to make it.
    pub(crate) fn wanted(&self) -> NewTopic {
        let config = |name: &str, value: String| (name.to_owned(), Some(value));
        NewTopic {
            name: Self::NAME.to_owned(),
            num_partitions: self.partitions,
            replication_factor: self.replicas,
            configs: vec![
                config("cleanup.policy", "compact".to_owned()),
                config("compression.type", "producer".to_owned()),
                config("segment.bytes", self.segment_bytes.to_string()),
            ],
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
            Ok(Err(refusal)) => return unavailable(&refusal),
            Err(error) => return unavailable(&error),
        };
        for (_, result) in results {
            match result {
                Err(refusal) if refusal.kind != RefusalKind::TopicAlreadyExists => {
                    return unavailable(&refusal);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn unavailable(why: &dyn std::fmt::Debug) -> Result<(), ErrorCode> {
    tracing::warn!(?why, "creating __consumer_offsets");
    Err(ErrorCode::COORDINATOR_NOT_AVAILABLE)
}
