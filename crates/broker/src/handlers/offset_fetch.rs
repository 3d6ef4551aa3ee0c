//! OffsetFetch (key 9), versions 1–10: committed offsets; of several groups from version 8, by topic id from 10 on.
//!
//! A group that nobody knows has offsets of -1, without an error. With `require_stable` a partition for which an open
//! transaction has committed gets UNSTABLE_OFFSET_COMMIT: its offset may change any moment.

use crate::coordinating::Groups;
use crate::node::Node;
use crate::quorum::QuorumHandle;
use crate::request::{Call, error_code};
use klamm_codec::Str;
use klamm_coordinator::groups::{CommittedOffset, GroupShard};
use klamm_metadata::Image;
use klamm_model::Uuid;
use klamm_wire::ErrorCode;
use klamm_wire::messages::offset_fetch::{
    OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopics, OffsetFetchResponse,
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic, OffsetFetchResponseTopics,
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

const FIRST_VERSION_WITH_ERROR: i16 = 2;
const FIRST_VERSION_WITH_GROUPS: i16 = 8;
const FIRST_VERSION_BY_ID: i16 = 10;

pub(crate) async fn handle(
    request: OffsetFetchRequest,
    call: &Call,
    needs: Needs<'_>,
) -> OffsetFetchResponse {
    let stable = request.require_stable;
    if call.version >= FIRST_VERSION_WITH_GROUPS {
        let mut groups = Vec::new();
        for group in request.groups {
            groups.push(fetch(group, call.version, stable, needs).await);
        }
        return OffsetFetchResponse { groups, ..OffsetFetchResponse::default() };
    }
    let topics = request.topics.map(|topics| {
        let topics = topics.into_iter();
        topics
            .map(|topic| OffsetFetchRequestTopics {
                name: topic.name,
                partition_indexes: topic.partition_indexes,
                ..OffsetFetchRequestTopics::default()
            })
            .collect()
    });
    let group = OffsetFetchRequestGroup {
        group_id: request.group_id,
        topics,
        ..OffsetFetchRequestGroup::default()
    };
    as_one_group(
        fetch(group, call.version, stable, needs).await,
        call.version,
    )
}

async fn fetch(
    group: OffsetFetchRequestGroup,
    version: i16,
    stable: bool,
    needs: Needs<'_>,
) -> OffsetFetchResponseGroup {
    let image = needs.quorum.image();
    let id = group.group_id.clone();
    // Before version 9 nobody claims a membership.
    let (member_id, member_epoch) = (group.member_id.clone(), group.member_epoch);
    let asked = group.topics.clone().map(|mut topics| {
        if version >= FIRST_VERSION_BY_ID {
            for topic in &mut topics {
                let found = image.topics().by_id(topic.topic_id);
                topic.name = found.map_or(Str::EMPTY, |found| Str::from(&found.name));
            }
        }
        topics
    });
    let seen = needs
        .groups
        .read(&group.group_id, move |shard: &GroupShard| {
            shard.check_fetch(&id, member_id.as_ref(), member_epoch)?;
            Ok(match asked {
                Some(topics) => topics
                    .iter()
                    .map(|topic| wanted(&id, topic, stable, shard))
                    .collect(),
                None => everything(&id, stable, shard),
            })
        });
    let seen = seen
        .await
        .and_then(|seen| seen.map_err(error_code::of_group));
    let (topics, error) = match seen {
        Ok(topics) => (
            with_ids(topics, group.topics.is_none(), version, &image),
            ErrorCode::NONE,
        ),
        Err(error) => (refused(&group, error, version), error),
    };
    OffsetFetchResponseGroup { group_id: group.group_id, topics, error_code: error.code() }
}

fn wanted(
    group: &str,
    topic: &OffsetFetchRequestTopics,
    stable: bool,
    shard: &GroupShard,
) -> OffsetFetchResponseTopics {
    let partitions = topic.partition_indexes.iter();
    OffsetFetchResponseTopics {
        name: topic.name.clone(),
        topic_id: topic.topic_id,
        partitions: partitions
            .map(|index| match shard.offset(group, &topic.name, *index) {
                _ if stable && shard.is_pending(group, &topic.name, *index) => {
                    missing(*index, ErrorCode::UNSTABLE_OFFSET_COMMIT)
                }
                Some(committed) => found(*index, committed),
                None => missing(*index, ErrorCode::NONE),
            })
            .collect(),
    }
}

/// What was asked for, with an error at each partition: the only place that version 1 has for it. Later ones name no
/// partition then.
fn refused(
    group: &OffsetFetchRequestGroup,
    error: ErrorCode,
    version: i16,
) -> Vec<OffsetFetchResponseTopics> {
    if version >= FIRST_VERSION_WITH_ERROR {
        return Vec::new();
    }
    let topics = group.topics.iter().flatten();
    topics
        .map(|topic| OffsetFetchResponseTopics {
            name: topic.name.clone(),
            topic_id: topic.topic_id,
            partitions: topic
                .partition_indexes
                .iter()
                .map(|index| missing(*index, error))
                .collect(),
        })
        .collect()
}

fn everything(group: &str, stable: bool, shard: &GroupShard) -> Vec<OffsetFetchResponseTopics> {
    let mut topics: Vec<OffsetFetchResponseTopics> = Vec::new();
    for (topic, partition, committed) in shard.offsets(group) {
        let answer = if stable && shard.is_pending(group, topic, partition) {
            missing(partition, ErrorCode::UNSTABLE_OFFSET_COMMIT)
        } else {
            found(partition, committed)
        };
        match topics.last_mut() {
            Some(last) if last.name == *topic => last.partitions.push(answer),
            _ => topics.push(OffsetFetchResponseTopics {
                name: topic.clone(),
                partitions: vec![answer],
                ..OffsetFetchResponseTopics::default()
            }),
        }
    }
    topics
}

/// From version 10 on topics are named by their ids alone; one that is gone has none.
fn with_ids(
    mut topics: Vec<OffsetFetchResponseTopics>,
    is_everything: bool,
    version: i16,
    image: &Image,
) -> Vec<OffsetFetchResponseTopics> {
    if version < FIRST_VERSION_BY_ID {
        return topics;
    }
    if is_everything {
        topics.retain_mut(|topic| match image.topics().named(&topic.name) {
            Some(known) => {
                topic.topic_id = known.id;
                true
            }
            None => false,
        });
    }
    for topic in &mut topics {
        if topic.topic_id == Uuid::ZERO || topic.name.is_empty() {
            for partition in &mut topic.partitions {
                *partition = missing(partition.partition_index, ErrorCode::UNKNOWN_TOPIC_ID);
            }
        }
        topic.name = Str::EMPTY;
    }
    topics
}

fn found(index: i32, committed: &CommittedOffset) -> OffsetFetchResponsePartitions {
    OffsetFetchResponsePartitions {
        partition_index: index,
        committed_offset: committed.offset,
        committed_leader_epoch: committed.leader_epoch,
        metadata: Some(committed.metadata.clone()),
        error_code: ErrorCode::NONE.code(),
    }
}

fn missing(index: i32, error: ErrorCode) -> OffsetFetchResponsePartitions {
    OffsetFetchResponsePartitions {
        partition_index: index,
        committed_offset: -1,
        committed_leader_epoch: -1,
        metadata: Some(Str::EMPTY),
        error_code: error.code(),
    }
}

/// The form before version 8. Version 1 has no place for an error but at the partitions.
fn as_one_group(group: OffsetFetchResponseGroup, version: i16) -> OffsetFetchResponse {
    let topics = group
        .topics
        .into_iter()
        .map(|topic| OffsetFetchResponseTopic {
            name: topic.name,
            partitions: topic
                .partitions
                .into_iter()
                .map(|partition| OffsetFetchResponsePartition {
                    partition_index: partition.partition_index,
                    committed_offset: partition.committed_offset,
                    committed_leader_epoch: partition.committed_leader_epoch,
                    metadata: partition.metadata,
                    error_code: partition.error_code,
                })
                .collect(),
        });
    OffsetFetchResponse {
        topics: topics.collect(),
        error_code: if version >= FIRST_VERSION_WITH_ERROR {
            group.error_code
        } else {
            ErrorCode::NONE.code()
        },
        ..OffsetFetchResponse::default()
    }
}
