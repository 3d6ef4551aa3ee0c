//! ElectLeaders (key 43), versions 0–2: preferred elections, from version 1 on also unclean ones (KIP-460).

use super::refusals::Told;
use crate::node::Node;
use crate::quorum::QuorumHandle;
use crate::request::Call;
use klamm_codec::Str;
use klamm_metadata::decide::{ElectionKind, elect_leaders};
use klamm_wire::ErrorCode;
use klamm_wire::messages::elect_leaders::{
    ElectLeadersRequest, ElectLeadersResponse, PartitionResult, ReplicaElectionResult,
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

const FIRST_VERSION_WITH_ERROR: i16 = 1;

pub(crate) async fn handle(
    request: ElectLeadersRequest,
    call: &Call,
    needs: Needs<'_>,
) -> ElectLeadersResponse {
    let topics: Option<Vec<(String, Vec<i32>)>> = request.topic_partitions.map(|topics| {
        let topics = topics.into_iter();
        topics
            .map(|topic| (topic.topic.to_string(), topic.partitions))
            .collect()
    });
    // Version 0 has no type: its field's default is the preferred election.
    let kind = match request.election_type {
        0 => ElectionKind::Preferred,
        1 => ElectionKind::Unclean,
        other => {
            let message = format!("Unknown election type {other}");
            let told = Told::new(ErrorCode::INVALID_REQUEST, message);
            return refused(topics.unwrap_or_default(), &told, call.version);
        }
    };
    let wanted = topics.clone();
    let decided = needs
        .quorum
        .decide(move |context| elect_leaders(&context.controller, kind, wanted.as_deref()));
    match decided.await {
        Ok(results) => ElectLeadersResponse {
            replica_election_results: results
                .into_iter()
                .map(|(topic, partitions)| {
                    let partitions = partitions.into_iter();
                    election(
                        &topic,
                        partitions.map(|(n, result)| (n, result.into())).collect(),
                    )
                })
                .collect(),
            ..ElectLeadersResponse::default()
        },
        Err(error) => refused(topics.unwrap_or_default(), &error.into(), call.version),
    }
}

fn election(topic: &str, partitions: Vec<(i32, Told)>) -> ReplicaElectionResult {
    let partition_result = partitions
        .into_iter()
        .map(|(partition_id, told)| PartitionResult {
            partition_id,
            error_code: told.code,
            error_message: told.message,
        });
    ReplicaElectionResult {
        topic: Str::from(topic),
        partition_result: partition_result.collect(),
    }
}

fn refused(topics: Vec<(String, Vec<i32>)>, told: &Told, version: i16) -> ElectLeadersResponse {
    let results = topics.into_iter().map(|(topic, partitions)| {
        election(
            &topic,
            partitions.into_iter().map(|n| (n, told.clone())).collect(),
        )
    });
    ElectLeadersResponse {
        // Version 0 has no place for it.
        error_code: if version < FIRST_VERSION_WITH_ERROR {
            0
        } else {
            told.code
        },
        replica_election_results: results.collect(),
        ..ElectLeadersResponse::default()
    }
}
