//! Names and numbers that every layer shares: ids, offsets, epochs.
//!
//! Newtypes without behaviour beyond arithmetic, ordering and display. A type joins this room only when three crates
//! use it.

mod topic;
mod uuid;

pub use topic::{TopicName, TopicNameError, TopicPartition};
pub use uuid::{ParseUuidError, Uuid};

/// A node of the cluster: broker, controller or both. Never negative for a real node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub i32);

/// The position of a record in its partition's log. Rises by one a record; holes appear after compaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset(pub i64);

/// Counts the leaders of one partition. Never falls; -1 means unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaderEpoch(pub i32);

/// Identifies a producer session for duplicate detection (KIP-98). -1 means none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProducerId(pub i64);

impl Offset {
    /// The offset `count` records further on.
    #[must_use]
    pub const fn plus(self, count: i64) -> Self {
        Self(self.0.saturating_add(count))
    }
}

impl LeaderEpoch {
    /// The epoch of a batch or request that names none.
    pub const UNKNOWN: Self = Self(-1);
}

impl ProducerId {
    /// A batch without an idempotent producer.
    pub const NONE: Self = Self(-1);
}

macro_rules! display_number {
    ($($name:ident),*) => {$(
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}
display_number!(NodeId, Offset, LeaderEpoch, ProducerId);
