//! Framing, headers, and bodies that can't be decoded: 1 to 29, 34, 35.

use super::Outcome::{Answers, Closes, Waits};
use super::{Case, GOOD, Input, Outcome, PLAIN, Talk, case, resident, talk};
use crate::node::{Node, batch, fetch, produce_request};
use klamm_records::Compression;
use klamm_wire::messages::fetch::FetchRequest;

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

fn metadata(version: i16, body: &[u8]) -> Vec<u8> {
    with(header(3, version, Some(b"x")), body)
}

/// A whole request for the versions that are served.
fn versions(client: Option<&[u8]>) -> Vec<u8> {
    framed(&header(18, 2, client))
}

/// The same with a tagged field that nobody knows, of so many bytes.
fn versions_with_tag(tag_bytes: usize) -> Vec<u8> {
    let mut body = header(18, 3, Some(b"x"));
    // No header tags, name and version of the client.
    body.extend([0, 2, b'n', 2, b'1']);
    body.extend([1, 77]);
    let mut left = tag_bytes;
    while left >= 0x80 {
        body.push((left & 0x7f) as u8 | 0x80);
        left >>= 7;
    }
    body.push(left as u8);
    body.resize(body.len() + tag_bytes, 0xee);
    framed(&body)
}

/// An array of a topic with an array of partitions, again and again: lean in the frame, large in memory.
fn nested(topics: u32, partitions: u32, announced: u32) -> Vec<u8> {
    let mut body = header(2, 1, Some(b"x"));
    body.extend((-1i32).to_be_bytes());
    body.extend(topics.to_be_bytes());
    for _ in 0..topics {
        body.extend([0, 1, b't']);
        body.extend(announced.to_be_bytes());
        body.resize(body.len() + 12 * partitions as usize, 0);
    }
    framed(&body)
}

fn bytes(number: u8, name: &'static str, bytes: Vec<u8>, outcome: Outcome) -> Case {
    case(number, name, Input::Bytes(bytes, outcome))
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = framing();
    cases.extend(headers());
    cases.extend(bodies());
    cases.extend(ends_of_bodies());
    cases
}

fn framing() -> Vec<Case> {
    let glued = |first: Vec<u8>, second: &[u8]| [first.as_slice(), second].concat();
    vec![
        bytes(1, "negative length", (-1i32).to_be_bytes().into(), Closes),
        bytes(2, "length 0", vec![0; 4], Closes),
        bytes(3, "length below a header", framed(&[0; 7]), Closes),
        bytes(4, "length of 2 GiB", i32::MAX.to_be_bytes().into(), Closes),
        bytes(
            5,
            "length above the limit",
            104_857_601i32.to_be_bytes().into(),
            Closes,
        ),
        bytes(
            6,
            "announced and not sent",
            100i32.to_be_bytes().into(),
            Waits,
        ),
        bytes(
            7,
            "length shorter than the body",
            metadata(1, &[0, 0]),
            Closes,
        ),
        // The first answer is on its way when the second frame is read, and comes.
        talk(8, "two frames glued, the second bad", a_bad_second_frame),
        talk(9, "one byte at a time", single_bytes),
        talk(10, "gone in the middle of an answer", gone_amid_an_answer),
        bytes(11, "HTTP", b"GET / HTTP/1.1\r\n\r\n".to_vec(), Closes),
        bytes(
            12,
            "TLS hello",
            vec![0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3],
            Closes,
        ),
        talk(14, "answers that nobody reads", answers_that_nobody_reads),
        bytes(
            15,
            "a flood of ApiVersions",
            versions(None).repeat(1000),
            Answers(1000),
        ),
        bytes(
            22,
            "one correlation id twice",
            glued(versions(None), &versions(None)),
            Answers(2),
        ),
    ]
}

fn headers() -> Vec<Case> {
    vec![
        bytes(16, "unknown key", framed(&header(999, 0, None)), Closes),
        bytes(16, "negative key", framed(&header(-1, 0, None)), Closes),
        bytes(17, "version -1", framed(&header(3, -1, None)), Closes),
        bytes(
            17,
            "version 32767",
            framed(&header(3, i16::MAX, None)),
            Closes,
        ),
        bytes(
            18,
            "an API of controllers",
            framed(&header(52, 0, None)),
            Closes,
        ),
        bytes(
            19,
            "client id that is no text",
            with(header(3, 1, Some(&[0xff, 0xfe])), &[0; 4]),
            Answers(1),
        ),
        bytes(19, "no client id", versions(None), Answers(1)),
        bytes(19, "empty client id", versions(Some(b"")), Answers(1)),
        bytes(
            19,
            "client id of 32 KiB",
            versions(Some(&[b'i'; 32_767])),
            Answers(1),
        ),
        bytes(
            19,
            "client id with lines and escapes",
            versions(Some(b"a\r\nERROR \x1b[31m")),
            Answers(1),
        ),
        bytes(
            20,
            "2^32 header tags",
            metadata(9, &[0xff, 0xff, 0xff, 0xff, 0x0f]),
            Closes,
        ),
        bytes(21, "varint of six bytes", metadata(9, &[0x80; 6]), Closes),
    ]
}

fn bodies() -> Vec<Case> {
    let elements = 40_000_u32;
    let mut amplified = header(3, 1, Some(b"x"));
    amplified.extend(elements.to_be_bytes());
    amplified.resize(amplified.len() + elements as usize, 0);
    vec![
        bytes(
            24,
            "flexible bytes in an old version",
            metadata(1, &[0, 2, 2, b'a', 0]),
            Closes,
        ),
        bytes(
            25,
            "array length -2",
            metadata(1, &(-2i32).to_be_bytes()),
            Closes,
        ),
        bytes(
            26,
            "array length of 2 GiB",
            metadata(1, &i32::MAX.to_be_bytes()),
            Closes,
        ),
        bytes(
            26,
            "as many elements as bytes are left",
            framed(&amplified),
            Closes,
        ),
        bytes(
            27,
            "an inner array of 2 GiB",
            nested(1, 0, i32::MAX as u32),
            Closes,
        ),
        bytes(
            27,
            "inner arrays that lie about their length",
            nested(1000, 2, 1 << 20),
            Closes,
        ),
        talk(27, "a million inner arrays", a_million_inner_arrays),
        bytes(
            28,
            "null where none may be",
            metadata(1, &[0, 0, 0, 1, 0xff, 0xff]),
            Closes,
        ),
        bytes(
            29,
            "text longer than the rest",
            metadata(1, &[0, 0, 0, 1, 0x7f, 0xff, b'a']),
            Closes,
        ),
    ]
}

fn ends_of_bodies() -> Vec<Case> {
    let mut trailing = header(18, 2, None);
    trailing.extend_from_slice(b"more");
    vec![
        // Passed over, as Kafka does.
        bytes(
            34,
            "what follows a whole body",
            framed(&trailing),
            Answers(1),
        ),
        bytes(
            35,
            "a small tag that nobody knows",
            versions_with_tag(3),
            Answers(1),
        ),
        bytes(35, "one of 1 MiB", versions_with_tag(1 << 20), Answers(1)),
        bytes(
            35,
            "one that is longer than the frame",
            metadata(9, &[1, 0, 0x7f]),
            Closes,
        ),
    ]
}

fn a_bad_second_frame(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        let id = peer.send(&fetch(PLAIN, 0, 0), 11).await;
        peer.send_raw(&(-5i32).to_be_bytes()).await;
        let answer = peer.receive::<FetchRequest>(id, 11).await;
        assert_eq!(answer.responses[0].partitions[0].error_code, 0);
        assert_eq!(peer.receive_frame().await, None);
    })
}

fn single_bytes(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        for byte in versions(Some(b"slow")) {
            peer.send_raw(&[byte]).await;
        }
        assert!(peer.receive_frame().await.is_some());
    })
}

fn gone_amid_an_answer(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let large = vec![b'x'; 900_000];
        let mut peer = node.connect().await;
        let base = peer
            .produce(GOOD, batch(&[&large], Compression::None), -1)
            .await
            .base_offset;
        for _ in 0..20 {
            let mut peer = node.connect().await;
            for _ in 0..4 {
                peer.send(&fetch(GOOD, base, 0), 11).await;
            }
            // Closed with bytes unread: the node's side is reset.
            peer.wait_for_first_byte().await;
        }
    })
}

fn answers_that_nobody_reads(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        let large = vec![b'x'; 900_000];
        let base = peer
            .produce(GOOD, batch(&[&large], Compression::None), -1)
            .await
            .base_offset;
        let before = resident();
        let mut peers = Vec::new();
        for _ in 0..100 {
            let mut peer = node.connect().await;
            for _ in 0..10 {
                peer.send(&fetch(GOOD, base, 0), 11).await;
            }
            // And a frame that is announced and never comes.
            peer.send_raw(&100_000_000i32.to_be_bytes()).await;
            peer.send_raw(&[0; 1000]).await;
            peers.push(peer);
        }
        let request = produce_request(GOOD, batch(&[b"y"], Compression::None), 1);
        let answer = peer.ask(&request, 9).await;
        assert_eq!(answer.responses[0].partition_responses[0].error_code, 0);
        let grown = resident().saturating_sub(before);
        assert!(grown < 96 << 20, "{grown} bytes more");
    })
}

fn a_million_inner_arrays(node: &Node) -> Talk<'_> {
    Box::pin(async move {
        let mut peer = node.connect().await;
        peer.send_raw(&nested(1_000_000, 0, 0)).await;
        // They cost what arrived, times a bound: it is answered.
        assert!(peer.receive_frame().await.is_some());
    })
}
