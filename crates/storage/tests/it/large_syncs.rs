//! Syncs of more than the device should be asked for at once: written back step by step, and no further than promised.

use crate::store::{context, numbered, open_dir, open_log, partition, read_all};
use crate::story::{DATA, config};
use klamm_host::Disk;
use klamm_host_sim::{CrashPolicy, DiskFault, DiskOp, Effect, OpFilter, SimDisk, SimRng};
use klamm_records::BatchFields;
use klamm_storage::{
    HandleCache, LogConfig, LogDir, Origin, PartitionLog, StorageError, SyncScope, SyncWork,
};
use std::path::Path;
use std::sync::Arc;

/// More than one step of writing back.
const LARGE: u64 = 20 << 20;

fn large_config() -> LogConfig {
    LogConfig {
        segment_bytes: 64 << 20,
        max_message_bytes: 4 << 20,
        ..config()
    }
}

fn made(disk: &SimDisk) -> (Arc<LogDir>, PartitionLog) {
    let mounted: Arc<dyn Disk> = Arc::new(disk.mount());
    let (dir, _) = open_dir(&mounted, Path::new(DATA)).unwrap();
    let config = Arc::new(large_config());
    let cache = HandleCache::new(10);
    let log = PartitionLog::create(&dir, &cache, partition("t"), None, config, 0).unwrap();
    (dir, log)
}

fn append(log: &mut PartitionLog, bytes: u64) {
    let batch = numbered(7, 50_000, &BatchFields::default());
    let wanted = log.dirty_bytes() + bytes;
    while log.dirty_bytes() < wanted {
        log.append_as_leader(&batch, context(Origin::Client))
            .unwrap();
    }
}

fn work(log: &mut PartitionLog) -> SyncWork {
    log.sync_work(SyncScope::Data)
        .unwrap()
        .expect("there is something to sync")
}

#[test]
fn a_large_sync_keeps_what_it_promised_and_leaves_what_came_later() {
    let disk = SimDisk::new();
    let (dir, mut log) = made(&disk);
    append(&mut log, 1 << 20);
    let first = work(&mut log);
    let mut taken = 0;
    first.write_back(|bytes| taken += bytes).unwrap();
    log.synced(first.run());
    assert_eq!(taken, 0, "all is one step");
    assert!(!log.is_synced_in_steps());
    append(&mut log, LARGE);
    assert!(log.is_synced_in_steps());
    let (dirty, promised) = (log.dirty_bytes(), log.log_end_offset());
    let large = work(&mut log);
    append(&mut log, 1 << 20);
    let mut steps = Vec::new();
    large.write_back(|bytes| steps.push(bytes)).unwrap();
    assert_eq!(steps.iter().sum::<u64>(), dirty);
    assert!(
        steps.len() > 2 && steps.iter().all(|step| *step <= 8 << 20),
        "{steps:?}"
    );
    log.synced(large.run());
    assert_eq!(log.flushed_end_offset(), promised);
    let before: Vec<_> = read_all(&log);
    drop((dir, log));

    disk.crash(CrashPolicy::DropUnsynced, &mut SimRng::new(1));
    let mounted: Arc<dyn Disk> = Arc::new(disk.mount());
    let (dir, last) = open_dir(&mounted, Path::new(DATA)).unwrap();
    let mut log = open_log(&dir, &last, "t", &large_config()).unwrap().log;
    assert_eq!(log.log_end_offset(), promised);
    let kept = read_all(&log);
    assert_eq!(kept[..], before[..kept.len()]);
    // What was not covered is covered by the next one, as before.
    append(&mut log, LARGE);
    let end = log.log_end_offset();
    let next = work(&mut log);
    log.synced(next.run());
    drop((dir, log));
    disk.crash(CrashPolicy::DropUnsynced, &mut SimRng::new(1));
    let mounted: Arc<dyn Disk> = Arc::new(disk.mount());
    let (dir, last) = open_dir(&mounted, Path::new(DATA)).unwrap();
    let log = open_log(&dir, &last, "t", &large_config()).unwrap().log;
    assert_eq!(log.log_end_offset(), end);
}

#[test]
fn a_step_that_fails_takes_the_directory_offline() {
    let disk = SimDisk::new();
    let (dir, mut log) = made(&disk);
    append(&mut log, LARGE);
    disk.inject(DiskFault::once(OpFilter::Is(DiskOp::WriteBack), 1, Effect::Eio).on(".log"));
    let large = work(&mut log);
    let mut taken = 0;
    let failed = large.write_back(|bytes| taken += bytes);
    assert!(
        matches!(failed, Err(StorageError::Offline { .. })),
        "{failed:?}"
    );
    assert_eq!(taken, 8 << 20, "the step before it");
    assert!(!dir.is_online());
    // The kernel would say yes to the sync that follows: it told the failure already.
    let refused = large.run();
    assert!(matches!(refused, Err(StorageError::Offline { .. })));
    log.synced(refused);
    assert_eq!(log.flushed_end_offset(), 0);
}
