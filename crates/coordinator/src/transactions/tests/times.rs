//! Timeouts, expiry, and what they cost.

use super::*;
use TransactionError as E;
use TransactionState as S;

#[test]
fn an_open_transaction_is_aborted_at_the_first_look_after_its_time() {
    let mut world = World::new();
    let producer = world.init("a").unwrap();
    world.pass(4_000);
    world.add("a", producer, &[0]).unwrap();
    world.pass(65_999);
    assert_eq!(world.state("a"), S::Ongoing);
    world.pass(1);
    assert_eq!(world.state("a"), S::PrepareAbort);
    assert_eq!(world.add("a", producer, &[1]), Err(E::ProducerFenced));
    assert_eq!(world.end("a", producer, true), Err(E::InvalidTxnState));
    let markers = world.write_markers();
    assert_eq!((markers[0].producer_epoch, markers[0].commit), (1, false));
    assert_eq!(world.state("a"), S::CompleteAbort);
    assert_eq!(world.end("a", producer, true), Err(E::InvalidTxnState));
    assert_eq!(
        world.end("a", producer, false),
        Ok(epoch(producer, 1)),
        "it goes on"
    );
}

#[test]
fn before_level_2_a_timeout_fences() {
    let mut world = World::at(TransactionVersion::V0);
    let producer = world.init("a").unwrap();
    world.add("a", producer, &[0]).unwrap();
    world.pass(71_000);
    assert_eq!(world.write_markers()[0].producer_epoch, 1);
    assert_eq!(world.end("a", producer, false), Err(E::ProducerFenced));
    assert_eq!(world.init("a"), Ok(epoch(producer, 2)));
}

#[test]
fn more_partitions_do_not_prolong_a_transaction() {
    let mut world = World::new();
    let producer = world.init("a").unwrap();
    for partition in 0..8 {
        if world.add("a", producer, &[partition]).is_err() {
            break;
        }
        world.pass(10_000);
    }
    assert_eq!(world.state("a"), S::PrepareAbort);
}

#[test]
fn the_next_transaction_has_its_own_time() {
    let mut world = World::new();
    let mut producer = world.init("a").unwrap();
    for _ in 0..5 {
        world.add("a", producer, &[0]).unwrap();
        world.pass(40_000);
        producer = world.end("a", producer, true).unwrap();
        world.write_markers();
        assert_eq!(world.shard.timers.len(), 1, "nothing is left of its timer");
    }
}

#[test]
fn a_timeout_counts_on_over_a_restart() {
    let mut world = World::new();
    let producer = world.init("a").unwrap();
    world.add("a", producer, &[0]).unwrap();
    world.pass(45_000);
    world.reload();
    world.pass(14_999);
    assert_eq!(world.state("a"), S::Ongoing);
    world.pass(10_001);
    assert_eq!(world.state("a"), S::PrepareAbort);
}

#[test]
fn a_clock_that_goes_back_does_not_prolong_a_transaction_beyond_its_timeout() {
    let mut world = World::new();
    let producer = world.init("a").unwrap();
    world.add("a", producer, &[0]).unwrap();
    world.pass(10_000);
    let mut shard = TransactionShard::new(config(TransactionVersion::V2));
    for record in &world.log {
        shard.replay(record).unwrap();
    }
    let early = Moment { monotonic: 0, wall: 5 };
    assert!(shard.loaded(early).records.is_empty());
    let late = Moment { monotonic: 70_000, wall: 70_005 };
    assert_eq!(shard.on_time(late).effects.len(), 1);
}

#[test]
fn ids_that_nobody_uses_expire() {
    let mut world = World::new();
    let producer = world.init("old").unwrap();
    world.pass(604_800_000 - 10_000);
    let open = world.init("open").unwrap();
    world.add("open", open, &[0]).unwrap();
    world.init("young").unwrap();
    assert_eq!(world.shard.len(), 3);
    world.pass(3_600_001);
    assert_eq!(world.shard.describe("old"), Err(E::TransactionalIdNotFound));
    assert_eq!(world.shard.len(), 2);
    let end = world
        .log
        .iter()
        .find(|record| record.value.is_none())
        .unwrap();
    assert_eq!(end.key, world.log[0].key);
    assert_eq!(
        world.add("old", producer, &[0]),
        Err(E::InvalidProducerIdMapping)
    );
    world.reload();
    assert_eq!(world.shard.len(), 2);
}

#[test]
fn an_id_with_a_transaction_never_expires() {
    let mut world = World::new();
    let producer = world.init("a").unwrap();
    world.add("a", producer, &[0]).unwrap();
    world.end("a", producer, true).unwrap();
    world.pass(700_000_000);
    assert_eq!(world.state("a"), S::PrepareCommit);
    world.write_markers();
    world.pass(700_000_000);
    assert!(world.shard.is_empty());
}

#[test]
fn many_ids_expire_in_bounded_steps() {
    let mut world = World::new();
    for index in 0..12_000 {
        world.init(&format!("id-{index}")).unwrap();
    }
    world.now += 700_000_000;
    let mut steps = 0;
    while world
        .shard
        .next_deadline()
        .is_some_and(|next| next <= world.now)
    {
        let out = world.shard.on_time(world.moment());
        assert!(out.records.len() <= 5_000);
        world.take(out);
        steps += 1;
    }
    assert!(world.shard.is_empty());
    assert_eq!(steps, 4);
}

#[test]
fn many_transactions_time_out_in_bounded_steps() {
    let mut world = World::new();
    for index in 0..1_200 {
        let id = format!("id-{index}");
        let producer = world.init(&id).unwrap();
        world.add(&id, producer, &[0]).unwrap();
    }
    world.now += 80_000;
    let out = world.shard.on_time(world.moment());
    assert_eq!(out.effects.len(), 500);
    world.take(out);
    world.pass(0);
    assert_eq!(world.write_markers().len(), 1_200);
}

/// 100,000 ids that rest: what each costs beside the text of its id.
#[test]
fn a_resting_id_takes_little_memory() {
    let value = size_of::<Str>() + size_of::<transaction::Transaction>();
    // A node of a B-tree is two thirds full in the mean; text has a header when it is shared.
    let with_tree = value * 3 / 2 + 40;
    assert!(with_tree <= 200, "{with_tree} bytes");
    let mut world = World::new();
    for index in 0..1_000 {
        let id = format!("id-{index}");
        let mut producer = world.init(&id).unwrap();
        for _ in 0..2 {
            world.add(&id, producer, &[0, 1]).unwrap();
            producer = world.end(&id, producer, true).unwrap();
            world.write_markers();
        }
    }
    let resting = world.shard.transactions.values();
    assert!(
        resting
            .into_iter()
            .all(|transaction| transaction.open.is_none())
    );
    assert_eq!(world.shard.timers.len(), 1, "no timer for each");
}
