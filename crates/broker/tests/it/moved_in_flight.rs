//! A log moves while a batch in it waits for the disk: what is acknowledged is shown. In simulated time.

use crate::node::{batch_at, create, produce_request};
use crate::simulated::{ask, start};
use klamm_host::Connection;
use klamm_host_sim::{DiskOp, World};
use klamm_records::{BatchFields, Compression};
use klamm_wire::messages::alter_replica_log_dirs::{
    AlterReplicaLogDir, AlterReplicaLogDirTopic, AlterReplicaLogDirsRequest,
};
use klamm_wire::messages::list_offsets::{
    ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic,
};
use std::time::Duration;

fn to(dir: &str, topic: &str) -> AlterReplicaLogDirsRequest {
    let topic = AlterReplicaLogDirTopic { name: topic.into(), partitions: vec![0] };
    let dir = AlterReplicaLogDir { path: dir.into(), topics: vec![topic] };
    AlterReplicaLogDirsRequest { dirs: vec![dir] }
}

async fn latest(connection: &mut dyn Connection, topic: &str) -> i64 {
    let partition = ListOffsetsPartition { timestamp: -1, ..ListOffsetsPartition::default() };
    let topic = ListOffsetsTopic { name: topic.into(), partitions: vec![partition] };
    let request = ListOffsetsRequest {
        replica_id: -1,
        topics: vec![topic],
        ..ListOffsetsRequest::default()
    };
    let answer = ask(connection, &request, 7).await;
    answer.topics[0].partitions[0].offset
}

#[test]
fn what_is_acknowledged_is_shown_though_its_log_moves() {
    let run = World::run(1, |mut world| async move {
        let mut machine = world.node();
        machine.blocking_delay_ms_max = 3;
        let settings = [
            ("log.dirs", "/one,/two"),
            ("log.flush.interval.messages", "1"),
        ];
        let (broker, host, address) = start(&mut machine, &settings).await;
        machine.disk.set_latency(|op, _| match op {
            DiskOp::SyncData => Duration::from_millis(40),
            _ => Duration::ZERO,
        });
        let mut connection = host.net.connect(address).await.unwrap();
        let now_ms = host.clock.now_ms();
        let records = batch_at(now_ms, &[b"x"], Compression::None, &BatchFields::default());
        for delay_ms in 0..150 {
            let topic = format!("t{delay_ms}");
            let made = ask(&mut *connection, &create(&topic, &[]), 5).await;
            assert_eq!(made.topics[0].error_code, 0, "{made:?}");
            for dir in ["/one", "/two"] {
                let mut mover = host.net.connect(address).await.unwrap();
                let request = to(dir, &topic);
                let moving = tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(delay_ms)).await;
                    ask(&mut *mover, &request, 2).await
                });
                let before = latest(&mut *connection, &topic).await;
                let produce = produce_request(&topic, records.clone(), -1);
                let answer = ask(&mut *connection, &produce, 9).await;
                let answer = &answer.responses[0].partition_responses[0];
                assert_eq!(
                    (answer.error_code, answer.base_offset),
                    (0, before),
                    "{topic}"
                );
                let moved = moving.await.unwrap();
                assert_eq!(moved.results[0].partitions[0].error_code, 0, "{moved:?}");
                // Longer than a move takes.
                tokio::time::sleep(Duration::from_secs(5)).await;
                assert_eq!(
                    latest(&mut *connection, &topic).await,
                    before + 1,
                    "{topic} {dir}"
                );
            }
        }
        broker.shutdown().await;
    });
    assert!(run.panics.is_empty(), "{:?}", run.panics);
}
