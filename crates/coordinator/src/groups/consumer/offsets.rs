//! Whose commits a consumer group takes, and who may fetch them.

use super::ConsumerGroup;
use super::kept::Current;
use crate::groups::command::{CommitOffsets, GroupError};
use crate::groups::surroundings::Surroundings;
use klamm_codec::Str;
use klamm_model::Uuid;
use std::cmp::Ordering;

impl ConsumerGroup {
    /// Whether a commit may be taken.
    ///
    /// A member whose epoch is behind may still commit what it has had since then, or has not given back (KIP-1251).
    pub(in crate::groups) fn check_commit(
        &self,
        commit: &CommitOffsets,
        around: &dyn Surroundings,
    ) -> Result<(), GroupError> {
        if commit.generation < 0 && self.kept.members.is_empty() {
            // Somebody without membership: an administrator, or a consumer that assigns itself.
            return Ok(());
        }
        self.check_member(commit, commit.knows_member_epochs, around)
    }

    /// Whether a commit in a transaction may be taken. One that names no member is taken at its word.
    pub(in crate::groups) fn check_open_commit(
        &self,
        commit: &CommitOffsets,
        around: &dyn Surroundings,
    ) -> Result<(), GroupError> {
        let names_nobody =
            commit.generation == -1 && commit.member_id.is_empty() && commit.instance_id.is_none();
        if names_nobody || (commit.generation < 0 && self.kept.members.is_empty()) {
            return Ok(());
        }
        self.check_member(commit, true, around)
    }

    fn check_member(
        &self,
        commit: &CommitOffsets,
        knows_member_epochs: bool,
        around: &dyn Surroundings,
    ) -> Result<(), GroupError> {
        let member = self.kept.members.get(&*commit.member_id);
        let member = member.ok_or(GroupError::UnknownMemberId)?;
        let is_classic = member.subscription.classic.is_some();
        if !is_classic && !knows_member_epochs {
            return Err(GroupError::UnsupportedVersion);
        }
        let topics = commit.offsets.iter().map(|new| (&new.topic, new.partition));
        check_epoch(
            &member.current,
            is_classic,
            commit.generation,
            topics,
            around,
        )
    }

    /// Whether offsets may be fetched: by anybody who claims no membership, and by members that are not behind.
    pub(in crate::groups) fn check_fetch(
        &self,
        member_id: Option<&Str>,
        member_epoch: i32,
    ) -> Result<(), GroupError> {
        let Some(member_id) = member_id else {
            return if member_epoch < 0 {
                Ok(())
            } else {
                Err(GroupError::UnknownMemberId)
            };
        };
        let member = self
            .kept
            .members
            .get(member_id)
            .ok_or(GroupError::UnknownMemberId)?;
        if member.current.epoch == member_epoch {
            Ok(())
        } else {
            Err(behind(member.subscription.classic.is_some()))
        }
    }
}

fn behind(is_classic: bool) -> GroupError {
    if is_classic {
        GroupError::IllegalGeneration
    } else {
        GroupError::StaleMemberEpoch
    }
}

fn check_epoch<'a>(
    current: &Current,
    is_classic: bool,
    epoch: i32,
    mut partitions: impl Iterator<Item = (&'a Str, i32)>,
    around: &dyn Surroundings,
) -> Result<(), GroupError> {
    let may_commit = match epoch.cmp(&current.epoch) {
        Ordering::Equal => true,
        Ordering::Greater => false,
        Ordering::Less => partitions.all(|(topic, partition)| {
            let topic = around.topic_named(topic);
            let since = topic.and_then(|topic| since(current, topic.id, partition));
            since.is_some_and(|since| epoch >= since)
        }),
    };
    if may_commit {
        Ok(())
    } else {
        Err(behind(is_classic))
    }
}

/// The epoch in which the member got a partition that it has, or has not given back.
fn since(current: &Current, topic: Uuid, partition: i32) -> Option<i32> {
    let both = [&current.assigned, &current.revoking];
    both.into_iter()
        .find_map(|owned| owned.get(&topic)?.get(&partition).copied())
}
