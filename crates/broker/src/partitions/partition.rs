//! One partition: the owner of its log, and what others may ask of it.
//!
//! The log is behind one lock that is held for microseconds. Syncs, deletions and everything that is looked up on the disk
//! run without it, on the blocking pool.

mod cleaning;
mod durability;
mod moving;
mod reading;
mod recovered;
mod transactions;

pub(crate) use moving::{MoveError, MoveStep, Replaced};
pub(crate) use transactions::Marker;
use transactions::Terms;

pub(crate) use reading::{FetchAsk, Fetched, LookUp, OffsetAt, ReadError, Reader, Reading};

use super::TopicTraits;
use super::append::{self, AppendFailure, AppendRequest, Appended};
use super::registry::Shared;
use crate::waiting::{SyncFailed, SyncGate, Watchers};
use arc_swap::ArcSwap;
use bytes::Bytes;
pub(crate) use cleaning::Pass;
use klamm_host::Entropy;
use klamm_model::{LeaderEpoch, NodeId, TopicPartition, Uuid};
use klamm_storage::{
    AppendContext, FileAges, HandleCache, LastOffsets, LogConfig, LogDir, OpenError, Opened,
    PartitionLog,
};
use parking_lot::{MappedMutexGuard, Mutex, MutexGuard};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};

/// A partition that this node holds.
#[derive(Debug)]
pub(crate) struct Partition {
    name: TopicPartition,
    dir: ArcSwap<LogDir>,
    /// `None` once the topic is deleted.
    log: Mutex<Option<PartitionLog>>,
    /// A copy on its way to another directory: rare, and large. Locked before the log.
    copy: Mutex<Option<Box<moving::Copy>>>,
    traits: ArcSwap<TopicTraits>,
    leader_id: AtomicI32,
    leader_epoch: AtomicI32,
    /// Fetches that wait for more records.
    pub(crate) watchers: Watchers,
    syncs: SyncGate,
    dirty_bytes: AtomicU64,
    /// The budget counts its unsynced bytes, and the log among those that have some.
    is_dirty: AtomicBool,
    /// It is in the flusher's list.
    is_listed: AtomicBool,
    shared: Arc<Shared>,
}

/// What a log is opened with.
#[derive(Debug)]
pub(super) struct Opening<'a> {
    /// The directories that have a folder of it, with what the last run knew; or the one where it shall be.
    pub(super) places: Vec<(&'a Arc<LogDir>, Option<LastOffsets>)>,
    pub(super) handles: &'a Arc<HandleCache>,
    pub(super) name: &'a TopicPartition,
    pub(super) topic_id: Uuid,
    pub(super) traits: &'a Arc<TopicTraits>,
}

/// How far each reader may look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Marks {
    pub(crate) log_start_offset: i64,
    pub(crate) last_stable_offset: i64,
    pub(crate) high_watermark: i64,
    pub(crate) log_end_offset: i64,
}

/// Why records can't be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeleteRecordsError {
    /// Negative, or beyond the high watermark.
    OutOfRange,
    /// The topic's cleanup policy does not have `delete`.
    NotDeletable,
    /// The disk.
    Storage,
}

/// A client's idea of the leader epoch does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EpochError {
    /// The client is behind.
    Fenced,
    /// The client is ahead of this node.
    Unknown,
}

/// The topic was deleted.
struct Gone;

impl Marks {
    const NONE: Self = Self {
        log_start_offset: -1,
        last_stable_offset: -1,
        high_watermark: -1,
        log_end_offset: -1,
    };
}

/// Positions that the checkpoint files keep.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checkpoints {
    pub(crate) recovery_point: i64,
    pub(crate) log_start: i64,
    pub(crate) high_watermark: i64,
    /// `None`: the cleaner was never here.
    pub(crate) cleaned_to: Option<i64>,
}

impl Partition {
    /// Opens or makes the log. Blocks.
    pub(super) fn open(opening: Opening<'_>, shared: Arc<Shared>) -> Result<Self, OpenError> {
        let mut log = open_log(
            &opening,
            Arc::clone(&opening.traits.log),
            &*shared.host.entropy,
            shared.host.clock.now_ms(),
        )?;
        if opening.traits.log.flush_messages == 1 {
            recovered::sync_before_showing(&mut log)?;
        }
        // A node alone is its own in-sync set: what is in the log is committed.
        let end = log.log_end_offset();
        log.set_high_watermark(end);
        Ok(Self {
            name: opening.name.clone(),
            dir: ArcSwap::new(Arc::clone(log.dir())),
            log: Mutex::new(Some(log)),
            copy: Mutex::default(),
            traits: ArcSwap::new(Arc::clone(opening.traits)),
            leader_id: AtomicI32::new(-1),
            leader_epoch: AtomicI32::new(-1),
            watchers: Watchers::default(),
            syncs: SyncGate::default(),
            dirty_bytes: AtomicU64::new(0),
            is_dirty: AtomicBool::new(false),
            is_listed: AtomicBool::new(false),
            shared,
        })
    }

    pub(crate) fn name(&self) -> &TopicPartition {
        &self.name
    }

    pub(crate) fn dir(&self) -> Arc<LogDir> {
        self.dir.load_full()
    }

    /// Whether the disk still takes what is written here.
    pub(crate) fn is_online(&self) -> bool {
        self.dir.load().is_online()
    }

    pub(crate) fn leader_id(&self) -> NodeId {
        NodeId(self.leader_id.load(Ordering::Acquire))
    }

    pub(crate) fn leader_epoch(&self) -> i32 {
        self.leader_epoch.load(Ordering::Acquire)
    }

    /// The image names a leader.
    pub(super) fn lead(&self, leader: Option<NodeId>, epoch: LeaderEpoch) {
        self.leader_id
            .store(leader.map_or(-1, |leader| leader.0), Ordering::Release);
        self.leader_epoch.store(epoch.0, Ordering::Release);
    }

    /// The log, unless the topic was deleted.
    fn log(&self) -> Result<MappedMutexGuard<'_, PartitionLog>, Gone> {
        MutexGuard::try_map(self.log.lock(), Option::as_mut).map_err(|_| Gone)
    }

    /// The topic's configuration changed.
    pub(super) fn configure(&self, traits: Arc<TopicTraits>) {
        if let Ok(mut log) = self.log() {
            log.set_config(Arc::clone(&traits.log));
        }
        self.traits.store(traits);
    }

    /// Its cleanup policy has `compact`.
    pub(super) fn is_compacted(&self) -> bool {
        self.traits.load().log.cleanup_compact
    }

    /// Checks the epoch that a client sent; -1 means that it sent none.
    pub(crate) fn check_leader_epoch(&self, epoch: i32) -> Result<(), EpochError> {
        let current = self.leader_epoch();
        match epoch {
            -1 => Ok(()),
            epoch if epoch < current => Err(EpochError::Fenced),
            epoch if epoch > current => Err(EpochError::Unknown),
            _ => Ok(()),
        }
    }

    pub(crate) fn marks(&self) -> Marks {
        self.log().map_or(Marks::NONE, |log| marks_of(&log))
    }

    /// Its topic was deleted.
    pub(crate) fn is_deleted(&self) -> bool {
        self.log().is_err()
    }

    pub(crate) fn size_bytes(&self) -> u64 {
        self.log().map_or(0, |log| log.size_bytes())
    }

    /// Validates and appends a producer's batch.
    pub(crate) fn append(
        self: &Arc<Self>,
        request: AppendRequest<'_>,
    ) -> Result<Appended, AppendFailure> {
        let traits = self.traits.load();
        let batch = append::check(&request, &traits)?.batch;
        let terms = Terms::of_client(request.guard, &traits);
        self.append_checked(&batch, terms, &traits, request.now_ms)
    }

    /// Validates a producer's batch: gives it as it is to be appended.
    pub(crate) fn check(&self, request: &AppendRequest<'_>) -> Result<Bytes, AppendFailure> {
        append::check(request, &self.traits.load()).map(|checked| checked.batch)
    }

    /// Appends checked batches of producers, none of which is transactional, with as few writes as there can be. Each
    /// is taken or refused by itself.
    pub(crate) fn append_each(
        self: &Arc<Self>,
        batches: &[Bytes],
        now_ms: i64,
    ) -> Vec<Result<Appended, AppendFailure>> {
        let traits = self.traits.load();
        let context = self.append_context(Terms::of_client(None, &traits), now_ms);
        let mut log = match self.log() {
            Ok(log) => log,
            Err(Gone) => return batches.iter().map(|_| Err(Gone.into())).collect(),
        };
        let results = log.append_each_as_leader(batches, context);
        let appended = results.iter().flatten();
        if appended.clone().next().is_some() && log.dir().is_online() {
            self.show(log, appended.map(|a| a.bytes).sum(), &traits);
        } else {
            drop(log);
        }
        let results = results.into_iter();
        results
            .map(|result| match result {
                Ok(appended) => Ok(acknowledgement(&appended, &traits)),
                Err(error) => Err(append::of_append_error(error)),
            })
            .collect()
    }

    fn append_checked(
        self: &Arc<Self>,
        batch: &Bytes,
        terms: Terms,
        traits: &TopicTraits,
        now_ms: i64,
    ) -> Result<Appended, AppendFailure> {
        let context = self.append_context(terms, now_ms);
        let mut log = self.log()?;
        let appended = log
            .append_as_leader(batch, context)
            .map_err(append::of_append_error)?;
        self.show(log, appended.bytes, traits);
        Ok(acknowledgement(&appended, traits))
    }

    fn append_context(&self, terms: Terms, now_ms: i64) -> AppendContext {
        AppendContext {
            leader_epoch: self.leader_epoch(),
            now_ms,
            origin: terms.origin,
            transactions_v2: terms.strict_markers,
            admission: terms.admission,
        }
    }

    /// Shows readers what was appended, unless it must be on the disk first, and counts it as unsynced.
    fn show(
        self: &Arc<Self>,
        mut log: MappedMutexGuard<'_, PartitionLog>,
        bytes: usize,
        traits: &TopicTraits,
    ) {
        let is_shown = !shows_synced_only(traits);
        if is_shown {
            let log_end = log.log_end_offset();
            log.set_high_watermark(log_end);
        }
        self.note_dirty(&log, bytes, traits);
        drop(log);
        if is_shown {
            self.watchers.wake();
        }
    }

    /// Moves the log's start to `before` (-1: to the high watermark). Returns the new start. Blocks.
    pub(crate) fn delete_records(&self, before: i64) -> Result<i64, DeleteRecordsError> {
        let mut log = self.log().map_err(|Gone| DeleteRecordsError::Storage)?;
        let config = log.config();
        // Kafka allows it with an empty policy too: only compaction alone speaks against it.
        if config.cleanup_compact && !config.cleanup_delete {
            return Err(DeleteRecordsError::NotDeletable);
        }
        let marks = marks_of(&log);
        let before = if before == -1 {
            marks.high_watermark
        } else {
            before
        };
        if before < 0 || before > marks.high_watermark {
            return Err(DeleteRecordsError::OutOfRange);
        }
        // Files go with the next round of retention: here time and size have no say in what else is deleted.
        let start = log.advance_log_start(before);
        self.note_moved();
        start.map_err(|_| DeleteRecordsError::Storage)
    }

    /// Deletes segments that retention lets go, and forgets silent producers. Blocks.
    pub(crate) fn apply_retention(&self, now_ms: i64) {
        let unread = {
            let Ok(mut log) = self.log() else { return };
            log.expire_producers(now_ms);
            log.unread_ages(now_ms)
        };
        let mut ages = FileAges::default();
        if let Some(unread) = unread {
            match unread.read() {
                Ok(read) => ages = read,
                Err(error) => {
                    // Files that were removed or replaced meanwhile can't be read: the next round looks again.
                    if self.log().is_ok_and(|log| log.is_current(unread.view())) {
                        tracing::error!(partition = %self.name, %error, "reading the ages of segments");
                    }
                    return;
                }
            }
        }
        let expired = self
            .log()
            .map(|mut log| log.expired_as_known(now_ms, &ages));
        let Ok(expired) = expired else { return };
        match expired {
            Ok(None) => {}
            Ok(Some(pending)) => {
                self.note_moved();
                match pending.mark() {
                    Ok(()) => self.shared.removals.add_files(pending, now_ms),
                    Err(error) => {
                        tracing::error!(partition = %self.name, %error, "deleting segments");
                    }
                }
            }
            Err(error) => tracing::error!(partition = %self.name, %error, "applying retention"),
        }
    }

    /// Gives back the room that the log reserved ahead. Blocks.
    pub(crate) fn give_back_reserve(&self) {
        let given = self.log().map(|mut log| log.give_back_reserve());
        if let Ok(Err(error)) = given {
            tracing::error!(partition = %self.name, %error, "giving room back");
        }
    }

    /// The topic is gone: renames the folder; its removal follows later. Blocks.
    pub(super) fn delete(&self, random: u128, now_ms: i64) {
        // Whoever still holds it finds that nobody leads it.
        self.lead(None, LeaderEpoch::UNKNOWN);
        let Some(log) = self.log.lock().take() else {
            return;
        };
        let delay_ms = log.config().file_delete_delay_ms;
        match log.delete(random) {
            Ok(folder) => {
                let due_ms = now_ms.saturating_add(delay_ms);
                self.shared.removals.add_folder(self.dir(), folder, due_ms);
            }
            Err(error) => tracing::error!(partition = %self.name, %error, "deleting the log"),
        }
        self.note_moved();
        self.cancel_move();
        self.syncs.finished(Err(SyncFailed));
        self.watchers.wake();
    }

    /// For the checkpoints of a directory, if the log is there.
    pub(super) fn checkpoints_in(&self, dir: &LogDir) -> Option<Checkpoints> {
        let log = self.log().ok()?;
        // Asked in one go: a move may end at any moment.
        let is_here = log.dir().directory_id() == dir.directory_id();
        is_here.then(|| Checkpoints {
            recovery_point: log.recovery_point(),
            log_start: log.log_start_offset(),
            high_watermark: log.high_watermark(),
            cleaned_to: log.cleaned_to(),
        })
    }

    /// Producers that the log remembers.
    pub(crate) fn producers(&self) -> Vec<klamm_storage::ProducerInfo> {
        self.log()
            .map_or_else(|_| Vec::new(), |log| log.producers().collect())
    }
}

fn shows_synced_only(traits: &TopicTraits) -> bool {
    traits.log.flush_messages == 1
}

fn acknowledgement(appended: &klamm_storage::Appended, traits: &TopicTraits) -> Appended {
    // A duplicate's first copy may still be unsynced: its repetition waits as long.
    let waits = shows_synced_only(traits) || appended.flush_due;
    Appended {
        base_offset: appended.base_offset,
        log_append_time_ms: appended.log_append_time_ms,
        log_start_offset: appended.log_start_offset,
        bytes: appended.bytes,
        sync_before_ack: waits.then_some(appended.last_offset + 1),
    }
}

fn marks_of(log: &PartitionLog) -> Marks {
    Marks {
        log_start_offset: log.log_start_offset(),
        last_stable_offset: log.last_stable_offset(),
        high_watermark: log.high_watermark(),
        log_end_offset: log.log_end_offset(),
    }
}

/// The topic's id in a partition's folder. Blocks.
pub(super) fn topic_id_in(dir: &LogDir, name: &TopicPartition) -> Option<Uuid> {
    let file = dir.path().join(name.to_string()).join("partition.metadata");
    klamm_storage::parse_partition_metadata(&dir.disk().read(&file).ok()?)
}

/// The log of a partition: opened if its folder is there, else made.
fn open_log(
    opening: &Opening<'_>,
    config: Arc<LogConfig>,
    entropy: &dyn Entropy,
    now_ms: i64,
) -> Result<PartitionLog, OpenError> {
    let (handles, name) = (opening.handles, opening.name);
    let create = |dir: &Arc<LogDir>, config| {
        let id = Some(opening.topic_id);
        PartitionLog::create(dir, handles, name.clone(), id, config, now_ms)
    };
    let known =
        |(dir, last): &(&'_ Arc<LogDir>, Option<LastOffsets>)| Some((Arc::clone(dir), (*last)?));
    let mut there: Vec<_> = opening.places.iter().filter_map(known).collect();
    // A topic that was deleted and made again while a directory was offline: however long the old log is, it is another's.
    let is_right = |(dir, _): &(Arc<LogDir>, _)| topic_id_in(dir, name) == Some(opening.topic_id);
    if there.len() > 1 && there.iter().any(is_right) {
        there.retain(is_right);
    }
    if there.is_empty() {
        let missing = || OpenError::Missing(name.clone());
        let (dir, _) = opening.places.first().ok_or_else(missing)?;
        return create(dir, config);
    }
    let mut random = || entropy.next_u128();
    let opened = PartitionLog::open_longest(&there, handles, name, &config, &mut random, now_ms)?;
    let Opened { mut log, recovery } = opened;
    if let Some(report) = recovery {
        tracing::info!(partition = %opening.name, ?report, "recovered the log");
    }
    match log.assign_topic_id(opening.topic_id) {
        Ok(()) => Ok(log),
        Err(other) => {
            tracing::warn!(partition = %opening.name, %other, "the folder is of another topic; set aside");
            let dir = Arc::clone(log.dir());
            log.set_aside(other.on_disk.0)?;
            create(&dir, config)
        }
    }
}
