//! ListPartitionReassignments (key 46), version 0 (KIP-455).

use super::refusals::Told;
use crate::node::Node;
use crate::quorum::QuorumHandle;
use crate::request::Call;
use klamm_codec::Str;
use klamm_metadata::decide::{Decision, OngoingReassignment, list_reassignments};
use klamm_wire::messages::list_partition_reassignments::{
    ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse,
    OngoingPartitionReassignment, OngoingTopicReassignment,
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
    request: ListPartitionReassignmentsRequest,
    _call: &Call,
    needs: Needs<'_>,
) -> ListPartitionReassignmentsResponse {
    let topics: Option<Vec<(String, Vec<i32>)>> = request.topics.map(|topics| {
        let topics = topics.into_iter();
        topics
            .map(|topic| (topic.name.to_string(), topic.partition_indexes))
            .collect()
    });
    // Asked of the controller, whose state is never behind what it answered before.
    let decided = needs.quorum.decide(move |context| {
        Decision::nothing(list_reassignments(&context.controller, topics.as_deref()))
    });
    match decided.await {
        Ok(ongoing) => ListPartitionReassignmentsResponse {
            topics: ongoing.into_iter().map(topic).collect(),
            error_message: None,
            ..ListPartitionReassignmentsResponse::default()
        },
        Err(error) => {
            let told = Told::from(error);
            ListPartitionReassignmentsResponse {
                error_code: told.code,
                error_message: told.message,
                ..ListPartitionReassignmentsResponse::default()
            }
        }
    }
}

fn topic((name, partitions): (String, Vec<OngoingReassignment>)) -> OngoingTopicReassignment {
    let partitions = partitions
        .into_iter()
        .map(|ongoing| OngoingPartitionReassignment {
            partition_index: ongoing.partition,
            replicas: ongoing.replicas,
            adding_replicas: ongoing.adding,
            removing_replicas: ongoing.removing,
        });
    OngoingTopicReassignment { name: Str::from(name), partitions: partitions.collect() }
}
