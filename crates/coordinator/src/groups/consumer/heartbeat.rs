//! A member reports: it joins, changes what it reads, says what it has, and hears what it shall have.

use super::answer::{ConsumerAnswer, ConsumerHeartbeat, assignment};
use super::kept::{Change, Current, MemberState, Owned, Partitions, Subscription};
use super::reconcile::{Claimed, Goal};
use super::{Became, ConsumerGroup, patterns};
use crate::groups::assign::Assignor;
use crate::groups::classic::Step;
use crate::groups::command::GroupError;
use klamm_codec::Str;

/// A member that left, and may come back under its instance id.
pub(super) const LEFT_FOR_A_WHILE: i32 = -2;
/// A member that left.
const LEFT: i32 = -1;

/// What a group keeps of a request has to fit a record.
const SUBSCRIPTION_BYTES_MAX: usize = 512 * 1024;
const TEXT_BYTES_MAX: usize = 8 * 1024;

impl ConsumerHeartbeat {
    /// What can be said of a request without looking at its group.
    ///
    /// # Errors
    /// The request contradicts itself, is too large, or names an assignor that is not there.
    pub fn check(&self, assignors: &[Assignor]) -> Result<(), GroupError> {
        let is_blank = |text: &str| text.trim().is_empty();
        let is_blank_if_there = |text: &Option<Str>| text.as_deref().is_some_and(is_blank);
        let needs_id = self.brings_its_id || self.member_epoch > 0 || self.member_epoch == LEFT;
        let complaint = if needs_id && is_blank(&self.member_id) {
            "the member id is empty"
        } else if is_blank(&self.group) {
            "the group id is empty"
        } else if is_blank_if_there(&self.instance_id) {
            "the instance id is empty"
        } else if is_blank_if_there(&self.rack_id) {
            "the rack id is empty"
        } else if self.joins() && self.rebalance_timeout_ms == -1 {
            "a member that joins says its rebalance timeout"
        } else if self.joins() && !self.owned.as_ref().is_some_and(Vec::is_empty) {
            "a member that joins has no partitions, and says so"
        } else if self.joins() && self.topics.is_none() && self.pattern.is_none() {
            "a member that joins says what it reads"
        } else if self.member_epoch == LEFT_FOR_A_WHILE && self.instance_id.is_none() {
            "only a static member leaves for a while"
        } else if self.member_epoch < LEFT_FOR_A_WHILE {
            "there is no such member epoch"
        } else if !self.fits_records() {
            "the request is too large"
        } else {
            return match &self.assignor {
                Some(name) if !assignors.iter().any(|known| known.name() == &**name) => {
                    Err(GroupError::UnsupportedAssignor)
                }
                _ => Ok(()),
            };
        };
        Err(GroupError::InvalidRequest(complaint))
    }

    /// What can still be wrong with a member that joins a group which is there.
    ///
    /// # Errors
    /// Its pattern can't be read.
    pub(in crate::groups) fn check_pattern(&self) -> Result<(), GroupError> {
        let pattern = self.pattern.as_ref().filter(|pattern| !pattern.is_empty());
        pattern.map_or(Ok(()), |pattern| patterns::check(pattern))
    }

    fn fits_records(&self) -> bool {
        let texts = [
            Some(&self.group),
            Some(&self.member_id),
            self.instance_id.as_ref(),
        ];
        let others = [
            self.rack_id.as_ref(),
            self.pattern.as_ref(),
            Some(&self.client_id),
        ];
        let topics = self.topics.iter().flatten().map(|topic| topic.len() + 4);
        let mut texts = texts.into_iter().chain(others).flatten();
        texts.all(|text| text.len() <= TEXT_BYTES_MAX)
            && topics.sum::<usize>() <= SUBSCRIPTION_BYTES_MAX
    }
}

/// Who reports.
pub(super) struct Identified {
    pub(super) member_id: Str,
    pub(super) is_new: bool,
    /// The member that this one, with the same instance id, takes the place of.
    pub(super) replaces: Option<Str>,
}

impl ConsumerGroup {
    /// A member reports, or leaves.
    pub(in crate::groups) fn heartbeat(
        &mut self,
        heartbeat: &ConsumerHeartbeat,
        step: &mut Step<'_>,
    ) -> (Result<ConsumerAnswer, GroupError>, Became) {
        if heartbeat.member_epoch < 0 {
            return self.leave(heartbeat, step);
        }
        (self.stay(heartbeat, step), Became::TheSame)
    }

    fn stay(
        &mut self,
        heartbeat: &ConsumerHeartbeat,
        step: &mut Step<'_>,
    ) -> Result<ConsumerAnswer, GroupError> {
        let who = self.identify(heartbeat, step)?;
        let id = &who.member_id;
        self.check_state(&who, heartbeat)?;
        let wanted = self.wanted(&who, heartbeat);
        if let Some(pattern) = wanted.as_ref().and_then(Subscription::active_pattern)
            && !self.kept.subscribed_patterns.contains_key(pattern)
        {
            patterns::check(pattern)?;
        }
        // From here on nothing fails.
        if let Some(old) = &who.replaces {
            self.replace(old, id, step);
        }
        let had = self.assigned_to(id);
        let is_new_subscription = self.subscribe(id, wanted, step);
        if who.is_new {
            self.welcome(id, step);
        }
        self.follow_topics(is_new_subscription || who.is_new, step);
        self.plan_target(step);
        self.reconcile(id, is_new_subscription, heartbeat.owned.as_ref(), step);
        self.renew(id, step);
        self.watch_if_moved(id, step);
        let has = self.assigned_to(id);
        let is_told = heartbeat.joins() || heartbeat.is_full() || had != has;
        let times = step.around.consumer_times(&self.id);
        let member_epoch = self
            .kept
            .members
            .get(id)
            .map_or(0, |member| member.current.epoch);
        Ok(ConsumerAnswer {
            member_id: id.clone(),
            member_epoch,
            heartbeat_interval_ms: self.interval_ms(
                id,
                step.now.monotonic,
                times.heartbeat_interval_ms,
            ),
            assignment: is_told.then(|| assignment(&has.unwrap_or_default())),
        })
    }

    fn identify(
        &self,
        heartbeat: &ConsumerHeartbeat,
        step: &Step<'_>,
    ) -> Result<Identified, GroupError> {
        let members = &self.kept.members;
        let is_known = members.contains_key(&*heartbeat.member_id);
        if members.len() >= step.config.consumer.members_max && !is_known {
            return Err(GroupError::GroupMaxSizeReached);
        }
        let member_id = if heartbeat.member_id.is_empty() {
            Str::from(heartbeat.random.to_string())
        } else {
            heartbeat.member_id.detached()
        };
        let holder = heartbeat
            .instance_id
            .as_ref()
            .map(|id| self.kept.instances.get(id));
        let replaces = match holder {
            None if heartbeat.joins() => None,
            None if !is_known => return Err(GroupError::UnknownMemberId),
            None => None,
            Some(None) if heartbeat.joins() => None,
            Some(None) => return Err(GroupError::UnknownMemberId),
            Some(Some(holder)) if *holder == member_id => None,
            Some(Some(holder)) if heartbeat.joins() => {
                self.check_released(holder)?;
                Some(holder.clone())
            }
            Some(Some(_)) => return Err(GroupError::FencedInstanceId),
        };
        if !heartbeat.joins() {
            self.check_epoch(&member_id, heartbeat)?;
        }
        let is_new = !members.contains_key(&*member_id) && replaces.is_none();
        Ok(Identified { member_id, is_new, replaces })
    }

    /// The holder of an instance id gives it up by leaving for a while; one of the classic protocol just loses it.
    fn check_released(&self, holder: &str) -> Result<(), GroupError> {
        let holder = self.kept.members.get(holder);
        let is_held = holder.is_some_and(|holder| {
            holder.subscription.classic.is_none() && holder.current.epoch != LEFT_FOR_A_WHILE
        });
        if is_held {
            Err(GroupError::UnreleasedInstanceId)
        } else {
            Ok(())
        }
    }

    fn check_epoch(
        &self,
        member_id: &str,
        heartbeat: &ConsumerHeartbeat,
    ) -> Result<(), GroupError> {
        let member = self
            .kept
            .members
            .get(member_id)
            .ok_or(GroupError::UnknownMemberId)?;
        let current = &member.current;
        let is_current = heartbeat.member_epoch == current.epoch;
        // The answer that raised its epoch may have been lost.
        let missed_one = heartbeat.member_epoch < current.epoch
            && heartbeat.member_epoch == current.previous_epoch
            && is_part_of(heartbeat.owned.as_ref(), &current.assigned);
        if is_current || missed_one {
            Ok(())
        } else {
            Err(GroupError::FencedMemberEpoch)
        }
    }

    /// A member in a state that only a newer broker knows has to join without anything.
    fn check_state(
        &self,
        who: &Identified,
        heartbeat: &ConsumerHeartbeat,
    ) -> Result<(), GroupError> {
        let id = who.replaces.as_ref().unwrap_or(&who.member_id);
        let member = self.kept.members.get(id);
        let is_unknown = member.is_some_and(|member| member.current.state == MemberState::Unknown);
        if is_unknown && !heartbeat.owned.as_ref().is_some_and(Vec::is_empty) {
            return Err(GroupError::FencedMemberEpoch);
        }
        Ok(())
    }

    /// The subscription after this heartbeat; `None` if it is as it was.
    fn wanted(&self, who: &Identified, heartbeat: &ConsumerHeartbeat) -> Option<Subscription> {
        let id = who.replaces.as_ref().unwrap_or(&who.member_id);
        let old = self.kept.members.get(id).map(|member| &member.subscription);
        let is_same = |new: &Option<Str>, old: &Option<Str>| new.is_none() || new == old;
        if let Some(old) = old
            && heartbeat.topics.is_none()
            && is_same(&heartbeat.pattern, &old.pattern)
            && is_same(&heartbeat.instance_id, &old.instance_id)
            && is_same(&heartbeat.rack_id, &old.rack_id)
            && is_same(&heartbeat.assignor, &old.assignor)
            && [-1, old.rebalance_timeout_ms].contains(&heartbeat.rebalance_timeout_ms)
            && heartbeat.client_id == old.client_id
            && heartbeat.client_host == old.client_host
            && old.classic.is_none()
        {
            return None;
        }
        let mut new = old.cloned().unwrap_or_default();
        if let Some(topics) = &heartbeat.topics {
            new.topics = topics.iter().map(Str::detached).collect();
        }
        for (new, brought) in [
            (&mut new.pattern, &heartbeat.pattern),
            (&mut new.instance_id, &heartbeat.instance_id),
            (&mut new.rack_id, &heartbeat.rack_id),
            (&mut new.assignor, &heartbeat.assignor),
        ] {
            if let Some(brought) = brought {
                *new = Some(brought.detached());
            }
        }
        if heartbeat.rebalance_timeout_ms != -1 {
            new.rebalance_timeout_ms = heartbeat.rebalance_timeout_ms;
        }
        new.client_id = heartbeat.client_id.detached();
        new.client_host = heartbeat.client_host.detached();
        new.classic = None;
        (old != Some(&new)).then_some(new)
    }

    /// Writes a subscription. Whether the topics that the member reads may be others now.
    pub(super) fn subscribe(
        &mut self,
        member_id: &Str,
        wanted: Option<Subscription>,
        step: &mut Step<'_>,
    ) -> bool {
        let Some(wanted) = wanted else { return false };
        let old = self
            .kept
            .members
            .get(member_id)
            .map(|member| &member.subscription);
        let reads_others = old.is_none_or(|old| {
            old.topics != wanted.topics || old.active_pattern() != wanted.active_pattern()
        });
        let pattern = wanted.active_pattern().cloned();
        self.change(
            Change::Subscription(member_id.clone(), Some(Box::new(wanted))),
            step,
        );
        if reads_others {
            self.drop_unused_patterns(step);
            if let Some(pattern) = pattern {
                self.resolve_new(&pattern, step);
            }
        }
        reads_others
    }

    /// The epoch grows with what the group reads, and with the topics themselves.
    pub(super) fn follow_topics(&mut self, is_changed: bool, step: &mut Step<'_>) {
        let topics_changed = self.look_at_topics(step);
        if is_changed || topics_changed || self.kept.epoch == 0 {
            self.bump(step);
        }
    }

    /// Brings a member a step closer to its target.
    pub(super) fn reconcile(
        &mut self,
        member_id: &Str,
        is_new_subscription: bool,
        claimed: Option<&Claimed>,
        step: &mut Step<'_>,
    ) {
        let Some(member) = self.kept.members.get(member_id) else {
            return;
        };
        if self.has_arrived(member) && !is_new_subscription {
            return;
        }
        let nothing = Partitions::new();
        let subscribed = self.subscribed_ids(&member.subscription, step.around);
        let goal = Goal {
            epoch: self.kept.assignment_epoch,
            target: self.kept.targets.get(member_id).unwrap_or(&nothing),
            subscribed: &subscribed,
            is_new_subscription,
            is_owned: |topic, partition| self.kept.owners.contains_key(&(topic, partition)),
            claimed,
        };
        if let Some(next) = goal.step(&member.current)
            && next != member.current
        {
            self.set_current(member_id, next, step);
        }
    }

    fn assigned_to(&self, member_id: &str) -> Option<Owned> {
        let member = self.kept.members.get(member_id);
        member.map(|member| member.current.assigned.clone())
    }

    pub(super) fn watch_if_moved(&mut self, member_id: &str, step: &mut Step<'_>) {
        let Some(member) = self.kept.members.get(member_id) else {
            return;
        };
        let epoch = member.current.epoch;
        let revokes = member.current.state == MemberState::UnrevokedPartitions;
        let session = self.live.sessions.get(member_id);
        let watched = session
            .and_then(|session| session.revoke_by)
            .map(|(_, epoch)| epoch);
        if revokes != watched.is_some() || (revokes && watched != Some(epoch)) {
            self.watch_revocation(member_id, step);
        }
        self.note_move(member_id, step);
    }

    /// Another member takes the place of one with the same instance id, with all that it has.
    pub(super) fn replace(&mut self, old: &Str, new: &Str, step: &mut Step<'_>) {
        let Some(member) = self.kept.members.get(old).cloned() else {
            return;
        };
        let target = self.kept.targets.get(old).cloned();
        self.remove_records(old, step);
        let current = Current { epoch: 0, previous_epoch: 0, ..member.current };
        self.change(
            Change::Subscription(new.clone(), Some(Box::new(member.subscription))),
            step,
        );
        self.change(
            Change::Target(new.clone(), Some(target.unwrap_or_default())),
            step,
        );
        self.change(Change::Current(new.clone(), Some(current)), step);
        self.move_session(old, new);
    }
}

/// Whether a member has nothing but what it should.
fn is_part_of(claimed: Option<&Claimed>, assigned: &Owned) -> bool {
    claimed.is_some_and(|claimed| {
        claimed.iter().all(|(topic, partitions)| {
            let have = assigned.get(topic);
            partitions
                .iter()
                .all(|one| have.is_some_and(|have| have.contains_key(one)))
        })
    })
}
