//! The client against a broker on paper: in memory, in paused time, with faults on demand.
#![allow(
    clippy::unwrap_used,
    reason = "a failed step of a test ends the test, in its helpers too"
)]

mod broker_on_paper;
mod consuming;
mod network;
mod producing;
mod talking;
