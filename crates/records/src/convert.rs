//! A batch with another codec: what a topic's `compression.type` asks for.

use crate::build::finish;
use crate::deflate::{Codec, DeflateError, Deflater};
use crate::header::{HEADER_BYTES, Stamp};
use crate::inflate::{InflateError, InflateLimit, Inflater};
use crate::view::BatchView;
use bytes::Bytes;

/// What the new batch is to be.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its codec.
    pub codec: Codec,
    /// Its offset, epoch and time.
    pub stamp: Stamp,
    /// Bytes that may come out of the old body; `None` is the usual limit.
    pub inflate_limit: Option<InflateLimit>,
}

/// Why a batch cannot be converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    /// The old body cannot be read.
    #[error(transparent)]
    Inflate(#[from] InflateError),
    /// The new body cannot be written.
    #[error(transparent)]
    Deflate(#[from] DeflateError),
}

/// Inflates the body and compresses it again. Records stay byte for byte; check them with `validate_records` first.
///
/// # Errors
/// The old body is damaged or too large, or memory is out.
pub fn convert(
    batch: &BatchView<'_>,
    target: &Target,
    inflater: &mut Inflater,
    deflater: &mut Deflater,
) -> Result<Bytes, ConvertError> {
    let limit = target
        .inflate_limit
        .unwrap_or(InflateLimit::usual(batch.body().len()));
    let body = batch.inflate(inflater, limit)?;
    let mut out = vec![0; HEADER_BYTES];
    deflater.deflate(target.codec, &body, &mut out)?;
    let mut header = batch.header().with_stamp(target.stamp);
    header.attributes = header.attributes.with_compression(target.codec.compression);
    Ok(finish(header, out))
}
