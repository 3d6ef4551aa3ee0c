//! The log of one partition on a disk, in Kafka's file formats.
//!
//! ```text
//! log_dir         an entry of log.dirs: identity, lock, checkpoints, sticky failure
//! layout          names of files and folders
//! log/            one partition: open, recover, append, read, truncate, retain, sync
//! compact/        the cleaner: what stays of a compacted log, and how new segments take the place of old ones
//! segments  segment  index  txn_index  scan           the list, a segment, its indexes, a walk over its batches
//! producer_state/ epoch_history                       what a log remembers besides its records
//! handle_cache    open files of all logs, bounded
//! ```
//! *Invariants:* nothing here knows requests, sockets or time; blocking work that may wait for the device is a value to
//! run outside of the log's lock; a derived file is never trusted over the log.

mod checkpoint;
mod compact;
mod config;
mod epoch_history;
mod error;
mod files;
mod handle_cache;
mod index;
pub mod layout;
mod log;
mod log_dir;
mod meta_properties;
mod partition_metadata;
mod producer_state;
mod scan;
mod segment;
mod segments;
mod txn_index;

pub use checkpoint::{Offsets, format_offsets, parse_offsets};
pub use compact::{
    CleanError, CleanLimits, CleanStats, CleanView, CleanedSegment, Cleaning, Dirtiness, Step,
    SwapWork,
};
pub use config::{LogConfig, TimestampSource};
pub use epoch_history::EpochHistory;
pub use error::StorageError;
pub use handle_cache::HandleCache;
pub use log::{
    AppendContext, AppendError, Appended, FileAges, LogSeed, LogSlice, LogView, LookUp, LookedUp,
    OpenError, Opened, Origin, OtherTopicId, PartitionLog, PendingDelete, ProducerInfo,
    ProducerMarks, ReadAsk, ReadError, Reading, RecoveryReport, Room, SegmentInfo, SyncDone,
    SyncScope, SyncWork, TimestampedOffset, UnreadAges, UpperBound,
};
pub use log_dir::{
    CheckpointFile, CheckpointTurn, ExpectedIdentity, LastOffsets, LastRun, LogDir, OpenDirError,
    format_log_dir, read_meta,
};
pub use meta_properties::{MetaProperties, MetaPropertiesError};
pub use partition_metadata::parse_partition_metadata;
pub use producer_state::{
    Admission, BATCHES_MAX, DamagedSnapshot, FirstBatch, ProducerEntry, ProducerError,
    RememberedBatch, VerificationGuard, parse_snapshot,
};
pub use txn_index::{AbortedTxn, parse_txn_index};
