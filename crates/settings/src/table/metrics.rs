//! Metrics, telemetry and quota windows.

use super::rows;

rows! {
    METRIC_REPORTERS: List "metric.reporters" = "", Any, ClusterWide, NoEffect(JVM),
        "Classes that receive metrics. Klamm offers them at `klamm.metrics.listener`.";
    METRICS_NUM_SAMPLES: Int "metrics.num.samples" = "2", AtLeast(1), ReadOnly, NoEffect(METRIC),
        "Samples that a rate is computed from.";
    METRICS_SAMPLE_WINDOW_MS: Long "metrics.sample.window.ms" = "30000", AtLeast(1), ReadOnly, NoEffect(METRIC),
        "Length of one sample in ms.";
    METRICS_RECORDING_LEVEL: Text "metrics.recording.level" = "INFO", Any, ReadOnly, NoEffect(METRIC),
        "How much is measured: INFO, DEBUG or TRACE.";
    KAFKA_METRICS_REPORTERS: List "kafka.metrics.reporters" = "", Any, ReadOnly, NoEffect(JVM),
        "Classes that receive metrics of the older kind.";
    KAFKA_METRICS_POLLING_INTERVAL_SECS: Int "kafka.metrics.polling.interval.secs" = "10",
        AtLeast(1), ReadOnly, NoEffect(JVM),
        "How often those classes are called, in seconds.";
    TELEMETRY_MAX_BYTES: Int "telemetry.max.bytes" = "1048576", AtLeast(1), ReadOnly, Works,
        "Largest telemetry push of a client in bytes.";
    QUOTA_WINDOW_NUM: Int "quota.window.num" = "11", AtLeast(1), ReadOnly, Works,
        "One fetch, or a burst of connections from an address, has at most what its quota allows in all of these \
         windows but one.";
    QUOTA_WINDOW_SIZE_SECONDS: Int "quota.window.size.seconds" = "1", AtLeast(1), ReadOnly, Works,
        "Length of such a window in seconds. An idle client may save up what its quota allows in it.";
    REPLICATION_QUOTA_WINDOW_NUM: Int "replication.quota.window.num" = "11", AtLeast(1), ReadOnly, NotYet(CLUSTER),
        "Samples kept for replication quotas.";
    REPLICATION_QUOTA_WINDOW_SIZE_SECONDS: Int "replication.quota.window.size.seconds" = "1",
        AtLeast(1), ReadOnly, NotYet(CLUSTER),
        "Length of such a sample in seconds.";
    ALTER_LOG_DIRS_REPLICATION_QUOTA_WINDOW_NUM: Int "alter.log.dirs.replication.quota.window.num" = "11",
        AtLeast(1), ReadOnly, NotYet(CLUSTER),
        "Samples kept for quotas of moves between folders.";
    ALTER_LOG_DIRS_REPLICATION_QUOTA_WINDOW_SIZE_SECONDS: Int "alter.log.dirs.replication.quota.window.size.seconds" = "1",
        AtLeast(1), ReadOnly, NotYet(CLUSTER),
        "Length of such a sample in seconds.";
    CONTROLLER_QUOTA_WINDOW_NUM: Int "controller.quota.window.num" = "11", AtLeast(1), ReadOnly, Works,
        "An idle client may save up what its quota of metadata changes allows in so many windows.";
    CONTROLLER_QUOTA_WINDOW_SIZE_SECONDS: Int "controller.quota.window.size.seconds" = "1",
        AtLeast(1), ReadOnly, Works,
        "Length of such a window in seconds.";
    CLIENT_QUOTA_CALLBACK_CLASS: Class "client.quota.callback.class" = none, Any, ReadOnly, NoEffect(JVM),
        "A class that computes client quotas.";
}
