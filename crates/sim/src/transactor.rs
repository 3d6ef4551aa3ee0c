//! Transactional producers: each owns an id and a topic, and ends what it has begun, or is ended by its next life.
//!
//! Their topics and `__transaction_state` are synced before they answer, so that a promise holds over a power cut too.

use crate::Fault;
use crate::admin::topic_id;
use crate::oracle::TransactionKey;
use crate::stage::Client;
use bytes::Bytes;
use klamm_codec::{Records, Str};
use klamm_model::{ProducerId, Uuid};
use klamm_records::{BatchBuilder, BatchFields, Codec, Compression, Deflater, NewRecord};
use klamm_wire::ErrorCode;
use klamm_wire::messages::add_partitions_to_txn::{
    AddPartitionsToTxnRequest, AddPartitionsToTxnTopic,
};
use klamm_wire::messages::create_topics::{
    CreatableTopic, CreatableTopicConfig, CreateTopicsRequest,
};
use klamm_wire::messages::end_txn::EndTxnRequest;
use klamm_wire::messages::find_coordinator::FindCoordinatorRequest;
use klamm_wire::messages::incremental_alter_configs::{
    AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequest,
};
use klamm_wire::messages::init_producer_id::InitProducerIdRequest;
use klamm_wire::messages::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// Partitions of each transactor's topic.
pub(crate) const PARTITIONS: i32 = 3;
const TIMEOUT: Duration = Duration::from_secs(10);
pub(crate) const STATE_TOPIC: &str = "__transaction_state";
const TOPIC_RESOURCE: i8 = 2;
pub(crate) const TRANSACTIONS: i8 = 1;

/// The topic of a transactor.
pub(crate) fn topic_of(number: usize) -> String {
    format!("transactions-{number}")
}

/// A client with its id.
#[derive(Debug)]
struct Transactor {
    id: Str,
    topic: Str,
    producer: (i64, i16),
    /// It leaves it to the broker to add partitions, and gets an epoch for each transaction (KIP-890).
    is_new: bool,
    /// The next sequence number in each partition, for this epoch.
    sequences: BTreeMap<i32, i32>,
}

/// A transaction under way.
struct Open {
    key: TransactionKey,
    began: Instant,
    partitions: BTreeSet<i32>,
    records: u32,
}

/// How a request of a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Done,
    /// The transaction can't go on.
    Refused,
}

/// Commits and aborts until the run drains, and then leaves nothing open.
pub(crate) async fn transact(mut client: Client, number: usize) {
    let mut transactor = Transactor {
        id: Str::from(format!("id-{number}")),
        topic: Str::from(topic_of(number)),
        producer: (-1, -1),
        is_new: client.rng.percent(50),
        sequences: BTreeMap::new(),
    };
    create_topic(&mut client, &transactor.topic, PARTITIONS).await;
    find_coordinator(&mut client, &transactor.id, TRANSACTIONS).await;
    prepare_state(&mut client).await;
    transactor.begin_anew(&mut client).await;
    while !client.draining() {
        transactor.transaction(&mut client).await;
        client.pause(400).await;
    }
    transactor.begin_anew(&mut client).await;
}

impl Transactor {
    async fn transaction(&mut self, client: &mut Client) {
        let key = client.stage.oracle().transactions.begin();
        let mut open = Open {
            key,
            began: Instant::now(),
            partitions: BTreeSet::new(),
            records: 0,
        };
        for _ in 0..client.rng.between(1, 5) {
            if self.write(client, &mut open).await == End::Refused {
                self.begin_anew(client).await;
                return;
            }
        }
        if client.rng.percent(4) {
            client.stage.reach("a transaction that lasts too long");
            client.pause(20_000).await;
        }
        if client.rng.percent(10) {
            client.stage.reach("a transaction that its client forgot");
            self.begin_anew(client).await;
            return;
        }
        let commit = client.rng.percent(70);
        if self.end(client, &open, commit).await == End::Refused {
            self.begin_anew(client).await;
        }
    }

    async fn write(&mut self, client: &mut Client, open: &mut Open) -> End {
        let count = u64::try_from(PARTITIONS).unwrap_or(1);
        let partition = i32::try_from(client.rng.below(count)).unwrap_or(0);
        if !self.is_new
            && open.partitions.insert(partition)
            && self.add(client, open, partition).await == End::Refused
        {
            return End::Refused;
        }
        let record = open.records;
        open.records += 1;
        let sequence = self.sequences.entry(partition).or_default();
        // What the record belongs to.
        let mut value = open.key.0.to_be_bytes().to_vec();
        value.extend_from_slice(&record.to_be_bytes());
        let timestamp_ms = crate::RecordId(open.key.0).timestamp_ms();
        let bytes = batch(self.producer, *sequence, timestamp_ms, [value]);
        *sequence += 1;
        let request = self.produce(partition, bytes);
        let version = if self.is_new { 12 } else { 9 };
        loop {
            let response = client.call(&request, version).await;
            let answer = response
                .responses
                .iter()
                .flat_map(|topic| &topic.partition_responses)
                .next();
            let code = answer.map_or(ErrorCode::UNKNOWN_SERVER_ERROR, |answer| {
                ErrorCode(answer.error_code)
            });
            match code {
                ErrorCode::NONE | ErrorCode::DUPLICATE_SEQUENCE_NUMBER => {
                    let mut oracle = client.stage.oracle();
                    oracle.transactions.wrote(open.key, partition, record);
                    return End::Done;
                }
                code => {
                    if self.refuses(client, "Produce", code, open).await {
                        return End::Refused;
                    }
                }
            }
        }
    }

    async fn add(&self, client: &mut Client, open: &Open, partition: i32) -> End {
        let request = AddPartitionsToTxnRequest {
            v3_and_below_transactional_id: self.id.clone(),
            v3_and_below_producer_id: self.producer.0,
            v3_and_below_producer_epoch: self.producer.1,
            v3_and_below_topics: vec![AddPartitionsToTxnTopic {
                name: self.topic.clone(),
                partitions: vec![partition],
            }],
            ..AddPartitionsToTxnRequest::default()
        };
        loop {
            let response = client.call(&request, 3).await;
            let result = response
                .results_by_topic_v3_and_below
                .iter()
                .flat_map(|topic| &topic.results_by_partition)
                .next();
            let code = result.map_or(ErrorCode::UNKNOWN_SERVER_ERROR, |result| {
                ErrorCode(result.partition_error_code)
            });
            if code == ErrorCode::NONE {
                return End::Done;
            }
            if self.refuses(client, "AddPartitionsToTxn", code, open).await {
                return End::Refused;
            }
        }
    }

    async fn end(&mut self, client: &mut Client, open: &Open, commit: bool) -> End {
        if commit {
            client.stage.oracle().transactions.committing(open.key);
        }
        let request = EndTxnRequest {
            transactional_id: self.id.clone(),
            producer_id: self.producer.0,
            producer_epoch: self.producer.1,
            committed: commit,
        };
        loop {
            let response = client.call(&request, if self.is_new { 5 } else { 4 }).await;
            match ErrorCode(response.error_code) {
                ErrorCode::NONE => {
                    let mut oracle = client.stage.oracle();
                    oracle.transactions.ended(open.key, commit);
                    drop(oracle);
                    client.stage.reach(if commit {
                        "a transaction committed"
                    } else {
                        "a transaction aborted"
                    });
                    if self.is_new {
                        self.producer = (response.producer_id, response.producer_epoch);
                        self.sequences.clear();
                    }
                    return End::Done;
                }
                code => {
                    if self.refuses(client, "EndTxn", code, open).await {
                        return End::Refused;
                    }
                }
            }
        }
    }

    /// Whether a code ends the transaction; otherwise a while has passed. Before its time is over nobody may end it: the
    /// id has one client. Only a clock that jumps may let the time be over early.
    async fn refuses(&self, client: &mut Client, api: &str, code: ErrorCode, open: &Open) -> bool {
        if code.is_retriable() && code != ErrorCode::CORRUPT_MESSAGE {
            client.pause(200).await;
            return false;
        }
        let is_in_time = open.began.elapsed() < TIMEOUT;
        if is_in_time && !client.stage.options.faults.contains(&Fault::ClockJump) {
            let text = format!("{api} of {} was answered with {code:?}", &*self.id);
            client.stage.violation(text);
        }
        client
            .stage
            .reach("a transaction that was ended by the coordinator");
        true
    }

    /// The next life of the client: whatever is open is aborted first.
    async fn begin_anew(&mut self, client: &mut Client) {
        let timeout_ms = i32::try_from(TIMEOUT.as_millis()).unwrap_or(i32::MAX);
        let request = InitProducerIdRequest {
            transactional_id: Some(self.id.clone()),
            transaction_timeout_ms: timeout_ms,
            producer_id: -1,
            producer_epoch: -1,
            ..InitProducerIdRequest::default()
        };
        loop {
            let response = client.call(&request, 5).await;
            match ErrorCode(response.error_code) {
                ErrorCode::NONE => {
                    let (id, epoch) = (response.producer_id, response.producer_epoch);
                    client.stage.oracle().producer_id(id, epoch);
                    self.producer = (id, epoch);
                    self.sequences.clear();
                    return;
                }
                code if code.is_retriable() => client.pause(200).await,
                code => {
                    let text = format!("InitProducerId was answered with {code:?}");
                    client.stage.violation(text);
                    client.pause(1_000).await;
                }
            }
        }
    }

    fn produce(&self, partition: i32, bytes: Bytes) -> ProduceRequest {
        let partition =
            PartitionProduceData { index: partition, records: Some(Records::Bytes(bytes)) };
        ProduceRequest {
            transactional_id: Some(self.id.clone()),
            acks: -1,
            timeout_ms: 10_000,
            topic_data: vec![TopicProduceData {
                name: self.topic.clone(),
                partition_data: vec![partition],
                ..TopicProduceData::default()
            }],
        }
    }
}

/// Records of a transaction, all of one time.
pub(crate) fn batch(
    producer: (i64, i16),
    base_sequence: i32,
    timestamp_ms: i64,
    values: impl IntoIterator<Item = Vec<u8>>,
) -> Bytes {
    let mut builder = BatchBuilder::new();
    for value in values {
        let new = NewRecord { timestamp_ms, key: None, value: Some(&value), headers: &[] };
        builder
            .append(&new)
            .expect("small records stay far below 2 GiB");
    }
    let fields = BatchFields {
        producer_id: ProducerId(producer.0),
        producer_epoch: producer.1,
        base_sequence,
        transactional: true,
        ..BatchFields::default()
    };
    builder
        .build(
            &fields,
            Codec::from(Compression::None),
            &mut Deflater::new(),
        )
        .expect("writing bytes to memory needs only memory")
}

/// What a record belongs to.
pub(crate) fn recognise(value: Option<&[u8]>) -> Option<(TransactionKey, u32)> {
    let (key, rest) = value?.split_first_chunk::<8>()?;
    let record = u32::from_be_bytes(rest.try_into().ok()?);
    Some((TransactionKey(u64::from_be_bytes(*key)), record))
}

/// Makes a topic that is synced before it answers; its id.
pub(crate) async fn create_topic(client: &mut Client, name: &Str, partitions: i32) -> Uuid {
    let config = CreatableTopicConfig {
        name: Str::from("flush.messages"),
        value: Some(Str::from("1")),
    };
    let request = CreateTopicsRequest {
        topics: vec![CreatableTopic {
            name: name.clone(),
            num_partitions: partitions,
            replication_factor: 1,
            configs: vec![config],
            ..CreatableTopic::default()
        }],
        timeout_ms: 10_000,
        ..CreateTopicsRequest::default()
    };
    loop {
        let response = client.call(&request, 5).await;
        let code = response.topics.first().map(|t| ErrorCode(t.error_code));
        match code {
            Some(ErrorCode::NONE | ErrorCode::TOPIC_ALREADY_EXISTS) => break,
            _ => client.pause(200).await,
        }
    }
    loop {
        let id = topic_id(client, name).await;
        if id != Uuid::ZERO {
            return id;
        }
        client.pause(100).await;
    }
}

/// Makes a coordinator's topic.
pub(crate) async fn find_coordinator(client: &mut Client, key: &Str, key_type: i8) {
    let request = FindCoordinatorRequest {
        key: key.clone(),
        key_type,
        ..FindCoordinatorRequest::default()
    };
    while client.call(&request, 2).await.error_code != ErrorCode::NONE.code() {
        client.pause(200).await;
    }
}

/// The coordinator's log is synced before it answers, and compacted while it is used.
pub(crate) async fn prepare_state(client: &mut Client) {
    configure(client, STATE_TOPIC, "flush.messages", "1").await;
    compact_soon(client, STATE_TOPIC).await;
}

/// Small segments, each of which is compacted once it is closed.
pub(crate) async fn compact_soon(client: &mut Client, topic: &str) {
    for (name, value) in [
        ("internal.segment.bytes", "20000"),
        ("segment.ms", "3000"),
        ("min.cleanable.dirty.ratio", "0"),
    ] {
        configure(client, topic, name, value).await;
    }
}

/// Sets an option of a topic.
pub(crate) async fn configure(client: &mut Client, topic: &str, name: &str, value: &str) {
    let request = IncrementalAlterConfigsRequest {
        resources: vec![AlterConfigsResource {
            resource_type: TOPIC_RESOURCE,
            resource_name: Str::from(topic),
            configs: vec![AlterableConfig {
                name: Str::from(name),
                config_operation: 0,
                value: Some(Str::from(value)),
            }],
        }],
        validate_only: false,
    };
    loop {
        let response = client.call(&request, 0).await;
        let code = response.responses.first().map(|r| r.error_code);
        if code == Some(ErrorCode::NONE.code()) {
            return;
        }
        client.pause(200).await;
    }
}
