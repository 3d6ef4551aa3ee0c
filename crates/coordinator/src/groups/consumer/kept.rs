//! What the log keeps of a consumer group, and the one way in which it changes.
//!
//! A step makes a [`Change`], which becomes a record and is applied here; a replay reads the record and applies the
//! same change. So the state after a step is what a replay gives, by construction.

use bytes::Bytes;
use klamm_codec::Str;
use klamm_model::Uuid;
use std::collections::{BTreeMap, BTreeSet};

/// Partitions by topic.
pub(in crate::groups) type Partitions = BTreeMap<Uuid, BTreeSet<i32>>;

/// Partitions by topic, each with the epoch in which its owner got it (KIP-1251).
pub(in crate::groups) type Owned = BTreeMap<Uuid, BTreeMap<i32, i32>>;

/// Where a member stands on its way to its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MemberState {
    /// It has what it shall have.
    #[default]
    Stable,
    /// It has to give partitions back first.
    UnrevokedPartitions,
    /// Others have not given back yet what it shall get.
    UnreleasedPartitions,
    /// Written by a broker that knows more states.
    Unknown,
}

/// What a member wants, and who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::groups) struct Subscription {
    pub(in crate::groups) instance_id: Option<Str>,
    pub(in crate::groups) rack_id: Option<Str>,
    pub(in crate::groups) client_id: Str,
    pub(in crate::groups) client_host: Str,
    pub(in crate::groups) topics: BTreeSet<Str>,
    /// Not set is not the same as empty in the record; neither selects a topic.
    pub(in crate::groups) pattern: Option<Str>,
    pub(in crate::groups) rebalance_timeout_ms: i32,
    pub(in crate::groups) assignor: Option<Str>,
    /// It speaks the classic protocol.
    pub(in crate::groups) classic: Option<Box<ClassicPart>>,
}

/// A member without a pattern has an empty one, as in Kafka.
impl Default for Subscription {
    fn default() -> Self {
        Self {
            instance_id: None,
            rack_id: None,
            client_id: Str::EMPTY,
            client_host: Str::EMPTY,
            topics: BTreeSet::new(),
            pattern: Some(Str::EMPTY),
            rebalance_timeout_ms: -1,
            assignor: None,
            classic: None,
        }
    }
}

/// What is known of a member that speaks the classic protocol.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::groups) struct ClassicPart {
    pub(in crate::groups) session_timeout_ms: i32,
    pub(in crate::groups) protocols: Vec<(Str, Bytes)>,
}

/// What a member has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::groups) struct Current {
    pub(in crate::groups) epoch: i32,
    pub(in crate::groups) previous_epoch: i32,
    pub(in crate::groups) state: MemberState,
    pub(in crate::groups) assigned: Owned,
    pub(in crate::groups) revoking: Owned,
}

/// A new member.
impl Default for Current {
    fn default() -> Self {
        Self {
            epoch: 0,
            previous_epoch: -1,
            state: MemberState::Stable,
            assigned: Owned::new(),
            revoking: Owned::new(),
        }
    }
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::groups) struct Member {
    pub(in crate::groups) subscription: Subscription,
    pub(in crate::groups) current: Current,
}

/// The topics of a pattern, when it was last looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::groups) struct Resolved {
    pub(in crate::groups) topics: BTreeSet<Str>,
    /// Of the metadata.
    pub(in crate::groups) version: i64,
    /// Wall time, in milliseconds.
    pub(in crate::groups) at_ms: i64,
}

/// One record's worth of change; nothing in its place is a tombstone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::groups) enum Change {
    /// Epoch and metadata hash.
    Epoch(Option<(i32, i64)>),
    /// A record of before Kafka 4.1 that the hash has replaced; whether it is there.
    OldMetadata(bool),
    Subscription(Str, Option<Box<Subscription>>),
    /// Epoch, and the wall time in milliseconds at which it was made; 0 if unknown.
    AssignmentEpoch(Option<(i32, i64)>),
    Target(Str, Option<Partitions>),
    Current(Str, Option<Current>),
    Pattern(Str, Option<Resolved>),
}

/// All that the log keeps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::groups) struct Kept {
    pub(in crate::groups) epoch: i32,
    pub(in crate::groups) metadata_hash: i64,
    pub(in crate::groups) assignment_epoch: i32,
    pub(in crate::groups) assigned_at_ms: i64,
    pub(in crate::groups) members: BTreeMap<Str, Member>,
    pub(in crate::groups) targets: BTreeMap<Str, Partitions>,
    pub(in crate::groups) patterns: BTreeMap<Str, Resolved>,
    pub(in crate::groups) has_old_metadata: bool,
    /// Instance id → member id.
    pub(in crate::groups) instances: BTreeMap<Str, Str>,
    /// Who has a partition, or has not given it back. *Invariant:* one member.
    pub(in crate::groups) owners: BTreeMap<(Uuid, i32), Str>,
    /// Members by the topic that they name.
    pub(in crate::groups) topics: BTreeMap<Str, usize>,
    /// Members by pattern.
    pub(in crate::groups) subscribed_patterns: BTreeMap<Str, usize>,
    /// Members that speak the classic protocol, by what they support.
    pub(in crate::groups) classic_protocols: BTreeMap<Str, usize>,
    pub(in crate::groups) classic_members: usize,
}

impl Subscription {
    /// The pattern, if there is one that can match.
    pub(in crate::groups) fn active_pattern(&self) -> Option<&Str> {
        self.pattern.as_ref().filter(|pattern| !pattern.is_empty())
    }
}

impl Kept {
    /// Nothing would be lost if the group were forgotten.
    pub(in crate::groups) fn is_untouched(&self) -> bool {
        // Compaction may leave a target before all else of a group.
        self.epoch == 0
            && self.members.is_empty()
            && self.assignment_epoch == 0
            && self.targets.is_empty()
            && self.patterns.is_empty()
    }

    pub(in crate::groups) fn apply(&mut self, change: Change) {
        match change {
            Change::Epoch(value) => (self.epoch, self.metadata_hash) = value.unwrap_or_default(),
            Change::OldMetadata(is_there) => self.has_old_metadata = is_there,
            Change::AssignmentEpoch(value) => {
                (self.assignment_epoch, self.assigned_at_ms) = value.unwrap_or_default();
            }
            Change::Subscription(id, Some(subscription)) => {
                self.forget_subscription(&id);
                self.count_subscription(&id, &subscription);
                self.members.entry(id).or_default().subscription = *subscription;
            }
            Change::Subscription(id, None) => {
                self.forget_subscription(&id);
                self.forget_current(&id);
                self.members.remove(&*id);
            }
            Change::Target(id, Some(target)) => {
                self.targets.insert(id, target);
            }
            Change::Target(id, None) => {
                self.targets.remove(&*id);
            }
            Change::Current(id, Some(current)) => {
                self.forget_current(&id);
                for (topic, partition) in both(&current) {
                    self.owners.insert((topic, partition), id.clone());
                }
                self.members.entry(id).or_default().current = current;
            }
            Change::Current(id, None) => {
                self.forget_current(&id);
                if let Some(member) = self.members.get_mut(&*id) {
                    member.current = Current { epoch: -1, ..Current::default() };
                }
            }
            Change::Pattern(pattern, Some(resolved)) => {
                self.patterns.insert(pattern, resolved);
            }
            Change::Pattern(pattern, None) => {
                self.patterns.remove(&*pattern);
            }
        }
    }

    fn count_subscription(&mut self, id: &Str, subscription: &Subscription) {
        if let Some(instance) = &subscription.instance_id {
            self.instances.insert(instance.clone(), id.clone());
        }
        for topic in &subscription.topics {
            *self.topics.entry(topic.clone()).or_default() += 1;
        }
        if let Some(pattern) = subscription.active_pattern() {
            let count = self.subscribed_patterns.entry(pattern.clone());
            *count.or_default() += 1;
        }
        if let Some(classic) = &subscription.classic {
            self.classic_members += 1;
            for (name, _) in &classic.protocols {
                *self.classic_protocols.entry(name.clone()).or_default() += 1;
            }
        }
    }

    fn forget_subscription(&mut self, id: &str) {
        let Some(member) = self.members.get_mut(id) else {
            return;
        };
        // What is left is counted nowhere; the caller puts another in its place, or removes the member.
        let old = std::mem::take(&mut member.subscription);
        if let Some(instance) = &old.instance_id
            && self
                .instances
                .get(instance)
                .is_some_and(|have| **have == *id)
        {
            self.instances.remove(instance);
        }
        for topic in &old.topics {
            count_down(&mut self.topics, topic);
        }
        if let Some(pattern) = old.active_pattern() {
            count_down(&mut self.subscribed_patterns, pattern);
        }
        if let Some(classic) = &old.classic {
            self.classic_members = self.classic_members.saturating_sub(1);
            for (name, _) in &classic.protocols {
                count_down(&mut self.classic_protocols, name);
            }
        }
    }

    fn forget_current(&mut self, id: &str) {
        let Some(member) = self.members.get(id) else {
            return;
        };
        for partition in both(&member.current) {
            // Another member may have it already: then this one's record came late.
            if self
                .owners
                .get(&partition)
                .is_some_and(|owner| **owner == *id)
            {
                self.owners.remove(&partition);
            }
        }
    }
}

/// What a member has, and what it has not given back.
pub(in crate::groups) fn both(current: &Current) -> impl Iterator<Item = (Uuid, i32)> {
    let all = current.assigned.iter().chain(&current.revoking);
    all.flat_map(|(topic, partitions)| partitions.keys().map(|partition| (*topic, *partition)))
}

fn count_down(counts: &mut BTreeMap<Str, usize>, key: &Str) {
    if let Some(count) = counts.get_mut(key) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(key);
        }
    }
}
