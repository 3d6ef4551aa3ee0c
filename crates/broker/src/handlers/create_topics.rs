//! CreateTopics (key 19), versions 2–7. Names, counts, assignments and configurations are checked topic by topic; one
//! bad topic leaves the others alone.

use super::refusals::{Told, ask};
use crate::node::Node;
use crate::quorum::{DecisionContext, QuorumHandle};
use crate::quotas::{MutationQuota, Quotas};
use crate::request::Call;
use klamm_codec::Str;
use klamm_metadata::decide::{
    CreatedTopic, Decision, NewTopic, Refusal, RefusalKind, create_topics,
};
use klamm_settings::{Layers, Overrides};
use klamm_wire::messages::create_topics::{
    CreatableTopic, CreatableTopicConfigs, CreatableTopicResult, CreateTopicsRequest,
    CreateTopicsResponse,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    quorum: &'a QuorumHandle,
    quotas: &'a Arc<Quotas>,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self { quorum: &node.quorum, quotas: &node.quotas }
    }
}

const FIRST_VERSION_WITH_QUOTA_ERRORS: i16 = 6;

pub(crate) async fn handle(
    request: CreateTopicsRequest,
    call: &Call,
    needs: Needs<'_>,
) -> CreateTopicsResponse {
    let wanted: Vec<NewTopic> = request.topics.iter().map(new_topic).collect();
    let validate_only = request.validate_only;
    let is_strict = call.version >= FIRST_VERSION_WITH_QUOTA_ERRORS;
    let quota = needs.quotas.mutations(&call.client_id, is_strict);
    let decided = ask(needs.quorum, move |context| match quota {
        Some(quota) => create_within(quota, context, wanted, validate_only),
        None => {
            let decided =
                create_topics(&context.controller, &wanted, validate_only, context.random)?;
            Ok(decided.map(|results| (results, 0)))
        }
    });
    let mut throttle_time_ms = 0;
    let topics = match decided.await {
        Ok((results, wait_ms)) => {
            throttle_time_ms = wait_ms;
            let layers = needs.quorum.layers();
            let configs: BTreeMap<&str, &CreatableTopic> = request
                .topics
                .iter()
                .map(|topic| (&*topic.name, topic))
                .collect();
            let answer = results.into_iter().map(|(name, result)| match result {
                Ok(created) => success(&name, created, configs.get(&*name).copied(), &layers),
                Err(refusal) => failure(Str::from(name), refusal.into()),
            });
            answer.collect()
        }
        Err(told) => {
            let topics = request.topics.into_iter();
            topics
                .map(|topic| failure(topic.name, told.clone()))
                .collect()
        }
    };
    CreateTopicsResponse { topics, throttle_time_ms }
}

type Results = Vec<(String, Result<CreatedTopic, Refusal>)>;

/// Creates what the quota of the client allows: each topic that could be created costs its partitions.
fn create_within(
    mut quota: MutationQuota,
    context: &mut DecisionContext<'_>,
    mut wanted: Vec<NewTopic>,
    validate_only: bool,
) -> Result<Decision<(Results, i32)>, Refusal> {
    let tried = create_topics(&context.controller, &wanted, true, &mut *context.random)?.reply;
    let mut refused = BTreeSet::new();
    for (name, result) in &tried {
        let Ok(created) = result else {
            continue;
        };
        let partitions = usize::try_from(created.num_partitions).unwrap_or(0);
        if quota.take(partitions).is_err() {
            refused.insert(name.clone());
        }
    }
    wanted.retain(|topic| !refused.contains(&topic.name));
    let decided = create_topics(&context.controller, &wanted, validate_only, context.random)?;
    let exceeded = |name| {
        let kind = RefusalKind::ThrottlingQuotaExceeded;
        (name, Err(Refusal::bare(kind)))
    };
    Ok(decided.map(|mut results| {
        results.extend(refused.into_iter().map(exceeded));
        (results, quota.throttle_time_ms())
    }))
}

fn new_topic(topic: &CreatableTopic) -> NewTopic {
    let assignments = topic
        .assignments
        .iter()
        .map(|a| (a.partition_index, a.broker_ids.clone()));
    let configs = topic.configs.iter().map(|config| {
        (
            config.name.to_string(),
            config.value.as_deref().map(str::to_owned),
        )
    });
    NewTopic {
        name: topic.name.to_string(),
        num_partitions: topic.num_partitions,
        replication_factor: topic.replication_factor,
        assignments: assignments.collect(),
        configs: configs.collect(),
    }
}

fn failure(name: Str, told: Told) -> CreatableTopicResult {
    CreatableTopicResult {
        name,
        error_code: told.code,
        error_message: told.message,
        ..CreatableTopicResult::default()
    }
}

/// KIP-525: the new topic's size and whole configuration, so that a client need not ask again.
fn success(
    name: &str,
    created: CreatedTopic,
    asked: Option<&CreatableTopic>,
    layers: &Layers,
) -> CreatableTopicResult {
    let overrides: Overrides = asked
        .into_iter()
        .flat_map(|topic| &topic.configs)
        .filter_map(|config| Some((config.name.to_string(), config.value.as_ref()?.to_string())))
        .collect();
    let lines = layers
        .describe_topic(&overrides)
        .into_iter()
        .map(|line| CreatableTopicConfigs {
            name: Str::from(line.name),
            value: line.value.map(Str::from),
            read_only: line.read_only,
            config_source: line.source.code(),
            is_sensitive: line.sensitive,
        });
    CreatableTopicResult {
        name: Str::from(name),
        // The schema's default is an empty message, which some clients print as an error.
        error_message: None,
        topic_id: created.id,
        num_partitions: created.num_partitions,
        replication_factor: created.replication_factor,
        configs: Some(lines.collect()),
        ..CreatableTopicResult::default()
    }
}
