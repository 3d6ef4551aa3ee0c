//! A consumer group in detail, and what each member waits for.

use super::heartbeat::LEFT_FOR_A_WHILE;
use super::kept::{Member, MemberState, Owned, Partitions};
use super::{ConsumerGroup, ConsumerState};
use crate::groups::assign::Assignor;
use crate::groups::standing::{Standing, TopicPartitions, Wait, WaitCounts, count};
use crate::groups::surroundings::Surroundings;
use crate::shard::Moment;
use klamm_codec::Str;
use klamm_model::Uuid;
use std::collections::{BTreeMap, BTreeSet};

/// A consumer group in detail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribedConsumerGroup {
    /// Where it stands.
    pub state: ConsumerState,
    /// The group's epoch.
    pub epoch: i32,
    /// The target's epoch.
    pub assignment_epoch: i32,
    /// Who assigns.
    pub assignor: &'static str,
    /// Its members, by id.
    pub members: Vec<DescribedConsumer>,
}

/// A member in detail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribedConsumer {
    /// Its id.
    pub member_id: Str,
    /// For static members.
    pub instance_id: Option<Str>,
    /// Where it runs.
    pub rack_id: Option<Str>,
    /// What it has reached.
    pub epoch: i32,
    /// What the client calls itself.
    pub client_id: Str,
    /// Where it comes from.
    pub client_host: Str,
    /// The topics that it reads by name.
    pub topics: Vec<Str>,
    /// The pattern of topics that it reads.
    pub pattern: Option<Str>,
    /// What it has.
    pub assigned: DescribedAssignment,
    /// What it shall have.
    pub target: DescribedAssignment,
    /// It speaks the classic protocol.
    pub is_classic: bool,
    /// How it stands.
    pub standing: Standing,
}

/// Topic id, name and partitions. Topics that do not exist any more are left out.
pub type DescribedAssignment = Vec<(Uuid, Str, Vec<i32>)>;

impl ConsumerGroup {
    pub(in crate::groups) fn describe(
        &self,
        assignors: &[Assignor],
        around: &dyn Surroundings,
        now: Moment,
    ) -> DescribedConsumerGroup {
        let members = self.kept.members.iter();
        DescribedConsumerGroup {
            state: self.state(),
            epoch: self.kept.epoch,
            assignment_epoch: self.kept.assignment_epoch,
            assignor: self.assignor(assignors).name(),
            members: members
                .map(|(id, member)| self.describe_member(id, member, around, now))
                .collect(),
        }
    }

    fn describe_member(
        &self,
        id: &Str,
        member: &Member,
        around: &dyn Surroundings,
        now: Moment,
    ) -> DescribedConsumer {
        let subscription = &member.subscription;
        let target = self.kept.targets.get(id);
        let moves = self.live.sessions.get(id).map(|session| session.moves);
        let wait = self.wait_of(id, member, around);
        DescribedConsumer {
            member_id: id.clone(),
            instance_id: subscription.instance_id.clone(),
            rack_id: subscription.rack_id.clone(),
            epoch: member.current.epoch,
            client_id: subscription.client_id.clone(),
            client_host: subscription.client_host.clone(),
            topics: subscription.topics.iter().cloned().collect(),
            pattern: subscription.pattern.clone(),
            assigned: named(&whole(&member.current.assigned), around),
            target: target
                .map(|target| named(target, around))
                .unwrap_or_default(),
            is_classic: subscription.classic.is_some(),
            standing: moves.unwrap_or_default().standing(now.monotonic, wait),
        }
    }

    /// Counts what members wait for.
    pub(in crate::groups) fn count_waits(
        &self,
        around: &dyn Surroundings,
        counts: &mut WaitCounts,
    ) {
        let members = self.kept.members.iter();
        let waits = members.filter_map(|(id, member)| self.wait_of(id, member, around));
        waits.for_each(|wait| count(counts, &wait));
    }

    fn wait_of(&self, id: &Str, member: &Member, around: &dyn Surroundings) -> Option<Wait> {
        if member.current.epoch == LEFT_FOR_A_WHILE {
            return Some(Wait::ToReturn);
        }
        let session = self.live.sessions.get(id);
        if session.is_some_and(|session| session.join_by.is_some()) {
            return Some(Wait::ToJoin);
        }
        let owes_sync = session.is_some_and(|session| session.sync_by.is_some());
        if !self.kept.targets.contains_key(id) {
            return Some(Wait::ForTarget);
        }
        if self.has_arrived(member) {
            return owes_sync.then_some(Wait::ToSync);
        }
        Some(match member.current.state {
            MemberState::UnrevokedPartitions => {
                let partitions = named(&whole(&member.current.revoking), around);
                Wait::ToRevoke { partitions: without_ids(partitions) }
            }
            MemberState::UnreleasedPartitions => {
                let holders = self.held_by_others(id);
                if holders.is_empty() {
                    Wait::ToReport
                } else {
                    let holders = holders.into_iter().map(|(holder, partitions)| {
                        (holder, without_ids(named(&partitions, around)))
                    });
                    Wait::ForOthers { holders: holders.collect() }
                }
            }
            MemberState::Stable | MemberState::Unknown if owes_sync => Wait::ToSync,
            MemberState::Stable | MemberState::Unknown => Wait::ToReport,
        })
    }

    /// What the member shall get and others have, by those who have it.
    fn held_by_others(&self, id: &Str) -> BTreeMap<Str, Partitions> {
        let mut holders: BTreeMap<Str, Partitions> = BTreeMap::new();
        for (topic, partitions) in self.kept.targets.get(id).into_iter().flatten() {
            for partition in partitions {
                if let Some(holder) = self.kept.owners.get(&(*topic, *partition))
                    && holder != id
                {
                    let held = holders.entry(holder.clone()).or_default();
                    held.entry(*topic).or_default().insert(*partition);
                }
            }
        }
        holders
    }

    /// Whether what the member has differs from what it shall have, or it has not been given anything yet.
    pub(super) fn is_moving(&self, id: &str, member: &Member) -> bool {
        let Some(target) = self.kept.targets.get(id) else {
            return true;
        };
        if self.has_arrived(member) {
            return false;
        }
        let assigned = &member.current.assigned;
        let has_target = assigned.len() == target.len()
            && assigned.iter().zip(target).all(|(have, shall)| {
                have.0 == shall.0 && have.1.len() == shall.1.len() && have.1.keys().eq(shall.1)
            });
        member.current.state != MemberState::Stable || !has_target
    }

    /// Who has what the member shall get.
    pub(super) fn holders(&self, id: &Str) -> Vec<Str> {
        let target = self.kept.targets.get(id).into_iter().flatten();
        let partitions = target.flat_map(|(topic, all)| all.iter().map(|one| (*topic, *one)));
        let holders = partitions.filter_map(|partition| self.kept.owners.get(&partition));
        let holders: BTreeSet<Str> = holders.filter(|holder| *holder != id).cloned().collect();
        holders.into_iter().collect()
    }
}

fn without_ids(assignment: DescribedAssignment) -> Vec<TopicPartitions> {
    let topics = assignment.into_iter();
    topics
        .map(|(_, name, partitions)| (name, partitions))
        .collect()
}

fn whole(owned: &Owned) -> Partitions {
    let topics = owned.iter();
    topics
        .map(|(topic, partitions)| (*topic, partitions.keys().copied().collect()))
        .collect()
}

fn named(partitions: &Partitions, around: &dyn Surroundings) -> DescribedAssignment {
    let topics = partitions.iter();
    topics
        .filter_map(|(id, partitions)| {
            let topic = around.topic_with_id(*id)?;
            Some((*id, topic.name, partitions.iter().copied().collect()))
        })
        .collect()
}
