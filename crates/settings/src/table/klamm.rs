//! Settings that only Klamm has.

use super::rows;

rows! {
    KLAMM_METRICS_LISTENER: Text "klamm.metrics.listener" = none, Any, ReadOnly, Works,
        "`host:port` for metrics (Prometheus text), `/health` and `/ready`. Unset: not offered. \
         `metrics.listener` is another name for it.";
    KLAMM_MAX_INFLIGHT_BYTES: Long "klamm.max.inflight.bytes" = "268435456", AtLeast(1_048_576), ReadOnly, Works,
        "Bytes of requests in work at once over all connections. Beyond it no further request is read until \
         others are answered, so memory stays bounded. A single larger request is still let through alone.";
    KLAMM_CONNECTION_MAX_INFLIGHT_REQUESTS: Int "klamm.connection.max.inflight.requests" = "64",
        Between(1, 10_000), ReadOnly, Works,
        "Requests of one connection that are worked on before the first is answered.";
    KLAMM_PREAUTH_REQUEST_MAX_BYTES: Int "klamm.preauth.request.max.bytes" = "16384",
        AtLeast(1_024), ReadOnly, NotYet(SECURITY),
        "Largest request in bytes before a connection has logged in, where a login is required.";
    KLAMM_REQUEST_READ_TIMEOUT_MS: Int "klamm.request.read.timeout.ms" = "60000", AtLeast(100), ReadOnly, Works,
        "A request that has begun must have arrived after this time (ms), else the connection is closed.";
    KLAMM_ACCEPT_RATE: Int "klamm.accept.rate" = "2000", AtLeast(1), ReadOnly, Works,
        "New connections per second and listener. `max.connection.creation.rate` counts for the whole node; \
         the smaller one holds.";
    KLAMM_VALIDATE: Text "klamm.validate" = "envelope", OneOf(&["envelope", "deep"]), ClusterWide, Works,
        "How a produced batch is checked. `envelope`: header, length and checksum always, the records inside \
         only where the topic's settings need them. `deep`: every record of every batch, which inflates each.";
    KLAMM_FLUSH_DIRTY_BYTES: Long "klamm.flush.dirty.bytes" = "67108864", AtLeast(1_048_576), ReadOnly, Works,
        "Unsynced bytes of the node at which the background flusher begins, whatever the time.";
    KLAMM_FLUSH_DIRTY_MAX_BYTES: Long "klamm.flush.dirty.max.bytes" = "0", AtLeast(0), ReadOnly, Works,
        "Unsynced bytes of the node at which producers wait for the disk. 0 takes a sixteenth of the memory that the node \
         may use: well below what the kernel lets lie before it stops whoever writes.";
    KLAMM_FLUSH_DIRTY_MS: Long "klamm.flush.dirty.ms" = "5000", AtLeast(10), ReadOnly, Works,
        "Unsynced records are written to disk in the background after this time (ms), whatever their number.";
    KLAMM_OPEN_FILES_MAX: Int "klamm.open.files.max" = "512", AtLeast(16), ReadOnly, Works,
        "Log and index files that are kept open. Others are opened when needed; of more than 32, those that rest for some seconds are closed.";
    KLAMM_SHUTDOWN_TIMEOUT_MS: Int "klamm.shutdown.timeout.ms" = "10000", AtLeast(0), ReadOnly, Works,
        "How long (ms) a stopping node lets requests in work finish.";
    KLAMM_THREADS: Int "klamm.threads" = "0", Between(0, 1_024), ReadOnly, Works,
        "Worker threads of the runtime; 0 takes one per core.";
    KLAMM_BLOCKING_THREADS: Int "klamm.blocking.threads" = "32", Between(1, 1_024), ReadOnly, Works,
        "Most threads for work that waits for the disk.";
    KLAMM_FORMAT_AUTO: Bool "klamm.format.auto" = "true", Any, ReadOnly, Works,
        "Whether an empty data folder is formatted on start. Otherwise run `klamm format` first, as with Kafka.";
    KLAMM_LOG_FORMAT: Text "klamm.log.format" = "text", OneOf(&["text", "json"]), ReadOnly, Works,
        "Form of the log lines on stderr.";
    KLAMM_LOG_LEVEL: Text "klamm.log.level" = "info", Any, ReadOnly, Works,
        "What is logged: error, warn, info, debug or trace, also per part, as in `info,klamm_broker::net=debug`.";
}
