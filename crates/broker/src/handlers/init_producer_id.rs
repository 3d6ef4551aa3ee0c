//! InitProducerId (key 22), versions 0–5: an id and epoch for an idempotent producer.
//!
//! Transactional producers are not served yet: they are refused when they look for their coordinator, and here.

use crate::node::Node;
use crate::producer_ids::ProducerIds;
use crate::quorum::QuorumHandle;
use crate::request::Call;
use klamm_wire::ErrorCode;
use klamm_wire::messages::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    producer_ids: &'a ProducerIds,
    quorum: &'a QuorumHandle,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self { producer_ids: &node.producer_ids, quorum: &node.quorum }
    }
}

pub(crate) async fn handle(
    request: InitProducerIdRequest,
    _call: &Call,
    needs: Needs<'_>,
) -> InitProducerIdResponse {
    let refused = |error: ErrorCode| InitProducerIdResponse {
        error_code: error.code(),
        producer_id: -1,
        producer_epoch: -1,
        ..InitProducerIdResponse::default()
    };
    match &request.transactional_id {
        None => {}
        Some(id) if id.is_empty() => return refused(ErrorCode::INVALID_REQUEST),
        Some(_) => return refused(ErrorCode::UNSUPPORTED_VERSION),
    }
    match needs.producer_ids.next(needs.quorum).await {
        Ok(id) => InitProducerIdResponse {
            producer_id: id.0,
            producer_epoch: 0,
            ..InitProducerIdResponse::default()
        },
        Err(error) => {
            tracing::warn!(%error, "no block of producer ids");
            refused(ErrorCode::COORDINATOR_NOT_AVAILABLE)
        }
    }
}
