//! Offsets by what is known of them: first, last, by time (ListOffsets).

use crate::client::{Client, Target};
use crate::config::IsolationLevel;
use crate::error::ClientError;
use klamm_wire::ErrorCode;
use klamm_wire::messages::list_offsets::{
    ListOffsetsPartition, ListOffsetsPartitionResponse, ListOffsetsRequest, ListOffsetsTopic,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A partition of a topic.
pub type PartitionKey = (Arc<str>, i32);

/// Which offset is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OffsetSpec {
    /// The first record's.
    Earliest,
    /// The one after the last record that a consumer may see.
    Latest,
    /// That of the record with the largest timestamp (KIP-734).
    MaxTimestamp,
    /// The first on the leader's own disk (KIP-405).
    EarliestLocal,
    /// The last in remote storage (KIP-1005).
    LatestTiered,
    /// The first record's that is not older than this, in milliseconds since the Unix epoch.
    Timestamp(i64),
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundOffset {
    /// The offset; `None` if no record fits.
    pub offset: Option<i64>,
    /// The record's timestamp, where the look-up was by time.
    pub timestamp_ms: Option<i64>,
    /// The epoch of the leader that wrote there.
    pub leader_epoch: Option<i32>,
}

impl OffsetSpec {
    const fn wire(self) -> i64 {
        match self {
            Self::Earliest => -2,
            Self::Latest => -1,
            Self::MaxTimestamp => -3,
            Self::EarliestLocal => -4,
            Self::LatestTiered => -5,
            Self::Timestamp(ms) => ms,
        }
    }

    /// The first version that knows this.
    const fn version_min(self) -> i16 {
        match self {
            Self::Earliest | Self::Latest | Self::Timestamp(_) => 1,
            Self::MaxTimestamp => 7,
            Self::EarliestLocal => 8,
            Self::LatestTiered => 9,
        }
    }
}

/// A word on each partition.
pub type Looked = BTreeMap<PartitionKey, Result<FoundOffset, ClientError>>;

impl Client {
    /// Looks up offsets, each at its partition's leader. Retries until `default.api.timeout.ms`; a partition that
    /// fails has its error in the answer.
    ///
    /// # Errors
    /// No broker answers in time.
    pub async fn list_offsets(
        &self,
        wanted: &[(PartitionKey, OffsetSpec)],
        isolation: IsolationLevel,
    ) -> Result<Looked, ClientError> {
        let done = parking_lot::Mutex::new(Looked::new());
        let done = &done;
        let result = self.retrying("list offsets", self.config().api_timeout, || async move {
            let is_settled = |key: &PartitionKey| match done.lock().get(key) {
                Some(Err(error)) => !error.is_retriable(),
                Some(Ok(_)) => true,
                None => false,
            };
            let left: Vec<_> = wanted
                .iter()
                .filter(|(key, _)| !is_settled(key))
                .cloned()
                .collect();
            let found = self.list_offsets_once(&left, isolation).await;
            let failed = found.values().find_map(|word| word.as_ref().err().cloned());
            done.lock().extend(found);
            // Only what may get better is worth another round.
            failed.filter(ClientError::is_retriable).map_or(Ok(()), Err)
        });
        let result = result.await;
        let found = std::mem::take(&mut *done.lock());
        if found.is_empty() {
            result.map(|()| found)
        } else {
            Ok(found)
        }
    }

    async fn list_offsets_once(
        &self,
        wanted: &[(PartitionKey, OffsetSpec)],
        isolation: IsolationLevel,
    ) -> Looked {
        let mut found = Looked::new();
        let mut by_node: BTreeMap<i32, Vec<&(PartitionKey, OffsetSpec)>> = BTreeMap::new();
        for entry in wanted {
            let ((topic, partition), _) = entry;
            match self.leader_of(topic, *partition).await {
                Ok(node) => by_node.entry(node).or_default().push(entry),
                Err(error) => drop(found.insert(entry.0.clone(), Err(error))),
            }
        }
        for (node, entries) in by_node {
            match self.ask_offsets(node, &entries, isolation).await {
                Ok(answer) => found.extend(answer),
                Err(error) => {
                    for (key, _) in entries {
                        if error.is_retriable() {
                            self.mark_stale(&key.0);
                        }
                        found.insert(key.clone(), Err(error.clone()));
                    }
                }
            }
        }
        found
    }

    /// The broker that leads a partition.
    pub(crate) async fn leader_of(&self, topic: &str, partition: i32) -> Result<i32, ClientError> {
        let known = self.topic(topic).await?;
        let Some(found) = known.partition(partition) else {
            let topic = topic.to_owned();
            return Err(ClientError::NoSuchPartition { topic, partition });
        };
        found.leader.ok_or_else(|| {
            self.mark_stale(topic);
            ClientError::Server { code: ErrorCode::LEADER_NOT_AVAILABLE, message: None }
        })
    }

    async fn ask_offsets(
        &self,
        node: i32,
        entries: &[&(PartitionKey, OffsetSpec)],
        isolation: IsolationLevel,
    ) -> Result<Looked, ClientError> {
        let cluster = self.known_cluster();
        let mut topics: BTreeMap<&Arc<str>, Vec<ListOffsetsPartition>> = BTreeMap::new();
        for ((topic, partition), spec) in entries {
            let epoch = cluster
                .leader(topic, *partition)
                .map_or(-1, |(_, epoch)| epoch);
            topics.entry(topic).or_default().push(ListOffsetsPartition {
                partition_index: *partition,
                current_leader_epoch: epoch,
                timestamp: spec.wire(),
            });
        }
        let request = ListOffsetsRequest {
            replica_id: -1,
            isolation_level: isolation.wire(),
            topics: topics
                .into_iter()
                .map(|(name, partitions)| ListOffsetsTopic {
                    name: name.as_ref().into(),
                    partitions,
                })
                .collect(),
            timeout_ms: self.request_timeout_ms(),
        };
        let connection = self.connection(Target::Node(node)).await?;
        let version = connection.versions().highest::<ListOffsetsRequest>()?;
        let version_min = entries.iter().map(|(_, spec)| spec.version_min()).max();
        if version_min.is_some_and(|min| version < min) {
            return Err(ClientError::UnsupportedVersion { api: "ListOffsets" });
        }
        let response = connection.send(&request, version)?.wait().await?;
        let mut found = Looked::new();
        for topic in &response.topics {
            for partition in &topic.partitions {
                let key = (Arc::from(topic.name.as_str()), partition.partition_index);
                let word = word_of(partition);
                if word.as_ref().is_err_and(ClientError::is_retriable) {
                    self.mark_stale(&key.0);
                }
                found.insert(key, word);
            }
        }
        for (key, _) in entries {
            let silence = || {
                Err(ClientError::BadAnswer(format!(
                    "no word of {}-{}",
                    key.0, key.1
                )))
            };
            found.entry(key.clone()).or_insert_with(silence);
        }
        Ok(found)
    }
}

fn word_of(partition: &ListOffsetsPartitionResponse) -> Result<FoundOffset, ClientError> {
    ClientError::check(partition.error_code)?;
    let known = |number: i64| Some(number).filter(|number| *number >= 0);
    Ok(FoundOffset {
        offset: known(partition.offset),
        timestamp_ms: known(partition.timestamp),
        leader_epoch: Some(partition.leader_epoch).filter(|epoch| *epoch >= 0),
    })
}

impl IsolationLevel {
    /// The number on the wire.
    pub(crate) const fn wire(self) -> i8 {
        match self {
            Self::ReadUncommitted => 0,
            Self::ReadCommitted => 1,
        }
    }
}
