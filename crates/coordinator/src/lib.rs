//! Coordinators of groups and of transactions, and what they write to their logs, byte for byte Kafka's.
//!
//! [`shard`] is the shape of a coordinator, [`groups`] and [`transactions`] decide; [`records`] are the keys and values:
//!
//! ```text
//! key   = int16 record type, then the fields of the key, in the classic form
//! value = int16 version, then the fields of the value in that version; no value is a tombstone
//! ```
//! Record types count per log: `__consumer_offsets`, `__transaction_state` and `__share_group_state` each begin at 0.

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

pub mod groups;
#[path = "generated/mod.rs"]
pub mod records;
pub mod shard;
mod timers;
pub mod transactions;
