//! EndTxn (key 26), versions 0–5: a transaction is committed or aborted; from version 5 on the client goes on with
//! another epoch (KIP-890).

use super::transactional;
use crate::coordinating::Transactions;
use crate::node::Node;
use crate::producer_ids::ProducerIds;
use crate::quorum::QuorumHandle;
use crate::request::Call;
use klamm_coordinator::transactions::{Command, EndTransaction, Producer, TransactionVersion};
use klamm_wire::ErrorCode;
use klamm_wire::messages::end_txn::{EndTxnRequest, EndTxnResponse};

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

const FIRST_VERSION_WITH_FENCED: i16 = 2;
const FIRST_VERSION_WITH_BUMP: i16 = 5;

pub(crate) async fn handle(
    request: EndTxnRequest,
    call: &Call,
    needs: Needs<'_>,
) -> EndTxnResponse {
    let bumps = call.version >= FIRST_VERSION_WITH_BUMP;
    let knows_fenced = call.version >= FIRST_VERSION_WITH_FENCED;
    let (error, producer) = match end(&request, bumps, needs).await {
        Ok(producer) => (ErrorCode::NONE, producer),
        Err(error) => (
            transactional::known_to_client(error, knows_fenced),
            Producer::NONE,
        ),
    };
    let mut response = EndTxnResponse { error_code: error.code(), ..EndTxnResponse::default() };
    if bumps {
        response.producer_id = producer.id;
        response.producer_epoch = producer.epoch;
    }
    response
}

async fn end(
    request: &EndTxnRequest,
    bumps: bool,
    needs: Needs<'_>,
) -> Result<Producer, ErrorCode> {
    let id = &request.transactional_id;
    if id.is_empty() {
        return Err(ErrorCode::INVALID_REQUEST);
    }
    let finalized = needs.transactions.finalized();
    let command = |fresh_id| {
        Command::EndTransaction(EndTransaction {
            transactional_id: id.clone(),
            producer: Producer { id: request.producer_id, epoch: request.producer_epoch },
            commit: request.committed,
            client: if bumps {
                TransactionVersion::V2
            } else {
                TransactionVersion::V0
            },
            fresh_id,
            finalized,
        })
    };
    let ids = needs.producer_ids;
    transactional::ask(needs.transactions, ids, needs.quorum, id, command).await
}
