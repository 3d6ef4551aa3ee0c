//! What a heartbeat brings, and its answer.

use super::ConsumerGroup;
use super::kept::{MemberState, Owned};
use super::reconcile::Claimed;
use klamm_codec::Str;
use klamm_model::Uuid;

/// A member reports. Fields without a value are as they were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerHeartbeat {
    /// The group.
    pub group: Str,
    /// The member; empty for one that wants an id.
    pub member_id: Str,
    /// Whether the member has to bring its own id (version 1 on).
    pub brings_its_id: bool,
    /// What it has reached; 0 joins, -1 leaves, -2 leaves for a while.
    pub member_epoch: i32,
    /// For static members.
    pub instance_id: Option<Str>,
    /// Where it runs.
    pub rack_id: Option<Str>,
    /// In milliseconds; -1 is unchanged.
    pub rebalance_timeout_ms: i32,
    /// The topics that it reads.
    pub topics: Option<Vec<Str>>,
    /// The pattern of topics that it reads.
    pub pattern: Option<Str>,
    /// The assignor that it likes best.
    pub assignor: Option<Str>,
    /// What it has.
    pub owned: Option<Vec<(Uuid, Vec<i32>)>>,
    /// What the client calls itself.
    pub client_id: Str,
    /// Where it comes from.
    pub client_host: Str,
    /// Becomes the id of a member that wants one.
    pub random: Uuid,
}

/// The answer to a heartbeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerAnswer {
    /// The member.
    pub member_id: Str,
    /// What it has reached.
    pub member_epoch: i32,
    /// When to report again, in milliseconds; 0 for one that has left.
    pub heartbeat_interval_ms: i32,
    /// All that it has now, if that changed or it can't know.
    pub assignment: Option<Vec<(Uuid, Vec<i32>)>>,
}

impl ConsumerHeartbeat {
    pub(super) fn joins(&self) -> bool {
        self.member_epoch == 0
    }

    /// The member says everything anew: it can't know what was answered last.
    pub(super) fn is_full(&self) -> bool {
        self.rebalance_timeout_ms != -1
            && (self.topics.is_some() || self.pattern.is_some())
            && self.owned.is_some()
    }
}

/// What a member has, as it is told.
pub(super) fn assignment(owned: &Owned) -> Claimed {
    let topics = owned.iter();
    topics
        .map(|(topic, partitions)| (*topic, partitions.keys().copied().collect()))
        .collect()
}

/// An assignment moves; members are asked to report this often, in milliseconds.
const MOVING_INTERVAL_MS: i64 = 100;
/// A group with more members than this reports more slowly: this many heartbeats in a second, and no more.
const MOVING_HEARTBEATS_A_SECOND: i64 = 2_000;
/// After a change others are likely. The interval grows with the quiet since then, by this part of it.
const SETTLING_PART: i64 = 4;

impl ConsumerGroup {
    /// When the member shall report again, in milliseconds: soon while its assignment moves, at the configured
    /// interval while it rests, and in between a little after a change.
    pub(super) fn interval_ms(&self, member_id: &str, now: i64, configured_ms: i32) -> i32 {
        let Some(member) = self.kept.members.get(member_id) else {
            return configured_ms;
        };
        let count = i64::try_from(self.kept.members.len()).unwrap_or(i64::MAX);
        let shortest =
            MOVING_INTERVAL_MS.max(count.saturating_mul(1_000) / MOVING_HEARTBEATS_A_SECOND);
        let moves = self.kept.epoch > self.kept.assignment_epoch || !self.has_arrived(member);
        let wanted = if moves && member.current.state != MemberState::UnrevokedPartitions {
            shortest
        } else if moves {
            // It reports by itself as soon as it has given back what it has to.
            shortest.saturating_mul(2)
        } else {
            shortest.max(now.saturating_sub(self.live.changed_at) / SETTLING_PART)
        };
        let wanted = wanted.clamp(1, i64::from(configured_ms.max(1)));
        i32::try_from(wanted).unwrap_or(configured_ms)
    }
}
