//! The shards of one coordinator on this node: each begins when it is first needed, and is asked through its queue.

use super::shard_task::{Ask, Asked, ShardTask};
use crate::partitions::{Marker, Registry};
use crate::quorum::QuorumHandle;
use crate::upkeep::DirtyBudget;
use klamm_coordinator::shard::Shard;
use klamm_host::{BoxFuture, Host, TaskHandle};
use klamm_metadata::Image;
use klamm_settings::Layers;
use klamm_storage::VerificationGuard;
use klamm_wire::ErrorCode;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// What is special about the shards of one coordinator.
pub(super) trait Kind: Debug + Send + Sync + 'static {
    type Shard: Shard<
            Command: Debug + Send + Sync + 'static,
            Reply: Debug + Send + 'static,
            Effect: Send + 'static,
            Observation: Send + 'static,
        > + Send
        + 'static;

    /// A shard before its log was read.
    fn empty(&self) -> Self::Shard;

    /// Shows the shard the cluster's metadata, which has changed.
    fn look_around(&self, _shard: &mut Self::Shard, _seen: &Seen) {}

    /// Counts what the shard tells about itself.
    fn observe(&self, observation: <Self::Shard as Shard>::Observation);

    /// Carries an effect out, for as long as it takes. Its outcome is a command to the shard, which nobody waits for.
    /// The future is dropped if the shard is.
    fn carry_out(
        self: Arc<Self>,
        effect: <Self::Shard as Shard>::Effect,
        office: Office,
    ) -> BoxFuture<'static, Option<<Self::Shard as Shard>::Command>>;
}

/// The cluster's metadata and settings at one moment.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) image: Arc<Image>,
    pub(super) layers: Arc<Layers>,
    /// Grows with the image.
    pub(super) version: i64,
}

/// Who wants an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Office {
    /// The leader epoch of the shard's partition: the coordinator's epoch.
    pub(super) epoch: i32,
}

/// The log of a coordinator.
#[derive(Debug)]
pub(super) struct Log {
    /// Each partition of this topic is the log of a shard.
    pub(super) topic: &'static str,
    pub(super) compression: klamm_records::Compression,
    /// Bytes that are read at once.
    pub(super) load_bytes: usize,
    /// How long a batch is held open for more records; `None`: as long as others are there to ask.
    pub(super) linger: Option<Duration>,
}

/// What the tasks share.
#[derive(Debug)]
pub(super) struct Parts<K> {
    pub(super) host: Host,
    pub(super) quorum: QuorumHandle,
    pub(super) partitions: Arc<Registry>,
    pub(super) dirty: Arc<DirtyBudget>,
    pub(super) log: Log,
    pub(super) kind: Arc<K>,
}

/// Where the answer to a command will be.
pub(super) type Asking<R> = Result<oneshot::Receiver<Result<R, ErrorCode>>, ErrorCode>;

/// Waits for the answer to a command.
///
/// # Errors
/// The shard is not here, or not at the moment; or the log refuses the producer.
pub(super) async fn answered<R>(asking: Asking<R>) -> Result<R, ErrorCode> {
    asking?.await.unwrap_or(Err(ErrorCode::NOT_COORDINATOR))
}

/// All shards of one coordinator.
#[derive(Debug)]
pub(super) struct Shards<K: Kind> {
    parts: Arc<Parts<K>>,
    running: Mutex<Running<K::Shard>>,
}

#[derive(Debug)]
struct Running<S: Shard> {
    shards: BTreeMap<i32, mpsc::Sender<Ask<S>>>,
    tasks: Vec<TaskHandle>,
    stopping: bool,
}

/// More requests than this do not wait for one shard; they are told to try again.
const QUEUE_MAX: usize = 8192;

impl<K: Kind> Shards<K> {
    pub(super) fn new(
        host: &Host,
        quorum: &QuorumHandle,
        partitions: &Arc<Registry>,
        log: Log,
        kind: K,
    ) -> Self {
        let parts = Parts {
            host: host.clone(),
            quorum: quorum.clone(),
            partitions: Arc::clone(partitions),
            dirty: partitions.dirty(),
            log,
            kind: Arc::new(kind),
        };
        let running = Running { shards: BTreeMap::new(), tasks: Vec::new(), stopping: false };
        Self { parts: Arc::new(parts), running: Mutex::new(running) }
    }

    pub(super) fn quorum(&self) -> &QuorumHandle {
        &self.parts.quorum
    }

    /// Partitions of the topic; 0 if there is none yet.
    pub(super) fn count(&self) -> i32 {
        let image = self.parts.quorum.image();
        let topic = image.topics().named(self.parts.log.topic);
        topic.map_or(0, |topic| {
            i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX)
        })
    }

    /// Has a command carried out; its answer comes from [`answered`]. A command that writes in a transaction comes with
    /// the guard of its verification.
    ///
    /// # Errors
    /// The shard is not here, or not at the moment.
    pub(super) fn ask(
        &self,
        partition: i32,
        command: <K::Shard as Shard>::Command,
        guard: Option<VerificationGuard>,
    ) -> Asking<<K::Shard as Shard>::Reply> {
        let (sender, answer) = oneshot::channel();
        let asked = Asked { command, guard, answer: sender };
        self.send(partition, Ask::Command(asked))?;
        Ok(answer)
    }

    /// Ends a producer's transaction in a shard's log.
    ///
    /// # Errors
    /// The shard is not here, or not at the moment; or the log refuses the marker.
    pub(super) async fn end_transaction(
        &self,
        partition: i32,
        marker: Marker,
    ) -> Result<(), ErrorCode> {
        let (sender, answer) = oneshot::channel();
        self.send(partition, Ask::Marker(marker, sender))?;
        answer.await.unwrap_or(Err(ErrorCode::NOT_COORDINATOR))
    }

    /// Has every shard that runs carry a command out, ahead of what it is asked from now on unless its queue is full:
    /// then as soon as there is room. Nobody waits for the answers.
    pub(super) fn tell_all(&self, command: &<K::Shard as Shard>::Command)
    where
        <K::Shard as Shard>::Command: Clone,
    {
        for queue in self.running.lock().shards.values() {
            let (answer, _) = oneshot::channel();
            let asked = Asked { command: command.clone(), guard: None, answer };
            let ask = Ask::Command(asked);
            // A queue that is closed has lost its shard.
            if let Err(mpsc::error::TrySendError::Full(ask)) = queue.try_send(ask) {
                let queue = queue.clone();
                self.parts.host.tasks.spawn(Box::pin(async move {
                    let _ = queue.send(ask).await;
                }));
            }
        }
    }

    /// Looks at a shard.
    ///
    /// # Errors
    /// The shard is not here, or not at the moment.
    pub(super) async fn look<R, F>(&self, partition: i32, look: F) -> Result<R, ErrorCode>
    where
        R: Send + 'static,
        F: FnOnce(&K::Shard) -> R + Send + 'static,
    {
        let (sender, answer) = oneshot::channel();
        let ask = Ask::Look(Box::new(move |shard| {
            let seen = shard.map(look);
            // The one who asked may be gone.
            Box::new(move || drop(sender.send(seen)))
        }));
        self.send(partition, ask)?;
        answer.await.unwrap_or(Err(ErrorCode::NOT_COORDINATOR))
    }

    /// Looks at every shard, in the order of their partitions.
    ///
    /// # Errors
    /// A shard is not here, or not at the moment.
    pub(super) async fn look_at_all<R, F>(&self, look: F) -> Result<Vec<R>, ErrorCode>
    where
        R: Send + 'static,
        F: FnOnce(&K::Shard) -> R + Clone + Send + 'static,
    {
        let mut seen = Vec::new();
        for partition in 0..self.count() {
            seen.push(self.look(partition, look.clone()).await?);
        }
        Ok(seen)
    }

    /// Begins to load every shard, so that timers run without a request.
    pub(super) fn load_all(&self) {
        for partition in 0..self.count() {
            let _ = self.sender(partition);
        }
    }

    /// Ends every shard after what its queue holds; whoever waits longer is refused.
    pub(super) fn stop(&self) {
        let mut running = self.running.lock();
        running.stopping = true;
        running.shards.clear();
    }

    /// Waits for the end of all shards.
    pub(super) async fn stopped(&self) {
        let tasks = std::mem::take(&mut self.running.lock().tasks);
        for task in tasks {
            task.join().await;
        }
    }

    /// Requests that wait in the queues.
    pub(super) fn queued(&self) -> usize {
        let running = self.running.lock();
        let queues = running.shards.values();
        queues.map(|q| q.max_capacity() - q.capacity()).sum()
    }

    fn send(&self, partition: i32, ask: Ask<K::Shard>) -> Result<(), ErrorCode> {
        let running = self.running.lock();
        let sent = match running.shards.get(&partition) {
            Some(sender) => sender.try_send(ask),
            None => {
                drop(running);
                self.sender(partition)?.try_send(ask)
            }
        };
        sent.map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => ErrorCode::COORDINATOR_LOAD_IN_PROGRESS,
            mpsc::error::TrySendError::Closed(_) => ErrorCode::NOT_COORDINATOR,
        })
    }

    fn sender(&self, partition: i32) -> Result<mpsc::Sender<Ask<K::Shard>>, ErrorCode> {
        let mut running = self.running.lock();
        if running.stopping {
            return Err(ErrorCode::NOT_COORDINATOR);
        }
        if let Some(sender) = running.shards.get(&partition) {
            return Ok(sender.clone());
        }
        let (sender, queue) = mpsc::channel(QUEUE_MAX);
        let task = ShardTask::new(Arc::clone(&self.parts), partition).run(queue);
        running
            .tasks
            .push(self.parts.host.tasks.spawn(Box::pin(task)));
        running.shards.insert(partition, sender.clone());
        Ok(sender)
    }
}
