//! Produce (key 0), versions 3–13. Appends in request order before the first wait, together with requests that came at
//! the same time; waits for the disk where the topic asks for it; answers in order.
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
use crate::quotas::Quotas;
use crate::request::{Call, error_code};
use crate::upkeep::DirtyBudget;
use crate::waiting::{Burst, Place, Turns};
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
    quotas: &'a Quotas,
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
            quotas: &node.quotas,
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

/// A partition of the request whose answer is not known yet.
struct Awaiting {
    partition: Arc<Partition>,
    what: What,
    topic: usize,
    index: usize,
}

/// What the answer depends on.
enum What {
    /// The write of the burst.
    Write(Place),
    /// Offsets below must be on the disk.
    Sync(i64),
}

/// The append of one batch.
enum Append {
    Done(Appended),
    Gathered(Place),
}

pub(crate) async fn handle(
    request: ProduceRequest,
    call: &Call,
    needs: Needs<'_>,
) -> Reply<ProduceResponse> {
    let acks = request.acks;
    let burst = &call.caller.burst;
    let mut awaiting = Vec::new();
    let mut response = match transactional::of_request(&request) {
        Ok(None) => {
            // The time of requests that are written together could not be told apart.
            let burst = Some(burst).filter(|b| b.is_open() && !needs.quotas.times_requests());
            let verified = Verified::default();
            let response = append_all(request, call, needs, (&verified, burst), &mut awaiting);
            if let Some(burst) = burst {
                burst.request_ends(|| needs.host.clock.now_ms());
            }
            response
        }
        Ok(Some(transactional)) => {
            // It may append later, but not before those that came before it.
            burst.write(|| needs.host.clock.now_ms());
            let _turn = needs.turns.take(transactional.producer.id).await;
            let coordinator = (needs.transactions, &*needs.host.clock);
            // In a box: it is rare, and makes the future of every request large.
            let verified = Box::pin(transactional.verify(
                &request,
                call.version,
                needs.partitions,
                coordinator,
            ))
            .await;
            append_all(request, call, needs, (&verified, None), &mut awaiting)
        }
        Err(error) => refused_as_a_whole(request, error),
    };
    wait_for_writes(&mut awaiting, &mut response, needs.meters).await;
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
        if let What::Sync(end) = wait.what
            && let Err(error) = wait.partition.wait_until_synced(end).await
            && let Some(slot) = wait.slot(&mut response)
        {
            *slot = failed(slot.index, &error, &wait.partition);
        }
    }
    response.into()
}

/// Waits for the burst. Leaves those that must wait for the disk as well.
async fn wait_for_writes(
    awaiting: &mut Vec<Awaiting>,
    response: &mut ProduceResponse,
    meters: &Meters,
) {
    for wait in std::mem::take(awaiting) {
        let What::Write(place) = &wait.what else {
            awaiting.push(wait);
            continue;
        };
        let result = place.written().await;
        let Some(slot) = wait.slot(response) else {
            continue;
        };
        match result {
            Ok(appended) => {
                *slot = acknowledged(slot.index, &appended, meters);
                if let Some(end) = appended.sync_before_ack {
                    awaiting.push(Awaiting { what: What::Sync(end), ..wait });
                }
            }
            Err(failure) => *slot = failed(slot.index, &failure, &wait.partition),
        }
    }
}

impl Awaiting {
    fn slot<'r>(
        &self,
        response: &'r mut ProduceResponse,
    ) -> Option<&'r mut PartitionProduceResponse> {
        let topic = response.responses.get_mut(self.topic);
        topic.and_then(|topic| topic.partition_responses.get_mut(self.index))
    }
}

fn append_all(
    request: ProduceRequest,
    call: &Call,
    needs: Needs<'_>,
    (verified, burst): (&Verified, Option<&Burst>),
    awaiting: &mut Vec<Awaiting>,
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
                append(
                    &partition,
                    data,
                    (guard, burst),
                    (acks, call.version),
                    now_ms,
                )
            });
            let mut wait = |what| {
                let partition = Arc::clone(&partition);
                awaiting.push(Awaiting { partition, what, topic: topic_index, index });
            };
            partitions.push(match result {
                Ok(Append::Done(appended)) => {
                    if let Some(end) = appended.sync_before_ack {
                        wait(What::Sync(end));
                    }
                    acknowledged(data.index, &appended, needs.meters)
                }
                Ok(Append::Gathered(place)) => {
                    wait(What::Write(place));
                    // Replaced when it is written.
                    refused(data.index, ErrorCode::UNKNOWN_SERVER_ERROR)
                }
                Err(failure) => failed(data.index, &failure, &partition),
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
    (guard, burst): (Option<VerificationGuard>, Option<&Burst>),
    (acks, version): (i16, i16),
    now_ms: i64,
) -> Result<Append, AppendFailure> {
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
    let request = AppendRequest {
        records,
        zstd_allowed: version >= FIRST_VERSION_WITH_ZSTD,
        guard,
        now_ms,
    };
    Ok(match burst {
        Some(burst) => Append::Gathered(burst.add(partition, partition.check(&request)?, now_ms)),
        None => Append::Done(partition.append(request)?),
    })
}

fn acknowledged(index: i32, appended: &Appended, meters: &Meters) -> PartitionProduceResponse {
    meters.produced_batches.add(1);
    meters.produced_bytes.add(appended.bytes as u64);
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

fn failed(index: i32, failure: &AppendFailure, partition: &Partition) -> PartitionProduceResponse {
    let mut response = refused(index, failure.error);
    if failure.is_on_producer {
        response.log_start_offset = partition.marks().log_start_offset;
        return response;
    }
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
