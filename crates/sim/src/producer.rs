//! Producers: plain ones that repeat what was not answered, idempotent ones with several batches in flight.

use crate::oracle::{BatchKey, ProducerKey};
use crate::record::RecordId;
use crate::rpc::{RpcError, Ticket};
use crate::stage::{Client, Target};
use bytes::Bytes;
use klamm_codec::{Records, Str};
use klamm_model::ProducerId;
use klamm_records::{
    BatchBuilder, BatchFields, Codec, Compression, Deflater, HeaderView, NewRecord,
};
use klamm_wire::ErrorCode;
use klamm_wire::messages::init_producer_id::InitProducerIdRequest;
use klamm_wire::messages::produce::{
    PartitionProduceData, PartitionProduceResponse, ProduceRequest, TopicProduceData,
};
use std::collections::VecDeque;

/// A session: one partition, one way to produce.
#[derive(Debug)]
struct Session {
    target: Target,
    producer: ProducerKey,
    acks: i16,
    version: i16,
    codec: Codec,
    /// Id, epoch, and the next sequence number.
    identity: Option<(i64, i16, i32)>,
    window: usize,
    left_to_make: u64,
    records_max: usize,
    queue: VecDeque<Pending>,
}

/// A batch that is not settled.
#[derive(Debug)]
struct Pending {
    key: BatchKey,
    bytes: Bytes,
    /// On the current connection.
    ticket: Option<Ticket>,
    attempts: u32,
}

/// What an answer means for the batch that waited longest.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Settled,
    Again,
    EndSession,
}

/// Produces until the run drains.
pub(crate) async fn produce(mut client: Client) {
    while !client.draining() {
        match client.target() {
            Some(target) => run_session(&mut client, target).await,
            None => client.pause(1_000).await,
        }
        client.pause(300).await;
    }
}

async fn run_session(client: &mut Client, target: Target) {
    let idempotent = client.rng.percent(client.stage.options.idempotent_percent);
    let producer = client.stage.oracle().producer(idempotent);
    let identity = if idempotent {
        let (id, epoch) = identify(client).await;
        Some((id, epoch, 0))
    } else {
        None
    };
    let compression = [
        Compression::None,
        Compression::None,
        Compression::Gzip,
        Compression::Snappy,
        Compression::Lz4,
        Compression::Zstd,
    ];
    let mut session = Session {
        target,
        producer,
        acks: if idempotent {
            -1
        } else {
            [-1, 1, 1, 0][client.rng.index(4)]
        },
        version: client.version::<ProduceRequest>(client.lowest_with_ids()),
        codec: Codec::from(compression[client.rng.index(compression.len())]),
        identity,
        window: if idempotent {
            1 + client.rng.index(5)
        } else {
            1
        },
        left_to_make: client.rng.between(1, 40),
        records_max: [1, 4, 40][client.rng.index(3)],
        queue: VecDeque::new(),
    };
    // A version below zstd's can't carry it.
    if session.version < 7 && session.codec == Codec::from(Compression::Zstd) {
        session.codec = Codec::from(Compression::Lz4);
    }
    session.run(client).await;
    let mut oracle = client.stage.oracle();
    for pending in session.queue {
        oracle.given_up(pending.key);
    }
}

/// Asks for a producer id until there is one.
pub(crate) async fn identify(client: &mut Client) -> (i64, i16) {
    loop {
        let request = InitProducerIdRequest {
            transactional_id: None,
            transaction_timeout_ms: 60_000,
            producer_id: -1,
            producer_epoch: -1,
            ..InitProducerIdRequest::default()
        };
        let version = client.version::<InitProducerIdRequest>(0);
        let response = client.call(&request, version).await;
        match ErrorCode(response.error_code) {
            ErrorCode::NONE => {
                let (id, epoch) = (response.producer_id, response.producer_epoch);
                client.stage.oracle().producer_id(id, epoch);
                return (id, epoch);
            }
            code if code.is_retriable() => client.pause(100).await,
            code => {
                let text = format!("InitProducerId was answered with {code:?}");
                client.stage.violation(text);
                client.pause(1_000).await;
            }
        }
    }
}

impl Session {
    async fn run(&mut self, client: &mut Client) {
        loop {
            while self.queue.len() < self.window && self.left_to_make > 0 && !client.draining() {
                self.make(client);
            }
            if self.queue.is_empty() {
                return;
            }
            if !self.send_unsent(client).await {
                for pending in &mut self.queue {
                    pending.ticket = None;
                }
                continue;
            }
            if self.acks == 0 {
                // Never answered; whether it arrived shows in what consumers read.
                for pending in self.queue.drain(..) {
                    client.stage.oracle().given_up(pending.key);
                }
                client.pause(20).await;
                continue;
            }
            match self.settle_first(client).await {
                Verdict::Settled => {
                    self.queue.pop_front();
                    if client.rng.percent(60) {
                        client.pause(300).await;
                    }
                }
                Verdict::Again => {
                    client.rpc = None;
                    for pending in &mut self.queue {
                        pending.ticket = None;
                    }
                    client.pause(200).await;
                }
                Verdict::EndSession => {
                    client.rpc = None;
                    return;
                }
            }
        }
    }

    fn make(&mut self, client: &mut Client) {
        self.left_to_make -= 1;
        let count = 1 + client.rng.index(self.records_max);
        let (key, ids) = client
            .stage
            .oracle()
            .sending(self.target.key, self.producer, count);
        let compacted = client.stage.oracle().is_compacted(self.target.key);
        let bytes = batch(&ids, (self.codec, compacted), &mut self.identity);
        self.queue
            .push_back(Pending { key, bytes, ticket: None, attempts: 0 });
    }

    /// Sends what is not on the connection yet; false if the connection broke.
    async fn send_unsent(&mut self, client: &mut Client) -> bool {
        for i in 0..self.queue.len() {
            let pending = &self.queue[i];
            if pending.ticket.is_some() {
                continue;
            }
            let request = self.request(pending.bytes.clone());
            let version = self.version;
            let Some(rpc) = client.connected().await else {
                return false;
            };
            match rpc.send(&request, version).await {
                Ok(ticket) => {
                    self.queue[i].ticket = Some(ticket);
                    self.queue[i].attempts += 1;
                }
                Err(_) => {
                    // Part of the request may have gone out.
                    self.queue[i].attempts += 1;
                    client.fail(RpcError::Lost).await;
                    return false;
                }
            }
        }
        true
    }

    fn request(&self, bytes: Bytes) -> ProduceRequest {
        let by_id = self.version >= 13;
        let partition = PartitionProduceData {
            index: self.target.key.partition,
            records: Some(Records::Bytes(bytes)),
        };
        let mut topic = TopicProduceData {
            partition_data: vec![partition],
            ..TopicProduceData::default()
        };
        if by_id {
            topic.topic_id = self.target.key.topic;
        } else {
            topic.name = Str::from(self.target.name.as_str());
        }
        ProduceRequest {
            acks: self.acks,
            timeout_ms: 10_000,
            topic_data: vec![topic],
            ..ProduceRequest::default()
        }
    }

    /// Waits for the answer to the first batch.
    async fn settle_first(&mut self, client: &mut Client) -> Verdict {
        let Some((pending, ticket)) = self.queue.front().and_then(|p| Some((p, p.ticket?))) else {
            return Verdict::Again;
        };
        let (key, attempts) = (pending.key, pending.attempts);
        let Some(rpc) = client.rpc.as_mut() else {
            return Verdict::Again;
        };
        let answer = match rpc.receive::<ProduceRequest>(ticket).await {
            Ok(response) => response
                .responses
                .into_iter()
                .flat_map(|topic| topic.partition_responses)
                .next(),
            Err(error) => {
                client.fail(error).await;
                // Now and then a program ends instead of trying again.
                return if client.rng.percent(3) {
                    Verdict::EndSession
                } else {
                    Verdict::Again
                };
            }
        };
        let Some(answer) = answer else {
            let text = "Produce was answered without the partition".to_owned();
            client.stage.violation(text);
            return Verdict::EndSession;
        };
        let place = (&self.target, self.identity.is_some());
        judge(client, place, (key, attempts), &answer)
    }
}

/// What the answer to a batch means, and tells the oracle of it.
pub(crate) fn judge(
    client: &Client,
    (target, is_idempotent): (&Target, bool),
    (key, attempts): (BatchKey, u32),
    answer: &PartitionProduceResponse,
) -> Verdict {
    let stage = &client.stage;
    match ErrorCode(answer.error_code) {
        ErrorCode::NONE => {
            stage.oracle().acknowledged(key, answer.base_offset);
            if attempts > 1 {
                stage.reach("a batch acknowledged after a repetition");
            }
            Verdict::Settled
        }
        ErrorCode::DUPLICATE_SEQUENCE_NUMBER if attempts > 1 => {
            stage.oracle().acknowledged(key, -1);
            Verdict::Settled
        }
        // A power cut took records that this producer counts on: only a new session can go on.
        ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER
        | ErrorCode::UNKNOWN_PRODUCER_ID
        | ErrorCode::INVALID_PRODUCER_EPOCH
            if is_idempotent =>
        {
            stage.reach("a producer that must begin anew");
            Verdict::EndSession
        }
        ErrorCode::UNKNOWN_TOPIC_OR_PARTITION | ErrorCode::UNKNOWN_TOPIC_ID
            if client.is_deleting(target.key.topic) =>
        {
            stage.reach("a write to a deleted topic");
            Verdict::EndSession
        }
        ErrorCode::UNKNOWN_SERVER_ERROR => {
            stage.violation("Produce was answered with UNKNOWN_SERVER_ERROR".to_owned());
            Verdict::EndSession
        }
        code if code.is_retriable() && code != ErrorCode::CORRUPT_MESSAGE => {
            stage.reach(if code == ErrorCode::KAFKA_STORAGE_ERROR {
                "a write refused by a failed disk"
            } else {
                "a write to be tried again"
            });
            Verdict::Again
        }
        code => {
            stage.violation(format!("Produce was answered with {code:?}"));
            if attempts == 1 {
                stage.oracle().refused(key);
            }
            Verdict::EndSession
        }
    }
}

/// The batch of some records; moves the sequence number on.
pub(crate) fn batch(
    ids: &[RecordId],
    (codec, compacted): (Codec, bool),
    identity: &mut Option<(i64, i16, i32)>,
) -> Bytes {
    let mut builder = BatchBuilder::new();
    for id in ids {
        let (key, value) = (id.key_in(compacted), id.value());
        let headers = [HeaderView { key: b"h", value: Some(b"v") }];
        let record = NewRecord {
            timestamp_ms: id.timestamp_ms(),
            key: key.as_deref(),
            value: Some(&value),
            headers: if id.0.is_multiple_of(3) {
                &headers
            } else {
                &[]
            },
        };
        builder
            .append(&record)
            .expect("a few small records stay far below 2 GiB");
    }
    let mut fields = BatchFields::default();
    if let Some((id, epoch, sequence)) = identity {
        fields.producer_id = ProducerId(*id);
        fields.producer_epoch = *epoch;
        fields.base_sequence = *sequence;
        *sequence += i32::try_from(ids.len()).unwrap_or(0);
    }
    builder
        .build(&fields, codec, &mut Deflater::new())
        .expect("compressing bytes in memory needs only memory")
}
