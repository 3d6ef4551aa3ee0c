//! Elections: pre-votes, votes, and word of leaders (KIP-595, KIP-996).

use super::follow::Following;
use super::{Quorum, Role};
use crate::action::Action;
use crate::message::{
    BeginQuorumEpoch, EndQuorumEpoch, Refusal, ReplicaKey, ReplyBody, Request, Vote,
};
use klamm_model::{LeaderEpoch, NodeId};
use std::collections::BTreeMap;

/// Answers to one round of asking.
#[derive(Debug, Clone, Default)]
pub(super) struct Votes(BTreeMap<NodeId, bool>);

impl Votes {
    fn of(own: NodeId) -> Self {
        Self(BTreeMap::from([(own, true)]))
    }

    pub(super) fn is_known(&self, id: NodeId) -> bool {
        self.0.contains_key(&id)
    }

    fn granted(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.0
            .iter()
            .filter(|(_, granted)| **granted)
            .map(|(id, _)| *id)
    }

    fn rejected(&self) -> usize {
        self.0.values().filter(|granted| !**granted).count()
    }
}

impl Quorum {
    pub(super) fn on_vote(
        &mut self,
        now_ms: i64,
        vote: &Vote,
        out: &mut Vec<Action>,
    ) -> Result<ReplyBody, Refusal> {
        self.check_addressee(vote.epoch, vote.voter)?;
        if vote.epoch > self.epoch {
            self.become_unattached(now_ms, vote.epoch, out);
        }
        let granted = self.would_grant(vote);
        if granted && !vote.pre_vote {
            let deadline_ms = self.election_deadline(now_ms);
            let role = Role::Unattached { leader: None, voted: Some(vote.candidate), deadline_ms };
            self.become_role(self.epoch, role, out);
        }
        Ok(ReplyBody::Vote { granted })
    }

    /// Refuses requests of epochs that are over, and those meant for another directory of this node.
    fn check_addressee(
        &self,
        epoch: LeaderEpoch,
        meant: Option<ReplicaKey>,
    ) -> Result<(), Refusal> {
        if epoch < self.epoch {
            Err(Refusal::FencedLeaderEpoch)
        } else if meant.is_some_and(|key| !key.is_same(self.local)) {
            Err(Refusal::InvalidVoterKey)
        } else {
            Ok(())
        }
    }

    fn would_grant(&self, vote: &Vote) -> bool {
        let fresh = (vote.last_epoch, vote.end_offset) >= (self.log.last_epoch(), self.log.end);
        match &self.role {
            Role::Leader(_) => false,
            // Whoever hears a leader does not help to disturb it.
            Role::Follower(following) => vote.pre_vote && !following.heard && fresh,
            Role::Candidate { .. } | Role::Resigned { .. } => vote.pre_vote && fresh,
            Role::Unattached { leader, voted, .. } | Role::Prospective { leader, voted, .. } => {
                if vote.pre_vote {
                    return fresh;
                }
                match voted {
                    Some(voted) => *voted == vote.candidate,
                    None => leader.is_none() && fresh,
                }
            }
        }
    }

    pub(super) fn on_begin_epoch(
        &mut self,
        now_ms: i64,
        begin: &BeginQuorumEpoch,
        out: &mut Vec<Action>,
    ) -> Result<ReplyBody, Refusal> {
        self.check_addressee(begin.epoch, begin.voter)?;
        if begin.leader == self.local.id {
            return Err(Refusal::InvalidRequest);
        }
        if begin.epoch == self.epoch {
            // Two leaders in one epoch can't be; whoever says so is confused.
            let led = match &self.role {
                Role::Leader(_) | Role::Resigned { .. } => Some(self.local.id),
                Role::Follower(following) => Some(following.leader),
                Role::Unattached { leader, .. } | Role::Prospective { leader, .. } => *leader,
                Role::Candidate { .. } => None,
            };
            if led.is_some_and(|led| led != begin.leader) {
                return Err(Refusal::InvalidRequest);
            }
        }
        self.follow(now_ms, begin.leader, begin.epoch, out);
        Ok(ReplyBody::BeginQuorumEpoch)
    }

    pub(super) fn on_end_epoch(
        &mut self,
        now_ms: i64,
        end: &EndQuorumEpoch,
        out: &mut Vec<Action>,
    ) -> Result<ReplyBody, Refusal> {
        self.check_addressee(end.epoch, None)?;
        self.learn(now_ms, end.epoch, Some(end.leader), out);
        let count = end.preferred_successors.len();
        let place = end
            .preferred_successors
            .iter()
            .position(|key| key.is_same(self.local))
            .unwrap_or(count);
        let pause = self.successor_pause(place);
        if let Role::Follower(following) = &mut self.role
            && following.leader == end.leader
        {
            // The leader itself says that it is gone: stand, and let others stand.
            following.heard = false;
            following.deadline_ms = following.deadline_ms.min(now_ms + pause);
        }
        Ok(ReplyBody::EndQuorumEpoch)
    }

    /// The best successor stands at once, each further one waits twice as long.
    fn successor_pause(&mut self, place: usize) -> i64 {
        let max = self.config.election_backoff_ms_max.max(1);
        match u32::try_from(place) {
            Ok(0) => 0,
            Ok(place) => {
                let doubled = self
                    .config
                    .retry_backoff_ms
                    .saturating_mul(1i64 << place.min(20));
                doubled.min(max) + self.random_below(self.config.retry_backoff_ms)
            }
            Err(_) => max,
        }
    }

    /// Takes word of an epoch and its leader, from any message.
    pub(super) fn learn(
        &mut self,
        now_ms: i64,
        epoch: LeaderEpoch,
        leader: Option<NodeId>,
        out: &mut Vec<Action>,
    ) {
        let leader = leader.filter(|id| *id != self.local.id);
        let open = match &self.role {
            Role::Unattached { leader: None, .. } | Role::Prospective { leader: None, .. } => true,
            // An observer that lost its leader takes any word of it.
            Role::Unattached { leader: known, .. } => !self.may_stand() && *known == leader,
            Role::Candidate { .. } => true,
            _ => false,
        };
        match leader {
            Some(leader) if epoch > self.epoch || (epoch == self.epoch && open) => {
                self.follow(now_ms, leader, epoch, out);
            }
            None if epoch > self.epoch => self.become_unattached(now_ms, epoch, out),
            _ => {}
        }
    }

    fn follow(&mut self, now_ms: i64, leader: NodeId, epoch: LeaderEpoch, out: &mut Vec<Action>) {
        let voted = match &self.role {
            Role::Follower(_) if epoch == self.epoch => return,
            _ if epoch > self.epoch => None,
            _ => self.election_now().voted,
        };
        let deadline_ms = now_ms + self.config.fetch_timeout_ms;
        self.become_role(
            epoch,
            Role::Follower(Following::new(leader, voted, deadline_ms)),
            out,
        );
    }

    pub(super) fn become_unattached(
        &mut self,
        now_ms: i64,
        epoch: LeaderEpoch,
        out: &mut Vec<Action>,
    ) {
        let deadline_ms = self.election_deadline(now_ms);
        self.become_role(
            epoch,
            Role::Unattached { leader: None, voted: None, deadline_ms },
            out,
        );
    }

    pub(super) fn become_prospective(&mut self, now_ms: i64, out: &mut Vec<Action>) {
        let now = self.election_now();
        let deadline_ms = self.election_deadline(now_ms);
        let votes = Votes::of(self.local.id);
        let role = Role::Prospective { leader: now.leader, voted: now.voted, votes, deadline_ms };
        self.become_role(self.epoch, role, out);
        self.count_votes(now_ms, out);
    }

    fn become_candidate(&mut self, now_ms: i64, out: &mut Vec<Action>) {
        let deadline_ms = self.election_deadline(now_ms);
        let role = Role::Candidate { votes: Votes::of(self.local.id), deadline_ms };
        self.become_role(LeaderEpoch(self.epoch.0.saturating_add(1)), role, out);
        self.count_votes(now_ms, out);
    }

    pub(super) fn on_vote_reply(
        &mut self,
        now_ms: i64,
        from: NodeId,
        granted: bool,
        out: &mut Vec<Action>,
    ) {
        if let Role::Prospective { votes, .. } | Role::Candidate { votes, .. } = &mut self.role {
            votes.0.insert(from, granted);
            self.count_votes(now_ms, out);
        }
    }

    fn count_votes(&mut self, now_ms: i64, out: &mut Vec<Action>) {
        let voters = self.history.voters();
        let majority = voters.majority();
        let (votes, binding) = match &self.role {
            Role::Prospective { votes, .. } => (votes, false),
            Role::Candidate { votes, .. } => (votes, true),
            _ => return,
        };
        let granting: Vec<NodeId> = votes
            .granted()
            .filter(|id| voters.voter(*id).is_some())
            .collect();
        if granting.len() >= majority {
            return if binding {
                self.lead(now_ms, granting, out)
            } else {
                self.become_candidate(now_ms, out)
            };
        }
        let lost = votes.rejected() > voters.len() - majority;
        let pause = self.config.election_backoff_ms_max;
        if lost && binding {
            let retry = now_ms + self.random_below(pause);
            if let Role::Candidate { deadline_ms, .. } = &mut self.role {
                *deadline_ms = retry.min(*deadline_ms);
            }
        }
    }

    /// A random number below `bound` (splitmix64: all that jitter needs).
    pub(super) fn random_below(&mut self, bound: i64) -> i64 {
        self.jitter = self.jitter.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.jitter;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let bits = (bits ^ (bits >> 31)) >> 1;
        i64::try_from(bits).unwrap_or(0) % bound.max(1)
    }

    pub(super) fn election_deadline(&mut self, now_ms: i64) -> i64 {
        now_ms
            + self.config.election_timeout_ms
            + self.random_below(self.config.election_timeout_ms)
    }

    pub(super) fn vote_request(&self, to: NodeId, pre_vote: bool) -> Request {
        Request::Vote(Vote {
            epoch: self.epoch,
            candidate: self.local,
            voter: self.voters().voter(to).map(|voter| voter.key),
            last_epoch: self.log.last_epoch(),
            end_offset: self.log.end,
            pre_vote,
        })
    }

    pub(super) fn end_request(&self, preferred: &[ReplicaKey]) -> Request {
        Request::EndQuorumEpoch(EndQuorumEpoch {
            leader: self.local.id,
            epoch: self.epoch,
            preferred_successors: preferred.to_vec(),
        })
    }
}
