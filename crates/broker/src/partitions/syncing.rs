//! Syncs of many logs at once: one sync of their volume takes about as long as that of one log.

use super::Partition;
use crate::upkeep::DirtyBudget;
use klamm_host::{Host, Tasks};
use klamm_model::Uuid;
use klamm_storage::SyncWork;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Fewer logs of a directory are synced one by one: the sync of a volume waits for what other programs wrote, too.
const TOGETHER_MIN: usize = 8;
/// Logs of one sync. Each has up to three files open until it is over.
const AT_ONCE: usize = 256;

/// Logs of each directory.
type Groups<T> = BTreeMap<Uuid, Vec<T>>;

/// Takes a sync of each partition that has one to do, and runs them, up to `threads` at a time where they run one by one.
/// Blocks.
pub(super) fn sync_each(
    partitions: &[Arc<Partition>],
    take: impl Fn(&Partition) -> Option<SyncWork> + Sync,
    (tasks, threads): (&dyn Tasks, usize),
) {
    for some in partitions.chunks(AT_ONCE) {
        let taken: Vec<_> = some.iter().map(|_| Mutex::new(None)).collect();
        let take = |i: usize| {
            if let (Some(partition), Some(place)) = (some.get(i), taken.get(i)) {
                *place.lock() = take(partition);
            }
        };
        tasks.run_each(some.len(), threads, &take);
        let mut groups: Groups<(&Arc<Partition>, SyncWork)> = Groups::new();
        for (partition, work) in some.iter().zip(taken) {
            if let Some(work) = work.into_inner() {
                let id = work.dir().directory_id();
                groups.entry(id).or_default().push((partition, work));
            }
        }
        let mut alone = Vec::new();
        for group in groups.into_values() {
            let can_sync_volume = group
                .first()
                .is_some_and(|(_, w)| w.dir().can_sync_volume());
            if group.len() < TOGETHER_MIN || !can_sync_volume {
                alone.extend(group.into_iter().map(|one| Mutex::new(Some(one))));
                continue;
            }
            let (of, works): (Vec<_>, Vec<_>) = group.into_iter().unzip();
            for (partition, done) in of.into_iter().zip(SyncWork::run_together(works)) {
                partition.note_synced(done);
            }
        }
        let run = |i: usize| {
            if let Some((partition, work)) = alone.get(i).and_then(|one| one.lock().take()) {
                let written = work.write_back(|_| {});
                partition.note_synced(written.and_then(|()| work.run()));
            }
        };
        tasks.run_each(alone.len(), threads, &run);
    }
}

/// Syncs the records of those partitions that share a directory with enough others; gives the rest back.
pub(crate) async fn flush_together(
    host: &Host,
    dirty: &DirtyBudget,
    partitions: Vec<Arc<Partition>>,
) -> Vec<Arc<Partition>> {
    let (mut groups, mut rest) = (Groups::new(), Vec::new());
    for partition in partitions {
        partition.leave_list();
        let dir = partition.dir();
        let group = if dir.can_sync_volume() {
            groups.entry(dir.directory_id()).or_default()
        } else {
            &mut rest
        };
        group.push(partition);
    }
    for group in groups.into_values() {
        if group.len() < TOGETHER_MIN {
            rest.extend(group);
            continue;
        }
        for some in group.chunks(AT_ONCE) {
            if dirty.is_stopping() {
                // All that is left is synced at the end.
                return Vec::new();
            }
            let some = some.to_vec();
            let flushed = klamm_host::run_blocking(&*host.tasks, move || flush_some(some));
            rest.extend(flushed.await.unwrap_or_default());
        }
    }
    rest
}

/// Syncs the records of logs of one directory. Gives those back that somebody else is syncing, or that
/// are synced in steps. Blocks.
fn flush_some(partitions: Vec<Arc<Partition>>) -> Vec<Arc<Partition>> {
    let (mut rest, mut begun, mut works) = (Vec::new(), Vec::new(), Vec::new());
    for partition in partitions {
        if partition.is_synced_in_steps() {
            // Whoever waits for the sync of a small log would wait for these steps.
            rest.push(partition);
            continue;
        }
        match partition.begin_flush() {
            Some((flush, work)) => {
                begun.push((partition, flush));
                works.push(work);
            }
            None => rest.push(partition),
        }
    }
    for ((partition, flush), done) in begun.iter().zip(SyncWork::run_together(works)) {
        partition.end_flush(flush, done);
    }
    rest
}
