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

    /// A sync ended: everything below `synced_end` is on the disk, or the disk failed.
    pub(crate) fn finished(&self, result: Result<i64, SyncFailed>) {
        let mut state = self.state.lock();
        state.running = false;
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
