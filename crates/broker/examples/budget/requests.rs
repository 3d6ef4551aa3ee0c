//! The requests of the cases.

use crate::pipe::Pipe;
use crate::world::BEGIN_MS;
use bytes::Bytes;
use klamm_codec::{Message, Str};
use klamm_model::ProducerId;
use klamm_records::{BatchBuilder, BatchFields, Codec, Deflater, NewRecord};
use klamm_wire::header::encode_request;
use klamm_wire::messages::create_topics::{CreatableTopic, CreateTopicsRequest};
use klamm_wire::messages::fetch::{FetchPartition, FetchRequest, FetchTopic};
use klamm_wire::messages::init_producer_id::InitProducerIdRequest;
use klamm_wire::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use klamm_wire::messages::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};
use klamm_wire::{Request, Response, ResponseHeader};
use std::error::Error;
use std::sync::Arc;

pub(crate) type Frame = Arc<[u8]>;
pub(crate) type Fallible<T> = Result<T, Box<dyn Error>>;

pub(crate) const TOPIC: &str = "measured";

/// A request as bytes, with its length in front.
pub(crate) fn frame<R: Request>(request: &R, version: i16) -> Fallible<Frame> {
    let output = encode_request(request, version, 7, Some(&Str::from("budget")))?;
    Ok(output.into_bytes()?.to_vec().into())
}

/// Sends a request and reads its answer.
pub(crate) async fn ask<R: Request>(
    pipe: &Pipe,
    request: &R,
    version: i16,
) -> Fallible<R::Response> {
    let answer = pipe.ask(&frame(request, version)?).await;
    let (_, mut body) = ResponseHeader::decode(Bytes::from(answer), R::KEY, version)?;
    Ok(R::Response::decode(&mut body, version)?)
}

/// Fails if an answer, without its length, tells of an error.
pub(crate) fn verify<R: Request, const VERSION: i16>(answer: Vec<u8>) -> Fallible<()> {
    let (_, mut body) = ResponseHeader::decode(Bytes::from(answer), R::KEY, VERSION)?;
    let response = R::Response::decode(&mut body, VERSION)?;
    let mut errors = Vec::new();
    response.visit_errors(&mut |code| errors.push(code));
    if errors.is_empty() {
        Ok(())
    } else {
        Err(format!("{:?}: {errors:?}", R::KEY).into())
    }
}

/// A batch of `count` records of `record_bytes` each.
pub(crate) fn batch(count: usize, record_bytes: usize, fields: &BatchFields) -> Fallible<Bytes> {
    let mut builder = BatchBuilder::new();
    let value = vec![b'v'; record_bytes];
    for _ in 0..count {
        let record = NewRecord {
            timestamp_ms: BEGIN_MS,
            key: None,
            value: Some(&value),
            headers: &[],
        };
        builder.append(&record)?;
    }
    Ok(builder.build(fields, Codec::default(), &mut Deflater::new())?)
}

/// Batches of a producer that numbers them.
pub(crate) fn numbered(producer_id: i64, records: usize, n: usize) -> Fallible<Bytes> {
    let fields = BatchFields {
        producer_id: ProducerId(producer_id),
        producer_epoch: 0,
        base_sequence: i32::try_from(records * n)?,
        ..BatchFields::default()
    };
    batch(records, 1000, &fields)
}

pub(crate) fn produce(batch: Bytes) -> Fallible<Frame> {
    frame(&produce_request(batch), 11)
}

pub(crate) fn produce_request(batch: Bytes) -> ProduceRequest {
    let data = PartitionProduceData { index: 0, records: Some(batch.into()) };
    ProduceRequest {
        acks: -1,
        timeout_ms: 30_000,
        topic_data: vec![TopicProduceData {
            name: TOPIC.into(),
            partition_data: vec![data],
            ..TopicProduceData::default()
        }],
        ..ProduceRequest::default()
    }
}

pub(crate) fn fetch(bytes_max: i32) -> Fallible<Frame> {
    fetch_at(0, bytes_max, 0)
}

/// A fetch that waits so long for its first byte.
pub(crate) fn fetch_at(offset: i64, bytes_max: i32, wait_ms_max: i32) -> Fallible<Frame> {
    let partition = FetchPartition {
        current_leader_epoch: -1,
        fetch_offset: offset,
        last_fetched_epoch: -1,
        log_start_offset: -1,
        partition_max_bytes: bytes_max,
        ..FetchPartition::default()
    };
    let request = FetchRequest {
        replica_id: -1,
        max_wait_ms: wait_ms_max,
        min_bytes: 1,
        max_bytes: bytes_max,
        session_epoch: -1,
        topics: vec![FetchTopic {
            topic: TOPIC.into(),
            partitions: vec![partition],
            ..FetchTopic::default()
        }],
        ..FetchRequest::default()
    };
    frame(&request, 12)
}

pub(crate) fn commit_request() -> OffsetCommitRequest {
    let partition = OffsetCommitRequestPartition {
        committed_offset: 7,
        committed_leader_epoch: -1,
        committed_metadata: Some("".into()),
        ..OffsetCommitRequestPartition::default()
    };
    OffsetCommitRequest {
        group_id: "group".into(),
        generation_id_or_member_epoch: -1,
        topics: vec![OffsetCommitRequestTopic {
            name: TOPIC.into(),
            partitions: vec![partition],
            ..OffsetCommitRequestTopic::default()
        }],
        ..OffsetCommitRequest::default()
    }
}

pub(crate) fn create_topic() -> CreateTopicsRequest {
    CreateTopicsRequest {
        topics: vec![CreatableTopic {
            name: TOPIC.into(),
            num_partitions: 1,
            replication_factor: 1,
            ..CreatableTopic::default()
        }],
        timeout_ms: 30_000,
        ..CreateTopicsRequest::default()
    }
}

pub(crate) fn producer_id_request() -> InitProducerIdRequest {
    InitProducerIdRequest {
        transactional_id: None,
        producer_id: -1,
        producer_epoch: -1,
        ..InitProducerIdRequest::default()
    }
}
