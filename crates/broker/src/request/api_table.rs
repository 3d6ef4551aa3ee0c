//! The one table of APIs: key, versions, handler file. It dispatches, answers ApiVersions and makes docs/protocol.md.
//!
//! Nothing is advertised that is not implemented.

use super::caller::Call;
use super::router::{Outcome, answer, carried_out, decode, finish};
use crate::handlers::{self, Reply};
use crate::node::Node;
use klamm_codec::Dec;
use klamm_host::BoxFuture;
use klamm_wire::messages::*;
use klamm_wire::{ApiKey, Request, RequestHeader};
use std::fmt::Write as _;
use std::sync::Arc;

/// An API and the versions that are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Advertised {
    pub(crate) key: ApiKey,
    pub(crate) min: i16,
    pub(crate) max: i16,
}

macro_rules! api_table {
    ($($key:ident => $min:literal ..= $max:literal, $module:ident $request:ident;)*) => {
        const SERVED: &[Advertised] =
            &[$(Advertised { key: ApiKey::$key, min: $min, max: $max },)*];

        fn dispatch(
            node: Arc<Node>,
            header: RequestHeader,
            call: Call,
            mut body: Dec,
        ) -> BoxFuture<'static, Outcome> {
            match header.key {
                $(ApiKey::$key => Box::pin(async move {
                    let Some(request) =
                        decode::<$module::$request>(&mut body, &call, &node.meters)
                    else {
                        return Outcome::Close;
                    };
                    let started = node.host.clock.monotonic();
                    let work = handlers::$module::handle(request, &call, (&*node).into());
                    let mut work = std::pin::pin!(work);
                    let (reply, busy) = carried_out(work.as_mut(), &node).await;
                    let reply: Reply<<$module::$request as Request>::Response> = reply.into();
                    let outcome = finish(reply, &header, &call, busy, &node).await;
                    node.meters.served(header.key, started, &node);
                    outcome
                }),)*
                _ => Box::pin(std::future::ready(Outcome::Close)),
            }
        }
    };
}

api_table! {
    Produce => 3..=13, produce ProduceRequest;
    Fetch => 4..=18, fetch FetchRequest;
    ListOffsets => 1..=11, list_offsets ListOffsetsRequest;
    Metadata => 0..=13, metadata MetadataRequest;
    OffsetCommit => 2..=10, offset_commit OffsetCommitRequest;
    OffsetFetch => 1..=10, offset_fetch OffsetFetchRequest;
    FindCoordinator => 0..=6, find_coordinator FindCoordinatorRequest;
    JoinGroup => 0..=9, join_group JoinGroupRequest;
    Heartbeat => 0..=4, heartbeat HeartbeatRequest;
    LeaveGroup => 0..=5, leave_group LeaveGroupRequest;
    SyncGroup => 0..=5, sync_group SyncGroupRequest;
    DescribeGroups => 0..=6, describe_groups DescribeGroupsRequest;
    ListGroups => 0..=5, list_groups ListGroupsRequest;
    ApiVersions => 0..=4, api_versions ApiVersionsRequest;
    CreateTopics => 2..=7, create_topics CreateTopicsRequest;
    DeleteTopics => 1..=6, delete_topics DeleteTopicsRequest;
    DeleteRecords => 0..=2, delete_records DeleteRecordsRequest;
    InitProducerId => 0..=5, init_producer_id InitProducerIdRequest;
    OffsetForLeaderEpoch => 2..=4, offset_for_leader_epoch OffsetForLeaderEpochRequest;
    AddPartitionsToTxn => 0..=5, add_partitions_to_txn AddPartitionsToTxnRequest;
    AddOffsetsToTxn => 0..=4, add_offsets_to_txn AddOffsetsToTxnRequest;
    EndTxn => 0..=5, end_txn EndTxnRequest;
    WriteTxnMarkers => 1..=2, write_txn_markers WriteTxnMarkersRequest;
    TxnOffsetCommit => 0..=5, txn_offset_commit TxnOffsetCommitRequest;
    DescribeConfigs => 1..=4, describe_configs DescribeConfigsRequest;
    AlterConfigs => 0..=2, alter_configs AlterConfigsRequest;
    AlterReplicaLogDirs => 1..=2, alter_replica_log_dirs AlterReplicaLogDirsRequest;
    DescribeLogDirs => 1..=5, describe_log_dirs DescribeLogDirsRequest;
    CreatePartitions => 0..=3, create_partitions CreatePartitionsRequest;
    DeleteGroups => 0..=2, delete_groups DeleteGroupsRequest;
    ElectLeaders => 0..=2, elect_leaders ElectLeadersRequest;
    IncrementalAlterConfigs => 0..=1, incremental_alter_configs IncrementalAlterConfigsRequest;
    AlterPartitionReassignments => 0..=1, alter_partition_reassignments AlterPartitionReassignmentsRequest;
    ListPartitionReassignments => 0..=0, list_partition_reassignments ListPartitionReassignmentsRequest;
    OffsetDelete => 0..=0, offset_delete OffsetDeleteRequest;
    DescribeClientQuotas => 0..=1, describe_client_quotas DescribeClientQuotasRequest;
    AlterClientQuotas => 0..=1, alter_client_quotas AlterClientQuotasRequest;
    DescribeUserScramCredentials => 0..=0, describe_user_scram_credentials DescribeUserScramCredentialsRequest;
    DescribeQuorum => 0..=2, describe_quorum DescribeQuorumRequest;
    UpdateFeatures => 0..=2, update_features UpdateFeaturesRequest;
    DescribeCluster => 0..=2, describe_cluster DescribeClusterRequest;
    DescribeProducers => 0..=0, describe_producers DescribeProducersRequest;
    UnregisterBroker => 0..=0, unregister_broker UnregisterBrokerRequest;
    DescribeTransactions => 0..=0, describe_transactions DescribeTransactionsRequest;
    ListTransactions => 0..=2, list_transactions ListTransactionsRequest;
    ConsumerGroupHeartbeat => 0..=1, consumer_group_heartbeat ConsumerGroupHeartbeatRequest;
    ConsumerGroupDescribe => 0..=1, consumer_group_describe ConsumerGroupDescribeRequest;
    GetTelemetrySubscriptions => 0..=0, get_telemetry_subscriptions GetTelemetrySubscriptionsRequest;
    PushTelemetry => 0..=0, push_telemetry PushTelemetryRequest;
    ListConfigResources => 0..=1, list_config_resources ListConfigResourcesRequest;
    DescribeTopicPartitions => 0..=0, describe_topic_partitions DescribeTopicPartitionsRequest;
}

/// The versions to advertise. Produce names 0 as its lowest, which librdkafka needs in order to compress
/// (KAFKA-18659); versions 0 to 2 are refused all the same.
///
/// Telemetry is offered where the node has a place to show it.
pub(crate) fn advertised(takes_telemetry: bool) -> impl Iterator<Item = Advertised> {
    let offered = move |api: &&Advertised| takes_telemetry || !is_telemetry(api.key);
    SERVED.iter().filter(offered).map(|api| match api.key {
        ApiKey::Produce => Advertised { min: 0, ..*api },
        _ => *api,
    })
}

fn is_telemetry(key: ApiKey) -> bool {
    matches!(
        key,
        ApiKey::GetTelemetrySubscriptions | ApiKey::PushTelemetry
    )
}

/// Starts a request whose header was read.
pub(crate) fn call(
    node: Arc<Node>,
    header: RequestHeader,
    call: Call,
    body: Dec,
) -> BoxFuture<'static, Outcome> {
    let version = header.version;
    let is_closed = is_telemetry(header.key) && !node.telemetry.is_offered();
    let served = SERVED
        .iter()
        .find(|api| api.key == header.key && !is_closed);
    match served {
        Some(api) if (api.min..=api.max).contains(&version) => dispatch(node, header, call, body),
        Some(api) if api.key == ApiKey::ApiVersions => Box::pin(async move {
            // KIP-511: an unknown version is answered in the oldest form, with the versions that would do.
            let response = handlers::api_versions::unsupported_version(node.telemetry.is_offered());
            node.meters.count_errors(ApiKey::ApiVersions, &response);
            answer(
                &response,
                ApiKey::ApiVersions,
                0,
                header.correlation_id,
                &node,
            )
            .await
        }),
        _ => {
            let (peer, key) = (call.caller.peer, header.key);
            tracing::warn!(%peer, api = ?key, version, "closing: this API and version is not served");
            node.meters.malformed_requests.add(1);
            Box::pin(std::future::ready(Outcome::Close))
        }
    }
}

/// The table as a Markdown page.
#[must_use]
pub fn protocol_markdown() -> String {
    let mut page = String::from(
        "# Protocol\n\nGenerated from the broker's API table. The versions are those of Kafka 4.3. \
         GetTelemetrySubscriptions and\nPushTelemetry are offered if `klamm.metrics.listener` is set.\n\n\
         | Key | API | Versions |\n|---|---|---|\n",
    );
    for api in SERVED {
        let _ = writeln!(
            page,
            "| {} | {} | {}–{} |",
            api.key.key(),
            api.key.name(),
            api.min,
            api.max
        );
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_key_order_and_names_each_api_once() {
        assert!(SERVED.windows(2).all(|w| w[0].key.key() < w[1].key.key()));
    }
}
