//! Room on disk ahead of the writes.
//!
//! A file system that learns of a log's growth a page at a time looks for room a page at a time. Asked for a few MiB
//! at once, it does not, and a write to new pages costs about a quarter less. Reserved room does not count as length,
//! and is given back when the segment is closed, also at an orderly stop.

use super::PartitionLog;
use crate::error::StorageError;
use crate::layout::FileKind;

/// A segment that is shorter than this reserves nothing: most partitions never grow.
const RESERVE_FROM_BYTES: u64 = 4 << 20;
/// The most that is reserved at once.
const RESERVE_BYTES_MAX: u64 = 8 << 20;

/// Where the reserve of a segment is to end: a quarter of what it holds ahead, so that unused room stays a fraction
/// of the used. `None` if what is reserved will do, or the segment is small.
fn reserve_to(size: u64, bytes: u64, reserved_end: u64, segment_bytes_max: u64) -> Option<u64> {
    let end = size.saturating_add(bytes);
    if size < RESERVE_FROM_BYTES || end <= reserved_end {
        return None;
    }
    let ahead = (size / 4).min(RESERVE_BYTES_MAX);
    let wanted = end.saturating_add(ahead).min(segment_bytes_max);
    (wanted > end).then_some(wanted)
}

impl PartitionLog {
    /// Asks for room for an append of `bytes`, and for some more.
    pub(super) fn reserve(&mut self, bytes: usize) -> Result<(), StorageError> {
        if self.config.preallocate {
            return Ok(());
        }
        let (size, reserved_end) = (self.active_segment().size, self.active.reserved_end);
        let max = u64::from(self.config.segment_bytes);
        let Some(to) = reserve_to(size, bytes as u64, reserved_end, max) else {
            return Ok(());
        };
        let file = self.active_segment().open_or_make(&self.files)?;
        // Without the reserve the write finds its own room, or says that there is none.
        if let Err(error) = file.preallocate(size, to - size) {
            tracing::debug!(%error, "no room reserved ahead");
        }
        self.active.reserved_end = to;
        Ok(())
    }

    /// Gives back what lies beyond the active segment's end.
    pub(super) fn release_reserve(&mut self) -> Result<(), StorageError> {
        let segment = self.active_segment();
        let (base, size) = (segment.base, segment.size);
        if self.active.reserved_end <= size && !self.config.preallocate {
            return Ok(());
        }
        let released = segment.open_or_make(&self.files)?.set_len(size);
        released.map_err(|e| self.files.write_failed(FileKind::Log, base, &e))?;
        self.active.reserved_end = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn the_reserve_follows_what_a_segment_holds() {
        let to = |size, reserved| reserve_to(size, MIB, reserved, 1024 * MIB);
        assert_eq!(to(3 * MIB, 0), None);
        assert_eq!(to(4 * MIB, 0), Some(6 * MIB));
        assert_eq!(to(5 * MIB, 6 * MIB), None);
        assert_eq!(to(400 * MIB, 400 * MIB), Some(409 * MIB));
        assert_eq!(to(1023 * MIB, 0), None);
        assert_eq!(to(1020 * MIB, 0), Some(1024 * MIB));
    }
}
