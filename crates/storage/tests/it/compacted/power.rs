//! The power goes at any call of a pass, and random logs keep their newest values.

use super::*;

/// A log with every kind of record, and the state that its readers must still find after any crash.
fn mixed(disk: &SimDisk) -> Option<(Arc<LogDir>, PartitionLog)> {
    let mounted: Arc<dyn Disk> = Arc::new(disk.mount());
    let (dir, _) = open_dir(&mounted, Path::new(DATA))?;
    let cache = HandleCache::new(3);
    let log = PartitionLog::create(&dir, &cache, partition("t"), None, Arc::new(config()), 0);
    let mut log = log.ok()?;
    let mut append = |bytes: &Bytes, origin| {
        log.append_as_leader(bytes, context(origin)).ok()?;
        log.set_high_watermark(log.log_end_offset());
        Some(())
    };
    for n in 0..16i32 {
        let (key, value) = (format!("k{}", n % 5), n.to_string());
        let record = [(&*key, (n % 6 != 5).then_some(&*value))];
        let codec = if n % 2 == 0 {
            Compression::None
        } else {
            Compression::Lz4
        };
        let fields = if n % 4 == 0 {
            producer(7, n / 4, true)
        } else {
            BatchFields::default()
        };
        append(
            &keyed(&record, 1000 + i64::from(n), &fields, codec),
            Origin::Client,
        )?;
        if n % 4 == 0 {
            let end = if n % 8 == 0 {
                EndTransaction::Abort
            } else {
                EndTransaction::Commit
            };
            append(&marker(7, end), Origin::Coordinator)?;
        }
    }
    log.roll(2000).ok()?;
    let work = log.sync_work(SyncScope::All).ok()??;
    let done = work.run();
    let fine = done.is_ok();
    log.synced(done);
    fine.then_some((dir, log))
}

/// The newest value of each key, tombstones as none: what a compacted log promises to every reader.
fn newest(log: &PartitionLog) -> BTreeMap<String, Option<String>> {
    let all = seen(log, UpperBound::LastStable);
    all.into_iter().map(|s| (s.key.unwrap(), s.value)).collect()
}

#[test]
fn the_power_may_go_before_any_call_of_a_pass() {
    let (disk, mut tried) = (SimDisk::new(), 0);
    let (_dir, log) = mixed(&disk).unwrap();
    let (before, promised) = (seen(&log, UpperBound::LastStable), newest(&log));
    let end = log.log_end_offset();
    let policies = [
        CrashPolicy::KeepAll,
        CrashPolicy::DropUnsynced,
        CrashPolicy::Random { torn: true, reorder: false },
        CrashPolicy::Random { torn: true, reorder: true },
        CrashPolicy::Random { torn: true, reorder: true },
        CrashPolicy::Random { torn: false, reorder: true },
    ];
    let mut outcomes = BTreeSet::new();
    for call in 0.. {
        let disk = SimDisk::new();
        let (dir, mut log) = mixed(&disk).unwrap();
        disk.inject(DiskFault::once(OpFilter::Mutating, call, Effect::PowerOff));
        let done = clean(&mut log, 5000, LIMITS, 200).is_ok();
        drop((dir, log));
        for (seed, policy) in policies.into_iter().enumerate() {
            let fork = disk.fork();
            let seed = call * 10 + seed as u64;
            fork.crash(policy, &mut SimRng::new(seed));
            let story = format!("call {call}, {policy:?}");
            let mut opened = check_cleaned(&fork, (&before, &promised, end), &story);
            outcomes.insert(seen(&opened, UpperBound::LastStable).len());
            opened.sync_in_place(SyncScope::All).unwrap();
            clean(&mut opened, 5000, LIMITS, u64::MAX).unwrap_or_else(|e| panic!("{story}: {e}"));
            assert_eq!(newest(&opened), promised, "{story}: after another pass");
            // The recovery itself is cut short, and then done again.
            for again in 0..2 {
                let fork = disk.fork();
                fork.crash(policy, &mut SimRng::new(seed));
                fork.inject(DiskFault::once(
                    OpFilter::Mutating,
                    again * 3 + call % 3,
                    Effect::PowerOff,
                ));
                let mounted: Arc<dyn Disk> = Arc::new(fork.mount());
                if let Some((dir, last)) = open_dir(&mounted, Path::new(DATA)) {
                    drop(open_log(&dir, &last, "t", &config()));
                }
                fork.crash(
                    CrashPolicy::Random { torn: true, reorder: true },
                    &mut SimRng::new(seed),
                );
                check_cleaned(
                    &fork,
                    (&before, &promised, end),
                    &format!("{story}, again {again}"),
                );
                tried += 1;
            }
        }
        if done {
            assert!(call > 20, "{call}");
            break;
        }
    }
    assert!(outcomes.len() >= 2 && tried > 300, "{outcomes:?} {tried}");
}

/// The newest value of each key is there, order and offsets are as before.
fn check_cleaned(
    disk: &SimDisk,
    (before, promised, end): (&[Seen], &BTreeMap<String, Option<String>>, i64),
    story: &str,
) -> PartitionLog {
    let mounted: Arc<dyn Disk> = Arc::new(disk.mount());
    let (dir, last) = open_dir(&mounted, Path::new(DATA)).expect("the directory opens");
    let Opened { mut log, .. } = open_log(&dir, &last, "t", &config()).unwrap();
    assert_eq!(log.log_end_offset(), end, "{story}");
    log.set_high_watermark(end);
    let after = seen(&log, UpperBound::LastStable);
    assert!(
        after.iter().all(|s| before.contains(s)),
        "{story}: {after:#?}"
    );
    assert_eq!(&newest(&log), promised, "{story}");
    check_times(&log, story);
    for offset in 0..end {
        let slice = log.read(offset, 1, true, UpperBound::LogEnd).unwrap();
        assert!(
            slice.next_offset > offset || slice.is_empty(),
            "{story}: {offset}"
        );
    }
    let folder = mounted.list(&Path::new(DATA).join("t-0")).unwrap();
    let leftover =
        |n: &str| n.ends_with(".swap") || n.ends_with(".cleaned") || n.ends_with(".deleted");
    assert!(
        folder.iter().all(|e| !leftover(&e.name)),
        "{story}: {folder:?}"
    );
    log
}

#[test]
fn random_logs_keep_their_newest_values() {
    for seed in 0..150 {
        let mut rng = SimRng::new(seed);
        let mut bench = Bench::with(LogConfig {
            segment_bytes: rng.between(300, 3000) as u32,
            index_interval_bytes: rng.between(1, 300) as u32,
            ..config()
        });
        let mut sequences = [0; 3];
        let mut open = [false; 3];
        for _ in 0..rng.between(20, 120) {
            match rng.below(20) {
                0 => bench.close_segment(),
                1..=3 => {
                    let id = rng.index(3);
                    if open[id] {
                        let abort = rng.percent(50);
                        let end = if abort {
                            EndTransaction::Abort
                        } else {
                            EndTransaction::Commit
                        };
                        bench.append(&marker(id as i64, end), Origin::Coordinator);
                        open[id] = false;
                    }
                }
                4 => bench.now_ms += HORIZON_MS / 2,
                5..=6 => random_pass(&mut bench, &mut rng, seed),
                7 => {
                    bench.checkpoint();
                    let config = (**bench.log.config()).clone();
                    let policy = if rng.percent(50) {
                        CrashPolicy::KeepAll
                    } else {
                        CrashPolicy::DropUnsynced
                    };
                    bench = bench.restart(policy, &config);
                }
                8..=11 => {
                    let id = rng.index(3);
                    open[id] |= rng.percent(60);
                    let fields = producer(id as i64, sequences[id], open[id]);
                    sequences[id] += random_put(&mut bench, &mut rng, &fields);
                }
                _ => {
                    random_put(&mut bench, &mut rng, &BatchFields::default());
                }
            }
        }
        bench.close_segment();
        random_pass(&mut bench, &mut rng, seed);
        // Every producer goes on where it was.
        for id in 0..3 {
            if sequences[id] > 0 {
                let fields = producer(id as i64, sequences[id], open[id]);
                bench.put_from(&fields, &[("end", Some("1"))]);
            }
        }
    }
}

fn random_put(bench: &mut Bench, rng: &mut SimRng, fields: &BatchFields) -> i32 {
    let count = rng.between(1, 4) as usize;
    let keys: Vec<_> = (0..count)
        .map(|_| format!("key {}", rng.below(8)))
        .collect();
    let value = rng.below(1000).to_string();
    let tombstones: Vec<_> = (0..count).map(|_| rng.percent(20)).collect();
    let records: Vec<_> = keys
        .iter()
        .zip(tombstones)
        .map(|(key, tombstone)| (&**key, (!tombstone).then_some(&*value)))
        .collect();
    let codecs = [Compression::None, Compression::Zstd, Compression::Snappy];
    bench.put_as(&records, fields, codecs[rng.index(3)]);
    count as i32
}

/// A pass: nothing new, nothing moved, and the newest of each key is what it was, a tombstone or nothing being the same.
fn random_pass(bench: &mut Bench, rng: &mut SimRng, seed: u64) {
    let before = seen(&bench.log, UpperBound::LastStable);
    let mut newest_before = newest(&bench.log);
    let limits = CleanLimits { map_bytes: rng.between(64, 4000) as usize, ..LIMITS };
    clean(&mut bench.log, bench.now_ms, limits, rng.between(1, 2000)).unwrap();
    let after = seen(&bench.log, UpperBound::LastStable);
    assert!(after.iter().all(|s| before.contains(s)), "seed {seed}");
    let mut newest_after = newest(&bench.log);
    newest_before.retain(|_, value| value.is_some());
    newest_after.retain(|_, value| value.is_some());
    assert_eq!(newest_after, newest_before, "seed {seed}");
}

#[test]
fn a_record_replaces_none_before_it_is_on_disk() {
    let mut bench = Bench::new();
    bench.put(&[("a", Some("1")), ("b", Some("1"))]);
    bench.close_segment();
    bench.sync(SyncScope::All);
    bench.put(&[("a", Some("2")), ("b", Some("2"))]);
    let now_ms = bench.now_ms;
    bench.log.roll(now_ms).unwrap();
    bench.clean();
    let mut bench = bench.restart(CrashPolicy::DropUnsynced, &config());
    assert_eq!(
        bench.short(),
        [some(0, "a", "1"), some(1, "b", "1")],
        "the power took the newer ones"
    );
    bench.put(&[("a", Some("3"))]);
    bench.close_segment();
    bench.clean();
    let last = bench.offsets().last().copied().unwrap_or_default();
    assert_eq!(bench.short(), [some(1, "b", "1"), some(last, "a", "3")]);
}

#[test]
fn the_log_ends_where_the_power_left_it_though_a_later_segment_has_a_name() {
    let mut bench = Bench::new();
    bench.put(&[("a", Some("1")), ("b", Some("1"))]);
    bench.sync(SyncScope::All);
    bench.checkpoint();
    bench.put(&[("c", Some("1")), ("d", Some("1"))]);
    let now_ms = bench.now_ms;
    bench.log.roll(now_ms).unwrap();
    // The folder is synced for some other reason, the segment's end is not.
    let folder = Path::new(DATA).join("t-0");
    bench.disk.mount().sync_dir(&folder).unwrap();
    let mut bench = bench.restart(CrashPolicy::DropUnsynced, &config());
    assert_eq!(bench.short(), [some(0, "a", "1"), some(1, "b", "1")]);
    assert_eq!(bench.log.log_end_offset(), 2, "no offset is left out");
    bench.put(&[("c", Some("2"))]);
    assert_eq!(bench.offsets(), [0, 1, 2]);
}

/// A log that was synced in full up to 2. Behind it a segment that is not synced, and one whose bytes reached the disk.
fn unsynced_before_the_last() -> Bench {
    let mut bench = Bench::new();
    bench.put(&[("a", Some("1")), ("b", Some("1"))]);
    bench.checkpoint();
    let now_ms = bench.now_ms;
    bench.log.roll(now_ms).unwrap();
    bench.put(&[("c", Some("1"))]);
    bench.log.roll(now_ms).unwrap();
    bench.put(&[("c", Some("2")), ("d", Some("1"))]);
    let disk = bench.disk.mount();
    let folder = Path::new(DATA).join("t-0");
    disk.sync_dir(&folder).unwrap();
    let last = folder.join("00000000000000000003.log");
    let last = disk.open(&last, OpenMode::ReadWrite).unwrap();
    last.sync_data().unwrap();
    bench
}

#[test]
fn a_hole_above_the_recovery_point_is_a_loss_and_not_the_cleaners() {
    let mut bench = unsynced_before_the_last().restart(CrashPolicy::DropUnsynced, &config());
    assert_eq!(bench.short(), [some(0, "a", "1"), some(1, "b", "1")]);
    assert_eq!(bench.put(&[("c", Some("3"))]), 2, "no offset is left out");
}

#[test]
fn a_log_that_was_never_synced_in_full_has_no_hole() {
    let mut bench = Bench::new();
    bench.put(&[("a", Some("1"))]);
    bench.sync(SyncScope::Data);
    bench.put(&[("b", Some("1"))]);
    let now_ms = bench.now_ms;
    bench.log.roll(now_ms).unwrap();
    bench.put(&[("c", Some("1"))]);
    let disk = bench.disk.mount();
    let folder = Path::new(DATA).join("t-0");
    disk.sync_dir(&folder).unwrap();
    let last = folder.join("00000000000000000002.log");
    let last = disk.open(&last, OpenMode::ReadWrite).unwrap();
    last.sync_data().unwrap();
    let bench = bench.restart(CrashPolicy::DropUnsynced, &config());
    assert_eq!(bench.short(), [some(0, "a", "1")]);
}

#[test]
fn a_hole_counts_as_the_cleaners_where_the_recovery_points_are_lost() {
    let bench = unsynced_before_the_last();
    let points = Path::new(DATA).join("recovery-point-offset-checkpoint");
    bench.disk.mount().replace(&points, b"0\n7\n").unwrap();
    let bench = bench.restart(CrashPolicy::DropUnsynced, &config());
    let all = [(0, "a"), (1, "b"), (3, "c"), (4, "d")];
    let keys: Vec<_> = bench.short().into_iter().map(|(o, k, _)| (o, k)).collect();
    assert_eq!(keys, all.map(|(o, k)| (o, k.to_owned())));
    assert_eq!(
        bench.log.recovery_point(),
        5,
        "the next start needs no trust"
    );
}

#[test]
fn a_hole_counts_as_the_cleaners_where_kafka_was_killed() {
    let bench = unsynced_before_the_last();
    let index = Path::new(DATA).join("t-0/00000000000000000003.index");
    let disk = bench.disk.mount();
    let index = disk.open(&index, OpenMode::Create).unwrap();
    index
        .set_len(u64::from(config().index_bytes_max) / 8 * 8)
        .unwrap();
    index.sync_all().unwrap();
    disk.sync_dir(&Path::new(DATA).join("t-0")).unwrap();
    let mut bench = bench.restart(CrashPolicy::DropUnsynced, &config());
    for _ in 0..2 {
        assert_eq!(bench.offsets(), [0, 1, 3, 4]);
        // The second time the index has its own length.
        bench = bench.restart(CrashPolicy::KeepAll, &config());
    }
}

#[test]
fn a_pass_removes_nothing_above_the_recovery_point_on_disk() {
    let mut bench = before_a_hole();
    let view = bench.log.clean_view().unwrap();
    let dirtiness = view.dirtiness(1).unwrap();
    assert!(view.wants_full_sync(&dirtiness));
    let begun = view.begin(&dirtiness, bench.log.producer_marks(), LIMITS, 1);
    assert!(matches!(begun, Err(CleanError::Abandoned)));
    let asked = bench.log.recovery_point();
    let dir = Arc::clone(&bench.dir);
    let turn = dir.checkpoint_turn();
    bench.sync(SyncScope::All);
    bench.clean();
    let offsets = bench.offsets();
    assert_eq!(offsets, [0, 2, 3]);
    // A checkpoint that asked the log before the pass does not take back what the pass rests on.
    let (tp, file) = (partition("t"), CheckpointFile::RecoveryPoint);
    assert_eq!(asked, 0, "there is no line for it");
    let points = Path::new(DATA).join("recovery-point-offset-checkpoint");
    for asked in [&[][..], &[(&tp, 1)]] {
        turn.write(file, asked.iter().copied()).unwrap();
        let text = bench.disk.mount().read(&points).unwrap();
        let text = String::from_utf8(text).unwrap();
        let point = text.trim_end().strip_prefix("0\n1\nt 0 ");
        let point: Option<i64> = point.and_then(|point| point.parse().ok());
        assert!(point >= Some(3), "{text}");
    }
    drop(turn);
    drop(dir);
    let bench = bench.restart(CrashPolicy::DropUnsynced, &config());
    assert_eq!(bench.offsets(), offsets);
}

/// A log that a pass would leave with a hole: its first segment loses its end, and is not joined with the next.
fn before_a_hole() -> Bench {
    let mut bench = Bench::new();
    bench.put(&[("a", Some("1"))]);
    bench.put(&[("", Some("it goes"))]);
    bench.close_segment();
    bench.put(&[("b", Some("x".repeat(450).as_str()))]);
    bench.close_segment();
    bench.put(&[("c", Some("1"))]);
    bench
}

#[test]
fn a_log_that_is_not_compacted_any_more_keeps_what_lies_behind_a_hole() {
    let mut bench = before_a_hole();
    bench.clean();
    bench.sync(SyncScope::Data);
    let tp = partition("t");
    let line = [(&tp, bench.log.cleaned_to().unwrap())];
    bench
        .dir
        .write_checkpoint(CheckpointFile::Cleaner, line.into_iter())
        .unwrap();
    let offsets = bench.offsets();
    assert_eq!(offsets, [0, 2, 3]);
    let plain = LogConfig { cleanup_compact: false, cleanup_delete: true, ..config() };
    let bench = bench.restart(CrashPolicy::DropUnsynced, &plain);
    assert_eq!(bench.offsets(), offsets);
}
