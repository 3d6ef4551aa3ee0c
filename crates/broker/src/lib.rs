//! The assembly: bytes in, bytes out.
//!
//! ```text
//! net ─▶ request ─▶ handlers ─▶ partitions ─▶ (storage)
//!                      │            ├─ waiting   fetches that wait for bytes, writers that wait for the disk
//!                      │            └─ upkeep    flushing, retention, checkpoints
//!                      ├─▶ quorum ─▶ (raft, metadata)
//!                      └─▶ coordinating ─▶ (coordinator)   groups, over partitions of their own
//! ```
//! [`Broker::start`] builds the parts in the order in which they need each other; it decides nothing.

mod auto_create;
mod config;
mod coordinating;
mod format;
mod handlers;
mod net;
mod node;
mod observing;
mod partitions;
mod producer_ids;
mod quorum;
mod quotas;
mod registration;
mod request;
mod start;
mod telemetry;
mod upkeep;
mod waiting;

pub use format::{FormatDirsError, Formatted, format};
pub use observing::metrics_markdown;
pub use request::protocol_markdown;
pub use start::{Broker, StartError};
