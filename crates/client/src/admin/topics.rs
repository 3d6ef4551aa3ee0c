//! Topics: create, delete, grow, list, cut.

use super::{Admin, Each};
use crate::client::Target;
use crate::error::ClientError;
use crate::offsets::PartitionKey;
use klamm_model::Uuid;
use klamm_wire::messages::create_partitions::{
    CreatePartitionsAssignment, CreatePartitionsRequest, CreatePartitionsTopic,
};
use klamm_wire::messages::create_topics::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig, CreatableTopicResult,
    CreateTopicsRequest,
};
use klamm_wire::messages::delete_records::{
    DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic,
};
use klamm_wire::messages::delete_topics::{DeleteTopicState, DeleteTopicsRequest};
use klamm_wire::messages::metadata::MetadataRequest;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A topic to create.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewTopic {
    /// Its name.
    pub name: String,
    /// Partitions; `None` is the broker's default.
    pub partitions: Option<i32>,
    /// Replicas of each; `None` is the broker's default.
    pub replication_factor: Option<i16>,
    /// The brokers of each partition, instead of the two numbers.
    pub assignments: BTreeMap<i32, Vec<i32>>,
    /// Configurations; `None` resets to the default.
    pub configs: Vec<(String, Option<String>)>,
}

/// A topic that was created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicCreated {
    /// Its id; zero from brokers older than 2.8.
    pub id: Uuid,
    /// Its partitions, if the broker says.
    pub partitions: Option<i32>,
    /// Its replicas, if the broker says.
    pub replication_factor: Option<i16>,
}

/// A topic that is to have more partitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MorePartitions {
    /// The topic.
    pub topic: String,
    /// All its partitions, the present ones included.
    pub count: i32,
    /// The brokers of each new partition; `None` leaves them to the controller.
    pub assignments: Option<Vec<Vec<i32>>>,
}

/// A topic in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicListing {
    /// Its name.
    pub name: String,
    /// Its id; zero from brokers older than 2.8.
    pub id: Uuid,
    /// Kafka's own.
    pub is_internal: bool,
    /// How many partitions it has.
    pub partitions: usize,
}

impl NewTopic {
    /// A topic with the broker's defaults.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    fn wire(&self) -> CreatableTopic {
        let has_assignments = !self.assignments.is_empty();
        let assignment = |(partition, brokers): (&i32, &Vec<i32>)| CreatableReplicaAssignment {
            partition_index: *partition,
            broker_ids: brokers.clone(),
        };
        let config = |(name, value): &(String, Option<String>)| CreatableTopicConfig {
            name: name.into(),
            value: value.as_ref().map(Into::into),
        };
        CreatableTopic {
            name: self.name.as_str().into(),
            num_partitions: self.partitions.filter(|_| !has_assignments).unwrap_or(-1),
            replication_factor: self
                .replication_factor
                .filter(|_| !has_assignments)
                .unwrap_or(-1),
            assignments: self.assignments.iter().map(assignment).collect(),
            configs: self.configs.iter().map(config).collect(),
        }
    }
}

impl Admin {
    /// Creates topics, or only says whether it could.
    ///
    /// # Errors
    /// No broker answers in time.
    pub async fn create_topics(
        &self,
        topics: &[NewTopic],
        validate_only: bool,
    ) -> Result<Each<String, TopicCreated>, ClientError> {
        let request = CreateTopicsRequest {
            topics: topics.iter().map(NewTopic::wire).collect(),
            timeout_ms: self.timeout_ms(),
            validate_only,
        };
        let moved = |code: i16| {
            ClientError::check(code)
                .err()
                .filter(ClientError::is_retriable)
        };
        let what = "create topics";
        let response = self
            .call(what, Target::Controller, &request, |response| {
                // Not the controller: then all parts say so.
                let first = response
                    .topics
                    .first()
                    .and_then(|topic| moved(topic.error_code));
                first.map_or(Ok(()), Err)
            })
            .await?;
        let result = |topic: &CreatableTopicResult| {
            ClientError::check_with(topic.error_code, topic.error_message.as_ref())?;
            Ok(TopicCreated {
                id: topic.topic_id,
                partitions: Some(topic.num_partitions).filter(|n| *n >= 0),
                replication_factor: Some(topic.replication_factor).filter(|n| *n >= 0),
            })
        };
        Ok(response
            .topics
            .iter()
            .map(|topic| (topic.name.to_string(), result(topic)))
            .collect())
    }

    /// Deletes topics by name.
    ///
    /// # Errors
    /// No broker answers in time.
    pub async fn delete_topics(&self, names: &[&str]) -> Result<Each<String, ()>, ClientError> {
        // Old versions carry plain names, new ones a struct; the version decides which field counts.
        let connection = self.client.connection(Target::Controller).await?;
        let by_struct = connection.versions().highest::<DeleteTopicsRequest>()? >= 6;
        let state =
            |name: &&str| DeleteTopicState { name: Some((*name).into()), ..Default::default() };
        let request = DeleteTopicsRequest {
            topics: if by_struct {
                names.iter().map(state).collect()
            } else {
                Vec::new()
            },
            topic_names: if by_struct {
                Vec::new()
            } else {
                names.iter().map(|name| (*name).into()).collect()
            },
            timeout_ms: self.timeout_ms(),
        };
        let response = self
            .call("delete topics", Target::Controller, &request, |_| Ok(()))
            .await?;
        let mut results = Each::new();
        for topic in &response.responses {
            let name = topic
                .name
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default();
            self.client.mark_stale(&name);
            let result = ClientError::check_with(topic.error_code, topic.error_message.as_ref());
            results.insert(name, result);
        }
        Ok(results)
    }

    /// Gives topics more partitions.
    ///
    /// # Errors
    /// No broker answers in time.
    pub async fn create_partitions(
        &self,
        topics: &[MorePartitions],
        validate_only: bool,
    ) -> Result<Each<String, ()>, ClientError> {
        let assignment =
            |broker_ids: &Vec<i32>| CreatePartitionsAssignment { broker_ids: broker_ids.clone() };
        let topic = |topic: &MorePartitions| CreatePartitionsTopic {
            name: topic.topic.as_str().into(),
            count: topic.count,
            assignments: (topic.assignments.as_ref())
                .map(|brokers| brokers.iter().map(assignment).collect()),
        };
        let request = CreatePartitionsRequest {
            topics: topics.iter().map(topic).collect(),
            timeout_ms: self.timeout_ms(),
            validate_only,
        };
        let response = self
            .call(
                "create partitions",
                Target::Controller,
                &request,
                |_| Ok(()),
            )
            .await?;
        let mut results = Each::new();
        for topic in &response.results {
            self.client.mark_stale(&topic.name);
            let result = ClientError::check_with(topic.error_code, topic.error_message.as_ref());
            results.insert(topic.name.to_string(), result);
        }
        Ok(results)
    }

    /// All topics that the caller may see.
    ///
    /// # Errors
    /// No broker answers in time.
    pub async fn list_topics(&self) -> Result<Vec<TopicListing>, ClientError> {
        let request = MetadataRequest {
            topics: None,
            allow_auto_topic_creation: false,
            ..MetadataRequest::default()
        };
        let timeout = self.client.config().api_timeout;
        let ask = || self.client.ask_metadata(&request);
        let response = self.client.retrying("list topics", timeout, ask).await?;
        let listing = |topic: &klamm_wire::messages::metadata::MetadataResponseTopic| {
            Some(TopicListing {
                name: topic.name.as_ref()?.to_string(),
                id: topic.topic_id,
                is_internal: topic.is_internal,
                partitions: topic.partitions.len(),
            })
        };
        let listed = response.topics.iter().filter(|topic| topic.error_code == 0);
        Ok(listed.filter_map(listing).collect())
    }

    /// A topic's partitions with leaders and replicas, fresh from a broker.
    ///
    /// # Errors
    /// The topic does not exist, or no broker answers in time.
    pub async fn describe_topic(&self, name: &str) -> Result<Arc<crate::Topic>, ClientError> {
        self.client.mark_stale(name);
        self.client.existing_topic(name).await
    }

    /// Deletes the records before an offset, or all (`None`). Gives each partition's new first offset.
    ///
    /// # Errors
    /// No broker answers in time.
    pub async fn delete_records(
        &self,
        before: &[(PartitionKey, Option<i64>)],
    ) -> Result<Each<PartitionKey, i64>, ClientError> {
        const ALL: i64 = -1;
        let mut results = Each::new();
        let mut by_node: BTreeMap<i32, Vec<DeleteRecordsTopic>> = BTreeMap::new();
        for ((topic, partition), offset) in before {
            match self.client.leader_of(topic, *partition).await {
                Ok(node) => by_node.entry(node).or_default().push(DeleteRecordsTopic {
                    name: topic.as_ref().into(),
                    partitions: vec![DeleteRecordsPartition {
                        partition_index: *partition,
                        offset: offset.unwrap_or(ALL),
                    }],
                }),
                Err(error) => drop(results.insert((Arc::clone(topic), *partition), Err(error))),
            }
        }
        for (node, entries) in by_node {
            let request =
                DeleteRecordsRequest { topics: merge(entries), timeout_ms: self.timeout_ms() };
            let what = "delete records";
            let response = self
                .call(what, Target::Node(node), &request, |_| Ok(()))
                .await?;
            for topic in &response.topics {
                for partition in &topic.partitions {
                    let key = (Arc::from(topic.name.as_str()), partition.partition_index);
                    let result = ClientError::check(partition.error_code);
                    results.insert(key, result.map(|()| partition.low_watermark));
                }
            }
        }
        Ok(results)
    }
}

/// One entry a topic.
fn merge(entries: Vec<DeleteRecordsTopic>) -> Vec<DeleteRecordsTopic> {
    let mut topics: BTreeMap<String, DeleteRecordsTopic> = BTreeMap::new();
    for entry in entries {
        let topic = topics
            .entry(entry.name.to_string())
            .or_insert_with(|| DeleteRecordsTopic {
                name: entry.name.clone(),
                partitions: Vec::new(),
            });
        topic.partitions.extend(entry.partitions);
    }
    topics.into_values().collect()
}
