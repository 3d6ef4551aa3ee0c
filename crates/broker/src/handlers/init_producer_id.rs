//! InitProducerId (key 22), versions 0–5: an id and epoch for an idempotent producer, or that of a transactional id,
//! whose earlier producers are fenced by it.

use super::transactional;
use crate::coordinating::Transactions;
use crate::node::Node;
use crate::producer_ids::ProducerIds;
use crate::quorum::QuorumHandle;
use crate::request::Call;
use klamm_codec::Str;
use klamm_coordinator::transactions::{Command, InitProducerId, Producer};
use klamm_wire::ErrorCode;
use klamm_wire::messages::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    transactions: &'a Transactions,
    producer_ids: &'a ProducerIds,
    quorum: &'a QuorumHandle,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self {
            transactions: &node.transactions,
            producer_ids: &node.producer_ids,
            quorum: &node.quorum,
        }
    }
}

const FIRST_VERSION_WITH_FENCED: i16 = 4;

pub(crate) async fn handle(
    request: InitProducerIdRequest,
    call: &Call,
    needs: Needs<'_>,
) -> InitProducerIdResponse {
    let producer = match expected(&request) {
        Err(error) => Err(error),
        Ok(expected) => match &request.transactional_id {
            None => idempotent(needs).await,
            Some(id) => transactional(id, expected, &request, needs).await,
        },
    };
    let knows_fenced = call.version >= FIRST_VERSION_WITH_FENCED;
    let (error, producer) = match producer {
        Ok(producer) => (ErrorCode::NONE, producer),
        Err(error) => (
            transactional::known_to_client(error, knows_fenced),
            Producer::NONE,
        ),
    };
    InitProducerIdResponse {
        error_code: error.code(),
        producer_id: producer.id,
        producer_epoch: producer.epoch,
        ..InitProducerIdResponse::default()
    }
}

/// Who the client was so far: both numbers or none (KIP-360).
fn expected(request: &InitProducerIdRequest) -> Result<Option<Producer>, ErrorCode> {
    let said = Producer { id: request.producer_id, epoch: request.producer_epoch };
    if said == Producer::NONE {
        return Ok(None);
    }
    if said.id == Producer::NONE.id || said.epoch == Producer::NONE.epoch {
        return Err(ErrorCode::INVALID_REQUEST);
    }
    Ok(Some(said))
}

async fn idempotent(needs: Needs<'_>) -> Result<Producer, ErrorCode> {
    match needs.producer_ids.next(needs.quorum).await {
        Ok(id) => Ok(Producer { id: id.0, epoch: 0 }),
        Err(error) => {
            tracing::warn!(%error, "no block of producer ids");
            Err(ErrorCode::COORDINATOR_NOT_AVAILABLE)
        }
    }
}

async fn transactional(
    id: &Str,
    expected: Option<Producer>,
    request: &InitProducerIdRequest,
    needs: Needs<'_>,
) -> Result<Producer, ErrorCode> {
    if id.is_empty() {
        return Err(ErrorCode::INVALID_REQUEST);
    }
    let finalized = needs.transactions.finalized();
    let command = |fresh_id| {
        Command::InitProducerId(InitProducerId {
            transactional_id: id.clone(),
            timeout_ms: request.transaction_timeout_ms,
            expected,
            two_phase_commit: request.enable2_pc,
            keep_prepared: request.keep_prepared_txn,
            fresh_id,
            finalized,
        })
    };
    let ids = needs.producer_ids;
    transactional::ask(needs.transactions, ids, needs.quorum, id, command).await
}
