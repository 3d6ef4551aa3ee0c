//! Time as an input.

use std::fmt::Debug;
use std::time::Duration;

/// Reads time. Cores never hold one: they are told the time.
pub trait Clock: Debug + Send + Sync {
    /// Wall-clock milliseconds since the Unix epoch. May jump.
    fn now_ms(&self) -> i64;

    /// Time since an arbitrary start. Never falls.
    fn monotonic(&self) -> Duration;
}
