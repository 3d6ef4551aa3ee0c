//! UnregisterBroker (key 64), version 0: forgets a broker that is gone for good (KIP-631).
//!
//! Kafka unregisters the node that answers as well, which then can't serve any more: its own epoch is stale for ever.
//! A node that is alone has nobody to move its partitions to, so it refuses to forget itself.

use super::refusals::{Told, ask};
use crate::node::Node;
use crate::quorum::QuorumHandle;
use crate::request::Call;
use klamm_metadata::decide::{Refusal, RefusalKind, unregister_broker};
use klamm_model::NodeId;
use klamm_wire::messages::unregister_broker::{UnregisterBrokerRequest, UnregisterBrokerResponse};

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
    request: UnregisterBrokerRequest,
    _call: &Call,
    needs: Needs<'_>,
) -> UnregisterBrokerResponse {
    let (id, node_id) = (NodeId(request.broker_id), needs.node_id);
    let decided = ask(needs.quorum, move |context| {
        if id == node_id {
            let message =
                format!("Broker {id} is this node, which is alive. Stop it, and ask another node.");
            return Err(Refusal::new(RefusalKind::InvalidRequest, message));
        }
        unregister_broker(&context.controller, id)
    });
    let told = decided.await.map_or_else(|told| told, |()| Told::OK);
    UnregisterBrokerResponse {
        error_code: told.code,
        error_message: told.message,
        ..UnregisterBrokerResponse::default()
    }
}
