//! Closes files that nobody used for a while: a node at rest holds few.

use klamm_host::Host;
use klamm_storage::HandleCache;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// A file is closed at the second look in which it was not used.
const PACE: Duration = Duration::from_secs(2);

/// Runs until the node stops. While few files are open it has no timer.
pub(crate) async fn run(handles: Arc<HandleCache>, host: Host) {
    let many = Arc::new(Notify::new());
    let told = Arc::clone(&many);
    handles.when_many(move || told.notify_one());
    loop {
        while handles.is_at_rest() {
            many.notified().await;
        }
        tokio::time::sleep(PACE).await;
        let handles = Arc::clone(&handles);
        // Closing the last handle of a file that was removed frees its blocks.
        let _ = klamm_host::run_blocking(&*host.tasks, move || handles.close_idle()).await;
    }
}
