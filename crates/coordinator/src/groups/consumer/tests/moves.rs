//! Partitions on their way from one member to another.

use super::*;

#[test]
fn a_partition_is_given_only_after_it_was_given_back() {
    let mut world = World::new();
    let mut a = Client::join("a", &mut world);
    let mut b = Client::join("b", &mut world);
    assert_eq!(b.count(), 0);
    world.pass(100);
    let interval = b.report(&mut world).unwrap();
    assert!(interval <= 200, "it moves: {interval}");
    let holders = vec![("a".into(), vec![("t".into(), vec![3, 4, 5])])];
    let for_a = Wait::ForOthers { holders };
    assert_eq!(world.wait_of("b"), Some(for_a.clone()));
    assert_eq!(world.describe().state, ConsumerState::Reconciling);
    // It is told what to give back, and keeps the rest: nothing stands still for it.
    let told = world.beat(a.heartbeat()).unwrap();
    assert_eq!(told.member_epoch, a.epoch);
    assert_eq!(told.assignment.as_ref().map(|all| all[0].1.len()), Some(3));
    assert!(matches!(world.wait_of("a"), Some(Wait::ToRevoke { .. })));
    b.report(&mut world).unwrap();
    assert_eq!(b.count(), 0);
    // Saying nothing is not giving back.
    let silent = ConsumerHeartbeat { owned: None, ..a.heartbeat() };
    world.beat(silent).unwrap();
    b.report(&mut world).unwrap();
    assert_eq!((b.count(), world.wait_of("b")), (0, Some(for_a)));
    a.hear(told);
    a.report(&mut world).unwrap();
    b.report(&mut world).unwrap();
    assert_eq!((a.count(), b.count()), (3, 3));
    assert_eq!((world.wait_of("a"), world.wait_of("b")), (None, None));
    assert_eq!(world.describe().state, ConsumerState::Stable);
    // From its join on; the first member had everything at once, and gave up a part 50 ms after the join of the second.
    assert_eq!(world.member("b").standing.last_pause_ms, Some(100));
    let pauses: Vec<i64> = world.pauses.iter().map(|pause| pause.ms).collect();
    assert_eq!(pauses, [0, 50, 100]);
    world.check_replay();
}

#[test]
fn three_members_that_come_together_have_their_parts_within_a_second() {
    let mut world = World::new();
    let started = world.now;
    let mut members: Vec<Client> = Vec::new();
    let mut next: Vec<i64> = Vec::new();
    for id in ["a", "b", "c"] {
        let mut client = Client { id: id.into(), epoch: 0, owned: BTreeMap::new() };
        let answer = world.beat(join(id)).unwrap();
        next.push(world.now + i64::from(answer.heartbeat_interval_ms));
        client.hear(answer);
        members.push(client);
        world.pass(7);
    }
    while members.iter().any(|member| member.count() != 2) {
        world.pass(1);
        for (member, next) in members.iter_mut().zip(&mut next) {
            if world.now >= *next {
                let had = member.count();
                let interval = member.report(&mut world).unwrap();
                // What it gives back is said at once.
                *next = world.now
                    + if member.count() < had {
                        0
                    } else {
                        i64::from(interval)
                    };
            }
        }
    }
    let took = world.now - started;
    assert!(took <= 500, "{took} ms");
}

#[test]
fn changes_on_each_others_heels_share_a_target() {
    let mut world = World::new();
    Client::join("a", &mut world);
    for id in 0..20 {
        Client::join(&format!("b{id}"), &mut world);
        world.pass(10);
    }
    let group = world.describe();
    assert_eq!((group.epoch, group.assignment_epoch), (21, 1));
    assert_eq!(group.state, ConsumerState::Assigning);
    world.pass(50);
    assert_eq!(world.describe().assignment_epoch, 21);
    // However fast they come, the configured interval is the longest wait.
    for id in 0..200 {
        Client::join(&format!("c{id}"), &mut world);
        world.pass(10);
    }
    let group = world.describe();
    assert_eq!(group.epoch, 221);
    assert!(group.assignment_epoch > 200, "{}", group.assignment_epoch);
}

#[test]
fn without_an_interval_every_change_has_its_target() {
    let mut world = World::new();
    world.town.times.assignment_interval_ms = 0;
    world.show();
    for id in ["a", "b", "c"] {
        Client::join(id, &mut world);
        let group = world.describe();
        assert_eq!(group.epoch, group.assignment_epoch);
    }
}

#[test]
fn a_grown_topic_and_a_deleted_one_are_noticed() {
    let mut world = World::new();
    let mut a = Client::join("a", &mut world);
    world.create("t", 1, 9);
    world.pass(2_000);
    a.report(&mut world).unwrap();
    world.settle(std::slice::from_mut(&mut a));
    assert_eq!((a.count(), world.describe().epoch), (9, 2));
    world.delete("t");
    world.pass(2_000);
    a.report(&mut world).unwrap();
    world.settle(std::slice::from_mut(&mut a));
    assert_eq!((a.count(), world.describe().epoch), (0, 3));
    // Made again, it is another topic.
    world.create("t", 2, 4);
    world.settle(std::slice::from_mut(&mut a));
    assert_eq!(
        (a.owned.get(&topic(2)).map(BTreeSet::len), a.count()),
        (Some(4), 4)
    );
    // Other topics are of no interest.
    let epoch = world.describe().epoch;
    world.create("other", 3, 9);
    world.settle(std::slice::from_mut(&mut a));
    assert_eq!(world.describe().epoch, epoch);
    world.check_replay();
}

#[test]
fn who_does_not_give_back_in_time_is_thrown_out() {
    let mut world = World::new();
    let mut a = Client::join("a", &mut world);
    let mut b = Client::join("b", &mut world);
    world.pass(100);
    world.beat(a.heartbeat()).unwrap();
    for _ in 0..6 {
        world.pass(9_990);
        world.beat(a.heartbeat()).unwrap();
        b.report(&mut world).unwrap();
        assert_eq!(b.count(), 0);
    }
    world.pass(10_000);
    assert_eq!(a.report(&mut world), Err(GroupError::UnknownMemberId));
    assert_eq!(world.gone, [("a".into(), Departure::Revocation)]);
    b.report(&mut world).unwrap();
    assert_eq!(b.count(), 6);
    world.check_replay();
}

#[test]
fn giving_back_in_time_is_enough() {
    let mut world = World::new();
    let mut a = Client::join("a", &mut world);
    let mut b = Client::join("b", &mut world);
    world.settle(&mut [a.clone(), b.clone()]);
    a.epoch = world.member("a").epoch;
    b.epoch = world.member("b").epoch;
    for _ in 0..20 {
        world.pass(10_000);
        world
            .beat(ConsumerHeartbeat { owned: None, ..a.heartbeat() })
            .unwrap();
        world
            .beat(ConsumerHeartbeat { owned: None, ..b.heartbeat() })
            .unwrap();
    }
}

#[test]
fn a_move_goes_on_after_a_restart() {
    let mut world = World::new();
    let mut a = Client::join("a", &mut world);
    let mut b = Client::join("b", &mut world);
    world.pass(100);
    a.report(&mut world).unwrap();
    b.report(&mut world).unwrap();
    world.reload();
    assert!(matches!(world.wait_of("a"), Some(Wait::ToRevoke { .. })));
    // What has to be given back has its time again.
    let mut world_of_silence = World { ..world };
    world_of_silence.pass(1_000);
    a.report(&mut world_of_silence).unwrap();
    b.report(&mut world_of_silence).unwrap();
    assert_eq!((a.count(), b.count()), (3, 3));
    world_of_silence.check_replay();
}

#[test]
fn a_target_that_was_wanted_is_made_after_a_restart() {
    let mut world = World::new();
    let mut a = Client::join("a", &mut world);
    Client::join("b", &mut world);
    assert_eq!(world.describe().state, ConsumerState::Assigning);
    world.reload();
    assert_eq!(world.describe().state, ConsumerState::Reconciling);
    a.report(&mut world).unwrap();
    assert_eq!(a.count(), 3);
}

#[test]
fn racks_count_where_they_cost_nothing() {
    let mut world = World::new();
    world.create("r", 5, 2);
    let racks = vec![vec!["x".into()], vec!["y".into()]];
    world.town.racks.insert(topic(5), racks);
    world.show();
    let at = |id: &str, rack: &str| ConsumerHeartbeat {
        topics: Some(vec!["r".into()]),
        rack_id: Some(rack.into()),
        ..join(id)
    };
    let consumer = &mut world;
    let mut b = Client::join_with(at("b", "x"), consumer);
    let mut a = Client::join_with(at("a", "y"), consumer);
    for _ in 0..20 {
        world.pass(100);
        a.report(&mut world).unwrap();
        b.report(&mut world).unwrap();
    }
    assert_eq!(b.owned[&topic(5)], BTreeSet::from([0]));
    assert_eq!(a.owned[&topic(5)], BTreeSet::from([1]));
}
