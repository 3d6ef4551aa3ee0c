//! Consumer and streams groups, and their offsets.

use super::rows;

rows! {
    GROUP_MIN_SESSION_TIMEOUT_MS: Int "group.min.session.timeout.ms" = "6000", Any, ReadOnly, Works,
        "Shortest session timeout (ms) that a classic member may ask for.";
    GROUP_MAX_SESSION_TIMEOUT_MS: Int "group.max.session.timeout.ms" = "1800000", Any, ReadOnly, Works,
        "Longest session timeout (ms) that a classic member may ask for.";
    GROUP_INITIAL_REBALANCE_DELAY_MS: Int "group.initial.rebalance.delay.ms" = "3000",
        Any, ReadOnly, Works,
        "How long (ms) an empty classic group waits at most for more members before its first rebalance. Klamm begins \
         as soon as nobody has joined for 300 ms.";
    GROUP_MAX_SIZE: Int "group.max.size" = "2147483647", AtLeast(1), ReadOnly, Works,
        "Most members of a classic group.";
    GROUP_COORDINATOR_REBALANCE_PROTOCOLS: List "group.coordinator.rebalance.protocols" = "classic,consumer,streams",
        SomeOf(&["consumer", "classic", "share", "streams"]), ReadOnly, Works,
        "Rebalance protocols that are served. Klamm knows `classic`, which can't be switched off, and `consumer`.";
    GROUP_COORDINATOR_THREADS: Int "group.coordinator.threads" = "4", AtLeast(1), ReadOnly, NoEffect(THREADS),
        "Threads of the group coordinator.";
    GROUP_COORDINATOR_BACKGROUND_THREADS: Int "group.coordinator.background.threads" = "2",
        AtLeast(1), ReadOnly, NoEffect(THREADS),
        "Threads for long work of the group coordinator.";
    GROUP_COORDINATOR_APPEND_LINGER_MS: Int "group.coordinator.append.linger.ms" = "-1",
        AtLeast(-1), ReadOnly, Works,
        "How long (ms) coordinator records are gathered before they are written; -1 decides by load. Answers wait for it. \
         From 100 ms on it is cut to half of the time to the next timeout of its shard.";
    GROUP_COORDINATOR_CACHED_BUFFER_MAX_BYTES: Int "group.coordinator.cached.buffer.max.bytes" = "1048588",
        AtLeast(524_288), ClusterWide, NoEffect(NO_BUFFER),
        "Largest buffer in bytes that the coordinator keeps for reuse.";
    GROUP_CONSUMER_SESSION_TIMEOUT_MS: Int "group.consumer.session.timeout.ms" = "45000",
        AtLeast(1), ReadOnly, Works,
        "A member of a consumer group without a heartbeat for this long (ms) is removed.";
    GROUP_CONSUMER_MIN_SESSION_TIMEOUT_MS: Int "group.consumer.min.session.timeout.ms" = "45000",
        AtLeast(1), ReadOnly, Works,
        "Smallest value a group may set for it.";
    GROUP_CONSUMER_MAX_SESSION_TIMEOUT_MS: Int "group.consumer.max.session.timeout.ms" = "60000",
        AtLeast(1), ReadOnly, Works,
        "Largest value a group may set for it.";
    GROUP_CONSUMER_HEARTBEAT_INTERVAL_MS: Int "group.consumer.heartbeat.interval.ms" = "5000",
        AtLeast(1), ReadOnly, Works,
        "How often members of a consumer group report, in ms.";
    GROUP_CONSUMER_MIN_HEARTBEAT_INTERVAL_MS: Int "group.consumer.min.heartbeat.interval.ms" = "5000",
        AtLeast(1), ReadOnly, Works,
        "Smallest value a group may set for it.";
    GROUP_CONSUMER_MAX_HEARTBEAT_INTERVAL_MS: Int "group.consumer.max.heartbeat.interval.ms" = "15000",
        AtLeast(1), ReadOnly, Works,
        "Largest value a group may set for it.";
    GROUP_CONSUMER_MAX_SIZE: Int "group.consumer.max.size" = "2147483647", AtLeast(1), ReadOnly, Works,
        "Most members of a consumer group.";
    GROUP_CONSUMER_ASSIGNORS: List "group.consumer.assignors" = "uniform,range", NotEmpty, ReadOnly, Works,
        "Server-side assignors of consumer groups; the first is the default. Klamm knows `uniform` and `range`.";
    GROUP_CONSUMER_ASSIGNMENT_INTERVAL_MS: Int "group.consumer.assignment.interval.ms" = "1000",
        AtLeast(0), ClusterWide, Works,
        "Shortest time in ms between two computations of a consumer group's assignment.";
    GROUP_CONSUMER_MIN_ASSIGNMENT_INTERVAL_MS: Int "group.consumer.min.assignment.interval.ms" = "0",
        AtLeast(0), ReadOnly, Works,
        "Smallest value a group may set for it.";
    GROUP_CONSUMER_MAX_ASSIGNMENT_INTERVAL_MS: Int "group.consumer.max.assignment.interval.ms" = "15000",
        AtLeast(0), ReadOnly, Works,
        "Largest value a group may set for it.";
    GROUP_CONSUMER_MIGRATION_POLICY: Text "group.consumer.migration.policy" = "bidirectional",
        OneOfAnyCase(&["DISABLED", "DOWNGRADE", "UPGRADE", "BIDIRECTIONAL"]), ReadOnly, Works,
        "Whether a group may move between the classic and the consumer protocol: DISABLED, DOWNGRADE, UPGRADE, \
         BIDIRECTIONAL.";
    GROUP_CONSUMER_REGEX_REFRESH_INTERVAL_MS: Int "group.consumer.regex.refresh.interval.ms" = "600000",
        AtLeast(10_000), Internal, NoEffect(AT_ONCE),
        "How often subscribed patterns are matched against the topics anew, in ms.";
    GROUP_STREAMS_SESSION_TIMEOUT_MS: Int "group.streams.session.timeout.ms" = "45000",
        AtLeast(1), ReadOnly, NotYet(GROUPS),
        "A member of a streams group without a heartbeat for this long (ms) is removed.";
    GROUP_STREAMS_MIN_SESSION_TIMEOUT_MS: Int "group.streams.min.session.timeout.ms" = "45000",
        AtLeast(1), ReadOnly, NotYet(GROUPS),
        "Smallest value a group may set for it.";
    GROUP_STREAMS_MAX_SESSION_TIMEOUT_MS: Int "group.streams.max.session.timeout.ms" = "60000",
        AtLeast(1), ReadOnly, NotYet(GROUPS),
        "Largest value a group may set for it.";
    GROUP_STREAMS_HEARTBEAT_INTERVAL_MS: Int "group.streams.heartbeat.interval.ms" = "5000",
        AtLeast(1), ReadOnly, NotYet(GROUPS),
        "How often members of a streams group report, in ms.";
    GROUP_STREAMS_MIN_HEARTBEAT_INTERVAL_MS: Int "group.streams.min.heartbeat.interval.ms" = "5000",
        AtLeast(1), ReadOnly, NotYet(GROUPS),
        "Smallest value a group may set for it.";
    GROUP_STREAMS_MAX_HEARTBEAT_INTERVAL_MS: Int "group.streams.max.heartbeat.interval.ms" = "15000",
        AtLeast(1), ReadOnly, NotYet(GROUPS),
        "Largest value a group may set for it.";
    GROUP_STREAMS_MAX_SIZE: Int "group.streams.max.size" = "2147483647", AtLeast(1), ReadOnly, NotYet(GROUPS),
        "Most members of a streams group.";
    GROUP_STREAMS_NUM_STANDBY_REPLICAS: Int "group.streams.num.standby.replicas" = "0",
        AtLeast(0), ReadOnly, NotYet(GROUPS),
        "Standby copies of each stateful task.";
    GROUP_STREAMS_MAX_STANDBY_REPLICAS: Int "group.streams.max.standby.replicas" = "2",
        AtLeast(0), ReadOnly, NotYet(GROUPS),
        "Largest value a group may set for it.";
    GROUP_STREAMS_INITIAL_REBALANCE_DELAY_MS: Int "group.streams.initial.rebalance.delay.ms" = "3000",
        AtLeast(0), ReadOnly, NotYet(GROUPS),
        "How long (ms) an empty streams group waits for more members.";
    GROUP_STREAMS_ASSIGNMENT_INTERVAL_MS: Int "group.streams.assignment.interval.ms" = "1000",
        AtLeast(0), ClusterWide, NotYet(GROUPS),
        "Shortest time in ms between two computations of a streams group's assignment.";
    GROUP_STREAMS_MIN_ASSIGNMENT_INTERVAL_MS: Int "group.streams.min.assignment.interval.ms" = "0",
        AtLeast(0), ReadOnly, NotYet(GROUPS),
        "Smallest value a group may set for it.";
    GROUP_STREAMS_MAX_ASSIGNMENT_INTERVAL_MS: Int "group.streams.max.assignment.interval.ms" = "15000",
        AtLeast(0), ReadOnly, NotYet(GROUPS),
        "Largest value a group may set for it.";
    OFFSET_METADATA_MAX_BYTES: Int "offset.metadata.max.bytes" = "4096", Any, ReadOnly, Works,
        "Longest note in bytes that a client may attach to a committed offset.";
    OFFSETS_LOAD_BUFFER_SIZE: Int "offsets.load.buffer.size" = "5242880", AtLeast(1), ReadOnly, Works,
        "Bytes that are read at a time while offsets are loaded.";
    OFFSETS_TOPIC_REPLICATION_FACTOR: Short "offsets.topic.replication.factor" = "1",
        AtLeast(1), ReadOnly, Works,
        "Replicas of `__consumer_offsets`.";
    OFFSETS_TOPIC_NUM_PARTITIONS: Int "offsets.topic.num.partitions" = "50", AtLeast(1), ReadOnly, Works,
        "Partitions of `__consumer_offsets`. Never change it later.";
    OFFSETS_TOPIC_SEGMENT_BYTES: Int "offsets.topic.segment.bytes" = "104857600",
        AtLeast(1), ReadOnly, Works,
        "Segment size of `__consumer_offsets` in bytes.";
    OFFSETS_TOPIC_COMPRESSION_CODEC: Int "offsets.topic.compression.codec" = "0", Any, ReadOnly, Works,
        "Codec of `__consumer_offsets`: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd.";
    OFFSETS_RETENTION_MINUTES: Int "offsets.retention.minutes" = "10080", AtLeast(1), ReadOnly, Works,
        "Committed offsets of an empty group are dropped after this many minutes.";
    OFFSETS_RETENTION_CHECK_INTERVAL_MS: Long "offsets.retention.check.interval.ms" = "600000",
        AtLeast(1), ReadOnly, Works,
        "How often such offsets are looked for, in ms.";
    OFFSETS_COMMIT_TIMEOUT_MS: Int "offsets.commit.timeout.ms" = "5000", AtLeast(1), ReadOnly, NotYet(CLUSTER),
        "How long (ms) a commit waits to be replicated.";
}
