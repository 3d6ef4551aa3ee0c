//! Old segments in an object store.

use super::rows;

rows! {
    REMOTE_LOG_STORAGE_SYSTEM_ENABLE: Bool "remote.log.storage.system.enable" = "false",
        Any, ReadOnly, NotYet(TIERING),
        "Whether tiered storage is on at all.";
    REMOTE_LOG_STORAGE_MANAGER_CLASS_NAME: Text "remote.log.storage.manager.class.name" = none,
        NotEmpty, ReadOnly, NoEffect(JVM),
        "The class that talks to the object store.";
    REMOTE_LOG_STORAGE_MANAGER_CLASS_PATH: Text "remote.log.storage.manager.class.path" = none,
        Any, ReadOnly, NoEffect(JVM),
        "Where that class lies.";
    REMOTE_LOG_STORAGE_MANAGER_IMPL_PREFIX: Text "remote.log.storage.manager.impl.prefix" = "rsm.config.",
        NotEmpty, ReadOnly, NoEffect(JVM),
        "Prefix of the settings that the class receives.";
    REMOTE_LOG_METADATA_MANAGER_CLASS_NAME: Text "remote.log.metadata.manager.class.name" = "org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager",
        NotEmpty, ReadOnly, NoEffect(JVM),
        "The class that keeps track of remote segments.";
    REMOTE_LOG_METADATA_MANAGER_CLASS_PATH: Text "remote.log.metadata.manager.class.path" = none,
        Any, ReadOnly, NoEffect(JVM),
        "Where that class lies.";
    REMOTE_LOG_METADATA_MANAGER_IMPL_PREFIX: Text "remote.log.metadata.manager.impl.prefix" = "rlmm.config.",
        NotEmpty, ReadOnly, NoEffect(JVM),
        "Prefix of the settings that the class receives.";
    REMOTE_LOG_METADATA_MANAGER_LISTENER_NAME: Text "remote.log.metadata.manager.listener.name" = none,
        NotEmpty, ReadOnly, NoEffect(JVM),
        "The listener over which the class reaches the brokers.";
    REMOTE_LOG_METADATA_CUSTOM_METADATA_MAX_BYTES: Int "remote.log.metadata.custom.metadata.max.bytes" = "128",
        AtLeast(0), ReadOnly, NotYet(TIERING),
        "Largest custom note in bytes on a remote segment.";
    REMOTE_LOG_INDEX_FILE_CACHE_TOTAL_SIZE_BYTES: Long "remote.log.index.file.cache.total.size.bytes" = "1073741824",
        AtLeast(1), ClusterWide, NotYet(TIERING),
        "Disk space in bytes for index files of remote segments.";
    REMOTE_LOG_INDEX_FILE_CACHE_TTL_MS: Long "remote.log.index.file.cache.ttl.ms" = "900000",
        AtLeast(-1), Internal, NotYet(TIERING),
        "How long (ms) an unused index file stays; -1 has no limit.";
    REMOTE_LOG_MANAGER_THREAD_POOL_SIZE: Int "remote.log.manager.thread.pool.size" = "2",
        AtLeast(1), ReadOnly, NotYet(TIERING),
        "Threads that schedule remote work.";
    REMOTE_LOG_MANAGER_COPIER_THREAD_POOL_SIZE: Int "remote.log.manager.copier.thread.pool.size" = "10",
        AtLeast(1), ClusterWide, NotYet(TIERING),
        "Segments that are uploaded at a time.";
    REMOTE_LOG_MANAGER_EXPIRATION_THREAD_POOL_SIZE: Int "remote.log.manager.expiration.thread.pool.size" = "10",
        AtLeast(1), ClusterWide, NotYet(TIERING),
        "Partitions whose remote retention is worked on at a time.";
    REMOTE_LOG_MANAGER_FOLLOWER_THREAD_POOL_SIZE: Int "remote.log.manager.follower.thread.pool.size" = "2",
        AtLeast(1), ClusterWide, NotYet(TIERING),
        "Followers whose remote position is looked up at a time.";
    REMOTE_LOG_MANAGER_TASK_INTERVAL_MS: Long "remote.log.manager.task.interval.ms" = "30000",
        AtLeast(1), ReadOnly, NotYet(TIERING),
        "How often a partition looks for segments to upload, in ms.";
    REMOTE_LOG_MANAGER_TASK_RETRY_BACKOFF_MS: Long "remote.log.manager.task.retry.backoff.ms" = "500",
        AtLeast(1), Internal, NotYet(TIERING),
        "First pause in ms after a failed upload.";
    REMOTE_LOG_MANAGER_TASK_RETRY_BACKOFF_MAX_MS: Long "remote.log.manager.task.retry.backoff.max.ms" = "30000",
        AtLeast(1), Internal, NotYet(TIERING),
        "Longest such pause in ms.";
    REMOTE_LOG_MANAGER_TASK_RETRY_JITTER: Double "remote.log.manager.task.retry.jitter" = "0.2",
        Share(0.0, 0.5), Internal, NotYet(TIERING),
        "Random share of such a pause.";
    REMOTE_LOG_MANAGER_COPY_MAX_BYTES_PER_SECOND: Long "remote.log.manager.copy.max.bytes.per.second" = "9223372036854775807",
        AtLeast(1), ClusterWide, NotYet(TIERING),
        "Bytes per second for uploads.";
    REMOTE_LOG_MANAGER_COPY_QUOTA_WINDOW_NUM: Int "remote.log.manager.copy.quota.window.num" = "11",
        AtLeast(1), ReadOnly, NotYet(TIERING),
        "Samples kept for the upload limit.";
    REMOTE_LOG_MANAGER_COPY_QUOTA_WINDOW_SIZE_SECONDS: Int "remote.log.manager.copy.quota.window.size.seconds" = "1",
        AtLeast(1), ReadOnly, NotYet(TIERING),
        "Length of such a sample in seconds.";
    REMOTE_LOG_MANAGER_FETCH_MAX_BYTES_PER_SECOND: Long "remote.log.manager.fetch.max.bytes.per.second" = "9223372036854775807",
        AtLeast(1), ClusterWide, NotYet(TIERING),
        "Bytes per second for reads from the object store.";
    REMOTE_LOG_MANAGER_FETCH_QUOTA_WINDOW_NUM: Int "remote.log.manager.fetch.quota.window.num" = "11",
        AtLeast(1), ReadOnly, NotYet(TIERING),
        "Samples kept for the read limit.";
    REMOTE_LOG_MANAGER_FETCH_QUOTA_WINDOW_SIZE_SECONDS: Int "remote.log.manager.fetch.quota.window.size.seconds" = "1",
        AtLeast(1), ReadOnly, NotYet(TIERING),
        "Length of such a sample in seconds.";
    REMOTE_LOG_READER_THREADS: Int "remote.log.reader.threads" = "10", AtLeast(1), ClusterWide, NotYet(TIERING),
        "Remote reads that run at a time.";
    REMOTE_LOG_READER_MAX_PENDING_TASKS: Int "remote.log.reader.max.pending.tasks" = "100",
        AtLeast(1), ReadOnly, NotYet(TIERING),
        "Remote reads that may wait; further fetches are refused for the moment.";
    REMOTE_FETCH_MAX_WAIT_MS: Int "remote.fetch.max.wait.ms" = "500", AtLeast(1), ClusterWide, NotYet(TIERING),
        "How long (ms) a fetch waits for the object store.";
    REMOTE_LIST_OFFSETS_REQUEST_TIMEOUT_MS: Long "remote.list.offsets.request.timeout.ms" = "30000",
        AtLeast(1), ClusterWide, NotYet(TIERING),
        "How long (ms) a look-up of a remote offset may take.";
}
