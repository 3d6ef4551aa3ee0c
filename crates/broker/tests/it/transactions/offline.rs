//! A partition whose directory is lost holds the end of its transactions up, and nobody else's.

use super::*;
use crate::several_directories::{find, lose};
use klamm_coordinator::groups::shard_of;
use klamm_wire::messages::describe_log_dirs::DescribeLogDirsRequest;

const STATE_PARTITIONS: i32 = 8;

/// The directory, by its last letter, of each partition of a topic.
async fn places(peer: &mut Peer, topic: &str) -> BTreeMap<i32, char> {
    let answer = peer.ask(&DescribeLogDirsRequest { topics: None }, 4).await;
    let all = answer.results.iter().flat_map(|result| {
        let dir = result.log_dir.chars().last().unwrap();
        let here = result.topics.iter().filter(|one| &*one.name == topic);
        let here = here.flat_map(|topic| topic.partitions.iter());
        here.map(move |partition| (partition.partition_index, dir))
    });
    all.collect()
}

/// A transaction with a record in a partition of each directory, and its decision to commit while one of them is lost.
/// Another one, with a record in the directory that is left, is still open. Gives the partition that is served and the one
/// that is not.
async fn half_committed() -> (Node, [Txn; 2], i32, i32) {
    let settings = [
        "log.dirs={folder}/a,{folder}/b",
        "transaction.state.log.num.partitions=8",
    ];
    let node = Node::start(&settings).await;
    let mut peer = node.connect().await;
    let mut request = create("t", &[]);
    request.topics[0].num_partitions = 3;
    assert_eq!(peer.ask(&request, 7).await.topics[0].error_code, OK);
    Txn::new(&node, "first").await;
    let states = places(&mut peer, "__transaction_state").await;
    let ids = ["p", "q", "r", "s", "t", "u", "v", "w"];
    let is_kept = |id: &&&str| states[&shard_of(id, STATE_PARTITIONS)] == 'a';
    let ids: Vec<_> = ids.iter().filter(is_kept).collect();
    let places = places(&mut peer, "t").await;
    let in_dir = |dir| *places.iter().find(|(_, at)| **at == dir).unwrap().0;
    let (served, lost) = (in_dir('a'), in_dir('b'));
    let mut txn = Txn::new(&node, ids[0]).await;
    txn.send(served, &["served"]).await;
    txn.send(lost, &["lost"]).await;
    let mut other = Txn::new(&node, ids[1]).await;
    other.send(served, &["other"]).await;

    let node = node.restart_after(lose).await;
    txn.peer = node.connect().await;
    // The decision needs no partition but that of the coordinator; at first that is being loaded.
    while txn.try_end(true, 4).await != OK {}
    let mut peer = node.connect().await;
    while read(&mut peer, served).await.committed != ["served"] {}
    (node, [txn, other], served, lost)
}

async fn state(txn: &mut Txn) -> String {
    let request = DescribeTransactionsRequest { transactional_ids: vec![txn.id.into()] };
    let answer = txn.peer.ask(&request, 0).await;
    answer.transaction_states[0].transaction_state.to_string()
}

#[test]
fn a_lost_directory_holds_a_decision_up_until_it_is_back() {
    run(async {
        let (node, [mut txn, mut other], served, lost) = half_committed().await;
        assert_eq!(state(&mut txn).await, "PrepareCommit");
        let next = InitProducerIdRequest {
            transactional_id: Some(txn.id.into()),
            transaction_timeout_ms: 60_000,
            producer_id: -1,
            producer_epoch: -1,
            ..InitProducerIdRequest::default()
        };
        let refused = code(ErrorCode::CONCURRENT_TRANSACTIONS);
        assert_eq!(txn.peer.ask(&next, 5).await.error_code, refused);
        // Others are not held up.
        other.peer = node.connect().await;
        while other.try_end(true, 5).await != OK {}
        let mut peer = node.connect().await;
        while read(&mut peer, served).await.committed != ["served", "other"] {}
        let node = node.restart_after(find).await;
        let mut peer = node.connect().await;
        txn.peer = node.connect().await;
        while read(&mut peer, lost).await.committed != ["lost"] {}
        while state(&mut txn).await != "CompleteCommit" {}
        assert_eq!(read(&mut peer, served).await.committed, ["served", "other"]);
        node.stop().await;
    });
}

#[test]
fn a_partition_that_is_lost_and_then_deleted_holds_no_decision_up() {
    run(async {
        let (node, [mut txn, _], ..) = half_committed().await;
        assert_eq!(state(&mut txn).await, "PrepareCommit");
        let request = delete_topics::DeleteTopicsRequest {
            topics: vec![delete_topics::DeleteTopicState {
                name: Some("t".into()),
                ..delete_topics::DeleteTopicState::default()
            }],
            timeout_ms: 10_000,
            ..delete_topics::DeleteTopicsRequest::default()
        };
        let mut peer = node.connect().await;
        assert_eq!(peer.ask(&request, 6).await.responses[0].error_code, OK);
        while state(&mut txn).await != "CompleteCommit" {}
        txn.init().await;
        node.stop().await;
    });
}
