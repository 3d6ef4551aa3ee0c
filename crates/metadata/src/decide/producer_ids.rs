//! Hands out producer ids in blocks, so that a broker asks rarely (KIP-730).

use super::brokers::check_epoch;
use super::{Controller, Decision, ProducerIds, Refusal, RefusalKind};
use crate::generated::ProducerIdsRecord;

/// Ids in a block.
pub const PRODUCER_ID_BLOCK: i64 = 1000;

/// Decides on a block for a broker.
///
/// # Errors
/// The broker's registration is another one, or the ids are used up.
pub fn allocate_producer_ids(
    controller: &Controller<'_>,
    broker: i32,
    epoch: i64,
) -> Result<Decision<ProducerIds>, Refusal> {
    check_epoch(controller, broker, epoch)?;
    let first = controller.image.next_producer_id().max(0);
    let Some(next_producer_id) = first.checked_add(PRODUCER_ID_BLOCK) else {
        let message = "All producer ids are used up.";
        return Err(Refusal::new(RefusalKind::UnknownServerError, message));
    };
    let record = ProducerIdsRecord { broker_id: broker, broker_epoch: epoch, next_producer_id };
    Ok(Decision { records: vec![record.into()], reply: first..next_producer_id })
}
