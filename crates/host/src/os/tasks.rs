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
