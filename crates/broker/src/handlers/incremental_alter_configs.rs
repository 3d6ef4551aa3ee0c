//! IncrementalAlterConfigs (key 44), versions 0–1: sets, removes, adds to and takes from single values (KIP-339).

use super::changed_configs::{Asked, BadChange, Checked, check, has_bad_pattern};
use super::refusals::Told;
use crate::node::Node;
use crate::quorum::QuorumHandle;
use crate::request::Call;
use klamm_metadata::decide::alter_configs_incrementally;
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
    let (checked, alterations) = check(asked, needs.node_id);
    let validate_only = request.validate_only;
    let decided: Result<Vec<Told>, Told> = if alterations.is_empty() {
        Ok(Vec::new())
    } else {
        let decided = needs.quorum.decide(move |context| {
            alter_configs_incrementally(&context.controller, &alterations, validate_only)
        });
        let told = decided.await.map_err(Told::from);
        told.map(|results| {
            results
                .into_iter()
                .map(|(_, result)| result.into())
                .collect()
        })
    };
    let responses = request
        .resources
        .into_iter()
        .zip(checked)
        .map(|(resource, checked)| {
            let told = match (checked, &decided) {
                (Checked::Refused(told), _) => told,
                (Checked::Asked(_), Err(told)) => told.clone(),
                (Checked::Asked(at), Ok(told)) => told.get(at).cloned().unwrap_or(Told::OK),
            };
            AlterConfigsResourceResponse {
                error_code: told.code,
                error_message: told.message,
                resource_type: resource.resource_type,
                resource_name: resource.resource_name,
            }
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
