//! CreatePartitions (key 37), versions 0–3.

use super::refusals::Told;
use crate::node::Node;
use crate::quorum::QuorumHandle;
use crate::request::Call;
use klamm_codec::Str;
use klamm_metadata::decide::{MorePartitions, create_partitions};
use klamm_wire::messages::create_partitions::{
    CreatePartitionsRequest, CreatePartitionsResponse, CreatePartitionsTopic,
    CreatePartitionsTopicResult,
};

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    quorum: &'a QuorumHandle,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self { quorum: &node.quorum }
    }
}

pub(crate) async fn handle(
    request: CreatePartitionsRequest,
    _call: &Call,
    needs: Needs<'_>,
) -> CreatePartitionsResponse {
    let wanted: Vec<MorePartitions> = request.topics.iter().map(more_partitions).collect();
    let validate_only = request.validate_only;
    let decided = needs.quorum.decide(move |context| {
        create_partitions(&context.controller, &wanted, validate_only, context.random)
    });
    let results = match decided.await {
        Ok(results) => {
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
    CreatePartitionsResponse { results, ..CreatePartitionsResponse::default() }
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
    CreatePartitionsTopicResult { name, error_code: told.code, error_message: told.message }
}
