//! Groups of consumers: who is a member, who has which partitions, and how far each group has read.
//!
//! ```text
//! command  what the broker asks, in this house's own terms, and the replies
//! shard    the groups of one __consumer_offsets partition: command → (records, replies), replay, timers
//! classic/ one group of the classic protocol: join, sync, heartbeat, leave
//! offsets  committed offsets: commit, delete, expire; and those that wait for the end of a transaction
//! transactional  commits in transactions
//! assign/  who gets which partitions, where the coordinator decides it
//! pattern  subscriptions by pattern, with RE2's syntax
//! record   the two record types that a classic group writes, byte for byte Kafka's
//! ```
//! *Invariants:* those of every [`Shard`](crate::shard::Shard). What a log does not keep of a group is the round that
//! is not finished.

pub mod assign;
mod classic;
mod command;
mod offsets;
mod pattern;
mod record;
mod shard;
mod subscription;
mod timers;
mod transactional;

#[cfg(test)]
mod tests;

pub use classic::GroupState;
pub use command::{
    Command, CommitOffsets, CommittedOffset, DescribedGroup, DescribedMember, Effect, GroupConfig,
    GroupError, Heartbeat, Join, JoinRefused, Joined, JoinedMember, Leave, LeavingMember,
    ListedGroup, NewOffset, Output, Reply, Sync, Synced,
};
pub use pattern::{Pattern, PatternError};
pub use shard::{Committed, GroupShard, Snapshot, shard_of};
