//! One pass over a log, in steps: between two of them the caller may wait, stop, or put a finished segment in its place.

use super::batch::{Fate, LastOfProducer, Rules, Workshop, clean_batch, map_batch};
use super::dirtiness::groups;
use super::key_map::KeyMap;
use super::output::{CleanedSegment, Output, discard};
use super::source::Source;
use super::transactions::Transactions;
use super::{CleanError, CleanView, Dirtiness, SegmentView};
use crate::files::Files;
use crate::layout::FileKind;
use crate::txn_index::{AbortedTxn, parse_txn_index};
use klamm_host::OpenMode;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// Bounds of a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CleanLimits {
    /// Memory for the table of keys, in bytes. A log with more keys takes several passes.
    pub map_bytes: usize,
    /// Memory for reading, and as much for writing, in bytes. A larger batch gets what it needs while it is in work.
    pub io_bytes: usize,
    /// Spreads keys in the table; has no influence on the result.
    pub seed: u64,
}

/// What a pass did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CleanStats {
    /// Bytes read to map keys, and again to copy.
    pub bytes_read: u64,
    /// Bytes written.
    pub bytes_written: u64,
    /// Bytes of the segments that were replaced.
    pub bytes_before: u64,
    /// Bytes of those that replaced them.
    pub bytes_after: u64,
    /// Records in the replaced segments.
    pub records_before: u64,
    /// Records left of them.
    pub records_after: u64,
    /// Keys in the table.
    pub keys: u64,
    /// The most memory that the table took.
    pub map_bytes: u64,
    /// Segments before and after.
    pub segments: (u64, u64),
}

/// A pass over one log.
#[derive(Debug)]
pub struct Cleaning {
    files: Arc<Files>,
    segments: Vec<SegmentView>,
    limits: CleanLimits,
    index_interval_bytes: u32,
    first_dirty: i64,
    truncations: u64,
    config: Arc<crate::config::LogConfig>,
    aborted: Vec<AbortedTxn>,
    rules: Rules,
    transactions: Transactions,
    workshop: Workshop,
    phase: Phase,
    stats: CleanStats,
}

#[derive(Debug)]
enum Phase {
    /// Mapping the segment with this number.
    Map(usize, Option<Source>),
    /// Copying; groups that are left, and the one in work.
    Copy(VecDeque<Range<usize>>, Option<Box<Group>>),
    Done,
}

#[derive(Debug)]
struct Group {
    all: Range<usize>,
    next: usize,
    source: Option<Source>,
    /// When the newest source was last changed: retention may go by it.
    modified_ms: Option<i64>,
    output: Output,
}

/// What a step led to.
#[derive(Debug)]
pub enum Step {
    /// There is more to do.
    More,
    /// A new segment is complete: swap it in, then go on.
    Swap(CleanedSegment),
    /// The pass is over: everything below this offset is clean.
    Done(i64),
}

impl Cleaning {
    /// Begins a pass over what `dirtiness` found. Reads the transaction indexes.
    pub(crate) fn begin(
        view: &CleanView,
        dirtiness: &Dirtiness,
        last_of_producers: BTreeMap<i64, LastOfProducer>,
        limits: CleanLimits,
        now_ms: i64,
    ) -> Result<Self, CleanError> {
        let aborted = aborted_transactions(view)?;
        let below = |s: &&SegmentView| s.end <= dirtiness.clean_end;
        let segments: Vec<_> = view.segments.iter().take_while(below).copied().collect();
        let first = segments
            .iter()
            .take_while(|s| s.end <= dirtiness.first_dirty)
            .count();
        Ok(Self {
            files: Arc::clone(&view.files),
            limits,
            index_interval_bytes: view.config.index_interval_bytes,
            first_dirty: dirtiness.first_dirty,
            truncations: view.truncations,
            config: Arc::clone(&view.config),
            rules: Rules {
                map: KeyMap::new(limits.map_bytes, limits.seed),
                mapped_end: dirtiness.first_dirty,
                clean_end: dirtiness.clean_end,
                now_ms,
                delete_retention_ms: view.config.delete_retention_ms,
                last_of_producers,
            },
            transactions: Transactions::new(aborted.clone()),
            aborted,
            workshop: Workshop::default(),
            phase: Phase::Map(first, None),
            stats: CleanStats::default(),
            segments,
        })
    }

    /// What was done so far.
    #[must_use]
    pub const fn stats(&self) -> CleanStats {
        self.stats
    }

    /// Goes on until about so many bytes were read and written, or something is to be done by the caller. Blocks.
    ///
    /// # Errors
    /// See [`CleanError`]; files that were begun are removed, the log is untouched.
    pub fn step(&mut self, bytes: u64) -> Result<Step, CleanError> {
        let end = self.moved().saturating_add(bytes.max(1));
        while self.moved() < end {
            let phase = std::mem::replace(&mut self.phase, Phase::Done);
            match phase {
                Phase::Map(index, source) => self.phase = self.map(index, source, end)?,
                Phase::Copy(left, Some(group)) => {
                    let base = group.output_base(&self.segments);
                    let copied = self.copy(left, group, end);
                    if let Some(segment) = copied.inspect_err(|_| discard(&self.files, base))? {
                        return Ok(Step::Swap(segment));
                    }
                }
                Phase::Copy(left, None) => {
                    let begun = self.begin_group(left)?;
                    self.phase = begun;
                    if let Phase::Done = self.phase {
                        return Ok(Step::Done(self.rules.mapped_end));
                    }
                }
                Phase::Done => return Ok(Step::Done(self.rules.mapped_end)),
            }
        }
        Ok(Step::More)
    }

    const fn moved(&self) -> u64 {
        self.stats.bytes_read + self.stats.bytes_written
    }

    fn open(&self, index: usize) -> Result<Option<Source>, CleanError> {
        let Some(segment) = self.segments.get(index) else {
            return Ok(None);
        };
        let path = self.files.path(FileKind::Log, segment.base);
        let file = self.files.disk().open(&path, OpenMode::Read);
        let file = file.map_err(|e| CleanError::of_read(&e))?;
        Ok(Some(Source::new(file, segment.size, self.limits.io_bytes)))
    }

    /// Puts keys of one segment into the table.
    fn map(
        &mut self,
        index: usize,
        source: Option<Source>,
        until: u64,
    ) -> Result<Phase, CleanError> {
        let Some(segment) = self.segments.get(index).copied() else {
            return Ok(self.mapped());
        };
        let mut source = match source {
            Some(source) => source,
            None => self.open(index)?.ok_or(CleanError::Abandoned)?,
        };
        while self.moved() < until {
            let Some((found, bytes)) = source.next()? else {
                // Where the tail of a segment was compacted away, its end is known from the next one.
                self.rules.mapped_end = self.rules.mapped_end.max(segment.end);
                return Ok(Phase::Map(index + 1, None));
            };
            self.stats.bytes_read += found.bytes;
            let next = found.header.next_offset().0;
            if next <= self.first_dirty {
                continue;
            }
            let map = (self.first_dirty, &mut self.rules.map);
            let (transactions, workshop) = (&mut self.transactions, &mut self.workshop);
            match map_batch(bytes, found.magic, map, transactions, workshop) {
                Ok(()) => self.rules.mapped_end = self.rules.mapped_end.max(next),
                Err(Ok(offset)) => {
                    self.rules.mapped_end = self.rules.mapped_end.max(offset);
                    return Ok(self.mapped());
                }
                Err(Err(error)) => return Err(error),
            }
        }
        Ok(Phase::Map(index, Some(source)))
    }

    /// The table is complete: every segment that it speaks of is copied.
    fn mapped(&mut self) -> Phase {
        self.stats.keys = self.rules.map.len() as u64;
        self.stats.map_bytes = self.rules.map.bytes() as u64;
        self.transactions = Transactions::new(std::mem::take(&mut self.aborted));
        let end = self.rules.mapped_end;
        let count = self.segments.iter().take_while(|s| s.base < end).count();
        let segments = self.segments.get(..count).unwrap_or_default();
        Phase::Copy(groups(segments, &self.config).into(), None)
    }

    fn begin_group(&self, mut left: VecDeque<Range<usize>>) -> Result<Phase, CleanError> {
        let Some(all) = left.pop_front() else {
            return Ok(Phase::Done);
        };
        let Some(first) = self.segments.get(all.start) else {
            return Ok(Phase::Done);
        };
        let (write, interval) = (self.limits.io_bytes, self.index_interval_bytes);
        let output = Output::begin(&self.files, first.base, write, interval)?;
        let group = Group {
            next: all.start,
            all,
            source: None,
            modified_ms: None,
            output,
        };
        Ok(Phase::Copy(left, Some(Box::new(group))))
    }

    /// Copies what stays of a group. The new segment, once it is complete.
    fn copy(
        &mut self,
        left: VecDeque<Range<usize>>,
        mut group: Box<Group>,
        until: u64,
    ) -> Result<Option<CleanedSegment>, CleanError> {
        while self.moved() < until {
            let source = match &mut group.source {
                Some(source) => source,
                None if group.all.contains(&group.next) => {
                    group.source = self.open(group.next)?;
                    if let Some(source) = &group.source {
                        group.modified_ms = Some(source.modified_ms()?);
                    }
                    continue;
                }
                None => {
                    self.phase = Phase::Copy(left, None);
                    return self.finish_group(*group).map(Some);
                }
            };
            let Some((found, bytes)) = source.next()? else {
                group.source = None;
                group.next += 1;
                continue;
            };
            self.stats.bytes_read += found.bytes;
            let (transactions, workshop) = (&mut self.transactions, &mut self.workshop);
            let of = (found.magic, found.header);
            let verdict = clean_batch(bytes, of, &self.rules, transactions, workshop)?;
            self.stats.records_before += verdict.records_read;
            self.stats.records_after += verdict.records_kept;
            if let Some(txn) = verdict.aborted {
                group.output.push_aborted(txn);
            }
            let before = group.output.size();
            match &verdict.fate {
                Fate::Drop => {}
                Fate::Keep => group.output.push(&verdict.header, bytes)?,
                Fate::Replace(bytes) => group.output.push(&verdict.header, bytes)?,
            }
            self.stats.bytes_written += group.output.size() - before;
        }
        self.phase = Phase::Copy(left, Some(group));
        Ok(None)
    }

    fn finish_group(&mut self, group: Group) -> Result<CleanedSegment, CleanError> {
        let sources = self.segments.get(group.all).unwrap_or_default();
        let sources: Vec<_> = sources.iter().map(|s| (s.base, s.size)).collect();
        self.stats.bytes_before += sources.iter().map(|(_, size)| size).sum::<u64>();
        self.stats.bytes_after += group.output.size();
        self.stats.segments.0 += sources.len() as u64;
        self.stats.segments.1 += 1;
        let of_sources = (sources, group.modified_ms);
        group.output.finish(of_sources, self.truncations)
    }
}

impl Group {
    fn output_base(&self, segments: &[SegmentView]) -> i64 {
        segments.get(self.all.start).map_or(0, |s| s.base)
    }
}

impl Drop for Cleaning {
    fn drop(&mut self) {
        if let Phase::Copy(_, Some(group)) = &self.phase {
            discard(&self.files, group.output_base(&self.segments));
        }
    }
}

/// All aborted transactions that the log knows: markers lie behind the records, maybe in the active segment.
fn aborted_transactions(view: &CleanView) -> Result<Vec<AbortedTxn>, CleanError> {
    let mut all = Vec::new();
    let bases = view.segments.iter().map(|s| s.base);
    for base in bases.chain([view.active_base]) {
        let path = view.files.path(FileKind::TxnIndex, base);
        match view.files.disk().read(&path) {
            // Cut short in the middle of an append: what is being appended is not stable yet.
            Ok(bytes) => all.extend(parse_txn_index(&bytes).0),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(CleanError::of_read(&e)),
        }
    }
    Ok(all)
}
