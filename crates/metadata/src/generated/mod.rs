//! The records of a log, one module per type, numbered by type.
//!
//! @generated from the schema files by `cargo xtask codegen`; do not edit.

#![allow(
    clippy::too_many_lines,
    reason = "generated: a field takes a line or more"
)]

use klamm_codec::{Dec, DecodeError, Enc, EncodeError, Message};

#[path = "25_abort_transaction_record.rs"]
pub mod abort_transaction_record;
#[path = "18_access_control_entry_record.rs"]
pub mod access_control_entry_record;
#[path = "23_begin_transaction_record.rs"]
pub mod begin_transaction_record;
#[path = "17_broker_registration_change_record.rs"]
pub mod broker_registration_change_record;
#[path = "28_clear_elr_record.rs"]
pub mod clear_elr_record;
#[path = "14_client_quota_record.rs"]
pub mod client_quota_record;
#[path = "04_config_record.rs"]
pub mod config_record;
#[path = "10_delegation_token_record.rs"]
pub mod delegation_token_record;
#[path = "24_end_transaction_record.rs"]
pub mod end_transaction_record;
#[path = "12_feature_level_record.rs"]
pub mod feature_level_record;
#[path = "07_fence_broker_record.rs"]
pub mod fence_broker_record;
#[path = "20_no_op_record.rs"]
pub mod no_op_record;
#[path = "05_partition_change_record.rs"]
pub mod partition_change_record;
#[path = "03_partition_record.rs"]
pub mod partition_record;
#[path = "15_producer_ids_record.rs"]
pub mod producer_ids_record;
#[path = "00_register_broker_record.rs"]
pub mod register_broker_record;
#[path = "27_register_controller_record.rs"]
pub mod register_controller_record;
#[path = "19_remove_access_control_entry_record.rs"]
pub mod remove_access_control_entry_record;
#[path = "26_remove_delegation_token_record.rs"]
pub mod remove_delegation_token_record;
#[path = "09_remove_topic_record.rs"]
pub mod remove_topic_record;
#[path = "22_remove_user_scram_credential_record.rs"]
pub mod remove_user_scram_credential_record;
#[path = "02_topic_record.rs"]
pub mod topic_record;
#[path = "08_unfence_broker_record.rs"]
pub mod unfence_broker_record;
#[path = "01_unregister_broker_record.rs"]
pub mod unregister_broker_record;
#[path = "11_user_scram_credential_record.rs"]
pub mod user_scram_credential_record;
#[path = "21_zk_migration_state_record.rs"]
pub mod zk_migration_state_record;

pub use abort_transaction_record::AbortTransactionRecord;
pub use access_control_entry_record::AccessControlEntryRecord;
pub use begin_transaction_record::BeginTransactionRecord;
pub use broker_registration_change_record::BrokerRegistrationChangeRecord;
pub use clear_elr_record::ClearElrRecord;
pub use client_quota_record::ClientQuotaRecord;
pub use config_record::ConfigRecord;
pub use delegation_token_record::DelegationTokenRecord;
pub use end_transaction_record::EndTransactionRecord;
pub use feature_level_record::FeatureLevelRecord;
pub use fence_broker_record::FenceBrokerRecord;
pub use no_op_record::NoOpRecord;
pub use partition_change_record::PartitionChangeRecord;
pub use partition_record::PartitionRecord;
pub use producer_ids_record::ProducerIdsRecord;
pub use register_broker_record::RegisterBrokerRecord;
pub use register_controller_record::RegisterControllerRecord;
pub use remove_access_control_entry_record::RemoveAccessControlEntryRecord;
pub use remove_delegation_token_record::RemoveDelegationTokenRecord;
pub use remove_topic_record::RemoveTopicRecord;
pub use remove_user_scram_credential_record::RemoveUserScramCredentialRecord;
pub use topic_record::TopicRecord;
pub use unfence_broker_record::UnfenceBrokerRecord;
pub use unregister_broker_record::UnregisterBrokerRecord;
pub use user_scram_credential_record::UserScramCredentialRecord;
pub use zk_migration_state_record::ZkMigrationStateRecord;

/// A record of the log, of whatever type.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// A broker has registered an incarnation.
    RegisterBroker(RegisterBrokerRecord),
    /// A broker's registration is gone.
    UnregisterBroker(UnregisterBrokerRecord),
    /// A topic exists.
    Topic(TopicRecord),
    /// A partition with its replicas and leader.
    Partition(PartitionRecord),
    /// A setting has a value, or none any more.
    Config(ConfigRecord),
    /// What changed in a partition; the rest stays.
    PartitionChange(PartitionChangeRecord),
    /// A broker is fenced (old form).
    FenceBroker(FenceBrokerRecord),
    /// A broker is no longer fenced (old form).
    UnfenceBroker(UnfenceBrokerRecord),
    /// A topic is gone, with all its partitions.
    RemoveTopic(RemoveTopicRecord),
    /// A delegation token exists.
    DelegationToken(DelegationTokenRecord),
    /// A user has a SCRAM credential.
    UserScramCredential(UserScramCredentialRecord),
    /// A feature has a level.
    FeatureLevel(FeatureLevelRecord),
    /// A quota has a value, or none any more.
    ClientQuota(ClientQuotaRecord),
    /// Producer ids below this one are given away.
    ProducerIds(ProducerIdsRecord),
    /// What changed in a broker's registration.
    BrokerRegistrationChange(BrokerRegistrationChangeRecord),
    /// An access rule exists.
    AccessControlEntry(AccessControlEntryRecord),
    /// An access rule is gone.
    RemoveAccessControlEntry(RemoveAccessControlEntryRecord),
    /// Nothing; it moves the log's end.
    NoOp(NoOpRecord),
    /// How far a migration from ZooKeeper was.
    ZkMigrationState(ZkMigrationStateRecord),
    /// A user's SCRAM credential is gone.
    RemoveUserScramCredential(RemoveUserScramCredentialRecord),
    /// The records that follow take effect together.
    BeginTransaction(BeginTransactionRecord),
    /// The records since the beginning take effect.
    EndTransaction(EndTransactionRecord),
    /// The records since the beginning have no effect.
    AbortTransaction(AbortTransactionRecord),
    /// A delegation token is gone.
    RemoveDelegationToken(RemoveDelegationTokenRecord),
    /// A controller has registered an incarnation.
    RegisterController(RegisterControllerRecord),
    /// The eligible leader replicas of a topic, or of all, are gone.
    ClearElr(ClearElrRecord),
}

impl Record {
    /// The name of the type, without `Record`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::RegisterBroker(_) => "RegisterBroker",
            Self::UnregisterBroker(_) => "UnregisterBroker",
            Self::Topic(_) => "Topic",
            Self::Partition(_) => "Partition",
            Self::Config(_) => "Config",
            Self::PartitionChange(_) => "PartitionChange",
            Self::FenceBroker(_) => "FenceBroker",
            Self::UnfenceBroker(_) => "UnfenceBroker",
            Self::RemoveTopic(_) => "RemoveTopic",
            Self::DelegationToken(_) => "DelegationToken",
            Self::UserScramCredential(_) => "UserScramCredential",
            Self::FeatureLevel(_) => "FeatureLevel",
            Self::ClientQuota(_) => "ClientQuota",
            Self::ProducerIds(_) => "ProducerIds",
            Self::BrokerRegistrationChange(_) => "BrokerRegistrationChange",
            Self::AccessControlEntry(_) => "AccessControlEntry",
            Self::RemoveAccessControlEntry(_) => "RemoveAccessControlEntry",
            Self::NoOp(_) => "NoOp",
            Self::ZkMigrationState(_) => "ZkMigrationState",
            Self::RemoveUserScramCredential(_) => "RemoveUserScramCredential",
            Self::BeginTransaction(_) => "BeginTransaction",
            Self::EndTransaction(_) => "EndTransaction",
            Self::AbortTransaction(_) => "AbortTransaction",
            Self::RemoveDelegationToken(_) => "RemoveDelegationToken",
            Self::RegisterController(_) => "RegisterController",
            Self::ClearElr(_) => "ClearElr",
        }
    }

    /// The number of the type.
    #[must_use]
    pub const fn id(&self) -> i16 {
        match self {
            Self::RegisterBroker(_) => RegisterBrokerRecord::ID,
            Self::UnregisterBroker(_) => UnregisterBrokerRecord::ID,
            Self::Topic(_) => TopicRecord::ID,
            Self::Partition(_) => PartitionRecord::ID,
            Self::Config(_) => ConfigRecord::ID,
            Self::PartitionChange(_) => PartitionChangeRecord::ID,
            Self::FenceBroker(_) => FenceBrokerRecord::ID,
            Self::UnfenceBroker(_) => UnfenceBrokerRecord::ID,
            Self::RemoveTopic(_) => RemoveTopicRecord::ID,
            Self::DelegationToken(_) => DelegationTokenRecord::ID,
            Self::UserScramCredential(_) => UserScramCredentialRecord::ID,
            Self::FeatureLevel(_) => FeatureLevelRecord::ID,
            Self::ClientQuota(_) => ClientQuotaRecord::ID,
            Self::ProducerIds(_) => ProducerIdsRecord::ID,
            Self::BrokerRegistrationChange(_) => BrokerRegistrationChangeRecord::ID,
            Self::AccessControlEntry(_) => AccessControlEntryRecord::ID,
            Self::RemoveAccessControlEntry(_) => RemoveAccessControlEntryRecord::ID,
            Self::NoOp(_) => NoOpRecord::ID,
            Self::ZkMigrationState(_) => ZkMigrationStateRecord::ID,
            Self::RemoveUserScramCredential(_) => RemoveUserScramCredentialRecord::ID,
            Self::BeginTransaction(_) => BeginTransactionRecord::ID,
            Self::EndTransaction(_) => EndTransactionRecord::ID,
            Self::AbortTransaction(_) => AbortTransactionRecord::ID,
            Self::RemoveDelegationToken(_) => RemoveDelegationTokenRecord::ID,
            Self::RegisterController(_) => RegisterControllerRecord::ID,
            Self::ClearElr(_) => ClearElrRecord::ID,
        }
    }

    /// The highest version of the type.
    #[must_use]
    pub const fn max_version(&self) -> i16 {
        match self {
            Self::RegisterBroker(_) => RegisterBrokerRecord::MAX_VERSION,
            Self::UnregisterBroker(_) => UnregisterBrokerRecord::MAX_VERSION,
            Self::Topic(_) => TopicRecord::MAX_VERSION,
            Self::Partition(_) => PartitionRecord::MAX_VERSION,
            Self::Config(_) => ConfigRecord::MAX_VERSION,
            Self::PartitionChange(_) => PartitionChangeRecord::MAX_VERSION,
            Self::FenceBroker(_) => FenceBrokerRecord::MAX_VERSION,
            Self::UnfenceBroker(_) => UnfenceBrokerRecord::MAX_VERSION,
            Self::RemoveTopic(_) => RemoveTopicRecord::MAX_VERSION,
            Self::DelegationToken(_) => DelegationTokenRecord::MAX_VERSION,
            Self::UserScramCredential(_) => UserScramCredentialRecord::MAX_VERSION,
            Self::FeatureLevel(_) => FeatureLevelRecord::MAX_VERSION,
            Self::ClientQuota(_) => ClientQuotaRecord::MAX_VERSION,
            Self::ProducerIds(_) => ProducerIdsRecord::MAX_VERSION,
            Self::BrokerRegistrationChange(_) => BrokerRegistrationChangeRecord::MAX_VERSION,
            Self::AccessControlEntry(_) => AccessControlEntryRecord::MAX_VERSION,
            Self::RemoveAccessControlEntry(_) => RemoveAccessControlEntryRecord::MAX_VERSION,
            Self::NoOp(_) => NoOpRecord::MAX_VERSION,
            Self::ZkMigrationState(_) => ZkMigrationStateRecord::MAX_VERSION,
            Self::RemoveUserScramCredential(_) => RemoveUserScramCredentialRecord::MAX_VERSION,
            Self::BeginTransaction(_) => BeginTransactionRecord::MAX_VERSION,
            Self::EndTransaction(_) => EndTransactionRecord::MAX_VERSION,
            Self::AbortTransaction(_) => AbortTransactionRecord::MAX_VERSION,
            Self::RemoveDelegationToken(_) => RemoveDelegationTokenRecord::MAX_VERSION,
            Self::RegisterController(_) => RegisterControllerRecord::MAX_VERSION,
            Self::ClearElr(_) => ClearElrRecord::MAX_VERSION,
        }
    }

    /// Reads a record whose type and version are known.
    ///
    /// # Errors
    /// An unknown type or version, or bytes that are no such record.
    pub fn decode(id: i16, dec: &mut Dec, version: i16) -> Result<Self, DecodeError> {
        match id {
            RegisterBrokerRecord::ID => {
                RegisterBrokerRecord::decode(dec, version).map(Self::RegisterBroker)
            }
            UnregisterBrokerRecord::ID => {
                UnregisterBrokerRecord::decode(dec, version).map(Self::UnregisterBroker)
            }
            TopicRecord::ID => TopicRecord::decode(dec, version).map(Self::Topic),
            PartitionRecord::ID => PartitionRecord::decode(dec, version).map(Self::Partition),
            ConfigRecord::ID => ConfigRecord::decode(dec, version).map(Self::Config),
            PartitionChangeRecord::ID => {
                PartitionChangeRecord::decode(dec, version).map(Self::PartitionChange)
            }
            FenceBrokerRecord::ID => FenceBrokerRecord::decode(dec, version).map(Self::FenceBroker),
            UnfenceBrokerRecord::ID => {
                UnfenceBrokerRecord::decode(dec, version).map(Self::UnfenceBroker)
            }
            RemoveTopicRecord::ID => RemoveTopicRecord::decode(dec, version).map(Self::RemoveTopic),
            DelegationTokenRecord::ID => {
                DelegationTokenRecord::decode(dec, version).map(Self::DelegationToken)
            }
            UserScramCredentialRecord::ID => {
                UserScramCredentialRecord::decode(dec, version).map(Self::UserScramCredential)
            }
            FeatureLevelRecord::ID => {
                FeatureLevelRecord::decode(dec, version).map(Self::FeatureLevel)
            }
            ClientQuotaRecord::ID => ClientQuotaRecord::decode(dec, version).map(Self::ClientQuota),
            ProducerIdsRecord::ID => ProducerIdsRecord::decode(dec, version).map(Self::ProducerIds),
            BrokerRegistrationChangeRecord::ID => {
                BrokerRegistrationChangeRecord::decode(dec, version)
                    .map(Self::BrokerRegistrationChange)
            }
            AccessControlEntryRecord::ID => {
                AccessControlEntryRecord::decode(dec, version).map(Self::AccessControlEntry)
            }
            RemoveAccessControlEntryRecord::ID => {
                RemoveAccessControlEntryRecord::decode(dec, version)
                    .map(Self::RemoveAccessControlEntry)
            }
            NoOpRecord::ID => NoOpRecord::decode(dec, version).map(Self::NoOp),
            ZkMigrationStateRecord::ID => {
                ZkMigrationStateRecord::decode(dec, version).map(Self::ZkMigrationState)
            }
            RemoveUserScramCredentialRecord::ID => {
                RemoveUserScramCredentialRecord::decode(dec, version)
                    .map(Self::RemoveUserScramCredential)
            }
            BeginTransactionRecord::ID => {
                BeginTransactionRecord::decode(dec, version).map(Self::BeginTransaction)
            }
            EndTransactionRecord::ID => {
                EndTransactionRecord::decode(dec, version).map(Self::EndTransaction)
            }
            AbortTransactionRecord::ID => {
                AbortTransactionRecord::decode(dec, version).map(Self::AbortTransaction)
            }
            RemoveDelegationTokenRecord::ID => {
                RemoveDelegationTokenRecord::decode(dec, version).map(Self::RemoveDelegationToken)
            }
            RegisterControllerRecord::ID => {
                RegisterControllerRecord::decode(dec, version).map(Self::RegisterController)
            }
            ClearElrRecord::ID => ClearElrRecord::decode(dec, version).map(Self::ClearElr),
            _ => Err(DecodeError::UnknownId { what: "record type", id: id.into() }),
        }
    }

    /// Writes the record without its type and version.
    ///
    /// # Errors
    /// The version can't carry it.
    pub fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError> {
        match self {
            Self::RegisterBroker(record) => record.encode(enc, version),
            Self::UnregisterBroker(record) => record.encode(enc, version),
            Self::Topic(record) => record.encode(enc, version),
            Self::Partition(record) => record.encode(enc, version),
            Self::Config(record) => record.encode(enc, version),
            Self::PartitionChange(record) => record.encode(enc, version),
            Self::FenceBroker(record) => record.encode(enc, version),
            Self::UnfenceBroker(record) => record.encode(enc, version),
            Self::RemoveTopic(record) => record.encode(enc, version),
            Self::DelegationToken(record) => record.encode(enc, version),
            Self::UserScramCredential(record) => record.encode(enc, version),
            Self::FeatureLevel(record) => record.encode(enc, version),
            Self::ClientQuota(record) => record.encode(enc, version),
            Self::ProducerIds(record) => record.encode(enc, version),
            Self::BrokerRegistrationChange(record) => record.encode(enc, version),
            Self::AccessControlEntry(record) => record.encode(enc, version),
            Self::RemoveAccessControlEntry(record) => record.encode(enc, version),
            Self::NoOp(record) => record.encode(enc, version),
            Self::ZkMigrationState(record) => record.encode(enc, version),
            Self::RemoveUserScramCredential(record) => record.encode(enc, version),
            Self::BeginTransaction(record) => record.encode(enc, version),
            Self::EndTransaction(record) => record.encode(enc, version),
            Self::AbortTransaction(record) => record.encode(enc, version),
            Self::RemoveDelegationToken(record) => record.encode(enc, version),
            Self::RegisterController(record) => record.encode(enc, version),
            Self::ClearElr(record) => record.encode(enc, version),
        }
    }
}

impl From<RegisterBrokerRecord> for Record {
    fn from(record: RegisterBrokerRecord) -> Self {
        Self::RegisterBroker(record)
    }
}

impl From<UnregisterBrokerRecord> for Record {
    fn from(record: UnregisterBrokerRecord) -> Self {
        Self::UnregisterBroker(record)
    }
}

impl From<TopicRecord> for Record {
    fn from(record: TopicRecord) -> Self {
        Self::Topic(record)
    }
}

impl From<PartitionRecord> for Record {
    fn from(record: PartitionRecord) -> Self {
        Self::Partition(record)
    }
}

impl From<ConfigRecord> for Record {
    fn from(record: ConfigRecord) -> Self {
        Self::Config(record)
    }
}

impl From<PartitionChangeRecord> for Record {
    fn from(record: PartitionChangeRecord) -> Self {
        Self::PartitionChange(record)
    }
}

impl From<FenceBrokerRecord> for Record {
    fn from(record: FenceBrokerRecord) -> Self {
        Self::FenceBroker(record)
    }
}

impl From<UnfenceBrokerRecord> for Record {
    fn from(record: UnfenceBrokerRecord) -> Self {
        Self::UnfenceBroker(record)
    }
}

impl From<RemoveTopicRecord> for Record {
    fn from(record: RemoveTopicRecord) -> Self {
        Self::RemoveTopic(record)
    }
}

impl From<DelegationTokenRecord> for Record {
    fn from(record: DelegationTokenRecord) -> Self {
        Self::DelegationToken(record)
    }
}

impl From<UserScramCredentialRecord> for Record {
    fn from(record: UserScramCredentialRecord) -> Self {
        Self::UserScramCredential(record)
    }
}

impl From<FeatureLevelRecord> for Record {
    fn from(record: FeatureLevelRecord) -> Self {
        Self::FeatureLevel(record)
    }
}

impl From<ClientQuotaRecord> for Record {
    fn from(record: ClientQuotaRecord) -> Self {
        Self::ClientQuota(record)
    }
}

impl From<ProducerIdsRecord> for Record {
    fn from(record: ProducerIdsRecord) -> Self {
        Self::ProducerIds(record)
    }
}

impl From<BrokerRegistrationChangeRecord> for Record {
    fn from(record: BrokerRegistrationChangeRecord) -> Self {
        Self::BrokerRegistrationChange(record)
    }
}

impl From<AccessControlEntryRecord> for Record {
    fn from(record: AccessControlEntryRecord) -> Self {
        Self::AccessControlEntry(record)
    }
}

impl From<RemoveAccessControlEntryRecord> for Record {
    fn from(record: RemoveAccessControlEntryRecord) -> Self {
        Self::RemoveAccessControlEntry(record)
    }
}

impl From<NoOpRecord> for Record {
    fn from(record: NoOpRecord) -> Self {
        Self::NoOp(record)
    }
}

impl From<ZkMigrationStateRecord> for Record {
    fn from(record: ZkMigrationStateRecord) -> Self {
        Self::ZkMigrationState(record)
    }
}

impl From<RemoveUserScramCredentialRecord> for Record {
    fn from(record: RemoveUserScramCredentialRecord) -> Self {
        Self::RemoveUserScramCredential(record)
    }
}

impl From<BeginTransactionRecord> for Record {
    fn from(record: BeginTransactionRecord) -> Self {
        Self::BeginTransaction(record)
    }
}

impl From<EndTransactionRecord> for Record {
    fn from(record: EndTransactionRecord) -> Self {
        Self::EndTransaction(record)
    }
}

impl From<AbortTransactionRecord> for Record {
    fn from(record: AbortTransactionRecord) -> Self {
        Self::AbortTransaction(record)
    }
}

impl From<RemoveDelegationTokenRecord> for Record {
    fn from(record: RemoveDelegationTokenRecord) -> Self {
        Self::RemoveDelegationToken(record)
    }
}

impl From<RegisterControllerRecord> for Record {
    fn from(record: RegisterControllerRecord) -> Self {
        Self::RegisterController(record)
    }
}

impl From<ClearElrRecord> for Record {
    fn from(record: ClearElrRecord) -> Self {
        Self::ClearElr(record)
    }
}
