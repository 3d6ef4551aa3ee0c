//! What a log does not keep of a consumer group: sessions, waits, and when things happened.

use super::kept::{Change, MemberState};
use super::{Became, ConsumerGroup};
use crate::groups::classic::Step;
use crate::groups::command::GroupKind;
use crate::groups::departure::{Departure, Observation};
use crate::groups::standing::{Moves, Pause};
use crate::groups::timers::Due;
use klamm_codec::Str;
use std::collections::BTreeMap;

/// What is known since the shard was loaded. Times are of the monotonic clock, in milliseconds, unless they say wall.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) sessions: BTreeMap<Str, Session>,
    /// The last time that the group's epoch or a member's assignment moved.
    pub(super) changed_at: i64,
    /// The last time that the group's epoch grew.
    pub(super) bumped_at: i64,
    /// When the last target was made.
    pub(super) assigned_at: Option<i64>,
    /// When the next target may be made, if one is wanted.
    pub(super) target_due: Option<i64>,
    /// The metadata that was looked at last.
    pub(super) seen_version: Option<i64>,
    /// The metadata over which the hash was made last, while patterns wait to be matched.
    pub(super) hashed_version: Option<i64>,
    /// When the patterns were matched last.
    pub(super) matched_at: Option<i64>,
    /// Wall time since when there are no members.
    pub(super) empty_since_ms: Option<i64>,
}

/// Before anything happened.
impl Default for Live {
    fn default() -> Self {
        Self {
            sessions: BTreeMap::new(),
            changed_at: i64::MIN / 2,
            bumped_at: i64::MIN / 2,
            assigned_at: None,
            target_due: None,
            seen_version: None,
            hashed_version: None,
            matched_at: None,
            empty_since_ms: None,
        }
    }
}

/// What limits a member's stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Session {
    /// Without a heartbeat it ends.
    pub(super) ends: i64,
    /// Until then it has to have given back what it has to, in this epoch.
    pub(super) revoke_by: Option<(i64, i32)>,
    /// A classic member has to join again until then.
    pub(super) join_by: Option<i64>,
    /// A classic member has to ask for its assignment until then.
    pub(super) sync_by: Option<i64>,
    /// When it was heard, and when its assignment moved.
    pub(super) moves: Moves,
    /// The earliest time in the set of timers.
    timer: i64,
}

impl Session {
    fn new(ends: i64) -> Self {
        Self {
            ends,
            revoke_by: None,
            join_by: None,
            sync_by: None,
            moves: Moves::default(),
            timer: i64::MAX,
        }
    }

    fn next(&self) -> i64 {
        let revoke_by = self.revoke_by.map(|(by, _)| by);
        let others = [revoke_by, self.join_by, self.sync_by];
        others.into_iter().flatten().fold(self.ends, i64::min)
    }
}

impl ConsumerGroup {
    /// The log was read: all sessions begin.
    pub(in crate::groups) fn loaded(&mut self, step: &mut Step<'_>) {
        self.live.changed_at = step.now.monotonic;
        let members: Vec<Str> = self.kept.members.keys().cloned().collect();
        for member in members {
            self.begin_session(&member, step);
            self.watch_revocation(&member, step);
            self.note_move(&member, step);
        }
        self.mend(step);
        if self.kept.epoch > self.kept.assignment_epoch && !self.kept.members.is_empty() {
            self.plan_target(step);
        }
    }

    /// The member lives: its session begins anew.
    pub(super) fn renew(&mut self, member_id: &str, step: &mut Step<'_>) {
        self.begin_session(member_id, step);
        if let Some(session) = self.live.sessions.get_mut(member_id) {
            session.moves.heard_at = Some(step.now.monotonic);
        }
    }

    /// A new member: whatever it gets, it waits for it from now on.
    pub(super) fn welcome(&mut self, member_id: &str, step: &mut Step<'_>) {
        self.begin_session(member_id, step);
        if let Some(session) = self.live.sessions.get_mut(member_id) {
            session.moves.begin(step.now.monotonic);
        }
    }

    pub(super) fn begin_session(&mut self, member_id: &str, step: &mut Step<'_>) {
        let Some((id, member)) = self.kept.members.get_key_value(member_id) else {
            return;
        };
        let timeout_ms = match &member.subscription.classic {
            Some(classic) => classic.session_timeout_ms,
            None => step.around.consumer_times(&self.id).session_timeout_ms,
        };
        let ends = step.now.monotonic + i64::from(timeout_ms);
        let session = self
            .live
            .sessions
            .entry(id.clone())
            .or_insert_with(|| Session::new(ends));
        session.ends = ends;
        self.arm(member_id, step);
    }

    /// Changes what limits a member's stay.
    pub(super) fn limit(
        &mut self,
        member_id: &str,
        step: &mut Step<'_>,
        change: impl FnOnce(&mut Session),
    ) {
        if let Some(session) = self.live.sessions.get_mut(member_id) {
            change(session);
            self.arm(member_id, step);
        }
    }

    /// An entry that stands too early does no harm; a late one would.
    fn arm(&mut self, member_id: &str, step: &mut Step<'_>) {
        if let Some(session) = self.live.sessions.get_mut(member_id)
            && session.next() < session.timer
        {
            session.timer = session.next();
            let due = Due::Session { group: self.id.clone(), member: Str::from(member_id) };
            step.timers.at(session.timer, due);
        }
    }

    /// A member that has to give partitions back has its rebalance timeout for that.
    pub(super) fn watch_revocation(&mut self, member_id: &str, step: &mut Step<'_>) {
        let Some(member) = self.kept.members.get(member_id) else {
            return;
        };
        let revokes = member.current.state == MemberState::UnrevokedPartitions
            && member.subscription.classic.is_none();
        let by = step.now.monotonic + i64::from(member.subscription.rebalance_timeout_ms.max(0));
        let revoke_by = revokes.then_some((by, member.current.epoch));
        self.limit(member_id, step, |session| session.revoke_by = revoke_by);
    }

    /// Keeps since when a member's assignment moves, and tells how long it took. A member that only has to hear of a new
    /// epoch does not move.
    pub(super) fn note_move(&mut self, member_id: &str, step: &mut Step<'_>) {
        let Some(member) = self.kept.members.get(member_id) else {
            return;
        };
        let is_moving = self.is_moving(member_id, member);
        let now = step.now.monotonic;
        if let Some(session) = self.live.sessions.get_mut(member_id) {
            if is_moving {
                session.moves.begin(now);
            } else if let Some(ms) = session.moves.end(now) {
                let pause = Pause { kind: GroupKind::Consumer, ms };
                step.out.observations.push(Observation::Pause(pause));
            }
        }
    }

    /// One of a member's times has come, if it was not moved. A group that lost its last member of the consumer
    /// protocol may have become another kind.
    pub(in crate::groups) fn time_is_up(&mut self, member_id: &str, step: &mut Step<'_>) -> Became {
        let now = step.now.monotonic;
        let Some(session) = self.live.sessions.get_mut(member_id) else {
            return Became::TheSame;
        };
        if session.timer > now {
            return Became::TheSame;
        }
        session.timer = i64::MAX;
        let epoch = self
            .kept
            .members
            .get(member_id)
            .map(|member| member.current.epoch);
        let is_past = |by: Option<i64>| by.is_some_and(|by| by <= now);
        let limits = [
            (Some(session.ends), Departure::Session),
            (session.join_by, Departure::Join),
            (session.sync_by, Departure::Sync),
            (
                session
                    .revoke_by
                    .filter(|(_, since)| Some(*since) == epoch)
                    .map(|(by, _)| by),
                Departure::Revocation,
            ),
        ];
        if let Some((_, why)) = limits.into_iter().find(|(by, _)| is_past(*by)) {
            return self.fence(&[Str::from(member_id)], why, step);
        }
        session.revoke_by = session.revoke_by.filter(|(by, _)| *by > now);
        self.arm(member_id, step);
        Became::TheSame
    }

    /// Members are gone.
    pub(super) fn forget_sessions(&mut self, members: &[Str], wall: i64) {
        for member in members {
            self.live.sessions.remove(&**member);
        }
        if self.kept.members.is_empty() {
            self.live.empty_since_ms = Some(wall);
        }
    }

    /// Another member id stands for the same member.
    pub(super) fn move_session(&mut self, from: &str, to: &Str) {
        if let Some(mut session) = self.live.sessions.remove(from) {
            session.timer = i64::MAX;
            self.live.sessions.insert(to.clone(), session);
        }
    }

    /// Wall time since when there are no members; what the log says of it after a restart is the last target.
    pub(in crate::groups) fn empty_since_ms(&self) -> i64 {
        self.live.empty_since_ms.unwrap_or(self.kept.assigned_at_ms)
    }

    /// Writes what a member has now.
    pub(super) fn set_current(
        &mut self,
        member_id: &Str,
        current: super::kept::Current,
        step: &mut Step<'_>,
    ) {
        self.change(Change::Current(member_id.clone(), Some(current)), step);
        self.live.changed_at = step.now.monotonic;
    }
}
