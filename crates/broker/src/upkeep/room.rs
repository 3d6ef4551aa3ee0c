//! What is done about a volume that is full: logs give back what they reserved ahead, and retention comes round at once.

use crate::partitions::Registry;
use klamm_host::Host;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// Between two rounds: refused appends come by the thousand.
const PAUSE: Duration = Duration::from_secs(10);

/// Told of every write that found no room.
#[derive(Debug, Default)]
pub(crate) struct Shortage {
    told: Notify,
}

impl Shortage {
    /// A write found no room.
    pub(crate) fn tell(&self) {
        self.told.notify_one();
    }
}

/// Runs until the node stops. Asleep while there is room.
pub(crate) async fn run(shortage: Arc<Shortage>, partitions: Arc<Registry>, host: Host) {
    loop {
        shortage.told.notified().await;
        let registry = Arc::clone(&partitions);
        let now_ms = host.clock.now_ms();
        let work = move || {
            registry.give_back_reserves(now_ms);
            registry.apply_retention(now_ms);
        };
        let _ = klamm_host::run_blocking(&*host.tasks, work).await;
        tokio::time::sleep(PAUSE).await;
    }
}
