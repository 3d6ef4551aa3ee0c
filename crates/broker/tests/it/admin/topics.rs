//! Topics: made, deleted, given more partitions, described in pages.

use super::*;

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
            assert_eq!(
                topic.error_message, None,
                "an empty one looks like an error"
            );
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
        for cursor in [("z", 0), ("a", -1), ("", 0)] {
            let (found, _) = page(&mut peer, &["a"], 1, Some(cursor)).await;
            assert_eq!(found, [("a".to_owned(), invalid, vec![])]);
        }
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
