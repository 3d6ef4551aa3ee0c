//! Static members: they may go for a while.

use super::*;

fn fixed(id: &str) -> ConsumerHeartbeat {
    ConsumerHeartbeat { instance_id: Some("i".into()), ..join(id) }
}

fn of_instance(client: &Client) -> ConsumerHeartbeat {
    ConsumerHeartbeat { instance_id: Some("i".into()), ..client.heartbeat() }
}

#[test]
fn a_static_member_that_left_for_a_while_comes_back_to_what_it_had() {
    let mut world = World::new();
    let a = Client::join_with(fixed("a1"), &mut world);
    let epoch = world.describe().epoch;
    let goes = ConsumerHeartbeat { member_epoch: -2, ..of_instance(&a) };
    assert_eq!(world.beat(goes).unwrap().member_epoch, -2);
    assert_eq!(world.member("a1").epoch, -2);
    world.check_replay();
    let answer = world.beat(fixed("a2")).unwrap();
    assert_eq!(answer.assignment, Some(a.claim()));
    assert_eq!(
        (answer.member_epoch, world.describe().epoch),
        (epoch, epoch),
        "no rebalance"
    );
    assert_eq!(world.describe().members.len(), 1);
    assert_eq!(
        world.beat(of_instance(&a)),
        Err(GroupError::FencedInstanceId)
    );
    assert_eq!(world.beat(a.heartbeat()), Err(GroupError::UnknownMemberId));
    world.check_replay();
}

#[test]
fn an_instance_that_has_not_left_is_not_replaced() {
    let mut world = World::new();
    let mut a = Client::join_with(fixed("a1"), &mut world);
    assert_eq!(
        world.beat(fixed("a2")),
        Err(GroupError::UnreleasedInstanceId)
    );
    a.report(&mut world).unwrap();
}

#[test]
fn the_wrong_holder_and_the_unknown_instance_are_told_apart() {
    let mut world = World::new();
    let a = Client::join_with(fixed("a1"), &mut world);
    Client::join("b", &mut world);
    let as_b = ConsumerHeartbeat { member_id: "b".into(), ..of_instance(&a) };
    assert_eq!(world.beat(as_b.clone()), Err(GroupError::FencedInstanceId));
    let leaves = ConsumerHeartbeat { member_epoch: -1, ..as_b };
    assert_eq!(world.beat(leaves), Err(GroupError::FencedInstanceId));
    let other = ConsumerHeartbeat { instance_id: Some("j".into()), ..a.heartbeat() };
    assert_eq!(world.beat(other.clone()), Err(GroupError::UnknownMemberId));
    let leaves = ConsumerHeartbeat { member_epoch: -1, ..other };
    assert_eq!(world.beat(leaves), Err(GroupError::UnknownMemberId));
}

#[test]
fn a_static_member_that_stays_away_is_removed_after_its_session() {
    let mut world = World::new();
    let a = Client::join_with(fixed("a1"), &mut world);
    let mut b = Client::join("b", &mut world);
    let mut both = [a.clone(), b.clone()];
    world.settle(&mut both);
    let [a, settled] = both;
    b = settled;
    world
        .beat(ConsumerHeartbeat { member_epoch: -2, ..of_instance(&a) })
        .unwrap();
    for _ in 0..4 {
        world.pass(10_000);
        b.report(&mut world).unwrap();
        assert_eq!(b.count(), 3, "its part is kept for it");
    }
    world.pass(6_000);
    b.report(&mut world).unwrap();
    assert_eq!(b.count(), 6);
    world.check_replay();
}

#[test]
fn leaving_for_good_frees_the_instance() {
    let mut world = World::new();
    let a = Client::join_with(fixed("a1"), &mut world);
    world
        .beat(ConsumerHeartbeat { member_epoch: -1, ..of_instance(&a) })
        .unwrap();
    world.beat(fixed("a2")).unwrap();
    world.check_replay();
}

#[test]
fn a_restart_does_not_forget_who_holds_an_instance() {
    let mut world = World::new();
    Client::join_with(fixed("a1"), &mut world);
    world.reload();
    assert_eq!(
        world.beat(fixed("a2")),
        Err(GroupError::UnreleasedInstanceId)
    );
}

#[test]
fn what_a_replaced_member_moves_goes_on_under_the_new_id() {
    let mut world = World::new();
    let a = Client::join_with(fixed("a1"), &mut world);
    let mut b = Client::join("b", &mut world);
    world.pass(100);
    world.beat(of_instance(&a)).unwrap();
    world
        .beat(ConsumerHeartbeat { member_epoch: -2, ..of_instance(&a) })
        .unwrap();
    let mut a = Client::join_with(fixed("a2"), &mut world);
    for _ in 0..5 {
        world.pass(100);
        a.hear(world.beat(of_instance(&a)).unwrap());
        b.report(&mut world).unwrap();
    }
    assert_eq!((a.count(), b.count()), (3, 3));
    world.check_replay();
}
