//! OffsetForLeaderEpoch (key 23), versions 2–4: where an epoch ends, so that a client sees a truncated log (KIP-320).

use crate::node::Node;
use crate::partitions::Registry;
use crate::request::{Call, error_code};
use klamm_wire::ErrorCode;
use klamm_wire::messages::offset_for_leader_epoch::{
    EpochEndOffset, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse,
    OffsetForLeaderPartition, OffsetForLeaderTopicResult,
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
    request: OffsetForLeaderEpochRequest,
    _call: &Call,
    needs: Needs<'_>,
) -> OffsetForLeaderEpochResponse {
    let topics = request
        .topics
        .iter()
        .map(|topic| OffsetForLeaderTopicResult {
            topic: topic.topic.clone(),
            partitions: topic
                .partitions
                .iter()
                .map(|wanted| end_of_epoch(&topic.topic, wanted, needs.partitions))
                .collect(),
        });
    OffsetForLeaderEpochResponse {
        topics: topics.collect(),
        ..OffsetForLeaderEpochResponse::default()
    }
}

fn end_of_epoch(
    topic: &str,
    wanted: &OffsetForLeaderPartition,
    partitions: &Registry,
) -> EpochEndOffset {
    let found = partitions
        .find_by_name(topic, wanted.partition)
        .map_err(error_code::of_find)
        .and_then(|partition| {
            partition
                .check_leader_epoch(wanted.current_leader_epoch)
                .map_err(error_code::of_epoch)?;
            Ok(partition.end_offset_for_epoch(wanted.leader_epoch))
        });
    let (error, (leader_epoch, end_offset)) = match found {
        Ok(found) => (ErrorCode::NONE, found),
        Err(error) => (error, (-1, -1)),
    };
    EpochEndOffset {
        error_code: error.code(),
        partition: wanted.partition,
        leader_epoch,
        end_offset,
    }
}
