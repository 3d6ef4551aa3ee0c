//! One segment: a log file with its indexes.

use crate::error::StorageError;
use crate::files::Files;
use crate::handle_cache::LazySlot;
use crate::index::{Index, IndexEntry, OffsetEntry, TimeEntry};
use crate::layout::FileKind;
use crate::scan::{Damage, Found, HeaderWalk};
use crate::txn_index::{AbortedTxn, ENTRY_BYTES, parse_txn_index};
use klamm_host::{DiskFile, OpenMode};
use std::io::{self, IoSlice};
use std::sync::{Arc, OnceLock};

/// A segment of a log. The last one of a log is active: it grows, and part of its indexes is in memory only.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    /// The offset in its file names: no batch in it begins below.
    pub(crate) base: i64,
    /// Bytes of whole batches.
    pub(crate) size: u64,
    pub(crate) log: LazySlot,
    pub(crate) offsets: Index<OffsetEntry>,
    pub(crate) times: Index<TimeEntry>,
    /// Bytes of the transaction index, 0 if there is no file.
    pub(crate) txn_bytes: u64,
    /// No transaction that was aborted has its marker above: `i64::MIN` without any, `i64::MAX` if it is not known.
    pub(crate) newest_aborted: i64,
    /// Of a closed segment: the largest timestamp and its offset, once it was looked up.
    pub(crate) largest: OnceLock<Option<(i64, i64)>>,
    /// Its transaction index, while that has not its name yet.
    pub(crate) txn_file: Option<Arc<dyn DiskFile>>,
}

/// Why a segment could not be searched.
#[derive(Debug)]
pub(crate) enum SegmentError {
    /// The disk.
    Storage(StorageError),
    /// The bytes are not batches.
    Damage(Damage),
}

impl From<StorageError> for SegmentError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl Segment {
    /// A segment without bytes. Files are made when they are first opened.
    pub(crate) fn empty(base: i64) -> Self {
        Self::of_lens(base, [None; 4])
    }

    /// A segment whose log, offset index, time index and transaction index have these lengths, or are not there.
    pub(crate) fn of_lens(base: i64, [log, offsets, times, txn]: [Option<u64>; 4]) -> Self {
        Self {
            base,
            size: log.unwrap_or(0),
            log: LazySlot::default(),
            offsets: Index::of_len(offsets),
            times: Index::of_len(times),
            // A torn entry is of a marker that was refused: it is written over.
            txn_bytes: txn.map_or(0, |bytes| bytes / ENTRY_BYTES as u64 * ENTRY_BYTES as u64),
            newest_aborted: txn
                .filter(|bytes| *bytes > 0)
                .map_or(i64::MIN, |_| i64::MAX),
            largest: OnceLock::new(),
            txn_file: None,
        }
    }

    /// Copies made from now on use the same handles for what can be read.
    pub(crate) fn share_handles(&self) {
        if self.size > 0 {
            self.log.slot();
        }
        self.offsets.share_handle();
        self.times.share_handle();
    }

    /// The log file, to read or to change.
    pub(crate) fn open(&self, files: &Files) -> Result<Arc<dyn DiskFile>, StorageError> {
        files.open(self.log.slot(), FileKind::Log, self.base)
    }

    /// The log file; made if absent.
    pub(crate) fn open_or_make(&self, files: &Files) -> Result<Arc<dyn DiskFile>, StorageError> {
        files.open_or_make(self.log.slot(), FileKind::Log, self.base)
    }

    /// Whether indexes can hold the offset.
    pub(crate) fn can_hold(&self, offset: i64) -> bool {
        offset
            .checked_sub(self.base)
            .is_some_and(|r| (0..=i64::from(i32::MAX)).contains(&r))
    }

    pub(crate) fn relative(&self, offset: i64) -> i32 {
        // Callers asked `can_hold`; a compacted first batch may begin below the base and never gets an entry.
        i32::try_from(offset.saturating_sub(self.base)).unwrap_or(i32::MAX)
    }

    /// The first batch whose last offset is not below `offset`; `None` if all are.
    pub(crate) fn locate(&self, files: &Files, offset: i64) -> Result<Option<Found>, SegmentError> {
        if self.size == 0 {
            return Ok(None);
        }
        let relative = offset.saturating_sub(self.base);
        let entry = self
            .offsets
            .floor(files, self.base, relative, OffsetEntry::key)?;
        let file = self.open(files)?;
        if let Some(entry) = entry {
            let from = u64::try_from(entry.position).unwrap_or(u64::MAX);
            match self.find_from(files, &*file, from, offset, Some(entry)) {
                Err(SegmentError::Damage(_)) => tracing::warn!(
                    path = %files.path(FileKind::OffsetIndex, self.base).display(),
                    "the index does not fit its log; the segment is searched from its beginning"
                ),
                found => return found,
            }
        }
        self.find_from(files, &*file, 0, offset, None)
    }

    /// Walks from a position to the batch that holds `offset`. The position came from `entry`, if given: it must fit.
    fn find_from(
        &self,
        files: &Files,
        file: &dyn DiskFile,
        from: u64,
        offset: i64,
        entry: Option<OffsetEntry>,
    ) -> Result<Option<Found>, SegmentError> {
        let mut walk = HeaderWalk::short(file, from, self.size, i64::MIN);
        let mut expected = entry.map(|e| self.base.saturating_add(e.relative_offset.into()));
        if expected.is_some() && from >= self.size {
            return Err(SegmentError::Damage(Damage {
                position: from,
                reason: "past the end",
            }));
        }
        while let Some(found) = self.step(files, &mut walk)? {
            let last = found.header.last_offset().0;
            if expected.take().is_some_and(|e| e != last) {
                let reason = "the index entry is of another batch";
                return Err(SegmentError::Damage(Damage { position: from, reason }));
            }
            if last >= offset {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The last batch boundary in `(from, limit]`, and the offset after it: `None` if the batch at `from` is longer.
    /// `from` is a batch boundary.
    pub(crate) fn boundary_before(
        &self,
        files: &Files,
        from: u64,
        limit: u64,
    ) -> Result<Option<(u64, i64)>, SegmentError> {
        let by_position = |entry: OffsetEntry| i64::from(entry.position);
        let limit_i64 = i64::try_from(limit).unwrap_or(i64::MAX);
        let entry = self
            .offsets
            .floor(files, self.base, limit_i64, by_position)?;
        if let Some(entry) = entry
            && let Ok(at) = u64::try_from(entry.position)
            && at > from
        {
            match self.boundary_from(files, at, limit, Some(entry)) {
                // The index is of another file; walk without it.
                Err(SegmentError::Damage(_)) => {}
                Ok(None) => {}
                found => return found,
            }
        }
        self.boundary_from(files, from, limit, None)
    }

    fn boundary_from(
        &self,
        files: &Files,
        start: u64,
        limit: u64,
        entry: Option<OffsetEntry>,
    ) -> Result<Option<(u64, i64)>, SegmentError> {
        let file = self.open(files)?;
        let mut expected = entry.map(|e| self.base.saturating_add(e.relative_offset.into()));
        let mut result = None;
        let mut walk = HeaderWalk::short(&*file, start, self.size, i64::MIN);
        while let Some(found) = self.step(files, &mut walk)? {
            let header = &found.header;
            if expected.take().is_some_and(|e| e != header.last_offset().0) {
                let reason = "the index entry is of another batch";
                return Err(SegmentError::Damage(Damage { position: start, reason }));
            }
            let end = found.position + found.bytes;
            if end > limit {
                if entry.is_some() && result.is_none() {
                    // The entry itself is the boundary.
                    result = Some((found.position, header.base_offset.0));
                }
                break;
            }
            result = Some((end, header.next_offset().0));
        }
        Ok(result)
    }

    /// One step of a walk over this segment.
    pub(crate) fn step(
        &self,
        files: &Files,
        walk: &mut HeaderWalk<'_>,
    ) -> Result<Option<Found>, SegmentError> {
        let step = walk.step();
        step.map_err(|e| files.read_failed(&files.path(FileKind::Log, self.base), &e))?
            .map_err(SegmentError::Damage)
    }

    /// The largest timestamp of a closed segment, with its offset. Reads the disk the first time.
    pub(crate) fn largest(&self, files: &Files) -> Result<Option<(i64, i64)>, StorageError> {
        if let Some(known) = self.largest.get() {
            return Ok(*known);
        }
        let largest = self.largest_indexed(files)?;
        Ok(*self.largest.get_or_init(|| largest))
    }

    /// The largest timestamp that the time index knows, with its offset.
    pub(crate) fn largest_indexed(
        &self,
        files: &Files,
    ) -> Result<Option<(i64, i64)>, StorageError> {
        let last = self.times.last(files, self.base)?;
        Ok(last.map(|e| (e.timestamp_ms, self.base + i64::from(e.relative_offset))))
    }

    /// Appends to the transaction index, durable with the next full sync.
    pub(crate) fn push_aborted(
        &mut self,
        files: &Files,
        txn: &AbortedTxn,
    ) -> Result<(), StorageError> {
        let path = files.path(FileKind::TxnIndex, self.base);
        let write = files
            .disk()
            .open(&path, OpenMode::Create)
            .and_then(|file| file.write_all_at(&[IoSlice::new(&txn.to_bytes())], self.txn_bytes));
        write.map_err(|e| files.write_failed(FileKind::TxnIndex, self.base, &e))?;
        self.txn_bytes += ENTRY_BYTES as u64;
        self.newest_aborted = self.newest_aborted.max(txn.last_offset);
        Ok(())
    }

    fn open_txn_index(&self, files: &Files) -> io::Result<Arc<dyn DiskFile>> {
        match &self.txn_file {
            Some(file) => Ok(Arc::clone(file)),
            None => {
                let path = files.path(FileKind::TxnIndex, self.base);
                files.disk().open(&path, OpenMode::Read)
            }
        }
    }

    /// The aborted transactions whose markers lie in this segment.
    pub(crate) fn aborted(&self, files: &Files) -> Result<Vec<AbortedTxn>, StorageError> {
        if self.txn_bytes == 0 {
            return Ok(Vec::new());
        }
        let path = files.path(FileKind::TxnIndex, self.base);
        let mut bytes = vec![0; usize::try_from(self.txn_bytes).unwrap_or(0)];
        self.open_txn_index(files)
            .and_then(|file| file.read_exact_at(&mut bytes, 0))
            .map_err(|e| files.read_failed(&path, &e))?;
        Ok(parse_txn_index(&bytes).0)
    }

    /// Of the aborted transactions whose markers lie in this segment, those with records in `[from, to)`. `true`: later
    /// segments have none, since everything below `to` was decided.
    pub(crate) fn aborted_between(
        &self,
        files: &Files,
        from: i64,
        to: i64,
    ) -> Result<(Vec<AbortedTxn>, bool), StorageError> {
        let path = files.path(FileKind::TxnIndex, self.base);
        let failed = |e: &io::Error| files.read_failed(&path, e);
        let mut found = Vec::new();
        let entries = self.txn_bytes / ENTRY_BYTES as u64;
        if entries == 0 {
            return Ok((found, false));
        }
        let file = self.open_txn_index(files).map_err(|e| failed(&e))?;
        let mut at = first_marker_from(&*file, entries, from).map_err(|e| failed(&e))?;
        let mut block = vec![0; ENTRY_BYTES * TXN_BLOCK as usize];
        while at < entries {
            let count = (entries - at).min(TXN_BLOCK);
            let bytes = block
                .get_mut(..ENTRY_BYTES * count as usize)
                .unwrap_or_default();
            file.read_exact_at(bytes, at * ENTRY_BYTES as u64)
                .map_err(|e| failed(&e))?;
            let (txns, whole) = parse_txn_index(bytes);
            for txn in txns {
                if txn.last_offset >= from && txn.first_offset < to {
                    found.push(txn);
                }
                if txn.last_stable_offset >= to {
                    return Ok((found, true));
                }
            }
            if !whole {
                break;
            }
            at += count;
        }
        Ok((found, false))
    }

    /// Cuts the transaction index to the entries below an offset.
    pub(crate) fn cut_aborted(&mut self, files: &Files, end: i64) -> Result<(), StorageError> {
        let keep = self
            .aborted(files)?
            .iter()
            .take_while(|t| t.last_offset < end)
            .count();
        let bytes = (keep * ENTRY_BYTES) as u64;
        if bytes == self.txn_bytes {
            return Ok(());
        }
        let path = files.path(FileKind::TxnIndex, self.base);
        if bytes == 0 {
            files.remove(&path)?;
        } else {
            let cut = files
                .disk()
                .open(&path, OpenMode::ReadWrite)
                .and_then(|f| f.set_len(bytes));
            cut.map_err(|e| files.write_failed(FileKind::TxnIndex, self.base, &e))?;
        }
        self.txn_bytes = bytes;
        self.newest_aborted = if bytes == 0 { i64::MIN } else { end };
        Ok(())
    }

    /// Paths of its files; the log first.
    pub(crate) fn paths(&self, files: &Files) -> Vec<std::path::PathBuf> {
        let kinds = FileKind::ALL
            .into_iter()
            .filter(|k| *k != FileKind::Snapshot);
        kinds
            .filter(|k| *k != FileKind::TxnIndex || self.txn_bytes > 0)
            .map(|kind| files.path(kind, self.base))
            .collect()
    }

    /// Closes its files: they are about to go.
    pub(crate) fn close(&self) {
        self.log.close();
        self.offsets.slot().close();
        self.times.slot().close();
    }

    /// Its files have their names now.
    pub(crate) fn let_go(&mut self, files: &Files) {
        self.log.let_go(&files.cache);
        self.offsets.slot().let_go(&files.cache);
        self.times.slot().let_go(&files.cache);
        self.txn_file = None;
    }

    /// Everything of it is on disk; its handles may be closed when idle.
    pub(crate) fn unpin(&self) {
        self.log.unpin();
        self.offsets.slot().unpin();
        self.times.slot().unpin();
    }
}

/// Entries of the transaction index that are read at once.
const TXN_BLOCK: u64 = 64;

/// The first entry whose marker is not below an offset: markers rise.
fn first_marker_from(file: &dyn DiskFile, entries: u64, offset: i64) -> io::Result<u64> {
    let (mut low, mut high) = (0, entries);
    while low < high {
        let middle = low + (high - low) / 2;
        let mut bytes = [0; ENTRY_BYTES];
        file.read_exact_at(&mut bytes, middle * ENTRY_BYTES as u64)?;
        let (txns, _) = parse_txn_index(&bytes);
        // What cannot be read is looked at in order.
        if txns.first().is_some_and(|txn| txn.last_offset < offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}
