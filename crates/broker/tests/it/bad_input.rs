//! Bad input, one row a case: each has its outcome, and the node keeps serving others.

use crate::node::{Node, Peer, batch, run};
use klamm_records::Compression;

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
