//! The only room with system calls: disk, network, clock, entropy, tasks.
//!
//! Every effect of the world enters the broker through one of these traits, so that `host-sim` can stand in for all of
//! them and one seed decides a whole run. The real implementations are `os::*`.

mod clock;
mod disk;
mod entropy;
mod net;
pub mod os;
mod tasks;

pub use clock::Clock;
pub use disk::{DirEntry, DirLock, Disk, DiskFile, FileRange, OpenMode, Residency, Space, Volume};
pub use entropy::Entropy;
pub use net::{Connection, Listener, Network};
pub use tasks::{BlockingLoad, BoxFuture, TaskHandle, Tasks, run_blocking};

use std::sync::Arc;

/// A node's world: everything that could differ between two runs.
#[derive(Debug, Clone)]
pub struct Host {
    /// Files.
    pub disk: Arc<dyn Disk>,
    /// Sockets.
    pub net: Arc<dyn Network>,
    /// Wall and monotonic time. Timers use the runtime's own clock, which a simulation pauses.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// Spawned tasks and blocking work.
    pub tasks: Arc<dyn Tasks>,
}
