//! Logs that are deleted, and others that are made under their names.

use crate::leftovers::{append, folder, made, make_in, start, sync_all};
use crate::store::{NOW_MS, checkpoint, open_dir, partition, read_all};
use crate::story::DATA;
use klamm_host::Disk;
use klamm_host_sim::{CrashPolicy, DiskFault, DiskOp, Effect, OpFilter, SimDisk, SimRng};
use klamm_storage::{CheckpointFile, HandleCache, LogConfig, PartitionLog};
use std::path::Path;
use std::sync::Arc;

/// What a deleted log's checkpoints said would be true of another one: that its records are deleted, and on the disk.
#[test]
fn a_checkpoint_that_was_begun_before_a_deletion_says_nothing_of_the_deleted_log() {
    let disk = SimDisk::new();
    let (dir, mut log) = made(&disk);
    for number in 0..5 {
        append(&mut log, number);
    }
    sync_all(&mut log);
    log.advance_log_start(8).unwrap();
    let name = log.partition().clone();
    let turn = dir.checkpoint_turn();
    let (point, begins) = (log.recovery_point(), log.log_start_offset());
    log.delete(7).unwrap();
    let mut log = make_in(&dir);
    for (file, offset) in [
        (CheckpointFile::RecoveryPoint, point),
        (CheckpointFile::LogStart, begins),
    ] {
        turn.write(file, [(&name, offset)].into_iter()).unwrap();
    }
    drop(turn);
    append(&mut log, 9);
    sync_all(&mut log);
    let whole = read_all(&log);
    drop((dir, log));
    disk.crash(CrashPolicy::DropUnsynced, &mut SimRng::new(1));
    let (dir, log) = start(&disk);
    assert_eq!(read_all(&log), whole);
    // A turn that begins later speaks of the new one.
    checkpoint(&dir, &log);
    drop((dir, log));
    let mounted: Arc<dyn Disk> = Arc::new(disk.mount());
    let (_dir, last) = open_dir(&mounted, Path::new(DATA)).unwrap();
    let last = last.of(&name);
    assert_eq!((last.recovery_point, last.log_start), (0, 0));
}

/// Space on a full volume comes from deletions: one that can't even rename must not keep it.
#[test]
fn a_log_is_deleted_where_there_is_no_room_for_a_longer_name() {
    let disk = SimDisk::new();
    let (dir, mut log) = made(&disk);
    append(&mut log, 1);
    sync_all(&mut log);
    disk.inject(DiskFault::always(OpFilter::Is(DiskOp::Rename), Effect::Enospc).on("t-0"));
    let name = log.delete(7).unwrap();
    dir.remove_folder(&name).unwrap();
    assert!(!disk.mount().exists(&folder()).unwrap() && dir.is_online());
    let log = make_in(&dir);
    assert_eq!(log.log_end_offset(), 0);
    drop((dir, log));
    disk.crash(CrashPolicy::DropUnsynced, &mut SimRng::new(1));
    // And it does not come back.
    let mounted: Arc<dyn Disk> = Arc::new(disk.mount());
    let (dir, _) = open_dir(&mounted, Path::new(DATA)).unwrap();
    assert!(dir.folders().unwrap().is_empty());
}

#[test]
fn a_log_that_could_not_be_made_leaves_no_folder() {
    let disk = SimDisk::new();
    let mounted: Arc<dyn Disk> = Arc::new(disk.mount());
    let (dir, _) = open_dir(&mounted, Path::new(DATA)).unwrap();
    let config = Arc::new(LogConfig { preallocate: true, ..LogConfig::default() });
    let make = || {
        let cache = HandleCache::new(9);
        PartitionLog::create(
            &dir,
            &cache,
            partition("t"),
            None,
            Arc::clone(&config),
            NOW_MS,
        )
    };
    disk.inject(DiskFault::once(
        OpFilter::Is(DiskOp::Preallocate),
        0,
        Effect::Enospc,
    ));
    make().unwrap_err();
    assert!(dir.is_online());
    assert_eq!(make().unwrap().log_end_offset(), 0);
}
