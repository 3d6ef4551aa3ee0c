//! Snappy: xerial framing, or one raw block. The first bytes tell.
//!
//! ```text
//! xerial   82 'SNAPPY' 00 │ version i32 │ oldest compatible version i32 │ (length i32, raw block)*
//! ```

use super::{InflateError, copy_front};
use crate::header::Compression;

/// Magic, version 1, compatible with 1.
pub(crate) const XERIAL_HEADER: [u8; 16] = [
    0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1,
];
const MAGIC_BYTES: usize = 8;

const CORRUPT: InflateError = InflateError::Corrupt { codec: Compression::Snappy };

/// Gives one block after the other.
pub(super) struct SnappyReader<'a> {
    rest: &'a [u8],
    framed: bool,
    limit: usize,
    block: Vec<u8>,
    position: usize,
}

impl<'a> SnappyReader<'a> {
    pub(super) fn new(body: &'a [u8], limit: usize) -> Self {
        let magic = XERIAL_HEADER
            .first_chunk::<MAGIC_BYTES>()
            .map_or(&[][..], |m| m);
        // Versions are not compared: all that were ever written read the same way.
        let framed = body.starts_with(magic) && body.len() >= XERIAL_HEADER.len();
        let rest = if framed {
            body.get(XERIAL_HEADER.len()..).unwrap_or_default()
        } else {
            body
        };
        Self { rest, framed, limit, block: Vec::new(), position: 0 }
    }

    pub(super) fn read(&mut self, out: &mut [u8]) -> Result<usize, InflateError> {
        // A block may be empty, so this loops, and every turn takes bytes from `rest`.
        while self.position >= self.block.len() {
            if self.rest.is_empty() {
                return Ok(0);
            }
            let raw = self.next_block()?;
            self.inflate(raw)?;
        }
        let ready = self.block.get(self.position..).unwrap_or_default();
        let count = copy_front(ready, out);
        self.position += count;
        Ok(count)
    }

    fn next_block(&mut self) -> Result<&'a [u8], InflateError> {
        if !self.framed {
            return Ok(std::mem::take(&mut self.rest));
        }
        let (length, rest) = self.rest.split_first_chunk().ok_or(CORRUPT)?;
        let length = usize::try_from(i32::from_be_bytes(*length)).map_err(|_| CORRUPT)?;
        let (raw, rest) = rest.split_at_checked(length).ok_or(CORRUPT)?;
        self.rest = rest;
        Ok(raw)
    }

    fn inflate(&mut self, raw: &[u8]) -> Result<(), InflateError> {
        let announced = snap::raw::decompress_len(raw).map_err(|_| CORRUPT)?;
        // The densest element turns three bytes into 64: a block that announces more lies.
        if announced > raw.len().saturating_mul(22) {
            return Err(CORRUPT);
        }
        if announced > self.limit {
            return Err(InflateError::TooLarge { limit: self.limit });
        }
        self.block.clear();
        self.block.resize(announced, 0);
        let count = snap::raw::Decoder::new().decompress(raw, &mut self.block);
        self.block.truncate(count.map_err(|_| CORRUPT)?);
        self.position = 0;
        Ok(())
    }
}
