//! The one place where refusals of the rooms below become Kafka's error codes.
//!
//! Matches are exhaustive, without a catch-all: a new refusal does not compile until someone picks its code.

use crate::partitions::{EpochError, FindError};
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

/// Why a leader epoch does not fit.
pub(crate) fn of_epoch(error: EpochError) -> ErrorCode {
    match error {
        EpochError::Fenced => ErrorCode::FENCED_LEADER_EPOCH,
        EpochError::Unknown => ErrorCode::UNKNOWN_LEADER_EPOCH,
    }
}
