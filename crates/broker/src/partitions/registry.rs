//! Finds partitions, and follows the metadata image: creates, configures and deletes their logs.

mod moves;

pub(crate) use moves::MoveRefusal;

use super::{Partition, TopicTraits};
use hashbrown::HashMap;
use klamm_host::Host;
use klamm_metadata::decide::stored;
use klamm_metadata::image::{ResourceKind, Topic};
use klamm_metadata::{Delta, Image};
use klamm_model::{NodeId, TopicName, TopicPartition, Uuid};
use klamm_settings::Layers;
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
use crate::upkeep::{Cleaner, DirtyBudget, Moves, Removals};

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
    halt: Arc<Halt>,
}

/// What every partition of the node uses.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) host: Host,
    pub(crate) dirty: Arc<DirtyBudget>,
    pub(crate) removals: Arc<Removals>,
    pub(crate) cleaner: Arc<Cleaner>,
    /// Logs on their way to other directories.
    pub(crate) moves: Arc<Moves>,
    pub(crate) flush_interval_ms: i64,
    /// The network's limits: some follow the cluster's configuration.
    pub(crate) limits: Arc<Limits>,
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
}

/// A partition, and the directory that its log was on the way to when the node stopped.
type OpenedHere = (Partition, Option<Arc<LogDir>>);

const METADATA_TOPIC: &str = "__cluster_metadata";

#[derive(Debug, Default)]
struct Found {
    by_name: HashMap<TopicName, Uuid, foldhash::fast::FixedState>,
    partitions: HashMap<(Uuid, i32), Slot, foldhash::fast::FixedState>,
}

#[derive(Debug, Clone)]
enum Slot {
    Here(Arc<Partition>),
    /// Its directory failed, or its log can't be opened.
    Offline,
}

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
        for (name, folder) in dir.folders()? {
            match folder {
                // The quorum's own log is no partition of the image.
                FolderName::Partition(partition) if &*partition.topic != METADATA_TOPIC => {
                    unclaimed.insert(partition);
                }
                FolderName::Future(partition) => copies.entry(partition).or_default().push(name),
                _ => {}
            }
        }
        Ok(Self {
            dir,
            last,
            unclaimed: Mutex::new(unclaimed),
            copies: Mutex::new(copies),
        })
    }
}

impl Registry {
    pub(crate) fn new(
        node_id: NodeId,
        (dirs, failed_dirs): (Vec<Directory>, Vec<PathBuf>),
        handles: Arc<HandleCache>,
        shared: Shared,
        layers: Layers,
        halt: Arc<Halt>,
    ) -> Self {
        Self {
            node_id,
            dirs,
            failed_dirs,
            settled: AtomicBool::new(false),
            handles,
            shared: Arc::new(shared),
            found: RwLock::default(),
            layers: RwLock::new(layers),
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
            .by_name
            .get(topic)
            .ok_or(FindError::UnknownTopicOrPartition)?;
        self.led_here(found.partition(*id, partition)?)
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
        let found = self.found.read().partition(topic, partition);
        self.led_here(found.map_err(|error| match error {
            FindError::UnknownTopicOrPartition => FindError::UnknownTopicId,
            error => error,
        })?)
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
        match found.partitions.get(&(topic, partition)) {
            Some(Slot::Here(partition)) => !partition.dir().is_online(),
            Some(Slot::Offline) => true,
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

    /// Logs on their way to other directories.
    pub(crate) fn moves(&self) -> Arc<Moves> {
        Arc::clone(&self.shared.moves)
    }

    /// Every partition that is served here.
    pub(crate) fn all(&self) -> Vec<Arc<Partition>> {
        let found = self.found.read();
        let here = found.partitions.values().filter_map(|slot| match slot {
            Slot::Here(partition) => Some(Arc::clone(partition)),
            Slot::Offline => None,
        });
        here.collect()
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
        for (id, changed) in &delta.partitions {
            let Some(topic) = image.topics().by_id(*id) else {
                continue;
            };
            let traits = Arc::new(self.traits_of(image, &topic.name));
            self.found.write().by_name.insert(topic.name.clone(), *id);
            for partition in changed {
                self.follow_partition(topic, *partition, &traits);
            }
        }
        for id in stale {
            let Some(topic) = image.topics().by_id(id) else {
                continue;
            };
            let traits = Arc::new(self.traits_of(image, &topic.name));
            self.configure_topic(id, &traits);
        }
    }

    /// Sets folders aside that the first complete image does not name. They are never deleted: metadata that looks
    /// absent proves nothing.
    pub(crate) fn set_strays_aside(&self) {
        self.settled.store(true, Ordering::Release);
        for directory in &self.dirs {
            for partition in std::mem::take(&mut *directory.unclaimed.lock()) {
                tracing::warn!(%partition, "no topic has this folder; it is set aside as -stray");
                let path = directory.dir.path();
                let aside = stray_folder_name(&partition, self.shared.host.entropy.next_u128());
                let disk = directory.dir.disk();
                let moved = disk.rename(&path.join(partition.to_string()), &path.join(aside));
                if let Err(error) = moved.and_then(|()| disk.sync_dir(path)) {
                    tracing::error!(%partition, %error, "setting a stray folder aside");
                }
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

    fn traits_of(&self, image: &Image, topic: &TopicName) -> TopicTraits {
        let layers = self.layers.read();
        let overrides = stored(image, ResourceKind::Topic, topic);
        TopicTraits::new(&layers, &overrides)
    }

    fn configure_topic(&self, id: Uuid, traits: &Arc<TopicTraits>) {
        let found = self.found.read();
        for ((topic, _), slot) in &found.partitions {
            if let Slot::Here(partition) = slot
                && *topic == id
            {
                partition.configure(Arc::clone(traits));
            }
        }
    }

    fn follow_partition(&self, topic: &Topic, index: i32, traits: &Arc<TopicTraits>) {
        let Some(state) = topic.partitions.get(index) else {
            return;
        };
        if !state.replicas().contains(&self.node_id.0) {
            return;
        }
        let known = self.found.read().partition(topic.id, index);
        let partition = match known {
            Ok(partition) => partition,
            Err(_) => {
                let name = TopicPartition { topic: topic.name.clone(), partition: index };
                let wanted = state.directory_of(self.node_id.0);
                let slot = match self.open(&name, topic.id, wanted, traits) {
                    Ok(None) => {
                        tracing::error!(partition = %name, "its log may lie in a directory that is offline");
                        Slot::Offline
                    }
                    Ok(Some((partition, goes_on))) => {
                        let partition = Arc::new(partition);
                        partition.note_recovered();
                        self.go_on_moving(&partition, goes_on.as_ref(), wanted);
                        Slot::Here(partition)
                    }
                    Err(error) => {
                        tracing::error!(partition = %name, %error, "opening the log");
                        Slot::Offline
                    }
                };
                self.found
                    .write()
                    .partitions
                    .insert((topic.id, index), slot.clone());
                match slot {
                    Slot::Here(partition) => partition,
                    Slot::Offline => return,
                }
            }
        };
        partition.lead(state.leader(), state.leader_epoch());
    }

    /// Opens or makes a log; `None` if it may be where nobody can look.
    fn open(
        &self,
        name: &TopicPartition,
        topic_id: Uuid,
        wanted: Option<Uuid>,
        traits: &Arc<TopicTraits>,
    ) -> Result<Option<OpenedHere>, klamm_storage::OpenError> {
        let holds = |directory: &&Directory| directory.unclaimed.lock().remove(name);
        let holders: Vec<&Directory> = self.dirs.iter().filter(holds).collect();
        let may_be_offline = !self.failed_dirs.is_empty() && !self.settled.load(Ordering::Acquire);
        if holders.is_empty() && may_be_offline {
            // An empty log in its place would be a loss.
            return Ok(None);
        }
        let goes_on = self.take_copies(name, !holders.is_empty());
        let places = if holders.is_empty() {
            vec![(&self.place(wanted).dir, None)]
        } else {
            let known = |directory: &&'_ Directory| Some(directory.last.of(name));
            holders.iter().map(|d| (&d.dir, known(d))).collect()
        };
        let opening =
            super::partition::Opening { places, handles: &self.handles, name, topic_id, traits };
        let partition = Partition::open(opening, Arc::clone(&self.shared))?;
        Ok(Some((partition, goes_on)))
    }

    /// The directory for a new log: the one that the image names, or else the one with the fewest logs.
    fn place(&self, wanted: Option<Uuid>) -> &Directory {
        if let [only] = &*self.dirs {
            return only;
        }
        let named = self
            .dirs
            .iter()
            .find(|d| Some(d.dir.directory_id()) == wanted);
        named.filter(|d| d.dir.is_online()).unwrap_or_else(|| {
            let mut logs: BTreeMap<Uuid, usize> = BTreeMap::new();
            for partition in self.all() {
                *logs.entry(partition.dir().directory_id()).or_default() += 1;
            }
            let online = self.dirs.iter().filter(|d| d.dir.is_online());
            let emptiest =
                online.min_by_key(|d| logs.get(&d.dir.directory_id()).copied().unwrap_or(0));
            // All failed: whichever is taken reports that it is offline.
            emptiest.unwrap_or_else(|| self.dirs.first().expect("a node has a log directory"))
        })
    }

    fn delete_topic(&self, id: Uuid, name: &TopicName) {
        let mut removed = Vec::new();
        {
            let mut found = self.found.write();
            if found.by_name.get(name) == Some(&id) {
                found.by_name.remove(name);
            }
            found.partitions.retain(|(topic, _), slot| {
                if *topic == id
                    && let Slot::Here(partition) = slot
                {
                    removed.push(Arc::clone(partition));
                }
                *topic != id
            });
        }
        let now_ms = self.shared.host.clock.now_ms();
        for partition in &removed {
            partition.delete(self.shared.host.entropy.next_u128(), now_ms);
        }
    }

    /// Deletes what retention allows in every log. Blocks.
    pub(crate) fn apply_retention(&self, now_ms: i64) {
        for partition in self.all() {
            partition.apply_retention(now_ms);
        }
    }

    /// Syncs what a restart would have to read again, then writes the checkpoints. Blocks.
    pub(crate) fn advance_recovery_points(&self) {
        for partition in self.all() {
            partition.advance_recovery_point();
        }
        self.write_checkpoints();
    }

    /// Writes the checkpoints of every directory. Blocks.
    fn write_checkpoints(&self) {
        for dir in self.directories().filter(|dir| dir.is_online()) {
            self.write_checkpoint(dir, super::checkpoints::write);
        }
    }

    /// Writes how far the cleaner got in the logs of a directory. Blocks.
    pub(crate) fn write_cleaner_checkpoint(&self, dir: &LogDir) {
        self.write_checkpoint(dir, super::checkpoints::write_cleaned);
    }

    fn write_checkpoint(&self, dir: &LogDir, write: super::checkpoints::Write) {
        let all = self.all();
        let here = all
            .iter()
            .filter(|p| p.dir().directory_id() == dir.directory_id());
        let marks: Vec<_> = here
            .filter_map(|p| Some((p.name().clone(), p.checkpoints()?)))
            .collect();
        if let Err(error) = write(dir, &marks) {
            tracing::error!(dir = %dir.path().display(), %error, "writing checkpoints");
        }
    }

    /// Flushes and closes every log and leaves the marker of a clean stop. Blocks.
    pub(crate) fn close(&self, broker_epoch: i64) {
        for partition in self.all() {
            partition.close();
        }
        self.write_checkpoints();
        for dir in self.directories().filter(|dir| dir.is_online()) {
            if let Err(error) = dir.mark_clean_stop(broker_epoch) {
                tracing::error!(dir = %dir.path().display(), %error, "marking the clean stop");
            }
        }
        for dir in self.directories() {
            dir.close();
        }
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

impl Found {
    fn partition(&self, topic: Uuid, partition: i32) -> Result<Arc<Partition>, FindError> {
        match self.partitions.get(&(topic, partition)) {
            Some(Slot::Here(partition)) if partition.dir().is_online() => Ok(Arc::clone(partition)),
            Some(_) => Err(FindError::Offline),
            None => Err(FindError::UnknownTopicOrPartition),
        }
    }
}
