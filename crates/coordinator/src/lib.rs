//! What group, transaction and share coordinators write to their logs: keys and values, byte for byte Kafka's.
//!
//! ```text
//! key   = int16 record type, then the fields of the key, in the classic form
//! value = int16 version, then the fields of the value in that version; no value is a tombstone
//! ```
//! Record types count per log: `__consumer_offsets`, `__transaction_state` and `__share_group_state` each begin at 0.

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

#[path = "generated/mod.rs"]
pub mod records;
