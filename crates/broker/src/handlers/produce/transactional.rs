//! The part of a produce request that belongs to a transaction: who writes, and whether its partitions take it.

use super::find;
use crate::coordinating::Transactions;
use crate::handlers::verification::{self, ClientSupport, First};
use crate::partitions::{AppendFailure, Registry};
use klamm_codec::{Records, Str};
use klamm_coordinator::transactions::Producer;
use klamm_host::Clock;
use klamm_records::{BatchHeader, HEADER_BYTES};
use klamm_storage::{FirstBatch, VerificationGuard};
use klamm_wire::ErrorCode;
use klamm_wire::messages::produce::{PartitionProduceData, ProduceRequest};
use std::collections::BTreeMap;

const FIRST_VERSION_WITH_ABORTABLE: i16 = 11;
const FIRST_VERSION_THAT_ADDS: i16 = 12;

/// The transactional batches of a request.
#[derive(Debug)]
pub(super) struct Transactional {
    pub(super) producer: Producer,
    transactional_id: Str,
}

/// What the coordinator's word means for each partition, by its topic's and its own place in the request.
#[derive(Debug, Default)]
pub(super) struct Verified(BTreeMap<(usize, usize), Result<Option<VerificationGuard>, ErrorCode>>);

/// Who writes transactional batches in this request; `None` if there are none.
///
/// # Errors
/// For the whole request.
pub(super) fn of_request(request: &ProduceRequest) -> Result<Option<Transactional>, ErrorCode> {
    let all = request.topic_data.iter().flat_map(|t| &t.partition_data);
    let mut producers = all
        .filter_map(header_of)
        .map(|header| Producer { id: header.producer_id.0, epoch: header.producer_epoch });
    let Some(producer) = producers.next() else {
        return Ok(None);
    };
    let Some(transactional_id) = &request.transactional_id else {
        return Err(ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
    };
    if producers.any(|other| other != producer) {
        return Err(ErrorCode::INVALID_PRODUCER_ID_MAPPING);
    }
    Ok(Some(Transactional {
        producer,
        transactional_id: transactional_id.clone(),
    }))
}

/// The header of a transactional batch, as far as the bytes go: what is wrong with it is found at the append.
fn header_of(data: &PartitionProduceData) -> Option<BatchHeader> {
    let Some(Records::Bytes(bytes)) = &data.records else {
        return None;
    };
    let header: &[u8; HEADER_BYTES] = bytes.first_chunk()?;
    let is_current = header.get(MAGIC_AT) == Some(&2);
    let header = is_current.then(|| BatchHeader::parse(header))?;
    (header.has_producer() && header.is_transactional() && !header.is_control()).then_some(header)
}

/// Where a batch of any format has its version.
const MAGIC_AT: usize = 16;

impl Transactional {
    /// Asks the coordinator where a batch may be its transaction's first.
    pub(super) async fn verify(
        &self,
        request: &ProduceRequest,
        version: i16,
        partitions: &Registry,
        coordinator: (&Transactions, &dyn Clock),
    ) -> Verified {
        let support = match version {
            FIRST_VERSION_THAT_ADDS.. => ClientSupport::Implicit,
            FIRST_VERSION_WITH_ABORTABLE.. => ClientSupport::KnowsAbortable,
            _ => ClientSupport::AddsItself,
        };
        let mut places = Vec::new();
        let mut firsts: Vec<First> = Vec::new();
        for (topic_place, topic) in request.topic_data.iter().enumerate() {
            for (place, data) in topic.partition_data.iter().enumerate() {
                let Some(header) = header_of(data) else {
                    continue;
                };
                // What is not here is refused at the append.
                let Ok(partition) = find(topic, data.index, version, partitions) else {
                    continue;
                };
                let first = FirstBatch {
                    producer_id: header.producer_id.0,
                    epoch: header.producer_epoch,
                    sequence: header.base_sequence,
                    bumps_epoch: support == ClientSupport::Implicit,
                };
                places.push((topic_place, place));
                firsts.push((partition, first));
            }
        }
        let id = &self.transactional_id;
        let results = verification::verify(coordinator, id, &firsts, support).await;
        Verified(places.into_iter().zip(results).collect())
    }
}

impl Verified {
    pub(super) fn guard(
        &self,
        place: (usize, usize),
    ) -> Result<Option<VerificationGuard>, AppendFailure> {
        let result = self.0.get(&place).copied().unwrap_or(Ok(None));
        result.map_err(refusal)
    }
}

/// Errors of the coordinator that old producers would not try again become one that they do, and that does not make
/// them look for another leader.
fn refusal(error: ErrorCode) -> AppendFailure {
    match error {
        ErrorCode::INVALID_TXN_STATE => {
            AppendFailure::new(error, "the partition was not added to the transaction")
        }
        ErrorCode::CONCURRENT_TRANSACTIONS
        | ErrorCode::NETWORK_EXCEPTION
        | ErrorCode::COORDINATOR_LOAD_IN_PROGRESS
        | ErrorCode::COORDINATOR_NOT_AVAILABLE
        | ErrorCode::NOT_COORDINATOR => AppendFailure::new(
            ErrorCode::NOT_ENOUGH_REPLICAS,
            format!("the transaction could not be verified: {error:?}"),
        ),
        error => AppendFailure::new(error, "the transaction's coordinator refuses"),
    }
}
