//! JoinGroup (key 11), versions 0–9. Waits until the round's members are there.

use crate::coordinating::Groups;
use crate::node::Node;
use crate::request::{Call, error_code};
use klamm_codec::Str;
use klamm_coordinator::groups::{Command, Join, JoinedMember, Reply};
use klamm_host::Host;
use klamm_model::Uuid;
use klamm_wire::ErrorCode;
use klamm_wire::messages::join_group::{
    JoinGroupRequest, JoinGroupResponse, JoinGroupResponseMember,
};

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    groups: &'a Groups,
    host: &'a Host,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self { groups: &node.groups, host: &node.host }
    }
}

const FIRST_VERSION_WITH_REBALANCE_TIMEOUT: i16 = 1;
const FIRST_VERSION_WITH_REQUIRED_ID: i16 = 4;
const FIRST_VERSION_WITH_NULL_PROTOCOL: i16 = 7;
const FIRST_VERSION_WITH_SKIPPING: i16 = 9;

pub(crate) async fn handle(
    request: JoinGroupRequest,
    call: &Call,
    needs: Needs<'_>,
) -> JoinGroupResponse {
    let group = request.group_id.clone();
    let member_id = request.member_id.clone();
    let join = Command::Join(Box::new(join(request, call, needs.host)));
    let (error, member_id) = match needs.groups.ask(&group, join).await {
        Ok(Reply::Join(Ok(joined))) => {
            return JoinGroupResponse {
                generation_id: joined.generation,
                protocol_type: joined.protocol_type,
                protocol_name: joined.protocol_name,
                leader: joined.leader,
                skip_assignment: joined.skip_assignment,
                member_id: joined.member_id,
                members: joined.members.into_iter().map(member).collect(),
                ..JoinGroupResponse::default()
            };
        }
        Ok(Reply::Join(Err(refused))) => (error_code::of_group(refused.error), refused.member_id),
        Ok(_) => (ErrorCode::UNKNOWN_SERVER_ERROR, member_id),
        Err(error) => (error, member_id),
    };
    JoinGroupResponse {
        error_code: error.code(),
        generation_id: -1,
        // Older versions have no null here.
        protocol_name: (call.version < FIRST_VERSION_WITH_NULL_PROTOCOL).then_some(Str::EMPTY),
        member_id,
        ..JoinGroupResponse::default()
    }
}

fn join(request: JoinGroupRequest, call: &Call, host: &Host) -> Join {
    let protocols = request.protocols.into_iter();
    Join {
        group: request.group_id,
        member_id: request.member_id,
        instance_id: request.group_instance_id,
        client_id: call.client_id.clone(),
        client_host: super::client_host(call),
        session_timeout_ms: request.session_timeout_ms,
        rebalance_timeout_ms: if call.version < FIRST_VERSION_WITH_REBALANCE_TIMEOUT {
            request.session_timeout_ms
        } else {
            request.rebalance_timeout_ms
        },
        protocol_type: request.protocol_type,
        protocols: protocols
            .map(|protocol| (protocol.name, protocol.metadata))
            .collect(),
        requires_known_member_id: call.version >= FIRST_VERSION_WITH_REQUIRED_ID,
        supports_skipping_assignment: call.version >= FIRST_VERSION_WITH_SKIPPING,
        random: Uuid::from_random(host.entropy.next_u128()),
    }
}

fn member(member: JoinedMember) -> JoinGroupResponseMember {
    JoinGroupResponseMember {
        member_id: member.member_id,
        group_instance_id: member.instance_id,
        metadata: member.metadata,
    }
}
