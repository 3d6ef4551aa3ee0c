//! Power cuts at every point of a story: before every call, and with every prefix of the writes that were not synced.

use crate::store::{context, numbered, open_dir, open_log, partition};
use crate::story::{DATA, Model, Step, Stopped, Story, check_recovered};
use klamm_host::Disk;
use klamm_host_sim::{CrashPolicy, DiskFault, DiskOp, Effect, OpFilter, SimDisk, SimRng};
use klamm_records::{BatchFields, EndTransaction};
use klamm_storage::{HandleCache, LogConfig, Origin, PartitionLog};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Every kind of step, most of them before and after a sync.
pub(crate) fn script() -> Vec<Step> {
    use Step::*;
    let (abort, commit) = (End(EndTransaction::Abort), End(EndTransaction::Commit));
    vec![
        Append, SyncData, Produce, Produce, Append, NewEpoch, Append, Transact, Produce, Append,
        Checkpoint, Append, abort, Together, Produce, SyncVolume, Append, Append, Truncate, Append,
        Produce, SyncData, Append, Together, Append, Transact, commit, Append, Expire, Append,
        Restart, Produce, Append, NewEpoch, Together, Truncate, Produce, SyncVolume, Append,
        Append, Restart, Append, Checkpoint, Expire, Together, Append,
    ]
}

fn run(disk: &SimDisk, steps: &[Step]) -> (Model, Result<(), Stopped>) {
    let Some(mut story) = Story::begin(disk) else {
        return (Model::default(), Err(Stopped));
    };
    let mut result = Ok(());
    for step in steps {
        result = story.step(*step);
        if result.is_err() {
            break;
        }
    }
    (story.model, result)
}

#[test]
fn every_prefix_of_the_unsynced_writes_recovers() {
    let steps = script();
    let mut tried = 0;
    for len in 1..=steps.len() {
        let disk = SimDisk::new();
        let (model, result) = run(&disk, &steps[..len]);
        result.unwrap();
        for count in 0..=disk.pending() {
            let fork = disk.fork();
            fork.crash(CrashPolicy::Prefix(count), &mut SimRng::new(0));
            check_recovered(&fork, &model, &format!("{len} steps, {count} changes"));
            tried += 1;
        }
    }
    assert!(tried > 300, "{tried}");
}

#[test]
fn torn_and_reordered_writes_recover() {
    let steps = script();
    for len in 1..=steps.len() {
        let disk = SimDisk::new();
        let (model, result) = run(&disk, &steps[..len]);
        result.unwrap();
        for seed in 0..12 {
            let fork = disk.fork();
            let policy = CrashPolicy::Random { torn: true, reorder: seed % 3 != 0 };
            fork.crash(policy, &mut SimRng::new(seed));
            check_recovered(
                &fork,
                &model,
                &format!("{len} steps, {policy:?}, seed {seed}"),
            );
        }
    }
}

#[test]
fn the_power_may_go_before_any_call() {
    let steps = script();
    for call in 0.. {
        let disk = SimDisk::new();
        disk.inject(DiskFault::once(OpFilter::Mutating, call, Effect::PowerOff));
        let (model, result) = run(&disk, &steps);
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
            check_recovered(&fork, &model, &format!("call {call}, {policy:?}"));
        }
        if result.is_ok() {
            assert!(call > 100, "{call}");
            break;
        }
    }
}

#[test]
fn random_stories_recover() {
    use Step::*;
    for seed in 0..150 {
        let mut rng = SimRng::new(seed);
        let disk = SimDisk::new();
        let mut story = Story::begin(&disk).unwrap();
        let mut open = false;
        for _ in 0..rng.between(5, 60) {
            let step = match rng.below(14) {
                0..=3 => Append,
                4..=5 => Produce,
                6 => Transact,
                7 if open && rng.percent(50) => End(EndTransaction::Abort),
                7 if open => End(EndTransaction::Commit),
                8 => SyncData,
                9 => SyncVolume,
                10 => Checkpoint,
                11 => NewEpoch,
                12 => Truncate,
                13 if rng.percent(50) => Expire,
                13 => Restart,
                _ => Append,
            };
            open = match step {
                Transact => true,
                End(_) => false,
                Truncate => story.log.has_open_transaction(2),
                _ => open,
            };
            story.step(step).unwrap();
        }
        let model = story.model.clone();
        drop(story);
        for (round, policy) in [
            CrashPolicy::DropUnsynced,
            CrashPolicy::Random { torn: true, reorder: false },
            CrashPolicy::Random { torn: true, reorder: true },
            CrashPolicy::Random { torn: true, reorder: true },
        ]
        .into_iter()
        .enumerate()
        {
            let fork = disk.fork();
            fork.crash(policy, &mut SimRng::new(seed * 10 + round as u64));
            check_recovered(&fork, &model, &format!("seed {seed}, {policy:?}"));
        }
    }
}

#[test]
fn a_full_sync_covers_the_names_of_new_index_files() {
    let disk = SimDisk::new();
    let mut story = Story::begin(&disk).unwrap();
    // The folder is synced while there is no index yet.
    for step in [
        Step::Append,
        Step::SyncData,
        Step::Append,
        Step::Append,
        Step::Checkpoint,
    ] {
        story.step(step).unwrap();
    }
    disk.crash(CrashPolicy::DropUnsynced, &mut SimRng::new(0));
    for kind in ["index", "timeindex"] {
        let path = Path::new(DATA).join(format!("t-0/00000000000000000000.{kind}"));
        assert!(
            disk.mount()
                .file_len(&path)
                .unwrap()
                .is_some_and(|len| len > 0),
            "{kind}"
        );
    }
}

#[test]
fn an_index_that_was_closed_at_the_recovery_point_is_finished_again() {
    let disk = SimDisk::new();
    let mut story = Story::begin(&disk).unwrap();
    story.step(Step::Append).unwrap();
    story.step(Step::Checkpoint).unwrap();
    // Only the closing writes the first batch's time; this sync does not cover indexes.
    story.log.roll(0).unwrap();
    story.step(Step::Append).unwrap();
    story.step(Step::SyncData).unwrap();
    let model = story.model.clone();
    drop(story);
    disk.crash(CrashPolicy::DropUnsynced, &mut SimRng::new(0));
    check_recovered(&disk, &model, "closed index");
}

#[test]
fn recovery_reads_each_byte_about_once() {
    let disk = SimDisk::new();
    let mount: Arc<dyn Disk> = Arc::new(disk.mount());
    let (dir, _) = open_dir(&mount, Path::new(DATA)).unwrap();
    let (cache, config) = (HandleCache::new(4), Arc::new(LogConfig::default()));
    let mut log = PartitionLog::create(&dir, &cache, partition("t"), None, config, 0).unwrap();
    for number in 0..40 {
        // About 70 kB: three of them and a part of a fourth fit the buffer of a walk.
        let batch = numbered(number, 1500, &BatchFields::default());
        log.append_as_leader(&batch, context(Origin::Client))
            .unwrap();
    }
    let size = log.size_bytes();
    drop((log, dir, mount));
    disk.crash(CrashPolicy::KeepAll, &mut SimRng::new(0));
    let read = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&read);
    disk.set_latency(move |op, bytes| {
        if op == DiskOp::Read {
            counted.fetch_add(bytes, Ordering::Relaxed);
        }
        Duration::ZERO
    });
    let mount: Arc<dyn Disk> = Arc::new(disk.mount());
    let (dir, last) = open_dir(&mount, Path::new(DATA)).unwrap();
    let opened = open_log(&dir, &last, "t", &LogConfig::default()).unwrap();
    assert_eq!(opened.recovery.unwrap().bytes_checked, size);
    let read = read.load(Ordering::Relaxed);
    assert!(size > 1 << 20 && read < size + size / 8, "{read} of {size}");
}
