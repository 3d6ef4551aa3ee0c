//! Produce requests that a connection has read together: their batches are written together.
//!
//! ```text
//! request 1 ─ add ┐                      ┌ answer 1
//! request 2 ─ add ┤ one write a partition ├ answer 2
//! request 3 ─ add ┘                      └ answer 3
//! ```
//! Invariant: the connection writes before it starts a request of another kind, and before it waits; then it polls those
//! that have joined. So nobody wakes them, and none of them waits for a byte that has not come.

use crate::partitions::{AppendFailure, Appended, Partition};
use bytes::Bytes;
use parking_lot::Mutex;
use std::future::poll_fn;
use std::sync::{Arc, OnceLock};
use std::task::Poll;

/// What one connection has gathered.
#[derive(Debug, Default)]
pub(crate) struct Burst(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    groups: Vec<Group>,
    bytes: usize,
    /// Where the results of `groups` will be.
    outcome: Arc<Outcome>,
    /// The next request is here already.
    more: bool,
    /// Something was written since `finish` was asked last.
    has_written: bool,
}

/// The batches for one partition, in the order of their requests.
#[derive(Debug)]
struct Group {
    partition: Arc<Partition>,
    batches: Vec<Bytes>,
}

/// For each group, the result of each batch; empty until they are written.
#[derive(Debug, Default)]
struct Outcome(OnceLock<Vec<Vec<Result<Appended, AppendFailure>>>>);

/// A batch's place in a burst.
#[derive(Debug)]
pub(crate) struct Place {
    outcome: Arc<Outcome>,
    group: usize,
    batch: usize,
}

/// What is gathered at most: a larger write costs no less a byte, and what was received should still be in the
/// processor's cache.
const BYTES_MAX: usize = 256 << 10;
/// They are searched one by one.
const GROUPS_MAX: usize = 16;

impl Burst {
    /// Tells whether the request after the one that is about to start was read already.
    pub(crate) fn expect_more(&self, more: bool) {
        self.0.lock().more = more;
    }

    /// Whether a batch has company: others that are gathered, or a request that follows.
    pub(crate) fn is_open(&self) -> bool {
        let state = self.0.lock();
        state.more || !state.groups.is_empty()
    }

    /// Gathers a checked batch.
    pub(crate) fn add(&self, partition: &Arc<Partition>, batch: Bytes, now_ms: i64) -> Place {
        let mut state = self.0.lock();
        let is_its = |group: &Group| Arc::ptr_eq(&group.partition, partition);
        let group = match state.groups.iter().position(is_its) {
            Some(group) => group,
            None => {
                if state.groups.len() == GROUPS_MAX {
                    state.write(|| now_ms);
                }
                let partition = Arc::clone(partition);
                state.groups.push(Group { partition, batches: Vec::new() });
                state.groups.len() - 1
            }
        };
        state.bytes += batch.len();
        let outcome = Arc::clone(&state.outcome);
        let mut at = 0;
        if let Some(group) = state.groups.get_mut(group) {
            at = group.batches.len();
            group.batches.push(batch);
        }
        if state.bytes >= BYTES_MAX {
            state.write(|| now_ms);
        }
        Place { outcome, group, batch: at }
    }

    /// A request has added all that it has: writes unless the next one is here.
    pub(crate) fn request_ends(&self, now_ms: impl FnOnce() -> i64) {
        let mut state = self.0.lock();
        if !state.more {
            state.write(now_ms);
        }
    }

    /// Writes what was gathered. The time is asked for only if there is something.
    pub(crate) fn write(&self, now_ms: impl FnOnce() -> i64) {
        self.0.lock().write(now_ms);
    }

    /// Writes what was gathered. Whether anything was written since the last call: then those that wait can go on.
    pub(crate) fn finish(&self, now_ms: impl FnOnce() -> i64) -> bool {
        let mut state = self.0.lock();
        state.write(now_ms);
        std::mem::take(&mut state.has_written)
    }
}

impl State {
    fn write(&mut self, now_ms: impl FnOnce() -> i64) {
        if self.groups.is_empty() {
            return;
        }
        let now_ms = now_ms();
        let groups = self.groups.drain(..);
        let results = groups.map(|group| group.partition.append_each(&group.batches, now_ms));
        // Nobody else sets it: each outcome is of one write.
        let _ = self.outcome.0.set(results.collect());
        self.outcome = Arc::default();
        self.bytes = 0;
        self.has_written = true;
    }
}

impl Place {
    /// Waits until the burst is written.
    pub(crate) async fn written(&self) -> Result<Appended, AppendFailure> {
        poll_fn(|_| match self.outcome.0.get() {
            Some(results) => Poll::Ready(self.result(results)),
            None => Poll::Pending,
        })
        .await
    }

    fn result(
        &self,
        results: &[Vec<Result<Appended, AppendFailure>>],
    ) -> Result<Appended, AppendFailure> {
        let group = results.get(self.group);
        let result = group.and_then(|group| group.get(self.batch)).cloned();
        result.expect("a written burst has a result for each of its batches")
    }
}
