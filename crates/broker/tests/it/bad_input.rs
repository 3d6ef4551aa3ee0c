//! Bad input, one row a case: each has its outcome, and the node keeps serving others.

use crate::node::{Node, Peer, batch, create, produce_request, run};
use bytes::Bytes;
use klamm_records::{Compression, crc32c};
use klamm_wire::ErrorCode;
use klamm_wire::messages::produce::ProduceRequest;

/// What the node must do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Close the connection without an answer.
    Closes,
    /// Wait for the rest.
    Waits,
}
use Outcome::{Closes, Waits};

fn framed(body: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(body.len()).unwrap().to_be_bytes().to_vec();
    frame.extend_from_slice(body);
    frame
}

/// Key, version, correlation id and client id.
fn header(key: i16, version: i16, client: Option<&[u8]>) -> Vec<u8> {
    let mut bytes = key.to_be_bytes().to_vec();
    bytes.extend(version.to_be_bytes());
    bytes.extend(7i32.to_be_bytes());
    match client {
        None => bytes.extend((-1i16).to_be_bytes()),
        Some(id) => {
            bytes.extend(i16::try_from(id.len()).unwrap().to_be_bytes());
            bytes.extend_from_slice(id);
        }
    }
    bytes
}

fn with(mut head: Vec<u8>, body: &[u8]) -> Vec<u8> {
    head.extend_from_slice(body);
    framed(&head)
}

/// Numbers are those of the list of bad inputs that the project keeps to.
#[expect(clippy::too_many_lines, reason = "a table")]
fn frames() -> Vec<(&'static str, Vec<u8>, Outcome)> {
    let metadata = |version| header(3, version, Some(b"x"));
    vec![
        ("1 negative length", (-1i32).to_be_bytes().to_vec(), Closes),
        ("2 length 0", 0i32.to_be_bytes().to_vec(), Closes),
        ("3 length below a header", framed(&[0; 7]), Closes),
        ("4 length of 2 GiB", i32::MAX.to_be_bytes().to_vec(), Closes),
        (
            "5 length above the limit",
            104_857_601i32.to_be_bytes().to_vec(),
            Closes,
        ),
        (
            "6 announced and not sent",
            100i32.to_be_bytes().to_vec(),
            Waits,
        ),
        (
            "7 length shorter than the body",
            with(metadata(1), &[0, 0]),
            Closes,
        ),
        ("11 HTTP", b"GET / HTTP/1.1\r\n\r\n".to_vec(), Closes),
        (
            "12 TLS hello",
            vec![0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3],
            Closes,
        ),
        ("16 unknown key", framed(&header(999, 0, None)), Closes),
        ("16 negative key", framed(&header(-1, 0, None)), Closes),
        ("17 version -1", framed(&header(3, -1, None)), Closes),
        (
            "17 version 32767",
            framed(&header(3, i16::MAX, None)),
            Closes,
        ),
        ("18 controller API", framed(&header(52, 0, None)), Closes),
        (
            "19 client id that is no text",
            with(header(3, 1, Some(&[0xff, 0xfe])), &[0; 4]),
            Closes,
        ),
        (
            "20 2^32 header tags",
            with(metadata(9), &[0xff, 0xff, 0xff, 0xff, 0x0f]),
            Closes,
        ),
        (
            "21 varint of six bytes",
            with(metadata(9), &[0x80; 6]),
            Closes,
        ),
        (
            "24 flexible bytes in an old version",
            with(metadata(1), &[0, 2, 2, b'a', 0]),
            Closes,
        ),
        (
            "25 array length -2",
            with(metadata(1), &(-2i32).to_be_bytes()),
            Closes,
        ),
        (
            "26 array length of 2 GiB",
            with(metadata(1), &i32::MAX.to_be_bytes()),
            Closes,
        ),
        (
            "29 text longer than the rest",
            with(metadata(1), &[0, 0, 0, 1, 0x7f, 0xff, b'a']),
            Closes,
        ),
        (
            "28 null where none may be",
            with(metadata(1), &[0, 0, 0, 1, 0xff, 0xff]),
            Closes,
        ),
        ("37 produce version 0", framed(&header(0, 0, None)), Closes),
        ("37 produce version 2", framed(&header(0, 2, None)), Closes),
    ]
}

async fn is_serving(node: &Node) {
    let mut peer = node.connect().await;
    let answer = peer
        .produce("good", batch(&[b"x"], Compression::None), -1)
        .await;
    assert_eq!(answer.error_code, 0);
}

#[test]
fn every_bad_frame_has_its_outcome_and_others_are_served() {
    run(async {
        let node = Node::start(&[]).await;
        node.connect().await.topic("good").await;
        for (case, bytes, outcome) in frames() {
            let mut peer: Peer = node.connect().await;
            peer.send_raw(&bytes).await;
            match outcome {
                Closes => assert_eq!(peer.receive_frame().await, None, "{case}"),
                Waits => {
                    let wait = std::time::Duration::from_millis(50);
                    let early = tokio::time::timeout(wait, peer.receive_frame()).await;
                    assert!(early.is_err(), "{case}");
                }
            }
            is_serving(&node).await;
        }
        node.stop().await;
    });
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
fn batches() -> Vec<(&'static str, Bytes, ErrorCode)> {
    let good = batch(&[b"one", b"two"], Compression::None);
    let joined = |parts: [&[u8]; 2]| Bytes::from(parts.concat());
    vec![
        (
            "37 magic 0",
            put(16, &[0]),
            ErrorCode::UNSUPPORTED_FOR_MESSAGE_FORMAT,
        ),
        (
            "37 magic 1",
            put(16, &[1]),
            ErrorCode::UNSUPPORTED_FOR_MESSAGE_FORMAT,
        ),
        ("37 magic 3", put(16, &[3]), ErrorCode::INVALID_RECORD),
        (
            "38 wrong CRC",
            joined([&good[..good.len() - 1], b"!"]),
            ErrorCode::CORRUPT_MESSAGE,
        ),
        (
            "39 negative length",
            put(8, &[0xff; 4]),
            ErrorCode::CORRUPT_MESSAGE,
        ),
        (
            "39 length beyond the field",
            put(8, &[0x7f, 0, 0, 0]),
            ErrorCode::CORRUPT_MESSAGE,
        ),
        ("39 cut short", good.slice(..40), ErrorCode::CORRUPT_MESSAGE),
        ("40 no records", put(57, &[0; 4]), ErrorCode::INVALID_RECORD),
        (
            "40 -1 records",
            put(57, &[0xff; 4]),
            ErrorCode::INVALID_RECORD,
        ),
        (
            "40 2^31-1 records",
            put(57, &[0x7f, 0xff, 0xff, 0xff]),
            ErrorCode::INVALID_RECORD,
        ),
        (
            "41 last offset delta",
            put(23, &[0, 0, 0, 9]),
            ErrorCode::INVALID_RECORD,
        ),
        (
            "42 control batch",
            put(21, &[0, 0x20]),
            ErrorCode::INVALID_RECORD,
        ),
        (
            "43 transactional without an id",
            put(21, &[0, 0x10]),
            ErrorCode::INVALID_RECORD,
        ),
        (
            "44 producer id without a sequence",
            put(43, &[0, 0, 0, 0, 0, 0, 0, 5]),
            ErrorCode::INVALID_RECORD,
        ),
        (
            "47 log append time set by a client",
            put(21, &[0, 8]),
            ErrorCode::INVALID_TIMESTAMP,
        ),
        (
            "47 far in the future",
            put(35, &[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0]),
            ErrorCode::NONE,
        ),
        ("51 codec 5", put(21, &[0, 5]), ErrorCode::INVALID_RECORD),
        ("51 codec 7", put(21, &[0, 7]), ErrorCode::INVALID_RECORD),
        (
            "52 zstd that is none",
            put(21, &[0, 4]),
            ErrorCode::CORRUPT_MESSAGE,
        ),
        (
            "53 lz4 that is none",
            put(21, &[0, 3]),
            ErrorCode::CORRUPT_MESSAGE,
        ),
        (
            "50 gzip that is none",
            put(21, &[0, 1]),
            ErrorCode::CORRUPT_MESSAGE,
        ),
        (
            "55 two batches",
            joined([&good, &good]),
            ErrorCode::INVALID_RECORD,
        ),
        (
            "55 a batch and a rest",
            joined([&good, b"rest"]),
            ErrorCode::INVALID_RECORD,
        ),
        (
            "base offset set",
            put(0, &[0, 0, 0, 0, 0, 0, 0, 1]),
            ErrorCode::INVALID_RECORD,
        ),
        ("no bytes", Bytes::new(), ErrorCode::INVALID_RECORD),
        (
            "too large",
            batch(&[&vec![b'x'; 1_100_000]], Compression::None),
            ErrorCode::MESSAGE_TOO_LARGE,
        ),
    ]
}

#[test]
fn every_bad_batch_has_its_code_and_leaves_no_trace() {
    run(async {
        let node = Node::start(&[]).await;
        let mut peer = node.connect().await;
        peer.topic("t").await;
        peer.topic("good").await;
        for (case, batch, code) in batches() {
            let answer = peer.produce("t", batch, -1).await;
            let got = ErrorCode(answer.error_code);
            assert_eq!(got, code, "{case}: {:?}", answer.error_message);
            if code.is_error() {
                assert_eq!(answer.base_offset, -1, "{case}");
            }
            is_serving(&node).await;
        }
        let answer = peer
            .produce("t", batch(&[b"good"], Compression::None), -1)
            .await;
        // Only the batch with an odd time was let in: its records' own times are in range.
        assert_eq!((answer.error_code, answer.base_offset), (0, 2));
        node.stop().await;
    });
}

#[test]
fn odd_requests_are_refused_for_each_partition() {
    run(async {
        let node = Node::start(&[]).await;
        let mut peer = node.connect().await;
        peer.topic("t").await;
        let good = batch(&[b"x"], Compression::None);
        let answer = peer.produce("t", good.clone(), 2).await;
        assert_eq!(answer.error_code, ErrorCode::INVALID_REQUIRED_ACKS.code());
        let answer = peer.produce("missing", good.clone(), 1).await;
        assert_eq!(
            answer.error_code,
            ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.code()
        );
        for index in [-1, 1, i32::MAX] {
            let mut request = produce_request("t", good.clone(), 1);
            request.topic_data[0].partition_data[0].index = index;
            let answer = peer.ask(&request, 9).await;
            let code = answer.responses[0].partition_responses[0].error_code;
            assert_eq!(
                code,
                ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.code(),
                "{index}"
            );
        }
        let zstd = produce_request("t", batch(&[b"x"], Compression::Zstd), 1);
        let id = peer.send(&zstd, 6).await;
        let answer = peer.receive::<ProduceRequest>(id, 6).await;
        let code = answer.responses[0].partition_responses[0].error_code;
        assert_eq!(code, ErrorCode::UNSUPPORTED_COMPRESSION_TYPE.code());
        node.stop().await;
    });
}

#[test]
fn a_compacted_topic_takes_no_record_without_a_key() {
    run(async {
        let node = Node::start(&[]).await;
        let mut peer = node.connect().await;
        peer.topic("good").await;
        let answer = peer
            .ask(&create("c", &[("cleanup.policy", "compact")]), 5)
            .await;
        assert_eq!(answer.topics[0].error_code, 0, "{answer:?}");
        for codec in Compression::ALL {
            let answer = peer.produce("c", batch(&[b"keyless"], codec), -1).await;
            assert_eq!(
                answer.error_code,
                ErrorCode::INVALID_RECORD.code(),
                "{codec:?}"
            );
            assert_eq!(answer.record_errors.len(), 1);
        }
        node.stop().await;
    });
}

#[test]
fn a_bomb_is_refused_where_records_are_looked_at() {
    run(async {
        let node = Node::start(&["message.max.bytes=2000000"]).await;
        let mut peer = node.connect().await;
        peer.topic("good").await;
        peer.ask(&create("c", &[("cleanup.policy", "compact")]), 5)
            .await;
        for codec in [Compression::Gzip, Compression::Lz4, Compression::Zstd] {
            let answer = peer.produce("c", bomb(codec), -1).await;
            assert!(ErrorCode(answer.error_code).is_error(), "{codec:?}");
            is_serving(&node).await;
        }
        node.stop().await;
    });
}
