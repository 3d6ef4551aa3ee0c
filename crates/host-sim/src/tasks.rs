//! Tasks on a single thread that end together when their node crashes.

use crate::{SimDisk, SimRng, Trace};
use klamm_host::{BoxFuture, TaskHandle, Tasks};
use parking_lot::Mutex;
use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::task::AbortHandle;

/// The tasks of one boot of a node. Clones are the same.
#[derive(Debug, Clone)]
pub struct SimTasks {
    shared: Arc<Mutex<Shared>>,
    /// Where panics of all nodes are told.
    panics: Panics,
    disk: Option<SimDisk>,
    trace: Trace,
}

/// What tasks died of. A simulation fails on any: no input may make a node panic.
#[derive(Debug, Clone, Default)]
pub struct Panics(Arc<Mutex<Vec<String>>>);

#[derive(Debug)]
struct Shared {
    handles: Vec<AbortHandle>,
    prune_at: usize,
    crashed: bool,
    rng: SimRng,
    blocking_delay_ms_max: u64,
}

impl Panics {
    /// The messages so far.
    #[must_use]
    pub fn all(&self) -> Vec<String> {
        self.0.lock().clone()
    }
}

impl SimTasks {
    /// Tasks of a node; its blocking work waits as long as the disk's latency asks for.
    #[must_use]
    pub fn new(rng: SimRng, disk: Option<SimDisk>, panics: Panics, trace: Trace) -> Self {
        let shared = Shared {
            handles: Vec::new(),
            prune_at: 64,
            crashed: false,
            rng,
            blocking_delay_ms_max: 0,
        };
        Self { shared: Arc::new(Mutex::new(shared)), panics, disk, trace }
    }

    /// Blocking work begins up to so many milliseconds late, drawn anew each time: a busy pool.
    pub fn set_blocking_delay_ms_max(&self, ms: u64) {
        self.shared.lock().blocking_delay_ms_max = ms;
    }

    /// Ends all tasks and blocking work at their next wait; none starts any more.
    pub fn crash(&self) {
        let mut shared = self.shared.lock();
        shared.crashed = true;
        for handle in shared.handles.drain(..) {
            handle.abort();
        }
    }

    /// Tasks that have not ended.
    #[must_use]
    pub fn running(&self) -> usize {
        let shared = self.shared.lock();
        shared
            .handles
            .iter()
            .filter(|handle| !handle.is_finished())
            .count()
    }

    fn start(&self, task: BoxFuture<'static, ()>) -> tokio::task::JoinHandle<()> {
        let mut shared = self.shared.lock();
        let handle = tokio::spawn(Watched { task, panics: self.panics.clone() });
        if shared.crashed {
            handle.abort();
            return handle;
        }
        if shared.handles.len() >= shared.prune_at {
            shared.handles.retain(|handle| !handle.is_finished());
            shared.prune_at = shared.handles.len() * 2 + 64;
        }
        shared.handles.push(handle.abort_handle());
        handle
    }
}

impl Tasks for SimTasks {
    fn spawn(&self, task: BoxFuture<'static, ()>) -> TaskHandle {
        TaskHandle::new(self.start(task))
    }

    fn run_blocking(
        &self,
        work: Box<dyn FnOnce() + Send>,
    ) -> BoxFuture<'static, Result<(), io::Error>> {
        let delay = {
            let mut shared = self.shared.lock();
            let max = shared.blocking_delay_ms_max;
            shared.rng.between(0, max)
        };
        let (disk, trace) = (self.disk.clone(), self.trace.clone());
        // A task of its own, as in a pool: it runs even if nobody waits for it, and others may run before.
        let handle = self.start(Box::pin(async move {
            if delay == 0 {
                tokio::task::yield_now().await;
            } else {
                tokio::time::sleep(Duration::from_millis(delay)).await;
            }
            trace.event("blocking", &[delay]);
            if let Some(disk) = &disk {
                // What calls outside of blocking work took is not this work's debt.
                disk.take_owed();
            }
            work();
            if let Some(owed) = disk.map(|disk| disk.take_owed())
                && !owed.is_zero()
            {
                tokio::time::sleep(owed).await;
            }
        }));
        Box::pin(async move { handle.await.map_err(io::Error::other) })
    }
}

/// Tells panics on before the runtime swallows them.
struct Watched {
    task: BoxFuture<'static, ()>,
    panics: Panics,
}

impl Future for Watched {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let polled = catch_unwind(AssertUnwindSafe(|| self.task.as_mut().poll(cx)));
        polled.unwrap_or_else(|panic| {
            let text = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("a panic without text");
            self.panics.0.lock().push(text.to_owned());
            resume_unwind(panic)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn tasks() -> SimTasks {
        SimTasks::new(SimRng::new(1), None, Panics::default(), Trace::new())
    }

    #[tokio::test(start_paused = true)]
    async fn a_crash_ends_tasks_and_blocking_work_and_starts_none() {
        let (tasks, count) = (tasks(), Arc::new(AtomicU32::new(0)));
        tasks.set_blocking_delay_ms_max(50);
        let counts = || {
            let count = Arc::clone(&count);
            move || {
                count.fetch_add(1, Ordering::Relaxed);
            }
        };
        let wait = |then: Box<dyn FnOnce() + Send>| {
            Box::pin(async move {
                tokio::time::sleep(Duration::from_secs(1)).await;
                then();
            })
        };
        tasks.spawn(wait(Box::new(counts())));
        drop(tasks.run_blocking(Box::new(counts())));
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(
            count.load(Ordering::Relaxed),
            1,
            "blocking work needs no waiter"
        );
        let blocked = tasks.run_blocking(Box::new(counts()));
        tasks.crash();
        assert!(blocked.await.is_err());
        assert!(!tasks.spawn(Box::pin(async {})).join().await);
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!((count.load(Ordering::Relaxed), tasks.running()), (1, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn panics_are_told_on() {
        let tasks = tasks();
        let joined = tasks
            .spawn(Box::pin(async { panic!("number {}", 7) }))
            .join();
        assert!(!joined.await);
        assert!(
            tasks
                .run_blocking(Box::new(|| panic!("eight")))
                .await
                .is_err()
        );
        assert_eq!(tasks.panics.all(), ["number 7", "eight"]);
    }

    #[tokio::test(start_paused = true)]
    async fn blocking_work_takes_the_time_that_its_disk_calls_take() {
        let disk = SimDisk::new();
        disk.set_latency(|_, _| Duration::from_millis(40));
        let tasks = SimTasks::new(
            SimRng::new(1),
            Some(disk.clone()),
            Panics::default(),
            Trace::new(),
        );
        let start = tokio::time::Instant::now();
        let list = move || {
            use klamm_host::Disk;
            disk.list(std::path::Path::new("/")).unwrap();
        };
        tasks.run_blocking(Box::new(list)).await.unwrap();
        assert_eq!(start.elapsed(), Duration::from_millis(40));
    }
}
