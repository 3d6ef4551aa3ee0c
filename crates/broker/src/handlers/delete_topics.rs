//! DeleteTopics (key 20), versions 1–6: by name, from version 6 on also by id (KIP-516).

use super::refusals::Told;
use crate::node::Node;
use crate::quorum::{DecisionContext, QuorumHandle};
use crate::quotas::{MutationQuota, Quotas};
use crate::request::Call;
use klamm_codec::Str;
use klamm_metadata::MetadataRecord;
use klamm_metadata::decide::{
    Decision, DeletedTopic, Refusal, RefusalKind, TopicRef, delete_topics,
};
use klamm_model::Uuid;
use klamm_settings::broker;
use klamm_wire::ErrorCode;
use klamm_wire::messages::delete_topics::{
    DeletableTopicResult, DeleteTopicsRequest, DeleteTopicsResponse,
};
use std::collections::BTreeSet;
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

const FIRST_VERSION_WITH_DISABLED: i16 = 3;
const FIRST_VERSION_WITH_QUOTA_ERRORS: i16 = 5;
const FIRST_VERSION_BY_ID: i16 = 6;

pub(crate) async fn handle(
    request: DeleteTopicsRequest,
    call: &Call,
    needs: Needs<'_>,
) -> DeleteTopicsResponse {
    let topics = named(&request);
    let mut throttle_time_ms = 0;
    let responses = if needs.quorum.layers().get(&broker::DELETE_TOPIC_ENABLE) {
        let wanted = topics.clone();
        let is_strict = call.version >= FIRST_VERSION_WITH_QUOTA_ERRORS;
        let quota = needs.quotas.mutations(&call.client_id, is_strict);
        let decided = needs.quorum.decide(move |context| {
            let decided = delete_topics(&context.controller, &wanted);
            match quota {
                Some(quota) => within(quota, context, decided),
                None => decided.map(|deleted| (deleted, 0)),
            }
        });
        match decided.await {
            Ok((deleted, wait_ms)) => {
                throttle_time_ms = wait_ms;
                let deleted = deleted.into_iter();
                deleted.map(|topic| result(topic, call.version)).collect()
            }
            Err(error) => all(&topics, &error.into()),
        }
    } else if call.version < FIRST_VERSION_WITH_DISABLED {
        all(
            &topics,
            &Told::new(ErrorCode::INVALID_REQUEST, "Topics can't be deleted here."),
        )
    } else {
        all(&topics, &Told::bare(ErrorCode::TOPIC_DELETION_DISABLED))
    };
    DeleteTopicsResponse { responses, throttle_time_ms }
}

/// Takes back the deletions that the quota of the client does not allow: each costs the topic's partitions.
fn within(
    mut quota: MutationQuota,
    context: &DecisionContext<'_>,
    decided: Decision<Vec<DeletedTopic>>,
) -> Decision<(Vec<DeletedTopic>, i32)> {
    let Decision { mut records, reply: mut deleted } = decided;
    let topics = context.controller.image.topics();
    let mut kept = BTreeSet::new();
    for topic in deleted.iter_mut().filter(|topic| topic.result.is_ok()) {
        let doomed = topics.by_id(topic.id);
        let partitions = doomed.map_or(0, |doomed| doomed.partitions.iter().count());
        if quota.take(partitions).is_err() {
            let kind = RefusalKind::ThrottlingQuotaExceeded;
            topic.result = Err(Refusal::bare(kind));
            kept.insert(topic.id);
        }
    }
    records.retain(|record| match record {
        MetadataRecord::RemoveTopic(removal) => !kept.contains(&removal.topic_id),
        _ => true,
    });
    Decision { records, reply: (deleted, quota.throttle_time_ms()) }
}

fn named(request: &DeleteTopicsRequest) -> Vec<TopicRef> {
    let by_name = request.topic_names.iter();
    let by_name = by_name.map(|name| TopicRef { name: Some(name.to_string()), id: Uuid::ZERO });
    let states = request.topics.iter().map(|topic| TopicRef {
        name: topic.name.as_deref().map(str::to_owned),
        id: topic.topic_id,
    });
    by_name.chain(states).collect()
}

fn result(topic: DeletedTopic, version: i16) -> DeletableTopicResult {
    let told = Told::from(topic.result);
    DeletableTopicResult {
        name: topic.name.map(Str::from),
        // Older versions have no place for it.
        topic_id: if version < FIRST_VERSION_BY_ID {
            Uuid::ZERO
        } else {
            topic.id
        },
        error_code: told.code,
        error_message: told.message,
    }
}

fn all(topics: &[TopicRef], told: &Told) -> Vec<DeletableTopicResult> {
    let result = |topic: &TopicRef| DeletableTopicResult {
        name: topic.name.as_deref().map(Str::from),
        topic_id: topic.id,
        error_code: told.code,
        error_message: told.message.clone(),
    };
    topics.iter().map(result).collect()
}
