//! Room on disk ahead of the writes.
//!
//! A file system that learns of a log's growth a page at a time looks for room a page at a time. Asked for a few MiB
//! at once, it does not, and a write to new pages costs about a quarter less. Reserved room does not count as length,
//! and is given back when the segment is closed, also at an orderly stop, and when the volume is full.
//!
//! The owner of a log that must go on when others have filled the volume holds room of its own: `hold_room`.

use super::PartitionLog;
use crate::error::{StorageError, is_full};
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

/// How an append that is to come finds its room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// It fits, and what was to be held behind it is held.
    Ample,
    /// It fits, but takes from what was held.
    Scarce,
    /// It does not fit.
    None,
}

impl PartitionLog {
    /// Asks for room for an append of `bytes` in one segment, and for `ahead` bytes behind it that no other file can
    /// take. Closes the active segment if the append wants it. Where the file system reserves nothing, there is ample
    /// room until a write fails.
    ///
    /// # Errors
    /// The directory is offline, or goes offline.
    pub fn hold_room(
        &mut self,
        (bytes, records): (usize, u32),
        ahead: u64,
        now_ms: i64,
    ) -> Result<Room, StorageError> {
        self.files.dir.check_online()?;
        let last_offset = self.log_end.saturating_add(i64::from(records));
        match self.roll_if_due(bytes, now_ms, last_offset, now_ms) {
            Ok(_) => {}
            Err(StorageError::DiskFull { .. }) => return Ok(Room::None),
            Err(error) => return Err(error),
        }
        let (size, held_to) = (self.active_segment().size, self.active.reserved_end);
        let end = size.saturating_add(bytes as u64);
        if held_to >= end + ahead {
            return Ok(Room::Ample);
        }
        let file = self.active_segment().open_or_make(&self.files)?;
        // Twice as much at first, so that not every append asks.
        for (to, room) in [
            (end + 2 * ahead, Room::Ample),
            (end + ahead, Room::Ample),
            (end, Room::Scarce),
        ] {
            if held_to >= to {
                return Ok(room);
            }
            match file.preallocate(size, to - size) {
                Err(error) if is_full(&error) => {}
                Ok(()) => {
                    self.active.reserved_end = to;
                    return Ok(room);
                }
                Err(error) => {
                    tracing::debug!(%error, "no room can be held");
                    return Ok(Room::Ample);
                }
            }
        }
        Ok(Room::None)
    }

    /// Gives room back that was reserved ahead, for the logs that have none.
    ///
    /// # Errors
    /// The directory goes offline.
    pub fn give_back_reserve(&mut self) -> Result<(), StorageError> {
        if self.config.preallocate || self.active.reserved_end <= self.active_segment().size {
            return Ok(());
        }
        self.files.dir.check_online()?;
        self.release_reserve()
    }

    /// Asks for room for an append of `bytes`, and for some more, unless the volume has hardly any.
    pub(super) fn reserve(&mut self, bytes: usize, now_ms: i64) -> Result<(), StorageError> {
        if self.config.preallocate || self.files.dir.is_short_of_room(now_ms) {
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
            if is_full(&error) {
                self.files.dir.note_full(now_ms);
            }
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
