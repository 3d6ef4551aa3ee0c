//! From one kind of group to the other, while it runs.
//!
//! A classic group of consumers becomes a consumer group when the first member of the consumer protocol joins; its
//! members stay, with what they have. It becomes a classic group again when the last such member is gone.

use super::ConsumerGroup;
use super::classic::{CONSUMER, allows_downgrade, embedded, with_ids};
use super::kept::{Change, ClassicPart, Current, Owned, Partitions, Subscription};
use crate::groups::classic::{ClassicGroup, Step};
use crate::groups::command::{GroupError, MigrationPolicy};
use crate::groups::record;
use crate::groups::subscription::{EmbeddedAssignment, EmbeddedSubscription};
use crate::groups::surroundings::Surroundings;
use crate::records::GroupMetadataValue;
use crate::records::group_metadata::MemberMetadata;
use bytes::Bytes;
use klamm_codec::Str;
use std::collections::BTreeMap;

/// What a group is after a step.
#[derive(Debug)]
pub(in crate::groups) enum Became {
    /// What it was.
    TheSame,
    /// A group of the classic protocol.
    Classic(Box<ClassicGroup>),
}

/// A member of a classic group, as a consumer group has it.
struct Moved {
    id: Str,
    subscription: Subscription,
    assigned: Partitions,
}

impl ConsumerGroup {
    /// Makes a consumer group of a classic one. What waits in there is told to join again.
    ///
    /// # Errors
    /// [`GroupError::GroupIdNotFound`]: it may not become one, or can't be understood.
    /// [`GroupError::GroupMaxSizeReached`]: there is no room for the one who joins. Nothing has changed.
    pub(in crate::groups) fn from_classic(
        classic: &mut ClassicGroup,
        joins: &str,
        step: &mut Step<'_>,
    ) -> Result<Self, GroupError> {
        let policy = step.config.consumer.migration;
        let is_allowed = matches!(
            policy,
            MigrationPolicy::Upgrade | MigrationPolicy::Bidirectional
        );
        let is_of_consumers = classic
            .protocol_type()
            .is_some_and(|kind| *kind == *CONSUMER);
        let (members, members_max) = (classic.members(), step.config.consumer.members_max);
        if !is_allowed || !is_of_consumers || members.len() > members_max {
            return Err(GroupError::GroupIdNotFound);
        }
        if members.len() == members_max && !members.contains_key(joins) {
            return Err(GroupError::GroupMaxSizeReached);
        }
        let members = moved(classic, step.around).ok_or(GroupError::GroupIdNotFound)?;
        classic.send_all_back(step);
        let mut group = Self::new(classic.id.clone());
        step.record(record::group(&group.id, None));
        group.take_over(members, classic.generation(), step);
        Ok(group)
    }

    fn take_over(&mut self, members: Vec<Moved>, generation: i32, step: &mut Step<'_>) {
        for member in &members {
            let subscription = Box::new(member.subscription.clone());
            self.change(
                Change::Subscription(member.id.clone(), Some(subscription)),
                step,
            );
        }
        let hash = self.topics_hash(step.around);
        self.change(Change::Epoch(Some((generation, hash))), step);
        for member in &members {
            self.change(
                Change::Target(member.id.clone(), Some(member.assigned.clone())),
                step,
            );
        }
        self.change(Change::AssignmentEpoch(Some((generation, 0))), step);
        for member in members {
            let with_epoch =
                |(topic, partitions): (klamm_model::Uuid, std::collections::BTreeSet<i32>)| {
                    let partitions = partitions.into_iter().map(|one| (one, generation.max(0)));
                    (topic, partitions.collect::<BTreeMap<i32, i32>>())
                };
            let assigned: Owned = member.assigned.into_iter().map(with_epoch).collect();
            let current = Current {
                epoch: generation,
                previous_epoch: generation,
                assigned,
                ..Current::default()
            };
            self.set_current(&member.id, current, step);
            self.begin_session(&member.id, step);
        }
    }

    /// Whether the group would have nothing but classic members, and some of them, without these.
    pub(super) fn may_become_classic_without(&self, leaving: &[Str], step: &Step<'_>) -> bool {
        let stays = self
            .kept
            .members
            .iter()
            .filter(|(id, _)| !leaving.contains(id));
        let mut count = 0;
        for (_, member) in stays {
            if member.subscription.classic.is_none() {
                return false;
            }
            count += 1;
        }
        count > 0 && count <= step.config.members_max && allows_downgrade(step)
    }

    /// Ends this group, and makes a classic one of its members that stay.
    pub(super) fn become_classic(
        &mut self,
        leaving: &[Str],
        rebalances: bool,
        step: &mut Step<'_>,
    ) -> Became {
        let all_arrived = self
            .kept
            .members
            .values()
            .all(|member| self.has_arrived(member));
        let (value, protocols) = self.as_classic(leaving, step.around);
        self.end(step);
        let is_moving = rebalances || !all_arrived;
        let classic = ClassicGroup::taken_over(self.id.clone(), &value, protocols, is_moving, step);
        Became::Classic(Box::new(classic))
    }

    fn as_classic(
        &self,
        leaving: &[Str],
        around: &dyn Surroundings,
    ) -> (GroupMetadataValue, BTreeMap<Str, Vec<(Str, Bytes)>>) {
        let stays = self
            .kept
            .members
            .iter()
            .filter(|(id, _)| !leaving.contains(id));
        let mut protocols = BTreeMap::new();
        let mut members = Vec::new();
        for (id, member) in stays {
            let subscription = &member.subscription;
            let classic = subscription.classic.as_deref().cloned().unwrap_or_default();
            let first = classic.protocols.first().cloned().unwrap_or_default();
            let version = EmbeddedSubscription::read(&first.1).map_or(0, |read| read.version);
            // Not its target: what it has not given back yet must not be given to others, should the group change again
            // before the round that is due.
            let mut has = member.current.assigned.clone();
            for (topic, partitions) in &member.current.revoking {
                has.entry(*topic).or_default().extend(partitions);
            }
            members.push(MemberMetadata {
                member_id: id.clone(),
                group_instance_id: subscription.instance_id.clone(),
                client_id: subscription.client_id.clone(),
                client_host: subscription.client_host.clone(),
                rebalance_timeout: subscription.rebalance_timeout_ms,
                session_timeout: classic.session_timeout_ms,
                subscription: first.1,
                assignment: embedded(&has, version, around),
            });
            protocols.insert(id.clone(), classic.protocols);
        }
        let value = GroupMetadataValue {
            protocol_type: Str::from_static(CONSUMER),
            generation: self.kept.epoch,
            protocol: None,
            leader: members.first().map(|member| member.member_id.clone()),
            current_state_timestamp: -1,
            members,
        };
        (value, protocols)
    }
}

/// The members with what they read and have. `None` if one of them can't be understood, or would lose something.
fn moved(classic: &ClassicGroup, around: &dyn Surroundings) -> Option<Vec<Moved>> {
    let mut members = Vec::new();
    // Two members with one partition are two of different rounds: the second keeps nothing of it.
    let mut taken = std::collections::BTreeSet::new();
    for (id, member) in classic.members() {
        let metadata = classic.metadata(member);
        let metadata = if metadata.is_empty() {
            member
                .protocols
                .first()
                .map(|(_, metadata)| metadata.clone())
                .unwrap_or_default()
        } else {
            metadata
        };
        let read = EmbeddedSubscription::read(&metadata)?;
        let assignment = EmbeddedAssignment::read(&member.assignment)?;
        if assignment.has_user_data {
            return None;
        }
        let mut assigned = Partitions::new();
        for (topic, partitions) in with_ids(&assignment.partitions, around) {
            for partition in partitions {
                if taken.insert((topic, partition)) {
                    assigned.entry(topic).or_default().insert(partition);
                }
            }
        }
        members.push(Moved {
            id: id.clone(),
            subscription: Subscription {
                instance_id: member.instance_id.clone(),
                rack_id: read.rack_id.as_ref().map(Str::detached),
                client_id: member.client_id.clone(),
                client_host: member.client_host.clone(),
                topics: read.topics.iter().map(Str::detached).collect(),
                pattern: Some(Str::EMPTY),
                rebalance_timeout_ms: member.rebalance_timeout_ms,
                assignor: None,
                classic: Some(Box::new(ClassicPart {
                    session_timeout_ms: member.session_timeout_ms,
                    protocols: member.protocols.clone(),
                })),
            },
            assigned,
        });
    }
    Some(members)
}
