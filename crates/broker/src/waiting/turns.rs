//! Turns of one producer: whoever came first goes first, even if he has to wait for somebody else on the way.

use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::OwnedMutexGuard;

/// A place in a producer's queue; the first in it has the turn.
type Queue = Arc<tokio::sync::Mutex<()>>;

/// The producers with requests that may have to wait before they append.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    queues: Mutex<BTreeMap<i64, Queue>>,
}

/// The turn. The next one comes when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    turns: &'a Turns,
    producer_id: i64,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    /// Waits for the producer's turn. The order is that of the first polls.
    pub(crate) async fn take(&self, producer_id: i64) -> Turn<'_> {
        // Made first: a wait that is given up is cleared away, too.
        let mut turn = Turn { turns: self, producer_id, guard: None };
        let queue = Arc::clone(self.queues.lock().entry(producer_id).or_default());
        turn.guard = Some(queue.lock_owned().await);
        turn
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.queues.lock().len()
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut queues = self.turns.queues.lock();
        self.guard = None;
        let queue = queues.get(&self.producer_id);
        // Only the map still knows the queue.
        if queue.is_some_and(|queue| Arc::strong_count(queue) == 1) {
            queues.remove(&self.producer_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    #[tokio::test]
    async fn the_first_to_ask_is_the_first_to_go_and_nothing_is_left_behind() {
        let turns = Turns::default();
        let mut context = Context::from_waker(Waker::noop());
        let first = turns.take(1).await;
        {
            let mut second = pin!(turns.take(1));
            let mut third = pin!(turns.take(1));
            assert!(second.as_mut().poll(&mut context).is_pending());
            assert!(third.as_mut().poll(&mut context).is_pending());
            drop(turns.take(2).await);
            drop(first);
            assert!(
                third.as_mut().poll(&mut context).is_pending(),
                "not its turn"
            );
            let Poll::Ready(turn) = second.as_mut().poll(&mut context) else {
                panic!("its turn");
            };
            drop(turn);
            assert!(third.as_mut().poll(&mut context).is_ready());
        }
        drop(turns.take(1).await);
        assert_eq!(turns.len(), 0);
    }

    #[tokio::test]
    async fn one_who_gives_up_holds_nobody_up() {
        let turns = Turns::default();
        let first = turns.take(1).await;
        {
            let mut given_up = pin!(turns.take(1));
            let mut context = Context::from_waker(Waker::noop());
            assert!(given_up.as_mut().poll(&mut context).is_pending());
        }
        drop(first);
        drop(turns.take(1).await);
        assert_eq!(turns.len(), 0);
    }
}
