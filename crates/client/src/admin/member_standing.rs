//! How members of groups stand, as Klamm says it beyond Kafka's answers.

use super::groups::keys;
use crate::offsets::PartitionKey;
use bytes::Bytes;
use klamm_wire::messages::member_standing::{self as wire, TopicPartitions};
use std::time::Duration;

/// How a member stands, as of its coordinator's answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MemberStanding {
    /// How long ago its coordinator heard of it: by a heartbeat, or another request of a member.
    pub heard: Option<Duration>,
    /// How long ago a client of its name and address fetched last from the coordinator's node, if that is known. It is
    /// the nearest thing to a poll that any request shows.
    pub fetched: Option<Duration>,
    /// Since when its assignment moves, if it does.
    pub moving: Option<Duration>,
    /// How long its assignment moved the last time; unknown since the coordinator started.
    pub last_pause: Option<Duration>,
    /// What it waits for, if it does.
    pub wait: Option<MemberWait>,
}

/// What a member waits for, or others for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberWait {
    /// It has to give these up.
    ToRevoke(Vec<PartitionKey>),
    /// These members have to give up what it shall get.
    ForOthers(Vec<(String, Vec<PartitionKey>)>),
    /// There is something new for it, of which it hears with its next heartbeat.
    ToReport,
    /// The coordinator has not assigned anything to it yet.
    ForTarget,
    /// It left for a while, and may come back under its instance id.
    ToReturn,
    /// It has not joined the round again.
    ToJoin,
    /// It has joined the round; these, and so many others, have not.
    ForJoins(Vec<String>, usize),
    /// It has joined an empty group, which waits a little for more members.
    ForMore,
    /// It has joined the round, and has not asked for its assignment.
    ToSync,
    /// It leads the round, and has not brought the assignment.
    ToAssign,
    /// It has asked for its assignment, which this leader has not brought.
    ForLeader(String),
    /// Something that a newer broker knows.
    Other(String),
}

impl MemberStanding {
    /// Reads the field of an answer. What can't be read counts as not said.
    pub(super) fn read(field: Option<&Bytes>) -> Option<Self> {
        let said = wire::MemberStanding::from_field(field?.clone()).ok()?;
        let span = |ms: i64| u64::try_from(ms).ok().map(Duration::from_millis);
        Some(Self {
            heard: span(said.heard_ms),
            fetched: span(said.fetched_ms),
            moving: span(said.moving_ms),
            last_pause: span(said.last_pause_ms),
            wait: MemberWait::read(&said),
        })
    }
}

impl MemberWait {
    fn read(said: &wire::MemberStanding) -> Option<Self> {
        let others = || said.others.iter();
        let ids = || others().map(|other| other.member_id.to_string());
        Some(match said.wait.as_str() {
            "" => return None,
            "to_revoke" => Self::ToRevoke(all(&said.partitions)),
            "for_others" => {
                let others =
                    others().map(|other| (other.member_id.to_string(), all(&other.partitions)));
                Self::ForOthers(others.collect())
            }
            "to_report" => Self::ToReport,
            "for_target" => Self::ForTarget,
            "to_return" => Self::ToReturn,
            "to_join" => Self::ToJoin,
            "for_joins" => {
                let more = usize::try_from(said.more_others).unwrap_or_default();
                Self::ForJoins(ids().collect(), more)
            }
            "for_more" => Self::ForMore,
            "to_sync" => Self::ToSync,
            "to_assign" => Self::ToAssign,
            "for_leader" => Self::ForLeader(ids().next().unwrap_or_default()),
            other => Self::Other(other.to_owned()),
        })
    }

    /// Its name, as metrics and JSON have it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::ToRevoke(_) => "to_revoke",
            Self::ForOthers(_) => "for_others",
            Self::ToReport => "to_report",
            Self::ForTarget => "for_target",
            Self::ToReturn => "to_return",
            Self::ToJoin => "to_join",
            Self::ForJoins(..) => "for_joins",
            Self::ForMore => "for_more",
            Self::ToSync => "to_sync",
            Self::ToAssign => "to_assign",
            Self::ForLeader(_) => "for_leader",
            Self::Other(name) => name,
        }
    }
}

fn all(topics: &[TopicPartitions]) -> Vec<PartitionKey> {
    let topics = topics.iter();
    topics
        .flat_map(|topic| keys(&topic.topic, &topic.partitions))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use klamm_coordinator::groups::Wait;

    #[test]
    fn every_reason_of_the_coordinator_has_its_own_word_here() {
        for reason in Wait::REASONS {
            let said = wire::MemberStanding { wait: reason.into(), ..Default::default() };
            let read = MemberWait::read(&said).unwrap();
            assert_eq!(read.name(), reason);
            assert!(!matches!(read, MemberWait::Other(_)), "{reason}");
        }
    }

    #[test]
    fn what_is_not_said_or_not_understood_is_unknown() {
        assert_eq!(MemberStanding::read(None), None);
        assert_eq!(
            MemberStanding::read(Some(&Bytes::from_static(b"\x7f\x00"))),
            None
        );
        let said = wire::MemberStanding { heard_ms: 0, moving_ms: 9, ..Default::default() };
        let expected = MemberStanding {
            heard: Some(Duration::ZERO),
            moving: Some(Duration::from_millis(9)),
            ..MemberStanding::default()
        };
        let field = said.to_field().unwrap();
        assert_eq!(MemberStanding::read(Some(&field)), Some(expected));
    }
}
