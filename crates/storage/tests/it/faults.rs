//! Disk calls that fail, one at a time and for good: what is acknowledged stays true, and the log stays whole or silent.

use crate::crash::script;
use crate::store::{NOW_MS, context, numbered, open_dir, partition, producer, read_all};
use crate::story::{DATA, Step, Story, check_recovered, config};
use klamm_host::Disk;
use klamm_host_sim::{CrashPolicy, DiskFault, DiskOp, Effect, OpFilter, SimDisk, SimRng};
use klamm_records::BatchFields;
use klamm_storage::{
    AppendError, HandleCache, LogConfig, Origin, PartitionLog, Room, StorageError, SyncScope,
};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Runs the script with one call failing. A step that fails while the directory stays online is tried again.
fn run_with(disk: &SimDisk, steps: &[Step], what: &str) -> (bool, crate::story::Model) {
    let Some(mut story) = Story::begin(disk) else {
        return (true, Default::default());
    };
    for step in steps {
        if story.step(*step).is_ok() {
            continue;
        }
        if !story.is_online() {
            story.expect_silence(what);
            return (true, story.model);
        }
        if *step == Step::Restart {
            // A start that fails is tried again by a person.
            return (true, story.model);
        }
        story.expect_whole(what);
        if story.step(*step).is_err() {
            assert!(!story.is_online(), "{what}: {step:?} fails twice");
            return (true, story.model);
        }
        story.expect_whole(what);
    }
    (false, story.model)
}

#[test]
fn every_call_may_fail() {
    let steps = script();
    for effect in [Effect::Eio, Effect::Enospc, Effect::ShortWrite] {
        for call in 0.. {
            let disk = SimDisk::new();
            disk.inject(DiskFault::once(OpFilter::Any, call, effect));
            let before = disk.calls();
            let what = format!("{effect:?} at call {call}");
            let (stopped, model) = run_with(&disk, &steps, &what);
            let over = disk.calls() - before <= call;
            disk.clear_faults();
            for (seed, policy) in [
                CrashPolicy::KeepAll,
                CrashPolicy::DropUnsynced,
                CrashPolicy::Random { torn: true, reorder: true },
            ]
            .into_iter()
            .enumerate()
            {
                let fork = disk.fork();
                fork.crash(policy, &mut SimRng::new(seed as u64 + call));
                check_recovered(&fork, &model, &format!("{what}, {policy:?}"));
            }
            if over {
                assert!(!stopped && call > 200, "{what}");
                break;
            }
        }
    }
}

#[test]
fn a_failed_sync_is_final_for_its_directory_and_for_no_other() {
    let disk = SimDisk::new();
    let mounted: Arc<dyn Disk> = Arc::new(disk.mount());
    let cache = HandleCache::new(10);
    let make = |path: &str| {
        let (dir, _) = open_dir(&mounted, Path::new(path)).unwrap();
        let config = Arc::new(config());
        let log = PartitionLog::create(&dir, &cache, partition("t"), None, config, 0).unwrap();
        (dir, log)
    };
    let (bad_dir, mut bad) = make("/bad");
    let (good_dir, mut good) = make("/good");
    let bytes = numbered(1, 3, &BatchFields::default());
    bad.append_as_leader(&bytes, context(Origin::Client))
        .unwrap();
    disk.inject(DiskFault::once(OpFilter::Sync, 0, Effect::Eio).on("/bad .log"));
    let result = bad.sync_work(SyncScope::Data).unwrap().unwrap().run();
    assert!(matches!(result, Err(StorageError::Offline { .. })));
    bad.synced(result);
    assert_eq!(bad.flushed_end_offset(), 0);
    assert!(!bad_dir.is_online() && bad_dir.failure().is_some());
    // The kernel would say yes to the next sync; nobody asks it.
    let refused = bad.append_as_leader(&bytes, context(Origin::Client));
    assert!(matches!(
        refused,
        Err(AppendError::Storage(StorageError::Offline { .. }))
    ));
    assert!(bad.sync_work(SyncScope::Data).is_err());
    assert!(bad.prepare_close().is_err());
    assert!(bad_dir.mark_clean_stop(1).is_err());
    good.append_as_leader(&bytes, context(Origin::Client))
        .unwrap();
    let done = good.sync_work(SyncScope::Data).unwrap().unwrap().run();
    good.synced(done);
    assert_eq!((good.flushed_end_offset(), good_dir.is_online()), (3, true));
}

#[test]
fn a_full_disk_refuses_appends_and_serves_reads_until_there_is_room() {
    let disk = SimDisk::new();
    let mut story = Story::begin(&disk).unwrap();
    for _ in 0..5 {
        story.step(Step::Append).unwrap();
    }
    disk.set_capacity(1);
    for _ in 0..3 {
        let bytes = numbered(1, 3, &BatchFields::default());
        let refused = story.log.append_as_leader(&bytes, context(Origin::Client));
        let full = matches!(
            refused,
            Err(AppendError::Storage(StorageError::DiskFull { .. }))
        );
        assert!(full, "{refused:?}");
        story.expect_whole("full");
    }
    disk.set_capacity(1 << 30);
    for step in [
        Step::Append,
        Step::SyncData,
        Step::Append,
        Step::Restart,
        Step::Append,
    ] {
        story.step(step).unwrap();
        story.expect_whole("room again");
    }
}

fn log_bytes(disk: &SimDisk) -> u64 {
    let path = Path::new(DATA).join("t-0/00000000000000000000.log");
    disk.mount().file_len(&path).unwrap().unwrap()
}

#[test]
fn a_write_that_stops_half_way_is_cut_back() {
    let disk = SimDisk::new();
    let mut story = Story::begin(&disk).unwrap();
    story.step(Step::Append).unwrap();
    let before = log_bytes(&disk);
    disk.inject(DiskFault::once(OpFilter::Is(DiskOp::Write), 0, Effect::ShortWrite).on(".log"));
    story.step(Step::Append).unwrap_err();
    assert_eq!(log_bytes(&disk), before);
    // If not even that works, nothing may be appended behind the garbage.
    disk.inject(DiskFault::once(OpFilter::Is(DiskOp::Write), 0, Effect::ShortWrite).on(".log"));
    disk.inject(DiskFault::once(OpFilter::Is(DiskOp::SetLen), 0, Effect::Eio).on(".log"));
    story.step(Step::Append).unwrap_err();
    assert!(!story.is_online());
}

#[test]
fn batches_of_one_segment_are_one_write_and_fail_with_it() {
    let fields = |sequence| producer(1, sequence, false);
    let batches: Vec<_> = [0, 1, 2, 2, 3]
        .map(|sequence| numbered(0, 1, &fields(sequence)))
        .into();
    for (effect, stays_online) in [
        (Effect::ShortWrite, true),
        (Effect::Enospc, true),
        (Effect::Eio, false),
    ] {
        let disk = SimDisk::new();
        let mut story = Story::begin(&disk).unwrap();
        story.step(Step::Append).unwrap();
        let before = log_bytes(&disk);
        let write = OpFilter::Is(DiskOp::Write);
        disk.inject(DiskFault::once(write, 0, effect).on(".log"));
        let log = &mut story.log;
        let refused = log.append_each_as_leader(&batches, context(Origin::Client));
        assert!(
            refused.iter().all(Result::is_err),
            "{effect:?}: {refused:?}"
        );
        assert_eq!((log.log_end_offset(), log.producers().count()), (3, 0));
        if !stays_online {
            story.expect_silence("a write failed");
            continue;
        }
        story.expect_whole("a write failed");
        assert_eq!(log_bytes(&disk), before);
        // The same batches again, and a second write would fail.
        disk.inject(DiskFault::once(write, 1, Effect::Eio).on(".log"));
        let results = story
            .log
            .append_each_as_leader(&batches, context(Origin::Client));
        let offsets: Vec<_> = results
            .iter()
            .map(|r| r.as_ref().map(|a| (a.base_offset, a.duplicate)).unwrap())
            .collect();
        let expected = [(3, false), (4, false), (5, false), (5, true), (6, false)];
        assert_eq!(offsets, expected);
    }
}

#[test]
fn a_write_that_fails_between_two_others_takes_its_own_batches_only() {
    let disk = SimDisk::new();
    let mut story = Story::begin(&disk).unwrap();
    // Three segments' worth.
    let batches: Vec<_> = (0..12)
        .map(|n| numbered(n, 2, &BatchFields::default()))
        .collect();
    disk.inject(DiskFault::once(OpFilter::Is(DiskOp::Write), 1, Effect::Enospc).on(".log"));
    let results = story
        .log
        .append_each_as_leader(&batches, context(Origin::Client));
    let refused = results.iter().filter(|r| r.is_err()).count();
    assert!((1..11).contains(&refused), "{results:?}");
    assert!(
        results.first().is_some_and(Result::is_ok) && results.last().is_some_and(Result::is_ok)
    );
    // Those that were taken follow each other without a hole.
    let taken: Vec<_> = results
        .iter()
        .flatten()
        .map(|a| (a.base_offset, a.last_offset))
        .collect();
    let expected: Vec<_> = (0..taken.len() as i64)
        .map(|n| (2 * n, 2 * n + 1))
        .collect();
    assert_eq!(taken, expected);
    let found: Vec<_> = read_all(&story.log)
        .into_iter()
        .map(|(base, last, _)| (base, last))
        .collect();
    assert_eq!(found, expected);
    assert!(story.log.segments().len() > 1);
}

/// Fills the disk but for some bytes.
fn leave(disk: &SimDisk, bytes: u64) {
    disk.set_capacity(1 << 40);
    let space = disk.space(Path::new("/")).unwrap();
    disk.set_capacity(space.total - space.usable + bytes);
}

#[test]
fn held_room_is_there_when_the_volume_is_full() {
    let disk = SimDisk::new();
    let mounted: Arc<dyn Disk> = Arc::new(disk.mount());
    let (dir, _) = open_dir(&mounted, Path::new(DATA)).unwrap();
    let cache = HandleCache::new(10);
    let config = Arc::new(LogConfig { segment_bytes: 20_000, ..LogConfig::default() });
    let mut log = PartitionLog::create(&dir, &cache, partition("t"), None, config, 0).unwrap();
    let bytes = numbered(1, 30, &BatchFields::default());
    let len = bytes.len();
    let hold = |log: &mut PartitionLog| log.hold_room((len, 30), 5_000, 0).unwrap();
    let append = |log: &mut PartitionLog| log.append_as_leader(&bytes, context(Origin::Client));
    // Writes the small files as well.
    append(&mut log).unwrap();
    assert_eq!(hold(&mut log), Room::Ample);
    leave(&disk, 0);
    let mut taken = 0;
    while hold(&mut log) == Room::Ample {
        append(&mut log).unwrap();
        taken += len;
    }
    // Asked for twice as much the first time, so that many appends cost one call.
    assert!((5_000..10_000).contains(&taken), "{taken}");
    while hold(&mut log) == Room::Scarce {
        append(&mut log).unwrap();
        taken += len;
    }
    assert!((10_000..=10_000 + len).contains(&taken), "{taken}");
    let end = log.log_end_offset();
    assert!(append(&mut log).is_err() && dir.is_online());
    assert_eq!(log.log_end_offset(), end);
    // Somebody deleted something; a new segment holds its room as well.
    leave(&disk, 100_000);
    while log.segments().len() == 1 {
        assert_eq!(hold(&mut log), Room::Ample);
        append(&mut log).unwrap();
    }
    leave(&disk, 0);
    assert_eq!(hold(&mut log), Room::Ample);
    append(&mut log).unwrap();
}

#[test]
fn a_full_volume_gets_back_what_logs_reserved_ahead() {
    let disk = SimDisk::new();
    let mounted: Arc<dyn Disk> = Arc::new(disk.mount());
    let (dir, _) = open_dir(&mounted, Path::new(DATA)).unwrap();
    let cache = HandleCache::new(10);
    let config = Arc::new(LogConfig::default());
    let make = |topic| {
        let config = Arc::clone(&config);
        PartitionLog::create(&dir, &cache, partition(topic), None, config, 0).unwrap()
    };
    let (mut large, mut small) = (make("large"), make("small"));
    let bytes = numbered(1, 20_000, &BatchFields::default());
    while large.size_bytes() < 5 << 20 {
        large
            .append_as_leader(&bytes, context(Origin::Client))
            .unwrap();
    }
    leave(&disk, 0);
    let few = numbered(1, 3, &BatchFields::default());
    let told = Arc::new(AtomicBool::new(false));
    let tell = Arc::clone(&told);
    dir.when_full(move || tell.store(true, Ordering::Relaxed));
    assert!(!dir.is_short_of_room(NOW_MS));
    assert!(
        small
            .append_as_leader(&few, context(Origin::Client))
            .is_err()
    );
    assert!(dir.is_short_of_room(NOW_MS) && !dir.is_short_of_room(NOW_MS + 3_600_000));
    assert!(told.load(Ordering::Relaxed));
    large.give_back_reserve().unwrap();
    small
        .append_as_leader(&few, context(Origin::Client))
        .unwrap();
    // What the large one needs it still gets, but nothing ahead.
    let usable = || disk.space(Path::new("/")).unwrap().usable;
    let before = usable();
    large
        .append_as_leader(&few, context(Origin::Client))
        .unwrap();
    assert_eq!(before - usable(), few.len() as u64);
}

/// Retention is what gives a full volume its room back, and the next start must not find a hole where it could not.
#[test]
fn segments_are_deleted_on_a_full_volume_and_no_hole_is_left() {
    for full in [DiskOp::Rename, DiskOp::Write, DiskOp::Open] {
        let disk = SimDisk::new();
        let mounted: Arc<dyn Disk> = Arc::new(disk.mount());
        let (dir, _) = open_dir(&mounted, Path::new("/a")).unwrap();
        let cache = HandleCache::new(20);
        let config = Arc::new(LogConfig { segment_bytes: 300, ..LogConfig::default() });
        let name = || partition("t");
        let mut log =
            PartitionLog::create(&dir, &cache, name(), None, Arc::clone(&config), NOW_MS).unwrap();
        for number in 0..40 {
            let batch = numbered(number, 2, &BatchFields::default());
            log.append_as_leader(&batch, context(Origin::Client))
                .unwrap();
        }
        log.set_high_watermark(80);
        log.advance_log_start(20).unwrap();
        disk.inject(DiskFault {
            times: u64::MAX,
            ..DiskFault::once(OpFilter::Is(full), 0, Effect::Enospc)
        });
        let gone = log.expired(NOW_MS).unwrap().unwrap();
        gone.mark().unwrap();
        drop(gone);
        disk.clear_faults();
        log.advance_log_start(40).unwrap();
        let gone = log.expired(NOW_MS).unwrap().unwrap();
        gone.mark().unwrap();
        drop((gone, log, dir));
        disk.crash(CrashPolicy::KeepAll, &mut SimRng::new(0));
        let mounted: Arc<dyn Disk> = Arc::new(disk.mount());
        let (dir, last) = open_dir(&mounted, Path::new("/a")).unwrap();
        let last = last.of(&name());
        let opened = PartitionLog::open(&dir, &cache, name(), config, last, NOW_MS).unwrap();
        assert_eq!(opened.log.log_end_offset(), 80, "{full:?}");
    }
}
