//! The metadata log and the controllers that agree on it.

use super::rows;

rows! {
    CONTROLLER_QUORUM_BOOTSTRAP_SERVERS: List "controller.quorum.bootstrap.servers" = "",
        Any, ReadOnly, NotYet(CLUSTER),
        "Controllers to ask first, as `host:port`. A node that is its own quorum needs none.";
    CONTROLLER_QUORUM_VOTERS: List "controller.quorum.voters" = "", Any, ReadOnly, Works,
        "The fixed voters of a quorum of the old form (`kraft.version` 0), `id@host:port`. Klamm takes one entry, this \
         node; a data folder that Kafka formatted without voters of its own needs it.";
    CONTROLLER_QUORUM_ELECTION_TIMEOUT_MS: Int "controller.quorum.election.timeout.ms" = "1000",
        AtLeast(0), ReadOnly, Works,
        "How long a candidate waits for votes, in ms, before it tries again.";
    CONTROLLER_QUORUM_FETCH_TIMEOUT_MS: Int "controller.quorum.fetch.timeout.ms" = "2000",
        AtLeast(0), ReadOnly, Works,
        "Without a word from the leader for this long (ms) a voter calls an election.";
    CONTROLLER_QUORUM_ELECTION_BACKOFF_MAX_MS: Int "controller.quorum.election.backoff.max.ms" = "1000",
        AtLeast(0), ReadOnly, Works,
        "Longest random pause in ms between elections.";
    CONTROLLER_QUORUM_APPEND_LINGER_MS: Int "controller.quorum.append.linger.ms" = "25",
        AtLeast(0), ReadOnly, NotYet(CLUSTER),
        "How long the leader gathers records before it writes them, in ms. A quorum of one does not wait.";
    CONTROLLER_QUORUM_REQUEST_TIMEOUT_MS: Int "controller.quorum.request.timeout.ms" = "2000",
        AtLeast(0), ReadOnly, Works,
        "How long a quorum request may take, in ms.";
    CONTROLLER_QUORUM_RETRY_BACKOFF_MS: Int "controller.quorum.retry.backoff.ms" = "20",
        AtLeast(0), ReadOnly, Works,
        "Pause in ms before a quorum request is tried again.";
    CONTROLLER_QUORUM_FETCH_MAX_BYTES: Int "controller.quorum.fetch.max.bytes" = "1048576",
        AtLeast(1), ReadOnly, NotYet(CLUSTER),
        "Bytes of metadata log in one quorum fetch.";
    CONTROLLER_QUORUM_FETCH_SNAPSHOT_MAX_BYTES: Int "controller.quorum.fetch.snapshot.max.bytes" = "1048576",
        AtLeast(1), ReadOnly, NotYet(CLUSTER),
        "Bytes of snapshot in one FetchSnapshot answer.";
    CONTROLLER_QUORUM_AUTO_JOIN_ENABLE: Bool "controller.quorum.auto.join.enable" = "false",
        Any, ReadOnly, NotYet(CLUSTER),
        "Whether a controller adds itself to the voters.";
    METADATA_LOG_SEGMENT_BYTES: Int "metadata.log.segment.bytes" = "1073741824",
        AtLeast(8_388_608), ReadOnly, Works,
        "Size in bytes at which a segment of the metadata log is closed.";
    METADATA_LOG_SEGMENT_MS: Long "metadata.log.segment.ms" = "604800000", Any, ReadOnly, Works,
        "Age in ms at which a segment of the metadata log is closed.";
    INTERNAL_METADATA_LOG_SEGMENT_BYTES: Int "internal.metadata.log.segment.bytes" = none, Any, Internal, Works,
        "Like `metadata.log.segment.bytes` without its lower bound. For tests.";
    INTERNAL_METADATA_MAX_BATCH_SIZE_IN_BYTES: Int "internal.metadata.max.batch.size.in.bytes" = "8388608",
        Any, Internal, Works,
        "Largest batch of the metadata log in bytes. For tests.";
    INTERNAL_METADATA_DELETE_DELAY_MILLIS: Long "internal.metadata.delete.delay.millis" = "60000",
        Any, Internal, NoEffect(TESTS),
        "Delay in ms before a superseded metadata file is removed. For tests.";
    METADATA_LOG_MAX_RECORD_BYTES_BETWEEN_SNAPSHOTS: Long "metadata.log.max.record.bytes.between.snapshots" = "20971520",
        AtLeast(1), ReadOnly, Works,
        "Bytes of metadata log after which a snapshot is written.";
    METADATA_LOG_MAX_SNAPSHOT_INTERVAL_MS: Long "metadata.log.max.snapshot.interval.ms" = "3600000",
        AtLeast(0), ReadOnly, Works,
        "A snapshot is written at least this often (ms) if anything changed; 0 leaves it to the bytes.";
    METADATA_MAX_RETENTION_BYTES: Long "metadata.max.retention.bytes" = "104857600", Any, ReadOnly, Works,
        "Metadata log and snapshots together may take this many bytes before old ones go.";
    METADATA_MAX_RETENTION_MS: Long "metadata.max.retention.ms" = "604800000", Any, ReadOnly, Works,
        "How long (ms) metadata log and snapshots that are no longer needed are kept.";
    METADATA_MAX_IDLE_INTERVAL_MS: Int "metadata.max.idle.interval.ms" = "500", AtLeast(0), ReadOnly, NotYet(CLUSTER),
        "The active controller writes an empty record if nothing happened for this long (ms); 0 never. A quorum \
         of one writes none.";
    CONTROLLER_PERFORMANCE_SAMPLE_PERIOD_MS: Long "controller.performance.sample.period.ms" = "60000",
        AtLeast(100), Internal, NoEffect(METRIC),
        "Length in ms of the window in which slow controller events are gathered.";
    CONTROLLER_PERFORMANCE_ALWAYS_LOG_THRESHOLD_MS: Long "controller.performance.always.log.threshold.ms" = "2000",
        AtLeast(0), Internal, NoEffect(METRIC),
        "Controller events slower than this (ms) are logged each.";
}
