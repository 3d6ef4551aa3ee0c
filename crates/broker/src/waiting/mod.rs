//! Requests that wait: for bytes, and for the disk.

mod sync_gate;
mod turns;
mod watchers;

pub(crate) use sync_gate::{SyncFailed, SyncGate};
pub(crate) use turns::Turns;
pub(crate) use watchers::Watchers;
