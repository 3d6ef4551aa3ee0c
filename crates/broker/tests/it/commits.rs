//! Commits of many connections that are there at the same time.

use crate::node::{Node, Peer};
use klamm_records::batches;
use klamm_wire::messages::find_coordinator::FindCoordinatorRequest;
use klamm_wire::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
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
        let before = batches_on_disk(&node);
        // Twice: a shard that was asked by one connection only tries now and then whether others come with it.
        for _ in 0..2 {
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
        }
        let written = batches_on_disk(&node) - before;
        assert!(
            written <= GROUPS + GROUPS / 2,
            "{written} batches for {} commits",
            2 * GROUPS
        );
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
