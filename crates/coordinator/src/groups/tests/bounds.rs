//! What clients and settings choose at its bounds: timeouts, and how many of what they name.

use super::*;

/// A member of a name of its own, and with a time for rounds.
fn named(instance: &str, rebalance_timeout_ms: i32) -> Join {
    Join {
        instance_id: Some(instance.into()),
        rebalance_timeout_ms,
        ..join(instance, "")
    }
}

fn sync_of(instance: &str, member: &str, generation: i32) -> Command {
    Command::Sync(Box::new(Sync {
        instance_id: Some(instance.into()),
        ..sync(member, generation, &[])
    }))
}

/// A group of two static members that is stable, with their ids.
fn pair(world: &mut World, timeouts: [i32; 2]) -> [Str; 2] {
    let tickets = ["a", "b"].map(|name| {
        let timeout = if name == "a" {
            timeouts[0]
        } else {
            timeouts[1]
        };
        world.send(Command::Join(Box::new(named(name, timeout))))
    });
    world.pass(300);
    let ids = tickets.map(|ticket| world.joined(ticket).member_id);
    for (name, id) in ["b", "a"].into_iter().zip(ids.iter().rev()) {
        let _ = world.send(sync_of(name, id, 1));
    }
    assert_eq!(world.state(), GroupState::Stable);
    ids
}

#[test]
fn a_round_without_time_for_which_nobody_has_come_lets_the_shard_go_on() {
    for timeout in [0, -1, i32::MIN] {
        let mut world = World::new(config());
        let _ = pair(&mut world, [REBALANCE, timeout]);
        assert_eq!(world.each(leave("", Some("a"))), [Ok(())]);
        world.pass(1);
        assert_eq!(world.state(), GroupState::PreparingRebalance);
        world.pass(i64::from(SESSION));
        assert_eq!(world.state(), GroupState::Empty, "its session is over");
    }
}

#[test]
fn a_static_member_that_waited_longer_than_its_session_lasts_has_one_when_it_is_sent_back() {
    let mut world = World::new(config());
    let tickets =
        ["a", "b"].map(|name| world.send(Command::Join(Box::new(named(name, REBALANCE)))));
    world.pass(300);
    let [leader, other] = tickets.map(|ticket| world.joined(ticket).member_id);
    let waits = world.send(sync_of("b", &other, 1));
    for _ in 0..3 {
        world.pass(i64::from(SESSION) / 2);
        let beat = Heartbeat {
            group: "g".into(),
            member_id: leader.clone(),
            instance_id: Some("a".into()),
            generation: 1,
        };
        let beaten = world.ask(Command::Heartbeat(Box::new(beat)));
        assert_eq!(beaten, Reply::Done(Ok(())));
    }
    // The leader goes before it has assigned; the other one is sent back, and never comes.
    assert_eq!(world.each(leave("", Some("a"))), [Ok(())]);
    let sent_back = Reply::Sync(Err(GroupError::RebalanceInProgress));
    assert_eq!(world.answers[&waits], sent_back);
    world.pass(i64::from(SESSION));
    assert_eq!(world.state(), GroupState::Empty);
}

#[test]
fn protocols_are_found_however_many_a_client_names() {
    let count = 200_000;
    let many = |from: usize| {
        let names = (from..from + count).map(|n| (Str::from(format!("p{n:07}")), Bytes::new()));
        names.collect::<Vec<_>>()
    };
    let mut world = World::new(config());
    let first = world.send(Command::Join(Box::new(Join {
        protocols: many(0),
        ..named("a", REBALANCE)
    })));
    let second = world.send(Command::Join(Box::new(Join {
        protocols: many(count - 1),
        ..named("b", REBALANCE)
    })));
    let stranger = Join { protocols: many(count), ..named("c", REBALANCE) };
    assert_eq!(
        world.join_error(stranger),
        GroupError::InconsistentGroupProtocol
    );
    world.pass(300);
    for ticket in [first, second] {
        let chosen = world.joined(ticket).protocol_name;
        assert_eq!(
            chosen.as_deref(),
            Some("p0199999"),
            "the one that both know"
        );
    }
}

#[test]
fn what_is_no_longer_due_leaves_the_timers() {
    let mut world = World::new(config());
    let long = |member: &str| Join {
        rebalance_timeout_ms: i32::MAX,
        session_timeout_ms: 1_800_000,
        ..join("a", member)
    };
    let promised = world.ask(Command::Join(Box::new(long(""))));
    let Reply::Join(Err(JoinRefused { member_id, .. })) = promised else {
        panic!("{promised:?}");
    };
    let mut ticket = world.send(Command::Join(Box::new(long(&member_id))));
    world.pass(300);
    for _ in 0..100 {
        let generation = world.joined(ticket).generation;
        let _ = world.sync(&member_id, generation, &[(&member_id, "all")]);
        ticket = world.send(Command::Join(Box::new(long(&member_id))));
    }
    for number in 0..100 {
        let comes = Join { random: Uuid(number), ..long("") };
        let Reply::Join(Err(refused)) = world.ask(Command::Join(Box::new(comes))) else {
            panic!("an id is given out");
        };
        assert_eq!(world.each(leave(&refused.member_id, None)), [Ok(())]);
    }
    let left = world.shard.timers.len();
    assert!(
        left < 6,
        "{left} of one member, one round and the search for old offsets"
    );
}

#[test]
fn old_offsets_may_be_looked_for_as_seldom_as_never() {
    let mut world = World::new(GroupConfig { offsets_check_interval_ms: i64::MAX, ..config() });
    let committed = world.each(Command::CommitOffsets(Box::new(commit("", -1, 5))));
    assert_eq!(committed, [Ok(())]);
    world.pass(1_000_000);
    assert!(world.shard.offset("g", "t", 0).is_some());
}

#[test]
fn old_offsets_go_by_themselves_however_many_they_are() {
    let interval = i64::from(SESSION) + 1_000;
    let mut world = World::new(GroupConfig { offsets_check_interval_ms: interval, ..config() });
    let _ = world.each(Command::CommitOffsets(Box::new(CommitOffsets {
        group: "old".into(),
        retention_ms: 0,
        ..commit("", -1, 5)
    })));
    let _ = world.alone();
    // The end of the session, which writes that the group is empty, and the search fall due together.
    world.now += interval;
    let mut outputs = Vec::new();
    while world
        .shard
        .next_deadline()
        .is_some_and(|due| due <= world.now)
    {
        let out = world.shard.on_time(world.moment());
        outputs.push((out.records.len(), out.is_divisible));
    }
    // An offset, and two groups without any.
    assert_eq!(outputs, [(1, false), (3, true)]);
}
