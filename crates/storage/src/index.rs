//! Offset index and time index of a segment: sorted entries of fixed size, found by binary search.
//!
//! ```text
//! .index      8 bytes   0 relative offset i32   4 position i32         entry: last offset of the batch at the position
//! .timeindex 12 bytes   0 timestamp i64         8 relative offset i32  entry: largest timestamp so far, last offset of
//!                                                                       the batch that has it
//! ```
//! Kafka maps a preallocated file of 10 MiB; here the newest entries are in memory and the file has its true length.
//! A handful of entries waits in memory before it is written: what a crash takes, recovery puts back.

use crate::error::StorageError;
use crate::files::Files;
use crate::handle_cache::{LazySlot, Slot};
use crate::layout::FileKind;
use klamm_host::DiskFile;
use std::io::{self, IoSlice};
use std::sync::Arc;

/// An entry of an index file.
pub(crate) trait IndexEntry: Copy + std::fmt::Debug {
    /// Size in the file.
    const BYTES: usize;
    /// Which file.
    const KIND: FileKind;
    fn write(self, out: &mut Vec<u8>);
    /// Reads an entry from exactly `BYTES` bytes.
    fn read(bytes: &[u8]) -> Option<Self>;
    /// What the entries are sorted by: never falls.
    fn key(self) -> i64;
    /// The offset, relative to the segment's base offset.
    fn relative_offset(self) -> i32;
}

/// Last offset of the batch at a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OffsetEntry {
    pub(crate) relative_offset: i32,
    pub(crate) position: i32,
}

/// Largest timestamp up to an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeEntry {
    pub(crate) timestamp_ms: i64,
    pub(crate) relative_offset: i32,
}

impl IndexEntry for OffsetEntry {
    const BYTES: usize = 8;
    const KIND: FileKind = FileKind::OffsetIndex;

    fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.relative_offset.to_be_bytes());
        out.extend_from_slice(&self.position.to_be_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (offset, rest) = bytes.split_first_chunk()?;
        Some(Self {
            relative_offset: i32::from_be_bytes(*offset),
            position: i32::from_be_bytes(*rest.first_chunk()?),
        })
    }

    fn key(self) -> i64 {
        self.relative_offset.into()
    }

    fn relative_offset(self) -> i32 {
        self.relative_offset
    }
}

impl IndexEntry for TimeEntry {
    const BYTES: usize = 12;
    const KIND: FileKind = FileKind::TimeIndex;

    fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.timestamp_ms.to_be_bytes());
        out.extend_from_slice(&self.relative_offset.to_be_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (timestamp, rest) = bytes.split_first_chunk()?;
        Some(Self {
            timestamp_ms: i64::from_be_bytes(*timestamp),
            relative_offset: i32::from_be_bytes(*rest.first_chunk()?),
        })
    }

    fn key(self) -> i64 {
        self.timestamp_ms
    }

    fn relative_offset(self) -> i32 {
        self.relative_offset
    }
}

/// One index of one segment.
#[derive(Debug, Clone)]
pub(crate) struct Index<E> {
    slot: LazySlot,
    /// Entries in the file.
    written: u32,
    /// Entries in all.
    total: u32,
    /// The file ends in the middle of an entry.
    torn: bool,
    /// There is a file.
    present: bool,
    /// The file was made and its name may not be on disk.
    made: bool,
    /// The newest entries; holds at least those that are not written.
    tail: Vec<E>,
}

/// Entries that wait in memory before they are written, and that stay there afterwards for readers near the end.
const TAIL: usize = 32;
/// Entries of the last step of a search, read at once.
const BLOCK: u32 = 256;

impl<E: IndexEntry> Index<E> {
    /// An index over a file of that length, or without a file. A torn entry at the end does not count.
    pub(crate) fn of_len(len: Option<u64>) -> Self {
        let (present, len) = (len.is_some(), len.unwrap_or(0));
        let entries = u32::try_from(len / E::BYTES as u64).unwrap_or(u32::MAX);
        let torn = !len.is_multiple_of(E::BYTES as u64);
        Self {
            slot: LazySlot::default(),
            written: entries,
            total: entries,
            torn,
            present,
            made: false,
            tail: Vec::new(),
        }
    }

    /// An index over an open file that has not its name yet.
    pub(crate) fn holding(file: Arc<dyn DiskFile>, len: u64) -> Self {
        Self { slot: Slot::holding(file).into(), ..Self::of_len(Some(len)) }
    }

    /// Entries.
    pub(crate) const fn len(&self) -> u32 {
        self.total
    }

    /// Bytes that the file has once all entries are written.
    pub(crate) const fn bytes(&self) -> u64 {
        self.total as u64 * E::BYTES as u64
    }

    pub(crate) const fn slot(&self) -> &LazySlot {
        &self.slot
    }

    /// Copies made from now on use the same handle, if there is a file to read.
    pub(crate) fn share_handle(&self) {
        if self.written > 0 {
            self.slot.slot();
        }
    }

    /// Adds an entry in memory. The caller sees to the order, and to `write_out` once `is_due`.
    pub(crate) fn push(&mut self, entry: E) {
        self.tail.push(entry);
        self.total += 1;
    }

    /// Enough entries wait.
    pub(crate) const fn is_due(&self) -> bool {
        (self.total - self.written) as usize >= TAIL
    }

    /// Writes the entries that wait.
    pub(crate) fn write_out(&mut self, files: &Files, base: i64) -> Result<(), StorageError> {
        let waiting = (self.total - self.written) as usize;
        if waiting == 0 {
            return Ok(());
        }
        let file = files.open_or_make(self.slot.slot(), E::KIND, base)?;
        let mut bytes = Vec::with_capacity(waiting * E::BYTES);
        let from = self.tail.len().saturating_sub(waiting);
        for entry in self.tail.get(from..).unwrap_or_default() {
            entry.write(&mut bytes);
        }
        self.slot.slot().pin();
        file.write_all_at(
            &[IoSlice::new(&bytes)],
            u64::from(self.written) * E::BYTES as u64,
        )
        .map_err(|e| files.write_failed(E::KIND, base, &e))?;
        self.written = self.total;
        self.made |= !self.present;
        self.present = true;
        let surplus = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..surplus);
        Ok(())
    }

    /// Makes an empty file if there is none: Kafka takes the absence of an index for damage.
    pub(crate) fn ensure_file(&mut self, files: &Files, base: i64) -> Result<(), StorageError> {
        if !self.present {
            files.open_or_make(self.slot.slot(), E::KIND, base)?;
            (self.present, self.made) = (true, true);
        }
        Ok(())
    }

    /// Whether the file was made since the last call: its folder must be synced.
    pub(crate) const fn take_made(&mut self) -> bool {
        std::mem::replace(&mut self.made, false)
    }

    /// The last entry.
    pub(crate) fn last(&self, files: &Files, base: i64) -> Result<Option<E>, StorageError> {
        match (self.tail.last(), self.total.checked_sub(1)) {
            (Some(entry), _) => Ok(Some(*entry)),
            (None, Some(at)) => self.on_file(files, base, |file| read_entry(file, at)),
            (None, None) => Ok(None),
        }
    }

    /// The last entry whose `by` is not above `key`. `by` must never fall from entry to entry.
    pub(crate) fn floor(
        &self,
        files: &Files,
        base: i64,
        key: i64,
        by: fn(E) -> i64,
    ) -> Result<Option<E>, StorageError> {
        let at = self.tail.partition_point(|entry| by(*entry) <= key);
        if let Some(entry) = at.checked_sub(1).and_then(|i| self.tail.get(i)) {
            return Ok(Some(*entry));
        }
        let on_file = self.total - self.tail.len() as u32;
        if on_file == 0 {
            return Ok(None);
        }
        self.on_file(files, base, |file| search(file, on_file, key, by))
    }

    /// Keeps the first `entries`. The file is cut too.
    pub(crate) fn truncate(
        &mut self,
        entries: u32,
        files: &Files,
        base: i64,
    ) -> Result<(), StorageError> {
        if entries < self.written || self.torn {
            let entries = entries.min(self.written);
            let file = files.open(self.slot.slot(), E::KIND, base)?;
            self.slot.slot().pin();
            file.set_len(u64::from(entries) * E::BYTES as u64)
                .map_err(|e| files.write_failed(E::KIND, base, &e))?;
            (self.written, self.torn) = (entries, false);
        }
        let cut = self.total.saturating_sub(entries) as usize;
        self.tail.truncate(self.tail.len().saturating_sub(cut));
        self.total = self.total.min(entries);
        Ok(())
    }

    /// Entries whose offset is below `relative`, by walking: for truncation and recovery only.
    pub(crate) fn count_below(
        &self,
        files: &Files,
        base: i64,
        relative: i64,
    ) -> Result<u32, StorageError> {
        let below = |e: &E| i64::from(e.relative_offset()) < relative;
        let on_file = self.total - self.tail.len() as u32;
        let mut kept = 0;
        if on_file > 0 {
            self.on_file(files, base, |file| {
                for_each(file, on_file, |entry| {
                    let keep = below(&entry);
                    kept += u32::from(keep);
                    keep
                })
                .map(|()| None::<E>)
            })?;
        }
        if kept < on_file {
            return Ok(kept);
        }
        Ok(kept + self.tail.iter().take_while(|e| below(e)).count() as u32)
    }

    /// Entries from the start that pass `good`, which sees each entry and the one before it.
    pub(crate) fn count_good(
        &self,
        files: &Files,
        base: i64,
        good: impl Fn(Option<E>, E) -> bool,
    ) -> Result<u32, StorageError> {
        let (mut count, mut before) = (0, None);
        if self.written > 0 {
            self.on_file(files, base, |file| {
                for_each(file, self.written, |entry| {
                    let keep = good(before, entry);
                    count += u32::from(keep);
                    before = Some(entry);
                    keep
                })
                .map(|()| None::<E>)
            })?;
        }
        Ok(count)
    }

    fn on_file(
        &self,
        files: &Files,
        base: i64,
        read: impl FnOnce(&dyn DiskFile) -> io::Result<Option<E>>,
    ) -> Result<Option<E>, StorageError> {
        let file = files.open(self.slot.slot(), E::KIND, base)?;
        read(&*file).map_err(|e| files.read_failed(&files.path(E::KIND, base), &e))
    }
}

fn read_entry<E: IndexEntry>(file: &dyn DiskFile, at: u32) -> io::Result<Option<E>> {
    let mut bytes = [0; 12];
    let place = bytes.get_mut(..E::BYTES).unwrap_or_default();
    file.read_exact_at(place, u64::from(at) * E::BYTES as u64)?;
    Ok(E::read(place))
}

fn read_block<E: IndexEntry>(file: &dyn DiskFile, from: u32, to: u32) -> io::Result<Vec<E>> {
    let mut bytes = vec![0; (to - from) as usize * E::BYTES];
    file.read_exact_at(&mut bytes, u64::from(from) * E::BYTES as u64)?;
    Ok(bytes.chunks_exact(E::BYTES).filter_map(E::read).collect())
}

/// Binary search by single entries until a block is left, which is read at once.
fn search<E: IndexEntry>(
    file: &dyn DiskFile,
    entries: u32,
    key: i64,
    by: fn(E) -> i64,
) -> io::Result<Option<E>> {
    let (mut low, mut high) = (0, entries);
    while high - low > BLOCK {
        let middle = low + (high - low) / 2;
        match read_entry::<E>(file, middle)? {
            Some(entry) if by(entry) <= key => low = middle,
            _ => high = middle,
        }
    }
    let block = read_block::<E>(file, low, high)?;
    let at = block.partition_point(|entry| by(*entry) <= key);
    Ok(at.checked_sub(1).and_then(|i| block.get(i)).copied())
}

/// Gives entries in order until `visit` says no.
fn for_each<E: IndexEntry>(
    file: &dyn DiskFile,
    entries: u32,
    mut visit: impl FnMut(E) -> bool,
) -> io::Result<()> {
    let mut from = 0;
    while from < entries {
        let to = entries.min(from + 16 * BLOCK);
        for entry in read_block(file, from, to)? {
            if !visit(entry) {
                return Ok(());
            }
        }
        from = to;
    }
    Ok(())
}
