//! Offsets committed in transactions.

use super::*;
use add_offsets_to_txn::AddOffsetsToTxnRequest;
use offset_fetch::{OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopics};
use txn_offset_commit::{
    TxnOffsetCommitRequest, TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};

fn commit(txn: &Txn, offset: i64) -> TxnOffsetCommitRequest {
    let partition = |partition_index| TxnOffsetCommitRequestPartition {
        partition_index,
        committed_offset: offset,
        committed_leader_epoch: -1,
        committed_metadata: Some("note".into()),
    };
    TxnOffsetCommitRequest {
        transactional_id: txn.id.into(),
        group_id: txn.id.into(),
        producer_id: txn.producer.0,
        producer_epoch: txn.producer.1,
        topics: vec![TxnOffsetCommitRequestTopic {
            name: "t".into(),
            partitions: vec![partition(0), partition(9)],
        }],
        ..TxnOffsetCommitRequest::default()
    }
}

/// The codes of a partition that is there and of one that is not.
async fn ask(txn: &mut Txn, request: &TxnOffsetCommitRequest, version: i16) -> [i16; 2] {
    let answer = txn.peer.ask(request, version).await;
    let partitions = &answer.topics[0].partitions;
    [partitions[0].error_code, partitions[1].error_code]
}

async fn add(txn: &mut Txn) {
    let request = AddOffsetsToTxnRequest {
        transactional_id: txn.id.into(),
        producer_id: txn.producer.0,
        producer_epoch: txn.producer.1,
        group_id: txn.id.into(),
    };
    assert_eq!(txn.peer.ask(&request, 3).await.error_code, OK);
}

/// Offset and code, by who wants stable offsets, and who does not; for one partition, and for all.
async fn committed(txn: &mut Txn, stable: bool) -> (i64, i16) {
    let fetch = |topics| OffsetFetchRequest {
        groups: vec![OffsetFetchRequestGroup {
            group_id: txn.id.into(),
            topics,
            ..OffsetFetchRequestGroup::default()
        }],
        require_stable: stable,
        ..OffsetFetchRequest::default()
    };
    let one = fetch(Some(vec![OffsetFetchRequestTopics {
        name: "t".into(),
        partition_indexes: vec![0],
        ..OffsetFetchRequestTopics::default()
    }]));
    let all = fetch(None);
    let one = txn.peer.ask(&one, 9).await.groups.remove(0);
    let all = txn.peer.ask(&all, 9).await.groups.remove(0);
    let one = &one.topics[0].partitions[0];
    let seen = (one.committed_offset, one.error_code);
    if let Some(topic) = all.topics.first() {
        let in_all = &topic.partitions[0];
        assert_eq!((in_all.committed_offset, in_all.error_code), seen);
    }
    seen
}

const UNKNOWN: i16 = 3;

#[test]
fn offsets_count_with_their_transaction() {
    run(async {
        let (mut node, _) = started(&[]).await;
        let mut a = Txn::new(&node, "a").await;
        let unstable = (-1, code(ErrorCode::UNSTABLE_OFFSET_COMMIT));
        let mut before = -1;
        for (round, commits) in [(1, true), (2, false), (3, true)] {
            let request = commit(&a, round);
            assert_eq!(ask(&mut a, &request, 5).await, [OK, UNKNOWN]);
            assert_eq!(committed(&mut a, false).await, (before, OK));
            assert_eq!(committed(&mut a, true).await, unstable);
            if round > 1 {
                node = node.restart().await;
                a.peer = node.connect().await;
                assert_eq!(committed(&mut a, false).await, (before, OK));
                assert_eq!(committed(&mut a, true).await, unstable, "still open");
            }
            a.end(commits).await;
            before = if commits { round } else { before };
            assert_eq!(committed(&mut a, false).await, (before, OK));
            assert_eq!(committed(&mut a, true).await, (before, OK));
        }
        node.stop().await;
    });
}

#[test]
fn the_groups_partition_is_part_of_the_transaction_first() {
    run(async {
        let (node, _) = started(&[]).await;
        let mut a = Txn::new(&node, "a").await;
        assert_eq!(a.add("t", [0]).await, OK);
        let request = commit(&a, 1);
        let (old, newer) = (
            ErrorCode::INVALID_TXN_STATE,
            ErrorCode::TRANSACTION_ABORTABLE,
        );
        assert_eq!(ask(&mut a, &request, 3).await, [code(old), UNKNOWN]);
        assert_eq!(ask(&mut a, &request, 4).await, [code(newer), UNKNOWN]);
        add(&mut a).await;
        assert_eq!(ask(&mut a, &request, 4).await, [OK, UNKNOWN]);
        a.end_explicitly(true).await;
        assert_eq!(committed(&mut a, true).await, (1, OK));
        // A commit that comes late opens nothing.
        assert_eq!(ask(&mut a, &request, 4).await, [code(newer), UNKNOWN]);
        assert_eq!(committed(&mut a, true).await, (1, OK));
        node.stop().await;
    });
}

#[test]
fn a_commit_in_a_transaction_is_always_somebodys() {
    run(async {
        let (node, _) = started(&["transaction.partition.verification.enable=false"]).await;
        let mut a = Txn::new(&node, "a").await;
        let unknown = code(ErrorCode::UNKNOWN_SERVER_ERROR);
        for producer in [(-1, 0), (0, -1), (i64::MIN, i16::MIN)] {
            let mut request = commit(&a, 1);
            (request.producer_id, request.producer_epoch) = producer;
            assert_eq!(
                ask(&mut a, &request, 4).await,
                [unknown, UNKNOWN],
                "{producer:?}"
            );
        }
        assert_eq!(committed(&mut a, true).await, (-1, OK));
        node.stop().await;
    });
}

#[test]
fn a_producer_that_is_too_late_is_refused_alone() {
    run(async {
        let (node, _) = started(&[]).await;
        let mut a = Txn::new(&node, "a").await;
        let request = commit(&a, 1);
        assert_eq!(ask(&mut a, &request, 5).await, [OK, UNKNOWN]);
        a.end(true).await;
        let fenced = code(ErrorCode::INVALID_PRODUCER_EPOCH);
        let late = ask(&mut a, &request, 5).await;
        assert_eq!(late, [fenced, UNKNOWN]);
        let mut nameless = commit(&a, 2);
        nameless.group_id = "".into();
        let invalid = code(ErrorCode::INVALID_GROUP_ID);
        assert_eq!(ask(&mut a, &nameless, 5).await, [invalid, UNKNOWN]);
        let mut member = commit(&a, 2);
        (member.generation_id, member.member_id) = (3, "m".into());
        let nobody = code(ErrorCode::UNKNOWN_MEMBER_ID);
        assert_eq!(ask(&mut a, &member, 5).await, [nobody, UNKNOWN]);
        assert_eq!(committed(&mut a, true).await, (1, OK));
        node.stop().await;
    });
}
