//! The task that turns ready batches into requests and answers into deliveries.
//!
//! One loop owns all decisions: it expires, drains, sends, then waits for an answer, a new batch, or time. Dialling,
//! asking and waiting for answers happen in tasks of their own that report back as events.

mod answers;

use super::Shared;
use super::accumulator::{Batch, Key};
use super::sequence::{Identity, ProducerIdentity};
use super::transactions::{Transactions, Word, add_partitions};
use crate::client::Target;
use crate::config::Acks;
use crate::connection::Connection;
use crate::error::ClientError;
use klamm_codec::Records;
use klamm_records::Deflater;
use klamm_wire::messages::init_producer_id::InitProducerIdRequest;
use klamm_wire::messages::produce::{
    PartitionProduceData, ProduceRequest, ProduceResponse, TopicProduceData,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::warn;

/// What the tasks report.
enum Event {
    Connected(i32, Result<Arc<Connection>, ClientError>),
    Answered(Box<Answer>),
    Identified(Result<ProducerIdentity, ClientError>),
    Added(Result<(), ClientError>),
    Refreshed,
}

/// The answer to one request.
struct Answer {
    node: i32,
    batches: Vec<(Key, Batch)>,
    result: Result<ProduceResponse, ClientError>,
}

/// What is known of one broker.
#[derive(Default)]
struct Node {
    in_flight: usize,
    connection: Option<Arc<Connection>>,
    is_dialling: bool,
}

/// The task's state.
struct Sender {
    shared: Arc<Shared>,
    events: mpsc::Sender<Event>,
    nodes: BTreeMap<i32, Node>,
    identity: Identity,
    identity_attempts: u32,
    identity_retry_at: Option<Instant>,
    is_refreshing: bool,
    /// Partitions are being announced to the transaction's coordinator.
    is_adding: bool,
    deflater: Deflater,
}

/// The loop empties this between waits; what is under way is bounded by brokers times requests in flight.
const EVENTS_MAX: usize = 1024;
/// The highest version that names topics: ids come with 13.
const LAST_VERSION_BY_NAME: i16 = 12;
/// The highest version in which a partition does not join a transaction by being written to.
const LAST_VERSION_TXN_V1: i16 = 11;

/// Runs until the producer is closed.
pub(super) async fn run(shared: Arc<Shared>) {
    let (events, mut inbox) = mpsc::channel(EVENTS_MAX);
    // In transactions, the identity is the coordinator's to give.
    let idempotent = shared.config.enable_idempotence && shared.transactions.is_none();
    let mut sender = Sender {
        shared,
        events,
        nodes: BTreeMap::new(),
        identity: if idempotent {
            Identity::Missing
        } else {
            Identity::Off
        },
        identity_attempts: 0,
        identity_retry_at: None,
        is_refreshing: false,
        is_adding: false,
        deflater: Deflater::new(),
    };
    while !sender.shared.closed.load(Ordering::Acquire) {
        let wait_until = sender.turn();
        let shared = Arc::clone(&sender.shared);
        tokio::select! {
            biased;
            Some(event) = inbox.recv() => {
                sender.handle(event);
                // Answers that are there already count before new batches leave.
                while let Ok(event) = inbox.try_recv() {
                    sender.handle(event);
                }
            }
            () = shared.wake.notified() => {}
            () = tokio::time::sleep_until(wait_until) => {}
        }
    }
}

impl Sender {
    /// Does all that can be done now. Gives the time of the next thing to do.
    fn turn(&mut self) -> Instant {
        let now = Instant::now();
        self.expire(now);
        let identity = self.identity(now);
        if let Some(identity) = identity {
            self.drain(identity, now);
        }
        let shared = &self.shared;
        let state = shared.state.lock();
        let timeout = shared.config.delivery_timeout;
        let next = state.accumulator.next_event(shared.urgency(), timeout, now);
        let far = now + timeout;
        let next = next.unwrap_or(far);
        // What is ready and could not leave waits for an event, not for time.
        self.identity_retry_at
            .filter(|at| *at > now)
            .map_or(next, |at| at.min(next))
            .max(now)
    }

    fn expire(&mut self, now: Instant) {
        let timeout = self.shared.config.delivery_timeout;
        let expired = self.shared.state.lock().accumulator.expire(timeout, now);
        for (key, batch) in expired {
            if batch.stamp.is_some() {
                // It may or may not be in the log, so its numbers are spent.
                self.break_sequences(&key);
            }
            let what = "delivery";
            self.finish(batch, Err(ClientError::Timeout { what, last: None }));
        }
    }

    /// A batch with a sequence number is gone, or the broker lost count: the partition begins anew.
    fn break_sequences(&mut self, key: &Key) {
        if let Some(current) = self.identity.known()
            && self
                .shared
                .state
                .lock()
                .accumulator
                .break_sequences(key, current)
        {
            self.identity.raise();
            warn!(topic = %key.0, partition = key.1, "the producer begins its sequences anew");
        }
    }

    /// The identity to send with (`Some(None)`: none is needed), or `None` if nothing may leave now.
    fn identity(&mut self, now: Instant) -> Option<Option<ProducerIdentity>> {
        if let Some(transactions) = &self.shared.transactions {
            return match transactions.word() {
                Word::Send(identity) => Some(Some(identity)),
                Word::Wait => None,
                Word::Drop(error) => {
                    self.fail_all(&error);
                    None
                }
            };
        }
        match self.identity {
            Identity::Off => Some(None),
            Identity::Known(identity) => Some(Some(identity)),
            Identity::Asked => None,
            Identity::Missing => {
                let has_work = self.shared.state.lock().accumulator.unfinished() > 0;
                if has_work && self.identity_retry_at.is_none_or(|at| at <= now) {
                    self.identity = Identity::Asked;
                    self.ask_identity();
                }
                None
            }
        }
    }

    fn ask_identity(&self) {
        let client = self.shared.client.clone();
        self.spawn(async move {
            let request = InitProducerIdRequest {
                transactional_id: None,
                transaction_timeout_ms: i32::MAX,
                ..Default::default()
            };
            let answer = client.request(Target::Any, &request, None).await;
            Event::Identified(answer.and_then(|answer| {
                ClientError::check(answer.error_code)?;
                Ok(ProducerIdentity { id: answer.producer_id, epoch: answer.producer_epoch })
            }))
        });
    }

    /// Sends ready batches, as many requests as brokers take.
    fn drain(&mut self, identity: Option<ProducerIdentity>, now: Instant) {
        loop {
            let shared = Arc::clone(&self.shared);
            let mut ready = shared.state.lock().accumulator.ready(shared.urgency(), now);
            if let Some(transactions) = &shared.transactions {
                let missing = transactions.missing(&ready);
                ready.retain(|key| !missing.contains(key));
                self.announce(transactions, missing);
            }
            let cluster = shared.client.known_cluster();
            let mut by_node: BTreeMap<i32, Vec<Key>> = BTreeMap::new();
            let mut without_leader = BTreeSet::new();
            for key in ready {
                match cluster.leader(&key.0, key.1) {
                    Some((node, _)) => by_node.entry(node.id).or_default().push(key),
                    None => drop(without_leader.insert(key.0)),
                }
            }
            self.refresh(without_leader);
            let mut sent = false;
            for (node, keys) in by_node {
                if let Some(connection) = self.usable(node) {
                    sent |= self.send_to(node, &connection, &keys, identity);
                }
            }
            if !sent {
                return;
            }
        }
    }

    /// Tells the transaction's coordinator of partitions, one question at a time.
    fn announce(&mut self, transactions: &Arc<Transactions>, keys: BTreeSet<Key>) {
        if keys.is_empty() || self.is_adding {
            return;
        }
        self.is_adding = true;
        let transactions = Arc::clone(transactions);
        self.spawn(async move { Event::Added(add_partitions(&transactions, keys).await) });
    }

    /// The node's connection, if another request may go there now. Dials if there is none.
    fn usable(&mut self, id: i32) -> Option<Arc<Connection>> {
        let in_flight_max = self.shared.config.in_flight_max;
        let node = self.nodes.entry(id).or_default();
        if node.in_flight >= in_flight_max || node.is_dialling {
            return None;
        }
        let open = node
            .connection
            .clone()
            .filter(|connection| connection.is_open());
        if open.is_none() {
            node.is_dialling = true;
            let client = self.shared.client.clone();
            self.spawn(
                async move { Event::Connected(id, client.connection(Target::Node(id)).await) },
            );
        }
        open
    }

    /// One request with a batch of each partition, up to the size that a request may have.
    fn send_to(
        &mut self,
        node: i32,
        connection: &Arc<Connection>,
        keys: &[Key],
        identity: Option<ProducerIdentity>,
    ) -> bool {
        let mut batches = Vec::new();
        let mut topics: BTreeMap<Arc<str>, Vec<PartitionProduceData>> = BTreeMap::new();
        let mut bytes_left = self.shared.config.request_size_max;
        let mut failed = Vec::new();
        let shared = Arc::clone(&self.shared);
        let mut state = shared.state.lock();
        for key in keys {
            // The first batch always goes: a lone record may fill a request.
            let bytes_max = if batches.is_empty() {
                usize::MAX
            } else {
                bytes_left
            };
            let drained = state
                .accumulator
                .drain(key, identity, bytes_max, &mut self.deflater);
            match drained {
                None => {}
                Some(Err((batch, error))) => failed.push((key, batch, error)),
                Some(Ok((batch, bytes))) => {
                    bytes_left = bytes_left.saturating_sub(bytes.len());
                    let records = Some(Records::Bytes(bytes));
                    let data = PartitionProduceData { index: key.1, records };
                    topics.entry(Arc::clone(&key.0)).or_default().push(data);
                    let tracker = batch.tracker();
                    state.under_way.insert(batch.number(), tracker);
                    batches.push((key.clone(), batch));
                }
            }
        }
        drop(state);
        for (key, batch, error) in failed {
            self.break_sequences(key);
            self.finish(batch, Err(error));
        }
        if batches.is_empty() {
            return false;
        }
        self.dispatch(node, connection, batches, topics);
        true
    }

    fn dispatch(
        &mut self,
        node: i32,
        connection: &Arc<Connection>,
        batches: Vec<(Key, Batch)>,
        topics: BTreeMap<Arc<str>, Vec<PartitionProduceData>>,
    ) {
        if let Some(node) = self.nodes.get_mut(&node) {
            node.in_flight += 1;
        }
        let transactions = self.shared.transactions.as_ref();
        let ceiling = match transactions {
            Some(transactions) if !transactions.is_v2() => LAST_VERSION_TXN_V1,
            _ => LAST_VERSION_BY_NAME,
        };
        if let Some(transactions) = transactions {
            transactions.start();
        }
        let version = connection
            .versions()
            .highest_below::<ProduceRequest>(ceiling);
        let acks = self.shared.config.acks;
        let request = ProduceRequest {
            transactional_id: transactions.map(|transactions| transactions.id().into()),
            acks: acks.wire(),
            timeout_ms: self.shared.client.request_timeout_ms(),
            topic_data: topics
                .into_iter()
                .map(|(name, partition_data)| TopicProduceData {
                    name: name.as_ref().into(),
                    partition_data,
                    ..Default::default()
                })
                .collect(),
        };
        let answer = |result| Box::new(Answer { node, batches, result });
        if acks == Acks::None {
            match version.and_then(|v| connection.send_unanswered(&request, v)) {
                Err(error) => self.answered(*answer(Err(error))),
                Ok(writing) => {
                    let mut answer = answer(Ok(ProduceResponse::default()));
                    // A flush ends when the system has the bytes: a program that leaves then loses nothing.
                    self.spawn(async move {
                        answer.result = writing.wait().await.map(|()| ProduceResponse::default());
                        Event::Answered(answer)
                    });
                }
            }
            return;
        }
        // Written here and not in the task: the order of requests is the order of these calls.
        match version.and_then(|version| connection.send(&request, version)) {
            Err(error) => self.answered(*answer(Err(error))),
            Ok(reply) => {
                let mut answer = answer(Ok(ProduceResponse::default()));
                self.spawn(async move {
                    answer.result = reply.wait().await;
                    Event::Answered(answer)
                });
            }
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Refreshed => self.is_refreshing = false,
            Event::Added(result) => {
                self.is_adding = false;
                if let (Err(error), Some(transactions)) = (result, &self.shared.transactions) {
                    // The next turn fails what waits.
                    transactions.judge(error);
                }
            }
            Event::Answered(answer) => self.answered(*answer),
            Event::Connected(id, result) => {
                let node = self.nodes.entry(id).or_default();
                node.is_dialling = false;
                match result {
                    Ok(connection) => node.connection = Some(connection),
                    // The leader may have moved off a dead broker; the pool paces the dialling.
                    Err(_) => self.leaders_moved(id),
                }
            }
            Event::Identified(Ok(identity)) => {
                self.identity = Identity::Known(identity);
                self.identity_attempts = 0;
            }
            Event::Identified(Err(error)) => {
                let pause = self.shared.client.retry_pause(self.identity_attempts);
                self.identity_attempts = self.identity_attempts.saturating_add(1);
                self.identity_retry_at = Some(Instant::now() + pause);
                self.identity = Identity::Missing;
                if !error.is_retriable() {
                    self.fail_all(&error);
                }
            }
        }
    }

    /// Marks the topics that a broker leads as stale, and asks.
    fn leaders_moved(&mut self, node: i32) {
        let cluster = self.shared.client.known_cluster();
        let led = |topic: &&Arc<crate::metadata::Topic>| {
            topic
                .partitions
                .iter()
                .any(|partition| partition.leader == Some(node))
        };
        let topics: BTreeSet<_> = cluster
            .topics
            .values()
            .filter(led)
            .map(|topic| Arc::clone(&topic.name))
            .collect();
        for topic in &topics {
            self.shared.client.mark_stale(topic);
        }
        self.refresh(topics);
    }

    /// Asks for topics, one question at a time, and not faster than retries go.
    fn refresh(&mut self, topics: BTreeSet<Arc<str>>) {
        if topics.is_empty() || self.is_refreshing {
            return;
        }
        self.is_refreshing = true;
        let client = self.shared.client.clone();
        self.spawn(async move {
            let names: Vec<_> = topics.iter().map(AsRef::as_ref).collect();
            // A failure shows when the batches are tried again.
            let _ = client.refresh(&names).await;
            tokio::time::sleep(client.retry_pause(0)).await;
            Event::Refreshed
        });
    }

    fn spawn(&self, task: impl Future<Output = Event> + Send + 'static) {
        let events = self.events.clone();
        let report = async move {
            // Fails only when the producer is gone.
            let _ = events.send(task.await).await;
        };
        self.shared.client.host().tasks.spawn(Box::pin(report));
    }
}
