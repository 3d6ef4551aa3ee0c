//! One group of the consumer protocol (KIP-848): the coordinator assigns, and each member moves at its own pace.
//!
//! ```text
//! group epoch       grows when members, subscriptions or topics change
//! assignment epoch  the group epoch for which the target was made
//! member epoch      the assignment epoch that the member has reached
//! ```
//! ```text
//! heartbeat  ─▶ target ─▶ reconcile ─▶ answer      kept    what the log keeps, and how it changes
//! timing     sessions, and how often members report   record  changes as bytes
//! fence      members that leave or are thrown out     patterns, topic_hash  what a group reads
//! classic    members that speak the classic protocol; migrate  from one kind of group to the other
//! ```
//! *Invariants:* a partition has one owner at most. Epochs never fall. A member's epoch is at most the assignment
//! epoch, and that at most the group's.

mod answer;
mod classic;
mod describe;
mod fence;
mod heartbeat;
mod kept;
mod migrate;
mod offsets;
mod patterns;
mod reconcile;
mod record;
mod target;
mod timing;
mod topic_hash;

#[cfg(test)]
mod tests;

pub use answer::{ConsumerAnswer, ConsumerHeartbeat};
pub use describe::{DescribedAssignment, DescribedConsumer, DescribedConsumerGroup};
pub use kept::MemberState;

pub(super) use kept::Change;
pub(super) use migrate::Became;
pub(super) use record::read;

use super::classic::Step;
use super::surroundings::Surroundings;
use kept::{Kept, Member};
use klamm_codec::Str;
use std::collections::BTreeMap;
use std::fmt;
use timing::Live;

/// Where a consumer group stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsumerState {
    /// No members; offsets may be there.
    Empty,
    /// The target does not know the newest change.
    Assigning,
    /// Members move to the target.
    Reconciling,
    /// Everybody has what it shall have.
    Stable,
}

impl fmt::Display for ConsumerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// What the log keeps of a consumer group, to compare.
#[derive(Debug, Clone, PartialEq)]
pub struct ConsumerSnapshot(Kept);

/// A group of the consumer protocol.
#[derive(Debug)]
pub(super) struct ConsumerGroup {
    pub(super) id: Str,
    kept: Kept,
    live: Live,
}

impl ConsumerGroup {
    pub(super) fn new(id: Str) -> Self {
        Self { id, kept: Kept::default(), live: Live::default() }
    }

    /// Takes in what the log says.
    pub(super) fn replay(&mut self, change: Change) {
        self.kept.apply(change);
    }

    /// Writes a change, and makes it.
    fn change(&mut self, change: Change, step: &mut Step<'_>) {
        step.record(record::write(&self.id, &change));
        self.kept.apply(change);
    }

    pub(super) fn is_untouched(&self) -> bool {
        self.kept.is_untouched()
    }

    pub(super) fn state(&self) -> ConsumerState {
        let kept = &self.kept;
        if kept.members.is_empty() {
            ConsumerState::Empty
        } else if kept.epoch > kept.assignment_epoch {
            ConsumerState::Assigning
        } else if kept.members.values().all(|member| self.has_arrived(member)) {
            ConsumerState::Stable
        } else {
            ConsumerState::Reconciling
        }
    }

    /// The member has what the newest target gives it.
    fn has_arrived(&self, member: &Member) -> bool {
        member.current.state == MemberState::Stable
            && member.current.epoch == self.kept.assignment_epoch
    }

    /// Whether a member reads the topic, by its name or a pattern.
    pub(super) fn is_subscribed(&self, topic: &str) -> bool {
        self.kept.topics.contains_key(topic)
            || self.kept.subscribed_patterns.keys().any(|pattern| {
                let resolved = self.kept.patterns.get(pattern);
                resolved.is_some_and(|resolved| resolved.topics.contains(topic))
            })
    }

    /// The topics that exist and that a member reads, by id.
    fn subscribed_ids(
        &self,
        subscription: &kept::Subscription,
        around: &dyn Surroundings,
    ) -> std::collections::BTreeSet<klamm_model::Uuid> {
        let pattern = subscription.active_pattern();
        let resolved = pattern.and_then(|pattern| self.kept.patterns.get(pattern));
        let by_pattern = resolved.into_iter().flat_map(|resolved| &resolved.topics);
        let names = subscription.topics.iter().chain(by_pattern);
        names
            .filter_map(|name| around.topic_named(name))
            .map(|topic| topic.id)
            .collect()
    }

    /// The hash over all topics that anybody reads.
    fn topics_hash(&self, around: &dyn Surroundings) -> i64 {
        let by_pattern = self.kept.subscribed_patterns.keys();
        let by_pattern = by_pattern.filter_map(|pattern| self.kept.patterns.get(pattern));
        let by_pattern = by_pattern.flat_map(|resolved| &resolved.topics);
        topic_hash::of_topics(self.kept.topics.keys().chain(by_pattern), around)
    }

    /// The group's epoch grows: something changed that the target has to follow.
    fn bump(&mut self, step: &mut Step<'_>) {
        let hash = self.topics_hash(step.around);
        let epoch = self.kept.epoch.saturating_add(1);
        self.change(Change::Epoch(Some((epoch, hash))), step);
        if self.kept.has_old_metadata {
            self.change(Change::OldMetadata(false), step);
        }
        self.live.changed_at = step.now.monotonic;
        self.live.bumped_at = step.now.monotonic;
    }

    pub(super) fn snapshot(&self) -> ConsumerSnapshot {
        ConsumerSnapshot(self.kept.clone())
    }

    /// Tombstones for all that the log has of the group.
    pub(super) fn end(&mut self, step: &mut Step<'_>) {
        let members: Vec<Str> = self.kept.members.keys().cloned().collect();
        let targets: Vec<Str> = self.kept.targets.keys().cloned().collect();
        let patterns: Vec<Str> = self.kept.patterns.keys().cloned().collect();
        for member in &members {
            self.change(Change::Current(member.clone(), None), step);
        }
        for member in targets {
            self.change(Change::Target(member, None), step);
        }
        self.change(Change::AssignmentEpoch(None), step);
        for member in members {
            self.change(Change::Subscription(member, None), step);
        }
        for pattern in patterns {
            self.change(Change::Pattern(pattern, None), step);
        }
        if self.kept.has_old_metadata {
            self.change(Change::OldMetadata(false), step);
        }
        self.change(Change::Epoch(None), step);
        self.live.sessions = BTreeMap::new();
    }
}
