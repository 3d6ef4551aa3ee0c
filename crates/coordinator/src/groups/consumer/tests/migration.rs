//! Groups that change their protocol, because of who comes or leaves.

use super::classic::*;
use super::*;

#[test]
fn a_classic_group_becomes_a_consumer_group_with_its_first_member_of_that_protocol() {
    let (mut world, mut old) = classic_world();
    let mut new = Client::join("n", &mut world);
    assert_eq!(kind(&world), GroupKind::Consumer);
    assert_eq!(new.count(), 0, "the other has everything still");
    assert!(world.member(&old.id).is_classic && !world.member("n").is_classic);
    world.check_replay();
    world.pass(100);
    for _ in 0..4 {
        old.follow(&mut world);
        new.report(&mut world).unwrap();
    }
    assert_eq!((old.owned.len(), new.count()), (3, 3));
    assert_eq!(world.describe().state, ConsumerState::Stable);
    assert_eq!(world.commit(&old.id, old.generation, old.owned[0]), Ok(()));
    assert_eq!(
        world.commit(&old.id, old.generation + 1, 0),
        Err(GroupError::IllegalGeneration)
    );
    world.check_replay();
}

#[test]
fn the_last_member_of_the_consumer_protocol_takes_the_kind_with_it() {
    for (by_timeout, restarts) in [(false, false), (true, false), (false, true), (true, true)] {
        let (mut world, mut old) = classic_world();
        let mut new = Client::join("n", &mut world);
        world.pass(100);
        for _ in 0..4 {
            old.follow(&mut world);
            new.report(&mut world).unwrap();
        }
        if by_timeout {
            for _ in 0..9 {
                world.pass(5_000);
                let _ = old.beat(&mut world);
            }
        } else {
            world.beat(leave("n", -1)).unwrap();
        }
        assert_eq!(kind(&world), GroupKind::Classic);
        if restarts {
            // What the member had that is gone must still come to somebody.
            world.reload();
        }
        let group = world.shard.describe("g", world.moment()).unwrap();
        assert_eq!(group.state, GroupState::PreparingRebalance);
        assert_eq!(old.beat(&mut world), Err(GroupError::RebalanceInProgress));
        let joining = world.send(Command::Join(Box::new(old.join_request())));
        let Reply::Join(Ok(joined)) = &world.answers[&joining] else {
            panic!()
        };
        assert_eq!(
            (&joined.leader, &joined.protocol_name),
            (&old.id, &Some("range".into()))
        );
        assert!(joined.generation > old.generation);
        // The record of the classic group stands, and none of the other kind.
        world.reload();
        assert_eq!(kind(&world), GroupKind::Classic);
    }
}

#[test]
fn a_group_that_changes_twice_gives_nobody_what_a_silent_member_has() {
    let (mut world, old) = classic_world();
    Client::join("n", &mut world);
    world.pass(100);
    // It is to get a part, of which the other has not heard.
    let mut gone = Client { id: "n".into(), epoch: 0, owned: BTreeMap::new() };
    gone.hear(world.beat(join("n")).unwrap());
    world.beat(leave("n", -1)).unwrap();
    assert_eq!(kind(&world), GroupKind::Classic);
    let mut new = Client::join("m", &mut world);
    assert_eq!(kind(&world), GroupKind::Consumer);
    for _ in 0..4 {
        world.pass(100);
        new.report(&mut world).unwrap();
    }
    assert_eq!(new.count(), 0, "{:?} has everything", old.owned);
    // Until its session is over.
    for _ in 0..40 {
        world.pass(500);
        new.report(&mut world).unwrap();
    }
    assert_eq!(new.count(), 6);
}

#[test]
fn waiting_joins_of_a_classic_group_that_changes_are_sent_back() {
    let mut world = World::with(GroupConfig {
        initial_delay_max_ms: 3_000,
        initial_quiet_ms: 3_000,
        ..config()
    });
    let Reply::Join(Err(refused)) = world.ask(Command::Join(Box::new(classic("", &[])))) else {
        panic!()
    };
    let waiting = world.send(Command::Join(Box::new(classic(&refused.member_id, &[]))));
    assert!(!world.answers.contains_key(&waiting));
    Client::join("n", &mut world);
    let Reply::Join(Err(sent_back)) = &world.answers[&waiting] else {
        panic!()
    };
    assert_eq!(sent_back.error, GroupError::RebalanceInProgress);
    let mut old = Old {
        id: refused.member_id,
        instance: None,
        generation: 0,
        owned: Vec::new(),
    };
    old.join(&mut world).unwrap();
    world.check_replay();
}

#[test]
fn an_empty_group_changes_its_kind_with_whoever_comes() {
    let mut world = World::new();
    Client::join("n", &mut world);
    world.commit("n", 1, 0).unwrap();
    world.beat(leave("n", -1)).unwrap();
    let _ = world.send(Command::Join(Box::new(Join {
        requires_known_member_id: false,
        ..classic("", &[])
    })));
    assert_eq!(kind(&world), GroupKind::Classic);
    assert!(
        world.shard.offset("g", "t", 0).is_some(),
        "its offsets stay"
    );
    world.reload();
    Client::join("n", &mut world);
    assert_eq!(kind(&world), GroupKind::Consumer);
    assert!(world.shard.offset("g", "t", 0).is_some());
    world.check_replay();
}

#[test]
fn the_policy_decides() {
    let with = |migration| {
        let consumer = ConsumerConfig { migration, ..ConsumerConfig::default() };
        GroupConfig { consumer, ..config() }
    };
    for (policy, up, down, joins) in [
        (MigrationPolicy::Disabled, false, false, false),
        (MigrationPolicy::Upgrade, true, false, true),
        (MigrationPolicy::Downgrade, false, true, true),
        (MigrationPolicy::Bidirectional, true, true, true),
    ] {
        let (donor, _) = classic_world();
        let mut world = World::with(with(policy));
        world.log = donor.log;
        world.reload();
        assert_eq!(world.beat(join("n")).is_ok(), up, "{policy:?}");
        assert_eq!(kind(&world) == GroupKind::Consumer, up);
        // A classic member beside one of the consumer protocol.
        let mut world = World::with(with(policy));
        Client::join("n", &mut world);
        let mut old = Old {
            id: Str::EMPTY,
            instance: None,
            generation: 0,
            owned: Vec::new(),
        };
        let joined = old.join(&mut world);
        assert_eq!(joined.is_ok(), joins, "{policy:?}: {joined:?}");
        if joins {
            world.beat(leave("n", -1)).unwrap();
            assert_eq!(kind(&world) == GroupKind::Classic, down, "{policy:?}");
        } else {
            assert_eq!(joined, Err(GroupError::InconsistentGroupProtocol));
        }
    }
}

#[test]
fn a_group_that_can_not_be_understood_stays_what_it_is() {
    let mut world = World::new();
    let connect = Join {
        protocol_type: "connect".into(),
        requires_known_member_id: false,
        ..classic("", &[])
    };
    let _ = world.send(Command::Join(Box::new(connect)));
    world.pass(1);
    assert_eq!(world.beat(join("n")), Err(GroupError::GroupIdNotFound));
    let mut world = World::new();
    let strange = Join {
        protocols: vec![("range".into(), Bytes::from_static(b"\0"))],
        requires_known_member_id: false,
        ..classic("", &[])
    };
    let _ = world.send(Command::Join(Box::new(strange)));
    world.pass(1);
    assert_eq!(world.beat(join("n")), Err(GroupError::GroupIdNotFound));
    assert_eq!(kind(&world), GroupKind::Classic);
    // The same bytes do not join a consumer group.
    let mut world = World::new();
    Client::join("n", &mut world);
    let strange = Join {
        protocols: vec![("range".into(), Bytes::from_static(b"\0"))],
        ..classic("x", &[])
    };
    let Reply::Join(Err(refused)) = world.ask(Command::Join(Box::new(strange))) else {
        panic!()
    };
    assert_eq!(refused.error, GroupError::InconsistentGroupProtocol);
}

#[test]
fn who_is_refused_does_not_change_what_the_group_is() {
    let (mut world, old) = classic_world();
    world.shard.config.consumer.members_max = 1;
    let before = world.log.len();
    assert_eq!(world.beat(join("n")), Err(GroupError::GroupMaxSizeReached));
    assert_eq!(
        (kind(&world), world.log.len()),
        (GroupKind::Classic, before)
    );
    let members = vec![LeavingMember { member_id: old.id.clone(), instance_id: None }];
    world.send(Command::Leave(Leave { group: "g".into(), members }));
    world.pass(1);
    // Its offsets age from now on, and not from when they were committed.
    let before = world.log.len();
    let bad = ConsumerHeartbeat { pattern: Some("(".into()), ..join("n") };
    assert_eq!(world.beat(bad), Err(GroupError::InvalidRegularExpression));
    assert_eq!(
        (kind(&world), world.log.len()),
        (GroupKind::Classic, before)
    );
}

#[test]
fn a_custom_assignors_data_would_be_lost_so_the_group_stays() {
    let (mut world, old) = classic_world();
    let mut bytes = assignment(&[0]).to_vec();
    bytes.truncate(bytes.len() - 4);
    bytes.extend([0, 0, 0, 1, 9]);
    let joining = world.send(Command::Join(Box::new(old.join_request())));
    let Reply::Join(Ok(joined)) = world.answers[&joining].clone() else {
        panic!()
    };
    let sync = Sync {
        group: "g".into(),
        member_id: old.id.clone(),
        instance_id: None,
        generation: joined.generation,
        protocol_type: None,
        protocol_name: None,
        assignments: vec![(old.id.clone(), bytes.into())],
    };
    world.send(Command::Sync(Box::new(sync)));
    assert_eq!(world.beat(join("n")), Err(GroupError::GroupIdNotFound));
}

#[test]
fn a_static_member_changes_its_protocol_and_keeps_what_it_has() {
    let mut world = World::new();
    let fixed = ConsumerHeartbeat { instance_id: Some("i".into()), ..join("n1") };
    let new = Client::join_with(fixed, &mut world);
    assert_eq!(new.count(), 6);
    // The same instance, by the classic protocol: it was the last of the other.
    let mut old = Old {
        id: Str::EMPTY,
        instance: Some("i".into()),
        generation: 0,
        owned: Vec::new(),
    };
    old.join(&mut world).unwrap();
    assert_eq!(kind(&world), GroupKind::Classic);
    assert_eq!(old.owned.len(), 6);
    world.reload();
    assert_eq!(
        world.shard.describe("g", world.moment()).unwrap().state,
        GroupState::Stable
    );
    // And back.
    let fixed = ConsumerHeartbeat { instance_id: Some("i".into()), ..join("n2") };
    let mut new = Client::join_with(fixed, &mut world);
    assert_eq!(kind(&world), GroupKind::Consumer);
    world.pass(2_000);
    let beat = ConsumerHeartbeat { instance_id: Some("i".into()), ..new.heartbeat() };
    new.hear(world.beat(beat).unwrap());
    assert_eq!((new.count(), world.describe().members.len()), (6, 1));
    world.check_replay();
}

#[test]
fn what_the_last_round_left_to_nobody_finds_an_owner_with_the_change_of_the_protocol() {
    let mut world = World::new();
    let join = Join {
        instance_id: Some("i".into()),
        requires_known_member_id: false,
        ..classic("", &[])
    };
    let joining = world.send(Command::Join(Box::new(join)));
    world.pass(1);
    let Reply::Join(Ok(joined)) = &world.answers[&joining] else {
        panic!()
    };
    let id = joined.member_id.clone();
    let sync = Sync {
        group: "g".into(),
        member_id: id.clone(),
        instance_id: Some("i".into()),
        generation: joined.generation,
        protocol_type: None,
        protocol_name: None,
        assignments: vec![(id, assignment(&[0, 1, 2, 3]))],
    };
    assert!(matches!(
        world.ask(Command::Sync(Box::new(sync))),
        Reply::Sync(Ok(_))
    ));
    // The same member by the other protocol: nothing else changes.
    let fixed = ConsumerHeartbeat { instance_id: Some("i".into()), ..super::join("n") };
    let mut new = Client::join_with(fixed, &mut world);
    for _ in 0..4 {
        world.pass(2_000);
        let beat = ConsumerHeartbeat { instance_id: Some("i".into()), ..new.heartbeat() };
        new.hear(world.beat(beat).unwrap());
    }
    assert_eq!(new.count(), 6);
    world.check_replay();
}
