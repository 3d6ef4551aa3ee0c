//! InitProducerId and AddPartitionsToTxn: who the producer of an id is, and what its transaction writes to.

use super::command::{AddPartitions, InitProducerId, Producer, Reply, TransactionError};
use super::shard::{Out, TransactionShard};
use super::state::TransactionState;
use super::timers::Due;
use super::transaction::{Transaction, Waiting, is_exhausted};
use crate::shard::{Moment, Ticket};
use klamm_codec::{EncodeError, Str};

/// Strings in keys have lengths of 16 bits.
const ID_BYTES_MAX: usize = i16::MAX as usize;
/// So many requests of one id wait for its markers; a client has one under way.
const WAITING_MAX: usize = 4;

pub(super) fn check_id(id: &str) -> Result<(), TransactionError> {
    if id.is_empty() || id.len() > ID_BYTES_MAX {
        return Err(TransactionError::InvalidRequest);
    }
    Ok(())
}

/// What a rule says to a request that is not carried out.
pub(super) enum Otherwise {
    Refuse(TransactionError),
    NeedProducerId,
}

impl From<TransactionError> for Otherwise {
    fn from(error: TransactionError) -> Self {
        Self::Refuse(error)
    }
}

impl From<Otherwise> for Reply {
    fn from(otherwise: Otherwise) -> Self {
        match otherwise {
            Otherwise::Refuse(error) => Self::Producer(Err(error)),
            Otherwise::NeedProducerId => Self::NeedsProducerId,
        }
    }
}

impl TransactionShard {
    pub(super) fn init(
        &mut self,
        init: &InitProducerId,
        now: Moment,
        out: &mut Out,
    ) -> Result<Reply, EncodeError> {
        let id = &init.transactional_id;
        let next = match self.initialized(init, now) {
            Ok(next) => next,
            Err(otherwise) => return Ok(otherwise.into()),
        };
        let producer = next.producer();
        if next.state == TransactionState::Empty {
            self.put(id, next, now, out)?;
            return Ok(Reply::Producer(Ok(producer)));
        }
        // Nobody hears of this epoch: the client asks again once the transaction is aborted, and gets the one after.
        self.decide(id, next, now, out)?;
        Ok(Reply::Producer(Err(
            TransactionError::ConcurrentTransactions,
        )))
    }

    /// The id as it follows from the request: with its new producer, or with its open transaction fenced.
    fn initialized(&self, init: &InitProducerId, now: Moment) -> Result<Transaction, Otherwise> {
        check_id(&init.transactional_id)?;
        if init.two_phase_commit && !self.config.two_phase_commit {
            return Err(TransactionError::TransactionalIdAuthorizationFailed.into());
        }
        if init.keep_prepared {
            return Err(TransactionError::UnsupportedVersion.into());
        }
        let timeouts = 1..=self.config.timeout_ms_max;
        let timeout_ms = if init.two_phase_commit {
            super::transaction::NO_TIMEOUT
        } else if timeouts.contains(&init.timeout_ms) {
            init.timeout_ms
        } else {
            return Err(TransactionError::InvalidTransactionTimeout.into());
        };
        let fresh = init.fresh_id.ok_or(Otherwise::NeedProducerId);
        let Some(known) = self.transactions.get(&*init.transactional_id) else {
            let new = Transaction::new(fresh?);
            return Ok(new.initialized(init.expected, timeout_ms, now.wall)?);
        };
        if init.expected.is_some_and(|said| !is_known(known, said)) {
            return Err(TransactionError::ProducerFenced.into());
        }
        match known.state {
            TransactionState::Ongoing => {
                let is_replaced = self.finalized.bumps_epoch() && known.is_exhausted();
                let next_id = if is_replaced { fresh? } else { -1 };
                Ok(known.fenced(self.finalized, next_id, now.wall))
            }
            state if state.is_at_rest() => {
                let is_current = init.expected.is_none_or(|said| {
                    said.epoch == known.producer_epoch
                        || known.is_past_all_clients() && said.epoch == known.last_producer_epoch
                });
                if known.is_exhausted() && is_current {
                    let remembers = init.expected.is_some();
                    return Ok(known.rotated(fresh?, remembers, timeout_ms, now.wall));
                }
                Ok(known.initialized(init.expected, timeout_ms, now.wall)?)
            }
            _ => Err(TransactionError::ConcurrentTransactions.into()),
        }
    }

    pub(super) fn add(
        &mut self,
        add: &AddPartitions,
        ticket: Ticket,
        now: Moment,
        out: &mut Out,
    ) -> Result<(), EncodeError> {
        let id = &add.transactional_id;
        let result = match self.with_partitions(add, now) {
            Ok(Some(next)) => {
                self.put(id, next, now, out)?;
                Ok(())
            }
            Ok(None) => Ok(()),
            Err(TransactionError::ConcurrentTransactions) if self.wait(add, ticket, now) => {
                return Ok(());
            }
            Err(error) => Err(error),
        };
        out.replies.push((ticket, Reply::Done(result)));
        Ok(())
    }

    /// The id as it follows from the request; nothing if all partitions are in already.
    fn with_partitions(
        &self,
        add: &AddPartitions,
        now: Moment,
    ) -> Result<Option<Transaction>, TransactionError> {
        check_id(&add.transactional_id)?;
        let known = self
            .transactions
            .get(&*add.transactional_id)
            .ok_or(TransactionError::InvalidProducerIdMapping)?;
        if known.successor() == Some(add.producer) {
            // The client has heard of its next producer id before the transaction is complete.
            return Err(TransactionError::ConcurrentTransactions);
        }
        check_producer(known, add.producer)?;
        if known.state.is_prepared() {
            return Err(TransactionError::ConcurrentTransactions);
        }
        let in_it = known.partitions();
        let mut asked = add.partitions.iter();
        let has_all = asked.all(|(topic, ids)| {
            ids.iter()
                .all(|partition| in_it.contains(topic, *partition))
        });
        let is_nothing = add.partitions.iter().all(|(_, ids)| ids.is_empty());
        if is_nothing || known.state == TransactionState::Ongoing && has_all {
            return Ok(None);
        }
        let next = known.with_partitions(&add.partitions, add.client, now.wall);
        if next.partitions().record_bytes() + add.transactional_id.len()
            > self.config.record_bytes_max
        {
            return Err(TransactionError::UnknownServerError);
        }
        Ok(Some(next))
    }

    /// The markers are written soon: better than to send the client away for its back-off.
    fn wait(&mut self, add: &AddPartitions, ticket: Ticket, now: Moment) -> bool {
        if self.config.wait_ms_max <= 0 {
            return false;
        }
        let until = now.monotonic.saturating_add(self.config.wait_ms_max);
        let Some((id, known)) = self.transactions.get_key_value(&*add.transactional_id) else {
            return false;
        };
        let id = id.clone();
        let waiting = known.open.as_ref().map_or(0, |open| open.waiting.len());
        if waiting >= WAITING_MAX {
            return false;
        }
        if let Some(known) = self.transactions.get_mut(&*id) {
            let open = known.open.get_or_insert_default();
            let add = add.detached();
            open.waiting.push(Waiting { ticket, until, add });
        }
        self.timers.at(until, Due::Wait(id));
        true
    }

    /// The markers of an id are late.
    pub(super) fn end_waits(&mut self, id: &Str, now: Moment, out: &mut Out) {
        let known = self.transactions.get_mut(&**id);
        let Some(open) = known.and_then(|known| known.open.as_mut()) else {
            return;
        };
        open.waiting.retain(|waiting| {
            let goes_on = waiting.until > now.monotonic;
            if !goes_on {
                let refused = Reply::Done(Err(TransactionError::ConcurrentTransactions));
                out.replies.push((waiting.ticket, refused));
            }
            goes_on
        });
    }
}

/// Whether the client may be who it says it was. Its epoch is looked at later.
fn is_known(known: &Transaction, said: Producer) -> bool {
    // A retry of the request that changed the producer id, whose answer was lost.
    let was_replaced = said.id == known.previous_producer_id && is_exhausted(said.epoch);
    said.id == known.producer_id || was_replaced
}

pub(super) fn check_producer(
    known: &Transaction,
    producer: Producer,
) -> Result<(), TransactionError> {
    if known.producer_id != producer.id {
        return Err(TransactionError::InvalidProducerIdMapping);
    }
    if known.producer_epoch != producer.epoch || known.is_past_all_clients() {
        return Err(TransactionError::ProducerFenced);
    }
    Ok(())
}
