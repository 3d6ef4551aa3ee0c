//! The state of the cluster: brokers, log directories, producers, the quorum, features, elections.

use super::{Admin, Each};
use crate::client::Target;
use crate::config::Address;
use crate::error::ClientError;
use crate::metadata::BrokerNode;
use crate::offsets::PartitionKey;
use klamm_model::Uuid;
use klamm_wire::messages::describe_cluster::{DescribeClusterBroker, DescribeClusterRequest};
use klamm_wire::messages::describe_log_dirs::{DescribeLogDirsRequest, DescribeLogDirsResult};
use klamm_wire::messages::describe_producers::{
    DescribeProducersRequest, PartitionResponse, ProducerState, TopicRequest,
};
use klamm_wire::messages::describe_quorum::{self, DescribeQuorumRequest};
use klamm_wire::messages::elect_leaders::{ElectLeadersRequest, TopicPartitions};
use klamm_wire::messages::update_features::{FeatureUpdateKey, UpdateFeaturesRequest};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The cluster as a broker describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterDescription {
    /// Its id.
    pub cluster_id: String,
    /// A broker that takes controller requests.
    pub controller_id: Option<i32>,
    /// The brokers that are not fenced.
    pub brokers: Vec<BrokerNode>,
}

/// A log directory of a broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogDir {
    /// Its path on the broker.
    pub path: String,
    /// Whether it works.
    pub state: Result<(), ClientError>,
    /// The size of its volume in bytes, if known.
    pub total_bytes: Option<i64>,
    /// Bytes that are free there, if known.
    pub usable_bytes: Option<i64>,
    /// Takes no new partitions (KIP-1066).
    pub is_cordoned: bool,
    /// What lies there.
    pub partitions: BTreeMap<PartitionKey, LogDirPartition>,
}

/// A replica in a log directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogDirPartition {
    /// Its log's bytes.
    pub bytes: i64,
    /// How far it is behind.
    pub offset_lag: i64,
    /// It is moving here from another directory.
    pub is_future: bool,
}

/// A producer that a partition remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProducerOfPartition {
    /// Its id.
    pub producer_id: i64,
    /// Its epoch.
    pub epoch: i32,
    /// The last sequence number, -1 for none.
    pub last_sequence: i32,
    /// The last write, in milliseconds since the Unix epoch, -1 for none.
    pub last_timestamp_ms: i64,
    /// The coordinator of its last transaction, -1 for none.
    pub coordinator_epoch: i32,
    /// Where its open transaction begins.
    pub transaction_start_offset: Option<i64>,
}

/// The metadata quorum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quorum {
    /// The leader, or -1.
    pub leader_id: i32,
    /// Its epoch.
    pub leader_epoch: i32,
    /// Offsets below are committed.
    pub high_watermark: i64,
    /// Who votes.
    pub voters: Vec<QuorumReplica>,
    /// Who only follows.
    pub observers: Vec<QuorumReplica>,
}

/// A member of the quorum, as its leader sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuorumReplica {
    /// The node.
    pub node_id: i32,
    /// Its directory (KIP-853).
    pub directory_id: Uuid,
    /// The end of its log.
    pub log_end_offset: i64,
    /// Its last fetch, in milliseconds since the Unix epoch, -1 if unknown.
    pub last_fetch_ms: i64,
    /// When it last had all, in milliseconds since the Unix epoch, -1 if unknown.
    pub last_caught_up_ms: i64,
}

/// Which replica becomes leader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Election {
    /// The first of the list, if it is in sync.
    Preferred,
    /// Any that lives, even at the price of records.
    Unclean,
}

/// A feature and the level that it is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureUpdate {
    /// Its name.
    pub feature: String,
    /// The new level; 0 switches it off.
    pub level: i16,
    /// In which direction it may go.
    pub upgrade: FeatureUpgrade,
}

/// In which direction a feature level may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeatureUpgrade {
    /// Up.
    Upgrade,
    /// Down, if nothing is lost.
    SafeDowngrade,
    /// Down, whatever is lost.
    UnsafeDowngrade,
}

impl Admin {
    /// Id, controller and brokers.
    ///
    /// # Errors
    /// No broker answers in time.
    pub async fn describe_cluster(&self) -> Result<ClusterDescription, ClientError> {
        let request = DescribeClusterRequest::default();
        let response = self
            .call("describe cluster", Target::Any, &request, |response| {
                ClientError::check_with(response.error_code, response.error_message.as_ref())
            })
            .await?;
        let broker = |broker: &DescribeClusterBroker| {
            let port = u16::try_from(broker.port).ok()?;
            Some(BrokerNode {
                id: broker.broker_id,
                address: Address { host: broker.host.to_string(), port },
                rack: broker.rack.as_ref().map(ToString::to_string),
            })
        };
        Ok(ClusterDescription {
            cluster_id: response.cluster_id.to_string(),
            controller_id: Some(response.controller_id).filter(|id| *id >= 0),
            brokers: response.brokers.iter().filter_map(broker).collect(),
        })
    }

    /// The log directories of a broker, and what lies in them.
    ///
    /// # Errors
    /// The broker does not answer in time, or refuses.
    pub async fn describe_log_dirs(&self, node: i32) -> Result<Vec<LogDir>, ClientError> {
        let request = DescribeLogDirsRequest { topics: None };
        let response = self
            .call(
                "describe log dirs",
                Target::Node(node),
                &request,
                |response| ClientError::check(response.error_code),
            )
            .await?;
        Ok(response.results.iter().map(log_dir_of).collect())
    }

    /// The producers that the leaders of partitions remember.
    ///
    /// # Errors
    /// No broker answers in time.
    pub async fn describe_producers(
        &self,
        partitions: &[PartitionKey],
    ) -> Result<Each<PartitionKey, Vec<ProducerOfPartition>>, ClientError> {
        let mut results = Each::new();
        let mut by_node: BTreeMap<i32, Vec<TopicRequest>> = BTreeMap::new();
        for (topic, partition) in partitions {
            match self.client.leader_of(topic, *partition).await {
                Ok(node) => by_node.entry(node).or_default().push(TopicRequest {
                    name: topic.as_ref().into(),
                    partition_indexes: vec![*partition],
                }),
                Err(error) => drop(results.insert((Arc::clone(topic), *partition), Err(error))),
            }
        }
        for (node, topics) in by_node {
            let request = DescribeProducersRequest { topics };
            let what = "describe producers";
            let response = self
                .call(what, Target::Node(node), &request, |_| Ok(()))
                .await?;
            for topic in &response.topics {
                for partition in &topic.partitions {
                    let key = (Arc::from(topic.name.as_str()), partition.partition_index);
                    results.insert(key, producers_of(partition));
                }
            }
        }
        Ok(results)
    }

    /// The metadata quorum.
    ///
    /// # Errors
    /// No broker answers in time.
    pub async fn describe_quorum(&self) -> Result<Quorum, ClientError> {
        let request = DescribeQuorumRequest {
            topics: vec![describe_quorum::RequestTopicData {
                topic_name: "__cluster_metadata".into(),
                partitions: vec![describe_quorum::RequestPartitionData::default()],
            }],
        };
        let response = self
            .call("describe quorum", Target::Any, &request, |response| {
                ClientError::check_with(response.error_code, response.error_message.as_ref())
            })
            .await?;
        let topic = response
            .topics
            .first()
            .and_then(|topic| topic.partitions.first());
        let missing = || ClientError::BadAnswer("no word of the quorum".to_owned());
        let partition = topic.ok_or_else(missing)?;
        ClientError::check_with(partition.error_code, partition.error_message.as_ref())?;
        let replicas = |list: &[describe_quorum::ReplicaState]| {
            let replica = |state: &describe_quorum::ReplicaState| QuorumReplica {
                node_id: state.replica_id,
                directory_id: state.replica_directory_id,
                log_end_offset: state.log_end_offset,
                last_fetch_ms: state.last_fetch_timestamp,
                last_caught_up_ms: state.last_caught_up_timestamp,
            };
            list.iter().map(replica).collect()
        };
        Ok(Quorum {
            leader_id: partition.leader_id,
            leader_epoch: partition.leader_epoch,
            high_watermark: partition.high_watermark,
            voters: replicas(&partition.current_voters),
            observers: replicas(&partition.observers),
        })
    }

    /// Changes feature levels, all or none.
    ///
    /// # Errors
    /// A level is refused, or no broker answers in time.
    pub async fn update_features(
        &self,
        updates: &[FeatureUpdate],
        validate_only: bool,
    ) -> Result<(), ClientError> {
        let update = |update: &FeatureUpdate| FeatureUpdateKey {
            feature: update.feature.as_str().into(),
            max_version_level: update.level,
            upgrade_type: match update.upgrade {
                FeatureUpgrade::Upgrade => 1,
                FeatureUpgrade::SafeDowngrade => 2,
                FeatureUpgrade::UnsafeDowngrade => 3,
            },
            ..FeatureUpdateKey::default()
        };
        let request = UpdateFeaturesRequest {
            timeout_ms: self.timeout_ms(),
            feature_updates: updates.iter().map(update).collect(),
            validate_only,
        };
        let response = self
            .call(
                "update features",
                Target::Controller,
                &request,
                |response| {
                    ClientError::check_with(response.error_code, response.error_message.as_ref())
                },
            )
            .await?;
        for result in &response.results {
            ClientError::check_with(result.error_code, result.error_message.as_ref())?;
        }
        Ok(())
    }

    /// Elects leaders of these partitions; `None` means all that are not led as they should be.
    ///
    /// # Errors
    /// No broker answers in time, or the call as a whole is refused.
    pub async fn elect_leaders(
        &self,
        election: Election,
        partitions: Option<&[PartitionKey]>,
    ) -> Result<Each<PartitionKey, ()>, ClientError> {
        let by_topic = partitions.map(|partitions| {
            let mut topics: BTreeMap<&Arc<str>, Vec<i32>> = BTreeMap::new();
            for (topic, partition) in partitions {
                topics.entry(topic).or_default().push(*partition);
            }
            let entry = |(topic, partitions): (&Arc<str>, Vec<i32>)| TopicPartitions {
                topic: topic.as_ref().into(),
                partitions,
            };
            topics.into_iter().map(entry).collect()
        });
        let request = ElectLeadersRequest {
            election_type: match election {
                Election::Preferred => 0,
                Election::Unclean => 1,
            },
            topic_partitions: by_topic,
            timeout_ms: self.timeout_ms(),
        };
        let response = self
            .call("elect leaders", Target::Controller, &request, |response| {
                ClientError::check(response.error_code)
            })
            .await?;
        let mut results = Each::new();
        for topic in &response.replica_election_results {
            self.client.mark_stale(&topic.topic);
            for partition in &topic.partition_result {
                let key = (Arc::from(topic.topic.as_str()), partition.partition_id);
                let message = partition.error_message.as_ref();
                results.insert(key, ClientError::check_with(partition.error_code, message));
            }
        }
        Ok(results)
    }
}

fn log_dir_of(result: &DescribeLogDirsResult) -> LogDir {
    let known = |bytes: i64| Some(bytes).filter(|bytes| *bytes >= 0);
    let mut partitions = BTreeMap::new();
    for topic in &result.topics {
        for partition in &topic.partitions {
            let key = (Arc::from(topic.name.as_str()), partition.partition_index);
            partitions.insert(
                key,
                LogDirPartition {
                    bytes: partition.partition_size,
                    offset_lag: partition.offset_lag,
                    is_future: partition.is_future_key,
                },
            );
        }
    }
    LogDir {
        path: result.log_dir.to_string(),
        state: ClientError::check(result.error_code),
        total_bytes: known(result.total_bytes),
        usable_bytes: known(result.usable_bytes),
        is_cordoned: result.is_cordoned,
        partitions,
    }
}

fn producers_of(partition: &PartitionResponse) -> Result<Vec<ProducerOfPartition>, ClientError> {
    ClientError::check_with(partition.error_code, partition.error_message.as_ref())?;
    let producer = |state: &ProducerState| ProducerOfPartition {
        producer_id: state.producer_id,
        epoch: state.producer_epoch,
        last_sequence: state.last_sequence,
        last_timestamp_ms: state.last_timestamp,
        coordinator_epoch: state.coordinator_epoch,
        transaction_start_offset: Some(state.current_txn_start_offset).filter(|o| *o >= 0),
    };
    Ok(partition.active_producers.iter().map(producer).collect())
}
