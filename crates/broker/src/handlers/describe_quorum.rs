//! DescribeQuorum (key 55), versions 0–2: leader, voters and observers of the metadata log, and how far each is.

use crate::node::Node;
use crate::quorum::{QuorumDescription, QuorumError, QuorumHandle};
use crate::request::Call;
use klamm_codec::Str;
use klamm_model::Uuid;
use klamm_raft::{ReplicaInfo, Voter};
use klamm_wire::ErrorCode;
use klamm_wire::messages::describe_quorum::{
    self as wire, DescribeQuorumRequest, DescribeQuorumResponse, ReplicaState,
    ResponsePartitionData, ResponseTopicData,
};

/// The one topic that this is about; it has one partition.
const TOPIC: &str = "__cluster_metadata";

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
    request: DescribeQuorumRequest,
    call: &Call,
    needs: Needs<'_>,
) -> DescribeQuorumResponse {
    if !asks_for_metadata(&request) {
        return refuse_all(&request, call.version);
    }
    let described = needs.quorum.describe().await;
    answer(described, call.version)
}

/// Exactly the metadata partition, nothing else.
fn asks_for_metadata(request: &DescribeQuorumRequest) -> bool {
    match request.topics.as_slice() {
        [topic] if &*topic.topic_name == TOPIC => {
            matches!(topic.partitions.as_slice(), [partition] if partition.partition_index == 0)
        }
        _ => false,
    }
}

fn refuse_all(request: &DescribeQuorumRequest, version: i16) -> DescribeQuorumResponse {
    let error = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
    let refused = |partition_index| ResponsePartitionData {
        partition_index,
        error_code: error.into(),
        error_message: message(error, version),
        ..ResponsePartitionData::default()
    };
    let topics = request.topics.iter().map(|topic| ResponseTopicData {
        topic_name: topic.topic_name.clone(),
        partitions: topic
            .partitions
            .iter()
            .map(|p| refused(p.partition_index))
            .collect(),
    });
    DescribeQuorumResponse {
        topics: topics.collect(),
        ..DescribeQuorumResponse::default()
    }
}

/// Words for an error; before version 2 there is no place for them.
fn message(error: ErrorCode, version: i16) -> Option<Str> {
    Some(if version >= 2 {
        Str::from_static(error.meaning())
    } else {
        Str::EMPTY
    })
}

fn answer(
    described: Result<QuorumDescription, QuorumError>,
    version: i16,
) -> DescribeQuorumResponse {
    // Version 2 added directories and endpoints (KIP-853); an older one can't carry them.
    let dynamic = version >= 2;
    let mut nodes = Vec::new();
    let partition = match described {
        Ok(found) => {
            if dynamic {
                nodes = found.nodes.iter().map(node).collect();
            }
            let states = |replicas: &[ReplicaInfo]| {
                replicas
                    .iter()
                    .map(|replica| state(replica, version))
                    .collect()
            };
            ResponsePartitionData {
                leader_id: found.leader.0,
                leader_epoch: found.epoch.0,
                high_watermark: found.high_watermark.0,
                current_voters: states(&found.voters),
                observers: states(&found.observers),
                ..ResponsePartitionData::default()
            }
        }
        Err(QuorumError::NotController) => ResponsePartitionData {
            error_code: ErrorCode::NOT_LEADER_OR_FOLLOWER.into(),
            error_message: message(ErrorCode::NOT_LEADER_OR_FOLLOWER, version),
            ..ResponsePartitionData::default()
        },
        Err(
            QuorumError::Busy
            | QuorumError::NoRoom
            | QuorumError::Unwritable(_)
            | QuorumError::Stopped,
        ) => ResponsePartitionData {
            error_code: ErrorCode::BROKER_NOT_AVAILABLE.into(),
            error_message: message(ErrorCode::BROKER_NOT_AVAILABLE, version),
            ..ResponsePartitionData::default()
        },
    };
    let topic = ResponseTopicData { topic_name: Str::from(TOPIC), partitions: vec![partition] };
    DescribeQuorumResponse {
        topics: vec![topic],
        nodes,
        ..DescribeQuorumResponse::default()
    }
}

fn state(replica: &ReplicaInfo, version: i16) -> ReplicaState {
    // Version 1 added the times (KIP-836).
    let since = |added, value, absent| if version >= added { value } else { absent };
    ReplicaState {
        replica_id: replica.key.id.0,
        replica_directory_id: if version >= 2 {
            replica.key.directory
        } else {
            Uuid::ZERO
        },
        log_end_offset: replica.end_offset.0,
        last_fetch_timestamp: since(1, replica.fetched_ms, -1),
        last_caught_up_timestamp: since(1, replica.caught_up_ms, -1),
    }
}

fn node(voter: &Voter) -> wire::Node {
    let listeners = voter.endpoints.iter().map(|endpoint| wire::Listener {
        name: Str::from(endpoint.name.as_str()),
        host: Str::from(endpoint.host.as_str()),
        port: endpoint.port,
    });
    wire::Node { node_id: voter.key.id.0, listeners: listeners.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use klamm_codec::{Enc, Message};
    use klamm_model::{LeaderEpoch, NodeId, Offset};
    use klamm_raft::ReplicaKey;
    use wire::{RequestPartitionData, RequestTopicData};

    fn asks(topic: &str, partitions: &[i32]) -> DescribeQuorumRequest {
        let partitions = partitions
            .iter()
            .map(|index| RequestPartitionData { partition_index: *index });
        let topic = RequestTopicData {
            topic_name: Str::from(topic),
            partitions: partitions.collect(),
        };
        DescribeQuorumRequest { topics: vec![topic] }
    }

    #[test]
    fn only_the_metadata_partition_is_described() {
        assert!(asks_for_metadata(&asks(TOPIC, &[0])));
        for other in [
            asks(TOPIC, &[1]),
            asks(TOPIC, &[0, 0]),
            asks("orders", &[0]),
            asks(TOPIC, &[]),
        ] {
            assert!(!asks_for_metadata(&other));
            let refused = refuse_all(&other, 2);
            let codes = refused
                .topics
                .iter()
                .flat_map(|t| &t.partitions)
                .map(|p| p.error_code);
            assert!(
                codes
                    .into_iter()
                    .all(|code| code == i16::from(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION))
            );
        }
    }

    #[test]
    fn every_version_can_carry_the_answer() {
        let key = ReplicaKey { id: NodeId(1), directory: Uuid(9) };
        let replica = ReplicaInfo {
            key,
            end_offset: Offset(5),
            fetched_ms: 1000,
            caught_up_ms: 900,
        };
        let endpoints =
            vec![klamm_raft::Endpoint { name: "CONTROLLER".into(), host: "h".into(), port: 9093 }];
        let described = QuorumDescription {
            leader: NodeId(1),
            epoch: LeaderEpoch(3),
            high_watermark: Offset(5),
            voters: vec![replica],
            observers: vec![replica],
            nodes: vec![Voter { key, endpoints, kraft_version_min: 0, kraft_version_max: 1 }],
        };
        for version in 0..=2 {
            let response = answer(Ok(described.clone()), version);
            response.encode(&mut Enc::new(), version).unwrap();
            assert_eq!(response.nodes.len(), usize::from(version >= 2));
        }
    }
}
