//! ListOffsets (key 2), versions 1–11: offsets by time, and the special ones at either end.
//!
//! Without tiered storage the earliest local offset is the log's start and there is no tiered offset (-1).

use crate::node::Node;
use crate::partitions::{OffsetAt, Partition, Registry};
use crate::request::{Call, error_code};
use klamm_host::Tasks;
use klamm_wire::ErrorCode;
use klamm_wire::messages::list_offsets::{
    ListOffsetsPartition, ListOffsetsPartitionResponse, ListOffsetsRequest, ListOffsetsResponse,
    ListOffsetsTopicResponse,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    partitions: &'a Registry,
    tasks: &'a Arc<dyn Tasks>,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self { partitions: &node.partitions, tasks: &node.host.tasks }
    }
}

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const MAX_TIMESTAMP: i64 = -3;
const EARLIEST_LOCAL: i64 = -4;
const LATEST_TIERED: i64 = -5;
const EARLIEST_PENDING_UPLOAD: i64 = -6;
const READ_COMMITTED: i8 = 1;
const FIRST_VERSION_WITH_EPOCHS: i16 = 4;
const CONSUMER: i32 = -1;
const DEBUG_CONSUMER: i32 = -2;

pub(crate) async fn handle(
    request: ListOffsetsRequest,
    call: &Call,
    needs: Needs<'_>,
) -> ListOffsetsResponse {
    let asked: Vec<_> = request
        .topics
        .iter()
        .flat_map(|topic| {
            topic
                .partitions
                .iter()
                .map(|p| (&*topic.name, p.partition_index))
        })
        .collect();
    let mut seen = BTreeSet::new();
    let twice: BTreeSet<_> = asked
        .into_iter()
        .filter(|asked| !seen.insert(*asked))
        .collect();
    let mut topics = Vec::new();
    for topic in &request.topics {
        let mut partitions = Vec::new();
        for wanted in &topic.partitions {
            let answer = if twice.contains(&(&*topic.name, wanted.partition_index)) {
                Err(ErrorCode::INVALID_REQUEST)
            } else if !matches!(request.replica_id, CONSUMER | DEBUG_CONSUMER) {
                Err(ErrorCode::NOT_LEADER_OR_FOLLOWER)
            } else if !is_known(wanted.timestamp, call.version) {
                Err(ErrorCode::UNSUPPORTED_VERSION)
            } else {
                let partition = needs
                    .partitions
                    .find_by_name(&topic.name, wanted.partition_index);
                match partition.map_err(error_code::of_find) {
                    Ok(partition) => {
                        let committed = request.isolation_level == READ_COMMITTED;
                        look_up(partition, wanted, committed, needs.tasks).await
                    }
                    Err(error) => Err(error),
                }
            };
            partitions.push(partition_response(
                wanted.partition_index,
                answer,
                call.version,
            ));
        }
        topics.push(ListOffsetsTopicResponse { name: topic.name.clone(), partitions });
    }
    ListOffsetsResponse { topics, ..ListOffsetsResponse::default() }
}

/// Whether a version has this special timestamp.
fn is_known(timestamp: i64, version: i16) -> bool {
    match timestamp {
        MAX_TIMESTAMP => version >= 7,
        EARLIEST_LOCAL => version >= 8,
        LATEST_TIERED => version >= 9,
        EARLIEST_PENDING_UPLOAD => version >= 11,
        timestamp => timestamp >= EARLIEST,
    }
}

async fn look_up(
    partition: Arc<Partition>,
    wanted: &ListOffsetsPartition,
    committed: bool,
    tasks: &Arc<dyn Tasks>,
) -> Result<OffsetAt, ErrorCode> {
    partition
        .check_leader_epoch(wanted.current_leader_epoch)
        .map_err(error_code::of_epoch)?;
    let marks = partition.marks();
    let end = if committed {
        marks.last_stable_offset
    } else {
        marks.high_watermark
    };
    let timestamp = wanted.timestamp;
    match timestamp {
        LATEST => Ok(OffsetAt {
            timestamp: -1,
            offset: end,
            leader_epoch: partition.epoch_of_end(),
        }),
        EARLIEST | EARLIEST_LOCAL => {
            let offset = marks.log_start_offset;
            Ok(OffsetAt {
                timestamp: -1,
                offset,
                leader_epoch: partition.epoch_of_start(),
            })
        }
        LATEST_TIERED | EARLIEST_PENDING_UPLOAD => Ok(OffsetAt::NONE),
        _ => {
            // A search by time reads index and log: off the reactor.
            let search = move || {
                if timestamp == MAX_TIMESTAMP {
                    partition.offset_of_max_timestamp()
                } else {
                    partition.offset_for_timestamp(timestamp)
                }
            };
            let found = klamm_host::run_blocking(&**tasks, search).await;
            let found = found.map_err(|_| ErrorCode::KAFKA_STORAGE_ERROR)?;
            let found = found.map_err(|_| ErrorCode::KAFKA_STORAGE_ERROR)?;
            Ok(found.filter(|at| at.offset < end).unwrap_or(OffsetAt::NONE))
        }
    }
}

fn partition_response(
    partition_index: i32,
    answer: Result<OffsetAt, ErrorCode>,
    version: i16,
) -> ListOffsetsPartitionResponse {
    let (error, at) = match answer {
        Ok(at) => (ErrorCode::NONE, at),
        Err(error) => (error, OffsetAt::NONE),
    };
    ListOffsetsPartitionResponse {
        partition_index,
        error_code: error.code(),
        timestamp: at.timestamp,
        offset: at.offset,
        leader_epoch: if version >= FIRST_VERSION_WITH_EPOCHS {
            at.leader_epoch
        } else {
            -1
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_timestamps_came_with_versions() {
        for (timestamp, first) in [(-1, 1), (-2, 1), (-3, 7), (-4, 8), (-5, 9), (-6, 11)] {
            assert!(is_known(timestamp, first), "{timestamp}");
            assert!(first == 1 || !is_known(timestamp, first - 1), "{timestamp}");
        }
        assert!(!is_known(-7, 11) && !is_known(i64::MIN, 11) && is_known(0, 1));
    }
}
