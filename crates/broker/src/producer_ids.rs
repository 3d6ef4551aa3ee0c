//! Ids for idempotent producers, out of blocks that the controller hands out (KIP-98).

use crate::quorum::{QuorumError, QuorumHandle};
use klamm_metadata::decide::{Decision, Refusal, allocate_producer_ids};
use klamm_model::{NodeId, ProducerId};
use std::ops::Range;
use tokio::sync::Mutex;

/// The ids that this node may still give away.
#[derive(Debug)]
pub(crate) struct ProducerIds {
    node_id: NodeId,
    broker_epoch: i64,
    block: Mutex<Range<i64>>,
}

/// There is no new block of ids.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoProducerId {
    /// The controller refuses.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The controller does not answer.
    #[error(transparent)]
    Quorum(#[from] QuorumError),
}

impl ProducerIds {
    pub(crate) fn new(node_id: NodeId, broker_epoch: i64) -> Self {
        Self { node_id, broker_epoch, block: Mutex::new(0..0) }
    }

    /// An id that no producer ever had.
    ///
    /// # Errors
    /// The controller can't hand out a new block.
    pub(crate) async fn next(&self, quorum: &QuorumHandle) -> Result<ProducerId, NoProducerId> {
        // One request fetches the next block for all that wait here.
        let mut block = self.block.lock().await;
        if block.is_empty() {
            let (node, epoch) = (self.node_id.0, self.broker_epoch);
            let asked = quorum.decide(move |context| {
                match allocate_producer_ids(&context.controller, node, epoch) {
                    Ok(Decision { records, reply }) => Decision { records, reply: Ok(reply) },
                    Err(refusal) => Decision::nothing(Err(refusal)),
                }
            });
            *block = asked.await??;
        }
        let id = block.start;
        block.start += 1;
        Ok(ProducerId(id))
    }
}
