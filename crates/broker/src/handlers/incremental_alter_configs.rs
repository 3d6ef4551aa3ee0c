//! IncrementalAlterConfigs (key 44), versions 0–1: sets, removes, adds to and takes from single values (KIP-339).

use super::changed_configs::{Asked, BadChange, carry_out, has_bad_pattern};
use crate::node::Node;
use crate::quorum::QuorumHandle;
use crate::request::Call;
use klamm_metadata::decide::{Controller, alter_configs_incrementally};
use klamm_model::NodeId;
use klamm_settings::Change;
use klamm_wire::messages::incremental_alter_configs::{
    AlterConfigsResource, AlterConfigsResourceResponse, IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
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
    request: IncrementalAlterConfigsRequest,
    _call: &Call,
    needs: Needs<'_>,
) -> IncrementalAlterConfigsResponse {
    let asked = request.resources.iter().map(asked).collect();
    let validate_only = request.validate_only;
    let decide = move |controller: &Controller<'_>, alterations: &[_]| {
        alter_configs_incrementally(controller, alterations, validate_only)
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
    IncrementalAlterConfigsResponse {
        responses: responses.collect(),
        ..IncrementalAlterConfigsResponse::default()
    }
}

fn asked(resource: &AlterConfigsResource) -> Asked<Change> {
    let changes = resource.configs.iter().map(|config| {
        let value = config.value.as_ref().map(|value| value.to_string());
        let change = match (config.config_operation, value) {
            (1, _) => Ok(Change::Delete),
            (_, None) => Err(BadChange::Null),
            (_, Some(value)) if has_bad_pattern(resource.resource_type, &config.name, &value) => {
                Err(BadChange::Pattern)
            }
            (0, Some(value)) => Ok(Change::Set(value)),
            (2, Some(value)) => Ok(Change::Append(value)),
            (3, Some(value)) => Ok(Change::Subtract(value)),
            (other, Some(_)) => Err(BadChange::Operation(other)),
        };
        (config.name.clone(), change)
    });
    Asked {
        resource_type: resource.resource_type,
        name: resource.resource_name.clone(),
        changes: changes.collect(),
    }
}
