//! What the cleaner does to a partition: the lock is held to look, to swap in memory, and to note the end.

use super::{Gone, Partition};
use klamm_storage::{CleanError, CleanLimits, CleanView, Cleaning, Step};
use std::sync::Arc;

/// A pass over one partition.
#[derive(Debug)]
pub(crate) struct Pass {
    partition: Arc<Partition>,
    view: CleanView,
    cleaning: Cleaning,
}

impl Partition {
    /// What there may be to clean. `None`: nothing.
    pub(crate) fn clean_view(&self) -> Option<CleanView> {
        if self.is_moving() {
            return None;
        }
        self.log().ok()?.clean_view()
    }
}

impl Pass {
    /// Begins a pass, over what can be synced in full. Blocks.
    ///
    /// # Errors
    /// See [`CleanError`]; `Abandoned` if there is nothing to clean any more.
    pub(crate) fn begin(
        partition: Arc<Partition>,
        limits: CleanLimits,
        now_ms: i64,
    ) -> Result<Self, CleanError> {
        let look = || {
            let log = partition.log().map_err(|Gone| CleanError::Abandoned)?;
            let view = log.clean_view().ok_or(CleanError::Abandoned)?;
            Ok::<_, CleanError>((view, log.producer_marks()))
        };
        let (mut view, mut producers) = look()?;
        let mut dirtiness = view.dirtiness(now_ms)?;
        if view.wants_full_sync(&dirtiness) {
            partition.sync_in_full();
            (view, producers) = look()?;
            dirtiness = view.dirtiness(now_ms)?;
        }
        let cleaning = view.begin(&dirtiness, producers, limits, now_ms)?;
        Ok(Self { partition, view, cleaning })
    }

    /// Goes on for about so many bytes. `true`: the pass is over. Blocks.
    ///
    /// # Errors
    /// See [`CleanError`]; the pass is over too.
    pub(crate) fn step(&mut self, bytes: u64) -> Result<bool, CleanError> {
        match self.cleaning.step(bytes)? {
            Step::More => Ok(false),
            Step::Swap(segment) => {
                self.swap_in(segment)?;
                Ok(false)
            }
            Step::Done(end) => {
                let log = self.partition.log();
                let mut log = log.map_err(|Gone| CleanError::Abandoned)?;
                log.note_cleaned(&self.view, end)?;
                Ok(true)
            }
        }
    }

    pub(crate) const fn cleaning(&self) -> &Cleaning {
        &self.cleaning
    }

    fn swap_in(&self, segment: klamm_storage::CleanedSegment) -> Result<(), CleanError> {
        let partition = &self.partition;
        if partition.is_moving() {
            segment.discard();
            return Err(CleanError::Abandoned);
        }
        let work = match partition.log() {
            Ok(mut log) => log.begin_swap(segment)?,
            Err(Gone) => {
                segment.discard();
                return Err(CleanError::Abandoned);
            }
        };
        // Not under the lock: readers and producers do not wait for renames and syncs.
        let work = work.run()?;
        let Ok(mut log) = partition.log() else {
            return Err(CleanError::Abandoned);
        };
        let old = log.end_swap(work);
        drop(log);
        let now_ms = partition.shared.host.clock.now_ms();
        partition.shared.removals.add_files(old, now_ms);
        Ok(())
    }
}
