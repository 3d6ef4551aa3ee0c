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

#[tokio::test]
async fn what_stands_before_a_range_leaves_with_it() {
    let (_folder, range) = file_of(b"records");
    let (mut client, mut server) = connected().await;
    let (rounds, mut together) = (20, 0);
    for _ in 0..rounds {
        let parts = [IoSlice::new(b"hea"), IoSlice::new(b"der ")];
        let n = poll_fn(|cx| server.poll_write_before_file(cx, &parts)).await;
        assert_eq!(n.unwrap(), 7);
        let mut got = [0; 14];
        let mut early = ReadBuf::new(&mut got);
        let polled = poll_fn(|cx| Poll::Ready(Pin::new(&mut client).poll_read(cx, &mut early)));
        // The kernel holds bytes back for so long only; a test that was paused meanwhile sees them.
        let seen = match polled.await {
            Poll::Ready(result) => result.map(|()| early.filled().len()).unwrap(),
            Poll::Pending => {
                together += 1;
                0
            }
        };
        let n = poll_fn(|cx| server.poll_send_file(cx, &range, 0)).await;
        assert_eq!(n.unwrap(), 7);
        client.read_exact(&mut got[seen..]).await.unwrap();
        assert_eq!(&got, b"header records");
    }
    assert!(
        together > rounds / 2,
        "together {together} times of {rounds}"
    );
}

#[tokio::test]
async fn what_was_held_for_a_range_leaves_before_the_end() {
    let (mut client, mut server) = connected().await;
    let n = poll_fn(|cx| server.poll_write_before_file(cx, &[IoSlice::new(b"header")])).await;
    assert_eq!(n.unwrap(), 6);
    drop(server);
    let mut got = Vec::new();
    client.read_to_end(&mut got).await.unwrap();
    assert_eq!(got, b"header");
}

#[tokio::test]
async fn a_full_socket_makes_what_stands_before_a_range_wait() {
    let (_client, mut server) = connected().await;
    let chunk = vec![1; 1 << 20];
    for _ in 0..64 {
        let polled =
            poll_fn(|cx| Poll::Ready(server.poll_write_before_file(cx, &[IoSlice::new(&chunk)])));
        match polled.await {
            Poll::Ready(n) => assert!(n.unwrap() > 0),
            Poll::Pending => return,
        }
    }
    panic!("the kernel took 64 MiB that nobody read");
}

/// Bytes that a connection takes for a peer that reads none.
async fn taken_unread(send_buffer_bytes: Option<usize>) -> usize {
    let mut listener = OsNetwork
        .listen("127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    if let Some(bytes) = send_buffer_bytes {
        listener.set_send_buffer_bytes(bytes).unwrap();
    }
    let address = listener.local_address().unwrap();
    let _client = OsNetwork.connect(address).await.unwrap();
    let (mut server, _) = poll_fn(|cx| listener.poll_accept(cx)).await.unwrap();
    let piece = vec![7; 4 << 10];
    let mut taken = 0;
    poll_fn(|cx| {
        while let Poll::Ready(n) = Pin::new(&mut server).poll_write(cx, &piece) {
            taken += n.unwrap();
        }
        Poll::Ready(taken)
    })
    .await
}

#[tokio::test]
async fn connections_inherit_the_send_buffer_of_their_listener() {
    let (small, large) = (
        taken_unread(Some(16 << 10)).await,
        taken_unread(Some(192 << 10)).await,
    );
    assert!(small + (64 << 10) < large, "{small} and {large} bytes");
}

#[tokio::test]
async fn every_interface_means_both_kinds_and_peers_are_seen_as_they_are() {
    let Ok(mut listener) = OsNetwork.listen("[::]:0".parse().unwrap()).await else {
        // No IPv6 on this machine.
        return;
    };
    let port = listener.local_address().unwrap().port();
    for ip in ["127.0.0.1", "::1"] {
        let ip: IpAddr = ip.parse().unwrap();
        let connecting = OsNetwork.connect(SocketAddr::new(ip, port)).await;
        if ip.is_ipv6() && connecting.is_err() {
            continue;
        }
        let _client = connecting.unwrap();
        let (_, peer) = poll_fn(|cx| listener.poll_accept(cx)).await.unwrap();
        assert_eq!(peer.ip(), ip);
    }
}

#[tokio::test]
async fn the_name_of_this_machine_leads_to_an_address() {
    // A machine may not know its own name.
    if let Some(name) = OsNetwork.local_name().await {
        assert!(!name.is_empty());
        assert!(
            !OsNetwork.resolve(&name, 1).await.unwrap().is_empty(),
            "{name}"
        );
    }
}
