//! Sends records: batched by partition, compressed, retried, in order and without duplicates.
//!
//! ```text
//! send ─> memory ─> partition ─> accumulator ─> sender task ─> Produce requests ─> deliveries
//! ```

mod accumulator;
mod delivery;
mod partitioner;
mod sender;
mod sequence;
mod transactions;

pub use delivery::{Delivered, Delivery};

use crate::client::Client;
use crate::config::ProducerConfig;
use crate::error::{ClientError, ConfigError};
use crate::metadata::Topic;
use accumulator::{Accumulator, Key, Urgency};
use bytes::Bytes;
use delivery::Tracker;
use klamm_host::TaskHandle;
use klamm_records::{HEADER_BYTES, HeaderView, NewRecord};
use parking_lot::Mutex;
use partitioner::{Sticky, partition_of_key};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;
use transactions::Transactions;

/// A record to send.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// The topic.
    pub topic: String,
    /// The partition; without one the key decides, and without a key the producer.
    pub partition: Option<i32>,
    /// Milliseconds since the Unix epoch; without it, now.
    pub timestamp_ms: Option<i64>,
    /// The key.
    pub key: Option<Bytes>,
    /// The value.
    pub value: Option<Bytes>,
    /// Headers, in order.
    pub headers: Vec<(String, Option<Bytes>)>,
}

/// Sends records to one cluster. Close it when done: dropping it gives up what was not sent yet.
#[derive(Debug)]
pub struct Producer {
    shared: Arc<Shared>,
    sender: TaskHandle,
}

/// What callers and the sender task share.
#[derive(Debug)]
struct Shared {
    client: Client,
    config: ProducerConfig,
    state: Mutex<State>,
    /// With `transactional.id`.
    transactions: Option<Arc<Transactions>>,
    /// Permits are bytes of `buffer.memory`.
    memory: Semaphore,
    /// Callers that wait for memory.
    waiting_for_memory: AtomicUsize,
    /// Callers that flush.
    flushing: AtomicUsize,
    closed: AtomicBool,
    wake: Notify,
}

#[derive(Debug)]
struct State {
    accumulator: Accumulator,
    sticky: BTreeMap<Arc<str>, Sticky>,
    /// Batches that are under way, for flush.
    under_way: BTreeMap<u64, Tracker>,
}

impl Record {
    /// A record with a value.
    #[must_use]
    pub fn new(topic: impl Into<String>, value: impl Into<Bytes>) -> Self {
        Self {
            topic: topic.into(),
            value: Some(value.into()),
            ..Self::default()
        }
    }

    /// This record with a key.
    #[must_use]
    pub fn with_key(self, key: impl Into<Bytes>) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    /// This record for one partition.
    #[must_use]
    pub fn with_partition(self, partition: i32) -> Self {
        Self { partition: Some(partition), ..self }
    }

    /// This record with one more header.
    #[must_use]
    pub fn with_header(mut self, key: impl Into<String>, value: impl Into<Bytes>) -> Self {
        self.headers.push((key.into(), Some(value.into())));
        self
    }
}

impl Producer {
    /// A producer. Connects when it is used.
    ///
    /// # Errors
    /// Settings that contradict each other.
    pub fn new(client: &Client, config: ProducerConfig) -> Result<Self, ClientError> {
        if let Some((name, expected)) = config.idempotence_contradiction() {
            return Err(ConfigError::new(name, "", expected).into());
        }
        let shared = Arc::new(Shared {
            client: client.apart(),
            memory: Semaphore::new(config.buffer_memory),
            state: Mutex::new(State {
                accumulator: Accumulator::new(&config),
                sticky: BTreeMap::new(),
                under_way: BTreeMap::new(),
            }),
            transactions: Transactions::new(client, &config).map(Arc::new),
            config,
            waiting_for_memory: AtomicUsize::new(0),
            flushing: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
            wake: Notify::new(),
        });
        let task = sender::run(Arc::clone(&shared));
        let sender = client.host().tasks.spawn(Box::pin(task));
        Ok(Self { shared, sender })
    }

    /// Takes a record, and gives a handle that tells when it is delivered. Waits, up to `max.block.ms`, while the
    /// topic is unknown or `buffer.memory` is full. Records of one caller keep their order in each partition.
    ///
    /// # Errors
    /// The topic or partition does not exist, the record is too large, or the wait is over. With `transactional.id`: no
    /// transaction is open, or it must be aborted.
    pub async fn send(&self, record: Record) -> Result<Delivery, ClientError> {
        let shared = &self.shared;
        let config = &shared.config;
        if let Some(transactions) = &shared.transactions {
            transactions.is_open()?;
        }
        let deadline = Instant::now() + config.block_max;
        let bytes = record_bytes(&record);
        for (setting, limit) in [
            ("max.request.size", config.request_size_max),
            ("buffer.memory", config.buffer_memory),
        ] {
            if bytes > limit {
                return Err(ClientError::RecordTooLarge { bytes, setting, limit });
            }
        }
        let topic = shared
            .client
            .topic_within(&record.topic, config.block_max)
            .await?;
        shared.reserve(bytes, deadline).await?;
        let appended = shared.append(&topic, &record, bytes);
        if appended.is_err() {
            shared.memory.add_permits(bytes);
        }
        appended
    }

    /// Sends what waits, and waits until all that was taken so far is delivered or failed.
    pub async fn flush(&self) {
        self.shared.flushing.fetch_add(1, Ordering::AcqRel);
        self.shared.wake.notify_one();
        let trackers = {
            let state = self.shared.state.lock();
            let mut trackers = state.accumulator.trackers();
            trackers.extend(state.under_way.values().cloned());
            trackers
        };
        for tracker in trackers {
            tracker.wait().await;
        }
        self.shared.flushing.fetch_sub(1, Ordering::AcqRel);
    }

    /// Sends what waits, waits for the answers, and stops. An open transaction is aborted.
    pub async fn close(self) {
        if self
            .shared
            .transactions
            .as_ref()
            .is_some_and(|t| t.is_under_way())
        {
            // Whatever stays open, the coordinator aborts after its timeout.
            let _ = self.abort_transaction().await;
        }
        self.flush().await;
        self.stop();
    }

    fn stop(&self) {
        self.shared.closed.store(true, Ordering::Release);
        self.sender.abort();
        let mut state = self.shared.state.lock();
        for (_, batch) in state.accumulator.take_all() {
            batch.finish(Err(ClientError::Closed));
        }
        for tracker in std::mem::take(&mut state.under_way).into_values() {
            tracker.finish(Err(ClientError::Closed));
        }
        self.shared.memory.close();
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    /// Takes bytes of the producer's memory.
    async fn reserve(&self, bytes: usize, deadline: Instant) -> Result<(), ClientError> {
        let permits = u32::try_from(bytes).unwrap_or(u32::MAX);
        let reserved = match self.memory.try_acquire_many(permits) {
            Ok(reserved) => reserved,
            Err(_) => {
                self.waiting_for_memory.fetch_add(1, Ordering::AcqRel);
                self.wake.notify_one();
                let acquired = self.memory.acquire_many(permits);
                let acquired = tokio::time::timeout_at(deadline, acquired).await;
                self.waiting_for_memory.fetch_sub(1, Ordering::AcqRel);
                match acquired {
                    Ok(reserved) => reserved.map_err(|_| ClientError::Closed)?,
                    Err(_) => {
                        let what = "waiting for buffer.memory";
                        return Err(ClientError::Timeout { what, last: None });
                    }
                }
            }
        };
        // The batch gives them back.
        reserved.forget();
        Ok(())
    }

    fn append(
        &self,
        topic: &Arc<Topic>,
        record: &Record,
        memory: usize,
    ) -> Result<Delivery, ClientError> {
        let timestamp_ms = record
            .timestamp_ms
            .unwrap_or_else(|| self.client.host().clock.now_ms());
        let headers: Vec<_> = (record.headers.iter())
            .map(|(key, value)| HeaderView { key: key.as_bytes(), value: value.as_deref() })
            .collect();
        let new_record = NewRecord {
            timestamp_ms,
            key: record.key.as_deref(),
            value: record.value.as_deref(),
            headers: &headers,
        };
        let mut state = self.state.lock();
        if self.closed.load(Ordering::Acquire) {
            return Err(ClientError::Closed);
        }
        let (partition, is_sticky) = self.choose(&mut state, topic, record)?;
        let key: Key = (Arc::clone(&topic.name), partition);
        let now = Instant::now();
        let (tracker, appended) = state.accumulator.append(&key, &new_record, memory, now)?;
        if is_sticky && let Some(sticky) = state.sticky.get_mut(&topic.name) {
            sticky.written(appended.bytes, self.config.batch_size, appended.is_open);
        }
        drop(state);
        if appended.wake {
            self.wake.notify_one();
        }
        let topic = Arc::clone(&topic.name);
        Ok(Delivery {
            tracker,
            topic,
            partition,
            index: appended.index,
            timestamp_ms,
        })
    }

    /// The partition of a record, and whether it was the producer's choice.
    fn choose(
        &self,
        state: &mut State,
        topic: &Topic,
        record: &Record,
    ) -> Result<(i32, bool), ClientError> {
        let missing = |partition| ClientError::NoSuchPartition {
            topic: topic.name.as_ref().to_owned(),
            partition,
        };
        if let Some(partition) = record.partition {
            return match topic.partition(partition) {
                Some(_) => Ok((partition, false)),
                None => Err(missing(partition)),
            };
        }
        match &record.key {
            Some(key) if !self.config.partitioner_ignore_keys => {
                return Ok((partition_of_key(key, topic.partitions.len()), false));
            }
            _ => {}
        }
        // Partitions without a leader are chosen only if no other is left.
        let with_leader = topic.partitions.iter().filter(|p| p.leader.is_some());
        let mut candidates: Vec<_> = with_leader.map(|p| p.index).collect();
        if candidates.is_empty() {
            candidates = topic.partitions.iter().map(|p| p.index).collect();
        }
        let State { accumulator, sticky, .. } = state;
        let waiting = |index: i32| {
            (
                index,
                accumulator.waiting(&(Arc::clone(&topic.name), index)),
            )
        };
        let queues: Vec<_> = candidates.into_iter().map(waiting).collect();
        let draw = || self.client.host().entropy.next_u64();
        let sticky = sticky.entry(Arc::clone(&topic.name)).or_default();
        let partition = sticky.partition(&queues, self.config.partitioner_adaptive, draw);
        partition
            .map(|partition| (partition, true))
            .ok_or_else(|| missing(0))
    }

    fn urgency(&self) -> Urgency {
        let flushing = self.flushing.load(Ordering::Acquire) > 0;
        Urgency {
            now: flushing || self.waiting_for_memory.load(Ordering::Acquire) > 0,
        }
    }
}

/// The most that a record takes in a batch of its own, in bytes.
fn record_bytes(record: &Record) -> usize {
    const RECORD_OVERHEAD_MAX: usize = 36;
    const HEADER_OVERHEAD_MAX: usize = 10;
    let part = |bytes: &Option<Bytes>| bytes.as_ref().map_or(0, Bytes::len);
    let headers = record.headers.iter();
    let headers = headers.map(|(key, value)| HEADER_OVERHEAD_MAX + key.len() + part(value));
    HEADER_BYTES
        + RECORD_OVERHEAD_MAX
        + part(&record.key)
        + part(&record.value)
        + headers.sum::<usize>()
}
