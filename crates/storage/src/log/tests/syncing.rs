//! Syncs: what is due, who waits for whom, what is pinned.

use super::*;

#[test]
fn many_waiters_share_one_sync() {
    let mut bench = Bench::new(LogConfig::default());
    bench.append(&plain(2, 0));
    assert_eq!(bench.log().flushed_end_offset(), 0);
    let work = bench.log().sync_work(SyncScope::Data).unwrap().unwrap();
    assert!(bench.log().is_syncing());
    // A second writer comes while the sync runs: it waits, and is not covered.
    bench.append(&plain(3, 0));
    assert!(bench.log().sync_work(SyncScope::Data).unwrap().is_none());
    let since = bench.now_ms;
    let done = work.run();
    bench.log().synced(done);
    assert_eq!(bench.log().flushed_end_offset(), 2);
    assert_eq!(bench.log().unflushed_since_ms(), Some(since));
    assert_eq!(bench.log().dirty_bytes(), plain(3, 0).len() as u64);
    bench.sync(SyncScope::Data);
    assert_eq!(bench.log().flushed_end_offset(), 5);
    assert_eq!(
        (bench.log().dirty_bytes(), bench.log().unflushed_since_ms()),
        (0, None)
    );
    assert!(bench.log().sync_work(SyncScope::Data).unwrap().is_none());
    assert_eq!(bench.log().recovery_point(), 0);
    bench.sync(SyncScope::All);
    assert_eq!(bench.log().recovery_point(), 5);
}

#[test]
fn flushes_are_due_by_count_and_by_time() {
    let mut bench =
        Bench::new(LogConfig { flush_messages: 5, flush_ms: 100, ..LogConfig::default() });
    assert!(!bench.append(&plain(4, 0)).flush_due);
    assert!(bench.append(&plain(1, 0)).flush_due);
    bench.sync(SyncScope::Data);
    assert!(!bench.append(&plain(1, 0)).flush_due);
    let appended_ms = bench.now_ms;
    assert!(!bench.log().is_flush_due(appended_ms + 99));
    assert!(bench.log().is_flush_due(appended_ms + 100));
    bench.now_ms += 100;
    assert!(bench.append(&plain(1, 0)).flush_due);
}

#[test]
fn a_sync_from_before_a_truncation_proves_nothing() {
    let mut bench = Bench::new(LogConfig::default());
    bench.append(&plain(5, 0));
    bench.append(&plain(5, 0));
    let work = bench.log().sync_work(SyncScope::All).unwrap().unwrap();
    bench.log().truncate_to(5, 0).unwrap();
    bench.append(&plain(5, 0));
    let done = work.run();
    bench.log().synced(done);
    assert_eq!(bench.log().flushed_end_offset(), 0);
    assert_eq!(bench.log().recovery_point(), 0);
    bench.sync(SyncScope::All);
    assert_eq!(bench.log().recovery_point(), 10);
}

#[test]
fn an_idle_log_holds_no_file() {
    let mut bench = Bench::small();
    bench.cache = HandleCache::new(2);
    for i in 0..20 {
        bench.append(&plain(5, i));
    }
    bench.restart();
    let p = |i: i32| TopicPartition { topic: TopicName::new("idle").unwrap(), partition: i };
    let dir = Arc::clone(bench.log().dir());
    let mut logs = Vec::new();
    for i in 0..50 {
        let config = Arc::clone(&bench.config);
        let log = PartitionLog::create(&dir, &bench.cache, p(i), None, config, 0).unwrap();
        logs.push(log);
    }
    assert!(
        bench.cache.open_files() <= 2,
        "{}",
        bench.cache.open_files()
    );
    for log in &mut logs {
        log.append_as_leader(&plain(1, 0), context(0)).unwrap();
    }
    // What is not synced stays open; afterwards any look-up makes room.
    for log in &mut logs {
        let done = log.sync_work(SyncScope::All).unwrap().unwrap().run();
        log.synced(done);
    }
    for _ in 0..3 {
        logs[0].read(0, 10, true, UpperBound::LogEnd).unwrap();
        logs[1].read(0, 10, true, UpperBound::LogEnd).unwrap();
        logs[2].read(0, 10, true, UpperBound::LogEnd).unwrap();
    }
    assert!(
        bench.cache.open_files() <= 3,
        "{}",
        bench.cache.open_files()
    );
}
