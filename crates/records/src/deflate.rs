//! Bytes into compressed bodies, in the forms that every Kafka client reads.
//!
//! gzip: one member. snappy: xerial framing, blocks of 32 KiB. lz4: one frame, independent blocks of 64 KiB, no content
//! size and no checksums (the batch has its own). zstd: one frame.

use crate::header::Compression;
use crate::inflate::{LZ4_END_MARK, XERIAL_HEADER, xxh32};
use flate2::{Compress, FlushCompress, Status};

/// A codec and how hard it tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Codec {
    /// The codec.
    pub compression: Compression,
    /// gzip 1 to 9, zstd -131072 to 22; the nearest of these is taken. `None` is the codec's default. The others know
    /// one level only.
    pub level: Option<i32>,
}

/// The codec's library refused its work: out of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} cannot compress")]
pub struct DeflateError(pub Compression);

/// Compression state that is worth keeping from batch to batch.
#[derive(Default)]
pub struct Deflater {
    gzip: Option<(u32, Compress)>,
    snappy: Option<snap::raw::Encoder>,
    lz4: Option<lz4_flex::block::CompressTable>,
    zstd: Option<(i32, zstd::bulk::Compressor<'static>)>,
}

const SNAPPY_BLOCK_BYTES: usize = 32 << 10;
const LZ4_BLOCK_BYTES: usize = 64 << 10;
/// Version 1, independent blocks.
const LZ4_FLAGS: u8 = 0x60;
/// Blocks of 64 KiB.
const LZ4_BLOCK_SIZE: u8 = 0x40;
const LZ4_STORED: u32 = 1 << 31;
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
const GZIP_LEVEL: i32 = 6;
const ZSTD_LEVEL: i32 = 3;

impl From<Compression> for Codec {
    fn from(compression: Compression) -> Self {
        Self { compression, level: None }
    }
}

impl Deflater {
    /// Nothing kept yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends the compressed form of `input` to `out`.
    ///
    /// # Errors
    /// The library is out of memory.
    pub fn deflate(
        &mut self,
        codec: Codec,
        input: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), DeflateError> {
        let done = match codec.compression {
            Compression::None => {
                out.extend_from_slice(input);
                Some(())
            }
            Compression::Gzip => self.gzip(codec.level, input, out),
            Compression::Snappy => self.snappy(input, out),
            Compression::Lz4 => self.lz4(input, out),
            Compression::Zstd => self.zstd(codec.level, input, out),
        };
        done.ok_or(DeflateError(codec.compression))
    }

    fn gzip(&mut self, level: Option<i32>, input: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let level = level
            .filter(|l| *l >= 0)
            .unwrap_or(GZIP_LEVEL)
            .clamp(1, 9)
            .unsigned_abs();
        if self.gzip.as_ref().is_none_or(|(kept, _)| *kept != level) {
            let fresh = Compress::new(flate2::Compression::new(level), false);
            self.gzip = Some((level, fresh));
        }
        let (_, stream) = self.gzip.as_mut()?;
        stream.reset();
        out.extend_from_slice(&GZIP_HEADER);
        let mut rest = input;
        loop {
            out.reserve((rest.len() / 4).max(1024));
            let before = stream.total_in();
            let status = stream.compress_vec(rest, out, FlushCompress::Finish).ok()?;
            let taken = usize::try_from(stream.total_in() - before).ok()?;
            rest = rest.get(taken..)?;
            if status == Status::StreamEnd {
                break;
            }
        }
        let mut crc = flate2::Crc::new();
        crc.update(input);
        out.extend_from_slice(&crc.sum().to_le_bytes());
        out.extend_from_slice(&crc.amount().to_le_bytes());
        Some(())
    }

    fn snappy(&mut self, input: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let encoder = self.snappy.get_or_insert_with(snap::raw::Encoder::new);
        out.extend_from_slice(&XERIAL_HEADER);
        for chunk in input.chunks(SNAPPY_BLOCK_BYTES) {
            let at = out.len();
            let data_at = at + 4;
            out.resize(data_at + snap::raw::max_compress_len(chunk.len()), 0);
            let count = encoder.compress(chunk, out.get_mut(data_at..)?).ok()?;
            out.truncate(data_at + count);
            let length = u32::try_from(count).ok()?;
            out.get_mut(at..data_at)?
                .copy_from_slice(&length.to_be_bytes());
        }
        Some(())
    }

    fn lz4(&mut self, input: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let table = self
            .lz4
            .get_or_insert_with(lz4_flex::block::CompressTable::large);
        out.extend_from_slice(&crate::inflate::LZ4_MAGIC);
        let descriptor = [LZ4_FLAGS, LZ4_BLOCK_SIZE];
        out.extend_from_slice(&descriptor);
        out.push((xxh32(&descriptor) >> 8) as u8);
        for chunk in input.chunks(LZ4_BLOCK_BYTES) {
            let at = out.len();
            let data_at = at + 4;
            let room = lz4_flex::block::get_maximum_output_size(chunk.len());
            out.resize(data_at + room, 0);
            let place = out.get_mut(data_at..)?;
            let count = lz4_flex::block::compress_into_with_table(chunk, place, table).ok()?;
            let mut length = u32::try_from(count).ok()?;
            out.truncate(data_at + count);
            if count >= chunk.len() {
                out.truncate(data_at);
                out.extend_from_slice(chunk);
                length = u32::try_from(chunk.len()).ok()? | LZ4_STORED;
            }
            out.get_mut(at..data_at)?
                .copy_from_slice(&length.to_le_bytes());
        }
        out.extend_from_slice(&LZ4_END_MARK);
        Some(())
    }

    fn zstd(&mut self, level: Option<i32>, input: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let range = zstd::compression_level_range();
        let level = level
            .unwrap_or(ZSTD_LEVEL)
            .clamp(*range.start(), *range.end());
        if self.zstd.as_ref().is_none_or(|(kept, _)| *kept != level) {
            self.zstd = Some((level, zstd::bulk::Compressor::new(level).ok()?));
        }
        let (_, compressor) = self.zstd.as_mut()?;
        let at = out.len();
        out.resize(at + zstd::zstd_safe::compress_bound(input.len()), 0);
        let count = compressor
            .compress_to_buffer(input, out.get_mut(at..)?)
            .ok()?;
        out.truncate(at + count);
        Some(())
    }
}

impl std::fmt::Debug for Deflater {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deflater").finish_non_exhaustive()
    }
}
