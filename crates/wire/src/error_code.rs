//! Kafka's error codes: number, name, whether trying again can help, and what it means.

use std::fmt;

/// The outcome of a request or of a part of it, as it stands on the wire. A number that Kafka has no name for is kept:
/// newer servers may send it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ErrorCode(pub i16);

macro_rules! error_codes {
    ($($code:literal $name:ident $retriable:literal $meaning:literal;)*) => {
        impl ErrorCode {
            $(
                #[doc = $meaning]
                pub const $name: Self = Self($code);
            )*

            /// Every code, in order.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            const fn facts(self) -> Option<(&'static str, bool, &'static str)> {
                match self.0 {
                    $($code => Some((stringify!($name), $retriable, $meaning)),)*
                    _ => None,
                }
            }
        }
    };
}

#[rustfmt::skip] // one line a code
error_codes! {
    -1 UNKNOWN_SERVER_ERROR false "The server met something that no other code describes.";
    0 NONE false "All went well.";
    1 OFFSET_OUT_OF_RANGE false "The offset lies outside what the partition holds.";
    2 CORRUPT_MESSAGE true "A batch failed its checksum or is malformed.";
    3 UNKNOWN_TOPIC_OR_PARTITION true "This server does not hold such a topic or partition.";
    4 INVALID_FETCH_SIZE false "The fetch size makes no sense.";
    5 LEADER_NOT_AVAILABLE true "The partition has no leader at the moment.";
    6 NOT_LEADER_OR_FOLLOWER true "This server does not lead the partition, or holds no replica of it.";
    7 REQUEST_TIMED_OUT true "The request was not done within its time.";
    8 BROKER_NOT_AVAILABLE false "The broker is not there.";
    9 REPLICA_NOT_AVAILABLE true "The replica is not there for the partition.";
    10 MESSAGE_TOO_LARGE false "The batch is larger than the server takes.";
    11 STALE_CONTROLLER_EPOCH false "The controller's epoch has passed.";
    12 OFFSET_METADATA_TOO_LARGE false "The metadata beside a committed offset is too long.";
    13 NETWORK_EXCEPTION true "The connection broke before an answer came.";
    14 COORDINATOR_LOAD_IN_PROGRESS true "The coordinator is still reading its log.";
    15 COORDINATOR_NOT_AVAILABLE true "The coordinator is not there.";
    16 NOT_COORDINATOR true "Another broker coordinates this.";
    17 INVALID_TOPIC_EXCEPTION false "The topic's name or the operation on it is not allowed.";
    18 RECORD_LIST_TOO_LARGE false "The batches together exceed what a segment can hold.";
    19 NOT_ENOUGH_REPLICAS true "Fewer replicas are in sync than the topic demands.";
    20 NOT_ENOUGH_REPLICAS_AFTER_APPEND true "The batch was written, but by then too few replicas were in sync.";
    21 INVALID_REQUIRED_ACKS false "The number of acknowledgements asked for is not allowed.";
    22 ILLEGAL_GENERATION false "The member names a generation that is not the current one.";
    23 INCONSISTENT_GROUP_PROTOCOL false "The member shares no protocol with its group.";
    24 INVALID_GROUP_ID false "The group's id is not allowed.";
    25 UNKNOWN_MEMBER_ID false "The group has no such member.";
    26 INVALID_SESSION_TIMEOUT false "The session timeout is outside the allowed range.";
    27 REBALANCE_IN_PROGRESS false "The group rebalances: the member has to join again.";
    28 INVALID_COMMIT_OFFSET_SIZE false "The commit is too large to be stored.";
    29 TOPIC_AUTHORIZATION_FAILED false "The caller may not do this to the topic.";
    30 GROUP_AUTHORIZATION_FAILED false "The caller may not do this to the group.";
    31 CLUSTER_AUTHORIZATION_FAILED false "The caller may not do this to the cluster.";
    32 INVALID_TIMESTAMP false "A timestamp is outside the allowed range.";
    33 UNSUPPORTED_SASL_MECHANISM false "The SASL mechanism is not offered.";
    34 ILLEGAL_SASL_STATE false "The request does not fit the state of the SASL exchange.";
    35 UNSUPPORTED_VERSION false "The version of the API is not supported.";
    36 TOPIC_ALREADY_EXISTS false "A topic of this name exists.";
    37 INVALID_PARTITIONS false "The number of partitions is not allowed.";
    38 INVALID_REPLICATION_FACTOR false "The replication factor is not positive, or exceeds the number of brokers.";
    39 INVALID_REPLICA_ASSIGNMENT false "The assignment of replicas is not allowed.";
    40 INVALID_CONFIG false "The setting is not allowed.";
    41 NOT_CONTROLLER true "This server is not the active controller.";
    42 INVALID_REQUEST false "The request contradicts itself or the protocol.";
    43 UNSUPPORTED_FOR_MESSAGE_FORMAT false "The partition's message format can't do this.";
    44 POLICY_VIOLATION false "The request violates a policy of the server.";
    45 OUT_OF_ORDER_SEQUENCE_NUMBER false "A batch's sequence number leaves a gap.";
    46 DUPLICATE_SEQUENCE_NUMBER false "A batch's sequence number was seen before.";
    47 INVALID_PRODUCER_EPOCH false "The producer's epoch is not the current one.";
    48 INVALID_TXN_STATE false "The transaction's state does not allow this.";
    49 INVALID_PRODUCER_ID_MAPPING false "The producer id does not belong to the transactional id.";
    50 INVALID_TRANSACTION_TIMEOUT false "The transaction timeout exceeds what the server allows.";
    51 CONCURRENT_TRANSACTIONS true "Another operation on this transaction is under way.";
    52 TRANSACTION_COORDINATOR_FENCED false "The marker comes from a coordinator that was replaced.";
    53 TRANSACTIONAL_ID_AUTHORIZATION_FAILED false "The caller may not use the transactional id.";
    54 SECURITY_DISABLED false "The server has no security to manage.";
    55 OPERATION_NOT_ATTEMPTED false "It was not tried because something else failed before.";
    56 KAFKA_STORAGE_ERROR true "The disk failed.";
    57 LOG_DIR_NOT_FOUND false "The server has no such log folder.";
    58 SASL_AUTHENTICATION_FAILED false "The SASL exchange failed.";
    59 UNKNOWN_PRODUCER_ID false "The server knows nothing of the producer any more.";
    60 REASSIGNMENT_IN_PROGRESS false "The partition's replicas are being moved.";
    61 DELEGATION_TOKEN_AUTH_DISABLED false "Delegation tokens are switched off.";
    62 DELEGATION_TOKEN_NOT_FOUND false "The server has no such delegation token.";
    63 DELEGATION_TOKEN_OWNER_MISMATCH false "The delegation token belongs to somebody else.";
    64 DELEGATION_TOKEN_REQUEST_NOT_ALLOWED false "Delegation tokens can't be managed over this connection.";
    65 DELEGATION_TOKEN_AUTHORIZATION_FAILED false "The caller may not use the delegation token.";
    66 DELEGATION_TOKEN_EXPIRED false "The delegation token has expired.";
    67 INVALID_PRINCIPAL_TYPE false "The kind of principal is not supported.";
    68 NON_EMPTY_GROUP false "The group has members.";
    69 GROUP_ID_NOT_FOUND false "There is no such group.";
    70 FETCH_SESSION_ID_NOT_FOUND true "The server has no such fetch session.";
    71 INVALID_FETCH_SESSION_EPOCH true "The fetch session's epoch is not the expected one.";
    72 LISTENER_NOT_FOUND true "The leader has no listener of the name that the request came in by.";
    73 TOPIC_DELETION_DISABLED false "Deleting topics is switched off.";
    74 FENCED_LEADER_EPOCH true "The leader epoch in the request has passed.";
    75 UNKNOWN_LEADER_EPOCH true "The leader epoch in the request lies ahead of the server's.";
    76 UNSUPPORTED_COMPRESSION_TYPE false "The batch's compression is not supported by the request's version.";
    77 STALE_BROKER_EPOCH false "The broker's epoch has passed.";
    78 OFFSET_NOT_AVAILABLE true "The leader can't tell its high watermark yet.";
    79 MEMBER_ID_REQUIRED false "The member has to join again with the id that it gets now.";
    80 PREFERRED_LEADER_NOT_AVAILABLE true "The preferred leader is not there.";
    81 GROUP_MAX_SIZE_REACHED false "The group has as many members as it may have.";
    82 FENCED_INSTANCE_ID false "Another member took over the static member's id.";
    83 ELIGIBLE_LEADERS_NOT_AVAILABLE true "No replica that may lead is there.";
    84 ELECTION_NOT_NEEDED true "The leader is already the wanted one.";
    85 NO_REASSIGNMENT_IN_PROGRESS false "No move of replicas is under way.";
    86 GROUP_SUBSCRIBED_TO_TOPIC false "The group consumes the topic, so its offsets stay.";
    87 INVALID_RECORD false "The server refused a record.";
    88 UNSTABLE_OFFSET_COMMIT true "A transaction still holds offsets that are asked for.";
    89 THROTTLING_QUOTA_EXCEEDED true "The caller spent its quota.";
    90 PRODUCER_FENCED false "A newer producer took over the transactional id.";
    91 RESOURCE_NOT_FOUND false "There is no such resource.";
    92 DUPLICATE_RESOURCE false "The resource exists, or is named twice.";
    93 UNACCEPTABLE_CREDENTIAL false "The credential does not meet the rules.";
    94 INCONSISTENT_VOTER_SET false "Only one side counts the other among the voters.";
    95 INVALID_UPDATE_VERSION false "The version to update to is not allowed.";
    96 FEATURE_UPDATE_FAILED false "The features could not be updated.";
    97 PRINCIPAL_DESERIALIZATION_FAILURE false "The principal in the envelope can't be read.";
    98 SNAPSHOT_NOT_FOUND false "The server has no such snapshot.";
    99 POSITION_OUT_OF_RANGE false "The position lies beyond the snapshot's end.";
    100 UNKNOWN_TOPIC_ID true "The server knows no topic of this id.";
    101 DUPLICATE_BROKER_REGISTRATION false "Another live broker has registered this id.";
    102 BROKER_ID_NOT_REGISTERED false "No broker of this id has registered.";
    103 INCONSISTENT_TOPIC_ID true "The log holds a topic of another id.";
    104 INCONSISTENT_CLUSTER_ID false "The request was meant for another cluster.";
    105 TRANSACTIONAL_ID_NOT_FOUND false "There is no such transactional id.";
    106 FETCH_SESSION_TOPIC_ID_ERROR true "The fetch session mixes names and ids of topics.";
    107 INELIGIBLE_REPLICA false "The replica may not join the in-sync set.";
    108 NEW_LEADER_ELECTED false "The change made another replica the leader.";
    109 OFFSET_MOVED_TO_TIERED_STORAGE false "The offset lies in tiered storage.";
    110 FENCED_MEMBER_EPOCH false "The member's epoch has passed: it has to join again.";
    111 UNRELEASED_INSTANCE_ID false "Another member still holds the instance id.";
    112 UNSUPPORTED_ASSIGNOR false "The server has no such assignor.";
    113 STALE_MEMBER_EPOCH false "The member's epoch is behind: heartbeat first.";
    114 MISMATCHED_ENDPOINT_TYPE false "The request came to the wrong kind of endpoint.";
    115 UNSUPPORTED_ENDPOINT_TYPE false "This kind of endpoint is not supported.";
    116 UNKNOWN_CONTROLLER_ID false "No controller of this id is known.";
    117 UNKNOWN_SUBSCRIPTION_ID false "The telemetry subscription is not the current one.";
    118 TELEMETRY_TOO_LARGE false "The pushed metrics are larger than allowed.";
    119 INVALID_REGISTRATION false "The registration contradicts the cluster's.";
    120 TRANSACTION_ABORTABLE false "The transaction has to be aborted.";
    121 INVALID_RECORD_STATE false "The record's state does not allow this.";
    122 SHARE_SESSION_NOT_FOUND true "The server has no such share session.";
    123 INVALID_SHARE_SESSION_EPOCH true "The share session's epoch is not the expected one.";
    124 FENCED_STATE_EPOCH false "The share partition's state epoch has passed.";
    125 INVALID_VOTER_KEY false "The voter's id or directory is not the expected one.";
    126 DUPLICATE_VOTER false "The voter is in the set already.";
    127 VOTER_NOT_FOUND false "The voter is not in the set.";
    128 INVALID_REGULAR_EXPRESSION false "The regular expression can't be read.";
    129 REBOOTSTRAP_REQUIRED false "The client should start over from its bootstrap servers.";
    130 STREAMS_INVALID_TOPOLOGY false "The streams topology is not valid.";
    131 STREAMS_INVALID_TOPOLOGY_EPOCH false "The epoch of the streams topology is not valid.";
    132 STREAMS_TOPOLOGY_FENCED false "The epoch of the streams topology has passed.";
    133 SHARE_SESSION_LIMIT_REACHED true "The server has as many share sessions as it may have.";
    134 GROUP_DELETION_FAILED false "A group could not be deleted.";
    135 STREAMS_TOPOLOGY_DESCRIPTION_UPDATE_FAILED false "The description of the streams topology could not be stored.";
    136 CONTROLLER_ID_NOT_REGISTERED false "No controller of this id has registered.";
}

impl ErrorCode {
    /// The number on the wire.
    #[must_use]
    pub const fn code(self) -> i16 {
        self.0
    }

    /// Whether this is no error.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Whether this is an error.
    #[must_use]
    pub const fn is_error(self) -> bool {
        self.0 != 0
    }

    /// Kafka's name of the code; `UNKNOWN` for a number without one.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.facts() {
            Some((name, ..)) => name,
            None => "UNKNOWN",
        }
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub const fn is_retriable(self) -> bool {
        match self.facts() {
            Some((_, retriable, _)) => retriable,
            None => false,
        }
    }

    /// What it means, in a sentence.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self.facts() {
            Some((.., meaning)) => meaning,
            None => "A code that this version does not know.",
        }
    }
}

impl From<ErrorCode> for i16 {
    fn from(code: ErrorCode) -> Self {
        code.0
    }
}

impl From<i16> for ErrorCode {
    fn from(code: i16) -> Self {
        Self(code)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.facts() {
            Some((name, ..)) => f.pad(name),
            None => write!(f, "UNKNOWN({})", self.0),
        }
    }
}

impl fmt::Debug for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ErrorCode {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_complete_and_named_once() {
        let numbers: Vec<_> = ErrorCode::ALL.iter().map(|code| code.0).collect();
        assert_eq!(numbers, (-1..=136).collect::<Vec<_>>());
        let mut names: Vec<_> = ErrorCode::ALL.iter().map(|code| code.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 138);
    }

    #[test]
    fn facts_are_found_by_number() {
        assert_eq!(ErrorCode(6), ErrorCode::NOT_LEADER_OR_FOLLOWER);
        assert!(ErrorCode(6).is_retriable());
        assert!(!ErrorCode::TOPIC_ALREADY_EXISTS.is_retriable());
        assert_eq!(ErrorCode(29).to_string(), "TOPIC_AUTHORIZATION_FAILED");
        assert_eq!(ErrorCode(999).to_string(), "UNKNOWN(999)");
        assert!(ErrorCode::default().is_none());
    }
}
