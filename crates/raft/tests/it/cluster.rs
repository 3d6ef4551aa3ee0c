//! A cluster in one thread: a queue of events, a seed, and nothing else.

use crate::disk::SimDisk;
use crate::oracle::Oracle;
use bytes::Bytes;
use klamm_model::{LeaderEpoch, NodeId, Offset, Uuid};
use klamm_raft::{
    Action, Batch, Config, ControlRecord, FetchOutcome, Input, Quorum, Refusal, ReplicaKey, Reply,
    ReplyBody, Request, SnapshotChunk, SnapshotId, Start, StateName, Voter, VoterChange, VoterSet,
};
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 11) % n.max(1)
    }
    pub(crate) fn percent(&mut self, p: u64) -> bool {
        self.below(100) < p
    }
}

/// How bad things are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Faults {
    pub(crate) loss: u64,
    pub(crate) duplicate: u64,
    pub(crate) delay_ms_max: u64,
    pub(crate) crash_in_actions: u64,
}

impl Faults {
    pub(crate) const NONE: Self =
        Self { loss: 0, duplicate: 0, delay_ms_max: 3, crash_in_actions: 0 };
}

#[derive(Debug, Clone)]
enum Event {
    Request { from: usize, to: usize, correlation: u64, request: Request },
    Reply { from: usize, to: usize, correlation: u64, reply: Reply },
    Flushed { node: usize, life: u64, end: Offset },
}

#[derive(Debug)]
struct Node {
    key: ReplicaKey,
    disk: SimDisk,
    quorum: Option<Quorum>,
    life: u64,
    asked: BTreeMap<u64, (usize, u64, Request)>,
    installing: Option<SnapshotId>,
    high_watermark: Offset,
}

#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) now: i64,
    pub(crate) rng: Rng,
    pub(crate) faults: Faults,
    pub(crate) oracle: Oracle,
    /// Whether messages pass from one node to the other.
    pub(crate) cut: Vec<Vec<bool>>,
    pub(crate) trace: u64,
    pub(crate) reached: BTreeMap<&'static str, u64>,
    nodes: Vec<Node>,
    controllers: usize,
    config: Config,
    queue: BTreeMap<(i64, u64), Event>,
    sequence: u64,
}

impl Cluster {
    pub(crate) fn new(seed: u64, voters: usize, observers: usize) -> Self {
        let set = VoterSet::new((0..voters).map(voter));
        let count = voters + observers;
        let node = |i| Node {
            key: voter(i).key,
            disk: SimDisk::new(set.clone(), 1),
            quorum: None,
            life: 0,
            asked: BTreeMap::new(),
            installing: None,
            high_watermark: Offset(0),
        };
        let mut cluster = Self {
            now: 1000,
            rng: Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
            faults: Faults::NONE,
            oracle: Oracle::default(),
            cut: vec![vec![false; count]; count],
            trace: 0,
            reached: BTreeMap::new(),
            nodes: (0..count).map(node).collect(),
            // With dynamic voters an observer may become one.
            controllers: if seed.is_multiple_of(2) {
                count
            } else {
                voters
            },
            config: Config { fetch_bytes_max: 40, ..Config::default() },
            queue: BTreeMap::new(),
            sequence: 0,
        };
        (0..count).for_each(|i| cluster.start(i));
        cluster
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn is_up(&self, i: usize) -> bool {
        self.nodes[i].quorum.is_some()
    }

    pub(crate) fn quorum(&self, i: usize) -> Option<&Quorum> {
        self.nodes[i].quorum.as_ref()
    }

    pub(crate) fn start(&mut self, i: usize) {
        let entropy = self.rng.next();
        let node = &mut self.nodes[i];
        node.life += 1;
        let start = Start {
            local: node.key,
            config: Config { is_controller: i < self.controllers, ..self.config },
            election: node.disk.election,
            log: node.disk.log_state(),
            history: node.disk.history(),
            entropy,
        };
        node.high_watermark = node.disk.start();
        node.quorum = Some(Quorum::new(start, self.now));
        self.feed(i, Input::Tick);
    }

    pub(crate) fn crash(&mut self, i: usize) {
        self.mark("crash");
        let node = &mut self.nodes[i];
        node.quorum = None;
        node.asked.clear();
        node.installing = None;
        let unflushed = node
            .disk
            .batches
            .iter()
            .filter(|batch| batch.end_offset > node.disk.flushed)
            .count();
        let lucky = self.rng.below(unflushed as u64 + 1) as usize;
        if lucky < unflushed {
            self.mark("lost unflushed records");
        }
        self.nodes[i].disk.crash(lucky);
    }

    pub(crate) fn mark(&mut self, what: &'static str) {
        *self.reached.entry(what).or_default() += 1;
    }

    /// Runs until a time.
    pub(crate) fn run_until(&mut self, until: i64) {
        loop {
            let event = self.queue.first_key_value().map(|(key, _)| *key);
            let timer = (0..self.len())
                .filter_map(|i| Some((self.quorum(i)?.next_deadline()?, i)))
                .min();
            let at = event
                .map(|(at, _)| at)
                .into_iter()
                .chain(timer.map(|(at, _)| at))
                .min();
            let Some(at) = at.filter(|at| *at <= until) else {
                self.now = until;
                return;
            };
            self.now = self.now.max(at);
            match (event, timer) {
                (Some(key), Some((at, _))) if key.0 <= at => self.deliver(key),
                (Some(key), None) => self.deliver(key),
                (_, Some((_, i))) => {
                    self.feed(i, Input::Tick);
                    let next = self.quorum(i).and_then(Quorum::next_deadline);
                    assert!(
                        next.is_none_or(|at| at > self.now),
                        "a timer fires once: {next:?}"
                    );
                }
                (None, None) => {}
            }
        }
    }

    fn deliver(&mut self, key: (i64, u64)) {
        let Some(event) = self.queue.remove(&key) else {
            return;
        };
        match event {
            Event::Request { from, to, correlation, request } => {
                if self.cut[from][to] || !self.is_up(to) {
                    return;
                }
                self.sequence += 1;
                let id = self.sequence;
                self.nodes[to]
                    .asked
                    .insert(id, (from, correlation, request.clone()));
                self.feed(to, Input::Request { id, request });
            }
            Event::Reply { from, to, correlation, reply } => {
                if !self.cut[from][to] && self.is_up(to) {
                    let from = self.nodes[from].key.id;
                    self.feed(to, Input::Reply { from, correlation, reply });
                }
            }
            Event::Flushed { node, life, end } => {
                if self.nodes[node].life == life && self.is_up(node) {
                    let disk = &mut self.nodes[node].disk;
                    disk.flushed = disk.flushed.max(end.min(disk.end()));
                    self.feed(node, Input::Flushed);
                }
            }
        }
    }

    pub(crate) fn feed(&mut self, i: usize, input: Input) {
        let Some(quorum) = &mut self.nodes[i].quorum else {
            return;
        };
        let mut out = Vec::new();
        quorum.step(self.now, input, &mut out);
        for action in out {
            if !self.is_up(i) {
                break;
            }
            if self.rng.below(1000) < self.faults.crash_in_actions {
                self.crash(i);
                break;
            }
            self.trace = (self.trace ^ fold(&action) ^ i as u64).wrapping_mul(0x100_0000_01b3);
            self.carry_out(i, action);
        }
        if let Some(id) = self.nodes[i].installing.take() {
            let voters = self.nodes[i].disk.voters.clone();
            self.feed(
                i,
                Input::SnapshotInstalled { id, voters: Some(voters), kraft_version: 1 },
            );
        }
        let Some(quorum) = &self.nodes[i].quorum else {
            return;
        };
        self.oracle.in_epoch(self.nodes[i].key.id, quorum.epoch());
        assert_eq!(
            quorum.log().end,
            self.nodes[i].disk.end(),
            "the core knows its log"
        );
        assert!(
            quorum.log().flushed <= self.nodes[i].disk.flushed,
            "the core overrates its disk"
        );
    }

    fn carry_out(&mut self, i: usize, action: Action) {
        match action {
            Action::Persist(election) => {
                assert!(election.epoch >= self.nodes[i].disk.election.epoch);
                self.nodes[i].disk.election = election;
            }
            Action::AppendControl { base_offset, epoch, records } => {
                let key = self.nodes[i].key.id;
                if matches!(records.first(), Some(ControlRecord::LeaderChange { .. })) {
                    self.oracle.leads(key, epoch, &self.nodes[i].disk);
                    self.mark("elections");
                }
                for record in &records {
                    if let ControlRecord::Voters(voters) = record {
                        self.oracle
                            .changes_voters(&self.nodes[i].disk.history(), voters);
                    }
                }
                let offsets = (base_offset.0..).map(Offset);
                let control: Vec<(Offset, ControlRecord)> = offsets.zip(records).collect();
                let bytes = Bytes::from(format!("{key} leads in {epoch}"));
                let end_offset = base_offset.plus(control.len() as i64);
                self.nodes[i]
                    .disk
                    .append(Batch { base_offset, end_offset, epoch, control, bytes });
            }
            Action::AppendProposal { id, base_offset, epoch } => {
                let bytes = Bytes::from(format!("proposal {id}"));
                let end_offset = base_offset.plus(1 + id as i64 % 3);
                let batch = Batch { base_offset, end_offset, epoch, control: Vec::new(), bytes };
                self.nodes[i].disk.append(batch);
            }
            Action::AppendFetched(batches) => {
                for batch in batches {
                    self.nodes[i].disk.append(batch);
                }
            }
            Action::Truncate { to } => {
                self.mark("truncations");
                self.nodes[i].disk.truncate(to);
            }
            Action::Flush { to } => {
                let at = self.now + self.rng.below(8) as i64;
                let event = Event::Flushed { node: i, life: self.nodes[i].life, end: to };
                self.schedule(at, event);
            }
            Action::Commit { high_watermark } => self.on_commit(i, high_watermark),
            Action::BecameLeader { epoch } => {
                let quorum = self.quorum(i).expect("it acts");
                assert_eq!((quorum.state(), quorum.epoch()), (StateName::Leader, epoch));
            }
            Action::Halt(reason) => panic!("node {i} halts: {reason}"),
            Action::WriteChunk { .. } | Action::InstallSnapshot { .. } => self.load(i, action),
            Action::VotersChanged { .. } => self.mark("voter changes"),
            Action::RefuseChange { .. }
            | Action::RefuseProposal { .. }
            | Action::LostLeadership { .. }
            | Action::LeaderChanged { .. } => {}
            talk => self.talk(i, talk),
        }
    }

    fn load(&mut self, i: usize, action: Action) {
        match action {
            Action::WriteChunk { position, bytes, .. } => {
                let partial = &mut self.nodes[i].disk.partial;
                partial.truncate(position as usize);
                partial.extend_from_slice(&bytes);
            }
            Action::InstallSnapshot { id } => {
                self.mark("snapshots installed");
                let disk = &mut self.nodes[i].disk;
                let content = Bytes::from(std::mem::take(&mut disk.partial));
                assert_eq!(
                    content[..8],
                    self.oracle.state_at(id.end_offset),
                    "snapshot {id} is another state"
                );
                disk.voters = voters_in(&content);
                disk.snapshots.insert(id, content);
                disk.batches.clear();
                disk.base = Some(id);
                disk.flushed = id.end_offset;
                self.nodes[i].installing = Some(id);
            }
            _ => {}
        }
    }

    fn on_commit(&mut self, i: usize, high_watermark: Offset) {
        let node = &mut self.nodes[i];
        assert!(
            high_watermark > node.high_watermark,
            "the high watermark only rises"
        );
        node.high_watermark = high_watermark;
        let node = &self.nodes[i];
        self.oracle.commits(node.key.id, high_watermark, &node.disk);
        if self
            .quorum(i)
            .is_some_and(|quorum| quorum.state() == StateName::Leader)
        {
            let voters = self
                .quorum(i)
                .map(|quorum| quorum.voters().clone())
                .unwrap_or_default();
            let disks: Vec<&SimDisk> = voters
                .ids()
                .map(|id| &self.nodes[id.0 as usize].disk)
                .collect();
            self.oracle.is_durable(high_watermark, &disks);
        }
    }

    fn talk(&mut self, i: usize, action: Action) {
        match action {
            Action::Send { to, correlation, request } => {
                if matches!(request, Request::Vote(_)) {
                    self.mark("votes asked");
                }
                let event = Event::Request { from: i, to: to.0 as usize, correlation, request };
                self.send(event);
            }
            Action::Reply { id, reply } => self.answer(i, id, reply),
            Action::ReplyWithRecords { id, from, max_bytes, mut reply } => {
                if let Ok(ReplyBody::Fetch(fetched)) = &mut reply.body {
                    fetched.outcome =
                        FetchOutcome::Records(self.nodes[i].disk.read(from, max_bytes));
                }
                self.answer(i, id, reply);
            }
            Action::ReplyWithChunk { id, snapshot, position, mut reply, .. } => {
                if let Some(content) = self.nodes[i].disk.snapshots.get(&snapshot) {
                    let at = (position as usize).min(content.len());
                    let bytes = content.slice(at..content.len().min(at + 5));
                    let size = content.len() as u64;
                    reply.body = Ok(ReplyBody::FetchSnapshot(SnapshotChunk {
                        snapshot,
                        size,
                        position,
                        bytes,
                    }));
                } else {
                    assert_eq!(reply.body, Err(Refusal::SnapshotNotFound));
                }
                self.answer(i, id, reply);
            }
            other => panic!("who carries out {other:?}?"),
        }
    }

    fn answer(&mut self, i: usize, id: u64, reply: Reply) {
        let Some((to, correlation, request)) = self.nodes[i].asked.remove(&id) else {
            panic!("request {id} is answered twice or was never asked");
        };
        if let (Request::Vote(vote), Ok(ReplyBody::Vote { granted: true })) =
            (&request, &reply.body)
            && !vote.pre_vote
        {
            let node = &self.nodes[i];
            self.oracle.votes(
                node.key.id,
                (vote.candidate, vote.epoch),
                node.disk.election,
            );
        }
        self.send(Event::Reply { from: i, to, correlation, reply });
    }

    fn send(&mut self, event: Event) {
        if self.rng.percent(self.faults.loss) {
            return;
        }
        if self.rng.percent(self.faults.duplicate) {
            let at = self.now + 1 + self.rng.below(self.faults.delay_ms_max * 4) as i64;
            self.schedule(at, event.clone());
        }
        let at = self.now + 1 + self.rng.below(self.faults.delay_ms_max) as i64;
        self.schedule(at, event);
    }

    fn schedule(&mut self, at: i64, event: Event) {
        self.sequence += 1;
        self.queue.insert((at, self.sequence), event);
    }

    pub(crate) fn propose(&mut self, i: usize) {
        self.sequence += 1;
        let id = self.sequence;
        self.feed(i, Input::Propose { id, records: 1 + (id % 3) as u32 });
    }

    /// Asks the leader, if there is one, to add a node to the voters or to remove it.
    pub(crate) fn change_voters(&mut self, i: usize) {
        let Some(leader) = self.leader() else { return };
        self.sequence += 1;
        let id = self.sequence;
        let is_voter = self
            .quorum(leader)
            .is_some_and(|q| q.voters().voter(voter(i).key.id).is_some());
        let change = if is_voter {
            VoterChange::Remove(voter(i).key)
        } else if i < self.controllers {
            VoterChange::Add(voter(i))
        } else {
            return;
        };
        self.feed(leader, Input::ChangeVoters { id, change });
    }

    /// Takes a snapshot of what is committed, and trims the log behind it.
    pub(crate) fn snapshot(&mut self, i: usize) {
        let Some(quorum) = self.quorum(i) else { return };
        let end_offset = quorum.high_watermark();
        let disk = &self.nodes[i].disk;
        let at_batch = disk
            .batches
            .iter()
            .any(|batch| batch.end_offset == end_offset);
        let Some((epoch, _)) = disk.record(end_offset.plus(-1)).filter(|_| at_batch) else {
            return;
        };
        let id = SnapshotId { end_offset, epoch };
        let content = with_voters(
            &self.oracle.state_at(end_offset),
            quorum.history().as_of(end_offset).0,
        );
        self.mark("snapshots taken");
        let disk = &mut self.nodes[i].disk;
        disk.snapshots.insert(id, content);
        self.feed(i, Input::SnapshotTaken { id });
        if self.is_up(i) {
            let disk = &mut self.nodes[i].disk;
            disk.voters = voters_in(&disk.snapshots[&id]);
            self.nodes[i].disk.trim(id);
            self.feed(i, Input::LogTrimmed { id });
        }
    }

    pub(crate) fn leader(&self) -> Option<usize> {
        let leads = |i: &usize| {
            self.quorum(*i).is_some_and(|q| {
                q.state() == StateName::Leader
                    && q.describe(0).is_some_and(|d| d.high_watermark.is_some())
            })
        };
        (0..self.len())
            .filter(leads)
            .max_by_key(|i| self.quorum(*i).map(Quorum::epoch))
    }

    /// For messages: state, epoch, log end and voters of each node.
    pub(crate) fn states(&self) -> Vec<String> {
        let told = |quorum: &Quorum| {
            let voters: Vec<i32> = quorum.voters().ids().map(|id| id.0).collect();
            let log = (
                quorum.high_watermark().0,
                quorum.log().end.0,
                quorum.log().last_epoch().0,
            );
            format!(
                "{:?} {} {log:?} {voters:?} {:?}",
                quorum.state(),
                quorum.epoch(),
                quorum.leader()
            )
        };
        (0..self.len())
            .map(|i| self.quorum(i).map_or("down".to_owned(), told))
            .collect()
    }

    pub(crate) fn epoch_of_leader(&self) -> Option<LeaderEpoch> {
        self.leader()
            .and_then(|i| self.quorum(i))
            .map(Quorum::epoch)
    }
}

/// Node `i` as a voter.
fn voter(i: usize) -> Voter {
    Voter {
        key: ReplicaKey { id: NodeId(i as i32), directory: Uuid(1000 + i as u128) },
        endpoints: Vec::new(),
        kraft_version_min: 0,
        kraft_version_max: 1,
    }
}

/// A snapshot: the state's digest, then the voters' ids.
fn with_voters(state: &Bytes, voters: &VoterSet) -> Bytes {
    state
        .iter()
        .copied()
        .chain(voters.ids().map(|id| id.0 as u8))
        .collect()
}

fn voters_in(snapshot: &Bytes) -> VoterSet {
    VoterSet::new(snapshot[8..].iter().map(|id| voter(usize::from(*id))))
}

fn fold(action: &Action) -> u64 {
    format!("{action:?}")
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        })
}
