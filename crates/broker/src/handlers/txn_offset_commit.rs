//! TxnOffsetCommit (key 28), versions 0–5: how far a group has read, as part of a transaction.
//!
//! Before version 5 the client has made the group's partition part of the transaction, which is verified; from then on
//! the broker does it (KIP-890).

use super::committed_offsets::fill_in;
use super::verification::{self, ClientSupport};
use crate::coordinating::{Groups, LogTopic, Transactions};
use crate::node::Node;
use crate::partitions::Registry;
use crate::quorum::QuorumHandle;
use crate::request::{Call, error_code};
use klamm_codec::Str;
use klamm_coordinator::groups::{Command, CommitOffsets, GroupError, NewOffset, Reply};
use klamm_coordinator::shard::OpenTransaction;
use klamm_host::Host;
use klamm_metadata::Image;
use klamm_storage::{FirstBatch, VerificationGuard};
use klamm_wire::ErrorCode;
use klamm_wire::messages::txn_offset_commit::{
    TxnOffsetCommitRequest, TxnOffsetCommitRequestTopic, TxnOffsetCommitResponse,
    TxnOffsetCommitResponsePartition, TxnOffsetCommitResponseTopic,
};

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    groups: &'a Groups,
    transactions: &'a Transactions,
    partitions: &'a Registry,
    quorum: &'a QuorumHandle,
    host: &'a Host,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self {
            groups: &node.groups,
            transactions: &node.transactions,
            partitions: &node.partitions,
            quorum: &node.quorum,
            host: &node.host,
        }
    }
}

const FIRST_VERSION_WITH_LOADING: i16 = 2;
const FIRST_VERSION_WITH_ABORTABLE: i16 = 4;
const FIRST_VERSION_THAT_ADDS: i16 = 5;
/// A coordinator's batches have no sequence numbers.
const NO_SEQUENCE: i32 = -1;

pub(crate) async fn handle(
    request: TxnOffsetCommitRequest,
    call: &Call,
    needs: Needs<'_>,
) -> TxnOffsetCommitResponse {
    let (mut topics, offsets) = sort_out(&request.topics, &needs.quorum.image());
    let answer = if offsets.is_empty() {
        Ok(Vec::new())
    } else {
        commit(&request, offsets, call.version, needs).await
    };
    let answer = answer.map_err(|error| match error {
        // Clients of that time end at the one that is true.
        ErrorCode::COORDINATOR_LOAD_IN_PROGRESS if call.version < FIRST_VERSION_WITH_LOADING => {
            ErrorCode::COORDINATOR_NOT_AVAILABLE
        }
        error => error,
    });
    let partitions = topics.iter_mut().flat_map(|topic| &mut topic.partitions);
    fill_in(
        partitions.map(|partition| &mut partition.error_code),
        answer,
    );
    TxnOffsetCommitResponse { topics, ..TxnOffsetCommitResponse::default() }
}

async fn commit(
    request: &TxnOffsetCommitRequest,
    offsets: Vec<NewOffset>,
    version: i16,
    needs: Needs<'_>,
) -> Result<Vec<Result<(), GroupError>>, ErrorCode> {
    let guard = verify(request, version, needs).await?;
    let command = Command::CommitOpen {
        commit: Box::new(CommitOffsets {
            group: request.group_id.clone(),
            member_id: request.member_id.clone(),
            instance_id: request.group_instance_id.clone(),
            generation: request.generation_id,
            knows_member_epochs: true,
            retention_ms: -1,
            offsets,
        }),
        producer: OpenTransaction {
            producer_id: request.producer_id,
            producer_epoch: request.producer_epoch,
        },
    };
    let asked = needs.groups.commit_open(&request.group_id, command, guard);
    match asked.await? {
        Reply::Each(results) => results.map_err(error_code::of_group),
        _ => Err(ErrorCode::UNKNOWN_SERVER_ERROR),
    }
}

/// Makes sure that the group's partition is part of the transaction.
async fn verify(
    request: &TxnOffsetCommitRequest,
    version: i16,
    needs: Needs<'_>,
) -> Result<Option<VerificationGuard>, ErrorCode> {
    if request.group_id.is_empty() {
        return Err(ErrorCode::INVALID_GROUP_ID);
    }
    let support = match version {
        FIRST_VERSION_THAT_ADDS.. => ClientSupport::Implicit,
        FIRST_VERSION_WITH_ABORTABLE.. => ClientSupport::KnowsAbortable,
        _ => ClientSupport::AddsItself,
    };
    let index = needs.groups.place(&request.group_id)?;
    let found = needs.partitions.find_by_name(LogTopic::OFFSETS, index);
    let partition = found.map_err(|_| ErrorCode::NOT_COORDINATOR)?;
    let first = FirstBatch {
        producer_id: request.producer_id,
        epoch: request.producer_epoch,
        sequence: NO_SEQUENCE,
        bumps_epoch: support == ClientSupport::Implicit,
    };
    let coordinator = (needs.transactions, &*needs.host.clock);
    let id = &request.transactional_id;
    let verified = verification::verify(coordinator, id, &[(partition, first)], support).await;
    verified.into_iter().next().unwrap_or(Ok(None))
}

/// Splits what is asked for into places for answers, most of them open (NONE), and offsets for the coordinator.
fn sort_out(
    topics: &[TxnOffsetCommitRequestTopic],
    image: &Image,
) -> (Vec<TxnOffsetCommitResponseTopic>, Vec<NewOffset>) {
    let mut offsets = Vec::new();
    let mut answers = Vec::new();
    for topic in topics {
        let found = image.topics().named(&topic.name);
        let mut partitions = Vec::new();
        for partition in &topic.partitions {
            let index = partition.partition_index;
            let known = found.filter(|found| found.partitions.get(index).is_some());
            let error = match known {
                None => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                Some(found) => {
                    offsets.push(NewOffset {
                        topic: Str::from(&found.name),
                        partition: index,
                        offset: partition.committed_offset,
                        leader_epoch: partition.committed_leader_epoch,
                        metadata: partition.committed_metadata.clone().unwrap_or_default(),
                    });
                    ErrorCode::NONE
                }
            };
            partitions.push(TxnOffsetCommitResponsePartition {
                partition_index: index,
                error_code: error.code(),
            });
        }
        answers.push(TxnOffsetCommitResponseTopic { name: topic.name.clone(), partitions });
    }
    (answers, offsets)
}
