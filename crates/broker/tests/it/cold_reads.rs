//! A look-up that waits for the device holds nobody else up.

use crate::gated_disk::{Gate, GatedDisk};
use crate::node::{Node, Peer, batch_at, create, fetch, run};
use klamm_host::Host;
use klamm_records::{BatchFields, Compression, batches};
use klamm_wire::messages::describe_producers::{DescribeProducersRequest, TopicRequest};
use klamm_wire::messages::fetch::FetchRequest;
use klamm_wire::messages::list_offsets::{
    ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic,
};
use klamm_wire::messages::offset_for_leader_epoch::{
    OffsetForLeaderEpochRequest, OffsetForLeaderPartition, OffsetForLeaderTopic,
};
use std::sync::Arc;

const TOPIC: &str = "slow";
/// Three of them fill a segment.
const VALUE_BYTES: usize = 300_000;
const RECORDS: i64 = 12;
/// The oldest segment's files.
const OLDEST: &str = "slow-0/00000000000000000000.";

fn gated() -> (Host, Arc<Gate>) {
    let (mut host, gate) = (klamm_host::os::host(), Arc::<Gate>::default());
    host.disk = Arc::new(GatedDisk { below: host.disk, gate: Arc::clone(&gate) });
    (host, gate)
}

async fn append(peer: &mut Peer, timestamp_ms: i64) -> i64 {
    let value = vec![b'x'; VALUE_BYTES];
    let batch = batch_at(
        timestamp_ms,
        &[&value],
        Compression::None,
        &BatchFields::default(),
    );
    let answer = peer.produce(TOPIC, batch, -1).await;
    assert_eq!(answer.error_code, 0, "{answer:?}");
    answer.base_offset
}

fn by_time(timestamp: i64) -> ListOffsetsRequest {
    ListOffsetsRequest {
        replica_id: -1,
        topics: vec![ListOffsetsTopic {
            name: TOPIC.into(),
            partitions: vec![ListOffsetsPartition {
                partition_index: 0,
                current_leader_epoch: -1,
                timestamp,
            }],
        }],
        ..ListOffsetsRequest::default()
    }
}

fn end_of_epoch() -> OffsetForLeaderEpochRequest {
    OffsetForLeaderEpochRequest {
        replica_id: -2,
        topics: vec![OffsetForLeaderTopic {
            topic: TOPIC.into(),
            partitions: vec![OffsetForLeaderPartition {
                partition: 0,
                current_leader_epoch: -1,
                leader_epoch: 0,
            }],
        }],
    }
}

fn producers() -> DescribeProducersRequest {
    DescribeProducersRequest {
        topics: vec![TopicRequest { name: TOPIC.into(), partition_indexes: vec![0] }],
    }
}

/// What others ask of the partition while a look-up is stuck.
async fn others_go_on(peer: &mut Peer, now_ms: i64) {
    let end = append(peer, now_ms).await + 1;
    assert_eq!(append(peer, now_ms).await, end);
    let tail = peer.ask(&fetch(TOPIC, end, 0), 12).await;
    assert_eq!(tail.responses[0].partitions[0].high_watermark, end + 1);
    assert!(
        !tail.responses[0].partitions[0]
            .records
            .as_ref()
            .unwrap()
            .is_empty()
    );
    let epochs = peer.ask(&end_of_epoch(), 4).await;
    assert_eq!(epochs.topics[0].partitions[0].end_offset, end + 1);
    let described = peer.ask(&producers(), 0).await;
    assert_eq!(described.topics[0].partitions[0].error_code, 0);
    let newest = peer.ask(&by_time(-1), 7).await;
    assert_eq!(newest.topics[0].partitions[0].offset, end + 1);
}

#[test]
fn appends_and_tail_reads_pass_look_ups_that_wait_for_the_device() {
    run(async {
        let (host, gate) = gated();
        let node = Node::start_in(host.clone(), &[]).await;
        let mut peer = node.connect().await;
        let created = peer
            .ask(&create(TOPIC, &[("segment.bytes", "1048576")]), 7)
            .await;
        assert_eq!(created.topics[0].error_code, 0, "{created:?}");
        let first_ms = host.clock.now_ms() - 10_000;
        for i in 0..RECORDS {
            append(&mut peer, first_ms + i).await;
        }
        // No file is open after a restart: first the look-ups wait to open files, then to read them.
        let node = node.restart().await;
        for offset in [1, 2] {
            let (mut fetching, mut searching) = (node.connect().await, node.connect().await);
            gate.close_for(OLDEST);
            let fetched = fetching.send(&fetch(TOPIC, offset, 0), 12).await;
            let found = searching.send(&by_time(first_ms + offset), 7).await;
            let watched = Arc::clone(&gate);
            tokio::task::spawn_blocking(move || watched.until_waiting(2))
                .await
                .unwrap();
            let mut peer = node.connect().await;
            others_go_on(&mut peer, host.clock.now_ms()).await;
            assert!(!gate.gave_up(), "a stuck look-up holds up the partition");
            gate.open();
            let fetched = fetching.receive::<FetchRequest>(fetched, 12).await;
            let records = fetched.responses[0].partitions[0].records.as_ref().unwrap();
            let bytes = records.to_bytes().unwrap();
            let first = batches(&bytes).next().unwrap().unwrap();
            assert_eq!(first.header().base_offset.0, offset);
            let found = searching.receive::<ListOffsetsRequest>(found, 7).await;
            assert_eq!(found.topics[0].partitions[0].offset, offset);
        }
        node.stop().await;
    });
}
