//! Produce (key 0), versions 3–13. Appends in request order before the first wait; waits for the disk where the topic
//! asks for it; answers in order.
//!
//! Version 0 is advertised for old librdkafka, and refused. A transaction's first batch in a partition waits for its
//! coordinator's word; the batches of its producer that come after it wait for their turn.

mod transactional;

use super::Reply;
use super::metadata::is_internal;
use crate::coordinating::Transactions;
use crate::node::Node;
use crate::observing::Meters;
use crate::partitions::{AppendFailure, AppendRequest, Appended, Partition, Registry};
use crate::request::{Call, error_code};
use crate::upkeep::DirtyBudget;
use crate::waiting::Turns;
use bytes::Bytes;
use klamm_codec::{Records, Str};
use klamm_host::Host;
use klamm_storage::VerificationGuard;
use klamm_wire::messages::produce::{
    BatchIndexAndErrorMessage, PartitionProduceData, PartitionProduceResponse, ProduceRequest,
    ProduceResponse, TopicProduceData, TopicProduceResponse,
};
use klamm_wire::{ErrorCode, Response};
use std::sync::Arc;
use transactional::Verified;

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    partitions: &'a Registry,
    transactions: &'a Transactions,
    turns: &'a Turns,
    dirty: &'a DirtyBudget,
    host: &'a Host,
    meters: &'a Meters,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self {
            partitions: &node.partitions,
            transactions: &node.transactions,
            turns: &node.producer_turns,
            dirty: &node.dirty,
            host: &node.host,
            meters: &node.meters,
        }
    }
}

const ACKS_ALL: i16 = -1;
const ACKS_NONE: i16 = 0;
const ACKS_LEADER: i16 = 1;
const FIRST_VERSION_WITH_ZSTD: i16 = 7;
/// Only tools that repair things write to the coordinators' topics; their clients have this name.
const ADMIN_CLIENT_ID: &str = "__admin_client";
const FIRST_VERSION_WITH_TOPIC_IDS: i16 = 13;

/// An append whose bytes must be on the disk before it is acknowledged.
struct AwaitingSync {
    partition: Arc<Partition>,
    end: i64,
    topic: usize,
    index: usize,
}

pub(crate) async fn handle(
    request: ProduceRequest,
    call: &Call,
    needs: Needs<'_>,
) -> Reply<ProduceResponse> {
    let acks = request.acks;
    let mut awaiting = Vec::new();
    let mut response = match transactional::of_request(&request) {
        Ok(None) => append_all(request, call, needs, &Verified::default(), &mut awaiting),
        Ok(Some(transactional)) => {
            let _turn = needs.turns.take(transactional.producer.id).await;
            let coordinator = (needs.transactions, &*needs.host.clock);
            let verified = transactional
                .verify(&request, call.version, needs.partitions, coordinator)
                .await;
            append_all(request, call, needs, &verified, &mut awaiting)
        }
        Err(error) => refused_as_a_whole(request, error),
    };
    needs.dirty.wait_for_room().await;
    if acks == ACKS_NONE {
        let mut has_failed = false;
        response.visit_errors(&mut |_| has_failed = true);
        return if has_failed {
            Reply::Close(response)
        } else {
            Reply::Silent
        };
    }
    for wait in awaiting {
        let Err(error) = wait.partition.wait_until_synced(wait.end).await else {
            continue;
        };
        let slot = response.responses.get_mut(wait.topic);
        if let Some(slot) = slot.and_then(|topic| topic.partition_responses.get_mut(wait.index)) {
            *slot = failed(slot.index, &error);
        }
    }
    response.into()
}

fn append_all(
    request: ProduceRequest,
    call: &Call,
    needs: Needs<'_>,
    verified: &Verified,
    awaiting: &mut Vec<AwaitingSync>,
) -> ProduceResponse {
    let now_ms = needs.host.clock.now_ms();
    let mut responses = Vec::with_capacity(request.topic_data.len().min(64));
    for (topic_index, topic) in request.topic_data.into_iter().enumerate() {
        let mut partitions = Vec::with_capacity(topic.partition_data.len().min(64));
        for (index, data) in topic.partition_data.iter().enumerate() {
            let found = find(&topic, data.index, call.version, needs.partitions);
            let partition = match found {
                Ok(partition) => partition,
                Err(error) => {
                    partitions.push(refused(data.index, error));
                    continue;
                }
            };
            if is_internal(&partition.name().topic) && call.client_id != *ADMIN_CLIENT_ID {
                partitions.push(refused(data.index, ErrorCode::INVALID_TOPIC_EXCEPTION));
                continue;
            }
            let guard = verified.guard((topic_index, index));
            let result = guard.and_then(|guard| {
                let acks = request.acks;
                append(&partition, data, guard, (acks, call.version), now_ms)
            });
            partitions.push(match result {
                Ok(appended) => {
                    needs.meters.produced_batches.add(1);
                    needs.meters.produced_bytes.add(appended.bytes as u64);
                    if let Some(end) = appended.sync_before_ack {
                        let partition = Arc::clone(&partition);
                        awaiting.push(AwaitingSync { partition, end, topic: topic_index, index });
                    }
                    acknowledged(data.index, &appended)
                }
                Err(failure) => failed(data.index, &failure),
            });
        }
        responses.push(TopicProduceResponse {
            name: topic.name,
            topic_id: topic.topic_id,
            partition_responses: partitions,
        });
    }
    ProduceResponse { responses, ..ProduceResponse::default() }
}

fn find(
    topic: &TopicProduceData,
    index: i32,
    version: i16,
    partitions: &Registry,
) -> Result<Arc<Partition>, ErrorCode> {
    if version >= FIRST_VERSION_WITH_TOPIC_IDS {
        partitions
            .find_by_id(topic.topic_id, index)
            .map_err(error_code::of_find)
    } else {
        partitions
            .find_by_name(&topic.name, index)
            .map_err(error_code::of_find)
    }
}

fn append(
    partition: &Arc<Partition>,
    data: &PartitionProduceData,
    guard: Option<VerificationGuard>,
    (acks, version): (i16, i16),
    now_ms: i64,
) -> Result<Appended, AppendFailure> {
    if !matches!(acks, ACKS_ALL | ACKS_NONE | ACKS_LEADER) {
        return Err(AppendFailure::new(
            ErrorCode::INVALID_REQUIRED_ACKS,
            "acks is -1, 0 or 1",
        ));
    }
    let records: &Bytes = match &data.records {
        Some(Records::Bytes(bytes)) if !bytes.is_empty() => bytes,
        // A frame never holds file ranges.
        _ => {
            return Err(AppendFailure::new(
                ErrorCode::INVALID_RECORD,
                "no record batch",
            ));
        }
    };
    partition.append(AppendRequest {
        records,
        zstd_allowed: version >= FIRST_VERSION_WITH_ZSTD,
        guard,
        now_ms,
    })
}

fn acknowledged(index: i32, appended: &Appended) -> PartitionProduceResponse {
    PartitionProduceResponse {
        index,
        error_code: ErrorCode::NONE.code(),
        base_offset: appended.base_offset,
        log_append_time_ms: appended.log_append_time_ms,
        log_start_offset: appended.log_start_offset,
        ..PartitionProduceResponse::default()
    }
}

fn refused_as_a_whole(request: ProduceRequest, error: ErrorCode) -> ProduceResponse {
    let topics = request.topic_data.into_iter();
    let topics = topics.map(|topic| {
        let partitions = topic.partition_data.iter();
        TopicProduceResponse {
            partition_responses: partitions.map(|data| refused(data.index, error)).collect(),
            name: topic.name,
            topic_id: topic.topic_id,
        }
    });
    ProduceResponse { responses: topics.collect(), ..ProduceResponse::default() }
}

fn refused(index: i32, error: ErrorCode) -> PartitionProduceResponse {
    PartitionProduceResponse {
        index,
        error_code: error.code(),
        base_offset: -1,
        log_append_time_ms: -1,
        log_start_offset: -1,
        ..PartitionProduceResponse::default()
    }
}

fn failed(index: i32, failure: &AppendFailure) -> PartitionProduceResponse {
    let mut response = refused(index, failure.error);
    response.error_message = Some(Str::from(&*failure.message));
    response.record_errors = failure
        .records
        .iter()
        .map(|(batch_index, reason)| BatchIndexAndErrorMessage {
            batch_index: *batch_index,
            batch_index_error_message: Some(Str::from(&**reason)),
        })
        .collect();
    response
}
