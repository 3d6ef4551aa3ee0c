//! ⑧ Group coordination: the pure shards of `coordinator`, each driven over its partition of `__consumer_offsets`.
//!
//! ```text
//! ask(command) ─▶ queue of the shard ─▶ shard task: apply, append as one batch, wait until committed, reply
//!                                          ▲ load: reads the partition       ▲ timers
//! ```
//! *Invariants:* one task owns one shard. No reply is given before the records made with it are committed. A shard
//! whose append failed is forgotten and loaded again: its state may be ahead of its log.

mod load;
mod offsets_topic;
mod shard_task;

pub(crate) use offsets_topic::OffsetsTopic;

use crate::partitions::Registry;
use crate::quorum::QuorumHandle;
use crate::upkeep::DirtyBudget;
use klamm_coordinator::groups::{Command, GroupConfig, GroupShard, Reply, shard_of};
use klamm_host::{Host, TaskHandle};
use klamm_settings::{Settings, broker};
use klamm_wire::ErrorCode;
use parking_lot::Mutex;
use shard_task::{Ask, ShardTask};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// The group coordinator of this node.
#[derive(Debug)]
pub(crate) struct Groups {
    parts: Arc<Parts>,
    topic: OffsetsTopic,
    running: Mutex<Running>,
}

/// What the tasks share.
#[derive(Debug)]
struct Parts {
    host: Host,
    quorum: QuorumHandle,
    partitions: Arc<Registry>,
    dirty: Arc<DirtyBudget>,
    config: GroupConfig,
    compression: klamm_records::Compression,
    load_bytes: usize,
}

#[derive(Debug, Default)]
struct Running {
    shards: BTreeMap<i32, mpsc::Sender<Ask>>,
    tasks: Vec<TaskHandle>,
    stopping: bool,
}

/// More requests than this do not wait for one shard; they are told to try again.
const QUEUE_MAX: usize = 8192;

/// An empty group begins its first round once nobody has joined for this long.
const INITIAL_QUIET_MS: i64 = 300;

impl Groups {
    pub(crate) fn new(
        host: &Host,
        settings: &Settings,
        quorum: &QuorumHandle,
        partitions: &Arc<Registry>,
    ) -> Self {
        let codec = settings.get(&broker::OFFSETS_TOPIC_COMPRESSION_CODEC);
        let codec = u8::try_from(codec).ok();
        let load_bytes = settings.get(&broker::OFFSETS_LOAD_BUFFER_SIZE);
        let parts = Parts {
            host: host.clone(),
            quorum: quorum.clone(),
            partitions: Arc::clone(partitions),
            dirty: partitions.dirty(),
            config: group_config(settings),
            compression: codec
                .and_then(klamm_records::Compression::from_id)
                .unwrap_or_default(),
            load_bytes: usize::try_from(load_bytes).unwrap_or(1),
        };
        Self {
            parts: Arc::new(parts),
            topic: OffsetsTopic::new(settings),
            running: Mutex::default(),
        }
    }

    /// The partition that coordinates a group; creates the topic if there is none.
    ///
    /// # Errors
    /// The topic can't be created now.
    pub(crate) async fn partition_of(&self, group: &str) -> Result<i32, ErrorCode> {
        if self.count() == 0 {
            self.topic.create(&self.parts.quorum).await?;
        }
        match self.count() {
            0 => Err(ErrorCode::COORDINATOR_NOT_AVAILABLE),
            count => Ok(shard_of(group, count)),
        }
    }

    /// Carries a command out, and waits for its answer: until a round ends, if need be.
    ///
    /// # Errors
    /// The group is not coordinated here, or not at the moment.
    pub(crate) async fn ask(&self, group: &str, command: Command) -> Result<Reply, ErrorCode> {
        let (sender, answer) = oneshot::channel();
        self.send(self.place(group)?, Ask::Command(Box::new(command), sender))?;
        answer.await.unwrap_or(Err(ErrorCode::NOT_COORDINATOR))
    }

    /// Looks at a group's shard.
    ///
    /// # Errors
    /// The group is not coordinated here, or not at the moment.
    pub(crate) async fn read<R, F>(&self, group: &str, look: F) -> Result<R, ErrorCode>
    where
        R: Send + 'static,
        F: FnOnce(&GroupShard) -> R + Send + 'static,
    {
        self.look(self.place(group)?, look).await
    }

    /// Looks at every shard.
    ///
    /// # Errors
    /// A shard is not here, or not at the moment.
    pub(crate) async fn read_all<R, F>(&self, look: F) -> Result<Vec<R>, ErrorCode>
    where
        R: Send + 'static,
        F: FnOnce(&GroupShard) -> R + Clone + Send + 'static,
    {
        let mut seen = Vec::new();
        for partition in 0..self.count() {
            seen.push(self.look(partition, look.clone()).await?);
        }
        Ok(seen)
    }

    /// Begins to load every shard, so that sessions and expiry run without a request.
    pub(crate) fn load_all(&self) {
        for partition in 0..self.count() {
            let _ = self.sender(partition);
        }
    }

    /// Ends every shard after what its queue holds; what waits for a round is refused.
    pub(crate) fn stop(&self) {
        let mut running = self.running.lock();
        running.stopping = true;
        running.shards.clear();
    }

    /// Waits for the end of all shards.
    pub(crate) async fn stopped(&self) {
        let tasks = std::mem::take(&mut self.running.lock().tasks);
        for task in tasks {
            task.join().await;
        }
    }

    async fn look<R, F>(&self, partition: i32, look: F) -> Result<R, ErrorCode>
    where
        R: Send + 'static,
        F: FnOnce(&GroupShard) -> R + Send + 'static,
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

    /// Partitions of the topic; 0 if there is none yet.
    fn count(&self) -> i32 {
        let image = self.parts.quorum.image();
        let topic = image.topics().named(OffsetsTopic::NAME);
        topic.map_or(0, |topic| {
            i32::try_from(topic.partitions.iter().count()).unwrap_or(i32::MAX)
        })
    }

    fn place(&self, group: &str) -> Result<i32, ErrorCode> {
        match self.count() {
            0 => Err(ErrorCode::NOT_COORDINATOR),
            count => Ok(shard_of(group, count)),
        }
    }

    fn send(&self, partition: i32, ask: Ask) -> Result<(), ErrorCode> {
        let sent = self.sender(partition)?.try_send(ask);
        sent.map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => ErrorCode::COORDINATOR_LOAD_IN_PROGRESS,
            mpsc::error::TrySendError::Closed(_) => ErrorCode::NOT_COORDINATOR,
        })
    }

    fn sender(&self, partition: i32) -> Result<mpsc::Sender<Ask>, ErrorCode> {
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

fn group_config(settings: &Settings) -> GroupConfig {
    let count = |n: i32| usize::try_from(n).unwrap_or(0);
    let minutes = i64::from(settings.get(&broker::OFFSETS_RETENTION_MINUTES));
    GroupConfig {
        session_timeout_min_ms: settings.get(&broker::GROUP_MIN_SESSION_TIMEOUT_MS),
        session_timeout_max_ms: settings.get(&broker::GROUP_MAX_SESSION_TIMEOUT_MS),
        initial_delay_max_ms: i64::from(settings.get(&broker::GROUP_INITIAL_REBALANCE_DELAY_MS)),
        initial_quiet_ms: INITIAL_QUIET_MS,
        members_max: count(settings.get(&broker::GROUP_MAX_SIZE)),
        offset_metadata_bytes_max: count(settings.get(&broker::OFFSET_METADATA_MAX_BYTES)),
        offsets_retention_ms: minutes.saturating_mul(60_000),
        offsets_check_interval_ms: settings.get(&broker::OFFSETS_RETENTION_CHECK_INTERVAL_MS),
    }
}
