//! The transaction coordinator of this node: shards of transactional ids over `__transaction_state`.

use super::LogTopic;
use super::markers::MarkerWriter;
use super::shards::{Kind, Log, Office, Shards, answered};
use crate::partitions::{Marker, Registry};
use crate::quorum::QuorumHandle;
use klamm_coordinator::groups::shard_of;
use klamm_coordinator::transactions::{
    Command, Reply, TransactionConfig, TransactionShard, TransactionVersion, WriteMarkers,
};
use klamm_host::{BoxFuture, Host};
use klamm_records::{Compression, EndTransaction, EndTransactionMarker};
use klamm_settings::{Settings, broker};
use klamm_wire::ErrorCode;
use std::convert::Infallible;
use std::sync::Arc;

/// The transaction coordinator of this node.
#[derive(Debug)]
pub(crate) struct Transactions {
    shards: Shards<OfTransactions>,
    topic: LogTopic,
}

/// What is special about shards of transactions.
#[derive(Debug)]
struct OfTransactions {
    config: TransactionConfig,
    quorum: QuorumHandle,
    markers: MarkerWriter,
}

impl Kind for OfTransactions {
    type Shard = TransactionShard;

    fn empty(&self) -> TransactionShard {
        let version = finalized(&self.quorum);
        let config = TransactionConfig { version, ..self.config.clone() };
        TransactionShard::new(config)
    }

    fn observe(&self, observation: Infallible) {
        match observation {}
    }

    fn carry_out(
        self: Arc<Self>,
        effect: WriteMarkers,
        office: Office,
    ) -> BoxFuture<'static, Option<Command>> {
        Box::pin(async move {
            let marker = Marker {
                producer_id: effect.producer_id,
                producer_epoch: effect.producer_epoch,
                end: EndTransactionMarker {
                    end: if effect.commit {
                        EndTransaction::Commit
                    } else {
                        EndTransaction::Abort
                    },
                    coordinator_epoch: office.epoch,
                },
                strict: effect.transaction_version.bumps_epoch(),
            };
            let written = self.markers.write_all(marker, &effect.partitions).await;
            written.then_some(Command::MarkersWritten {
                transactional_id: effect.transactional_id,
                producer_id: effect.producer_id,
                producer_epoch: effect.producer_epoch,
            })
        })
    }
}

impl Transactions {
    pub(crate) fn new(
        host: &Host,
        settings: &Settings,
        quorum: &QuorumHandle,
        partitions: &Arc<Registry>,
        markers: MarkerWriter,
    ) -> Self {
        let load_bytes = settings.get(&broker::TRANSACTION_STATE_LOG_LOAD_BUFFER_SIZE);
        let log = Log {
            topic: LogTopic::TRANSACTIONS,
            compression: Compression::None,
            load_bytes: usize::try_from(load_bytes).unwrap_or(1),
            linger: None,
        };
        let kind = OfTransactions {
            config: transaction_config(settings),
            quorum: quorum.clone(),
            markers,
        };
        Self {
            shards: Shards::new(host, quorum, partitions, log, kind),
            topic: LogTopic::transactions(settings),
        }
    }

    /// The partition that coordinates a transactional id; creates the topic if there is none.
    ///
    /// # Errors
    /// The topic can't be created now.
    pub(crate) async fn partition_of(&self, transactional_id: &str) -> Result<i32, ErrorCode> {
        if self.shards.count() == 0 {
            self.topic.create(self.shards.quorum()).await?;
        }
        match self.shards.count() {
            0 => Err(ErrorCode::COORDINATOR_NOT_AVAILABLE),
            count => Ok(shard_of(transactional_id, count)),
        }
    }

    /// Carries a command out, and waits for its answer.
    ///
    /// # Errors
    /// The id is not coordinated here, or not at the moment.
    pub(crate) async fn ask(
        &self,
        transactional_id: &str,
        command: Command,
    ) -> Result<Reply, ErrorCode> {
        let place = self.place(transactional_id)?;
        answered(self.shards.ask(place, command, None)).await
    }

    /// Looks at the shard of a transactional id.
    ///
    /// # Errors
    /// The id is not coordinated here, or not at the moment.
    pub(crate) async fn read<R, F>(&self, transactional_id: &str, look: F) -> Result<R, ErrorCode>
    where
        R: Send + 'static,
        F: FnOnce(&TransactionShard) -> R + Send + 'static,
    {
        self.shards.look(self.place(transactional_id)?, look).await
    }

    /// Looks at every shard.
    ///
    /// # Errors
    /// A shard is not here, or not at the moment.
    pub(crate) async fn read_all<R, F>(&self, look: F) -> Result<Vec<R>, ErrorCode>
    where
        R: Send + 'static,
        F: FnOnce(&TransactionShard) -> R + Clone + Send + 'static,
    {
        self.shards.look_at_all(look).await
    }

    /// The level of `transaction.version` that the cluster has agreed on.
    pub(crate) fn finalized(&self) -> TransactionVersion {
        finalized(self.shards.quorum())
    }

    /// Begins to load every shard, so that timeouts and unwritten markers need no request.
    pub(crate) fn load_all(&self) {
        self.shards.load_all();
    }

    /// Ends every shard after what its queue holds. Markers that are not written follow after the next start.
    pub(crate) fn stop(&self) {
        self.shards.stop();
    }

    /// Waits for the end of all shards.
    pub(crate) async fn stopped(&self) {
        self.shards.stopped().await;
    }

    fn place(&self, transactional_id: &str) -> Result<i32, ErrorCode> {
        match self.shards.count() {
            0 => Err(ErrorCode::NOT_COORDINATOR),
            count => Ok(shard_of(transactional_id, count)),
        }
    }
}

fn finalized(quorum: &QuorumHandle) -> TransactionVersion {
    TransactionVersion(quorum.image().feature("transaction.version"))
}

fn transaction_config(settings: &Settings) -> TransactionConfig {
    let interval = |n: i32| i64::from(n);
    TransactionConfig {
        timeout_ms_max: settings.get(&broker::TRANSACTION_MAX_TIMEOUT_MS),
        expiration_ms: interval(settings.get(&broker::TRANSACTIONAL_ID_EXPIRATION_MS)),
        expiry_interval_ms: interval(
            settings.get(&broker::TRANSACTION_REMOVE_EXPIRED_TRANSACTION_CLEANUP_INTERVAL_MS),
        ),
        abort_interval_ms: interval(
            settings.get(&broker::TRANSACTION_ABORT_TIMED_OUT_TRANSACTION_CLEANUP_INTERVAL_MS),
        ),
        two_phase_commit: settings.get(&broker::TRANSACTION_TWO_PHASE_COMMIT_ENABLE),
        wait_ms_max: interval(settings.get(&broker::ADD_PARTITIONS_TO_TXN_RETRY_BACKOFF_MAX_MS)),
        record_bytes_max: RECORD_BYTES_MAX,
        version: TransactionVersion::V0,
    }
}

/// Below `max.message.bytes` of `__transaction_state`, with room for the batch around the record.
const RECORD_BYTES_MAX: usize = 1_000_000;
