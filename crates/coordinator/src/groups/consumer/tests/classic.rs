//! Members of the classic protocol in consumer groups, and how what they embed is read.

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

pub(super) fn classic(id: &str, owned: &[i32]) -> Join {
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
pub(super) struct Old {
    pub(super) id: Str,
    pub(super) instance: Option<Str>,
    pub(super) generation: i32,
    pub(super) owned: Vec<i32>,
}

impl Old {
    pub(super) fn join_request(&self) -> Join {
        let mut join = classic(&self.id, &self.owned);
        join.instance_id = self.instance.clone();
        join
    }

    /// Joins and asks for its part, as one does when nobody else is there to wait for.
    pub(super) fn join(&mut self, world: &mut World) -> Result<(), GroupError> {
        let joined = match world.ask(Command::Join(Box::new(self.join_request()))) {
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

    pub(super) fn sync(&mut self, world: &mut World) -> Result<(), GroupError> {
        let sync = Sync {
            group: "g".into(),
            member_id: self.id.clone(),
            instance_id: self.instance.clone(),
            generation: self.generation,
            protocol_type: Some("consumer".into()),
            protocol_name: Some("range".into()),
            assignments: Vec::new(),
        };
        match world.ask(Command::Sync(Box::new(sync))) {
            Reply::Sync(Ok(synced)) => {
                self.owned = partitions(&synced.assignment);
                Ok(())
            }
            Reply::Sync(Err(error)) => Err(error),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn beat(&self, world: &mut World) -> Result<(), GroupError> {
        let heartbeat = Heartbeat {
            group: "g".into(),
            member_id: self.id.clone(),
            instance_id: self.instance.clone(),
            generation: self.generation,
        };
        match world.ask(Command::Heartbeat(Box::new(heartbeat))) {
            Reply::Done(result) => result,
            other => panic!("{other:?}"),
        }
    }

    /// Joins again whenever it is told to.
    pub(super) fn follow(&mut self, world: &mut World) {
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

pub(super) fn assignment(owned: &[i32]) -> Bytes {
    let partitions = vec![("t".into(), owned.to_vec())];
    EmbeddedAssignment { partitions, has_user_data: false }
        .write(1)
        .unwrap()
}

/// A stable classic group of one member, which has everything.
pub(super) fn classic_world() -> (World, Old) {
    let mut world = World::new();
    let Reply::Join(Err(refused)) = world.ask(Command::Join(Box::new(classic("", &[])))) else {
        panic!()
    };
    let id = refused.member_id;
    let joining = world.send(Command::Join(Box::new(classic(&id, &[]))));
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
    assert!(matches!(
        world.ask(Command::Sync(Box::new(sync))),
        Reply::Sync(Ok(_))
    ));
    (
        world,
        Old { id, instance: None, generation, owned: (0..6).collect() },
    )
}

pub(super) fn kind(world: &World) -> GroupKind {
    world.shard.list().next().unwrap().kind
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
    let refused = world.ask(Command::Sync(Box::new(sync)));
    assert_eq!(
        refused,
        Reply::Sync(Err(GroupError::InconsistentGroupProtocol))
    );
    let roundrobin = Join {
        protocols: vec![("roundrobin".into(), subscription(&["t"], &[]))],
        ..classic("x", &[])
    };
    let Reply::Join(Err(refused)) = world.ask(Command::Join(Box::new(roundrobin))) else {
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
    let Reply::Join(Ok(joined)) = world.ask(Command::Join(Box::new(id))) else {
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
