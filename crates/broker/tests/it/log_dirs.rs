//! Logs move between the directories of a node while they are written and read.

use crate::compaction::{COMPACTED, NODE, fetch_all, put};
use crate::metrics::until;
use crate::node::{Node, Peer, batch, create, run};
use klamm_records::Compression;
use klamm_wire::ErrorCode;
use klamm_wire::messages::alter_replica_log_dirs::{
    AlterReplicaLogDir, AlterReplicaLogDirTopic, AlterReplicaLogDirsRequest,
};
use klamm_wire::messages::delete_records::{
    DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic,
};
use klamm_wire::messages::describe_log_dirs::DescribeLogDirsRequest;
use klamm_wire::messages::fetch::{FetchPartition, FetchRequest, FetchTopic};
use klamm_wire::messages::incremental_alter_configs::{
    AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequest,
};
use std::time::Duration;

/// What a directory holds of partition 0 of a topic.
#[derive(Debug, PartialEq)]
struct Held {
    dir: String,
    size: i64,
    lag: i64,
    is_future: bool,
}

async fn held(peer: &mut Peer, topic: &str) -> Vec<Held> {
    let request = DescribeLogDirsRequest { topics: None };
    let mut all = Vec::new();
    for result in peer.ask(&request, 4).await.results {
        assert_eq!(result.error_code, 0, "{result:?}");
        for found in result.topics.iter().filter(|found| found.name == topic) {
            all.extend(found.partitions.iter().map(|partition| Held {
                dir: result.log_dir.to_string(),
                size: partition.partition_size,
                lag: partition.offset_lag,
                is_future: partition.is_future_key,
            }));
        }
    }
    all.sort_by_key(|held| held.is_future);
    all
}

async fn move_to(peer: &mut Peer, topic: &str, dir: &str) -> ErrorCode {
    let request = AlterReplicaLogDirsRequest {
        dirs: vec![AlterReplicaLogDir {
            path: dir.into(),
            topics: vec![AlterReplicaLogDirTopic { name: topic.into(), partitions: vec![0] }],
        }],
    };
    let answer = peer.ask(&request, 2).await;
    ErrorCode(answer.results[0].partitions[0].error_code)
}

/// The directory in which a topic is not.
fn other(node: &Node, dir: &str) -> String {
    let dirs = ["one", "two"].map(|name| node.folder().join(name).display().to_string());
    let [one, two] = dirs;
    if dir == one { two } else { one }
}

async fn until_moved(peer: &mut Peer, topic: &str, dir: &str) {
    let moved = async {
        loop {
            let held = held(peer, topic).await;
            if held.len() == 1 && held[0].dir == dir {
                assert!(!held[0].is_future);
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), moved)
        .await
        .unwrap();
}

async fn set_rate(peer: &mut Peer, bytes_per_second: &str) {
    let request = IncrementalAlterConfigsRequest {
        resources: vec![AlterConfigsResource {
            resource_type: 4,
            resource_name: "".into(),
            configs: vec![AlterableConfig {
                name: "replica.alter.log.dirs.io.max.bytes.per.second".into(),
                config_operation: 0,
                value: Some(bytes_per_second.into()),
            }],
        }],
        validate_only: false,
    };
    let answer = peer.ask(&request, 1).await;
    assert_eq!(answer.responses[0].error_code, 0, "{answer:?}");
}

/// All batches of a topic, as they are on the disk.
async fn contents(peer: &mut Peer, topic: &str) -> Vec<u8> {
    contents_from(peer, topic, 0).await
}

async fn contents_from(peer: &mut Peer, topic: &str, mut offset: i64) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        let request = FetchRequest {
            replica_id: -1,
            max_bytes: 1 << 20,
            session_epoch: -1,
            topics: vec![FetchTopic {
                topic: topic.into(),
                partitions: vec![FetchPartition {
                    fetch_offset: offset,
                    current_leader_epoch: -1,
                    last_fetched_epoch: -1,
                    partition_max_bytes: 1 << 20,
                    ..FetchPartition::default()
                }],
                ..FetchTopic::default()
            }],
            ..FetchRequest::default()
        };
        let answer = peer.ask(&request, 11).await;
        let read = &answer.responses[0].partitions[0];
        assert_eq!(read.error_code, 0, "{read:?}");
        let bytes = read.records.as_ref().unwrap().to_bytes().unwrap();
        if bytes.is_empty() {
            return all;
        }
        for batch in klamm_records::batches(&bytes) {
            offset = batch.unwrap().header().last_offset().0 + 1;
        }
        all.extend_from_slice(&bytes);
    }
}

async fn write(peer: &mut Peer, topic: &str, count: usize) -> i64 {
    let mut end = 0;
    for i in 0..count {
        let value = format!("value {i} {}", "x".repeat(i % 300));
        let records = batch(&[value.as_bytes(), b"second"], Compression::None);
        let written = peer.produce(topic, records, -1).await;
        assert_eq!(written.error_code, 0, "{written:?}");
        end = written.base_offset + 2;
    }
    end
}

#[test]
fn a_log_moves_with_all_that_is_in_it_and_is_there_after_a_restart() {
    run(async {
        let node = Node::start_with_two_dirs(&[]).await;
        let mut peer = node.connect().await;
        peer.ask(&create("t", &[("file.delete.delay.ms", "0")]), 7)
            .await;
        write(&mut peer, "t", 300).await;
        let before = contents(&mut peer, "t").await;
        let from = held(&mut peer, "t").await.remove(0).dir;
        let to = other(&node, &from);
        assert_eq!(move_to(&mut peer, "t", &to).await, ErrorCode::NONE);
        until_moved(&mut peer, "t", &to).await;
        assert!(contents(&mut peer, "t").await == before, "the same bytes");
        write(&mut peer, "t", 20).await;
        let after = contents(&mut peer, "t").await;
        assert!(after.starts_with(&before) && after.len() > before.len());

        let node = node.restart().await;
        let mut peer = node.connect().await;
        assert!(contents(&mut peer, "t").await == after);
        assert_eq!(held(&mut peer, "t").await.len(), 1);
        // And back again.
        assert_eq!(move_to(&mut peer, "t", &from).await, ErrorCode::NONE);
        until_moved(&mut peer, "t", &from).await;
        assert!(contents(&mut peer, "t").await == after);
        node.stop().await;
    });
}

#[test]
fn a_compacted_log_that_moves_begins_where_it_began() {
    run(async {
        let node = Node::start_with_two_dirs(NODE).await;
        let mut peer = node.connect().await;
        peer.ask(&create("t", COMPACTED), 5).await;
        put(&mut peer, "t", 0..100).await;
        until(&node, "klamm_cleaner_passes_total", |passes| passes > 0.0).await;
        until(&node, "klamm_cleaner_dirty_ppm_max", |ppm| ppm == 0.0).await;
        // Whoever is at the log's start reads on, though its first records are gone.
        let before = fetch_all(&mut peer, "t").await;
        assert!(before[0].0 > 0);
        let from = held(&mut peer, "t").await.remove(0).dir;
        let to = other(&node, &from);
        assert_eq!(move_to(&mut peer, "t", &to).await, ErrorCode::NONE);
        until_moved(&mut peer, "t", &to).await;
        assert_eq!(fetch_all(&mut peer, "t").await, before);
        node.stop().await;
    });
}

#[test]
fn a_log_that_begins_within_a_batch_moves() {
    run(async {
        let node = Node::start_with_two_dirs(&[]).await;
        let mut peer = node.connect().await;
        peer.ask(&create("t", &[]), 7).await;
        // Two records a batch: the third batch is cut in two.
        write(&mut peer, "t", 10).await;
        let delete = DeleteRecordsRequest {
            topics: vec![DeleteRecordsTopic {
                name: "t".into(),
                partitions: vec![DeleteRecordsPartition { partition_index: 0, offset: 5 }],
            }],
            timeout_ms: 5_000,
        };
        let deleted = peer.ask(&delete, 2).await;
        assert_eq!(deleted.topics[0].partitions[0].low_watermark, 5);
        let before = contents_from(&mut peer, "t", 5).await;
        let from = held(&mut peer, "t").await.remove(0).dir;
        let to = other(&node, &from);
        assert_eq!(move_to(&mut peer, "t", &to).await, ErrorCode::NONE);
        until_moved(&mut peer, "t", &to).await;
        assert!(
            contents_from(&mut peer, "t", 5).await == before,
            "the same bytes"
        );
        let deleted = peer.ask(&delete, 2).await;
        assert_eq!(
            deleted.topics[0].partitions[0].low_watermark, 5,
            "the start moved too"
        );
        node.stop().await;
    });
}

#[test]
fn writers_and_readers_go_on_while_a_log_moves() {
    run(async {
        let node = Node::start_with_two_dirs(&[]).await;
        let mut peer = node.connect().await;
        peer.ask(&create("t", &[("flush.messages", "1")]), 7).await;
        write(&mut peer, "t", 200).await;
        let mut here = held(&mut peer, "t").await.remove(0).dir;
        let mut end = 400;
        for _ in 0..4 {
            let to = other(&node, &here);
            assert_eq!(move_to(&mut peer, "t", &to).await, ErrorCode::NONE);
            let mut writer = node.connect().await;
            loop {
                let before = end;
                end = write(&mut writer, "t", 5).await;
                assert_eq!(end, before + 10, "no offset is lost or given twice");
                let held = held(&mut peer, "t").await;
                if held.len() == 1 && held[0].dir == to {
                    break;
                }
            }
            here = to;
        }
        let all = bytes::Bytes::from(contents(&mut peer, "t").await);
        let last = klamm_records::batches(&all).last().unwrap().unwrap();
        assert_eq!(last.header().last_offset().0 + 1, end);
        node.stop().await;
    });
}

#[test]
fn a_throttled_move_shows_its_lag_is_called_off_and_goes_on_after_a_restart() {
    run(async {
        let node = Node::start_with_two_dirs(&[]).await;
        let mut peer = node.connect().await;
        peer.ask(&create("t", &[]), 7).await;
        write(&mut peer, "t", 50).await;
        set_rate(&mut peer, "1").await;
        let from = held(&mut peer, "t").await.remove(0).dir;
        let to = other(&node, &from);
        assert_eq!(move_to(&mut peer, "t", &to).await, ErrorCode::NONE);
        let both = held(&mut peer, "t").await;
        assert_eq!(both.len(), 2, "{both:?}");
        assert_eq!(
            (both[0].dir.as_str(), both[0].is_future),
            (from.as_str(), false)
        );
        assert_eq!(
            (both[1].dir.as_str(), both[1].is_future),
            (to.as_str(), true)
        );
        assert!(both[1].lag > 0 && both[1].size < both[0].size, "{both:?}");
        // Where it is already: the move is called off.
        assert_eq!(move_to(&mut peer, "t", &from).await, ErrorCode::NONE);
        assert_eq!(held(&mut peer, "t").await.len(), 1);
        assert_eq!(move_to(&mut peer, "t", &to).await, ErrorCode::NONE);
        let before = contents(&mut peer, "t").await;

        let node = node.restart().await;
        let mut peer = node.connect().await;
        let both = held(&mut peer, "t").await;
        assert!(both.len() == 2 && both[1].is_future, "it goes on: {both:?}");
        set_rate(&mut peer, "1000000000").await;
        until_moved(&mut peer, "t", &to).await;
        assert!(contents(&mut peer, "t").await == before);
        node.stop().await;
    });
}

#[test]
fn moves_to_nowhere_and_of_nothing_are_refused() {
    run(async {
        let node = Node::start_with_two_dirs(&[]).await;
        let mut peer = node.connect().await;
        peer.ask(&create("t", &[]), 7).await;
        let long = "l".repeat(230);
        peer.ask(&create(&long, &[]), 7).await;
        let there = held(&mut peer, "t").await.remove(0).dir;
        let to = other(&node, &there);
        let nowhere = move_to(&mut peer, "t", "/nowhere").await;
        assert_eq!(nowhere, ErrorCode::LOG_DIR_NOT_FOUND);
        let unknown = move_to(&mut peer, "u", &to).await;
        assert_eq!(unknown, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
        let too_long = move_to(&mut peer, &long, &to).await;
        assert_eq!(too_long, ErrorCode::INVALID_TOPIC_EXCEPTION);
        assert_eq!(move_to(&mut peer, "t", &there).await, ErrorCode::NONE);
        assert_eq!(held(&mut peer, "t").await.len(), 1);
        // A topic that goes takes its copy with it.
        set_rate(&mut peer, "1").await;
        write(&mut peer, "t", 5).await;
        assert_eq!(move_to(&mut peer, "t", &to).await, ErrorCode::NONE);
        let delete = klamm_wire::messages::delete_topics::DeleteTopicsRequest {
            topic_names: vec!["t".into()],
            timeout_ms: 1000,
            ..klamm_wire::messages::delete_topics::DeleteTopicsRequest::default()
        };
        assert_eq!(peer.ask(&delete, 5).await.responses[0].error_code, 0);
        assert!(held(&mut peer, "t").await.is_empty());
        let left = std::fs::read_dir(&to).unwrap();
        let copies = left.filter(|entry| {
            let name = entry.as_ref().unwrap().file_name();
            name.to_string_lossy().ends_with("-future")
        });
        assert_eq!(copies.count(), 0);
        node.stop().await;
    });
}
