//! Members of the consumer protocol, and the ledger of who reads what.

use super::check;
use crate::frames::{Asker, coordinator};
use anyhow::{Context, Result, bail};
use klamm_codec::Str;
use klamm_model::Uuid;
use klamm_wire::messages::consumer_group_heartbeat::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, RequestTopicPartitions,
};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{JoinHandle, Thread};
use std::time::{Duration, Instant};

/// A group of members, each a thread.
#[derive(Debug)]
pub(super) struct Crew {
    address: SocketAddr,
    ledger: Arc<Mutex<Ledger>>,
    members: Vec<JoinHandle<Result<()>>>,
}

/// What a join or a leave did.
#[derive(Debug)]
pub(super) struct Move {
    /// For each partition that has another reader now: how long it had none.
    pub(super) moved_ms: Vec<f64>,
    /// The same for those whose reader is the same; 0 for one that it always had.
    pub(super) kept_ms: Vec<f64>,
    pub(super) settled_s: f64,
    pub(super) heartbeats: u64,
    /// Of one member.
    pub(super) rounds_max: u64,
}

/// Who reads what. Members are numbered.
#[derive(Debug)]
struct Ledger {
    readers: Vec<Option<usize>>,
    /// Since when a partition has no reader.
    unread_since: Vec<Option<Instant>>,
    /// How long each had none, in all, since the last look.
    unread_ms: Vec<f64>,
    /// By member: its epoch, and its heartbeats since the last look. Nothing once it has left.
    members: BTreeMap<usize, (i32, u64)>,
    /// Members that shall leave, or all of them.
    leaving: BTreeSet<usize>,
    ends: bool,
    count: usize,
}

const PATIENCE: Duration = Duration::from_secs(60);
const LEAVE: i32 = -1;

impl Crew {
    pub(super) fn new(address: SocketAddr, partitions: i32) -> Result<Self> {
        coordinator(&mut Asker::connect(address)?, "g", 0)?;
        let count = usize::try_from(partitions)?;
        let ledger = Ledger {
            readers: vec![None; count],
            unread_since: vec![None; count],
            unread_ms: vec![0.0; count],
            members: BTreeMap::new(),
            leaving: BTreeSet::new(),
            ends: false,
            count: 0,
        };
        Ok(Self {
            address,
            ledger: Arc::new(Mutex::new(ledger)),
            members: Vec::new(),
        })
    }

    /// One more member begins to join.
    pub(super) fn join(&mut self) -> Result<()> {
        let number = {
            let mut ledger = lock(&self.ledger);
            ledger.count += 1;
            let number = ledger.count;
            ledger.members.insert(number, (0, 0));
            number
        };
        let (address, ledger) = (self.address, Arc::clone(&self.ledger));
        let thread = std::thread::Builder::new().stack_size(256 << 10);
        let member = Member { number, epoch: 0, owned: BTreeMap::new(), ledger };
        self.members
            .push(thread.spawn(move || member.live(address))?);
        Ok(())
    }

    /// The first member leaves.
    pub(super) fn leave(&mut self) -> Result<()> {
        let mut ledger = lock(&self.ledger);
        let first = ledger.members.keys().next().copied();
        let first = first.context("a member that could leave")?;
        ledger.leaving.insert(first);
        drop(ledger);
        self.wake();
        Ok(())
    }

    fn wake(&self) {
        self.members
            .iter()
            .map(JoinHandle::thread)
            .for_each(Thread::unpark);
    }

    /// Waits until every partition has a reader, and all members have reached the same epoch with equal shares.
    pub(super) fn settle(&self) -> Result<f64> {
        let started = Instant::now();
        while !lock(&self.ledger).is_settled() {
            if let Some(ended) = self.members.iter().position(JoinHandle::is_finished)
                && lock(&self.ledger).members.len() == self.members.len()
            {
                bail!("member {ended} has ended");
            }
            if started.elapsed() > PATIENCE {
                bail!(
                    "the group does not settle: {:?}",
                    lock(&self.ledger).members
                );
            }
            std::thread::park_timeout(Duration::from_millis(1));
        }
        Ok(started.elapsed().as_secs_f64())
    }

    /// Does something to the group, and sees what happens until it has settled.
    pub(super) fn measure(&mut self, act: impl FnOnce(&mut Self) -> Result<()>) -> Result<Move> {
        let before = lock(&self.ledger).begin();
        act(self)?;
        let settled_s = self.settle()?;
        let ledger = lock(&self.ledger);
        let mut seen = Move {
            moved_ms: Vec::new(),
            kept_ms: Vec::new(),
            settled_s,
            heartbeats: ledger.members.values().map(|(_, beats)| beats).sum(),
            rounds_max: ledger
                .members
                .values()
                .map(|(_, beats)| *beats)
                .max()
                .unwrap_or(0),
        };
        for ((old, new), ms) in before.iter().zip(&ledger.readers).zip(&ledger.unread_ms) {
            let side = if old == new {
                &mut seen.kept_ms
            } else {
                &mut seen.moved_ms
            };
            side.push(*ms);
        }
        Ok(seen)
    }

    /// All leave.
    pub(super) fn stop(self) -> Result<()> {
        lock(&self.ledger).ends = true;
        self.wake();
        for member in self.members {
            match member.join() {
                Ok(ended) => ended?,
                Err(_) => bail!("a member panicked"),
            }
        }
        Ok(())
    }
}

impl Ledger {
    fn begin(&mut self) -> Vec<Option<usize>> {
        self.unread_ms.fill(0.0);
        self.members.values_mut().for_each(|(_, beats)| *beats = 0);
        self.readers.clone()
    }

    fn is_settled(&self) -> bool {
        let mut shares: BTreeMap<usize, usize> = BTreeMap::new();
        for reader in &self.readers {
            match reader {
                Some(member) => *shares.entry(*member).or_default() += 1,
                None => return false,
            }
        }
        let mut epochs = self.members.values().map(|(epoch, _)| *epoch);
        let first = epochs.next();
        let same_epoch = first.is_some_and(|first| first > 0 && epochs.all(|one| one == first));
        let most = shares.values().max().copied().unwrap_or(0);
        let least = shares.values().min().copied().unwrap_or(0);
        self.leaving.is_empty()
            && same_epoch
            && shares.len() == self.members.len()
            && most - least <= 1
    }

    fn lose(&mut self, partition: i32) {
        let index = usize::try_from(partition).unwrap_or(usize::MAX);
        if let Some(reader) = self.readers.get_mut(index) {
            *reader = None;
        }
        if let Some(since) = self.unread_since.get_mut(index) {
            *since = Some(Instant::now());
        }
    }

    fn gain(&mut self, partition: i32, member: usize) -> Result<()> {
        let index = usize::try_from(partition)?;
        let reader = self.readers.get_mut(index).context("a partition")?;
        if let Some(other) = reader.replace(member) {
            bail!("partition {partition} of member {other} was given to member {member}, too");
        }
        if let Some(since) = self.unread_since.get_mut(index).and_then(Option::take)
            && let Some(ms) = self.unread_ms.get_mut(index)
        {
            *ms += since.elapsed().as_secs_f64() * 1e3;
        }
        Ok(())
    }
}

fn lock(ledger: &Mutex<Ledger>) -> MutexGuard<'_, Ledger> {
    // The bench ends with the first error anyway.
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One member.
struct Member {
    number: usize,
    epoch: i32,
    owned: BTreeMap<Uuid, BTreeSet<i32>>,
    ledger: Arc<Mutex<Ledger>>,
}

impl Member {
    /// Reports until it is to leave.
    fn live(mut self, address: SocketAddr) -> Result<()> {
        let mut asker = Asker::connect(address)?;
        let mut answer = asker.ask(&self.joins(), 1)?;
        loop {
            let gave_up = self.hear(&answer)?;
            let wait = Duration::from_millis(u64::try_from(answer.heartbeat_interval_ms)?);
            let until = Instant::now() + wait;
            while !gave_up && !self.is_to_leave() && Instant::now() < until {
                std::thread::park_timeout(until.saturating_duration_since(Instant::now()));
            }
            if self.is_to_leave() {
                return self.leave(&mut asker);
            }
            // What it gave up is said at once, and only then.
            let request = self.reports(gave_up);
            answer = asker.ask(&request, 1)?;
        }
    }

    fn is_to_leave(&self) -> bool {
        let ledger = lock(&self.ledger);
        ledger.ends || ledger.leaving.contains(&self.number)
    }

    fn leave(mut self, asker: &mut Asker) -> Result<()> {
        let request = ConsumerGroupHeartbeatRequest { member_epoch: LEAVE, ..self.idle() };
        for partition in std::mem::take(&mut self.owned).into_values().flatten() {
            lock(&self.ledger).lose(partition);
        }
        check("leave", asker.ask(&request, 1)?.error_code)?;
        let mut ledger = lock(&self.ledger);
        ledger.members.remove(&self.number);
        ledger.leaving.remove(&self.number);
        Ok(())
    }

    /// Takes an answer in. Whether it has to give something up.
    fn hear(&mut self, answer: &ConsumerGroupHeartbeatResponse) -> Result<bool> {
        check("heartbeat", answer.error_code)?;
        self.epoch = answer.member_epoch;
        let mut ledger = lock(&self.ledger);
        if let Some((epoch, beats)) = ledger.members.get_mut(&self.number) {
            *epoch = answer.member_epoch;
            *beats += 1;
        }
        let Some(assignment) = &answer.assignment else {
            return Ok(false);
        };
        let topics = assignment.topic_partitions.iter();
        let new: BTreeMap<Uuid, BTreeSet<i32>> = topics
            .map(|topic| (topic.topic_id, topic.partitions.iter().copied().collect()))
            .collect();
        let all = |owned: &BTreeMap<Uuid, BTreeSet<i32>>| -> BTreeSet<i32> {
            owned.values().flatten().copied().collect()
        };
        let (had, has) = (all(&self.owned), all(&new));
        had.difference(&has).for_each(|lost| ledger.lose(*lost));
        for gained in has.difference(&had) {
            ledger.gain(*gained, self.number)?;
        }
        self.owned = new;
        Ok(!had.is_subset(&has))
    }

    fn idle(&self) -> ConsumerGroupHeartbeatRequest {
        ConsumerGroupHeartbeatRequest {
            group_id: Str::from_static("g"),
            member_id: format!("member-{:03}", self.number).into(),
            member_epoch: self.epoch,
            ..ConsumerGroupHeartbeatRequest::default()
        }
    }

    fn joins(&self) -> ConsumerGroupHeartbeatRequest {
        ConsumerGroupHeartbeatRequest {
            rebalance_timeout_ms: 60_000,
            subscribed_topic_names: Some(vec![Str::from_static("g")]),
            topic_partitions: Some(Vec::new()),
            ..self.idle()
        }
    }

    fn reports(&self, gave_up: bool) -> ConsumerGroupHeartbeatRequest {
        let topics = self.owned.iter();
        let owned = topics.map(|(topic_id, partitions)| RequestTopicPartitions {
            topic_id: *topic_id,
            partitions: partitions.iter().copied().collect(),
        });
        let topic_partitions = gave_up.then(|| owned.collect());
        ConsumerGroupHeartbeatRequest { topic_partitions, ..self.idle() }
    }
}
