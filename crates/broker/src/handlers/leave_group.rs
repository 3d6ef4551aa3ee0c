//! LeaveGroup (key 13), versions 0–5: members leave, or are removed by an administrator (version 3 on).

use crate::coordinating::Groups;
use crate::node::Node;
use crate::request::{Call, error_code};
use klamm_coordinator::groups::{Command, Leave, LeavingMember, Reply};
use klamm_wire::ErrorCode;
use klamm_wire::messages::leave_group::{LeaveGroupRequest, LeaveGroupResponse, MemberResponse};

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    groups: &'a Groups,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self { groups: &node.groups }
    }
}

const FIRST_VERSION_WITH_MANY: i16 = 3;

pub(crate) async fn handle(
    request: LeaveGroupRequest,
    call: &Call,
    needs: Needs<'_>,
) -> LeaveGroupResponse {
    let is_many = call.version >= FIRST_VERSION_WITH_MANY;
    let leaving: Vec<LeavingMember> = if is_many {
        let members = request.members.into_iter();
        members
            .map(|member| LeavingMember {
                member_id: member.member_id,
                instance_id: member.group_instance_id,
            })
            .collect()
    } else {
        vec![LeavingMember { member_id: request.member_id, instance_id: None }]
    };
    let leave = Leave { group: request.group_id.clone(), members: leaving.clone() };
    let failed = |error: ErrorCode| LeaveGroupResponse {
        error_code: error.code(),
        ..LeaveGroupResponse::default()
    };
    let asked = needs.groups.ask(&request.group_id, Command::Leave(leave));
    let results = match asked.await {
        Ok(Reply::Each(Ok(results))) => results,
        Ok(Reply::Each(Err(error))) => return failed(error_code::of_group(error)),
        Ok(_) => return failed(ErrorCode::UNKNOWN_SERVER_ERROR),
        Err(error) => return failed(error),
    };
    let mut codes = results.into_iter().map(|result| match result {
        Ok(()) => ErrorCode::NONE,
        Err(error) => error_code::of_group(error),
    });
    if !is_many {
        return failed(codes.next_back().unwrap_or(ErrorCode::UNKNOWN_MEMBER_ID));
    }
    let members = leaving.into_iter().zip(codes);
    LeaveGroupResponse {
        members: members
            .map(|(member, error)| MemberResponse {
                member_id: member.member_id,
                group_instance_id: member.instance_id,
                error_code: error.code(),
            })
            .collect(),
        ..LeaveGroupResponse::default()
    }
}
