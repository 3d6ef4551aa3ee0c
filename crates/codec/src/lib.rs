//! Kafka's primitive encodings, decode budgets and segmented output.
//!
//! ```text
//! frame: Bytes ── Dec ──> values that are slices of the frame (Str, Bytes, Records)
//! values ── Enc ──> Output: buffers and file ranges, in the order in which they go out
//! ```
//! Every length that a peer announces is checked against the bytes that really arrived, and what one frame may make
//! us allocate is bounded by a [`Budget`].

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

mod budget;
mod dec;
mod enc;
mod error;
mod records;
mod text;
pub mod varint;

pub use budget::Budget;
pub use dec::Dec;
pub use enc::{Enc, Output, Segment, TagWriter};
pub use error::{DecodeError, EncodeError};
pub use records::Records;
pub use text::{Str, Text};

/// A value that Kafka's schemas describe: its bytes differ between versions.
pub trait Message: Sized {
    /// Reads a value.
    ///
    /// # Errors
    /// The bytes are not a value of this version, or the version is none of ours.
    fn decode(dec: &mut Dec, version: i16) -> Result<Self, DecodeError>;

    /// Writes the value. What it wrote before an error is to be thrown away.
    ///
    /// # Errors
    /// This version can't carry the value, or the version is none of ours.
    fn encode(&self, enc: &mut Enc, version: i16) -> Result<(), EncodeError>;
}
