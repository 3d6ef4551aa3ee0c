//! The state machine of one replica of the metadata log.
//!
//! ```text
//!                 majority would vote        majority votes
//! Unattached ─┐
//!             ├─▶ Prospective ────▶ Candidate ────▶ Leader ──▶ Resigned ──▶ Unattached
//! Follower ───┘        (no leader heard in time)      (no majority heard, or told to stop)
//! ```
//! Any state turns into Unattached on a higher epoch and into Follower on word of a leader. Replicas that are not
//! voters (observers) are only ever Unattached or Follower.

mod change_voters;
mod describe;
mod elect;
mod follow;
mod lead;

pub use describe::{QuorumInfo, ReplicaInfo};

use crate::action::{Action, ChangeRefusal, HaltReason, Input};
use crate::election_state::ElectionState;
use crate::log_state::LogState;
use crate::message::{Refusal, ReplicaKey, Reply, ReplyBody, Request};
use crate::peers::Peers;
use crate::snapshot::SnapshotId;
use crate::voters::{VoterHistory, VoterSet};
use elect::Votes;
use follow::Following;
use klamm_model::{LeaderEpoch, NodeId, Offset};
use lead::Leading;

/// Times and sizes (`controller.quorum.*`), in milliseconds and bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// How long to wait for an election to be won; up to as much again is added at random.
    pub election_timeout_ms: i64,
    /// The upper bound of the random pause after a lost election.
    pub election_backoff_ms_max: i64,
    /// How long a follower waits for its leader. A leader steps down after 1.5 times that without a majority.
    pub fetch_timeout_ms: i64,
    /// How long to wait for any answer.
    pub request_timeout_ms: i64,
    /// The pause after a failed request.
    pub retry_backoff_ms: i64,
    /// How long the leader may hold a fetch.
    pub fetch_wait_ms_max: i64,
    /// Roughly how many bytes one fetch asks for.
    pub fetch_bytes_max: u32,
    /// Whether this replica is, or may become, a voter: then it makes records durable before it asks for more.
    pub is_controller: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            election_timeout_ms: 1000,
            election_backoff_ms_max: 1000,
            fetch_timeout_ms: 2000,
            request_timeout_ms: 2000,
            retry_backoff_ms: 20,
            fetch_wait_ms_max: 500,
            fetch_bytes_max: 8 * 1024 * 1024,
            is_controller: true,
        }
    }
}

/// What a replica finds on its disk when it starts.
#[derive(Debug, Clone)]
pub struct Start {
    /// Who this is.
    pub local: ReplicaKey,
    /// Times and sizes.
    pub config: Config,
    /// The `quorum-state` file.
    pub election: ElectionState,
    /// The log after recovery. What was not durable must have been made durable or cut.
    pub log: LogState,
    /// The voters in configuration, snapshot and log.
    pub history: VoterHistory,
    /// Random bits, for the jitter of elections.
    pub entropy: u64,
}

/// The name of the state that a replica is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateName {
    /// Knows no leader.
    Unattached,
    /// Follows a leader.
    Follower,
    /// Asks whether it would be voted for.
    Prospective,
    /// Asks for votes.
    Candidate,
    /// Leads.
    Leader,
    /// Led, and may not vote in this epoch.
    Resigned,
}

#[derive(Debug, Clone)]
enum Role {
    /// `leader`: there was one in this epoch, so no vote may be given.
    Unattached {
        leader: Option<NodeId>,
        voted: Option<ReplicaKey>,
        deadline_ms: i64,
    },
    Follower(Following),
    Prospective {
        leader: Option<NodeId>,
        voted: Option<ReplicaKey>,
        votes: Votes,
        deadline_ms: i64,
    },
    Candidate {
        votes: Votes,
        deadline_ms: i64,
    },
    Leader(Box<Leading>),
    Resigned {
        told: Vec<NodeId>,
        preferred: Vec<ReplicaKey>,
        deadline_ms: i64,
    },
}

/// One replica of the metadata log.
#[derive(Debug, Clone)]
pub struct Quorum {
    local: ReplicaKey,
    config: Config,
    jitter: u64,
    log: LogState,
    history: VoterHistory,
    epoch: LeaderEpoch,
    role: Role,
    high_watermark: Offset,
    peers: Peers,
    persisted: ElectionState,
    told_leader: (Option<NodeId>, LeaderEpoch),
    flushing: Option<Offset>,
    stopping: bool,
    halted: bool,
}

impl Quorum {
    /// A replica as it starts. Nothing happens before the first [`step`](Self::step).
    #[must_use]
    pub fn new(start: Start, now_ms: i64) -> Self {
        let high_watermark = start.log.start;
        let mut quorum = Self {
            local: start.local,
            config: start.config,
            jitter: start.entropy,
            log: start.log,
            history: start.history,
            epoch: start.election.epoch,
            role: Role::Unattached {
                leader: None,
                voted: start.election.voted,
                deadline_ms: i64::MAX,
            },
            high_watermark,
            peers: Peers::default(),
            persisted: start.election,
            told_leader: (None, start.election.epoch),
            flushing: None,
            stopping: false,
            halted: false,
        };
        // An epoch seen in the log counts, even if the file is older.
        let log_epoch = quorum.log.last_epoch();
        let (leader, voted) = if log_epoch > quorum.epoch {
            quorum.epoch = log_epoch;
            (None, None)
        } else {
            (start.election.leader, start.election.voted)
        };
        quorum.role = match leader {
            // It led this epoch, and what it had not flushed is gone: it must not lead or vote in it again.
            Some(id) if id == quorum.local.id => Role::Resigned {
                told: Vec::new(),
                preferred: Vec::new(),
                deadline_ms: quorum.election_deadline(now_ms),
            },
            Some(id) => Role::Follower(Following::new(
                id,
                voted,
                now_ms + quorum.config.fetch_timeout_ms,
            )),
            None => Role::Unattached {
                leader: None,
                voted,
                deadline_ms: quorum.election_deadline(now_ms),
            },
        };
        quorum
    }

    /// Takes one input and says what to do. See [`Action`] for the order that must be kept.
    pub fn step(&mut self, now_ms: i64, input: Input, out: &mut Vec<Action>) {
        if self.halted {
            return;
        }
        match input {
            Input::Tick => {}
            Input::Request { id, request } => self.on_request(now_ms, id, request, out),
            Input::Reply { from, correlation, reply } => {
                self.on_reply(now_ms, from, (correlation, reply), out)
            }
            Input::Failed { to, correlation } => {
                if self.peers.answered(to, correlation) {
                    self.back_off(to, now_ms);
                }
            }
            Input::Propose { id, records } => self.on_propose(now_ms, id, records, out),
            Input::Flushed => {
                if let Some(end) = self.flushing.take() {
                    self.log.flushed = self.log.flushed.max(end);
                    self.advance_high_watermark(now_ms, out);
                }
            }
            Input::SnapshotTaken { id } => {
                if id.end_offset <= self.high_watermark {
                    self.log.latest = self.log.latest.max(Some(id));
                }
            }
            Input::SnapshotInstalled { id, voters, kraft_version } => {
                self.on_snapshot_installed(id, voters, kraft_version, out);
            }
            Input::LogTrimmed { id } => {
                if id.end_offset <= self.high_watermark {
                    self.log.trim(id);
                    self.history.trim(id.end_offset);
                }
            }
            Input::ChangeVoters { id, change } => {
                self.on_change_voters(now_ms, (id, change), out);
            }
            Input::Resign => {
                self.stopping = true;
                if matches!(self.role, Role::Leader(_)) {
                    self.resign(now_ms, out);
                }
            }
        }
        self.poll(now_ms, out);
    }

    /// When [`Input::Tick`] is due if nothing else comes; `None`: never. In milliseconds of the same clock.
    #[must_use]
    pub fn next_deadline(&self) -> Option<i64> {
        if self.halted {
            return None;
        }
        let role = match &self.role {
            Role::Unattached { deadline_ms, .. }
            | Role::Prospective { deadline_ms, .. }
            | Role::Candidate { deadline_ms, .. }
            | Role::Resigned { deadline_ms, .. } => *deadline_ms,
            Role::Follower(following) => following.deadline_ms,
            Role::Leader(leading) => leading.deadline(self.voters().is_only(self.local)),
        };
        let timed = match self.role {
            Role::Follower(_) | Role::Leader(_) => true,
            Role::Resigned { .. } => !self.stopping,
            _ => self.may_stand(),
        };
        let role = if timed { role } else { i64::MAX };
        let sends = self
            .targets()
            .into_iter()
            .map(|id| self.peers.deadline(id))
            .min();
        Some(role.min(sends.unwrap_or(i64::MAX))).filter(|at| *at != i64::MAX)
    }

    /// The epoch.
    #[must_use]
    pub const fn epoch(&self) -> LeaderEpoch {
        self.epoch
    }

    /// The leader of the epoch, if known.
    #[must_use]
    pub fn leader(&self) -> Option<NodeId> {
        match &self.role {
            Role::Leader(_) => Some(self.local.id),
            Role::Follower(following) => Some(following.leader),
            Role::Prospective { leader, .. } => leader.filter(|id| *id != self.local.id),
            _ => None,
        }
    }

    /// Everything below is committed.
    #[must_use]
    pub const fn high_watermark(&self) -> Offset {
        self.high_watermark
    }

    /// Bounds and epochs of the log.
    #[must_use]
    pub const fn log(&self) -> &LogState {
        &self.log
    }

    /// The voters, uncommitted changes included.
    #[must_use]
    pub fn voters(&self) -> &VoterSet {
        self.history.voters()
    }

    /// The voters over time.
    #[must_use]
    pub const fn history(&self) -> &VoterHistory {
        &self.history
    }

    /// The state it is in.
    #[must_use]
    pub const fn state(&self) -> StateName {
        match self.role {
            Role::Unattached { .. } => StateName::Unattached,
            Role::Follower(_) => StateName::Follower,
            Role::Prospective { .. } => StateName::Prospective,
            Role::Candidate { .. } => StateName::Candidate,
            Role::Leader(_) => StateName::Leader,
            Role::Resigned { .. } => StateName::Resigned,
        }
    }

    /// What of the elections is durable once all actions so far were carried out.
    #[must_use]
    pub const fn election(&self) -> ElectionState {
        self.persisted
    }

    fn on_request(&mut self, now_ms: i64, id: u64, request: Request, out: &mut Vec<Action>) {
        let body = match request {
            Request::Vote(vote) => self.on_vote(now_ms, &vote, out),
            Request::BeginQuorumEpoch(begin) => self.on_begin_epoch(now_ms, &begin, out),
            Request::EndQuorumEpoch(end) => self.on_end_epoch(now_ms, &end, out),
            Request::Fetch(fetch) => return self.on_fetch(now_ms, id, fetch, out),
            Request::FetchSnapshot(fetch) => {
                return self.on_fetch_snapshot(now_ms, id, &fetch, out);
            }
        };
        out.push(Action::Reply { id, reply: self.reply(body) });
    }

    fn on_reply(
        &mut self,
        now_ms: i64,
        from: NodeId,
        (correlation, reply): (u64, Reply),
        out: &mut Vec<Action>,
    ) {
        let awaited = self.peers.answered(from, correlation);
        let asked_in = self.epoch;
        // Even a late answer knows of elections.
        self.learn(now_ms, reply.epoch, reply.leader, out);
        if !awaited || self.epoch != asked_in {
            return;
        }
        match reply.body {
            Ok(ReplyBody::Vote { granted }) => self.on_vote_reply(now_ms, from, granted, out),
            Ok(ReplyBody::Fetch(fetched)) => self.on_fetch_reply(now_ms, from, fetched, out),
            Ok(ReplyBody::FetchSnapshot(chunk)) => self.on_chunk(now_ms, from, chunk, out),
            Ok(ReplyBody::BeginQuorumEpoch) => {
                self.peers.pause(from, now_ms + self.begin_interval_ms())
            }
            Ok(ReplyBody::EndQuorumEpoch) => {
                if let Role::Resigned { told, .. } = &mut self.role {
                    told.push(from);
                }
            }
            Err(refusal) => {
                if let (Refusal::SnapshotNotFound, Role::Follower(following)) =
                    (refusal, &mut self.role)
                {
                    following.download = None;
                }
                self.back_off(from, now_ms);
            }
        }
    }

    /// Fires the timers that are due, then sends, flushes and tells what is to be sent, flushed and told.
    fn poll(&mut self, now_ms: i64, out: &mut Vec<Action>) {
        self.peers.expire(now_ms, self.config.retry_backoff_ms);
        self.fire_timers(now_ms, out);
        if self.halted {
            return;
        }
        for to in self.targets() {
            if self.peers.is_ready(to, now_ms) {
                let request = self.request_for(to);
                let correlation = self.peers.sent(to, now_ms + self.config.request_timeout_ms);
                out.push(Action::Send { to, correlation, request });
            }
        }
        let durable = self.config.is_controller || matches!(self.role, Role::Leader(_));
        if durable && self.flushing.is_none() && self.log.flushed < self.log.end {
            self.flushing = Some(self.log.end);
            out.push(Action::Flush { to: self.log.end });
        }
        let leader = self.leader();
        if self.told_leader != (leader, self.epoch) {
            self.told_leader = (leader, self.epoch);
            out.push(Action::LeaderChanged { leader, epoch: self.epoch });
        }
    }

    fn fire_timers(&mut self, now_ms: i64, out: &mut Vec<Action>) {
        let may_stand = self.may_stand();
        // Nobody else can lead, and nobody else can be asked: why wait?
        let alone = self.voters().is_only(self.local);
        match &mut self.role {
            Role::Unattached { deadline_ms, .. }
                if may_stand && (alone || *deadline_ms <= now_ms) =>
            {
                self.become_prospective(now_ms, out);
            }
            Role::Follower(following)
                if following.deadline_ms <= now_ms || (may_stand && alone) =>
            {
                if may_stand {
                    self.become_prospective(now_ms, out);
                } else {
                    let (leader, voted) = (Some(following.leader), following.voted);
                    let role = Role::Unattached { leader, voted, deadline_ms: i64::MAX };
                    self.become_role(self.epoch, role, out);
                }
            }
            Role::Prospective { deadline_ms, .. } | Role::Candidate { deadline_ms, .. }
                if may_stand && *deadline_ms <= now_ms =>
            {
                self.become_prospective(now_ms, out);
            }
            // Its epoch has a leader, itself, so it can vote for nobody in it on the way.
            Role::Resigned { .. } if may_stand && alone => self.become_prospective(now_ms, out),
            Role::Resigned { deadline_ms, .. } if may_stand && *deadline_ms <= now_ms => {
                let epoch = LeaderEpoch(self.epoch.0.saturating_add(1));
                self.become_unattached(now_ms, epoch, out);
            }
            // A leader that was removed from the voters looks for the new one.
            Role::Resigned { deadline_ms, .. } if !self.stopping && *deadline_ms <= now_ms => {
                let leader = Some(self.local.id);
                let role = Role::Unattached { leader, voted: None, deadline_ms: i64::MAX };
                self.become_role(self.epoch, role, out);
            }
            Role::Leader(_) => self.fire_leader_timers(now_ms, out),
            _ => {}
        }
    }

    /// The peers that this role has something to ask.
    fn targets(&self) -> Vec<NodeId> {
        let others = || self.voters().ids().filter(|id| *id != self.local.id);
        match &self.role {
            Role::Unattached { .. } if self.voters().contains(self.local) => Vec::new(),
            // An observer asks all voters for the leader.
            Role::Unattached { .. } | Role::Leader(_) => others().collect(),
            Role::Follower(_) if self.config.is_controller && self.log.flushed < self.log.end => {
                Vec::new()
            }
            Role::Follower(following) if following.is_installing() => Vec::new(),
            Role::Follower(following) => vec![following.leader],
            Role::Prospective { votes, .. } | Role::Candidate { votes, .. } => {
                others().filter(|id| !votes.is_known(*id)).collect()
            }
            // After a restart nobody needs to be told: the others have noticed.
            Role::Resigned { preferred, .. } if preferred.is_empty() => Vec::new(),
            Role::Resigned { told, .. } => others().filter(|id| !told.contains(id)).collect(),
        }
    }

    fn request_for(&self, to: NodeId) -> Request {
        match &self.role {
            Role::Unattached { .. } => self.fetch_request(),
            Role::Follower(following) => self.follow_request(following),
            Role::Prospective { .. } => self.vote_request(to, true),
            Role::Candidate { .. } => self.vote_request(to, false),
            Role::Leader(_) => self.begin_request(to),
            Role::Resigned { preferred, .. } => self.end_request(preferred),
        }
    }

    /// Changes role and epoch, makes the change durable, and answers those who waited on the old role.
    fn become_role(&mut self, epoch: LeaderEpoch, role: Role, out: &mut Vec<Action>) {
        assert!(epoch >= self.epoch, "the epoch never falls");
        let led = self.epoch;
        let old = std::mem::replace(&mut self.role, role);
        self.epoch = epoch;
        self.peers.reset();
        let election = self.election_now();
        if election != self.persisted {
            self.persisted = election;
            out.push(Action::Persist(election));
        }
        if let Role::Leader(leading) = old {
            for waiting in leading.waiting {
                let reply = self.reply(Err(Refusal::NotLeader));
                out.push(Action::Reply { id: waiting.id, reply });
            }
            if let Some(change) = leading.change {
                out.push(Action::RefuseChange { id: change.id, reason: ChangeRefusal::NotLeader });
            }
            out.push(Action::LostLeadership { epoch: led });
        }
    }

    fn election_now(&self) -> ElectionState {
        let (leader, voted) = match &self.role {
            Role::Unattached { leader, voted, .. } | Role::Prospective { leader, voted, .. } => {
                (*leader, *voted)
            }
            Role::Follower(following) => (Some(following.leader), following.voted),
            Role::Candidate { .. } => (None, Some(self.local)),
            Role::Leader(_) | Role::Resigned { .. } => (Some(self.local.id), None),
        };
        ElectionState { epoch: self.epoch, leader, voted }
    }

    fn reply(&self, body: Result<ReplyBody, Refusal>) -> Reply {
        Reply { leader: self.leader(), epoch: self.epoch, body }
    }

    /// Voters stand for election. So does a replica whose removal is not known to be committed: it may be known to this
    /// replica alone, and then only it can bring it to the others.
    fn may_stand(&self) -> bool {
        let open = self
            .history
            .last_change()
            .is_some_and(|offset| offset >= self.high_watermark);
        let removed_in_doubt = || open && self.history.previous().contains(self.local);
        !self.stopping && (self.voters().contains(self.local) || removed_in_doubt())
    }

    fn back_off(&mut self, peer: NodeId, now_ms: i64) {
        self.peers
            .pause(peer, now_ms + self.config.retry_backoff_ms);
    }

    fn begin_interval_ms(&self) -> i64 {
        self.config.fetch_timeout_ms / 2
    }

    fn halt(&mut self, reason: HaltReason, out: &mut Vec<Action>) {
        self.halted = true;
        out.push(Action::Halt(reason));
    }

    /// Raises the high watermark; never lowers it.
    fn commit(&mut self, high_watermark: Offset, out: &mut Vec<Action>) -> bool {
        assert!(
            high_watermark <= self.log.end,
            "nothing beyond the log's end is committed"
        );
        if high_watermark <= self.high_watermark {
            return false;
        }
        self.high_watermark = high_watermark;
        out.push(Action::Commit { high_watermark });
        true
    }

    fn on_snapshot_installed(
        &mut self,
        id: SnapshotId,
        voters: Option<VoterSet>,
        kraft_version: i16,
        out: &mut Vec<Action>,
    ) {
        if id.end_offset < self.high_watermark {
            return;
        }
        self.log.replace_by(id);
        self.flushing = None;
        let voters = voters.unwrap_or_else(|| self.history.voters().clone());
        self.history = VoterHistory::new(voters, kraft_version);
        self.commit(id.end_offset, out);
        if let Role::Follower(following) = &mut self.role {
            following.download = None;
        }
    }
}
