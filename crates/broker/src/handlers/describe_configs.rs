//! DescribeConfigs (key 32), versions 1–4: effective values with their sources, synonyms (KIP-226), types and
//! explanations (KIP-569).

use super::refusals::Told;
use crate::node::Node;
use crate::quorum::QuorumHandle;
use crate::request::Call;
use klamm_codec::Str;
use klamm_metadata::Image;
use klamm_metadata::decide::stored;
use klamm_metadata::image::ResourceKind;
use klamm_model::{NodeId, TopicName};
use klamm_settings::{Described, Layers};
use klamm_wire::ErrorCode;
use klamm_wire::messages::describe_configs::{
    DescribeConfigsRequest, DescribeConfigsResource, DescribeConfigsResourceResult,
    DescribeConfigsResponse, DescribeConfigsResult, DescribeConfigsSynonym,
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

#[expect(clippy::unused_async, reason = "every handler has the same form")]
pub(crate) async fn handle(
    request: DescribeConfigsRequest,
    _call: &Call,
    needs: Needs<'_>,
) -> DescribeConfigsResponse {
    let (image, layers) = (needs.quorum.image(), needs.quorum.layers());
    let results = request.resources.iter().map(|resource| {
        match describe(resource, &image, &layers, needs.node_id) {
            Ok(lines) => {
                let wanted = resource
                    .configuration_keys
                    .as_deref()
                    .filter(|keys| !keys.is_empty());
                let is_wanted = |line: &Described| {
                    wanted.is_none_or(|keys| keys.iter().any(|key| **key == *line.name))
                };
                let lines = lines.into_iter().filter(is_wanted);
                result(
                    resource,
                    Told::OK,
                    lines.map(|line| one_line(line, &request)).collect(),
                )
            }
            Err(told) => result(resource, told, Vec::new()),
        }
    });
    DescribeConfigsResponse {
        results: results.collect(),
        ..DescribeConfigsResponse::default()
    }
}

fn result(
    resource: &DescribeConfigsResource,
    told: Told,
    configs: Vec<DescribeConfigsResourceResult>,
) -> DescribeConfigsResult {
    DescribeConfigsResult {
        error_code: told.code,
        // Kafka leaves the schema's default here if all went well: empty, not null.
        error_message: told.message.or_else(|| Some(Str::default())),
        resource_type: resource.resource_type,
        resource_name: resource.resource_name.clone(),
        configs,
    }
}

fn one_line(line: Described, request: &DescribeConfigsRequest) -> DescribeConfigsResourceResult {
    let synonyms = line
        .synonyms
        .into_iter()
        .filter(|_| request.include_synonyms);
    DescribeConfigsResourceResult {
        name: Str::from(line.name),
        value: line.value.map(Str::from),
        read_only: line.read_only,
        config_source: line.source.code(),
        is_sensitive: line.sensitive,
        synonyms: synonyms
            .map(|synonym| DescribeConfigsSynonym {
                name: Str::from(synonym.name),
                value: synonym.value.map(Str::from),
                source: synonym.source.code(),
            })
            .collect(),
        config_type: line.kind.map_or(0, klamm_settings::Kind::code),
        documentation: request.include_documentation.then(|| Str::from(line.doc)),
    }
}

fn describe(
    resource: &DescribeConfigsResource,
    image: &Image,
    layers: &Layers,
    node_id: NodeId,
) -> Result<Vec<Described>, Told> {
    let name = &*resource.resource_name;
    let code = resource.resource_type;
    let invalid = |message: String| Err(Told::new(ErrorCode::INVALID_REQUEST, message));
    let Some(kind) = ResourceKind::from_code(code) else {
        return invalid(format!("Resource type {code} is unknown."));
    };
    let overrides = || stored(image, kind, name);
    match kind {
        ResourceKind::Topic => {
            let checked = TopicName::new(name).map_err(|error| {
                let message = format!("Topic name {name:?} is invalid: {error}.");
                Told::new(ErrorCode::INVALID_TOPIC_EXCEPTION, message)
            })?;
            if image.topics().by_name(&checked).is_none() {
                return Err(Told {
                    message: None,
                    ..Told::bare(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)
                });
            }
            Ok(layers.describe_topic(&overrides()))
        }
        ResourceKind::Broker if name.is_empty() => Ok(layers.describe_cluster_wide()),
        ResourceKind::Broker => {
            check_node(name, node_id)?;
            Ok(layers.describe_broker())
        }
        ResourceKind::BrokerLogger if name.is_empty() => {
            invalid("A broker's log levels need its id.".to_owned())
        }
        // What is logged is chosen at the start, so there is nothing to list.
        ResourceKind::BrokerLogger => check_node(name, node_id).map(|()| Vec::new()),
        ResourceKind::ClientMetrics if name.is_empty() => {
            invalid("A client metrics subscription needs a name.".to_owned())
        }
        ResourceKind::ClientMetrics => Ok(Layers::describe_client_metrics(&overrides())),
        ResourceKind::Group if name.is_empty() => invalid("A group needs a name.".to_owned()),
        ResourceKind::Group => Ok(layers.describe_group(&overrides())),
    }
}

/// Refuses another node's id: only the broker itself knows its settings.
pub(super) fn check_node(name: &str, node_id: NodeId) -> Result<(), Told> {
    let invalid = |message| Err(Told::new(ErrorCode::INVALID_REQUEST, message));
    match name.parse::<i32>() {
        Ok(id) if id == node_id.0 => Ok(()),
        Ok(_) => invalid(format!(
            "Unexpected broker id, expected {node_id}, but received {name}"
        )),
        Err(_) => invalid(format!("Node id must be an integer, but it is: {name}")),
    }
}
