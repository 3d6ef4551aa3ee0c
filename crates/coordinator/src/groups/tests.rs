//! Transcripts of groups, and walks at random.

use super::*;
use crate::shard::{Moment, OpenTransaction, Record, Replayed, Shard, Ticket};
use bytes::Bytes;
use klamm_codec::Str;
use klamm_model::Uuid;
use std::collections::{BTreeMap, BTreeSet};

mod bounds;
mod crowd;
mod kept;
mod offsets;
mod standing;
mod statics;
mod transactional;
mod walk;

const SESSION: i32 = 10_000;
const REBALANCE: i32 = 60_000;

fn config() -> GroupConfig {
    GroupConfig {
        session_timeout_min_ms: 6_000,
        session_timeout_max_ms: 1_800_000,
        initial_delay_max_ms: 3_000,
        initial_quiet_ms: 300,
        members_max: 100,
        offset_metadata_bytes_max: 4_096,
        offsets_retention_ms: 100_000,
        offsets_check_interval_ms: 10_000,
        consumer: ConsumerConfig::default(),
    }
}

/// What is in a log.
#[derive(Debug)]
enum Entry {
    Record(Option<OpenTransaction>, Record),
    End(i64, bool),
}

/// A shard, its log and its clients' answers.
#[derive(Debug)]
struct World {
    shard: GroupShard,
    log: Vec<Entry>,
    answers: BTreeMap<Ticket, Reply>,
    pauses: Vec<Pause>,
    gone: Vec<(Str, Departure)>,
    now: i64,
    tickets: u64,
}

impl World {
    fn new(config: GroupConfig) -> Self {
        let mut world = Self {
            shard: GroupShard::new(config),
            log: Vec::new(),
            answers: BTreeMap::new(),
            pauses: Vec::new(),
            gone: Vec::new(),
            now: 1_000,
            tickets: 0,
        };
        let out = world.shard.loaded(world.moment());
        world.take(out);
        world
    }

    fn moment(&self) -> Moment {
        Moment { monotonic: self.now, wall: self.now + 1_000_000 }
    }

    fn take(&mut self, out: Output) {
        assert_eq!(out.spoiled, None);
        for record in out.records {
            if let Some(open) = out.transaction {
                let taken = self.shard.replay_open(open.producer_id, &record);
                assert_eq!(taken, Ok(Replayed::Applied));
            }
            self.log.push(Entry::Record(out.transaction, record));
        }
        for observation in out.observations {
            match observation {
                Observation::Pause(pause) => self.pauses.push(pause),
                Observation::Gone(gone) => self.gone.push((gone.member, gone.why)),
            }
        }
        for (ticket, reply) in out.replies {
            assert!(ticket.0 <= self.tickets, "an answer to nobody");
            let before = self.answers.insert(ticket, reply);
            assert_eq!(before, None, "a request is answered once");
        }
    }

    /// The marker of a transaction.
    fn end(&mut self, producer_id: i64, commits: bool) {
        self.shard.end_open(producer_id, commits);
        self.log.push(Entry::End(producer_id, commits));
    }

    fn send(&mut self, command: Command) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        let out = self.shard.apply(&command, ticket, self.moment());
        self.take(out);
        ticket
    }

    fn ask(&mut self, command: Command) -> Reply {
        let ticket = self.send(command);
        self.answers[&ticket].clone()
    }

    fn pass(&mut self, ms: i64) {
        let until = self.now + ms;
        while let Some(next) = self.shard.next_deadline().filter(|next| *next <= until) {
            self.now = self.now.max(next);
            let out = self.shard.on_time(self.moment());
            self.take(out);
        }
        self.now = until;
    }

    fn joined(&self, ticket: Ticket) -> Joined {
        match &self.answers[&ticket] {
            Reply::Join(Ok(joined)) => Joined::clone(joined),
            other => panic!("{other:?}"),
        }
    }

    fn join_error(&mut self, join: Join) -> GroupError {
        match self.ask(Command::Join(Box::new(join))) {
            Reply::Join(Err(refused)) => refused.error,
            other => panic!("{other:?}"),
        }
    }

    /// Joins as current clients do: once for an id, once to be in.
    fn join(&mut self, client: &str) -> (Str, Ticket) {
        match self.ask(Command::Join(Box::new(join(client, "")))) {
            Reply::Join(Err(JoinRefused { error: GroupError::MemberIdRequired, member_id })) => {
                let ticket = self.send(Command::Join(Box::new(join(client, &member_id))));
                (member_id, ticket)
            }
            other => panic!("{other:?}"),
        }
    }

    fn sync(&mut self, member: &str, generation: i32, all: &[(&str, &str)]) -> Ticket {
        self.send(Command::Sync(Box::new(sync(member, generation, all))))
    }

    fn assignment(&self, ticket: Ticket) -> Bytes {
        match &self.answers[&ticket] {
            Reply::Sync(Ok(synced)) => synced.assignment.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn beat(&mut self, member: &str, generation: i32) -> Result<(), GroupError> {
        let beat = Heartbeat {
            group: "g".into(),
            member_id: member.into(),
            instance_id: None,
            generation,
        };
        match self.ask(Command::Heartbeat(Box::new(beat))) {
            Reply::Done(result) => result,
            other => panic!("{other:?}"),
        }
    }

    fn each(&mut self, command: Command) -> Vec<Result<(), GroupError>> {
        self.try_each(command).unwrap()
    }

    fn try_each(&mut self, command: Command) -> Result<Vec<Result<(), GroupError>>, GroupError> {
        match self.ask(command) {
            Reply::Each(results) => results,
            other => panic!("{other:?}"),
        }
    }

    fn state(&self) -> GroupState {
        self.shard
            .describe("g", self.moment())
            .map_or(GroupState::Dead, |group| group.state)
    }

    /// One stable member.
    fn alone(&mut self) -> Str {
        let (member, ticket) = self.join("a");
        self.pass(300);
        let generation = self.joined(ticket).generation;
        let synced = self.sync(&member, generation, &[(&member, "all")]);
        assert_eq!(self.assignment(synced), "all");
        member
    }

    fn records(&self) -> Vec<Record> {
        let records = self.log.iter().filter_map(|entry| match entry {
            Entry::Record(_, record) => Some(record.clone()),
            Entry::End(..) => None,
        });
        records.collect()
    }

    fn replayed(&self) -> GroupShard {
        let mut shard = GroupShard::new(config());
        for entry in &self.log {
            let taken = match entry {
                Entry::Record(None, record) => shard.replay(record),
                Entry::Record(Some(open), record) => shard.replay_open(open.producer_id, record),
                Entry::End(producer_id, commits) => {
                    shard.end_open(*producer_id, *commits);
                    Ok(Replayed::Applied)
                }
            };
            assert_eq!(taken, Ok(Replayed::Applied));
        }
        shard
    }
}

fn subscription(topic: &str) -> Bytes {
    let mut bytes = vec![0, 0, 0, 0, 0, 1, 0, u8::try_from(topic.len()).unwrap()];
    bytes.extend_from_slice(topic.as_bytes());
    bytes.extend_from_slice(&[0xff; 4]);
    bytes.into()
}

fn join(client: &str, member: &str) -> Join {
    Join {
        group: "g".into(),
        member_id: member.into(),
        instance_id: None,
        client_id: client.into(),
        client_host: "/127.0.0.1".into(),
        session_timeout_ms: SESSION,
        rebalance_timeout_ms: REBALANCE,
        protocol_type: "consumer".into(),
        protocols: vec![("range".into(), subscription("t"))],
        requires_known_member_id: true,
        supports_skipping_assignment: true,
        random: Uuid(
            client
                .bytes()
                .fold(7, |sum, byte| sum * 31 + u128::from(byte)),
        ),
    }
}

fn sync(member: &str, generation: i32, all: &[(&str, &str)]) -> Sync {
    let bytes =
        |(id, text): &(&str, &str)| (Str::from(*id), Bytes::copy_from_slice(text.as_bytes()));
    Sync {
        group: "g".into(),
        member_id: member.into(),
        instance_id: None,
        generation,
        protocol_type: Some("consumer".into()),
        protocol_name: Some("range".into()),
        assignments: all.iter().map(bytes).collect(),
    }
}

fn commit(member: &str, generation: i32, offset: i64) -> CommitOffsets {
    CommitOffsets {
        group: "g".into(),
        member_id: member.into(),
        instance_id: None,
        generation,
        knows_member_epochs: true,
        retention_ms: -1,
        offsets: vec![NewOffset {
            topic: "t".into(),
            partition: 0,
            offset,
            leader_epoch: 3,
            metadata: "note".into(),
        }],
    }
}

fn leave(member: &str, instance: Option<&str>) -> Command {
    let members = vec![LeavingMember {
        member_id: member.into(),
        instance_id: instance.map(Str::from),
    }];
    Command::Leave(Leave { group: "g".into(), members })
}

#[test]
fn a_group_is_placed_as_java_hashes_its_id() {
    // Values of java.lang.String.hashCode: "abc" is 96354, "polygenelubricants" is Integer.MIN_VALUE.
    assert_eq!(shard_of("abc", 50), 96_354 % 50);
    assert_eq!(shard_of("polygenelubricants", 50), 0);
    assert_eq!(shard_of("", 50), 0);
    assert_eq!(shard_of("ä😀", 1_000_000), {
        let units = [0xe4_i32, 0xd83d, 0xde00];
        units
            .iter()
            .fold(0_i32, |h, u| h.wrapping_mul(31).wrapping_add(*u))
            .abs()
            % 1_000_000
    });
}

#[test]
fn three_members_that_come_together_share_the_first_generation() {
    let mut world = World::new(config());
    let (a, first) = world.join("a");
    world.pass(250);
    let (b, second) = world.join("b");
    world.pass(250);
    let (c, third) = world.join("c");
    world.pass(299);
    assert!(
        !world.answers.contains_key(&first),
        "a member may still come"
    );
    world.pass(1);
    let joined = world.joined(first);
    assert_eq!((joined.generation, &joined.leader), (1, &a));
    let ids: Vec<_> = joined.members.iter().map(|m| m.member_id.clone()).collect();
    assert_eq!(ids, [a.clone(), b.clone(), c.clone()]);
    assert!(
        world.joined(second).members.is_empty(),
        "only the leader is told"
    );
    let waiting = world.sync(&b, 1, &[]);
    assert_eq!(world.state(), GroupState::CompletingRebalance);
    let lead = world.sync(&a, 1, &[(&a, "1"), (&b, "2")]);
    assert_eq!(world.assignment(lead), "1");
    assert_eq!(world.assignment(waiting), "2");
    let late = world.sync(&c, 1, &[]);
    assert_eq!(world.assignment(late), "", "the leader gave it nothing");
    assert_eq!(world.joined(third).protocol_name.unwrap(), "range");
    assert_eq!(world.shard.snapshot(), world.replayed().snapshot());
}

#[test]
fn the_first_wait_ends_although_members_keep_coming() {
    let mut world = World::new(config());
    let (_, first) = world.join("a");
    for _ in 0..14 {
        world.pass(200);
        let _ = world.ask(Command::Join(Box::new(join("x", ""))));
    }
    assert!(!world.answers.contains_key(&first));
    world.pass(200);
    assert_eq!(world.joined(first).generation, 1);
}

#[test]
fn a_member_that_was_given_an_id_is_waited_for() {
    let mut world = World::new(config());
    let (_, first) = world.join("a");
    let promised = match world.ask(Command::Join(Box::new(join("b", "")))) {
        Reply::Join(Err(refused)) => refused.member_id,
        other => panic!("{other:?}"),
    };
    world.pass(1_000);
    assert!(!world.answers.contains_key(&first));
    let second = world.send(Command::Join(Box::new(join("b", &promised))));
    world.pass(300);
    assert_eq!(
        world.joined(first).generation,
        world.joined(second).generation
    );
}

#[test]
fn a_new_member_begins_a_round_that_those_who_stay_away_lose() {
    let mut world = World::new(config());
    let a = world.alone();
    let (b, ticket) = world.join("b");
    assert_eq!(world.beat(&a, 1), Err(GroupError::RebalanceInProgress));
    assert!(!world.answers.contains_key(&ticket));
    for _ in 0..REBALANCE / 5_000 {
        world.pass(5_000);
        let _ = world.beat(&a, 1);
    }
    let joined = world.joined(ticket);
    assert_eq!((joined.generation, joined.leader), (2, b.clone()));
    assert_eq!(world.gone, [(a.clone(), Departure::Join)]);
    assert_eq!(world.beat(&a, 1), Err(GroupError::UnknownMemberId));
    world.sync(&b, 2, &[(&b, "all")]);
    assert_eq!(world.state(), GroupState::Stable);
    assert_eq!(world.shard.snapshot(), world.replayed().snapshot());
}

#[test]
fn a_round_is_over_as_soon_as_everybody_is_back() {
    let mut world = World::new(config());
    let a = world.alone();
    let (_, second) = world.join("b");
    let first = world.send(Command::Join(Box::new(join("a", &a))));
    assert_eq!(world.joined(first).generation, 2);
    assert_eq!(world.joined(second).generation, 2);
    assert_eq!(world.joined(first).members.len(), 2);
}

#[test]
fn a_leader_that_never_assigns_is_removed() {
    let mut world = World::new(config());
    let (a, first) = world.join("a");
    let (b, _) = world.join("b");
    world.pass(300);
    assert_eq!(world.joined(first).leader, a);
    let waiting = world.sync(&b, 1, &[]);
    for _ in 0..REBALANCE / 5_000 {
        world.pass(5_000);
        let _ = world.beat(&a, 1);
    }
    assert_eq!(
        world.answers[&waiting],
        Reply::Sync(Err(GroupError::RebalanceInProgress))
    );
    assert_eq!(world.beat(&a, 1), Err(GroupError::UnknownMemberId));
    assert_eq!(world.gone.first(), Some(&(a, Departure::Sync)));
}

#[test]
fn silence_ends_a_session_and_the_last_one_leaves_an_empty_group() {
    let mut world = World::new(config());
    let a = world.alone();
    for _ in 0..10 {
        world.pass(i64::from(SESSION) - 1);
        assert_eq!(world.beat(&a, 1), Ok(()));
    }
    world.pass(i64::from(SESSION) + 1);
    assert_eq!(world.state(), GroupState::Empty);
    assert_eq!(world.beat(&a, 1), Err(GroupError::UnknownMemberId));
    assert_eq!(world.gone, [(a, Departure::Session)]);
    assert_eq!(world.shard.snapshot(), world.replayed().snapshot());
}

#[test]
fn leaving_is_at_once_and_names_each_result() {
    let mut world = World::new(config());
    let a = world.alone();
    assert_eq!(
        world.each(leave("nobody", None)),
        [Err(GroupError::UnknownMemberId)]
    );
    assert_eq!(world.each(leave(&a, None)), [Ok(())]);
    assert_eq!(world.gone, [(a.clone(), Departure::Left)]);
    assert_eq!(world.state(), GroupState::Empty);
    let gone = Command::Leave(Leave {
        group: "none".into(),
        members: vec![LeavingMember { member_id: a, instance_id: None }],
    });
    assert_eq!(world.each(gone), [Err(GroupError::UnknownMemberId)]);
}

#[test]
fn a_static_member_that_restarts_keeps_its_part() {
    let mut world = World::new(config());
    let fixed = |client: &str, skip: bool| Join {
        instance_id: Some("i".into()),
        supports_skipping_assignment: skip,
        ..join(client, "")
    };
    let ticket = world.send(Command::Join(Box::new(fixed("a", true))));
    world.pass(300);
    let old = world.joined(ticket).member_id;
    assert!(old.starts_with("i-"), "{old}");
    let mut with_id = sync(&old, 1, &[(&old, "all")]);
    with_id.instance_id = Some("i".into());
    let _ = world.send(Command::Sync(Box::new(with_id.clone())));

    let back = world.send(Command::Join(Box::new(fixed("b", true))));
    let new = world.joined(back);
    assert_eq!((new.generation, new.skip_assignment), (1, true));
    assert_eq!(new.leader, new.member_id);
    assert_eq!(world.state(), GroupState::Stable);
    assert_eq!(
        world.ask(Command::Sync(Box::new(with_id))),
        Reply::Sync(Err(GroupError::FencedInstanceId))
    );
    let mut with_id = sync(&new.member_id, 1, &[]);
    with_id.instance_id = Some("i".into());
    let synced = world.send(Command::Sync(Box::new(with_id)));
    assert_eq!(world.assignment(synced), "all");
    assert_eq!(world.shard.snapshot(), world.replayed().snapshot());

    let old_client = world.send(Command::Join(Box::new(fixed("c", false))));
    let joined = world.joined(old_client);
    assert_eq!(
        joined.leader, new.member_id,
        "an old client must not assign anew"
    );
    assert_eq!(world.each(leave("", Some("i"))), [Ok(())]);
    assert_eq!(
        world.each(leave("", Some("i"))),
        [Err(GroupError::UnknownMemberId)]
    );
}

#[test]
fn joins_that_do_not_fit_are_refused() {
    let mut world = World::new(GroupConfig { members_max: 1, ..config() });
    let with = |change: fn(&mut Join)| {
        let mut join = join("z", "");
        change(&mut join);
        join
    };
    let short = with(|join| join.session_timeout_ms = 1);
    assert_eq!(world.join_error(short), GroupError::InvalidSessionTimeout);
    let nameless = with(|join| join.group = Str::EMPTY);
    assert_eq!(world.join_error(nameless), GroupError::InvalidGroupId);
    let stranger = with(|join| join.member_id = "x".into());
    assert_eq!(world.join_error(stranger), GroupError::UnknownMemberId);
    let empty = with(|join| join.protocols.clear());
    assert_eq!(
        world.join_error(empty),
        GroupError::InconsistentGroupProtocol
    );
    assert_eq!(
        world.shard.list().count(),
        0,
        "a refused join leaves no group"
    );
    let a = world.alone();
    let other = with(|join| join.protocols = vec![("sticky".into(), Bytes::new())]);
    assert_eq!(
        world.join_error(Join { member_id: a.clone(), ..other }),
        GroupError::InconsistentGroupProtocol
    );
    let connect = with(|join| join.protocol_type = "connect".into());
    assert_eq!(
        world.join_error(Join { member_id: a, ..connect }),
        GroupError::InconsistentGroupProtocol
    );
    assert_eq!(
        world.join_error(join("b", "")),
        GroupError::GroupMaxSizeReached
    );
}

#[test]
fn the_protocol_that_most_like_wins_among_those_that_all_know() {
    let mut world = World::new(config());
    let names = |names: &[&'static str]| {
        names
            .iter()
            .map(|name| (Str::from(*name), Bytes::new()))
            .collect::<Vec<_>>()
    };
    let mut tickets = Vec::new();
    for (client, liked) in [
        ("a", names(&["x", "range", "sticky"])),
        ("b", names(&["sticky", "range"])),
        ("c", names(&["sticky", "range", "x"])),
    ] {
        let old = Join {
            protocols: liked,
            requires_known_member_id: false,
            ..join(client, "")
        };
        tickets.push(world.send(Command::Join(Box::new(old))));
    }
    world.pass(300);
    assert_eq!(world.joined(tickets[0]).protocol_name.unwrap(), "sticky");
}

#[test]
fn a_thousand_members_share_a_round_and_the_next_one() {
    let mut world = World::new(GroupConfig { members_max: 1_000, ..config() });
    let first: Vec<_> = (0..1_000).map(|n| world.join(&format!("c{n}"))).collect();
    assert_eq!(
        world.join_error(join("late", "")),
        GroupError::GroupMaxSizeReached
    );
    world.pass(3_000);
    let again: Vec<_> = first
        .iter()
        .map(|(member, ticket)| {
            assert_eq!(world.joined(*ticket).generation, 1);
            world.send(Command::Join(Box::new(Join {
                protocols: vec![("range".into(), subscription("other"))],
                ..join("c", member)
            })))
        })
        .collect();
    let mut told = 0;
    for ticket in again {
        let joined = world.joined(ticket);
        assert_eq!(joined.generation, 2);
        told += joined.members.len();
    }
    assert_eq!(told, 1_000, "the leader alone is told of all");
}
