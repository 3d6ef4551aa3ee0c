//! AlterPartitionReassignments (key 45), versions 0–1 (KIP-455, KIP-860).

use super::refusals::Told;
use crate::node::Node;
use crate::quorum::QuorumHandle;
use crate::request::Call;
use klamm_codec::Str;
use klamm_metadata::decide::{Reassignment, alter_reassignments};
use klamm_wire::messages::alter_partition_reassignments::{
    AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse,
    ReassignablePartitionResponse, ReassignableTopic, ReassignableTopicResponse,
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
    request: AlterPartitionReassignmentsRequest,
    _call: &Call,
    needs: Needs<'_>,
) -> AlterPartitionReassignmentsResponse {
    // Version 0 has no such field: its default allows another number of replicas.
    let allow_replication_factor_change = request.allow_replication_factor_change;
    let wanted: Vec<_> = request.topics.iter().map(wanted).collect();
    let decided = needs.quorum.decide(move |context| {
        alter_reassignments(
            &context.controller,
            &wanted,
            allow_replication_factor_change,
        )
    });
    let answer = AlterPartitionReassignmentsResponse {
        allow_replication_factor_change,
        // The schema's default is an empty message, which some clients print as an error.
        error_message: None,
        ..AlterPartitionReassignmentsResponse::default()
    };
    match decided.await {
        Ok(results) => {
            let responses = results.into_iter().map(|(name, partitions)| {
                let partitions = partitions.into_iter();
                topic(
                    Str::from(name),
                    partitions.map(|(n, result)| (n, result.into())),
                )
            });
            AlterPartitionReassignmentsResponse { responses: responses.collect(), ..answer }
        }
        Err(error) => {
            let told = Told::from(error);
            let responses = request.topics.into_iter().map(|asked| {
                let partitions = asked
                    .partitions
                    .iter()
                    .map(|p| (p.partition_index, told.clone()));
                topic(asked.name.clone(), partitions)
            });
            AlterPartitionReassignmentsResponse {
                responses: responses.collect(),
                error_code: told.code,
                error_message: told.message.clone(),
                ..answer
            }
        }
    }
}

fn wanted(topic: &ReassignableTopic) -> (String, Vec<Reassignment>) {
    let partitions = topic.partitions.iter().map(|partition| Reassignment {
        partition: partition.partition_index,
        replicas: partition.replicas.clone(),
    });
    (topic.name.to_string(), partitions.collect())
}

fn topic(name: Str, partitions: impl Iterator<Item = (i32, Told)>) -> ReassignableTopicResponse {
    let partitions = partitions.map(|(partition_index, told)| ReassignablePartitionResponse {
        partition_index,
        error_code: told.code,
        error_message: told.message,
    });
    ReassignableTopicResponse { name, partitions: partitions.collect() }
}
