//! Compaction of a running node: logs shrink, readers notice nothing, damage is reported.

use crate::admin::alter_topic;
use crate::metrics::{scrape, until, value};
use crate::node::{Node, Peer, create, run};
use bytes::Bytes;
use klamm_records::{
    BatchBuilder, BatchFields, Codec, Deflater, InflateLimit, Inflater, NewRecord, Records, batches,
};
use klamm_wire::messages::fetch::{FetchPartition, FetchRequest, FetchTopic};
use klamm_wire::messages::find_coordinator::FindCoordinatorRequest;
use klamm_wire::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use std::collections::BTreeMap;

pub(crate) const NODE: &[&str] = &[
    "log.cleaner.backoff.ms=20",
    "klamm.metrics.listener=127.0.0.1:0",
    "log.segment.delete.delay.ms=0",
    "offsets.topic.num.partitions=1",
];
pub(crate) const COMPACTED: &[(&str, &str)] = &[
    ("cleanup.policy", "compact"),
    ("internal.segment.bytes", "2000"),
    ("min.cleanable.dirty.ratio", "0"),
    ("file.delete.delay.ms", "0"),
];

fn keyed(key: &str, value: &str) -> Bytes {
    let mut builder = BatchBuilder::new();
    let record = NewRecord {
        timestamp_ms: klamm_host::os::host().clock.now_ms(),
        key: Some(key.as_bytes()),
        value: Some(value.as_bytes()),
        headers: &[],
    };
    builder.append(&record).unwrap();
    builder
        .build(
            &BatchFields::default(),
            Codec::default(),
            &mut Deflater::new(),
        )
        .unwrap()
}

pub(crate) async fn put(peer: &mut Peer, topic: &str, numbers: std::ops::Range<u32>) {
    for n in numbers {
        let value = format!("{n} {}", "x".repeat(100));
        let answer = peer
            .produce(topic, keyed(&format!("k{}", n % 5), &value), 1)
            .await;
        assert_eq!(answer.error_code, 0, "{answer:?}");
    }
}

/// Offset, key and value of what a fetch gives, and where to go on.
async fn fetch(peer: &mut Peer, topic: &str, offset: i64) -> (Vec<(i64, String, String)>, i64) {
    let request = FetchRequest {
        replica_id: -1,
        max_wait_ms: 0,
        min_bytes: 1,
        max_bytes: 1 << 20,
        session_epoch: -1,
        topics: vec![FetchTopic {
            topic: topic.into(),
            partitions: vec![FetchPartition {
                current_leader_epoch: -1,
                fetch_offset: offset,
                last_fetched_epoch: -1,
                log_start_offset: -1,
                partition_max_bytes: 1500,
                ..FetchPartition::default()
            }],
            ..FetchTopic::default()
        }],
        ..FetchRequest::default()
    };
    let answer = peer.ask(&request, 11).await;
    let partition = &answer.responses[0].partitions[0];
    assert_eq!(partition.error_code, 0);
    let bytes = partition.records.as_ref().unwrap().to_bytes().unwrap();
    let (mut found, mut next) = (Vec::new(), offset);
    for batch in batches(&bytes) {
        let batch = batch.unwrap();
        batch.verify_crc().unwrap();
        let body = batch
            .inflate(&mut Inflater::new(), InflateLimit::bytes(1 << 20))
            .unwrap();
        for record in Records::new(batch.header(), &body) {
            let record = record.unwrap();
            let text = |b: Option<&[u8]>| String::from_utf8(b.unwrap().to_vec()).unwrap();
            if record.offset.0 >= offset {
                found.push((record.offset.0, text(record.key), text(record.value)));
            }
        }
        next = batch.header().next_offset().0;
    }
    (found, next)
}

pub(crate) async fn fetch_all(peer: &mut Peer, topic: &str) -> Vec<(i64, String, String)> {
    let (mut all, mut at) = (Vec::new(), 0);
    loop {
        let (found, next) = fetch(peer, topic, at).await;
        all.extend(found);
        if next == at {
            return all;
        }
        at = next;
    }
}

#[test]
fn a_compacted_topic_shrinks_under_readers_who_notice_nothing() {
    run(async {
        let node = Node::start(NODE).await;
        let (mut peer, mut reader) = (node.connect().await, node.connect().await);
        peer.ask(&create("t", COMPACTED), 5).await;
        // A reader that follows sees every record; one that lags sees rising offsets and the newest values.
        let (mut followed, mut lagging): (Vec<_>, Vec<_>) = Default::default();
        let (mut at, mut slow_at) = (0, 0);
        for round in 0..20 {
            put(&mut peer, "t", round * 20..round * 20 + 20).await;
            while at < i64::from(round * 20 + 20) {
                let (found, next) = fetch(&mut reader, "t", at).await;
                followed.extend(found);
                at = next;
            }
            let (found, next) = fetch(&mut reader, "t", slow_at).await;
            lagging.extend(found);
            slow_at = next;
        }
        until(&node, "klamm_cleaner_passes_total", |passes| passes > 0.0).await;
        // The cleaner is done once nothing is dirty any more.
        until(&node, "klamm_cleaner_dirty_ppm_max", |ppm| ppm == 0.0).await;
        let left = fetch_all(&mut reader, "t").await;
        assert!(left.len() < 40, "{}", left.len());
        assert!(left.iter().all(|record| followed.contains(record)));
        lagging.extend(left.iter().filter(|r| r.0 >= slow_at).cloned());
        assert!(lagging.windows(2).all(|w| w[0].0 < w[1].0), "offsets rise");
        assert!(lagging.iter().all(|record| followed.contains(record)));
        let newest = |records: &[(i64, String, String)]| -> BTreeMap<String, String> {
            records
                .iter()
                .map(|(_, key, value)| (key.clone(), value.clone()))
                .collect()
        };
        assert_eq!(newest(&left), newest(&followed));
        assert_eq!(newest(&lagging), newest(&followed));
        assert!(value(&scrape(&node).await, "klamm_cleaner_freed_bytes_total") > Some(1000.0));
        let node = node.restart().await;
        let checkpoint = node.folder().join("data/cleaner-offset-checkpoint");
        let text = std::fs::read_to_string(checkpoint).unwrap();
        assert!(text.contains("\nt 0 "), "{text}");
        assert_eq!(fetch_all(&mut node.connect().await, "t").await, left);
        node.stop().await;
    });
}

#[test]
fn a_damaged_partition_is_set_aside_and_the_others_go_on() {
    run(async {
        let node = Node::start(NODE).await;
        let mut peer = node.connect().await;
        let mut later = COMPACTED.to_vec();
        later[2].1 = "1";
        for name in ["bad", "good"] {
            peer.ask(&create(name, &later), 5).await;
            put(&mut peer, name, 0..60).await;
        }
        let path = node.folder().join("data/bad-0/00000000000000000000.log");
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[300] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(
            value(&scrape(&node).await, "klamm_cleaner_passes_total"),
            Some(0.0)
        );
        for name in ["bad", "good"] {
            alter_topic(&mut peer, name, "min.cleanable.dirty.ratio", "0").await;
        }
        until(&node, "klamm_uncleanable_partitions", |n| n == 1.0).await;
        until(&node, "klamm_cleaner_passes_total", |n| n >= 1.0).await;
        until(&node, "klamm_uncleanable_bytes", |n| n > 1000.0).await;
        assert_eq!(
            value(&scrape(&node).await, "klamm_offline_log_dirs"),
            Some(0.0)
        );
        // The other one is cleaned; and a new topic of the same name is another partition.
        assert!(fetch_all(&mut peer, "good").await.len() < 30);
        node.stop().await;
    });
}

#[test]
fn a_topic_follows_its_policy_and_the_cleaner_its_settings_at_once() {
    run(async {
        let node = Node::start(&[NODE, &["log.cleaner.threads=0"]].concat()).await;
        let mut peer = node.connect().await;
        let mut configs = COMPACTED.to_vec();
        configs[0].1 = "delete";
        peer.ask(&create("t", &configs), 5).await;
        put(&mut peer, "t", 0..60).await;
        alter_topic(&mut peer, "t", "cleanup.policy", "compact").await;
        crate::admin::alter_broker(&mut peer, "log.cleaner.threads", "2").await;
        until(&node, "klamm_cleaner_passes_total", |passes| passes >= 1.0).await;
        let left = fetch_all(&mut peer, "t").await;
        assert!(left.len() < 30, "{}", left.len());
        alter_topic(&mut peer, "t", "cleanup.policy", "delete").await;
        put(&mut peer, "t", 60..120).await;
        let node = node.restart().await;
        assert_eq!(
            fetch_all(&mut node.connect().await, "t").await.len(),
            left.len() + 60
        );
        node.stop().await;
    });
}

#[test]
fn the_throttle_holds_a_pass_back() {
    run(async {
        let slow = ["log.cleaner.io.max.bytes.per.second=1000"];
        let node = Node::start(&[NODE, &slow].concat()).await;
        let mut peer = node.connect().await;
        peer.ask(&create("t", COMPACTED), 5).await;
        put(&mut peer, "t", 0..60).await;
        until(&node, "klamm_cleaner_read_bytes_total", |bytes| bytes > 0.0).await;
        // 64 KiB a step: what was moved at once is paid for over seconds. A stop does not wait for it.
        let wait = std::time::Duration::from_secs(120);
        tokio::time::timeout(wait, node.stop()).await.unwrap();
    });
}

#[test]
fn committed_offsets_do_not_grow_without_end() {
    run(async {
        // A pass ends where the log is on the disk.
        let node = Node::start(&[NODE, &["klamm.flush.dirty.ms=20"]].concat()).await;
        let mut peer = node.connect().await;
        peer.topic("t").await;
        let find = FindCoordinatorRequest {
            coordinator_keys: vec!["g".into()],
            ..FindCoordinatorRequest::default()
        };
        while peer.ask(&find, 4).await.coordinators[0].error_code != 0 {}
        for (name, value) in [
            ("internal.segment.bytes", "4000"),
            ("min.cleanable.dirty.ratio", "0"),
        ] {
            alter_topic(&mut peer, "__consumer_offsets", name, value).await;
        }
        let (mut commits, mut written) = (0, 0.0);
        for _ in 0..3 {
            // They grow, whatever the cleaner does meanwhile; then it comes.
            let page = scrape(&node).await;
            let passes = value(&page, "klamm_cleaner_passes_total").unwrap();
            for _ in 0..150 {
                commits += 1;
                commit(&mut peer, commits).await;
            }
            until(&node, "klamm_cleaner_passes_total", |n| n > passes).await;
            until(&node, "klamm_log_bytes", |bytes| bytes < 12_000.0).await;
            written = value(&scrape(&node).await, "klamm_cleaner_freed_bytes_total").unwrap();
        }
        assert!(written > 20_000.0, "{written}");
        let node = node.restart().await;
        let mut peer = node.connect().await;
        assert_eq!(crate::groups::committed(&mut peer, "g").await, (commits, 0));
        node.stop().await;
    });
}

/// A commit without membership.
async fn commit(peer: &mut Peer, offset: i64) {
    let request = OffsetCommitRequest {
        group_id: "g".into(),
        generation_id_or_member_epoch: -1,
        topics: vec![OffsetCommitRequestTopic {
            name: "t".into(),
            partitions: vec![OffsetCommitRequestPartition {
                committed_offset: offset,
                ..OffsetCommitRequestPartition::default()
            }],
            ..OffsetCommitRequestTopic::default()
        }],
        ..OffsetCommitRequest::default()
    };
    loop {
        let answer = peer.ask(&request, 8).await;
        match answer.topics[0].partitions[0].error_code {
            0 => return,
            // The shard is being loaded.
            14..=16 => {}
            code => panic!("{code}"),
        }
    }
}
