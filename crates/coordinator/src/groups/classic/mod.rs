//! One group of the classic protocol.
//!
//! ```text
//! Empty ─▶ PreparingRebalance ─▶ CompletingRebalance ─▶ Stable ─▶ PreparingRebalance …
//!            members join          the leader assigns      heartbeats
//! ```

mod join;
mod leave;
mod persist;
mod round;
mod standing;

use super::command::{GroupConfig, GroupError, Output, Reply};
use super::standing::Moves;
use super::surroundings::Surroundings;
use super::timers::{Due, Timers};
use crate::shard::{Moment, Record, Ticket};
use bytes::Bytes;
use klamm_codec::{EncodeError, Str};
use std::collections::BTreeMap;
use std::fmt;

/// Where a group stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupState {
    /// No members; offsets may be there.
    Empty,
    /// Members join.
    PreparingRebalance,
    /// All have joined, the leader assigns.
    CompletingRebalance,
    /// Everybody has an assignment.
    Stable,
    /// There is no such group.
    Dead,
}

impl fmt::Display for GroupState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A member that has joined, or is about to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) instance_id: Option<Str>,
    pub(super) client_id: Str,
    pub(super) client_host: Str,
    pub(super) session_timeout_ms: i32,
    pub(super) rebalance_timeout_ms: i32,
    pub(super) protocols: Vec<(Str, Bytes)>,
    pub(super) assignment: Bytes,
    /// Its JoinGroup waits.
    pub(super) joining: Option<Ticket>,
    /// Its SyncGroup waits.
    pub(super) syncing: Option<Ticket>,
    /// It has not had an answer to its first join.
    is_new: bool,
    /// It has not asked for the assignment of this generation.
    owes_sync: bool,
    /// When its session ends.
    session_ends: i64,
    /// When it was heard, and when its assignment moved.
    moves: Moves,
    /// The time in the set of timers; never after `session_ends` unless a request of it waits.
    timer: i64,
}

/// The wait of an empty group for more members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct InitialWait {
    /// The longest wait ends.
    until: i64,
}

/// A classic group, or one that only commits offsets: that is an empty one without a protocol type.
#[derive(Debug)]
pub(super) struct ClassicGroup {
    pub(super) id: Str,
    state: GroupState,
    /// Wall time of the last change of `state`; -1 if unknown.
    state_since: i64,
    generation: i32,
    protocol_type: Option<Str>,
    protocol: Option<Str>,
    leader: Option<Str>,
    members: BTreeMap<Str, Member>,
    /// Instance id → member id.
    instances: BTreeMap<Str, Str>,
    /// Ids that were given out, and until when they hold (KIP-394).
    promised: BTreeMap<Str, i64>,
    /// When the wait of this round ends.
    round_ends: Option<i64>,
    initial: Option<InitialWait>,
}

/// What a group uses while it takes a step.
#[derive(Debug)]
pub(super) struct Step<'a> {
    pub(super) now: Moment,
    pub(super) config: &'a GroupConfig,
    pub(super) timers: &'a mut Timers,
    pub(super) around: &'a dyn Surroundings,
    pub(super) out: &'a mut Output,
}

impl Step<'_> {
    pub(super) fn reply(&mut self, ticket: Ticket, reply: Reply) {
        self.out.replies.push((ticket, reply));
    }

    /// A record that can't be written spoils the step: nothing of it may be acknowledged.
    pub(super) fn record(&mut self, record: Result<Record, EncodeError>) {
        match record {
            Ok(record) => self.out.records.push(record),
            Err(error) => self.out.spoiled = Some(error),
        }
    }
}

/// A new member waits for its first answer at most this long, however short its session.
const NEW_MEMBER_WAIT_MS: i64 = 5 * 60 * 1000;

/// No timer of this member is set.
const NO_TIMER: i64 = -1;

impl ClassicGroup {
    pub(super) fn new(id: Str) -> Self {
        Self {
            id,
            state: GroupState::Empty,
            state_since: -1,
            generation: 0,
            protocol_type: None,
            protocol: None,
            leader: None,
            members: BTreeMap::new(),
            instances: BTreeMap::new(),
            promised: BTreeMap::new(),
            round_ends: None,
            initial: None,
        }
    }

    pub(super) fn state(&self) -> GroupState {
        self.state
    }

    pub(super) fn protocol_type(&self) -> Option<&Str> {
        self.protocol_type.as_ref()
    }

    pub(super) fn protocol(&self) -> Option<&Str> {
        self.protocol.as_ref()
    }

    pub(super) fn members(&self) -> &BTreeMap<Str, Member> {
        &self.members
    }

    /// Wall time since when the group is as it is; -1 if unknown.
    pub(super) fn state_since(&self) -> i64 {
        self.state_since
    }

    /// Nothing would be lost if the group were forgotten: no member, no promise, never a generation.
    pub(super) fn is_untouched(&self) -> bool {
        self.state == GroupState::Empty
            && self.generation == 0
            && self.promised.is_empty()
            && self.protocol_type.is_none()
    }

    pub(super) fn generation(&self) -> i32 {
        self.generation
    }

    pub(super) fn has_promises(&self) -> bool {
        !self.promised.is_empty()
    }

    /// An id that was given out is used, or given back. Whether it was given out.
    fn forget_promise(&mut self, member_id: &str, step: &mut Step<'_>) -> bool {
        let Some((member, until)) = self.promised.remove_entry(member_id) else {
            return false;
        };
        let due = Due::Session { group: self.id.clone(), member };
        step.timers.cancel(until, due);
        true
    }

    fn go_to(&mut self, state: GroupState, now: Moment) {
        self.state = state;
        self.state_since = now.wall;
    }

    /// The checks that every request of a member passes.
    pub(super) fn check_member(
        &self,
        member_id: &str,
        instance_id: Option<&Str>,
    ) -> Result<(), GroupError> {
        if let Some(instance) = instance_id {
            match self.instances.get(instance) {
                None => return Err(GroupError::UnknownMemberId),
                Some(current) if *current != *member_id => {
                    return Err(GroupError::FencedInstanceId);
                }
                Some(_) => {}
            }
        }
        if self.members.contains_key(member_id) {
            Ok(())
        } else {
            Err(GroupError::UnknownMemberId)
        }
    }

    /// The member lives: its session begins anew.
    pub(super) fn renew(&mut self, member_id: &str, step: &mut Step<'_>) {
        if let Some(member) = self.members.get_mut(member_id) {
            member.moves.heard_at = Some(step.now.monotonic);
        }
        self.begin_session(member_id, step);
    }

    fn begin_session(&mut self, member_id: &str, step: &mut Step<'_>) {
        let Some(member) = self.members.get_mut(member_id) else {
            return;
        };
        let ends = step.now.monotonic + i64::from(member.session_timeout_ms);
        member.session_ends = ends;
        // The entry that stands is early, which does no harm; a late one would.
        if member.timer > ends || member.timer < step.now.monotonic {
            arm(&self.id, member_id, member, step);
        }
    }

    /// Whether nobody reads the topic. A group whose subscriptions can't be read reads everything.
    pub(super) fn is_subscribed(&self, topic: &str) -> bool {
        if self.members.is_empty() {
            return false;
        }
        if self.protocol_type.as_deref() != Some("consumer") {
            return true;
        }
        self.members.values().any(|member| {
            let metadata = self.metadata_of(member);
            match super::subscription::topics(&metadata) {
                Some(topics) => topics.iter().any(|have| *have == *topic),
                None => true,
            }
        })
    }

    fn metadata_of(&self, member: &Member) -> Bytes {
        let chosen = self.protocol.as_ref();
        let metadata = member
            .protocols
            .iter()
            .find(|(name, _)| Some(name) == chosen);
        metadata.map_or_else(Bytes::new, |(_, metadata)| metadata.clone())
    }

    /// For the chosen protocol.
    pub(super) fn metadata(&self, member: &Member) -> Bytes {
        self.metadata_of(member)
    }

    /// Whether a commit may be taken.
    pub(super) fn check_commit(
        &self,
        member_id: &str,
        instance_id: Option<&Str>,
        generation: i32,
    ) -> Result<(), GroupError> {
        if generation < 0 && self.state == GroupState::Empty {
            // Somebody without membership: an administrator, or a consumer that assigns itself.
            return Ok(());
        }
        if generation < 0 && member_id.is_empty() && instance_id.is_none() {
            return Err(GroupError::UnknownMemberId);
        }
        self.check_member(member_id, instance_id)?;
        if generation != self.generation {
            return Err(GroupError::IllegalGeneration);
        }
        if self.state == GroupState::CompletingRebalance {
            return Err(GroupError::RebalanceInProgress);
        }
        Ok(())
    }

    /// Whether a commit in a transaction may be taken. Clients name their member from version 3 of TxnOffsetCommit on;
    /// who names nobody is let through, and a round under way stops nobody.
    pub(super) fn check_open_commit(
        &self,
        member_id: &str,
        instance_id: Option<&Str>,
        generation: i32,
    ) -> Result<(), GroupError> {
        let names_nobody = member_id.is_empty() && instance_id.is_none();
        if generation < 0 && (names_nobody || self.state == GroupState::Empty) {
            return Ok(());
        }
        self.check_member(member_id, instance_id)?;
        if generation == self.generation {
            Ok(())
        } else {
            Err(GroupError::IllegalGeneration)
        }
    }
}

impl Member {
    /// The end of a session counts only for members of whom no request waits.
    fn waits(&self) -> bool {
        !self.is_new && (self.joining.is_some() || self.syncing.is_some())
    }

    fn has_protocols(&self, protocols: &[(Str, Bytes)]) -> bool {
        self.protocols == protocols
    }
}

fn arm(group: &Str, member_id: &str, member: &mut Member, step: &mut Step<'_>) {
    member.timer = member.session_ends;
    let due = Due::Session { group: group.clone(), member: Str::from(member_id) };
    step.timers.at(member.timer, due);
}

/// Copies what is kept, so that it does not hold the frame that it came in.
fn keep(protocols: &[(Str, Bytes)]) -> Vec<(Str, Bytes)> {
    protocols
        .iter()
        .map(|(name, metadata)| (name.detached(), Bytes::copy_from_slice(metadata)))
        .collect()
}
