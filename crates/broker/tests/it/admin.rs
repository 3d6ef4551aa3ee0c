//! Administration: every API of topics, configurations and the cluster, as clients see it.

use crate::node::{Node, Peer, batch, create, run};
use klamm_codec::Str;
use klamm_model::Uuid;
use klamm_records::Compression;
use klamm_wire::ErrorCode;
use klamm_wire::messages::{
    alter_configs, alter_partition_reassignments as reassign, create_partitions, create_topics,
    delete_topics, describe_cluster, describe_configs, describe_log_dirs, describe_producers,
    describe_topic_partitions as paged, elect_leaders, incremental_alter_configs as incremental,
    list_config_resources, list_partition_reassignments, unregister_broker, update_features,
};

const TOPIC: i8 = 2;
const BROKER: i8 = 4;

/// A node with id 1, so that it is not the default by chance.
async fn start(overrides: &[&str]) -> Node {
    let all: Vec<&str> = ["node.id=1"].iter().chain(overrides).copied().collect();
    Node::start(&all).await
}

fn code(code: ErrorCode) -> i16 {
    code.code()
}

async fn create_one(peer: &mut Peer, name: &str, configs: &[(&str, &str)]) -> i16 {
    let answer = peer.ask(&create(name, configs), 7).await;
    answer.topics[0].error_code
}

fn described(kind: i8, name: &str) -> describe_configs::DescribeConfigsRequest {
    describe_configs::DescribeConfigsRequest {
        resources: vec![describe_configs::DescribeConfigsResource {
            resource_type: kind,
            resource_name: name.into(),
            configuration_keys: None,
        }],
        include_synonyms: true,
        include_documentation: true,
    }
}

/// A setting's value, source and synonyms.
async fn value(peer: &mut Peer, kind: i8, name: &str, key: &str) -> (String, i8, usize) {
    let answer = peer.ask(&described(kind, name), 4).await;
    let result = &answer.results[0];
    assert_eq!(result.error_code, 0, "{:?}", result.error_message);
    let line = result
        .configs
        .iter()
        .find(|line| &*line.name == key)
        .unwrap();
    assert!(line.documentation.is_some() && line.config_type > 0);
    (
        line.value.clone().unwrap().to_string(),
        line.config_source,
        line.synonyms.len(),
    )
}

fn change(
    kind: i8,
    name: &str,
    key: &str,
    (operation, value): (i8, Option<&str>),
) -> incremental::IncrementalAlterConfigsRequest {
    incremental::IncrementalAlterConfigsRequest {
        resources: vec![incremental::AlterConfigsResource {
            resource_type: kind,
            resource_name: name.into(),
            configs: vec![incremental::AlterableConfig {
                name: key.into(),
                config_operation: operation,
                value: value.map(Str::from),
            }],
        }],
        validate_only: false,
    }
}

async fn alter(
    peer: &mut Peer,
    kind: i8,
    name: &str,
    key: &str,
    operation: (i8, Option<&str>),
) -> i16 {
    let answer = peer.ask(&change(kind, name, key, operation), 1).await;
    answer.responses[0].error_code
}

/// Sets one setting of a topic.
pub(crate) async fn alter_topic(peer: &mut Peer, topic: &str, key: &str, value: &str) {
    assert_eq!(alter(peer, TOPIC, topic, key, (0, Some(value))).await, 0);
}

/// Sets one setting of all brokers.
pub(crate) async fn alter_broker(peer: &mut Peer, key: &str, value: &str) {
    assert_eq!(alter(peer, BROKER, "", key, (0, Some(value))).await, 0);
}

#[test]
fn topics_are_created_in_every_version_and_described_with_what_they_got() {
    run(async {
        let node = start(&["num.partitions=3"]).await;
        let mut peer = node.connect().await;
        for version in 2..=7 {
            let name = format!("v{version}");
            let mut request = create(&name, &[("retention.ms", "5000")]);
            request.topics[0].num_partitions = -1;
            let answer = peer.ask(&request, version).await;
            let topic = &answer.topics[0];
            assert_eq!((topic.error_code, &*topic.name), (0, &*name));
            if version >= 5 {
                assert_eq!((topic.num_partitions, topic.replication_factor), (3, 1));
                let configs = topic.configs.as_ref().unwrap();
                let line = configs.iter().find(|c| &*c.name == "retention.ms").unwrap();
                assert_eq!(
                    (line.value.as_deref(), line.config_source),
                    (Some("5000"), 1)
                );
            }
            assert_eq!(topic.topic_id == Uuid::ZERO, version < 7);
            let again = peer.ask(&request, version).await;
            assert_eq!(
                again.topics[0].error_code,
                code(ErrorCode::TOPIC_ALREADY_EXISTS)
            );
        }
        node.stop().await;
    });
}

#[test]
fn a_bad_topic_has_its_code_and_leaves_the_others_alone() {
    run(async {
        let node = start(&[]).await;
        let mut peer = node.connect().await;
        let mut request = create("good", &[]);
        for bad in ["a/b", "twice", "twice"] {
            request.topics.extend(create(bad, &[]).topics);
        }
        let answer = peer.ask(&request, 7).await;
        let codes: Vec<_> = answer
            .topics
            .iter()
            .map(|t| (&*t.name, t.error_code))
            .collect();
        let expected = [
            ("good", 0),
            ("a/b", code(ErrorCode::INVALID_TOPIC_EXCEPTION)),
            ("twice", code(ErrorCode::INVALID_REQUEST)),
        ];
        assert_eq!(codes, expected);
        let bad = [("no.such.setting", "1"), ("retention.ms", "x")];
        for pair in bad {
            let refused = create_one(&mut peer, "bad", &[pair]).await;
            assert_eq!(refused, code(ErrorCode::INVALID_CONFIG), "{pair:?}");
        }
        let mut counted = create("bad", &[]);
        counted.topics[0].num_partitions = 0;
        let answer = peer.ask(&counted, 7).await;
        assert_eq!(
            answer.topics[0].error_code,
            code(ErrorCode::INVALID_PARTITIONS)
        );
        counted.topics[0].num_partitions = 1;
        counted.topics[0].replication_factor = 2;
        let answer = peer.ask(&counted, 7).await;
        assert_eq!(
            answer.topics[0].error_code,
            code(ErrorCode::INVALID_REPLICATION_FACTOR)
        );
        counted.topics[0].replication_factor = 1;
        counted.validate_only = true;
        assert_eq!(peer.ask(&counted, 7).await.topics[0].error_code, 0);
        counted.validate_only = false;
        assert_eq!(
            peer.ask(&counted, 7).await.topics[0].error_code,
            0,
            "validation made it"
        );
        node.stop().await;
    });
}

#[test]
fn what_was_created_configured_and_deleted_is_so_after_a_restart() {
    run(async {
        let node = start(&[]).await;
        let mut peer = node.connect().await;
        for name in ["kept", "doomed"] {
            assert_eq!(create_one(&mut peer, name, &[]).await, 0);
        }
        assert_eq!(
            alter(&mut peer, TOPIC, "kept", "retention.ms", (0, Some("7777"))).await,
            0
        );
        let doomed = delete_topics::DeleteTopicsRequest {
            topics: vec![delete_topics::DeleteTopicState {
                name: Some("doomed".into()),
                topic_id: Uuid::ZERO,
            }],
            ..delete_topics::DeleteTopicsRequest::default()
        };
        let answer = peer.ask(&doomed, 6).await;
        assert_eq!(answer.responses[0].error_code, 0);
        assert_ne!(answer.responses[0].topic_id, Uuid::ZERO);
        let node = node.restart().await;
        let mut peer = node.connect().await;
        let kept = value(&mut peer, TOPIC, "kept", "retention.ms").await;
        assert_eq!((kept.0.as_str(), kept.1), ("7777", 1));
        let gone = peer.ask(&doomed, 6).await;
        assert_eq!(
            gone.responses[0].error_code,
            code(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)
        );
        node.stop().await;
    });
}

#[test]
fn topics_are_deleted_by_name_or_id_unless_that_is_off() {
    run(async {
        let node = start(&[]).await;
        let mut peer = node.connect().await;
        let answer = peer.ask(&create("a", &[]), 7).await;
        let by = |name: Option<&str>, topic_id| delete_topics::DeleteTopicState {
            name: name.map(Str::from),
            topic_id,
        };
        let unknown = Uuid(77);
        let request = delete_topics::DeleteTopicsRequest {
            topics: vec![
                by(None, answer.topics[0].topic_id),
                by(None, unknown),
                by(None, Uuid::ZERO),
                by(Some("x"), unknown),
            ],
            ..delete_topics::DeleteTopicsRequest::default()
        };
        let answer = peer.ask(&request, 6).await;
        let mut codes: Vec<i16> = answer.responses.iter().map(|r| r.error_code).collect();
        codes.sort_unstable();
        let invalid = code(ErrorCode::INVALID_REQUEST);
        assert_eq!(
            codes,
            [0, invalid, invalid, code(ErrorCode::UNKNOWN_TOPIC_ID)]
        );
        node.stop().await;

        let node = start(&["delete.topic.enable=false"]).await;
        let mut peer = node.connect().await;
        create_one(&mut peer, "a", &[]).await;
        let request = delete_topics::DeleteTopicsRequest {
            topic_names: vec!["a".into()],
            ..delete_topics::DeleteTopicsRequest::default()
        };
        for (version, expected) in [
            (1, ErrorCode::INVALID_REQUEST),
            (4, ErrorCode::TOPIC_DELETION_DISABLED),
        ] {
            let answer = peer.ask(&request, version).await;
            assert_eq!(
                answer.responses[0].error_code,
                code(expected),
                "version {version}"
            );
        }
        node.stop().await;
    });
}

#[test]
fn added_partitions_take_records_at_once() {
    run(async {
        let node = start(&[]).await;
        let mut peer = node.connect().await;
        create_one(&mut peer, "a", &[]).await;
        let grow = |count| create_partitions::CreatePartitionsRequest {
            topics: vec![create_partitions::CreatePartitionsTopic {
                name: "a".into(),
                count,
                assignments: None,
            }],
            ..create_partitions::CreatePartitionsRequest::default()
        };
        for version in 0..=3 {
            let answer = peer.ask(&grow(i32::from(version) + 2), version).await;
            assert_eq!(answer.results[0].error_code, 0);
            let again = peer.ask(&grow(2), version).await;
            assert_eq!(
                again.results[0].error_code,
                code(ErrorCode::INVALID_PARTITIONS)
            );
        }
        let mut request = crate::node::produce_request("a", batch(&[b"x"], Compression::None), -1);
        request.topic_data[0].partition_data[0].index = 4;
        let answer = peer.ask(&request, 9).await;
        assert_eq!(answer.responses[0].partition_responses[0].error_code, 0);
        node.stop().await;
    });
}

#[test]
fn values_come_from_topic_broker_cluster_file_or_table() {
    run(async {
        let node = start(&["log.segment.bytes=2000000"]).await;
        let mut peer = node.connect().await;
        create_one(&mut peer, "a", &[]).await;
        let key = "segment.bytes";
        let seen = |value: (String, i8, usize)| (value.0, value.1);
        let owned = |text: &str, source| (text.to_owned(), source);
        assert_eq!(
            seen(value(&mut peer, TOPIC, "a", key).await),
            owned("2000000", 4)
        );
        for (kind, name, broker_key, text) in [
            (BROKER, "", "log.segment.bytes", "3000000"),
            (BROKER, "1", "log.segment.bytes", "4000000"),
            (TOPIC, "a", key, "5000000"),
        ] {
            assert_eq!(
                alter(&mut peer, kind, name, broker_key, (0, Some(text))).await,
                0
            );
            let source = match (kind, name) {
                (TOPIC, _) => 1,
                (_, "") => 3,
                _ => 2,
            };
            assert_eq!(
                seen(value(&mut peer, TOPIC, "a", key).await),
                owned(text, source)
            );
        }
        let (text, source, synonyms) = value(&mut peer, TOPIC, "a", key).await;
        assert_eq!((text.as_str(), source, synonyms), ("5000000", 1, 5));
        assert_eq!(alter(&mut peer, TOPIC, "a", key, (1, None)).await, 0);
        assert_eq!(
            seen(value(&mut peer, TOPIC, "a", key).await),
            owned("4000000", 2)
        );
        node.stop().await;
    });
}

#[test]
fn a_changed_setting_takes_effect_without_a_restart() {
    run(async {
        let node = start(&[]).await;
        let mut peer = node.connect().await;
        create_one(&mut peer, "a", &[]).await;
        let large = vec![b'x'; 4000];
        let send = || batch(&[&large], Compression::None);
        assert_eq!(peer.produce("a", send(), -1).await.error_code, 0);
        assert_eq!(
            alter(
                &mut peer,
                TOPIC,
                "a",
                "max.message.bytes",
                (0, Some("1000"))
            )
            .await,
            0
        );
        let refused = peer.produce("a", send(), -1).await;
        assert_eq!(refused.error_code, code(ErrorCode::MESSAGE_TOO_LARGE));
        assert_eq!(
            alter(&mut peer, TOPIC, "a", "max.message.bytes", (1, None)).await,
            0
        );
        assert_eq!(peer.produce("a", send(), -1).await.error_code, 0);
        // The same by the default of all brokers.
        assert_eq!(
            alter(
                &mut peer,
                BROKER,
                "",
                "message.max.bytes",
                (0, Some("1000"))
            )
            .await,
            0
        );
        let refused = peer.produce("a", send(), -1).await;
        assert_eq!(refused.error_code, code(ErrorCode::MESSAGE_TOO_LARGE));
        node.stop().await;
    });
}

/// A change that is refused: kind, name, setting, operation with value, and the code for it.
type Refused = (
    i8,
    &'static str,
    &'static str,
    (i8, Option<&'static str>),
    ErrorCode,
);

#[rustfmt::skip] // one line a case
const REFUSED: [Refused; 17] = [
    (TOPIC, "a", "retention.ms", (0, Some("x")), ErrorCode::INVALID_CONFIG),
    (TOPIC, "a", "no.such", (0, Some("1")), ErrorCode::INVALID_CONFIG),
    (TOPIC, "a", "no.such", (1, None), ErrorCode::NONE),
    (TOPIC, "a", "retention.ms", (2, Some("1")), ErrorCode::INVALID_CONFIG),
    (TOPIC, "a", "retention.ms", (0, None), ErrorCode::INVALID_REQUEST),
    (TOPIC, "a", "retention.ms", (9, Some("1")), ErrorCode::INVALID_REQUEST),
    (TOPIC, "nope", "retention.ms", (0, Some("1")), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
    (TOPIC, "a/b", "retention.ms", (0, Some("1")), ErrorCode::INVALID_TOPIC_EXCEPTION),
    (TOPIC, "", "retention.ms", (0, Some("1")), ErrorCode::INVALID_REQUEST),
    (BROKER, "1", "num.partitions", (0, Some("2")), ErrorCode::INVALID_REQUEST),
    (BROKER, "7", "log.retention.ms", (0, Some("2")), ErrorCode::INVALID_REQUEST),
    (BROKER, "x", "log.retention.ms", (0, Some("2")), ErrorCode::INVALID_REQUEST),
    (BROKER, "1", "min.insync.replicas", (0, Some("1")), ErrorCode::INVALID_CONFIG),
    (BROKER, "", "min.insync.replicas", (1, None), ErrorCode::INVALID_CONFIG),
    (8, "1", "root", (0, Some("INFO")), ErrorCode::INVALID_REQUEST),
    (3, "x", "k", (0, Some("1")), ErrorCode::INVALID_REQUEST),
    (32, "", "consumer.session.timeout.ms", (0, Some("50000")), ErrorCode::INVALID_REQUEST),
];

#[test]
fn bad_changes_have_the_codes_that_kafka_has() {
    run(async {
        let node = start(&[]).await;
        let mut peer = node.connect().await;
        create_one(&mut peer, "a", &[]).await;
        for (kind, name, key, operation, expected) in REFUSED {
            let got = alter(&mut peer, kind, name, key, operation).await;
            assert_eq!(got, code(expected), "{kind} {name:?} {key} {operation:?}");
        }
        let mut twice = change(TOPIC, "a", "retention.ms", (0, Some("1")));
        twice.resources.push(twice.resources[0].clone());
        let answer = peer.ask(&twice, 1).await;
        let codes: Vec<i16> = answer.responses.iter().map(|r| r.error_code).collect();
        assert_eq!(codes, [code(ErrorCode::INVALID_REQUEST); 2]);
        node.stop().await;
    });
}

#[test]
fn the_old_alter_replaces_the_whole_configuration() {
    run(async {
        let node = start(&[]).await;
        let mut peer = node.connect().await;
        create_one(
            &mut peer,
            "a",
            &[("retention.ms", "1"), ("segment.ms", "2")],
        )
        .await;
        let request = alter_configs::AlterConfigsRequest {
            resources: vec![alter_configs::AlterConfigsResource {
                resource_type: TOPIC,
                resource_name: "a".into(),
                configs: vec![alter_configs::AlterableConfig {
                    name: "segment.ms".into(),
                    value: Some("3".into()),
                }],
            }],
            validate_only: true,
        };
        for version in 0..=2 {
            let answer = peer.ask(&request, version).await;
            assert_eq!(answer.responses[0].error_code, 0);
            assert_eq!(value(&mut peer, TOPIC, "a", "retention.ms").await.0, "1");
        }
        let request = alter_configs::AlterConfigsRequest { validate_only: false, ..request };
        assert_eq!(peer.ask(&request, 2).await.responses[0].error_code, 0);
        assert_eq!(value(&mut peer, TOPIC, "a", "segment.ms").await.0, "3");
        assert_eq!(
            value(&mut peer, TOPIC, "a", "retention.ms").await.0,
            "604800000"
        );
        node.stop().await;
    });
}

#[test]
fn resources_that_do_not_exist_are_not_described() {
    run(async {
        use ErrorCode as E;
        let node = start(&[]).await;
        let mut peer = node.connect().await;
        let cases = [
            (TOPIC, "nope", E::UNKNOWN_TOPIC_OR_PARTITION),
            (TOPIC, "a/b", E::INVALID_TOPIC_EXCEPTION),
            (BROKER, "1", E::NONE),
            (BROKER, "", E::NONE),
            (BROKER, "2", E::INVALID_REQUEST),
            (BROKER, "x", E::INVALID_REQUEST),
            (8, "1", E::NONE),
            (8, "", E::INVALID_REQUEST),
            (16, "", E::INVALID_REQUEST),
            (32, "g", E::NONE),
            (32, "", E::INVALID_REQUEST),
            (3, "x", E::INVALID_REQUEST),
        ];
        for (kind, name, expected) in cases {
            for version in 1..=4 {
                let answer = peer.ask(&described_in(kind, name, version), version).await;
                assert_eq!(
                    answer.results[0].error_code,
                    code(expected),
                    "{kind} {name:?}"
                );
            }
        }
        let mut some = described(BROKER, "1");
        some.resources[0].configuration_keys = Some(vec!["num.partitions".into(), "no".into()]);
        let answer = peer.ask(&some, 4).await;
        let names: Vec<&str> = answer.results[0]
            .configs
            .iter()
            .map(|line| &*line.name)
            .collect();
        assert_eq!(names, ["num.partitions"]);
        node.stop().await;
    });
}

/// Without the documentation that older versions can't ask for.
fn described_in(kind: i8, name: &str, version: i16) -> describe_configs::DescribeConfigsRequest {
    describe_configs::DescribeConfigsRequest {
        include_documentation: version >= 3,
        ..described(kind, name)
    }
}

#[test]
fn resources_are_listed_by_kind() {
    run(async {
        let node = start(&[]).await;
        let mut peer = node.connect().await;
        create_one(&mut peer, "a", &[]).await;
        let list = |kinds: &[i8]| list_config_resources::ListConfigResourcesRequest {
            resource_types: kinds.to_vec(),
        };
        let names = |answer: list_config_resources::ListConfigResourcesResponse| {
            let resources = answer.config_resources.into_iter();
            resources
                .map(|r| (r.resource_type, r.resource_name.to_string()))
                .collect::<Vec<_>>()
        };
        let answer = peer.ask(&list(&[TOPIC]), 1).await;
        assert_eq!(names(answer), [(TOPIC, "a".to_owned())]);
        let answer = peer.ask(&list(&[]), 1).await;
        let all = [
            (8, "1".to_owned()),
            (BROKER, "1".to_owned()),
            (TOPIC, "a".to_owned()),
        ];
        assert_eq!(names(answer), all);
        assert!(names(peer.ask(&list(&[]), 0).await).is_empty());
        let answer = peer.ask(&list(&[3]), 1).await;
        assert_eq!(answer.error_code, code(ErrorCode::UNSUPPORTED_VERSION));
        node.stop().await;
    });
}

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

/// Asks for one page; answers with topics, codes and partition numbers, and with the cursor.
async fn page(
    peer: &mut Peer,
    topics: &[&str],
    limit: i32,
    cursor: Option<(&str, i32)>,
) -> (Vec<(String, i16, Vec<i32>)>, Option<(String, i32)>) {
    let request = paged::DescribeTopicPartitionsRequest {
        topics: topics
            .iter()
            .map(|name| paged::TopicRequest { name: (*name).into() })
            .collect(),
        response_partition_limit: limit,
        cursor: cursor.map(|(topic, partition_index)| {
            Box::new(paged::RequestCursor { topic_name: topic.into(), partition_index })
        }),
    };
    let answer = peer.ask(&request, 0).await;
    let topics = answer.topics.into_iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|p| p.partition_index).collect();
        (
            topic.name.unwrap().to_string(),
            topic.error_code,
            partitions,
        )
    });
    let next = answer
        .next_cursor
        .map(|c| (c.topic_name.to_string(), c.partition_index));
    (topics.collect(), next)
}

#[test]
fn topics_are_described_in_pages_without_gaps_or_doubles() {
    run(async {
        let node = start(&[]).await;
        let mut peer = node.connect().await;
        for (name, partitions) in [("a", 3), ("b", 1), ("c", 2)] {
            let mut request = create(name, &[]);
            request.topics[0].num_partitions = partitions;
            peer.ask(&request, 7).await;
        }
        for topics in [&[][..], &["c", "a", "b"][..]] {
            for limit in 1..=7 {
                let (mut seen, mut cursor) = (Vec::new(), None);
                loop {
                    let at = cursor
                        .as_ref()
                        .map(|(name, n): &(String, i32)| (name.as_str(), *n));
                    let (found, next) = page(&mut peer, topics, limit, at).await;
                    for (name, error, partitions) in found {
                        assert_eq!(error, 0);
                        seen.extend(partitions.into_iter().map(|n| (name.clone(), n)));
                    }
                    cursor = next;
                    if cursor.is_none() {
                        break;
                    }
                }
                let names = ["a", "a", "a", "b", "c", "c"].map(str::to_owned);
                let all: Vec<_> = names.into_iter().zip([0, 1, 2, 0, 0, 1]).collect();
                assert_eq!(seen, all, "limit {limit}");
            }
        }
        let unknown = code(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
        let (found, next) = page(&mut peer, &["nope"], 1, None).await;
        assert_eq!(
            (found, next),
            (vec![("nope".to_owned(), unknown, vec![])], None)
        );
        let invalid = code(ErrorCode::INVALID_REQUEST);
        for cursor in [("z", 0), ("a", -1)] {
            let (found, _) = page(&mut peer, &["a"], 1, Some(cursor)).await;
            assert_eq!(found, [("a".to_owned(), invalid, vec![])]);
        }
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

#[test]
fn topics_by_the_hundred_are_created_in_one_request() {
    run(async {
        let node = start(&[]).await;
        let mut peer = node.connect().await;
        let mut request = create_topics::CreateTopicsRequest::default();
        for n in 0..300 {
            request.topics.extend(create(&format!("t{n}"), &[]).topics);
        }
        let answer = peer.ask(&request, 7).await;
        assert_eq!(answer.topics.len(), 300);
        assert!(answer.topics.iter().all(|topic| topic.error_code == 0));
        let node = node.restart().await;
        let mut peer = node.connect().await;
        let (found, next) = page(&mut peer, &[], 2000, None).await;
        assert_eq!((found.len(), next), (300, None));
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
