//! One connection, one task: reads ahead, starts requests in order, sends answers in order, several in one write.

use super::frame::FrameReader;
use super::limits::{Admission, Limits};
use super::outbox::Outbox;
use super::pipeline::{Next, Pipeline};
use crate::request::{Caller, RequestRouter};
use klamm_host::{Clock, Connection, Tasks};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// When a connection was last heard of, read by the sweep that closes idle ones. Milliseconds of the monotonic clock.
#[derive(Debug)]
pub(crate) struct Activity {
    /// Last byte in or out.
    last_ms: AtomicU64,
    /// Since when the peer has been asked for the rest of a frame; 0 if it is not.
    partial_since_ms: AtomicU64,
    /// Whether a request was ever answered.
    requests: AtomicU64,
    /// Whether a request is under way, or an answer is on its way out.
    busy: AtomicBool,
}

impl Activity {
    pub(crate) fn new(now_ms: u64) -> Self {
        Self {
            last_ms: AtomicU64::new(now_ms),
            partial_since_ms: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            busy: AtomicBool::new(false),
        }
    }

    /// Whether a request is under way, or an answer is on its way out.
    pub(crate) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed)
    }

    /// Whether the connection has outstayed one of the limits.
    pub(crate) fn is_overdue(&self, now_ms: u64, limits: &super::LimitSettings) -> bool {
        let over =
            |since: u64, max: Duration| u128::from(now_ms.saturating_sub(since)) > max.as_millis();
        let last = self.last_ms.load(Ordering::Relaxed);
        let partial = self.partial_since_ms.load(Ordering::Relaxed);
        over(last, limits.idle_max)
            || (partial > 0 && over(partial, limits.frame_wait_max))
            || (self.requests.load(Ordering::Relaxed) == 0
                && !self.is_busy()
                && over(last, limits.first_request_wait_max))
    }
}

/// Serves one connection until it ends.
#[derive(Debug)]
pub(crate) struct ConnectionTask {
    stream: Box<dyn Connection>,
    reader: FrameReader,
    pipeline: Pipeline,
    outbox: Outbox,
    router: Arc<RequestRouter>,
    caller: Arc<Caller>,
    limits: Arc<Limits>,
    clock: Arc<dyn Clock>,
    activity: Arc<Activity>,
    /// Request bytes counted against `Limits::in_flight`.
    counted_bytes: usize,
    /// Requests counted there.
    counted_requests: usize,
    /// A client over its quota: its requests are left unread until this ends (KIP-219).
    rest: Option<Pin<Box<Sleep>>>,
    /// Nothing but the peer keeps the frame that has begun from its end.
    waits_for_peer: bool,
    /// No more requests are read; the connection ends when the outbox is empty.
    closing: bool,
    _admission: Admission,
}

/// What a new connection is made of.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) stream: Box<dyn Connection>,
    pub(crate) router: Arc<RequestRouter>,
    pub(crate) caller: Arc<Caller>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) tasks: Arc<dyn Tasks>,
    pub(crate) activity: Arc<Activity>,
    pub(crate) admission: Admission,
}

impl ConnectionTask {
    pub(crate) fn new(parts: Parts) -> Self {
        let frame_bytes_max = parts.limits.settings.frame_bytes_max;
        Self {
            stream: parts.stream,
            reader: FrameReader::new(frame_bytes_max),
            pipeline: Pipeline::default(),
            outbox: Outbox::new(parts.tasks),
            router: parts.router,
            caller: parts.caller,
            limits: parts.limits,
            clock: parts.clock,
            activity: parts.activity,
            counted_bytes: 0,
            counted_requests: 0,
            rest: None,
            waits_for_peer: false,
            closing: false,
            _admission: parts.admission,
        }
    }

    /// Runs until the peer leaves, breaks the protocol, or the connection fails.
    pub(crate) async fn run(mut self) {
        let result = std::future::poll_fn(|cx| self.poll(cx)).await;
        if let Err(error) = result {
            tracing::debug!(peer = %self.caller.peer, %error, "connection ended");
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.pipeline.poll(cx);
        self.waits_for_peer = false;
        let result = loop {
            self.collect_answers();
            let flushed = match self.outbox.poll_flush(cx, &mut *self.stream) {
                Poll::Ready(Ok(_)) => true,
                Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
                Poll::Pending => false,
            };
            if self.closing {
                break if flushed {
                    Poll::Ready(Ok(()))
                } else {
                    Poll::Pending
                };
            }
            if self.is_resting(cx) {
                break Poll::Pending;
            }
            let requests = self.poll_requests(cx);
            if self.caller.burst.finish(|| self.clock.now_ms()) {
                self.pipeline.poll(cx);
            }
            match requests {
                Ok(true) => {}
                Ok(false) => break Poll::Pending,
                Err(error) => break Poll::Ready(Err(error)),
            }
        };
        self.count_bytes();
        self.note_wait();
        result
    }

    fn collect_answers(&mut self) {
        while let Some(next) = self.pipeline.next() {
            match next {
                Next::Answer(answer) => {
                    self.reader.mark_proven();
                    self.activity.requests.fetch_add(1, Ordering::Relaxed);
                    for segment in answer.segments {
                        self.outbox.push(segment);
                    }
                    self.rest_for(answer.rest);
                }
                Next::Rest(rest) => self.rest_for(rest),
                Next::Close => {
                    self.closing = true;
                    return;
                }
            }
        }
    }

    /// Leaves requests unread for a while from now on. Answers of those under way go out all the same.
    fn rest_for(&mut self, rest: Duration) {
        if rest.is_zero() {
            return;
        }
        let until = Instant::now() + rest;
        if self
            .rest
            .as_ref()
            .is_none_or(|rest| rest.deadline() < until)
        {
            self.rest = Some(Box::pin(tokio::time::sleep_until(until)));
        }
    }

    fn is_resting(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(rest) = &mut self.rest else {
            return false;
        };
        if rest.as_mut().poll(cx).is_pending() {
            return true;
        }
        self.rest = None;
        self.note_activity();
        false
    }

    /// Reads and starts requests. `true` if anything moved.
    fn poll_requests(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        let mut moved = false;
        self.waits_for_peer = false;
        while self.pipeline.len() < self.limits.settings.pipeline_max && self.outbox.has_room() {
            match self.reader.next_frame() {
                Ok(Some(frame)) => {
                    let bytes = frame.len();
                    self.activity.partial_since_ms.store(0, Ordering::Relaxed);
                    self.caller.burst.expect_more(self.reader.has_whole_frame());
                    let request = self.router.route(frame, &self.caller);
                    self.pipeline.start(cx, request, bytes);
                    moved = true;
                    continue;
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(peer = %self.caller.peer, %error, "closing the connection");
                    self.closing = true;
                    return Ok(true);
                }
            }
            // Answers of the requests read so far go out before more is read.
            if moved && self.reader.pending_bytes() == 0 {
                return Ok(true);
            }
            self.count_bytes();
            let finishes = self.reader.is_within_ordinary_frame();
            if !self.limits.in_flight.has_room(cx.waker(), finishes) {
                // Its bytes are in the way of others: not for ever.
                self.waits_for_peer = true;
                return Ok(moved);
            }
            match self.reader.poll_fill(cx, &mut *self.stream) {
                Poll::Ready(Ok(0)) => {
                    self.closing = true;
                    return Ok(true);
                }
                Poll::Ready(Ok(_)) => self.note_activity(),
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => {
                    self.waits_for_peer = true;
                    return Ok(moved);
                }
            }
        }
        Ok(moved)
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.clock.monotonic().as_millis()).unwrap_or(u64::MAX)
    }

    fn note_activity(&self) {
        self.activity
            .last_ms
            .store(self.now_ms(), Ordering::Relaxed);
    }

    /// Each frame has its time; and that of one which is left unread, because those before it are not answered or not
    /// taken, or because its sender rests, does not pass.
    fn note_wait(&self) {
        let partial = &self.activity.partial_since_ms;
        let waits = self.waits_for_peer && self.reader.pending_bytes() > 0;
        match (waits, partial.load(Ordering::Relaxed)) {
            (true, 0) => partial.store(self.now_ms().max(1), Ordering::Relaxed),
            (false, since) if since > 0 => partial.store(0, Ordering::Relaxed),
            _ => {}
        }
    }

    fn count_bytes(&mut self) {
        let held = self.reader.pending_bytes() + self.pipeline.frame_bytes();
        self.limits.in_flight.change(self.counted_bytes, held);
        self.counted_bytes = held;
        let requests = self.pipeline.len();
        self.limits
            .in_flight
            .change_requests(self.counted_requests, requests);
        self.counted_requests = requests;
        let busy = requests > 0 || !self.outbox.is_empty();
        self.activity.busy.store(busy, Ordering::Relaxed);
    }
}

impl Drop for ConnectionTask {
    fn drop(&mut self) {
        self.limits.in_flight.change(self.counted_bytes, 0);
        self.limits
            .in_flight
            .change_requests(self.counted_requests, 0);
    }
}
