//! The program as people use it: the real binary, real sockets, real files, kill -9.
#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests: a failed step is the message"
)]

mod crash;
mod dump;
mod groups;
mod host;
mod memory;
mod node;
mod quotas;
mod records;
mod topics;
mod transactions;
mod usage;
