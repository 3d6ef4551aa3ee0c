//! Times at which something falls due, as values.

use std::collections::BTreeSet;

/// An ordered set of what falls due. Nothing is taken out of it by itself: its owner cancels what is no longer due, or
/// looks again at the time that counts when it is told.
#[derive(Debug)]
pub(crate) struct Timers<D> {
    due: BTreeSet<(i64, D)>,
}

impl<D> Default for Timers<D> {
    fn default() -> Self {
        Self { due: BTreeSet::new() }
    }
}

impl<D: Ord> Timers<D> {
    pub(crate) fn at(&mut self, time: i64, due: D) {
        self.due.insert((time, due));
    }

    pub(crate) fn cancel(&mut self, time: i64, due: D) {
        self.due.remove(&(time, due));
    }

    pub(crate) fn next(&self) -> Option<i64> {
        self.due.first().map(|(time, _)| *time)
    }

    pub(crate) fn take_due(&mut self, now: i64) -> Option<D> {
        if self.next()? > now {
            return None;
        }
        self.due.pop_first().map(|(_, due)| due)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.due.len()
    }
}
