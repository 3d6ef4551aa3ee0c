//! ListConfigResources (key 74), versions 0–1: what has, or can have, a configuration (KIP-714, KIP-1142).

use crate::node::Node;
use crate::quorum::QuorumHandle;
use crate::request::Call;
use klamm_codec::Str;
use klamm_metadata::Image;
use klamm_metadata::image::ResourceKind;
use klamm_wire::ErrorCode;
use klamm_wire::messages::list_config_resources::{
    ConfigResource, ListConfigResourcesRequest, ListConfigResourcesResponse,
};

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    quorum: &'a QuorumHandle,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self { quorum: &node.quorum }
    }
}

const FIRST_VERSION_WITH_TYPES: i16 = 1;

/// Every kind, in the order of the answer.
const KINDS: [ResourceKind; 5] = [
    ResourceKind::Group,
    ResourceKind::ClientMetrics,
    ResourceKind::BrokerLogger,
    ResourceKind::Broker,
    ResourceKind::Topic,
];

#[expect(clippy::unused_async, reason = "every handler has the same form")]
pub(crate) async fn handle(
    request: ListConfigResourcesRequest,
    call: &Call,
    needs: Needs<'_>,
) -> ListConfigResourcesResponse {
    // Version 0 knows client metrics only.
    let known: &[ResourceKind] = if call.version < FIRST_VERSION_WITH_TYPES {
        &[ResourceKind::ClientMetrics]
    } else {
        &KINDS
    };
    let codes = &request.resource_types;
    if codes
        .iter()
        .any(|code| !known.iter().any(|kind| kind.code() == *code))
    {
        return ListConfigResourcesResponse {
            error_code: ErrorCode::UNSUPPORTED_VERSION.code(),
            ..ListConfigResourcesResponse::default()
        };
    }
    let image = needs.quorum.image();
    let wanted = known
        .iter()
        .filter(|kind| codes.is_empty() || codes.contains(&kind.code()));
    let found = wanted.flat_map(|kind| {
        let names = names(&image, *kind, &call.caller.listener).into_iter();
        names.map(|name| ConfigResource {
            resource_name: Str::from(name),
            resource_type: kind.code(),
        })
    });
    ListConfigResourcesResponse {
        config_resources: found.collect(),
        ..ListConfigResourcesResponse::default()
    }
}

fn names(image: &Image, kind: ResourceKind, listener: &str) -> Vec<String> {
    match kind {
        ResourceKind::Group | ResourceKind::ClientMetrics => {
            let resources = image
                .configs()
                .iter()
                .filter(|(resource, _)| resource.kind == kind);
            resources
                .map(|(resource, _)| resource.name.to_string())
                .collect()
        }
        ResourceKind::Broker | ResourceKind::BrokerLogger => {
            let brokers = image.cluster().brokers();
            let reachable = brokers.filter(|broker| broker.listener(listener).is_some());
            reachable.map(|broker| broker.id.to_string()).collect()
        }
        ResourceKind::Topic => image
            .topics()
            .iter()
            .map(|topic| topic.name.to_string())
            .collect(),
    }
}
