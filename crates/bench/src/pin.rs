//! The served side on one core, the load on another, as long as there are two: where the kernel puts the two threads
//! decides a benchmark on a small machine otherwise.

use rustix::thread::{CpuSet, sched_setaffinity};

/// The core of the broker and of the serving side of the raw loops.
pub(crate) const SERVER: usize = 0;
/// The core of the load.
pub(crate) const LOAD: usize = 1;

/// Moves the calling thread, and what it starts from now on, to a core. Does nothing on a machine without it.
pub(crate) fn to(core: usize) {
    // Asked for before anybody is moved: afterwards the answer would be 1.
    static CORES: std::sync::LazyLock<usize> = std::sync::LazyLock::new(|| {
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
    });
    if *CORES > LOAD {
        let mut set = CpuSet::new();
        set.set(core);
        // Only a wish: without it the figures are as before.
        let _ = sched_setaffinity(None, &set);
    }
}
