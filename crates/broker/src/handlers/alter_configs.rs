//! AlterConfigs (key 33), versions 0–2: replaces all that is set on a resource. Deprecated in favour of
//! IncrementalAlterConfigs, and still what old tools send.

use super::changed_configs::{Asked, BadChange, carry_out, has_bad_pattern};
use crate::node::Node;
use crate::quorum::QuorumHandle;
use crate::request::Call;
use klamm_metadata::decide::{Controller, replace_configs};
use klamm_model::NodeId;
use klamm_wire::messages::alter_configs::{
    AlterConfigsRequest, AlterConfigsResource, AlterConfigsResourceResponse, AlterConfigsResponse,
};

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    quorum: &'a QuorumHandle,
    node_id: NodeId,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self { quorum: &node.quorum, node_id: node.config.node_id }
    }
}

pub(crate) async fn handle(
    request: AlterConfigsRequest,
    _call: &Call,
    needs: Needs<'_>,
) -> AlterConfigsResponse {
    let asked = request.resources.iter().map(asked).collect();
    let validate_only = request.validate_only;
    let decide = move |controller: &Controller<'_>, alterations: &[_]| {
        replace_configs(controller, alterations, validate_only)
    };
    let told = carry_out(asked, (needs.quorum, needs.node_id), decide).await;
    let responses = request
        .resources
        .into_iter()
        .zip(told)
        .map(|(resource, told)| AlterConfigsResourceResponse {
            error_code: told.code,
            error_message: told.message,
            resource_type: resource.resource_type,
            resource_name: resource.resource_name,
        });
    AlterConfigsResponse {
        responses: responses.collect(),
        ..AlterConfigsResponse::default()
    }
}

fn asked(resource: &AlterConfigsResource) -> Asked<String> {
    let changes = resource.configs.iter().map(|config| {
        let value = config.value.as_ref().map(|value| value.to_string());
        let change = match value {
            None => Err(BadChange::Null),
            Some(value) if has_bad_pattern(resource.resource_type, &config.name, &value) => {
                Err(BadChange::Pattern)
            }
            Some(value) => Ok(value),
        };
        (config.name.clone(), change)
    });
    Asked {
        resource_type: resource.resource_type,
        name: resource.resource_name.clone(),
        changes: changes.collect(),
    }
}
