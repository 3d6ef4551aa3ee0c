//! A round: members join, the leader assigns, everybody gets its part. And what ends it early.

use super::join::refuse;
use super::{ClassicGroup, GroupState, InitialWait, NO_TIMER, Step, arm};
use crate::groups::command::{GroupError, GroupKind, Heartbeat, Reply, Sync, Synced};
use crate::groups::departure::{Departure, Gone, Observation};
use crate::groups::standing::Pause;
use crate::groups::timers::Due;
use crate::shard::Ticket;
use bytes::Bytes;
use klamm_codec::Str;
use std::collections::BTreeMap;

/// A round for which nobody has come is not looked at more often than this, however short its members' rebalance timeouts.
const NEXT_LOOK_MS_MIN: i64 = 100;

impl ClassicGroup {
    /// A member came or changed: a round begins, or the one under way may be complete.
    pub(super) fn rebalance_or_go_on(&mut self, step: &mut Step<'_>) {
        match self.state {
            GroupState::PreparingRebalance => self.go_on(step),
            _ => self.prepare(step),
        }
    }

    /// A round begins.
    pub(super) fn prepare(&mut self, step: &mut Step<'_>) {
        if self.state == GroupState::CompletingRebalance {
            self.drop_assignments(step);
        }
        let was_empty = self.state == GroupState::Empty;
        self.go_to(GroupState::PreparingRebalance, step.now);
        for member in self.members.values_mut() {
            member.owes_sync = false;
            member.moves.begin(step.now.monotonic);
        }
        let now = step.now.monotonic;
        if was_empty {
            let rebalance = self.rebalance_timeout_ms();
            let until = now + step.config.initial_delay_max_ms.clamp(0, rebalance);
            self.initial = Some(InitialWait { until });
            self.wait_a_little_longer(step);
        } else {
            self.initial = None;
            self.end_round_at(now + self.rebalance_timeout_ms(), step);
            self.go_on(step);
        }
    }

    /// An empty group begins when nobody has come for a while, and at the latest when its whole wait is over.
    pub(super) fn wait_a_little_longer(&mut self, step: &mut Step<'_>) {
        if let Some(initial) = self.initial {
            let quiet = step.now.monotonic + step.config.initial_quiet_ms;
            self.end_round_at(quiet.min(initial.until), step);
        }
    }

    fn end_round_at(&mut self, time: i64, step: &mut Step<'_>) {
        self.end_no_round(step);
        self.round_ends = Some(time);
        step.timers.at(time, Due::Round { group: self.id.clone() });
    }

    /// What is no longer due does not stay in the set of timers: clients choose how far away that is.
    fn end_no_round(&mut self, step: &mut Step<'_>) {
        if let Some(time) = self.round_ends.take() {
            let due = Due::Round { group: self.id.clone() };
            step.timers.cancel(time, due);
        }
    }

    fn rebalance_timeout_ms(&self) -> i64 {
        let timeouts = self.members.values().map(|m| m.rebalance_timeout_ms);
        i64::from(timeouts.max().unwrap_or(0).max(0))
    }

    /// Completes the joins if everybody is there.
    pub(super) fn go_on(&mut self, step: &mut Step<'_>) {
        let all_here = self.promised.is_empty()
            && self.members.values().all(|member| member.joining.is_some());
        if self.state == GroupState::PreparingRebalance && self.initial.is_none() && all_here {
            self.complete_joins(step);
        }
    }

    fn complete_joins(&mut self, step: &mut Step<'_>) {
        let late: Vec<Str> = self
            .members
            .iter()
            .filter(|(_, member)| member.joining.is_none() && member.instance_id.is_none())
            .map(|(id, _)| id.clone())
            .collect();
        for member in late {
            self.remove_member(&member, Departure::Join, step);
        }
        if !self.elect() && !self.members.is_empty() {
            // Only static members are left, and none has joined: they may still come.
            let wait = self.rebalance_timeout_ms().max(NEXT_LOOK_MS_MIN);
            self.end_round_at(step.now.monotonic + wait, step);
            return;
        }
        self.initial = None;
        self.end_no_round(step);
        self.generation = self.generation.checked_add(1).unwrap_or(1);
        if self.members.is_empty() {
            self.protocol = None;
            self.leader = None;
            self.go_to(GroupState::Empty, step.now);
            let record = self.to_record();
            step.record(record);
            return;
        }
        self.protocol = self.choose_protocol();
        self.go_to(GroupState::CompletingRebalance, step.now);
        let waiting: Vec<(Str, Option<Ticket>)> = self
            .members
            .iter_mut()
            .map(|(id, member)| {
                member.is_new = false;
                member.owes_sync = true;
                (id.clone(), member.joining.take())
            })
            .collect();
        for (member_id, ticket) in waiting {
            if let Some(ticket) = ticket {
                self.answer_join(&member_id, ticket, step);
                self.begin_session(&member_id, step);
            }
        }
        let ends = step.now.monotonic + self.rebalance_timeout_ms();
        self.end_round_at(ends, step);
    }

    /// Makes sure that the leader is a member that has joined this round.
    fn elect(&mut self) -> bool {
        let joined = |id: &Str| self.members.get(id).is_some_and(|m| m.joining.is_some());
        if self.leader.as_ref().is_some_and(joined) {
            return true;
        }
        let other = self.members.iter().find(|(_, m)| m.joining.is_some());
        match other.map(|(id, _)| id.clone()) {
            Some(other) => {
                self.leader = Some(other);
                true
            }
            None => false,
        }
    }

    fn drop_assignments(&mut self, step: &mut Step<'_>) {
        let mut answered = Vec::new();
        for (id, member) in &mut self.members {
            member.assignment = Bytes::new();
            if let Some(ticket) = member.syncing.take() {
                let refused = Reply::Sync(Err(GroupError::RebalanceInProgress));
                step.reply(ticket, refused);
                answered.push(id.clone());
            }
        }
        for member_id in answered {
            // Its session may have been over while it waited.
            self.begin_session(&member_id, step);
        }
    }

    pub(in crate::groups) fn sync(&mut self, sync: &Sync, ticket: Ticket, step: &mut Step<'_>) {
        if let Err(error) = self.try_sync(sync, ticket, step) {
            step.reply(ticket, Reply::Sync(Err(error)));
        }
    }

    fn try_sync(
        &mut self,
        sync: &Sync,
        ticket: Ticket,
        step: &mut Step<'_>,
    ) -> Result<(), GroupError> {
        self.check_member(&sync.member_id, sync.instance_id.as_ref())?;
        if sync.generation != self.generation {
            return Err(GroupError::IllegalGeneration);
        }
        let differs = |said: &Option<Str>, have: &Option<Str>| {
            said.is_some() && have.is_some() && said != have
        };
        if differs(&sync.protocol_type, &self.protocol_type)
            || differs(&sync.protocol_name, &self.protocol)
        {
            return Err(GroupError::InconsistentGroupProtocol);
        }
        match self.state {
            GroupState::Empty | GroupState::Dead => Err(GroupError::UnknownMemberId),
            GroupState::PreparingRebalance => Err(GroupError::RebalanceInProgress),
            GroupState::CompletingRebalance => {
                if let Some(member) = self.members.get_mut(&*sync.member_id) {
                    member.owes_sync = false;
                    member.moves.heard_at = Some(step.now.monotonic);
                    if let Some(older) = member.syncing.replace(ticket) {
                        let refused = Reply::Sync(Err(GroupError::RebalanceInProgress));
                        step.reply(older, refused);
                    }
                }
                if self.leader.as_ref() == Some(&sync.member_id) {
                    self.assign(sync, step);
                }
                Ok(())
            }
            GroupState::Stable => {
                if let Some(member) = self.members.get_mut(&*sync.member_id) {
                    member.owes_sync = false;
                }
                self.answer_sync(&sync.member_id, ticket, step);
                self.renew(&sync.member_id, step);
                Ok(())
            }
        }
    }

    /// The leader has decided.
    fn assign(&mut self, sync: &Sync, step: &mut Step<'_>) {
        let given: BTreeMap<&str, &Bytes> = sync
            .assignments
            .iter()
            .map(|(id, assignment)| (&**id, assignment))
            .collect();
        for (id, member) in &mut self.members {
            let assignment = given.get(&**id);
            member.assignment =
                assignment.map_or_else(Bytes::new, |bytes| Bytes::copy_from_slice(bytes));
        }
        self.go_to(GroupState::Stable, step.now);
        let record = self.to_record();
        step.record(record);
        let waiting: Vec<(Str, Ticket)> = self
            .members
            .iter_mut()
            .filter_map(|(id, member)| Some((id.clone(), member.syncing.take()?)))
            .collect();
        for (member_id, ticket) in waiting {
            self.answer_sync(&member_id, ticket, step);
            self.begin_session(&member_id, step);
        }
    }

    fn answer_sync(&mut self, member_id: &str, ticket: Ticket, step: &mut Step<'_>) {
        let member = self.members.get_mut(member_id);
        if let Some(ms) = member.and_then(|member| member.moves.end(step.now.monotonic)) {
            let pause = Pause { kind: GroupKind::Classic, ms };
            step.out.observations.push(Observation::Pause(pause));
        }
        let assignment = self.members.get(member_id).map(|m| m.assignment.clone());
        let synced = Synced {
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol.clone(),
            assignment: assignment.unwrap_or_default(),
        };
        step.reply(ticket, Reply::Sync(Ok(Box::new(synced))));
    }

    pub(in crate::groups) fn heartbeat(
        &mut self,
        heartbeat: &Heartbeat,
        step: &mut Step<'_>,
    ) -> Result<(), GroupError> {
        self.check_member(&heartbeat.member_id, heartbeat.instance_id.as_ref())?;
        if heartbeat.generation != self.generation {
            return Err(GroupError::IllegalGeneration);
        }
        match self.state {
            GroupState::Empty | GroupState::Dead => Err(GroupError::UnknownMemberId),
            GroupState::PreparingRebalance => {
                self.renew(&heartbeat.member_id, step);
                Err(GroupError::RebalanceInProgress)
            }
            GroupState::CompletingRebalance | GroupState::Stable => {
                self.renew(&heartbeat.member_id, step);
                Ok(())
            }
        }
    }

    /// The wait of a round is over, if it was not moved.
    pub(in crate::groups) fn round_is_over(&mut self, step: &mut Step<'_>) {
        if self.round_ends.is_none_or(|ends| ends > step.now.monotonic) {
            return;
        }
        self.round_ends = None;
        match self.state {
            GroupState::PreparingRebalance => {
                if let Some(initial) = self.initial
                    && !self.promised.is_empty()
                    && step.now.monotonic < initial.until
                {
                    // Somebody who was given an id is on the way.
                    self.wait_a_little_longer(step);
                    return;
                }
                self.complete_joins(step);
            }
            GroupState::CompletingRebalance | GroupState::Stable => self.drop_silent(step),
            GroupState::Empty | GroupState::Dead => {}
        }
    }

    /// Removes members that joined, but never asked for their assignment.
    fn drop_silent(&mut self, step: &mut Step<'_>) {
        let silent: Vec<Str> = self
            .members
            .iter()
            .filter(|(_, member)| member.owes_sync)
            .map(|(id, _)| id.clone())
            .collect();
        if silent.is_empty() {
            return;
        }
        for member in &silent {
            self.remove_member(member, Departure::Sync, step);
        }
        self.after_removal(step);
    }

    /// A session, or a promise, is over, if it was not renewed.
    pub(in crate::groups) fn session_is_over(&mut self, member_id: &str, step: &mut Step<'_>) {
        let now = step.now.monotonic;
        if let Some(until) = self.promised.get(member_id) {
            if *until <= now {
                self.promised.remove(member_id);
                self.go_on(step);
            }
            return;
        }
        let Some(member) = self.members.get_mut(member_id) else {
            return;
        };
        if member.timer > now {
            return;
        }
        if member.waits() {
            // The answer will begin a new session.
            member.timer = NO_TIMER;
        } else if member.session_ends > now {
            arm(&self.id, member_id, member, step);
        } else {
            self.remove_member(member_id, Departure::Session, step);
            self.after_removal(step);
        }
    }

    /// Takes a member out and answers what waits.
    pub(super) fn remove_member(&mut self, member_id: &str, why: Departure, step: &mut Step<'_>) {
        let Some((id, member)) = self.members.remove_entry(member_id) else {
            return;
        };
        let due = Due::Session { group: self.id.clone(), member: id.clone() };
        step.timers.cancel(member.timer, due);
        if let Some(ticket) = member.joining {
            refuse(ticket, GroupError::UnknownMemberId, id.clone(), step);
        }
        if let Some(ticket) = member.syncing {
            step.reply(ticket, Reply::Sync(Err(GroupError::UnknownMemberId)));
        }
        if let Some(instance) = member.instance_id
            && self.instances.get(&instance) == Some(&id)
        {
            self.instances.remove(&instance);
        }
        if self.leader.as_ref() == Some(&id) {
            self.leader = self.members.keys().next().cloned();
        }
        step.out.observations.push(Observation::Gone(Gone {
            group: self.id.clone(),
            kind: GroupKind::Classic,
            member: id,
            why,
        }));
    }

    /// Members were removed.
    pub(super) fn after_removal(&mut self, step: &mut Step<'_>) {
        match self.state {
            GroupState::Stable | GroupState::CompletingRebalance => self.prepare(step),
            GroupState::PreparingRebalance => self.go_on(step),
            GroupState::Empty | GroupState::Dead => {}
        }
    }
}
