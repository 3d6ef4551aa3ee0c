//! A log as it was at one moment, for look-ups that may wait for the device.
//!
//! Taken under the log's lock without touching the disk, used without it. Meanwhile the log goes on: appends lie beyond
//! what a view knows. A truncation, a deletion or a cleaning changes files under it: what was found then, right or wrong,
//! does not count, and `PartitionLog::is_current` says so. Looking up never makes a file.

use super::PartitionLog;
use crate::epoch_history::EpochHistory;
use crate::files::Files;
use crate::segments::Segments;
use std::sync::Arc;

/// A log as it was.
#[derive(Debug, Clone)]
pub struct LogView {
    pub(super) files: Arc<Files>,
    pub(super) segments: Segments,
    /// Of the active segment: the largest timestamp, with the last offset of its batch.
    pub(super) active_largest: Option<(i64, i64)>,
    pub(super) log_start: i64,
    pub(super) log_end: i64,
    pub(super) epochs: Arc<EpochHistory>,
    layout: u64,
}

impl PartitionLog {
    /// The log as it is now. No disk access.
    #[must_use]
    pub fn view(&self) -> LogView {
        self.active_segment().share_handles();
        LogView {
            files: Arc::clone(&self.files),
            segments: self.segments.clone(),
            active_largest: self.active.largest,
            log_start: self.log_start,
            log_end: self.log_end,
            epochs: Arc::clone(&self.epochs),
            layout: self.layout,
        }
    }

    /// Whether what was found in a view holds: since it was taken, bytes were only added.
    #[must_use]
    pub const fn is_current(&self, view: &LogView) -> bool {
        self.is_layout(view.layout)
    }

    pub(super) const fn is_layout(&self, layout: u64) -> bool {
        self.layout == layout
    }

    /// Files that readers may look at were cut, removed or replaced, or are about to be.
    pub(super) fn layout_changed(&mut self) {
        self.layout += 1;
        self.cursors.lock().forget();
    }
}

impl LogView {
    pub(super) const fn layout(&self) -> u64 {
        self.layout
    }
}
