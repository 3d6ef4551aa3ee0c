//! Admin requests: 82 to 85.

use super::{Case, PLAIN, Talk, code_of, end_of, talk};
use crate::node::{Node, create};
use klamm_wire::ErrorCode;
use klamm_wire::messages::alter_partition_reassignments as reassign;
use klamm_wire::messages::delete_records::{
    DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic,
};
use klamm_wire::messages::update_features::{FeatureUpdateKey, UpdateFeaturesRequest};

pub(super) fn cases() -> Vec<Case> {
    vec![
        talk(
            82,
            "records beyond the high watermark",
            records_beyond_the_mark,
        ),
        talk(83, "a million partitions", a_million_partitions),
        talk(
            84,
            "a replica on a broker that nobody knows",
            unknown_brokers,
        ),
        talk(85, "feature levels that nobody has", feature_levels),
    ]
}

fn records_beyond_the_mark(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        let end = end_of(&mut peer, PLAIN).await;
        for offset in [end + 1, i64::MAX, -2, i64::MIN] {
            let request = DeleteRecordsRequest {
                topics: vec![DeleteRecordsTopic {
                    name: PLAIN.into(),
                    partitions: vec![DeleteRecordsPartition { partition_index: 0, offset }],
                }],
                timeout_ms: 10_000,
            };
            let answer = peer.ask(&request, 2).await;
            let code = answer.topics[0].partitions[0].error_code;
            code_of(code, ErrorCode::OFFSET_OUT_OF_RANGE, offset);
        }
    })
}

fn a_million_partitions(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        for (partitions, expected) in [
            (1_000_000, ErrorCode::POLICY_VIOLATION),
            (i32::MAX, ErrorCode::POLICY_VIOLATION),
            (0, ErrorCode::INVALID_PARTITIONS),
            (-2, ErrorCode::INVALID_PARTITIONS),
        ] {
            let mut request = create("many", &[]);
            request.topics[0].num_partitions = partitions;
            let answer = peer.ask(&request, 7).await;
            code_of(answer.topics[0].error_code, expected, partitions);
        }
    })
}

fn unknown_brokers(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        for broker in [99, i32::MAX, -1] {
            let request = reassign::AlterPartitionReassignmentsRequest {
                topics: vec![reassign::ReassignableTopic {
                    name: PLAIN.into(),
                    partitions: vec![reassign::ReassignablePartition {
                        partition_index: 0,
                        replicas: Some(vec![broker]),
                    }],
                }],
                ..reassign::AlterPartitionReassignmentsRequest::default()
            };
            let answer = peer.ask(&request, 1).await;
            let code = answer.responses[0].partitions[0].error_code;
            code_of(code, ErrorCode::INVALID_REPLICA_ASSIGNMENT, broker);
        }
    })
}

fn feature_levels(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        for (feature, level) in [("metadata.version", i16::MAX), ("no.such.feature", 1)] {
            let request = UpdateFeaturesRequest {
                feature_updates: vec![FeatureUpdateKey {
                    feature: feature.into(),
                    max_version_level: level,
                    upgrade_type: 1,
                    ..FeatureUpdateKey::default()
                }],
                timeout_ms: 10_000,
                ..UpdateFeaturesRequest::default()
            };
            let answer = peer.ask(&request, 1).await;
            let of_one = answer.results.first().map(|result| result.error_code);
            let code = if answer.error_code == 0 {
                of_one.unwrap_or(0)
            } else {
                answer.error_code
            };
            code_of(code, ErrorCode::INVALID_UPDATE_VERSION, feature);
        }
    })
}
