//! The real world.

mod clock;
mod disk;
mod entropy;
mod hangup;
mod memory;
mod net;
mod open_files;
mod residency;
mod tasks;
mod volume;
mod write_back;

pub use clock::SystemClock;
pub use disk::OsDisk;
pub use entropy::OsEntropy;
pub use hangup::ignores_hangup;
pub use net::OsNetwork;
pub use open_files::raise_open_files;
pub use tasks::RuntimeTasks;

use crate::Host;
use std::sync::Arc;

/// The world of this process. Call inside a tokio runtime.
#[must_use]
pub fn host() -> Host {
    Host {
        disk: Arc::new(OsDisk),
        net: Arc::new(OsNetwork),
        clock: Arc::new(SystemClock::new()),
        entropy: Arc::new(OsEntropy),
        tasks: Arc::new(RuntimeTasks::default()),
    }
}
