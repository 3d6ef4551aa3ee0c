//! Offsets, duplicates, rolls, timestamps.

use super::*;
use crate::producer_state::ProducerError;

#[test]
fn offsets_and_epoch_are_assigned_in_place() {
    let mut bench = Bench::new(LogConfig::default());
    let first = bench.append(&plain(3, 50));
    assert_eq!((first.base_offset, first.last_offset), (0, 2));
    let two = [plain(2, 60), plain(1, 70)].concat().into();
    let second = bench.append(&two);
    assert_eq!((second.base_offset, second.last_offset), (3, 5));
    assert_eq!((second.log_append_time_ms, second.duplicate), (-1, false));
    assert_eq!(bench.read(0, 10_000), [(0, 2), (3, 4), (5, 5)]);
    let log = bench.log();
    let range = log
        .read(0, 10_000, true, UpperBound::LogEnd)
        .unwrap()
        .range
        .unwrap();
    for found in batches(&range.read().unwrap()) {
        assert_eq!(found.unwrap().header().leader_epoch, LeaderEpoch(EPOCH));
    }
    assert_eq!(log.epoch_history().entries(), [(EPOCH, 0)]);
}

#[test]
fn the_log_stamps_batches_if_the_topic_says_so() {
    let source = TimestampSource::LogAppendTime;
    let mut bench = Bench::new(LogConfig { timestamp_source: source, ..LogConfig::default() });
    let appended = bench.append(&from_producer(1, 0, 0, 2));
    assert_eq!(appended.log_append_time_ms, bench.now_ms);
    let stamped_ms = bench.now_ms;
    assert_eq!(bench.read(0, 1000), [(0, 1)]);
    let again = bench.append(&from_producer(1, 0, 0, 2));
    assert_eq!(
        (again.duplicate, again.log_append_time_ms),
        (true, stamped_ms)
    );
    let newest = bench.log().max_timestamp().unwrap().unwrap();
    assert_eq!((newest.timestamp_ms, newest.offset), (stamped_ms, 0));
}

#[test]
fn duplicates_are_acknowledged_with_their_first_offsets_even_after_a_restart() {
    let mut bench = Bench::small();
    for i in 0..8 {
        bench.append(&from_producer(7, 0, i * 4, 4));
        bench.append(&plain(1, 5));
    }
    for round in 0..3 {
        match round {
            0 => {}
            1 => bench.restart(),
            _ => drop(bench.crash()),
        }
        for i in 3..8 {
            let again = bench.append(&from_producer(7, 0, i * 4, 4));
            assert!(again.duplicate, "batch {i}, round {round}");
            assert_eq!(again.base_offset, i64::from(i) * 5);
            assert_eq!(again.last_offset, i64::from(i) * 5 + 3);
        }
        let old = bench.try_append(&from_producer(7, 0, 8, 4));
        let Err(AppendError::Producer(ProducerError::OutOfOrderSequence { .. })) = old else {
            panic!("round {round}: {old:?}");
        };
    }
    assert_eq!(bench.log().log_end_offset(), 40);
}

#[test]
fn segments_roll_by_size() {
    let mut bench = Bench::small();
    for i in 0..20 {
        bench.append(&plain(5, i));
    }
    let log = bench.log();
    assert!(log.segments().len() > 2);
    assert!(log.segments().iter().all(|s| s.bytes <= 1024));
    assert_eq!(bench.read_all(), spans(20, 5));
    let large = plain(100, 0);
    let refused = bench.try_append(&large);
    assert!(matches!(
        refused,
        Err(AppendError::LargerThanSegment { max: 1024, .. })
    ));
}

#[test]
fn segments_roll_by_time_and_index() {
    let mut bench = Bench::new(LogConfig { segment_ms: 1000, ..LogConfig::default() });
    bench.append(&plain(1, 5000));
    assert!(!bench.append(&plain(1, 6000)).rolled);
    assert!(bench.append(&plain(1, 6001)).rolled);
    let config = LogConfig {
        index_bytes_max: 16,
        index_interval_bytes: 0,
        ..LogConfig::default()
    };
    let mut bench = Bench::new(config);
    let rolls = (0..10)
        .filter(|i| bench.append(&plain(1, *i)).rolled)
        .count();
    assert!(rolls >= 3, "{rolls}");
}

#[test]
fn what_is_not_a_batch_is_refused_and_leaves_no_trace() {
    let mut bench = Bench::new(LogConfig::default());
    bench.append(&plain(1, 0));
    let whole = plain(1, 0);
    for bytes in [
        whole.slice(..whole.len() - 1),
        Bytes::from_static(b"junk, junk, junk, junk"),
    ] {
        assert!(matches!(
            bench.try_append(&bytes),
            Err(AppendError::Malformed(_))
        ));
    }
    assert!(matches!(
        bench.try_append(&Bytes::new()),
        Err(AppendError::Impossible)
    ));
    assert_eq!(bench.read_all(), [(0, 0)]);
}

#[test]
fn a_follower_keeps_offsets_and_epochs() {
    let mut bench = Bench::new(LogConfig::default());
    let at = |offset, epoch| {
        let (base_offset, leader_epoch) = (Offset(offset), LeaderEpoch(epoch));
        batch(
            &BatchFields { base_offset, leader_epoch, ..BatchFields::default() },
            2,
            0,
        )
    };
    let both = [at(0, 1), at(5, 4)].concat().into();
    let appended = bench.log().append_as_follower(&both, 0).unwrap();
    assert_eq!((appended.base_offset, appended.last_offset), (0, 6));
    assert_eq!(bench.log().epoch_history().entries(), [(1, 0), (4, 5)]);
    let overlap = bench.log().append_as_follower(&at(6, 4), 0);
    assert!(matches!(
        overlap,
        Err(AppendError::NotInOrder { offset: 6, log_end: 7 })
    ));
    bench.log().set_high_watermark(7);
    assert_eq!(bench.read(2, 1000), [(5, 6)]);
}

#[test]
fn room_is_reserved_ahead_of_a_growing_segment_and_given_back_when_it_is_closed() {
    use std::os::unix::fs::MetadataExt;
    let mut bench = Bench::new(LogConfig { segment_bytes: 64 << 20, ..LogConfig::default() });
    let large = batch(&BatchFields::default(), 40_000, 1000);
    while bench.log().size_bytes() < 6 << 20 {
        bench.append(&large);
    }
    let reserved = bench.log().active.reserved_end;
    let size = bench.log().size_bytes();
    assert!(
        (size..=size + size / 4 + large.len() as u64).contains(&reserved),
        "{reserved} for {size}"
    );
    let path = bench.log().folder().join("00000000000000000000.log");
    assert_eq!(std::fs::metadata(&path).unwrap().len(), size);
    let now_ms = bench.now_ms;
    bench.log().roll(now_ms).unwrap();
    bench.sync(SyncScope::All);
    let closed = std::fs::metadata(&path).unwrap();
    assert_eq!(closed.len(), size);
    // In units of 512 bytes; a file system may keep a little of its own beside the data.
    assert!(closed.blocks() * 512 < size + (256 << 10), "{closed:?}");
}
