//! Deleting the beginning: records, segments, whole logs.

use super::*;

fn filled(config: LogConfig) -> Bench {
    let small = small_segments();
    let config = LogConfig {
        segment_bytes: small.segment_bytes,
        index_interval_bytes: small.index_interval_bytes,
        ..config
    };
    let mut bench = Bench::new(config);
    for i in 0..30 {
        bench.append(&plain(5, 1000 + i * 10));
    }
    bench
}

fn bases(bench: &mut Bench) -> Vec<i64> {
    bench
        .log()
        .segments()
        .iter()
        .map(|s| s.base_offset)
        .collect()
}

/// Runs retention and the deletion that it asks for.
fn expire(bench: &mut Bench, now_ms: i64) -> bool {
    let Some(gone) = bench.log().expired(now_ms).unwrap() else {
        return false;
    };
    assert_eq!(gone.delay_ms(), 60_000);
    gone.mark().unwrap();
    assert!(bench.files().iter().any(|n| n.ends_with(".log.deleted")));
    gone.remove().unwrap();
    assert!(!bench.files().iter().any(|n| n.ends_with(".deleted")));
    true
}

#[test]
fn records_are_deleted_up_to_an_offset_and_segments_follow() {
    let mut bench = filled(LogConfig { retention_ms: -1, ..LogConfig::default() });
    let before = bases(&mut bench);
    assert_eq!(
        bench.log().advance_log_start(before[2] + 3).unwrap(),
        before[2] + 3
    );
    assert_eq!(bench.log().advance_log_start(1).unwrap(), before[2] + 3);
    let out = bench.log().read(before[2], 1, true, UpperBound::LogEnd);
    assert!(matches!(out, Err(ReadError::OutOfRange { .. })));
    let first = bench.log().offset_for_timestamp(0).unwrap().unwrap();
    assert_eq!(first.offset, before[2] + 3);
    assert!(expire(&mut bench, 0));
    assert_eq!(bases(&mut bench), before[2..]);
    assert_eq!(
        bench.log().epoch_history().entries(),
        [(EPOCH, before[2] + 3)]
    );
    bench.restart();
    assert_eq!(bench.log().log_start_offset(), before[2] + 3);
    assert_eq!(bench.log().advance_log_start(i64::MAX).unwrap(), 150);
}

#[test]
fn time_takes_whole_segments_oldest_first() {
    let mut bench = filled(LogConfig { retention_ms: 1000, ..LogConfig::default() });
    let before = bases(&mut bench);
    let newest_of_first = 1000 + before[1] / 5 * 10 - 10 + 4;
    assert!(!expire(&mut bench, newest_of_first + 1000));
    assert!(expire(&mut bench, newest_of_first + 1001));
    assert_eq!(bases(&mut bench), before[1..]);
    assert_eq!(bench.log().log_start_offset(), before[1]);
    // All of it is old: an empty segment at the end remains.
    assert!(expire(&mut bench, 1_000_000));
    assert_eq!(bases(&mut bench), [150]);
    assert_eq!(bench.append(&plain(1, 5)).base_offset, 150);
    bench.restart();
    assert_eq!(bench.read_all(), [(150, 150)]);
}

/// A batch whose records say no time.
fn timeless() -> Bytes {
    let mut builder = BatchBuilder::new();
    for _ in 0..5 {
        let value = Some(&b"0123456789"[..]);
        let record = NewRecord { timestamp_ms: -1, key: None, value, headers: &[] };
        builder.append(&record).unwrap();
    }
    let fields = BatchFields::default();
    builder
        .build(&fields, Codec::default(), &mut Deflater::new())
        .unwrap()
}

/// Sets when a segment's file was last changed.
fn touch(bench: &Bench, base: i64, ms: u64) {
    let path = bench.path(&FileKind::Log.file_name(base));
    let file = std::fs::File::options().write(true).open(path).unwrap();
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_millis(ms);
    file.set_modified(time).unwrap();
}

#[test]
fn a_segment_without_timestamps_is_as_old_as_its_file() {
    let config = LogConfig { retention_ms: 1000, ..small_segments() };
    let mut bench = Bench::new(config);
    for _ in 0..30 {
        bench.append(&timeless());
    }
    bench.restart();
    let before = bases(&mut bench);
    for base in &before {
        touch(&bench, *base, 100_000);
    }
    touch(&bench, before[2], 200_000);
    assert!(!expire(&mut bench, 101_000));
    assert!(expire(&mut bench, 101_001));
    assert_eq!(bases(&mut bench), before[2..]);
    assert!(!expire(&mut bench, 201_000), "oldest first");
    // The active one goes as well, unless something came while its age was looked up.
    let now_ms = 201_001;
    let ages = bench.log().unread_ages(now_ms).unwrap().read().unwrap();
    bench.append(&timeless());
    let gone = bench.log().expired_as_known(now_ms, &ages).unwrap();
    assert!(gone.is_some());
    assert_eq!(bases(&mut bench), before[before.len() - 1..]);
    touch(&bench, before[before.len() - 1], 100_000);
    assert!(expire(&mut bench, now_ms));
    assert_eq!(bases(&mut bench), [155]);
}

#[test]
fn size_takes_what_is_surplus() {
    let mut bench = filled(LogConfig {
        retention_ms: -1,
        retention_bytes: 2000,
        ..LogConfig::default()
    });
    let total = bench.log().size_bytes();
    assert!(expire(&mut bench, 0));
    let left = bench.log().size_bytes();
    assert!(left >= 2000 && left < total);
    let first = bench.log().segments()[0].bytes;
    assert!(left - first < 2000);
    assert!(!expire(&mut bench, 0));
}

#[test]
fn nothing_above_the_high_watermark_and_nothing_compacted_expires() {
    let mut bench = filled(LogConfig { retention_ms: 1, ..LogConfig::default() });
    let before = bases(&mut bench);
    bench.log().set_high_watermark(before[1] - 1);
    assert!(!expire(&mut bench, i64::MAX));
    bench.log().set_high_watermark(before[1]);
    assert!(expire(&mut bench, i64::MAX));
    assert_eq!(bases(&mut bench), before[1..]);
    let mut bench = filled(LogConfig {
        retention_ms: 1,
        cleanup_delete: false,
        cleanup_compact: true,
        ..LogConfig::default()
    });
    assert!(!expire(&mut bench, i64::MAX));
    bench.log().advance_log_start(140).unwrap();
    assert!(expire(&mut bench, i64::MAX));
}

#[test]
fn readers_keep_what_they_hold() {
    let mut bench = filled(LogConfig { retention_ms: 1, ..LogConfig::default() });
    let range = bench
        .log()
        .read(0, 500, true, UpperBound::LogEnd)
        .unwrap()
        .range
        .unwrap();
    let before = range.read().unwrap();
    assert!(expire(&mut bench, i64::MAX));
    assert_eq!(range.read().unwrap(), before);
}

#[test]
fn what_a_deletion_left_goes_at_the_next_start() {
    let mut bench = filled(LogConfig { retention_ms: 1, ..LogConfig::default() });
    bench
        .log()
        .expired(i64::MAX)
        .unwrap()
        .unwrap()
        .mark()
        .unwrap();
    assert!(bench.files().iter().any(|n| n.ends_with(".deleted")));
    bench.restart();
    assert!(!bench.files().iter().any(|n| n.ends_with(".deleted")));
    assert_eq!(bench.log().log_start_offset(), 150);
}

#[test]
fn a_deleted_log_is_a_renamed_folder() {
    let mut bench = filled(LogConfig::default());
    let log = bench.log.take().unwrap();
    let dir = Arc::clone(log.dir());
    let name = log.delete(0xabc).unwrap();
    let folders = dir.folders().unwrap();
    assert_eq!(folders, [(name.clone(), crate::layout::FolderName::Delete)]);
    dir.remove_folder(&name).unwrap();
    dir.remove_folder(&name).unwrap();
    assert!(dir.folders().unwrap().is_empty());
}

#[test]
fn the_largest_timestamp_is_that_of_a_readable_record() {
    let mut bench = Bench::new(LogConfig::default());
    for time in [900, 100, 300, 200] {
        bench.append(&plain(1, time));
    }
    for (start, expected) in [(0, (0, 900)), (1, (2, 300)), (3, (3, 200))] {
        bench.log().advance_log_start(start).unwrap();
        let found = bench.log().max_timestamp().unwrap().unwrap();
        assert_eq!((found.offset, found.timestamp_ms), expected);
    }
    bench.log().advance_log_start(4).unwrap();
    assert_eq!(bench.log().max_timestamp().unwrap(), None);
}

#[test]
fn work_that_comes_after_the_deletion_of_its_log_touches_nothing() {
    let mut bench = Bench::small();
    for i in 0..30 {
        bench.append(&plain(5, 1000 + i * 10));
    }
    let sync = bench.log().sync_work(SyncScope::All).unwrap().unwrap();
    bench.log().advance_log_start(100).unwrap();
    let gone = bench.log().expired(5000).unwrap().unwrap();
    let dir = Arc::clone(bench.log().dir());
    bench.log.take().unwrap().delete(7).unwrap();
    // Its topic is made again, under the same name.
    let config = Arc::clone(&bench.config);
    let anew = PartitionLog::create(&dir, &bench.cache, partition(), None, config, 1).unwrap();
    bench.log = Some(anew);
    bench.append(&plain(5, 1000));
    let before = bench.files();
    gone.mark().unwrap();
    let _ = sync.run().unwrap();
    gone.remove().unwrap();
    assert_eq!(bench.files(), before);
    assert!(dir.is_online());
    // Neither does it when the folder is not there any more.
    let sync = bench.log().sync_work(SyncScope::All).unwrap().unwrap();
    bench.log.take().unwrap().delete(8).unwrap();
    let _ = sync.run().unwrap();
    assert!(dir.is_online());
}

#[test]
fn the_file_of_epochs_follows_the_removal_of_segments_and_never_goes_back() {
    let mut bench = Bench::small();
    for epoch in 1..=4 {
        for i in 0..10 {
            let context = AppendContext { leader_epoch: epoch, ..context(1000 + i) };
            bench
                .log()
                .append_as_leader(&plain(5, 1000 + i), context)
                .unwrap();
        }
    }
    let end = bench.log().log_end_offset();
    bench.log().set_high_watermark(end);
    let on_disk = |bench: &Bench| {
        let bytes = std::fs::read(bench.path("leader-epoch-checkpoint")).unwrap();
        EpochHistory::parse(&bytes).entries().to_vec()
    };
    bench.log().advance_log_start(60).unwrap();
    assert_eq!(
        bench.log().epoch_history().entries(),
        [(2, 60), (3, 100), (4, 150)]
    );
    let gone = bench.log().expired(5000).unwrap().unwrap();
    assert_eq!(on_disk(&bench).len(), 4);
    gone.mark().unwrap();
    assert_eq!(on_disk(&bench), [(2, 60), (3, 100), (4, 150)]);
    // A newer history is in the file before the older one is written.
    bench.log().advance_log_start(160).unwrap();
    let gone = bench.log().expired(5000).unwrap().unwrap();
    bench.log().assign_epoch_start(5, end).unwrap();
    let newest = on_disk(&bench);
    assert_eq!(newest, [(4, 160), (5, end)]);
    gone.mark().unwrap();
    assert_eq!(on_disk(&bench), newest);
}
