//! Members of the classic protocol in consumer groups, and groups that change their protocol.

use super::*;
use crate::groups::subscription::{EmbeddedAssignment, EmbeddedSubscription};

fn subscription(topics: &[&str], owned: &[i32]) -> Bytes {
    let mut bytes = vec![0, 1, 0, 0, 0, u8::try_from(topics.len()).unwrap()];
    for topic in topics {
        bytes.extend([0, u8::try_from(topic.len()).unwrap()]);
        bytes.extend(topic.bytes());
    }
    bytes.extend([0xff; 4]);
    if owned.is_empty() {
        bytes.extend([0; 4]);
    } else {
        bytes.extend([
            0,
            0,
            0,
            1,
            0,
            1,
            b't',
            0,
            0,
            0,
            u8::try_from(owned.len()).unwrap(),
        ]);
        bytes.extend(owned.iter().flat_map(|one| one.to_be_bytes()));
    }
    bytes.into()
}

fn classic(id: &str, owned: &[i32]) -> Join {
    Join {
        group: "g".into(),
        member_id: id.into(),
        instance_id: None,
        client_id: "old".into(),
        client_host: "/127.0.0.1".into(),
        session_timeout_ms: 10_000,
        rebalance_timeout_ms: REBALANCE,
        protocol_type: "consumer".into(),
        protocols: vec![("range".into(), subscription(&["t"], owned))],
        requires_known_member_id: true,
        supports_skipping_assignment: true,
        random: Uuid(u128::from(id.len() as u64) + 77),
    }
}

/// A consumer of the classic protocol.
#[derive(Debug, Clone)]
struct Old {
    id: Str,
    instance: Option<Str>,
    generation: i32,
    owned: Vec<i32>,
}

impl Old {
    fn join_request(&self) -> Join {
        let mut join = classic(&self.id, &self.owned);
        join.instance_id = self.instance.clone();
        join
    }

    /// Joins and asks for its part, as one does when nobody else is there to wait for.
    fn join(&mut self, world: &mut World) -> Result<(), GroupError> {
        let joined = match world.ask(Command::Join(self.join_request())) {
            Reply::Join(Ok(joined)) => joined,
            Reply::Join(Err(refused)) if refused.error == GroupError::MemberIdRequired => {
                self.id = refused.member_id;
                return self.join(world);
            }
            Reply::Join(Err(refused)) => return Err(refused.error),
            other => panic!("{other:?}"),
        };
        self.id = joined.member_id;
        self.generation = joined.generation;
        assert_eq!(joined.protocol_name.as_deref(), Some("range"));
        assert_ne!(joined.leader, self.id);
        self.sync(world)
    }

    fn sync(&mut self, world: &mut World) -> Result<(), GroupError> {
        let sync = Sync {
            group: "g".into(),
            member_id: self.id.clone(),
            instance_id: self.instance.clone(),
            generation: self.generation,
            protocol_type: Some("consumer".into()),
            protocol_name: Some("range".into()),
            assignments: Vec::new(),
        };
        match world.ask(Command::Sync(sync)) {
            Reply::Sync(Ok(synced)) => {
                self.owned = partitions(&synced.assignment);
                Ok(())
            }
            Reply::Sync(Err(error)) => Err(error),
            other => panic!("{other:?}"),
        }
    }

    fn beat(&self, world: &mut World) -> Result<(), GroupError> {
        let heartbeat = Heartbeat {
            group: "g".into(),
            member_id: self.id.clone(),
            instance_id: self.instance.clone(),
            generation: self.generation,
        };
        match world.ask(Command::Heartbeat(heartbeat)) {
            Reply::Done(result) => result,
            other => panic!("{other:?}"),
        }
    }

    /// Joins again whenever it is told to.
    fn follow(&mut self, world: &mut World) {
        for _ in 0..4 {
            match self.beat(world) {
                Ok(()) => return,
                Err(GroupError::RebalanceInProgress) => {
                    let _ = self.join(world);
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}

fn partitions(assignment: &Bytes) -> Vec<i32> {
    let read = EmbeddedAssignment::read(assignment).unwrap();
    read.partitions
        .into_iter()
        .flat_map(|(_, partitions)| partitions)
        .collect()
}

fn assignment(owned: &[i32]) -> Bytes {
    let partitions = vec![("t".into(), owned.to_vec())];
    EmbeddedAssignment { partitions, has_user_data: false }
        .write(1)
        .unwrap()
}

/// A stable classic group of one member, which has everything.
fn classic_world() -> (World, Old) {
    let mut world = World::new();
    let Reply::Join(Err(refused)) = world.ask(Command::Join(classic("", &[]))) else {
        panic!()
    };
    let id = refused.member_id;
    let joining = world.send(Command::Join(classic(&id, &[])));
    world.pass(1);
    let Reply::Join(Ok(joined)) = &world.answers[&joining] else {
        panic!()
    };
    let generation = joined.generation;
    let sync = Sync {
        group: "g".into(),
        member_id: id.clone(),
        instance_id: None,
        generation,
        protocol_type: None,
        protocol_name: None,
        assignments: vec![(id.clone(), assignment(&[0, 1, 2, 3, 4, 5]))],
    };
    assert!(matches!(world.ask(Command::Sync(sync)), Reply::Sync(Ok(_))));
    (
        world,
        Old { id, instance: None, generation, owned: (0..6).collect() },
    )
}

fn kind(world: &World) -> GroupKind {
    world.shard.list().next().unwrap().kind
}

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
        let joining = world.send(Command::Join(old.join_request()));
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
    let Reply::Join(Err(refused)) = world.ask(Command::Join(classic("", &[]))) else {
        panic!()
    };
    let waiting = world.send(Command::Join(classic(&refused.member_id, &[])));
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
    let _ = world.send(Command::Join(Join {
        requires_known_member_id: false,
        ..classic("", &[])
    }));
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
    let _ = world.send(Command::Join(connect));
    world.pass(1);
    assert_eq!(world.beat(join("n")), Err(GroupError::GroupIdNotFound));
    let mut world = World::new();
    let strange = Join {
        protocols: vec![("range".into(), Bytes::from_static(b"\0"))],
        requires_known_member_id: false,
        ..classic("", &[])
    };
    let _ = world.send(Command::Join(strange));
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
    let Reply::Join(Err(refused)) = world.ask(Command::Join(strange)) else {
        panic!()
    };
    assert_eq!(refused.error, GroupError::InconsistentGroupProtocol);
}

#[test]
fn a_custom_assignors_data_would_be_lost_so_the_group_stays() {
    let (mut world, old) = classic_world();
    let mut bytes = assignment(&[0]).to_vec();
    bytes.truncate(bytes.len() - 4);
    bytes.extend([0, 0, 0, 1, 9]);
    let joining = world.send(Command::Join(old.join_request()));
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
    world.send(Command::Sync(sync));
    assert_eq!(world.beat(join("n")), Err(GroupError::GroupIdNotFound));
}

#[test]
fn classic_requests_of_the_wrong_member_or_generation_are_refused() {
    let (mut world, mut old) = classic_world();
    Client::join("n", &mut world);
    let other = Old { id: "n".into(), ..old.clone() };
    assert_eq!(other.beat(&mut world), Err(GroupError::UnknownMemberId));
    assert_eq!(
        other.clone().sync(&mut world),
        Err(GroupError::UnknownMemberId)
    );
    let late = Old { generation: old.generation + 5, ..old.clone() };
    assert_eq!(late.beat(&mut world), Err(GroupError::IllegalGeneration));
    assert_eq!(
        late.clone().sync(&mut world),
        Err(GroupError::IllegalGeneration)
    );
    world.pass(100);
    assert_eq!(old.sync(&mut world), Err(GroupError::RebalanceInProgress));
    let sync = Sync {
        group: "g".into(),
        member_id: old.id.clone(),
        instance_id: None,
        generation: old.generation,
        protocol_type: Some("connect".into()),
        protocol_name: None,
        assignments: Vec::new(),
    };
    let refused = world.ask(Command::Sync(sync));
    assert_eq!(
        refused,
        Reply::Sync(Err(GroupError::InconsistentGroupProtocol))
    );
    let roundrobin = Join {
        protocols: vec![("roundrobin".into(), subscription(&["t"], &[]))],
        ..classic("x", &[])
    };
    let Reply::Join(Err(refused)) = world.ask(Command::Join(roundrobin)) else {
        panic!()
    };
    assert_eq!(refused.error, GroupError::InconsistentGroupProtocol);
}

#[test]
fn a_classic_member_that_does_not_join_again_or_never_asks_is_removed() {
    let (mut world, mut old) = classic_world();
    let mut new = Client::join("n", &mut world);
    world.pass(100);
    for _ in 0..13 {
        let _ = old.beat(&mut world);
        new.report(&mut world).unwrap();
        world.pass(5_000);
    }
    new.report(&mut world).unwrap();
    assert_eq!(old.beat(&mut world), Err(GroupError::UnknownMemberId));
    assert_eq!(new.count(), 6);
    assert_eq!(world.gone, [(old.id, Departure::Join)]);
    // One that joins, and then does not ask for its part.
    old = Old {
        id: Str::EMPTY,
        instance: None,
        generation: 0,
        owned: Vec::new(),
    };
    let id = Join { requires_known_member_id: false, ..classic("y", &[]) };
    let Reply::Join(Ok(joined)) = world.ask(Command::Join(id)) else {
        panic!()
    };
    old.id = joined.member_id;
    old.generation = joined.generation;
    for _ in 0..13 {
        let _ = old.beat(&mut world);
        new.report(&mut world).unwrap();
        world.pass(5_000);
    }
    assert_eq!(old.beat(&mut world), Err(GroupError::UnknownMemberId));
    assert_eq!(world.gone.last(), Some(&(old.id, Departure::Sync)));
    world.check_replay();
}

#[test]
fn members_leave_by_the_classic_request_too() {
    let (mut world, old) = classic_world();
    Client::join("n", &mut world);
    let members = vec![
        LeavingMember { member_id: "x".into(), instance_id: None },
        LeavingMember { member_id: old.id.clone(), instance_id: None },
    ];
    let answer = world.ask(Command::Leave(Leave { group: "g".into(), members }));
    assert_eq!(
        answer,
        Reply::Each(Ok(vec![Err(GroupError::UnknownMemberId), Ok(())]))
    );
    assert_eq!(world.describe().members.len(), 1);
    world.check_replay();
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
    let joining = world.send(Command::Join(join));
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
    assert!(matches!(world.ask(Command::Sync(sync)), Reply::Sync(Ok(_))));
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

#[test]
fn the_embedded_protocol_is_read_in_all_versions_and_never_beyond_its_end() {
    let all = subscription(&["t", "u"], &[1, 2]);
    let read = EmbeddedSubscription::read(&all).unwrap();
    assert_eq!(read.topics, ["t", "u"]);
    assert_eq!(read.owned, [("t".into(), vec![1, 2])]);
    for cut in 0..all.len() {
        assert_eq!(EmbeddedSubscription::read(&all.slice(..cut)), None, "{cut}");
    }
    let mut v3 = all.to_vec();
    v3[1] = 3;
    v3.extend([0, 0, 0, 9, 0, 1, b'r']);
    let read = EmbeddedSubscription::read(&v3.clone().into()).unwrap();
    assert_eq!((read.version, read.rack_id), (3, Some("r".into())));
    // A version of the future begins alike.
    v3[1] = 9;
    v3.extend([1, 2, 3]);
    assert_eq!(EmbeddedSubscription::read(&v3.into()).unwrap().version, 3);
    let mut v0 = subscription(&["t"], &[]).to_vec();
    v0[1] = 0;
    v0.truncate(v0.len() - 4);
    assert_eq!(
        EmbeddedSubscription::read(&v0.into()).unwrap().topics,
        ["t"]
    );
    let bytes = assignment(&[3, 4]);
    assert_eq!(partitions(&bytes), [3, 4]);
    for cut in 1..bytes.len() {
        assert_eq!(EmbeddedAssignment::read(&bytes.slice(..cut)), None);
    }
}
