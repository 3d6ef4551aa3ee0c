//! Transactions and their coordinator.

use super::rows;

rows! {
    TRANSACTION_MAX_TIMEOUT_MS: Int "transaction.max.timeout.ms" = "900000",
        AtLeast(1), ReadOnly, Works,
        "Longest timeout (ms) that a transactional producer may ask for.";
    TRANSACTIONAL_ID_EXPIRATION_MS: Int "transactional.id.expiration.ms" = "604800000",
        AtLeast(1), ReadOnly, Works,
        "A transactional id without use for this long (ms) is forgotten.";
    TRANSACTION_STATE_LOG_NUM_PARTITIONS: Int "transaction.state.log.num.partitions" = "50",
        AtLeast(1), ReadOnly, Works,
        "Partitions of `__transaction_state`. Never change it later.";
    TRANSACTION_STATE_LOG_REPLICATION_FACTOR: Short "transaction.state.log.replication.factor" = "1",
        AtLeast(1), ReadOnly, Works,
        "Replicas of `__transaction_state`.";
    TRANSACTION_STATE_LOG_MIN_ISR: Int "transaction.state.log.min.isr" = "1",
        AtLeast(1), ReadOnly, Works,
        "Replicas of `__transaction_state` that must be in sync to write.";
    TRANSACTION_STATE_LOG_SEGMENT_BYTES: Int "transaction.state.log.segment.bytes" = "104857600",
        AtLeast(1), ReadOnly, Works,
        "Segment size of `__transaction_state` in bytes.";
    TRANSACTION_STATE_LOG_LOAD_BUFFER_SIZE: Int "transaction.state.log.load.buffer.size" = "5242880",
        AtLeast(1), ReadOnly, Works,
        "Bytes that are read at a time while transactions are loaded.";
    TRANSACTION_ABORT_TIMED_OUT_TRANSACTION_CLEANUP_INTERVAL_MS: Int "transaction.abort.timed.out.transaction.cleanup.interval.ms" = "10000",
        AtLeast(1), ReadOnly, Works,
        "How often timed-out transactions are looked for, in ms.";
    TRANSACTION_REMOVE_EXPIRED_TRANSACTION_CLEANUP_INTERVAL_MS: Int "transaction.remove.expired.transaction.cleanup.interval.ms" = "3600000",
        AtLeast(1), ReadOnly, Works,
        "How often forgotten transactional ids are removed, in ms.";
    TRANSACTION_PARTITION_VERIFICATION_ENABLE: Bool "transaction.partition.verification.enable" = "true",
        Any, ClusterWide, Works,
        "Whether a transactional write is checked against the coordinator first. Prevents hanging transactions.";
    TRANSACTION_TWO_PHASE_COMMIT_ENABLE: Bool "transaction.two.phase.commit.enable" = "false",
        Any, ReadOnly, NoEffect(STABLE),
        "Whether producers may prepare transactions that never time out.";
    ADD_PARTITIONS_TO_TXN_RETRY_BACKOFF_MS: Int "add.partitions.to.txn.retry.backoff.ms" = "20",
        AtLeast(1), ReadOnly, NoEffect(NO_PAUSE),
        "First pause in ms before a partition is added to a transaction again.";
    ADD_PARTITIONS_TO_TXN_RETRY_BACKOFF_MAX_MS: Int "add.partitions.to.txn.retry.backoff.max.ms" = "100",
        AtLeast(0), ReadOnly, Works,
        "Longest wait in ms of new partitions for the end of the transaction before.";
}
