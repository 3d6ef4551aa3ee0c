//! Finds partitions, and follows the metadata image: creates, configures and deletes their logs.

mod found;
mod moves;
mod opening;
mod unopened;

use found::{Found, Removed, Slot};
pub(crate) use moves::MoveRefusal;
use opening::Missing;
use unopened::{Unopened, Wanted};

use super::syncing::sync_each;
use super::{Partition, TopicTraits};
use klamm_host::Host;
use klamm_metadata::decide::stored;
use klamm_metadata::image::{ResourceKind, Topic};
use klamm_metadata::{Delta, Image};
use klamm_model::{NodeId, TopicName, TopicPartition, Uuid};
use klamm_settings::{Layers, broker};
use klamm_storage::layout::{FolderName, stray_folder_name};
use klamm_storage::{HandleCache, LastRun, LogDir};
use parking_lot::{Mutex, RwLock};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::config;
use crate::net::Limits;
use crate::quorum::MetadataListener;
use crate::start::Halt;
use crate::upkeep::{Cleaner, DirtyBudget, Moves, Removals, Shortage};

/// The partitions of this node.
#[derive(Debug)]
pub(crate) struct Registry {
    node_id: NodeId,
    dirs: Vec<Directory>,
    /// Directories that the disk refused at the start.
    failed_dirs: Vec<PathBuf>,
    /// The first complete image is here: what it named had its log already, or gets it.
    settled: AtomicBool,
    handles: Arc<HandleCache>,
    shared: Arc<Shared>,
    found: RwLock<Found>,
    layers: RwLock<Layers>,
    newest_traits: Mutex<Option<Arc<TopicTraits>>>,
    halt: Arc<Halt>,
}

/// What every partition of the node uses.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) host: Host,
    pub(crate) dirty: Arc<DirtyBudget>,
    pub(crate) removals: Arc<Removals>,
    pub(crate) cleaner: Arc<Cleaner>,
    /// Told when a volume is full.
    pub(crate) shortage: Arc<Shortage>,
    /// Logs on their way to other directories.
    pub(crate) moves: Arc<Moves>,
    pub(crate) flush_interval_ms: i64,
    /// The network's limits: some follow the cluster's configuration.
    pub(crate) limits: Arc<Limits>,
    /// A checkpoint file may be behind some log.
    pub(crate) checkpoints_due: AtomicBool,
}

/// A log directory and what was in it at the start.
#[derive(Debug)]
pub(crate) struct Directory {
    pub(crate) dir: Arc<LogDir>,
    pub(crate) last: LastRun,
    /// Folders of partitions that the image has not named yet.
    unclaimed: Mutex<BTreeSet<TopicPartition>>,
    /// Folders of copies whose move was cut short.
    copies: Mutex<BTreeMap<TopicPartition, Vec<String>>>,
    /// Folders of deleted logs, whose removal the last run did not come to.
    deleted: Vec<String>,
}

const METADATA_TOPIC: &str = "__cluster_metadata";

/// Why a partition can't be used here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FindError {
    /// The cluster has no such topic, or the topic no such partition.
    UnknownTopicOrPartition,
    /// No topic has this id.
    UnknownTopicId,
    /// Another node leads it.
    NotLeader,
    /// Its log directory failed.
    Offline,
}

/// Sums over all partitions.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) partitions: u64,
    pub(crate) log_bytes: u64,
    pub(crate) open_files: u64,
    pub(crate) offline_dirs: u64,
}

impl Directory {
    /// Lists what is in a directory.
    ///
    /// # Errors
    /// The directory can't be listed.
    pub(crate) fn new(
        dir: Arc<LogDir>,
        last: LastRun,
    ) -> Result<Self, klamm_storage::StorageError> {
        let mut unclaimed = BTreeSet::new();
        let mut copies: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let mut deleted = Vec::new();
        for (name, folder) in dir.folders()? {
            match folder {
                // The quorum's own log is no partition of the image.
                FolderName::Partition(partition) if &*partition.topic != METADATA_TOPIC => {
                    unclaimed.insert(partition);
                }
                FolderName::Future(partition) => copies.entry(partition).or_default().push(name),
                FolderName::Delete => deleted.push(name),
                // Strays are a person's matter.
                FolderName::Partition(_) | FolderName::Stray(_) | FolderName::Other => {}
            }
        }
        Ok(Self {
            dir,
            last,
            unclaimed: Mutex::new(unclaimed),
            copies: Mutex::new(copies),
            deleted,
        })
    }
}

impl Registry {
    /// What the last run left of deleted logs is to be removed from now on.
    pub(crate) fn new(
        node_id: NodeId,
        (dirs, failed_dirs): (Vec<Directory>, Vec<PathBuf>),
        handles: Arc<HandleCache>,
        shared: Shared,
        layers: Layers,
        halt: Arc<Halt>,
    ) -> Self {
        for directory in &dirs {
            let shortage = Arc::clone(&shared.shortage);
            directory.dir.when_full(move || shortage.tell());
            let now_ms = shared.host.clock.now_ms();
            for folder in &directory.deleted {
                let dir = Arc::clone(&directory.dir);
                shared.removals.add_folder(dir, folder.clone(), now_ms);
            }
        }
        Self {
            node_id,
            dirs,
            failed_dirs,
            settled: AtomicBool::new(false),
            handles,
            shared: Arc::new(shared),
            found: RwLock::default(),
            layers: RwLock::new(layers),
            newest_traits: Mutex::default(),
            halt,
        }
    }

    /// A partition by its topic's name.
    ///
    /// # Errors
    /// It is not here.
    pub(crate) fn find_by_name(
        &self,
        topic: &str,
        partition: i32,
    ) -> Result<Arc<Partition>, FindError> {
        let found = self.found.read();
        let id = found
            .id_of(topic)
            .ok_or(FindError::UnknownTopicOrPartition)?;
        self.led_here(found.partition(id, partition)?)
    }

    /// A partition by its topic's id.
    ///
    /// # Errors
    /// It is not here.
    pub(crate) fn find_by_id(
        &self,
        topic: Uuid,
        partition: i32,
    ) -> Result<Arc<Partition>, FindError> {
        let found = self.found.read();
        let partition = found.partition(topic, partition);
        let partition = partition.map_err(|error| match error {
            FindError::UnknownTopicOrPartition if !found.has(topic) => FindError::UnknownTopicId,
            error => error,
        })?;
        self.led_here(partition)
    }

    /// Whether a partition that was found here before still would be.
    pub(crate) fn is_led_here(&self, partition: &Partition) -> bool {
        partition.leader_id() == self.node_id && partition.is_online()
    }

    fn led_here(&self, partition: Arc<Partition>) -> Result<Arc<Partition>, FindError> {
        if partition.leader_id() == self.node_id {
            Ok(partition)
        } else {
            Err(FindError::NotLeader)
        }
    }

    /// Whether a partition's log can't be used.
    pub(crate) fn is_offline(&self, topic: Uuid, partition: i32) -> bool {
        let found = self.found.read();
        match found.slot(topic, partition) {
            Some(Slot::Here(partition)) => !partition.dir().is_online(),
            Some(Slot::Unopened(_) | Slot::Offline) => true,
            None => false,
        }
    }

    /// Unsynced bytes of the node.
    pub(crate) fn dirty(&self) -> Arc<DirtyBudget> {
        Arc::clone(&self.shared.dirty)
    }

    /// The network's limits.
    pub(crate) fn limits(&self) -> Arc<Limits> {
        Arc::clone(&self.shared.limits)
    }

    /// Files that wait for their removal.
    pub(crate) fn removals(&self) -> Arc<Removals> {
        Arc::clone(&self.shared.removals)
    }

    /// What compacts the logs.
    pub(crate) fn cleaner(&self) -> Arc<Cleaner> {
        Arc::clone(&self.shared.cleaner)
    }

    /// Hears of full volumes.
    pub(crate) fn shortage(&self) -> Arc<Shortage> {
        Arc::clone(&self.shared.shortage)
    }

    /// Logs on their way to other directories.
    pub(crate) fn moves(&self) -> Arc<Moves> {
        Arc::clone(&self.shared.moves)
    }

    /// Every partition that is served here.
    pub(crate) fn all(&self) -> Vec<Arc<Partition>> {
        self.found.read().all()
    }

    /// The same, and the logs that could not be opened: each partition is in one of the lists.
    fn all_and_unopened(&self) -> (Vec<Arc<Partition>>, Vec<Arc<Unopened>>) {
        let found = self.found.read();
        (found.all(), found.unopened())
    }

    /// Those of them with `compact` in their cleanup policy.
    pub(crate) fn compacted(&self) -> Vec<Arc<Partition>> {
        self.found.read().compacted()
    }

    /// The node's log directories.
    pub(crate) fn directories(&self) -> impl Iterator<Item = &Arc<LogDir>> {
        self.dirs.iter().map(|directory| &directory.dir)
    }

    /// Directories that the disk refused at the start.
    pub(crate) fn failed_directories(&self) -> &[PathBuf] {
        &self.failed_dirs
    }

    /// Whether the node can still serve something.
    pub(crate) fn any_directory_online(&self) -> bool {
        self.directories().any(|dir| dir.is_online())
    }

    /// Sums for the metrics.
    pub(crate) fn sizes(&self) -> Sizes {
        let all = self.all();
        Sizes {
            partitions: all.len() as u64,
            log_bytes: all.iter().map(|partition| partition.size_bytes()).sum(),
            open_files: self.handles.open_files() as u64,
            offline_dirs: (self.failed_dirs.len()
                + self.directories().filter(|dir| !dir.is_online()).count())
                as u64,
        }
    }

    /// Follows the image. Blocks: creates and renames folders.
    fn follow(&self, image: &Image, delta: &Delta) {
        let mut stale: BTreeSet<Uuid> = BTreeSet::new();
        for resource in &delta.configs {
            match resource.kind {
                ResourceKind::Broker => self.take_broker_configs(image, &mut stale),
                ResourceKind::Topic => {
                    stale.extend(image.topics().named(&resource.name).map(|topic| topic.id));
                }
                ResourceKind::BrokerLogger | ResourceKind::ClientMetrics | ResourceKind::Group => {}
            }
        }
        for (id, name) in &delta.topics_deleted {
            self.delete_topic(*id, name);
        }
        let changed = delta.partitions.iter().flat_map(|(id, changed)| {
            let topic = image.topics().by_id(*id);
            let of_topic = topic.map(|topic| {
                self.found.write().name(&topic.name, *id);
                let traits = self.traits_of(image, &topic.name);
                let follow = move |index: &i32| self.follow_partition(topic, *index, &traits);
                changed.iter().filter_map(follow)
            });
            of_topic.into_iter().flatten()
        });
        self.open_all(changed);
        for id in stale {
            let Some(topic) = image.topics().by_id(id) else {
                continue;
            };
            let traits = self.traits_of(image, &topic.name);
            self.configure_topic(id, &traits);
        }
    }

    /// Sets folders aside that the first complete image does not name. They are never deleted: metadata that looks
    /// absent proves nothing.
    pub(crate) fn set_strays_aside(&self) {
        self.settled.store(true, Ordering::Release);
        for directory in &self.dirs {
            for partition in std::mem::take(&mut *directory.unclaimed.lock()) {
                let random = self.shared.host.entropy.next_u128();
                set_folder_aside(&directory.dir, &partition, random);
            }
            self.set_copies_aside(directory);
        }
    }

    fn take_broker_configs(&self, image: &Image, stale: &mut BTreeSet<Uuid>) {
        let of = |name: &str| stored(image, ResourceKind::Broker, name);
        let mut layers = self.layers.write();
        layers.set_cluster_wide(of(""));
        layers.set_broker(of(&self.node_id.to_string()));
        self.shared
            .limits
            .change_admission(config::admission_settings(&layers));
        self.shared
            .cleaner
            .change(config::cleaner_settings(&layers));
        drop(layers);
        stale.extend(image.topics().iter().map(|topic| topic.id));
    }

    /// Logs that are opened, or closed, at a time.
    fn recovery_threads(&self) -> usize {
        let each = self
            .layers
            .read()
            .get(&broker::NUM_RECOVERY_THREADS_PER_DATA_DIR);
        usize::try_from(each).unwrap_or(1) * self.dirs.len()
    }

    /// A topic's configuration. Topics that come one after the other with the same one share it.
    fn traits_of(&self, image: &Image, topic: &TopicName) -> Arc<TopicTraits> {
        let overrides = stored(image, ResourceKind::Topic, topic);
        let traits = TopicTraits::new(&self.layers.read(), &overrides);
        let mut newest = self.newest_traits.lock();
        match &*newest {
            Some(shared) if **shared == traits => Arc::clone(shared),
            _ => Arc::clone(newest.insert(Arc::new(traits))),
        }
    }

    fn configure_topic(&self, id: Uuid, traits: &Arc<TopicTraits>) {
        for slot in self.found.read().slots_of(id) {
            match slot {
                Slot::Here(partition) => partition.configure(Arc::clone(traits)),
                Slot::Unopened(unopened) => unopened.configure(traits),
                Slot::Offline => {}
            }
        }
        self.found.write().sort_compacted(id);
    }

    /// Tells a partition of its leader. One that should be here and is not is given back.
    fn follow_partition(
        &self,
        topic: &Topic,
        index: i32,
        traits: &Arc<TopicTraits>,
    ) -> Option<Missing> {
        let state = topic.partitions.get(index)?;
        if !state.replicas().contains(&self.node_id.0) {
            return None;
        }
        let (leader, leader_epoch) = (state.leader(), state.leader_epoch());
        // Held: a log that is opened at this moment must not miss its leader.
        let found = self.found.read();
        match found.slot(topic.id, index) {
            Some(Slot::Here(partition)) if partition.is_online() => {
                partition.lead(leader, leader_epoch);
                return None;
            }
            Some(Slot::Unopened(unopened)) => {
                unopened.lead(leader, leader_epoch);
                return None;
            }
            // Only a start looks for it again: an empty log in its place would be a loss.
            Some(_) => return None,
            None => {}
        }
        Some(Missing {
            name: TopicPartition { topic: topic.name.clone(), partition: index },
            topic_id: topic.id,
            noted: state.directory_of(self.node_id.0),
            wanted: Wanted { traits: Arc::clone(traits), leader, leader_epoch },
        })
    }

    fn delete_topic(&self, id: Uuid, name: &TopicName) {
        let Removed { here, unopened } = self.found.write().remove(id, name);
        for partition in &here {
            self.delete_log(partition);
        }
        for unopened in &unopened {
            self.delete_unopened(unopened);
        }
    }

    fn delete_log(&self, partition: &Partition) {
        let host = &self.shared.host;
        partition.delete(host.entropy.next_u128(), host.clock.now_ms());
    }

    /// Deletes what retention allows in every log. Blocks.
    pub(crate) fn apply_retention(&self, now_ms: i64) {
        for partition in self.all() {
            partition.apply_retention(now_ms);
        }
    }

    /// Takes back what logs reserved ahead on volumes that are full. Blocks.
    pub(crate) fn give_back_reserves(&self, now_ms: i64) {
        for partition in self.all() {
            if partition.dir().is_short_of_room(now_ms) {
                partition.give_back_reserve();
            }
        }
    }

    /// Syncs what a restart would have to read again, then writes the checkpoints. A node at rest does nothing here,
    /// however many partitions it has. Blocks.
    pub(crate) fn advance_recovery_points(&self) {
        for dir in self.directories() {
            // Nothing to do, unless it failed and its disk took no note of it.
            dir.note_failure();
        }
        // Before the look at the logs: what moves meanwhile is written the next time.
        if !self.shared.checkpoints_due.swap(false, Ordering::AcqRel) {
            return;
        }
        let all = self.all();
        let tasks = &*self.shared.host.tasks;
        sync_each(&all, Partition::full_sync, (tasks, 1));
        let is_done = all.iter().all(|partition| partition.is_settled());
        if !self.write_checkpoints() || !is_done {
            self.shared.checkpoints_due.store(true, Ordering::Release);
        }
    }

    /// Writes the checkpoints of every directory; whether all took them. Blocks.
    fn write_checkpoints(&self) -> bool {
        let online = self.directories().filter(|dir| dir.is_online());
        online.fold(true, |all, dir| {
            all & self.write_checkpoint(dir, super::checkpoints::write)
        })
    }

    /// Writes how far the cleaner got in the logs of a directory. Blocks.
    pub(crate) fn write_cleaner_checkpoint(&self, dir: &LogDir) {
        self.write_checkpoint(dir, super::checkpoints::write_cleaned);
    }

    fn write_checkpoint(&self, dir: &LogDir, write: super::checkpoints::Write) -> bool {
        // First: what is deleted from now on has no line.
        let turn = dir.checkpoint_turn();
        let (all, unopened) = self.all_and_unopened();
        let marks = all
            .iter()
            .filter_map(|p| Some((p.name().clone(), p.checkpoints_in(dir)?)));
        // What was not opened is as the last run left it.
        let left = unopened
            .iter()
            .filter_map(|it| Some((it.name().clone(), it.known_in(dir)?)));
        let marks: Vec<_> = marks.chain(left).collect();
        let written = write(&turn, &marks);
        if let Err(error) = &written {
            tracing::error!(dir = %dir.path().display(), %error, "writing checkpoints");
        }
        written.is_ok()
    }

    /// Waits for syncs that somebody waited for when the node was told to stop.
    pub(crate) async fn until_no_sync(&self) {
        for partition in self.all() {
            partition.until_no_sync().await;
        }
    }

    /// What keeps the logs' files open.
    pub(crate) fn handles(&self) -> Arc<HandleCache> {
        Arc::clone(&self.handles)
    }

    /// Flushes and closes every log and leaves the marker of a clean stop. Blocks.
    pub(crate) fn close(&self, broker_epoch: i64) {
        let (all, unopened) = self.all_and_unopened();
        let tasks = &*self.shared.host.tasks;
        let threads = self.recovery_threads();
        sync_each(&all, Partition::begin_close, (tasks, threads));
        self.write_checkpoints();
        // What could not be completed, or not even opened, has to be recovered.
        let unsettled = all.iter().filter(|partition| !partition.is_settled());
        let unsettled = unsettled.map(|p| p.dir().directory_id());
        let unopened = unopened.iter().flat_map(|it| it.folders());
        let unopened = unopened.map(|(dir, _)| dir.directory_id());
        let unsettled: BTreeSet<_> = unsettled.chain(unopened).collect();
        let settled = |dir: &&Arc<LogDir>| !unsettled.contains(&dir.directory_id());
        for dir in self.directories().filter(|dir| dir.is_online()) {
            if !settled(&dir) {
                tracing::warn!(dir = %dir.path().display(), "not marked as stopped in order");
            } else if let Err(error) = dir.mark_clean_stop(broker_epoch) {
                tracing::error!(dir = %dir.path().display(), %error, "marking the clean stop");
            }
        }
        for dir in self.directories() {
            dir.close();
        }
    }
}

/// Gives a folder that nobody knows a name that says so: a person decides.
fn set_folder_aside(dir: &LogDir, partition: &TopicPartition, random: u128) {
    tracing::warn!(%partition, "no topic has this folder; it is set aside as -stray");
    let path = dir.path();
    let aside = stray_folder_name(partition, random);
    let disk = dir.disk();
    let moved = disk.rename(&path.join(partition.to_string()), &path.join(aside));
    if let Err(error) = moved.and_then(|()| disk.sync_dir(path)) {
        tracing::error!(%partition, %error, "setting a stray folder aside");
    }
}

impl MetadataListener for Registry {
    fn publish(&self, _old: &Image, new: &Arc<Image>, delta: &Delta) {
        self.follow(new, delta);
    }

    fn halted(&self, cause: &str) {
        self.halt.tell(cause);
    }
}
