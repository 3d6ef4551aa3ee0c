//! Requests that are well formed and ask for nonsense: 30 to 33, 36, 59 to 64.

use super::{Case, PLAIN, Talk, code_of, talk};
use crate::node::{Node, Peer, batch, create, produce_request};
use klamm_records::Compression;
use klamm_wire::ErrorCode;
use klamm_wire::messages::fetch::{FetchPartition, FetchRequest, FetchTopic};
use klamm_wire::messages::list_offsets::{
    ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic,
};
use klamm_wire::messages::metadata::{MetadataRequest, MetadataRequestTopic};

pub(super) fn cases() -> Vec<Case> {
    vec![
        talk(30, "a partition twice in one request", partitions_twice),
        talk(31, "a hundred thousand topics", many_topics),
        talk(32, "names that no topic may have", names),
        talk(33, "partitions that no topic has", partitions_nobody_has),
        talk(36, "topic ids that nobody has", topic_ids_nobody_has),
        talk(59, "odd limits of bytes", odd_limits),
        talk(
            59,
            "ten thousand partitions without end",
            ten_thousand_partitions,
        ),
        talk(60, "a consumer that says it is a broker", a_false_replica),
        talk(61, "a guessed session", a_guessed_session),
        talk(61, "a session's epoch twice", a_session_epoch_twice),
        talk(61, "more sessions than there is room for", many_sessions),
        talk(62, "offsets that no log has", odd_offsets),
        talk(63, "a leader epoch of the future", a_future_epoch),
        talk(
            64,
            "special timestamps that nobody knows",
            special_timestamps,
        ),
    ]
}

/// A fetch of partition 0 of the plain topic that answers at once.
fn fetch(change: impl FnOnce(&mut FetchRequest)) -> FetchRequest {
    let mut request = FetchRequest {
        replica_id: -1,
        min_bytes: 1,
        max_bytes: 1 << 20,
        session_epoch: -1,
        topics: vec![FetchTopic {
            topic: PLAIN.into(),
            partitions: vec![FetchPartition {
                current_leader_epoch: -1,
                last_fetched_epoch: -1,
                log_start_offset: -1,
                partition_max_bytes: 1 << 20,
                ..FetchPartition::default()
            }],
            ..FetchTopic::default()
        }],
        ..FetchRequest::default()
    };
    change(&mut request);
    request
}

async fn fetch_code(peer: &mut Peer, change: impl FnOnce(&mut FetchRequest)) -> ErrorCode {
    let answer = peer.ask(&fetch(change), 11).await;
    match answer.responses.first() {
        Some(topic) => ErrorCode(topic.partitions[0].error_code),
        None => ErrorCode(answer.error_code),
    }
}

fn a_session_epoch_twice(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        let opened = peer.ask(&fetch(|r| r.session_epoch = 0), 11).await;
        assert_ne!(opened.session_id, 0);
        let go_on = |epoch| {
            fetch(|r| {
                (r.session_id, r.session_epoch) = (opened.session_id, epoch);
                r.topics.clear();
            })
        };
        assert_eq!(peer.ask(&go_on(1), 11).await.error_code, 0);
        let again = peer.ask(&go_on(1), 11).await;
        assert_eq!(
            again.error_code,
            ErrorCode::INVALID_FETCH_SESSION_EPOCH.code()
        );
    })
}

fn special_timestamps(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        for (timestamp, version) in [(-7, 9), (i64::MIN, 9), (-3, 6), (-4, 7), (-5, 8)] {
            let request = ListOffsetsRequest {
                replica_id: -1,
                topics: vec![ListOffsetsTopic {
                    name: PLAIN.into(),
                    partitions: vec![ListOffsetsPartition {
                        partition_index: 0,
                        current_leader_epoch: -1,
                        timestamp,
                    }],
                }],
                ..ListOffsetsRequest::default()
            };
            let answer = peer.ask(&request, version).await;
            let code = answer.topics[0].partitions[0].error_code;
            assert_eq!(
                code,
                ErrorCode::UNSUPPORTED_VERSION.code(),
                "{timestamp} v{version}"
            );
        }
    })
}

fn topic_ids_nobody_has(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        for id in [0, 1, u128::MAX] {
            let by_id = fetch(|r| r.topics[0].topic_id = klamm_model::Uuid(id));
            let answer = peer.ask(&by_id, 13).await;
            let code = answer.responses[0].partitions[0].error_code;
            assert_eq!(code, ErrorCode::UNKNOWN_TOPIC_ID.code(), "{id}");
            let mut produce = produce_request("", batch(&[b"x"], Compression::None), -1);
            produce.topic_data[0].topic_id = klamm_model::Uuid(id);
            let answer = peer.ask(&produce, 13).await;
            let code = answer.responses[0].partition_responses[0].error_code;
            assert_eq!(code, ErrorCode::UNKNOWN_TOPIC_ID.code(), "{id}");
        }
    })
}

fn ask_for(names: Vec<String>, create: bool) -> MetadataRequest {
    let named = |name: String| MetadataRequestTopic {
        name: Some(name.into()),
        ..MetadataRequestTopic::default()
    };
    MetadataRequest {
        topics: Some(names.into_iter().map(named).collect()),
        allow_auto_topic_creation: create,
        ..MetadataRequest::default()
    }
}

/// Kafka answers a partition once or as often as it is named; nothing is refused but a look-up.
fn partitions_twice(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        let names = vec![PLAIN.to_owned(); 3];
        let answer = peer.ask(&ask_for(names, true), 9).await;
        assert!(answer.topics.iter().all(|topic| topic.error_code == 0));
        let twice = fetch(|r| {
            let one = r.topics[0].partitions[0].clone();
            r.topics[0].partitions.push(one);
        });
        let answer = peer.ask(&twice, 11).await;
        assert!(
            answer.responses[0]
                .partitions
                .iter()
                .all(|p| p.error_code == 0)
        );
        let one = ListOffsetsPartition { timestamp: -1, ..ListOffsetsPartition::default() };
        let request = ListOffsetsRequest {
            replica_id: -1,
            topics: vec![ListOffsetsTopic {
                name: PLAIN.into(),
                partitions: vec![one.clone(), one],
            }],
            ..ListOffsetsRequest::default()
        };
        let answer = peer.ask(&request, 5).await;
        let second = answer.topics[0].partitions[1].error_code;
        code_of(second, ErrorCode::INVALID_REQUEST, "twice");
    })
}

fn many_topics(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        let many: Vec<_> = (0..100_000).map(|i| format!("missing-{i}")).collect();
        let answer = peer.ask(&ask_for(many, false), 9).await;
        assert_eq!(answer.topics.len(), 100_000);
        let unknown = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.code();
        assert!(
            answer
                .topics
                .iter()
                .all(|topic| topic.error_code == unknown)
        );
    })
}

fn names(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        let invalid = ErrorCode::INVALID_TOPIC_EXCEPTION;
        let bad = ["", ".", "..", "a/../b", "a\0b", "a b", &"x".repeat(250)];
        let answer = peer
            .ask(&ask_for(bad.map(str::to_owned).to_vec(), true), 9)
            .await;
        assert_eq!(answer.topics.len(), bad.len());
        for topic in &answer.topics {
            code_of(topic.error_code, invalid, &topic.name);
        }
        for name in bad {
            let answer = peer.ask(&create(name, &[]), 7).await;
            code_of(answer.topics[0].error_code, invalid, name);
        }
        // Names of metrics would be the same.
        peer.ask(&create("a.b", &[]), 7).await;
        let answer = peer.ask(&create("a_b", &[]), 7).await;
        code_of(answer.topics[0].error_code, invalid, "a_b beside a.b");
    })
}

fn partitions_nobody_has(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        let unknown = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
        for index in [-1, 1, i32::MAX] {
            let good = batch(&[b"x"], Compression::None);
            let mut request = produce_request(PLAIN, good, 1);
            request.topic_data[0].partition_data[0].index = index;
            let answer = peer.ask(&request, 9).await;
            let code = answer.responses[0].partition_responses[0].error_code;
            code_of(code, unknown, index);
            let set = |r: &mut FetchRequest| r.topics[0].partitions[0].partition = index;
            assert_eq!(fetch_code(&mut peer, set).await, unknown, "{index}");
        }
    })
}

fn odd_limits(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        for bytes in [-1, 0, i32::MAX] {
            let set = |r: &mut FetchRequest| {
                r.max_bytes = bytes;
                r.topics[0].partitions[0].partition_max_bytes = bytes;
            };
            assert_eq!(fetch_code(&mut peer, set).await, ErrorCode::NONE, "{bytes}");
        }
    })
}

fn ten_thousand_partitions(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        for bytes in [-1, i32::MAX] {
            let many = fetch(|r| {
                r.max_bytes = bytes;
                let mut one = r.topics[0].partitions[0].clone();
                one.partition_max_bytes = bytes;
                let of = |partition| FetchPartition { partition, ..one.clone() };
                r.topics[0].partitions = (0..10_000).map(of).collect();
            });
            let answer = peer.ask(&many, 11).await;
            assert_eq!(answer.responses[0].partitions.len(), 10_000);
        }
    })
}

/// A follower's claim would move the high watermark (CVE-2018-1288).
fn a_false_replica(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        let replica = |r: &mut FetchRequest| {
            r.replica_id = 0;
            r.topics[0].partitions[0].fetch_offset = 1;
        };
        let code = fetch_code(&mut peer, replica).await;
        assert_eq!(code, ErrorCode::NOT_LEADER_OR_FOLLOWER);
    })
}

fn a_guessed_session(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        for id in [4711, -5, i32::MAX] {
            let guessed = |r: &mut FetchRequest| (r.session_id, r.session_epoch) = (id, 1);
            let code = fetch_code(&mut peer, guessed).await;
            assert_eq!(code, ErrorCode::FETCH_SESSION_ID_NOT_FOUND, "{id}");
        }
    })
}

/// The oldest must be idle for a while before they make room: the others go on without a session.
fn many_sessions(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        let mut sessions = Vec::new();
        for _ in 0..3000 {
            let opened = peer.ask(&fetch(|r| r.session_epoch = 0), 11).await;
            assert_eq!(opened.error_code, 0);
            assert_eq!(opened.responses[0].partitions[0].error_code, 0);
            sessions.push(opened.session_id);
        }
        sessions.retain(|id| *id != 0);
        assert!((1..=1000).contains(&sessions.len()));
        for id in sessions {
            let close = fetch(|r| (r.session_id, r.session_epoch) = (id, -1));
            assert_eq!(peer.ask(&close, 11).await.error_code, 0);
        }
    })
}

fn odd_offsets(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        for offset in [-1, i64::MIN, 1 << 40, i64::MAX] {
            let set = |r: &mut FetchRequest| r.topics[0].partitions[0].fetch_offset = offset;
            let code = fetch_code(&mut peer, set).await;
            assert_eq!(code, ErrorCode::OFFSET_OUT_OF_RANGE, "{offset}");
        }
    })
}

fn a_future_epoch(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        let future = |r: &mut FetchRequest| r.topics[0].partitions[0].current_leader_epoch = 99;
        let code = fetch_code(&mut peer, future).await;
        assert_eq!(code, ErrorCode::UNKNOWN_LEADER_EPOCH);
    })
}
