//! Fetch requests: what is asked of which broker, and what its answer means for each partition.

use super::decode::Fetched;
use super::look_up::LookedFor;
use super::{Assigned, Consumer, Fetch, Position};
use crate::client::{Client, Target};
use crate::error::ClientError;
use crate::offsets::{Looked, PartitionKey};
use bytes::Bytes;
use klamm_codec::Records;
use klamm_model::Uuid;
use klamm_wire::ErrorCode;
use klamm_wire::messages::fetch::{
    FetchPartition, FetchRequest, FetchResponse, FetchTopic, PartitionData,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::time::Instant;

/// What the tasks of a consumer report.
#[derive(Debug)]
pub(super) enum Event {
    Fetched {
        node: i32,
        asked: Vec<Asked>,
        result: Result<FetchResponse, ClientError>,
    },
    Refreshed,
    LookedUp {
        wanted: Vec<LookedFor>,
        result: Result<Looked, ClientError>,
    },
}

/// One partition in a fetch.
#[derive(Debug)]
pub(super) struct Asked {
    key: PartitionKey,
    topic_id: Uuid,
    offset: i64,
    leader_epoch: i32,
    generation: u64,
}

/// The highest version that names topics: ids come with 13.
const LAST_VERSION_BY_NAME: i16 = 12;

impl Consumer {
    /// Sends a fetch to each broker that has none under way and leads a partition that needs one. Gives the time when
    /// a partition may be tried again after an error.
    pub(super) fn send_fetches(&mut self) -> Option<Instant> {
        let now = Instant::now();
        let cluster = self.client.known_cluster();
        let mut by_node: BTreeMap<i32, Vec<Asked>> = BTreeMap::new();
        let mut unknown = BTreeSet::new();
        let mut wait_until: Option<Instant> = None;
        for (key, state) in &self.partitions {
            let Position::At(offset) = state.position else {
                continue;
            };
            if state.is_paused || !matches!(state.fetch, Fetch::Nothing) {
                continue;
            }
            if let Some(at) = state.retry_at.filter(|at| *at > now) {
                wait_until = Some(wait_until.map_or(at, |first| first.min(at)));
                continue;
            }
            let topic = self.client.fresh_topic(&key.0);
            let Some((topic, (leader, leader_epoch))) = topic.zip(cluster.leader(&key.0, key.1))
            else {
                unknown.insert(Arc::clone(&key.0));
                continue;
            };
            let near = state
                .read_from
                .filter(|id| cluster.brokers.contains_key(id));
            let node = near.unwrap_or(leader.id);
            by_node.entry(node).or_default().push(Asked {
                key: key.clone(),
                topic_id: topic.id,
                offset,
                leader_epoch,
                generation: state.generation,
            });
        }
        for (node, asked) in by_node {
            if self.busy.insert(node) {
                self.send_fetch(node, asked);
            }
        }
        self.refresh(unknown);
        wait_until
    }

    fn send_fetch(&mut self, node: i32, asked: Vec<Asked>) {
        for asked in &asked {
            if let Some(state) = self.partitions.get_mut(&asked.key) {
                state.fetch = Fetch::UnderWay;
            }
        }
        let request = self.request_of(&asked);
        let client = self.fetching.clone();
        let has_ids = asked.iter().all(|asked| asked.topic_id != Uuid::ZERO);
        let ceiling = if has_ids {
            i16::MAX
        } else {
            LAST_VERSION_BY_NAME
        };
        self.spawn(async move {
            let result = fetch(&client, node, &request, ceiling).await;
            Event::Fetched { node, asked, result }
        });
    }

    fn request_of(&self, asked: &[Asked]) -> FetchRequest {
        let config = &self.config;
        let mut topics: BTreeMap<&Arc<str>, FetchTopic> = BTreeMap::new();
        for asked in asked {
            let topic = topics.entry(&asked.key.0).or_insert_with(|| FetchTopic {
                topic: asked.key.0.as_ref().into(),
                topic_id: asked.topic_id,
                partitions: Vec::new(),
            });
            topic.partitions.push(FetchPartition {
                partition: asked.key.1,
                current_leader_epoch: asked.leader_epoch,
                fetch_offset: asked.offset,
                partition_max_bytes: config.partition_fetch_bytes_max,
                ..FetchPartition::default()
            });
        }
        FetchRequest {
            max_wait_ms: i32::try_from(config.fetch_wait_max.as_millis()).unwrap_or(i32::MAX),
            min_bytes: config.fetch_bytes_min,
            max_bytes: config.fetch_bytes_max,
            isolation_level: config.isolation_level.wire(),
            topics: topics.into_values().collect(),
            rack_id: config.client_rack.as_str().into(),
            ..FetchRequest::default()
        }
    }

    pub(super) fn handle(&mut self, event: Event) -> Result<(), ClientError> {
        match event {
            Event::Refreshed => self.is_refreshing = false,
            Event::LookedUp { wanted, result } => return self.found(wanted, result),
            Event::Fetched { node, asked, result } => {
                self.busy.remove(&node);
                let result = result.and_then(|response| {
                    ClientError::check(response.error_code)?;
                    Ok(response)
                });
                return match result {
                    Ok(response) => self.take_answer(&asked, &response),
                    Err(error) => self.lost(&asked, error),
                };
            }
        }
        Ok(())
    }

    /// No answer: try again later, perhaps elsewhere.
    fn lost(&mut self, asked: &[Asked], error: ClientError) -> Result<(), ClientError> {
        for asked in asked {
            self.client.mark_stale(&asked.key.0);
            self.try_later(asked);
        }
        if error.is_retriable() {
            Ok(())
        } else {
            Err(error)
        }
    }

    fn take_answer(
        &mut self,
        asked: &[Asked],
        response: &FetchResponse,
    ) -> Result<(), ClientError> {
        let mut first_error = None;
        for asked in asked {
            let topic = response.responses.iter().find(|topic| {
                let by_id = asked.topic_id != Uuid::ZERO && topic.topic_id == asked.topic_id;
                by_id || topic.topic.as_str() == asked.key.0.as_ref()
            });
            let data = topic.and_then(|topic| {
                topic
                    .partitions
                    .iter()
                    .find(|data| data.partition_index == asked.key.1)
            });
            let taken = match data {
                Some(data) => self.take_partition(asked, data),
                None => {
                    self.try_later(asked);
                    Ok(())
                }
            };
            first_error = first_error.or(taken.err());
        }
        first_error.map_or(Ok(()), Err)
    }

    fn take_partition(&mut self, asked: &Asked, data: &PartitionData) -> Result<(), ClientError> {
        let reading = self.reading();
        let reset = self.reset_position();
        let Some(state) = current(&mut self.partitions, asked) else {
            return Ok(());
        };
        let code = ErrorCode(data.error_code);
        state.fetch = Fetch::Nothing;
        if code.is_none() {
            state.retry_at = None;
            state.high_watermark = Some(data.high_watermark);
            state.read_from = Some(data.preferred_read_replica)
                .filter(|id| *id >= 0)
                .or(state.read_from);
            let bytes = data.records.as_ref().and_then(Records::as_bytes);
            let bytes = bytes.cloned().unwrap_or_else(Bytes::new);
            if !bytes.is_empty() {
                let aborted = data.aborted_transactions.clone().unwrap_or_default();
                let key = asked.key.clone();
                let place = (asked.offset, state.epoch);
                let fetched = Fetched::new(key, bytes, place, aborted, reading);
                state.fetch = Fetch::Here(Box::new(fetched));
            }
            return Ok(());
        }
        if code == ErrorCode::OFFSET_OUT_OF_RANGE {
            // A near replica may lag behind the leader: only the leader's word counts (KIP-392).
            if state.read_from.take().is_none() {
                state.position = reset;
                state.epoch = None;
            }
            return Ok(());
        }
        state.read_from = None;
        let hint = &data.current_leader;
        if hint.leader_id >= 0 {
            let (topic, partition) = &asked.key;
            self.client
                .set_leader(topic, *partition, hint.leader_id, hint.leader_epoch);
        } else {
            self.client.mark_stale(&asked.key.0);
        }
        self.try_later(asked);
        // A damaged batch stays damaged, whatever the code's class says to producers.
        let may_pass = code.is_retriable() && code != ErrorCode::CORRUPT_MESSAGE;
        if may_pass || is_about_leaders(code) {
            return Ok(());
        }
        let message = Some(format!("{}-{}", asked.key.0, asked.key.1));
        Err(ClientError::Server { code, message })
    }

    fn try_later(&mut self, asked: &Asked) {
        let retry_at = Instant::now() + self.client.retry_pause(0);
        if let Some(state) = current(&mut self.partitions, asked) {
            state.fetch = Fetch::Nothing;
            state.read_from = None;
            state.retry_at = Some(retry_at);
        }
    }

    /// Asks for topics in the background, one question at a time.
    fn refresh(&mut self, topics: BTreeSet<Arc<str>>) {
        if topics.is_empty() || self.is_refreshing {
            return;
        }
        self.is_refreshing = true;
        let client = self.client.clone();
        self.spawn(async move {
            let names: Vec<_> = topics.iter().map(AsRef::as_ref).collect();
            // A failure shows when the partitions are tried again.
            if client.refresh(&names).await.is_err() {
                tokio::time::sleep(client.retry_pause(0)).await;
            }
            Event::Refreshed
        });
    }

    pub(super) fn spawn(&self, task: impl Future<Output = Event> + Send + 'static) {
        let events = self.events.clone();
        let report = async move {
            // Fails only when the consumer is gone.
            let _ = events.send(task.await).await;
        };
        self.client.host().tasks.spawn(Box::pin(report));
    }
}

/// The partition's state, if nothing happened to it since it was asked for.
fn current<'a>(
    partitions: &'a mut BTreeMap<PartitionKey, Assigned>,
    asked: &Asked,
) -> Option<&'a mut Assigned> {
    partitions
        .get_mut(&asked.key)
        .filter(|state| state.generation == asked.generation)
}

async fn fetch(
    client: &Client,
    node: i32,
    request: &FetchRequest,
    ceiling: i16,
) -> Result<FetchResponse, ClientError> {
    let connection = client.connection(Target::Node(node)).await?;
    let version = connection
        .versions()
        .highest_below::<FetchRequest>(ceiling)?;
    connection.send(request, version)?.wait().await
}

/// Errors that go away when the metadata is new.
fn is_about_leaders(code: ErrorCode) -> bool {
    code == ErrorCode::FENCED_LEADER_EPOCH || code == ErrorCode::UNKNOWN_LEADER_EPOCH
}
