//! Opens or makes the logs that the image names and the node has not yet, several at a time.
//!
//! What must happen in order, which directory a new log gets for one, happens before and after; only the work on the disk
//! runs side by side.

use super::unopened::{Unopened, Wanted};
use super::{Directory, Registry, Slot};
use crate::partitions::Partition;
use crate::partitions::partition::Opening;
use klamm_model::{TopicPartition, Uuid};
use klamm_storage::{LastOffsets, LogDir, OpenError};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A partition of this node without a log.
#[derive(Debug)]
pub(super) struct Missing {
    pub(super) name: TopicPartition,
    pub(super) topic_id: Uuid,
    /// The directory that the image names.
    pub(super) noted: Option<Uuid>,
    pub(super) wanted: Wanted,
}

/// The same, with the directories to look in, and the one that it was on the way to when the node stopped.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) missing: Missing,
    /// With what the last run knew of a folder that is there.
    pub(super) places: Vec<(Arc<LogDir>, Option<LastOffsets>)>,
    pub(super) goes_on: Option<Arc<LogDir>>,
}

/// Logs in each directory, counted when the first new log needs a place.
type LogCounts = Option<BTreeMap<Uuid, usize>>;

/// Logs that are on their way at once: what is held for them stays small, however many there are.
const AT_ONCE: usize = 1024;

impl Registry {
    /// Opens or makes logs. Blocks.
    pub(super) fn open_all(&self, missing: impl Iterator<Item = Missing>) {
        let (mut counts, threads) = (LogCounts::None, self.recovery_threads());
        let mut missing = missing.peekable();
        while missing.peek().is_some() {
            let some = missing.by_ref().take(AT_ONCE);
            let placed = some.filter_map(|missing| self.place(missing, &mut counts));
            let placed: Vec<Placed> = placed.collect();
            let opened: Vec<_> = placed.iter().map(|_| Mutex::new(None)).collect();
            let open = |i: usize| {
                if let (Some(placed), Some(slot)) = (placed.get(i), opened.get(i)) {
                    let opened = self.open(placed, &placed.missing.wanted);
                    *slot.lock() = Some(opened.map(Arc::new));
                }
            };
            let tasks = &self.shared.host.tasks;
            tasks.run_each(placed.len(), threads, &open);
            for (placed, opened) in placed.into_iter().zip(opened) {
                if let Some(opened) = opened.into_inner() {
                    self.take_in(placed, opened);
                }
            }
        }
    }

    pub(super) fn open(&self, placed: &Placed, wanted: &Wanted) -> Result<Partition, OpenError> {
        let Missing { name, topic_id, .. } = &placed.missing;
        let places = placed.places.iter().map(|(dir, last)| (dir, *last));
        let opening = Opening {
            places: places.collect(),
            handles: &self.handles,
            name,
            topic_id: *topic_id,
            traits: &wanted.traits,
        };
        Partition::open(opening, Arc::clone(&self.shared))
    }

    fn take_in(&self, placed: Placed, opened: Result<Arc<Partition>, OpenError>) {
        let Missing { name, topic_id, noted, wanted } = &placed.missing;
        let (topic_id, index) = (*topic_id, name.partition);
        let slot = match opened {
            Ok(partition) => {
                partition.note_recovered();
                self.go_on_moving(&partition, placed.goes_on.as_ref(), *noted);
                partition.lead(wanted.leader, wanted.leader_epoch);
                Slot::Here(partition)
            }
            Err(error) => {
                tracing::error!(partition = %name, %error, "opening the log");
                let unopened = Unopened::new(placed, &error);
                if unopened.may_pass() {
                    self.shared.shortage.tell();
                }
                Slot::Unopened(Arc::new(unopened))
            }
        };
        self.found.write().insert(topic_id, index, slot);
    }

    /// Where a log is, or is to be made. `None`, and the partition is offline: it may be where nobody can look.
    fn place(&self, missing: Missing, counts: &mut LogCounts) -> Option<Placed> {
        let name = &missing.name;
        let holds = |directory: &&Directory| directory.unclaimed.lock().remove(name);
        let holders: Vec<&Directory> = self.dirs.iter().filter(holds).collect();
        let may_be_offline = !self.failed_dirs.is_empty() && !self.settled.load(Ordering::Acquire);
        if holders.is_empty() && may_be_offline {
            // An empty log in its place would be a loss.
            tracing::error!(partition = %name, "its log may lie in a directory that is offline");
            let mut found = self.found.write();
            found.insert(missing.topic_id, name.partition, Slot::Offline);
            return None;
        }
        let goes_on = self.take_copies(name, !holders.is_empty());
        let places = if holders.is_empty() {
            let dir = &self.emptiest(missing.noted, counts).dir;
            vec![(Arc::clone(dir), None)]
        } else {
            let known = |d: &&Directory| (Arc::clone(&d.dir), Some(d.last.of(name)));
            holders.iter().map(known).collect()
        };
        Some(Placed { missing, places, goes_on })
    }

    /// The directory for a new log: the one that the image names, or else the one with the fewest logs.
    fn emptiest(&self, noted: Option<Uuid>, counts: &mut LogCounts) -> &Directory {
        if let [only] = &*self.dirs {
            return only;
        }
        let is_noted = |d: &&Directory| Some(d.dir.directory_id()) == noted;
        let named = self.dirs.iter().find(is_noted);
        named.filter(|d| d.dir.is_online()).unwrap_or_else(|| {
            let logs = counts.get_or_insert_with(|| self.count_logs());
            let online = self.dirs.iter().filter(|d| d.dir.is_online());
            let emptiest =
                online.min_by_key(|d| logs.get(&d.dir.directory_id()).copied().unwrap_or(0));
            // All failed: whichever is taken reports that it is offline.
            let chosen =
                emptiest.unwrap_or_else(|| self.dirs.first().expect("a node has a log directory"));
            *logs.entry(chosen.dir.directory_id()).or_default() += 1;
            chosen
        })
    }

    fn count_logs(&self) -> BTreeMap<Uuid, usize> {
        let mut logs = BTreeMap::new();
        for partition in self.all() {
            *logs.entry(partition.dir().directory_id()).or_default() += 1;
        }
        logs
    }
}
