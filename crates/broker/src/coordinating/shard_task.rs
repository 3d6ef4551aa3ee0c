//! The one owner of a shard: gathers what waits, lets the shard decide, appends, waits for the commit, replies.

use super::{OffsetsTopic, Parts, load};
use crate::partitions::Partition;
use bytes::Bytes;
use klamm_coordinator::groups::{Command, GroupRecord, GroupShard, Moment, Output, Reply, Ticket};
use klamm_model::{LeaderEpoch, Offset};
use klamm_records::{BatchBuilder, BatchFields, Codec, Deflater, NewRecord};
use klamm_wire::ErrorCode;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// A look at the shard, or at why there is none; what it gives tells the asker.
pub(super) type Look =
    Box<dyn FnOnce(Result<&GroupShard, ErrorCode>) -> Box<dyn FnOnce() + Send> + Send>;

/// What a shard is asked for.
pub(super) enum Ask {
    Command(Box<Command>, oneshot::Sender<Result<Reply, ErrorCode>>),
    Look(Look),
}

impl std::fmt::Debug for Ask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Command(command, _) => f.debug_tuple("Command").field(command).finish(),
            Self::Look(_) => f.write_str("Look"),
        }
    }
}

/// A shard that was read from its partition.
struct Loaded {
    shard: GroupShard,
    partition: Arc<Partition>,
    /// The leader epoch it was loaded under: the coordinator's epoch.
    epoch: i32,
}

/// The task of one shard.
pub(super) struct ShardTask {
    parts: Arc<Parts>,
    index: i32,
    loaded: Option<Loaded>,
    /// Requests without an answer.
    waiting: BTreeMap<Ticket, oneshot::Sender<Result<Reply, ErrorCode>>>,
    tickets: u64,
    builder: BatchBuilder,
    deflater: Deflater,
}

/// One round of work.
#[derive(Default)]
struct Work {
    records: Vec<GroupRecord>,
    record_bytes: usize,
    replies: Vec<(Ticket, Reply)>,
    told: Vec<Box<dyn FnOnce() + Send>>,
    is_spoiled: bool,
}

/// A batch is closed above this; one command's records are never divided.
const BATCH_BYTES: usize = 512 * 1024;
/// Between two attempts to load.
const LOAD_AGAIN_AFTER: Duration = Duration::from_secs(1);

impl ShardTask {
    pub(super) fn new(parts: Arc<Parts>, index: i32) -> Self {
        Self {
            parts,
            index,
            loaded: None,
            waiting: BTreeMap::new(),
            tickets: 0,
            builder: BatchBuilder::new(),
            deflater: Deflater::new(),
        }
    }

    /// Runs until the queue is closed and empty.
    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Ask>) {
        loop {
            if self.loaded.is_none() {
                let work = self.load().await;
                self.finish(work).await;
            }
            let wait = self.until_deadline();
            let ask = tokio::select! {
                biased;
                ask = queue.recv() => match ask {
                    Some(ask) => Some(ask),
                    None => return,
                },
                () = tokio::time::sleep(wait) => None,
            };
            if self.is_stale() {
                self.forget(ErrorCode::NOT_COORDINATOR);
                if let Some(ask) = ask {
                    refuse(ask, ErrorCode::NOT_COORDINATOR);
                }
                continue;
            }
            let mut work = Work::default();
            self.on_time(&mut work);
            let mut next = ask;
            while let Some(ask) = next {
                self.take(ask, &mut work);
                next = if work.is_full() {
                    None
                } else {
                    queue.try_recv().ok()
                };
            }
            self.finish(work).await;
        }
    }

    fn moment(&self) -> Moment {
        let clock = &self.parts.host.clock;
        let monotonic = i64::try_from(clock.monotonic().as_millis()).unwrap_or(i64::MAX);
        Moment { monotonic, wall: clock.now_ms() }
    }

    fn until_deadline(&self) -> Duration {
        let Some(loaded) = &self.loaded else {
            return LOAD_AGAIN_AFTER;
        };
        let next = loaded.shard.next_deadline().unwrap_or(i64::MAX);
        // A millisecond more: the clock's fraction must not make this spin.
        crate::config::millis(
            next.saturating_sub(self.moment().monotonic)
                .max(0)
                .saturating_add(1),
        )
        .min(Duration::from_secs(3600))
    }

    async fn load(&mut self) -> Work {
        let mut work = Work::default();
        let found = self
            .parts
            .partitions
            .find_by_name(OffsetsTopic::NAME, self.index);
        let Ok(partition) = found else { return work };
        let epoch = partition.leader_epoch();
        let (config, bytes) = (self.parts.config.clone(), self.parts.load_bytes);
        let from = Arc::clone(&partition);
        let read = move || load::load(&from, config, bytes);
        match klamm_host::run_blocking(&*self.parts.host.tasks, read).await {
            Ok(Ok(mut shard)) => {
                work.add(shard.loaded(self.moment()));
                self.loaded = Some(Loaded { shard, partition, epoch });
            }
            Ok(Err(error)) => {
                tracing::error!(partition = self.index, %error, "loading groups");
            }
            Err(error) => tracing::debug!(%error, "loading groups"),
        }
        work
    }

    /// Another epoch has begun since the shard was loaded, or the topic is gone.
    fn is_stale(&self) -> bool {
        self.loaded.as_ref().is_some_and(|loaded| {
            let found = self
                .parts
                .partitions
                .find_by_name(OffsetsTopic::NAME, self.index);
            !found.is_ok_and(|now| {
                Arc::ptr_eq(&now, &loaded.partition) && now.leader_epoch() == loaded.epoch
            })
        })
    }

    fn on_time(&mut self, work: &mut Work) {
        let now = self.moment();
        if let Some(loaded) = &mut self.loaded
            && loaded
                .shard
                .next_deadline()
                .is_some_and(|next| next <= now.monotonic)
        {
            work.add(loaded.shard.on_time(now));
        }
    }

    fn take(&mut self, ask: Ask, work: &mut Work) {
        let now = self.moment();
        let Some(loaded) = &mut self.loaded else {
            refuse(ask, ErrorCode::COORDINATOR_NOT_AVAILABLE);
            return;
        };
        match ask {
            Ask::Command(command, sender) => {
                self.tickets += 1;
                let ticket = Ticket(self.tickets);
                self.waiting.insert(ticket, sender);
                work.add(loaded.shard.apply(&command, ticket, now));
            }
            // It may have seen what is not committed yet, and is told after the commit.
            Ask::Look(look) => work.told.push(look(Ok(&loaded.shard))),
        }
    }

    async fn finish(&mut self, work: Work) {
        let committed = if work.is_spoiled {
            Err(ErrorCode::UNKNOWN_SERVER_ERROR)
        } else {
            self.commit(&work.records).await
        };
        match committed {
            Ok(()) => {
                for (ticket, reply) in work.replies {
                    if let Some(sender) = self.waiting.remove(&ticket) {
                        // The one who asked may be gone.
                        let _ = sender.send(Ok(reply));
                    }
                }
                for tell in work.told {
                    tell();
                }
            }
            // Dropping what would be told refuses it.
            Err(error) => self.forget(error),
        }
    }

    async fn commit(&mut self, records: &[GroupRecord]) -> Result<(), ErrorCode> {
        let Some(loaded) = &self.loaded else {
            return Ok(());
        };
        if records.is_empty() {
            return Ok(());
        }
        let (partition, epoch) = (Arc::clone(&loaded.partition), loaded.epoch);
        let now_ms = self.parts.host.clock.now_ms();
        let batch = self.batch(records, epoch, now_ms)?;
        let failed = |what: &crate::partitions::AppendFailure| {
            tracing::error!(partition = %partition.name(), error = %what.message, "writing groups");
            ErrorCode::COORDINATOR_NOT_AVAILABLE
        };
        let appended = partition
            .append_coordinators(&batch, now_ms)
            .map_err(|failure| failed(&failure))?;
        if let Some(end) = appended.sync_before_ack {
            let synced = partition.wait_until_synced(end).await;
            synced.map_err(|failure| failed(&failure))?;
        }
        self.parts.dirty.wait_for_room().await;
        Ok(())
    }

    fn batch(
        &mut self,
        records: &[GroupRecord],
        epoch: i32,
        now_ms: i64,
    ) -> Result<Bytes, ErrorCode> {
        self.builder.clear();
        for record in records {
            let new = NewRecord {
                timestamp_ms: now_ms,
                key: Some(&record.key),
                value: record.value.as_deref(),
                headers: &[],
            };
            let appended = self.builder.append(&new);
            appended.map_err(|_| ErrorCode::COORDINATOR_NOT_AVAILABLE)?;
        }
        let fields = BatchFields {
            base_offset: Offset(0),
            leader_epoch: LeaderEpoch(epoch),
            ..BatchFields::default()
        };
        let codec = Codec { compression: self.parts.compression, level: None };
        let built = self.builder.build(&fields, codec, &mut self.deflater);
        built.map_err(|_| ErrorCode::COORDINATOR_NOT_AVAILABLE)
    }

    /// The state may be ahead of the log: it is read again. Whoever waits asks again.
    fn forget(&mut self, error: ErrorCode) {
        self.loaded = None;
        for (_, sender) in std::mem::take(&mut self.waiting) {
            let _ = sender.send(Err(error));
        }
    }
}

impl Work {
    fn add(&mut self, output: Output) {
        self.is_spoiled |= output.spoiled.is_some();
        let bytes =
            |record: &GroupRecord| record.key.len() + record.value.as_ref().map_or(0, Bytes::len);
        self.record_bytes += output.records.iter().map(bytes).sum::<usize>();
        self.records.extend(output.records);
        self.replies.extend(output.replies);
    }

    fn is_full(&self) -> bool {
        self.record_bytes >= BATCH_BYTES || self.replies.len() >= 4096
    }
}

fn refuse(ask: Ask, error: ErrorCode) {
    match ask {
        Ask::Command(_, sender) => {
            let _ = sender.send(Err(error));
        }
        Ask::Look(look) => look(Err(error))(),
    }
}
