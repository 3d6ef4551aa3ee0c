//! ⑦ The metadata quorum of this node: the pure cores `raft` and `metadata`, driven over a log on disk.
//!
//! ```text
//! decide() ─▶ queue ─▶ drive (one task) ─▶ engine (off the reactor): decide, append, sync, commit, replay
//!                                             │
//!                        MetadataListener::publish ─▶ image() ─▶ the callers' answers
//! ```
//! *Invariants:* an answer is given only after its records are on disk, committed, replayed and published. Decisions
//! run one at a time, each on the state that those before it left. A failed write or sync ends the engine for good; a
//! full volume does not: room is asked for before a decision is written.

mod activate;
mod batching;
mod decision;
mod drive;
mod engine;
mod folder;
mod format;
mod metadata_log;
mod snapshot_file;

#[cfg(test)]
mod tests;

pub(crate) use decision::DecisionContext;
pub(crate) use format::{FormatError, InitialVoters, format_metadata};

use arc_swap::ArcSwap;
use decision::Asked;
use drive::Command;
use engine::{Engine, Published};
use klamm_host::Host;
use klamm_metadata::decide::Decision;
use klamm_metadata::{Delta, Image};
use klamm_model::{LeaderEpoch, NodeId, Offset};
use klamm_raft::{ReplicaInfo, SnapshotPolicy, Voter};
use klamm_settings::{Layers, Settings, broker};
use klamm_storage::{LastRun, LogDir};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI16, AtomicI64, Ordering};
use tokio::sync::{mpsc, oneshot};

/// What the quorum needs to know to start.
#[derive(Debug, Clone)]
pub(crate) struct QuorumConfig {
    pub(crate) node: NodeId,
    /// The directory that holds the metadata log (`metadata.log.dir`).
    pub(crate) dir: Arc<LogDir>,
    /// What that directory's last run left.
    pub(crate) last_run: LastRun,
    /// The static settings.
    pub(crate) settings: Settings,
}

/// Hears of every change of the metadata, in order, before anybody sees it in [`QuorumHandle::image`].
pub(crate) trait MetadataListener: fmt::Debug + Send + Sync {
    /// Called off the reactor; may block.
    fn publish(&self, old: &Image, new: &Arc<Image>, delta: &Delta);
    /// The engine has ended: nothing will be decided any more. The node should stop.
    fn halted(&self, cause: &str);
}

/// Several who listen; each change goes to them in turn.
impl MetadataListener for Vec<Arc<dyn MetadataListener>> {
    fn publish(&self, old: &Image, new: &Arc<Image>, delta: &Delta) {
        for listener in self {
            listener.publish(old, new, delta);
        }
    }

    fn halted(&self, cause: &str) {
        for listener in self {
            listener.halted(cause);
        }
    }
}

/// Why a decision has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum QuorumError {
    /// Another node decides, or none does at the moment.
    #[error("this node is not the active controller")]
    NotController,
    /// More decisions wait than the queue holds. Try again.
    #[error("too many decisions wait for the controller")]
    Busy,
    /// The records exceed what the log takes. Nothing was written.
    #[error("the decision's records can't be written: {0}")]
    Unwritable(String),
    /// The volume of the metadata log is full. Nothing was written.
    #[error("no room left on the volume of the metadata log")]
    NoRoom,
    /// The quorum has stopped, in order or by a failure. What was asked may or may not have been written.
    #[error("the metadata quorum has stopped")]
    Stopped,
}

/// The quorum can't start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum QuorumStartError {
    /// The folder was never formatted.
    #[error("{0} holds no voters: format it first")]
    NotFormatted(String),
    /// The disk, or what is on it.
    #[error("the metadata log can't be opened: {0}")]
    Open(String),
    /// Several voters: this release serves a quorum of one.
    #[error(
        "the quorum has {0} voters; this release runs a quorum of one, which must be this node"
    )]
    Voters(usize),
}

/// The quorum as DescribeQuorum shows it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct QuorumDescription {
    pub(crate) leader: NodeId,
    pub(crate) epoch: LeaderEpoch,
    pub(crate) high_watermark: Offset,
    /// Their times are wall-clock milliseconds.
    pub(crate) voters: Vec<ReplicaInfo>,
    pub(crate) observers: Vec<ReplicaInfo>,
    /// Where the voters listen.
    pub(crate) nodes: Vec<Voter>,
}

/// The way to the quorum. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct QuorumHandle {
    published: Arc<Published>,
    commands: mpsc::Sender<Command>,
}

/// How many decisions may wait; more are refused, so that memory is bounded.
const QUEUE_MAX: usize = 4096;

/// Opens the metadata log, recovers it, joins the quorum (a node alone leads at once) and waits until its state is
/// published. The first publication happens before this returns.
///
/// # Errors
/// The folder is not formatted or damaged, or the quorum is not one that this release can run.
pub(crate) async fn start(
    host: Host,
    config: QuorumConfig,
    listener: Arc<dyn MetadataListener>,
) -> Result<QuorumHandle, QuorumStartError> {
    let published = Arc::new(Published {
        image: ArcSwap::from_pointee(Image::empty()),
        layers: ArcSwap::from_pointee(Layers::new(config.settings.clone())),
        applied: AtomicI64::new(-1),
        kraft_version: AtomicI16::new(0),
    });
    let (engine_host, engine_published) = (host.clone(), Arc::clone(&published));
    let opened = klamm_host::run_blocking(&*host.tasks, move || {
        let mut engine = Engine::open(engine_host, config, listener, engine_published)?;
        engine.begin()?;
        Ok(engine)
    });
    let engine = opened
        .await
        .map_err(|e| QuorumStartError::Open(e.to_string()))??;
    let (commands, queue) = mpsc::channel(QUEUE_MAX);
    let task = drive::drive(host.clone(), Box::new(engine), queue, commands.downgrade());
    host.tasks.spawn(Box::pin(task));
    Ok(QuorumHandle { published, commands })
}

impl QuorumHandle {
    /// The newest published metadata. Never waits.
    pub(crate) fn image(&self) -> Arc<Image> {
        self.published.image.load_full()
    }

    /// Whether these are the newest published metadata and settings.
    pub(crate) fn still_has(&self, image: &Arc<Image>, layers: &Arc<Layers>) -> bool {
        Arc::ptr_eq(&self.published.image.load(), image)
            && Arc::ptr_eq(&self.published.layers.load(), layers)
    }

    /// The offset of the newest record in the image; -1 before the first. Clients see it as the features' epoch.
    pub(crate) fn applied_offset(&self) -> i64 {
        self.published.applied.load(Ordering::Relaxed)
    }

    /// The agreed `kraft.version`.
    pub(crate) fn kraft_version(&self) -> i16 {
        self.published.kraft_version.load(Ordering::Relaxed)
    }

    /// This node's settings with what the metadata changes of them. Never waits.
    pub(crate) fn layers(&self) -> Arc<Layers> {
        self.published.layers.load_full()
    }

    /// Runs a decision on the controller and waits until its records are durable, committed and published.
    ///
    /// # Errors
    /// See [`QuorumError`].
    pub(crate) async fn decide<R, F>(&self, decision: F) -> Result<R, QuorumError>
    where
        R: Send + 'static,
        F: FnOnce(&mut DecisionContext<'_>) -> Decision<R> + Send + 'static,
    {
        let (asked, answer) = Asked::new(decision);
        self.commands
            .try_send(Command::Decide(asked))
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => QuorumError::Busy,
                mpsc::error::TrySendError::Closed(_) => QuorumError::Stopped,
            })?;
        answer.await.unwrap_or(Err(QuorumError::Stopped))
    }

    /// Decisions that wait for the controller.
    pub(crate) fn queued(&self) -> usize {
        self.commands.max_capacity() - self.commands.capacity()
    }

    /// The quorum as its leader sees it.
    ///
    /// # Errors
    /// This node does not lead, or the quorum has stopped.
    pub(crate) async fn describe(&self) -> Result<QuorumDescription, QuorumError> {
        let (sender, answer) = oneshot::channel();
        let sent = self.commands.send(Command::Describe(sender)).await;
        sent.map_err(|_| QuorumError::Stopped)?;
        answer.await.unwrap_or(Err(QuorumError::Stopped))
    }

    /// Finishes what waits, resigns and stops. Everything answered is on disk already.
    pub(crate) async fn shutdown(&self) {
        let (sender, done) = oneshot::channel();
        if self.commands.send(Command::Shutdown(sender)).await.is_ok() {
            let _ = done.await;
        }
    }
}

/// When snapshots are due, by the settings.
fn snapshot_policy(settings: &Settings) -> SnapshotPolicy {
    let bytes = settings.get(&broker::METADATA_LOG_MAX_RECORD_BYTES_BETWEEN_SNAPSHOTS);
    SnapshotPolicy {
        bytes_max: u64::try_from(bytes).unwrap_or(1).max(1),
        interval_ms_max: settings.get(&broker::METADATA_LOG_MAX_SNAPSHOT_INTERVAL_MS),
    }
}
