//! The target: who shall have what. It is made by an assignor, and not for every single change.

use super::ConsumerGroup;
use super::kept::{Change, Current, Partitions, Subscription};
use crate::groups::assign::{Assignor, MemberSubscription, TopicId, TopicShape, assign};
use crate::groups::classic::Step;
use crate::groups::timers::Due;
use klamm_codec::Str;
use klamm_model::Uuid;
use std::collections::{BTreeMap, BTreeSet};

impl ConsumerGroup {
    /// Begins a new epoch where this one can't be right: members are ahead of it, or two have one partition, because a power
    /// cut took a record from a log that was not synced; or a partition is meant for nobody, because the last round of a
    /// classic group left it out.
    pub(in crate::groups) fn mend(&mut self, step: &mut Step<'_>) {
        let epochs = self
            .kept
            .members
            .values()
            .map(|member| member.current.epoch);
        let newest = epochs.max().unwrap_or(0).max(self.kept.assignment_epoch);
        let is_behind = newest > self.kept.epoch;
        if is_behind {
            let hash = self.kept.metadata_hash;
            self.change(Change::Epoch(Some((newest, hash))), step);
        }
        let of_nobody = self.kept.targets.keys();
        let of_nobody = of_nobody.filter(|id| !self.kept.members.contains_key(&***id));
        for id in of_nobody.cloned().collect::<Vec<Str>>() {
            self.change(Change::Target(id, None), step);
        }
        let had_two = self.keep_newest_owners(step);
        let is_settled = self.kept.epoch == self.kept.assignment_epoch;
        let lacks = is_settled && !self.kept.members.is_empty() && !self.is_total(step);
        if is_behind || had_two || lacks {
            self.bump(step);
        }
    }

    /// Of two members that have one partition the one that got it last keeps it. Whether there were such.
    fn keep_newest_owners(&mut self, step: &mut Step<'_>) -> bool {
        let mut owners: BTreeMap<(Uuid, i32), (i32, &Str)> = BTreeMap::new();
        let mut had_two = false;
        for (id, member) in &self.kept.members {
            for (topic, partitions) in &member.current.assigned {
                for (partition, epoch) in partitions {
                    let owner = owners.entry((*topic, *partition)).or_insert((*epoch, id));
                    had_two |= owner.1 != id;
                    *owner = (*owner).max((*epoch, id));
                }
            }
        }
        if !had_two {
            return false;
        }
        let mut kept: Vec<(Str, Current)> = Vec::new();
        for (id, member) in &self.kept.members {
            let mut current = member.current.clone();
            for (topic, partitions) in &mut current.assigned {
                let is_owner =
                    |partition| owners.get(&(*topic, partition)).is_some_and(|o| o.1 == id);
                partitions.retain(|partition, _| is_owner(*partition));
            }
            current
                .assigned
                .retain(|_, partitions| !partitions.is_empty());
            kept.push((id.clone(), current));
        }
        for (id, current) in kept {
            self.set_current(&id, current, step);
        }
        true
    }

    /// Whether every partition of the topics that members name is meant for somebody.
    fn is_total(&self, step: &Step<'_>) -> bool {
        let meant: BTreeSet<(Uuid, i32)> = self
            .kept
            .targets
            .values()
            .flat_map(|target| target.iter())
            .flat_map(|(topic, all)| all.iter().map(|partition| (*topic, *partition)))
            .collect();
        let mut topics = self.kept.topics.keys();
        topics.all(|name| {
            let topic = step.around.topic_named(name);
            topic.is_none_or(|topic| {
                (0..topic.partitions).all(|partition| meant.contains(&(topic.id, partition)))
            })
        })
    }

    /// Makes a new target now if it may be made, or sees to it that it will be.
    ///
    /// The first change after a while is followed at once. Those that come on its heels share one target: as soon as
    /// nothing has changed for a moment, and at the latest when the configured interval is over.
    pub(in crate::groups) fn plan_target(&mut self, step: &mut Step<'_>) {
        if self.kept.epoch <= self.kept.assignment_epoch || self.kept.members.is_empty() {
            self.live.target_due = None;
            return;
        }
        let due = self.target_due(step);
        if due <= step.now.monotonic {
            self.live.target_due = None;
            self.make_target(step);
        } else if self.live.target_due != Some(due) {
            self.live.target_due = Some(due);
            step.timers.at(due, Due::Target { group: self.id.clone() });
        }
    }

    fn target_due(&self, step: &Step<'_>) -> i64 {
        let interval = i64::from(step.around.consumer_times(&self.id).assignment_interval_ms);
        match self.live.assigned_at {
            Some(at) if interval > 0 => {
                let quiet = self.live.bumped_at + step.config.consumer.quiet_ms;
                quiet.min(at + interval)
            }
            _ => step.now.monotonic,
        }
    }

    /// The time for a target has come, if it was not moved.
    pub(in crate::groups) fn target_is_due(&mut self, step: &mut Step<'_>) {
        if self
            .live
            .target_due
            .is_some_and(|due| due <= step.now.monotonic)
        {
            self.live.target_due = None;
            self.plan_target(step);
        }
    }

    /// Makes a target for all changes so far.
    pub(super) fn make_target(&mut self, step: &mut Step<'_>) {
        self.live.assigned_at = Some(step.now.monotonic);
        let Some(targets) = self.assigned(step) else {
            // What contradicts itself is tried again with the next change.
            return;
        };
        for (member, topics) in targets {
            let target: Partitions = topics
                .into_iter()
                .map(|(topic, partitions)| {
                    (topic, partitions.into_iter().collect::<BTreeSet<i32>>())
                })
                .filter(|(_, partitions)| !partitions.is_empty())
                .collect();
            if self.kept.targets.get(&*member) != Some(&target) {
                self.change(Change::Target(member, Some(target)), step);
            }
        }
        let epoch = self.kept.epoch;
        self.change(Change::AssignmentEpoch(Some((epoch, step.now.wall))), step);
        self.live.changed_at = step.now.monotonic;
        let members: Vec<Str> = self.kept.members.keys().cloned().collect();
        for member in members {
            self.note_move(&member, step);
        }
    }

    fn assigned(&self, step: &Step<'_>) -> Option<crate::groups::assign::Assignment> {
        let mut topics: BTreeMap<TopicId, TopicShape> = BTreeMap::new();
        let has_racks = self
            .kept
            .members
            .values()
            .any(|member| member.subscription.rack_id.is_some());
        // Most members of a group read the same.
        let mut last: Option<(&Subscription, BTreeSet<TopicId>)> = None;
        let mut members = Vec::with_capacity(self.kept.members.len());
        for (id, member) in &self.kept.members {
            let subscription = &member.subscription;
            let ids = match &last {
                Some((other, ids))
                    if other.topics == subscription.topics
                        && other.pattern == subscription.pattern =>
                {
                    ids.clone()
                }
                _ => self.subscribed_ids(subscription, step.around),
            };
            for topic in &ids {
                if !topics.contains_key(topic)
                    && let Some(known) = step.around.topic_with_id(*topic)
                {
                    let racks = if has_racks {
                        step.around.racks(*topic)
                    } else {
                        Vec::new()
                    };
                    topics.insert(*topic, TopicShape { partitions: known.partitions, racks });
                }
            }
            members.push(MemberSubscription {
                member_id: id.clone(),
                instance_id: subscription.instance_id.clone(),
                rack: subscription.rack_id.clone(),
                topics: ids.clone(),
                current: self.kept.targets.get(id).cloned().unwrap_or_default(),
            });
            last = Some((subscription, ids));
        }
        assign(
            self.assignor(&step.config.consumer.assignors),
            &members,
            &topics,
        )
        .ok()
    }

    /// The assignor that most members like, or else the first that the broker has.
    pub(super) fn assignor(&self, known: &[Assignor]) -> Assignor {
        let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
        for member in self.kept.members.values() {
            if let Some(name) = &member.subscription.assignor {
                *votes.entry(name).or_default() += 1;
            }
        }
        let first = known.first().copied().unwrap_or(Assignor::Uniform);
        let mut best = (first, 0);
        for assignor in known {
            let count = votes.get(assignor.name()).copied().unwrap_or_default();
            if count > best.1 {
                best = (*assignor, count);
            }
        }
        best.0
    }
}
