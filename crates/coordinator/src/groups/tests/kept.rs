//! What the log keeps of groups, byte for byte.

use super::*;

#[test]
fn a_loaded_shard_goes_on_where_the_last_one_stopped() {
    let mut world = World::new(config());
    let a = world.alone();
    let _ = world.each(Command::CommitOffsets(Box::new(commit(&a, 1, 5))));
    world.shard = world.replayed();
    let out = world.shard.loaded(world.moment());
    world.take(out);
    assert_eq!(world.beat(&a, 1), Ok(()));
    assert_eq!(
        world.each(Command::CommitOffsets(Box::new(commit(&a, 1, 6)))),
        [Ok(())]
    );
    let again = world.send(Command::Join(Box::new(join("a", &a))));
    assert_eq!(
        world.joined(again).generation,
        2,
        "a leader that joins again begins a round"
    );
    world.pass(i64::from(SESSION + REBALANCE) + 1);
    assert_eq!(
        world.state(),
        GroupState::Empty,
        "sessions run after a load"
    );
}

#[test]
fn records_are_kafkas_bytes() {
    let mut world = World::new(config());
    let _ = world.each(Command::CommitOffsets(Box::new(commit("", -1, 5))));
    let key = b"\0\x01\0\x01g\0\x01t\0\0\0\0";
    let mut value = b"\0\x03\0\0\0\0\0\0\0\x05\0\0\0\x03\0\x04note".to_vec();
    value.extend_from_slice(&1_001_000_i64.to_be_bytes());
    assert_eq!(world.records()[0].key, &key[..]);
    assert_eq!(world.records()[0].value.as_deref(), Some(&*value));
}

#[test]
fn damaged_records_are_refused_and_others_are_passed_over() {
    let mut world = World::new(config());
    let a = world.alone();
    let _ = world.each(Command::CommitOffsets(Box::new(commit(&a, 1, 5))));
    let mut shard = GroupShard::new(config());
    for record in &world.records() {
        let value = record.value.clone().unwrap();
        for cut in 0..record.key.len() {
            let damaged = Record { key: record.key.slice(..cut), value: None };
            assert!(shard.replay(&damaged).is_err());
        }
        for cut in 0..value.len() {
            let value = Some(value.slice(..cut));
            assert!(shard.replay(&Record { value, ..record.clone() }).is_err());
        }
    }
    assert!(shard.snapshot().groups.is_empty());
    let other = Record { key: Bytes::from_static(b"\0\x0arest"), value: None };
    assert_eq!(shard.replay(&other), Ok(Replayed::Ignored(10)));
}
