//! Creates topics that clients ask for by name, if `auto.create.topics.enable` allows it.

use crate::coordinating::LogTopic;
use crate::quorum::QuorumHandle;
use klamm_metadata::decide::{Decision, NewTopic, RefusalKind, create_topics};
use klamm_model::TopicName;
use klamm_wire::ErrorCode;
use std::collections::{BTreeMap, BTreeSet};

/// Whether missing topics are created.
#[derive(Debug)]
pub(crate) struct AutoCreate {
    enabled: bool,
    logs: Vec<LogTopic>,
}

impl AutoCreate {
    pub(crate) fn new(enabled: bool, logs: Vec<LogTopic>) -> Self {
        Self { enabled, logs }
    }

    /// Creates topics with the cluster's defaults. Returns those that could not be created.
    pub(crate) async fn create(
        &self,
        names: BTreeSet<TopicName>,
        quorum: &QuorumHandle,
    ) -> BTreeMap<TopicName, ErrorCode> {
        if !self.enabled {
            return BTreeMap::new();
        }
        let wanted: Vec<_> = names.iter().map(|name| self.wanted(name)).collect();
        let decided = quorum.decide(move |context| {
            match create_topics(&context.controller, &wanted, false, context.random) {
                Ok(Decision { records, reply }) => Decision { records, reply: Ok(reply) },
                Err(refusal) => Decision::nothing(Err(refusal)),
            }
        });
        let all = |code: ErrorCode| names.iter().map(|name| (name.clone(), code)).collect();
        match decided.await {
            Ok(Ok(results)) => {
                let failed = results
                    .into_iter()
                    .filter_map(|(name, result)| match result {
                        Ok(_) => None,
                        // Another request was faster: the topic is there.
                        Err(refusal) if refusal.kind == RefusalKind::TopicAlreadyExists => None,
                        Err(refusal) => Some((TopicName::new(&name).ok()?, code_of(refusal.kind))),
                    });
                failed.collect()
            }
            Ok(Err(refusal)) => all(code_of(refusal.kind)),
            Err(error) => {
                tracing::warn!(%error, "creating topics");
                all(ErrorCode::LEADER_NOT_AVAILABLE)
            }
        }
    }

    fn wanted(&self, name: &TopicName) -> NewTopic {
        if let Some(log) = self.logs.iter().find(|log| **name == *log.name()) {
            return log.wanted();
        }
        NewTopic {
            name: name.to_string(),
            num_partitions: -1,
            replication_factor: -1,
            ..NewTopic::default()
        }
    }
}

/// What a client that only asked for metadata is told: Kafka keeps to errors that mean "ask again".
fn code_of(kind: RefusalKind) -> ErrorCode {
    match kind {
        RefusalKind::InvalidTopic => ErrorCode::INVALID_TOPIC_EXCEPTION,
        RefusalKind::InvalidReplicationFactor => ErrorCode::INVALID_REPLICATION_FACTOR,
        _ => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
    }
}
