//! Settings of a topic.

use super::rows;

rows! {
    CLEANUP_POLICY: List "cleanup.policy" = "delete", ListOf(&["compact", "delete"]), Dynamic, Works,
        "`delete` drops old segments, `compact` keeps the newest record of each key, both do both; empty keeps \
         all for ever.";
    COMPRESSION_TYPE: Text "compression.type" = "producer",
        OneOf(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]), Dynamic, Works,
        "Codec in which batches are stored; `producer` keeps what the producer sent.";
    COMPRESSION_GZIP_LEVEL: Int "compression.gzip.level" = "-1", BetweenOr(1, 9, -1), Dynamic, Works,
        "Level when the broker compresses with gzip; -1 is the codec's default.";
    COMPRESSION_LZ4_LEVEL: Int "compression.lz4.level" = "9", Between(1, 17), Dynamic, NoEffect(LZ4),
        "Level when the broker compresses with lz4.";
    COMPRESSION_ZSTD_LEVEL: Int "compression.zstd.level" = "3", Between(-131_072, 22), Dynamic, Works,
        "Level when the broker compresses with zstd.";
    DELETE_RETENTION_MS: Long "delete.retention.ms" = "86400000", AtLeast(0), Dynamic, Works,
        "How long (ms) a delete marker stays readable after it was compacted.";
    FILE_DELETE_DELAY_MS: Long "file.delete.delay.ms" = "60000", AtLeast(0), Dynamic, Works,
        "Time in ms between taking a file out of service and removing it from disk.";
    FLUSH_MESSAGES: Long "flush.messages" = "9223372036854775807", AtLeast(1), Dynamic, Works,
        "Records that may be unsynced before a produce waits for fsync. 1 means: every acknowledged record is on \
         disk.";
    FLUSH_MS: Long "flush.ms" = "9223372036854775807", AtLeast(0), Dynamic, Works,
        "Longest time in ms that a record stays unsynced.";
    FOLLOWER_REPLICATION_THROTTLED_REPLICAS: List "follower.replication.throttled.replicas" = "",
        ThrottledReplicas, Dynamic, NotYet(CLUSTER),
        "Replicas whose copying is throttled at the follower: `partition:broker` pairs or `*`.";
    LEADER_REPLICATION_THROTTLED_REPLICAS: List "leader.replication.throttled.replicas" = "",
        ThrottledReplicas, Dynamic, NotYet(CLUSTER),
        "Replicas whose copying is throttled at the leader: `partition:broker` pairs or `*`.";
    INDEX_INTERVAL_BYTES: Int "index.interval.bytes" = "4096", AtLeast(0), Dynamic, Works,
        "An index entry is made at most once per this many bytes of log.";
    INTERNAL_SEGMENT_BYTES: Int "internal.segment.bytes" = none, Any, Internal, Works,
        "Like `segment.bytes` without its lower bound. For tests.";
    LOCAL_RETENTION_BYTES: Long "local.retention.bytes" = "-2", AtLeast(-2), Dynamic, NotYet(TIERING),
        "How many bytes of a partition stay on local disk; -2 follows `retention.bytes`.";
    LOCAL_RETENTION_MS: Long "local.retention.ms" = "-2", AtLeast(-2), Dynamic, NotYet(TIERING),
        "How long (ms) uploaded segments stay on local disk; -2 follows `retention.ms`.";
    MAX_COMPACTION_LAG_MS: Long "max.compaction.lag.ms" = "9223372036854775807",
        AtLeast(1), Dynamic, Works,
        "A record older than this (ms) makes its log due for compaction whatever the ratio.";
    MIN_COMPACTION_LAG_MS: Long "min.compaction.lag.ms" = "0", AtLeast(0), Dynamic, Works,
        "A record younger than this (ms) is not compacted away.";
    MIN_CLEANABLE_DIRTY_RATIO: Double "min.cleanable.dirty.ratio" = "0.5",
        Share(0.0, 1.0), Dynamic, Works,
        "Share of a log that must be uncompacted before it is compacted.";
    MAX_MESSAGE_BYTES: Int "max.message.bytes" = "1048588", AtLeast(0), Dynamic, Works,
        "Largest batch in bytes, as it is stored.";
    MESSAGE_TIMESTAMP_TYPE: Text "message.timestamp.type" = "CreateTime",
        OneOf(&["CreateTime", "LogAppendTime"]), Dynamic, Works,
        "Whose time a record carries: the producer's (`CreateTime`) or the broker's (`LogAppendTime`).";
    MESSAGE_TIMESTAMP_BEFORE_MAX_MS: Long "message.timestamp.before.max.ms" = "9223372036854775807",
        AtLeast(0), Dynamic, Works,
        "A record with a timestamp further in the past than this (ms) is refused.";
    MESSAGE_TIMESTAMP_AFTER_MAX_MS: Long "message.timestamp.after.max.ms" = "3600000", AtLeast(0), Dynamic, Works,
        "A record with a timestamp further in the future than this (ms) is refused.";
    MIN_INSYNC_REPLICAS: Int "min.insync.replicas" = "1", AtLeast(1), Dynamic, Works,
        "With acks=all a produce is refused while fewer replicas than this are in sync.";
    PREALLOCATE: Bool "preallocate" = "false", Any, Dynamic, Works,
        "Whether a new segment reserves its full size at once.";
    REMOTE_STORAGE_ENABLE: Bool "remote.storage.enable" = "false", Any, Dynamic, NotYet(TIERING),
        "Whether old segments move to the object store. Can't be switched off while data is there, unless it may \
         be deleted.";
    REMOTE_LOG_COPY_DISABLE: Bool "remote.log.copy.disable" = "false", Any, Dynamic, NotYet(TIERING),
        "No further segment is uploaded; what is in the store stays readable.";
    REMOTE_LOG_DELETE_ON_DISABLE: Bool "remote.log.delete.on.disable" = "false", Any, Dynamic, NotYet(TIERING),
        "Switching `remote.storage.enable` off deletes what is in the store.";
    RETENTION_BYTES: Long "retention.bytes" = "-1", Any, Dynamic, Works,
        "Oldest segments are deleted while a partition is larger than this; -1 sets no limit. Counts per \
         partition.";
    RETENTION_MS: Long "retention.ms" = "604800000", AtLeast(-1), Dynamic, Works,
        "Closed segments whose newest record is older than this (ms) are deleted; -1 keeps them.";
    SEGMENT_BYTES: Int "segment.bytes" = "1073741824", AtLeast(1_048_576), Dynamic, Works,
        "Size in bytes at which a segment is closed and a new one begun.";
    SEGMENT_INDEX_BYTES: Int "segment.index.bytes" = "10485760", AtLeast(4), Dynamic, Works,
        "Largest offset index of a segment in bytes; a full index closes the segment.";
    SEGMENT_JITTER_MS: Long "segment.jitter.ms" = "0", AtLeast(0), Dynamic, Works,
        "Up to this much (ms) is taken off `segment.ms` at random, so that not all partitions roll at once.";
    SEGMENT_MS: Long "segment.ms" = "604800000", AtLeast(1), Dynamic, Works,
        "Age in ms at which a segment is closed even if it is small.";
    UNCLEAN_LEADER_ELECTION_ENABLE: Bool "unclean.leader.election.enable" = "false", Any, Dynamic, NotYet(CLUSTER),
        "Whether a replica out of sync may lead if no other is left. Loses records.";
}
