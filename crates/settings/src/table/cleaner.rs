//! Compaction: keeping the newest record of each key.

use super::rows;

rows! {
    LOG_CLEANER_ENABLE: Bool "log.cleaner.enable" = "true", Any, ReadOnly, Works,
        "Whether compaction runs. Kafka will drop this switch.";
    LOG_CLEANER_THREADS: Int "log.cleaner.threads" = "1", AtLeast(0), ClusterWide, Works,
        "Partitions that are compacted at a time.";
    LOG_CLEANER_BACKOFF_MS: Long "log.cleaner.backoff.ms" = "15000", AtLeast(0), ClusterWide, Works,
        "Pause in ms if nothing is there to compact.";
    LOG_CLEANER_DEDUPE_BUFFER_SIZE: Long "log.cleaner.dedupe.buffer.size" = "134217728",
        Any, ClusterWide, Works,
        "Memory in bytes for the table of keys, over all workers.";
    LOG_CLEANER_IO_BUFFER_SIZE: Int "log.cleaner.io.buffer.size" = "524288",
        AtLeast(0), ClusterWide, Works,
        "Memory in bytes for reading and writing, over all workers.";
    LOG_CLEANER_IO_BUFFER_LOAD_FACTOR: Double "log.cleaner.io.buffer.load.factor" = "0.9",
        Any, ClusterWide, Works,
        "How full the table of keys may get, as a share of 1.";
    LOG_CLEANER_IO_MAX_BYTES_PER_SECOND: Double "log.cleaner.io.max.bytes.per.second" = "1.7976931348623157E308",
        Any, ClusterWide, Works,
        "Bytes per second that compaction may read and write together.";
    LOG_CLEANER_MIN_CLEANABLE_RATIO: Double "log.cleaner.min.cleanable.ratio" = "0.5",
        Share(0.0, 1.0), ClusterWide, Works,
        "Share of a log that must be uncompacted before it is compacted.";
    LOG_CLEANER_MIN_COMPACTION_LAG_MS: Long "log.cleaner.min.compaction.lag.ms" = "0",
        AtLeast(0), ClusterWide, Works,
        "A record younger than this (ms) is not compacted away.";
    LOG_CLEANER_MAX_COMPACTION_LAG_MS: Long "log.cleaner.max.compaction.lag.ms" = "9223372036854775807",
        AtLeast(1), ClusterWide, Works,
        "A record older than this (ms) makes its log due for compaction whatever the ratio.";
    LOG_CLEANER_DELETE_RETENTION_MS: Long "log.cleaner.delete.retention.ms" = "86400000",
        AtLeast(0), ClusterWide, Works,
        "How long (ms) a delete marker stays readable after it was compacted.";
}
