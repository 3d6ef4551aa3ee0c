//! ⑧ Coordination: the pure shards of `coordinator`, each driven over its partition of its log.
//!
//! ```text
//! ask(command) ─▶ queue of the shard ─▶ shard task: apply, append as one batch, wait until committed, reply, effects
//!                                          ▲ load: reads the partition       ▲ timers, outcomes of effects
//! groups        the coordinator of groups, over __consumer_offsets
//! transactions  the coordinator of transactions, over __transaction_state
//! deletions     what groups committed for topics that are gone is forgotten
//! markers       the ends of transactions, written into their partitions
//! shards        the shards of one log and their queues
//! ```
//! *Invariants:* one task owns one shard. No reply is given, and no effect begins, before the records made with it are
//! committed. A shard whose append failed is forgotten and loaded again, as its state may be ahead of its log; its
//! effects end with it, and begin anew from what the log says.

mod alarm;
mod company;
mod deletions;
mod effects;
mod grace;
mod groups;
mod load;
mod log_topic;
mod markers;
mod shard_task;
mod shards;
mod transactions;
mod view;

pub(crate) use deletions::Deletions;
pub(crate) use groups::Groups;
pub(crate) use log_topic::LogTopic;
pub(crate) use markers::MarkerWriter;
pub(crate) use shard_task::moment;
pub(crate) use transactions::Transactions;
