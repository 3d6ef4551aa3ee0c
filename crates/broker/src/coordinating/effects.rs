//! Effects under way. Their futures belong to the shard's task: whoever drops the set has ended them all.

use klamm_host::BoxFuture;
use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll};

/// Futures that run side by side, without an order.
pub(super) struct Effects<T>(Vec<BoxFuture<'static, T>>);

impl<T> Default for Effects<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> fmt::Debug for Effects<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Effects").field(&self.0.len()).finish()
    }
}

impl<T> Effects<T> {
    pub(super) fn push(&mut self, effect: BoxFuture<'static, T>) {
        self.0.push(effect);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Waits until some have ended, and gives what all these left. Waits for ever while there are none.
    pub(super) async fn ended(&mut self) -> Vec<T> {
        poll_fn(|context| self.poll_ended(context)).await
    }

    fn poll_ended(&mut self, context: &mut Context<'_>) -> Poll<Vec<T>> {
        let mut ended = Vec::new();
        self.0
            .retain_mut(|effect| match effect.as_mut().poll(context) {
                Poll::Ready(outcome) => {
                    ended.push(outcome);
                    false
                }
                Poll::Pending => true,
            });
        if ended.is_empty() {
            Poll::Pending
        } else {
            Poll::Ready(ended)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn those_that_have_ended_come_together_and_the_others_stay() {
        let mut effects = Effects::default();
        let (later, wait) = oneshot::channel::<i32>();
        effects.push(Box::pin(async { 1 }));
        effects.push(Box::pin(async move { wait.await.unwrap() }));
        effects.push(Box::pin(async { 3 }));
        assert_eq!(effects.ended().await, [1, 3]);
        later.send(2).unwrap();
        assert_eq!(effects.ended().await, [2]);
    }

    #[tokio::test]
    async fn clearing_ends_what_is_under_way() {
        let mut effects = Effects::default();
        let (mut sender, wait) = oneshot::channel::<i32>();
        effects.push(Box::pin(wait));
        effects.clear();
        sender.closed().await;
    }
}
