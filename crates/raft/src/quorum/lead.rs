//! Leading: append, hear who holds what, commit, step down when nobody listens.

use super::change_voters::PendingChange;
use super::{Quorum, Role};
use crate::action::{Action, ControlRecord};
use crate::log_state::Validity;
use crate::message::{
    BeginQuorumEpoch, Fetch, FetchOutcome, FetchReply, FetchSnapshot, Refusal, ReplicaKey,
    ReplyBody, Request,
};
use klamm_model::{LeaderEpoch, NodeId, Offset};
use std::collections::{BTreeMap, BTreeSet};

/// How many held fetches and observers are kept; further fetches are answered at once.
const WAITING_MAX: usize = 4096;
/// After this long without a fetch an observer is forgotten, in milliseconds.
const OBSERVER_SESSION_MS: i64 = 300_000;

#[derive(Debug, Clone)]
pub(super) struct Leading {
    /// Where the epoch's first record is.
    pub(super) start: Offset,
    /// Whether that record is committed.
    pub(super) ready: bool,
    pub(super) replicas: BTreeMap<ReplicaKey, Progress>,
    /// Voters that fetched since the last majority did.
    heard: BTreeSet<NodeId>,
    quorum_deadline_ms: i64,
    pub(super) waiting: Vec<Waiting>,
    pub(super) change: Option<PendingChange>,
}

/// What a replica holds, by its own word.
#[derive(Debug, Clone, Copy)]
pub(super) struct Progress {
    pub(super) end: Offset,
    pub(super) fetched_ms: i64,
    pub(super) caught_up_ms: i64,
    leader_end: Offset,
}

/// A fetch that waits for records.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) id: u64,
    fetch: Fetch,
    deadline_ms: i64,
}

impl Leading {
    pub(super) fn deadline(&self, alone: bool) -> i64 {
        let waits = self
            .waiting
            .iter()
            .map(|waiting| waiting.deadline_ms)
            .min()
            .unwrap_or(i64::MAX);
        if alone {
            waits
        } else {
            waits.min(self.quorum_deadline_ms)
        }
    }

    pub(super) fn progress(&self, key: ReplicaKey) -> Option<&Progress> {
        self.replicas
            .iter()
            .find(|(known, _)| known.is_same(key))
            .map(|(_, progress)| progress)
    }
}

impl Quorum {
    /// The election is won: appends the leader change, which must be committed before anything else is.
    pub(super) fn lead(&mut self, now_ms: i64, granting: Vec<NodeId>, out: &mut Vec<Action>) {
        let leading = Leading {
            start: self.log.end,
            ready: false,
            replicas: BTreeMap::new(),
            heard: BTreeSet::new(),
            quorum_deadline_ms: now_ms + self.quorum_timeout_ms(),
            waiting: Vec::new(),
            change: None,
        };
        self.become_role(self.epoch, Role::Leader(Box::new(leading)), out);
        let voters = self.voters().clone();
        let change = ControlRecord::LeaderChange {
            leader: self.local.id,
            voters: voters.ids().collect(),
            granting,
        };
        let mut records = vec![change];
        if self.history.is_bootstrap() {
            // Only formatting knew the voters so far; from here on the log says it to everyone.
            records.push(ControlRecord::KRaftVersion(self.history.kraft_version()));
            records.push(ControlRecord::Voters(voters));
        }
        self.append_control(records, out);
    }

    pub(super) fn append_control(&mut self, records: Vec<ControlRecord>, out: &mut Vec<Action>) {
        let base_offset = self.log.end;
        let mut end = base_offset;
        for record in &records {
            self.note_control(end, record);
            end = end.plus(1);
        }
        self.log.append(self.epoch, end);
        out.push(Action::AppendControl { base_offset, epoch: self.epoch, records });
    }

    /// Voters and version count from the moment they are in the log.
    pub(super) fn note_control(&mut self, offset: Offset, record: &ControlRecord) {
        match record {
            ControlRecord::LeaderChange { .. }
            | ControlRecord::SnapshotHeader { .. }
            | ControlRecord::SnapshotFooter => {}
            ControlRecord::KRaftVersion(version) => self.history.add_version(offset, *version),
            ControlRecord::Voters(voters) => self.history.add_voters(offset, voters.clone()),
        }
    }

    pub(super) fn on_propose(&mut self, now_ms: i64, id: u64, records: u32, out: &mut Vec<Action>) {
        let ready = matches!(&self.role, Role::Leader(leading) if leading.ready);
        if !ready || self.stopping || records == 0 {
            out.push(Action::RefuseProposal { id, leader: self.leader() });
            return;
        }
        let base_offset = self.log.end;
        self.log
            .append(self.epoch, base_offset.plus(i64::from(records)));
        out.push(Action::AppendProposal { id, base_offset, epoch: self.epoch });
        self.answer_waiting(now_ms, out);
    }

    /// What a majority holds durably is committed, once a record of this epoch is among it.
    pub(super) fn advance_high_watermark(&mut self, now_ms: i64, out: &mut Vec<Action>) {
        let Role::Leader(leading) = &self.role else {
            return;
        };
        let voters = self.history.voters();
        let mut ends: Vec<Offset> = voters
            .iter()
            .map(|voter| {
                if voter.key.is_same(self.local) {
                    return self.log.flushed;
                }
                // A claim beyond our end can't be true; it was checked, but bound it all the same.
                leading
                    .progress(voter.key)
                    .map_or(Offset(-1), |progress| progress.end.min(self.log.end))
            })
            .collect();
        ends.sort_unstable_by(|a, b| b.cmp(a));
        let Some(held) = ends.get(voters.majority() - 1).copied() else {
            return;
        };
        if held <= leading.start || !self.commit(held, out) {
            return;
        }
        let ready = match &mut self.role {
            Role::Leader(leading) => std::mem::replace(&mut leading.ready, true),
            _ => true,
        };
        self.answer_waiting(now_ms, out);
        if self.finish_change(now_ms, out) && !ready {
            out.push(Action::BecameLeader { epoch: self.epoch });
        }
    }

    pub(super) fn on_fetch(&mut self, now_ms: i64, id: u64, fetch: Fetch, out: &mut Vec<Action>) {
        if let Err(refusal) = self.check_led(fetch.epoch, fetch.replica) {
            out.push(Action::Reply { id, reply: self.reply(Err(refusal)) });
            return;
        }
        if fetch.offset.0 < 0 || fetch.last_epoch.0 < 0 || fetch.last_epoch > fetch.epoch {
            out.push(Action::Reply { id, reply: self.reply(Err(Refusal::InvalidRequest)) });
            return;
        }
        self.heard_from(now_ms, fetch.replica);
        // One connection asks once at a time: an older fetch of the same replica is not awaited any more.
        self.release(|waiting| waiting.fetch.replica == fetch.replica, out);
        if self.log.validate(fetch.offset, fetch.last_epoch) == Validity::Valid {
            self.note_progress(now_ms, fetch.replica, fetch.offset);
            self.advance_high_watermark(now_ms, out);
        }
        let deadline_ms = now_ms.saturating_add(fetch.max_wait_ms);
        let waiting = Waiting { id, fetch, deadline_ms };
        let Role::Leader(leading) = &mut self.role else {
            return;
        };
        leading.waiting.push(waiting);
        self.answer_waiting(now_ms, out);
    }

    /// Answers held fetches that have something to get, or waited long enough.
    pub(super) fn answer_waiting(&mut self, now_ms: i64, out: &mut Vec<Action>) {
        let Role::Leader(leading) = &mut self.role else {
            return;
        };
        let all = std::mem::take(&mut leading.waiting);
        let ready = leading.ready;
        let crowded = all.len() > WAITING_MAX;
        let mut kept = Vec::new();
        for waiting in all {
            let fetch = &waiting.fetch;
            let validity = self.log.validate(fetch.offset, fetch.last_epoch);
            let news = ready
                && fetch
                    .high_watermark
                    .is_some_and(|known| known < self.high_watermark);
            let due = waiting.deadline_ms <= now_ms || crowded;
            if validity == Validity::Valid && self.log.end <= fetch.offset && !news && !due {
                kept.push(waiting);
            } else {
                self.answer_fetch(&waiting, validity, out);
            }
        }
        if let Role::Leader(leading) = &mut self.role {
            leading.waiting = kept;
        }
    }

    fn answer_fetch(&self, waiting: &Waiting, validity: Validity, out: &mut Vec<Action>) {
        let ready = matches!(&self.role, Role::Leader(leading) if leading.ready);
        let outcome = match validity {
            Validity::Valid => FetchOutcome::Records(Vec::new()),
            Validity::Diverging { epoch, end_offset } => {
                FetchOutcome::Diverging { epoch, end_offset }
            }
            Validity::Snapshot(id) => FetchOutcome::Snapshot(id),
        };
        let high_watermark = ready.then_some(self.high_watermark);
        let body = FetchReply { high_watermark, log_start: self.log.start, outcome };
        let reply = self.reply(Ok(ReplyBody::Fetch(body)));
        let (id, from) = (waiting.id, waiting.fetch.offset);
        if validity == Validity::Valid && from < self.log.end {
            out.push(Action::ReplyWithRecords {
                id,
                from,
                max_bytes: waiting.fetch.max_bytes,
                reply,
            });
        } else {
            out.push(Action::Reply { id, reply });
        }
    }

    fn release(&mut self, which: impl Fn(&Waiting) -> bool, out: &mut Vec<Action>) {
        let Role::Leader(leading) = &mut self.role else {
            return;
        };
        let all = std::mem::take(&mut leading.waiting);
        let (gone, kept): (Vec<_>, Vec<_>) = all.into_iter().partition(which);
        leading.waiting = kept;
        for waiting in gone {
            let validity = self
                .log
                .validate(waiting.fetch.offset, waiting.fetch.last_epoch);
            self.answer_fetch(&waiting, validity, out);
        }
    }

    pub(super) fn on_fetch_snapshot(
        &mut self,
        now_ms: i64,
        id: u64,
        fetch: &FetchSnapshot,
        out: &mut Vec<Action>,
    ) {
        if let Err(refusal) = self.check_led(fetch.epoch, fetch.replica) {
            out.push(Action::Reply { id, reply: self.reply(Err(refusal)) });
            return;
        }
        self.heard_from(now_ms, fetch.replica);
        out.push(Action::ReplyWithChunk {
            id,
            snapshot: fetch.snapshot,
            position: fetch.position,
            max_bytes: fetch.max_bytes,
            reply: self.reply(Err(Refusal::SnapshotNotFound)),
        });
    }

    /// Only the leader answers, only in its epoch, and not to itself.
    fn check_led(&self, epoch: LeaderEpoch, from: ReplicaKey) -> Result<(), Refusal> {
        if epoch < self.epoch {
            Err(Refusal::FencedLeaderEpoch)
        } else if epoch > self.epoch {
            Err(Refusal::UnknownLeaderEpoch)
        } else if !matches!(self.role, Role::Leader(_)) {
            Err(Refusal::NotLeader)
        } else if from.id == self.local.id {
            Err(Refusal::InvalidRequest)
        } else {
            Ok(())
        }
    }

    /// A voter that fetches needs no announcement, and shows that the leader is not alone.
    fn heard_from(&mut self, now_ms: i64, from: ReplicaKey) {
        let voters = self.history.voters();
        if !voters.contains(from) {
            return;
        }
        let needed = voters.majority() - usize::from(voters.contains(self.local));
        let deadline_ms = now_ms + self.quorum_timeout_ms();
        self.peers.pause(from.id, now_ms + self.begin_interval_ms());
        if let Role::Leader(leading) = &mut self.role {
            leading.heard.insert(from.id);
            if leading.heard.len() >= needed {
                leading.heard.clear();
                leading.quorum_deadline_ms = deadline_ms;
            }
        }
    }

    fn note_progress(&mut self, now_ms: i64, from: ReplicaKey, end: Offset) {
        let (leader_end, voters) = (self.log.end, self.history.voters());
        let Role::Leader(leading) = &mut self.role else {
            return;
        };
        leading.replicas.retain(|key, progress| {
            voters.contains(*key)
                || progress.fetched_ms.saturating_add(OBSERVER_SESSION_MS) > now_ms
        });
        let before = leading.replicas.get(&from).copied();
        if before.is_none() && leading.replicas.len() >= WAITING_MAX && !voters.contains(from) {
            return;
        }
        let caught_up_ms = match before {
            _ if end >= leader_end => now_ms,
            Some(before) if end >= before.leader_end => before.fetched_ms,
            Some(before) => before.caught_up_ms,
            None => -1,
        };
        leading.replicas.insert(
            from,
            Progress { end, fetched_ms: now_ms, caught_up_ms, leader_end },
        );
    }

    pub(super) fn fire_leader_timers(&mut self, now_ms: i64, out: &mut Vec<Action>) {
        self.answer_waiting(now_ms, out);
        let alone = self.voters().is_only(self.local);
        if let Role::Leader(leading) = &self.role
            && !alone
            && leading.quorum_deadline_ms <= now_ms
        {
            self.resign(now_ms, out);
        }
    }

    /// Steps down and names successors, best log first.
    pub(super) fn resign(&mut self, now_ms: i64, out: &mut Vec<Action>) {
        let Role::Leader(leading) = &self.role else {
            return;
        };
        let others = self
            .voters()
            .iter()
            .map(|voter| voter.key)
            .filter(|key| !key.is_same(self.local));
        let mut preferred: Vec<(Option<Offset>, ReplicaKey)> = others
            .map(|key| (leading.progress(key).map(|progress| progress.end), key))
            .collect();
        preferred.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        let preferred = preferred.into_iter().map(|(_, key)| key).collect();
        let deadline_ms = self.election_deadline(now_ms);
        self.become_role(
            self.epoch,
            Role::Resigned { told: Vec::new(), preferred, deadline_ms },
            out,
        );
    }

    fn quorum_timeout_ms(&self) -> i64 {
        self.config.fetch_timeout_ms + self.config.fetch_timeout_ms / 2
    }

    pub(super) fn begin_request(&self, to: NodeId) -> Request {
        Request::BeginQuorumEpoch(BeginQuorumEpoch {
            leader: self.local.id,
            epoch: self.epoch,
            voter: self.voters().voter(to).map(|voter| voter.key),
        })
    }
}
