//! Ready-made requests.

use anyhow::{Context, Result, ensure};
use bytes::{Bytes, BytesMut};
use klamm_codec::{Message, Str};
use klamm_records::{BatchBuilder, BatchFields, Codec, Compression, Deflater, NewRecord};
use klamm_wire::header::encode_request;
use klamm_wire::messages::fetch::{FetchPartition, FetchRequest, FetchTopic};
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

fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(0))
}

fn frame<R: Request>(request: &R, version: i16) -> Result<Arc<Vec<u8>>> {
    let output = encode_request(request, version, 1, Some(&Str::from("bench")))?;
    Ok(Arc::new(output.into_bytes()?.to_vec()))
}

/// A produce request of one batch for partition 0.
pub(crate) fn produce(topic: &str, batch: Bytes, acks: i16) -> Result<Arc<Vec<u8>>> {
    let request = ProduceRequest {
        acks,
        timeout_ms: 30_000,
        topic_data: vec![TopicProduceData {
            name: topic.into(),
            partition_data: vec![PartitionProduceData { index: 0, records: Some(batch.into()) }],
            ..TopicProduceData::default()
        }],
        ..ProduceRequest::default()
    };
    frame(&request, PRODUCE_VERSION)
}

/// A fetch of up to `bytes_max` from an offset of partition 0.
pub(crate) fn fetch(topic: &str, offset: i64, bytes_max: i32) -> Result<Arc<Vec<u8>>> {
    let request = FetchRequest {
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
    };
    frame(&request, FETCH_VERSION)
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
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(&frame(request, version)?)?;
    let mut length = [0; 4];
    stream
        .read_exact(&mut length)
        .context("the broker closed the connection")?;
    let mut body = BytesMut::zeroed(usize::try_from(i32::from_be_bytes(length))?);
    stream.read_exact(&mut body)?;
    let (_, mut dec) = ResponseHeader::decode(body.freeze(), R::KEY, version)?;
    Ok(R::Response::decode(&mut dec, version)?)
}

/// Produces one batch and waits for its acknowledgement.
pub(crate) fn produce_once(address: SocketAddr, topic: &str) -> Result<()> {
    let request = ProduceRequest {
        acks: -1,
        timeout_ms: 30_000,
        topic_data: vec![TopicProduceData {
            name: topic.into(),
            partition_data: vec![PartitionProduceData {
                index: 0,
                records: Some(batch(1, 100, Compression::None)?.into()),
            }],
            ..TopicProduceData::default()
        }],
        ..ProduceRequest::default()
    };
    let answer = ask(address, &request, PRODUCE_VERSION)?;
    let code = answer
        .responses
        .first()
        .and_then(|t| t.partition_responses.first());
    ensure!(code.is_some_and(|p| p.error_code == 0), "{answer:?}");
    Ok(())
}
