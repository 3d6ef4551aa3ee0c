//! Transactions and producers under the cleaner.

use super::*;

#[test]
fn aborted_records_go_at_once_and_their_marker_later() {
    let mut bench = Bench::new();
    bench.put(&[("a", Some("1"))]);
    bench.put_from(&producer(7, 0, true), &[("a", Some("aborted"))]);
    bench.append(&marker(7, EndTransaction::Abort), Origin::Coordinator);
    bench.put_from(&producer(7, 1, true), &[("b", Some("kept"))]);
    bench.append(&marker(7, EndTransaction::Commit), Origin::Coordinator);
    // The producer goes on elsewhere: nothing of it must stay for its sake.
    bench.close_segment();
    bench.put_from(&producer(7, 2, false), &[("z", Some("1"))]);
    assert_eq!(seen(&bench.log, UpperBound::LastStable).len(), 3);
    bench.clean();
    let aborted = |bench: &Bench| {
        let slice = bench
            .log
            .read(0, 1 << 20, true, UpperBound::LastStable)
            .unwrap();
        slice.aborted.len()
    };
    assert_eq!(bench.offsets(), [0, 3, 5]);
    assert_eq!(
        aborted(&bench),
        1,
        "readers of the old files need the entry"
    );
    let markers = |bench: &Bench| {
        let range = bench
            .log
            .read(0, 1 << 20, true, UpperBound::LogEnd)
            .unwrap()
            .range
            .unwrap();
        let bytes = range.read().unwrap();
        let control = |b: &i64| *b;
        let found: Vec<i64> = batches(&bytes)
            .map(|b| *b.unwrap().header())
            .filter(|h| h.is_control())
            .map(|h| h.base_offset.0)
            .collect();
        found.iter().map(control).collect::<Vec<_>>()
    };
    assert_eq!(markers(&bench), [2, 4]);
    // The next pass finds nothing of the transaction and sets the horizon; the entry is of no use any more.
    for round in 0..2 {
        bench.put(&[("c", Some("1"))]);
        bench.close_segment();
        bench.put(&[("y", Some("1"))]);
        bench.clean();
        assert_eq!(aborted(&bench), 0);
        let left: &[i64] = if round == 0 { &[2, 4] } else { &[4] };
        assert_eq!(markers(&bench), left, "round {round}");
        bench.now_ms += HORIZON_MS;
    }
    assert!(
        bench.names().iter().all(|n| !n.contains("txnindex")),
        "{:?}",
        bench.names()
    );
}

#[test]
fn a_transaction_that_ends_beyond_the_pass_is_known_as_aborted() {
    let mut bench = Bench::new();
    bench.put(&[("a", Some("1"))]);
    bench.put_from(&producer(7, 0, true), &[("a", Some("aborted"))]);
    bench.close_segment();
    bench.append(&marker(7, EndTransaction::Abort), Origin::Coordinator);
    bench.clean();
    assert_eq!(seen(&bench.log, UpperBound::LastStable), bench.seen());
    assert_eq!(
        bench.short(),
        [some(0, "a", "1")],
        "the older record is the newest that counts"
    );
}

#[test]
fn nothing_is_cleaned_from_an_open_transaction_on() {
    let mut bench = Bench::new();
    bench.put(&[("a", Some("1"))]);
    bench.put(&[("a", Some("2"))]);
    bench.close_segment();
    bench.put_from(&producer(7, 0, true), &[("b", Some("open"))]);
    bench.put(&[("a", Some("3"))]);
    bench.close_segment();
    bench.put(&[("a", Some("4"))]);
    bench.close_segment();
    let dirtiness = bench.log.clean_view().unwrap().dirtiness(0).unwrap();
    assert_eq!((dirtiness.first_dirty, dirtiness.clean_end), (0, 2));
    bench.clean();
    assert_eq!(bench.offsets(), [1, 2, 3, 4]);
    bench.append(&marker(7, EndTransaction::Commit), Origin::Coordinator);
    bench.clean();
    assert_eq!(bench.offsets(), [2, 4]);
}

#[test]
fn a_producer_goes_on_with_its_sequence_after_its_records_are_gone() {
    let mut bench = Bench::new();
    bench.put_from(&producer(3, 0, false), &[("a", Some("1"))]);
    bench.put_from(&producer(3, 1, false), &[("a", Some("2"))]);
    for _ in 0..2 {
        bench.put(&[("a", Some("3"))]);
    }
    bench.close_segment();
    bench.put(&[("b", Some("1"))]);
    bench.clean();
    assert_eq!(bench.offsets(), [3, 4]);
    // Nothing but the log says so.
    for name in bench.names() {
        if name.ends_with("snapshot") {
            let path = Path::new(DATA).join("t-0").join(name);
            bench.disk.mount().remove_file(&path).unwrap();
        }
    }
    let mut bench = bench.restart(CrashPolicy::KeepAll, &config());
    let again = keyed(
        &[("a", Some("2"))],
        0,
        &producer(3, 1, false),
        Compression::None,
    );
    let appended = bench
        .log
        .append_as_leader(&again, context(Origin::Client))
        .unwrap();
    assert!(
        appended.duplicate && appended.base_offset == 1,
        "{appended:?}"
    );
    bench.put_from(&producer(3, 2, false), &[("a", Some("4"))]);
}
