//! Requests that are well formed and ask for nonsense: each has its code, and memory is flat afterwards.

use crate::node::{Node, Peer, batch, produce_request, run};
use klamm_records::Compression;
use klamm_wire::ErrorCode;
use klamm_wire::messages::fetch::{FetchPartition, FetchRequest, FetchTopic};
use klamm_wire::messages::list_offsets::{
    ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic,
};
use klamm_wire::messages::metadata::{MetadataRequest, MetadataRequestTopic};

/// A fetch of partition 0 of `t` that answers at once.
fn fetch(change: impl FnOnce(&mut FetchRequest)) -> FetchRequest {
    let mut request = FetchRequest {
        replica_id: -1,
        min_bytes: 1,
        max_bytes: 1 << 20,
        session_epoch: -1,
        topics: vec![FetchTopic {
            topic: "t".into(),
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

async fn node_with_a_record() -> (Node, Peer) {
    let node = Node::start(&[]).await;
    let mut peer = node.connect().await;
    peer.topic("t").await;
    let answer = peer
        .produce("t", batch(&[b"x"], Compression::None), -1)
        .await;
    assert_eq!(answer.error_code, 0);
    (node, peer)
}

#[test]
fn odd_fetches_have_their_codes() {
    run(async {
        let (node, mut peer) = node_with_a_record().await;
        for offset in [-1, i64::MIN, 2, i64::MAX] {
            let set = |r: &mut FetchRequest| r.topics[0].partitions[0].fetch_offset = offset;
            let code = fetch_code(&mut peer, set).await;
            assert_eq!(code, ErrorCode::OFFSET_OUT_OF_RANGE, "62 offset {offset}");
        }
        let future = |r: &mut FetchRequest| r.topics[0].partitions[0].current_leader_epoch = 99;
        assert_eq!(
            fetch_code(&mut peer, future).await,
            ErrorCode::UNKNOWN_LEADER_EPOCH,
            "63"
        );
        let guessed = |r: &mut FetchRequest| (r.session_id, r.session_epoch) = (4711, 1);
        let code = fetch_code(&mut peer, guessed).await;
        assert_eq!(code, ErrorCode::FETCH_SESSION_ID_NOT_FOUND, "61");
        let replica = |r: &mut FetchRequest| {
            r.replica_id = 0;
            r.topics[0].partitions[0].fetch_offset = 1;
        };
        let code = fetch_code(&mut peer, replica).await;
        assert_eq!(code, ErrorCode::NOT_LEADER_OR_FOLLOWER, "60");
        for bytes in [-1, 0, i32::MAX] {
            let set = |r: &mut FetchRequest| {
                r.max_bytes = bytes;
                r.topics[0].partitions[0].partition_max_bytes = bytes;
            };
            assert_eq!(
                fetch_code(&mut peer, set).await,
                ErrorCode::NONE,
                "59 {bytes}"
            );
        }
        let many = fetch(|r| {
            let one = r.topics[0].partitions[0].clone();
            r.topics[0].partitions = (0..10_000)
                .map(|i| FetchPartition { partition: i, ..one.clone() })
                .collect();
        });
        let answer = peer.ask(&many, 11).await;
        assert_eq!(answer.responses[0].partitions.len(), 10_000, "59");
        node.stop().await;
    });
}

#[test]
fn a_session_epoch_that_comes_twice_is_refused() {
    run(async {
        let (node, mut peer) = node_with_a_record().await;
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
        node.stop().await;
    });
}

#[test]
fn unknown_special_timestamps_are_refused() {
    run(async {
        let (node, mut peer) = node_with_a_record().await;
        for (timestamp, version) in [(-7, 9), (i64::MIN, 9), (-3, 6), (-4, 7), (-5, 8)] {
            let request = ListOffsetsRequest {
                replica_id: -1,
                topics: vec![ListOffsetsTopic {
                    name: "t".into(),
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
                "64 {timestamp} v{version}"
            );
        }
        node.stop().await;
    });
}

#[test]
fn odd_topics_in_metadata_have_their_codes() {
    run(async {
        let (node, mut peer) = node_with_a_record().await;
        let ask = |names: Vec<String>, create| MetadataRequest {
            topics: Some(
                names
                    .into_iter()
                    .map(|name| MetadataRequestTopic {
                        name: Some(name.into()),
                        ..MetadataRequestTopic::default()
                    })
                    .collect(),
            ),
            allow_auto_topic_creation: create,
            ..MetadataRequest::default()
        };
        let bad = ["", ".", "..", "a/../b", "a\0b", "a b", &"x".repeat(250)];
        let answer = peer
            .ask(&ask(bad.map(str::to_owned).to_vec(), true), 9)
            .await;
        for topic in &answer.topics {
            let code = topic.error_code;
            assert_eq!(
                code,
                ErrorCode::INVALID_TOPIC_EXCEPTION.code(),
                "32 {:?}",
                topic.name
            );
        }
        let many: Vec<_> = (0..100_000).map(|i| format!("missing-{i}")).collect();
        let answer = peer.ask(&ask(many, false), 9).await;
        assert_eq!(answer.topics.len(), 100_000, "31");
        let answer = peer.ask(&ask(vec!["t".to_owned(); 3], true), 9).await;
        assert!(
            answer.topics.iter().all(|topic| topic.error_code == 0),
            "30"
        );
        node.stop().await;
    });
}

#[test]
fn a_second_frame_that_is_bad_does_not_take_the_first_answer() {
    run(async {
        let (node, mut peer) = node_with_a_record().await;
        let id = peer.send(&fetch(|_| {}), 11).await;
        peer.send_raw(&(-5i32).to_be_bytes()).await;
        let answer = peer.receive::<FetchRequest>(id, 11).await;
        assert_eq!(answer.responses[0].partitions[0].error_code, 0);
        assert_eq!(peer.receive_frame().await, None, "8");
        node.stop().await;
    });
}

/// Resident memory of this process in bytes.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[test]
fn memory_is_flat_after_readers_that_never_read_and_frames_that_never_end() {
    run(async {
        let (node, mut peer) = node_with_a_record().await;
        let large = vec![b'x'; 900_000];
        for _ in 0..8 {
            peer.produce("t", batch(&[&large], Compression::None), -1)
                .await;
        }
        let before = resident();
        for round in 0..3 {
            let mut peers = Vec::new();
            for _ in 0..100 {
                let mut peer = node.connect().await;
                for _ in 0..10 {
                    // 14: answers that nobody reads.
                    peer.send(&fetch(|r| r.max_bytes = i32::MAX), 11).await;
                }
                // 6: announced and never sent.
                peer.send_raw(&100_000_000i32.to_be_bytes()).await;
                peer.send_raw(&[0; 1000]).await;
                peers.push(peer);
            }
            let request = produce_request("t", batch(&[b"y"], Compression::None), 1);
            assert_eq!(
                peer.ask(&request, 9).await.responses[0].partition_responses[0].error_code,
                0
            );
            drop(peers);
            let grown = resident().saturating_sub(before);
            assert!(grown < 96 << 20, "round {round}: {grown} bytes more");
        }
        node.stop().await;
    });
}

#[test]
fn a_request_in_single_bytes_and_a_flood_of_requests_are_answered() {
    run(async {
        let (node, mut peer) = node_with_a_record().await;
        let request = klamm_wire::messages::api_versions::ApiVersionsRequest::default();
        let frame = klamm_wire::header::encode_request(&request, 2, 1, None).unwrap();
        let frame = frame.into_bytes().unwrap();
        for byte in &frame {
            peer.send_raw(&[*byte]).await;
        }
        assert!(peer.receive_frame().await.is_some(), "9");
        for _ in 0..1000 {
            peer.send_raw(&frame).await;
        }
        for i in 0..1000 {
            assert!(peer.receive_frame().await.is_some(), "15: answer {i}");
        }
        // 34: what follows a whole body is passed over, as Kafka does.
        let mut longer = frame.to_vec();
        longer.extend_from_slice(b"more");
        let length = u32::try_from(longer.len() - 4).unwrap();
        longer[..4].copy_from_slice(&length.to_be_bytes());
        peer.send_raw(&longer).await;
        assert!(peer.receive_frame().await.is_some(), "34");
        node.stop().await;
    });
}

#[test]
fn topic_ids_that_nobody_has_are_refused() {
    run(async {
        let (node, mut peer) = node_with_a_record().await;
        for id in [0, 1, u128::MAX] {
            let by_id = fetch(|r| r.topics[0].topic_id = klamm_model::Uuid(id));
            let answer = peer.ask(&by_id, 13).await;
            let code = answer.responses[0].partitions[0].error_code;
            assert_eq!(code, ErrorCode::UNKNOWN_TOPIC_ID.code(), "36 {id}");
            let mut produce = produce_request("", batch(&[b"x"], Compression::None), -1);
            produce.topic_data[0].topic_id = klamm_model::Uuid(id);
            let answer = peer.ask(&produce, 13).await;
            let code = answer.responses[0].partition_responses[0].error_code;
            assert_eq!(code, ErrorCode::UNKNOWN_TOPIC_ID.code(), "36 {id}");
        }
        node.stop().await;
    });
}
