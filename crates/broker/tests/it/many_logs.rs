//! Logs that are synced together: how often the disk is asked, and what survives. In simulated time.

use crate::node::batch_at;
use crate::simulated::{self, ask, make_topic};
use klamm_broker::Broker;
use klamm_host::{Disk, Host};
use klamm_host_sim::{
    CrashPolicy, DiskFault, DiskOp, Effect, OpFilter, SimDisk, SimNode, SimRng, World,
};
use klamm_records::{BatchFields, Compression};
use klamm_wire::messages::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

const LOGS: usize = 20;
const FLUSH: Duration = Duration::from_secs(1);
const MARKER: &str = "/data/.kafka_cleanshutdown";

async fn start(machine: &mut SimNode) -> (Broker, Host, SocketAddr) {
    let (logs, flush_ms) = (LOGS.to_string(), FLUSH.as_millis().to_string());
    let settings = [
        ("num.partitions", &*logs),
        ("klamm.flush.dirty.ms", &*flush_ms),
    ];
    simulated::start(machine, &settings).await
}

/// One batch for each partition of the topic.
async fn write_to_each(host: &Host, address: SocketAddr) {
    let mut connection = host.net.connect(address).await.unwrap();
    make_topic(&mut *connection).await;
    let now_ms = host.clock.now_ms();
    let records = batch_at(now_ms, &[b"x"], Compression::None, &BatchFields::default());
    let partition_data = (0..LOGS).map(|index| PartitionProduceData {
        index: i32::try_from(index).unwrap(),
        records: Some(records.clone().into()),
    });
    let produce = ProduceRequest {
        acks: -1,
        timeout_ms: 10_000,
        topic_data: vec![TopicProduceData {
            name: "t".into(),
            partition_data: partition_data.collect(),
            ..TopicProduceData::default()
        }],
        ..ProduceRequest::default()
    };
    let answer = ask(&mut *connection, &produce, 9).await;
    let answers = &answer.responses[0].partition_responses;
    assert!(
        answers.iter().all(|answer| answer.error_code == 0),
        "{answers:?}"
    );
}

/// Syncs so far: of the volume, and all others.
fn syncs(text: &[String]) -> (usize, usize) {
    let of = |name: &str| text.iter().filter(|event| event.contains(name)).count();
    let volume = of("disk sync_volume");
    (volume, of("disk sync_") - volume)
}

/// Records, and what a start relies on after an orderly stop.
fn expect_complete_logs(disk: &SimDisk) {
    for log in 0..LOGS {
        let len = |name: &str| {
            let path = format!("/data/t-{log}/0000000000000000000{name}");
            disk.file_len(Path::new(&path)).unwrap()
        };
        assert!(len("0.log") > Some(0) && len("0.timeindex") == Some(12));
        assert!(len("0.index").is_some() && len("1.snapshot") > Some(0));
    }
}

#[test]
fn many_logs_take_one_sync_to_flush_and_one_to_close() {
    let run = World::run(1, |mut world| async move {
        world.trace.keep_text();
        let mut machine = world.node();
        let (broker, host, address) = start(&mut machine).await;
        write_to_each(&host, address).await;
        let begun = syncs(&world.trace.text());
        tokio::time::sleep(2 * FLUSH).await;
        let flushed = syncs(&world.trace.text());
        assert_eq!(flushed.0, begun.0 + 1);
        assert!(flushed.1 - begun.1 < LOGS, "{begun:?} {flushed:?}");
        let fork = machine.disk.fork();
        fork.crash(CrashPolicy::DropUnsynced, &mut SimRng::new(1));
        for log in 0..LOGS {
            let path = format!("/data/t-{log}/00000000000000000000.log");
            assert!(fork.file_len(Path::new(&path)).unwrap() > Some(0));
        }
        broker.shutdown().await;
        let closed = syncs(&world.trace.text());
        assert_eq!(closed.0, flushed.0 + 1);
        assert!(closed.1 - flushed.1 < 2 * LOGS, "{flushed:?} {closed:?}");
        machine.crash(CrashPolicy::DropUnsynced);
        assert!(machine.disk.exists(Path::new(MARKER)).unwrap());
        expect_complete_logs(&machine.disk);
        let (broker, ..) = start(&mut machine).await;
        broker.shutdown().await;
    });
    assert!(run.panics.is_empty(), "{:?}", run.panics);
}

#[test]
fn a_stop_whose_sync_fails_is_not_called_orderly() {
    let run = World::run(2, |mut world| async move {
        let mut machine = world.node();
        let (broker, host, address) = start(&mut machine).await;
        write_to_each(&host, address).await;
        let fault = DiskFault::once(OpFilter::Is(DiskOp::SyncVolume), 0, Effect::Eio);
        machine.disk.inject(fault);
        broker.shutdown().await;
        machine.crash(CrashPolicy::KeepAll);
        assert!(!machine.disk.exists(Path::new(MARKER)).unwrap());
    });
    assert!(run.panics.is_empty(), "{:?}", run.panics);
}
