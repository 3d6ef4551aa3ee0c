//! A transactional id: its producer and its transaction. Each step is a new value, which becomes a record.

use super::command::{Producer, TransactionError, TransactionVersion};
use super::state::TransactionState;
use crate::shard::Ticket;
use klamm_codec::Str;
use std::collections::{BTreeMap, BTreeSet};

/// The epoch that no client ever has: it is kept to fence the one before.
const EPOCH_MAX: i16 = i16::MAX;
/// The last epoch that a client may have.
pub(super) const CLIENT_EPOCH_MAX: i16 = EPOCH_MAX - 1;
/// No time at which a transaction began.
const NOT_STARTED: i64 = -1;
/// A transaction of two-phase commit (KIP-939) has no timeout.
pub(super) const NO_TIMEOUT: i32 = i32::MAX;

/// What is known of a transactional id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Transaction {
    pub(super) producer_id: i64,
    /// That of the record before.
    pub(super) previous_producer_id: i64,
    /// Follows once the transaction is complete, because the epochs are used up; -1 if not.
    pub(super) next_producer_id: i64,
    /// Wall time; -1 if no transaction began.
    pub(super) started_ms: i64,
    /// Wall time.
    pub(super) updated_ms: i64,
    pub(super) timeout_ms: i32,
    pub(super) producer_epoch: i16,
    /// What the client had before its last bump: a retry of the same request is known by it. Not in the log.
    pub(super) last_producer_epoch: i16,
    /// What the client of the transaction can do.
    pub(super) client: TransactionVersion,
    pub(super) state: TransactionState,
    /// Boxed, because most ids rest.
    pub(super) open: Option<Box<Open>>,
}

/// What only a transaction under way has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) partitions: Partitions,
    /// By the monotonic clock: the timer that is set.
    pub(super) timeout_at: Option<i64>,
    /// Those that wait for the markers, and until when.
    pub(super) waiting: Vec<Waiting>,
}

/// New partitions that wait for the end of the transaction before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) ticket: Ticket,
    pub(super) until: i64,
    pub(super) add: super::command::AddPartitions,
}

/// Partitions by topic.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Partitions(BTreeMap<Str, BTreeSet<i32>>);

impl Partitions {
    pub(super) const NONE: &'static Self = &Self(BTreeMap::new());

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn add(&mut self, topic: &Str, partitions: &[i32]) {
        if partitions.is_empty() {
            return;
        }
        match self.0.get_mut(&**topic) {
            Some(known) => known.extend(partitions),
            None => {
                let first = partitions.iter().copied().collect();
                self.0.insert(topic.detached(), first);
            }
        }
    }

    pub(super) fn contains(&self, topic: &str, partition: i32) -> bool {
        let known = self.0.get(topic);
        known.is_some_and(|known| known.contains(&partition))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Str, &BTreeSet<i32>)> {
        self.0.iter()
    }

    /// At most so many bytes hold them in a record.
    pub(super) fn record_bytes(&self) -> usize {
        /// The other fields of a record, and its batch.
        const AROUND: usize = 256;
        let topics = self.iter();
        let bytes = topics.map(|(topic, ids)| topic.len() + 16 + 4 * ids.len());
        AROUND + bytes.sum::<usize>()
    }

    pub(super) fn to_list(&self) -> Vec<(Str, Vec<i32>)> {
        let topics = self.iter();
        topics
            .map(|(topic, ids)| (topic.clone(), ids.iter().copied().collect()))
            .collect()
    }
}

impl Transaction {
    /// An id that nobody had so far.
    pub(super) fn new(producer_id: i64) -> Self {
        Self {
            producer_id,
            previous_producer_id: -1,
            next_producer_id: -1,
            started_ms: NOT_STARTED,
            updated_ms: -1,
            timeout_ms: 0,
            producer_epoch: -1,
            last_producer_epoch: -1,
            client: TransactionVersion::V0,
            state: TransactionState::Empty,
            open: None,
        }
    }

    pub(super) fn producer(&self) -> Producer {
        Producer { id: self.producer_id, epoch: self.producer_epoch }
    }

    pub(super) fn partitions(&self) -> &Partitions {
        match &self.open {
            Some(open) => &open.partitions,
            None => Partitions::NONE,
        }
    }

    pub(super) fn set_partitions(&mut self, partitions: Partitions) {
        self.open =
            (!partitions.is_empty()).then(|| Box::new(Open { partitions, ..Open::default() }));
    }

    /// No epoch is left for a client. One more stays, to fence the last.
    pub(super) fn is_exhausted(&self) -> bool {
        is_exhausted(self.producer_epoch)
    }

    /// The epoch is the one that no client has.
    pub(super) fn is_past_all_clients(&self) -> bool {
        self.producer_epoch == EPOCH_MAX
    }

    fn next(&self, state: TransactionState, now_ms: i64) -> Self {
        Self {
            state,
            previous_producer_id: self.producer_id,
            updated_ms: now_ms,
            ..self.clone()
        }
    }

    /// The id gets another epoch, or the same if the request was heard before.
    pub(super) fn initialized(
        &self,
        expected: Option<Producer>,
        timeout_ms: i32,
        now_ms: i64,
    ) -> Result<Self, TransactionError> {
        let (epoch, last) = match expected {
            // A bump makes everybody's epoch an old one.
            None => (self.bumped()?, -1),
            Some(producer)
                if self.producer_epoch == -1 || producer.epoch == self.producer_epoch =>
            {
                (self.bumped()?, self.producer_epoch)
            }
            Some(producer) if producer.epoch == self.last_producer_epoch => {
                (self.producer_epoch, self.last_producer_epoch)
            }
            Some(_) => return Err(TransactionError::ProducerFenced),
        };
        Ok(Self {
            producer_epoch: epoch,
            last_producer_epoch: last,
            timeout_ms,
            started_ms: NOT_STARTED,
            open: None,
            ..self.next(TransactionState::Empty, now_ms)
        })
    }

    fn bumped(&self) -> Result<i16, TransactionError> {
        if self.is_exhausted() {
            return Err(TransactionError::ProducerFenced);
        }
        Ok(self.producer_epoch + 1)
    }

    /// The epochs are used up: the id goes on with another producer id.
    pub(super) fn rotated(
        &self,
        fresh_id: i64,
        remembers_last: bool,
        timeout_ms: i32,
        now_ms: i64,
    ) -> Self {
        let last = if remembers_last {
            self.producer_epoch
        } else {
            -1
        };
        Self {
            producer_id: fresh_id,
            producer_epoch: 0,
            last_producer_epoch: last,
            timeout_ms,
            started_ms: NOT_STARTED,
            open: None,
            ..self.next(TransactionState::Empty, now_ms)
        }
    }

    /// More partitions are part of the transaction, which begins if there was none.
    pub(super) fn with_partitions(
        &self,
        added: &[(Str, Vec<i32>)],
        client: TransactionVersion,
        now_ms: i64,
    ) -> Self {
        let mut next = self.next(TransactionState::Ongoing, now_ms);
        if self.state.is_at_rest() {
            next.started_ms = now_ms;
        }
        next.client = client;
        let open = next.open.get_or_insert_default();
        for (topic, partitions) in added {
            open.partitions.add(topic, partitions);
        }
        next
    }

    /// The end is decided. A client of level 2 gets another epoch by that.
    pub(super) fn prepared(
        &self,
        commit: bool,
        client: TransactionVersion,
        next_producer_id: i64,
        now_ms: i64,
    ) -> Self {
        let state = if commit {
            TransactionState::PrepareCommit
        } else {
            TransactionState::PrepareAbort
        };
        let mut next = self.next(state, now_ms);
        if client.bumps_epoch() {
            next.producer_epoch = self.producer_epoch.saturating_add(1);
            next.last_producer_epoch = self.producer_epoch;
        }
        if self.state.is_at_rest() {
            next.started_ms = now_ms;
        }
        next.next_producer_id = next_producer_id;
        next.client = client;
        next
    }

    /// The coordinator aborts: the producer must not go on with its epoch.
    pub(super) fn fenced(
        &self,
        server: TransactionVersion,
        next_producer_id: i64,
        now_ms: i64,
    ) -> Self {
        if server.bumps_epoch() {
            return self.prepared(false, server, next_producer_id, now_ms);
        }
        let mut next = self.prepared(false, TransactionVersion::V0, -1, now_ms);
        next.producer_epoch = self.producer_epoch.saturating_add(1);
        next.last_producer_epoch = -1;
        next
    }

    /// All markers are written.
    pub(super) fn completed(&self, now_ms: i64) -> Self {
        let state = if self.state == TransactionState::PrepareCommit {
            TransactionState::CompleteCommit
        } else {
            TransactionState::CompleteAbort
        };
        let mut next = self.next(state, now_ms);
        if let Some(producer) = self.successor() {
            next.producer_id = producer.id;
            next.producer_epoch = producer.epoch;
        }
        next.next_producer_id = -1;
        next.open = None;
        next
    }

    /// Who the client is once the transaction is complete, if that is another producer id.
    pub(super) fn successor(&self) -> Option<Producer> {
        (self.client.bumps_epoch() && self.next_producer_id != -1)
            .then_some(Producer { id: self.next_producer_id, epoch: 0 })
    }
}

/// The last epoch that a client may have, or beyond.
pub(super) fn is_exhausted(epoch: i16) -> bool {
    epoch >= CLIENT_EPOCH_MAX
}
