//! Tests of real sockets behind the trait.

use super::*;
use crate::os::OsDisk;
use crate::{Disk, OpenMode};
use std::future::poll_fn;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn connected() -> (Box<dyn Connection>, Box<dyn Connection>) {
    let address = "127.0.0.1:0".parse().unwrap();
    let mut listener = OsNetwork.listen(address).await.unwrap();
    let address = listener.local_address().unwrap();
    assert_ne!(address.port(), 0);
    let client = OsNetwork.connect(address).await.unwrap();
    let (server, peer) = poll_fn(|cx| listener.poll_accept(cx)).await.unwrap();
    assert!(peer.ip().is_loopback());
    (client, server)
}

fn file_of(bytes: &[u8]) -> (tempfile::TempDir, FileRange) {
    let folder = tempfile::tempdir().unwrap();
    let file = OsDisk
        .open(&folder.path().join("f"), OpenMode::Create)
        .unwrap();
    file.write_all_at(&[IoSlice::new(bytes)], 0).unwrap();
    let range = FileRange { file, position: 0, len: bytes.len() };
    (folder, range)
}

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i / 3 % 251) as u8).collect()
}

#[tokio::test]
async fn bytes_go_both_ways_until_shut_down() {
    let (mut client, mut server) = connected().await;
    let parts = [IoSlice::new(b"pi"), IoSlice::new(b"ng")];
    assert_eq!(client.write_vectored(&parts).await.unwrap(), 4);
    let mut buffer = [0; 4];
    server.read_exact(&mut buffer).await.unwrap();
    server.write_all(b"pong").await.unwrap();
    server.shutdown().await.unwrap();
    let mut got = Vec::new();
    client.read_to_end(&mut got).await.unwrap();
    assert_eq!((&buffer, got.as_slice()), (b"ping", b"pong".as_slice()));
}

#[tokio::test]
async fn a_range_is_sent_in_parts_while_the_reader_is_slow() {
    let bytes = pattern(8 << 20);
    let (_folder, mut range) = file_of(&bytes);
    (range.position, range.len) = (1_000, bytes.len() - 2_000);
    let (mut client, mut server) = connected().await;
    let sending = async {
        let (mut sent, mut calls) = (0, 0);
        while sent < range.len {
            let n = poll_fn(|cx| server.poll_send_file(cx, &range, sent))
                .await
                .unwrap();
            assert!(n > 0 && n <= SEND_FILE_CALL_MAX);
            sent += n;
            calls += 1;
        }
        server.shutdown().await.unwrap();
        calls
    };
    let mut got = Vec::new();
    let (calls, read) = tokio::join!(sending, client.read_to_end(&mut got));
    read.unwrap();
    assert!(calls > 1);
    assert!(got == bytes[1_000..bytes.len() - 1_000]);
}

#[tokio::test]
async fn a_full_socket_makes_the_sender_wait() {
    let (_folder, range) = file_of(&pattern(64 << 20));
    let (_client, mut server) = connected().await;
    let mut sent = 0;
    // Nobody reads: sooner or later the kernel takes no more.
    while sent < range.len {
        let polled = poll_fn(|cx| {
            let polled = server.poll_send_file(cx, &range, sent);
            Poll::Ready(polled)
        });
        match polled.await {
            Poll::Ready(n) => sent += n.unwrap(),
            Poll::Pending => return,
        }
    }
    panic!("the kernel took 64 MiB that nobody read");
}

#[tokio::test]
async fn a_file_that_is_shorter_than_the_range_is_an_error() {
    let (_folder, mut range) = file_of(b"short");
    range.len = 9;
    let (_client, mut server) = connected().await;
    let first = poll_fn(|cx| server.poll_send_file(cx, &range, 0)).await;
    assert_eq!(first.unwrap(), 5);
    let second = poll_fn(|cx| server.poll_send_file(cx, &range, 5)).await;
    assert_eq!(second.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
}

#[tokio::test]
async fn a_finished_range_sends_nothing() {
    let (_folder, range) = file_of(b"done");
    let (_client, mut server) = connected().await;
    let sent = poll_fn(|cx| server.poll_send_file(cx, &range, 4)).await;
    assert_eq!(sent.unwrap(), 0);
}

#[tokio::test]
async fn a_range_to_a_closed_peer_fails() {
    let (_folder, range) = file_of(&pattern(1 << 20));
    let (client, mut server) = connected().await;
    drop(client);
    let mut sent = 0;
    let error = loop {
        match poll_fn(|cx| server.poll_send_file(cx, &range, sent)).await {
            Ok(n) => sent = (sent + n) % range.len,
            Err(error) => break error,
        }
    };
    let kind = error.kind();
    assert!(
        matches!(
            kind,
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
        ),
        "{error}"
    );
}

#[tokio::test]
async fn an_address_without_listener_refuses() {
    let address = {
        let any = "127.0.0.1:0".parse().unwrap();
        let listener = OsNetwork.listen(any).await.unwrap();
        listener.local_address().unwrap()
    };
    let error = OsNetwork.connect(address).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}
