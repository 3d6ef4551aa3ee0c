//! Metadata records, the image they build, and the controller's decisions. Pure.
//!
//! ```text
//! request ── decide::* ──> records + reply          on the active controller, from an Image and the request alone
//! records ── Replay ──> Image + Delta               on every node, in the order of the log
//! Image ── to_records ──> snapshot                  replaying it gives the same image again
//! ```
//! No socket, no disk, no clock and no randomness: what differs between two runs comes in as an argument.

pub mod decide;
mod delta;
pub mod generated;
pub mod image;
pub mod level;
mod record;
mod replay;
mod replicas;
mod snapshot;
#[cfg(test)]
mod testing;

pub use delta::Delta;
pub use image::Image;
pub use level::MetadataVersion;
pub use record::{MetadataRecord, RecordError};
pub use replay::{Replay, ReplayError};
pub use replicas::Replicas;
