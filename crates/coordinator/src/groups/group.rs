//! A group of either protocol, with what it has committed.

use super::classic::{ClassicGroup, GroupState, Step};
use super::command::{CommitOffsets, GroupError, ListedGroup};
use super::consumer::{Became, ConsumerGroup, ConsumerState};
use super::offsets::Offsets;
use super::record;
use super::surroundings::Surroundings;
use klamm_codec::Str;

/// Which protocol rules the group.
#[derive(Debug)]
pub(super) enum Rule {
    Classic(Box<ClassicGroup>),
    Consumer(Box<ConsumerGroup>),
}

#[derive(Debug)]
pub(super) struct Group {
    pub(super) rule: Rule,
    pub(super) offsets: Offsets,
}

impl Group {
    /// A group that nobody has joined: anything may become of it.
    pub(super) fn new(id: Str) -> Self {
        let rule = Rule::Classic(Box::new(ClassicGroup::new(id)));
        Self { rule, offsets: Offsets::default() }
    }

    pub(super) fn id(&self) -> &Str {
        match &self.rule {
            Rule::Classic(group) => &group.id,
            Rule::Consumer(group) => &group.id,
        }
    }

    /// Nothing would be lost if the group were forgotten.
    pub(super) fn is_untouched(&self) -> bool {
        self.offsets.is_empty()
            && match &self.rule {
                Rule::Classic(group) => group.is_untouched(),
                Rule::Consumer(group) => group.is_untouched(),
            }
    }

    /// It has no members.
    pub(super) fn is_empty(&self) -> bool {
        match &self.rule {
            Rule::Classic(group) => group.state() == GroupState::Empty,
            Rule::Consumer(group) => group.state() == ConsumerState::Empty,
        }
    }

    /// Somebody is on the way into it.
    pub(super) fn is_expected(&self) -> bool {
        match &self.rule {
            Rule::Classic(group) => group.has_promises(),
            Rule::Consumer(_) => false,
        }
    }

    /// Offsets may be deleted while the group has members, topic by topic.
    pub(super) fn knows_its_topics(&self) -> bool {
        match &self.rule {
            Rule::Classic(group) => group
                .protocol_type()
                .is_some_and(|kind| *kind == "consumer"),
            Rule::Consumer(_) => true,
        }
    }

    pub(super) fn is_subscribed(&self, topic: &str) -> bool {
        match &self.rule {
            Rule::Classic(group) => group.is_subscribed(topic),
            Rule::Consumer(group) => group.is_subscribed(topic),
        }
    }

    /// Whether a commit may be taken.
    pub(super) fn check_commit(
        &self,
        commit: &CommitOffsets,
        around: &dyn Surroundings,
    ) -> Result<(), GroupError> {
        match &self.rule {
            Rule::Classic(group) => group.check_commit(
                &commit.member_id,
                commit.instance_id.as_ref(),
                commit.generation,
            ),
            Rule::Consumer(group) => group.check_commit(commit, around),
        }
    }

    /// Whether a commit in a transaction may be taken.
    pub(super) fn check_open_commit(
        &self,
        commit: &CommitOffsets,
        around: &dyn Surroundings,
    ) -> Result<(), GroupError> {
        match &self.rule {
            Rule::Classic(group) => group.check_open_commit(
                &commit.member_id,
                commit.instance_id.as_ref(),
                commit.generation,
            ),
            Rule::Consumer(group) => group.check_open_commit(commit, around),
        }
    }

    /// A commit was taken: that is a sign of life in the classic protocol.
    pub(super) fn has_committed(&mut self, member_id: &Str, step: &mut Step<'_>) {
        if let Rule::Classic(group) = &mut self.rule {
            group.renew(member_id, step);
        }
    }

    /// Offsets of the topic may expire: nobody reads it. Of a classic group that has members none do.
    pub(super) fn may_expire(&self, topic: &str) -> bool {
        match &self.rule {
            Rule::Classic(group) => group.state() == GroupState::Empty && !group.has_promises(),
            Rule::Consumer(group) => !group.is_subscribed(topic),
        }
    }

    /// Wall time since when offsets age, in milliseconds; -1 if only their commit counts.
    pub(super) fn ages_since_ms(&self) -> i64 {
        match &self.rule {
            Rule::Classic(group) => group.state_since(),
            Rule::Consumer(group) if group.state() == ConsumerState::Empty => {
                group.empty_since_ms()
            }
            Rule::Consumer(_) => -1,
        }
    }

    pub(super) fn listed(&self) -> ListedGroup {
        let (protocol_type, state, kind) = match &self.rule {
            Rule::Classic(group) => (
                group.protocol_type().cloned().unwrap_or_default(),
                group.state().to_string(),
                super::GroupKind::Classic,
            ),
            Rule::Consumer(group) => (
                Str::from_static("consumer"),
                group.state().to_string(),
                super::GroupKind::Consumer,
            ),
        };
        ListedGroup { group: self.id().clone(), protocol_type, state, kind }
    }

    pub(super) fn becomes(&mut self, became: Became) {
        if let Became::Classic(group) = became {
            self.rule = Rule::Classic(group);
        }
    }

    /// Tombstones for all that the log has of the group.
    pub(super) fn end(&mut self, step: &mut Step<'_>) {
        let id = self.id().clone();
        for (topic, partition, _) in self.offsets.iter() {
            step.record(record::offset(&id, topic, partition, None));
        }
        for (topic, partition) in self.offsets.only_pending() {
            step.record(record::offset(&id, topic, partition, None));
        }
        self.end_rule(step);
    }

    /// Tombstones for all but the offsets.
    pub(super) fn end_rule(&mut self, step: &mut Step<'_>) {
        match &mut self.rule {
            Rule::Classic(group) => step.record(record::group(&group.id, None)),
            Rule::Consumer(group) => group.end(step),
        }
    }
}
