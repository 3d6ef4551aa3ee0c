//! DescribeTransactions (key 65), version 0: transactional ids in detail.

use crate::coordinating::Transactions;
use crate::node::Node;
use crate::request::{Call, error_code};
use klamm_codec::Str;
use klamm_coordinator::transactions::{DescribedTransaction, TransactionShard};
use klamm_wire::ErrorCode;
use klamm_wire::messages::describe_transactions::{
    DescribeTransactionsRequest, DescribeTransactionsResponse, TopicData, TransactionState,
};

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    transactions: &'a Transactions,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self { transactions: &node.transactions }
    }
}

pub(crate) async fn handle(
    request: DescribeTransactionsRequest,
    _call: &Call,
    needs: Needs<'_>,
) -> DescribeTransactionsResponse {
    let mut states = Vec::new();
    for id in request.transactional_ids {
        states.push(describe(id, needs).await);
    }
    DescribeTransactionsResponse {
        transaction_states: states,
        ..DescribeTransactionsResponse::default()
    }
}

async fn describe(id: Str, needs: Needs<'_>) -> TransactionState {
    let looked = id.clone();
    let look = move |shard: &TransactionShard| shard.describe(&looked);
    let found = if id.is_empty() {
        Err(ErrorCode::INVALID_REQUEST)
    } else {
        let read = needs.transactions.read(&id, look).await;
        read.and_then(|found| found.map_err(error_code::of_transaction))
    };
    match found {
        Ok(found) => described(id, found),
        Err(error) => TransactionState {
            error_code: error.code(),
            transactional_id: id,
            ..TransactionState::default()
        },
    }
}

fn described(id: Str, found: DescribedTransaction) -> TransactionState {
    let topics = found.partitions.into_iter();
    TransactionState {
        error_code: ErrorCode::NONE.code(),
        transactional_id: id,
        transaction_state: Str::from_static(found.state.name()),
        transaction_timeout_ms: found.timeout_ms,
        transaction_start_time_ms: found.started_ms,
        producer_id: found.producer.id,
        producer_epoch: found.producer.epoch,
        topics: topics
            .map(|(topic, partitions)| TopicData { topic, partitions })
            .collect(),
    }
}
