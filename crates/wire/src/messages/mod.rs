//! Requests and responses, one module per API, numbered by key.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

#![allow(
    clippy::too_many_lines,
    reason = "generated: a field takes a line or more"
)]

#[path = "25_add_offsets_to_txn.rs"]
pub mod add_offsets_to_txn;
#[path = "24_add_partitions_to_txn.rs"]
pub mod add_partitions_to_txn;
#[path = "80_add_raft_voter.rs"]
pub mod add_raft_voter;
#[path = "67_allocate_producer_ids.rs"]
pub mod allocate_producer_ids;
#[path = "49_alter_client_quotas.rs"]
pub mod alter_client_quotas;
#[path = "33_alter_configs.rs"]
pub mod alter_configs;
#[path = "56_alter_partition.rs"]
pub mod alter_partition;
#[path = "45_alter_partition_reassignments.rs"]
pub mod alter_partition_reassignments;
#[path = "34_alter_replica_log_dirs.rs"]
pub mod alter_replica_log_dirs;
#[path = "91_alter_share_group_offsets.rs"]
pub mod alter_share_group_offsets;
#[path = "51_alter_user_scram_credentials.rs"]
pub mod alter_user_scram_credentials;
#[path = "18_api_versions.rs"]
pub mod api_versions;
#[path = "73_assign_replicas_to_dirs.rs"]
pub mod assign_replicas_to_dirs;
#[path = "53_begin_quorum_epoch.rs"]
pub mod begin_quorum_epoch;
#[path = "63_broker_heartbeat.rs"]
pub mod broker_heartbeat;
#[path = "62_broker_registration.rs"]
pub mod broker_registration;
#[path = "69_consumer_group_describe.rs"]
pub mod consumer_group_describe;
#[path = "68_consumer_group_heartbeat.rs"]
pub mod consumer_group_heartbeat;
pub mod consumer_protocol;
#[path = "70_controller_registration.rs"]
pub mod controller_registration;
#[path = "30_create_acls.rs"]
pub mod create_acls;
#[path = "38_create_delegation_token.rs"]
pub mod create_delegation_token;
#[path = "37_create_partitions.rs"]
pub mod create_partitions;
#[path = "19_create_topics.rs"]
pub mod create_topics;
pub mod default_principal;
#[path = "31_delete_acls.rs"]
pub mod delete_acls;
#[path = "42_delete_groups.rs"]
pub mod delete_groups;
#[path = "21_delete_records.rs"]
pub mod delete_records;
#[path = "92_delete_share_group_offsets.rs"]
pub mod delete_share_group_offsets;
#[path = "86_delete_share_group_state.rs"]
pub mod delete_share_group_state;
#[path = "20_delete_topics.rs"]
pub mod delete_topics;
#[path = "29_describe_acls.rs"]
pub mod describe_acls;
#[path = "48_describe_client_quotas.rs"]
pub mod describe_client_quotas;
#[path = "60_describe_cluster.rs"]
pub mod describe_cluster;
#[path = "32_describe_configs.rs"]
pub mod describe_configs;
#[path = "41_describe_delegation_token.rs"]
pub mod describe_delegation_token;
#[path = "15_describe_groups.rs"]
pub mod describe_groups;
#[path = "35_describe_log_dirs.rs"]
pub mod describe_log_dirs;
#[path = "61_describe_producers.rs"]
pub mod describe_producers;
#[path = "55_describe_quorum.rs"]
pub mod describe_quorum;
#[path = "90_describe_share_group_offsets.rs"]
pub mod describe_share_group_offsets;
#[path = "75_describe_topic_partitions.rs"]
pub mod describe_topic_partitions;
#[path = "65_describe_transactions.rs"]
pub mod describe_transactions;
#[path = "50_describe_user_scram_credentials.rs"]
pub mod describe_user_scram_credentials;
#[path = "43_elect_leaders.rs"]
pub mod elect_leaders;
#[path = "54_end_quorum_epoch.rs"]
pub mod end_quorum_epoch;
#[path = "26_end_txn.rs"]
pub mod end_txn;
#[path = "58_envelope.rs"]
pub mod envelope;
#[path = "40_expire_delegation_token.rs"]
pub mod expire_delegation_token;
#[path = "01_fetch.rs"]
pub mod fetch;
#[path = "59_fetch_snapshot.rs"]
pub mod fetch_snapshot;
#[path = "10_find_coordinator.rs"]
pub mod find_coordinator;
#[path = "71_get_telemetry_subscriptions.rs"]
pub mod get_telemetry_subscriptions;
#[path = "12_heartbeat.rs"]
pub mod heartbeat;
#[path = "44_incremental_alter_configs.rs"]
pub mod incremental_alter_configs;
#[path = "22_init_producer_id.rs"]
pub mod init_producer_id;
#[path = "83_initialize_share_group_state.rs"]
pub mod initialize_share_group_state;
#[path = "11_join_group.rs"]
pub mod join_group;
#[path = "13_leave_group.rs"]
pub mod leave_group;
#[path = "74_list_config_resources.rs"]
pub mod list_config_resources;
#[path = "16_list_groups.rs"]
pub mod list_groups;
#[path = "02_list_offsets.rs"]
pub mod list_offsets;
#[path = "46_list_partition_reassignments.rs"]
pub mod list_partition_reassignments;
#[path = "66_list_transactions.rs"]
pub mod list_transactions;
pub mod member_standing;
#[path = "03_metadata.rs"]
pub mod metadata;
#[path = "08_offset_commit.rs"]
pub mod offset_commit;
#[path = "47_offset_delete.rs"]
pub mod offset_delete;
#[path = "09_offset_fetch.rs"]
pub mod offset_fetch;
#[path = "23_offset_for_leader_epoch.rs"]
pub mod offset_for_leader_epoch;
#[path = "00_produce.rs"]
pub mod produce;
#[path = "72_push_telemetry.rs"]
pub mod push_telemetry;
#[path = "84_read_share_group_state.rs"]
pub mod read_share_group_state;
#[path = "87_read_share_group_state_summary.rs"]
pub mod read_share_group_state_summary;
#[path = "81_remove_raft_voter.rs"]
pub mod remove_raft_voter;
#[path = "39_renew_delegation_token.rs"]
pub mod renew_delegation_token;
#[path = "36_sasl_authenticate.rs"]
pub mod sasl_authenticate;
#[path = "17_sasl_handshake.rs"]
pub mod sasl_handshake;
#[path = "79_share_acknowledge.rs"]
pub mod share_acknowledge;
#[path = "78_share_fetch.rs"]
pub mod share_fetch;
#[path = "77_share_group_describe.rs"]
pub mod share_group_describe;
#[path = "76_share_group_heartbeat.rs"]
pub mod share_group_heartbeat;
#[path = "89_streams_group_describe.rs"]
pub mod streams_group_describe;
#[path = "88_streams_group_heartbeat.rs"]
pub mod streams_group_heartbeat;
#[path = "14_sync_group.rs"]
pub mod sync_group;
#[path = "28_txn_offset_commit.rs"]
pub mod txn_offset_commit;
#[path = "64_unregister_broker.rs"]
pub mod unregister_broker;
#[path = "57_update_features.rs"]
pub mod update_features;
#[path = "82_update_raft_voter.rs"]
pub mod update_raft_voter;
#[path = "52_vote.rs"]
pub mod vote;
#[path = "85_write_share_group_state.rs"]
pub mod write_share_group_state;
#[path = "27_write_txn_markers.rs"]
pub mod write_txn_markers;

/// Calls a macro with a row for every API:
/// `Name = key, module, Request, Response, versions, flexible from, stability, [listeners];`
#[macro_export]
macro_rules! every_api {
    ($visit:ident) => {
        $visit! {
            Produce = 0, produce, ProduceRequest, ProduceResponse, 3..=13, 9, stable, [broker];
            Fetch = 1, fetch, FetchRequest, FetchResponse, 4..=18, 12, stable, [broker controller];
            ListOffsets = 2, list_offsets, ListOffsetsRequest, ListOffsetsResponse, 1..=11, 6, stable, [broker];
            Metadata = 3, metadata, MetadataRequest, MetadataResponse, 0..=13, 9, stable, [broker];
            OffsetCommit = 8, offset_commit, OffsetCommitRequest, OffsetCommitResponse, 2..=10, 8, stable, [broker];
            OffsetFetch = 9, offset_fetch, OffsetFetchRequest, OffsetFetchResponse, 1..=10, 6, stable, [broker];
            FindCoordinator = 10, find_coordinator, FindCoordinatorRequest, FindCoordinatorResponse, 0..=6, 3, stable, [broker];
            JoinGroup = 11, join_group, JoinGroupRequest, JoinGroupResponse, 0..=9, 6, stable, [broker];
            Heartbeat = 12, heartbeat, HeartbeatRequest, HeartbeatResponse, 0..=4, 4, stable, [broker];
            LeaveGroup = 13, leave_group, LeaveGroupRequest, LeaveGroupResponse, 0..=5, 4, stable, [broker];
            SyncGroup = 14, sync_group, SyncGroupRequest, SyncGroupResponse, 0..=5, 4, stable, [broker];
            DescribeGroups = 15, describe_groups, DescribeGroupsRequest, DescribeGroupsResponse, 0..=6, 5, stable, [broker];
            ListGroups = 16, list_groups, ListGroupsRequest, ListGroupsResponse, 0..=5, 3, stable, [broker];
            SaslHandshake = 17, sasl_handshake, SaslHandshakeRequest, SaslHandshakeResponse, 0..=1, i16::MAX, stable, [broker controller];
            ApiVersions = 18, api_versions, ApiVersionsRequest, ApiVersionsResponse, 0..=4, 3, stable, [broker controller];
            CreateTopics = 19, create_topics, CreateTopicsRequest, CreateTopicsResponse, 2..=7, 5, stable, [broker controller];
            DeleteTopics = 20, delete_topics, DeleteTopicsRequest, DeleteTopicsResponse, 1..=6, 4, stable, [broker controller];
            DeleteRecords = 21, delete_records, DeleteRecordsRequest, DeleteRecordsResponse, 0..=2, 2, stable, [broker];
            InitProducerId = 22, init_producer_id, InitProducerIdRequest, InitProducerIdResponse, 0..=6, 2, unstable, [broker];
            OffsetForLeaderEpoch = 23, offset_for_leader_epoch, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse, 2..=4, 4, stable, [broker];
            AddPartitionsToTxn = 24, add_partitions_to_txn, AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, 0..=5, 3, stable, [broker];
            AddOffsetsToTxn = 25, add_offsets_to_txn, AddOffsetsToTxnRequest, AddOffsetsToTxnResponse, 0..=4, 3, stable, [broker];
            EndTxn = 26, end_txn, EndTxnRequest, EndTxnResponse, 0..=5, 3, stable, [broker];
            WriteTxnMarkers = 27, write_txn_markers, WriteTxnMarkersRequest, WriteTxnMarkersResponse, 1..=2, 1, stable, [broker];
            TxnOffsetCommit = 28, txn_offset_commit, TxnOffsetCommitRequest, TxnOffsetCommitResponse, 0..=5, 3, stable, [broker];
            DescribeAcls = 29, describe_acls, DescribeAclsRequest, DescribeAclsResponse, 1..=3, 2, stable, [broker controller];
            CreateAcls = 30, create_acls, CreateAclsRequest, CreateAclsResponse, 1..=3, 2, stable, [broker controller];
            DeleteAcls = 31, delete_acls, DeleteAclsRequest, DeleteAclsResponse, 1..=3, 2, stable, [broker controller];
            DescribeConfigs = 32, describe_configs, DescribeConfigsRequest, DescribeConfigsResponse, 1..=4, 4, stable, [broker controller];
            AlterConfigs = 33, alter_configs, AlterConfigsRequest, AlterConfigsResponse, 0..=2, 2, stable, [broker controller];
            AlterReplicaLogDirs = 34, alter_replica_log_dirs, AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse, 1..=2, 2, stable, [broker];
            DescribeLogDirs = 35, describe_log_dirs, DescribeLogDirsRequest, DescribeLogDirsResponse, 1..=5, 2, stable, [broker];
            SaslAuthenticate = 36, sasl_authenticate, SaslAuthenticateRequest, SaslAuthenticateResponse, 0..=2, 2, stable, [broker controller];
            CreatePartitions = 37, create_partitions, CreatePartitionsRequest, CreatePartitionsResponse, 0..=3, 2, stable, [broker controller];
            CreateDelegationToken = 38, create_delegation_token, CreateDelegationTokenRequest, CreateDelegationTokenResponse, 1..=3, 2, stable, [broker controller];
            RenewDelegationToken = 39, renew_delegation_token, RenewDelegationTokenRequest, RenewDelegationTokenResponse, 1..=2, 2, stable, [broker controller];
            ExpireDelegationToken = 40, expire_delegation_token, ExpireDelegationTokenRequest, ExpireDelegationTokenResponse, 1..=2, 2, stable, [broker controller];
            DescribeDelegationToken = 41, describe_delegation_token, DescribeDelegationTokenRequest, DescribeDelegationTokenResponse, 1..=3, 2, stable, [broker controller];
            DeleteGroups = 42, delete_groups, DeleteGroupsRequest, DeleteGroupsResponse, 0..=2, 2, stable, [broker];
            ElectLeaders = 43, elect_leaders, ElectLeadersRequest, ElectLeadersResponse, 0..=2, 2, stable, [broker controller];
            IncrementalAlterConfigs = 44, incremental_alter_configs, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, 0..=1, 1, stable, [broker controller];
            AlterPartitionReassignments = 45, alter_partition_reassignments, AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse, 0..=1, 0, stable, [broker controller];
            ListPartitionReassignments = 46, list_partition_reassignments, ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse, 0..=0, 0, stable, [broker controller];
            OffsetDelete = 47, offset_delete, OffsetDeleteRequest, OffsetDeleteResponse, 0..=0, i16::MAX, stable, [broker];
            DescribeClientQuotas = 48, describe_client_quotas, DescribeClientQuotasRequest, DescribeClientQuotasResponse, 0..=1, 1, stable, [broker];
            AlterClientQuotas = 49, alter_client_quotas, AlterClientQuotasRequest, AlterClientQuotasResponse, 0..=1, 1, stable, [broker controller];
            DescribeUserScramCredentials = 50, describe_user_scram_credentials, DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse, 0..=0, 0, stable, [broker controller];
            AlterUserScramCredentials = 51, alter_user_scram_credentials, AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse, 0..=0, 0, stable, [broker controller];
            Vote = 52, vote, VoteRequest, VoteResponse, 0..=2, 0, stable, [controller];
            BeginQuorumEpoch = 53, begin_quorum_epoch, BeginQuorumEpochRequest, BeginQuorumEpochResponse, 0..=1, 1, stable, [controller];
            EndQuorumEpoch = 54, end_quorum_epoch, EndQuorumEpochRequest, EndQuorumEpochResponse, 0..=1, 1, stable, [controller];
            DescribeQuorum = 55, describe_quorum, DescribeQuorumRequest, DescribeQuorumResponse, 0..=2, 0, stable, [broker controller];
            AlterPartition = 56, alter_partition, AlterPartitionRequest, AlterPartitionResponse, 2..=3, 0, stable, [controller];
            UpdateFeatures = 57, update_features, UpdateFeaturesRequest, UpdateFeaturesResponse, 0..=2, 0, stable, [broker controller];
            Envelope = 58, envelope, EnvelopeRequest, EnvelopeResponse, 0..=0, 0, stable, [controller];
            FetchSnapshot = 59, fetch_snapshot, FetchSnapshotRequest, FetchSnapshotResponse, 0..=1, 0, stable, [controller];
            DescribeCluster = 60, describe_cluster, DescribeClusterRequest, DescribeClusterResponse, 0..=2, 0, stable, [broker controller];
            DescribeProducers = 61, describe_producers, DescribeProducersRequest, DescribeProducersResponse, 0..=0, 0, stable, [broker];
            BrokerRegistration = 62, broker_registration, BrokerRegistrationRequest, BrokerRegistrationResponse, 0..=4, 0, stable, [controller];
            BrokerHeartbeat = 63, broker_heartbeat, BrokerHeartbeatRequest, BrokerHeartbeatResponse, 0..=2, 0, stable, [controller];
            UnregisterBroker = 64, unregister_broker, UnregisterBrokerRequest, UnregisterBrokerResponse, 0..=0, 0, stable, [broker controller];
            DescribeTransactions = 65, describe_transactions, DescribeTransactionsRequest, DescribeTransactionsResponse, 0..=0, 0, stable, [broker];
            ListTransactions = 66, list_transactions, ListTransactionsRequest, ListTransactionsResponse, 0..=2, 0, stable, [broker];
            AllocateProducerIds = 67, allocate_producer_ids, AllocateProducerIdsRequest, AllocateProducerIdsResponse, 0..=0, 0, stable, [controller];
            ConsumerGroupHeartbeat = 68, consumer_group_heartbeat, ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, 0..=1, 0, stable, [broker];
            ConsumerGroupDescribe = 69, consumer_group_describe, ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, 0..=1, 0, stable, [broker];
            ControllerRegistration = 70, controller_registration, ControllerRegistrationRequest, ControllerRegistrationResponse, 0..=0, 0, stable, [controller];
            GetTelemetrySubscriptions = 71, get_telemetry_subscriptions, GetTelemetrySubscriptionsRequest, GetTelemetrySubscriptionsResponse, 0..=0, 0, stable, [broker];
            PushTelemetry = 72, push_telemetry, PushTelemetryRequest, PushTelemetryResponse, 0..=0, 0, stable, [broker];
            AssignReplicasToDirs = 73, assign_replicas_to_dirs, AssignReplicasToDirsRequest, AssignReplicasToDirsResponse, 0..=0, 0, stable, [controller];
            ListConfigResources = 74, list_config_resources, ListConfigResourcesRequest, ListConfigResourcesResponse, 0..=1, 0, stable, [broker];
            DescribeTopicPartitions = 75, describe_topic_partitions, DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse, 0..=0, 0, stable, [broker];
            ShareGroupHeartbeat = 76, share_group_heartbeat, ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse, 1..=1, 0, stable, [broker];
            ShareGroupDescribe = 77, share_group_describe, ShareGroupDescribeRequest, ShareGroupDescribeResponse, 1..=1, 0, stable, [broker];
            ShareFetch = 78, share_fetch, ShareFetchRequest, ShareFetchResponse, 1..=2, 0, stable, [broker];
            ShareAcknowledge = 79, share_acknowledge, ShareAcknowledgeRequest, ShareAcknowledgeResponse, 1..=2, 0, stable, [broker];
            AddRaftVoter = 80, add_raft_voter, AddRaftVoterRequest, AddRaftVoterResponse, 0..=1, 0, stable, [controller broker];
            RemoveRaftVoter = 81, remove_raft_voter, RemoveRaftVoterRequest, RemoveRaftVoterResponse, 0..=0, 0, stable, [controller broker];
            UpdateRaftVoter = 82, update_raft_voter, UpdateRaftVoterRequest, UpdateRaftVoterResponse, 0..=0, 0, stable, [controller];
            InitializeShareGroupState = 83, initialize_share_group_state, InitializeShareGroupStateRequest, InitializeShareGroupStateResponse, 0..=0, 0, stable, [broker];
            ReadShareGroupState = 84, read_share_group_state, ReadShareGroupStateRequest, ReadShareGroupStateResponse, 0..=0, 0, stable, [broker];
            WriteShareGroupState = 85, write_share_group_state, WriteShareGroupStateRequest, WriteShareGroupStateResponse, 0..=1, 0, stable, [broker];
            DeleteShareGroupState = 86, delete_share_group_state, DeleteShareGroupStateRequest, DeleteShareGroupStateResponse, 0..=0, 0, stable, [broker];
            ReadShareGroupStateSummary = 87, read_share_group_state_summary, ReadShareGroupStateSummaryRequest, ReadShareGroupStateSummaryResponse, 0..=1, 0, stable, [broker];
            StreamsGroupHeartbeat = 88, streams_group_heartbeat, StreamsGroupHeartbeatRequest, StreamsGroupHeartbeatResponse, 0..=0, 0, stable, [broker];
            StreamsGroupDescribe = 89, streams_group_describe, StreamsGroupDescribeRequest, StreamsGroupDescribeResponse, 0..=0, 0, stable, [broker];
            DescribeShareGroupOffsets = 90, describe_share_group_offsets, DescribeShareGroupOffsetsRequest, DescribeShareGroupOffsetsResponse, 0..=1, 0, stable, [broker];
            AlterShareGroupOffsets = 91, alter_share_group_offsets, AlterShareGroupOffsetsRequest, AlterShareGroupOffsetsResponse, 0..=0, 0, stable, [broker];
            DeleteShareGroupOffsets = 92, delete_share_group_offsets, DeleteShareGroupOffsetsRequest, DeleteShareGroupOffsetsResponse, 0..=0, 0, stable, [broker];
        }
    };
}
