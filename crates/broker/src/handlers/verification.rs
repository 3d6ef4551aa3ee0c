//! Asks the transaction's coordinator before a partition takes a producer's first batch (KIP-890).
//!
//! Newer clients leave it to the broker to add partitions to a transaction. Those of older ones must be part of it
//! already: a batch that comes late would otherwise open a transaction that nobody ends.

use super::transactional;
use crate::coordinating::Transactions;
use crate::partitions::Partition;
use crate::request::error_code;
use klamm_codec::Str;
use klamm_coordinator::transactions::{
    AddPartitions, Command, Producer, TransactionError, TransactionVersion,
};
use klamm_host::Clock;
use klamm_storage::{FirstBatch, VerificationGuard};
use klamm_wire::ErrorCode;
use std::collections::BTreeMap;
use std::sync::Arc;

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

/// A batch that may be its transaction's first in a partition.
pub(super) type First = (Arc<Partition>, FirstBatch);

/// The marker of the transaction before may come while the coordinator is asked, which makes the guard worthless: then
/// it is asked again. No third marker comes meanwhile.
const ATTEMPTS_MAX: usize = 3;

/// Lets the coordinator admit first batches of one producer. For each, in this order, the guard for its append; none
/// where the transaction is open already, or nobody need be asked.
pub(super) async fn verify(
    (transactions, clock): (&Transactions, &dyn Clock),
    transactional_id: &Str,
    firsts: &[First],
    support: ClientSupport,
) -> Vec<Result<Option<VerificationGuard>, ErrorCode>> {
    let mut results = vec![Ok(None); firsts.len()];
    let mut open: Vec<usize> = (0..firsts.len()).collect();
    for _ in 0..ATTEMPTS_MAX {
        let mut asked = Vec::new();
        open.retain(|place| {
            let (Some((partition, first)), Some(result)) =
                (firsts.get(*place), results.get_mut(*place))
            else {
                return false;
            };
            let guard = partition.begin_verification(*first, clock.now_ms());
            *result = Ok(guard);
            let name = partition.name();
            asked.extend(guard.map(|_| (Str::from(&*name.topic), name.partition)));
            guard.is_some()
        });
        let Some((_, first)) = firsts.first().filter(|_| !open.is_empty()) else {
            break;
        };
        let producer = Producer { id: first.producer_id, epoch: first.epoch };
        let admitted = admit(transactions, transactional_id, producer, &asked, support).await;
        let mut admitted = admitted.into_iter();
        open.retain(|place| {
            let (Some((partition, first)), Some(result), Some(admitted)) =
                (firsts.get(*place), results.get_mut(*place), admitted.next())
            else {
                return false;
            };
            if let Err(error) = admitted {
                *result = Err(error);
            }
            matches!(result, Ok(Some(guard)) if !partition.is_under_verification(first.producer_id, *guard))
        });
    }
    results
}

/// Adds partitions to a transaction, or verifies that they are part of it. A result for each, in this order.
async fn admit(
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
        Err(error) => results.fill(Err(known_to_producers(error, support))),
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
        // Who asks here has not chosen the transaction's coordinator, and would look for another of his own.
        ErrorCode::NOT_COORDINATOR => ErrorCode::COORDINATOR_NOT_AVAILABLE,
        error => error,
    }
}
