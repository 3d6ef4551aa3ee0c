//! Bombs, odd framings, and damage.

use super::*;
use crate::deflate::{Codec, Deflater};

fn deflate(compression: Compression, input: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Deflater::new()
        .deflate(Codec::from(compression), input, &mut out)
        .unwrap();
    out
}

fn inflate(compression: Compression, body: &[u8], limit: usize) -> Result<Vec<u8>, InflateError> {
    Inflater::new()
        .reader(compression, body, InflateLimit::bytes(limit))?
        .read_to_end()
}

const CODECS: [Compression; 4] = [
    Compression::Gzip,
    Compression::Snappy,
    Compression::Lz4,
    Compression::Zstd,
];

#[test]
fn a_bomb_stops_at_the_limit() {
    let zeros = vec![0; 8 << 20];
    for codec in CODECS {
        let bomb = deflate(codec, &zeros);
        assert!(bomb.len() < zeros.len() / 15, "{codec}: {}", bomb.len());
        let limit = 100_000;
        assert_eq!(
            inflate(codec, &bomb, limit),
            Err(InflateError::TooLarge { limit }),
            "{codec}"
        );
        assert_eq!(
            inflate(codec, &bomb, zeros.len()).unwrap().len(),
            zeros.len()
        );
    }
    let raw = snap::raw::Encoder::new().compress_vec(&zeros).unwrap();
    let limit = 100_000;
    assert_eq!(
        inflate(Compression::Snappy, &raw, limit),
        Err(InflateError::TooLarge { limit })
    );
}

#[test]
fn the_limit_is_exact() {
    let bytes: Vec<u8> = (0..200_000u32).map(|i| (i / 7) as u8).collect();
    for codec in CODECS {
        let body = deflate(codec, &bytes);
        assert_eq!(
            inflate(codec, &body, bytes.len()).as_deref(),
            Ok(&bytes[..]),
            "{codec}"
        );
        assert!(inflate(codec, &body, bytes.len() - 1).is_err(), "{codec}");
    }
}

#[test]
fn a_usual_limit_has_a_floor_and_can_be_lowered() {
    assert_eq!(InflateLimit::usual(0), InflateLimit::bytes(16 << 20));
    assert_eq!(InflateLimit::usual(1 << 20), InflateLimit::bytes(64 << 20));
    assert_eq!(
        InflateLimit::usual(1 << 20).at_most(5),
        InflateLimit::bytes(5)
    );
}

#[test]
fn snappy_is_read_with_and_without_framing() {
    let bytes = b"an old song, an old song, an old song".repeat(3000);
    let raw = snap::raw::Encoder::new().compress_vec(&bytes).unwrap();
    assert_eq!(inflate(Compression::Snappy, &raw, 1 << 20).unwrap(), bytes);
    let framed = deflate(Compression::Snappy, &bytes);
    assert!(framed.starts_with(&XERIAL_HEADER));
    assert_eq!(
        inflate(Compression::Snappy, &framed, 1 << 20).unwrap(),
        bytes
    );
    // Other writers make other version numbers.
    let mut old = framed;
    old[11] = 2;
    assert_eq!(inflate(Compression::Snappy, &old, 1 << 20).unwrap(), bytes);
}

#[test]
fn a_snappy_block_that_lies_about_its_size_allocates_nothing() {
    // Announces 4 GiB - 1 and has no byte.
    let lie = [0xff, 0xff, 0xff, 0xff, 0x0f];
    let corrupt = Err(InflateError::Corrupt { codec: Compression::Snappy });
    assert_eq!(inflate(Compression::Snappy, &lie, usize::MAX), corrupt);
    let mut framed = XERIAL_HEADER.to_vec();
    framed.extend_from_slice(&i32::MAX.to_be_bytes());
    assert_eq!(inflate(Compression::Snappy, &framed, usize::MAX), corrupt);
}

#[test]
fn gzip_may_have_several_members() {
    let both = [
        deflate(Compression::Gzip, b"one "),
        deflate(Compression::Gzip, b"two"),
    ]
    .concat();
    assert_eq!(inflate(Compression::Gzip, &both, 100).unwrap(), b"one two");
}

#[test]
fn lz4_frames_of_other_writers() {
    use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
    use std::io::Write;
    let bytes = b"forty-two bytes of text that repeat a lot. ".repeat(9000);
    let frame = |info: FrameInfo| {
        let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
        encoder.write_all(&bytes).unwrap();
        encoder.finish().unwrap()
    };
    let independent = || FrameInfo::new().block_mode(BlockMode::Independent);
    for size in [
        BlockSize::Max64KB,
        BlockSize::Max256KB,
        BlockSize::Max1MB,
        BlockSize::Max4MB,
    ] {
        for (blocks, content) in [(false, false), (true, false), (false, true), (true, true)] {
            let info = independent()
                .block_size(size)
                .block_checksums(blocks)
                .content_checksum(content)
                .content_size(content.then_some(bytes.len() as u64));
            let mut body = frame(info);
            assert_eq!(inflate(Compression::Lz4, &body, 1 << 20).unwrap(), bytes);
            if blocks || content {
                // Inside the last checksum, or the end mark before it.
                let last = body.len() - if content { 1 } else { 5 };
                body[last] ^= 1;
                assert!(inflate(Compression::Lz4, &body, 1 << 20).is_err());
            }
        }
    }
    let linked = frame(FrameInfo::new().block_mode(BlockMode::Linked));
    assert!(matches!(
        inflate(Compression::Lz4, &linked, 1 << 20),
        Err(InflateError::Unsupported { .. })
    ));
    let legacy = [&[0x02, 0x21, 0x4c, 0x18], &frame(independent())[4..]].concat();
    assert!(matches!(
        inflate(Compression::Lz4, &legacy, 1 << 20),
        Err(InflateError::Unsupported { .. })
    ));
    // A frame without its end mark is damaged, not short.
    let whole = deflate(Compression::Lz4, &bytes);
    assert!(inflate(Compression::Lz4, &whole[..whole.len() - 4], 1 << 20).is_err());
}

#[test]
fn our_lz4_is_read_by_another_reader() {
    let mut bytes = b"forty-two bytes of text that repeat a lot. ".repeat(9000);
    let noise = (0..70_000u64).map(|i| (i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8);
    bytes.extend(noise);
    let body = deflate(Compression::Lz4, &bytes);
    let mut out = Vec::new();
    lz4_flex::frame::FrameDecoder::new(&body[..])
        .read_to_end(&mut out)
        .unwrap();
    assert_eq!(out, bytes);
}

#[test]
fn a_zstd_window_above_the_limit_is_refused() {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 18 << 3];
    frame.extend_from_slice(&[1, 0, 0]);
    assert!(inflate(Compression::Zstd, &frame, usize::MAX).is_err());
    frame[5] = 17 << 3;
    assert_eq!(
        inflate(Compression::Zstd, &frame, usize::MAX).as_deref(),
        Ok(&[][..])
    );
}

#[test]
fn an_inflater_forgets_a_broken_frame() {
    let good = deflate(Compression::Zstd, b"hello");
    let mut inflater = Inflater::new();
    let limit = InflateLimit::bytes(100);
    let broken = &good[..good.len() - 2];
    let result = inflater
        .reader(Compression::Zstd, broken, limit)
        .unwrap()
        .read_to_end();
    assert!(result.is_err());
    let result = inflater
        .reader(Compression::Zstd, &good, limit)
        .unwrap()
        .read_to_end();
    assert_eq!(result.as_deref(), Ok(&b"hello"[..]));
}

#[test]
fn levels_are_taken_and_clamped() {
    let bytes = b"levels differ in how hard they look for this text ".repeat(500);
    for compression in [Compression::Gzip, Compression::Zstd] {
        let mut deflater = Deflater::new();
        for level in [
            None,
            Some(i32::MIN),
            Some(-1),
            Some(1),
            Some(9),
            Some(i32::MAX),
        ] {
            let mut body = Vec::new();
            deflater
                .deflate(Codec { compression, level }, &bytes, &mut body)
                .unwrap();
            assert_eq!(
                inflate(compression, &body, 1 << 20).unwrap(),
                bytes,
                "{level:?}"
            );
        }
    }
}
