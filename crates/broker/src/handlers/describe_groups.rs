//! DescribeGroups (key 15), versions 0–6: members and assignments of classic groups.

use crate::coordinating::Groups;
use crate::node::Node;
use crate::request::{Call, operations};
use klamm_codec::Str;
use klamm_coordinator::groups::{self, GroupShard, GroupState};
use klamm_wire::ErrorCode;
use klamm_wire::messages::describe_groups::{
    DescribeGroupsRequest, DescribeGroupsResponse, DescribedGroup, DescribedGroupMember,
};

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

const FIRST_VERSION_WITH_NOT_FOUND: i16 = 6;

pub(crate) async fn handle(
    request: DescribeGroupsRequest,
    call: &Call,
    needs: Needs<'_>,
) -> DescribeGroupsResponse {
    let mut described = Vec::new();
    for group in request.groups {
        let mut one = describe(group, call.version, needs.groups).await;
        one.authorized_operations = if request.include_authorized_operations {
            operations::ON_GROUP
        } else {
            operations::NOT_ASKED
        };
        described.push(one);
    }
    DescribeGroupsResponse { groups: described, ..DescribeGroupsResponse::default() }
}

async fn describe(group: Str, version: i16, groups: &Groups) -> DescribedGroup {
    let failed = |error: ErrorCode| DescribedGroup {
        error_code: error.code(),
        group_id: group.clone(),
        ..DescribedGroup::default()
    };
    if group.is_empty() {
        return failed(ErrorCode::INVALID_GROUP_ID);
    }
    let wanted = group.clone();
    let seen = groups
        .read(&group, move |shard: &GroupShard| {
            shard.describe(&wanted).ok_or_else(|| shard.knows(&wanted))
        })
        .await;
    let found = match seen {
        Ok(Ok(found)) => found,
        // A group of another protocol is as good as dead here.
        Ok(Err(is_other)) => {
            let is_told = version >= FIRST_VERSION_WITH_NOT_FOUND;
            let message = Str::from(if is_other {
                format!("Group {group} is not a classic group.")
            } else {
                format!("Group {group} not found.")
            });
            return DescribedGroup {
                error_message: is_told.then_some(message),
                group_state: Str::from(GroupState::Dead.to_string()),
                ..failed(if is_told {
                    ErrorCode::GROUP_ID_NOT_FOUND
                } else {
                    ErrorCode::NONE
                })
            };
        }
        Err(error) => return failed(error),
    };
    DescribedGroup {
        group_state: Str::from(found.state.to_string()),
        protocol_type: found.protocol_type,
        protocol_data: found.protocol_name,
        members: found.members.into_iter().map(member).collect(),
        ..failed(ErrorCode::NONE)
    }
}

fn member(member: groups::DescribedMember) -> DescribedGroupMember {
    DescribedGroupMember {
        member_id: member.member_id,
        group_instance_id: member.instance_id,
        client_id: member.client_id,
        client_host: member.client_host,
        member_metadata: member.metadata,
        member_assignment: member.assignment,
    }
}
