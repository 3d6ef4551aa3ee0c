//! What a scrape shows: errors by API and name, and gauges that move.

use crate::gated_disk::{Gate, GatedDisk};
use crate::node::{Node, batch, create, produce_request, run};
use klamm_host::Host;
use klamm_records::Compression;
use klamm_wire::messages::{delete_topics, fetch, find_coordinator, list_offsets};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ENDPOINT: &str = "klamm.metrics.listener=127.0.0.1:0";

pub(crate) async fn scrape(node: &Node) -> String {
    let address = node.broker().metrics_address().unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = b"GET /metrics HTTP/1.1\r\nhost: klamm\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).await.unwrap();
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    page
}

/// The value of a line of the page; `None` if there is no such line.
pub(crate) fn value(page: &str, name: &str) -> Option<f64> {
    let mut lines = page.lines();
    let rest = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    Some(rest.trim().parse().unwrap())
}

/// Scrapes until a gauge is as it should be.
pub(crate) async fn until(node: &Node, name: &str, is_right: impl Fn(f64) -> bool) {
    let seen = async {
        loop {
            let page = scrape(node).await;
            let value = value(&page, name).unwrap_or_else(|| panic!("{name} in {page}"));
            if is_right(value) {
                return;
            }
        }
    };
    // Far longer than anything takes: ends what hangs.
    let wait = std::time::Duration::from_secs(300);
    tokio::time::timeout(wait, seen).await.expect(name);
}

fn waiting_fetch(topic: &str) -> fetch::FetchRequest {
    fetch::FetchRequest {
        replica_id: -1,
        max_wait_ms: 60_000,
        min_bytes: 1,
        max_bytes: 1 << 20,
        session_epoch: 0,
        topics: vec![fetch::FetchTopic {
            topic: topic.into(),
            partitions: vec![fetch::FetchPartition {
                partition_max_bytes: 1 << 20,
                ..fetch::FetchPartition::default()
            }],
            ..fetch::FetchTopic::default()
        }],
        ..fetch::FetchRequest::default()
    }
}

#[test]
fn errors_are_counted_by_api_and_name_wherever_they_stand_in_an_answer() {
    run(async {
        let node = Node::start(&[ENDPOINT]).await;
        let mut peer = node.connect().await;
        peer.topic("t").await;
        let delete = delete_topics::DeleteTopicsRequest {
            topic_names: vec!["no".into(), "neither".into(), "t".into()],
            timeout_ms: 1000,
            ..delete_topics::DeleteTopicsRequest::default()
        };
        peer.ask(&delete, 5).await;
        let find = find_coordinator::FindCoordinatorRequest {
            key_type: 17,
            coordinator_keys: vec!["x".into()],
            ..find_coordinator::FindCoordinatorRequest::default()
        };
        peer.ask(&find, 4).await;
        let partition = |index| list_offsets::ListOffsetsPartition {
            partition_index: index,
            ..list_offsets::ListOffsetsPartition::default()
        };
        let offsets = list_offsets::ListOffsetsRequest {
            replica_id: -1,
            topics: vec![list_offsets::ListOffsetsTopic {
                name: "no".into(),
                partitions: (0..3).map(partition).collect(),
            }],
            ..list_offsets::ListOffsetsRequest::default()
        };
        peer.ask(&offsets, 7).await;
        // An acks=0 producer is told by the end of its connection; the error counts all the same.
        let nonsense = produce_request("no", batch(&[b"x"], Compression::None), 0);
        let mut deaf = node.connect().await;
        deaf.send(&nonsense, 9).await;
        assert_eq!(deaf.receive_frame().await, None);

        let page = scrape(&node).await;
        let count = |api, error| {
            let name = format!("klamm_request_errors_total{{api=\"{api}\",error=\"{error}\"}}");
            value(&page, &name)
        };
        let unknown = "UNKNOWN_TOPIC_OR_PARTITION";
        assert_eq!(count("DeleteTopics", unknown), Some(2.0), "{page}");
        assert_eq!(
            count("FindCoordinator", "INVALID_REQUEST"),
            Some(1.0),
            "{page}"
        );
        assert_eq!(count("ListOffsets", unknown), Some(3.0), "{page}");
        assert_eq!(count("Produce", unknown), Some(1.0), "{page}");
        assert!(
            !page.contains("error=\"NONE\""),
            "success is no error: {page}"
        );
        assert!(!page.contains("errors_total{api=\"Metadata\""), "{page}");
        assert_eq!(
            value(&page, "klamm_requests_total{api=\"Produce\"}"),
            Some(1.0)
        );
        assert!(
            page.contains("klamm_request_seconds_bucket{le=\"+Inf\",api=\"Produce\"} 1"),
            "{page}"
        );
        node.stop().await;
    });
}

#[test]
fn gauges_of_requests_rise_and_fall_with_them() {
    run(async {
        let node = Node::start(&[ENDPOINT]).await;
        let mut peer = node.connect().await;
        peer.topic("t").await;
        until(&node, "klamm_requests_in_flight", |n| n == 0.0).await;
        let mut reader = node.connect().await;
        let id = reader.send(&waiting_fetch("t"), 12).await;
        until(&node, "klamm_fetches_waiting", |n| n == 1.0).await;
        until(&node, "klamm_requests_in_flight", |n| n == 1.0).await;
        until(&node, "klamm_requests_in_flight_bytes", |n| n > 0.0).await;
        until(&node, "klamm_fetch_sessions", |n| n == 1.0).await;
        until(&node, "klamm_connections", |n| n == 2.0).await;
        let written = peer
            .produce("t", batch(&[b"x"], Compression::None), 1)
            .await;
        assert_eq!(written.error_code, 0);
        reader.receive::<fetch::FetchRequest>(id, 12).await;
        until(&node, "klamm_fetches_waiting", |n| n == 0.0).await;
        until(&node, "klamm_requests_in_flight", |n| n == 0.0).await;
        until(&node, "klamm_requests_in_flight_bytes", |n| n == 0.0).await;
        // A frame that never ends holds what came of it.
        let mut slow = node.connect().await;
        slow.send_raw(&[0, 0, 1, 0, 7, 7, 7]).await;
        until(&node, "klamm_requests_in_flight_bytes", |n| n > 0.0).await;
        drop((slow, reader));
        until(&node, "klamm_requests_in_flight_bytes", |n| n == 0.0).await;
        until(&node, "klamm_connections", |n| n == 1.0).await;
        // Their queues are too short-lived to be caught from outside; they must be there.
        let page = scrape(&node).await;
        for queue in ["controller", "group_coordinator", "blocking_pool"] {
            let name = format!("klamm_{queue}_queue");
            assert_eq!(value(&page, &name), Some(0.0), "{page}");
        }
        node.stop().await;
    });
}

#[test]
fn gauges_of_the_disk_follow_writes_and_removals() {
    run(async {
        let node = Node::start(&[ENDPOINT, "klamm.flush.dirty.ms=600000"]).await;
        let mut peer = node.connect().await;
        peer.ask(&create("t", &[]), 7).await;
        until(&node, "klamm_flush_queue", |n| n == 0.0).await;
        let written = peer
            .produce("t", batch(&[b"x"], Compression::None), 1)
            .await;
        assert_eq!(written.error_code, 0);
        until(&node, "klamm_flush_queue", |n| n == 1.0).await;
        until(&node, "klamm_dirty_bytes", |n| n > 0.0).await;
        until(&node, "klamm_log_bytes", |n| n > 0.0).await;
        until(&node, "klamm_partitions", |n| n == 1.0).await;
        until(&node, "klamm_removal_queue", |n| n == 0.0).await;
        let delete = delete_topics::DeleteTopicsRequest {
            topic_names: vec!["t".into()],
            timeout_ms: 1000,
            ..delete_topics::DeleteTopicsRequest::default()
        };
        peer.ask(&delete, 5).await;
        until(&node, "klamm_removal_queue", |n| n == 1.0).await;
        until(&node, "klamm_partitions", |n| n == 0.0).await;
        node.stop().await;
    });
}

#[test]
fn unsynced_bytes_of_a_deleted_topic_stop_counting() {
    run(async {
        let node = Node::start(&[ENDPOINT, "klamm.flush.dirty.ms=1000"]).await;
        let mut peer = node.connect().await;
        peer.topic("t").await;
        peer.produce("t", batch(&[b"x"], Compression::None), 1)
            .await;
        let delete = delete_topics::DeleteTopicsRequest {
            topic_names: vec!["t".into()],
            timeout_ms: 1000,
            ..delete_topics::DeleteTopicsRequest::default()
        };
        peer.ask(&delete, 5).await;
        until(&node, "klamm_dirty_bytes", |bytes| bytes == 0.0).await;
        node.stop().await;
    });
}

#[test]
fn unsynced_bytes_stop_counting_though_the_flusher_comes_while_their_topic_is_being_deleted() {
    run(async {
        let (os, gate) = (klamm_host::os::host(), Arc::new(Gate::default()));
        let (below, gate_of_disk) = (Arc::clone(&os.disk), Arc::clone(&gate));
        let disk = Arc::new(GatedDisk { below, gate: gate_of_disk });
        let host = Host { disk, ..os };
        let node = Node::start_in(host, &[ENDPOINT, "klamm.flush.dirty.ms=1000"]).await;
        let mut peer = node.connect().await;
        peer.topic("t").await;
        until(&node, "klamm_flush_queue", |n| n == 0.0).await;
        gate.close_for("-delete");
        peer.produce("t", batch(&[b"x"], Compression::None), 1)
            .await;
        let deletes = tokio::spawn(async move {
            let delete = delete_topics::DeleteTopicsRequest {
                topic_names: vec!["t".into()],
                timeout_ms: 20_000,
                ..delete_topics::DeleteTopicsRequest::default()
            };
            peer.ask(&delete, 5).await
        });
        gate.until_waiting(1);
        until(&node, "klamm_flush_queue", |n| n == 0.0).await;
        gate.open();
        let deleted = deletes.await.unwrap();
        assert_eq!(deleted.responses[0].error_code, 0, "{deleted:?}");
        until(&node, "klamm_dirty_bytes", |bytes| bytes == 0.0).await;
        assert!(!gate.gave_up());
        node.stop().await;
    });
}

/// Else a log that is synced for every batch would stand in the flusher's list once for each.
#[test]
fn a_log_that_is_synced_often_waits_for_the_flusher_once() {
    run(async {
        let node = Node::start(&[
            ENDPOINT,
            "klamm.flush.dirty.ms=600000",
            "log.flush.interval.messages=1",
        ])
        .await;
        let mut peer = node.connect().await;
        peer.topic("t").await;
        for _ in 0..5 {
            let written = peer.produce("t", batch(&[b"x"], Compression::None), -1);
            assert_eq!(written.await.error_code, 0);
        }
        until(&node, "klamm_dirty_bytes", |bytes| bytes == 0.0).await;
        let page = scrape(&node).await;
        assert_eq!(value(&page, "klamm_flush_queue"), Some(1.0));
        node.stop().await;
    });
}
