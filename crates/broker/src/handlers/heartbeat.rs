//! Heartbeat (key 12), versions 0–4: a member lives, and hears of a new round.

use crate::coordinating::Groups;
use crate::node::Node;
use crate::request::{Call, error_code};
use klamm_coordinator::groups::{Command, Heartbeat, Reply};
use klamm_wire::ErrorCode;
use klamm_wire::messages::heartbeat::{HeartbeatRequest, HeartbeatResponse};

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
    request: HeartbeatRequest,
    _call: &Call,
    needs: Needs<'_>,
) -> HeartbeatResponse {
    let group = request.group_id.clone();
    let heartbeat = Command::Heartbeat(Box::new(Heartbeat {
        group: request.group_id,
        member_id: request.member_id,
        instance_id: request.group_instance_id,
        generation: request.generation_id,
    }));
    let error = match needs.groups.ask(&group, heartbeat).await {
        Ok(Reply::Done(Ok(()))) => ErrorCode::NONE,
        Ok(Reply::Done(Err(error))) => error_code::of_group(error),
        Ok(_) => ErrorCode::UNKNOWN_SERVER_ERROR,
        Err(error) => error,
    };
    HeartbeatResponse { error_code: error.code(), ..HeartbeatResponse::default() }
}
