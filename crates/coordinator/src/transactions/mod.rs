//! Transactions: which producer a transactional id has, and which partitions wait for the end of its transaction.
//!
//! ```text
//! command      what the broker asks, in this house's own terms, the replies, and the markers to write
//! shard        the ids of one __transaction_state partition: command → (records, replies, effects), replay, timers
//! begin, end   the rules of InitProducerId and AddPartitionsToTxn, and of EndTxn and timeouts
//! transaction  one id as a value, and each step from one value to the next
//! view         what administrators and verifying partitions see
//! record       the one record type, byte for byte Kafka's
//! ```
//! ```text
//! Empty ──▶ Ongoing ──▶ PrepareCommit ──▶ CompleteCommit ──▶ Ongoing, Empty, PrepareAbort
//!    │         └──────▶ PrepareAbort  ──▶ CompleteAbort  ──▶ Ongoing, Empty, PrepareAbort
//!    └── a client of level 2 may abort nothing ──▲
//! ```
//! *Invariants:* a decision never flips, and is in the log before its markers are written. A prepared transaction gives
//! its markers again after each load, until they are known to be written. A producer epoch never falls, and the
//! highest one is no client's.

mod begin;
mod command;
mod end;
mod record;
mod shard;
mod state;
mod timers;
mod transaction;
mod view;

#[cfg(test)]
mod tests;

pub use command::{
    AddPartitions, Command, EndTransaction, InitProducerId, Producer, Reply, TransactionConfig,
    TransactionError, TransactionVersion, WriteMarkers,
};
pub use shard::{Snapshot, TransactionShard};
pub use state::TransactionState;
pub use view::{DescribedTransaction, ListedTransaction, TransactionFilter};
