//! Record batches, magic 2: view without copying, build, validate, compress.
//!
//! ```text
//! header      61 bytes: parse, write, stamp with base offset and leader epoch
//! view        bytes → batches, one after the other, with exact error kinds
//! record      the inside of a batch: slices of key, value, headers
//! inflate     compressed inside → bytes, never more than a limit
//! deflate     the way back, contexts reused
//! validate    what a leader checks before it appends
//! build       records → batch;  convert: batch → batch with another codec
//! control     transaction markers and quorum records
//! legacy      message sets of magic 0 and 1, read only
//! ```
//! *Invariant:* no length in a batch is trusted before the bytes it announces are there, and nothing here panics on
//! any input.
#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

mod build;
mod control;
mod convert;
mod crc;
mod deflate;
#[cfg(test)]
mod golden;
mod header;
mod inflate;
mod legacy;
mod record;
mod validate;
mod varint;
mod view;

pub use build::{AppendError, BatchBuilder, BatchFields, NewRecord};
pub use control::{
    ControlRecord, ControlType, EndTransaction, EndTransactionMarker, control_batch,
};
pub use convert::{ConvertError, Target, convert};
pub use crc::{crc32c, crc32c_of};
pub use deflate::{Codec, DeflateError, Deflater};
pub use header::{
    Attributes, BatchHeader, Compression, HEADER_BYTES, LOG_OVERHEAD_BYTES, MAGIC, Stamp,
    StampTime, TimestampType,
};
pub use inflate::{InflateError, InflateLimit, InflateReader, Inflater};
pub use legacy::{LegacyEntry, LegacyError, LegacyMessage, legacy_entries};
pub use record::{HeaderView, Headers, RecordProblem, RecordView, Records};
pub use validate::{
    EnvelopeError, RecordFault, RecordRules, RecordsError, RecordsSummary, TimestampRange,
    validate_records,
};
pub use view::{BatchError, BatchView, Batches, batches};
