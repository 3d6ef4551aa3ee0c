//! Transactions: what a producer writes between `begin` and `commit` is seen as a whole or not at all (KIP-98).
//!
//! ```text
//! init ─> ready ─ begin ─> open ─ commit ─> committing ─> ready
//!                           │ └── abort ──> aborting ───> ready
//!                  an error └──> must abort ─┘         (another producer took over: for good)
//! ```
//! Where the cluster has `transaction.version` 2 (KIP-890), a partition joins the transaction by being written to, and
//! each transaction has an epoch of its own. Otherwise partitions are announced first, and the epoch is raised only
//! after an abort, so that a late batch of the aborted transaction is refused.

mod requests;
mod state;

pub(super) use requests::add_partitions;
pub(super) use state::{Phase, Transactions, Word};

use super::Producer;
use crate::consumer::GroupMetadata;
use crate::error::ClientError;
use crate::group_offsets::GroupOffset;
use crate::offsets::PartitionKey;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Producer {
    /// Takes over the transactional id: other producers with it are fenced, and what they left open is aborted. Once,
    /// before anything else.
    ///
    /// # Errors
    /// `transactional.id` is not set, the coordinator refuses, or does not answer within `max.block.ms`.
    pub async fn init_transactions(&self) -> Result<(), ClientError> {
        let transactions = self.transactions()?;
        transactions.may_init()?;
        let identity = requests::init(transactions, None).await;
        let identity = identity.map_err(|error| transactions.judge(error))?;
        transactions.ready(identity);
        Ok(())
    }

    /// Opens a transaction; what is sent from now on belongs to it.
    ///
    /// # Errors
    /// One is open already, or the producer is not initialised or fenced.
    pub fn begin_transaction(&self) -> Result<(), ClientError> {
        self.transactions()?.begin()
    }

    /// Makes offsets that a consumer has come to a part of the transaction: they count if it is committed. The consumer
    /// must not commit them itself, so set its `enable.auto.commit` to false.
    ///
    /// # Errors
    /// No transaction is open; or the group has gone on without this member, and the transaction must be aborted.
    pub async fn send_offsets_to_transaction(
        &self,
        offsets: &BTreeMap<PartitionKey, GroupOffset>,
        group: &GroupMetadata,
    ) -> Result<(), ClientError> {
        let transactions = self.transactions()?;
        transactions.is_open()?;
        if offsets.is_empty() {
            return Ok(());
        }
        let sent = requests::send_offsets(transactions, offsets, group).await;
        sent.map_err(|error| transactions.judge(error))
    }

    /// Sends what waits, and ends the transaction: everybody may see it now. May be repeated after a timeout.
    ///
    /// # Errors
    /// Something in it failed, and it must be aborted; or the coordinator does not answer within `max.block.ms`: then it
    /// is not known whether it is committed until the call is repeated.
    pub async fn commit_transaction(&self) -> Result<(), ClientError> {
        let transactions = self.transactions()?;
        transactions.end(Phase::Committing)?;
        self.shared.wake.notify_one();
        self.flush().await;
        // A record may have failed meanwhile.
        transactions.end(Phase::Committing)?;
        self.finish(transactions, true).await
    }

    /// Gives up what waits, and ends the transaction: nobody who reads committed records sees any of it.
    ///
    /// # Errors
    /// No transaction is open, the producer is fenced, or the coordinator does not answer within `max.block.ms`.
    pub async fn abort_transaction(&self) -> Result<(), ClientError> {
        let transactions = self.transactions()?;
        transactions.end(Phase::Aborting)?;
        self.shared.wake.notify_one();
        // Batches that wait fail at once; those under way are answered, and not sent again.
        self.flush().await;
        self.finish(transactions, false).await
    }

    /// Tells the coordinator, if it knows of the transaction.
    async fn finish(
        &self,
        transactions: &Arc<Transactions>,
        commit: bool,
    ) -> Result<(), ClientError> {
        let ended = requests::end(transactions, commit).await;
        let identity = ended.map_err(|error| transactions.judge(error))?;
        transactions.ready(identity);
        Ok(())
    }

    fn transactions(&self) -> Result<&Arc<Transactions>, ClientError> {
        let missing = ClientError::WrongTime("set transactional.id to use transactions");
        self.shared.transactions.as_ref().ok_or(missing)
    }
}
