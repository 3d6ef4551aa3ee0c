//! Settings of a group.

use super::rows;

rows! {
    CONSUMER_SESSION_TIMEOUT_MS: Int "consumer.session.timeout.ms" = "45000", AtLeast(1), Dynamic, Works,
        "A member without a heartbeat for this long (ms) is removed.";
    CONSUMER_HEARTBEAT_INTERVAL_MS: Int "consumer.heartbeat.interval.ms" = "5000",
        AtLeast(1), Dynamic, Works,
        "How often members report, in ms.";
    CONSUMER_ASSIGNMENT_INTERVAL_MS: Int "consumer.assignment.interval.ms" = "1000",
        AtLeast(0), Dynamic, Works,
        "Shortest time in ms between two computations of the assignment.";
    SHARE_SESSION_TIMEOUT_MS: Int "share.session.timeout.ms" = "45000", AtLeast(1), Dynamic, NotYet(GROUPS),
        "A member of the share group without a heartbeat for this long (ms) is removed.";
    SHARE_HEARTBEAT_INTERVAL_MS: Int "share.heartbeat.interval.ms" = "5000", AtLeast(1), Dynamic, NotYet(GROUPS),
        "How often members of the share group report, in ms.";
    SHARE_ASSIGNMENT_INTERVAL_MS: Int "share.assignment.interval.ms" = "1000", AtLeast(0), Dynamic, NotYet(GROUPS),
        "Shortest time in ms between two computations of the share group's assignment.";
    SHARE_RECORD_LOCK_DURATION_MS: Int "share.record.lock.duration.ms" = "30000",
        AtLeast(1_000), Dynamic, NotYet(GROUPS),
        "How long (ms) a delivered record is reserved for its consumer.";
    SHARE_DELIVERY_COUNT_LIMIT: Int "share.delivery.count.limit" = "5", AtLeast(2), Dynamic, NotYet(GROUPS),
        "How often a record is delivered before it is given up.";
    SHARE_PARTITION_MAX_RECORD_LOCKS: Int "share.partition.max.record.locks" = "2000",
        AtLeast(100), Dynamic, NotYet(GROUPS),
        "Most reserved records of one partition.";
    SHARE_AUTO_OFFSET_RESET: Text "share.auto.offset.reset" = "latest", OffsetReset, Dynamic, NotYet(GROUPS),
        "Where a new share group starts: `earliest`, `latest` or `by_duration:` with an ISO 8601 duration.";
    SHARE_ISOLATION_LEVEL: Text "share.isolation.level" = "read_uncommitted",
        OneOf(&["read_committed", "read_uncommitted"]), Dynamic, NotYet(GROUPS),
        "Whether the share group sees records of open transactions.";
    SHARE_RENEW_ACKNOWLEDGE_ENABLE: Bool "share.renew.acknowledge.enable" = "true", Any, Dynamic, NotYet(GROUPS),
        "Whether a consumer may prolong its reservation of a record.";
    STREAMS_SESSION_TIMEOUT_MS: Int "streams.session.timeout.ms" = "45000", AtLeast(1), Dynamic, NotYet(GROUPS),
        "A member of the streams group without a heartbeat for this long (ms) is removed.";
    STREAMS_HEARTBEAT_INTERVAL_MS: Int "streams.heartbeat.interval.ms" = "5000",
        AtLeast(1), Dynamic, NotYet(GROUPS),
        "How often members of the streams group report, in ms.";
    STREAMS_ASSIGNMENT_INTERVAL_MS: Int "streams.assignment.interval.ms" = "1000",
        AtLeast(0), Dynamic, NotYet(GROUPS),
        "Shortest time in ms between two computations of the streams group's assignment.";
    STREAMS_NUM_STANDBY_REPLICAS: Int "streams.num.standby.replicas" = "0", AtLeast(0), Dynamic, NotYet(GROUPS),
        "Standby copies of each stateful task.";
    STREAMS_INITIAL_REBALANCE_DELAY_MS: Int "streams.initial.rebalance.delay.ms" = "3000",
        AtLeast(0), Dynamic, NotYet(GROUPS),
        "How long (ms) an empty streams group waits for more members.";
}
