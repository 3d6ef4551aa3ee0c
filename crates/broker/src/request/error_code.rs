//! The one place where refusals of the rooms below become Kafka's error codes.
//!
//! Matches are exhaustive, without a catch-all: a new refusal does not compile until someone picks its code.

use crate::partitions::{EpochError, FindError, MoveRefusal};
use crate::quorum::QuorumError;
use crate::telemetry;
use klamm_coordinator::groups::GroupError;
use klamm_coordinator::transactions::TransactionError;
use klamm_metadata::decide::RefusalKind;
use klamm_wire::ErrorCode;

/// Why a partition was not found.
pub(crate) fn of_find(error: FindError) -> ErrorCode {
    match error {
        FindError::UnknownTopicOrPartition => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
        FindError::UnknownTopicId => ErrorCode::UNKNOWN_TOPIC_ID,
        FindError::NotLeader => ErrorCode::NOT_LEADER_OR_FOLLOWER,
        FindError::Offline => ErrorCode::KAFKA_STORAGE_ERROR,
    }
}

/// Why a log does not move to another directory.
pub(crate) fn of_move(refusal: &MoveRefusal) -> ErrorCode {
    match refusal {
        MoveRefusal::UnknownDirectory => ErrorCode::LOG_DIR_NOT_FOUND,
        MoveRefusal::Offline | MoveRefusal::Failed(_) => ErrorCode::KAFKA_STORAGE_ERROR,
        MoveRefusal::NameTooLong => ErrorCode::INVALID_TOPIC_EXCEPTION,
        MoveRefusal::Unknown => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
    }
}

/// Why telemetry of a client is refused.
pub(crate) fn of_telemetry(refusal: telemetry::Refusal) -> ErrorCode {
    match refusal {
        telemetry::Refusal::InvalidInstance | telemetry::Refusal::Terminated => {
            ErrorCode::INVALID_REQUEST
        }
        telemetry::Refusal::TooEarly => ErrorCode::THROTTLING_QUOTA_EXCEEDED,
        telemetry::Refusal::UnknownSubscription => ErrorCode::UNKNOWN_SUBSCRIPTION_ID,
        telemetry::Refusal::UnknownCompression => ErrorCode::UNSUPPORTED_COMPRESSION_TYPE,
        telemetry::Refusal::TooLarge => ErrorCode::TELEMETRY_TOO_LARGE,
        telemetry::Refusal::Malformed => ErrorCode::INVALID_RECORD,
    }
}

/// Why a leader epoch does not fit.
pub(crate) fn of_epoch(error: EpochError) -> ErrorCode {
    match error {
        EpochError::Fenced => ErrorCode::FENCED_LEADER_EPOCH,
        EpochError::Unknown => ErrorCode::UNKNOWN_LEADER_EPOCH,
    }
}

/// Why the controller refuses.
pub(crate) fn of_refusal(kind: RefusalKind) -> ErrorCode {
    match kind {
        RefusalKind::BrokerIdNotRegistered => ErrorCode::BROKER_ID_NOT_REGISTERED,
        RefusalKind::DuplicateBrokerRegistration => ErrorCode::DUPLICATE_BROKER_REGISTRATION,
        RefusalKind::ElectionNotNeeded => ErrorCode::ELECTION_NOT_NEEDED,
        RefusalKind::EligibleLeadersNotAvailable => ErrorCode::ELIGIBLE_LEADERS_NOT_AVAILABLE,
        RefusalKind::FencedLeaderEpoch => ErrorCode::FENCED_LEADER_EPOCH,
        RefusalKind::IneligibleReplica => ErrorCode::INELIGIBLE_REPLICA,
        RefusalKind::InvalidConfig => ErrorCode::INVALID_CONFIG,
        RefusalKind::InvalidPartitions => ErrorCode::INVALID_PARTITIONS,
        RefusalKind::InvalidRegistration => ErrorCode::INVALID_REGISTRATION,
        RefusalKind::InvalidReplicaAssignment => ErrorCode::INVALID_REPLICA_ASSIGNMENT,
        RefusalKind::InvalidReplicationFactor => ErrorCode::INVALID_REPLICATION_FACTOR,
        RefusalKind::InvalidRequest => ErrorCode::INVALID_REQUEST,
        RefusalKind::InvalidTopic => ErrorCode::INVALID_TOPIC_EXCEPTION,
        RefusalKind::InvalidUpdateVersion => ErrorCode::INVALID_UPDATE_VERSION,
        RefusalKind::NewLeaderElected => ErrorCode::NEW_LEADER_ELECTED,
        RefusalKind::NoReassignmentInProgress => ErrorCode::NO_REASSIGNMENT_IN_PROGRESS,
        RefusalKind::NotController => ErrorCode::NOT_CONTROLLER,
        RefusalKind::PolicyViolation => ErrorCode::POLICY_VIOLATION,
        RefusalKind::PreferredLeaderNotAvailable => ErrorCode::PREFERRED_LEADER_NOT_AVAILABLE,
        RefusalKind::StaleBrokerEpoch => ErrorCode::STALE_BROKER_EPOCH,
        RefusalKind::ThrottlingQuotaExceeded => ErrorCode::THROTTLING_QUOTA_EXCEEDED,
        RefusalKind::TopicAlreadyExists => ErrorCode::TOPIC_ALREADY_EXISTS,
        RefusalKind::UnknownServerError => ErrorCode::UNKNOWN_SERVER_ERROR,
        RefusalKind::UnknownTopicId => ErrorCode::UNKNOWN_TOPIC_ID,
        RefusalKind::UnknownTopicOrPartition => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
        RefusalKind::UnsupportedVersion => ErrorCode::UNSUPPORTED_VERSION,
    }
}

/// Why the controller has no answer. Its clients try again, elsewhere if it is not the controller any more.
pub(crate) fn of_quorum(error: &QuorumError) -> ErrorCode {
    match error {
        QuorumError::NotController | QuorumError::Stopped => ErrorCode::NOT_CONTROLLER,
        QuorumError::Busy => ErrorCode::REQUEST_TIMED_OUT,
        QuorumError::NoRoom => ErrorCode::KAFKA_STORAGE_ERROR,
        QuorumError::Unwritable(_) => ErrorCode::POLICY_VIOLATION,
    }
}

/// Why a group refuses.
pub(crate) fn of_group(error: GroupError) -> ErrorCode {
    match error {
        GroupError::InvalidGroupId => ErrorCode::INVALID_GROUP_ID,
        GroupError::GroupIdNotFound => ErrorCode::GROUP_ID_NOT_FOUND,
        GroupError::NonEmptyGroup => ErrorCode::NON_EMPTY_GROUP,
        GroupError::UnknownMemberId => ErrorCode::UNKNOWN_MEMBER_ID,
        GroupError::MemberIdRequired => ErrorCode::MEMBER_ID_REQUIRED,
        GroupError::FencedInstanceId => ErrorCode::FENCED_INSTANCE_ID,
        GroupError::IllegalGeneration => ErrorCode::ILLEGAL_GENERATION,
        GroupError::InconsistentGroupProtocol => ErrorCode::INCONSISTENT_GROUP_PROTOCOL,
        GroupError::InvalidSessionTimeout => ErrorCode::INVALID_SESSION_TIMEOUT,
        GroupError::GroupMaxSizeReached => ErrorCode::GROUP_MAX_SIZE_REACHED,
        GroupError::RebalanceInProgress => ErrorCode::REBALANCE_IN_PROGRESS,
        GroupError::OffsetMetadataTooLarge => ErrorCode::OFFSET_METADATA_TOO_LARGE,
        GroupError::GroupSubscribedToTopic => ErrorCode::GROUP_SUBSCRIBED_TO_TOPIC,
        GroupError::FencedMemberEpoch => ErrorCode::FENCED_MEMBER_EPOCH,
        GroupError::StaleMemberEpoch => ErrorCode::STALE_MEMBER_EPOCH,
        GroupError::UnreleasedInstanceId => ErrorCode::UNRELEASED_INSTANCE_ID,
        GroupError::UnsupportedAssignor => ErrorCode::UNSUPPORTED_ASSIGNOR,
        GroupError::InvalidRegularExpression => ErrorCode::INVALID_REGULAR_EXPRESSION,
        GroupError::UnsupportedVersion => ErrorCode::UNSUPPORTED_VERSION,
        GroupError::InvalidRequest(_) => ErrorCode::INVALID_REQUEST,
    }
}

/// Why a transaction refuses.
pub(crate) fn of_transaction(error: TransactionError) -> ErrorCode {
    match error {
        TransactionError::InvalidRequest => ErrorCode::INVALID_REQUEST,
        TransactionError::TransactionalIdAuthorizationFailed => {
            ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED
        }
        TransactionError::UnsupportedVersion => ErrorCode::UNSUPPORTED_VERSION,
        TransactionError::InvalidTransactionTimeout => ErrorCode::INVALID_TRANSACTION_TIMEOUT,
        TransactionError::InvalidProducerIdMapping => ErrorCode::INVALID_PRODUCER_ID_MAPPING,
        TransactionError::ProducerFenced => ErrorCode::PRODUCER_FENCED,
        TransactionError::ConcurrentTransactions => ErrorCode::CONCURRENT_TRANSACTIONS,
        TransactionError::InvalidTxnState => ErrorCode::INVALID_TXN_STATE,
        TransactionError::TransactionAbortable => ErrorCode::TRANSACTION_ABORTABLE,
        TransactionError::TransactionalIdNotFound => ErrorCode::TRANSACTIONAL_ID_NOT_FOUND,
        TransactionError::UnknownServerError => ErrorCode::UNKNOWN_SERVER_ERROR,
    }
}
