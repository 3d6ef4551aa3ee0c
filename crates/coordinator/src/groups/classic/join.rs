//! Joining: new members, members that come back, static members that replace themselves.

use super::{ClassicGroup, GroupState, Member, NEW_MEMBER_WAIT_MS, NO_TIMER, Step, arm, keep};
use crate::groups::command::{GroupError, Join, JoinRefused, Joined, JoinedMember, Reply};
use crate::groups::departure::Departure;
use crate::groups::standing::Moves;
use crate::groups::subscription::{EmbeddedAssignment, EmbeddedSubscription};
use crate::groups::timers::Due;
use crate::shard::Ticket;
use bytes::Bytes;
use klamm_codec::Str;
use std::collections::{BTreeMap, BTreeSet};

impl ClassicGroup {
    pub(in crate::groups) fn join(&mut self, join: &Join, ticket: Ticket, step: &mut Step<'_>) {
        if let Err(error) = self.try_join(join, ticket, step) {
            let member_id = match error {
                GroupError::GroupMaxSizeReached => Str::EMPTY,
                _ => join.member_id.clone(),
            };
            refuse(ticket, error, member_id, step);
        }
    }

    fn try_join(
        &mut self,
        join: &Join,
        ticket: Ticket,
        step: &mut Step<'_>,
    ) -> Result<(), GroupError> {
        if !self.has_room(&join.member_id, step.config.members_max) {
            self.forget(&join.member_id, step);
            return Err(GroupError::GroupMaxSizeReached);
        }
        if !self.supports(join) {
            return Err(GroupError::InconsistentGroupProtocol);
        }
        if join.member_id.is_empty() {
            self.join_new(join, ticket, step);
            return Ok(());
        }
        if join.instance_id.is_none() && self.forget_promise(&join.member_id, step) {
            self.add(join.member_id.detached(), join, ticket, step);
            return Ok(());
        }
        self.check_member(&join.member_id, join.instance_id.as_ref())?;
        self.join_again(join, ticket, step)
    }

    fn has_room(&self, member_id: &str, max: usize) -> bool {
        match self.state {
            GroupState::Empty | GroupState::Dead => true,
            GroupState::PreparingRebalance => {
                let waits = |m: &Member| m.joining.is_some();
                self.members.get(member_id).is_some_and(waits)
                    || self.members.values().filter(|m| waits(m)).count() < max
            }
            GroupState::CompletingRebalance | GroupState::Stable => {
                self.members.contains_key(member_id) || self.members.len() < max
            }
        }
    }

    /// Removes a member for which there is no room, without more ado.
    fn forget(&mut self, member_id: &str, step: &mut Step<'_>) {
        self.forget_promise(member_id, step);
        if self.members.contains_key(member_id) {
            self.remove_member(member_id, Departure::NoRoom, step);
            self.after_removal(step);
        }
    }

    fn supports(&self, join: &Join) -> bool {
        if join.protocol_type.is_empty() || join.protocols.is_empty() {
            return false;
        }
        if self.members.is_empty() {
            return true;
        }
        self.protocol_type.as_ref() == Some(&join.protocol_type) && {
            let known = self.known_by_all();
            join.protocols.iter().any(|(name, _)| known.contains(name))
        }
    }

    /// The protocols that every member knows. Clients choose how many they name: no long list is searched for each entry of
    /// another.
    fn known_by_all(&self) -> BTreeSet<&Str> {
        let mut members = self.members.values();
        let first = members.next().into_iter().flat_map(names);
        let mut known: BTreeSet<&Str> = first.collect();
        for member in members {
            if member.protocols.len() <= SHORT_LIST {
                known.retain(|name| names(member).any(|have| have == *name));
            } else {
                let have: BTreeSet<&Str> = names(member).collect();
                known.retain(|name| have.contains(*name));
            }
        }
        known
    }

    fn join_new(&mut self, join: &Join, ticket: Ticket, step: &mut Step<'_>) {
        let name = join.instance_id.as_ref().unwrap_or(&join.client_id);
        let member_id = Str::from(format!("{name}-{}", hyphenated(join.random)));
        if let Some(instance) = &join.instance_id {
            match self.instances.get(instance).cloned() {
                Some(old) => self.replace_static(&old, member_id, join, ticket, step),
                None => self.add(member_id, join, ticket, step),
            }
        } else if join.requires_known_member_id {
            let until = step.now.monotonic + i64::from(join.session_timeout_ms);
            self.promised.insert(member_id.clone(), until);
            let due = Due::Session { group: self.id.clone(), member: member_id.clone() };
            step.timers.at(until, due);
            refuse(ticket, GroupError::MemberIdRequired, member_id, step);
        } else {
            self.add(member_id, join, ticket, step);
        }
    }

    fn add(&mut self, member_id: Str, join: &Join, ticket: Ticket, step: &mut Step<'_>) {
        let now = step.now.monotonic;
        let mut member = Member {
            instance_id: join.instance_id.as_ref().map(Str::detached),
            client_id: join.client_id.detached(),
            client_host: join.client_host.detached(),
            session_timeout_ms: join.session_timeout_ms,
            rebalance_timeout_ms: join.rebalance_timeout_ms,
            protocols: keep(&join.protocols),
            assignment: Bytes::new(),
            joining: Some(ticket),
            syncing: None,
            is_new: true,
            owes_sync: false,
            session_ends: now + NEW_MEMBER_WAIT_MS,
            moves: Moves::default(),
            timer: NO_TIMER,
        };
        member.moves.heard_at = Some(now);
        member.moves.begin(now);
        arm(&self.id, &member_id, &mut member, step);
        if self.members.is_empty() {
            self.protocol_type = Some(join.protocol_type.detached());
        }
        self.leader.get_or_insert_with(|| member_id.clone());
        if let Some(instance) = &member.instance_id {
            self.instances.insert(instance.clone(), member_id.clone());
        }
        self.members.insert(member_id, member);
        self.rebalance_or_go_on(step);
        self.wait_a_little_longer(step);
    }

    fn join_again(
        &mut self,
        join: &Join,
        ticket: Ticket,
        step: &mut Step<'_>,
    ) -> Result<(), GroupError> {
        let member_id = &*join.member_id;
        let unchanged = self
            .members
            .get(member_id)
            .is_some_and(|member| member.has_protocols(&join.protocols));
        let is_leader = self.leader.as_deref() == Some(member_id);
        match self.state {
            GroupState::PreparingRebalance => {}
            // The answer to its join was lost: it gets the same again.
            GroupState::CompletingRebalance if unchanged => {
                self.answer_join(member_id, ticket, step);
                return Ok(());
            }
            GroupState::CompletingRebalance => {}
            // A leader that joins again saw a change of the topics.
            GroupState::Stable if is_leader || !unchanged => {}
            GroupState::Stable => {
                self.answer_join(member_id, ticket, step);
                self.renew(member_id, step);
                return Ok(());
            }
            GroupState::Empty | GroupState::Dead => return Err(GroupError::UnknownMemberId),
        }
        self.update(member_id, join, ticket, step);
        self.rebalance_or_go_on(step);
        Ok(())
    }

    fn update(&mut self, member_id: &str, join: &Join, ticket: Ticket, step: &mut Step<'_>) {
        let Some(member) = self.members.get_mut(member_id) else {
            return;
        };
        member.moves.heard_at = Some(step.now.monotonic);
        member.protocols = keep(&join.protocols);
        member.session_timeout_ms = join.session_timeout_ms;
        member.rebalance_timeout_ms = join.rebalance_timeout_ms;
        member.client_id = join.client_id.detached();
        member.client_host = join.client_host.detached();
        if let Some(older) = member.joining.replace(ticket) {
            // The client gave that request up.
            let member_id = Str::from(member_id);
            refuse(older, GroupError::RebalanceInProgress, member_id, step);
        }
    }

    /// A static member came back under a new id (KIP-345): the old id is fenced, the assignment stays.
    fn replace_static(
        &mut self,
        old: &Str,
        member_id: Str,
        join: &Join,
        ticket: Ticket,
        step: &mut Step<'_>,
    ) {
        let Some(mut member) = self.members.remove(old) else {
            return;
        };
        if let Some(waiting) = member.joining.take() {
            refuse(waiting, GroupError::FencedInstanceId, old.clone(), step);
        }
        if let Some(waiting) = member.syncing.take() {
            step.reply(waiting, Reply::Sync(Err(GroupError::FencedInstanceId)));
        }
        member.is_new = false;
        member.timer = NO_TIMER;
        if let Some(instance) = &member.instance_id {
            self.instances.insert(instance.clone(), member_id.clone());
        }
        let leader_before = self.leader.clone();
        if self.leader.as_ref() == Some(old) {
            self.leader = Some(member_id.clone());
        }
        self.members.insert(member_id.clone(), member);
        let chosen = self.protocol.clone();
        // What it says now may not tell that any more.
        let owes_round = self.owes_round(&member_id);
        if self.state != GroupState::Stable {
            self.update(&member_id, join, ticket, step);
            self.renew(&member_id, step);
            self.rebalance_or_go_on(step);
            return;
        }
        self.update(&member_id, join, ticket, step);
        self.renew(&member_id, step);
        if owes_round || self.choose_protocol() != chosen {
            self.rebalance_or_go_on(step);
            return;
        }
        if let Some(member) = self.members.get_mut(&*member_id) {
            member.joining = None;
        }
        let record = self.to_record();
        step.record(record);
        let is_leader = self.leader.as_ref() == Some(&member_id);
        let mut joined = self.joined(&member_id);
        if join.supports_skipping_assignment {
            joined.skip_assignment = is_leader;
        } else {
            // An old client must not think that it leads, or it would assign anew.
            joined.leader = leader_before.unwrap_or_default();
            joined.members.clear();
        }
        step.reply(ticket, Reply::Join(Ok(Box::new(joined))));
    }

    /// Whether a member came to the last round with partitions that nobody got in it. It gives them up and joins again, so
    /// that the next round gives them away (KIP-429): if it is gone before, nobody else would begin that round.
    fn owes_round(&self, member_id: &str) -> bool {
        let Some(member) = self.members.get(member_id) else {
            return false;
        };
        if self.protocol_type.as_deref() != Some("consumer") {
            return false;
        }
        let came_with = EmbeddedSubscription::read(&self.metadata_of(member));
        let mut left = BTreeSet::new();
        for (topic, partitions) in came_with.into_iter().flat_map(|came| came.owned) {
            left.extend(
                partitions
                    .into_iter()
                    .map(|partition| (topic.clone(), partition)),
            );
        }
        // Its own part first: mostly that is all.
        for member in std::iter::once(member).chain(self.members.values()) {
            if left.is_empty() {
                return false;
            }
            let got = EmbeddedAssignment::read(&member.assignment);
            for (topic, partitions) in got.into_iter().flat_map(|got| got.partitions) {
                for partition in partitions {
                    left.remove(&(topic.clone(), partition));
                }
            }
        }
        !left.is_empty()
    }

    pub(super) fn answer_join(&self, member_id: &str, ticket: Ticket, step: &mut Step<'_>) {
        let mut joined = self.joined(member_id);
        if self.state == GroupState::Stable {
            joined.members.clear();
        }
        step.reply(ticket, Reply::Join(Ok(Box::new(joined))));
    }

    fn joined(&self, member_id: &str) -> Joined {
        let is_leader = self.leader.as_deref() == Some(member_id);
        let members = if is_leader {
            let all = self.members.iter();
            all.map(|(id, member)| JoinedMember {
                member_id: id.clone(),
                instance_id: member.instance_id.clone(),
                metadata: self.metadata_of(member),
            })
            .collect()
        } else {
            Vec::new()
        };
        Joined {
            generation: self.generation,
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol.clone(),
            leader: self.leader.clone().unwrap_or_default(),
            skip_assignment: false,
            member_id: Str::from(member_id),
            members,
        }
    }

    /// The protocol that most members like best among those that all know. A tie goes to the leader's order.
    pub(super) fn choose_protocol(&self) -> Option<Str> {
        let leader = self.leader.as_ref().and_then(|id| self.members.get(id));
        let first = leader.or_else(|| self.members.values().next())?;
        let known = self.known_by_all();
        let mut votes: BTreeMap<&Str, usize> = BTreeMap::new();
        for member in self.members.values() {
            if let Some(liked) = names(member).find(|name| known.contains(*name)) {
                *votes.entry(liked).or_default() += 1;
            }
        }
        let mut best: Option<(&Str, usize)> = None;
        for name in names(first).filter(|name| known.contains(*name)) {
            let votes = votes.get(name).copied().unwrap_or_default();
            if best.is_none_or(|(_, most)| votes > most) {
                best = Some((name, votes));
            }
        }
        best.map(|(name, _)| name.clone())
    }
}

/// A list that is searched faster than a set is made.
const SHORT_LIST: usize = 16;

/// The protocols of a member, best first.
fn names(member: &Member) -> impl Iterator<Item = &Str> {
    member.protocols.iter().map(|(name, _)| name)
}

pub(super) fn refuse(ticket: Ticket, error: GroupError, member_id: Str, step: &mut Step<'_>) {
    step.reply(ticket, Reply::Join(Err(JoinRefused { error, member_id })));
}

/// The usual form of a UUID, which Kafka's member ids end with.
fn hyphenated(id: klamm_model::Uuid) -> String {
    let hex = format!("{:032x}", id.0);
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    [
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32),
    ]
    .join("-")
}
