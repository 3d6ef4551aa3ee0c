//! Moves logs between directories, step by step, and tells the controller where they lie.

use crate::partitions::{MoveError, MoveStep, Partition, Registry, Replaced};
use crate::quorum::QuorumHandle;
use klamm_host::Host;
use klamm_metadata::decide::{DirectoryAssignment, assign_directories};
use klamm_model::NodeId;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// Logs on their way, and logs of which the controller does not know where they are.
#[derive(Debug, Default)]
pub(crate) struct Moves {
    moving: Mutex<VecDeque<Arc<Partition>>>,
    misplaced: Mutex<Vec<Arc<Partition>>>,
    added: Notify,
}

/// Bytes of one step. Steps of all moves take turns.
const STEP_BYTES: usize = 1 << 20;
/// One decision of the controller takes so many assignments.
const ASSIGNMENTS_MAX: usize = 1000;
/// Between two looks at a sync that somebody else runs.
const SYNC_LOOK: Duration = Duration::from_millis(5);
/// The rate is looked at again after this.
const PACE_S_MAX: f64 = 0.2;
/// After a decision that the controller could not take.
const RETRY: Duration = Duration::from_secs(1);

impl Moves {
    /// A partition has begun to move.
    pub(crate) fn add(&self, partition: Arc<Partition>) {
        self.moving.lock().push_back(partition);
        self.added.notify_one();
    }

    /// A partition lies where the controller does not expect it.
    pub(crate) fn add_misplaced(&self, partition: Arc<Partition>) {
        self.misplaced.lock().push(partition);
        self.added.notify_one();
    }

    /// Moves under way.
    pub(crate) fn len(&self) -> usize {
        self.moving.lock().len()
    }
}

/// Runs until the node stops; a move that is not done then goes on after the next start.
pub(crate) async fn run(
    moves: Arc<Moves>,
    registry: Arc<Registry>,
    quorum: QuorumHandle,
    host: Host,
    node: NodeId,
) {
    loop {
        assign(&moves, &quorum, node).await;
        let Some(partition) = moves.moving.lock().front().cloned() else {
            moves.added.notified().await;
            continue;
        };
        let again = step(&partition, &moves, &registry, &host).await;
        // Whoever was in front still is: only this task takes from there.
        let mut moving = moves.moving.lock();
        if let Some(partition) = moving.pop_front()
            && again
        {
            moving.push_back(partition);
        }
    }
}

/// One step of one move; whether there is more to do.
async fn step(partition: &Arc<Partition>, moves: &Moves, registry: &Registry, host: &Host) -> bool {
    let copying = Arc::clone(partition);
    let tenth = usize::try_from(registry.move_bytes_per_second() / 10).unwrap_or(STEP_BYTES);
    let bytes_max = tenth.clamp(1, STEP_BYTES);
    let stepped = blocking(host, move || copying.copy_some(bytes_max)).await;
    let ended = match stepped {
        Some(Ok(MoveStep::Copied(bytes))) => {
            keep_pace(bytes, registry).await;
            return true;
        }
        Some(Ok(MoveStep::CaughtUp)) => finish(partition, host).await,
        Some(Ok(MoveStep::Over)) | None => return false,
        Some(Err(error)) => Err(error),
    };
    match ended {
        Ok(()) => moves.add_misplaced(Arc::clone(partition)),
        Err(error) => {
            tracing::error!(partition = %partition.name(), %error, "a move is given up");
            let partition = Arc::clone(partition);
            blocking(host, move || partition.cancel_move()).await;
        }
    }
    false
}

/// Waits as long as so many bytes may take. The rate can change meanwhile.
async fn keep_pace(bytes: usize, registry: &Registry) {
    let mut left = bytes as f64;
    while left > 0.0 {
        let per_second = registry.move_bytes_per_second().max(1) as f64;
        let wait_s = (left / per_second).min(PACE_S_MAX);
        // A wait that no timer can measure is none.
        if wait_s > 1e-4 {
            tokio::time::sleep(Duration::from_secs_f64(wait_s)).await;
        }
        left -= wait_s * per_second;
    }
}

async fn finish(partition: &Arc<Partition>, host: &Host) -> Result<(), MoveError> {
    let finishing = Arc::clone(partition);
    let Some(replaced) = blocking(host, move || finishing.finish_move()).await else {
        return Ok(());
    };
    let Some(replaced) = replaced? else {
        return Ok(());
    };
    let replaced = until_durable(partition, replaced, host).await?;
    tracing::info!(partition = %partition.name(), dir = %partition.dir().path().display(), "the log has moved");
    let removing = Arc::clone(partition);
    let removed = blocking(host, move || removing.remove_replaced(replaced)).await;
    removed.unwrap_or(Ok(()))
}

/// Waits until the new log holds on its disk what the old one held.
async fn until_durable(
    partition: &Arc<Partition>,
    mut replaced: Replaced,
    host: &Host,
) -> Result<Replaced, MoveError> {
    loop {
        let syncing = Arc::clone(partition);
        let looked = blocking(host, move || {
            let durable = syncing.is_move_durable(&replaced);
            (durable, replaced)
        });
        let Some((durable, back)) = looked.await else {
            return std::future::pending().await;
        };
        replaced = back;
        if durable? {
            return Ok(replaced);
        }
        tokio::time::sleep(SYNC_LOOK).await;
    }
}

/// Tells the controller where logs lie (KIP-858).
async fn assign(moves: &Moves, quorum: &QuorumHandle, node: NodeId) {
    let misplaced = std::mem::take(&mut *moves.misplaced.lock());
    for some in misplaced.chunks(ASSIGNMENTS_MAX) {
        let image = quorum.image();
        let assignments: Vec<_> = some
            .iter()
            .filter_map(|partition| {
                let name = partition.name();
                Some(DirectoryAssignment {
                    topic: image.topics().named(&name.topic)?.id,
                    partition: name.partition,
                    directory: partition.dir().directory_id(),
                })
            })
            .collect();
        let decided = quorum
            .decide(move |context| assign_directories(&context.controller, node, &assignments));
        if let Err(error) = decided.await {
            tracing::warn!(%error, "the controller does not hear where logs lie");
            moves.misplaced.lock().extend_from_slice(some);
            tokio::time::sleep(RETRY).await;
        }
    }
}

/// `None` when the pool shuts down with the node.
async fn blocking<T: Send + 'static>(
    host: &Host,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    klamm_host::run_blocking(&*host.tasks, work).await.ok()
}
