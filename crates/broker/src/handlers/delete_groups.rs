//! DeleteGroups (key 42), versions 0–2: groups without members go, with their offsets.

use crate::coordinating::Groups;
use crate::node::Node;
use crate::request::{Call, error_code};
use klamm_coordinator::groups::{Command, Reply};
use klamm_wire::ErrorCode;
use klamm_wire::messages::delete_groups::{
    DeletableGroupResult, DeleteGroupsRequest, DeleteGroupsResponse,
};
use std::collections::BTreeSet;

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

pub(crate) async fn handle(
    request: DeleteGroupsRequest,
    _call: &Call,
    needs: Needs<'_>,
) -> DeleteGroupsResponse {
    let mut results = Vec::new();
    let mut seen = BTreeSet::new();
    for group in request.groups_names {
        // A group that is named twice is deleted, and answered, once.
        if !seen.insert(group.clone()) {
            continue;
        }
        let command = Command::DeleteGroup { group: group.clone() };
        let error = match needs.groups.ask(&group, command).await {
            Ok(Reply::Done(Ok(()))) => ErrorCode::NONE,
            Ok(Reply::Done(Err(error))) => error_code::of_group(error),
            Ok(_) => ErrorCode::UNKNOWN_SERVER_ERROR,
            Err(error) => error,
        };
        results.push(DeletableGroupResult { group_id: group, error_code: error.code() });
    }
    DeleteGroupsResponse { results, ..DeleteGroupsResponse::default() }
}
