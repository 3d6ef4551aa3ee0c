//! A node on a simulated machine: its clock is turned, not waited for.

use klamm_broker::Broker;
use klamm_codec::Message;
use klamm_host::{Connection, Host};
use klamm_host_sim::SimNode;
use klamm_settings::Settings;
use klamm_wire::messages::metadata::{MetadataRequest, MetadataRequestTopic};
use klamm_wire::{Request, ResponseHeader};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Boots the machine and starts a node with these settings on it.
pub(crate) async fn start(
    machine: &mut SimNode,
    settings: &[(&str, &str)],
) -> (Broker, Host, SocketAddr) {
    let address = SocketAddr::new(machine.ip, 9092);
    let listener = format!("PLAINTEXT://{address}");
    let place = [("listeners", &*listener), ("log.dirs", "/data")];
    let settings: Vec<(String, String)> = place
        .iter()
        .chain(settings)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let settings = Settings::load("", &settings).unwrap().settings;
    let host = machine.boot();
    let broker = Box::pin(Broker::start(host.clone(), settings)).await;
    (broker.unwrap(), host, address)
}

/// Sends a request and waits for its answer.
pub(crate) async fn ask<R: Request>(
    connection: &mut dyn Connection,
    request: &R,
    version: i16,
) -> R::Response {
    let output = klamm_wire::header::encode_request(request, version, 1, None).unwrap();
    let bytes = output.into_bytes().unwrap();
    connection.write_all(&bytes).await.unwrap();
    let mut length = [0; 4];
    connection.read_exact(&mut length).await.unwrap();
    let mut answer = vec![0; u32::from_be_bytes(length) as usize];
    connection.read_exact(&mut answer).await.unwrap();
    let (_, mut body) = ResponseHeader::decode(answer.into(), R::KEY, version).unwrap();
    R::Response::decode(&mut body, version).unwrap()
}

/// Topic `t`, with the node's number of partitions.
pub(crate) async fn make_topic(connection: &mut dyn Connection) {
    let topic = MetadataRequestTopic { name: Some("t".into()), ..MetadataRequestTopic::default() };
    let make = MetadataRequest {
        topics: Some(vec![topic]),
        allow_auto_topic_creation: true,
        ..MetadataRequest::default()
    };
    ask(connection, &make, 9).await;
}
