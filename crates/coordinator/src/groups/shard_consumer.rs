//! A shard's groups of the consumer protocol, and the way of a group from one protocol to the other.

use super::classic::{ClassicGroup, GroupState};
use super::command::{GroupError, Join, Output};
use super::consumer::{
    Became, Change, ConsumerAnswer, ConsumerGroup, ConsumerHeartbeat, DescribedConsumerGroup,
};
use super::group::{Group, Rule};
use super::shard::GroupShard;
use super::standing::WaitCounts;
use super::surroundings::Surroundings;
use crate::shard::{Moment, Ticket};
use klamm_codec::Str;
use std::sync::Arc;

impl GroupShard {
    /// The metadata of the cluster has changed. Groups look at it with their members' next heartbeats.
    pub fn look_around(&mut self, around: Arc<dyn Surroundings>) {
        self.around = around;
    }

    /// A consumer group in detail, as of now; `None` if there is none of this id.
    #[must_use]
    pub fn describe_consumer(&self, group: &str, now: Moment) -> Option<DescribedConsumerGroup> {
        match &self.groups.get(group)?.rule {
            Rule::Consumer(group) => {
                let assignors = &self.config.consumer.assignors;
                Some(group.describe(assignors, &*self.around, now))
            }
            Rule::Classic(_) => None,
        }
    }

    /// What the members of all groups wait for.
    #[must_use]
    pub fn waits(&self) -> WaitCounts {
        let mut counts = WaitCounts::default();
        for group in self.groups.values() {
            match &group.rule {
                Rule::Classic(group) => group.count_waits(&mut counts),
                Rule::Consumer(group) => group.count_waits(&*self.around, &mut counts),
            }
        }
        counts
    }

    /// Whether a group of that id is there.
    #[must_use]
    pub fn knows(&self, group: &str) -> bool {
        self.groups.contains_key(group)
    }

    /// Whether somebody may fetch a group's offsets. A group that is not there has none.
    ///
    /// # Errors
    /// The one who asks claims to be a member and is none, or is behind.
    pub fn check_fetch(
        &self,
        group: &str,
        member_id: Option<&Str>,
        member_epoch: i32,
    ) -> Result<(), GroupError> {
        match self.groups.get(group).map(|group| &group.rule) {
            Some(Rule::Consumer(group)) => group.check_fetch(member_id, member_epoch),
            Some(Rule::Classic(_)) | None => Ok(()),
        }
    }

    /// Takes in a record of a consumer group.
    pub(super) fn replay_consumer(&mut self, id: &Str, change: Change) {
        let removes = matches!(
            change,
            Change::Epoch(None)
                | Change::OldMetadata(false)
                | Change::Subscription(_, None)
                | Change::AssignmentEpoch(None)
                | Change::Target(_, None)
                | Change::Current(_, None)
                | Change::Pattern(_, None)
        );
        if removes && !self.groups.contains_key(id) {
            return;
        }
        let id = id.detached();
        let group = self
            .groups
            .entry(id.clone())
            .or_insert_with(|| Group::new(id.clone()));
        match &mut group.rule {
            Rule::Consumer(group) => group.replay(change),
            // Its end comes before another kind's beginning.
            Rule::Classic(_) if removes => {}
            Rule::Classic(_) => {
                let mut consumer = ConsumerGroup::new(id.clone());
                consumer.replay(change);
                group.rule = Rule::Consumer(Box::new(consumer));
            }
        }
        if removes {
            self.drop_if_untouched(&id);
        }
    }

    pub(super) fn consumer_heartbeat(
        &mut self,
        heartbeat: &ConsumerHeartbeat,
        now: Moment,
        out: &mut Output,
    ) -> Result<ConsumerAnswer, GroupError> {
        heartbeat.check(&self.config.consumer.assignors)?;
        let is_known = self.groups.contains_key(&*heartbeat.group);
        if !is_known && heartbeat.member_epoch != 0 {
            return Err(GroupError::GroupIdNotFound);
        }
        let result = self.with(&heartbeat.group, now, out, |group, step| {
            let mut was_classic = false;
            if let Rule::Classic(classic) = &mut group.rule {
                if heartbeat.member_epoch != 0 {
                    return Err(GroupError::GroupIdNotFound);
                }
                // Before anything ends: who is refused changes nothing.
                heartbeat.check_pattern()?;
                if classic.state() == GroupState::Empty {
                    if !classic.is_untouched() {
                        group.end_rule(step);
                    }
                    let id = group.id().clone();
                    group.rule = Rule::Consumer(Box::new(ConsumerGroup::new(id)));
                } else {
                    let consumer =
                        ConsumerGroup::from_classic(classic, &heartbeat.member_id, step)?;
                    group.rule = Rule::Consumer(Box::new(consumer));
                    was_classic = true;
                }
            }
            let Rule::Consumer(consumer) = &mut group.rule else {
                return Err(GroupError::GroupIdNotFound);
            };
            let (result, became) = consumer.heartbeat(heartbeat, step);
            // What its last round left to nobody.
            if was_classic && matches!(became, Became::TheSame) {
                consumer.mend(step);
                consumer.plan_target(step);
            }
            group.becomes(became);
            result
        });
        self.drop_if_untouched(&heartbeat.group);
        result
    }

    /// A member joins by the classic protocol, whatever the group's is.
    pub(super) fn join_either(
        &mut self,
        join: &Join,
        ticket: Ticket,
        now: Moment,
        out: &mut Output,
    ) {
        self.with(&join.group, now, out, |group, step| {
            if let Rule::Consumer(_) = &group.rule
                && group.is_empty()
            {
                group.end_rule(step);
                let id = group.id().clone();
                group.rule = Rule::Classic(Box::new(ClassicGroup::new(id)));
            }
            let became = match &mut group.rule {
                Rule::Classic(classic) => return classic.join(join, ticket, step),
                Rule::Consumer(consumer) => consumer.join(join, ticket, step),
            };
            group.becomes(became);
        });
    }
}
