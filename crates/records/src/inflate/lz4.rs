//! LZ4 frames, version 1, with independent blocks: what the Java client reads and writes.
//!
//! ```text
//! magic u32 LE │ FLG │ BD │ [content size u64] │ header checksum
//! (length u32 LE, top bit = stored │ data │ [checksum])* │ 0 │ [content checksum]
//! ```
//! Checksums are checked where they are. Linked blocks, dictionaries and legacy frames are refused: the Java consumer
//! refuses them as well, so such a batch would stop it. Bytes after the frame are ignored, as there.

use super::xxh32::{Xxh32, xxh32};
use super::{InflateError, copy_front};
use crate::header::Compression;

const CORRUPT: InflateError = InflateError::Corrupt { codec: Compression::Lz4 };

pub(crate) const MAGIC: [u8; 4] = 0x184D_2204_u32.to_le_bytes();
const LEGACY_MAGIC: [u8; 4] = 0x184C_2102_u32.to_le_bytes();
/// A block of no bytes: the end of the frame.
pub(crate) const END_MARK: [u8; 4] = [0; 4];
/// An LZ4 sequence gives 255 bytes for one length byte at most.
const EXPANSION_MAX: usize = 255;

/// The head of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameDescriptor {
    pub(crate) block_bytes_max: usize,
    pub(crate) block_checksums: bool,
    pub(crate) content_checksum: bool,
    pub(crate) content_bytes: Option<u64>,
}

impl FrameDescriptor {
    /// Reads the head and checks its checksum; gives what follows it.
    pub(crate) fn parse(body: &[u8]) -> Result<(Self, &[u8]), InflateError> {
        let (descriptor, checksum_is_right, rest) = Self::parse_unchecked(body)?;
        if checksum_is_right {
            Ok((descriptor, rest))
        } else {
            Err(CORRUPT)
        }
    }

    fn parse_unchecked(body: &[u8]) -> Result<(Self, bool, &[u8]), InflateError> {
        let (magic, rest) = body.split_first_chunk::<4>().ok_or(CORRUPT)?;
        if *magic == LEGACY_MAGIC {
            return Err(InflateError::Unsupported { what: "a legacy lz4 frame" });
        }
        let [flags, block, ..] = *rest else {
            return Err(CORRUPT);
        };
        if *magic != MAGIC || flags >> 6 != 1 || flags & 0x02 != 0 || block & 0x8f != 0 {
            return Err(CORRUPT);
        }
        if flags & 0x20 == 0 {
            return Err(InflateError::Unsupported { what: "an lz4 frame with dependent blocks" });
        }
        if flags & 0x01 != 0 {
            return Err(InflateError::Unsupported { what: "an lz4 frame with a dictionary" });
        }
        let size_at = 2;
        let checksum_at = if flags & 0x08 == 0 {
            size_at
        } else {
            size_at + 8
        };
        let (covered, rest) = rest.split_at_checked(checksum_at).ok_or(CORRUPT)?;
        let (checksum, rest) = rest.split_first().ok_or(CORRUPT)?;
        let checksum_is_right = (xxh32(covered) >> 8) as u8 == *checksum;
        let descriptor = Self {
            block_bytes_max: match block >> 4 {
                4 => 64 << 10,
                5 => 256 << 10,
                6 => 1 << 20,
                7 => 4 << 20,
                _ => return Err(CORRUPT),
            },
            block_checksums: flags & 0x10 != 0,
            content_checksum: flags & 0x04 != 0,
            content_bytes: (covered.get(size_at..).and_then(|b| b.first_chunk()))
                .map(|bytes| u64::from_le_bytes(*bytes)),
        };
        Ok((descriptor, checksum_is_right, rest))
    }
}

/// Gives one block after the other.
pub(super) struct Lz4Reader<'a> {
    frame: FrameDescriptor,
    rest: &'a [u8],
    content: Xxh32,
    content_bytes: u64,
    block: Vec<u8>,
    position: usize,
    ended: bool,
}

impl<'a> Lz4Reader<'a> {
    pub(super) fn new(body: &'a [u8]) -> Result<Self, InflateError> {
        let (frame, rest) = FrameDescriptor::parse(body)?;
        Ok(Self::after(frame, rest))
    }

    /// Reads a frame whose header checksum is not looked at.
    pub(super) fn new_unchecked(body: &'a [u8]) -> Result<Self, InflateError> {
        let (frame, _, rest) = FrameDescriptor::parse_unchecked(body)?;
        Ok(Self::after(frame, rest))
    }

    fn after(frame: FrameDescriptor, rest: &'a [u8]) -> Self {
        Self {
            frame,
            rest,
            content: Xxh32::new(),
            content_bytes: 0,
            block: Vec::new(),
            position: 0,
            ended: false,
        }
    }

    pub(super) fn read(&mut self, out: &mut [u8]) -> Result<usize, InflateError> {
        // A block may give nothing, so this loops, and every turn takes bytes from `rest`.
        while self.position >= self.block.len() {
            if self.ended {
                return Ok(0);
            }
            self.next_block()?;
        }
        let ready = self.block.get(self.position..).unwrap_or_default();
        let count = copy_front(ready, out);
        self.position += count;
        Ok(count)
    }

    fn next_block(&mut self) -> Result<(), InflateError> {
        let length = u32::from_le_bytes(self.take_word()?);
        self.block.clear();
        self.position = 0;
        if length.to_le_bytes() == END_MARK {
            return self.end();
        }
        let stored = length >> 31 == 1;
        let length = (length & 0x7fff_ffff) as usize;
        if length > self.frame.block_bytes_max {
            return Err(CORRUPT);
        }
        let (data, rest) = self.rest.split_at_checked(length).ok_or(CORRUPT)?;
        self.rest = rest;
        if self.frame.block_checksums && u32::from_le_bytes(self.take_word()?) != xxh32(data) {
            return Err(CORRUPT);
        }
        if stored {
            self.block.extend_from_slice(data);
        } else {
            let room = data
                .len()
                .saturating_mul(EXPANSION_MAX)
                .min(self.frame.block_bytes_max);
            self.block.resize(room, 0);
            let count = lz4_flex::block::decompress_into(data, &mut self.block);
            self.block.truncate(count.map_err(|_| CORRUPT)?);
        }
        self.content_bytes += self.block.len() as u64;
        if self.frame.content_checksum {
            self.content.update(&self.block);
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), InflateError> {
        self.ended = true;
        if self
            .frame
            .content_bytes
            .is_some_and(|n| n != self.content_bytes)
        {
            return Err(CORRUPT);
        }
        if self.frame.content_checksum
            && u32::from_le_bytes(self.take_word()?) != self.content.finish()
        {
            return Err(CORRUPT);
        }
        Ok(())
    }

    fn take_word(&mut self) -> Result<[u8; 4], InflateError> {
        let (word, rest) = self.rest.split_first_chunk().ok_or(CORRUPT)?;
        self.rest = rest;
        Ok(*word)
    }
}
