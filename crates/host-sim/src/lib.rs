//! The simulated host: a disk that tears and forgets, a network that drops, a clock turned by hand.
//!
//! Everything that a node takes from the world through `klamm_host::Host` exists here a second time, decided by one
//! seed: same seed, same run. A [`Trace`] folds all that happens into one number, so that two runs can be compared.

mod disk;
mod random;
mod trace;

pub use disk::{CrashPolicy, DiskFault, DiskOp, Effect, OpFilter, SimDisk};
pub use random::SimRng;
pub use trace::{Trace, digest};
