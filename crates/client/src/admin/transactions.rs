//! Transactions: what is open, where, since when; and an end to those that nobody else ends.

use super::Admin;
use crate::client::Target;
use crate::coordinator::{Coordinator, CoordinatorKind};
use crate::error::ClientError;
use crate::offsets::PartitionKey;
use klamm_codec::Str;
use klamm_wire::messages::describe_transactions::{
    DescribeTransactionsRequest, DescribeTransactionsResponse,
};
use klamm_wire::messages::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};
use klamm_wire::messages::list_transactions::{ListTransactionsRequest, ListTransactionsResponse};
use klamm_wire::messages::write_txn_markers::{
    WritableTxnMarker, WritableTxnMarkerTopic, WriteTxnMarkersRequest, WriteTxnMarkersResponse,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Which transactions to list; nothing named means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TransactionFilter {
    /// Only in these states.
    pub states: Vec<String>,
    /// Only of these producer ids.
    pub producer_ids: Vec<i64>,
    /// Only those that are open for longer.
    pub open_for: Option<Duration>,
    /// Only of transactional ids that match this pattern as a whole, in RE2's syntax.
    pub pattern: Option<String>,
}

/// A transactional id in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionListing {
    /// The transactional id.
    pub transactional_id: String,
    /// The producer id that it has now.
    pub producer_id: i64,
    /// `Empty`, `Ongoing`, `PrepareCommit`, `PrepareAbort`, `CompleteCommit`, `CompleteAbort` or `PrepareEpochFence`.
    pub state: String,
    /// The broker that coordinates it.
    pub coordinator: i32,
}

/// A transactional id and what it is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionDescription {
    /// The transactional id.
    pub transactional_id: String,
    /// The producer id.
    pub producer_id: i64,
    /// Its epoch.
    pub producer_epoch: i16,
    /// Its state.
    pub state: String,
    /// How long a transaction may stay open.
    pub timeout: Duration,
    /// When the open one began, in milliseconds since the Unix epoch.
    pub started_ms: Option<i64>,
    /// The partitions in it.
    pub partitions: BTreeSet<PartitionKey>,
    /// The broker that coordinates it.
    pub coordinator: i32,
}

/// An open transaction in one partition, as the partition's leader knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenTransaction {
    /// The producer id.
    pub producer_id: i64,
    /// Its epoch.
    pub producer_epoch: i16,
    /// The coordinator's epoch, as of its last marker; -1 for none.
    pub coordinator_epoch: i32,
}

/// The first version with a filter by duration, and the first with one by pattern.
const BY_DURATION_VERSION: i16 = 1;
const BY_PATTERN_VERSION: i16 = 2;

impl Admin {
    fn transaction_coordinator(&self, transactional_id: &str) -> Coordinator {
        let kind = CoordinatorKind::Transaction;
        Coordinator::new(self.client.clone(), kind, transactional_id.to_owned())
    }

    /// The transactional ids of all brokers that pass a filter.
    ///
    /// # Errors
    /// A broker does not answer in time, or does not know the filter.
    pub async fn list_transactions(
        &self,
        filter: &TransactionFilter,
    ) -> Result<Vec<TransactionListing>, ClientError> {
        let open_for = filter
            .open_for
            .map(|d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX));
        let request = ListTransactionsRequest {
            state_filters: filter
                .states
                .iter()
                .map(|state| state.as_str().into())
                .collect(),
            producer_id_filters: filter.producer_ids.clone(),
            duration_filter: open_for.unwrap_or(-1),
            transactional_id_pattern: filter.pattern.as_deref().map(Str::from),
        };
        let version_min = match (&filter.pattern, open_for) {
            (Some(_), _) => BY_PATTERN_VERSION,
            (None, Some(_)) => BY_DURATION_VERSION,
            (None, None) => 0,
        };
        let mut listed = Vec::new();
        let cluster = self.client.cluster().await?;
        for node in cluster.brokers.keys() {
            let target = Target::Node(*node);
            let connection = self.client.connection(target).await?;
            if connection.versions().highest::<ListTransactionsRequest>()? < version_min {
                return Err(ClientError::UnsupportedVersion { api: "ListTransactions" });
            }
            let check = |answer: &ListTransactionsResponse| ClientError::check(answer.error_code);
            let answer = self
                .call("list transactions", target, &request, check)
                .await?;
            listed.extend(
                answer
                    .transaction_states
                    .into_iter()
                    .map(|state| TransactionListing {
                        transactional_id: state.transactional_id.to_string(),
                        producer_id: state.producer_id,
                        state: state.transaction_state.to_string(),
                        coordinator: *node,
                    }),
            );
        }
        listed.sort_by(|a, b| a.transactional_id.cmp(&b.transactional_id));
        Ok(listed)
    }

    /// What a transactional id is doing.
    ///
    /// # Errors
    /// There is no such id (`TRANSACTIONAL_ID_NOT_FOUND`), or its coordinator does not answer in time.
    pub async fn describe_transaction(
        &self,
        transactional_id: &str,
    ) -> Result<TransactionDescription, ClientError> {
        let coordinator = self.transaction_coordinator(transactional_id);
        let request =
            DescribeTransactionsRequest { transactional_ids: vec![transactional_id.into()] };
        let timeout = self.client.config().api_timeout;
        let check = |answer: &DescribeTransactionsResponse| {
            let state = answer.transaction_states.first().ok_or_else(no_word)?;
            ClientError::check(state.error_code)
        };
        let answer = coordinator
            .call("describe transaction", timeout, &request, i16::MAX, check)
            .await?;
        let state = answer
            .transaction_states
            .into_iter()
            .next()
            .ok_or_else(no_word)?;
        let partitions = state.topics.iter().flat_map(|topic| {
            let name: Arc<str> = Arc::from(topic.topic.as_str());
            topic
                .partitions
                .iter()
                .map(move |partition| (Arc::clone(&name), *partition))
        });
        let timeout_ms = u64::try_from(state.transaction_timeout_ms).unwrap_or(0);
        Ok(TransactionDescription {
            transactional_id: transactional_id.to_owned(),
            producer_id: state.producer_id,
            producer_epoch: state.producer_epoch,
            state: state.transaction_state.to_string(),
            timeout: Duration::from_millis(timeout_ms),
            started_ms: Some(state.transaction_start_time_ms).filter(|ms| *ms >= 0),
            partitions: partitions.collect(),
            coordinator: coordinator.node().await?,
        })
    }

    /// Fences the producer of a transactional id: its open transaction is aborted, and it can write nothing more until
    /// it begins anew.
    ///
    /// # Errors
    /// The coordinator does not answer in time, or refuses.
    pub async fn fence_producer(&self, transactional_id: &str) -> Result<(), ClientError> {
        let request = InitProducerIdRequest {
            transactional_id: Some(transactional_id.into()),
            // The timeout of a transaction that this never begins.
            transaction_timeout_ms: self.timeout_ms(),
            ..InitProducerIdRequest::default()
        };
        let timeout = self.client.config().api_timeout;
        let check = |answer: &InitProducerIdResponse| ClientError::check(answer.error_code);
        let coordinator = self.transaction_coordinator(transactional_id);
        coordinator
            .call("fence producer", timeout, &request, i16::MAX, check)
            .await
            .map(drop)
    }

    /// Writes an abort marker into a partition for a transaction that no coordinator knows any more. One that a
    /// coordinator does know must be left to it: see [`fence_producer`](Self::fence_producer).
    ///
    /// # Errors
    /// The leader does not answer in time, or refuses.
    pub async fn abort_hanging(
        &self,
        partition: &PartitionKey,
        open: OpenTransaction,
    ) -> Result<(), ClientError> {
        let node = self.client.leader_of(&partition.0, partition.1).await?;
        let request = WriteTxnMarkersRequest {
            markers: vec![WritableTxnMarker {
                producer_id: open.producer_id,
                producer_epoch: open.producer_epoch,
                transaction_result: false,
                topics: vec![WritableTxnMarkerTopic {
                    name: partition.0.as_ref().into(),
                    partition_indexes: vec![partition.1],
                }],
                coordinator_epoch: open.coordinator_epoch.max(0),
                ..WritableTxnMarker::default()
            }],
        };
        let check = |answer: &WriteTxnMarkersResponse| {
            let topics = answer.markers.iter().flat_map(|marker| &marker.topics);
            let mut partitions = topics.flat_map(|topic| &topic.partitions);
            ClientError::check(partitions.next().ok_or_else(no_word)?.error_code)
        };
        self.call("abort transaction", Target::Node(node), &request, check)
            .await
            .map(drop)
    }
}

fn no_word() -> ClientError {
    ClientError::BadAnswer("no word of the transaction".to_owned())
}
