//! Reading a partition: the log's lock is held a moment to begin, a moment to end, and not while the disk is read.

use super::{Gone, Marks, Partition, marks_of};
use klamm_codec::Records;
use klamm_storage::{
    LogView, PartitionLog, ReadAsk, Reading as LogReading, TimestampedOffset, UpperBound,
};

/// Who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// A consumer, up to the high watermark.
    ReadUncommitted,
    /// A consumer, up to the last stable offset.
    ReadCommitted,
    /// A tool that compares replicas, up to the log's end.
    Debug,
    /// A follower. Not served on client listeners.
    Replica,
}

/// What a fetch wants of a partition.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FetchAsk {
    pub(crate) offset: i64,
    pub(crate) bytes_max: usize,
    /// The first batch comes even if it is larger.
    pub(crate) min_one_batch: bool,
    pub(crate) reader: Reader,
    /// The epoch of the last batch that the client has; -1 if it does not say.
    pub(crate) last_fetched_epoch: i32,
}

/// What a fetch gets.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) marks: Marks,
    pub(crate) slice: LogSlice,
    /// The client's log parts from this one: the largest epoch that both know, and its end here. Nothing is read then.
    pub(crate) diverging: Option<(i32, i64)>,
}

/// Records for one fetch.
#[derive(Debug, Default)]
pub(crate) struct LogSlice {
    pub(crate) records: Records,
    /// Producer id and first offset of the aborted transactions in the slice; only for `ReadCommitted`.
    pub(crate) aborted: Option<Vec<(i64, i64)>>,
}

/// A fetch that was begun.
#[derive(Debug)]
pub(crate) enum Reading {
    /// It needed no disk.
    Done(Fetched),
    /// The rest reads the disk: `Partition::end_read`.
    LookUp(LookUp),
}

/// The part of a fetch that reads the disk.
#[derive(Debug)]
pub(crate) struct LookUp {
    ask: FetchAsk,
    marks: Marks,
    on_disk: Box<klamm_storage::LookUp>,
}

/// Why nothing was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadError {
    /// Below the log's start, or beyond its end.
    OutOfRange,
    /// The topic was deleted.
    Gone,
    /// The disk.
    Storage,
}

/// A record's place, found by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OffsetAt {
    pub(crate) timestamp: i64,
    pub(crate) offset: i64,
    pub(crate) leader_epoch: i32,
}

/// Looks at a log whose files change all the time: then something else is wrong.
const TRIES_MAX: usize = 16;

impl OffsetAt {
    /// Nothing found.
    pub(crate) const NONE: Self = Self { timestamp: -1, offset: -1, leader_epoch: -1 };
}

impl LookUp {
    /// Whether the device is likely not waited for.
    pub(crate) fn is_in_memory(&self) -> bool {
        self.on_disk.is_in_memory()
    }
}

impl Partition {
    /// Looks records up from an offset on, as far as that needs no disk.
    pub(crate) fn begin_read(&self, ask: FetchAsk) -> Result<Reading, ReadError> {
        let log = self.log().map_err(|Gone| ReadError::Gone)?;
        let marks = marks_of(&log);
        if let Some(diverging) = self.divergence(&log, ask.last_fetched_epoch, ask.offset) {
            return Ok(Reading::Done(Fetched {
                marks,
                slice: LogSlice::default(),
                diverging: Some(diverging),
            }));
        }
        let begun = log.begin_read(ReadAsk {
            offset: ask.offset,
            bytes_max: ask.bytes_max,
            min_one_batch: ask.min_one_batch,
            upper: match ask.reader {
                Reader::ReadUncommitted => UpperBound::HighWatermark,
                Reader::ReadCommitted => UpperBound::LastStable,
                Reader::Debug | Reader::Replica => UpperBound::LogEnd,
            },
        });
        drop(log);
        match begun {
            Ok(LogReading::Done(slice)) => Ok(Reading::Done(fetched(marks, ask.reader, slice))),
            Ok(LogReading::LookUp(on_disk)) => Ok(Reading::LookUp(LookUp { ask, marks, on_disk })),
            Err(error) => Err(self.refused(error)),
        }
    }

    /// Does the rest of a fetch. Reads the disk.
    pub(crate) fn end_read(&self, mut look_up: LookUp) -> Result<Fetched, ReadError> {
        for _ in 0..TRIES_MAX {
            let LookUp { ask, marks, on_disk } = look_up;
            let done = on_disk.run();
            let ended = {
                let log = self.log().map_err(|Gone| ReadError::Gone)?;
                log.end_read(done)
            };
            match ended {
                Some(Ok(slice)) => return Ok(fetched(marks, ask.reader, slice)),
                Some(Err(error)) => return Err(self.refused(error)),
                None => {}
            }
            look_up = match self.begin_read(ask)? {
                Reading::Done(fetched) => return Ok(fetched),
                Reading::LookUp(again) => again,
            };
        }
        Err(self.never_still())
    }

    /// Looks records up from an offset on. Reads the disk.
    pub(crate) fn read(
        &self,
        offset: i64,
        bytes_max: usize,
        min_one_batch: bool,
        reader: Reader,
    ) -> Result<LogSlice, ReadError> {
        let ask = FetchAsk {
            offset,
            bytes_max,
            min_one_batch,
            reader,
            last_fetched_epoch: -1,
        };
        let fetched = match self.begin_read(ask)? {
            Reading::Done(fetched) => fetched,
            Reading::LookUp(look_up) => self.end_read(look_up)?,
        };
        Ok(fetched.slice)
    }

    fn refused(&self, error: klamm_storage::ReadError) -> ReadError {
        match error {
            klamm_storage::ReadError::OutOfRange { .. } => ReadError::OutOfRange,
            error => {
                tracing::error!(partition = %self.name, %error, "reading the log");
                ReadError::Storage
            }
        }
    }

    fn never_still(&self) -> ReadError {
        tracing::error!(partition = %self.name, "the log's files changed during each look-up");
        ReadError::Storage
    }

    /// Where the client's log parts from this one: the largest epoch that both know, and its end here. `None` if it
    /// does not.
    fn divergence(
        &self,
        log: &PartitionLog,
        last_fetched_epoch: i32,
        offset: i64,
    ) -> Option<(i32, i64)> {
        if last_fetched_epoch < 0 {
            return None;
        }
        let (epoch, end) = self.end_of_epoch(log, last_fetched_epoch);
        (epoch != last_fetched_epoch || end < offset).then_some((epoch, end))
    }

    /// The largest epoch not above `epoch`, and where it ends; (-1, -1) if there is none.
    pub(crate) fn end_offset_for_epoch(&self, epoch: i32) -> (i32, i64) {
        self.log()
            .map_or((-1, -1), |log| self.end_of_epoch(&log, epoch))
    }

    fn end_of_epoch(&self, log: &PartitionLog, epoch: i32) -> (i32, i64) {
        let leader_epoch = self.leader_epoch();
        if epoch == leader_epoch {
            return (epoch, log.log_end_offset());
        }
        match log.end_offset_for_epoch(epoch) {
            Some(found) => found,
            // An earlier leader that wrote nothing, and nor did anybody after it.
            None if (0..leader_epoch).contains(&epoch) => (epoch, log.log_end_offset()),
            None => (-1, -1),
        }
    }

    /// The epoch at the log's end: that of the leader, whether it has written yet or not.
    pub(crate) fn epoch_of_end(&self) -> i32 {
        self.leader_epoch()
    }

    /// The epoch at the log's start; in a log that is empty, that of the leader.
    pub(crate) fn epoch_of_start(&self) -> i32 {
        let epoch = self.log().ok().and_then(|log| {
            log.epoch_history()
                .entries()
                .first()
                .map(|(epoch, _)| *epoch)
        });
        epoch.unwrap_or_else(|| self.leader_epoch())
    }

    /// The first record that is not older than `timestamp_ms`. Reads the disk.
    pub(crate) fn offset_for_timestamp(
        &self,
        timestamp_ms: i64,
    ) -> Result<Option<OffsetAt>, ReadError> {
        self.search(|view| view.offset_for_timestamp(timestamp_ms))
    }

    /// The first record with the largest timestamp. Reads the disk.
    pub(crate) fn offset_of_max_timestamp(&self) -> Result<Option<OffsetAt>, ReadError> {
        self.search(LogView::max_timestamp)
    }

    fn search(
        &self,
        look: impl Fn(&LogView) -> Result<Option<TimestampedOffset>, klamm_storage::ReadError>,
    ) -> Result<Option<OffsetAt>, ReadError> {
        for _ in 0..TRIES_MAX {
            let view = self.log().map_err(|Gone| ReadError::Gone)?.view();
            let found = look(&view);
            if !self
                .log()
                .map_err(|Gone| ReadError::Gone)?
                .is_current(&view)
            {
                continue;
            }
            return match found {
                Ok(found) => Ok(found.map(OffsetAt::from)),
                Err(error) => Err(self.refused(error)),
            };
        }
        Err(self.never_still())
    }
}

impl From<TimestampedOffset> for OffsetAt {
    fn from(found: TimestampedOffset) -> Self {
        Self {
            timestamp: found.timestamp_ms,
            offset: found.offset,
            leader_epoch: found.leader_epoch.unwrap_or(-1),
        }
    }
}

fn fetched(marks: Marks, reader: Reader, slice: klamm_storage::LogSlice) -> Fetched {
    let aborted = (reader == Reader::ReadCommitted).then(|| {
        let aborted = slice.aborted.iter();
        aborted
            .map(|txn| (txn.producer_id, txn.first_offset))
            .collect()
    });
    let records = slice.range.map_or(Records::EMPTY, Records::File);
    Fetched { marks, slice: LogSlice { records, aborted }, diverging: None }
}
