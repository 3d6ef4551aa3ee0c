//! AddPartitionsToTxn (key 24), versions 0–5: partitions become part of a transaction. From version 4 on several
//! transactions at once, and a question whether partitions are part of one (KIP-890).

use super::{metadata, transactional};
use crate::coordinating::Transactions;
use crate::node::Node;
use crate::quorum::QuorumHandle;
use crate::request::{Call, error_code};
use klamm_codec::Str;
use klamm_coordinator::transactions::{AddPartitions, Command, Producer, TransactionVersion};
use klamm_metadata::Image;
use klamm_wire::ErrorCode;
use klamm_wire::messages::add_partitions_to_txn::{
    AddPartitionsToTxnPartitionResult, AddPartitionsToTxnRequest, AddPartitionsToTxnResponse,
    AddPartitionsToTxnResult, AddPartitionsToTxnTopic, AddPartitionsToTxnTopicResult,
    AddPartitionsToTxnTransaction,
};
use std::collections::{BTreeMap, BTreeSet};

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    transactions: &'a Transactions,
    quorum: &'a QuorumHandle,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self { transactions: &node.transactions, quorum: &node.quorum }
    }
}

const FIRST_VERSION_WITH_FENCED: i16 = 2;
const FIRST_VERSION_WITH_MANY: i16 = 4;

/// Topic and partitions, each once.
type Partitions = BTreeMap<Str, BTreeSet<i32>>;
/// The same, with a code for each.
type Codes = BTreeMap<Str, Vec<(i32, ErrorCode)>>;

pub(crate) async fn handle(
    request: AddPartitionsToTxnRequest,
    call: &Call,
    needs: Needs<'_>,
) -> AddPartitionsToTxnResponse {
    if call.version >= FIRST_VERSION_WITH_MANY {
        let mut results = Vec::new();
        for transaction in &request.transactions {
            let codes = answer(transaction, call.version, needs).await;
            results.push(AddPartitionsToTxnResult {
                transactional_id: transaction.transactional_id.clone(),
                topic_results: results_of(codes),
            });
        }
        return AddPartitionsToTxnResponse {
            results_by_transaction: results,
            ..AddPartitionsToTxnResponse::default()
        };
    }
    let transaction = AddPartitionsToTxnTransaction {
        transactional_id: request.v3_and_below_transactional_id,
        producer_id: request.v3_and_below_producer_id,
        producer_epoch: request.v3_and_below_producer_epoch,
        verify_only: false,
        topics: request.v3_and_below_topics,
    };
    let codes = answer(&transaction, call.version, needs).await;
    AddPartitionsToTxnResponse {
        results_by_topic_v3_and_below: results_of(codes),
        ..AddPartitionsToTxnResponse::default()
    }
}

async fn answer(
    transaction: &AddPartitionsToTxnTransaction,
    version: i16,
    needs: Needs<'_>,
) -> Codes {
    let partitions = partitions_of(&transaction.topics);
    if let Some(refused) = unknown(&partitions, version, &needs.quorum.image()) {
        return refused;
    }
    let id = &transaction.transactional_id;
    if id.is_empty() {
        return all(&partitions, ErrorCode::INVALID_REQUEST);
    }
    if transaction.verify_only {
        return verify(transaction, &partitions, needs).await;
    }
    let command = Command::AddPartitions(AddPartitions {
        transactional_id: id.clone(),
        producer: producer_of(transaction),
        partitions: to_list(&partitions),
        client: if version >= FIRST_VERSION_WITH_MANY {
            TransactionVersion::V2
        } else {
            TransactionVersion::V0
        },
        finalized: needs.transactions.finalized(),
    });
    let error = transactional::code_of_done(needs.transactions.ask(id, command).await);
    let knows_fenced = version >= FIRST_VERSION_WITH_FENCED;
    all(
        &partitions,
        transactional::known_to_client(error, knows_fenced),
    )
}

async fn verify(
    transaction: &AddPartitionsToTxnTransaction,
    partitions: &Partitions,
    needs: Needs<'_>,
) -> Codes {
    let (id, producer) = (
        transaction.transactional_id.clone(),
        producer_of(transaction),
    );
    let asked = to_list(partitions);
    let look = move |shard: &klamm_coordinator::transactions::TransactionShard| {
        shard.verify(&id, producer, &asked)
    };
    let id = &transaction.transactional_id;
    let results = match needs.transactions.read(id, look).await {
        Ok(Ok(results)) => results,
        Ok(Err(error)) => return all(partitions, error_code::of_transaction(error)),
        Err(error) => return all(partitions, error),
    };
    let topics = partitions.iter().zip(results);
    let topics = topics.map(|((topic, ids), results)| {
        let codes = results.into_iter().map(transactional::code_of);
        (topic.clone(), ids.iter().copied().zip(codes).collect())
    });
    topics.collect()
}

/// If any partition is not there, nothing is attempted for the others.
fn unknown(partitions: &Partitions, version: i16, image: &Image) -> Option<Codes> {
    let is_client = version < FIRST_VERSION_WITH_MANY;
    let mut is_refused = false;
    let mut code = |topic: &Str, partition: i32| {
        let found = image.topics().named(topic);
        let error = if is_client && metadata::is_internal(topic) {
            ErrorCode::TOPIC_AUTHORIZATION_FAILED
        } else if found.is_none_or(|found| found.partitions.get(partition).is_none()) {
            ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
        } else {
            return ErrorCode::OPERATION_NOT_ATTEMPTED;
        };
        is_refused = true;
        error
    };
    let codes = partitions.iter().map(|(topic, ids)| {
        let ids = ids.iter().map(|id| (*id, code(topic, *id)));
        (topic.clone(), ids.collect())
    });
    let codes: Codes = codes.collect();
    is_refused.then_some(codes)
}

fn producer_of(transaction: &AddPartitionsToTxnTransaction) -> Producer {
    Producer {
        id: transaction.producer_id,
        epoch: transaction.producer_epoch,
    }
}

fn partitions_of(topics: &[AddPartitionsToTxnTopic]) -> Partitions {
    let mut partitions = Partitions::new();
    for topic in topics {
        let known = partitions.entry(topic.name.clone()).or_default();
        known.extend(&topic.partitions);
    }
    partitions
}

fn to_list(partitions: &Partitions) -> Vec<(Str, Vec<i32>)> {
    let topics = partitions.iter();
    topics
        .map(|(topic, ids)| (topic.clone(), ids.iter().copied().collect()))
        .collect()
}

fn all(partitions: &Partitions, error: ErrorCode) -> Codes {
    let topics = partitions.iter();
    topics
        .map(|(topic, ids)| (topic.clone(), ids.iter().map(|id| (*id, error)).collect()))
        .collect()
}

fn results_of(codes: Codes) -> Vec<AddPartitionsToTxnTopicResult> {
    let one = |(partition_index, error): (i32, ErrorCode)| AddPartitionsToTxnPartitionResult {
        partition_index,
        partition_error_code: error.code(),
    };
    codes
        .into_iter()
        .map(|(name, partitions)| AddPartitionsToTxnTopicResult {
            name,
            results_by_partition: partitions.into_iter().map(one).collect(),
        })
        .collect()
}
