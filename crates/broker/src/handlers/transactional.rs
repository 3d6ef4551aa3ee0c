//! What the handlers of transactions share: commands that may need a fresh producer id, and codes by version.

use crate::coordinating::Transactions;
use crate::producer_ids::ProducerIds;
use crate::quorum::QuorumHandle;
use crate::request::error_code;
use klamm_coordinator::transactions::{Command, Producer, Reply, TransactionError};
use klamm_wire::ErrorCode;

/// Gives a command, and once more with a producer id that nobody has, if the coordinator asks for one.
///
/// # Errors
/// What to tell the client.
pub(super) async fn ask(
    transactions: &Transactions,
    producer_ids: &ProducerIds,
    quorum: &QuorumHandle,
    transactional_id: &str,
    command: impl Fn(Option<i64>) -> Command,
) -> Result<Producer, ErrorCode> {
    let mut reply = transactions.ask(transactional_id, command(None)).await?;
    if reply == Reply::NeedsProducerId {
        let fresh = producer_ids.next(quorum).await.map_err(|error| {
            tracing::warn!(%error, "no block of producer ids");
            ErrorCode::COORDINATOR_NOT_AVAILABLE
        })?;
        let command = command(Some(fresh.0));
        reply = transactions.ask(transactional_id, command).await?;
    }
    match reply {
        Reply::Producer(result) => result.map_err(error_code::of_transaction),
        Reply::NeedsProducerId | Reply::Done(_) => Err(ErrorCode::UNKNOWN_SERVER_ERROR),
    }
}

/// Older clients know the code of a fenced producer by another name.
pub(super) fn known_to_client(error: ErrorCode, knows_fenced: bool) -> ErrorCode {
    if error == ErrorCode::PRODUCER_FENCED && !knows_fenced {
        ErrorCode::INVALID_PRODUCER_EPOCH
    } else {
        error
    }
}

/// The code of a command that has no other answer.
pub(super) fn code_of_done(reply: Result<Reply, ErrorCode>) -> ErrorCode {
    match reply {
        Ok(Reply::Done(result)) => code_of(result),
        Ok(Reply::Producer(_) | Reply::NeedsProducerId) => ErrorCode::UNKNOWN_SERVER_ERROR,
        Err(error) => error,
    }
}

pub(super) fn code_of(result: Result<(), TransactionError>) -> ErrorCode {
    result.map_or_else(error_code::of_transaction, |()| ErrorCode::NONE)
}
