//! Times at which something falls due, as values.

use klamm_codec::Str;
use std::collections::BTreeSet;

/// What falls due.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// An open transaction has lasted too long.
    Timeout(Str),
    /// Those who wait for the markers of a transaction have waited too long.
    Wait(Str),
    /// Transactional ids may have expired.
    Expiry,
}

/// An ordered set. What is no longer due is taken out, so that its size follows the open transactions.
#[derive(Debug, Default)]
pub(super) struct Timers {
    due: BTreeSet<(i64, Due)>,
}

impl Timers {
    pub(super) fn at(&mut self, time: i64, due: Due) {
        self.due.insert((time, due));
    }

    pub(super) fn cancel(&mut self, time: i64, due: Due) {
        self.due.remove(&(time, due));
    }

    pub(super) fn next(&self) -> Option<i64> {
        self.due.first().map(|(time, _)| *time)
    }

    pub(super) fn take_due(&mut self, now: i64) -> Option<Due> {
        if self.next()? > now {
            return None;
        }
        self.due.pop_first().map(|(_, due)| due)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.due.len()
    }
}
