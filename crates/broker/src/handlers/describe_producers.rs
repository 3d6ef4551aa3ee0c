//! DescribeProducers (key 61), version 0: which producers a partition remembers (KIP-664).

use super::refusals::Told;
use crate::node::Node;
use crate::partitions::Registry;
use crate::request::{Call, error_code};
use klamm_model::TopicName;
use klamm_wire::ErrorCode;
use klamm_wire::messages::describe_producers::{
    DescribeProducersRequest, DescribeProducersResponse, PartitionResponse, ProducerState,
    TopicResponse,
};

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    partitions: &'a Registry,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self { partitions: &node.partitions }
    }
}

#[expect(clippy::unused_async, reason = "every handler has the same form")]
pub(crate) async fn handle(
    request: DescribeProducersRequest,
    _call: &Call,
    needs: Needs<'_>,
) -> DescribeProducersResponse {
    let topics = request.topics.into_iter().map(|topic| {
        let indexes = topic.partition_indexes.iter();
        let partitions = indexes
            .map(|index| partition(&topic.name, *index, needs))
            .collect();
        TopicResponse { name: topic.name.clone(), partitions }
    });
    DescribeProducersResponse {
        topics: topics.collect(),
        ..DescribeProducersResponse::default()
    }
}

fn partition(topic: &str, partition_index: i32, needs: Needs<'_>) -> PartitionResponse {
    match producers(topic, partition_index, needs) {
        Ok(active_producers) => PartitionResponse {
            partition_index,
            active_producers,
            ..PartitionResponse::default()
        },
        Err(told) => PartitionResponse {
            partition_index,
            error_code: told.code,
            error_message: told.message,
            ..PartitionResponse::default()
        },
    }
}

fn producers(topic: &str, index: i32, needs: Needs<'_>) -> Result<Vec<ProducerState>, Told> {
    if let Err(error) = TopicName::new(topic) {
        let message = format!("Topic name {topic:?} is invalid: {error}.");
        return Err(Told::new(ErrorCode::INVALID_TOPIC_EXCEPTION, message));
    }
    let partition = needs
        .partitions
        .find_by_name(topic, index)
        .map_err(|error| Told::bare(error_code::of_find(error)))?;
    let states = partition
        .producers()
        .into_iter()
        .map(|producer| ProducerState {
            producer_id: producer.producer_id,
            producer_epoch: i32::from(producer.epoch),
            last_sequence: producer.last_sequence,
            last_timestamp: producer.last_timestamp_ms,
            coordinator_epoch: producer.coordinator_epoch,
            current_txn_start_offset: producer.current_txn_start_offset,
        });
    Ok(states.collect())
}
