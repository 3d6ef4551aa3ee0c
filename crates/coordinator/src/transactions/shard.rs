//! The transactional ids of one `__transaction_state` partition.

use super::command::{Command, Reply, TransactionConfig, TransactionVersion, WriteMarkers};
use super::record::{self, Meaning};
use super::state::TransactionState;
use super::timers::{Due, Timers};
use super::transaction::{NO_TIMEOUT, Transaction};
use crate::records::TransactionLogValue;
use crate::shard::{Moment, Output, Record, RecordError, Replayed, Shard, Ticket};
use klamm_codec::{EncodeError, Str};
use std::collections::BTreeMap;
use std::ops::Bound;

/// The transactional ids of one partition of `__transaction_state`: loaded from it, and then the only ones who write
/// to it.
#[derive(Debug)]
pub struct TransactionShard {
    pub(super) config: TransactionConfig,
    /// The finalized level, as last heard.
    pub(super) finalized: TransactionVersion,
    pub(super) transactions: BTreeMap<Str, Transaction>,
    pub(super) timers: Timers,
    /// Timeouts are looked at in steps from here, by the monotonic clock.
    first_tick: i64,
    /// The last id that the search for expired ids has seen, while it is under way.
    expiry_at: Option<Str>,
}

/// All that a shard's log keeps of its state, to compare.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// By transactional id.
    pub transactions: BTreeMap<Str, TransactionLogValue>,
}

pub(super) type Out = Output<TransactionShard>;

/// So many transactions time out in one step; each has a record, markers and partitions.
const TIMEOUTS_A_STEP: usize = 500;
/// So many ids are looked at in one step of the search for expired ids.
const EXPIRY_A_STEP: usize = 5_000;

impl TransactionShard {
    /// An empty shard. Give it all records of its partition, then call [`Shard::loaded`].
    #[must_use]
    pub fn new(config: TransactionConfig) -> Self {
        let finalized = config.version;
        Self {
            config,
            finalized,
            transactions: BTreeMap::new(),
            timers: Timers::default(),
            first_tick: 0,
            expiry_at: None,
        }
    }

    /// What the log keeps.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let all = self.transactions.iter();
        let all = all.map(|(id, transaction)| (id.clone(), record::value_of(transaction)));
        Snapshot { transactions: all.collect() }
    }

    /// Writes a step down, makes it the state, and sets the timer that it needs.
    pub(super) fn put(
        &mut self,
        id: &Str,
        mut next: Transaction,
        now: Moment,
        out: &mut Out,
    ) -> Result<(), EncodeError> {
        if record::is_classic(&next, self.finalized) {
            // Such a record has no place for it.
            next.previous_producer_id = -1;
        }
        out.records
            .push(record::write(id, Some(&next), self.finalized)?);
        let known = self.transactions.get_key_value(&**id);
        let before = known.and_then(|(_, known)| known.open.as_ref()?.timeout_at);
        let after = before
            .filter(|_| next.state == TransactionState::Ongoing)
            .or_else(|| self.timeout_at(&next, now));
        if before != after {
            let id = known.map_or_else(|| id.detached(), |(id, _)| id.clone());
            if let Some(time) = before {
                self.timers.cancel(time, Due::Timeout(id.clone()));
            }
            if let Some(time) = after {
                self.timers.at(time, Due::Timeout(id));
            }
        }
        if let Some(open) = &mut next.open {
            open.timeout_at = after;
        }
        match self.transactions.get_mut(&**id) {
            Some(known) => *known = next,
            None => {
                self.transactions.insert(id.detached(), next);
            }
        }
        Ok(())
    }

    /// When an open transaction is to be aborted: at the first look after its time is over.
    fn timeout_at(&self, transaction: &Transaction, now: Moment) -> Option<i64> {
        let is_limited =
            transaction.state == TransactionState::Ongoing && transaction.timeout_ms != NO_TIMEOUT;
        is_limited.then(|| {
            let lasted = now.wall.saturating_sub(transaction.started_ms).max(0);
            let left = i64::from(transaction.timeout_ms).saturating_sub(lasted);
            let over = now.monotonic.saturating_add(left.max(0)).saturating_add(1);
            let interval = self.config.abort_interval_ms.max(1);
            let since = over.saturating_sub(self.first_tick).max(0);
            let looks = since.saturating_add(interval - 1) / interval;
            self.first_tick
                .saturating_add(looks.saturating_mul(interval))
        })
    }

    /// The markers of a prepared transaction.
    pub(super) fn markers(id: &Str, prepared: &Transaction) -> WriteMarkers {
        WriteMarkers {
            transactional_id: id.clone(),
            producer_id: prepared.producer_id,
            producer_epoch: prepared.producer_epoch,
            commit: prepared.state == TransactionState::PrepareCommit,
            partitions: prepared.partitions().to_list(),
            transaction_version: prepared.client,
        }
    }

    /// A step of the search for ids that nobody has used for long. Each costs a tombstone.
    fn expire(&mut self, now: Moment, out: &mut Out) -> Result<(), EncodeError> {
        let old = now.wall.saturating_sub(self.config.expiration_ms);
        let from = match &self.expiry_at {
            Some(last) => Bound::Excluded(last.clone()),
            None => Bound::Unbounded,
        };
        let mut seen = self
            .transactions
            .range::<Str, _>((from, Bound::Unbounded))
            .take(EXPIRY_A_STEP);
        let mut last = None;
        let mut expired = Vec::new();
        for (id, transaction) in &mut seen {
            last = Some(id.clone());
            if transaction.state.is_at_rest() && transaction.updated_ms <= old {
                expired.push(id.clone());
            }
        }
        for id in expired {
            out.records.push(record::write(&id, None, self.finalized)?);
            self.transactions.remove(&*id);
        }
        let wait = if last.is_some() {
            0
        } else {
            self.config.expiry_interval_ms.max(1)
        };
        self.expiry_at = last;
        self.timers
            .at(now.monotonic.saturating_add(wait), Due::Expiry);
        Ok(())
    }

    fn fall_due(&mut self, due: Due, now: Moment, out: &mut Out) -> Result<(), EncodeError> {
        match due {
            Due::Timeout(id) => self.time_out(&id, now, out),
            Due::Wait(id) => {
                self.end_waits(&id, now, out);
                Ok(())
            }
            Due::Expiry => self.expire(now, out),
        }
    }
}

impl Shard for TransactionShard {
    type Command = Command;
    type Reply = Reply;
    type Effect = WriteMarkers;
    type Observation = std::convert::Infallible;

    fn replay(&mut self, record: &Record) -> Result<Replayed, RecordError> {
        match record::read(record)? {
            Meaning::Transaction(id, Some(transaction)) => match self.transactions.get_mut(&*id) {
                Some(known) => *known = transaction,
                None => {
                    self.transactions.insert(id.detached(), transaction);
                }
            },
            Meaning::Transaction(id, None) => {
                self.transactions.remove(&*id);
            }
            Meaning::Other(id) => return Ok(Replayed::Ignored(id)),
        }
        Ok(Replayed::Applied)
    }

    /// No transaction writes to this log.
    fn replay_open(&mut self, _: i64, record: &Record) -> Result<Replayed, RecordError> {
        self.replay(record)
    }

    fn end_open(&mut self, _: i64, _: bool) {}

    /// Transactions under way go on: open ones with their timeouts, prepared ones with their markers.
    fn loaded(&mut self, now: Moment) -> Output<Self> {
        let mut out = Out::default();
        self.first_tick = now.monotonic;
        let mut bare = Vec::new();
        let ids: Vec<Str> = self
            .transactions
            .iter()
            .filter(|(_, transaction)| !transaction.state.is_at_rest())
            .map(|(id, _)| id.clone())
            .collect();
        for id in ids {
            let Some(transaction) = self.transactions.get(&*id) else {
                continue;
            };
            if transaction.state.is_prepared() {
                if transaction.partitions().is_empty() {
                    bare.push(id);
                } else {
                    out.effects.push(Self::markers(&id, transaction));
                }
            } else if let Some(at) = self.timeout_at(transaction, now) {
                self.timers.at(at, Due::Timeout(id.clone()));
                if let Some(transaction) = self.transactions.get_mut(&*id) {
                    transaction.open.get_or_insert_default().timeout_at = Some(at);
                }
            }
        }
        for id in bare {
            let completed = self.complete(&id, now, &mut out);
            out.spoiled = out.spoiled.or(completed.err());
        }
        let next = now.monotonic.saturating_add(self.config.expiry_interval_ms);
        self.timers.at(next, Due::Expiry);
        out
    }

    fn apply(&mut self, command: &Command, ticket: Ticket, now: Moment) -> Output<Self> {
        let mut out = Out::default();
        let done = match command {
            Command::InitProducerId(init) => {
                self.finalized = init.finalized;
                let done = self.init(init, now, &mut out);
                done.map(|reply| out.replies.push((ticket, reply)))
            }
            Command::AddPartitions(add) => {
                self.finalized = add.finalized;
                self.add(add, ticket, now, &mut out)
            }
            Command::EndTransaction(end) => {
                self.finalized = end.finalized;
                let done = self.end(end, now, &mut out);
                done.map(|reply| out.replies.push((ticket, reply)))
            }
            Command::MarkersWritten { transactional_id, producer_id, producer_epoch } => {
                out.replies.push((ticket, Reply::Done(Ok(()))));
                let known = self.transactions.get(&**transactional_id);
                let is_meant = known.is_some_and(|known| {
                    known.state.is_prepared()
                        && known.producer_id == *producer_id
                        && known.producer_epoch == *producer_epoch
                });
                if is_meant {
                    self.complete(transactional_id, now, &mut out)
                } else {
                    Ok(())
                }
            }
        };
        out.spoiled = out.spoiled.or(done.err());
        out
    }

    fn next_deadline(&self) -> Option<i64> {
        self.timers.next()
    }

    /// A bounded part of what has fallen due; what is left is due still.
    fn on_time(&mut self, now: Moment) -> Output<Self> {
        let mut out = Out::default();
        for _ in 0..TIMEOUTS_A_STEP {
            let Some(due) = self.timers.take_due(now.monotonic) else {
                break;
            };
            let is_search = due == Due::Expiry;
            if let Err(error) = self.fall_due(due, now, &mut out) {
                out.spoiled = Some(error);
                break;
            }
            if is_search {
                break;
            }
        }
        out
    }
}
