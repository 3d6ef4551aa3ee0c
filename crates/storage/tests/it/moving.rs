//! A log moves to another directory, and the power goes at every point of the way.

use crate::store::{context, marker, numbered, open_dir, partition, read_all};
use klamm_host::Disk;
use klamm_host_sim::{CrashPolicy, DiskFault, Effect, OpFilter, SimDisk, SimRng};
use klamm_records::{BatchFields, EndTransaction};
use klamm_storage::layout::FolderName;
use klamm_storage::{
    FirstBatch, HandleCache, LastRun, LogConfig, LogDir, Origin, PartitionLog, SyncScope,
    UpperBound,
};
use std::path::Path;
use std::sync::Arc;

const NOW_MS: i64 = 1_790_000_100_000;

/// What was written, and what of it survives.
#[derive(Debug, Default, Clone)]
struct Model {
    bodies: Vec<Vec<u8>>,
    /// Batches that are on the disk.
    synced: usize,
}

#[derive(Debug)]
struct Stopped;

fn config() -> Arc<LogConfig> {
    Arc::new(LogConfig {
        segment_bytes: 500,
        index_interval_bytes: 60,
        ..LogConfig::default()
    })
}

fn directories(disk: &Arc<dyn Disk>) -> Option<[(Arc<LogDir>, LastRun); 2]> {
    Some([
        open_dir(disk, Path::new("/a"))?,
        open_dir(disk, Path::new("/b"))?,
    ])
}

fn append(log: &mut PartitionLog, model: &mut Model) -> Result<(), Stopped> {
    let number = i32::try_from(model.bodies.len()).unwrap();
    let batch = numbered(number, 2, &BatchFields::default());
    log.append_as_leader(&batch, context(Origin::Client))
        .map_err(|_| Stopped)?;
    model.bodies.push(batch[61..].to_vec());
    Ok(())
}

fn sync(log: &mut PartitionLog, scope: SyncScope) -> Result<(), Stopped> {
    if let Some(work) = log.sync_work(scope).map_err(|_| Stopped)? {
        let done = work.run();
        let failed = done.is_err();
        log.synced(done);
        if failed {
            return Err(Stopped);
        }
    }
    Ok(())
}

/// Copies what the copy lacks.
fn copy(from: &PartitionLog, to: &mut PartitionLog) -> Result<(), Stopped> {
    while to.log_end_offset() < from.log_end_offset() {
        let slice = from
            .read(to.log_end_offset(), 300, true, UpperBound::LogEnd)
            .map_err(|_| Stopped)?;
        let bytes = slice.range.unwrap().read().map_err(|_| Stopped)?;
        to.append_as_follower(&bytes.into(), NOW_MS)
            .map_err(|_| Stopped)?;
    }
    Ok(())
}

#[test]
fn a_guard_is_worth_in_the_copy_what_it_was_in_the_log() {
    let disk: Arc<dyn Disk> = Arc::new(SimDisk::new().mount());
    let [(a, _), (b, _)] = directories(&disk).unwrap();
    let cache = HandleCache::new(20);
    let mut log = PartitionLog::create(&a, &cache, partition("t"), None, config(), 0).unwrap();
    append(&mut log, &mut Model::default()).unwrap();
    let first = |producer_id| FirstBatch { producer_id, epoch: 0, sequence: 0, bumps_epoch: false };
    let kept = log.begin_verification(first(1), NOW_MS).unwrap();
    let stale = log.begin_verification(first(2), NOW_MS).unwrap();
    // The transaction of the second ended meanwhile.
    let ended = marker(2, EndTransaction::Abort);
    log.append_as_leader(&ended, context(Origin::Coordinator))
        .unwrap();
    let mut moved = PartitionLog::create_future(log.seed(), &b, 0, 1, NOW_MS).unwrap();
    copy(&log, &mut moved).unwrap();
    sync(&mut moved, SyncScope::All).unwrap();
    moved.promote().unwrap();
    moved.take_over(&log).unwrap();
    assert!(moved.is_under_verification(1, kept));
    assert!(!moved.is_under_verification(2, stale));
    let next = moved.begin_verification(first(2), NOW_MS).unwrap();
    assert!(next != stale && next != kept, "{next:?}");
    assert!(!moved.is_under_verification(2, stale));
}

/// A move as the broker makes it, with writes before, meanwhile and after.
fn story(disk: &SimDisk, model: &mut Model) -> Result<(), Stopped> {
    let disk: Arc<dyn Disk> = Arc::new(disk.mount());
    let [(a, _), (b, _)] = directories(&disk).ok_or(Stopped)?;
    let cache = HandleCache::new(20);
    let mut old = PartitionLog::create(&a, &cache, partition("t"), None, config(), NOW_MS)
        .map_err(|_| Stopped)?;
    for _ in 0..6 {
        append(&mut old, model)?;
    }
    sync(&mut old, SyncScope::Data)?;
    model.synced = model.bodies.len();
    append(&mut old, model)?;

    let mut new = PartitionLog::create_future(old.seed(), &b, 0, 7, NOW_MS).map_err(|_| Stopped)?;
    copy(&old, &mut new)?;
    append(&mut old, model)?;
    sync(&mut new, SyncScope::All)?;
    new.promote().map_err(|_| Stopped)?;
    copy(&old, &mut new)?;
    append(&mut old, model)?;
    sync(&mut old, SyncScope::Data)?;
    model.synced = model.bodies.len();
    copy(&old, &mut new)?;
    new.take_over(&old).map_err(|_| Stopped)?;
    assert_eq!(new.log_start_offset(), old.log_start_offset());
    append(&mut new, model)?;
    append(&mut new, model)?;
    sync(&mut new, SyncScope::All)?;
    model.synced = model.bodies.len();
    old.delete(9).map_err(|_| Stopped)?;
    append(&mut new, model)?;
    sync(&mut new, SyncScope::Data)?;
    model.synced = model.bodies.len();
    append(&mut new, model)
}

/// Starts again, as the broker does, and checks what is there.
fn check(disk: &SimDisk, model: &Model, keeps_cache: bool, story: &str) {
    let disk: Arc<dyn Disk> = Arc::new(disk.mount());
    let dirs = directories(&disk).unwrap();
    let holders: Vec<_> = dirs
        .iter()
        .filter(|(dir, _)| {
            let folders = dir.folders().unwrap();
            folders
                .iter()
                .any(|(_, folder)| *folder == FolderName::Partition(partition("t")))
        })
        .map(|(dir, last)| (Arc::clone(dir), last.of(&partition("t"))))
        .collect();
    if holders.is_empty() {
        assert_eq!(model.synced, 0, "{story}: no log");
        return;
    }
    let (cache, mut random) = (HandleCache::new(20), 100);
    let mut next = || {
        random += 1;
        random
    };
    let opened = PartitionLog::open_longest(
        &holders,
        &cache,
        &partition("t"),
        &config(),
        &mut next,
        NOW_MS,
    );
    let mut log = opened.unwrap().log;
    if model.synced == 0 {
        // Nothing was promised yet.
        return;
    }
    let found = read_all(&log);
    for (at, (base, _, body)) in found.iter().enumerate() {
        assert_eq!(*base, 2 * i64::try_from(at).unwrap(), "{story}");
        assert_eq!(body, &model.bodies[at], "{story}: batch {at}");
    }
    let promised = if keeps_cache {
        model.bodies.len()
    } else {
        model.synced
    };
    assert!(
        found.len() >= promised,
        "{story}: {} of {promised}",
        found.len()
    );
    // It goes on, and there is one of it only.
    append(&mut log, &mut Model::default()).unwrap();
    drop(log);
    let names = dirs.iter().flat_map(|(dir, _)| dir.folders().unwrap());
    let live = names.filter(|(_, f)| *f == FolderName::Partition(partition("t")));
    assert_eq!(live.count(), 1, "{story}");
}

#[test]
fn the_power_may_go_at_any_point_of_a_move() {
    for call in 0.. {
        let disk = SimDisk::new();
        disk.inject(DiskFault::once(OpFilter::Mutating, call, Effect::PowerOff));
        let mut model = Model::default();
        let result = story(&disk, &mut model);
        for (seed, policy) in [
            CrashPolicy::KeepAll,
            CrashPolicy::DropUnsynced,
            CrashPolicy::Random { torn: true, reorder: false },
            CrashPolicy::Random { torn: true, reorder: true },
        ]
        .into_iter()
        .enumerate()
        {
            let fork = disk.fork();
            fork.crash(policy, &mut SimRng::new(seed as u64 + call));
            let told = format!("call {call}, {policy:?}");
            // A write that the power cut is no promise, whatever is kept.
            let keeps_cache = policy == CrashPolicy::KeepAll && result.is_ok();
            if result.is_err() && model.bodies.is_empty() {
                continue;
            }
            check(&fork, &model, keeps_cache, &told);
        }
        if result.is_ok() {
            assert!(call > 60, "{call}");
            break;
        }
    }
}

#[test]
fn every_prefix_of_the_unsynced_writes_of_a_move_recovers() {
    let disk = SimDisk::new();
    let mut model = Model::default();
    story(&disk, &mut model).unwrap();
    for count in 0..=disk.pending() {
        let fork = disk.fork();
        fork.crash(CrashPolicy::Prefix(count), &mut SimRng::new(0));
        check(&fork, &model, false, &format!("{count} changes"));
    }
}

#[test]
fn a_copy_of_a_log_that_begins_late_keeps_its_start_even_if_it_is_empty() {
    let disk = SimDisk::new();
    let mounted: Arc<dyn Disk> = Arc::new(disk.mount());
    let [(a, _), (b, _)] = directories(&mounted).unwrap();
    let cache = HandleCache::new(20);
    let mut old = PartitionLog::create(&a, &cache, partition("t"), None, config(), NOW_MS).unwrap();
    old.truncate_fully_and_start_at(500, NOW_MS).unwrap();
    let mut new = PartitionLog::create_future(old.seed(), &b, 500, 7, NOW_MS).unwrap();
    sync(&mut new, SyncScope::All).unwrap();
    new.promote().unwrap();
    new.take_over(&old).unwrap();
    old.delete(9).unwrap();
    assert_eq!((new.log_start_offset(), new.log_end_offset()), (500, 500));
    disk.crash(CrashPolicy::DropUnsynced, &mut SimRng::new(0));
    let mounted: Arc<dyn Disk> = Arc::new(disk.mount());
    let [(_, _), (b, last)] = directories(&mounted).unwrap();
    let last = last.of(&partition("t"));
    let opened = PartitionLog::open(&b, &cache, partition("t"), config(), last, NOW_MS).unwrap();
    assert_eq!(opened.log.log_end_offset(), 500);
}
