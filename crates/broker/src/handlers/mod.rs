//! One file per API: a request in the protocol's terms becomes a response.

pub(crate) mod add_offsets_to_txn;
pub(crate) mod add_partitions_to_txn;
pub(crate) mod alter_client_quotas;
pub(crate) mod alter_configs;
pub(crate) mod alter_partition_reassignments;
pub(crate) mod alter_replica_log_dirs;
pub(crate) mod api_versions;
mod changed_configs;
mod committed_offsets;
pub(crate) mod consumer_group_describe;
pub(crate) mod consumer_group_heartbeat;
pub(crate) mod create_partitions;
pub(crate) mod create_topics;
pub(crate) mod delete_groups;
pub(crate) mod delete_records;
pub(crate) mod delete_topics;
pub(crate) mod describe_client_quotas;
pub(crate) mod describe_cluster;
pub(crate) mod describe_configs;
pub(crate) mod describe_groups;
pub(crate) mod describe_log_dirs;
pub(crate) mod describe_producers;
pub(crate) mod describe_quorum;
pub(crate) mod describe_topic_partitions;
pub(crate) mod describe_transactions;
pub(crate) mod describe_user_scram_credentials;
pub(crate) mod elect_leaders;
pub(crate) mod end_txn;
pub(crate) mod fetch;
pub(crate) mod find_coordinator;
pub(crate) mod get_telemetry_subscriptions;
pub(crate) mod heartbeat;
pub(crate) mod incremental_alter_configs;
pub(crate) mod init_producer_id;
pub(crate) mod join_group;
pub(crate) mod leave_group;
pub(crate) mod list_config_resources;
pub(crate) mod list_groups;
pub(crate) mod list_offsets;
pub(crate) mod list_partition_reassignments;
pub(crate) mod list_transactions;
mod member_standing;
pub(crate) mod metadata;
pub(crate) mod offset_commit;
pub(crate) mod offset_delete;
pub(crate) mod offset_fetch;
pub(crate) mod offset_for_leader_epoch;
pub(crate) mod produce;
pub(crate) mod push_telemetry;
mod refusals;
pub(crate) mod sync_group;
mod transactional;
pub(crate) mod txn_offset_commit;
pub(crate) mod unregister_broker;
pub(crate) mod update_features;
mod verification;
pub(crate) mod write_txn_markers;

/// How a handler ends.
#[derive(Debug)]
pub(crate) enum Reply<R> {
    /// With a response.
    Answer(R),
    /// Without one (`acks=0`).
    Silent,
    /// With the connection closed: the only way to tell an `acks=0` producer of the errors in this answer.
    Close(R),
}

impl<R> From<R> for Reply<R> {
    fn from(response: R) -> Self {
        Self::Answer(response)
    }
}

/// Where a member comes from, in the form that Kafka's tools show.
fn client_host(call: &crate::request::Call) -> klamm_codec::Str {
    klamm_codec::Str::from(format!("/{}", call.caller.peer.ip()))
}
