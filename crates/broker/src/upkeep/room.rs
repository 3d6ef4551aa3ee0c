//! What is done about a volume that is full: logs give back what they reserved ahead, and retention comes round at once. Logs
//! that found no room when they were to be opened are tried again.

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
        let told = shortage.told.notified();
        let is_told = if partitions.awaits_room() {
            // The pause is over: whether somebody found no room meanwhile.
            tokio::time::timeout(Duration::ZERO, told).await.is_ok()
        } else {
            told.await;
            true
        };
        let registry = Arc::clone(&partitions);
        let now_ms = host.clock.now_ms();
        let work = move || {
            if is_told {
                registry.give_back_reserves(now_ms);
                registry.apply_retention(now_ms);
            }
            registry.open_again();
        };
        let _ = klamm_host::run_blocking(&*host.tasks, work).await;
        tokio::time::sleep(PAUSE).await;
    }
}
