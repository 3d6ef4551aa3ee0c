//! Cutting the end, and beginning anew.

use super::*;

fn filled() -> Bench {
    let mut bench = Bench::small();
    for i in 0..30 {
        bench.append(&plain(5, 1000 + i * 10));
    }
    bench
}

#[test]
fn a_log_may_be_cut_anywhere_and_goes_on() {
    for offset in [0, 1, 4, 5, 44, 45, 46, 90, 149, 150, 151] {
        for restart in [false, true] {
            let mut bench = filled();
            let end = bench.log().truncate_to(offset, 0).unwrap();
            let expected = if offset >= 150 { 150 } else { offset / 5 * 5 };
            assert_eq!(
                (end, bench.log().log_end_offset()),
                (expected, expected),
                "{offset}"
            );
            assert_eq!(bench.read_all(), spans(expected / 5, 5), "{offset}");
            if restart {
                bench.restart();
            }
            assert_eq!(bench.append(&plain(5, 9)).base_offset, expected);
            assert!(bench.crash().cut.is_none());
            assert_eq!(bench.read_all(), spans(expected / 5 + 1, 5), "{offset}");
        }
    }
}

#[test]
fn times_producers_and_epochs_follow_the_cut() {
    let mut bench = Bench::small();
    for i in 0..20 {
        bench.append(&from_producer(1, 0, i * 2, 2));
        bench.append(&plain(1, 5000 + i64::from(i)));
    }
    bench.log().assign_epoch_start(9, 60).unwrap();
    bench.log().truncate_to(30, 0).unwrap();
    assert_eq!(bench.log().latest_epoch(), Some(EPOCH));
    assert_eq!(bench.log().high_watermark(), 30);
    assert_eq!(
        bench.log().max_timestamp().unwrap().unwrap().timestamp_ms,
        5009
    );
    assert_eq!(bench.log().producers().next().unwrap().last_sequence, 19);
    let again = bench.append(&from_producer(1, 0, 18, 2));
    assert_eq!((again.duplicate, again.base_offset), (true, 27));
    bench.try_append(&from_producer(1, 0, 22, 2)).unwrap_err();
    assert_eq!(bench.append(&from_producer(1, 0, 20, 2)).base_offset, 30);
}

#[test]
fn beginning_anew_forgets_everything() {
    for start in [0, 70, 5000] {
        let mut bench = filled();
        bench.append(&from_producer(1, 0, 0, 1));
        bench.log().truncate_fully_and_start_at(start, 0).unwrap();
        let log = bench.log();
        let ends = (
            log.log_start_offset(),
            log.high_watermark(),
            log.log_end_offset(),
        );
        assert_eq!(ends, (start, start, start));
        assert_eq!(log.producers().len(), 0);
        assert_eq!(log.latest_epoch(), None);
        let names = bench.files();
        let logs = names
            .iter()
            .filter(|n| n.ends_with(".log") || n.ends_with("snapshot"));
        assert_eq!(logs.collect::<Vec<_>>(), [&FileKind::Log.file_name(start)]);
        bench.append(&plain(3, 1));
        bench.restart();
        assert_eq!(bench.read_all(), [(start, start + 2)]);
    }
}

#[test]
fn a_log_that_lost_its_files_begins_at_its_start() {
    let mut bench = filled();
    bench.log().advance_log_start(120).unwrap();
    let last = LastOffsets { clean: true, ..bench.offsets() };
    for name in bench.files() {
        if name.ends_with(".log") && name > FileKind::Log.file_name(20) {
            std::fs::remove_file(bench.path(&name)).unwrap();
        }
    }
    bench.reopen(last);
    let log = bench.log();
    assert_eq!((log.log_start_offset(), log.log_end_offset()), (120, 120));
}
