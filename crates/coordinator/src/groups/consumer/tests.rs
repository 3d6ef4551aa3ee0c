//! Transcripts of consumer groups.

use crate::groups::*;
use crate::shard::{Moment, Record, Replayed, Shard, Ticket};
use bytes::Bytes;
use klamm_codec::Str;
use klamm_model::Uuid;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

mod classic;
mod cost;
mod epochs;
mod hash;
mod kept;
mod migration;
mod moves;
mod offsets;
mod patterns;
mod records;
mod standing;
mod statics;
mod timing;
mod walk;

const SESSION: i64 = 45_000;
const REBALANCE: i32 = 60_000;

/// Topics of a test.
#[derive(Debug, Clone, Default)]
struct Town {
    topics: BTreeMap<Str, (Uuid, i32)>,
    racks: BTreeMap<Uuid, Vec<Vec<Str>>>,
    version: i64,
    times: ConsumerTimes,
}

impl Surroundings for Town {
    fn version(&self) -> i64 {
        self.version
    }

    fn topic_named(&self, name: &str) -> Option<KnownTopic> {
        let (name, (id, partitions)) = self.topics.get_key_value(name)?;
        Some(KnownTopic { id: *id, name: name.clone(), partitions: *partitions })
    }

    fn topic_with_id(&self, id: Uuid) -> Option<KnownTopic> {
        let (name, (id, partitions)) = self.topics.iter().find(|(_, (have, _))| *have == id)?;
        Some(KnownTopic { id: *id, name: name.clone(), partitions: *partitions })
    }

    fn each_topic_name(&self, visit: &mut dyn FnMut(&str)) {
        self.topics.keys().for_each(|name| visit(name));
    }

    fn racks(&self, id: Uuid) -> Vec<Vec<Str>> {
        self.racks.get(&id).cloned().unwrap_or_default()
    }

    fn consumer_times(&self, _: &str) -> ConsumerTimes {
        self.times
    }
}

fn config() -> GroupConfig {
    GroupConfig {
        session_timeout_min_ms: 6_000,
        session_timeout_max_ms: 1_800_000,
        initial_delay_max_ms: 0,
        initial_quiet_ms: 0,
        members_max: 100,
        offset_metadata_bytes_max: 4_096,
        offsets_retention_ms: 100_000,
        offsets_check_interval_ms: 10_000,
        consumer: ConsumerConfig::default(),
    }
}

/// A shard, its log and its clients' answers.
struct World {
    shard: GroupShard,
    config: GroupConfig,
    town: Town,
    log: Vec<Record>,
    answers: BTreeMap<Ticket, Reply>,
    pauses: Vec<Pause>,
    gone: Vec<(Str, Departure)>,
    now: i64,
    tickets: u64,
}

fn topic(number: u128) -> Uuid {
    Uuid(number)
}

impl World {
    fn new() -> Self {
        Self::with(config())
    }

    fn with(config: GroupConfig) -> Self {
        let mut world = Self {
            shard: GroupShard::new(config.clone()),
            config,
            town: Town::default(),
            log: Vec::new(),
            answers: BTreeMap::new(),
            pauses: Vec::new(),
            gone: Vec::new(),
            now: 1_000,
            tickets: 0,
        };
        world.create("t", 1, 6);
        let out = world.shard.loaded(world.moment());
        world.take(out);
        world
    }

    fn create(&mut self, name: &str, id: u128, partitions: i32) {
        self.town
            .topics
            .insert(name.into(), (topic(id), partitions));
        self.show();
    }

    fn delete(&mut self, name: &str) {
        self.town.topics.remove(name);
        self.show();
    }

    fn show(&mut self) {
        self.town.version += 1;
        self.shard.look_around(Arc::new(self.town.clone()));
    }

    fn moment(&self) -> Moment {
        Moment { monotonic: self.now, wall: self.now + 1_000_000 }
    }

    fn take(&mut self, out: Output) {
        assert_eq!(out.spoiled, None);
        self.log.extend(out.records);
        for observation in out.observations {
            match observation {
                Observation::Pause(pause) => self.pauses.push(pause),
                Observation::Gone(gone) => self.gone.push((gone.member, gone.why)),
            }
        }
        for (ticket, reply) in out.replies {
            assert_eq!(
                self.answers.insert(ticket, reply),
                None,
                "a request is answered once"
            );
        }
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

    fn beat(&mut self, heartbeat: ConsumerHeartbeat) -> Result<ConsumerAnswer, GroupError> {
        match self.ask(Command::ConsumerHeartbeat(Box::new(heartbeat))) {
            Reply::ConsumerHeartbeat(result) => result,
            other => panic!("{other:?}"),
        }
    }

    /// Reports until a member has its target, and gives back at once what it has to.
    fn settle(&mut self, members: &mut [Client]) {
        for _ in 0..20 {
            self.pass(100);
            for member in &mut *members {
                member.report(self).unwrap();
            }
        }
    }

    fn describe(&self) -> DescribedConsumerGroup {
        self.shard.describe_consumer("g", self.moment()).unwrap()
    }

    fn member(&self, id: &str) -> DescribedConsumer {
        let mut members = self.describe().members.into_iter();
        members.find(|member| member.member_id == *id).unwrap()
    }

    fn wait_of(&self, id: &str) -> Option<Wait> {
        self.member(id).standing.wait
    }

    fn replayed(&self) -> GroupShard {
        let mut shard = GroupShard::new(self.config.clone());
        for record in &self.log {
            assert_eq!(shard.replay(record), Ok(Replayed::Applied));
        }
        shard
    }

    /// Starts again from the log.
    fn reload(&mut self) {
        self.shard = self.replayed();
        self.shard.look_around(Arc::new(self.town.clone()));
        let out = self.shard.loaded(self.moment());
        self.take(out);
    }

    fn check_replay(&self) {
        assert_eq!(self.shard.snapshot(), self.replayed().snapshot());
    }

    fn commit(&mut self, member: &str, epoch: i32, partition: i32) -> Result<(), GroupError> {
        let commit = commit(member, epoch, partition);
        match self.ask(Command::CommitOffsets(Box::new(commit))) {
            Reply::Each(results) => results.map(|results| assert_eq!(results, [Ok(())])),
            other => panic!("{other:?}"),
        }
    }
}

/// A client that does what it is told.
#[derive(Debug, Clone)]
struct Client {
    id: Str,
    epoch: i32,
    owned: BTreeMap<Uuid, BTreeSet<i32>>,
}

impl Client {
    fn join(id: &str, world: &mut World) -> Self {
        Self::join_with(join(id), world)
    }

    fn join_with(heartbeat: ConsumerHeartbeat, world: &mut World) -> Self {
        let answer = world.beat(heartbeat).unwrap();
        let mut client = Self {
            id: answer.member_id.clone(),
            epoch: 0,
            owned: BTreeMap::new(),
        };
        client.hear(answer);
        client
    }

    fn hear(&mut self, answer: ConsumerAnswer) {
        assert!(answer.member_epoch >= self.epoch, "epochs of a member rise");
        self.epoch = answer.member_epoch;
        if let Some(assignment) = answer.assignment {
            let assignment = assignment.into_iter();
            self.owned = assignment
                .map(|(t, p)| (t, p.into_iter().collect()))
                .collect();
        }
    }

    fn claim(&self) -> Vec<(Uuid, Vec<i32>)> {
        self.owned
            .iter()
            .map(|(t, p)| (*t, p.iter().copied().collect()))
            .collect()
    }

    fn heartbeat(&self) -> ConsumerHeartbeat {
        ConsumerHeartbeat {
            member_id: self.id.clone(),
            member_epoch: self.epoch,
            owned: Some(self.claim()),
            ..idle()
        }
    }

    fn report(&mut self, world: &mut World) -> Result<i32, GroupError> {
        let answer = world.beat(self.heartbeat())?;
        let interval = answer.heartbeat_interval_ms;
        self.hear(answer);
        Ok(interval)
    }

    fn count(&self) -> usize {
        self.owned.values().map(BTreeSet::len).sum()
    }
}

/// A heartbeat that says nothing.
fn idle() -> ConsumerHeartbeat {
    ConsumerHeartbeat {
        group: "g".into(),
        member_id: Str::EMPTY,
        brings_its_id: true,
        member_epoch: 0,
        instance_id: None,
        rack_id: None,
        rebalance_timeout_ms: -1,
        topics: None,
        pattern: None,
        assignor: None,
        owned: None,
        client_id: "client".into(),
        client_host: "/127.0.0.1".into(),
        random: Uuid(7),
    }
}

fn join(id: &str) -> ConsumerHeartbeat {
    ConsumerHeartbeat {
        member_id: id.into(),
        rebalance_timeout_ms: REBALANCE,
        topics: Some(vec!["t".into()]),
        owned: Some(Vec::new()),
        ..idle()
    }
}

fn leave(id: &str, epoch: i32) -> ConsumerHeartbeat {
    ConsumerHeartbeat { member_id: id.into(), member_epoch: epoch, ..idle() }
}

fn commit(member: &str, epoch: i32, partition: i32) -> CommitOffsets {
    CommitOffsets {
        group: "g".into(),
        member_id: member.into(),
        instance_id: None,
        generation: epoch,
        knows_member_epochs: true,
        retention_ms: -1,
        offsets: vec![NewOffset {
            topic: "t".into(),
            partition,
            offset: 1,
            leader_epoch: -1,
            metadata: Str::EMPTY,
        }],
    }
}
