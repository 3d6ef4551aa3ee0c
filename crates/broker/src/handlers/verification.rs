//! Asks the transaction's coordinator before a partition takes a producer's first batch (KIP-890).
//!
//! Newer clients leave it to the broker to add partitions to a transaction. Those of older ones must be part of it
//! already: a batch that comes late would otherwise open a transaction that nobody ends.

use super::transactional;
use crate::coordinating::Transactions;
use crate::request::error_code;
use klamm_codec::Str;
use klamm_coordinator::transactions::{
    AddPartitions, Command, Producer, TransactionError, TransactionVersion,
};
use klamm_wire::ErrorCode;
use std::collections::BTreeMap;

/// What a client expects of the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClientSupport {
    /// It has added the partitions, and knows INVALID_TXN_STATE only.
    AddsItself,
    /// It has added the partitions, and knows TRANSACTION_ABORTABLE.
    KnowsAbortable,
    /// The broker adds them.
    Implicit,
}

/// Topics with their partitions, and the place of each in the question.
type Places = BTreeMap<Str, Vec<(i32, usize)>>;

/// Adds partitions to a transaction, or verifies that they are part of it. A result for each, in this order.
pub(super) async fn admit(
    transactions: &Transactions,
    transactional_id: &Str,
    producer: Producer,
    partitions: &[(Str, i32)],
    support: ClientSupport,
) -> Vec<Result<(), ErrorCode>> {
    let mut places = Places::new();
    for (place, (topic, index)) in partitions.iter().enumerate() {
        let topic = places.entry(topic.clone()).or_default();
        topic.push((*index, place));
    }
    let asked: Vec<(Str, Vec<i32>)> = places
        .iter()
        .map(|(topic, of_it)| {
            (
                topic.clone(),
                of_it.iter().map(|(index, _)| *index).collect(),
            )
        })
        .collect();
    let mut results = vec![Ok(()); partitions.len()];
    if support == ClientSupport::Implicit {
        let command = Command::AddPartitions(AddPartitions {
            transactional_id: transactional_id.clone(),
            producer,
            partitions: asked,
            client: TransactionVersion::V2,
            finalized: transactions.finalized(),
        });
        let reply = transactions.ask(transactional_id, command).await;
        let error = transactional::code_of_done(reply);
        if error != ErrorCode::NONE {
            results.fill(Err(known_to_producers(error, support)));
        }
        return results;
    }
    let id = transactional_id.clone();
    let verified = transactions
        .read(transactional_id, move |shard| {
            shard.verify(&id, producer, &asked)
        })
        .await;
    let code =
        |error: TransactionError| known_to_producers(error_code::of_transaction(error), support);
    match verified {
        Ok(Ok(verified)) => {
            for (of_it, verified) in places.values().zip(verified) {
                for ((_, place), verified) in of_it.iter().zip(verified) {
                    if let Some(result) = results.get_mut(*place) {
                        *result = verified.map_err(code);
                    }
                }
            }
        }
        Ok(Err(error)) => results.fill(Err(code(error))),
        Err(error) => results.fill(Err(error)),
    }
    results
}

/// Producers expect an old epoch here, where their coordinator says that they are fenced.
fn known_to_producers(error: ErrorCode, support: ClientSupport) -> ErrorCode {
    match error {
        ErrorCode::PRODUCER_FENCED => ErrorCode::INVALID_PRODUCER_EPOCH,
        ErrorCode::TRANSACTION_ABORTABLE if support == ClientSupport::AddsItself => {
            ErrorCode::INVALID_TXN_STATE
        }
        error => error,
    }
}
