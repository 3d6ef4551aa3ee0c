//! Offsets to ranges, bounds, times.

use super::*;

fn filled() -> Bench {
    let mut bench = Bench::small();
    for i in 0..30 {
        bench.append(&plain(5, 1000 + i * 10));
    }
    bench
}

#[test]
fn every_offset_finds_its_batch() {
    let mut bench = filled();
    for round in 0..3 {
        for offset in 0..150 {
            let first = bench.read(offset, 1)[0];
            assert!(
                (first.0..=first.1).contains(&offset),
                "offset {offset}, round {round}"
            );
        }
        match round {
            0 => bench.restart(),
            _ => drop(bench.crash()),
        }
    }
}

#[test]
fn ranges_hold_whole_batches_up_to_the_limit() {
    let bench = filled();
    let one = plain(5, 1000).len();
    assert_eq!(bench.read(0, one), [(0, 4)]);
    assert_eq!(bench.read(0, 2 * one - 1), [(0, 4)]);
    assert_eq!(bench.read(0, 2 * one), [(0, 4), (5, 9)]);
    assert_eq!(bench.read(7, 3 * one), [(5, 9), (10, 14), (15, 19)]);
    let log = bench.log.as_ref().unwrap();
    let nothing = log.read(0, one - 1, false, UpperBound::LogEnd).unwrap();
    assert!(nothing.is_empty());
    assert_eq!(nothing.next_offset, 0);
}

#[test]
fn readers_stop_at_their_bound() {
    let mut bench = filled();
    bench.log().set_high_watermark(15);
    assert_eq!(
        bench.read_to(0, 9999, UpperBound::HighWatermark),
        (spans(3, 5), 15)
    );
    assert_eq!(bench.read(15, 9999), []);
    assert!(bench.read_to(0, 9999, UpperBound::LogEnd).0.len() > 3);
    // A bound inside of a batch hides the whole batch.
    bench.log().set_high_watermark(17);
    assert_eq!(bench.read(0, 9999), spans(3, 5));
    let log = bench.log();
    for offset in [-1, 151] {
        let out = log.read(offset, 1, true, UpperBound::HighWatermark);
        assert!(
            matches!(out, Err(ReadError::OutOfRange { start: 0, end: 150 })),
            "{offset}"
        );
    }
    assert!(
        log.read(150, 1, true, UpperBound::HighWatermark)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_follower_of_the_end_needs_no_lookup() {
    let mut bench = filled();
    let (_, mut next) = bench.read_to(145, 9999, UpperBound::HighWatermark);
    for i in 0..20 {
        bench.append(&plain(2, i));
        let (found, after) = bench.read_to(next, 9999, UpperBound::HighWatermark);
        assert_eq!(found, [(next, next + 1)]);
        next = after;
    }
}

#[test]
fn times_lead_to_the_first_record_that_is_not_older() {
    let mut bench = filled();
    for round in 0..2 {
        for offset in 0..150_i64 {
            let time = 1000 + offset / 5 * 10 + offset % 5;
            let found = bench.log().offset_for_timestamp(time).unwrap().unwrap();
            assert_eq!(
                (found.offset, found.timestamp_ms),
                (offset, time),
                "round {round}"
            );
            assert_eq!(found.leader_epoch, Some(EPOCH));
        }
        assert_eq!(
            bench
                .log()
                .offset_for_timestamp(1006)
                .unwrap()
                .unwrap()
                .offset,
            5
        );
        assert_eq!(bench.log().offset_for_timestamp(1295).unwrap(), None);
        bench.restart();
    }
    let newest = bench.log().max_timestamp().unwrap().unwrap();
    assert_eq!((newest.offset, newest.timestamp_ms), (149, 1294));
}
