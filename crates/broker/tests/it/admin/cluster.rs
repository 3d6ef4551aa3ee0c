//! The cluster, its features, its one node, and requests that mean harm.

use super::*;

#[test]
fn features_move_all_together_or_not_at_all() {
    run(async {
        let node = start(&[]).await;
        let mut peer = node.connect().await;
        let update = |levels: &[(&str, i16, i8)]| update_features::UpdateFeaturesRequest {
            feature_updates: levels
                .iter()
                .map(|(name, level, kind)| update_features::FeatureUpdateKey {
                    feature: (*name).into(),
                    max_version_level: *level,
                    upgrade_type: *kind,
                    ..update_features::FeatureUpdateKey::default()
                })
                .collect(),
            ..update_features::UpdateFeaturesRequest::default()
        };
        let down = ("group.version", 0, 2);
        for version in [1, 2] {
            let refused = peer.ask(&update(&[down, ("no.such", 1, 1)]), version).await;
            assert_eq!(refused.error_code, code(ErrorCode::INVALID_UPDATE_VERSION));
            assert!(refused.results.is_empty());
        }
        // Had the first half been done, going up would be refused no more than going down.
        let answer = peer.ask(&update(&[("group.version", 0, 1)]), 2).await;
        assert_eq!(answer.error_code, code(ErrorCode::INVALID_UPDATE_VERSION));
        let answer = peer.ask(&update(&[down]), 1).await;
        assert_eq!((answer.error_code, answer.results.len()), (0, 1));
        let answer = peer.ask(&update(&[("group.version", 0, 1)]), 2).await;
        assert_eq!((answer.error_code, answer.results.len()), (0, 0));
        node.stop().await;
    });
}

#[test]
fn one_node_has_true_answers_on_elections_and_moves() {
    run(async {
        use ErrorCode as E;
        let node = start(&[]).await;
        let mut peer = node.connect().await;
        create_one(&mut peer, "a", &[]).await;
        for version in 0..=2 {
            let request = elect_leaders::ElectLeadersRequest {
                topic_partitions: Some(vec![elect_leaders::TopicPartitions {
                    topic: "a".into(),
                    partitions: vec![0, 9],
                }]),
                ..elect_leaders::ElectLeadersRequest::default()
            };
            let answer = peer.ask(&request, version).await;
            let results = &answer.replica_election_results[0].partition_result;
            let codes: Vec<i16> = results.iter().map(|r| r.error_code).collect();
            let expected = [E::ELECTION_NOT_NEEDED, E::UNKNOWN_TOPIC_OR_PARTITION];
            assert_eq!((answer.error_code, codes), (0, expected.map(code).to_vec()));
        }
        let unknown = elect_leaders::ElectLeadersRequest {
            election_type: 7,
            ..elect_leaders::ElectLeadersRequest::default()
        };
        let answer = peer.ask(&unknown, 2).await;
        assert_eq!(answer.error_code, code(E::INVALID_REQUEST));

        let to = |replicas: Option<&[i32]>| reassign::AlterPartitionReassignmentsRequest {
            topics: vec![reassign::ReassignableTopic {
                name: "a".into(),
                partitions: vec![reassign::ReassignablePartition {
                    partition_index: 0,
                    replicas: replicas.map(<[i32]>::to_vec),
                }],
            }],
            ..reassign::AlterPartitionReassignmentsRequest::default()
        };
        for (replicas, expected) in [
            (Some(&[1][..]), E::NONE),
            (Some(&[2][..]), E::INVALID_REPLICA_ASSIGNMENT),
            (Some(&[][..]), E::INVALID_REPLICA_ASSIGNMENT),
            (None, E::NO_REASSIGNMENT_IN_PROGRESS),
        ] {
            for version in 0..=1 {
                let answer = peer.ask(&to(replicas), version).await;
                let got = answer.responses[0].partitions[0].error_code;
                assert_eq!(
                    (answer.error_code, got),
                    (0, code(expected)),
                    "{replicas:?}"
                );
            }
        }
        let none = list_partition_reassignments::ListPartitionReassignmentsRequest::default();
        let answer = peer.ask(&none, 0).await;
        assert!(answer.error_code == 0 && answer.topics.is_empty());
        node.stop().await;
    });
}

#[test]
fn the_cluster_is_this_node_and_it_does_not_forget_itself() {
    run(async {
        use ErrorCode as E;
        let node = start(&[]).await;
        let mut peer = node.connect().await;
        for version in 0..=2 {
            let request = describe_cluster::DescribeClusterRequest::default();
            let answer = peer.ask(&request, version).await;
            let brokers: Vec<_> = answer
                .brokers
                .iter()
                .map(|b| (b.broker_id, b.port))
                .collect();
            assert_eq!(brokers, [(1, i32::from(node.address().port()))]);
            assert_eq!(answer.controller_id, 1);
            assert_eq!(&*answer.cluster_id, node.broker().cluster_id());
            assert_eq!(answer.cluster_authorized_operations, i32::MIN);
        }
        for (endpoint_type, expected) in [
            (2, E::MISMATCHED_ENDPOINT_TYPE),
            (9, E::UNSUPPORTED_ENDPOINT_TYPE),
        ] {
            let request = describe_cluster::DescribeClusterRequest {
                endpoint_type,
                ..describe_cluster::DescribeClusterRequest::default()
            };
            assert_eq!(peer.ask(&request, 2).await.error_code, code(expected));
        }
        for (broker_id, expected) in [(9, E::BROKER_ID_NOT_REGISTERED), (1, E::INVALID_REQUEST)] {
            let request = unregister_broker::UnregisterBrokerRequest { broker_id };
            assert_eq!(peer.ask(&request, 0).await.error_code, code(expected));
        }
        assert_eq!(create_one(&mut peer, "still.serving", &[]).await, 0);
        node.stop().await;
    });
}

#[test]
fn log_directories_and_producers_are_described() {
    run(async {
        let node = start(&[]).await;
        let mut peer = node.connect().await;
        create_one(&mut peer, "a", &[]).await;
        create_one(&mut peer, "b", &[]).await;
        assert_eq!(
            peer.produce("a", batch(&[b"x"], Compression::None), -1)
                .await
                .error_code,
            0
        );
        let every = describe_log_dirs::DescribeLogDirsRequest { topics: None };
        let one = describe_log_dirs::DescribeLogDirsRequest {
            topics: Some(vec![describe_log_dirs::DescribableLogDirTopic {
                topic: "a".into(),
                partitions: vec![0, 9],
            }]),
        };
        for version in 1..=5 {
            let answer = peer.ask(&every, version).await;
            let dir = &answer.results[0];
            assert_eq!((dir.error_code, dir.topics.len()), (0, 2));
            assert_eq!(&*dir.log_dir, node.folder().join("data").to_str().unwrap());
            assert_eq!(dir.total_bytes > 0 && dir.usable_bytes > 0, version >= 4);
            let answer = peer.ask(&one, version).await;
            let topics = &answer.results[0].topics;
            assert_eq!(
                (topics.len(), &*topics[0].name, topics[0].partitions.len()),
                (1, "a", 1)
            );
            assert!(topics[0].partitions[0].partition_size > 0);
        }
        let request = describe_producers::DescribeProducersRequest {
            topics: [("a", 0), ("nope", 0), ("a/b", 0)]
                .map(|(name, partition)| describe_producers::TopicRequest {
                    name: name.into(),
                    partition_indexes: vec![partition],
                })
                .into(),
        };
        let answer = peer.ask(&request, 0).await;
        let codes: Vec<i16> = answer
            .topics
            .iter()
            .map(|t| t.partitions[0].error_code)
            .collect();
        let expected = [
            ErrorCode::NONE,
            ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            ErrorCode::INVALID_TOPIC_EXCEPTION,
        ];
        assert_eq!(codes, expected.map(code));
        assert!(answer.topics[0].partitions[0].active_producers.is_empty());
        node.stop().await;
    });
}

/// Numbers are those of the list of bad inputs that the project keeps to.
#[test]
fn hostile_requests_have_their_outcome_and_others_are_served() {
    run(async {
        use ErrorCode as E;
        let node = start(&[]).await;
        let mut peer = node.connect().await;
        create_one(&mut peer, "a.b", &[]).await;
        // 32 names
        let long = "x".repeat(250);
        for name in ["", ".", "..", "a/../b", "a\0b", "a_b", &long] {
            let got = create_one(&mut peer, name, &[]).await;
            assert_eq!(got, code(E::INVALID_TOPIC_EXCEPTION), "32 {name:?}");
        }
        // 83 a million partitions, and 31 a hundred thousand topics
        let mut request = create("m", &[]);
        request.topics[0].num_partitions = 1_000_000;
        let answer = peer.ask(&request, 7).await;
        assert_eq!(answer.topics[0].error_code, code(E::POLICY_VIOLATION), "83");
        let one = create("t", &[]).topics.remove(0);
        let named =
            |n| create_topics::CreatableTopic { name: Str::from(format!("t{n}")), ..one.clone() };
        request.topics = (0..100_000).map(named).collect();
        let answer = peer.ask(&request, 7).await;
        let refused = |topic: &create_topics::CreatableTopicResult| {
            topic.error_code == code(E::POLICY_VIOLATION)
        };
        assert!(
            answer.topics.len() == 100_000 && answer.topics.iter().all(refused),
            "31"
        );
        // 33 partitions that no topic has, 84 brokers that no cluster has
        for partition in [-1, i32::MAX] {
            let elect = elect_leaders::ElectLeadersRequest {
                topic_partitions: Some(vec![elect_leaders::TopicPartitions {
                    topic: "a.b".into(),
                    partitions: vec![partition],
                }]),
                ..elect_leaders::ElectLeadersRequest::default()
            };
            let answer = peer.ask(&elect, 2).await;
            let got = answer.replica_election_results[0].partition_result[0].error_code;
            assert_eq!(got, code(E::UNKNOWN_TOPIC_OR_PARTITION), "33 {partition}");
            let hand = create_topics::CreatableReplicaAssignment {
                partition_index: partition,
                broker_ids: vec![1],
            };
            let mut request = create("hand", &[]);
            let topic = &mut request.topics[0];
            (topic.num_partitions, topic.replication_factor) = (-1, -1);
            topic.assignments = vec![hand];
            let answer = peer.ask(&request, 7).await;
            assert_eq!(
                answer.topics[0].error_code,
                code(E::INVALID_REPLICA_ASSIGNMENT),
                "33"
            );
            topic_moves_to(&mut peer, i32::MAX, E::INVALID_REPLICA_ASSIGNMENT).await;
        }
        // 81 a value that names a file is a value, and loads nothing
        let file = (0, Some("file:///etc/passwd"));
        assert_eq!(
            alter(&mut peer, TOPIC, "a.b", "retention.ms", file).await,
            code(E::INVALID_CONFIG)
        );
        assert_eq!(create_one(&mut peer, "still.serving", &[]).await, 0);
        node.stop().await;
    });
}

async fn topic_moves_to(peer: &mut Peer, broker: i32, expected: ErrorCode) {
    let request = reassign::AlterPartitionReassignmentsRequest {
        topics: vec![reassign::ReassignableTopic {
            name: "a.b".into(),
            partitions: vec![reassign::ReassignablePartition {
                partition_index: 0,
                replicas: Some(vec![broker]),
            }],
        }],
        ..reassign::AlterPartitionReassignmentsRequest::default()
    };
    let answer = peer.ask(&request, 1).await;
    assert_eq!(
        answer.responses[0].partitions[0].error_code,
        code(expected),
        "84"
    );
}

#[test]
fn a_lower_connection_limit_holds_at_once() {
    run(async {
        let node = start(&[]).await;
        let mut first = node.connect().await;
        let limit = "max.connections.per.ip";
        assert_eq!(
            alter(&mut first, BROKER, "", limit, (0, Some("1"))).await,
            0
        );
        let mut second = node.connect().await;
        assert_eq!(second.receive_frame().await, None);
        assert_eq!(alter(&mut first, BROKER, "", limit, (1, None)).await, 0);
        node.connect().await.topic("a").await;
        node.stop().await;
    });
}
