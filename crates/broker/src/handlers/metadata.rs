//! Metadata (key 3), versions 0–13: nodes, topics, leaders; creates a missing topic where that is allowed.

use crate::auto_create::AutoCreate;
use crate::node::Node;
use crate::partitions::Registry;
use crate::quorum::QuorumHandle;
use crate::request::{Call, operations};
use klamm_codec::Str;
use klamm_metadata::Image;
use klamm_metadata::image::Topic;
use klamm_model::{NodeId, TopicName, Uuid};
use klamm_wire::ErrorCode;
use klamm_wire::messages::metadata::{
    MetadataRequest, MetadataRequestTopic, MetadataResponse, MetadataResponseBroker,
    MetadataResponsePartition, MetadataResponseTopic,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    quorum: &'a QuorumHandle,
    partitions: &'a Registry,
    auto_create: &'a AutoCreate,
    cluster_id: &'a str,
    node_id: NodeId,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self {
            quorum: &node.quorum,
            partitions: &node.partitions,
            auto_create: &node.auto_create,
            cluster_id: &node.config.cluster_id,
            node_id: node.config.node_id,
        }
    }
}

const FIRST_VERSION_WITH_EMPTY_FOR_NONE: i16 = 1;
const FIRST_VERSION_WITH_AUTO_CREATE_FLAG: i16 = 4;
const FIRST_VERSION_BY_ID: i16 = 12;
const UNKNOWN_NAMES_MAX: usize = 1000;

pub(crate) async fn handle(
    request: MetadataRequest,
    call: &Call,
    needs: Needs<'_>,
) -> MetadataResponse {
    let may_create =
        call.version < FIRST_VERSION_WITH_AUTO_CREATE_FLAG || request.allow_auto_topic_creation;
    let wanted = match &request.topics {
        Some(topics) if topics.is_empty() && call.version < FIRST_VERSION_WITH_EMPTY_FOR_NONE => {
            None
        }
        wanted => wanted.as_deref(),
    };
    if wanted.is_some_and(|topics| is_unserved(topics, call.version)) {
        return invalid(request.topics.unwrap_or_default());
    }
    let refused = match wanted {
        Some(topics) if may_create => create_missing(topics, needs).await,
        _ => BTreeMap::new(),
    };
    let image = needs.quorum.image();
    let topic_operations = if request.include_topic_authorized_operations {
        operations::ON_TOPIC
    } else {
        operations::NOT_ASKED
    };
    let view = View {
        image: &image,
        needs,
        listener: &call.caller.listener,
        topic_operations,
    };
    let topics = match wanted {
        None => image
            .topics()
            .iter()
            .map(|topic| view.topic(topic))
            .collect(),
        Some(wanted) => {
            // What is named twice is answered once.
            let mut seen = BTreeSet::new();
            let is_first = |topic: &&MetadataRequestTopic| {
                wanted.len() == 1 || seen.insert((topic.name.clone(), topic.topic_id))
            };
            let wanted = wanted.iter().filter(is_first);
            wanted
                .map(|topic| view.wanted_topic(topic, &refused))
                .collect()
        }
    };
    MetadataResponse {
        brokers: view.brokers(),
        cluster_id: Some(Str::from(needs.cluster_id)),
        controller_id: needs.node_id.0,
        topics,
        cluster_authorized_operations: if request.include_cluster_authorized_operations {
            operations::ON_CLUSTER
        } else {
            operations::NOT_ASKED
        },
        ..MetadataResponse::default()
    }
}

/// Whether topics are asked for by id in a version that has a field for it and no such service.
fn is_unserved(topics: &[MetadataRequestTopic], version: i16) -> bool {
    let is_by_id =
        |topic: &MetadataRequestTopic| topic.topic_id != Uuid::ZERO || topic.name.is_none();
    version < FIRST_VERSION_BY_ID && topics.iter().any(is_by_id)
}

/// The request is refused as a whole. Such old versions have no null for a name that is not known.
fn invalid(topics: Vec<MetadataRequestTopic>) -> MetadataResponse {
    let refused = topics.into_iter().map(|topic| MetadataResponseTopic {
        error_code: ErrorCode::INVALID_REQUEST.code(),
        name: Some(topic.name.unwrap_or_default()),
        topic_id: topic.topic_id,
        topic_authorized_operations: operations::NOT_ASKED,
        ..MetadataResponseTopic::default()
    });
    MetadataResponse {
        topics: refused.collect(),
        cluster_authorized_operations: operations::NOT_ASKED,
        ..MetadataResponse::default()
    }
}

/// Creates what is asked for and missing. Names the topics that could not be created, with the reason.
async fn create_missing(
    wanted: &[MetadataRequestTopic],
    needs: Needs<'_>,
) -> BTreeMap<TopicName, ErrorCode> {
    let image = needs.quorum.image();
    let missing = wanted.iter().filter_map(|topic| {
        let name = TopicName::new(topic.name.as_deref()?).ok()?;
        image.topics().by_name(&name).is_none().then_some(name)
    });
    let missing: BTreeSet<_> = missing.take(UNKNOWN_NAMES_MAX).collect();
    drop(image);
    if missing.is_empty() {
        return BTreeMap::new();
    }
    needs.auto_create.create(missing, needs.quorum).await
}

/// One image, seen through one listener.
struct View<'a> {
    image: &'a Image,
    needs: Needs<'a>,
    listener: &'a str,
    topic_operations: i32,
}

impl View<'_> {
    fn brokers(&self) -> Vec<MetadataResponseBroker> {
        let reachable = self
            .image
            .cluster()
            .brokers()
            .filter(|broker| !broker.fenced);
        let named = reachable.filter_map(|broker| {
            let listener = broker.listener(self.listener)?;
            Some(MetadataResponseBroker {
                node_id: broker.id.0,
                host: Str::from(&*listener.host),
                port: i32::from(listener.port),
                rack: broker.rack.as_deref().map(Str::from),
            })
        });
        named.collect()
    }

    fn wanted_topic(
        &self,
        wanted: &MetadataRequestTopic,
        refused: &BTreeMap<TopicName, ErrorCode>,
    ) -> MetadataResponseTopic {
        let by_id = wanted.topic_id != Uuid::ZERO;
        let failed = |error: ErrorCode| MetadataResponseTopic {
            error_code: error.code(),
            name: wanted.name.clone().filter(|_| !by_id),
            topic_id: wanted.topic_id,
            topic_authorized_operations: operations::NOT_ASKED,
            ..MetadataResponseTopic::default()
        };
        let found = match &wanted.name {
            _ if by_id => self
                .image
                .topics()
                .by_id(wanted.topic_id)
                .ok_or(ErrorCode::UNKNOWN_TOPIC_ID),
            None => Err(ErrorCode::INVALID_REQUEST),
            Some(name) => match TopicName::new(name) {
                Err(_) => Err(ErrorCode::INVALID_TOPIC_EXCEPTION),
                Ok(name) => self.image.topics().by_name(&name).ok_or_else(|| {
                    refused
                        .get(&name)
                        .copied()
                        .unwrap_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)
                }),
            },
        };
        match found {
            Ok(topic) => self.topic(topic),
            Err(error) => failed(error),
        }
    }

    fn topic(&self, topic: &Arc<Topic>) -> MetadataResponseTopic {
        let partitions = topic.partitions.iter().map(|(index, partition)| {
            let offline = self.offline(topic.id, index, partition.replicas());
            let leader = partition
                .leader()
                .filter(|leader| !offline.contains(&leader.0));
            MetadataResponsePartition {
                error_code: match leader {
                    Some(_) => ErrorCode::NONE.code(),
                    None => ErrorCode::LEADER_NOT_AVAILABLE.code(),
                },
                partition_index: index,
                leader_id: leader.map_or(-1, |leader| leader.0),
                leader_epoch: partition.leader_epoch().0,
                replica_nodes: partition.replicas().to_vec(),
                isr_nodes: partition.isr().to_vec(),
                offline_replicas: offline,
            }
        });
        MetadataResponseTopic {
            error_code: ErrorCode::NONE.code(),
            name: Some(Str::from(&*topic.name)),
            topic_id: topic.id,
            is_internal: is_internal(&topic.name),
            partitions: partitions.collect(),
            topic_authorized_operations: self.topic_operations,
        }
    }

    /// Replicas on nodes that are not reachable, or here on a directory that failed.
    fn offline(&self, topic: Uuid, partition: i32, replicas: &[i32]) -> Vec<i32> {
        let is_offline = |replica: &i32| {
            let here = *replica == self.needs.node_id.0;
            !self.image.cluster().is_active(*replica)
                || (here && self.needs.partitions.is_offline(topic, partition))
        };
        replicas.iter().copied().filter(is_offline).collect()
    }
}

/// Topics that coordinators keep their state in.
pub(crate) fn is_internal(name: &str) -> bool {
    matches!(
        name,
        "__consumer_offsets" | "__transaction_state" | "__share_group_state"
    )
}
