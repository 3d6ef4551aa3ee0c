//! Brokers that keep their logs in memory and follow Kafka's rules as far as a client can see them: leaders, duplicate
//! detection, offsets. A script of faults decides what befalls each request.

use bytes::Bytes;
use klamm_codec::{Dec, Message, Records};
use klamm_model::{LeaderEpoch, Offset, Uuid};
use klamm_records::{BatchView, InflateLimit, Inflater, Stamp, StampTime, batches};
use klamm_wire::header::encode_response;
use klamm_wire::messages::api_versions::{ApiVersion, ApiVersionsRequest, ApiVersionsResponse};
use klamm_wire::messages::fetch::{self, FetchRequest, FetchResponse, FetchableTopicResponse};
use klamm_wire::messages::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};
use klamm_wire::messages::list_offsets::{
    ListOffsetsPartitionResponse, ListOffsetsRequest, ListOffsetsResponse, ListOffsetsTopicResponse,
};
use klamm_wire::messages::metadata::{
    MetadataRequest, MetadataResponse, MetadataResponseBroker, MetadataResponsePartition,
    MetadataResponseTopic,
};
use klamm_wire::messages::produce::{
    PartitionProduceResponse, ProduceRequest, ProduceResponse, TopicProduceResponse,
};
use klamm_wire::{ApiKey, ErrorCode, Request, RequestHeader};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

/// What befalls a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// The connection ends before it is carried out.
    CutBefore,
    /// It is carried out, and the connection ends before the answer.
    CutAfter,
    /// Each partition answers with this code, and nothing is carried out.
    Refuse(ErrorCode),
    /// It is carried out, and never answered.
    Silence,
    /// It is carried out, and answered after so many milliseconds.
    Late(u64),
}

/// Decides on a request: node, API, and its number on this cluster.
pub(crate) type Faults = Box<dyn FnMut(i32, ApiKey, usize) -> Fault + Send>;

/// A cluster on paper.
#[derive(Clone)]
pub(crate) struct Paper(Arc<Mutex<Model>>);

struct Model {
    nodes: i32,
    down: BTreeSet<i32>,
    partitions: i32,
    batch_bytes_max: usize,
    topics: BTreeMap<String, Vec<Log>>,
    next_producer: i64,
    faults: Faults,
    requests: usize,
    seen: Vec<(i32, ApiKey, i16)>,
    /// The highest version of ApiVersions and of Fetch that is spoken.
    ceilings: BTreeMap<i16, i16>,
}

/// One partition.
#[derive(Default)]
struct Log {
    leader: i32,
    epoch: i32,
    bytes: Vec<u8>,
    start: i64,
    end: i64,
    producers: BTreeMap<i64, Remembered>,
}

/// What a partition knows of a producer.
struct Remembered {
    epoch: i16,
    /// First and last sequence, and base offset, of the last five batches.
    batches: VecDeque<(i32, i32, i64)>,
}

impl std::fmt::Debug for Paper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Paper")
    }
}

impl Paper {
    /// So many brokers, and so many partitions in each topic that is asked for.
    pub(crate) fn new(nodes: i32, partitions: i32) -> Self {
        Self(Arc::new(Mutex::new(Model {
            nodes,
            down: BTreeSet::new(),
            partitions,
            batch_bytes_max: usize::MAX,
            topics: BTreeMap::new(),
            next_producer: 1,
            faults: Box::new(|_, _, _| Fault::None),
            requests: 0,
            seen: Vec::new(),
            ceilings: BTreeMap::new(),
        })))
    }

    pub(crate) fn set_faults(
        &self,
        faults: impl FnMut(i32, ApiKey, usize) -> Fault + Send + 'static,
    ) {
        self.0.lock().faults = Box::new(faults);
    }

    /// Refuses batches above this.
    pub(crate) fn set_batch_bytes_max(&self, bytes: usize) {
        self.0.lock().batch_bytes_max = bytes;
    }

    /// The highest version that is spoken of an API.
    pub(crate) fn set_ceiling(&self, key: ApiKey, version: i16) {
        self.0.lock().ceilings.insert(key as i16, version);
    }

    pub(crate) fn set_down(&self, node: i32, is_down: bool) {
        let mut model = self.0.lock();
        if is_down {
            model.down.insert(node)
        } else {
            model.down.remove(&node)
        };
    }

    pub(crate) fn is_up(&self, node: i32) -> bool {
        !self.0.lock().down.contains(&node)
    }

    pub(crate) fn move_leader(&self, topic: &str, partition: usize, node: i32) {
        let mut model = self.0.lock();
        let log = &mut model.topics.get_mut(topic).unwrap()[partition];
        log.leader = node;
        log.epoch += 1;
    }

    pub(crate) fn leader(&self, topic: &str, partition: usize) -> i32 {
        self.0.lock().topics[topic][partition].leader
    }

    /// Forgets all producers of a partition, as after their time.
    pub(crate) fn forget_producers(&self, topic: &str, partition: usize) {
        self.0.lock().topics.get_mut(topic).unwrap()[partition]
            .producers
            .clear();
    }

    /// Moves a log's start.
    pub(crate) fn delete_before(&self, topic: &str, partition: usize, offset: i64) {
        self.0.lock().topics.get_mut(topic).unwrap()[partition].start = offset;
    }

    /// The values in a partition's log, in order.
    pub(crate) fn values(&self, topic: &str, partition: usize) -> Vec<String> {
        let model = self.0.lock();
        let mut values = Vec::new();
        for batch in batches(&model.topics[topic][partition].bytes) {
            let batch = batch.unwrap();
            let body = batch
                .inflate(&mut Inflater::new(), InflateLimit::usual(1 << 20))
                .unwrap();
            for record in klamm_records::Records::new(batch.header(), &body) {
                let value = record.unwrap().value.unwrap().to_vec();
                values.push(String::from_utf8(value).unwrap());
            }
        }
        values
    }

    /// How many batches a partition's log has.
    pub(crate) fn batches(&self, topic: &str, partition: usize) -> usize {
        batches(&self.0.lock().topics[topic][partition].bytes).count()
    }

    /// Node, API and version of all requests.
    pub(crate) fn seen(&self) -> Vec<(i32, ApiKey, i16)> {
        self.0.lock().seen.clone()
    }

    /// Answers one connection until it ends.
    pub(crate) async fn serve(self, node: i32, mut stream: DuplexStream) {
        loop {
            let Ok(length) = stream.read_i32().await else {
                return;
            };
            let mut frame = vec![0; usize::try_from(length).unwrap()];
            if stream.read_exact(&mut frame).await.is_err() {
                return;
            }
            let (header, dec) = RequestHeader::decode(frame.into()).unwrap();
            let fault = {
                let mut model = self.0.lock();
                model.requests += 1;
                model.seen.push((node, header.key, header.version));
                let number = model.requests;
                (model.faults)(node, header.key, number)
            };
            if fault == Fault::CutBefore || !self.is_up(node) {
                return;
            }
            let refusal = match fault {
                Fault::Refuse(code) => Some(code),
                _ => None,
            };
            let answer = self.answer(node, &header, dec, refusal).await;
            match fault {
                Fault::CutAfter => return,
                Fault::Silence => continue,
                Fault::Late(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
                Fault::None | Fault::CutBefore | Fault::Refuse(_) => {}
            }
            if let Some(answer) = answer
                && stream.write_all(&answer).await.is_err()
            {
                return;
            }
        }
    }

    async fn answer(
        &self,
        node: i32,
        header: &RequestHeader,
        dec: Dec,
        refusal: Option<ErrorCode>,
    ) -> Option<Bytes> {
        match header.key {
            ApiKey::ApiVersions => Some(self.api_versions(header)),
            ApiKey::Metadata => Some(reply::<MetadataRequest>(header, dec, |request| {
                self.metadata(&request)
            })),
            ApiKey::InitProducerId => Some(reply::<InitProducerIdRequest>(header, dec, |_| {
                let mut model = self.0.lock();
                model.next_producer += 1;
                InitProducerIdResponse {
                    producer_id: model.next_producer,
                    error_code: refusal.unwrap_or_default().0,
                    ..Default::default()
                }
            })),
            ApiKey::Produce => {
                let mut acks = 0;
                let answer = reply::<ProduceRequest>(header, dec, |request| {
                    acks = request.acks;
                    self.produce(node, &request, refusal)
                });
                (acks != 0).then_some(answer)
            }
            ApiKey::ListOffsets => Some(reply::<ListOffsetsRequest>(header, dec, |request| {
                self.list_offsets(node, &request, refusal)
            })),
            ApiKey::Fetch => {
                let mut dec = dec;
                let request = FetchRequest::decode(&mut dec, header.version).unwrap();
                let mut response = self.fetch(node, &request, refusal);
                if is_empty(&response) {
                    let wait = u64::try_from(request.max_wait_ms).unwrap();
                    tokio::time::sleep(Duration::from_millis(wait)).await;
                    response = self.fetch(node, &request, refusal);
                }
                Some(encode::<FetchRequest>(header, &response))
            }
            other => panic!("the broker on paper does not know {other}"),
        }
    }

    fn api_versions(&self, header: &RequestHeader) -> Bytes {
        let model = self.0.lock();
        let api_keys = ApiKey::ALL.iter().map(|key| {
            let (min_version, max_version) = key.versions();
            let ceiling = model
                .ceilings
                .get(&(*key as i16))
                .copied()
                .unwrap_or(max_version);
            ApiVersion { api_key: *key as i16, min_version, max_version: ceiling }
        });
        let mut response =
            ApiVersionsResponse { api_keys: api_keys.collect(), ..Default::default() };
        let ceiling = model.ceilings.get(&(ApiKey::ApiVersions as i16)).copied();
        if ceiling.is_some_and(|ceiling| header.version > ceiling) {
            response.error_code = ErrorCode::UNSUPPORTED_VERSION.0;
            let old = RequestHeader { version: 0, ..header.clone() };
            return encode::<ApiVersionsRequest>(&old, &response);
        }
        encode::<ApiVersionsRequest>(header, &response)
    }

    fn metadata(&self, request: &MetadataRequest) -> MetadataResponse {
        let mut model = self.0.lock();
        let (nodes, partitions) = (model.nodes, model.partitions);
        let mut topics = Vec::new();
        for wanted in request.topics.iter().flatten() {
            let name = wanted.name.clone().unwrap();
            if name.starts_with("missing") {
                let error_code = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.0;
                topics.push(MetadataResponseTopic {
                    error_code,
                    name: Some(name),
                    ..Default::default()
                });
                continue;
            }
            let fresh = || (0..partitions).map(|p| Log { leader: p % nodes, ..Log::default() });
            let logs = model
                .topics
                .entry(name.to_string())
                .or_insert_with(|| fresh().collect());
            let partitions = logs
                .iter()
                .zip(0..)
                .map(|(log, index)| MetadataResponsePartition {
                    partition_index: index,
                    leader_id: log.leader,
                    leader_epoch: log.epoch,
                    replica_nodes: vec![log.leader],
                    isr_nodes: vec![log.leader],
                    ..Default::default()
                });
            topics.push(MetadataResponseTopic {
                topic_id: id_of(&name),
                name: Some(name),
                partitions: partitions.collect(),
                ..Default::default()
            });
        }
        let brokers = (0..nodes).map(|node_id| MetadataResponseBroker {
            node_id,
            host: "127.0.0.1".into(),
            port: i32::from(crate::network::PORT) + node_id,
            rack: None,
        });
        MetadataResponse {
            brokers: brokers.collect(),
            controller_id: 0,
            topics,
            ..Default::default()
        }
    }

    fn produce(
        &self,
        node: i32,
        request: &ProduceRequest,
        refusal: Option<ErrorCode>,
    ) -> ProduceResponse {
        let mut model = self.0.lock();
        let batch_bytes_max = model.batch_bytes_max;
        let mut responses = Vec::new();
        for topic in &request.topic_data {
            let logs = model.topics.get_mut(topic.name.as_str()).unwrap();
            let mut partition_responses = Vec::new();
            for data in &topic.partition_data {
                let log = &mut logs[usize::try_from(data.index).unwrap()];
                let bytes = data.records.as_ref().and_then(Records::as_bytes).unwrap();
                let result = match refusal {
                    Some(code) => Err(code),
                    None if bytes.len() > batch_bytes_max => Err(ErrorCode::MESSAGE_TOO_LARGE),
                    None => log.append(node, bytes),
                };
                partition_responses.push(PartitionProduceResponse {
                    index: data.index,
                    error_code: result.err().unwrap_or_default().0,
                    base_offset: result.unwrap_or(-1),
                    ..Default::default()
                });
            }
            responses.push(TopicProduceResponse {
                name: topic.name.clone(),
                partition_responses,
                ..Default::default()
            });
        }
        ProduceResponse { responses, ..Default::default() }
    }

    fn list_offsets(
        &self,
        node: i32,
        request: &ListOffsetsRequest,
        refusal: Option<ErrorCode>,
    ) -> ListOffsetsResponse {
        let model = self.0.lock();
        let topics = request.topics.iter().map(|topic| {
            let logs = &model.topics[topic.name.as_str()];
            let partitions = topic.partitions.iter().map(|wanted| {
                let log = &logs[usize::try_from(wanted.partition_index).unwrap()];
                let code = refusal.or_else(|| log.refuses(node, wanted.current_leader_epoch));
                ListOffsetsPartitionResponse {
                    partition_index: wanted.partition_index,
                    error_code: code.unwrap_or_default().0,
                    offset: match wanted.timestamp {
                        -2 => log.start,
                        -1 => log.end,
                        // All records are as old as the clock stands still.
                        ms if ms <= crate::network::NOW_MS => log.start,
                        _ => -1,
                    },
                    ..Default::default()
                }
            });
            ListOffsetsTopicResponse { name: topic.name.clone(), partitions: partitions.collect() }
        });
        ListOffsetsResponse { topics: topics.collect(), ..Default::default() }
    }

    fn fetch(
        &self,
        node: i32,
        request: &FetchRequest,
        refusal: Option<ErrorCode>,
    ) -> FetchResponse {
        let model = self.0.lock();
        let mut responses = Vec::new();
        for topic in &request.topics {
            let by_id = |(name, _): &(&String, &Vec<Log>)| {
                topic.topic.as_str() == name.as_str() || id_of(name) == topic.topic_id
            };
            let (_, logs) = model.topics.iter().find(by_id).unwrap();
            let partitions = topic.partitions.iter().map(|wanted| {
                let log = &logs[usize::try_from(wanted.partition).unwrap()];
                let outside = !(log.start..=log.end).contains(&wanted.fetch_offset);
                let outside = outside.then_some(ErrorCode::OFFSET_OUT_OF_RANGE);
                let code = refusal
                    .or_else(|| log.refuses(node, wanted.current_leader_epoch))
                    .or(outside);
                let records = match code {
                    None => log.read(wanted.fetch_offset, wanted.partition_max_bytes),
                    Some(_) => Bytes::new(),
                };
                fetch::PartitionData {
                    partition_index: wanted.partition,
                    error_code: code.unwrap_or_default().0,
                    high_watermark: log.end,
                    records: Some(records.into()),
                    ..Default::default()
                }
            });
            responses.push(FetchableTopicResponse {
                topic: topic.topic.clone(),
                topic_id: topic.topic_id,
                partitions: partitions.collect(),
            });
        }
        FetchResponse { responses, ..Default::default() }
    }
}

impl Log {
    fn refuses(&self, node: i32, epoch: i32) -> Option<ErrorCode> {
        if node != self.leader {
            Some(ErrorCode::NOT_LEADER_OR_FOLLOWER)
        } else if epoch >= 0 && epoch < self.epoch {
            Some(ErrorCode::FENCED_LEADER_EPOCH)
        } else {
            None
        }
    }

    fn append(&mut self, node: i32, bytes: &Bytes) -> Result<i64, ErrorCode> {
        if let Some(code) = self.refuses(node, -1) {
            return Err(code);
        }
        let batch = BatchView::parse(bytes).unwrap();
        batch.validate_envelope().unwrap();
        let header = *batch.header();
        assert_eq!(batch.bytes().len(), bytes.len(), "one batch in a partition");
        if header.has_producer()
            && let Some(known) = self.producers.get(&header.producer_id.0)
        {
            let (first, last) = (header.base_sequence, header.last_sequence());
            if header.producer_epoch < known.epoch {
                return Err(ErrorCode::INVALID_PRODUCER_EPOCH);
            }
            if header.producer_epoch == known.epoch {
                let same = known
                    .batches
                    .iter()
                    .find(|(f, l, _)| (*f, *l) == (first, last));
                if let Some((_, _, offset)) = same {
                    return Ok(*offset);
                }
                let next = known
                    .batches
                    .back()
                    .map_or(0, |(_, last, _)| (last + 1) & i32::MAX);
                if first != next {
                    return Err(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
                }
            } else if first != 0 {
                return Err(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
            }
        }
        let base = self.end;
        let stamp = Stamp {
            base_offset: Offset(base),
            leader_epoch: LeaderEpoch(self.epoch),
            time: StampTime::Keep,
        };
        self.bytes.extend_from_slice(&batch.stamped(stamp));
        self.bytes.extend_from_slice(batch.body());
        self.end += i64::from(header.record_count);
        if header.has_producer() {
            let fresh = || Remembered { epoch: -1, batches: VecDeque::new() };
            let known = self
                .producers
                .entry(header.producer_id.0)
                .or_insert_with(fresh);
            if known.epoch != header.producer_epoch {
                known.batches.clear();
                known.epoch = header.producer_epoch;
            }
            known
                .batches
                .push_back((header.base_sequence, header.last_sequence(), base));
            if known.batches.len() > 5 {
                known.batches.pop_front();
            }
        }
        Ok(base)
    }

    /// Whole batches from the one that holds `offset` on, and a cut one at the end.
    fn read(&self, offset: i64, bytes_max: i32) -> Bytes {
        let mut walk = batches(&self.bytes);
        let mut start = 0;
        while let Some(Ok(batch)) = walk.next() {
            if batch.header().next_offset().0 > offset {
                let first = start + batch.bytes().len();
                let max = start + usize::try_from(bytes_max).unwrap();
                let end = max.max(first).min(self.bytes.len());
                return Bytes::copy_from_slice(&self.bytes[start..end]);
            }
            start = walk.position();
        }
        Bytes::new()
    }
}

fn is_empty(response: &FetchResponse) -> bool {
    response
        .responses
        .iter()
        .flat_map(|topic| &topic.partitions)
        .all(|partition| {
            partition.error_code == 0 && partition.records.as_ref().is_none_or(Records::is_empty)
        })
}

fn id_of(name: &str) -> Uuid {
    let sum = name
        .bytes()
        .fold(7u128, |sum, byte| sum * 257 + u128::from(byte));
    Uuid(sum)
}

fn reply<R: Request>(
    header: &RequestHeader,
    mut dec: Dec,
    handle: impl FnOnce(R) -> R::Response,
) -> Bytes {
    let request = R::decode(&mut dec, header.version).unwrap();
    encode::<R>(header, &handle(request))
}

fn encode<R: Request>(header: &RequestHeader, response: &R::Response) -> Bytes {
    let output = encode_response::<R>(response, header.version, header.correlation_id).unwrap();
    output.into_bytes().unwrap()
}
