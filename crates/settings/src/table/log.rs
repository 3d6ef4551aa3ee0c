//! Partition logs: segments, retention, flush, timestamps.

use super::rows;

rows! {
    LOG_SEGMENT_BYTES: Int "log.segment.bytes" = "1073741824", AtLeast(1_048_576), ClusterWide, Works,
        "Size in bytes at which a segment is closed and a new one begun.";
    LOG_ROLL_MS: Long "log.roll.ms" = none, Any, ClusterWide, Works,
        "Age in ms at which a segment is closed even if it is small. Unset: `log.roll.hours`.";
    LOG_ROLL_HOURS: Int "log.roll.hours" = "168", AtLeast(1), ReadOnly, Works,
        "Age in hours at which a segment is closed, if `log.roll.ms` is not set.";
    LOG_ROLL_JITTER_MS: Long "log.roll.jitter.ms" = none, Any, ClusterWide, Works,
        "Up to this much (ms) is taken off the age at random, so that not all partitions roll at once.";
    LOG_ROLL_JITTER_HOURS: Int "log.roll.jitter.hours" = "0", AtLeast(0), ReadOnly, Works,
        "The same in hours, if `log.roll.jitter.ms` is not set.";
    LOG_RETENTION_MS: Long "log.retention.ms" = none, Any, ClusterWide, Works,
        "Closed segments whose newest record is older than this (ms) are deleted; -1 keeps them. Unset: \
         `log.retention.minutes`.";
    LOG_RETENTION_MINUTES: Int "log.retention.minutes" = none, Any, ReadOnly, Works,
        "The same in minutes, if `log.retention.ms` is not set.";
    LOG_RETENTION_HOURS: Int "log.retention.hours" = "168", Any, ReadOnly, Works,
        "The same in hours, if neither `log.retention.ms` nor `log.retention.minutes` is set.";
    LOG_RETENTION_BYTES: Long "log.retention.bytes" = "-1", Any, ClusterWide, Works,
        "Oldest segments are deleted while a partition is larger than this; -1 sets no limit. Counts per \
         partition.";
    LOG_RETENTION_CHECK_INTERVAL_MS: Long "log.retention.check.interval.ms" = "300000", AtLeast(1), ReadOnly, Works,
        "How often retention looks at the logs, in ms.";
    LOG_CLEANUP_POLICY: List "log.cleanup.policy" = "delete", ListOf(&["compact", "delete"]), ClusterWide, Works,
        "`delete` drops old segments, `compact` keeps the newest record of each key, both do both; empty keeps \
         all for ever.";
    LOG_INDEX_SIZE_MAX_BYTES: Int "log.index.size.max.bytes" = "10485760", AtLeast(4), ClusterWide, Works,
        "Largest offset index of a segment in bytes; a full index closes the segment.";
    LOG_INDEX_INTERVAL_BYTES: Int "log.index.interval.bytes" = "4096", AtLeast(0), ClusterWide, Works,
        "An index entry is made at most once per this many bytes of log. Smaller: faster look-up, larger index.";
    LOG_FLUSH_INTERVAL_MESSAGES: Long "log.flush.interval.messages" = "9223372036854775807",
        AtLeast(1), ClusterWide, Works,
        "Records a partition may hold unsynced before a produce waits for fsync. 1 means: every acknowledged \
         record is on disk.";
    LOG_FLUSH_INTERVAL_MS: Long "log.flush.interval.ms" = none, Any, ClusterWide, Works,
        "Longest time in ms that a record stays unsynced. Unset: `log.flush.scheduler.interval.ms`.";
    LOG_FLUSH_SCHEDULER_INTERVAL_MS: Long "log.flush.scheduler.interval.ms" = "9223372036854775807",
        Any, ReadOnly, Works,
        "How often the flusher looks for logs that are due, in ms.";
    LOG_FLUSH_OFFSET_CHECKPOINT_INTERVAL_MS: Int "log.flush.offset.checkpoint.interval.ms" = "60000",
        AtLeast(0), ReadOnly, Works,
        "How often recovery points are written, in ms.";
    LOG_FLUSH_START_OFFSET_CHECKPOINT_INTERVAL_MS: Int "log.flush.start.offset.checkpoint.interval.ms" = "60000",
        AtLeast(0), ReadOnly, NoEffect(CHECKPOINTS),
        "How often log start offsets are written, in ms.";
    LOG_SEGMENT_DELETE_DELAY_MS: Long "log.segment.delete.delay.ms" = "60000", AtLeast(0), ClusterWide, Works,
        "Time in ms between taking a file out of service and removing it from disk.";
    LOG_PREALLOCATE: Bool "log.preallocate" = "false", Any, ClusterWide, Works,
        "Whether a new segment reserves its full size at once.";
    NUM_RECOVERY_THREADS_PER_DATA_DIR: Int "num.recovery.threads.per.data.dir" = "2",
        AtLeast(1), ClusterWide, Works,
        "Partitions of one data folder that are opened, recovered and closed at a time.";
    MIN_INSYNC_REPLICAS: Int "min.insync.replicas" = "1", AtLeast(1), ClusterWide, Works,
        "With acks=all a produce is refused while fewer replicas than this are in sync.";
    LOG_MESSAGE_TIMESTAMP_TYPE: Text "log.message.timestamp.type" = "CreateTime",
        OneOf(&["CreateTime", "LogAppendTime"]), ClusterWide, Works,
        "Whose time a record carries: the producer's (`CreateTime`) or the broker's (`LogAppendTime`).";
    LOG_MESSAGE_TIMESTAMP_BEFORE_MAX_MS: Long "log.message.timestamp.before.max.ms" = "9223372036854775807",
        AtLeast(0), ClusterWide, Works,
        "A record with a timestamp further in the past than this (ms) is refused.";
    LOG_MESSAGE_TIMESTAMP_AFTER_MAX_MS: Long "log.message.timestamp.after.max.ms" = "3600000",
        AtLeast(0), ClusterWide, Works,
        "A record with a timestamp further in the future than this (ms) is refused.";
    MESSAGE_MAX_BYTES: Int "message.max.bytes" = "1048588", AtLeast(0), ClusterWide, Works,
        "Largest batch in bytes, as it is stored.";
    COMPRESSION_TYPE: Text "compression.type" = "producer",
        OneOf(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]), ClusterWide, Works,
        "Codec in which batches are stored; `producer` keeps what the producer sent.";
    COMPRESSION_GZIP_LEVEL: Int "compression.gzip.level" = "-1", BetweenOr(1, 9, -1), ClusterWide, Works,
        "Level when the broker compresses with gzip; -1 is the codec's default.";
    COMPRESSION_LZ4_LEVEL: Int "compression.lz4.level" = "9", Between(1, 17), ClusterWide, NoEffect(LZ4),
        "Level when the broker compresses with lz4.";
    COMPRESSION_ZSTD_LEVEL: Int "compression.zstd.level" = "3", Between(-131_072, 22), ClusterWide, Works,
        "Level when the broker compresses with zstd.";
    LOG_DIR_FAILURE_TIMEOUT_MS: Long "log.dir.failure.timeout.ms" = "30000", AtLeast(1), ReadOnly, NotYet(CLUSTER),
        "If the controller can't be told of a failed data folder for this long (ms), the broker stops.";
    LOG_INITIAL_TASK_DELAY_MS: Long "log.initial.task.delay.ms" = "30000", AtLeast(0), Internal, NoEffect(TESTS),
        "Delay in ms between the start and the first round of upkeep.";
    LOG_LOCAL_RETENTION_MS: Long "log.local.retention.ms" = "-2", AtLeast(-2), ClusterWide, NotYet(TIERING),
        "How long (ms) segments that are in the object store stay on local disk too; -2 follows \
         `log.retention.ms`.";
    LOG_LOCAL_RETENTION_BYTES: Long "log.local.retention.bytes" = "-2", AtLeast(-2), ClusterWide, NotYet(TIERING),
        "How many bytes of a partition stay on local disk; -2 follows `log.retention.bytes`.";
    PRODUCER_ID_EXPIRATION_MS: Int "producer.id.expiration.ms" = "86400000", AtLeast(1), ClusterWide, Works,
        "A producer that wrote nothing for this long (ms) is forgotten by the duplicate check.";
    PRODUCER_ID_EXPIRATION_CHECK_INTERVAL_MS: Int "producer.id.expiration.check.interval.ms" = "600000",
        AtLeast(1), Internal, NoEffect(TESTS),
        "How often forgotten producers are looked for, in ms.";
    FETCH_MAX_BYTES: Int "fetch.max.bytes" = "57671680", AtLeast(1_024), ReadOnly, Works,
        "Largest answer to a fetch in bytes. A single batch that is larger is still sent, so that a consumer \
         never hangs.";
    MAX_INCREMENTAL_FETCH_SESSION_CACHE_SLOTS: Int "max.incremental.fetch.session.cache.slots" = "1000",
        AtLeast(0), ReadOnly, Works,
        "Fetch sessions that are remembered at once.";
    FETCH_PURGATORY_PURGE_INTERVAL_REQUESTS: Int "fetch.purgatory.purge.interval.requests" = "1000",
        Any, ReadOnly, NoEffect(WAIT),
        "Purge interval of waiting fetches.";
    PRODUCER_PURGATORY_PURGE_INTERVAL_REQUESTS: Int "producer.purgatory.purge.interval.requests" = "1000",
        Any, ReadOnly, NoEffect(WAIT),
        "Purge interval of waiting produces.";
    DELETE_RECORDS_PURGATORY_PURGE_INTERVAL_REQUESTS: Int "delete.records.purgatory.purge.interval.requests" = "1",
        Any, ReadOnly, NoEffect(WAIT),
        "Purge interval of waiting record deletions.";
    SHARE_FETCH_PURGATORY_PURGE_INTERVAL_REQUESTS: Int "share.fetch.purgatory.purge.interval.requests" = "1000",
        Any, ReadOnly, NoEffect(WAIT),
        "Purge interval of waiting share fetches.";
}
