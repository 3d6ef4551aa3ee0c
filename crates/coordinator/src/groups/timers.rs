//! What falls due in groups.

use klamm_codec::Str;

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

/// Ordered by time. A time that was moved later leaves its first entry in place: who is told looks at the time that
/// counts, and asks again. That makes a heartbeat cost nothing here.
pub(super) type Timers = crate::timers::Timers<Due>;
