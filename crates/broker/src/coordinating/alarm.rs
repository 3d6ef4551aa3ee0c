//! The timer of a shard. It stays set while the deadline does: a command costs it nothing.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// Goes off once for each deadline.
#[derive(Debug, Default)]
pub(super) struct Alarm {
    sleep: Option<Pin<Box<Sleep>>>,
    /// The deadline that `sleep` was set for, in milliseconds of the monotonic clock.
    due_ms: i64,
}

/// A deadline far away is looked at again after this.
const WAIT_MAX: Duration = Duration::from_secs(3600);

impl Alarm {
    /// Sets the alarm, unless it is set for this deadline. `now_ms` is asked only if it has to be set.
    pub(super) fn set(&mut self, due_ms: i64, now_ms: impl FnOnce() -> i64) {
        if self.sleep.is_some() && self.due_ms == due_ms {
            return;
        }
        let left_ms = due_ms.saturating_sub(now_ms()).max(0);
        // A millisecond more: the clock's fraction must not make this spin.
        let wait = crate::config::millis(left_ms.saturating_add(1)).min(WAIT_MAX);
        let at = Instant::now() + wait;
        match &mut self.sleep {
            Some(sleep) => sleep.as_mut().reset(at),
            None => self.sleep = Some(Box::pin(tokio::time::sleep_until(at))),
        }
        self.due_ms = due_ms;
    }

    /// Waits until it goes off; it has to be set again then. Waits for ever if it is not set.
    pub(super) async fn rings(&mut self) {
        std::future::poll_fn(|cx| self.poll(cx)).await;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(sleep) = &mut self.sleep else {
            return Poll::Pending;
        };
        let polled = sleep.as_mut().poll(cx);
        if polled.is_ready() {
            self.sleep = None;
        }
        polled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_goes_off_behind_the_deadline_once() {
        let (begun, mut alarm) = (Instant::now(), Alarm::default());
        alarm.set(1_050, || 1_000);
        alarm.rings().await;
        assert_eq!(begun.elapsed(), Duration::from_millis(51));
        let again = tokio::time::timeout(WAIT_MAX * 2, alarm.rings()).await;
        assert!(again.is_err(), "nobody has set it again");
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_that_stays_is_not_set_again_and_another_one_is() {
        let (begun, mut alarm) = (Instant::now(), Alarm::default());
        alarm.set(500, || 0);
        alarm.set(500, || panic!("it is set"));
        alarm.set(20, || 10);
        alarm.rings().await;
        assert_eq!(begun.elapsed(), Duration::from_millis(11));
        alarm.set(20, || 30);
        alarm.rings().await;
        assert_eq!(begun.elapsed(), Duration::from_millis(12), "it is past");
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_far_away_is_looked_at_again() {
        let (begun, mut alarm) = (Instant::now(), Alarm::default());
        alarm.set(i64::MAX, || 0);
        alarm.rings().await;
        assert_eq!(begun.elapsed(), WAIT_MAX);
    }
}
