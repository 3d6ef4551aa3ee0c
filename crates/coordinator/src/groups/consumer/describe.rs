//! A consumer group in detail, and what each member waits for.

use super::kept::{Member, MemberState, Owned, Partitions};
use super::{ConsumerGroup, ConsumerState};
use crate::groups::assign::Assignor;
use crate::groups::surroundings::Surroundings;
use klamm_codec::Str;
use klamm_model::Uuid;
use std::collections::BTreeSet;

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
    /// Why its assignment is not its target yet.
    pub wait: Option<Wait>,
    /// How long its assignment moved the last time, in milliseconds; unknown since the coordinator was loaded.
    pub last_move_ms: Option<i64>,
}

/// Topic id, name and partitions. Topics that do not exist any more are left out.
pub type DescribedAssignment = Vec<(Uuid, Str, Vec<i32>)>;

/// What a member waits for, or others for it. `since_ms` is wall time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wait {
    /// It has to give partitions back, and has not said that it did.
    ToRevoke {
        /// Since when its assignment moves.
        since_ms: i64,
    },
    /// Others have to give partitions back first.
    ForOthers {
        /// Who they are.
        members: Vec<Str>,
        /// Since when its assignment moves.
        since_ms: i64,
    },
    /// It has not reported since there is a new target.
    ToReport {
        /// Since when its assignment moves.
        since_ms: i64,
    },
}

impl ConsumerGroup {
    pub(in crate::groups) fn describe(
        &self,
        assignors: &[Assignor],
        around: &dyn Surroundings,
    ) -> DescribedConsumerGroup {
        let members = self.kept.members.iter();
        DescribedConsumerGroup {
            state: self.state(),
            epoch: self.kept.epoch,
            assignment_epoch: self.kept.assignment_epoch,
            assignor: self.assignor(assignors).name(),
            members: members
                .map(|(id, member)| self.describe_member(id, member, around))
                .collect(),
        }
    }

    fn describe_member(
        &self,
        id: &Str,
        member: &Member,
        around: &dyn Surroundings,
    ) -> DescribedConsumer {
        let subscription = &member.subscription;
        let target = self.kept.targets.get(id);
        let session = self.live.sessions.get(id);
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
            wait: self.wait_of(id, member),
            last_move_ms: session.and_then(|session| session.last_move_ms),
        }
    }

    fn wait_of(&self, id: &Str, member: &Member) -> Option<Wait> {
        if self.has_arrived(member) {
            return None;
        }
        let session = self.live.sessions.get(id);
        let since_ms = session
            .and_then(|session| session.moving_since_ms)
            .unwrap_or(-1);
        Some(match member.current.state {
            MemberState::UnrevokedPartitions => Wait::ToRevoke { since_ms },
            MemberState::UnreleasedPartitions => {
                let members = self.holders(id);
                if members.is_empty() {
                    Wait::ToReport { since_ms }
                } else {
                    Wait::ForOthers { members, since_ms }
                }
            }
            MemberState::Stable | MemberState::Unknown => Wait::ToReport { since_ms },
        })
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
