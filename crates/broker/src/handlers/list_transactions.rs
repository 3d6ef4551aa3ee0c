//! ListTransactions (key 66), versions 0–2: the transactional ids of this broker, by producer id and state, by how
//! long the transaction lasts (version 1 on) and by a pattern of the id (version 2 on).

use crate::coordinating::Transactions;
use crate::node::Node;
use crate::request::Call;
use klamm_codec::Str;
use klamm_coordinator::groups::Pattern;
use klamm_coordinator::transactions::{
    self, ListedTransaction, TransactionFilter, TransactionShard,
};
use klamm_host::Host;
use klamm_wire::ErrorCode;
use klamm_wire::messages::list_transactions::{
    ListTransactionsRequest, ListTransactionsResponse, TransactionState,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    transactions: &'a Transactions,
    host: &'a Host,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self { transactions: &node.transactions, host: &node.host }
    }
}

pub(crate) async fn handle(
    request: ListTransactionsRequest,
    _call: &Call,
    needs: Needs<'_>,
) -> ListTransactionsResponse {
    let pattern = request.transactional_id_pattern.as_ref();
    let pattern = match pattern.filter(|pattern| !pattern.is_empty()) {
        None => None,
        Some(pattern) => match Pattern::new(pattern) {
            Ok(pattern) => Some(Arc::new(pattern)),
            Err(_) => return failed(ErrorCode::INVALID_REGULAR_EXPRESSION),
        },
    };
    let (filter, unknown_state_filters) = filter_of(&request);
    let now_ms = needs.host.clock.now_ms();
    let look = move |shard: &TransactionShard| {
        let listed = shard.list(&filter, now_ms);
        let matches = |one: &ListedTransaction| {
            let pattern = pattern.as_ref();
            pattern.is_none_or(|pattern| pattern.matches(&one.transactional_id))
        };
        listed.filter(matches).collect::<Vec<_>>()
    };
    match needs.transactions.read_all(look).await {
        Ok(listed) => ListTransactionsResponse {
            unknown_state_filters,
            transaction_states: listed.into_iter().flatten().map(state_of).collect(),
            ..ListTransactionsResponse::default()
        },
        Err(error) => failed(error),
    }
}

fn failed(error: ErrorCode) -> ListTransactionsResponse {
    ListTransactionsResponse {
        error_code: error.code(),
        ..ListTransactionsResponse::default()
    }
}

/// The filter, and the states in it that there are none of.
fn filter_of(request: &ListTransactionsRequest) -> (TransactionFilter, Vec<Str>) {
    let mut unknown = BTreeSet::new();
    let mut states = Vec::new();
    for name in &request.state_filters {
        match transactions::TransactionState::from_name(name) {
            Some(state) => states.push(state),
            None => {
                unknown.insert(name.clone());
            }
        }
    }
    let filter = TransactionFilter {
        producer_ids: request.producer_id_filters.clone(),
        states: (!request.state_filters.is_empty()).then_some(states),
        longer_than_ms: request.duration_filter,
    };
    (filter, unknown.into_iter().collect())
}

fn state_of(listed: ListedTransaction) -> TransactionState {
    TransactionState {
        transactional_id: listed.transactional_id,
        producer_id: listed.producer_id,
        transaction_state: Str::from_static(listed.state.name()),
    }
}
