//! Batches that a topic refuses, and with which code: 37 to 44, 47 to 55, 58.

use super::{COMPACTED, Case, DEEP, Input, PLAIN, Talk, case, end_of, talk};
use crate::node::{Node, batch, produce_request};
use bytes::Bytes;
use klamm_records::{Compression, crc32c};
use klamm_wire::ErrorCode;
use klamm_wire::messages::produce::ProduceRequest;

pub(super) fn cases() -> Vec<Case> {
    let envelopes = envelopes().into_iter();
    let mut cases: Vec<_> = envelopes
        .map(|(number, name, batch, code)| case(number, name, Input::Batch(PLAIN, batch, code)))
        .collect();
    cases.extend(insides());
    // Snappy packs 21 to 1 at most, which is no bomb.
    for codec in [Compression::Gzip, Compression::Lz4, Compression::Zstd] {
        cases.push(case(
            50,
            "a bomb",
            Input::Batch(DEEP, bomb(codec), ErrorCode::CORRUPT_MESSAGE),
        ));
    }
    for codec in Compression::ALL {
        let keyless = batch(&[b"keyless"], codec);
        let input = Input::Batch(COMPACTED, keyless, ErrorCode::INVALID_RECORD);
        cases.push(case(58, "a record without a key", input));
    }
    cases.push(talk(
        37,
        "produce of versions that carry old formats",
        old_versions,
    ));
    cases.push(talk(
        52,
        "zstd in a version before it",
        zstd_before_its_time,
    ));
    cases.push(talk(56, "acks 2, and a timeout of -1", odd_acks));
    cases
}

/// Faults inside of a batch: a plain topic lets them in, as documented, and a deep one does not.
fn insides() -> Vec<Case> {
    // Where the first record begins: length, attributes, timestamp delta, offset delta, key, value, headers.
    const RECORD: usize = 61;
    let of = |number, name, at: usize, value: u8| {
        let change = move || edited(Compression::None, |bytes| bytes[at] = value);
        let deep = Input::Batch(DEEP, change(), ErrorCode::INVALID_RECORD);
        [case(number, name, deep)]
    };
    let value_at = RECORD + 5;
    let headers_at = value_at + 1 + 3;
    let mut cases = Vec::new();
    cases.extend(of(48, "a negative count of headers", headers_at, 1));
    cases.extend(of(48, "more headers than follow", headers_at, 126));
    cases.extend(of(49, "a record longer than the batch", RECORD, 0x7e));
    cases.extend(of(49, "a varint that does not end", value_at, 0xff));
    cases.extend(of(49, "a value longer than its record", value_at, 0x7e));
    let torn = edited(Compression::Snappy, |bytes| bytes[RECORD + 1] = b'X');
    cases.push(case(
        54,
        "a snappy header that is none",
        Input::Batch(DEEP, torn, ErrorCode::CORRUPT_MESSAGE),
    ));
    let real_count = edited(Compression::None, |bytes| {
        bytes[23..27].copy_from_slice(&2i32.to_be_bytes());
        bytes[57..61].copy_from_slice(&3i32.to_be_bytes());
    });
    cases.push(case(
        40,
        "a count that the body does not have",
        Input::Batch(DEEP, real_count, ErrorCode::INVALID_RECORD),
    ));
    cases
}

/// Changes bytes of a batch and makes its CRC right again.
fn edited(compression: Compression, edit: impl FnOnce(&mut Vec<u8>)) -> Bytes {
    let mut bytes = batch(&[b"one", b"two"], compression).to_vec();
    edit(&mut bytes);
    let crc = crc32c(&bytes[21..]);
    bytes[17..21].copy_from_slice(&crc.to_be_bytes());
    bytes.into()
}

fn put(at: usize, value: &'static [u8]) -> Bytes {
    edited(Compression::None, |bytes| {
        bytes[at..at + value.len()].copy_from_slice(value)
    })
}

/// A gzip body that inflates to 64 MiB of zeros, as one record claims to be.
fn bomb(compression: Compression) -> Bytes {
    let zeros = vec![0; 64 << 20];
    batch(&[&zeros], compression)
}

/// Batches that a topic refuses, and with which code.
#[expect(clippy::too_many_lines, reason = "a table")]
fn envelopes() -> Vec<(u8, &'static str, Bytes, ErrorCode)> {
    let good = batch(&[b"one", b"two"], Compression::None);
    let joined = |parts: [&[u8]; 2]| Bytes::from(parts.concat());
    vec![
        (
            37,
            "magic 0",
            put(16, &[0]),
            ErrorCode::UNSUPPORTED_FOR_MESSAGE_FORMAT,
        ),
        (
            37,
            "magic 1",
            put(16, &[1]),
            ErrorCode::UNSUPPORTED_FOR_MESSAGE_FORMAT,
        ),
        (37, "magic 3", put(16, &[3]), ErrorCode::INVALID_RECORD),
        (
            38,
            "wrong CRC",
            joined([&good[..good.len() - 1], b"!"]),
            ErrorCode::CORRUPT_MESSAGE,
        ),
        (
            39,
            "negative length",
            put(8, &[0xff; 4]),
            ErrorCode::CORRUPT_MESSAGE,
        ),
        (
            39,
            "length beyond the field",
            put(8, &[0x7f, 0, 0, 0]),
            ErrorCode::CORRUPT_MESSAGE,
        ),
        (
            39,
            "length that ends amid the body",
            put(8, &[0, 0, 0, 60]),
            ErrorCode::INVALID_RECORD,
        ),
        (
            39,
            "cut short",
            good.slice(..40),
            ErrorCode::CORRUPT_MESSAGE,
        ),
        (
            40,
            "no records",
            put(57, &[0; 4]),
            ErrorCode::INVALID_RECORD,
        ),
        (
            40,
            "-1 records",
            put(57, &[0xff; 4]),
            ErrorCode::INVALID_RECORD,
        ),
        (
            40,
            "2^31-1 records",
            put(57, &[0x7f, 0xff, 0xff, 0xff]),
            ErrorCode::INVALID_RECORD,
        ),
        (
            41,
            "last offset delta",
            put(23, &[0, 0, 0, 9]),
            ErrorCode::INVALID_RECORD,
        ),
        (
            42,
            "control batch",
            put(21, &[0, 0x20]),
            ErrorCode::INVALID_RECORD,
        ),
        (
            43,
            "transactional without an id",
            put(21, &[0, 0x10]),
            ErrorCode::INVALID_RECORD,
        ),
        (
            44,
            "producer id without a sequence",
            put(43, &[0, 0, 0, 0, 0, 0, 0, 5]),
            ErrorCode::INVALID_RECORD,
        ),
        (
            47,
            "log append time set by a client",
            put(21, &[0, 8]),
            ErrorCode::INVALID_TIMESTAMP,
        ),
        (
            47,
            "far in the future",
            put(35, &[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0]),
            ErrorCode::NONE,
        ),
        (47, "negative", put(27, &[0xff; 16]), ErrorCode::NONE),
        (
            47,
            "as small as can be",
            put(27, &[0x80, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0]),
            ErrorCode::INVALID_TIMESTAMP,
        ),
        (51, "codec 5", put(21, &[0, 5]), ErrorCode::INVALID_RECORD),
        (51, "codec 7", put(21, &[0, 7]), ErrorCode::INVALID_RECORD),
        (
            52,
            "zstd that is none",
            put(21, &[0, 4]),
            ErrorCode::CORRUPT_MESSAGE,
        ),
        (
            53,
            "lz4 that is none",
            put(21, &[0, 3]),
            ErrorCode::CORRUPT_MESSAGE,
        ),
        (
            50,
            "gzip that is none",
            put(21, &[0, 1]),
            ErrorCode::CORRUPT_MESSAGE,
        ),
        (
            55,
            "two batches",
            joined([&good, &good]),
            ErrorCode::INVALID_RECORD,
        ),
        (
            55,
            "a batch and a rest",
            joined([&good, b"rest"]),
            ErrorCode::INVALID_RECORD,
        ),
        (
            39,
            "base offset set",
            put(0, &[0, 0, 0, 0, 0, 0, 0, 1]),
            ErrorCode::INVALID_RECORD,
        ),
        (39, "no bytes", Bytes::new(), ErrorCode::INVALID_RECORD),
        (
            39,
            "too large",
            batch(&[&vec![b'x'; 2_100_000]], Compression::None),
            ErrorCode::MESSAGE_TOO_LARGE,
        ),
    ]
}

fn old_versions(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        for version in 0..3 {
            let mut peer = node.connect().await;
            let mut frame = vec![0, 0, 0, 10, 0, 0];
            frame.extend([0, version, 0, 0, 0, 7, 0xff, 0xff]);
            peer.send_raw(&frame).await;
            assert_eq!(peer.receive_frame().await, None, "version {version}");
        }
    })
}

fn zstd_before_its_time(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        let zstd = produce_request(PLAIN, batch(&[b"x"], Compression::Zstd), 1);
        let id = peer.send(&zstd, 6).await;
        let answer = peer.receive::<ProduceRequest>(id, 6).await;
        let code = answer.responses[0].partition_responses[0].error_code;
        assert_eq!(code, ErrorCode::UNSUPPORTED_COMPRESSION_TYPE.code());
    })
}

fn odd_acks(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        let before = end_of(&mut peer, PLAIN).await;
        for acks in [2, -2, i16::MAX] {
            let answer = peer
                .produce(PLAIN, batch(&[b"x"], Compression::None), acks)
                .await;
            assert_eq!(
                answer.error_code,
                ErrorCode::INVALID_REQUIRED_ACKS.code(),
                "{acks}"
            );
        }
        assert_eq!(end_of(&mut peer, PLAIN).await, before);
    })
}
