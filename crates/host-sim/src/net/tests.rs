//! Tests of the network: delivery, order, each way to break.

use super::*;
use crate::SimDisk;
use klamm_host::{Disk, FileRange, OpenMode};
use std::io::IoSlice;
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

const SERVER: [u8; 4] = [10, 0, 0, 1];
const CLIENT: [u8; 4] = [10, 0, 0, 2];

fn net() -> SimNet {
    SimNet::new(SimRng::new(1), Trace::new())
}

async fn listen(net: &SimNet) -> Box<dyn Listener> {
    net.at(SERVER.into())
        .listen("0.0.0.0:0".parse().unwrap())
        .await
        .unwrap()
}

async fn accept(listener: &mut Box<dyn Listener>) -> Box<dyn Connection> {
    std::future::poll_fn(|cx| listener.poll_accept(cx))
        .await
        .unwrap()
        .0
}

type Ends = (Box<dyn Listener>, Box<dyn Connection>, Box<dyn Connection>);

/// A connection: the listener, the client's end, the server's end.
async fn connected(net: &SimNet) -> Ends {
    let mut listener = listen(net).await;
    let address = listener.local_address().unwrap();
    let client = net.at(CLIENT.into()).connect(address).await.unwrap();
    let server = accept(&mut listener).await;
    (listener, client, server)
}

#[tokio::test(start_paused = true)]
async fn bytes_arrive_late_in_pieces_and_in_order() {
    let net = net();
    net.set_default_link(LinkOptions {
        delay_ms_min: 5,
        delay_ms_max: 50,
        piece_max: 7,
        buffer: 10_000,
        ..LinkOptions::default()
    });
    let (_listener, mut client, mut server) = connected(&net).await;
    let sent: Vec<u8> = (0..5_000u32).map(|i| i.to_le_bytes()[0]).collect();
    let start = Instant::now();
    client.write_all(&sent).await.unwrap();
    client.shutdown().await.unwrap();
    let (mut got, mut reads) = (Vec::new(), 0);
    let mut buffer = [0; 1_000];
    loop {
        let n = server.read(&mut buffer).await.unwrap();
        assert!(n <= 7);
        got.extend_from_slice(&buffer[..n]);
        reads += 1;
        if n == 0 {
            break;
        }
    }
    assert_eq!(got, sent);
    assert!(reads > 700 && start.elapsed() >= Duration::from_millis(5));
    assert!(start.elapsed() <= Duration::from_millis(52));
}

#[tokio::test(start_paused = true)]
async fn a_writer_waits_for_a_slow_reader() {
    let net = net();
    let (_listener, mut client, mut server) = connected(&net).await;
    let big = vec![1; 64 * 1024 + 1];
    let writing = tokio::time::timeout(Duration::from_secs(1), client.write_all(&big));
    assert!(writing.await.is_err(), "the buffer holds one byte less");
    let mut buffer = vec![0; 64 * 1024];
    server.read_exact(&mut buffer).await.unwrap();
    client.write_all(b"x").await.unwrap();
    assert_eq!(server.read_u8().await.unwrap(), b'x');
}

#[tokio::test(start_paused = true)]
async fn a_cut_delivers_a_part_and_then_resets_both_ends() {
    let mut lens = BTreeSet::new();
    for seed in 0..20 {
        let net = SimNet::new(SimRng::new(seed), Trace::new());
        let (_listener, mut client, mut server) = connected(&net).await;
        client.write_all(&[7; 100]).await.unwrap();
        net.cut(SERVER.into(), CLIENT.into());
        let mut got = Vec::new();
        let error = server.read_to_end(&mut got).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        assert!(got.iter().all(|byte| *byte == 7));
        lens.insert(got.len());
        assert!(client.write_all(b"x").await.is_err());
        assert!(client.read_u8().await.is_err());
        drop((client, server));
        assert_eq!(net.connections(), 0);
    }
    assert!(lens.len() > 5);
}

#[tokio::test(start_paused = true)]
async fn nobody_listens_or_the_link_refuses() {
    let net = net();
    let refused = async |address| {
        let network = net.at(CLIENT.into());
        network.connect(address).await.unwrap_err().kind() == io::ErrorKind::ConnectionRefused
    };
    let listener = listen(&net).await;
    let address = listener.local_address().unwrap();
    assert_ne!(address.port(), 0);
    assert_eq!(address.ip(), IpAddr::from(SERVER));
    let options = LinkOptions { refuse_percent: 100, ..LinkOptions::default() };
    net.set_link(SERVER.into(), CLIENT.into(), options);
    assert!(refused(address).await);
    net.set_link(SERVER.into(), CLIENT.into(), LinkOptions::default());
    net.at(CLIENT.into()).connect(address).await.unwrap();
    drop(listener);
    assert!(refused(address).await);
}

#[tokio::test(start_paused = true)]
async fn an_address_is_taken_until_its_listener_goes() {
    let net = net();
    let listener = listen(&net).await;
    let address = listener.local_address().unwrap();
    let network = net.at(SERVER.into());
    let again = network.listen(address).await.unwrap_err();
    assert_eq!(again.kind(), io::ErrorKind::AddrInUse);
    drop(listener);
    network.listen(address).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_stalled_link_holds_bytes_back_until_healed() {
    let net = net();
    let (_listener, mut client, mut server) = connected(&net).await;
    net.stall(SERVER.into(), CLIENT.into());
    client.write_all(b"x").await.unwrap();
    let early = tokio::time::timeout(Duration::from_secs(60), server.read_u8()).await;
    assert!(early.is_err());
    let healing = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        net.heal(SERVER.into(), CLIENT.into());
    };
    let (byte, ()) = tokio::join!(server.read_u8(), healing);
    assert_eq!(byte.unwrap(), b'x');
}

#[tokio::test(start_paused = true)]
async fn a_killed_node_resets_and_a_dark_one_is_silent_until_it_returns() {
    for how in [Leave::Reset, Leave::Silent] {
        let net = net();
        let (listener, mut client, server) = connected(&net).await;
        let address = listener.local_address().unwrap();
        net.leave(SERVER.into(), how);
        drop((listener, server));
        let heard = tokio::time::timeout(Duration::from_secs(9), client.read_u8()).await;
        assert_eq!(heard.is_ok(), how == Leave::Reset);
        assert!(net.at(CLIENT.into()).connect(address).await.is_err());
        let _listener = net.at(SERVER.into()).listen(address).await.unwrap();
        assert!(client.read_u8().await.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn a_closed_end_is_the_end_for_the_reader_and_an_error_for_the_writer() {
    let net = net();
    let (_listener, mut client, mut server) = connected(&net).await;
    server.write_all(b"bye").await.unwrap();
    drop(server);
    let mut got = Vec::new();
    client.read_to_end(&mut got).await.unwrap();
    assert_eq!(got, b"bye");
    let error = client.write_all(b"x").await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
}

#[tokio::test(start_paused = true)]
async fn a_range_of_a_file_is_sent_and_a_short_file_is_an_error() {
    let net = net();
    let (_listener, mut client, mut server) = connected(&net).await;
    let disk = SimDisk::new();
    let file = disk.open(Path::new("/f"), OpenMode::CreateNew).unwrap();
    let bytes: Vec<u8> = (0..100_000u32).map(|i| i.to_le_bytes()[1]).collect();
    file.write_all_at(&[IoSlice::new(&bytes)], 0).unwrap();
    let range = FileRange { file, position: 100, len: bytes.len() };
    let sending = async {
        let mut sent = 0;
        loop {
            match std::future::poll_fn(|cx| server.poll_send_file(cx, &range, sent)).await {
                Ok(n) => sent += n,
                Err(error) => return (sent, error.kind()),
            }
        }
    };
    let mut got = vec![0; bytes.len() - 100];
    let (end, read) = tokio::join!(sending, client.read_exact(&mut got));
    read.unwrap();
    assert_eq!(got, &bytes[100..]);
    assert_eq!(end, (bytes.len() - 100, io::ErrorKind::UnexpectedEof));
}

#[tokio::test(start_paused = true)]
async fn writes_break_connections_as_often_as_asked() {
    let net = net();
    let options = LinkOptions { reset_per_10k: 2_000, ..LinkOptions::default() };
    net.set_default_link(options);
    let mut broken = 0;
    for _ in 0..100 {
        let (_listener, mut client, _server) = connected(&net).await;
        broken += u32::from(client.write_all(b"x").await.is_err());
    }
    assert!((10..30).contains(&broken), "{broken} of 100");
}

#[tokio::test(start_paused = true)]
async fn what_stands_before_a_file_range_comes_with_it() {
    let net = net();
    net.set_default_link(LinkOptions { buffer: 10, ..LinkOptions::default() });
    let (_listener, mut client, mut server) = connected(&net).await;
    let disk = SimDisk::new();
    let file = disk.open(Path::new("/f"), OpenMode::Create).unwrap();
    file.write_all_at(&[IoSlice::new(b"range")], 0).unwrap();
    let range = FileRange { file, position: 0, len: 5 };
    let parts = [IoSlice::new(b"he"), IoSlice::new(b"ad")];
    let n = std::future::poll_fn(|cx| server.poll_write_before_file(cx, &parts)).await;
    assert_eq!(n.unwrap(), 4);
    let mut got = [0; 9];
    let alone = tokio::time::timeout(Duration::from_secs(9), client.read(&mut got));
    assert!(alone.await.is_err(), "nothing leaves before the range");
    let n = std::future::poll_fn(|cx| server.poll_send_file(cx, &range, 0)).await;
    assert_eq!(n.unwrap(), 5);
    client.read_exact(&mut got).await.unwrap();
    assert_eq!(&got, b"headrange");

    // What fills the buffer leaves, because nothing can follow; so does what is held at the end.
    let (twenty, mut got) = ([IoSlice::new(&[7; 20])], [0; 10]);
    let n = std::future::poll_fn(|cx| server.poll_write_before_file(cx, &twenty)).await;
    assert_eq!(n.unwrap(), 10);
    let (more, read) = tokio::join!(server.write(b"x"), client.read_exact(&mut got));
    assert_eq!((more.unwrap(), read.unwrap(), got), (1, 10, [7; 10]));
    let n = std::future::poll_fn(|cx| server.poll_write_before_file(cx, &parts)).await;
    assert_eq!(n.unwrap(), 4);
    server.shutdown().await.unwrap();
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"xhead");
}
