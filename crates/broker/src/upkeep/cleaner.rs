//! Compacts logs: the dirtiest that is due first, in steps on the blocking pool, no faster than the throttle allows.
//!
//! A partition whose records can't be read is set aside: it is counted, logged once, and left alone until the node starts
//! again; the others go on.

mod throttle;

use crate::observing::{Counter, Gauge};
use crate::partitions::{Partition, Pass, Registry};
use klamm_host::Host;
use klamm_model::TopicPartition;
use klamm_storage::{CleanError, CleanLimits, CleanStats};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Duration;
use throttle::Throttle;
use tokio::sync::Notify;

/// What the settings say; may change while the node runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct CleanerSettings {
    /// `log.cleaner.enable`.
    pub(crate) is_enabled: bool,
    /// `log.cleaner.threads`: passes at a time.
    pub(crate) threads: usize,
    /// `log.cleaner.backoff.ms`.
    pub(crate) backoff: Duration,
    /// Table of keys of one pass, in bytes.
    pub(crate) map_bytes: usize,
    /// Reading, and writing, of one pass, in bytes.
    pub(crate) io_bytes: usize,
    /// `log.cleaner.io.max.bytes.per.second`, over all passes.
    pub(crate) bytes_per_second: f64,
}

/// The cleaner of a node.
#[derive(Debug)]
pub(crate) struct Cleaner {
    settings: Mutex<CleanerSettings>,
    changed: Notify,
    is_stopping: AtomicBool,
    under_way: Mutex<BTreeSet<TopicPartition>>,
    set_aside: Mutex<BTreeMap<TopicPartition, Weak<Partition>>>,
    throttle: Throttle,
    pub(crate) meters: CleanerMeters,
}

/// What is counted.
#[derive(Debug, Default)]
pub(crate) struct CleanerMeters {
    pub(crate) passes: Counter,
    pub(crate) bytes_read: Counter,
    pub(crate) bytes_written: Counter,
    pub(crate) bytes_freed: Counter,
    pub(crate) failed_passes: Counter,
    /// Of the dirtiest log at the last look.
    pub(crate) dirty_ppm_max: Gauge,
    /// How far the most overdue log is behind `max.compaction.lag.ms`.
    pub(crate) delay_ms_max: Gauge,
    pub(crate) last_pass_ms: Gauge,
    pub(crate) uncleanable_bytes: Gauge,
}

/// A future without a name.
type Worker = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Cleaner {
    pub(crate) fn new(settings: CleanerSettings) -> Self {
        Self {
            settings: Mutex::new(settings),
            changed: Notify::new(),
            is_stopping: AtomicBool::new(false),
            under_way: Mutex::default(),
            set_aside: Mutex::default(),
            throttle: Throttle::default(),
            meters: CleanerMeters::default(),
        }
    }

    /// The settings may have changed.
    pub(crate) fn change(&self, settings: CleanerSettings) {
        let before = std::mem::replace(&mut *self.settings.lock(), settings);
        if before != settings {
            self.changed.notify_waiters();
        }
    }

    /// Ends `run` once the steps under way are done.
    pub(crate) fn stop(&self) {
        self.is_stopping.store(true, Ordering::Release);
        self.changed.notify_waiters();
    }

    /// Partitions that can't be cleaned.
    pub(crate) fn uncleanable(&self) -> usize {
        self.set_aside.lock().len()
    }

    fn settings(&self) -> CleanerSettings {
        *self.settings.lock()
    }

    fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Acquire)
    }

    /// Waits for a change of the settings, the end, or so long.
    async fn pause(&self, wait: Duration) {
        let changed = self.changed.notified();
        tokio::pin!(changed);
        changed.as_mut().enable();
        if !self.is_stopping() {
            let _ = tokio::time::timeout(wait, changed).await;
        }
    }
}

/// Runs until `stop`.
pub(crate) async fn run(cleaner: Arc<Cleaner>, partitions: Arc<Registry>, host: Host) {
    let mut workers: Vec<(usize, Worker)> = Vec::new();
    loop {
        let changed = cleaner.changed.notified();
        tokio::pin!(changed);
        changed.as_mut().enable();
        for index in 0..cleaner.settings().threads {
            if !cleaner.is_stopping() && workers.iter().all(|(i, _)| *i != index) {
                let (cleaner, partitions) = (Arc::clone(&cleaner), Arc::clone(&partitions));
                workers.push((
                    index,
                    Box::pin(work(index, cleaner, partitions, host.clone())),
                ));
            }
        }
        std::future::poll_fn(|cx| {
            workers.retain_mut(|(_, worker)| worker.as_mut().poll(cx).is_pending());
            let is_over = cleaner.is_stopping() && workers.is_empty();
            if is_over || changed.as_mut().poll(cx).is_ready() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        if cleaner.is_stopping() && workers.is_empty() {
            return;
        }
    }
}

/// One of the passes at a time.
async fn work(index: usize, cleaner: Arc<Cleaner>, partitions: Arc<Registry>, host: Host) {
    loop {
        let settings = cleaner.settings();
        if cleaner.is_stopping() || index >= settings.threads {
            return;
        }
        let went_well = settings.is_enabled
            && match choose(&cleaner, &partitions, &host).await {
                Some(partition) => clean(&cleaner, &partitions, &host, partition, settings).await,
                None => false,
            };
        if !went_well {
            // A pause of nothing would be a loop of looks at every log.
            cleaner.pause(settings.backoff.max(BACKOFF_MIN)).await;
        }
    }
}

const BACKOFF_MIN: Duration = Duration::from_millis(10);

/// The dirtiest partition that is due; it counts as under way from now on.
async fn choose(
    cleaner: &Arc<Cleaner>,
    partitions: &Arc<Registry>,
    host: &Host,
) -> Option<Arc<Partition>> {
    let (cleaner, partitions) = (Arc::clone(cleaner), Arc::clone(partitions));
    let now_ms = host.clock.now_ms();
    let look = move || look_around(&cleaner, &partitions, now_ms);
    klamm_host::run_blocking(&*host.tasks, look).await.ok()?
}

fn look_around(cleaner: &Cleaner, partitions: &Registry, now_ms: i64) -> Option<Arc<Partition>> {
    let all = partitions.compacted();
    cleaner.set_aside.lock().retain(|_, partition| {
        // A deleted one is gone, and a new one of its name is another.
        partition
            .upgrade()
            .is_some_and(|p| p.dir().is_online() && !p.is_deleted())
    });
    let (mut ratio_max, mut delay_ms_max, mut uncleanable_bytes) = (0, 0, 0);
    let mut chosen: Option<(u32, Arc<Partition>)> = None;
    for partition in all {
        let view = partition.dir().is_online().then(|| partition.clean_view());
        let Some(view) = view.flatten() else {
            continue;
        };
        let name = partition.name();
        let dirtiness = match view.dirtiness(now_ms) {
            Ok(dirtiness) => dirtiness,
            Err(CleanError::Abandoned) => continue,
            Err(error) => {
                tracing::warn!(partition = %name, %error, "looking at a compacted log");
                continue;
            }
        };
        if cleaner.set_aside.lock().contains_key(name) {
            uncleanable_bytes += dirtiness.cleanable_bytes;
            continue;
        }
        let ratio = dirtiness.ratio_ppm();
        ratio_max = ratio_max.max(ratio);
        delay_ms_max = delay_ms_max.max(dirtiness.delay_ms);
        let is_better = chosen.as_ref().is_none_or(|(best, other)| {
            // Names decide between equals, so that the order of the map does not.
            (ratio, other.name()) > (*best, name)
        });
        if dirtiness.is_due(view.config()) && is_better && !cleaner.under_way.lock().contains(name)
        {
            chosen = Some((ratio, partition));
        }
    }
    let meters = &cleaner.meters;
    meters.dirty_ppm_max.set(ratio_max.into());
    meters.delay_ms_max.set(delay_ms_max.unsigned_abs());
    meters.uncleanable_bytes.set(uncleanable_bytes);
    let (_, partition) = chosen?;
    // Another worker may have chosen it at the same time.
    let is_mine = cleaner.under_way.lock().insert(partition.name().clone());
    is_mine.then_some(partition)
}

/// A whole pass. Whether it went well.
async fn clean(
    cleaner: &Arc<Cleaner>,
    partitions: &Arc<Registry>,
    host: &Host,
    partition: Arc<Partition>,
    settings: CleanerSettings,
) -> bool {
    let result = pass(cleaner, host, &partition, settings).await;
    let name = partition.name();
    cleaner.under_way.lock().remove(name);
    match result {
        Ok(None) => false,
        Ok(Some(stats)) => {
            cleaner.meters.passes.add(1);
            let freed = stats.bytes_before.saturating_sub(stats.bytes_after);
            cleaner.meters.bytes_freed.add(freed);
            let now_ms = host.clock.now_ms();
            cleaner.meters.last_pass_ms.set(now_ms.unsigned_abs());
            tracing::info!(partition = %name, ?stats, "compacted");
            let (partitions, dir) = (Arc::clone(partitions), partition.dir());
            let write = move || partitions.write_cleaner_checkpoint(&dir);
            let _ = klamm_host::run_blocking(&*host.tasks, write).await;
            true
        }
        Err(CleanError::Abandoned) => false,
        Err(error) => {
            cleaner.meters.failed_passes.add(1);
            if error.is_lasting() {
                tracing::error!(partition = %name, %error, "this partition can't be compacted and is left alone");
                let weak = Arc::downgrade(&partition);
                cleaner.set_aside.lock().insert(name.clone(), weak);
            } else {
                tracing::warn!(partition = %name, %error, "compaction is tried again later");
            }
            false
        }
    }
}

/// `None`: the node stops.
async fn pass(
    cleaner: &Arc<Cleaner>,
    host: &Host,
    partition: &Arc<Partition>,
    settings: CleanerSettings,
) -> Result<Option<CleanStats>, CleanError> {
    let limits = CleanLimits {
        map_bytes: settings.map_bytes,
        io_bytes: settings.io_bytes,
        seed: host.entropy.next_u64(),
    };
    let (begun, now_ms) = (Arc::clone(partition), host.clock.now_ms());
    let begin = move || Pass::begin(begun, limits, now_ms);
    let Ok(pass) = klamm_host::run_blocking(&*host.tasks, begin).await else {
        return Ok(None);
    };
    let mut pass = pass?;
    let mut before = CleanStats::default();
    loop {
        let rate = cleaner.settings().bytes_per_second;
        let bytes = throttle::step_bytes(rate);
        let step = move || {
            let done = pass.step(bytes);
            (pass, done)
        };
        let Ok((back, done)) = klamm_host::run_blocking(&*host.tasks, step).await else {
            return Ok(None);
        };
        pass = back;
        let stats = pass.cleaning().stats();
        let (read, written) = (
            stats.bytes_read - before.bytes_read,
            stats.bytes_written - before.bytes_written,
        );
        cleaner.meters.bytes_read.add(read);
        cleaner.meters.bytes_written.add(written);
        before = stats;
        if done? {
            return Ok(Some(stats));
        }
        if cleaner.is_stopping() {
            // What it wrote so far is removed: not here.
            let _ = klamm_host::run_blocking(&*host.tasks, move || drop(pass)).await;
            return Ok(None);
        }
        let wait = cleaner.throttle.spend(read + written, rate);
        if !wait.is_zero() {
            cleaner.pause(wait).await;
        }
    }
}
