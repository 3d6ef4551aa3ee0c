//! Cleaned segments take their place: beside readers, cuts, retention, damage and full volumes.

use super::*;

#[test]
fn damage_leaves_the_log_as_it_is() {
    let mut bench = Bench::new();
    bench.put(&[("a", Some("1"))]);
    let at = bench.log.size_bytes() + 70;
    bench.put(&[("a", Some("2"))]);
    bench.put(&[("a", Some("3"))]);
    bench.close_segment();
    let path = Path::new(DATA).join("t-0/00000000000000000000.log");
    let mounted = bench.disk.mount();
    let file = mounted.open(&path, OpenMode::ReadWrite).unwrap();
    file.write_all_at(&[std::io::IoSlice::new(b"!")], at)
        .unwrap();
    let before = bench.names();
    let error = clean(&mut bench.log, 1, LIMITS, 10).unwrap_err();
    assert!(error.is_lasting(), "{error}");
    assert_eq!(bench.names(), before);
    assert!(bench.dir.is_online());
}

#[test]
fn a_pass_over_a_log_that_was_cut_changes_nothing() {
    let mut bench = Bench::new();
    bench.put_in_segments(0..6);
    let (view, segment) = bench.clean_first_group();
    // Cut, and filled again with the same number of bytes.
    bench.log.truncate_to(3, 1).unwrap();
    bench.put_in_segments(3..6);
    let before = bench.names();
    assert!(matches!(
        bench.log.begin_swap(segment),
        Err(CleanError::Abandoned)
    ));
    assert!(matches!(
        bench.log.note_cleaned(&view, 6),
        Err(CleanError::Abandoned)
    ));
    assert_eq!(bench.offsets(), [0, 1, 2, 3, 4, 5]);
    assert!(before.iter().any(|n| n.ends_with("cleaned")));
    assert!(bench.names().iter().all(|n| !n.ends_with("cleaned")));
    bench.clean();
    assert_eq!(bench.offsets(), [5]);
}

#[test]
fn a_pass_over_segments_that_retention_took_changes_nothing() {
    let mut bench = Bench::new();
    bench.put_in_segments(0..6);
    let (_, segment) = bench.clean_first_group();
    bench.log.advance_log_start(2).unwrap();
    let gone = bench.log.expired(1).unwrap().unwrap();
    gone.mark().unwrap();
    gone.remove().unwrap();
    assert!(matches!(
        bench.log.begin_swap(segment),
        Err(CleanError::Abandoned)
    ));
    assert_eq!(bench.offsets(), [2, 3, 4, 5]);
    assert!(bench.names().iter().all(|n| !n.ends_with("cleaned")));
}

#[test]
fn what_a_reader_holds_outlives_the_swap() {
    let mut bench = Bench::new();
    for n in 0..4 {
        bench.put(&[("a", Some(&n.to_string()))]);
    }
    bench.close_segment();
    let held = bench
        .log
        .read(0, 1 << 20, true, UpperBound::LogEnd)
        .unwrap()
        .range
        .unwrap();
    let before = held.read().unwrap();
    bench.clean();
    assert_eq!(held.read().unwrap(), before);
    assert_eq!(bench.offsets(), [3]);
}

#[test]
fn readers_are_served_while_files_change_places() {
    let mut bench = Bench::new();
    bench.put_from(&producer(7, 0, true), &[("a", Some("0"))]);
    bench.append(&marker(7, EndTransaction::Abort), Origin::Coordinator);
    for n in 0..4 {
        bench.put(&[("a", Some(&n.to_string()))]);
    }
    bench.close_segment();
    bench.put(&[("b", None)]);
    let (_, segment) = bench.clean_first_group();
    let work = bench.log.begin_swap(segment).unwrap();
    // The names on disk are still the old ones.
    assert_eq!(bench.offsets(), [5, 6]);
    assert_eq!(seen(&bench.log, UpperBound::LastStable), bench.seen());
    check_times(&bench.log, "between");
    assert!(bench.log.expired(1).unwrap().is_none());
    let done = work.run().unwrap();
    let old = bench.log.end_swap(done);
    assert_eq!(bench.offsets(), [5, 6]);
    assert!(bench.names().iter().any(|n| n.ends_with(".log.deleted")));
    old.remove().unwrap();
    assert!(bench.names().iter().all(|n| !n.ends_with("deleted")));
}

#[test]
fn a_swap_that_never_ran_takes_the_directory_offline() {
    let mut bench = Bench::new();
    bench.put(&[("a", Some("0"))]);
    bench.close_segment();
    let (_, segment) = bench.clean_first_group();
    drop(bench.log.begin_swap(segment).unwrap());
    assert!(!bench.dir.is_online());
}

#[test]
fn a_full_volume_ends_a_pass_and_nothing_else() {
    let mut bench = Bench::new();
    for n in 0..6 {
        bench.put(&[("a", Some(&n.to_string()))]);
    }
    bench.close_segment();
    let before = bench.names();
    bench.disk.inject(DiskFault::once(
        OpFilter::Is(klamm_host_sim::DiskOp::Write),
        0,
        Effect::Enospc,
    ));
    let error = clean(&mut bench.log, 1, LIMITS, 10).unwrap_err();
    assert!(!error.is_lasting() && bench.dir.is_online(), "{error}");
    assert_eq!(bench.names(), before);
    bench.clean();
    assert_eq!(bench.offsets(), [5]);
}

#[test]
fn a_cut_lowers_the_cleaners_place_on_disk_before_anything_is_cut() {
    let mut bench = Bench::new();
    for n in 0..6 {
        bench.put(&[(&n.to_string(), Some("1"))]);
    }
    bench.close_segment();
    bench.clean();
    bench.checkpoint();
    assert_eq!(bench.log.cleaned_to(), Some(6));
    bench.log.truncate_to(2, 1).unwrap();
    assert_eq!(bench.log.cleaned_to(), Some(2));
    for n in 0..6 {
        bench.put(&[(&n.to_string(), Some("2"))]);
    }
    bench.sync(SyncScope::Data);
    let mut bench = bench.restart(CrashPolicy::DropUnsynced, &config());
    assert_eq!(bench.log.cleaned_to(), Some(2));
    bench.close_segment();
    bench.clean();
    assert_eq!(bench.offsets(), [2, 3, 4, 5, 6, 7]);
}
