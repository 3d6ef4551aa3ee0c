//! DeleteRecords (key 21), versions 0–2: moves the log's start; space is given back by whole segments.

use super::metadata::is_internal;
use crate::node::Node;
use crate::partitions::{DeleteRecordsError, Registry};
use crate::request::{Call, error_code};
use klamm_host::Tasks;
use klamm_wire::ErrorCode;
use klamm_wire::messages::delete_records::{
    DeleteRecordsPartitionResult, DeleteRecordsRequest, DeleteRecordsResponse,
    DeleteRecordsTopicResult,
};
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

pub(crate) async fn handle(
    request: DeleteRecordsRequest,
    _call: &Call,
    needs: Needs<'_>,
) -> DeleteRecordsResponse {
    let mut topics = Vec::new();
    for topic in &request.topics {
        let mut partitions = Vec::new();
        for wanted in &topic.partitions {
            let result = delete(&topic.name, wanted.partition_index, wanted.offset, needs).await;
            let (error, low_watermark) = match result {
                Ok(low_watermark) => (ErrorCode::NONE, low_watermark),
                Err(error) => (error, -1),
            };
            partitions.push(DeleteRecordsPartitionResult {
                partition_index: wanted.partition_index,
                low_watermark,
                error_code: error.code(),
            });
        }
        topics.push(DeleteRecordsTopicResult { name: topic.name.clone(), partitions });
    }
    DeleteRecordsResponse { topics, ..DeleteRecordsResponse::default() }
}

/// The log's new start.
async fn delete(
    topic: &str,
    partition: i32,
    before: i64,
    needs: Needs<'_>,
) -> Result<i64, ErrorCode> {
    let partition = needs
        .partitions
        .find_by_name(topic, partition)
        .map_err(error_code::of_find)?;
    if is_internal(topic) {
        // What coordinators keep is theirs to delete.
        return Err(ErrorCode::INVALID_TOPIC_EXCEPTION);
    }
    let work = move || partition.delete_records(before);
    let done = klamm_host::run_blocking(&**needs.tasks, work).await;
    match done.map_err(|_| ErrorCode::KAFKA_STORAGE_ERROR)? {
        Ok(log_start) => Ok(log_start),
        Err(DeleteRecordsError::OutOfRange) => Err(ErrorCode::OFFSET_OUT_OF_RANGE),
        Err(DeleteRecordsError::NotDeletable) => Err(ErrorCode::POLICY_VIOLATION),
        Err(DeleteRecordsError::Storage) => Err(ErrorCode::KAFKA_STORAGE_ERROR),
    }
}
