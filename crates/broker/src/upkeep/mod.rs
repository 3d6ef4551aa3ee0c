//! Work that nobody waits for: flushing, retention, compaction, checkpoints, delayed deletes. Paced, and asleep when there is none.

mod cleaner;
mod dirty;
mod flusher;
mod idle_files;
mod moves;
mod removals;
mod retention;
mod room;

pub(crate) use cleaner::{Cleaner, CleanerSettings, run as run_cleaner};
pub(crate) use dirty::{DirtyBudget, stop_bytes_by};
pub(crate) use flusher::run as run_flusher;
pub(crate) use idle_files::run as run_idle_files;
pub(crate) use moves::{Moves, run as run_moves};
pub(crate) use removals::{Removals, run as run_removals};
pub(crate) use retention::{Pace, run as run_retention};
pub(crate) use room::{Shortage, run as run_shortage};
