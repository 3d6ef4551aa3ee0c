//! Files that were taken out of service and are removed once their delay is over.

use klamm_host::Host;
use klamm_storage::{LogDir, PendingDelete};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Notify;

/// What is to be removed, by the wall time at which it is due.
#[derive(Debug, Default)]
pub(crate) struct Removals {
    due: Mutex<BTreeMap<i64, Vec<Removal>>>,
    added: Notify,
}

#[derive(Debug)]
enum Removal {
    Files(PendingDelete),
    Folder(Arc<LogDir>, String),
}

impl Removals {
    /// Removes renamed files after their delay.
    pub(crate) fn add_files(&self, files: PendingDelete, now_ms: i64) {
        self.add(
            now_ms.saturating_add(files.delay_ms()),
            Removal::Files(files),
        );
    }

    /// Removes a renamed folder when it is due.
    pub(crate) fn add_folder(&self, dir: Arc<LogDir>, folder: String, due_ms: i64) {
        self.add(due_ms, Removal::Folder(dir, folder));
    }

    fn add(&self, due_ms: i64, removal: Removal) {
        self.due.lock().entry(due_ms).or_default().push(removal);
        self.added.notify_one();
    }

    /// How many removals wait for their time.
    pub(crate) fn waiting(&self) -> usize {
        self.due.lock().values().map(Vec::len).sum()
    }

    fn next_due_ms(&self) -> Option<i64> {
        self.due.lock().first_key_value().map(|(due_ms, _)| *due_ms)
    }

    fn take_due(&self, now_ms: i64) -> Vec<Removal> {
        let mut due = self.due.lock();
        let later = due.split_off(&now_ms.saturating_add(1));
        std::mem::replace(&mut *due, later)
            .into_values()
            .flatten()
            .collect()
    }
}

/// Removes what is due until the node stops. What is left then is removed after the next start.
pub(crate) async fn run(removals: Arc<Removals>, host: Host) {
    loop {
        let Some(due_ms) = removals.next_due_ms() else {
            removals.added.notified().await;
            continue;
        };
        let now_ms = host.clock.now_ms();
        if due_ms > now_ms {
            let wait = crate::config::millis(due_ms - now_ms);
            // Something that is due sooner may come meanwhile.
            let _ = tokio::time::timeout(wait, removals.added.notified()).await;
            continue;
        }
        let batch = removals.take_due(now_ms);
        let work = move || {
            for removal in batch {
                let removed = match removal {
                    Removal::Files(files) => files.remove(),
                    Removal::Folder(dir, folder) => dir.remove_folder(&folder),
                };
                if let Err(error) = removed {
                    tracing::warn!(%error, "removing files");
                }
            }
        };
        let _ = klamm_host::run_blocking(&*host.tasks, work).await;
    }
}
