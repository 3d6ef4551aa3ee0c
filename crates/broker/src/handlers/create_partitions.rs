//! CreatePartitions (key 37), versions 0–3.

use super::refusals::Told;
use crate::node::Node;
use crate::quorum::{DecisionContext, QuorumHandle};
use crate::quotas::{MutationQuota, Quotas};
use crate::request::Call;
use klamm_codec::Str;
use klamm_metadata::decide::{Decision, MorePartitions, Refusal, RefusalKind, create_partitions};
use klamm_wire::ErrorCode;
use klamm_wire::messages::create_partitions::{
    CreatePartitionsRequest, CreatePartitionsResponse, CreatePartitionsTopic,
    CreatePartitionsTopicResult,
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

const FIRST_VERSION_WITH_QUOTA_ERRORS: i16 = 3;

pub(crate) async fn handle(
    request: CreatePartitionsRequest,
    call: &Call,
    needs: Needs<'_>,
) -> CreatePartitionsResponse {
    let wanted: Vec<MorePartitions> = request.topics.iter().map(more_partitions).collect();
    let validate_only = request.validate_only;
    let is_strict = call.version >= FIRST_VERSION_WITH_QUOTA_ERRORS;
    let quota = needs.quotas.mutations(&call.client_id, is_strict);
    let decided = needs.quorum.decide(move |context| match quota {
        Some(quota) => create_within(quota, context, wanted, validate_only),
        None => create_partitions(&context.controller, &wanted, validate_only, context.random)
            .map(|results| (results, 0)),
    });
    let mut throttle_time_ms = 0;
    let results = match decided.await {
        Ok((results, wait_ms)) => {
            throttle_time_ms = wait_ms;
            let results = results.into_iter();
            results
                .map(|(name, done)| result(Str::from(name), done.into()))
                .collect()
        }
        Err(error) => {
            let told = Told::from(error);
            let topics = request.topics.into_iter();
            topics
                .map(|topic| result(topic.name, told.clone()))
                .collect()
        }
    };
    CreatePartitionsResponse { results, throttle_time_ms }
}

type Results = Vec<(String, Result<(), Refusal>)>;

/// Adds what the quota of the client allows: each topic that could grow costs its new partitions.
fn create_within(
    mut quota: MutationQuota,
    context: &mut DecisionContext<'_>,
    mut wanted: Vec<MorePartitions>,
    validate_only: bool,
) -> Decision<(Results, i32)> {
    let tried = create_partitions(&context.controller, &wanted, true, &mut *context.random).reply;
    let topics = context.controller.image.topics();
    let counts: BTreeMap<&str, i32> = wanted.iter().map(|t| (&*t.name, t.count)).collect();
    let mut refused = BTreeSet::new();
    for (name, result) in tried {
        let (Ok(()), Some(count)) = (result, counts.get(&*name)) else {
            continue;
        };
        let there = topics
            .named(&name)
            .map_or(0, |topic| topic.partitions.len());
        let added = usize::try_from(*count).unwrap_or(0).saturating_sub(there);
        if quota.take(added).is_err() {
            refused.insert(name);
        }
    }
    wanted.retain(|topic| !refused.contains(&topic.name));
    let decided = create_partitions(&context.controller, &wanted, validate_only, context.random);
    let exceeded = |name| {
        let kind = RefusalKind::ThrottlingQuotaExceeded;
        (name, Err(Refusal::bare(kind)))
    };
    decided.map(|mut results| {
        results.extend(refused.into_iter().map(exceeded));
        (results, quota.throttle_time_ms())
    })
}

fn more_partitions(topic: &CreatePartitionsTopic) -> MorePartitions {
    let assignments = topic.assignments.as_ref();
    MorePartitions {
        name: topic.name.to_string(),
        count: topic.count,
        assignments: assignments.map(|list| {
            list.iter()
                .map(|assignment| assignment.broker_ids.clone())
                .collect()
        }),
    }
}

fn result(name: Str, told: Told) -> CreatePartitionsTopicResult {
    // Kafka has no words for a topic that is not there.
    let is_unknown = told.code == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.code();
    CreatePartitionsTopicResult {
        name,
        error_code: told.code,
        error_message: told.message.filter(|_| !is_unknown),
    }
}
