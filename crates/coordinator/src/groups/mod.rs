//! Groups of consumers: who is a member, who has which partitions, and how far each group has read.
//!
//! ```text
//! command  what the broker asks, in this house's own terms, and the replies
//! shard    the groups of one __consumer_offsets partition: command → (records, replies), replay, timers
//! classic/ one group of the classic protocol: join, sync, heartbeat, leave
//! offsets  committed offsets: commit, delete, expire
//! assign/  who gets which partitions, where the coordinator decides it
//! pattern  subscriptions by pattern, with RE2's syntax
//! record   the two record types that a classic group writes, byte for byte Kafka's
//! ```
//! *Invariants:* no clock, no randomness and no waiting in here. State after a command equals what a replay of its
//! records gives, but for rounds that are not finished. A reply may be given only once the records that were made
//! with it, and all before them, are committed.

pub mod assign;
mod classic;
mod command;
mod offsets;
mod pattern;
mod record;
mod shard;
mod subscription;
mod timers;

#[cfg(test)]
mod tests;

pub use classic::GroupState;
pub use command::{
    Command, CommitOffsets, CommittedOffset, DescribedGroup, DescribedMember, GroupConfig,
    GroupError, Heartbeat, Join, JoinRefused, Joined, JoinedMember, Leave, LeavingMember,
    ListedGroup, Moment, NewOffset, Output, Reply, Sync, Synced, Ticket,
};
pub use pattern::{Pattern, PatternError};
pub use record::{GroupRecord, RecordError};
pub use shard::{Committed, GroupShard, Replayed, Snapshot, shard_of};
