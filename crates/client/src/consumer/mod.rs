//! Reads records of assigned partitions. In a [`group`], the group decides what is assigned, and positions are
//! committed.
//!
//! ```text
//! poll ─> positions (look up where unknown) ─> fetches, one at a time to each broker ─> batches ─> records
//! ```
//! The next fetch of a partition leaves when its records were given out, before `poll` returns: a consumer that works
//! on records finds the next ones there.

mod decode;
mod fetch;
mod group;
mod look_up;

pub use group::{GroupConsumer, GroupMetadata, RebalanceListener, Subscription};

use crate::client::Client;
use crate::config::{ConsumerConfig, IsolationLevel, OffsetReset};
use crate::error::ClientError;
use crate::offsets::{OffsetSpec, PartitionKey};
use bytes::Bytes;
use decode::Fetched;
use fetch::Event;
use klamm_records::{Inflater, TimestampType};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// A record that was read. Key, value and headers share the memory of the answer that brought them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerRecord {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
    /// The epoch of the leader that appended it.
    pub leader_epoch: Option<i32>,
    /// Milliseconds since the Unix epoch, -1 for none.
    pub timestamp_ms: i64,
    /// Who set the timestamp.
    pub timestamp_type: TimestampType,
    /// The key.
    pub key: Option<Bytes>,
    /// The value.
    pub value: Option<Bytes>,
    /// Headers, in order. Keys are UTF-8 by agreement.
    pub headers: Vec<(Bytes, Option<Bytes>)>,
}

/// Reads assigned partitions of one cluster.
#[derive(Debug)]
pub struct Consumer {
    client: Client,
    /// For fetches, which wait at the broker: look-ups do not wait behind them.
    fetching: Client,
    config: ConsumerConfig,
    partitions: BTreeMap<PartitionKey, Assigned>,
    /// Brokers with a fetch under way.
    busy: BTreeSet<i32>,
    events: mpsc::Sender<Event>,
    inbox: mpsc::Receiver<Event>,
    is_refreshing: bool,
    /// Rises with each assignment and seek: answers to older fetches do not count.
    generation: u64,
    /// Where the next poll begins to look, so that no partition starves.
    turn: usize,
    inflater: Inflater,
}

/// One assigned partition.
#[derive(Debug)]
struct Assigned {
    position: Position,
    /// The epoch of the leader that wrote the record before the position, if it is known.
    epoch: Option<i32>,
    /// The position is being looked up.
    is_looked_up: bool,
    is_paused: bool,
    generation: u64,
    fetch: Fetch,
    /// After an error, not before this.
    retry_at: Option<Instant>,
    /// A near replica that the leader pointed to (KIP-392).
    read_from: Option<i32>,
    high_watermark: Option<i64>,
}

/// Where the next record comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Position {
    At(i64),
    /// To be looked up.
    Unknown(OffsetSpec),
    /// No position, and no rule where to go.
    Lost,
}

/// What is there, or on its way.
#[derive(Debug)]
enum Fetch {
    Nothing,
    UnderWay,
    Here(Box<Fetched>),
}

/// Answers of a consumer's own fetches: one a broker, and one refresh.
const EVENTS_MAX: usize = 256;

impl Consumer {
    /// A consumer without partitions. Connects when it is used.
    #[must_use]
    pub fn new(client: &Client, config: ConsumerConfig) -> Self {
        let (events, inbox) = mpsc::channel(EVENTS_MAX);
        Self {
            client: client.clone(),
            fetching: client.apart(),
            config,
            partitions: BTreeMap::new(),
            busy: BTreeSet::new(),
            events,
            inbox,
            is_refreshing: false,
            generation: 0,
            turn: 0,
            inflater: Inflater::new(),
        }
    }

    /// Reads these partitions from now on, and no others. Those that were assigned before keep their position; new
    /// ones begin where `auto.offset.reset` says.
    pub fn assign(&mut self, partitions: impl IntoIterator<Item = PartitionKey>) {
        let mut kept = std::mem::take(&mut self.partitions);
        for key in partitions {
            let state = kept.remove(&key).unwrap_or_else(|| self.fresh());
            self.partitions.insert(key, state);
        }
    }

    /// Reads all partitions that a topic has now.
    ///
    /// # Errors
    /// The topic does not exist, or no broker answers in time.
    pub async fn assign_topic(&mut self, topic: &str) -> Result<(), ClientError> {
        let topic = self.client.topic(topic).await?;
        let keys = topic
            .partitions
            .iter()
            .map(|p| (Arc::clone(&topic.name), p.index));
        self.assign(keys);
        Ok(())
    }

    /// The assigned partitions.
    pub fn assignment(&self) -> impl Iterator<Item = &PartitionKey> {
        self.partitions.keys()
    }

    /// Goes on at an offset.
    ///
    /// # Errors
    /// The partition is not assigned.
    pub fn seek(&mut self, topic: &str, partition: i32, offset: i64) -> Result<(), ClientError> {
        self.go(topic, partition, Position::At(offset))
    }

    /// The same, where it is known who wrote the record before.
    pub(crate) fn seek_behind(
        &mut self,
        (topic, partition): &PartitionKey,
        offset: i64,
        epoch: Option<i32>,
    ) -> Result<(), ClientError> {
        self.go(topic, *partition, Position::At(offset))?;
        self.state(topic, *partition)?.epoch = epoch;
        Ok(())
    }

    /// Goes on where the look-up says; it happens in the next poll. By time without a fitting record, that is the end.
    ///
    /// # Errors
    /// The partition is not assigned.
    pub fn seek_to(
        &mut self,
        topic: &str,
        partition: i32,
        to: OffsetSpec,
    ) -> Result<(), ClientError> {
        self.go(topic, partition, Position::Unknown(to))
    }

    /// Sends all assigned partitions there.
    pub fn seek_all_to(&mut self, to: OffsetSpec) {
        self.generation += 1;
        for state in self.partitions.values_mut() {
            state.go(Position::Unknown(to), self.generation);
        }
    }

    /// Stops giving out records of a partition until `resume`.
    ///
    /// # Errors
    /// The partition is not assigned.
    pub fn pause(&mut self, topic: &str, partition: i32) -> Result<(), ClientError> {
        self.state(topic, partition)?.is_paused = true;
        Ok(())
    }

    /// Undoes `pause`.
    ///
    /// # Errors
    /// The partition is not assigned.
    pub fn resume(&mut self, topic: &str, partition: i32) -> Result<(), ClientError> {
        self.state(topic, partition)?.is_paused = false;
        Ok(())
    }

    /// The offset of the next record that a poll gives; looked up if it is unknown.
    ///
    /// # Errors
    /// The partition is not assigned, has no position, or no broker answers in time.
    pub async fn position(&mut self, topic: &str, partition: i32) -> Result<i64, ClientError> {
        loop {
            while let Ok(event) = self.inbox.try_recv() {
                self.handle(event)?;
            }
            let state = self.state(topic, partition)?;
            match (&state.fetch, state.position) {
                (Fetch::Here(fetched), _) => return Ok(fetched.next_offset()),
                (_, Position::At(offset)) => return Ok(offset),
                (_, Position::Lost) => return Err(no_offset(topic, partition)),
                (_, Position::Unknown(_)) => {}
            }
            self.look_up()?;
            if let Some(event) = self.inbox.recv().await {
                self.handle(event)?;
            }
        }
    }

    /// Where each partition goes on, as far as that is known without asking, and who wrote the record before.
    pub(crate) fn known_positions(
        &self,
    ) -> impl Iterator<Item = (&PartitionKey, i64, Option<i32>)> {
        self.partitions.iter().filter_map(|(key, state)| {
            let (offset, epoch) = match (&state.fetch, state.position) {
                (Fetch::Here(fetched), _) => (fetched.next_offset(), fetched.epoch()),
                (_, Position::At(offset)) => (offset, state.epoch),
                _ => return None,
            };
            Some((key, offset, epoch))
        })
    }

    /// The end of a partition as of its last fetch; `None` before the first.
    #[must_use]
    pub fn high_watermark(&self, topic: &str, partition: i32) -> Option<i64> {
        self.partitions
            .get(&(Arc::from(topic), partition))?
            .high_watermark
    }

    /// The next records, `max.poll.records` at most. Waits for the first one up to `timeout`, and gives none then.
    /// Dropping the future loses nothing.
    ///
    /// # Errors
    /// A partition without a valid position, a damaged batch, or a refusal of the broker. The position stays where it
    /// was, so the same poll fails again until the caller seeks or unassigns.
    pub async fn poll(&mut self, timeout: Duration) -> Result<Vec<ConsumerRecord>, ClientError> {
        let deadline = Instant::now() + timeout;
        loop {
            while let Ok(event) = self.inbox.try_recv() {
                self.handle(event)?;
            }
            self.look_up()?;
            let records = self.take_records()?;
            let wait_until = self.send_fetches();
            if !records.is_empty() {
                return Ok(records);
            }
            let until = wait_until.map_or(deadline, |at| at.min(deadline));
            tokio::select! {
                biased;
                event = self.inbox.recv() => {
                    if let Some(event) = event {
                        self.handle(event)?;
                    }
                }
                () = tokio::time::sleep_until(until) => {
                    if Instant::now() >= deadline {
                        return Ok(Vec::new());
                    }
                }
            }
        }
    }

    /// Takes records out of what is here.
    fn take_records(&mut self) -> Result<Vec<ConsumerRecord>, ClientError> {
        let mut records = Vec::new();
        let count = self.partitions.len();
        let start = if count == 0 { 0 } else { self.turn % count };
        self.turn = self.turn.wrapping_add(1);
        let keys: Vec<_> = self.partitions.keys().cloned().collect();
        for (topic, partition) in keys.iter().cycle().skip(start).take(count) {
            let key = (Arc::clone(topic), *partition);
            let Some(state) = self
                .partitions
                .get_mut(&key)
                .filter(|state| !state.is_paused)
            else {
                continue;
            };
            while records.len() < self.config.poll_records_max
                && let Fetch::Here(fetched) = &mut state.fetch
            {
                match fetched.next(&mut self.inflater) {
                    Ok(Some(record)) => records.push(record),
                    Ok(None) => {
                        state.position = Position::At(fetched.next_offset());
                        state.epoch = fetched.epoch();
                        state.fetch = Fetch::Nothing;
                    }
                    // What came before the damage is given out first.
                    Err(_) if !records.is_empty() => return Ok(records),
                    Err(reason) => {
                        let offset = fetched.next_offset();
                        state.position = Position::At(offset);
                        state.epoch = fetched.epoch();
                        state.fetch = Fetch::Nothing;
                        let (topic, partition) = (topic.to_string(), *partition);
                        let error = ClientError::CorruptBatch { topic, partition, offset, reason };
                        return Err(error);
                    }
                }
            }
        }
        Ok(records)
    }

    fn go(&mut self, topic: &str, partition: i32, to: Position) -> Result<(), ClientError> {
        self.generation += 1;
        let generation = self.generation;
        self.state(topic, partition)?.go(to, generation);
        Ok(())
    }

    fn state(&mut self, topic: &str, partition: i32) -> Result<&mut Assigned, ClientError> {
        let missing = || ClientError::NoSuchPartition { topic: topic.to_owned(), partition };
        self.partitions
            .get_mut(&(Arc::from(topic), partition))
            .ok_or_else(missing)
    }

    fn fresh(&mut self) -> Assigned {
        self.generation += 1;
        Assigned {
            position: self.reset_position(),
            epoch: None,
            is_looked_up: false,
            is_paused: false,
            generation: self.generation,
            fetch: Fetch::Nothing,
            retry_at: None,
            read_from: None,
            high_watermark: None,
        }
    }

    /// Where a partition without a valid position goes.
    fn reset_position(&self) -> Position {
        match self.config.auto_offset_reset {
            OffsetReset::Earliest => Position::Unknown(OffsetSpec::Earliest),
            OffsetReset::Latest => Position::Unknown(OffsetSpec::Latest),
            OffsetReset::ByDuration(duration) => {
                let back = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
                let then = self
                    .client
                    .host()
                    .clock
                    .now_ms()
                    .saturating_sub(back)
                    .max(0);
                Position::Unknown(OffsetSpec::Timestamp(then))
            }
            OffsetReset::None => Position::Lost,
        }
    }

    const fn reading(&self) -> (IsolationLevel, bool) {
        (self.config.isolation_level, self.config.check_crcs)
    }
}

impl Assigned {
    fn go(&mut self, to: Position, generation: u64) {
        self.position = to;
        self.epoch = None;
        self.is_looked_up = false;
        self.generation = generation;
        self.fetch = Fetch::Nothing;
        self.retry_at = None;
    }
}

fn no_offset(topic: &str, partition: i32) -> ClientError {
    ClientError::NoOffset { topic: topic.to_owned(), partition }
}
