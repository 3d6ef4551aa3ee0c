//! Log compaction: of each key the newest record stays.
//!
//! ```text
//! dirtiness     which part of a log may be cleaned, and whether it is worth it            pure
//! key_map       key → newest offset, in bounded memory                                    pure
//! transactions  which records of transactions count, which markers are still needed       pure
//! batch         what becomes of one batch                                                 pure
//! source        reads a segment in batches        output   writes its replacement
//! cleaning      the whole pass, in steps          swap     files change places
//! ```
//! A pass maps the keys of the dirty part, then copies every closed segment up to there, group by group, without what a
//! newer record replaced. It works on files of closed segments only and needs the log's lock for three short moments:
//! to look at the log, to put a new segment in the place of old ones, and to note that it is done.
//!
//! *Invariants:* order and offsets never change; the newest record of a key goes only if it is a tombstone whose delete
//! horizon has passed; nothing is touched from the last stable offset on; a crash leaves the old segments or the new one.

mod batch;
mod cleaning;
mod dirtiness;
mod key_map;
mod output;
mod source;
mod swap;
mod transactions;

pub(crate) use batch::LastOfProducer;
pub use cleaning::{CleanLimits, CleanStats, Cleaning, Step};
pub(crate) use dirtiness::SegmentView;
pub use dirtiness::{CleanView, Dirtiness};
pub use output::CleanedSegment;
pub(crate) use swap::SwapGate;
pub use swap::SwapWork;

use crate::error::StorageError;
use klamm_records::InflateError;
use std::io;
use std::sync::Arc;

/// Why a pass ended early. The log is as it was, or as it is after an earlier group of the same pass.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CleanError {
    /// A segment does not hold what was written.
    #[error("{0} is damaged")]
    Damaged(&'static str),
    /// A batch cannot be decompressed within bounds.
    #[error(transparent)]
    Inflate(#[from] InflateError),
    /// A codec's library refused its work.
    #[error("a codec is out of memory")]
    Codec,
    /// A new segment would be longer than an index can say.
    #[error("a segment would exceed 2 GiB")]
    TooLarge,
    /// A file cannot be read now.
    #[error("reading a segment: {0}")]
    Read(Arc<str>),
    /// The log changed: truncated, deleted, or shortened by retention.
    #[error("the log changed meanwhile")]
    Abandoned,
    /// The disk.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl CleanError {
    /// A later pass would fail the same way: somebody has to look.
    #[must_use]
    pub const fn is_lasting(&self) -> bool {
        matches!(
            self,
            Self::Damaged(_) | Self::Inflate(_) | Self::Codec | Self::TooLarge
        )
    }

    pub(crate) fn of_read(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Abandoned,
            io::ErrorKind::UnexpectedEof => Self::Damaged("the end of a file"),
            _ => Self::Read(error.to_string().into()),
        }
    }
}
