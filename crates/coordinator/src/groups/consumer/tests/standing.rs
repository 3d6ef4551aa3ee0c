//! Pauses: who has one, and who has none.

use super::*;
use crate::groups::GroupKind;

fn standing(world: &World, id: &str) -> Standing {
    world.member(id).standing
}

#[test]
fn a_member_whose_partitions_stay_has_no_pause() {
    let mut world = World::new();
    world.create("t", 1, 4);
    let mut members = vec![Client::join("a", &mut world)];
    members.push(Client::join("b", &mut world));
    world.settle(&mut members);
    assert_eq!((members[0].count(), members[1].count()), (2, 2));
    world.pauses.clear();
    // It gets one of a's or b's; the other keeps what it has.
    members.push(Client::join("c", &mut world));
    world.settle(&mut members);
    let counts: Vec<usize> = members.iter().map(Client::count).collect();
    assert_eq!(counts.iter().sum::<usize>(), 4);
    let moved = world.pauses.len();
    assert_eq!(moved, 2, "one gave, one got: {:?}", world.pauses);
    assert!(world.pauses.iter().all(|p| p.kind == GroupKind::Consumer));
    assert!(
        members
            .iter()
            .all(|m| standing(&world, &m.id).wait.is_none())
    );
}

#[test]
fn what_a_member_gets_is_missing_from_the_new_target_on() {
    let mut world = World::new();
    let mut a = Client::join("a", &mut world);
    let mut b = Client::join("b", &mut world);
    for _ in 0..3 {
        world.pass(100);
        a.report(&mut world).unwrap();
        b.report(&mut world).unwrap();
    }
    world.pass(20_000);
    a.report(&mut world).unwrap();
    b.report(&mut world).unwrap();
    world.beat(leave("b", -1)).unwrap();
    world.pass(3_000);
    let waiting = standing(&world, "a");
    assert_eq!(waiting.wait, Some(Wait::ToReport));
    assert_eq!(
        (waiting.heard_ms, waiting.moving_ms),
        (Some(3_000), Some(3_000))
    );
    a.report(&mut world).unwrap();
    assert_eq!(a.count(), 6);
    let has = standing(&world, "a");
    assert_eq!((has.wait, has.last_pause_ms), (None, Some(3_000)));
    assert_eq!((has.heard_ms, has.moving_ms), (Some(0), None));
}

#[test]
fn who_has_to_give_partitions_back_is_told_which() {
    let mut world = World::new();
    let mut a = Client::join("a", &mut world);
    Client::join("b", &mut world);
    assert_eq!(standing(&world, "b").wait, Some(Wait::ForTarget));
    world.pass(100);
    a.report(&mut world).unwrap();
    let partitions = vec![("t".into(), vec![3, 4, 5])];
    assert_eq!(
        standing(&world, "a").wait,
        Some(Wait::ToRevoke { partitions })
    );
    let counts = world.shard.waits();
    assert_eq!(counts.iter().sum::<u64>(), 2);
    assert_eq!(counts[0], 1);
}

#[test]
fn a_static_member_that_left_for_a_while_is_waited_for() {
    let mut world = World::new();
    let with_name = ConsumerHeartbeat { instance_id: Some("one".into()), ..join("a") };
    Client::join_with(with_name.clone(), &mut world);
    let leaves = ConsumerHeartbeat { member_epoch: -2, ..with_name };
    world.beat(leaves).unwrap();
    assert_eq!(standing(&world, "a").wait, Some(Wait::ToReturn));
}

#[test]
fn a_restart_forgets_when_members_were_heard() {
    let mut world = World::new();
    Client::join("a", &mut world);
    assert_eq!(standing(&world, "a").heard_ms, Some(0));
    world.reload();
    assert_eq!(standing(&world, "a"), Standing::default());
}
