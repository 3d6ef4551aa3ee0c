//! AddOffsetsToTxn (key 25), versions 0–4: the offsets of a group become part of a transaction, by the partition that
//! keeps them.

use super::transactional;
use crate::coordinating::{Groups, LogTopic, Transactions};
use crate::node::Node;
use crate::request::Call;
use klamm_codec::Str;
use klamm_coordinator::transactions::{AddPartitions, Command, Producer, TransactionVersion};
use klamm_wire::ErrorCode;
use klamm_wire::messages::add_offsets_to_txn::{AddOffsetsToTxnRequest, AddOffsetsToTxnResponse};

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    transactions: &'a Transactions,
    groups: &'a Groups,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self { transactions: &node.transactions, groups: &node.groups }
    }
}

const FIRST_VERSION_WITH_FENCED: i16 = 2;

pub(crate) async fn handle(
    request: AddOffsetsToTxnRequest,
    call: &Call,
    needs: Needs<'_>,
) -> AddOffsetsToTxnResponse {
    let error = add(&request, needs).await;
    let knows_fenced = call.version >= FIRST_VERSION_WITH_FENCED;
    let error = transactional::known_to_client(error, knows_fenced);
    AddOffsetsToTxnResponse {
        error_code: error.code(),
        ..AddOffsetsToTxnResponse::default()
    }
}

async fn add(request: &AddOffsetsToTxnRequest, needs: Needs<'_>) -> ErrorCode {
    let id = &request.transactional_id;
    if id.is_empty() {
        return ErrorCode::INVALID_REQUEST;
    }
    let partition = match needs.groups.partition_of(&request.group_id).await {
        Ok(partition) => partition,
        Err(error) => return error,
    };
    let command = Command::AddPartitions(AddPartitions {
        transactional_id: id.clone(),
        producer: Producer { id: request.producer_id, epoch: request.producer_epoch },
        partitions: vec![(Str::from_static(LogTopic::OFFSETS), vec![partition])],
        // Clients of level 2 leave this to TxnOffsetCommit.
        client: TransactionVersion::V0,
        finalized: needs.transactions.finalized(),
    });
    transactional::code_of_done(needs.transactions.ask(id, command).await)
}
