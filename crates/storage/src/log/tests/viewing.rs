//! Look-ups that run without the lock while the log goes on.

use super::*;
use crate::log::read::{LookUp, ReadAsk, Reading};

/// Six segments or more of 1 KiB, restarted: nothing is remembered and no file is open.
fn cold() -> Bench {
    let mut bench = Bench::small();
    for i in 0..30 {
        bench.append(&plain(5, 1000 + i * 10));
    }
    bench.restart();
    assert!(bench.log().segments().len() >= 4);
    bench
}

fn begin(log: &PartitionLog, offset: i64, upper: UpperBound) -> Reading {
    let ask = ReadAsk { offset, bytes_max: 200, min_one_batch: true, upper };
    log.begin_read(ask).unwrap()
}

fn look_up(log: &PartitionLog, offset: i64) -> LookUp {
    match begin(log, offset, UpperBound::LogEnd) {
        Reading::LookUp(look_up) => *look_up,
        Reading::Done(slice) => panic!("no look-up for {offset}: {slice:?}"),
    }
}

#[test]
fn a_cold_place_is_looked_up_outside_and_a_warm_one_is_at_hand() {
    let mut bench = cold();
    let log = bench.log();
    let cold = look_up(log, 7);
    assert!(!cold.is_in_memory());
    let slice = log.end_read(cold.run()).unwrap().unwrap();
    assert_eq!(slice.next_offset, 10);
    // What a look-up found is remembered: the next range begins at a known place, but must be cut by a look.
    assert!(!log.cursors.lock().find(10).unwrap().position.eq(&0));
    // The follower of the end needs no disk, once it has come there.
    assert_eq!(bench.read(148, 9999), [(145, 149)]);
    let end = bench.append(&plain(2, 2000)).last_offset + 1;
    match begin(bench.log(), 150, UpperBound::HighWatermark) {
        Reading::Done(slice) => assert_eq!(slice.next_offset, end),
        Reading::LookUp(look_up) => panic!("{look_up:?}"),
    }
}

#[test]
fn a_look_up_sees_no_more_than_its_beginner_might() {
    let mut bench = cold();
    bench.log().set_high_watermark(15);
    let upper = UpperBound::HighWatermark;
    let ask = ReadAsk { offset: 5, bytes_max: 9999, min_one_batch: true, upper };
    let Reading::LookUp(begun) = bench.log().begin_read(ask).unwrap() else {
        panic!("it is cold")
    };
    for i in 0..20 {
        bench.append(&plain(5, 3000 + i));
    }
    let slice = bench.log().end_read(begun.run()).unwrap().unwrap();
    assert_eq!(slice.next_offset, 15);
}

#[test]
fn appends_and_new_segments_leave_a_look_up_valid() {
    let mut bench = cold();
    let (begun, view) = (look_up(bench.log(), 146), bench.log().view());
    for i in 0..20 {
        bench.append(&plain(5, 3000 + i));
    }
    assert!(bench.log().is_current(&view));
    let slice = bench.log().end_read(begun.run()).unwrap().unwrap();
    assert_eq!(slice.next_offset, 150);
    // The view ends where the log ended.
    assert_eq!(view.offset_for_timestamp(3000).unwrap(), None);
    assert_eq!(view.max_timestamp().unwrap().unwrap().timestamp_ms, 1294);
}

#[test]
fn what_was_found_before_or_during_a_truncation_does_not_count() {
    for when in ["before", "after"] {
        let mut bench = cold();
        let (begun, view) = (look_up(bench.log(), 100), bench.log().view());
        let mut found = None;
        let mut begun = Some(begun);
        if when == "before" {
            found = begun.take().map(LookUp::run);
        }
        bench.log().truncate_to(90, 5000).unwrap();
        for i in 0..20 {
            bench.append(&plain(3, 4000 + i));
        }
        let found = found.or_else(|| begun.map(LookUp::run)).unwrap();
        assert!(bench.log().end_read(found).is_none(), "{when}");
        assert!(bench.log().cursors.lock().find(105).is_none(), "{when}");
        assert!(!bench.log().is_current(&view));
        assert_eq!(bench.read(100, 1), [(99, 101)]);
    }
}

#[test]
fn a_look_up_of_removed_segments_makes_no_file_and_does_not_count() {
    let mut bench = cold();
    let (begun, view) = (look_up(bench.log(), 7), bench.log().view());
    bench.log().advance_log_start(100).unwrap();
    let gone = bench.log().expired(5000).unwrap().unwrap();
    gone.mark().unwrap();
    gone.remove().unwrap();
    let before = bench.files();
    let found = begun.run();
    assert!(view.offset_for_timestamp(1003).is_err());
    assert!(bench.log().end_read(found).is_none() && !bench.log().is_current(&view));
    assert_eq!(bench.files(), before);
}

#[test]
fn a_range_outlives_the_files_it_was_cut_from() {
    let mut bench = cold();
    let slice = bench.log().read(7, 200, true, UpperBound::LogEnd).unwrap();
    let bytes = slice.range.as_ref().unwrap().read().unwrap();
    bench.log().advance_log_start(100).unwrap();
    let gone = bench.log().expired(5000).unwrap().unwrap();
    gone.mark().unwrap();
    gone.remove().unwrap();
    assert_eq!(slice.range.unwrap().read().unwrap(), bytes);
}

#[test]
fn retention_reads_ages_outside_and_keeps_what_it_does_not_know() {
    let mut bench = cold();
    let config = LogConfig { retention_ms: 1000, ..small_segments() };
    bench.log().set_config(Arc::new(config));
    // The largest timestamp is 1294.
    let now_ms = 2150;
    let unknown = FileAges::default();
    let expired = bench.log().expired_as_known(now_ms, &unknown);
    assert!(expired.unwrap().is_none());
    let ages = bench.log().unread_ages(now_ms).unwrap();
    let ages = ages.read().unwrap();
    assert!(bench.log().unread_ages(now_ms).is_none());
    let gone = bench
        .log()
        .expired_as_known(now_ms, &ages)
        .unwrap()
        .unwrap();
    gone.mark().unwrap();
    assert!((1..150).contains(&bench.log().log_start_offset()));
    let kept = bench.log().log_start_offset();
    let first = bench.log().offset_for_timestamp(0).unwrap().unwrap();
    assert_eq!(first.offset, kept);
    // A segment that is closed while the log runs is known.
    let mut bench = Bench::small();
    for i in 0..30 {
        bench.append(&plain(5, 1000 + i * 10));
    }
    assert!(bench.log().unread_ages(i64::MAX).is_none());
}
