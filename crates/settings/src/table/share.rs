//! Share groups and their coordinator.

use super::rows;

rows! {
    GROUP_SHARE_SESSION_TIMEOUT_MS: Int "group.share.session.timeout.ms" = "45000",
        AtLeast(1), ReadOnly, NotYet(GROUPS),
        "A member of a share group without a heartbeat for this long (ms) is removed.";
    GROUP_SHARE_MIN_SESSION_TIMEOUT_MS: Int "group.share.min.session.timeout.ms" = "45000",
        AtLeast(1), ReadOnly, NotYet(GROUPS),
        "Smallest value a group may set for it.";
    GROUP_SHARE_MAX_SESSION_TIMEOUT_MS: Int "group.share.max.session.timeout.ms" = "60000",
        AtLeast(1), ReadOnly, NotYet(GROUPS),
        "Largest value a group may set for it.";
    GROUP_SHARE_HEARTBEAT_INTERVAL_MS: Int "group.share.heartbeat.interval.ms" = "5000",
        AtLeast(1), ReadOnly, NotYet(GROUPS),
        "How often members of a share group report, in ms.";
    GROUP_SHARE_MIN_HEARTBEAT_INTERVAL_MS: Int "group.share.min.heartbeat.interval.ms" = "5000",
        AtLeast(1), ReadOnly, NotYet(GROUPS),
        "Smallest value a group may set for it.";
    GROUP_SHARE_MAX_HEARTBEAT_INTERVAL_MS: Int "group.share.max.heartbeat.interval.ms" = "15000",
        AtLeast(1), ReadOnly, NotYet(GROUPS),
        "Largest value a group may set for it.";
    GROUP_SHARE_MAX_SIZE: Int "group.share.max.size" = "200", Between(1, 1_000), ReadOnly, NotYet(GROUPS),
        "Most members of a share group.";
    GROUP_SHARE_MAX_SHARE_SESSIONS: Int "group.share.max.share.sessions" = "2000",
        AtLeast(1), ReadOnly, NotYet(GROUPS),
        "Share sessions that a broker remembers.";
    GROUP_SHARE_ASSIGNORS: List "group.share.assignors" = "simple", NotEmpty, ReadOnly, NotYet(GROUPS),
        "Assignors of share groups. Klamm knows `simple`.";
    GROUP_SHARE_ASSIGNMENT_INTERVAL_MS: Int "group.share.assignment.interval.ms" = "1000",
        AtLeast(0), ClusterWide, NotYet(GROUPS),
        "Shortest time in ms between two computations of a share group's assignment.";
    GROUP_SHARE_MIN_ASSIGNMENT_INTERVAL_MS: Int "group.share.min.assignment.interval.ms" = "0",
        AtLeast(0), ReadOnly, NotYet(GROUPS),
        "Smallest value a group may set for it.";
    GROUP_SHARE_MAX_ASSIGNMENT_INTERVAL_MS: Int "group.share.max.assignment.interval.ms" = "15000",
        AtLeast(0), ReadOnly, NotYet(GROUPS),
        "Largest value a group may set for it.";
    GROUP_SHARE_DELIVERY_COUNT_LIMIT: Int "group.share.delivery.count.limit" = "5",
        Between(2, 10), ReadOnly, NotYet(GROUPS),
        "How often a record is delivered before it is given up.";
    GROUP_SHARE_MIN_DELIVERY_COUNT_LIMIT: Int "group.share.min.delivery.count.limit" = "2",
        Between(2, 5), ReadOnly, NotYet(GROUPS),
        "Smallest value a group may set for it.";
    GROUP_SHARE_MAX_DELIVERY_COUNT_LIMIT: Int "group.share.max.delivery.count.limit" = "10",
        Between(5, 25), ReadOnly, NotYet(GROUPS),
        "Largest value a group may set for it.";
    GROUP_SHARE_RECORD_LOCK_DURATION_MS: Int "group.share.record.lock.duration.ms" = "30000",
        Between(1_000, 3_600_000), ReadOnly, NotYet(GROUPS),
        "How long (ms) a delivered record is reserved for its consumer.";
    GROUP_SHARE_MIN_RECORD_LOCK_DURATION_MS: Int "group.share.min.record.lock.duration.ms" = "15000",
        Between(1_000, 30_000), ReadOnly, NotYet(GROUPS),
        "Smallest value a group may set for it.";
    GROUP_SHARE_MAX_RECORD_LOCK_DURATION_MS: Int "group.share.max.record.lock.duration.ms" = "60000",
        Between(30_000, 3_600_000), ReadOnly, NotYet(GROUPS),
        "Largest value a group may set for it.";
    GROUP_SHARE_PARTITION_MAX_RECORD_LOCKS: Int "group.share.partition.max.record.locks" = "2000",
        Between(100, 10_000), ReadOnly, NotYet(GROUPS),
        "Most reserved records of one partition.";
    GROUP_SHARE_MIN_PARTITION_MAX_RECORD_LOCKS: Int "group.share.min.partition.max.record.locks" = "100",
        Between(100, 2_000), ReadOnly, NotYet(GROUPS),
        "Smallest value a group may set for it.";
    GROUP_SHARE_MAX_PARTITION_MAX_RECORD_LOCKS: Int "group.share.max.partition.max.record.locks" = "4000",
        Between(2_000, 10_000), ReadOnly, NotYet(GROUPS),
        "Largest value a group may set for it.";
    GROUP_SHARE_INITIALIZE_RETRY_INTERVAL_MS: Int "group.share.initialize.retry.interval.ms" = "30000",
        AtLeast(1), Internal, NotYet(GROUPS),
        "Pause in ms before the start of a share partition is tried again.";
    GROUP_SHARE_PERSISTER_CLASS_NAME: Text "group.share.persister.class.name" = "org.apache.kafka.server.share.persister.DefaultStatePersister",
        Any, Internal, NoEffect(JVM),
        "The class that keeps the state of share groups.";
    SHARE_COORDINATOR_STATE_TOPIC_NUM_PARTITIONS: Int "share.coordinator.state.topic.num.partitions" = "50",
        AtLeast(1), ReadOnly, NotYet(GROUPS),
        "Partitions of `__share_group_state`. Never change it later.";
    SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: Short "share.coordinator.state.topic.replication.factor" = "1",
        AtLeast(1), ReadOnly, NotYet(GROUPS),
        "Replicas of `__share_group_state`.";
    SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: Short "share.coordinator.state.topic.min.isr" = "1",
        AtLeast(1), ReadOnly, NotYet(GROUPS),
        "Replicas of `__share_group_state` that must be in sync to write.";
    SHARE_COORDINATOR_STATE_TOPIC_SEGMENT_BYTES: Int "share.coordinator.state.topic.segment.bytes" = "104857600",
        AtLeast(1), ReadOnly, NotYet(GROUPS),
        "Segment size of `__share_group_state` in bytes.";
    SHARE_COORDINATOR_STATE_TOPIC_COMPRESSION_CODEC: Int "share.coordinator.state.topic.compression.codec" = "0",
        Any, ReadOnly, NotYet(GROUPS),
        "Codec of `__share_group_state`: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd.";
    SHARE_COORDINATOR_STATE_TOPIC_PRUNE_INTERVAL_MS: Int "share.coordinator.state.topic.prune.interval.ms" = "300000",
        AtLeast(1), Internal, NotYet(GROUPS),
        "How often `__share_group_state` is cut at its start, in ms.";
    SHARE_COORDINATOR_SNAPSHOT_UPDATE_RECORDS_PER_SNAPSHOT: Int "share.coordinator.snapshot.update.records.per.snapshot" = "500",
        Between(0, 500), ReadOnly, NotYet(GROUPS),
        "Updates of a share partition's state between two whole states.";
    SHARE_COORDINATOR_COLD_PARTITION_SNAPSHOT_INTERVAL_MS: Int "share.coordinator.cold.partition.snapshot.interval.ms" = "300000",
        AtLeast(1), Internal, NotYet(GROUPS),
        "How often idle share partitions write a whole state, in ms.";
    SHARE_COORDINATOR_LOAD_BUFFER_SIZE: Int "share.coordinator.load.buffer.size" = "5242880",
        AtLeast(1), ReadOnly, NotYet(GROUPS),
        "Bytes that are read at a time while share state is loaded.";
    SHARE_COORDINATOR_WRITE_TIMEOUT_MS: Int "share.coordinator.write.timeout.ms" = "5000",
        AtLeast(1), ReadOnly, NotYet(GROUPS),
        "How long (ms) a write of share state waits to be replicated.";
    SHARE_COORDINATOR_THREADS: Int "share.coordinator.threads" = "1", AtLeast(1), ReadOnly, NoEffect(THREADS),
        "Threads of the share coordinator.";
    SHARE_COORDINATOR_APPEND_LINGER_MS: Int "share.coordinator.append.linger.ms" = "-1",
        AtLeast(-1), ReadOnly, NotYet(GROUPS),
        "How long (ms) share records are gathered before they are written; -1 decides by load.";
    SHARE_COORDINATOR_CACHED_BUFFER_MAX_BYTES: Int "share.coordinator.cached.buffer.max.bytes" = "1048588",
        AtLeast(524_288), ClusterWide, NotYet(GROUPS),
        "Largest buffer in bytes that the share coordinator keeps for reuse.";
}
