//! What Kafka's answers hold besides codes: which text is null, which is empty, what is named once or not at all.

use crate::consumer_groups::join;
use crate::node::{Node, Peer, create, run};
use klamm_codec::Str;
use klamm_model::Uuid;
use klamm_wire::ErrorCode;
use klamm_wire::messages::{
    alter_partition_reassignments, api_versions, consumer_group_describe, create_partitions,
    delete_groups, describe_groups, describe_producers, describe_quorum, find_coordinator,
    incremental_alter_configs as incremental, list_offsets, list_partition_reassignments,
    list_transactions, metadata, offset_commit, offset_delete, offset_fetch,
    offset_for_leader_epoch, update_features,
};

fn code(code: ErrorCode) -> i16 {
    code.code()
}

fn named(name: &str) -> metadata::MetadataRequestTopic {
    metadata::MetadataRequestTopic { name: Some(name.into()), ..Default::default() }
}

fn by_id(topic_id: Uuid) -> metadata::MetadataRequestTopic {
    metadata::MetadataRequestTopic { topic_id, name: None }
}

fn asks(topics: Vec<metadata::MetadataRequestTopic>) -> metadata::MetadataRequest {
    metadata::MetadataRequest {
        topics: Some(topics),
        allow_auto_topic_creation: false,
        ..Default::default()
    }
}

#[test]
fn versions_of_metadata_that_have_ids_without_serving_them_say_so() {
    run(async {
        let node = Node::start(&[]).await;
        let mut peer = node.connect().await;
        peer.ask(&create("t", &[]), 7).await;
        let id = peer.topic("t").await;
        for version in [10, 11] {
            let wanted = vec![by_id(id), by_id(Uuid::ZERO), named("t")];
            let answer = peer.ask(&asks(wanted), version).await;
            let told: Vec<_> = answer
                .topics
                .iter()
                .map(|topic| (topic.error_code, topic.name.as_deref()))
                .collect();
            let refused = code(ErrorCode::INVALID_REQUEST);
            let all = [
                (refused, Some("")),
                (refused, Some("")),
                (refused, Some("t")),
            ];
            assert_eq!(told, all, "version {version}");
            assert!(answer.brokers.is_empty() && answer.cluster_id.is_none());
        }
        let answer = peer.ask(&asks(vec![by_id(id), by_id(id)]), 12).await;
        assert_eq!(answer.topics.len(), 1, "named twice, answered once");
        assert_eq!(answer.topics[0].name.as_deref(), Some("t"));
        let both = metadata::MetadataRequestTopic { topic_id: Uuid(7), name: Some("t".into()) };
        let answer = peer.ask(&asks(vec![both]), 12).await;
        let topic = &answer.topics[0];
        assert_eq!(topic.error_code, code(ErrorCode::UNKNOWN_TOPIC_ID));
        assert_eq!(
            topic.name, None,
            "nobody knows the name of an id that is not there"
        );
        let twice = vec![named("t"), named("nope"), named("t"), named("nope")];
        assert_eq!(peer.ask(&asks(twice), 5).await.topics.len(), 2);
        node.stop().await;
    });
}

#[test]
fn what_went_well_has_no_message_where_kafka_has_none() {
    run(async {
        let node = Node::start(&[]).await;
        let mut peer = node.connect().await;
        let alter = alter_partition_reassignments::AlterPartitionReassignmentsRequest::default();
        for version in 0..=1 {
            assert_eq!(peer.ask(&alter, version).await.error_message, None);
        }
        let list = list_partition_reassignments::ListPartitionReassignmentsRequest::default();
        assert_eq!(peer.ask(&list, 0).await.error_message, None);
        let features = update_features::UpdateFeaturesRequest {
            feature_updates: vec![update_features::FeatureUpdateKey {
                feature: "group.version".into(),
                max_version_level: 1,
                upgrade_type: 1,
                ..Default::default()
            }],
            ..Default::default()
        };
        let answer = peer.ask(&features, 1).await;
        assert_eq!((answer.error_code, answer.error_message), (0, None));
        assert_eq!(answer.results[0].error_message.as_deref(), Some("NONE"));
        assert_eq!(peer.ask(&features, 2).await.error_message, None);
        let more = create_partitions::CreatePartitionsRequest {
            topics: vec![create_partitions::CreatePartitionsTopic {
                name: "nope".into(),
                count: 3,
                assignments: None,
            }],
            timeout_ms: 1000,
            validate_only: false,
        };
        let answer = peer.ask(&more, 3).await;
        let result = &answer.results[0];
        assert_eq!(
            result.error_code,
            code(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)
        );
        assert_eq!(result.error_message, None);
        node.stop().await;
    });
}

#[test]
fn errors_of_producers_and_of_the_quorum_come_with_words() {
    run(async {
        let node = Node::start(&[]).await;
        let mut peer = node.connect().await;
        let producers = describe_producers::DescribeProducersRequest {
            topics: ["nope", "a/b"]
                .iter()
                .map(|name| describe_producers::TopicRequest {
                    name: Str::from(*name),
                    partition_indexes: vec![0],
                })
                .collect(),
        };
        let answer = peer.ask(&producers, 0).await;
        let codes = [
            ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            ErrorCode::INVALID_TOPIC_EXCEPTION,
        ];
        for (topic, error) in answer.topics.iter().zip(codes) {
            assert_eq!(topic.partitions[0].error_code, code(error));
            assert!(topic.partitions[0].error_message.is_some(), "{error:?}");
        }
        let quorum = describe_quorum::DescribeQuorumRequest {
            topics: vec![describe_quorum::RequestTopicData {
                topic_name: "orders".into(),
                partitions: vec![describe_quorum::RequestPartitionData { partition_index: 0 }],
            }],
        };
        for version in 0..=2 {
            let answer = peer.ask(&quorum, version).await;
            let partition = &answer.topics[0].partitions[0];
            assert_eq!(
                partition.error_code,
                code(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)
            );
            let has_words = partition.error_message.as_deref() != Some("");
            assert_eq!(has_words, version >= 2, "version {version}");
        }
        node.stop().await;
    });
}

#[test]
fn a_coordinator_that_was_found_comes_with_the_words_of_kafka() {
    run(async {
        let node = Node::start(&["offsets.topic.num.partitions=1"]).await;
        let mut peer = node.connect().await;
        for version in 0..=6 {
            for (key_type, is_known) in [(0, true), (9, false)] {
                if version == 0 && !is_known {
                    continue;
                }
                let request = find_coordinator::FindCoordinatorRequest {
                    key: if version < 4 { "g".into() } else { Str::EMPTY },
                    key_type,
                    coordinator_keys: if version < 4 {
                        vec![]
                    } else {
                        vec!["g".into()]
                    },
                };
                let answer = peer.ask(&request, version).await;
                let (error, message) = match answer.coordinators.first() {
                    Some(found) => (found.error_code, found.error_message.as_deref()),
                    None => (answer.error_code, answer.error_message.as_deref()),
                };
                let refused = ErrorCode::INVALID_REQUEST;
                let expected = match (version, is_known) {
                    (0, _) => (0, Some("")),
                    (1..=3, true) => (0, Some("NONE")),
                    (_, true) => (0, Some("")),
                    (_, false) => (code(refused), Some(refused.meaning())),
                };
                assert_eq!((error, message), expected, "version {version}");
            }
        }
        node.stop().await;
    });
}

#[test]
fn states_that_there_are_none_of_are_named_once() {
    run(async {
        let node = Node::start(&["transaction.state.log.num.partitions=1"]).await;
        let mut peer = node.connect().await;
        let request = list_transactions::ListTransactionsRequest {
            state_filters: ["x", "Ongoing", "x"].map(Str::from_static).to_vec(),
            duration_filter: -1,
            ..Default::default()
        };
        let answer = peer.ask(&request, 2).await;
        assert_eq!(answer.unknown_state_filters, ["x"]);
        node.stop().await;
    });
}

/// A node that coordinates groups, with a topic `t`.
async fn coordinator() -> (Node, Peer) {
    let node = Node::start(&["offsets.topic.num.partitions=1"]).await;
    let mut peer = node.connect().await;
    let find = find_coordinator::FindCoordinatorRequest { key: "g".into(), ..Default::default() };
    assert_eq!(peer.ask(&find, 3).await.error_code, 0);
    peer.ask(&create("t", &[]), 7).await;
    (node, peer)
}

fn commit(group: &str) -> offset_commit::OffsetCommitRequest {
    offset_commit::OffsetCommitRequest {
        group_id: group.into(),
        generation_id_or_member_epoch: -1,
        topics: vec![offset_commit::OffsetCommitRequestTopic {
            name: "t".into(),
            partitions: vec![offset_commit::OffsetCommitRequestPartition {
                committed_offset: 5,
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    }
}

#[test]
fn a_group_without_a_name_that_has_offsets_is_described_and_deleted() {
    run(async {
        let (node, mut peer) = coordinator().await;
        let answer = peer.ask(&commit(""), 8).await;
        assert_eq!(answer.topics[0].partitions[0].error_code, 0);
        let describe = describe_groups::DescribeGroupsRequest {
            groups: vec![Str::EMPTY],
            ..Default::default()
        };
        let answer = peer.ask(&describe, 5).await;
        assert_eq!(
            (answer.groups[0].error_code, &*answer.groups[0].group_state),
            (0, "Empty")
        );
        let of_nobody = offset_delete::OffsetDeleteRequest::default();
        let refused = peer.ask(&of_nobody, 0).await.error_code;
        assert_eq!(refused, code(ErrorCode::INVALID_GROUP_ID));
        let delete = delete_groups::DeleteGroupsRequest { groups_names: vec![Str::EMPTY; 2] };
        let answer = peer.ask(&delete, 2).await;
        assert_eq!((answer.results.len(), answer.results[0].error_code), (1, 0));
        let gone = peer.ask(&delete, 2).await.results[0].error_code;
        assert_eq!(gone, code(ErrorCode::GROUP_ID_NOT_FOUND));
        node.stop().await;
    });
}

#[test]
fn nothing_may_be_done_with_a_group_that_is_not_there() {
    run(async {
        let (node, mut peer) = coordinator().await;
        peer.ask(&commit("simple"), 8).await;
        let classic = describe_groups::DescribeGroupsRequest {
            groups: vec!["simple".into(), "nope".into()],
            include_authorized_operations: true,
            ..Default::default()
        };
        let answer = peer.ask(&classic, 6).await;
        let allowed = answer
            .groups
            .iter()
            .map(|group| group.authorized_operations);
        assert_eq!(allowed.collect::<Vec<_>>(), [3400, i32::MIN]);
        let consumer = consumer_group_describe::ConsumerGroupDescribeRequest {
            group_ids: vec!["simple".into(), "nope".into()],
            include_authorized_operations: true,
            ..Default::default()
        };
        let answer = peer.ask(&consumer, 1).await;
        let allowed = answer
            .groups
            .iter()
            .map(|group| group.authorized_operations);
        assert_eq!(allowed.collect::<Vec<_>>(), [i32::MIN; 2]);
        node.stop().await;
    });
}

#[test]
fn a_fetch_of_offsets_that_is_refused_names_no_partition() {
    run(async {
        let (node, mut peer) = coordinator().await;
        let joined = peer.ask(&join("AAAAAAAAAAAAAAAAAAAAAA"), 1).await;
        assert_eq!(joined.error_code, 0, "{joined:?}");
        let request = offset_fetch::OffsetFetchRequest {
            groups: vec![offset_fetch::OffsetFetchRequestGroup {
                group_id: "g".into(),
                member_id: Some("stranger".into()),
                member_epoch: 3,
                topics: Some(vec![offset_fetch::OffsetFetchRequestTopics {
                    name: "t".into(),
                    partition_indexes: vec![0],
                    ..Default::default()
                }]),
            }],
            ..Default::default()
        };
        let answer = peer.ask(&request, 9).await;
        let group = &answer.groups[0];
        assert_eq!(group.error_code, code(ErrorCode::UNKNOWN_MEMBER_ID));
        assert!(group.topics.is_empty(), "{:?}", group.topics);
        node.stop().await;
    });
}

#[test]
fn features_are_told_as_far_as_the_version_can_tell_them() {
    run(async {
        let node = Node::start(&[]).await;
        let mut peer = node.connect().await;
        let request = api_versions::ApiVersionsRequest {
            client_software_name: "a".into(),
            client_software_version: "1".into(),
        };
        for (version, count) in [(3, 1), (4, 5)] {
            let answer = peer.ask(&request, version).await;
            let supported = &answer.supported_features;
            assert_eq!(supported.len(), count, "version {version}: {supported:?}");
            let mut finalized = answer.finalized_features.iter();
            let group = finalized.find(|feature| &*feature.name == "group.version");
            assert_eq!(group.map(|feature| feature.max_version_level), Some(1));
        }
        node.stop().await;
    });
}

#[test]
fn a_subscription_of_metrics_needs_a_name() {
    run(async {
        let node = Node::start(&[]).await;
        let mut peer = node.connect().await;
        let request = incremental::IncrementalAlterConfigsRequest {
            resources: vec![incremental::AlterConfigsResource {
                resource_type: 16,
                resource_name: Str::EMPTY,
                configs: vec![incremental::AlterableConfig {
                    name: "interval.ms".into(),
                    config_operation: 0,
                    value: Some("10000".into()),
                }],
            }],
            validate_only: false,
        };
        let answer = peer.ask(&request, 1).await;
        assert_eq!(
            answer.responses[0].error_code,
            code(ErrorCode::INVALID_REQUEST)
        );
        node.stop().await;
    });
}

#[test]
fn bytes_that_are_no_text_are_read_as_kafka_reads_them() {
    run(async {
        let node = Node::start(&["auto.create.topics.enable=false"]).await;
        let mut peer = node.connect().await;
        // Metadata, version 4: client id, one topic's name, no automatic creation.
        let mut frame = vec![0, 3, 0, 4, 0, 0, 0, 9, 0, 3, b'c', 0xfc, b'd'];
        frame.extend([0, 0, 0, 1, 0, 2, 0xff, b'a', 0]);
        let mut bytes = u32::try_from(frame.len()).unwrap().to_be_bytes().to_vec();
        bytes.extend(frame);
        peer.send_raw(&bytes).await;
        let answer = peer.receive::<metadata::MetadataRequest>(9, 4).await;
        let topic = &answer.topics[0];
        assert_eq!(topic.error_code, code(ErrorCode::INVALID_TOPIC_EXCEPTION));
        assert_eq!(topic.name.as_deref(), Some("\u{fffd}a"));
        node.stop().await;
    });
}

async fn offset_at(peer: &mut Peer, timestamp: i64) -> list_offsets::ListOffsetsPartitionResponse {
    let request = list_offsets::ListOffsetsRequest {
        replica_id: -1,
        topics: vec![list_offsets::ListOffsetsTopic {
            name: "t".into(),
            partitions: vec![list_offsets::ListOffsetsPartition {
                partition_index: 0,
                current_leader_epoch: -1,
                timestamp,
            }],
        }],
        ..Default::default()
    };
    peer.ask(&request, 8)
        .await
        .topics
        .swap_remove(0)
        .partitions
        .swap_remove(0)
}

#[test]
fn an_empty_partition_has_the_epoch_of_its_leader_at_both_ends() {
    run(async {
        let node = Node::start(&[]).await;
        let mut peer = node.connect().await;
        peer.ask(&create("t", &[]), 7).await;
        for timestamp in [-1, -2, -4] {
            let found = offset_at(&mut peer, timestamp).await;
            assert_eq!((found.offset, found.leader_epoch), (0, 0), "{timestamp}");
        }
        // A leader that has written nothing is an earlier one after a restart. Who holds its epoch lost nothing.
        let node = node.restart().await;
        let mut peer = node.connect().await;
        let leader = offset_at(&mut peer, -1).await.leader_epoch;
        assert!(leader >= 0);
        for epoch in 0..=leader {
            let request = offset_for_leader_epoch::OffsetForLeaderEpochRequest {
                replica_id: -1,
                topics: vec![offset_for_leader_epoch::OffsetForLeaderTopic {
                    topic: "t".into(),
                    partitions: vec![offset_for_leader_epoch::OffsetForLeaderPartition {
                        partition: 0,
                        current_leader_epoch: -1,
                        leader_epoch: epoch,
                    }],
                }],
            };
            let answer = peer.ask(&request, 4).await;
            let found = &answer.topics[0].partitions[0];
            assert_eq!((found.leader_epoch, found.end_offset), (epoch, 0));
        }
        node.stop().await;
    });
}
