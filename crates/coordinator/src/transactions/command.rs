//! What a shard of transactions is asked, what it answers, and what it wants done.

use klamm_codec::Str;

/// A level of the feature `transaction.version`: what a client, or the cluster as a whole, can do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct TransactionVersion(pub i16);

impl TransactionVersion {
    /// Transactions as they were before the feature.
    pub const V0: Self = Self(0);
    /// Records of the log may have tagged fields.
    pub const V1: Self = Self(1);
    /// Each end of a transaction bumps the epoch (KIP-890).
    pub const V2: Self = Self(2);

    /// Whether each end of a transaction bumps the epoch.
    #[must_use]
    pub fn bumps_epoch(self) -> bool {
        self >= Self::V2
    }
}

/// The settings of a coordinator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionConfig {
    /// `transaction.max.timeout.ms`.
    pub timeout_ms_max: i32,
    /// `transactional.id.expiration.ms`.
    pub expiration_ms: i64,
    /// `transaction.remove.expired.transaction.cleanup.interval.ms`.
    pub expiry_interval_ms: i64,
    /// `transaction.abort.timed.out.transaction.cleanup.interval.ms`.
    pub abort_interval_ms: i64,
    /// `transaction.two.phase.commit.enable`.
    pub two_phase_commit: bool,
    /// `add.partitions.to.txn.retry.backoff.max.ms`: the longest wait of new partitions for the markers of the
    /// transaction before.
    pub wait_ms_max: i64,
    /// A record that is larger can't be written to the log.
    pub record_bytes_max: usize,
    /// The finalized `transaction.version`, until a command brings another one.
    pub version: TransactionVersion,
}

/// Why a request is refused. Each has Kafka's error code of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransactionError {
    /// The id is empty or too long.
    #[error("the transactional id is empty or too long")]
    InvalidRequest,
    /// Two phases are not allowed here (KIP-939).
    #[error("two-phase commit is not enabled")]
    TransactionalIdAuthorizationFailed,
    /// Prepared transactions are not kept (KIP-939).
    #[error("a prepared transaction can't be kept")]
    UnsupportedVersion,
    /// Outside of the allowed range.
    #[error("the transaction's timeout is outside of the allowed range")]
    InvalidTransactionTimeout,
    /// The transactional id is unknown, or belongs to another producer id.
    #[error("the transactional id belongs to another producer id")]
    InvalidProducerIdMapping,
    /// A newer producer has taken over.
    #[error("a newer producer has taken over the transactional id")]
    ProducerFenced,
    /// The transaction before is not complete; the client tries again.
    #[error("the transaction before is not complete")]
    ConcurrentTransactions,
    /// Not from this state.
    #[error("the transaction's state does not allow this")]
    InvalidTxnState,
    /// The partition is not part of the transaction, which can only be aborted.
    #[error("the partition is not part of the transaction")]
    TransactionAbortable,
    /// There is no such id.
    #[error("no transaction has this id")]
    TransactionalIdNotFound,
    /// The transaction has more partitions than its record can hold.
    #[error("the transaction has too many partitions")]
    UnknownServerError,
}

/// A producer: an id, and which of those that had it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Producer {
    /// -1 for none.
    pub id: i64,
    /// -1 for none.
    pub epoch: i16,
}

impl Producer {
    /// Nobody.
    pub const NONE: Self = Self { id: -1, epoch: -1 };
}

/// A request that changes state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// InitProducerId with a transactional id.
    InitProducerId(InitProducerId),
    /// AddPartitionsToTxn, one transaction; AddOffsetsToTxn, with the partition that keeps the group.
    AddPartitions(AddPartitions),
    /// EndTxn.
    EndTransaction(EndTransaction),
    /// The markers of [`WriteMarkers`] are in all partitions.
    MarkersWritten {
        /// As in the effect.
        transactional_id: Str,
        /// As in the effect.
        producer_id: i64,
        /// As in the effect.
        producer_epoch: i16,
    },
}

/// Somebody takes a transactional id over, or goes on after an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitProducerId {
    /// Whose.
    pub transactional_id: Str,
    /// How long a transaction may be open.
    pub timeout_ms: i32,
    /// Who the client was so far (KIP-360).
    pub expected: Option<Producer>,
    /// Takes part in two-phase commit (KIP-939).
    pub two_phase_commit: bool,
    /// Wants to end a prepared transaction itself (KIP-939).
    pub keep_prepared: bool,
    /// A producer id that nobody has, once the shard has asked for one with [`Reply::NeedsProducerId`].
    pub fresh_id: Option<i64>,
    /// What the cluster can do.
    pub finalized: TransactionVersion,
}

/// Partitions become part of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddPartitions {
    /// Whose.
    pub transactional_id: Str,
    /// Who asks.
    pub producer: Producer,
    /// Topic and partitions.
    pub partitions: Vec<(Str, Vec<i32>)>,
    /// What the client can do: level 2 if the request is of version 4 or later.
    pub client: TransactionVersion,
    /// What the cluster can do.
    pub finalized: TransactionVersion,
}

impl AddPartitions {
    /// A copy that lets go of the request's frame.
    pub(super) fn detached(&self) -> Self {
        let partitions = self.partitions.iter();
        Self {
            transactional_id: self.transactional_id.detached(),
            partitions: partitions
                .map(|(topic, ids)| (topic.detached(), ids.clone()))
                .collect(),
            ..self.clone()
        }
    }
}

/// A transaction is to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndTransaction {
    /// Whose.
    pub transactional_id: Str,
    /// Who asks.
    pub producer: Producer,
    /// Or abort.
    pub commit: bool,
    /// What the client can do: level 2 if the request is of version 5 or later.
    pub client: TransactionVersion,
    /// A producer id that nobody has, once the shard has asked for one with [`Reply::NeedsProducerId`].
    pub fresh_id: Option<i64>,
    /// What the cluster can do.
    pub finalized: TransactionVersion,
}

/// The answer to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// To `InitProducerId` and `EndTransaction`: who the client is from now on. [`Producer::NONE`] where the end of a
    /// transaction does not change that.
    Producer(Result<Producer, TransactionError>),
    /// To the same: nothing was done; the command must be given again, with a fresh id.
    NeedsProducerId,
    /// To `AddPartitions` and `MarkersWritten`.
    Done(Result<(), TransactionError>),
}

/// A decided transaction, whose markers are to be written into its partitions: again and again, until all are written.
/// Answered with [`Command::MarkersWritten`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteMarkers {
    /// Whose.
    pub transactional_id: Str,
    /// Of the markers.
    pub producer_id: i64,
    /// Of the markers.
    pub producer_epoch: i16,
    /// Or abort.
    pub commit: bool,
    /// Topic and partitions; never empty.
    pub partitions: Vec<(Str, Vec<i32>)>,
    /// The rules that the partitions apply: from level 2 on the epoch is a new one.
    pub transaction_version: TransactionVersion,
}
