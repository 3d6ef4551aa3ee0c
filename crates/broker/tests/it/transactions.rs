//! Transactions over loopback, from the first batch to the marker: what readers see, and what is refused.

use crate::node::{Node, Peer, batch_with, create, run};
use klamm_model::ProducerId;
use klamm_records::{BatchFields, Compression, ControlType, Records, batches};
use klamm_wire::ErrorCode;
use klamm_wire::messages::add_partitions_to_txn::{
    AddPartitionsToTxnRequest, AddPartitionsToTxnTopic,
};
use klamm_wire::messages::describe_transactions::DescribeTransactionsRequest;
use klamm_wire::messages::end_txn::EndTxnRequest;
use klamm_wire::messages::fetch::{FetchPartition, FetchRequest, FetchTopic};
use klamm_wire::messages::find_coordinator::FindCoordinatorRequest;
use klamm_wire::messages::init_producer_id::InitProducerIdRequest;
use klamm_wire::messages::list_offsets::{
    ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic,
};
use klamm_wire::messages::produce::{
    PartitionProduceData, PartitionProduceResponse, ProduceRequest, TopicProduceData,
};
use klamm_wire::messages::{add_offsets_to_txn, delete_topics, offset_fetch, txn_offset_commit};
use std::collections::BTreeMap;

mod compaction;
mod markers;
mod offline;
mod offsets;
mod refusals;

const SMALL: &[&str] = &[
    "transaction.state.log.num.partitions=3",
    "offsets.topic.num.partitions=3",
];

/// The last version of clients of the second level, and that of the level before.
const IMPLICIT: i16 = 12;
const EXPLICIT: i16 = 11;

fn code(error: ErrorCode) -> i16 {
    error.code()
}

const OK: i16 = 0;

/// A transactional producer of one topic, in raw requests.
struct Txn {
    peer: Peer,
    id: &'static str,
    producer: (i64, i16),
    sequences: BTreeMap<i32, i32>,
}

impl Txn {
    async fn new(node: &Node, id: &'static str) -> Self {
        let mut peer = node.connect().await;
        for key_type in [0, 1] {
            let find = FindCoordinatorRequest {
                key_type,
                coordinator_keys: vec![id.into()],
                ..FindCoordinatorRequest::default()
            };
            let found = peer.ask(&find, 6).await;
            assert_eq!(found.coordinators[0].error_code, OK);
        }
        let mut txn = Self { peer, id, producer: (-1, -1), sequences: BTreeMap::new() };
        txn.init().await;
        txn
    }

    async fn init(&mut self) {
        let request = InitProducerIdRequest {
            transactional_id: Some(self.id.into()),
            transaction_timeout_ms: 60_000,
            producer_id: -1,
            producer_epoch: -1,
            ..InitProducerIdRequest::default()
        };
        loop {
            let answer = self.peer.ask(&request, 5).await;
            if answer.error_code != code(ErrorCode::CONCURRENT_TRANSACTIONS) {
                assert_eq!(answer.error_code, OK);
                self.producer = (answer.producer_id, answer.producer_epoch);
                self.sequences.clear();
                return;
            }
        }
    }

    fn request(&mut self, partition: i32, values: &[&str]) -> ProduceRequest {
        let sequence = self.sequences.entry(partition).or_default();
        let request = produce(Some(self.id), self.producer, *sequence, partition, values);
        *sequence += i32::try_from(values.len()).unwrap();
        request
    }

    async fn try_send(&mut self, partition: i32, values: &[&str], version: i16) -> i16 {
        let before = self.sequences.clone();
        let request = self.request(partition, values);
        let error = send(&mut self.peer, &request, version).await.error_code;
        if error != OK {
            self.sequences = before;
        }
        error
    }

    async fn send(&mut self, partition: i32, values: &[&str]) {
        assert_eq!(self.try_send(partition, values, IMPLICIT).await, OK);
    }

    async fn add(&mut self, topic: &str, partitions: impl IntoIterator<Item = i32>) -> i16 {
        let partitions = partitions.into_iter().collect();
        let topic = AddPartitionsToTxnTopic { name: topic.into(), partitions };
        let request = AddPartitionsToTxnRequest {
            v3_and_below_transactional_id: self.id.into(),
            v3_and_below_producer_id: self.producer.0,
            v3_and_below_producer_epoch: self.producer.1,
            v3_and_below_topics: vec![topic],
            ..AddPartitionsToTxnRequest::default()
        };
        loop {
            let answer = self.peer.ask(&request, 3).await;
            let results = &answer.results_by_topic_v3_and_below[0].results_by_partition;
            let error = results[0].partition_error_code;
            if error != code(ErrorCode::CONCURRENT_TRANSACTIONS) {
                return error;
            }
        }
    }

    async fn try_end(&mut self, committed: bool, version: i16) -> i16 {
        let request = EndTxnRequest {
            transactional_id: self.id.into(),
            producer_id: self.producer.0,
            producer_epoch: self.producer.1,
            committed,
        };
        let answer = self.peer.ask(&request, version).await;
        if answer.error_code == OK && version >= 5 {
            self.producer = (answer.producer_id, answer.producer_epoch);
            self.sequences.clear();
        }
        answer.error_code
    }

    /// Ends the transaction, and waits until all its markers are written.
    async fn end(&mut self, committed: bool) {
        assert_eq!(self.try_end(committed, 5).await, OK);
        self.at_rest().await;
    }

    async fn end_explicitly(&mut self, committed: bool) {
        assert_eq!(self.try_end(committed, 4).await, OK);
        self.at_rest().await;
    }

    async fn at_rest(&mut self) {
        let request = DescribeTransactionsRequest { transactional_ids: vec![self.id.into()] };
        loop {
            let answer = self.peer.ask(&request, 0).await;
            let state = &answer.transaction_states[0];
            if !state.transaction_state.starts_with("Prepare") {
                assert_eq!(state.topics.len(), 0);
                return;
            }
        }
    }
}

fn produce(
    id: Option<&str>,
    producer: (i64, i16),
    sequence: i32,
    partition: i32,
    values: &[&str],
) -> ProduceRequest {
    let fields = BatchFields {
        producer_id: ProducerId(producer.0),
        producer_epoch: producer.1,
        base_sequence: sequence,
        transactional: true,
        ..BatchFields::default()
    };
    let values: Vec<&[u8]> = values.iter().map(|value| value.as_bytes()).collect();
    ProduceRequest {
        transactional_id: id.map(Into::into),
        acks: -1,
        timeout_ms: 10_000,
        topic_data: vec![TopicProduceData {
            name: "t".into(),
            partition_data: vec![PartitionProduceData {
                index: partition,
                records: Some(batch_with(&values, Compression::None, &fields).into()),
            }],
            ..TopicProduceData::default()
        }],
    }
}

async fn send(peer: &mut Peer, request: &ProduceRequest, version: i16) -> PartitionProduceResponse {
    let answer = peer.ask(request, version).await;
    answer.responses[0].partition_responses[0].clone()
}

async fn started(overrides: &[&str]) -> (Node, Peer) {
    let node = Node::start(&[SMALL, overrides].concat()).await;
    let mut peer = node.connect().await;
    let mut request = create("t", &[]);
    request.topics[0].num_partitions = 3;
    assert_eq!(peer.ask(&request, 7).await.topics[0].error_code, OK);
    (node, peer)
}

/// What a partition shows to a reader of committed records, and where that ends.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    committed: Vec<String>,
    last_stable_offset: i64,
    high_watermark: i64,
}

async fn fetch(
    peer: &mut Peer,
    topic: &str,
    partition: i32,
    isolation_level: i8,
) -> klamm_wire::messages::fetch::PartitionData {
    let request = FetchRequest {
        replica_id: -1,
        max_bytes: 1 << 20,
        isolation_level,
        session_epoch: -1,
        topics: vec![FetchTopic {
            topic: topic.into(),
            partitions: vec![FetchPartition {
                partition,
                current_leader_epoch: -1,
                last_fetched_epoch: -1,
                log_start_offset: -1,
                partition_max_bytes: 1 << 20,
                ..FetchPartition::default()
            }],
            ..FetchTopic::default()
        }],
        ..FetchRequest::default()
    };
    let answer = peer.ask(&request, 12).await;
    let answer = answer.responses[0].partitions[0].clone();
    assert_eq!(answer.error_code, OK);
    answer
}

/// Reads as clients do: records of a listed transaction are passed over until its marker.
async fn read(peer: &mut Peer, partition: i32) -> Seen {
    let answer = fetch(peer, "t", partition, 1).await;
    let aborted = answer.aborted_transactions.unwrap_or_default();
    let mut aborted: Vec<_> = aborted
        .iter()
        .map(|t| (t.first_offset, t.producer_id))
        .collect();
    let mut passed_over = Vec::new();
    let mut committed = Vec::new();
    let bytes = answer.records.unwrap().to_bytes().unwrap();
    for batch in batches(&bytes) {
        let batch = batch.unwrap();
        let header = batch.header();
        assert!(header.last_offset().0 < answer.last_stable_offset);
        aborted.retain(|(first, producer)| {
            let begins = *first <= header.base_offset.0;
            passed_over.extend(begins.then_some(*producer));
            !begins
        });
        let producer = header.producer_id.0;
        if header.is_control() {
            let record = batch.records().unwrap().next().unwrap().unwrap();
            if ControlType::from_key(record.key.unwrap()) == Some(ControlType::Abort) {
                passed_over.retain(|other| *other != producer);
            }
        } else if !passed_over.contains(&producer) {
            for record in Records::new(header, batch.body()) {
                let value = record.unwrap().value.unwrap();
                committed.push(String::from_utf8(value.to_vec()).unwrap());
            }
        }
    }
    Seen {
        committed,
        last_stable_offset: answer.last_stable_offset,
        high_watermark: answer.high_watermark,
    }
}

async fn latest(peer: &mut Peer, partition: i32, isolation_level: i8) -> i64 {
    let request = ListOffsetsRequest {
        replica_id: -1,
        isolation_level,
        topics: vec![ListOffsetsTopic {
            name: "t".into(),
            partitions: vec![ListOffsetsPartition {
                partition_index: partition,
                current_leader_epoch: -1,
                timestamp: -1,
            }],
        }],
        ..ListOffsetsRequest::default()
    };
    peer.ask(&request, 7).await.topics[0].partitions[0].offset
}

#[test]
fn readers_of_committed_records_see_what_committed_and_nothing_else() {
    run(async {
        let (node, mut peer) = started(&[]).await;
        let (mut a, mut b) = (Txn::new(&node, "a").await, Txn::new(&node, "b").await);
        a.send(0, &["a1", "a2"]).await;
        b.send(0, &["b1"]).await;
        b.send(1, &["b2"]).await;
        let seen = read(&mut peer, 0).await;
        assert_eq!(seen.committed, [""; 0]);
        assert_eq!((seen.last_stable_offset, seen.high_watermark), (0, 3));
        assert_eq!(latest(&mut peer, 0, 1).await, 0);
        assert_eq!(latest(&mut peer, 0, 0).await, 3);
        b.end(true).await;
        // A transaction that began earlier is still open in front of it.
        assert_eq!(read(&mut peer, 0).await.last_stable_offset, 0);
        assert_eq!(read(&mut peer, 1).await.committed, ["b2"]);
        a.end(false).await;
        let seen = read(&mut peer, 0).await;
        assert_eq!(seen.committed, ["b1"]);
        assert_eq!((seen.last_stable_offset, seen.high_watermark), (5, 5));
        a.send(0, &["a3"]).await;
        assert_eq!(read(&mut peer, 0).await.last_stable_offset, 5);
        assert_eq!(latest(&mut peer, 0, 1).await, 5);

        let node = node.restart().await;
        let mut peer = node.connect().await;
        assert_eq!(read(&mut peer, 0).await.last_stable_offset, 5, "still open");
        a.peer = node.connect().await;
        a.send(0, &["a4"]).await;
        a.end(true).await;
        assert_eq!(read(&mut peer, 0).await.committed, ["b1", "a3", "a4"]);
        let answer = fetch(&mut peer, "t", 0, 0).await;
        assert_eq!(answer.aborted_transactions, None, "nobody asked");
        node.stop().await;
    });
}

#[test]
fn clients_of_the_first_level_add_partitions_themselves() {
    run(async {
        let (node, mut peer) = started(&[]).await;
        let mut a = Txn::new(&node, "a").await;
        // The words for it differ by what the client knows.
        let (old, newer) = (
            ErrorCode::INVALID_TXN_STATE,
            ErrorCode::TRANSACTION_ABORTABLE,
        );
        assert_eq!(a.add("t", [1]).await, OK);
        assert_eq!(a.try_send(0, &["x"], 9).await, code(old));
        assert_eq!(a.try_send(0, &["x"], EXPLICIT).await, code(newer));
        assert_eq!(a.add("t", [0]).await, OK);
        assert_eq!(a.try_send(0, &["a1"], 9).await, OK);
        assert_eq!(a.try_send(0, &["a2"], EXPLICIT).await, OK);
        a.end_explicitly(true).await;
        assert_eq!(read(&mut peer, 0).await.committed, ["a1", "a2"]);
        // The epoch is the same: a batch that comes late must not begin a transaction that nobody ends.
        assert_eq!(a.try_send(0, &["late"], EXPLICIT).await, code(newer));
        assert_eq!(read(&mut peer, 0).await.last_stable_offset, 3);
        assert_eq!(a.add("t", [0]).await, OK);
        assert_eq!(a.try_send(0, &["a3"], EXPLICIT).await, OK);
        a.end_explicitly(false).await;
        assert_eq!(read(&mut peer, 0).await.committed, ["a1", "a2"]);
        node.stop().await;
    });
}

#[test]
fn clients_of_the_second_level_have_an_epoch_for_each_transaction() {
    run(async {
        let (node, mut peer) = started(&[]).await;
        let mut a = Txn::new(&node, "a").await;
        a.send(0, &["a1"]).await;
        let before = a.producer;
        a.end(true).await;
        assert_eq!(a.producer, (before.0, before.1 + 1));
        let late = produce(Some("a"), before, 1, 0, &["late"]);
        let refused = send(&mut peer, &late, IMPLICIT).await;
        assert_eq!(refused.error_code, code(ErrorCode::INVALID_PRODUCER_EPOCH));
        // In a partition that has not seen the new epoch, the coordinator knows it.
        let late = produce(Some("a"), before, 0, 2, &["late"]);
        let refused = send(&mut peer, &late, IMPLICIT).await;
        assert_eq!(refused.error_code, code(ErrorCode::INVALID_PRODUCER_EPOCH));
        // A new epoch begins at 0, here too.
        let gap = produce(Some("a"), a.producer, 4, 2, &["gap"]);
        let refused = send(&mut peer, &gap, IMPLICIT).await;
        let out_of_order = ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER;
        assert_eq!(refused.error_code, code(out_of_order));
        a.send(2, &["a2"]).await;
        a.end(true).await;
        assert_eq!(read(&mut peer, 2).await.committed, ["a2"]);
        node.stop().await;
    });
}

#[test]
fn requests_behind_a_first_batch_wait_for_their_turn() {
    run(async {
        let (node, mut peer) = started(&[]).await;
        let mut a = Txn::new(&node, "a").await;
        for round in 0..20_i64 {
            let mut sent = Vec::new();
            for i in 0..5 {
                let request = a.request(0, &[&format!("{round}-{i}")]);
                sent.push(a.peer.send(&request, IMPLICIT).await);
            }
            for (i, id) in sent.into_iter().enumerate() {
                let answer = a.peer.receive::<ProduceRequest>(id, IMPLICIT).await;
                let answer = &answer.responses[0].partition_responses[0];
                assert_eq!(answer.error_code, OK, "{round} {i}: {answer:?}");
                assert_eq!(answer.base_offset, round * 6 + i64::try_from(i).unwrap());
            }
            // The next batch may meet the markers of this transaction on their way: the broker waits for them.
            assert_eq!(a.try_end(true, 5).await, OK);
        }
        a.at_rest().await;
        assert_eq!(read(&mut peer, 0).await.committed.len(), 100);
        node.stop().await;
    });
}

#[test]
fn a_transaction_begins_while_the_markers_of_the_one_before_are_on_their_way() {
    run(async {
        let node = Node::start(SMALL).await;
        let mut peer = node.connect().await;
        let mut request = create("t", &[]);
        // The marker of the last one comes late.
        let last = 150;
        request.topics[0].num_partitions = last + 1;
        assert_eq!(peer.ask(&request, 7).await.topics[0].error_code, OK);
        let mut a = Txn::new(&node, "a").await;
        for round in 0..5 {
            assert_eq!(a.add("t", 0..last).await, OK);
            a.send(last, &[&format!("{round}")]).await;
            assert_eq!(a.try_end(true, 5).await, OK);
            a.send(last, &["next"]).await;
            a.end(true).await;
        }
        assert_eq!(read(&mut peer, last).await.committed.len(), 10);
        node.stop().await;
    });
}

#[test]
fn a_partition_that_is_gone_holds_no_transaction_up() {
    run(async {
        let (node, mut peer) = started(&[]).await;
        let mut request = create("u", &[]);
        request.topics[0].num_partitions = 1;
        assert_eq!(peer.ask(&request, 7).await.topics[0].error_code, OK);
        let mut a = Txn::new(&node, "a").await;
        a.send(0, &["a1"]).await;
        assert_eq!(a.add("u", [0]).await, OK);
        let request = delete_topics::DeleteTopicsRequest {
            topics: vec![delete_topics::DeleteTopicState {
                name: Some("u".into()),
                ..delete_topics::DeleteTopicState::default()
            }],
            timeout_ms: 10_000,
            ..delete_topics::DeleteTopicsRequest::default()
        };
        assert_eq!(peer.ask(&request, 6).await.responses[0].error_code, OK);
        a.end(true).await;
        assert_eq!(read(&mut peer, 0).await.committed, ["a1"]);
        node.stop().await;
    });
}
