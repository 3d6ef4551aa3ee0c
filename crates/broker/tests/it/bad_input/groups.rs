//! Groups: 65 to 69.

use super::{Case, PLAIN, Talk, code_of, talk};
use crate::node::{Node, Peer};
use klamm_wire::ErrorCode;
use klamm_wire::messages::delete_groups::DeleteGroupsRequest;
use klamm_wire::messages::describe_groups::DescribeGroupsRequest;
use klamm_wire::messages::find_coordinator::FindCoordinatorRequest;
use klamm_wire::messages::heartbeat::HeartbeatRequest;
use klamm_wire::messages::join_group::{
    JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse,
};
use klamm_wire::messages::leave_group::{LeaveGroupRequest, MemberIdentity};
use klamm_wire::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        talk(65, "a member id of another group", another_groups_member),
        talk(66, "metadata that is far too large", large_metadata),
        talk(67, "no protocol, an empty one, ten thousand", odd_protocols),
        talk(68, "session timeouts out of range", odd_session_timeouts),
        talk(69, "very many groups", very_many_groups),
    ]
}

fn join_request(group: &str, member: &str) -> JoinGroupRequest {
    JoinGroupRequest {
        group_id: group.into(),
        session_timeout_ms: 10_000,
        rebalance_timeout_ms: 10_000,
        member_id: member.into(),
        protocol_type: "consumer".into(),
        protocols: vec![JoinGroupRequestProtocol { name: "range".into(), ..Default::default() }],
        ..JoinGroupRequest::default()
    }
}

/// Joins with a request of the caller's, once the coordinator is there.
async fn join(peer: &mut Peer, mut request: JoinGroupRequest) -> JoinGroupResponse {
    find(peer, &[&request.group_id.clone()]).await;
    let first = peer.ask(&request, 9).await;
    if ErrorCode(first.error_code) != ErrorCode::MEMBER_ID_REQUIRED {
        return first;
    }
    request.member_id = first.member_id;
    peer.ask(&request, 9).await
}

async fn leave(peer: &mut Peer, group: &str, member: &str) {
    let request = LeaveGroupRequest {
        group_id: group.into(),
        members: vec![MemberIdentity {
            member_id: member.into(),
            group_instance_id: None,
            ..MemberIdentity::default()
        }],
        ..LeaveGroupRequest::default()
    };
    assert_eq!(peer.ask(&request, 5).await.error_code, 0);
}

/// Asks for coordinators until they are there: the first time makes a topic.
async fn find(peer: &mut Peer, groups: &[&str]) {
    let request = FindCoordinatorRequest {
        key_type: 0,
        coordinator_keys: groups.iter().map(|group| (*group).into()).collect(),
        ..FindCoordinatorRequest::default()
    };
    let answer = peer.ask(&request, 6).await;
    assert!(
        answer
            .coordinators
            .iter()
            .all(|found| found.error_code == 0),
        "{answer:?}"
    );
}

async fn beat(peer: &mut Peer, group: &str, member: &str) -> i16 {
    let request = HeartbeatRequest {
        group_id: group.into(),
        generation_id: 1,
        member_id: member.into(),
        group_instance_id: None,
    };
    peer.ask(&request, 4).await.error_code
}

fn commit_request(group: &str, metadata: &str) -> OffsetCommitRequest {
    OffsetCommitRequest {
        group_id: group.into(),
        generation_id_or_member_epoch: -1,
        topics: vec![OffsetCommitRequestTopic {
            name: PLAIN.into(),
            partitions: vec![OffsetCommitRequestPartition {
                committed_offset: 1,
                committed_leader_epoch: -1,
                committed_metadata: Some(metadata.into()),
                ..OffsetCommitRequestPartition::default()
            }],
            ..OffsetCommitRequestTopic::default()
        }],
        ..OffsetCommitRequest::default()
    }
}

async fn commit(peer: &mut Peer, request: &OffsetCommitRequest) -> i16 {
    let answer = peer.ask(request, 8).await;
    answer.topics[0].partitions[0].error_code
}

fn another_groups_member(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        let one = join(&mut peer, join_request("one", "")).await;
        let two = join(&mut peer, join_request("two", "")).await;
        assert_eq!((one.error_code, two.error_code), (0, 0));
        for (group, member) in [
            ("one", &*two.member_id),
            ("one", "nobody"),
            ("three", &*one.member_id),
        ] {
            let code = beat(&mut peer, group, member).await;
            code_of(code, ErrorCode::UNKNOWN_MEMBER_ID, (group, member));
        }
        let mut stolen = commit_request("one", "");
        stolen.generation_id_or_member_epoch = 1;
        stolen.member_id = two.member_id.clone();
        let code = commit(&mut peer, &stolen).await;
        code_of(code, ErrorCode::UNKNOWN_MEMBER_ID, "a commit");
        let again = join(&mut peer, join_request("one", &two.member_id)).await;
        code_of(again.error_code, ErrorCode::UNKNOWN_MEMBER_ID, "a join");
        leave(&mut peer, "one", &one.member_id).await;
        leave(&mut peer, "two", &two.member_id).await;
    })
}

fn large_metadata(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        find(&mut peer, &["wide"]).await;
        // offset.metadata.max.bytes is 4096. What is larger than a request may be is case 5.
        for (bytes, expected) in [
            (4096, ErrorCode::NONE),
            (4097, ErrorCode::OFFSET_METADATA_TOO_LARGE),
            (50 << 20, ErrorCode::OFFSET_METADATA_TOO_LARGE),
        ] {
            let code = commit(&mut peer, &commit_request("wide", &"m".repeat(bytes))).await;
            code_of(code, expected, bytes);
        }
    })
}

fn odd_protocols(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        let inconsistent = ErrorCode::INCONSISTENT_GROUP_PROTOCOL;
        let mut none = join_request("odd", "");
        none.protocols.clear();
        let answer = join(&mut peer, none).await;
        code_of(answer.error_code, inconsistent, "no protocol");
        let mut untyped = join_request("odd", "");
        untyped.protocol_type = "".into();
        let answer = join(&mut peer, untyped).await;
        code_of(answer.error_code, inconsistent, "no type");
        let named =
            |name: String| JoinGroupRequestProtocol { name: name.into(), ..Default::default() };
        for names in [
            vec![String::new()],
            (0..10_000).map(|i| format!("p{i}")).collect(),
        ] {
            let mut request = join_request("odd", "");
            request.protocols = names.into_iter().map(named).collect();
            let joined = join(&mut peer, request).await;
            code_of(joined.error_code, ErrorCode::NONE, "names");
            leave(&mut peer, "odd", &joined.member_id).await;
        }
    })
}

fn odd_session_timeouts(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        for session_timeout_ms in [0, -1, i32::MIN, 5_999, 1_800_001, i32::MAX] {
            let request = JoinGroupRequest { session_timeout_ms, ..join_request("timed", "") };
            let answer = join(&mut peer, request).await;
            code_of(
                answer.error_code,
                ErrorCode::INVALID_SESSION_TIMEOUT,
                session_timeout_ms,
            );
        }
    })
}

/// Names cost nothing until something is committed, and a deleted group leaves nothing.
fn very_many_groups(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        let names: Vec<_> = (0..50_000).map(|i| format!("group-{i}")).collect();
        let names: Vec<_> = names.iter().map(|name| &**name).collect();
        find(&mut peer, &names).await;
        let describe = DescribeGroupsRequest {
            groups: names.iter().map(|name| (*name).into()).collect(),
            ..DescribeGroupsRequest::default()
        };
        assert_eq!(peer.ask(&describe, 5).await.groups.len(), names.len());
        let some = names.get(..2000).unwrap();
        for group in some {
            assert_eq!(commit(&mut peer, &commit_request(group, "")).await, 0);
        }
        let delete = DeleteGroupsRequest {
            groups_names: some.iter().map(|name| (*name).into()).collect(),
        };
        let answer = peer.ask(&delete, 2).await;
        assert_eq!(answer.results.len(), some.len());
        assert!(answer.results.iter().all(|group| group.error_code == 0));
    })
}
