//! Groups of consumers: who is a member, who has which partitions, and how far each group has read.
//!
//! ```text
//! command  what the broker asks, in this house's own terms, and the replies
//! shard    the groups of one __consumer_offsets partition: command → (records, replies), replay, timers
//! shard_consumer  the part of it that is about the consumer protocol
//! group    a group of either protocol, with its offsets
//! classic/ one group of the classic protocol: join, sync, heartbeat, leave
//! consumer/ one group of the consumer protocol (KIP-848), and the way from one protocol to the other
//! subscription  what classic consumers say to each other, which the coordinator has to understand then
//! departure  what groups tell whoever watches: pauses of members, and who is gone and why
//! standing  how members stand: what they wait for, and how long their assignments move
//! surroundings  topics and settings, as the driver hands them over
//! offsets  committed offsets: commit, delete, expire; and those that wait for the end of a transaction
//! transactional  commits in transactions
//! assign/  who gets which partitions, where the coordinator decides it
//! pattern  subscriptions by pattern, with RE2's syntax
//! record   the records of classic groups and offsets, byte for byte Kafka's
//! ```
//! *Invariants:* those of every [`Shard`](crate::shard::Shard). What a log does not keep of a group is the round that
//! is not finished.

pub mod assign;
mod classic;
mod command;
mod consumer;
mod departure;
mod group;
mod offsets;
mod pattern;
mod record;
mod shard;
mod shard_consumer;
mod standing;
mod subscription;
mod surroundings;
mod timers;
mod transactional;

#[cfg(test)]
mod tests;

pub use classic::GroupState;
pub use command::{
    Command, CommitOffsets, CommittedOffset, ConsumerConfig, DescribedGroup, DescribedMember,
    Effect, GroupConfig, GroupError, GroupKind, Heartbeat, Join, JoinRefused, Joined, JoinedMember,
    Leave, LeavingMember, ListedGroup, MigrationPolicy, NewOffset, Output, Reply, Sync, Synced,
};
pub use consumer::{
    ConsumerAnswer, ConsumerHeartbeat, ConsumerSnapshot, ConsumerState, DescribedAssignment,
    DescribedConsumer, DescribedConsumerGroup, MemberState,
};
pub use departure::{Departure, Gone, Observation};
pub use pattern::{Pattern, PatternError};
pub use shard::{Committed, GroupShard, KeptGroup, Snapshot, shard_of};
pub use standing::{Pause, Standing, TopicPartitions, Wait, WaitCounts};
pub use surroundings::{ConsumerTimes, KnownTopic, Nowhere, Surroundings};
