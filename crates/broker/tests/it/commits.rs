//! Commits of many connections that are there at the same time.

use crate::node::{Node, Peer};
use klamm_records::batches;
use klamm_wire::messages::delete_topics::DeleteTopicsRequest;
use klamm_wire::messages::find_coordinator::FindCoordinatorRequest;
use klamm_wire::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use klamm_wire::messages::offset_fetch::{OffsetFetchRequest, OffsetFetchRequestTopic};
use std::sync::mpsc;

const GROUPS: usize = 40;

pub(crate) fn commit(group: usize) -> OffsetCommitRequest {
    OffsetCommitRequest {
        group_id: format!("group {group}").as_str().into(),
        generation_id_or_member_epoch: -1,
        topics: vec![OffsetCommitRequestTopic {
            name: "t".into(),
            partitions: vec![OffsetCommitRequestPartition::default()],
            ..OffsetCommitRequestTopic::default()
        }],
        ..OffsetCommitRequest::default()
    }
}

fn error(answer: &<OffsetCommitRequest as klamm_wire::Request>::Response) -> i16 {
    answer.topics[0].partitions[0].error_code
}

/// A node whose coordinator has answered, and a peer for each group.
async fn started(settings: &[&str]) -> (Node, Vec<Peer>) {
    let node = Node::start(&[&["offsets.topic.num.partitions=1"], settings].concat()).await;
    let mut peers = Vec::new();
    for _ in 0..GROUPS {
        peers.push(node.connect().await);
    }
    let peer = &mut peers[0];
    peer.topic("t").await;
    let find = FindCoordinatorRequest {
        coordinator_keys: vec!["group".into()],
        ..FindCoordinatorRequest::default()
    };
    while peer.ask(&find, 4).await.coordinators[0].error_code != 0 {}
    while error(&peer.ask(&commit(0), 8).await) != 0 {}
    (node, peers)
}

fn batches_on_disk(node: &Node) -> usize {
    let file = "data/__consumer_offsets-0/00000000000000000000.log";
    let log = std::fs::read(node.folder().join(file)).unwrap();
    batches(&log).map_while(Result::ok).count()
}

fn on_one_worker(test: impl Future<Output = ()>) {
    let one_worker = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    one_worker.block_on(test);
}

#[test]
fn commits_that_are_there_at_the_same_time_are_written_together() {
    on_one_worker(async {
        let (node, mut peers) = started(&[]).await;
        let mut written = Vec::new();
        // More than once: a shard that was asked by one connection only tries now and then whether others come with it, and on a
        // busy machine they may not be there yet.
        while written.last().is_none_or(|batches| *batches > GROUPS / 2) {
            assert!(
                written.len() < 10,
                "{written:?} batches for {GROUPS} commits each"
            );
            let before = batches_on_disk(&node);
            let (go_on, may_go_on) = mpsc::channel::<()>();
            let busy = tokio::spawn(async move { may_go_on.recv().is_err() });
            let mut ids = Vec::new();
            for (group, peer) in peers.iter_mut().enumerate() {
                ids.push(peer.send(&commit(group), 8).await);
            }
            drop(go_on);
            assert!(busy.await.unwrap());
            for (peer, id) in peers.iter_mut().zip(ids) {
                let answer = peer.receive::<OffsetCommitRequest>(id, 8).await;
                assert_eq!(error(&answer), 0);
            }
            written.push(batches_on_disk(&node) - before);
        }
        node.stop().await;
    });
}

#[test]
fn a_batch_of_commits_is_held_open_as_long_as_is_set() {
    on_one_worker(async {
        let linger = "group.coordinator.append.linger.ms";
        for (ms, batches) in [(400, 1..GROUPS / 2), (0, GROUPS..GROUPS + 1)] {
            let (node, mut peers) = started(&[&format!("{linger}={ms}")]).await;
            let before = batches_on_disk(&node);
            let mut ids = Vec::new();
            for (group, peer) in peers.iter_mut().enumerate() {
                ids.push(peer.send(&commit(group), 8).await);
                if ms == 0 {
                    // None has company.
                    let answer = peer.receive::<OffsetCommitRequest>(ids[group], 8).await;
                    assert_eq!(error(&answer), 0);
                }
            }
            if ms > 0 {
                for (peer, id) in peers.iter_mut().zip(ids) {
                    let answer = peer.receive::<OffsetCommitRequest>(id, 8).await;
                    assert_eq!(error(&answer), 0);
                }
            }
            let written = batches_on_disk(&node) - before;
            assert!(
                batches.contains(&written),
                "{written} batches with {linger}={ms}"
            );
            node.stop().await;
        }
    });
}

/// What the group has committed for `t-0`; -1 is nothing.
async fn committed(peer: &mut Peer, group: &str) -> i64 {
    let asked = OffsetFetchRequest {
        group_id: group.into(),
        topics: Some(vec![OffsetFetchRequestTopic {
            name: "t".into(),
            partition_indexes: vec![0],
        }]),
        ..OffsetFetchRequest::default()
    };
    let answer = peer.ask(&asked, 5).await;
    assert_eq!(answer.error_code, 0);
    answer.topics[0].partitions[0].committed_offset
}

#[tokio::test]
async fn a_new_topic_of_an_old_name_is_read_from_its_start() {
    let (node, mut peers) = started(&[]).await;
    let peer = &mut peers[0];
    let mut told = commit(1);
    told.topics[0].partitions[0].committed_offset = 7;
    assert_eq!(error(&peer.ask(&told, 8).await), 0);
    assert_eq!(committed(peer, "group 1").await, 7);
    let delete = DeleteTopicsRequest {
        topic_names: vec!["t".into()],
        timeout_ms: 10_000,
        ..DeleteTopicsRequest::default()
    };
    assert_eq!(peer.ask(&delete, 5).await.responses[0].error_code, 0);
    assert_eq!(committed(peer, "group 1").await, -1);
    peer.topic("t").await;
    assert_eq!(committed(peer, "group 1").await, -1);
    // Also after the log of the groups was read again.
    let node = node.restart().await;
    let mut peer = node.connect().await;
    let find = FindCoordinatorRequest {
        coordinator_keys: vec!["group 1".into()],
        ..FindCoordinatorRequest::default()
    };
    while peer.ask(&find, 4).await.coordinators[0].error_code != 0 {}
    assert_eq!(committed(&mut peer, "group 1").await, -1);
    node.stop().await;
}

#[tokio::test]
async fn a_commit_that_is_larger_than_a_segment_becomes_several_batches() {
    let (node, mut peers) = started(&["offsets.topic.segment.bytes=1048576"]).await;
    let mut large = commit(1);
    let partitions = &mut large.topics[0].partitions;
    *partitions = (1..=400)
        .map(|committed_offset| OffsetCommitRequestPartition {
            committed_offset,
            committed_metadata: Some("x".repeat(4_000).as_str().into()),
            ..OffsetCommitRequestPartition::default()
        })
        .collect();
    assert_eq!(error(&peers[0].ask(&large, 8).await), 0);
    drop(peers);
    let node = node.restart().await;
    let mut peer = node.connect().await;
    assert_eq!(committed(&mut peer, "group 1").await, 400);
    node.stop().await;
}
