//! When a log is cleaned, and which records are too young for it.

use super::*;

#[test]
fn records_younger_than_the_lag_are_left_alone() {
    let config = LogConfig { min_compaction_lag_ms: 100, ..config() };
    let mut bench = Bench::with(config);
    bench.now_ms = 1000;
    bench.put(&[("a", Some("1"))]);
    bench.put(&[("a", Some("2"))]);
    bench.close_segment();
    bench.now_ms = 2000;
    bench.put(&[("a", Some("3"))]);
    bench.close_segment();
    bench.now_ms = 2050;
    bench.clean();
    assert_eq!(bench.offsets(), [1, 2]);
    bench.now_ms = 2101;
    bench.clean();
    assert_eq!(bench.offsets(), [2]);
}

#[test]
fn a_log_is_due_by_ratio_and_by_age() {
    let mut bench = Bench::with(LogConfig { max_compaction_lag_ms: 500, ..config() });
    bench.now_ms = 1000;
    bench.put(&[("a", Some("1"))]);
    bench.close_segment();
    let due = |bench: &Bench, now_ms| {
        let view = bench.log.clean_view().unwrap();
        let dirtiness = view.dirtiness(now_ms).unwrap();
        (dirtiness.delay_ms, dirtiness.is_due(view.config()))
    };
    assert_eq!(due(&bench, 1200), (0, true), "nothing was ever clean");
    bench.clean();
    assert!(bench.log.clean_view().is_none(), "and now all is");
    bench.put(&[("b", None)]);
    bench.close_segment();
    assert_eq!(due(&bench, 1200), (0, false), "less than half is dirty");
    assert_eq!(due(&bench, 1600), (99, true));
    let other = LogConfig { cleanup_compact: false, ..config() };
    bench.log.set_config(Arc::new(other));
    assert!(bench.log.clean_view().is_none());
}
