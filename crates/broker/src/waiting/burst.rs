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

/// Where batches go.
pub(crate) trait Log {
    /// Appends batches in order, with as few writes as there can be; a result for each.
    fn append_each(
        self: &Arc<Self>,
        batches: &[Bytes],
        now_ms: i64,
    ) -> Vec<Result<Appended, AppendFailure>>;
}

impl Log for Partition {
    fn append_each(
        self: &Arc<Self>,
        batches: &[Bytes],
        now_ms: i64,
    ) -> Vec<Result<Appended, AppendFailure>> {
        Self::append_each(self, batches, now_ms)
    }
}

/// What one connection has gathered.
#[derive(Debug)]
pub(crate) struct Burst<L = Partition>(Mutex<State<L>>);

#[derive(Debug)]
struct State<L> {
    groups: Vec<Group<L>>,
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
struct Group<L> {
    partition: Arc<L>,
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

impl<L> Default for Burst<L> {
    fn default() -> Self {
        Self(Mutex::new(State {
            groups: Vec::new(),
            bytes: 0,
            outcome: Arc::default(),
            more: false,
            has_written: false,
        }))
    }
}

impl<L: Log> Burst<L> {
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
    pub(crate) fn add(&self, partition: &Arc<L>, batch: Bytes, now_ms: i64) -> Place {
        let mut state = self.0.lock();
        let is_its = |group: &Group<L>| Arc::ptr_eq(&group.partition, partition);
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

impl<L: Log> State<L> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::{Context, Waker};

    /// A log that notes how many batches came with each write.
    #[derive(Debug, Default)]
    struct Writes(Mutex<Vec<usize>>);

    impl Log for Writes {
        fn append_each(
            self: &Arc<Self>,
            batches: &[Bytes],
            _: i64,
        ) -> Vec<Result<Appended, AppendFailure>> {
            let mut writes = self.0.lock();
            let before: usize = writes.iter().sum();
            writes.push(batches.len());
            let appended = |at| Appended {
                base_offset: (before + at) as i64,
                log_append_time_ms: -1,
                log_start_offset: 0,
                bytes: 1,
                sync_before_ack: None,
            };
            (0..batches.len()).map(|at| Ok(appended(at))).collect()
        }
    }

    fn offset(place: &Place) -> Option<i64> {
        let written = std::pin::pin!(place.written());
        match written.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => Some(result.unwrap().base_offset),
            Poll::Pending => None,
        }
    }

    #[test]
    fn a_burst_is_written_at_256_kib_though_more_is_here() {
        let (burst, log) = (Burst::default(), Arc::new(Writes::default()));
        burst.expect_more(true);
        let batch = Bytes::from(vec![0; 60 << 10]);
        let places: Vec<_> = (0..6).map(|_| burst.add(&log, batch.clone(), 0)).collect();
        assert_eq!(
            *log.0.lock(),
            [5],
            "300 KiB are the first that are not below it"
        );
        let known: Vec<_> = places.iter().map(offset).collect();
        assert_eq!(known, [Some(0), Some(1), Some(2), Some(3), Some(4), None]);
        burst.request_ends(|| 0);
        assert_eq!(*log.0.lock(), [5], "the next request is here");
        assert!(burst.finish(|| 0));
        assert_eq!(*log.0.lock(), [5, 1]);
        assert_eq!(offset(&places[5]), Some(5));
        assert!(!burst.finish(|| panic!("there is nothing to write")));
    }

    #[test]
    fn a_burst_has_batches_for_so_many_partitions_and_writes_them_before_it_takes_another() {
        let burst = Burst::default();
        burst.expect_more(true);
        let logs: Vec<_> = (0..=GROUPS_MAX)
            .map(|_| Arc::new(Writes::default()))
            .collect();
        for log in &logs {
            burst.add(log, Bytes::from_static(b"x"), 0);
        }
        let written = logs.iter().filter(|log| !log.0.lock().is_empty());
        assert_eq!(written.count(), GROUPS_MAX);
    }
}
