//! DescribeCluster (key 60), versions 0–2: the nodes behind a listener (KIP-700, KIP-919, KIP-1073).

use crate::node::Node;
use crate::quorum::QuorumHandle;
use crate::request::{Call, operations};
use klamm_codec::Str;
use klamm_model::NodeId;
use klamm_wire::ErrorCode;
use klamm_wire::messages::describe_cluster::{
    DescribeClusterBroker, DescribeClusterRequest, DescribeClusterResponse,
};

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    quorum: &'a QuorumHandle,
    cluster_id: &'a str,
    node_id: NodeId,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self {
            quorum: &node.quorum,
            cluster_id: &node.config.cluster_id,
            node_id: node.config.node_id,
        }
    }
}

const BROKERS: i8 = 1;
const CONTROLLERS: i8 = 2;

#[expect(clippy::unused_async, reason = "every handler has the same form")]
pub(crate) async fn handle(
    request: DescribeClusterRequest,
    call: &Call,
    needs: Needs<'_>,
) -> DescribeClusterResponse {
    let refused = |code: ErrorCode, message: String| DescribeClusterResponse {
        error_code: code.code(),
        error_message: Some(Str::from(message)),
        ..DescribeClusterResponse::default()
    };
    match request.endpoint_type {
        BROKERS => {}
        CONTROLLERS => {
            let message = "This listener is a broker's; controllers are described by theirs.";
            return refused(ErrorCode::MISMATCHED_ENDPOINT_TYPE, message.to_owned());
        }
        other => {
            let message = format!("Unsupported endpoint type {other}");
            return refused(ErrorCode::UNSUPPORTED_ENDPOINT_TYPE, message);
        }
    }
    let image = needs.quorum.image();
    let shown = |fenced: bool| !fenced || request.include_fenced_brokers;
    let brokers = image
        .cluster()
        .brokers()
        .filter(|broker| shown(broker.fenced));
    let brokers = brokers.filter_map(|broker| {
        let listener = broker.listener(&call.caller.listener)?;
        Some(DescribeClusterBroker {
            broker_id: broker.id.0,
            host: Str::from(&*listener.host),
            port: i32::from(listener.port),
            rack: broker.rack.as_deref().map(Str::from),
            is_fenced: broker.fenced,
        })
    });
    DescribeClusterResponse {
        endpoint_type: BROKERS,
        cluster_id: Str::from(needs.cluster_id),
        controller_id: needs.node_id.0,
        brokers: brokers.collect(),
        cluster_authorized_operations: if request.include_cluster_authorized_operations {
            operations::ON_CLUSTER
        } else {
            operations::NOT_ASKED
        },
        ..DescribeClusterResponse::default()
    }
}
