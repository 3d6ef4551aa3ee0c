//! Reads a segment batch by batch through one buffer, and checks each batch's CRC.

use super::CleanError;
use crate::scan::{Found, parse_any};
use klamm_host::DiskFile;
use klamm_records::{BatchView, HEADER_BYTES, LegacyEntry, MAGIC};
use std::io;
use std::sync::Arc;

/// A walk over the whole of a closed segment.
#[derive(Debug)]
pub(crate) struct Source {
    file: Arc<dyn DiskFile>,
    size: u64,
    /// Where the next batch begins.
    position: u64,
    /// Bytes of the file from `buffer_at` on. Longer than `capacity` only while it holds one large batch.
    buffer: Vec<u8>,
    buffer_at: u64,
    capacity: usize,
    next_offset_min: i64,
}

impl Source {
    /// A walk over `[0, size)` that reads about `capacity` bytes at a time.
    pub(crate) fn new(file: Arc<dyn DiskFile>, size: u64, capacity: usize) -> Self {
        Self {
            file,
            size,
            position: 0,
            buffer: Vec::new(),
            buffer_at: 0,
            capacity: capacity.max(HEADER_BYTES),
            next_offset_min: i64::MIN,
        }
    }

    /// When the segment was last changed.
    pub(crate) fn modified_ms(&self) -> Result<i64, CleanError> {
        self.file.modified_ms().map_err(|e| CleanError::of_read(&e))
    }

    /// The next batch with its bytes; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<(Found, &[u8])>, CleanError> {
        let position = self.position;
        if position >= self.size {
            return Ok(None);
        }
        let left = self.size - position;
        let head = self.bytes(position, left.min(HEADER_BYTES as u64) as usize)?;
        let found = parse_any(head, position, left).map_err(CleanError::Damaged)?;
        let header = &found.header;
        if header.base_offset.0 < self.next_offset_min || header.last_offset_delta < 0 {
            return Err(CleanError::Damaged("an offset is below the one before"));
        }
        self.next_offset_min = header.next_offset().0;
        self.position = position + found.bytes;
        // The length was compared with the file's: this much is there.
        let len = usize::try_from(found.bytes).map_err(|_| CleanError::Damaged("a length"))?;
        let bytes = self.bytes(position, len)?;
        let sound = if found.magic == MAGIC {
            BatchView::parse(bytes).and_then(|batch| batch.validate_stored())
        } else {
            LegacyEntry::parse(bytes).and_then(|entry| entry.verify_crc())
        };
        sound.map_err(|_| CleanError::Damaged("a batch is not what was written"))?;
        Ok(Some((found, bytes)))
    }

    fn bytes(&mut self, position: u64, len: usize) -> Result<&[u8], CleanError> {
        let skip = position
            .checked_sub(self.buffer_at)
            .and_then(|s| usize::try_from(s).ok());
        let held = skip.filter(|s| s.saturating_add(len) <= self.buffer.len());
        let from = match held {
            Some(skip) => skip,
            None => {
                self.fill(position, len)
                    .map_err(|e| CleanError::of_read(&e))?;
                0
            }
        };
        Ok(self.buffer.get(from..from + len).unwrap_or_default())
    }

    fn fill(&mut self, position: u64, len: usize) -> io::Result<()> {
        let left = usize::try_from(self.size - position).unwrap_or(usize::MAX);
        let fill = self.capacity.max(len).min(left);
        self.buffer.clear();
        if self.buffer.capacity() > self.capacity && fill <= self.capacity {
            self.buffer.shrink_to(self.capacity);
        }
        self.buffer.resize(fill, 0);
        self.buffer_at = position;
        let read = self.file.read_exact_at(&mut self.buffer, position);
        if read.is_err() {
            self.buffer.clear();
        }
        read
    }
}
