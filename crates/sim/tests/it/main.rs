//! The real broker in a few simulated worlds: promises hold, a seed is one run, planted bugs are found.

use klamm_sim::{Options, Planted, run};

#[test]
fn promises_hold_in_a_few_worlds() {
    let mut acknowledged = 0;
    for seed in 1..=8 {
        let outcome = run(&Options::draw(seed), false);
        let violations = &outcome.violations;
        assert!(violations.is_empty(), "seed {seed}: {violations:#?}");
        acknowledged += outcome.acknowledged;
    }
    assert!(
        acknowledged > 1_000,
        "worlds in which nothing happens prove nothing"
    );
}

#[test]
fn two_runs_of_a_seed_are_the_same() {
    for seed in [2, 9] {
        let once = run(&Options::draw(seed), true);
        let again = run(&Options::draw(seed), true);
        let parted = once.text.iter().zip(&again.text).find(|(a, b)| a != b);
        assert_eq!(parted, None, "seed {seed}: where the two runs part");
        assert_eq!((once.hash, once.events), (again.hash, again.events));
    }
}

#[test]
fn planted_bugs_are_found() {
    for bug in Planted::ALL {
        let found = (1..=60).find(|seed| {
            let options = Options { planted: Some(bug), ..Options::draw(*seed) };
            !run(&options, false).violations.is_empty()
        });
        assert!(found.is_some(), "{bug:?} is not found");
    }
}
