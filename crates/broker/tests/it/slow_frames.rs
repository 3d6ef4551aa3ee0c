//! How long a request may take to arrive: a peer that holds back the rest of one is closed, whoever is made to wait by the
//! node is not. And a node at its limit of connections stops. In simulated time.

use crate::simulated::{ask, make_topic, start};
use klamm_host::Connection;
use klamm_host_sim::World;
use klamm_wire::messages::api_versions::ApiVersionsRequest;
use klamm_wire::messages::fetch::{FetchPartition, FetchRequest, FetchTopic};
use klamm_wire::messages::metadata::MetadataRequest;
use klamm_wire::{Request, ResponseHeader};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const TIMEOUT: (&str, &str) = ("klamm.request.read.timeout.ms", "1000");

fn frame<R: Request>(request: &R, version: i16, id: i32) -> Vec<u8> {
    let output = klamm_wire::header::encode_request(request, version, id, None).unwrap();
    output.into_bytes().unwrap().to_vec()
}

/// The correlation id of the next answer; `None` if the connection is closed.
async fn answer(connection: &mut dyn Connection) -> Option<i32> {
    let mut length = [0; 4];
    connection.read_exact(&mut length).await.ok()?;
    let mut body = vec![0; u32::from_be_bytes(length) as usize];
    connection.read_exact(&mut body).await.ok()?;
    let (header, _) = ResponseHeader::decode(body.into(), ApiVersionsRequest::KEY, 0).unwrap();
    Some(header.correlation_id)
}

/// A fetch that waits for records which do not come.
fn long_fetch() -> Vec<u8> {
    let partition = FetchPartition { partition_max_bytes: 1, ..FetchPartition::default() };
    let topic = FetchTopic {
        topic: "t".into(),
        partitions: vec![partition],
        ..FetchTopic::default()
    };
    let fetch = FetchRequest {
        max_wait_ms: 20_000,
        min_bytes: 1,
        max_bytes: 1,
        topics: vec![topic],
        ..FetchRequest::default()
    };
    frame(&fetch, 4, 1)
}

#[test]
fn a_frame_that_is_left_unread_does_not_use_up_its_time() {
    let run = World::run(1, |mut world| async move {
        let mut machine = world.node();
        let one = ("klamm.connection.max.inflight.requests", "1");
        let (broker, host, address) = start(&mut machine, &[TIMEOUT, one]).await;
        let mut connection = host.net.connect(address).await.unwrap();
        make_topic(&mut *connection).await;
        let next = frame(&ApiVersionsRequest::default(), 0, 2);
        let (begin, end) = next.split_at(9);
        // Together: what follows the fetch lies in the node's buffer, and is not looked at before the answer.
        let together = [&long_fetch(), begin].concat();
        connection.write_all(&together).await.unwrap();
        assert_eq!(answer(&mut *connection).await, Some(1));
        connection.write_all(end).await.unwrap();
        assert_eq!(answer(&mut *connection).await, Some(2));
        broker.shutdown().await;
    });
    assert_eq!(run.panics, Vec::<String>::new());
}

#[test]
fn each_frame_of_a_stream_has_its_own_time() {
    let run = World::run(2, |mut world| async move {
        let mut machine = world.node();
        let (broker, host, address) = start(&mut machine, &[TIMEOUT]).await;
        let mut connection = host.net.connect(address).await.unwrap();
        let one = |id| frame(&ApiVersionsRequest::default(), 0, id);
        connection.write_all(&one(0)[..9]).await.unwrap();
        for id in 0..20 {
            // The rest of a frame comes with the beginning of the next one: never is there none.
            let piece = [&one(id)[9..], &one(id + 1)[..9]].concat();
            tokio::time::sleep(Duration::from_millis(500)).await;
            connection.write_all(&piece).await.unwrap();
            assert_eq!(answer(&mut *connection).await, Some(id));
        }
        // And then it is held back.
        assert_eq!(answer(&mut *connection).await, None, "it is closed");
        broker.shutdown().await;
    });
    assert_eq!(run.panics, Vec::<String>::new());
}

#[test]
fn a_first_request_may_take_longer_than_it_may_take_to_come() {
    let run = World::run(3, |mut world| async move {
        let mut machine = world.node();
        let (broker, host, address) = start(&mut machine, &[TIMEOUT]).await;
        let mut other = host.net.connect(address).await.unwrap();
        make_topic(&mut *other).await;
        let mut connection = host.net.connect(address).await.unwrap();
        connection.write_all(&long_fetch()).await.unwrap();
        assert_eq!(answer(&mut *connection).await, Some(1));
        broker.shutdown().await;
    });
    assert_eq!(run.panics, Vec::<String>::new());
}

#[test]
fn a_node_that_has_all_the_connections_it_may_have_stops_at_once() {
    let run = World::run(4, |mut world| async move {
        let mut machine = world.node();
        let one = ("max.connections", "1");
        let (broker, host, address) = start(&mut machine, &[one]).await;
        let mut connection = host.net.connect(address).await.unwrap();
        ask(&mut *connection, &MetadataRequest::default(), 9).await;
        let _waits = host.net.connect(address).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        let begun = tokio::time::Instant::now();
        broker.shutdown().await;
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "{:?}",
            begun.elapsed()
        );
        assert_eq!(answer(&mut *connection).await, None, "it is closed");
    });
    assert_eq!(run.panics, Vec::<String>::new());
}
