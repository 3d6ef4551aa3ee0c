//! What falls due in transactions.

use klamm_codec::Str;

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

/// Ordered by time. What is no longer due is taken out, so that its size follows the open transactions.
pub(super) type Timers = crate::timers::Timers<Due>;
