//! The simulator on paper: a right broker passes, each bug is found, a seed is a run.

use super::Bug;
use crate::node::Kind;
use crate::scenario::run_on;
use crate::{Fault, Options};
use std::time::Duration;

/// A seed's options without failing disks: this broker has no answer to them.
fn options(seed: u64) -> Options {
    let mut options = Options::draw(seed);
    options.faults.retain(|fault| {
        use Fault::{DirFails, DiskError, DiskFull, SyncError};
        !matches!(fault, SyncError | DiskError | DiskFull | DirFails)
    });
    options.start_faults = false;
    options.duration = Duration::from_secs(15);
    options
}

fn broken(bug: Bug, seed: u64) -> Vec<String> {
    run_on(&options(seed), Kind::Paper(bug), false).violations
}

#[test]
fn a_right_broker_breaks_no_promise() {
    for seed in 0..10 {
        let violations = broken(Bug::Nothing, seed);
        assert!(violations.is_empty(), "seed {seed}: {violations:#?}");
    }
}

#[test]
fn each_bug_is_found() {
    for bug in [
        Bug::AckBeforeSync,
        Bug::NoDeduplication,
        Bug::NoChecksums,
        Bug::DropsLastBatch,
        Bug::WrongOffset,
        Bug::ForgetsTopics,
        Bug::ChangesBytes,
        Bug::ReusesProducerIds,
        Bug::SkipsBatches,
        Bug::Hangs,
    ] {
        let found = (0..40).find(|seed| !broken(bug, *seed).is_empty());
        assert!(found.is_some(), "{bug:?} is not found");
    }
}

#[test]
fn a_seed_is_one_run() {
    for seed in 0..3 {
        let once = run_on(&options(seed), Kind::Paper(Bug::Nothing), false);
        let again = run_on(&options(seed), Kind::Paper(Bug::Nothing), false);
        assert_eq!((once.hash, once.events), (again.hash, again.events));
        assert!(once.acknowledged > 0);
    }
}
