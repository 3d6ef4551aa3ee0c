//! Tasks on the tokio runtime.

use crate::{BlockingLoad, BoxFuture, TaskHandle, Tasks};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// The runtime that the caller runs in.
#[derive(Debug, Default)]
pub struct RuntimeTasks {
    pool: Arc<Pool>,
}

#[derive(Debug, Default)]
struct Pool {
    waiting: AtomicU64,
    running: AtomicU64,
}

/// One piece of work in the pool. Counted until it is dropped: it may panic, or never run.
struct Counted {
    pool: Arc<Pool>,
    runs: bool,
}

impl Counted {
    fn new(pool: &Arc<Pool>) -> Self {
        pool.waiting.fetch_add(1, Ordering::Relaxed);
        Self { pool: Arc::clone(pool), runs: false }
    }

    fn begin(&mut self) {
        self.runs = true;
        self.pool.waiting.fetch_sub(1, Ordering::Relaxed);
        self.pool.running.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let count = if self.runs {
            &self.pool.running
        } else {
            &self.pool.waiting
        };
        count.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Less work than this is not worth a thread.
const EACH_MIN: usize = 16;

impl Tasks for RuntimeTasks {
    fn spawn(&self, task: BoxFuture<'static, ()>) -> TaskHandle {
        TaskHandle::new(tokio::spawn(task))
    }

    fn run_blocking(
        &self,
        work: Box<dyn FnOnce() + Send>,
    ) -> BoxFuture<'static, Result<(), io::Error>> {
        let mut counted = Counted::new(&self.pool);
        let handle = tokio::task::spawn_blocking(move || {
            counted.begin();
            work();
        });
        Box::pin(async move { handle.await.map_err(io::Error::other) })
    }

    fn run_each(&self, count: usize, threads: usize, work: &(dyn Fn(usize) + Sync)) {
        let next = AtomicUsize::new(0);
        let run = || {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= count {
                    return;
                }
                work(at);
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..threads.min(count.div_ceil(EACH_MIN)) {
                // Without the thread the others do its work.
                let _ = std::thread::Builder::new().spawn_scoped(scope, run);
            }
            run();
        });
    }

    fn blocking_load(&self) -> BlockingLoad {
        BlockingLoad {
            waiting: self.pool.waiting.load(Ordering::Relaxed),
            running: self.pool.running.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_blocking;

    #[tokio::test]
    async fn blocking_work_returns_its_value_or_tells_of_its_panic() {
        let tasks = RuntimeTasks::default();
        assert_eq!(run_blocking(&tasks, || 7).await.unwrap(), 7);
        let panicked = run_blocking(&tasks, || panic!("on purpose")).await;
        assert!(panicked.is_err());
        assert_eq!(tasks.blocking_load(), BlockingLoad::default());
    }

    #[test]
    fn work_in_the_pool_is_counted_while_it_waits_and_while_it_runs() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(1)
            .build()
            .unwrap();
        runtime.block_on(async {
            let tasks = RuntimeTasks::default();
            let (begun, has_begun) = std::sync::mpsc::channel();
            let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
            let first = tasks.run_blocking(Box::new(move || {
                begun.send(()).unwrap();
                may_go_on.recv().unwrap();
            }));
            has_begun.recv().unwrap();
            let second = tasks.run_blocking(Box::new(|| {}));
            let load = tasks.blocking_load();
            assert_eq!(load, BlockingLoad { waiting: 1, running: 1 });
            go_on.send(()).unwrap();
            first.await.unwrap();
            second.await.unwrap();
            assert_eq!(tasks.blocking_load(), BlockingLoad::default());
        });
    }

    #[test]
    fn each_number_is_worked_on_once_by_however_many_threads() {
        let tasks = RuntimeTasks::default();
        for (count, threads) in [(0, 4), (1, 4), (1000, 1), (1000, 4)] {
            let seen: Vec<_> = (0..count).map(|_| AtomicUsize::new(0)).collect();
            tasks.run_each(count, threads, &|i| {
                seen[i].fetch_add(1, Ordering::Relaxed);
            });
            let once = |n: &AtomicUsize| n.load(Ordering::Relaxed) == 1;
            assert!(seen.iter().all(once), "{count} {threads}");
        }
    }

    #[tokio::test]
    async fn a_task_is_joined_or_ended() {
        let tasks = RuntimeTasks::default();
        assert!(tasks.spawn(Box::pin(async {})).join().await);
        let endless = tasks.spawn(Box::pin(std::future::pending()));
        endless.abort();
        assert!(!endless.join().await);
    }
}
