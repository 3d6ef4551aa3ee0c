//! Logs that could not be opened: those that only lacked room, or files that can't be read now, are tried again.
//!
//! A log whose recovery has to write finds no room on a full volume; where file handles have run out, or a read fails,
//! there may be some later, or it may not. Meanwhile its partition is offline, its lines stay in the
//! checkpoint files, and its directory is not marked as stopped in order: what the next start finds was not recovered.
//!
//! *Invariant:* who works on the folder of such a log holds `folder`. A topic that is deleted does not wait for that: whoever
//! is opening its log finds at the end that nobody awaits it, and deletes it then.

use super::opening::Placed;
use super::{Registry, Slot};
use crate::partitions::partition::{Checkpoints, topic_id_in};
use crate::partitions::{Partition, TopicTraits};
use klamm_model::{LeaderEpoch, NodeId, TopicPartition, Uuid};
use klamm_storage::{LastOffsets, LogDir, OpenError, StorageError};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What the image says of a partition.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) traits: Arc<TopicTraits>,
    pub(super) leader: Option<NodeId>,
    pub(super) leader_epoch: LeaderEpoch,
}

/// A log that could not be opened.
#[derive(Debug)]
pub(super) struct Unopened {
    placed: Placed,
    /// As of now: changed under the lock of the index, in which it is found.
    wanted: Mutex<Wanted>,
    may_pass: AtomicBool,
    /// Room that the next attempt asks for: each one may read the whole log.
    needs_bytes: AtomicU64,
    /// Rounds that it is left alone after a failed read, now and the next time.
    rests: Mutex<Rests>,
    folder: Mutex<()>,
}

/// Each failed read doubles the rest: where the medium is bad, it stays so.
#[derive(Debug, Default)]
struct Rests {
    left: u32,
    next: u32,
}

/// About ten minutes.
const REST_MAX: u32 = 64;

impl Rests {
    fn note(&mut self, error: &OpenError) {
        self.next = match error {
            OpenError::Storage(StorageError::Read { .. }) => (2 * self.next).clamp(1, REST_MAX),
            _ => 0,
        };
        self.left = self.next;
    }

    /// A round has come; whether the rest is over.
    const fn is_over(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left == 0
    }
}

/// Index entries and a producer snapshot of a usual recovery.
const NEEDS_BYTES: u64 = 1 << 20;
/// What a log that fails with more room than that needs is not known.
const NEEDS_BYTES_MAX: u64 = 1 << 30;

impl Unopened {
    pub(super) fn new(placed: Placed, error: &OpenError) -> Self {
        let wanted = Mutex::new(placed.missing.wanted.clone());
        let mut rests = Rests::default();
        rests.note(error);
        Self {
            placed,
            wanted,
            may_pass: AtomicBool::new(may_pass(error)),
            needs_bytes: AtomicU64::new(NEEDS_BYTES),
            rests: Mutex::new(rests),
            folder: Mutex::default(),
        }
    }

    pub(super) const fn name(&self) -> &TopicPartition {
        &self.placed.missing.name
    }

    pub(super) const fn topic_id(&self) -> Uuid {
        self.placed.missing.topic_id
    }

    /// It may be opened later.
    pub(super) fn may_pass(&self) -> bool {
        self.may_pass.load(Ordering::Relaxed)
    }

    /// The image names another leader.
    pub(super) fn lead(&self, leader: Option<NodeId>, leader_epoch: LeaderEpoch) {
        let mut wanted = self.wanted.lock();
        (wanted.leader, wanted.leader_epoch) = (leader, leader_epoch);
    }

    /// The topic's configuration changed.
    pub(super) fn configure(&self, traits: &Arc<TopicTraits>) {
        self.wanted.lock().traits = Arc::clone(traits);
    }

    /// What the last run knew of it, in a directory that has its folder.
    pub(super) fn known_in(&self, dir: &LogDir) -> Option<Checkpoints> {
        let id = dir.directory_id();
        let mut folders = self.folders();
        let (_, last) = folders.find(|(dir, _)| dir.directory_id() == id)?;
        Some(Checkpoints {
            recovery_point: last.recovery_point,
            log_start: last.log_start,
            high_watermark: last.high_watermark,
            cleaned_to: last.cleaned,
        })
    }

    /// The directories that have a folder of it.
    pub(super) fn folders(&self) -> impl Iterator<Item = (&Arc<LogDir>, LastOffsets)> {
        let places = self.placed.places.iter();
        places.filter_map(|(dir, last)| Some((dir, (*last)?)))
    }

    fn has_room(&self) -> bool {
        let needed = self.needs_bytes.load(Ordering::Relaxed);
        let has_room = |dir: &Arc<LogDir>| {
            let space = dir.disk().space(dir.path());
            space.map_or(true, |space| space.usable >= needed)
        };
        self.placed.places.iter().all(|(dir, _)| has_room(dir))
    }

    fn note(&self, error: &OpenError) {
        self.may_pass.store(may_pass(error), Ordering::Relaxed);
        self.rests.lock().note(error);
        let needed = self.needs_bytes.load(Ordering::Relaxed);
        let more = needed.saturating_mul(2).min(NEEDS_BYTES_MAX);
        self.needs_bytes.store(more, Ordering::Relaxed);
    }
}

/// There may be room later, or handles; or the folder in the way is that of a deleted topic and is being removed.
const fn may_pass(error: &OpenError) -> bool {
    matches!(
        error,
        OpenError::Storage(StorageError::DiskFull { .. } | StorageError::Read { .. })
            | OpenError::Exists(_)
    )
}

impl Registry {
    /// A log waits for room, or until its files can be read.
    pub(crate) fn awaits_room(&self) -> bool {
        self.found.read().unopened().iter().any(|it| it.may_pass())
    }

    /// Tries again to open what found no room, where there is some, and what could not be read. Blocks.
    pub(crate) fn open_again(&self) {
        let mut waiting = self.found.read().unopened();
        waiting.retain(|it| it.may_pass() && it.rests.lock().is_over() && it.has_room());
        let try_again = |i: usize| {
            if let Some(unopened) = waiting.get(i) {
                self.try_again(unopened);
            }
        };
        let tasks = &self.shared.host.tasks;
        tasks.run_each(waiting.len(), self.recovery_threads(), &try_again);
    }

    fn try_again(&self, unopened: &Arc<Unopened>) {
        let turn = unopened.folder.lock();
        if !self.found.read().awaits(unopened) {
            return;
        }
        let (placed, wanted) = (&unopened.placed, unopened.wanted.lock().clone());
        match self.open(placed, &wanted).map(Arc::new) {
            Ok(partition) => self.take_in_late(unopened, &partition),
            Err(error) => {
                tracing::warn!(partition = %unopened.name(), %error, "opening the log again");
                unopened.note(&error);
                let found = self.found.read();
                if found.awaits(unopened) {
                    // Before others may change the index: who deletes the topic finds the folder free.
                    drop(turn);
                } else {
                    drop(found);
                    self.retire(unopened);
                }
            }
        }
    }

    fn take_in_late(&self, unopened: &Arc<Unopened>, partition: &Arc<Partition>) {
        let mut found = self.found.write();
        if !found.awaits(unopened) {
            drop(found);
            self.delete_log(partition);
            return;
        }
        let wanted = unopened.wanted.lock().clone();
        partition.configure(wanted.traits);
        partition.lead(wanted.leader, wanted.leader_epoch);
        let slot = Slot::Here(Arc::clone(partition));
        found.insert(unopened.topic_id(), unopened.name().partition, slot);
        drop(found);
        tracing::info!(partition = %unopened.name(), "the log is open after all");
        partition.note_recovered();
        let placed = &unopened.placed;
        self.go_on_moving(partition, placed.goes_on.as_ref(), placed.missing.noted);
    }

    /// The topic of a log that was not opened is deleted. Blocks, but does not wait for an attempt to open it.
    pub(super) fn delete_unopened(&self, unopened: &Unopened) {
        if let Some(_turn) = unopened.folder.try_lock() {
            self.retire(unopened);
        }
    }

    /// Removes the folders of a deleted topic's log, or sets them aside if they do not say that they are of that topic.
    fn retire(&self, unopened: &Unopened) {
        let (name, now_ms) = (unopened.name(), self.shared.host.clock.now_ms());
        let delay_ms = unopened.wanted.lock().traits.log.file_delete_delay_ms;
        for (dir, _) in unopened.folders() {
            let random = self.shared.host.entropy.next_u128();
            if topic_id_in(dir, name) != Some(unopened.topic_id()) {
                super::set_folder_aside(dir, name, random);
                continue;
            }
            match dir.retire_folder(name, &name.to_string(), random) {
                Ok(folder) => {
                    let due_ms = now_ms.saturating_add(delay_ms);
                    let removals = &self.shared.removals;
                    removals.add_folder(Arc::clone(dir), folder, due_ms);
                }
                Err(error) => tracing::error!(partition = %name, %error, "deleting the log"),
            }
        }
    }
}
