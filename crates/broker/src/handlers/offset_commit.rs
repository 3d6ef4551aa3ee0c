//! OffsetCommit (key 8), versions 2–10: how far a group has read; from version 10 on by topic id.

use super::committed_offsets::fill_in;
use crate::coordinating::Groups;
use crate::node::Node;
use crate::quorum::QuorumHandle;
use crate::request::{Call, error_code};
use klamm_codec::Str;
use klamm_coordinator::groups::{Command, CommitOffsets, NewOffset, Reply};
use klamm_metadata::Image;
use klamm_metadata::image::Topic;
use klamm_wire::ErrorCode;
use klamm_wire::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestTopic, OffsetCommitResponse,
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use std::sync::Arc;

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

const FIRST_VERSION_WITH_MEMBER_EPOCHS: i16 = 9;
const FIRST_VERSION_BY_ID: i16 = 10;
const LAST_VERSION_WITH_RETENTION: i16 = 4;

pub(crate) async fn handle(
    request: OffsetCommitRequest,
    call: &Call,
    needs: Needs<'_>,
) -> OffsetCommitResponse {
    let (mut topics, offsets) = sort_out(request.topics, call.version, &needs.quorum.image());
    let commit = Box::new(CommitOffsets {
        group: request.group_id.clone(),
        member_id: request.member_id,
        instance_id: request.group_instance_id,
        generation: request.generation_id_or_member_epoch,
        knows_member_epochs: call.version >= FIRST_VERSION_WITH_MEMBER_EPOCHS,
        retention_ms: if call.version <= LAST_VERSION_WITH_RETENTION {
            request.retention_time_ms
        } else {
            -1
        },
        offsets,
    });
    let asked = needs
        .groups
        .ask(&request.group_id, Command::CommitOffsets(commit));
    let answer = match asked.await {
        Ok(Reply::Each(results)) => results.map_err(error_code::of_group),
        Ok(_) => Err(ErrorCode::UNKNOWN_SERVER_ERROR),
        Err(error) => Err(error),
    };
    let partitions = topics.iter_mut().flat_map(|topic| &mut topic.partitions);
    fill_in(
        partitions.map(|partition| &mut partition.error_code),
        answer,
    );
    OffsetCommitResponse { topics, ..OffsetCommitResponse::default() }
}

/// Splits what is asked for into places for answers, most of them open (NONE), and offsets for the coordinator.
fn sort_out(
    topics: Vec<OffsetCommitRequestTopic>,
    version: i16,
    image: &Image,
) -> (Vec<OffsetCommitResponseTopic>, Vec<NewOffset>) {
    let mut offsets = Vec::with_capacity(topics.len().min(64));
    let mut answers = Vec::with_capacity(topics.len().min(64));
    for topic in topics {
        let (found, missing): (Option<&Arc<Topic>>, _) = if version >= FIRST_VERSION_BY_ID {
            (
                image.topics().by_id(topic.topic_id),
                ErrorCode::UNKNOWN_TOPIC_ID,
            )
        } else {
            let missing = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
            (image.topics().named(&topic.name), missing)
        };
        let name = match found {
            // The text of the request: no copy.
            Some(_) if version < FIRST_VERSION_BY_ID => topic.name.clone(),
            Some(found) => Str::from(&found.name),
            None => Str::EMPTY,
        };
        let mut partitions = Vec::with_capacity(topic.partitions.len().min(64));
        for partition in topic.partitions {
            let index = partition.partition_index;
            let error = match found {
                None => missing,
                Some(found) if found.partitions.get(index).is_none() => {
                    ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
                }
                Some(_) => {
                    offsets.push(NewOffset {
                        topic: name.clone(),
                        partition: index,
                        offset: partition.committed_offset,
                        leader_epoch: partition.committed_leader_epoch,
                        metadata: partition.committed_metadata.unwrap_or_default(),
                    });
                    ErrorCode::NONE
                }
            };
            partitions.push(OffsetCommitResponsePartition {
                partition_index: index,
                error_code: error.code(),
            });
        }
        answers.push(OffsetCommitResponseTopic {
            name: topic.name,
            topic_id: topic.topic_id,
            partitions,
        });
    }
    (answers, offsets)
}
