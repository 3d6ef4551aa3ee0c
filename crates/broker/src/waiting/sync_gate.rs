//! Group commit: writers wait together, one sync serves all that were appended before it began.

use parking_lot::Mutex;
use tokio::sync::Notify;

/// The state of one partition's syncs.
#[derive(Debug, Default)]
pub(crate) struct SyncGate {
    state: Mutex<State>,
    moved: Notify,
}

#[derive(Debug, Default)]
struct State {
    running: bool,
    /// Offsets below this are on the disk.
    synced_end: i64,
    failed: bool,
    /// Syncs that have ended.
    ended: u64,
}

/// The disk refused a sync. Nothing that waited may be acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SyncFailed;

impl SyncGate {
    /// Waits until all offsets below `end` are on the disk. `start` begins a sync whose end is told by `finished`; it
    /// is called only while none is running.
    pub(crate) async fn wait(&self, end: i64, start: impl Fn()) -> Result<(), SyncFailed> {
        loop {
            let moved = self.moved.notified();
            let mut moved = std::pin::pin!(moved);
            // Registered before the check, so that a sync that ends in between is not missed.
            moved.as_mut().enable();
            let begin = {
                let mut state = self.state.lock();
                if state.failed {
                    return Err(SyncFailed);
                }
                if state.synced_end >= end {
                    return Ok(());
                }
                !std::mem::replace(&mut state.running, true)
            };
            if begin {
                start();
            }
            moved.await;
        }
    }

    /// Takes the turn to sync; whoever gets it tells `finished`. Not given while a sync runs, or once the disk failed.
    pub(crate) fn try_begin(&self) -> bool {
        let mut state = self.state.lock();
        !state.failed && !std::mem::replace(&mut state.running, true)
    }

    /// Whether the disk refused a sync.
    pub(crate) fn has_failed(&self) -> bool {
        self.state.lock().failed
    }

    /// How many syncs have ended.
    pub(crate) fn ended(&self) -> u64 {
        self.state.lock().ended
    }

    /// Waits until so many syncs have ended, though others begin at once.
    pub(crate) async fn until_ended(&self, count: u64) {
        loop {
            let moved = self.moved.notified();
            let mut moved = std::pin::pin!(moved);
            moved.as_mut().enable();
            if self.ended() >= count {
                return;
            }
            moved.await;
        }
    }

    /// Waits until no sync runs.
    pub(crate) async fn until_idle(&self) {
        loop {
            let moved = self.moved.notified();
            let mut moved = std::pin::pin!(moved);
            moved.as_mut().enable();
            if !self.state.lock().running {
                return;
            }
            moved.await;
        }
    }

    /// A sync ended: everything below `synced_end` is on the disk, or the disk failed.
    pub(crate) fn finished(&self, result: Result<i64, SyncFailed>) {
        let mut state = self.state.lock();
        state.running = false;
        state.ended += 1;
        match result {
            Ok(end) => state.synced_end = state.synced_end.max(end),
            Err(SyncFailed) => state.failed = true,
        }
        drop(state);
        self.moved.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    #[test]
    fn one_turn_is_given_at_a_time_and_its_end_is_waited_for() {
        let gate = SyncGate::default();
        let mut cx = Context::from_waker(Waker::noop());
        assert!(pin!(gate.until_idle()).poll(&mut cx).is_ready());
        assert!(gate.try_begin());
        assert!(!gate.try_begin());
        let mut waiter = pin!(gate.wait(3, || panic!("a sync runs already")));
        let mut idle = pin!(gate.until_idle());
        assert!(waiter.as_mut().poll(&mut cx).is_pending());
        assert!(idle.as_mut().poll(&mut cx).is_pending());
        gate.finished(Ok(3));
        assert_eq!(waiter.poll(&mut cx), Poll::Ready(Ok(())));
        assert!(idle.poll(&mut cx).is_ready());
        assert!(gate.try_begin());
        gate.finished(Err(SyncFailed));
        assert!(!gate.try_begin());
    }

    #[test]
    fn the_end_of_a_sync_is_seen_though_the_next_one_has_begun() {
        let gate = SyncGate::default();
        let mut cx = Context::from_waker(Waker::noop());
        let count = gate.ended() + 1;
        assert!(gate.try_begin());
        let mut waiter = pin!(gate.until_ended(count));
        assert!(waiter.as_mut().poll(&mut cx).is_pending());
        gate.finished(Ok(3));
        assert!(gate.try_begin());
        assert!(pin!(gate.until_idle()).poll(&mut cx).is_pending());
        assert!(waiter.poll(&mut cx).is_ready());
    }

    #[test]
    fn one_sync_serves_all_that_wait_for_it() {
        let (gate, started) = (SyncGate::default(), Cell::new(0));
        let start = || started.set(started.get() + 1);
        let mut cx = Context::from_waker(Waker::noop());
        let (mut a, mut b, mut c) = (
            pin!(gate.wait(5, start)),
            pin!(gate.wait(7, start)),
            pin!(gate.wait(9, start)),
        );
        for waiter in [
            a.as_mut().poll(&mut cx),
            b.as_mut().poll(&mut cx),
            c.as_mut().poll(&mut cx),
        ] {
            assert!(waiter.is_pending());
        }
        assert_eq!(started.get(), 1);
        gate.finished(Ok(7));
        assert_eq!(a.poll(&mut cx), Poll::Ready(Ok(())));
        assert_eq!(b.poll(&mut cx), Poll::Ready(Ok(())));
        assert!(c.as_mut().poll(&mut cx).is_pending());
        assert_eq!(started.get(), 2);
        gate.finished(Err(SyncFailed));
        assert_eq!(c.poll(&mut cx), Poll::Ready(Err(SyncFailed)));
        assert_eq!(
            pin!(gate.wait(1, start)).poll(&mut cx),
            Poll::Ready(Err(SyncFailed))
        );
    }
}
