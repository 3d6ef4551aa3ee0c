//! Tasks on the tokio runtime.

use crate::{BoxFuture, TaskHandle, Tasks};
use std::io;

/// The runtime that the caller runs in.
#[derive(Debug)]
pub struct RuntimeTasks;

impl Tasks for RuntimeTasks {
    fn spawn(&self, task: BoxFuture<'static, ()>) -> TaskHandle {
        TaskHandle::new(tokio::spawn(task))
    }

    fn run_blocking(
        &self,
        work: Box<dyn FnOnce() + Send>,
    ) -> BoxFuture<'static, Result<(), io::Error>> {
        let handle = tokio::task::spawn_blocking(work);
        Box::pin(async move { handle.await.map_err(io::Error::other) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_blocking;

    #[tokio::test]
    async fn blocking_work_returns_its_value_or_tells_of_its_panic() {
        assert_eq!(run_blocking(&RuntimeTasks, || 7).await.unwrap(), 7);
        let panicked = run_blocking(&RuntimeTasks, || panic!("on purpose")).await;
        assert!(panicked.is_err());
    }

    #[tokio::test]
    async fn a_task_is_joined_or_ended() {
        assert!(RuntimeTasks.spawn(Box::pin(async {})).join().await);
        let endless = RuntimeTasks.spawn(Box::pin(std::future::pending()));
        endless.abort();
        assert!(!endless.join().await);
    }
}
