//! OffsetDelete (key 47), version 0: drops committed offsets of topics that the group does not read.

use crate::coordinating::Groups;
use crate::node::Node;
use crate::quorum::QuorumHandle;
use crate::request::{Call, error_code};
use klamm_coordinator::groups::{Command, Reply};
use klamm_wire::ErrorCode;
use klamm_wire::messages::offset_delete::{
    OffsetDeleteRequest, OffsetDeleteResponse, OffsetDeleteResponsePartition,
    OffsetDeleteResponseTopic,
};

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    groups: &'a Groups,
    quorum: &'a QuorumHandle,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self { groups: &node.groups, quorum: &node.quorum }
    }
}

pub(crate) async fn handle(
    request: OffsetDeleteRequest,
    _call: &Call,
    needs: Needs<'_>,
) -> OffsetDeleteResponse {
    let failed = |error: ErrorCode| OffsetDeleteResponse {
        error_code: error.code(),
        ..OffsetDeleteResponse::default()
    };
    if request.group_id.is_empty() {
        return failed(ErrorCode::INVALID_GROUP_ID);
    }
    let image = needs.quorum.image();
    let is_known = |topic: &str, partition: i32| {
        let topic = image.topics().named(topic);
        topic.is_some_and(|topic| topic.partitions.get(partition).is_some())
    };
    let mut partitions = Vec::new();
    for topic in &request.topics {
        let known = topic.partitions.iter().map(|p| p.partition_index);
        let known = known.filter(|partition| is_known(&topic.name, *partition));
        partitions.extend(known.map(|partition| (topic.name.clone(), partition)));
    }
    let group = request.group_id.clone();
    let asked = needs.groups.ask(
        &request.group_id,
        Command::DeleteOffsets { group, partitions },
    );
    let results = match asked.await {
        Ok(Reply::Each(Ok(results))) => results,
        Ok(Reply::Each(Err(error))) => return failed(error_code::of_group(error)),
        Ok(_) => return failed(ErrorCode::UNKNOWN_SERVER_ERROR),
        Err(error) => return failed(error),
    };
    let mut results = results.into_iter();
    let topics = request.topics.into_iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|partition| {
            let index = partition.partition_index;
            let error = if is_known(&topic.name, index) {
                match results.next() {
                    Some(Err(error)) => error_code::of_group(error),
                    _ => ErrorCode::NONE,
                }
            } else {
                ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
            };
            OffsetDeleteResponsePartition { partition_index: index, error_code: error.code() }
        });
        let partitions = partitions.collect();
        OffsetDeleteResponseTopic { name: topic.name, partitions }
    });
    OffsetDeleteResponse { topics: topics.collect(), ..OffsetDeleteResponse::default() }
}
