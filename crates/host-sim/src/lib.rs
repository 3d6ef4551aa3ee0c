//! The simulated host: a disk that tears and forgets, a network that drops, a clock turned by hand.
//!
//! Everything that a node takes from the world through `klamm_host::Host` exists here a second time, decided by one
//! seed: same seed, same run. A [`Trace`] folds all that happens into one number, so that two runs can be compared.

mod clock;
mod disk;
mod entropy;
mod net;
mod random;
mod tasks;
mod trace;
mod world;

pub use clock::SimClock;
pub use disk::{CrashPolicy, DiskFault, DiskOp, Effect, OpFilter, SimDisk};
pub use entropy::SimEntropy;
pub use net::{Leave, LinkOptions, SimNet, SimNetwork};
pub use random::SimRng;
pub use tasks::{Panics, SimTasks};
pub use trace::{Trace, digest};
pub use world::{Run, SimNode, World};
