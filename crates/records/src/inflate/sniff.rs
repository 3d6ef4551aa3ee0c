//! The first bytes of a body, against what its codec writes: a batch that no Java consumer could read is refused
//! without inflating it.

use super::lz4::FrameDescriptor;
use super::{InflateError, ZSTD_WINDOW_LOG_MAX};
use crate::header::Compression;

const GZIP_MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
const ZSTD_MAGIC: [u8; 4] = 0xFD2F_B528_u32.to_le_bytes();
/// Skippable frames differ in the low four bits of the first byte.
const ZSTD_SKIPPABLE: [u8; 3] = [0x2a, 0x4d, 0x18];

/// Looks at the head of a body.
///
/// # Errors
/// It is not the codec's, or announces something that readers refuse.
pub(crate) fn sniff(compression: Compression, body: &[u8]) -> Result<(), InflateError> {
    let right = match compression {
        Compression::None => true,
        Compression::Gzip => body.starts_with(&GZIP_MAGIC),
        // A raw block has no magic, but a length in front.
        Compression::Snappy => {
            body.starts_with(&super::XERIAL_HEADER[..8]) || snap::raw::decompress_len(body).is_ok()
        }
        Compression::Lz4 => return FrameDescriptor::parse(body).map(|_| ()),
        Compression::Zstd => return sniff_zstd(body),
    };
    if right {
        Ok(())
    } else {
        Err(InflateError::Corrupt { codec: compression })
    }
}

/// The window is in the frame header: `descriptor u8 │ window u8, unless single segment │ dictionary │ content size`.
fn sniff_zstd(body: &[u8]) -> Result<(), InflateError> {
    const CORRUPT: InflateError = InflateError::Corrupt { codec: Compression::Zstd };
    let (magic, rest) = body.split_first_chunk::<4>().ok_or(CORRUPT)?;
    if *magic != ZSTD_MAGIC {
        let skippable = magic[1..] == ZSTD_SKIPPABLE && magic[0] & 0xf0 == 0x50;
        return if skippable { Ok(()) } else { Err(CORRUPT) };
    }
    let [descriptor, window, ..] = *rest else {
        return Err(CORRUPT);
    };
    let single_segment = descriptor & 0x20 != 0;
    let log = u32::from(window >> 3) + 10;
    let too_wide = log > ZSTD_WINDOW_LOG_MAX || (log == ZSTD_WINDOW_LOG_MAX && window & 7 != 0);
    if !single_segment && too_wide {
        return Err(InflateError::Unsupported { what: "a zstd window above 128 MiB" });
    }
    Ok(())
}
