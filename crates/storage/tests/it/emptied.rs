//! Logs whose records are all deleted: what is left of them is their end, and what they know of producers.

use crate::store::{
    NOW_MS, checkpoint, context, numbered, open_dir, open_log, partition, producer,
};
use crate::story::DATA;
use klamm_host::Disk;
use klamm_host_sim::{CrashPolicy, DiskFault, DiskOp, Effect, OpFilter, SimDisk, SimRng};
use klamm_storage::{HandleCache, LogConfig, LogDir, Origin, PartitionLog, SyncScope};
use std::path::Path;
use std::sync::Arc;

/// Long after all records expired.
const LATER_MS: i64 = NOW_MS + 1_000_000;

fn config() -> LogConfig {
    LogConfig {
        segment_bytes: 700,
        retention_ms: 1000,
        ..LogConfig::default()
    }
}

/// A log of batches of one record by producer 1.
fn filled(disk: &SimDisk, batches: i32) -> (Arc<LogDir>, PartitionLog) {
    let mounted: Arc<dyn Disk> = Arc::new(disk.mount());
    let (dir, _) = open_dir(&mounted, Path::new(DATA)).unwrap();
    let (cache, config) = (HandleCache::new(9), Arc::new(config()));
    let mut log = PartitionLog::create(&dir, &cache, partition("t"), None, config, 0).unwrap();
    for sequence in 0..batches {
        let batch = numbered(sequence, 1, &producer(1, sequence, false));
        log.append_as_leader(&batch, context(Origin::Client))
            .unwrap();
    }
    log.set_high_watermark(batches.into());
    (dir, log)
}

fn sync_all(log: &mut PartitionLog) {
    if let Some(work) = log.sync_work(SyncScope::All).unwrap() {
        log.synced(work.run());
    }
}

fn reopened(disk: &SimDisk) -> PartitionLog {
    let mounted: Arc<dyn Disk> = Arc::new(disk.mount());
    let (dir, last) = open_dir(&mounted, Path::new(DATA)).unwrap();
    open_log(&dir, &last, "t", &config()).unwrap().log
}

#[test]
fn its_end_stays_whatever_a_power_cut_leaves_of_the_deletion() {
    // The file of epochs is replaced with a sync of the folder, unless there is no room for it.
    for (epochs_have_room, has_rolled) in [(true, false), (false, false), (false, true)] {
        for call in 0.. {
            let disk = SimDisk::new();
            let (dir, mut log) = filled(&disk, 3);
            assert_eq!(log.segments().len(), 1);
            sync_all(&mut log);
            checkpoint(&dir, &log);
            if has_rolled {
                log.roll(NOW_MS).unwrap();
            }
            disk.inject(DiskFault::once(OpFilter::Any, call, Effect::PowerOff));
            if !epochs_have_room {
                let full = DiskFault::always(OpFilter::Mutating, Effect::Enospc);
                disk.inject(full.on("leader-epoch-checkpoint"));
            }
            let deleted = log
                .expired(LATER_MS)
                .and_then(|gone| gone.unwrap().mark())
                .is_ok();
            drop((dir, log));
            for seed in 0..40 {
                let fork = disk.fork();
                fork.clear_faults();
                let policy = CrashPolicy::Random { torn: true, reorder: true };
                fork.crash(policy, &mut SimRng::new(seed));
                let end = reopened(&fork).log_end_offset();
                assert_eq!(end, 3, "call {call}, seed {seed}");
            }
            if deleted {
                break;
            }
        }
    }
}

#[test]
fn it_remembers_its_producers_over_a_power_cut() {
    for in_order in [false, true] {
        let disk = SimDisk::new();
        let (dir, mut log) = filled(&disk, 3);
        sync_all(&mut log);
        let gone = log.expired(LATER_MS).unwrap().unwrap();
        gone.mark().unwrap();
        gone.remove().unwrap();
        if in_order {
            if let Some(work) = log.prepare_close().unwrap() {
                log.synced(work.run());
            }
            checkpoint(&dir, &log);
            dir.mark_clean_stop(1).unwrap();
        } else {
            sync_all(&mut log);
            checkpoint(&dir, &log);
        }
        drop((dir, log));
        disk.crash(CrashPolicy::DropUnsynced, &mut SimRng::new(1));
        let mut log = reopened(&disk);
        assert_eq!((log.log_start_offset(), log.log_end_offset()), (3, 3));
        for sequence in [1, 2] {
            let again = numbered(sequence, 1, &producer(1, sequence, false));
            let again = log.append_as_leader(&again, context(Origin::Client));
            let again = again.unwrap();
            let offset = i64::from(sequence);
            assert!(again.duplicate && again.base_offset == offset, "{again:?}");
        }
    }
}

/// Retention is what gives a full volume its room back: a new segment that finds none must not hold the others.
#[test]
fn closed_segments_go_where_there_is_no_room_for_a_new_one() {
    for full in [DiskOp::Create, DiskOp::Write] {
        let disk = SimDisk::new();
        let (_dir, mut log) = filled(&disk, 20);
        let before = log.segments().len();
        assert!(before > 2);
        disk.inject(DiskFault::always(OpFilter::Is(full), Effect::Enospc));
        let gone = log.expired(LATER_MS).unwrap().expect("closed ones may go");
        gone.mark().unwrap();
        gone.remove().unwrap();
        assert_eq!(log.segments().len(), 1, "{full:?}");
        let base = log.segments()[0].base_offset;
        assert_eq!((log.log_start_offset(), log.log_end_offset()), (base, 20));
        disk.clear_faults();
        // Now there is.
        let gone = log.expired(LATER_MS).unwrap().unwrap();
        gone.mark().unwrap();
        assert_eq!((log.log_start_offset(), log.log_end_offset()), (20, 20));
    }
}
