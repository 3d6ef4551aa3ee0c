//! Groups over loopback: members, assignments, committed offsets, across restarts.

use crate::node::{Node, Peer, run};
use klamm_wire::ErrorCode;
use klamm_wire::messages::find_coordinator::FindCoordinatorRequest;
use klamm_wire::messages::heartbeat::HeartbeatRequest;
use klamm_wire::messages::join_group::{
    JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse,
};
use klamm_wire::messages::list_groups::ListGroupsRequest;
use klamm_wire::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use klamm_wire::messages::offset_fetch::{
    OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use klamm_wire::messages::sync_group::{SyncGroupRequest, SyncGroupRequestAssignment};

const QUICK: &[&str] = &[
    "group.initial.rebalance.delay.ms=0",
    "offsets.topic.num.partitions=3",
];

pub(crate) async fn find(peer: &mut Peer, key_type: i8) -> i16 {
    let request = FindCoordinatorRequest {
        key_type,
        coordinator_keys: vec!["g".into()],
        ..FindCoordinatorRequest::default()
    };
    peer.ask(&request, 6).await.coordinators[0].error_code
}

pub(crate) fn join_request(member: &str) -> JoinGroupRequest {
    JoinGroupRequest {
        group_id: "g".into(),
        session_timeout_ms: 10_000,
        rebalance_timeout_ms: 10_000,
        member_id: member.into(),
        protocol_type: "consumer".into(),
        protocols: vec![JoinGroupRequestProtocol { name: "range".into(), ..Default::default() }],
        ..JoinGroupRequest::default()
    }
}

pub(crate) async fn join(peer: &mut Peer) -> JoinGroupResponse {
    let first = peer.ask(&join_request(""), 9).await;
    assert_eq!(first.error_code, ErrorCode::MEMBER_ID_REQUIRED.code());
    let joined = peer.ask(&join_request(&first.member_id), 9).await;
    assert_eq!(joined.error_code, ErrorCode::NONE.code());
    joined
}

pub(crate) async fn sync(peer: &mut Peer, joined: &JoinGroupResponse) -> bytes::Bytes {
    let assignment = SyncGroupRequestAssignment {
        member_id: joined.member_id.clone(),
        assignment: "part".into(),
    };
    let request = SyncGroupRequest {
        group_id: "g".into(),
        generation_id: joined.generation_id,
        member_id: joined.member_id.clone(),
        protocol_type: Some("consumer".into()),
        protocol_name: Some("range".into()),
        assignments: vec![assignment],
        ..SyncGroupRequest::default()
    };
    let synced = peer.ask(&request, 5).await;
    assert_eq!(synced.error_code, ErrorCode::NONE.code());
    synced.assignment
}

async fn beat(peer: &mut Peer, joined: &JoinGroupResponse) -> i16 {
    let request = HeartbeatRequest {
        group_id: "g".into(),
        generation_id: joined.generation_id,
        member_id: joined.member_id.clone(),
        group_instance_id: None,
    };
    peer.ask(&request, 4).await.error_code
}

pub(crate) async fn committed(peer: &mut Peer, group: &str) -> (i64, i16) {
    let topic = OffsetFetchRequestTopics {
        name: "t".into(),
        partition_indexes: vec![0],
        ..OffsetFetchRequestTopics::default()
    };
    let group = OffsetFetchRequestGroup {
        group_id: group.into(),
        topics: Some(vec![topic]),
        member_epoch: -1,
        ..OffsetFetchRequestGroup::default()
    };
    let request = OffsetFetchRequest { groups: vec![group], ..OffsetFetchRequest::default() };
    let fetched = peer.ask(&request, 9).await;
    let partition = &fetched.groups[0].topics[0].partitions[0];
    (partition.committed_offset, partition.error_code)
}

#[test]
fn a_member_and_its_commits_outlive_the_node() {
    run(async {
        let node = Node::start(QUICK).await;
        let mut peer = node.connect().await;
        peer.topic("t").await;
        assert_eq!(find(&mut peer, 0).await, ErrorCode::NONE.code());
        let joined = join(&mut peer).await;
        assert_eq!((joined.generation_id, joined.members.len()), (1, 1));
        assert_eq!(sync(&mut peer, &joined).await, "part");
        let partition = |index, offset| OffsetCommitRequestPartition {
            partition_index: index,
            committed_offset: offset,
            ..OffsetCommitRequestPartition::default()
        };
        let commit = OffsetCommitRequest {
            group_id: "g".into(),
            generation_id_or_member_epoch: 1,
            member_id: joined.member_id.clone(),
            topics: vec![OffsetCommitRequestTopic {
                name: "t".into(),
                partitions: vec![partition(99, 1), partition(0, 7)],
                ..OffsetCommitRequestTopic::default()
            }],
            ..OffsetCommitRequest::default()
        };
        let answer = peer.ask(&commit, 9).await;
        let codes: Vec<_> = answer.topics[0]
            .partitions
            .iter()
            .map(|p| p.error_code)
            .collect();
        let unknown = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.code();
        assert_eq!(codes, [unknown, ErrorCode::NONE.code()]);

        let node = node.restart().await;
        let mut peer = node.connect().await;
        assert_eq!(committed(&mut peer, "g").await, (7, 0));
        assert_eq!(
            committed(&mut peer, "nobody").await,
            (-1, 0),
            "no error, no offset"
        );
        assert_eq!(beat(&mut peer, &joined).await, ErrorCode::NONE.code());
        let stale = OffsetCommitRequest { generation_id_or_member_epoch: 0, ..commit };
        let answer = peer.ask(&stale, 9).await;
        let code = answer.topics[0].partitions[1].error_code;
        assert_eq!(code, ErrorCode::ILLEGAL_GENERATION.code());
        let listed = peer.ask(&ListGroupsRequest::default(), 5).await;
        assert_eq!(
            (&*listed.groups[0].group_id, &*listed.groups[0].group_state),
            ("g", "Stable")
        );
        node.stop().await;
    });
}

#[test]
fn a_join_that_waits_holds_nobody_up() {
    run(async {
        let node = Node::start(QUICK).await;
        let mut first = node.connect().await;
        assert_eq!(find(&mut first, 0).await, ErrorCode::NONE.code());
        let joined = join(&mut first).await;
        sync(&mut first, &joined).await;
        let mut second = node.connect().await;
        let promised = second.ask(&join_request(""), 9).await;
        let waiting = second.send(&join_request(&promised.member_id), 9).await;
        // The other member goes on, hears of the round, and ends the wait by joining again.
        while beat(&mut first, &joined).await != ErrorCode::REBALANCE_IN_PROGRESS.code() {}
        let again = first.ask(&join_request(&joined.member_id), 9).await;
        assert_eq!(again.generation_id, 2);
        let other = second.receive::<JoinGroupRequest>(waiting, 9).await;
        assert_eq!((other.generation_id, other.error_code), (2, 0));
        node.stop().await;
    });
}

#[test]
fn what_has_no_coordinator_yet_is_refused_for_good() {
    run(async {
        let node = Node::start(QUICK).await;
        let mut peer = node.connect().await;
        let share = find(&mut peer, 2).await;
        assert_eq!(share, ErrorCode::UNSUPPORTED_VERSION.code());
        assert_eq!(find(&mut peer, 3).await, ErrorCode::INVALID_REQUEST.code());
        node.stop().await;
    });
}

#[test]
fn a_node_that_stops_tells_those_who_wait() {
    run(async {
        let node = Node::start(QUICK).await;
        let mut first = node.connect().await;
        assert_eq!(find(&mut first, 0).await, ErrorCode::NONE.code());
        let joined = join(&mut first).await;
        sync(&mut first, &joined).await;
        let mut second = node.connect().await;
        let promised = second.ask(&join_request(""), 9).await;
        let waiting = second.send(&join_request(&promised.member_id), 9).await;
        while beat(&mut first, &joined).await != ErrorCode::REBALANCE_IN_PROGRESS.code() {}
        node.stop().await;
        let told = second.receive::<JoinGroupRequest>(waiting, 9).await;
        assert_eq!(told.error_code, ErrorCode::NOT_COORDINATOR.code());
    });
}
