//! Spawning, and the pool for work that blocks.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

/// A future without a name.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Starts tasks. A simulated host ends all tasks of a node when the node crashes.
pub trait Tasks: Debug + Send + Sync {
    /// Starts a task on the runtime.
    fn spawn(&self, task: BoxFuture<'static, ()>) -> TaskHandle;

    /// Runs blocking work off the reactor; a simulated host runs it in line. The future resolves when it has run.
    /// `Err` only if the pool is shutting down or the work panicked.
    fn run_blocking(
        &self,
        work: Box<dyn FnOnce() + Send>,
    ) -> BoxFuture<'static, Result<(), std::io::Error>>;

    /// Runs `work` once for each number below `count`, up to `threads` at a time, and returns when all of it has run.
    /// Blocks. A simulated host runs one after the other. Outside of the runtime: `work` starts no task.
    fn run_each(&self, count: usize, threads: usize, work: &(dyn Fn(usize) + Sync)) {
        let _ = threads;
        (0..count).for_each(work);
    }

    /// How busy the pool is; nothing where work runs in line.
    fn blocking_load(&self) -> BlockingLoad {
        BlockingLoad::default()
    }
}

/// What the pool for blocking work has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BlockingLoad {
    /// Work that waits for a thread.
    pub waiting: u64,
    /// Work that runs.
    pub running: u64,
}

/// A started task. Dropping the handle leaves the task running.
#[derive(Debug)]
pub struct TaskHandle(tokio::task::JoinHandle<()>);

impl TaskHandle {
    /// Wraps the runtime's handle.
    #[must_use]
    pub fn new(handle: tokio::task::JoinHandle<()>) -> Self {
        Self(handle)
    }

    /// Ends the task at its next wait.
    pub fn abort(&self) {
        self.0.abort();
    }

    /// A handle that only ends the task.
    #[must_use]
    pub fn abort_handle(&self) -> tokio::task::AbortHandle {
        self.0.abort_handle()
    }

    /// Waits for the task to end. A panic inside the task is reported as `false`.
    pub async fn join(self) -> bool {
        self.0.await.is_ok()
    }
}

/// Runs blocking work through `tasks` and returns its value.
///
/// # Errors
/// The pool is shutting down, or the work panicked.
pub async fn run_blocking<T: Send + 'static>(
    tasks: &dyn Tasks,
    work: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<T> {
    let slot = std::sync::Arc::new(parking_lot::Mutex::new(None));
    let filled = std::sync::Arc::clone(&slot);
    tasks
        .run_blocking(Box::new(move || {
            let value = work();
            *filled.lock() = Some(value);
        }))
        .await?;
    let value = slot.lock().take();
    value.ok_or_else(|| std::io::Error::other("blocking work left no value"))
}
