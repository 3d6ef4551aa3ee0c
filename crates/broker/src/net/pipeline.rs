//! Requests of one connection that are under way: started in order, answered in order.
//!
//! Invariant: a request is polled for the first time before the next one is started. A handler that appends does so
//! before its first wait, or joins the connection's burst then, which is written in its order before any request of
//! another kind is started: so the order of appends is the order of requests.

use crate::request::{Answer, Outcome};
use klamm_host::BoxFuture;
use std::collections::VecDeque;
use std::task::{Context, Poll};
use std::time::Duration;

/// The requests under way.
#[derive(Debug, Default)]
pub(crate) struct Pipeline {
    slots: VecDeque<Slot>,
    frame_bytes: usize,
}

struct Slot {
    state: State,
    frame_bytes: usize,
}

enum State {
    Running(BoxFuture<'static, Outcome>),
    Done(Outcome),
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slot")
            .field("frame_bytes", &self.frame_bytes)
            .finish_non_exhaustive()
    }
}

/// What the front of the pipeline has for the peer.
#[derive(Debug)]
pub(crate) enum Next {
    /// Bytes to send.
    Answer(Answer),
    /// Nothing to send, but the connection is to rest so long.
    Rest(Duration),
    /// The connection must be closed after what was answered so far.
    Close,
}

impl Pipeline {
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Bytes of the frames whose requests are under way.
    pub(crate) fn frame_bytes(&self) -> usize {
        self.frame_bytes
    }

    /// Starts a request: polls it once.
    pub(crate) fn start(
        &mut self,
        cx: &mut Context<'_>,
        mut request: BoxFuture<'static, Outcome>,
        frame_bytes: usize,
    ) {
        let state = match request.as_mut().poll(cx) {
            Poll::Ready(outcome) => State::Done(outcome),
            Poll::Pending => State::Running(request),
        };
        self.frame_bytes += frame_bytes;
        self.slots.push_back(Slot { state, frame_bytes });
    }

    /// Lets every request that waits go on.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) {
        for slot in &mut self.slots {
            if let State::Running(request) = &mut slot.state
                && let Poll::Ready(outcome) = request.as_mut().poll(cx)
            {
                slot.state = State::Done(outcome);
            }
        }
    }

    /// The answer at the front, if it is ready. Requests without an answer are passed over.
    pub(crate) fn next(&mut self) -> Option<Next> {
        while let Some(Slot { state: State::Done(_), .. }) = self.slots.front() {
            let slot = self.slots.pop_front()?;
            self.frame_bytes -= slot.frame_bytes;
            match slot.state {
                State::Done(Outcome::Answer(answer)) => return Some(Next::Answer(answer)),
                State::Done(Outcome::Close) => return Some(Next::Close),
                State::Done(Outcome::Silent(rest)) if !rest.is_zero() => {
                    return Some(Next::Rest(rest));
                }
                State::Done(Outcome::Silent(_)) | State::Running(_) => {}
            }
        }
        None
    }
}
