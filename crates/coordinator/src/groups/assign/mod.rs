//! Who gets which partitions, decided by the coordinator (KIP-848).
//!
//! ```text
//! uniform  as even as subscriptions allow, then as few moves as possible
//! range    neighbours stay together, and the same numbers of each topic go to the same member
//! board    the partitions under distribution, with their owners
//! levels   members by load
//! ```
//! An assignment is a function of what it is given: neither the order of the members nor a clock changes it.
//! Kafka 4.3 looks at racks in neither assignor. `uniform` here prefers members that share a rack with a replica, where
//! that costs neither balance nor a move.

mod board;
mod levels;
mod range;
mod uniform;

#[cfg(test)]
mod tests;

use klamm_codec::Str;
use std::collections::{BTreeMap, BTreeSet};

/// A topic's id.
pub type TopicId = klamm_model::Uuid;

/// What each member gets: partitions in ascending order. Every member is there, if with nothing.
pub type Assignment = BTreeMap<Str, BTreeMap<TopicId, Vec<i32>>>;

/// A member, as far as an assignor looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberSubscription {
    /// The member.
    pub member_id: Str,
    /// The name of a static member.
    pub instance_id: Option<Str>,
    /// Where the member runs.
    pub rack: Option<Str>,
    /// What it wants to read.
    pub topics: BTreeSet<TopicId>,
    /// What the assignment before gave it.
    pub current: BTreeMap<TopicId, BTreeSet<i32>>,
}

/// A topic, as far as an assignor looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicShape {
    /// How many partitions it has.
    pub partitions: i32,
    /// The racks of each partition's replicas; may be empty or short.
    pub racks: Vec<Vec<Str>>,
}

/// An assignor that runs on the coordinator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assignor {
    /// Even loads, few moves.
    Uniform,
    /// Contiguous ranges, the same of each topic.
    Range,
}

/// Why there is no assignment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AssignError {
    /// A member subscribes to a topic whose shape was not given.
    #[error("member {member_id} subscribes to topic {topic}, which does not exist")]
    UnknownTopic {
        /// Who subscribes.
        member_id: Str,
        /// To what.
        topic: TopicId,
    },
    /// Two members have one id.
    #[error("there are two members {0}")]
    DuplicateMember(Str),
}

impl Assignor {
    /// Every assignor, the default first.
    pub const ALL: [Self; 2] = [Self::Uniform, Self::Range];

    /// The assignor of that name, as clients and `group.consumer.assignors` spell it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|assignor| assignor.name() == name)
    }

    /// Its name in the protocol.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Range => "range",
        }
    }
}

/// Distributes every partition of every subscribed topic over its subscribers.
///
/// # Errors
/// The members or topics contradict themselves; nothing is assigned then.
pub fn assign(
    assignor: Assignor,
    members: &[MemberSubscription],
    topics: &BTreeMap<TopicId, TopicShape>,
) -> Result<Assignment, AssignError> {
    let mut members: Vec<&MemberSubscription> = members.iter().collect();
    members.sort_by(|a, b| a.member_id.cmp(&b.member_id));
    for pair in members.windows(2) {
        if let [a, b] = pair
            && a.member_id == b.member_id
        {
            return Err(AssignError::DuplicateMember(a.member_id.clone()));
        }
    }
    for member in &members {
        if let Some(topic) = member
            .topics
            .iter()
            .find(|topic| !topics.contains_key(topic))
        {
            let member_id = member.member_id.clone();
            return Err(AssignError::UnknownTopic { member_id, topic: *topic });
        }
    }
    Ok(match assignor {
        Assignor::Uniform => uniform::assign(&members, topics),
        Assignor::Range => range::assign(&members, topics),
    })
}
