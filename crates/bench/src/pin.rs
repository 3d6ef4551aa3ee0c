//! The served side on one core, the load on another, as long as there are two: where the kernel puts the two threads
//! decides a benchmark on a small machine otherwise.

use rustix::thread::{CpuSet, sched_setaffinity};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// The core of the broker and of the serving side of the raw loops.
pub(crate) const SERVER: usize = 0;
/// The core of the load.
pub(crate) const LOAD: usize = 1;

static UNPINNED: AtomicBool = AtomicBool::new(false);

/// From now on nobody is moved, and who was may go anywhere.
pub(crate) fn leave_to_the_kernel() {
    let mut all = CpuSet::new();
    for core in 0..*CORES {
        all.set(core);
    }
    // Only a wish, as below.
    let _ = sched_setaffinity(None, &all);
    UNPINNED.store(true, Ordering::Relaxed);
}

/// Asked for before anybody is moved: afterwards the answer would be 1.
static CORES: LazyLock<usize> =
    LazyLock::new(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get));

/// How many cores there are.
pub(crate) fn cores() -> usize {
    *CORES
}

/// True when broker and load have a core each.
pub(crate) fn is_pinned() -> bool {
    *CORES > LOAD && !UNPINNED.load(Ordering::Relaxed)
}

/// Moves the calling thread, and what it starts from now on, to a core. Does nothing on a machine without it.
pub(crate) fn to(core: usize) {
    if is_pinned() {
        let mut set = CpuSet::new();
        set.set(core);
        // Only a wish: without it the figures are as before.
        let _ = sched_setaffinity(None, &set);
    }
}
