//! Requests that wait: for bytes, for the disk, and for those that came with them.

mod burst;
mod sync_gate;
mod turns;
mod watchers;

pub(crate) use burst::{Burst, Place};
pub(crate) use sync_gate::{SyncFailed, SyncGate};
pub(crate) use turns::Turns;
pub(crate) use watchers::{Watch, Watchers};
