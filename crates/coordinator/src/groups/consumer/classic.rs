//! Members that speak the classic protocol, in a consumer group: their rounds are of one member each.
//!
//! The coordinator assigns for them, too. A join answers with the member's epoch as the generation, a sync with its
//! partitions, and a heartbeat sends it to join again when its assignment moves.

use super::kept::{ClassicPart, Member, MemberState, Owned, Subscription};
use super::reconcile::Claimed;
use super::{Became, ConsumerGroup};
use crate::groups::classic::Step;
use crate::groups::command::{
    GroupError, Heartbeat, Join, JoinRefused, Joined, MigrationPolicy, Reply, Sync, Synced,
};
use crate::groups::subscription::{EmbeddedAssignment, EmbeddedSubscription, NamedPartitions};
use crate::groups::surroundings::Surroundings;
use crate::shard::Ticket;
use bytes::Bytes;
use klamm_codec::Str;

/// The protocol type of consumers.
pub(super) const CONSUMER: &str = "consumer";

/// Between two targets that are made for classic members at once, for each member of the group, in microseconds.
const TARGET_PAUSE_US: i64 = 200;

impl ConsumerGroup {
    pub(in crate::groups) fn join(
        &mut self,
        join: &Join,
        ticket: Ticket,
        step: &mut Step<'_>,
    ) -> Became {
        match self.try_join(join, step) {
            Ok((joined, became)) => {
                step.reply(ticket, Reply::Join(Ok(Box::new(joined))));
                became
            }
            Err(refused) => {
                step.reply(ticket, Reply::Join(Err(refused)));
                Became::TheSame
            }
        }
    }

    fn try_join(
        &mut self,
        join: &Join,
        step: &mut Step<'_>,
    ) -> Result<(Joined, Became), JoinRefused> {
        let wants_id = join.member_id.is_empty();
        let id = if wants_id {
            Str::from(join.random.to_string())
        } else {
            join.member_id.detached()
        };
        let refuse = |error| JoinRefused {
            error,
            member_id: match error {
                GroupError::MemberIdRequired => id.clone(),
                _ => join.member_id.clone(),
            },
        };
        let read = self.check_join(join, step).map_err(refuse)?;
        if wants_id && join.requires_known_member_id && join.instance_id.is_none() {
            return Err(refuse(GroupError::MemberIdRequired));
        }
        let replaces = self.replaced_by(join, &id, wants_id).map_err(refuse)?;
        // From here on nothing fails.
        let loses_last = replaces.as_ref().is_some_and(|old| {
            self.may_become_classic_without(std::slice::from_ref(old), step)
                || (self.kept.members.len() == 1 && self.is_consumer(old) && allows_downgrade(step))
        });
        if let Some(old) = &replaces {
            self.replace(old, &id, step);
        }
        let wanted = classic_subscription(join, &read, self.kept.members.get(&id));
        let is_new = !self.kept.members.contains_key(&id);
        let wanted = (is_new
            || self.kept.members.get(&id).map(|m| &m.subscription) != Some(&wanted))
        .then_some(wanted);
        let is_new_subscription = self.subscribe(&id, wanted, step);
        if is_new {
            self.welcome(&id, step);
        }
        self.follow_topics(is_new_subscription, step);
        if !loses_last {
            self.plan_target_for_classic(step);
        }
        let claimed = with_ids(&read.owned, step.around);
        self.reconcile(&id, is_new_subscription, Some(&claimed), step);
        self.renew(&id, step);
        let sync_by = step.now.monotonic + i64::from(join.rebalance_timeout_ms.max(0));
        self.limit(&id, step, |session| {
            session.join_by = None;
            session.revoke_by = None;
            session.sync_by = Some(sync_by);
        });
        self.note_move(&id, step);
        let joined = self.joined(&id, join);
        let became = if loses_last {
            let is_behind = self.kept.assignment_epoch < self.kept.epoch;
            self.become_classic(&[], is_behind, step)
        } else {
            Became::TheSame
        };
        Ok((joined, became))
    }

    fn check_join(&self, join: &Join, step: &Step<'_>) -> Result<EmbeddedSubscription, GroupError> {
        if step.config.consumer.migration == MigrationPolicy::Disabled {
            return Err(GroupError::InconsistentGroupProtocol);
        }
        let is_known = self.kept.members.contains_key(&*join.member_id);
        if self.kept.members.len() >= step.config.consumer.members_max && !is_known {
            return Err(GroupError::GroupMaxSizeReached);
        }
        let all_know = |name: &Str| {
            let count = self.kept.classic_protocols.get(name);
            count.copied().unwrap_or_default() == self.kept.classic_members
        };
        if join.protocol_type != *CONSUMER || !join.protocols.iter().any(|(name, _)| all_know(name))
        {
            return Err(GroupError::InconsistentGroupProtocol);
        }
        let first = join.protocols.first().map(|(_, metadata)| metadata);
        let read = first.and_then(EmbeddedSubscription::read);
        read.ok_or(GroupError::InconsistentGroupProtocol)
    }

    /// The member with the same instance id, of which the newcomer takes the place.
    fn replaced_by(&self, join: &Join, id: &Str, is_new: bool) -> Result<Option<Str>, GroupError> {
        let Some(instance) = &join.instance_id else {
            return Ok(None);
        };
        match self.kept.instances.get(instance) {
            None if is_new => Ok(None),
            None => Err(GroupError::UnknownMemberId),
            Some(holder) if holder == id => Ok(None),
            Some(holder) if is_new => Ok(Some(holder.clone())),
            Some(_) => Err(GroupError::FencedInstanceId),
        }
    }

    fn is_consumer(&self, id: &str) -> bool {
        let member = self.kept.members.get(id);
        member.is_some_and(|member| member.subscription.classic.is_none())
    }

    /// A classic member would hear of a later target only with its next heartbeat: it gets one at once, but for so
    /// large groups that this is much work.
    fn plan_target_for_classic(&mut self, step: &mut Step<'_>) {
        let count = i64::try_from(self.kept.members.len()).unwrap_or(i64::MAX);
        let pause_ms = count.saturating_mul(TARGET_PAUSE_US) / 1_000;
        let is_free = self
            .live
            .assigned_at
            .is_none_or(|at| at + pause_ms <= step.now.monotonic);
        if is_free && self.kept.epoch > self.kept.assignment_epoch {
            self.live.target_due = None;
            self.make_target(step);
        } else {
            self.plan_target(step);
        }
    }

    fn joined(&self, id: &Str, join: &Join) -> Joined {
        let epoch = self
            .kept
            .members
            .get(id)
            .map_or(0, |member| member.current.epoch);
        Joined {
            generation: epoch,
            protocol_type: Some(Str::from_static(CONSUMER)),
            protocol_name: join.protocols.first().map(|(name, _)| name.clone()),
            // Nobody leads: the coordinator assigns.
            leader: Str::EMPTY,
            skip_assignment: false,
            member_id: id.clone(),
            members: Vec::new(),
        }
    }

    pub(in crate::groups) fn sync(
        &mut self,
        sync: &Sync,
        step: &mut Step<'_>,
    ) -> Result<Synced, GroupError> {
        let member = self.classic_member(&sync.member_id, sync.instance_id.as_ref())?;
        if sync.generation != member.current.epoch {
            return Err(GroupError::IllegalGeneration);
        }
        let classic = member.subscription.classic.as_ref();
        let protocol = classic
            .and_then(|classic| classic.protocols.first())
            .cloned();
        let (name, metadata) = protocol.unwrap_or_default();
        let is_other = |have: &str, said: Option<&Str>| said.is_some_and(|said| **said != *have);
        if is_other(CONSUMER, sync.protocol_type.as_ref())
            || is_other(&name, sync.protocol_name.as_ref())
        {
            return Err(GroupError::InconsistentGroupProtocol);
        }
        if self.kept.assignment_epoch > member.current.epoch
            && member.current.state != MemberState::UnrevokedPartitions
        {
            self.expect_join(&sync.member_id, step);
            return Err(GroupError::RebalanceInProgress);
        }
        let version = EmbeddedSubscription::read(&metadata).map_or(0, |read| read.version);
        let assignment = embedded(&member.current.assigned, version, step.around);
        self.limit(&sync.member_id, step, |session| session.sync_by = None);
        self.renew(&sync.member_id, step);
        Ok(Synced {
            protocol_type: Some(Str::from_static(CONSUMER)),
            protocol_name: Some(name),
            assignment,
        })
    }

    pub(in crate::groups) fn heartbeat_of_classic(
        &mut self,
        heartbeat: &Heartbeat,
        step: &mut Step<'_>,
    ) -> Result<(), GroupError> {
        let id = &heartbeat.member_id;
        let member = self.classic_member(id, heartbeat.instance_id.as_ref())?;
        if heartbeat.generation != member.current.epoch {
            return Err(GroupError::IllegalGeneration);
        }
        let has_to_join = member.current.epoch < self.kept.assignment_epoch
            || match member.current.state {
                MemberState::UnrevokedPartitions => true,
                MemberState::UnreleasedPartitions => self.holders(id).is_empty(),
                MemberState::Stable | MemberState::Unknown => false,
            };
        self.renew(id, step);
        if has_to_join {
            self.expect_join(id, step);
            return Err(GroupError::RebalanceInProgress);
        }
        Ok(())
    }

    fn classic_member(
        &self,
        member_id: &str,
        instance_id: Option<&Str>,
    ) -> Result<&Member, GroupError> {
        if let Some(instance) = instance_id {
            let holder = self.kept.instances.get(instance);
            let holder = holder.ok_or(GroupError::UnknownMemberId)?;
            if **holder != *member_id {
                return Err(GroupError::FencedInstanceId);
            }
        }
        let member = self.kept.members.get(member_id);
        let member = member.filter(|member| member.subscription.classic.is_some());
        member.ok_or(GroupError::UnknownMemberId)
    }

    /// The member was told to join again, and has its rebalance timeout for that.
    fn expect_join(&mut self, member_id: &Str, step: &mut Step<'_>) {
        let member = self.kept.members.get(member_id);
        let timeout = member.map_or(0, |member| member.subscription.rebalance_timeout_ms.max(0));
        let by = step.now.monotonic + i64::from(timeout);
        self.limit(member_id, step, |session| {
            session.join_by.get_or_insert(by);
        });
    }
}

pub(super) fn allows_downgrade(step: &Step<'_>) -> bool {
    let policy = step.config.consumer.migration;
    matches!(
        policy,
        MigrationPolicy::Downgrade | MigrationPolicy::Bidirectional
    )
}

fn classic_subscription(
    join: &Join,
    read: &EmbeddedSubscription,
    old: Option<&Member>,
) -> Subscription {
    let old = old.map(|member| &member.subscription);
    let rack_id = read.rack_id.as_ref().map(Str::detached);
    Subscription {
        instance_id: join.instance_id.as_ref().map(Str::detached),
        rack_id: rack_id.or_else(|| old.and_then(|old| old.rack_id.clone())),
        client_id: join.client_id.detached(),
        client_host: join.client_host.detached(),
        topics: read.topics.iter().map(Str::detached).collect(),
        pattern: Some(Str::EMPTY),
        rebalance_timeout_ms: join.rebalance_timeout_ms,
        assignor: old.and_then(|old| old.assignor.clone()),
        classic: Some(Box::new(ClassicPart {
            session_timeout_ms: join.session_timeout_ms,
            protocols: join
                .protocols
                .iter()
                .map(|(name, metadata)| (name.detached(), Bytes::copy_from_slice(metadata)))
                .collect(),
        })),
    }
}

/// Partitions of topics that exist, by id.
pub(super) fn with_ids(named: &NamedPartitions, around: &dyn Surroundings) -> Claimed {
    let named = named.iter();
    named
        .filter_map(|(name, partitions)| Some((around.topic_named(name)?.id, partitions.clone())))
        .collect()
}

/// What a member has, as classic clients read it.
pub(super) fn embedded(owned: &Owned, version: i16, around: &dyn Surroundings) -> Bytes {
    let topics = owned.iter().filter_map(|(id, partitions)| {
        let topic = around.topic_with_id(*id)?;
        Some((topic.name, partitions.keys().copied().collect()))
    });
    let assignment = EmbeddedAssignment { partitions: topics.collect(), has_user_data: false };
    // A topic's name is never too long for it.
    assignment.write(version).unwrap_or_default()
}
