//! How a member stands: when it was heard last, whether its assignment moves, and what it waits for.

use super::command::GroupKind;
use klamm_codec::Str;

/// How a member stands. Times are spans up to now, in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// Since its last sign of life; unknown if there was none since the coordinator was loaded.
    pub heard_ms: Option<i64>,
    /// Since its assignment moves, if it does.
    pub moving_ms: Option<i64>,
    /// How long its assignment moved the last time; unknown since the coordinator was loaded.
    pub last_pause_ms: Option<i64>,
    /// What it waits for, or others for it.
    pub wait: Option<Wait>,
}

/// A topic's name, and partitions of it.
pub type TopicPartitions = (Str, Vec<i32>);

/// What a member waits for, or others for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wait {
    /// It has to give partitions back, and has not said that it did.
    ToRevoke {
        /// Which.
        partitions: Vec<TopicPartitions>,
    },
    /// Others have to give partitions back first.
    ForOthers {
        /// Who they are, by id, and what each still has of this member's.
        holders: Vec<(Str, Vec<TopicPartitions>)>,
    },
    /// It has not reported since there is something new for it.
    ToReport,
    /// The coordinator has not assigned anything to it yet.
    ForTarget,
    /// It left for a while, and may come back under its instance id.
    ToReturn,
    /// It has not joined the round again.
    ToJoin,
    /// It has joined the round, others have not.
    ForJoins {
        /// Who they are, the first few.
        members: Vec<Str>,
        /// How many more there are.
        others: usize,
    },
    /// It has joined an empty group, which waits a little for more members.
    ForMore,
    /// It has joined the round, and has not asked for its assignment.
    ToSync,
    /// It leads the round, and has not brought the assignment.
    ToAssign,
    /// It has asked for its assignment, which the leader has not brought.
    ForLeader {
        /// Who leads.
        leader: Str,
    },
}

impl Wait {
    /// The names of all reasons to wait.
    pub const REASONS: [&'static str; 11] = [
        "to_revoke",
        "for_others",
        "to_report",
        "for_target",
        "to_return",
        "to_join",
        "for_joins",
        "for_more",
        "to_sync",
        "to_assign",
        "for_leader",
    ];

    /// Where its name stands among [`Wait::REASONS`].
    #[must_use]
    pub const fn index(&self) -> usize {
        match self {
            Self::ToRevoke { .. } => 0,
            Self::ForOthers { .. } => 1,
            Self::ToReport => 2,
            Self::ForTarget => 3,
            Self::ToReturn => 4,
            Self::ToJoin => 5,
            Self::ForJoins { .. } => 6,
            Self::ForMore => 7,
            Self::ToSync => 8,
            Self::ToAssign => 9,
            Self::ForLeader { .. } => 10,
        }
    }
}

/// How many members wait, in the order of [`Wait::REASONS`].
pub type WaitCounts = [u64; Wait::REASONS.len()];

pub(super) fn count(counts: &mut WaitCounts, wait: &Wait) {
    if let Some(count) = counts.get_mut(wait.index()) {
        *count += 1;
    }
}

/// A member has what it shall have, after its assignment moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// The protocol of its group.
    pub kind: GroupKind,
    /// How long it took, in milliseconds.
    pub ms: i64,
}

/// When a member was heard, and when its assignment moved. Times are of the monotonic clock, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Moves {
    pub(super) heard_at: Option<i64>,
    since: Option<i64>,
    last_ms: Option<i64>,
}

impl Moves {
    /// Its assignment moves, from now on unless it does already.
    pub(super) fn begin(&mut self, now: i64) {
        self.since.get_or_insert(now);
    }

    /// It has its assignment: how long that took, if it moved.
    pub(super) fn end(&mut self, now: i64) -> Option<i64> {
        let ms = now.saturating_sub(self.since.take()?);
        self.last_ms = Some(ms);
        Some(ms)
    }

    pub(super) fn standing(&self, now: i64, wait: Option<Wait>) -> Standing {
        let span = |since: i64| now.saturating_sub(since);
        Standing {
            heard_ms: self.heard_at.map(span),
            moving_ms: self.since.map(span),
            last_pause_ms: self.last_ms,
            wait,
        }
    }
}
