//! Writes the segment that takes the place of others: `.log.cleaned` and its indexes, synced before anybody sees them.

use super::CleanError;
use crate::files::Files;
use crate::index::{IndexEntry, OffsetEntry, TimeEntry};
use crate::layout::{CLEANED_SUFFIX, FileKind};
use crate::txn_index::AbortedTxn;
use klamm_host::{DiskFile, OpenMode};
use klamm_records::BatchHeader;
use std::io::{self, IoSlice};
use std::path::PathBuf;
use std::sync::Arc;

/// A new segment that grows.
#[derive(Debug)]
pub(crate) struct Output {
    files: Arc<Files>,
    base: i64,
    log: Arc<dyn DiskFile>,
    /// Batches that wait to be written, and the position of the first.
    waiting: Vec<u8>,
    written: u64,
    write_bytes: usize,
    index_interval_bytes: u64,
    offsets: Vec<u8>,
    times: Vec<u8>,
    aborted: Vec<u8>,
    newest_aborted: i64,
    largest: Option<(i64, i64)>,
    indexed_ms: i64,
    bytes_since_entry: u64,
}

/// A complete segment on disk under `.cleaned` names. Give it to `PartitionLog::begin_swap`.
#[derive(Debug)]
#[must_use = "its files stay until it is swapped in or discarded"]
pub struct CleanedSegment {
    pub(crate) files: Arc<Files>,
    pub(crate) base: i64,
    pub(crate) size: u64,
    /// Base offsets and sizes of the segments that it replaces.
    pub(crate) sources: Vec<(i64, u64)>,
    /// The log's truncations when the pass began.
    pub(crate) truncations: u64,
    /// Its largest timestamp, with the last offset of that batch.
    pub(crate) largest: Option<(i64, i64)>,
    /// Offset of the last marker in its transaction index; `i64::MIN` without any.
    pub(crate) newest_aborted: i64,
    /// Log, offset index, time index, and transaction index if there is one.
    pub(crate) parts: Vec<Part>,
}

/// A file of a cleaned segment.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) kind: FileKind,
    pub(crate) file: Arc<dyn DiskFile>,
    pub(crate) len: u64,
}

impl CleanedSegment {
    /// Removes its files: it will not be swapped in.
    pub fn discard(self) {
        discard(&self.files, self.base);
    }
}

impl Output {
    pub(crate) fn begin(
        files: &Arc<Files>,
        base: i64,
        write_bytes: usize,
        index_interval_bytes: u32,
    ) -> Result<Self, CleanError> {
        let log = create(files, FileKind::Log, base)?;
        Ok(Self {
            files: Arc::clone(files),
            base,
            log,
            waiting: Vec::new(),
            written: 0,
            write_bytes,
            index_interval_bytes: index_interval_bytes.into(),
            offsets: Vec::new(),
            times: Vec::new(),
            aborted: Vec::new(),
            newest_aborted: i64::MIN,
            largest: None,
            indexed_ms: -1,
            bytes_since_entry: 0,
        })
    }

    /// Bytes so far.
    pub(crate) const fn size(&self) -> u64 {
        self.written + self.waiting.len() as u64
    }

    pub(crate) fn push(&mut self, header: &BatchHeader, bytes: &[u8]) -> Result<(), CleanError> {
        let position = self.size();
        if position + bytes.len() as u64 > i32::MAX as u64 {
            return Err(CleanError::TooLarge);
        }
        let (time, last) = (header.max_timestamp_ms, header.last_offset().0);
        // A batch without records has a time that no look-up may end at.
        if header.record_count > 0 && self.largest.is_none_or(|(largest, _)| time > largest) {
            self.largest = Some((time, last));
        }
        if self.bytes_since_entry > self.index_interval_bytes {
            let (relative_offset, position) = (self.relative(last)?, position as i32);
            OffsetEntry { relative_offset, position }.write(&mut self.offsets);
            self.push_time()?;
            self.bytes_since_entry = 0;
        }
        self.bytes_since_entry += bytes.len() as u64;
        if self.waiting.len() + bytes.len() > self.write_bytes {
            self.write_out(bytes)?;
        } else {
            self.waiting.extend_from_slice(bytes);
        }
        Ok(())
    }

    pub(crate) fn push_aborted(&mut self, txn: AbortedTxn) {
        self.aborted.extend_from_slice(&txn.to_bytes());
        self.newest_aborted = txn.last_offset;
    }

    fn relative(&self, offset: i64) -> Result<i32, CleanError> {
        i32::try_from(offset.saturating_sub(self.base)).map_err(|_| CleanError::TooLarge)
    }

    fn push_time(&mut self) -> Result<(), CleanError> {
        if let Some((timestamp_ms, offset)) = self.largest.filter(|l| l.0 > self.indexed_ms) {
            let relative_offset = self.relative(offset)?;
            TimeEntry { timestamp_ms, relative_offset }.write(&mut self.times);
            self.indexed_ms = timestamp_ms;
        }
        Ok(())
    }

    /// Writes what waits and `more` behind it.
    fn write_out(&mut self, more: &[u8]) -> Result<(), CleanError> {
        let slices = [IoSlice::new(&self.waiting), IoSlice::new(more)];
        let written = self.log.write_all_at(&slices, self.written);
        written.map_err(|e| self.files.write_failed(FileKind::Log, self.base, &e))?;
        self.written += (self.waiting.len() + more.len()) as u64;
        self.waiting.clear();
        Ok(())
    }

    /// Completes all files and syncs them and their names. The log keeps the time of change of its newest source.
    pub(crate) fn finish(
        mut self,
        (sources, modified_ms): (Vec<(i64, u64)>, Option<i64>),
        truncations: u64,
    ) -> Result<CleanedSegment, CleanError> {
        self.push_time()?;
        self.write_out(&[])?;
        let log = Part {
            kind: FileKind::Log,
            file: Arc::clone(&self.log),
            len: self.written,
        };
        let mut parts = vec![log];
        for (kind, bytes) in [
            (FileKind::OffsetIndex, &self.offsets),
            (FileKind::TimeIndex, &self.times),
            (FileKind::TxnIndex, &self.aborted),
        ] {
            if kind == FileKind::TxnIndex && bytes.is_empty() {
                continue;
            }
            let file = create(&self.files, kind, self.base)?;
            let written = file.write_all_at(&[IoSlice::new(bytes)], 0);
            written.map_err(|e| self.files.write_failed(kind, self.base, &e))?;
            parts.push(Part { kind, file, len: bytes.len() as u64 });
        }
        if let Some(Err(e)) = modified_ms.map(|ms| self.log.set_modified_ms(ms)) {
            return Err(self.files.write_failed(FileKind::Log, self.base, &e).into());
        }
        for part in &parts {
            part.file
                .sync_all()
                .map_err(|e| self.files.dir.fail_io("syncing a cleaned segment", &e))?;
        }
        let folder = self.files.folder_path();
        match self.files.disk().sync_dir(&folder) {
            Ok(()) => {}
            // The topic was deleted: its folder has another name now.
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(CleanError::Abandoned),
            Err(e) => return Err(self.files.dir.fail_io("syncing a folder", &e).into()),
        }
        Ok(CleanedSegment {
            files: self.files,
            base: self.base,
            size: self.written,
            sources,
            truncations,
            largest: self.largest,
            newest_aborted: self.newest_aborted,
            parts,
        })
    }
}

/// Removes what a pass that ended early left of the segment with this base.
pub(crate) fn discard(files: &Files, base: i64) {
    let folder = files.in_place();
    if folder.moved {
        // The path may lead to another log's files by now.
        return;
    }
    for kind in FileKind::ALL {
        // If it can't be removed now, the next start does.
        let _ = files.disk().remove_file(&cleaned(files, kind, base));
    }
}

pub(crate) fn cleaned(files: &Files, kind: FileKind, base: i64) -> PathBuf {
    let mut name = files.path(kind, base).into_os_string();
    name.push(CLEANED_SUFFIX);
    name.into()
}

fn create(files: &Files, kind: FileKind, base: i64) -> Result<Arc<dyn DiskFile>, CleanError> {
    let path = cleaned(files, kind, base);
    files
        .disk()
        .open(&path, OpenMode::CreateNew)
        .map_err(|e| match e.kind() {
            // The folder moved away, or another log of this name is being cleaned.
            io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists => CleanError::Abandoned,
            _ if crate::error::is_full(&e) => files.dir.judge(&path, &e).into(),
            _ => CleanError::Read(e.to_string().into()),
        })
}
