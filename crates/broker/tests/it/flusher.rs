//! The background flush keeps its pace, however fast producers are. In simulated time.

use crate::node::{batch_at, produce_request};
use crate::simulated::{ask, make_topic, start};
use klamm_host::Host;
use klamm_host_sim::{DiskOp, World};
use klamm_records::{BatchFields, Compression};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::{Instant, interval};

/// How long a sync takes.
const SYNC: Duration = Duration::from_millis(20);
const SECONDS: u64 = 20;

/// A batch every few milliseconds.
async fn produce_for_a_while(host: &Host, address: SocketAddr) {
    let mut connection = host.net.connect(address).await.unwrap();
    make_topic(&mut *connection).await;
    // The simulated clock is far from that of the machine.
    let now_ms = host.clock.now_ms();
    let records = batch_at(now_ms, &[b"x"], Compression::None, &BatchFields::default());
    let produce = produce_request("t", records, -1);
    let (mut ticks, end) = (
        interval(Duration::from_millis(5)),
        Instant::now() + Duration::from_secs(SECONDS),
    );
    while Instant::now() < end {
        ticks.tick().await;
        let answer = ask(&mut *connection, &produce, 9).await;
        let answer = &answer.responses[0].partition_responses[0];
        assert_eq!(answer.error_code, 0, "{answer:?}");
    }
}

#[test]
fn the_flusher_waits_for_its_pace_while_bytes_keep_coming() {
    let run = World::run(1, |mut world| async move {
        world.trace.keep_text();
        let mut machine = world.node();
        machine.disk.set_latency(|op, _| match op {
            DiskOp::SyncData => SYNC,
            _ => Duration::ZERO,
        });
        let settings = [("klamm.flush.dirty.ms", "1000")];
        let (broker, host, address) = start(&mut machine, &settings).await;
        produce_for_a_while(&host, address).await;
        broker.shutdown().await;
    });
    assert!(run.panics.is_empty(), "{:?}", run.panics);
    let is_sync = |event: &&String| event.contains("disk sync_data");
    let syncs: Vec<_> = run.text.iter().filter(is_sync).collect();
    // At most one a second, and those of the start, of the metadata log and of the end.
    let count = syncs.len() as u64;
    assert!((SECONDS / 4..3 * SECONDS).contains(&count), "{syncs:#?}");
}

/// The longest that one of forty batches of 100 kB waited for its answer, where a sync takes a second.
fn longest_answer(stop_bytes: u64) -> Duration {
    let (sender, longest) = std::sync::mpsc::channel();
    let run = World::run(1, move |mut world| async move {
        let mut machine = world.node();
        machine.disk.set_latency(|op, _| match op {
            DiskOp::SyncData => Duration::from_secs(1),
            _ => Duration::ZERO,
        });
        let stop_bytes = stop_bytes.to_string();
        let settings = [("klamm.flush.dirty.max.bytes", &*stop_bytes)];
        let (broker, host, address) = start(&mut machine, &settings).await;
        let mut connection = host.net.connect(address).await.unwrap();
        make_topic(&mut *connection).await;
        let value = vec![7; 100_000];
        let now_ms = host.clock.now_ms();
        let records = batch_at(
            now_ms,
            &[&value],
            Compression::None,
            &BatchFields::default(),
        );
        let produce = produce_request("t", records, -1);
        for _ in 0..40 {
            let asked = Instant::now();
            let answer = ask(&mut *connection, &produce, 9).await;
            assert_eq!(answer.responses[0].partition_responses[0].error_code, 0);
            sender.send(asked.elapsed()).unwrap();
        }
        broker.shutdown().await;
    });
    assert!(run.panics.is_empty(), "{:?}", run.panics);
    longest.iter().max().unwrap()
}

#[test]
fn producers_wait_for_the_disk_where_too_much_is_unsynced() {
    assert!(longest_answer(400_000) > Duration::from_millis(500));
    assert!(longest_answer(8_000_000) < Duration::from_millis(500));
}
