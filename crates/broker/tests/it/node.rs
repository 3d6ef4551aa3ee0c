//! Starts nodes on free ports and scratch folders, and talks to them in raw frames.

use bytes::{Bytes, BytesMut};
use klamm_broker::Broker;
use klamm_codec::{Message, Str};
use klamm_host::Host;
use klamm_records::{BatchBuilder, BatchFields, Codec, Compression, Deflater, NewRecord};
use klamm_settings::Settings;
use klamm_wire::messages::fetch::{FetchPartition, FetchRequest, FetchTopic};
use klamm_wire::messages::{create_topics, metadata, produce};
use klamm_wire::{Request, ResponseHeader};
use std::future::Future;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A running node with a folder of its own.
#[derive(Debug)]
pub(crate) struct Node {
    broker: Broker,
    host: Host,
    folder: tempfile::TempDir,
    overrides: Vec<(String, String)>,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Peer {
    stream: TcpStream,
    next: i32,
    client_id: &'static str,
}

/// Runs a test on a runtime with two threads, as a small node has.
pub(crate) fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(test)
}

impl Node {
    /// A node with `NAME=VALUE` overrides; `{folder}` in a value is the node's own.
    pub(crate) async fn start(overrides: &[&str]) -> Self {
        Self::start_in(klamm_host::os::host(), overrides).await
    }

    /// A node in a world of the test's choice.
    pub(crate) async fn start_in(host: Host, overrides: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let overrides: Vec<_> = overrides
            .iter()
            .map(|text| Settings::parse_override(text).unwrap())
            .collect();
        let broker = start(&host, folder.path(), &overrides).await;
        Self { broker, host, folder, overrides }
    }

    /// A node with two log directories, `one` and `two`.
    pub(crate) async fn start_with_two_dirs(overrides: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dirs = ["one", "two"].map(|name| folder.path().join(name).display().to_string());
        let dirs = format!("log.dirs={}", dirs.join(","));
        let mut all = vec![Settings::parse_override(&dirs).unwrap()];
        all.extend(
            overrides
                .iter()
                .map(|text| Settings::parse_override(text).unwrap()),
        );
        let host = klamm_host::os::host();
        let broker = start(&host, folder.path(), &all).await;
        Self { broker, host, folder, overrides: all }
    }

    /// A node on a folder whose `data` was prepared by others.
    pub(crate) async fn start_on(folder: tempfile::TempDir) -> Self {
        let host = klamm_host::os::host();
        let broker = start(&host, folder.path(), &[]).await;
        Self { broker, host, folder, overrides: Vec::new() }
    }

    /// Stops in order and starts again on the same folder.
    pub(crate) async fn restart(self) -> Self {
        self.restart_after(|_| ()).await
    }

    /// The same, with something done to the folder in between.
    pub(crate) async fn restart_after(self, between: impl FnOnce(&std::path::Path)) -> Self {
        let Self { broker, host, folder, overrides } = self;
        broker.shutdown().await;
        between(folder.path());
        let broker = start(&host, folder.path(), &overrides).await;
        Self { broker, host, folder, overrides }
    }

    pub(crate) async fn stop(self) {
        self.broker.shutdown().await;
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.broker.listeners()[0].1
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub(crate) fn broker(&self) -> &Broker {
        &self.broker
    }

    pub(crate) async fn connect(&self) -> Peer {
        self.connect_as("test").await
    }

    /// A connection of the client with this id.
    pub(crate) async fn connect_as(&self, client_id: &'static str) -> Peer {
        let stream = TcpStream::connect(self.address()).await.unwrap();
        Peer { stream, next: 0, client_id }
    }
}

async fn start(host: &Host, folder: &std::path::Path, overrides: &[(String, String)]) -> Broker {
    let mut all = vec![
        ("listeners".to_owned(), "PLAINTEXT://127.0.0.1:0".to_owned()),
        (
            "log.dirs".to_owned(),
            folder.join("data").display().to_string(),
        ),
    ];
    let here = folder.display().to_string();
    let placed =
        |(name, value): &(String, String)| (name.clone(), value.replace("{folder}", &here));
    all.extend(overrides.iter().map(placed));
    let settings = Settings::load("", &all).unwrap().settings;
    Broker::start(host.clone(), settings).await.unwrap()
}

impl Peer {
    /// Sends raw bytes.
    pub(crate) async fn send_raw(&mut self, bytes: &[u8]) {
        // The node may have closed already; the answer tells.
        let _ = self.stream.write_all(bytes).await;
    }

    /// Sends a request and does not wait. Returns its correlation id.
    pub(crate) async fn send<R: Request>(&mut self, request: &R, version: i16) -> i32 {
        let (id, bytes) = self.encode(request, version);
        self.stream.write_all(&bytes).await.unwrap();
        id
    }

    /// A request's correlation id and bytes, to be sent with `send_raw`.
    pub(crate) fn encode<R: Request>(&mut self, request: &R, version: i16) -> (i32, Bytes) {
        self.next += 1;
        let client = Str::from(self.client_id);
        let output =
            klamm_wire::header::encode_request(request, version, self.next, Some(&client)).unwrap();
        (self.next, output.into_bytes().unwrap())
    }

    /// Waits until something of an answer has come, and leaves it there.
    pub(crate) async fn wait_for_first_byte(&mut self) {
        self.stream.readable().await.unwrap();
    }

    /// The next frame without its length; `None` when the node closed the connection.
    pub(crate) async fn receive_frame(&mut self) -> Option<Bytes> {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length).await.ok()?;
        let mut frame = BytesMut::zeroed(usize::try_from(i32::from_be_bytes(length)).unwrap());
        self.stream.read_exact(&mut frame).await.ok()?;
        Some(frame.freeze())
    }

    /// The next answer; it must be to request `id`.
    pub(crate) async fn receive<R: Request>(&mut self, id: i32, version: i16) -> R::Response {
        let frame = self
            .receive_frame()
            .await
            .expect("the node closed the connection");
        let (header, mut body) = ResponseHeader::decode(frame, R::KEY, version).unwrap();
        assert_eq!(header.correlation_id, id);
        R::Response::decode(&mut body, version).unwrap()
    }

    /// Sends a request and waits for its answer.
    pub(crate) async fn ask<R: Request>(&mut self, request: &R, version: i16) -> R::Response {
        let id = self.send(request, version).await;
        self.receive::<R>(id, version).await
    }

    /// Makes a topic through auto-creation and returns its id.
    pub(crate) async fn topic(&mut self, name: &str) -> klamm_model::Uuid {
        let request = metadata::MetadataRequest {
            topics: Some(vec![metadata::MetadataRequestTopic {
                name: Some(name.into()),
                ..metadata::MetadataRequestTopic::default()
            }]),
            allow_auto_topic_creation: true,
            ..metadata::MetadataRequest::default()
        };
        let answer = self.ask(&request, 12).await;
        assert_eq!(answer.topics[0].error_code, 0, "{answer:?}");
        answer.topics[0].topic_id
    }

    /// Produces one batch and returns the partition's answer.
    pub(crate) async fn produce(
        &mut self,
        topic: &str,
        batch: Bytes,
        acks: i16,
    ) -> produce::PartitionProduceResponse {
        let answer = self.ask(&produce_request(topic, batch, acks), 9).await;
        answer.responses[0].partition_responses[0].clone()
    }
}

/// A produce request for partition 0.
pub(crate) fn produce_request(topic: &str, batch: Bytes, acks: i16) -> produce::ProduceRequest {
    produce::ProduceRequest {
        acks,
        timeout_ms: 10_000,
        topic_data: vec![produce::TopicProduceData {
            name: topic.into(),
            partition_data: vec![produce::PartitionProduceData {
                index: 0,
                records: Some(batch.into()),
            }],
            ..produce::TopicProduceData::default()
        }],
        ..produce::ProduceRequest::default()
    }
}

/// A batch of values without keys.
pub(crate) fn batch(values: &[&[u8]], compression: Compression) -> Bytes {
    batch_with(values, compression, &BatchFields::default())
}

/// A batch with header fields of its own.
pub(crate) fn batch_with(
    values: &[&[u8]],
    compression: Compression,
    fields: &BatchFields,
) -> Bytes {
    batch_at(
        klamm_host::os::host().clock.now_ms(),
        values,
        compression,
        fields,
    )
}

/// A batch of records with this timestamp.
pub(crate) fn batch_at(
    timestamp_ms: i64,
    values: &[&[u8]],
    compression: Compression,
    fields: &BatchFields,
) -> Bytes {
    let mut builder = BatchBuilder::new();
    for value in values {
        let record = NewRecord { timestamp_ms, key: None, value: Some(value), headers: &[] };
        builder.append(&record).unwrap();
    }
    builder
        .build(fields, Codec::from(compression), &mut Deflater::new())
        .unwrap()
}

/// A request to create one topic with one partition.
pub(crate) fn create(name: &str, configs: &[(&str, &str)]) -> create_topics::CreateTopicsRequest {
    let configs = configs
        .iter()
        .map(|(name, value)| create_topics::CreatableTopicConfig {
            name: (*name).into(),
            value: Some((*value).into()),
        });
    create_topics::CreateTopicsRequest {
        topics: vec![create_topics::CreatableTopic {
            name: name.into(),
            num_partitions: 1,
            replication_factor: 1,
            configs: configs.collect(),
            ..create_topics::CreatableTopic::default()
        }],
        timeout_ms: 10_000,
        ..create_topics::CreateTopicsRequest::default()
    }
}

/// A fetch of partition 0 without a session.
pub(crate) fn fetch(topic: &str, offset: i64, max_wait_ms: i32) -> FetchRequest {
    FetchRequest {
        replica_id: -1,
        max_wait_ms,
        min_bytes: 1,
        max_bytes: 1 << 20,
        session_epoch: -1,
        topics: vec![FetchTopic {
            topic: topic.into(),
            partitions: vec![FetchPartition {
                partition: 0,
                current_leader_epoch: -1,
                fetch_offset: offset,
                last_fetched_epoch: -1,
                log_start_offset: -1,
                partition_max_bytes: 1 << 20,
                ..FetchPartition::default()
            }],
            ..FetchTopic::default()
        }],
        ..FetchRequest::default()
    }
}
