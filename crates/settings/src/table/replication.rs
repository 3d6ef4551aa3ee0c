//! Copies on several nodes, and leadership.

use super::rows;

rows! {
    NUM_REPLICA_FETCHERS: Int "num.replica.fetchers" = "1", AtLeast(1), ClusterWide, NotYet(CLUSTER),
        "Connections that follow one leader.";
    REPLICA_FETCH_MIN_BYTES: Int "replica.fetch.min.bytes" = "1", Any, ReadOnly, NotYet(CLUSTER),
        "Bytes for which a leader lets a follower's fetch wait.";
    REPLICA_FETCH_MAX_BYTES: Int "replica.fetch.max.bytes" = "1048576", AtLeast(0), ReadOnly, NotYet(CLUSTER),
        "Bytes of one partition in a follower's fetch. A larger batch is still copied.";
    REPLICA_FETCH_RESPONSE_MAX_BYTES: Int "replica.fetch.response.max.bytes" = "10485760",
        AtLeast(0), ReadOnly, NotYet(CLUSTER),
        "Largest answer to a follower's fetch in bytes.";
    REPLICA_FETCH_WAIT_MAX_MS: Int "replica.fetch.wait.max.ms" = "500", Any, ReadOnly, NotYet(CLUSTER),
        "Longest wait of a follower's fetch, in ms. Keep it below `replica.lag.time.max.ms`.";
    REPLICA_FETCH_BACKOFF_MS: Int "replica.fetch.backoff.ms" = "1000", AtLeast(0), ReadOnly, NotYet(CLUSTER),
        "Pause in ms after a failed follower fetch.";
    REPLICA_LAG_TIME_MAX_MS: Long "replica.lag.time.max.ms" = "30000", Any, ReadOnly, NotYet(CLUSTER),
        "A follower that has not caught up for this long (ms) leaves the in-sync set.";
    REPLICA_SOCKET_TIMEOUT_MS: Int "replica.socket.timeout.ms" = "30000", Any, ReadOnly, NotYet(CLUSTER),
        "How long a follower waits on its socket, in ms.";
    REPLICA_SOCKET_RECEIVE_BUFFER_BYTES: Int "replica.socket.receive.buffer.bytes" = "65536",
        Any, ReadOnly, NotYet(CLUSTER),
        "Receive buffer of a follower's connection, in bytes.";
    REPLICA_HIGH_WATERMARK_CHECKPOINT_INTERVAL_MS: Long "replica.high.watermark.checkpoint.interval.ms" = "5000",
        Any, ReadOnly, NoEffect(CHECKPOINTS),
        "How often high watermarks are written to disk, in ms.";
    REPLICA_SELECTOR_CLASS: Text "replica.selector.class" = none, Any, ReadOnly, NoEffect(JVM),
        "A class that picks the replica a consumer reads from.";
    AUTO_LEADER_REBALANCE_ENABLE: Bool "auto.leader.rebalance.enable" = "true", Any, ReadOnly, NotYet(CLUSTER),
        "Whether leadership is moved back to preferred replicas by itself.";
    LEADER_IMBALANCE_CHECK_INTERVAL_SECONDS: Long "leader.imbalance.check.interval.seconds" = "300",
        AtLeast(1), ReadOnly, NotYet(CLUSTER),
        "How often that is checked, in seconds.";
    UNCLEAN_LEADER_ELECTION_ENABLE: Bool "unclean.leader.election.enable" = "false", Any, ClusterWide, NotYet(CLUSTER),
        "Whether a replica out of sync may lead if no other is left. Loses records.";
    UNCLEAN_LEADER_ELECTION_INTERVAL_MS: Long "unclean.leader.election.interval.ms" = "300000",
        AtLeast(1), Internal, NotYet(CLUSTER),
        "How often leaderless partitions are looked at for an unclean election, in ms.";
    FOLLOWER_FETCH_LAST_TIERED_OFFSET_ENABLE: Bool "follower.fetch.last.tiered.offset.enable" = "false",
        Any, ClusterWide, NotYet(TIERING),
        "Whether a new follower starts at the first offset that is not in the object store.";
    NUM_REPLICA_ALTER_LOG_DIRS_THREADS: Int "num.replica.alter.log.dirs.threads" = none, Any, ReadOnly, NoEffect("one task moves all, step by step in turns"),
        "Moves between data folders that run at a time.";
    LEADER_REPLICATION_THROTTLED_RATE: Long "leader.replication.throttled.rate" = "9223372036854775807",
        AtLeast(0), ClusterWide, NotYet(CLUSTER),
        "Bytes per second that a leader sends to throttled followers.";
    FOLLOWER_REPLICATION_THROTTLED_RATE: Long "follower.replication.throttled.rate" = "9223372036854775807",
        AtLeast(0), ClusterWide, NotYet(CLUSTER),
        "Bytes per second that a follower takes in for throttled partitions.";
    REPLICA_ALTER_LOG_DIRS_IO_MAX_BYTES_PER_SECOND: Long "replica.alter.log.dirs.io.max.bytes.per.second" = "9223372036854775807",
        AtLeast(0), ClusterWide, Works,
        "Bytes per second for moves between data folders.";
}
