//! Ready-made requests.

use anyhow::{Context, Result, ensure};
use bytes::{Bytes, BytesMut};
use klamm_codec::{Message, Str};
use klamm_model::ProducerId;
use klamm_records::{BatchBuilder, BatchFields, Codec, Compression, Deflater, NewRecord};
use klamm_wire::header::encode_request;
use klamm_wire::messages::create_topics::{
    CreatableTopic, CreatableTopicConfig, CreateTopicsRequest,
};
use klamm_wire::messages::delete_topics::DeleteTopicsRequest;
use klamm_wire::messages::fetch::{FetchPartition, FetchRequest, FetchResponse, FetchTopic};
use klamm_wire::messages::find_coordinator::FindCoordinatorRequest;
use klamm_wire::messages::init_producer_id::InitProducerIdRequest;
use klamm_wire::messages::list_offsets::{
    ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic,
};
use klamm_wire::messages::metadata::{MetadataRequest, MetadataRequestTopic};
use klamm_wire::messages::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};
use klamm_wire::{Request, ResponseHeader};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

const PRODUCE_VERSION: i16 = 9;
const FETCH_VERSION: i16 = 11;
const METADATA_VERSION: i16 = 9;

/// A batch of `count` records of `record_bytes` each, without compression unless asked.
pub(crate) fn batch(count: usize, record_bytes: usize, compression: Compression) -> Result<Bytes> {
    let mut builder = BatchBuilder::new();
    let mut value = vec![0u8; record_bytes];
    for i in 0..count {
        // Letters of a small generator: compressible as text is.
        for (j, byte) in value.iter_mut().enumerate() {
            *byte = b'A' + ((i * 31 + j * 7 + (j * j) % 11) % 26) as u8;
        }
        let record = NewRecord {
            timestamp_ms: now_ms(),
            key: None,
            value: Some(&value),
            headers: &[],
        };
        builder.append(&record)?;
    }
    Ok(builder.build(
        &BatchFields::default(),
        Codec::from(compression),
        &mut Deflater::new(),
    )?)
}

pub(crate) fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(0))
}

/// A batch of a producer that numbers its batches.
pub(crate) fn numbered(
    template: (usize, usize),
    (producer_id, producer_epoch, base_sequence): (i64, i16, i32),
    transactional: bool,
) -> Result<Bytes> {
    let mut builder = BatchBuilder::new();
    let value = vec![b'v'; template.1];
    for _ in 0..template.0 {
        let record = NewRecord {
            timestamp_ms: now_ms(),
            key: None,
            value: Some(&value),
            headers: &[],
        };
        builder.append(&record)?;
    }
    let fields = BatchFields {
        producer_id: ProducerId(producer_id),
        producer_epoch,
        base_sequence,
        transactional,
        ..BatchFields::default()
    };
    Ok(builder.build(&fields, Codec::default(), &mut Deflater::new())?)
}

/// A request as bytes, with its length in front.
pub(crate) fn frame<R: Request>(request: &R, version: i16) -> Result<Arc<Vec<u8>>> {
    let output = encode_request(request, version, 1, Some(&Str::from("bench")))?;
    Ok(Arc::new(output.into_bytes()?.to_vec()))
}

/// A produce request of one batch for partition 0.
pub(crate) fn produce(topic: &str, batch: Bytes, acks: i16) -> Result<Arc<Vec<u8>>> {
    frame(&produce_request(topic, &[0], batch, acks), PRODUCE_VERSION)
}

/// A produce request of one batch for another partition.
pub(crate) fn produce_to(
    topic: &str,
    partition: i32,
    batch: Bytes,
    acks: i16,
) -> Result<Arc<Vec<u8>>> {
    frame(
        &produce_request(topic, &[partition], batch, acks),
        PRODUCE_VERSION,
    )
}

/// The same batch for several partitions of a topic.
pub(crate) fn produce_request(
    topic: &str,
    partitions: &[i32],
    batch: Bytes,
    acks: i16,
) -> ProduceRequest {
    let data = partitions
        .iter()
        .map(|index| PartitionProduceData { index: *index, records: Some(batch.clone().into()) });
    ProduceRequest {
        acks,
        timeout_ms: 30_000,
        topic_data: vec![TopicProduceData {
            name: topic.into(),
            partition_data: data.collect(),
            ..TopicProduceData::default()
        }],
        ..ProduceRequest::default()
    }
}

/// A fetch of up to `bytes_max` from an offset of partition 0.
pub(crate) fn fetch(topic: &str, offset: i64, bytes_max: i32) -> Result<Arc<Vec<u8>>> {
    frame(&fetch_request(topic, offset, bytes_max), FETCH_VERSION)
}

fn fetch_request(topic: &str, offset: i64, bytes_max: i32) -> FetchRequest {
    FetchRequest {
        replica_id: -1,
        max_wait_ms: 0,
        min_bytes: 1,
        max_bytes: bytes_max,
        session_epoch: -1,
        topics: vec![FetchTopic {
            topic: topic.into(),
            partitions: vec![FetchPartition {
                current_leader_epoch: -1,
                fetch_offset: offset,
                last_fetched_epoch: -1,
                log_start_offset: -1,
                partition_max_bytes: bytes_max,
                ..FetchPartition::default()
            }],
            ..FetchTopic::default()
        }],
        ..FetchRequest::default()
    }
}

/// Makes topics with the broker's defaults.
pub(crate) fn create(address: SocketAddr, topics: &[String]) -> Result<()> {
    let request = MetadataRequest {
        topics: Some(
            topics
                .iter()
                .map(|name| MetadataRequestTopic {
                    name: Some(name.as_str().into()),
                    ..MetadataRequestTopic::default()
                })
                .collect(),
        ),
        allow_auto_topic_creation: true,
        ..MetadataRequest::default()
    };
    let answer = ask(address, &request, METADATA_VERSION)?;
    ensure!(
        answer.topics.iter().all(|topic| topic.error_code == 0),
        "{:?}",
        answer.topics.first()
    );
    Ok(())
}

/// Sends one request on a connection of its own and reads its answer.
pub(crate) fn ask<R: Request>(
    address: SocketAddr,
    request: &R,
    version: i16,
) -> Result<R::Response> {
    Asker::connect(address)?.ask(request, version)
}

/// A connection that asks one thing at a time.
#[derive(Debug)]
pub(crate) struct Asker(TcpStream);

impl Asker {
    pub(crate) fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self(stream))
    }

    /// Sends a request and reads its answer.
    pub(crate) fn ask<R: Request>(&mut self, request: &R, version: i16) -> Result<R::Response> {
        self.0.write_all(&frame(request, version)?)?;
        let mut length = [0; 4];
        self.0
            .read_exact(&mut length)
            .context("the broker closed the connection")?;
        let mut body = BytesMut::zeroed(usize::try_from(i32::from_be_bytes(length))?);
        self.0.read_exact(&mut body)?;
        let (_, mut dec) = ResponseHeader::decode(body.freeze(), R::KEY, version)?;
        Ok(R::Response::decode(&mut dec, version)?)
    }
}

/// Produces one batch and waits for its acknowledgement.
pub(crate) fn produce_once(address: SocketAddr, topic: &str) -> Result<()> {
    let request = produce_request(topic, &[0], batch(1, 100, Compression::None)?, -1);
    let answer = ask(address, &request, PRODUCE_VERSION)?;
    let code = answer
        .responses
        .first()
        .and_then(|t| t.partition_responses.first());
    ensure!(code.is_some_and(|p| p.error_code == 0), "{answer:?}");
    Ok(())
}

/// Makes a topic and writes a record into each partition: it returns when all answer.
pub(crate) fn make(
    address: SocketAddr,
    topic: &str,
    partitions: i32,
    configs: &[(&str, &str)],
) -> Result<()> {
    let config = |(name, value): &(&str, &str)| CreatableTopicConfig {
        name: (*name).into(),
        value: Some((*value).into()),
    };
    let request = CreateTopicsRequest {
        topics: vec![CreatableTopic {
            name: topic.into(),
            num_partitions: partitions,
            replication_factor: 1,
            configs: configs.iter().map(config).collect(),
            ..CreatableTopic::default()
        }],
        timeout_ms: 30_000,
        ..CreateTopicsRequest::default()
    };
    let answer = ask(address, &request, 5)?;
    ensure!(
        answer.topics.iter().all(|t| t.error_code == 0),
        "{answer:?}"
    );
    let record = batch(1, 100, Compression::None)?;
    let mut asker = Asker::connect(address)?;
    let all: Vec<i32> = (0..partitions).collect();
    let mut left = all;
    retried(|| {
        let request = produce_request(topic, &left, record.clone(), -1);
        let answer = asker.ask(&request, PRODUCE_VERSION)?;
        let partitions = answer.responses.iter().flat_map(|t| &t.partition_responses);
        left = partitions
            .filter(|p| p.error_code != 0)
            .map(|p| p.index)
            .collect();
        Ok(Some(i16::from(!left.is_empty())))
    })
}

/// Asks until the highest error code is 0, for at most a minute.
pub(crate) fn retried(mut ask: impl FnMut() -> Result<Option<i16>>) -> Result<()> {
    let started = std::time::Instant::now();
    loop {
        let code = ask()?;
        if code == Some(0) {
            return Ok(());
        }
        ensure!(started.elapsed().as_secs() < 60, "still error {code:?}");
        // Who is asked pays for it: it does without the last hundredth of the time.
        let pause = (started.elapsed() / 100).max(std::time::Duration::from_micros(200));
        std::thread::park_timeout(pause);
    }
}

/// The next offset of each partition.
pub(crate) fn end_offsets(address: SocketAddr, topic: &str, partitions: i32) -> Result<Vec<i64>> {
    ends(&mut Asker::connect(address)?, topic, partitions)
}

/// The next offset of each partition.
pub(crate) fn ends(asker: &mut Asker, topic: &str, partitions: i32) -> Result<Vec<i64>> {
    let partition = |index| ListOffsetsPartition {
        partition_index: index,
        current_leader_epoch: -1,
        timestamp: -1,
    };
    let request = ListOffsetsRequest {
        replica_id: -1,
        topics: vec![ListOffsetsTopic {
            name: topic.into(),
            partitions: (0..partitions).map(partition).collect(),
        }],
        ..ListOffsetsRequest::default()
    };
    let answer = asker.ask(&request, 5)?;
    let mut ends = vec![-1; usize::try_from(partitions)?];
    for partition in answer.topics.iter().flat_map(|t| &t.partitions) {
        ensure!(
            partition.error_code == 0,
            "ListOffsets: error {}",
            partition.error_code
        );
        if let Some(end) = ends.get_mut(usize::try_from(partition.partition_index)?) {
            *end = partition.offset;
        }
    }
    ensure!(ends.iter().all(|end| *end >= 0), "a partition is missing");
    Ok(ends)
}

/// Removes a topic.
pub(crate) fn delete(address: SocketAddr, topic: &str) -> Result<()> {
    let request = DeleteTopicsRequest {
        topic_names: vec![topic.into()],
        timeout_ms: 30_000,
        ..DeleteTopicsRequest::default()
    };
    let answer = ask(address, &request, 4)?;
    ensure!(
        answer.responses.iter().all(|r| r.error_code == 0),
        "{answer:?}"
    );
    Ok(())
}

/// Waits until a group (type 0) or a transactional id (type 1) has its coordinator.
pub(crate) fn coordinator(asker: &mut Asker, key: &str, key_type: i8) -> Result<()> {
    let request = FindCoordinatorRequest {
        key_type,
        coordinator_keys: vec![key.into()],
        ..FindCoordinatorRequest::default()
    };
    retried(|| {
        let answer = asker.ask(&request, 4)?;
        Ok(answer.coordinators.iter().map(|c| c.error_code).max())
    })
}

/// An id for an idempotent producer.
pub(crate) fn producer_id(address: SocketAddr) -> Result<i64> {
    let request = InitProducerIdRequest {
        transactional_id: None,
        producer_id: -1,
        producer_epoch: -1,
        ..InitProducerIdRequest::default()
    };
    let mut id = -1;
    retried(|| {
        let answer = ask(address, &request, 4)?;
        id = answer.producer_id;
        Ok(Some(answer.error_code))
    })?;
    Ok(id)
}

/// A fetch that waits for a byte.
pub(crate) fn fetch_waiting(topic: &str, offset: i64) -> Result<Vec<u8>> {
    let mut request = fetch_request(topic, offset, 1 << 20);
    request.max_wait_ms = 500;
    Ok(frame(&request, FETCH_VERSION)?.to_vec())
}

/// The records in the answer to a fetch, from behind its length.
pub(crate) fn fetched(body: Bytes) -> Result<Bytes> {
    let (_, mut dec) = ResponseHeader::decode(body, FetchRequest::KEY, FETCH_VERSION)?;
    let answer = FetchResponse::decode(&mut dec, FETCH_VERSION)?;
    let mut all = BytesMut::new();
    for partition in answer.responses.iter().flat_map(|t| &t.partitions) {
        ensure!(
            partition.error_code == 0,
            "Fetch: error {}",
            partition.error_code
        );
        if let Some(records) = &partition.records {
            all.extend_from_slice(&records.to_bytes()?);
        }
    }
    Ok(all.freeze())
}
