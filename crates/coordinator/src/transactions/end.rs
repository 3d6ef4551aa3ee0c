//! EndTxn, timeouts, and the completion of a transaction once its markers are written.

use super::begin::{Otherwise, check_id, check_producer};
use super::command::{EndTransaction, Producer, Reply, TransactionError};
use super::shard::{Out, TransactionShard};
use super::state::TransactionState;
use super::timers::Due;
use super::transaction::{CLIENT_EPOCH_MAX, Transaction};
use crate::shard::Moment;
use klamm_codec::{EncodeError, Str};

/// What an EndTxn leads to.
enum Ending {
    /// The decision, to be written down.
    Decided(Transaction),
    /// It was carried out before: a retry.
    Done(Producer),
}

impl TransactionShard {
    pub(super) fn end(
        &mut self,
        end: &EndTransaction,
        now: Moment,
        out: &mut Out,
    ) -> Result<Reply, EncodeError> {
        let ending = if end.client.bumps_epoch() {
            self.ending(end, now)
        } else {
            self.ending_without_bump(end, now)
        };
        let producer = match ending {
            Ok(Ending::Decided(next)) => {
                let after = next.successor().unwrap_or_else(|| next.producer());
                self.decide(&end.transactional_id, next, now, out)?;
                after
            }
            Ok(Ending::Done(producer)) => producer,
            Err(otherwise) => return Ok(otherwise.into()),
        };
        let producer = if end.client.bumps_epoch() {
            producer
        } else {
            Producer::NONE
        };
        Ok(Reply::Producer(Ok(producer)))
    }

    /// Clients below level 2: the epoch stays, so that a retry looks like the first request.
    fn ending_without_bump(&self, end: &EndTransaction, now: Moment) -> Result<Ending, Otherwise> {
        let known = self.known(&end.transactional_id)?;
        check_producer(known, end.producer)?;
        if known.state == TransactionState::Ongoing {
            let next = known.prepared(end.commit, end.client, -1, now.wall);
            return Ok(Ending::Decided(next));
        }
        if decision(known.state) != Some(end.commit) {
            Err(TransactionError::InvalidTxnState.into())
        } else if known.state.is_prepared() {
            Err(TransactionError::ConcurrentTransactions.into())
        } else {
            Ok(Ending::Done(Producer::NONE))
        }
    }

    /// Clients of level 2: the epoch was bumped by the first request, so that a retry brings the one before.
    fn ending(&self, end: &EndTransaction, now: Moment) -> Result<Ending, Otherwise> {
        let known = self.known(&end.transactional_id)?;
        let said = end.producer;
        let was_replaced = known.previous_producer_id == said.id
            && known.producer_id != said.id
            && said.epoch == CLIENT_EPOCH_MAX;
        let was_bumped = said.epoch.checked_add(1) == Some(known.producer_epoch);
        let is_retry = was_bumped || was_replaced;
        if known.producer_id != said.id && !was_replaced {
            return Err(TransactionError::InvalidProducerIdMapping.into());
        }
        let is_current = said.epoch == known.producer_epoch;
        let is_valid = match known.state {
            TransactionState::PrepareCommit | TransactionState::PrepareAbort => was_bumped,
            TransactionState::CompleteCommit | TransactionState::CompleteAbort => {
                is_retry || is_current
            }
            _ => is_current,
        };
        if !is_valid {
            return Err(TransactionError::ProducerFenced.into());
        }
        let is_decided = decision(known.state) == Some(end.commit);
        match known.state {
            TransactionState::Ongoing => self.decided(known, end, now),
            // No transaction is under way. An abort is legal all the same: the client does not know whether the
            // partitions that it wrote to were added.
            state if state.is_at_rest() && !is_retry && !end.commit => {
                self.decided(known, end, now)
            }
            state if state.is_at_rest() && is_retry && is_decided => {
                if known.is_past_all_clients() {
                    // The coordinator fenced the last client that this producer id can have.
                    return Err(TransactionError::ProducerFenced.into());
                }
                Ok(Ending::Done(known.producer()))
            }
            state if state.is_prepared() && is_decided => {
                Err(TransactionError::ConcurrentTransactions.into())
            }
            _ => Err(TransactionError::InvalidTxnState.into()),
        }
    }

    fn decided(
        &self,
        known: &Transaction,
        end: &EndTransaction,
        now: Moment,
    ) -> Result<Ending, Otherwise> {
        let next_id = if known.is_exhausted() {
            end.fresh_id.ok_or(Otherwise::NeedProducerId)?
        } else {
            -1
        };
        let next = known.prepared(end.commit, end.client, next_id, now.wall);
        Ok(Ending::Decided(next))
    }

    fn known(&self, id: &str) -> Result<&Transaction, TransactionError> {
        check_id(id)?;
        let known = self.transactions.get(id);
        known.ok_or(TransactionError::InvalidProducerIdMapping)
    }

    /// Writes a decision down; its markers follow, or its completion if it has no partition.
    pub(super) fn decide(
        &mut self,
        id: &Str,
        prepared: Transaction,
        now: Moment,
        out: &mut Out,
    ) -> Result<(), EncodeError> {
        if prepared.partitions().is_empty() {
            self.put(id, prepared, now, out)?;
            return self.complete(id, now, out);
        }
        out.effects.push(Self::markers(&id.detached(), &prepared));
        self.put(id, prepared, now, out)
    }

    /// The markers are written: the id is free for the next transaction, and those who waited for that go on.
    pub(super) fn complete(
        &mut self,
        id: &Str,
        now: Moment,
        out: &mut Out,
    ) -> Result<(), EncodeError> {
        let Some(prepared) = self.transactions.get_mut(&**id) else {
            return Ok(());
        };
        let open = prepared.open.as_mut();
        let waiting = open.map_or_else(Vec::new, |open| std::mem::take(&mut open.waiting));
        let completed = prepared.completed(now.wall);
        self.put(id, completed, now, out)?;
        for waiting in waiting {
            self.timers.cancel(waiting.until, Due::Wait(id.clone()));
            self.add(&waiting.add, waiting.ticket, now, out)?;
        }
        Ok(())
    }

    /// Aborts a transaction that was open for too long. Its producer is fenced: it may still write.
    pub(super) fn time_out(
        &mut self,
        id: &Str,
        now: Moment,
        out: &mut Out,
    ) -> Result<(), EncodeError> {
        let Some(known) = self.transactions.get_mut(&**id) else {
            return Ok(());
        };
        if let Some(open) = &mut known.open {
            open.timeout_at = None;
        }
        if known.state != TransactionState::Ongoing {
            return Ok(());
        }
        let fenced = known.fenced(self.finalized, -1, now.wall);
        self.decide(id, fenced, now, out)
    }
}

/// How the last transaction ended, or is to end.
fn decision(state: TransactionState) -> Option<bool> {
    match state {
        TransactionState::PrepareCommit | TransactionState::CompleteCommit => Some(true),
        TransactionState::PrepareAbort | TransactionState::CompleteAbort => Some(false),
        _ => None,
    }
}
