//! Times at which something falls due, as values.

use klamm_codec::Str;
use std::collections::BTreeSet;

/// What falls due.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// A member's session, or the wait for a promised member.
    Session { group: Str, member: Str },
    /// The group's wait for joins or syncs.
    Round { group: Str },
    /// A consumer group's next target may be made.
    Target { group: Str },
    /// Offsets may have expired.
    Expiry,
}

/// An ordered set. A time that was moved later leaves its first entry in place: who is told looks at the time that
/// counts, and asks again. That makes a heartbeat cost nothing here.
#[derive(Debug, Default)]
pub(super) struct Timers {
    due: BTreeSet<(i64, Due)>,
}

impl Timers {
    pub(super) fn at(&mut self, time: i64, due: Due) {
        self.due.insert((time, due));
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
}
