//! WriteTxnMarkers (key 27), versions 1 and 2: the ends of transactions, for the partitions that this node leads.
//!
//! Brokers send it to each other, and an administrator to end a transaction that hangs. There are no ACLs yet: as in
//! Kafka without an authorizer, whoever reaches the listener may send it.

use crate::coordinating::MarkerWriter;
use crate::node::Node;
use crate::partitions::Marker;
use crate::request::Call;
use klamm_codec::Str;
use klamm_coordinator::transactions::TransactionVersion;
use klamm_records::{EndTransaction, EndTransactionMarker};
use klamm_wire::ErrorCode;
use klamm_wire::messages::write_txn_markers::{
    WritableTxnMarker, WritableTxnMarkerPartitionResult, WritableTxnMarkerResult,
    WritableTxnMarkerTopicResult, WriteTxnMarkersRequest, WriteTxnMarkersResponse,
};
use std::collections::{BTreeMap, BTreeSet};

/// What this handler uses of the node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    markers: &'a MarkerWriter,
}

impl<'a> From<&'a Node> for Needs<'a> {
    fn from(node: &'a Node) -> Self {
        Self { markers: &node.markers }
    }
}

pub(crate) async fn handle(
    request: WriteTxnMarkersRequest,
    _call: &Call,
    needs: Needs<'_>,
) -> WriteTxnMarkersResponse {
    let mut results: Vec<WritableTxnMarkerResult> = Vec::new();
    let mut places: BTreeMap<i64, usize> = BTreeMap::new();
    for marker in &request.markers {
        let topics = write(marker, needs).await;
        // A request may hold very many.
        tokio::task::yield_now().await;
        let producer_id = marker.producer_id;
        // One result a producer: clients look for it by the id.
        let place = *places.entry(producer_id).or_insert(results.len());
        match results.get_mut(place) {
            Some(known) => known.topics.extend(topics),
            None => results.push(WritableTxnMarkerResult { producer_id, topics }),
        }
    }
    WriteTxnMarkersResponse { markers: results }
}

async fn write(marker: &WritableTxnMarker, needs: Needs<'_>) -> Vec<WritableTxnMarkerTopicResult> {
    let version = TransactionVersion(i16::from(marker.transaction_version));
    let end = Marker {
        producer_id: marker.producer_id,
        producer_epoch: marker.producer_epoch,
        end: EndTransactionMarker {
            end: if marker.transaction_result {
                EndTransaction::Commit
            } else {
                EndTransaction::Abort
            },
            coordinator_epoch: marker.coordinator_epoch,
        },
        strict: version.bumps_epoch(),
    };
    let is_nobodys = end.producer_id < 0 || end.producer_epoch < 0;
    let mut topics = Vec::new();
    for topic in &marker.topics {
        // A partition that is named twice needs one marker.
        let indexes: BTreeSet<i32> = topic.partition_indexes.iter().copied().collect();
        let places: Vec<(&Str, i32)> = indexes.iter().map(|i| (&topic.name, *i)).collect();
        let written = if is_nobodys {
            let refused = places.iter();
            refused
                .map(|place| (*place, Err(ErrorCode::UNKNOWN_SERVER_ERROR)))
                .collect()
        } else {
            needs.markers.write_each(end, &places).await
        };
        let partitions = written.into_iter().map(|((_, partition_index), result)| {
            let error = result.map_or_else(of_group_partition, |()| ErrorCode::NONE);
            WritableTxnMarkerPartitionResult { partition_index, error_code: error.code() }
        });
        topics.push(WritableTxnMarkerTopicResult {
            name: topic.name.clone(),
            partitions: partitions.collect(),
        });
    }
    topics
}

/// Who sends markers knows partitions, not coordinators of groups.
fn of_group_partition(error: ErrorCode) -> ErrorCode {
    match error {
        ErrorCode::COORDINATOR_NOT_AVAILABLE
        | ErrorCode::COORDINATOR_LOAD_IN_PROGRESS
        | ErrorCode::NOT_COORDINATOR => ErrorCode::NOT_LEADER_OR_FOLLOWER,
        error => error,
    }
}
