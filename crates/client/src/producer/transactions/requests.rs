//! The requests of a transaction, other than Produce.

use super::state::Transactions;
use crate::client::Target;
use crate::consumer::GroupMetadata;
use crate::coordinator::{Coordinator, CoordinatorKind};
use crate::error::ClientError;
use crate::group_offsets::GroupOffset;
use crate::offsets::PartitionKey;
use crate::producer::accumulator::Key;
use crate::producer::sequence::ProducerIdentity;
use klamm_wire::ErrorCode;
use klamm_wire::messages::add_offsets_to_txn::{AddOffsetsToTxnRequest, AddOffsetsToTxnResponse};
use klamm_wire::messages::add_partitions_to_txn::{
    AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, AddPartitionsToTxnTopic,
};
use klamm_wire::messages::end_txn::{EndTxnRequest, EndTxnResponse};
use klamm_wire::messages::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};
use klamm_wire::messages::txn_offset_commit::{
    TxnOffsetCommitRequest, TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
    TxnOffsetCommitResponse,
};
use std::collections::{BTreeMap, BTreeSet};

/// The last versions without KIP-890; the next ones mean that partitions join by themselves and epochs rise.
const LAST_END_TXN_V1: i16 = 4;
const LAST_TXN_OFFSET_COMMIT_V1: i16 = 4;
/// The last version that is for producers; later ones are for brokers.
const LAST_ADD_PARTITIONS: i16 = 3;
/// The version of InitProducerId with two-phase commits, which nobody asks for here.
const LAST_INIT: i16 = 5;
const FEATURE: &str = "transaction.version";
const V2: i16 = 2;

/// Asks for an identity; with one, for its next epoch.
pub(super) async fn init(
    transactions: &Transactions,
    current: Option<ProducerIdentity>,
) -> Result<ProducerIdentity, ClientError> {
    let timeout_ms = transactions.transaction_timeout.as_millis();
    let request = InitProducerIdRequest {
        transactional_id: Some(transactions.transactional_id.as_str().into()),
        transaction_timeout_ms: i32::try_from(timeout_ms).unwrap_or(i32::MAX),
        producer_id: current.map_or(-1, |identity| identity.id),
        producer_epoch: current.map_or(-1, |identity| identity.epoch),
        ..InitProducerIdRequest::default()
    };
    let check = |answer: &InitProducerIdResponse| ClientError::check(answer.error_code);
    let coordinator = &transactions.coordinator;
    let answer = coordinator
        .call(
            "init transactions",
            transactions.block_max,
            &request,
            LAST_INIT,
            check,
        )
        .await?;
    let node = coordinator.node().await?;
    let connection = transactions.client.connection(Target::Node(node)).await?;
    transactions.set_v2(connection.versions().feature(FEATURE) >= V2);
    Ok(ProducerIdentity { id: answer.producer_id, epoch: answer.producer_epoch })
}

/// Announces partitions.
pub(in crate::producer) async fn add_partitions(
    transactions: &Transactions,
    keys: BTreeSet<Key>,
) -> Result<(), ClientError> {
    let identity = transactions.identity()?;
    let mut topics: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
    for (topic, partition) in &keys {
        topics.entry(topic).or_default().push(*partition);
    }
    let topics = topics
        .into_iter()
        .map(|(name, partitions)| AddPartitionsToTxnTopic { name: name.into(), partitions });
    let request = AddPartitionsToTxnRequest {
        v3_and_below_transactional_id: transactions.transactional_id.as_str().into(),
        v3_and_below_producer_id: identity.id,
        v3_and_below_producer_epoch: identity.epoch,
        v3_and_below_topics: topics.collect(),
        ..AddPartitionsToTxnRequest::default()
    };
    transactions.start();
    let check = |answer: &AddPartitionsToTxnResponse| {
        let topics = answer.results_by_topic_v3_and_below.iter();
        let partitions = topics.flat_map(|topic| &topic.results_by_partition);
        let codes = partitions.map(|partition| partition.partition_error_code);
        // Those that were not tried say nothing; another one says why.
        let mut said = codes.filter(|code| *code != ErrorCode::OPERATION_NOT_ATTEMPTED.code());
        said.try_for_each(ClientError::check)
    };
    let what = "add partitions to the transaction";
    let coordinator = &transactions.coordinator;
    coordinator
        .call(
            what,
            transactions.block_max,
            &request,
            LAST_ADD_PARTITIONS,
            check,
        )
        .await?;
    transactions.add(keys);
    Ok(())
}

/// Commits offsets within the transaction.
pub(super) async fn send_offsets(
    transactions: &Transactions,
    offsets: &BTreeMap<PartitionKey, GroupOffset>,
    group: &GroupMetadata,
) -> Result<(), ClientError> {
    let identity = transactions.identity()?;
    let is_v2 = transactions.is_v2();
    let (block_max, what) = (transactions.block_max, "send offsets to the transaction");
    transactions.start();
    if !is_v2 {
        let request = AddOffsetsToTxnRequest {
            transactional_id: transactions.transactional_id.as_str().into(),
            producer_id: identity.id,
            producer_epoch: identity.epoch,
            group_id: group.group_id.as_str().into(),
        };
        let check = |answer: &AddOffsetsToTxnResponse| ClientError::check(answer.error_code);
        transactions
            .coordinator
            .call(what, block_max, &request, i16::MAX, check)
            .await?;
    }
    let request = TxnOffsetCommitRequest {
        transactional_id: transactions.transactional_id.as_str().into(),
        group_id: group.group_id.as_str().into(),
        producer_id: identity.id,
        producer_epoch: identity.epoch,
        generation_id: group.generation,
        member_id: group.member_id.as_str().into(),
        group_instance_id: group.instance_id.as_deref().map(Into::into),
        topics: topics_of(offsets),
    };
    let check = |answer: &TxnOffsetCommitResponse| {
        let mut partitions = answer.topics.iter().flat_map(|topic| &topic.partitions);
        partitions.try_for_each(|partition| ClientError::check(partition.error_code))
    };
    let ceiling = if is_v2 {
        i16::MAX
    } else {
        LAST_TXN_OFFSET_COMMIT_V1
    };
    let client = transactions.client.clone();
    let coordinator = Coordinator::new(client, CoordinatorKind::Group, group.group_id.clone());
    coordinator
        .call(what, block_max, &request, ceiling, check)
        .await
        .map(drop)
}

fn topics_of(offsets: &BTreeMap<PartitionKey, GroupOffset>) -> Vec<TxnOffsetCommitRequestTopic> {
    let mut topics: BTreeMap<&str, Vec<TxnOffsetCommitRequestPartition>> = BTreeMap::new();
    for ((topic, partition), offset) in offsets {
        topics
            .entry(topic)
            .or_default()
            .push(TxnOffsetCommitRequestPartition {
                partition_index: *partition,
                committed_offset: offset.offset,
                committed_leader_epoch: offset.leader_epoch.unwrap_or(-1),
                committed_metadata: Some(offset.metadata.as_str().into()),
            });
    }
    let topics = topics
        .into_iter()
        .map(|(name, partitions)| TxnOffsetCommitRequestTopic { name: name.into(), partitions });
    topics.collect()
}

/// Ends the transaction. Gives the identity of the next one.
pub(super) async fn end(
    transactions: &Transactions,
    commit: bool,
) -> Result<ProducerIdentity, ClientError> {
    let identity = transactions.identity()?;
    if !transactions.is_started() {
        return Ok(identity);
    }
    let request = EndTxnRequest {
        transactional_id: transactions.transactional_id.as_str().into(),
        producer_id: identity.id,
        producer_epoch: identity.epoch,
        committed: commit,
    };
    let check = |answer: &EndTxnResponse| ClientError::check(answer.error_code);
    let what = if commit {
        "commit transaction"
    } else {
        "abort transaction"
    };
    let is_v2 = transactions.is_v2();
    let ceiling = if is_v2 { i16::MAX } else { LAST_END_TXN_V1 };
    let coordinator = &transactions.coordinator;
    let answer = coordinator
        .call(what, transactions.block_max, &request, ceiling, check)
        .await?;
    if answer.producer_id >= 0 {
        return Ok(ProducerIdentity { id: answer.producer_id, epoch: answer.producer_epoch });
    }
    if commit || is_v2 {
        return Ok(identity);
    }
    // Sequences may have a hole, and a batch that is on its way still must find a later epoch.
    init(transactions, Some(identity)).await
}
