//! DescribeGroups (key 15), versions 0–6: members and assignments of classic groups.

use super::fetch::session::FetchSessions;
use super::member_standing;
use crate::coordinating::{Groups, moment};
use crate::node::Node;
use crate::request::{Call, operations};
use klamm_codec::Str;
use klamm_coordinator::groups::{self, GroupShard, GroupState};
use klamm_host::Host;
use klamm_wire::ErrorCode;
use klamm_wire::messages::describe_groups::{
    DescribeGroupsRequest, DescribeGroupsResponse, DescribedGroup, DescribedGroupMember,
};
use parking_lot::Mutex;
use std::sync::Arc;

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    groups: &'a Groups,
    sessions: &'a Mutex<FetchSessions>,
    host: &'a Host,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self {
            groups: &node.groups,
            sessions: &node.fetch_sessions,
            host: &node.host,
        }
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
        let asked = Asked { version: call.version, standing: request.asks_for_standing };
        let mut one = describe(group, asked, needs).await;
        let is_found = one.error_code == ErrorCode::NONE.code();
        one.authorized_operations = if request.include_authorized_operations && is_found {
            operations::ON_GROUP
        } else {
            operations::NOT_ASKED
        };
        described.push(one);
    }
    DescribeGroupsResponse { groups: described, ..DescribeGroupsResponse::default() }
}

/// What a request wants.
#[derive(Debug, Clone, Copy)]
struct Asked {
    version: i16,
    standing: bool,
}

async fn describe(group: Str, asked: Asked, needs: Needs<'_>) -> DescribedGroup {
    let failed = |error: ErrorCode| DescribedGroup {
        error_code: error.code(),
        group_id: group.clone(),
        ..DescribedGroup::default()
    };
    let wanted = group.clone();
    let clock = Arc::clone(&needs.host.clock);
    let seen = needs.groups.read(&group, move |shard: &GroupShard| {
        let now = moment(&*clock);
        let found = shard.describe(&wanted, now);
        found
            .map(|found| (found, now))
            .ok_or_else(|| shard.knows(&wanted))
    });
    let (found, now) = match seen.await {
        Ok(Ok(found)) => found,
        // A group of another protocol is as good as dead here.
        Ok(Err(is_other)) => {
            let is_told = asked.version >= FIRST_VERSION_WITH_NOT_FOUND;
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
        members: found
            .members
            .into_iter()
            .map(|mut found| {
                let standing = std::mem::take(&mut found.standing);
                let mut told = member(found);
                if asked.standing {
                    let (client_id, client_host) = (&told.client_id, &told.client_host);
                    let of = member_standing::Of { standing, client_id, client_host };
                    told.standing = member_standing::field(of, needs.sessions, now);
                }
                told
            })
            .collect(),
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
        standing: None,
    }
}
