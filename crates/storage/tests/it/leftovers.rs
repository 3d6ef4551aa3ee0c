//! What a run leaves on the disk that a later one must not take for something else, and must not leave for ever.

use crate::store::{
    check_times, checkpoint, context, marker, numbered, open_dir, open_log, partition, producer,
    read_all,
};
use crate::story::DATA;
use klamm_host::{Disk, OpenMode};
use klamm_host_sim::{CrashPolicy, DiskFault, DiskOp, Effect, OpFilter, SimDisk, SimRng};
use klamm_records::{BatchFields, EndTransaction};
use klamm_storage::{
    CheckpointFile, HandleCache, LogConfig, LogDir, Origin, PartitionLog, SyncScope, UpperBound,
};
use std::io::IoSlice;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) fn made(disk: &SimDisk) -> (Arc<LogDir>, PartitionLog) {
    let mounted: Arc<dyn Disk> = Arc::new(disk.mount());
    let (dir, _) = open_dir(&mounted, Path::new(DATA)).unwrap();
    let log = make_in(&dir);
    (dir, log)
}

pub(crate) fn make_in(dir: &Arc<LogDir>) -> PartitionLog {
    let id = Some(klamm_model::Uuid::from_random(5));
    let (cache, config) = (HandleCache::new(9), Arc::new(LogConfig::default()));
    PartitionLog::create(dir, &cache, partition("t"), id, config, 0).unwrap()
}

pub(crate) fn append(log: &mut PartitionLog, number: i32) {
    let batch = numbered(number, 2, &BatchFields::default());
    log.append_as_leader(&batch, context(Origin::Client))
        .unwrap();
    log.set_high_watermark(log.log_end_offset());
}

pub(crate) fn sync_all(log: &mut PartitionLog) {
    if let Some(work) = log.sync_work(SyncScope::All).unwrap() {
        log.synced(work.run());
    }
}

fn close(log: &mut PartitionLog) {
    if let Some(work) = log.prepare_close().unwrap() {
        log.synced(work.run());
    }
}

fn stop(dir: &LogDir, log: &mut PartitionLog) {
    close(log);
    checkpoint(dir, log);
    dir.mark_clean_stop(1).unwrap();
}

pub(crate) fn start(disk: &SimDisk) -> (Arc<LogDir>, PartitionLog) {
    let mounted: Arc<dyn Disk> = Arc::new(disk.mount());
    let (dir, last) = open_dir(&mounted, Path::new(DATA)).unwrap();
    let opened = open_log(&dir, &last, "t", &LogConfig::default()).unwrap();
    (dir, opened.log)
}

pub(crate) fn folder() -> PathBuf {
    Path::new(DATA).join("t-0")
}

fn files(disk: &SimDisk, ending: &str) -> Vec<String> {
    let names = disk.mount().list(&folder()).unwrap();
    let names = names.into_iter().map(|entry| entry.name);
    names.filter(|name| name.ends_with(ending)).collect()
}

/// Each orderly stop writes a producer snapshot at the log's end, wherever that is.
#[test]
fn snapshots_of_earlier_stops_do_not_pile_up() {
    for clean in [true, false] {
        let disk = SimDisk::new();
        let (mut dir, mut log) = made(&disk);
        for run in 0..6 {
            append(&mut log, run);
            if clean {
                stop(&dir, &mut log);
            } else {
                close(&mut log);
                checkpoint(&dir, &log);
            }
            drop((dir, log));
            (dir, log) = start(&disk);
        }
        assert_eq!(files(&disk, ".snapshot"), ["00000000000000000012.snapshot"]);
        // One where a segment begins stays.
        log.roll(0).unwrap();
        append(&mut log, 7);
        for _ in 0..2 {
            stop(&dir, &mut log);
            drop((dir, log));
            (dir, log) = start(&disk);
        }
        assert_eq!(files(&disk, ".snapshot").len(), 2);
    }
}

/// A marker that found no room for its entry was refused, and what was written of the entry stayed.
#[test]
fn a_torn_entry_of_a_transaction_index_is_written_over() {
    let disk = SimDisk::new();
    let (dir, mut log) = made(&disk);
    let abort = |log: &mut PartitionLog, sequence| {
        for (batch, origin) in [
            (numbered(1, 1, &producer(1, sequence, true)), Origin::Client),
            (marker(1, EndTransaction::Abort), Origin::Coordinator),
        ] {
            log.append_as_leader(&batch, context(origin)).unwrap();
        }
        log.set_high_watermark(log.log_end_offset());
    };
    abort(&mut log, 0);
    let name = files(&disk, ".txnindex").remove(0);
    let file = disk
        .mount()
        .open(&folder().join(&name), OpenMode::ReadWrite)
        .unwrap();
    file.write_all_at(&[IoSlice::new(&[0; 10])], 34).unwrap();
    stop(&dir, &mut log);
    drop((dir, log));
    let (_dir, mut log) = start(&disk);
    abort(&mut log, 1);
    let read = log.read(0, 1 << 20, true, UpperBound::LastStable).unwrap();
    let aborted: Vec<_> = read.aborted.iter().map(|txn| txn.first_offset).collect();
    assert_eq!(aborted, [0, 2]);
}

/// Bytes rot below the recovery point; recovery cuts there, and what is written behind the cut is not on the disk yet.
#[test]
fn a_cut_below_the_recovery_point_lowers_it_for_the_next_start() {
    let disk = SimDisk::new();
    let (dir, mut log) = made(&disk);
    for number in 0..6 {
        append(&mut log, number);
    }
    sync_all(&mut log);
    checkpoint(&dir, &log);
    let first_bytes = 61 + read_all(&log)[0].2.len() as u64;
    drop((dir, log));
    // The second batch's format byte.
    let file = folder().join("00000000000000000000.log");
    disk.corrupt(&file, first_bytes + 16, &[99]).unwrap();
    let (dir, log) = start(&disk);
    assert_eq!(log.log_end_offset(), 2);
    drop((dir, log));
    let mounted: Arc<dyn Disk> = Arc::new(disk.mount());
    let (_dir, last) = open_dir(&mounted, Path::new(DATA)).unwrap();
    let point = last.of(&partition("t")).recovery_point;
    assert!(point <= 2, "{point}");
}

/// A compacted log may have holes, so a second recovery would not see what the first one had begun to drop.
#[test]
fn a_recovery_that_is_cut_short_leaves_no_hole_behind_its_cut() {
    let config = LogConfig {
        segment_bytes: 300,
        cleanup_compact: true,
        cleanup_delete: false,
        ..LogConfig::default()
    };
    let disk = SimDisk::new();
    let (dir, mut log) = made(&disk);
    log.set_config(Arc::new(config.clone()));
    for number in 0..12 {
        append(&mut log, number);
    }
    assert!(log.segments().len() > 3);
    // On the disk, and no checkpoint says so.
    sync_all(&mut log);
    let second = 61 + read_all(&log)[0].2.len() as u64;
    drop((dir, log));
    let open = |disk: &SimDisk| {
        let mounted: Arc<dyn Disk> = Arc::new(disk.mount());
        let (dir, last) = open_dir(&mounted, Path::new(DATA))?;
        open_log(&dir, &last, "t", &config).ok()
    };
    disk.crash(CrashPolicy::KeepAll, &mut SimRng::new(0));
    // Its last byte: the checksum is wrong.
    let file = folder().join("00000000000000000000.log");
    disk.corrupt(&file, second + 70, &[0]).unwrap();
    for call in 0.. {
        let fork = disk.fork();
        fork.inject(DiskFault::once(OpFilter::Any, call, Effect::PowerOff));
        let is_whole = open(&fork).is_some();
        fork.clear_faults();
        for seed in 0..20 {
            let policy = match seed {
                0 => CrashPolicy::KeepAll,
                _ => CrashPolicy::Random { torn: false, reorder: true },
            };
            let again = fork.fork();
            again.crash(policy, &mut SimRng::new(seed));
            let Some(opened) = open(&again) else {
                continue;
            };
            let mut next = 0;
            for (base, last, _) in read_all(&opened.log) {
                assert_eq!(base, next, "call {call}, seed {seed}");
                next = last + 1;
            }
        }
        if is_whole {
            assert!(call > 20);
            break;
        }
    }
}

/// An index that is missing is built anew, and a later start trusts it.
#[test]
fn an_index_that_was_built_anew_is_there_after_a_power_cut() {
    for in_order in [true, false] {
        let disk = SimDisk::new();
        let (dir, mut log) = made(&disk);
        for number in 0..6 {
            append(&mut log, number);
            log.roll(0).unwrap();
        }
        sync_all(&mut log);
        checkpoint(&dir, &log);
        if in_order {
            stop(&dir, &mut log);
        }
        drop((dir, log));
        disk.mount()
            .remove_file(&folder().join("00000000000000000002.timeindex"))
            .unwrap();
        let (dir, mut log) = start(&disk);
        check_times(&log, "built anew");
        sync_all(&mut log);
        checkpoint(&dir, &log);
        drop((dir, log));
        disk.crash(CrashPolicy::DropUnsynced, &mut SimRng::new(1));
        let (_dir, log) = start(&disk);
        check_times(&log, "after the power cut");
    }
}

/// Out of handles, for instance: nothing is lost by that, and the next sync has to cover what this one was to cover.
#[test]
fn a_sync_that_could_not_open_a_snapshot_leaves_it_to_the_next() {
    let disk = SimDisk::new();
    let (dir, mut log) = made(&disk);
    let first = numbered(1, 2, &producer(1, 0, false));
    log.append_as_leader(&first, context(Origin::Client))
        .unwrap();
    log.roll(0).unwrap();
    append(&mut log, 2);
    let cannot_open = DiskFault::once(OpFilter::Is(DiskOp::Open), 0, Effect::Eio);
    disk.inject(cannot_open.on(".snapshot"));
    let failed = log.sync_work(SyncScope::All).unwrap().unwrap().run();
    assert!(failed.is_err() && dir.is_online());
    log.synced(failed);
    sync_all(&mut log);
    assert_eq!(log.recovery_point(), 4);
    // The snapshot is all that is left of the producer.
    log.advance_log_start(2).unwrap();
    let gone = log.expired(0).unwrap().unwrap();
    gone.mark().unwrap();
    checkpoint(&dir, &log);
    drop((dir, log));
    disk.crash(CrashPolicy::DropUnsynced, &mut SimRng::new(1));
    let (_dir, mut log) = start(&disk);
    let again = log.append_as_leader(&first, context(Origin::Client));
    assert!(again.unwrap().duplicate);
}

/// A start that ends a swap of segments removes what it replaced. How the first of them began is not among that.
#[test]
fn a_swap_that_a_start_ends_leaves_the_snapshot_at_its_beginning() {
    let disk = SimDisk::new();
    let (dir, mut log) = made(&disk);
    let first = numbered(1, 2, &producer(1, 0, false));
    log.append_as_leader(&first, context(Origin::Client))
        .unwrap();
    log.roll(0).unwrap();
    append(&mut log, 2);
    log.roll(0).unwrap();
    append(&mut log, 3);
    // The snapshot is all that is left of the producer.
    log.advance_log_start(2).unwrap();
    log.expired(0).unwrap().unwrap().mark().unwrap();
    sync_all(&mut log);
    let point = [(log.partition(), 2)];
    dir.write_checkpoint(CheckpointFile::RecoveryPoint, point.into_iter())
        .unwrap();
    let path = |name: &str| folder().join(format!("{:020}.{name}", 2));
    let bytes = disk.read(&path("log")).unwrap();
    let new = disk.open(&path("log.swap"), OpenMode::Create).unwrap();
    new.write_all_at(&[IoSlice::new(&bytes)], 0).unwrap();
    drop((dir, log));
    let (_dir, mut log) = start(&disk);
    assert_eq!(log.log_end_offset(), 6);
    let again = log.append_as_leader(&first, context(Origin::Client));
    assert!(again.unwrap().duplicate);
}

/// The file of epochs may be behind a start that moved. That is no reason to write where there is no room.
#[test]
fn a_log_whose_start_moved_opens_on_a_full_volume() {
    let disk = SimDisk::new();
    let (dir, mut log) = made(&disk);
    append(&mut log, 1);
    append(&mut log, 2);
    log.advance_log_start(2).unwrap();
    stop(&dir, &mut log);
    drop((dir, log));
    for full in [true, false] {
        if full {
            let full = DiskFault::always(OpFilter::Mutating, Effect::Enospc);
            disk.inject(full.on("/t-0/"));
        }
        let (dir, mut log) = start(&disk);
        let epochs = log.epoch_history().entries().to_vec();
        assert_eq!((log.log_start_offset(), epochs), (2, vec![(0, 2)]));
        disk.clear_faults();
        stop(&dir, &mut log);
    }
}
