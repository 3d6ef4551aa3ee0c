//! Seeded clusters under loss, duplication, reordering, partitions and crashes; then peace, and progress is due.

use crate::cluster::{Cluster, Faults};
use klamm_raft::{Input, Quorum, StateName};
use std::collections::BTreeMap;

/// One seed: 20 s of trouble, then peace. Returns the trace hash and what happened.
fn run(seed: u64) -> (u64, BTreeMap<&'static str, u64>) {
    let voters = [1, 2, 3, 3, 3, 5][seed as usize % 6];
    let mut cluster = Cluster::new(seed, voters, (seed / 6 % 2) as usize);
    cluster.faults = Faults {
        loss: cluster.rng.below(20),
        duplicate: cluster.rng.below(20),
        delay_ms_max: 1 + cluster.rng.below(60),
        crash_in_actions: cluster.rng.below(4),
    };
    let until = cluster.now + 20_000;
    while cluster.now < until {
        let next = cluster.now + 1 + cluster.rng.below(150) as i64;
        cluster.run_until(next);
        trouble(&mut cluster);
    }
    heal(&mut cluster);
    (cluster.trace, cluster.reached)
}

fn trouble(cluster: &mut Cluster) {
    let count = cluster.len() as u64;
    let i = cluster.rng.below(count) as usize;
    match cluster.rng.below(100) {
        0..3 if cluster.is_up(i) => cluster.crash(i),
        0..20 if !cluster.is_up(i) => cluster.start(i),
        20..26 => {
            // One-sided or both-sided: each direction is cut by itself.
            let j = cluster.rng.below(count) as usize;
            cluster.cut[i][j] = true;
            cluster.cut[j][i] |= cluster.rng.percent(50);
            cluster.mark("partitions");
        }
        26..40 => cluster.cut = vec![vec![false; count as usize]; count as usize],
        40..44 => cluster.snapshot(i),
        44..45 => cluster.feed(i, Input::Resign),
        46..52 => cluster.change_voters(i),
        45..46 if cluster.is_up(i) => {
            cluster.crash(i);
            cluster.start(i);
        }
        _ => {
            for i in 0..count as usize {
                cluster.propose(i);
            }
        }
    }
}

fn heal(cluster: &mut Cluster) {
    let count = cluster.len();
    cluster.cut = vec![vec![false; count]; count];
    cluster.faults = Faults::NONE;
    // Those who were told to stop are restarted, as a supervisor would.
    for i in 0..count {
        if cluster.is_up(i) {
            cluster.crash(i);
        }
        cluster.start(i);
    }
    cluster.run_until(cluster.now + 15_000);
    let states = cluster.states();
    let leader = cluster
        .leader()
        .unwrap_or_else(|| panic!("peace brings a leader: {states:?}"));
    let before = cluster.oracle.committed.len();
    let epoch = cluster.epoch_of_leader();
    cluster.propose(leader);
    cluster.run_until(cluster.now + 3_000);
    assert!(
        cluster.oracle.committed.len() > before,
        "the proposal is committed"
    );
    assert_eq!(cluster.epoch_of_leader(), epoch, "peace brings no election");
    let end = cluster.oracle.committed.len() as i64;
    for i in 0..count {
        let high_watermark = cluster.quorum(i).map(|q| q.high_watermark().0);
        assert_eq!(
            high_watermark,
            Some(end),
            "node {i} knows all that is committed"
        );
    }
}

#[test]
fn invariants_hold_whatever_happens() {
    let mut reached = BTreeMap::new();
    for seed in 1..=SEEDS {
        let (_, marks) = std::panic::catch_unwind(|| run(seed))
            .unwrap_or_else(|_| panic!("seed {seed} breaks an invariant"));
        for (mark, count) in marks {
            *reached.entry(mark).or_insert(0) += count;
        }
    }
    for mark in [
        "crash",
        "elections",
        "lost unflushed records",
        "partitions",
        "snapshots installed",
        "snapshots taken",
        "truncations",
        "voter changes",
        "votes asked",
    ] {
        assert!(
            reached.contains_key(mark),
            "the simulation never reached: {mark}; {reached:?}"
        );
    }
}

const SEEDS: u64 = 150;

#[test]
fn a_seed_decides_everything() {
    for seed in [3, 4, 5] {
        assert_eq!(run(seed), run(seed));
    }
}

#[test]
fn a_partitioned_voter_does_not_disturb_on_its_return() {
    let mut cluster = Cluster::new(7, 3, 0);
    cluster.run_until(cluster.now + 5_000);
    let leader = cluster.leader().expect("a leader");
    let epoch = cluster.epoch_of_leader();
    let lost = (leader + 1) % 3;
    for i in 0..3 {
        cluster.cut[i][lost] = true;
        cluster.cut[lost][i] = true;
    }
    cluster.run_until(cluster.now + 20_000);
    assert_eq!(
        cluster.quorum(lost).map(Quorum::state),
        Some(StateName::Prospective)
    );
    cluster.cut = vec![vec![false; 3]; 3];
    cluster.run_until(cluster.now + 5_000);
    assert_eq!(
        cluster.epoch_of_leader(),
        epoch,
        "pre-vote keeps the epoch (KIP-996)"
    );
    assert_eq!(
        cluster.quorum(lost).map(Quorum::state),
        Some(StateName::Follower)
    );
}

#[test]
fn a_leader_without_a_majority_steps_down() {
    let mut cluster = Cluster::new(11, 3, 0);
    cluster.run_until(cluster.now + 5_000);
    let old = cluster.leader().expect("a leader");
    for i in 0..3 {
        cluster.cut[i][old] = true;
        cluster.cut[old][i] = true;
    }
    cluster.run_until(cluster.now + 3_100);
    assert_ne!(
        cluster.quorum(old).map(Quorum::state),
        Some(StateName::Leader)
    );
    cluster.run_until(cluster.now + 5_000);
    assert!(cluster.leader().is_some_and(|new| new != old));
}

#[test]
fn a_stopping_leader_hands_over_within_a_moment() {
    let mut cluster = Cluster::new(13, 3, 0);
    cluster.run_until(cluster.now + 5_000);
    let old = cluster.leader().expect("a leader");
    cluster.feed(old, Input::Resign);
    cluster.run_until(cluster.now + 200);
    assert!(
        cluster.leader().is_some_and(|new| new != old),
        "no election timeout is waited for"
    );
}
