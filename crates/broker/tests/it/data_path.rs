//! Produce, fetch, offsets: what was acknowledged is read back, in order, across restarts.

use crate::node::{Node, batch, batch_at, batch_with, fetch, produce_request, run};
use klamm_model::ProducerId;
use klamm_records::{BatchFields, Compression, InflateLimit, Inflater, Records, batches};
use klamm_wire::ErrorCode;
use klamm_wire::messages::delete_records::{
    DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic,
};
use klamm_wire::messages::fetch::FetchRequest;
use klamm_wire::messages::list_offsets::{
    ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic,
};

/// The values in an answer's records, with their offsets.
fn values(records: &klamm_codec::Records) -> Vec<(i64, Vec<u8>)> {
    let bytes = records.to_bytes().unwrap();
    let mut values = Vec::new();
    for batch in batches(&bytes) {
        let batch = batch.unwrap();
        batch.verify_crc().unwrap();
        let body = batch
            .inflate(&mut Inflater::new(), InflateLimit::bytes(1 << 24))
            .unwrap();
        for record in Records::new(batch.header(), &body) {
            let record = record.unwrap();
            values.push((record.offset.0, record.value.unwrap().to_vec()));
        }
    }
    values
}

#[test]
fn what_was_acknowledged_is_read_back_with_every_codec_and_after_a_restart() {
    run(async {
        let mut node = Node::start(&[]).await;
        let mut peer = node.connect().await;
        peer.topic("t").await;
        let mut want = Vec::new();
        for (i, codec) in Compression::ALL.into_iter().enumerate() {
            for acks in [1, -1] {
                let value = format!("{codec:?} {acks}").into_bytes();
                let answer = peer.produce("t", batch(&[&value, b""], codec), acks).await;
                assert_eq!(answer.error_code, 0, "{answer:?}");
                assert_eq!(answer.base_offset, want.len() as i64, "batch {i}");
                want.push((answer.base_offset, value));
                want.push((answer.base_offset + 1, Vec::new()));
            }
        }
        for _ in 0..2 {
            let answer = node.connect().await.ask(&fetch("t", 0, 0), 11).await;
            let partition = &answer.responses[0].partitions[0];
            assert_eq!(partition.high_watermark, want.len() as i64);
            assert_eq!(values(partition.records.as_ref().unwrap()), want);
            node = node.restart().await;
        }
        node.stop().await;
    });
}

#[test]
fn an_unacknowledged_produce_gets_no_answer_and_is_stored() {
    run(async {
        let node = Node::start(&[]).await;
        let mut peer = node.connect().await;
        peer.topic("t").await;
        peer.send(
            &produce_request("t", batch(&[b"quiet"], Compression::None), 0),
            9,
        )
        .await;
        // The next answer is that of the next request.
        let answer = peer.ask(&fetch("t", 0, 1000), 11).await;
        let records = answer.responses[0].partitions[0].records.as_ref().unwrap();
        assert_eq!(values(records), [(0, b"quiet".to_vec())]);
        // An error can be told only by closing the connection.
        peer.send(
            &produce_request("missing", batch(&[b"x"], Compression::None), 0),
            9,
        )
        .await;
        assert_eq!(peer.receive_frame().await, None);
        node.stop().await;
    });
}

#[test]
fn a_fetch_waits_for_records_and_those_behind_it_are_answered_in_order() {
    run(async {
        let node = Node::start(&[]).await;
        let (mut reader, mut writer) = (node.connect().await, node.connect().await);
        writer.topic("t").await;
        let first = reader.send(&fetch("t", 0, 60_000), 11).await;
        let second = reader.send(&fetch("t", 0, 0), 11).await;
        let answer = writer
            .produce("t", batch(&[b"news"], Compression::None), -1)
            .await;
        assert_eq!(answer.error_code, 0);
        for id in [first, second] {
            let answer = reader.receive::<FetchRequest>(id, 11).await;
            let partition = &answer.responses[0].partitions[0];
            assert_eq!(partition.error_code, 0);
            if id == first {
                let records = partition.records.as_ref().unwrap();
                assert_eq!(values(records), [(0, b"news".to_vec())]);
            }
        }
        node.stop().await;
    });
}

#[test]
fn a_repeated_batch_gets_its_first_offset_also_after_a_restart() {
    run(async {
        let node = Node::start(&[]).await;
        let mut peer = node.connect().await;
        peer.topic("t").await;
        let sent = |sequence: i32, epoch: i16| {
            let fields = BatchFields {
                producer_id: ProducerId(7),
                producer_epoch: epoch,
                base_sequence: sequence,
                ..BatchFields::default()
            };
            batch_with(&[b"a", b"b"], Compression::None, &fields)
        };
        for sequence in [0, 2, 4] {
            let answer = peer.produce("t", sent(sequence, 0), -1).await;
            assert_eq!(
                (answer.error_code, answer.base_offset),
                (0, i64::from(sequence))
            );
        }
        let node = node.restart().await;
        let mut peer = node.connect().await;
        for sequence in [0, 2, 4] {
            let answer = peer.produce("t", sent(sequence, 0), -1).await;
            assert_eq!(
                (answer.error_code, answer.base_offset),
                (0, i64::from(sequence))
            );
        }
        let gap = peer.produce("t", sent(8, 0), -1).await;
        assert_eq!(
            (gap.error_code, gap.log_start_offset, gap.error_message),
            (ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER.code(), 0, None)
        );
        assert_eq!(peer.produce("t", sent(0, 1), -1).await.error_code, 0);
        let old = peer.produce("t", sent(6, 0), -1).await;
        assert_eq!(old.error_code, ErrorCode::INVALID_PRODUCER_EPOCH.code());
        node.stop().await;
    });
}

#[test]
fn a_repeated_batch_is_told_its_own_time_as_kafka_does() {
    run(async {
        let node = Node::start(&[]).await;
        let mut peer = node.connect().await;
        peer.topic("t").await;
        let producer_id = ProducerId(7);
        let fields = BatchFields {
            producer_id,
            producer_epoch: 0,
            base_sequence: 0,
            ..BatchFields::default()
        };
        let sent = batch_at(1_000_000, &[b"a"], Compression::None, &fields);
        for time in [-1, 1_000_000] {
            let answer = peer.produce("t", sent.clone(), -1).await;
            let told = (answer.error_code, answer.base_offset);
            assert_eq!((told, answer.log_append_time_ms), ((0, 0), time));
        }
        node.stop().await;
    });
}

#[test]
fn offsets_are_found_by_time_and_at_both_ends() {
    run(async {
        let node = Node::start(&[]).await;
        let mut peer = node.connect().await;
        peer.topic("t").await;
        let fields = BatchFields::default();
        let batch = batch_at(1_000_000, &[b"1", b"2", b"3"], Compression::Zstd, &fields);
        peer.produce("t", batch, -1).await;
        let look = |timestamp: i64| ListOffsetsRequest {
            replica_id: -1,
            topics: vec![ListOffsetsTopic {
                name: "t".into(),
                partitions: vec![ListOffsetsPartition {
                    partition_index: 0,
                    current_leader_epoch: -1,
                    timestamp,
                }],
            }],
            ..ListOffsetsRequest::default()
        };
        for (timestamp, want) in [
            (-1, 3),
            (-2, 0),
            (-3, 0),
            (-4, 0),
            (-5, -1),
            (999_999, 0),
            (1_000_000, 0),
            (1_000_001, -1),
        ] {
            let answer = peer.ask(&look(timestamp), 9).await;
            let partition = &answer.topics[0].partitions[0];
            assert_eq!(
                (partition.error_code, partition.offset),
                (0, want),
                "{timestamp}"
            );
        }
        node.stop().await;
    });
}

#[test]
fn a_topic_that_flushes_each_batch_acknowledges_and_serves() {
    run(async {
        let node = Node::start(&["log.flush.interval.messages=1"]).await;
        let mut peer = node.connect().await;
        peer.topic("t").await;
        let mut ids = Vec::new();
        for i in 0..20u8 {
            let request = produce_request("t", batch(&[&[i]], Compression::None), -1);
            ids.push(peer.send(&request, 9).await);
        }
        for (i, id) in ids.into_iter().enumerate() {
            let answer = peer
                .receive::<klamm_wire::messages::produce::ProduceRequest>(id, 9)
                .await;
            let partition = &answer.responses[0].partition_responses[0];
            assert_eq!((partition.error_code, partition.base_offset), (0, i as i64));
        }
        let answer = peer.ask(&fetch("t", 0, 0), 11).await;
        assert_eq!(answer.responses[0].partitions[0].high_watermark, 20);
        node.stop().await;
    });
}

#[test]
fn deleting_records_takes_only_those_that_were_named() {
    run(async {
        let node = Node::start(&[]).await;
        let mut peer = node.connect().await;
        peer.topic("t").await;
        // Older than any retention time: what is left must not fall with what is deleted.
        let old = batch_at(
            1337,
            &[b"a", b"b", b"c"],
            Compression::None,
            &BatchFields::default(),
        );
        assert_eq!(peer.produce("t", old, -1).await.error_code, 0);
        let delete = DeleteRecordsRequest {
            topics: vec![DeleteRecordsTopic {
                name: "t".into(),
                partitions: vec![DeleteRecordsPartition { partition_index: 0, offset: 2 }],
            }],
            timeout_ms: 10_000,
        };
        let answer = peer.ask(&delete, 2).await;
        assert_eq!(answer.topics[0].partitions[0].low_watermark, 2);
        let answer = peer.ask(&fetch("t", 2, 0), 11).await;
        let partition = &answer.responses[0].partitions[0];
        assert_eq!(partition.error_code, 0);
        let got = values(partition.records.as_ref().unwrap());
        assert_eq!(got.last(), Some(&(2, b"c".to_vec())));
        node.stop().await;
    });
}
