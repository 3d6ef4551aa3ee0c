//! Produce requests that arrive together: one write, an answer each, and nothing seen or said before the write.

use crate::node::{Node, Peer, batch, batch_with, fetch, produce_request, run};
use bytes::Bytes;
use klamm_host::Host;
use klamm_host_sim::{DiskFault, DiskOp, Effect, OpFilter, SimDisk};
use klamm_model::ProducerId;
use klamm_records::{BatchFields, Compression};
use klamm_wire::ErrorCode;
use klamm_wire::messages::alter_client_quotas::{
    AlterClientQuotasRequest, OpData, RequestEntityData, RequestEntryData,
};
use klamm_wire::messages::fetch::FetchRequest;
use klamm_wire::messages::find_coordinator::FindCoordinatorRequest;
use klamm_wire::messages::init_producer_id::InitProducerIdRequest;
use klamm_wire::messages::produce::{
    PartitionProduceData, PartitionProduceResponse, ProduceRequest,
};
use std::sync::Arc;

const WRITES: OpFilter = OpFilter::Is(DiskOp::Write);

/// A node on a disk that can fail, a peer, and a topic `t` with one record.
async fn start(overrides: &[&str]) -> (Node, Peer, SimDisk) {
    let disk = SimDisk::new();
    let host = Host { disk: Arc::new(disk.mount()), ..klamm_host::os::host() };
    let node = Node::start_in(host, overrides).await;
    let mut peer = node.connect().await;
    peer.topic("t").await;
    let first = peer.produce("t", value("first"), -1).await;
    assert_eq!((first.error_code, first.base_offset), (0, 0));
    (node, peer, disk)
}

fn value(value: &str) -> Bytes {
    batch(&[value.as_bytes()], Compression::None)
}

fn numbered(sequence: i32) -> Bytes {
    let fields = BatchFields {
        producer_id: ProducerId(7),
        producer_epoch: 0,
        base_sequence: sequence,
        ..BatchFields::default()
    };
    batch_with(&[b"numbered"], Compression::None, &fields)
}

/// Sends a request for each batch, all with one write to the socket.
async fn send_together(peer: &mut Peer, batches: &[Bytes], acks: i16) -> Vec<i32> {
    let (mut ids, mut all) = (Vec::new(), Vec::new());
    for batch in batches {
        let (id, bytes) = peer.encode(&produce_request("t", batch.clone(), acks), 9);
        ids.push(id);
        all.extend_from_slice(&bytes);
    }
    peer.send_raw(&all).await;
    ids
}

async fn answers(peer: &mut Peer, ids: &[i32]) -> Vec<PartitionProduceResponse> {
    let mut answers = Vec::new();
    for id in ids {
        let answer = peer.receive::<ProduceRequest>(*id, 9).await;
        answers.push(answer.responses[0].partition_responses[0].clone());
    }
    answers
}

async fn ask_together(peer: &mut Peer, batches: &[Bytes]) -> Vec<PartitionProduceResponse> {
    let ids = send_together(peer, batches, -1).await;
    answers(peer, &ids).await
}

fn offsets(answers: &[PartitionProduceResponse]) -> Vec<(i16, i64)> {
    let told = |a: &PartitionProduceResponse| (a.error_code, a.base_offset);
    answers.iter().map(told).collect()
}

/// The high watermark of `t`, or the error.
async fn end(node: &Node) -> Result<i64, i16> {
    let answer = node.connect().await.ask(&fetch("t", 0, 0), 11).await;
    let partition = &answer.responses[0].partitions[0];
    match partition.error_code {
        0 => Ok(partition.high_watermark),
        error => Err(error),
    }
}

#[test]
fn requests_that_come_together_are_one_write_and_have_an_answer_each() {
    run(async {
        let (node, mut peer, disk) = start(&[]).await;
        // A second write would fail.
        disk.inject(DiskFault::once(WRITES, 1, Effect::Eio).on("t-0 .log"));
        let batches = [
            value("a"),
            value("b"),
            value("damaged").slice(..40),
            value("c"),
        ];
        let answers = ask_together(&mut peer, &batches).await;
        let damaged = (ErrorCode::CORRUPT_MESSAGE.code(), -1);
        assert_eq!(offsets(&answers), [(0, 1), (0, 2), damaged, (0, 3)]);
        assert_eq!(end(&node).await, Ok(4));
        disk.clear_faults();
        node.stop().await;
    });
}

#[test]
fn a_write_that_fails_is_the_answer_to_all_and_none_is_served() {
    run(async {
        let (node, mut peer, disk) = start(&[]).await;
        let batches = [numbered(0), value("between"), numbered(1), numbered(1)];
        disk.inject(DiskFault::once(WRITES, 0, Effect::ShortWrite).on("t-0 .log"));
        let failed = ErrorCode::KAFKA_STORAGE_ERROR.code();
        let refused = ask_together(&mut peer, &batches).await;
        assert_eq!(offsets(&refused), [(failed, -1); 4]);
        assert_eq!(end(&node).await, Ok(1));
        // There is room again: the producer's batches were never there.
        let taken = ask_together(&mut peer, &batches).await;
        assert_eq!(offsets(&taken), [(0, 1), (0, 2), (0, 3), (0, 3)]);
        disk.inject(DiskFault::once(WRITES, 0, Effect::Eio).on("t-0 .log"));
        let refused = ask_together(&mut peer, &[value("x"), value("y")]).await;
        assert_eq!(offsets(&refused), [(failed, -1); 2]);
        assert_eq!(end(&node).await, Err(failed));
        node.stop().await;
    });
}

#[test]
fn a_request_of_another_kind_sees_what_was_produced_before_it() {
    run(async {
        let (node, mut peer, _) = start(&[]).await;
        for round in 0..20 {
            let (first, a) = peer.encode(&produce_request("t", value("a"), -1), 9);
            let (second, b) = peer.encode(&produce_request("t", value("b"), -1), 9);
            let (look, c) = peer.encode(&fetch("t", 0, 0), 11);
            let (last, d) = peer.encode(&produce_request("t", value("d"), -1), 9);
            peer.send_raw(&[a, b, c, d].concat()).await;
            let before = 1 + 3 * round;
            let both = answers(&mut peer, &[first, second]).await;
            assert_eq!(offsets(&both), [(0, before), (0, before + 1)]);
            let seen = peer.receive::<FetchRequest>(look, 11).await;
            let seen = seen.responses[0].partitions[0].high_watermark;
            assert_eq!(seen, before + 2);
            assert_eq!(
                offsets(&answers(&mut peer, &[last]).await),
                [(0, before + 2)]
            );
        }
        node.stop().await;
    });
}

#[test]
fn requests_without_acknowledgement_are_stored_though_their_peer_leaves_at_once() {
    run(async {
        let (node, mut peer, _) = start(&[]).await;
        let batches: Vec<_> = (0..5).map(|i| value(&i.to_string())).collect();
        send_together(&mut peer, &batches, 0).await;
        drop(peer);
        while end(&node).await != Ok(6) {
            tokio::task::yield_now().await;
        }
        node.stop().await;
    });
}

#[test]
fn bursts_that_wait_for_the_disk_are_answered_when_they_are_on_it() {
    run(async {
        let (node, mut peer, disk) = start(&["log.flush.interval.messages=1"]).await;
        let taken = ask_together(&mut peer, &[value("a"), value("b"), value("c")]).await;
        assert_eq!(offsets(&taken), [(0, 1), (0, 2), (0, 3)]);
        disk.inject(DiskFault::always(OpFilter::Sync, Effect::Eio).on("t-0 .log"));
        let refused = ask_together(&mut peer, &[value("d"), value("e")]).await;
        let failed = ErrorCode::KAFKA_STORAGE_ERROR.code();
        assert_eq!(offsets(&refused), [(failed, -1); 2]);
        node.stop().await;
    });
}

#[test]
fn many_partitions_in_each_of_several_requests_have_their_own_answers() {
    const PARTITIONS: i32 = 40;
    run(async {
        let (node, mut peer, _) = start(&["num.partitions=40"]).await;
        let request = || {
            let mut request = produce_request("t", value("x"), -1);
            // From the last to the first: no answer lies where another would.
            let data = (0..PARTITIONS)
                .rev()
                .map(|index| PartitionProduceData { index, records: Some(value("x").into()) });
            request.topic_data[0].partition_data = data.collect();
            request
        };
        let (mut ids, mut all) = (Vec::new(), Vec::new());
        for _ in 0..6 {
            let (id, bytes) = peer.encode(&request(), 9);
            ids.push(id);
            all.extend_from_slice(&bytes);
        }
        peer.send_raw(&all).await;
        for (round, id) in ids.into_iter().enumerate() {
            let answer = peer.receive::<ProduceRequest>(id, 9).await;
            let found = answer.responses[0].partition_responses.iter();
            let found: Vec<_> = found
                .map(|p| (p.index, p.error_code, p.base_offset))
                .collect();
            let round = round as i64;
            // Partition 0 has a record from the start.
            let expected = (0..PARTITIONS)
                .rev()
                .map(|p| (p, 0, round + i64::from(p == 0)));
            assert_eq!(found, expected.collect::<Vec<_>>());
        }
        node.stop().await;
    });
}

#[test]
fn where_the_time_of_requests_has_quotas_each_is_written_by_itself() {
    run(async {
        let (node, mut peer, disk) = start(&[]).await;
        let quota = AlterClientQuotasRequest {
            entries: vec![RequestEntryData {
                entity: vec![RequestEntityData {
                    entity_type: "client-id".into(),
                    entity_name: Some("somebody else".into()),
                }],
                ops: vec![OpData { key: "request_percentage".into(), value: 50.0, remove: false }],
            }],
            validate_only: false,
        };
        let set = peer.ask(&quota, 1).await;
        assert_eq!(set.entries[0].error_code, 0);
        // Of one write, all would be taken.
        disk.inject(DiskFault::once(WRITES, 1, Effect::ShortWrite).on("t-0 .log"));
        let batches = [value("a"), value("b"), value("c")];
        let answers = ask_together(&mut peer, &batches).await;
        let failed = (ErrorCode::KAFKA_STORAGE_ERROR.code(), -1);
        assert_eq!(offsets(&answers), [(0, 1), failed, (0, 2)]);
        node.stop().await;
    });
}

#[test]
fn a_transactional_batch_among_others_keeps_its_place() {
    run(async {
        let (node, mut peer, _) = start(&["transaction.state.log.num.partitions=1"]).await;
        let find = FindCoordinatorRequest {
            key_type: 1,
            coordinator_keys: vec!["id".into()],
            ..FindCoordinatorRequest::default()
        };
        peer.ask(&find, 6).await;
        let init = InitProducerIdRequest {
            transactional_id: Some("id".into()),
            transaction_timeout_ms: 60_000,
            producer_id: -1,
            producer_epoch: -1,
            ..InitProducerIdRequest::default()
        };
        let producer = loop {
            let answer = peer.ask(&init, 5).await;
            if answer.error_code == 0 {
                break answer;
            }
        };
        let transactional = |sequence| {
            let fields = BatchFields {
                producer_id: ProducerId(producer.producer_id),
                producer_epoch: producer.producer_epoch,
                base_sequence: sequence,
                transactional: true,
                ..BatchFields::default()
            };
            let batch = batch_with(&[b"in a transaction"], Compression::None, &fields);
            let mut request = produce_request("t", batch, -1);
            request.transactional_id = Some("id".into());
            request
        };
        // The first batch opens the transaction: from now on nobody is asked, and they are appended at once.
        let first = peer.ask(&transactional(0), 12).await;
        assert_eq!(first.responses[0].partition_responses[0].base_offset, 1);
        for round in 0..10 {
            let (mut ids, mut all) = (Vec::new(), Vec::new());
            for request in [
                produce_request("t", value("before"), -1),
                transactional(1 + round),
                produce_request("t", value("behind"), -1),
            ] {
                let (id, bytes) = peer.encode(&request, 12);
                ids.push(id);
                all.extend_from_slice(&bytes);
            }
            peer.send_raw(&all).await;
            let mut found = Vec::new();
            for id in ids {
                let answer = peer.receive::<ProduceRequest>(id, 12).await;
                found.push(answer.responses[0].partition_responses[0].clone());
            }
            let base = 2 + 3 * i64::from(round);
            assert_eq!(offsets(&found), [(0, base), (0, base + 1), (0, base + 2)]);
        }
        node.stop().await;
    });
}

#[test]
fn large_and_small_batches_keep_their_order() {
    run(async {
        let (node, mut peer, _) = start(&[]).await;
        let large = "x".repeat(200_000);
        let sizes = [1, 200_000, 1, 1, 200_000, 200_000, 30_000, 30_000, 1];
        let batches: Vec<_> = sizes.iter().map(|n| value(&large[..*n])).collect();
        for round in 0..4 {
            let taken = ask_together(&mut peer, &batches).await;
            let first = 1 + round * batches.len() as i64;
            let expected: Vec<_> = (0..batches.len() as i64).map(|i| (0, first + i)).collect();
            assert_eq!(offsets(&taken), expected);
        }
        node.stop().await;
    });
}
