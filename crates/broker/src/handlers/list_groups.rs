//! ListGroups (key 16), versions 0–5: the groups of this broker, by state (version 4 on) and type (version 5 on).

use crate::coordinating::Groups;
use crate::node::Node;
use crate::request::Call;
use klamm_codec::Str;
use klamm_coordinator::groups::{GroupKind, GroupShard};
use klamm_wire::ErrorCode;
use klamm_wire::messages::list_groups::{ListGroupsRequest, ListGroupsResponse, ListedGroup};

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

const FIRST_VERSION_WITH_STATE: i16 = 4;
const FIRST_VERSION_WITH_TYPE: i16 = 5;

pub(crate) async fn handle(
    request: ListGroupsRequest,
    call: &Call,
    needs: Needs<'_>,
) -> ListGroupsResponse {
    let version = call.version;
    let asks_for = |filter: &[Str], value: &str| {
        filter.is_empty()
            || filter
                .iter()
                .any(|wanted| wanted.eq_ignore_ascii_case(value))
    };
    let listed = needs
        .groups
        .read_all(|shard: &GroupShard| shard.list().collect::<Vec<_>>())
        .await;
    let groups = match listed {
        Ok(groups) => groups,
        Err(error) => {
            return ListGroupsResponse {
                error_code: error.code(),
                ..ListGroupsResponse::default()
            };
        }
    };
    let wanted = groups.into_iter().flatten().filter(|group| {
        asks_for(&request.states_filter, &group.state)
            && asks_for(&request.types_filter, type_of(group.kind))
    });
    let from = |min: i16, text: String| {
        if version < min {
            Str::EMPTY
        } else {
            Str::from(text)
        }
    };
    ListGroupsResponse {
        error_code: ErrorCode::NONE.code(),
        groups: wanted
            .map(|group| ListedGroup {
                group_id: group.group,
                protocol_type: group.protocol_type,
                group_state: from(FIRST_VERSION_WITH_STATE, group.state),
                group_type: from(FIRST_VERSION_WITH_TYPE, type_of(group.kind).to_owned()),
            })
            .collect(),
        ..ListGroupsResponse::default()
    }
}

/// A group's type as KIP-848 spells it.
fn type_of(kind: GroupKind) -> &'static str {
    match kind {
        GroupKind::Classic => "classic",
        GroupKind::Consumer => "consumer",
    }
}
