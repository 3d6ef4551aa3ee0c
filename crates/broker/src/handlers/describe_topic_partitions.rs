//! DescribeTopicPartitions (key 75), version 0: topics in pages, with eligible leader replicas (KIP-966).

use super::metadata::is_internal;
use crate::node::Node;
use crate::partitions::Registry;
use crate::quorum::QuorumHandle;
use crate::request::{Call, operations};
use klamm_codec::Str;
use klamm_metadata::Image;
use klamm_metadata::image::{Partition, Topic};
use klamm_model::{NodeId, TopicName};
use klamm_settings::broker;
use klamm_wire::ErrorCode;
use klamm_wire::messages::describe_topic_partitions::{
    DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse,
    DescribeTopicPartitionsResponsePartition, DescribeTopicPartitionsResponseTopic, RequestCursor,
    ResponseCursor,
};
use std::collections::BTreeSet;

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    quorum: &'a QuorumHandle,
    partitions: &'a Registry,
    node_id: NodeId,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self {
            quorum: &node.quorum,
            partitions: &node.partitions,
            node_id: node.config.node_id,
        }
    }
}

#[expect(clippy::unused_async, reason = "every handler has the same form")]
pub(crate) async fn handle(
    request: DescribeTopicPartitionsRequest,
    call: &Call,
    needs: Needs<'_>,
) -> DescribeTopicPartitionsResponse {
    let image = needs.quorum.image();
    let cursor = request.cursor.as_deref();
    let first = cursor.map_or("", |cursor| &*cursor.topic_name);
    let asked: BTreeSet<&str> = request.topics.iter().map(|topic| &*topic.name).collect();
    let lost = cursor.is_some() && !asked.is_empty() && !asked.contains(first);
    if lost || cursor.is_some_and(|cursor| cursor.partition_index < 0) {
        return refused(&request);
    }
    let limit_max = needs
        .quorum
        .layers()
        .get(&broker::MAX_REQUEST_PARTITION_SIZE_LIMIT);
    let limit = request.response_partition_limit.min(limit_max).max(1);
    let mut page = Page {
        view: View { image: &image, needs, listener: &call.caller.listener },
        cursor,
        room: usize::try_from(limit).unwrap_or(1),
        response: DescribeTopicPartitionsResponse::default(),
    };
    if asked.is_empty() {
        // A cursor names a topic that existed; if it is gone, the next one follows.
        let all = image
            .topics()
            .iter()
            .skip_while(|topic| topic.name.as_str() < first);
        for topic in all {
            if !page.add(&topic.name, Some(topic)) {
                break;
            }
        }
    } else {
        for name in asked.into_iter().filter(|name| *name >= first) {
            if !page.add(name, image.topics().named(name).map(|topic| &**topic)) {
                break;
            }
        }
    }
    page.response
}

/// The cursor makes no sense; there is no place for that but each topic.
fn refused(request: &DescribeTopicPartitionsRequest) -> DescribeTopicPartitionsResponse {
    let topics = request
        .topics
        .iter()
        .map(|topic| DescribeTopicPartitionsResponseTopic {
            error_code: ErrorCode::INVALID_REQUEST.code(),
            name: Some(topic.name.clone()),
            ..DescribeTopicPartitionsResponseTopic::default()
        });
    DescribeTopicPartitionsResponse {
        topics: topics.collect(),
        ..DescribeTopicPartitionsResponse::default()
    }
}

/// A response in the making.
struct Page<'a> {
    view: View<'a>,
    cursor: Option<&'a RequestCursor>,
    room: usize,
    response: DescribeTopicPartitionsResponse,
}

impl Page<'_> {
    /// Adds a topic as far as it fits. False when the page is full.
    fn add(&mut self, name: &str, topic: Option<&Topic>) -> bool {
        if self.room == 0 {
            self.end(name, 0);
            return false;
        }
        let Some(topic) = topic else {
            self.response.topics.push(unknown(name));
            return true;
        };
        let here = self.cursor.filter(|cursor| *cursor.topic_name == *name);
        let start = here.map_or(0, |cursor| cursor.partition_index);
        let from = topic
            .partitions
            .iter()
            .skip_while(|(index, _)| *index < start);
        let mut rest = from.peekable();
        let mut partitions = Vec::new();
        while let Some((index, partition)) = rest.next_if(|_| self.room > 0) {
            partitions.push(self.view.partition(topic, index, partition));
            self.room -= 1;
        }
        let next = rest.peek().map(|(index, _)| *index);
        self.response
            .topics
            .push(DescribeTopicPartitionsResponseTopic {
                error_code: ErrorCode::NONE.code(),
                name: Some(Str::from(name)),
                topic_id: topic.id,
                is_internal: is_internal(name),
                partitions,
                topic_authorized_operations: operations::ON_TOPIC,
            });
        if let Some(next) = next {
            self.end(name, next);
        }
        next.is_none()
    }

    fn end(&mut self, name: &str, partition_index: i32) {
        let cursor = ResponseCursor { topic_name: Str::from(name), partition_index };
        self.response.next_cursor = Some(Box::new(cursor));
    }
}

fn unknown(name: &str) -> DescribeTopicPartitionsResponseTopic {
    let code = match TopicName::new(name) {
        Ok(_) => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
        Err(_) => ErrorCode::INVALID_TOPIC_EXCEPTION,
    };
    DescribeTopicPartitionsResponseTopic {
        error_code: code.code(),
        name: Some(Str::from(name)),
        is_internal: is_internal(name),
        topic_authorized_operations: operations::ON_TOPIC,
        ..DescribeTopicPartitionsResponseTopic::default()
    }
}

/// One image, seen through one listener.
struct View<'a> {
    image: &'a Image,
    needs: Needs<'a>,
    listener: &'a str,
}

impl View<'_> {
    fn partition(
        &self,
        topic: &Topic,
        partition_index: i32,
        partition: &Partition,
    ) -> DescribeTopicPartitionsResponsePartition {
        let offline: Vec<i32> = partition
            .replicas()
            .iter()
            .copied()
            .filter(|id| self.is_offline(topic, partition_index, *id))
            .collect();
        let reachable = |leader: &NodeId| {
            let broker = self.image.cluster().broker(*leader);
            broker.is_some_and(|b| !b.fenced && b.listener(self.listener).is_some())
        };
        DescribeTopicPartitionsResponsePartition {
            error_code: ErrorCode::NONE.code(),
            partition_index,
            leader_id: partition
                .leader()
                .filter(reachable)
                .map_or(-1, |leader| leader.0),
            leader_epoch: partition.leader_epoch().0,
            replica_nodes: partition.replicas().to_vec(),
            isr_nodes: partition.isr().to_vec(),
            eligible_leader_replicas: Some(partition.elr().to_vec()),
            last_known_elr: Some(partition.last_known_elr().to_vec()),
            offline_replicas: offline,
        }
    }

    fn is_offline(&self, topic: &Topic, partition: i32, replica: i32) -> bool {
        let here = replica == self.needs.node_id.0;
        !self.image.cluster().is_active(replica)
            || (here && self.needs.partitions.is_offline(topic.id, partition))
    }
}
