//! Bytes in, bytes out: listeners, connections, frames, limits.

mod connection;
mod frame;
mod limits;
mod listener;
mod outbox;
mod pipeline;

pub(crate) use limits::{AdmissionSettings, LimitSettings, Limits};
pub(crate) use listener::{BoundListener, addresses, bind, listen, serve};
pub(crate) use outbox::copy_small_ranges;
