//! SyncGroup (key 14), versions 0–5. Waits until the leader has assigned.

use crate::coordinating::Groups;
use crate::node::Node;
use crate::request::{Call, error_code};
use klamm_coordinator::groups::{Command, Reply, Sync};
use klamm_wire::ErrorCode;
use klamm_wire::messages::sync_group::{SyncGroupRequest, SyncGroupResponse};

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

const FIRST_VERSION_WITH_PROTOCOL: i16 = 5;

pub(crate) async fn handle(
    request: SyncGroupRequest,
    call: &Call,
    needs: Needs<'_>,
) -> SyncGroupResponse {
    let failed = |error: ErrorCode| SyncGroupResponse {
        error_code: error.code(),
        ..SyncGroupResponse::default()
    };
    let names_protocol = request.protocol_type.is_some() && request.protocol_name.is_some();
    if call.version >= FIRST_VERSION_WITH_PROTOCOL && !names_protocol {
        return failed(ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
    }
    let group = request.group_id.clone();
    let assignments = request.assignments.into_iter();
    let sync = Command::Sync(Box::new(Sync {
        group: request.group_id,
        member_id: request.member_id,
        instance_id: request.group_instance_id,
        generation: request.generation_id,
        protocol_type: request.protocol_type,
        protocol_name: request.protocol_name,
        assignments: assignments
            .map(|given| (given.member_id, given.assignment))
            .collect(),
    }));
    match needs.groups.ask(&group, sync).await {
        Ok(Reply::Sync(Ok(synced))) => SyncGroupResponse {
            protocol_type: synced.protocol_type,
            protocol_name: synced.protocol_name,
            assignment: synced.assignment,
            ..SyncGroupResponse::default()
        },
        Ok(Reply::Sync(Err(error))) => failed(error_code::of_group(error)),
        Ok(_) => failed(ErrorCode::UNKNOWN_SERVER_ERROR),
        Err(error) => failed(error),
    }
}
