//! What all coordinators have in common: a shard decides over one partition of its log, and somebody drives it.
//!
//! ```text
//! command ─▶ apply ─▶ Output: records ─▶ appended, committed ─▶ replies given, then effects carried out
//!                              ▲                                                     │
//!              replay of the log                       the outcome is a command again ◀──┘
//! ```
//! *Invariants:* no clock, no randomness and no waiting in a shard. State after a command equals what a replay of its
//! records gives, but for what a log does not keep. A reply may be given, and an effect carried out, only once the
//! records that were made with it, and all before them, are committed.

use bytes::Bytes;
use klamm_codec::{DecodeError, EncodeError};
use std::fmt::{self, Debug, Formatter};

/// A record to append. No value deletes the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Type and key.
    pub key: Bytes,
    /// Version and value.
    pub value: Option<Bytes>,
}

/// A record can't be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The bytes are not a record's.
    #[error("unreadable: {0}")]
    Decode(#[from] DecodeError),
    /// A value does not fit the record, or is not kept in memory.
    #[error("unwritable: {0}")]
    Encode(#[from] EncodeError),
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replayed {
    /// It is part of the state now.
    Applied,
    /// It belongs to something that is not served yet; the number is the record's type.
    Ignored(i16),
}

/// The time of a step, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Never falls: timers run by it.
    pub monotonic: i64,
    /// Since the Unix epoch: records carry it.
    pub wall: i64,
}

/// Names a waiting request. Unique among those that a shard has not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// A producer with a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenTransaction {
    /// The producer.
    pub producer_id: i64,
    /// Its epoch.
    pub producer_epoch: i16,
}

/// What a step did.
pub struct Output<S: Shard + ?Sized> {
    /// To append, in order.
    pub records: Vec<Record>,
    /// The records belong to this producer's transaction. They are no part of the state yet: [`Shard::replay_open`]
    /// takes them in once they are in the log, which may refuse the producer.
    pub transaction: Option<OpenTransaction>,
    /// Each record stands for itself: they may become several batches, of which a crash leaves the first ones.
    pub is_divisible: bool,
    /// To answer once the records are committed: the request of this step, or others that waited.
    pub replies: Vec<(Ticket, S::Reply)>,
    /// To carry out once the records are committed.
    pub effects: Vec<S::Effect>,
    /// What happened, to be counted once the records are committed.
    pub observations: Vec<S::Observation>,
    /// A record can't be written: nothing of this output counts, and the shard must be loaded again.
    pub spoiled: Option<EncodeError>,
}

/// The state of one partition of a coordinator's log: loaded from it, and then the only one that writes to it.
pub trait Shard {
    /// What it is asked.
    type Command;
    /// What it answers.
    type Reply;
    /// What it wants done outside of its log. The outcome comes back as a command.
    type Effect;
    /// What it tells about itself, for metrics.
    type Observation;

    /// Takes a record of the partition in.
    ///
    /// # Errors
    /// The record can't be read; the state is as before.
    fn replay(&mut self, record: &Record) -> Result<Replayed, RecordError>;

    /// Takes in a record that counts once its producer's transaction commits.
    ///
    /// # Errors
    /// The record can't be read; the state is as before.
    fn replay_open(&mut self, producer_id: i64, record: &Record) -> Result<Replayed, RecordError>;

    /// A marker ended a producer's transaction.
    fn end_open(&mut self, producer_id: i64, commits: bool);

    /// All records were taken in: timers begin, and what was under way goes on.
    fn loaded(&mut self, now: Moment) -> Output<Self>;

    /// Carries a command out. Its answer is in this output or in a later one.
    fn apply(&mut self, command: &Self::Command, ticket: Ticket, now: Moment) -> Output<Self>;

    /// When [`Shard::on_time`] has something to do, by the monotonic clock.
    fn next_deadline(&self) -> Option<i64>;

    /// Does what has fallen due.
    fn on_time(&mut self, now: Moment) -> Output<Self>;
}

impl<S: Shard + ?Sized> Default for Output<S> {
    fn default() -> Self {
        Self {
            records: Vec::new(),
            transaction: None,
            is_divisible: false,
            replies: Vec::new(),
            effects: Vec::new(),
            observations: Vec::new(),
            spoiled: None,
        }
    }
}

impl<S> Debug for Output<S>
where
    S: Shard<Reply: Debug, Effect: Debug, Observation: Debug> + ?Sized,
{
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("records", &self.records)
            .field("transaction", &self.transaction)
            .field("is_divisible", &self.is_divisible)
            .field("replies", &self.replies)
            .field("effects", &self.effects)
            .field("observations", &self.observations)
            .field("spoiled", &self.spoiled)
            .finish()
    }
}
