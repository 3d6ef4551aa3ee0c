//! Compressed bodies into bytes, as a stream that ends at a limit.
//!
//! Memory while reading: gzip about 48 KiB; snappy one block in and out (a block grows by 22 at most); lz4 one block,
//! 4 MiB at most and never more than its compressed bytes can give; zstd its window, touched only as far as output
//! goes, and refused above 128 MiB.

mod lz4;
mod snappy;
mod sniff;
mod xxh32;

use crate::header::Compression;
use flate2::bufread::MultiGzDecoder;
use std::io::Read;

pub(crate) use lz4::{END_MARK as LZ4_END_MARK, MAGIC as LZ4_MAGIC};
pub(crate) use snappy::XERIAL_HEADER;
pub(crate) use sniff::sniff;
pub(crate) use xxh32::xxh32;

/// Why a body cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InflateError {
    /// More bytes come out than the limit allows: a bomb, or a record larger than the topic takes.
    #[error("more than {limit} bytes come out")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The bytes are not what their codec writes.
    #[error("the {codec} data is damaged")]
    Corrupt {
        /// The codec.
        codec: Compression,
    },
    /// A form of the codec that Kafka's own reader refuses as well.
    #[error("{what} is not supported")]
    Unsupported {
        /// The form.
        what: &'static str,
    },
    /// Codec id 5, 6 or 7.
    #[error("unknown compression codec")]
    UnknownCodec,
}

/// How many bytes may come out of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InflateLimit(usize);

/// Decompression state that is worth keeping from batch to batch.
pub struct Inflater {
    zstd: Option<zstd::zstd_safe::DCtx<'static>>,
}

/// Gives the bytes of one body.
pub struct InflateReader<'a> {
    stream: Stream<'a>,
    limit: usize,
    given: usize,
}

enum Stream<'a> {
    Plain(&'a [u8]),
    Gzip(Box<MultiGzDecoder<&'a [u8]>>),
    Snappy(snappy::SnappyReader<'a>),
    Lz4(lz4::Lz4Reader<'a>),
    Zstd(Box<zstd::stream::read::Decoder<'a, &'a [u8]>>),
}

/// The largest zstd window: what the Java client takes too.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;
const LIMIT_FLOOR: usize = 16 << 20;
const LIMIT_RATIO: usize = 64;

impl InflateLimit {
    /// The usual limit for a body of that many compressed bytes: 64 times as much, but 16 MiB at least.
    #[must_use]
    pub const fn usual(compressed_bytes: usize) -> Self {
        let by_ratio = compressed_bytes.saturating_mul(LIMIT_RATIO);
        Self(if by_ratio > LIMIT_FLOOR {
            by_ratio
        } else {
            LIMIT_FLOOR
        })
    }

    /// That many bytes.
    #[must_use]
    pub const fn bytes(bytes: usize) -> Self {
        Self(bytes)
    }

    /// This limit, but not above `bytes`.
    #[must_use]
    pub const fn at_most(self, bytes: usize) -> Self {
        Self(if self.0 < bytes { self.0 } else { bytes })
    }
}

impl Inflater {
    /// Nothing kept yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { zstd: None }
    }

    /// Reads a body.
    ///
    /// # Errors
    /// `Unsupported` or `Corrupt` when the first bytes say so already.
    pub fn reader<'a>(
        &'a mut self,
        compression: Compression,
        body: &'a [u8],
        limit: InflateLimit,
    ) -> Result<InflateReader<'a>, InflateError> {
        let stream = match compression {
            Compression::None => Stream::Plain(body),
            Compression::Gzip => Stream::Gzip(Box::new(MultiGzDecoder::new(body))),
            Compression::Snappy => Stream::Snappy(snappy::SnappyReader::new(body, limit.0)),
            Compression::Lz4 => Stream::Lz4(lz4::Lz4Reader::new(body)?),
            Compression::Zstd => {
                let context = self.zstd_context()?;
                let decoder = zstd::stream::read::Decoder::with_context(body, context);
                Stream::Zstd(Box::new(decoder))
            }
        };
        Ok(InflateReader { stream, limit: limit.0, given: 0 })
    }

    /// Reads the lz4 body of a magic 0 message, whose writers got the frame's header checksum wrong.
    pub(crate) fn reader_of_magic_0_lz4<'a>(
        &'a mut self,
        body: &'a [u8],
        limit: InflateLimit,
    ) -> Result<InflateReader<'a>, InflateError> {
        let stream = Stream::Lz4(lz4::Lz4Reader::new_unchecked(body)?);
        Ok(InflateReader { stream, limit: limit.0, given: 0 })
    }

    fn zstd_context(&mut self) -> Result<&mut zstd::zstd_safe::DCtx<'static>, InflateError> {
        use zstd::zstd_safe::{DCtx, DParameter, ResetDirective};
        let corrupt = |_| InflateError::Corrupt { codec: Compression::Zstd };
        let context = self.zstd.get_or_insert_with(DCtx::create);
        // The last batch may have ended in the middle of a frame.
        context
            .reset(ResetDirective::SessionOnly)
            .map_err(corrupt)?;
        let window = DParameter::WindowLogMax(ZSTD_WINDOW_LOG_MAX);
        context.set_parameter(window).map_err(corrupt)?;
        Ok(context)
    }
}

impl Default for Inflater {
    fn default() -> Self {
        Self::new()
    }
}

impl InflateReader<'_> {
    /// Fills a part of `out`. 0 means the end.
    ///
    /// # Errors
    /// Damaged bytes, or output above the limit.
    pub fn read(&mut self, out: &mut [u8]) -> Result<usize, InflateError> {
        let corrupt = |codec| move |_: std::io::Error| InflateError::Corrupt { codec };
        let count = match &mut self.stream {
            Stream::Plain(rest) => {
                let count = copy_front(rest, out);
                *rest = rest.get(count..).unwrap_or_default();
                count
            }
            Stream::Gzip(gzip) => gzip.read(out).map_err(corrupt(Compression::Gzip))?,
            Stream::Snappy(snappy) => snappy.read(out)?,
            Stream::Lz4(lz4) => lz4.read(out)?,
            Stream::Zstd(zstd) => zstd.read(out).map_err(corrupt(Compression::Zstd))?,
        };
        self.given += count;
        if self.given > self.limit {
            return Err(InflateError::TooLarge { limit: self.limit });
        }
        Ok(count)
    }

    /// All the rest, in memory that grows with what really comes out.
    ///
    /// # Errors
    /// Damaged bytes, or output above the limit.
    pub fn read_to_end(mut self) -> Result<Vec<u8>, InflateError> {
        let mut out = Vec::new();
        let mut filled = 0;
        loop {
            if out.len() - filled < ROOM_MIN {
                out.resize(filled + filled.clamp(ROOM_MIN, ROOM_MAX), 0);
            }
            let free = out.get_mut(filled..).unwrap_or_default();
            let count = self.read(free)?;
            filled += count;
            if count == 0 {
                out.truncate(filled);
                return Ok(out);
            }
        }
    }
}

/// Copies as much of `from` as `to` holds.
fn copy_front(from: &[u8], to: &mut [u8]) -> usize {
    let count = from.len().min(to.len());
    if let (Some(to), Some(from)) = (to.get_mut(..count), from.get(..count)) {
        to.copy_from_slice(from);
    }
    count
}

/// Memory is added in steps between these, in bytes.
const ROOM_MIN: usize = 16 << 10;
const ROOM_MAX: usize = 1 << 20;

impl std::fmt::Debug for Inflater {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inflater").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for InflateReader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InflateReader")
            .field("given", &self.given)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
