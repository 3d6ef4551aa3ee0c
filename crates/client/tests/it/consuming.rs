//! Every record once, in order, from where it was asked for.

use crate::broker_on_paper::{Fault, Paper};
use crate::network::host;
use klamm_client::{
    Client, ClientConfig, ClientError, Consumer, ConsumerConfig, OffsetSpec, Producer,
    ProducerConfig, Record,
};
use klamm_wire::{ApiKey, ErrorCode};
use std::time::Duration;

fn client(paper: &Paper) -> Client {
    Client::new(host(paper, 5), ClientConfig::new("127.0.0.1:9000").unwrap()).unwrap()
}

async fn fill(client: &Client, count: usize, codec: &str) {
    let mut config = ProducerConfig::default();
    config.set("compression.type", codec).unwrap();
    config.set("batch.size", "300").unwrap();
    let producer = Producer::new(client, config).unwrap();
    for i in 0..count {
        let record = Record::new("t", format!("value {i}"))
            .with_partition((i % 3) as i32)
            .with_key(format!("key {i}"))
            .with_header("h", "x");
        producer.send(record).await.unwrap();
    }
    producer.close().await;
}

async fn consumer(client: &Client, settings: &[(&str, &str)]) -> Consumer {
    let mut config = ConsumerConfig::default();
    config.set("auto.offset.reset", "earliest").unwrap();
    for (name, value) in settings {
        assert!(config.set(name, value).unwrap());
    }
    let mut consumer = Consumer::new(client, config);
    consumer.assign_topic("t").await.unwrap();
    consumer
}

/// Reads `count` records and checks that each partition's are complete and in order.
async fn reads_all(consumer: &mut Consumer, count: usize) {
    let mut next = [0; 3];
    let mut all = 0;
    while all < count {
        let records = consumer.poll(Duration::from_secs(60)).await.unwrap();
        assert!(!records.is_empty(), "after {all} of {count}");
        for record in records {
            let partition = usize::try_from(record.partition).unwrap();
            assert_eq!(record.offset, next[partition]);
            let i = next[partition] as usize * 3 + partition;
            assert_eq!(
                record.value.as_deref(),
                Some(format!("value {i}").as_bytes())
            );
            assert_eq!(record.key.as_deref(), Some(format!("key {i}").as_bytes()));
            assert_eq!(record.headers, [("h".into(), Some("x".into()))]);
            next[partition] += 1;
            all += 1;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn all_partitions_are_read_to_the_end() {
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let paper = Paper::new(2, 3);
        let client = client(&paper);
        fill(&client, 100, codec).await;
        for settings in [
            &[][..],
            &[
                ("max.partition.fetch.bytes", "1"),
                ("max.poll.records", "7"),
            ],
        ] {
            let mut consumer = consumer(&client, settings).await;
            reads_all(&mut consumer, 100).await;
            assert!(
                consumer
                    .poll(Duration::from_millis(700))
                    .await
                    .unwrap()
                    .is_empty()
            );
            assert_eq!(consumer.high_watermark("t", 0), Some(34));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn fetches_go_by_name_where_a_broker_knows_no_ids() {
    let paper = Paper::new(1, 3);
    paper.set_ceiling(ApiKey::Fetch, 11);
    let client = client(&paper);
    fill(&client, 9, "none").await;
    reads_all(&mut consumer(&client, &[]).await, 9).await;
    let versions = paper
        .seen()
        .into_iter()
        .filter(|(_, key, _)| *key == ApiKey::Fetch);
    assert!(versions.into_iter().all(|(_, _, version)| version == 11));
}

#[tokio::test(start_paused = true)]
async fn records_are_read_once_in_spite_of_faults() {
    for seed in 0..20u64 {
        let paper = Paper::new(2, 3);
        let client = client(&paper);
        fill(&client, 120, "lz4").await;
        let mut state = seed * 104_729 + 7;
        paper.set_faults(move |_, key, _| {
            state = u64::wrapping_mul(state, 6_364_136_223_846_793_005).wrapping_add(1_442_695);
            match (key, (state >> 33) % 100) {
                (_, 0..=9) => Fault::CutBefore,
                (_, 10..=14) => Fault::CutAfter,
                (ApiKey::Fetch | ApiKey::ListOffsets, 15..=30) => {
                    Fault::Refuse(ErrorCode::NOT_LEADER_OR_FOLLOWER)
                }
                _ => Fault::None,
            }
        });
        let settings = [("max.partition.fetch.bytes", "400")];
        reads_all(&mut consumer(&client, &settings).await, 120).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_moved_is_found() {
    let paper = Paper::new(2, 3);
    let client = client(&paper);
    fill(&client, 30, "none").await;
    let mut consumer = consumer(&client, &[]).await;
    reads_all(&mut consumer, 30).await;
    paper.move_leader("t", 0, 1);
    paper.set_down(0, true);
    consumer.seek_all_to(OffsetSpec::Earliest);
    for partition in [1, 2] {
        consumer.pause("t", partition).unwrap();
    }
    paper.move_leader("t", 2, 1);
    let records = consumer.poll(Duration::from_secs(60)).await.unwrap();
    assert_eq!(records.len(), 10);
    assert!(records.iter().all(|record| record.partition == 0));
}

#[tokio::test(start_paused = true)]
async fn seeking_goes_where_it_says() {
    let paper = Paper::new(1, 3);
    let client = client(&paper);
    fill(&client, 30, "zstd").await;
    let mut consumer = consumer(&client, &[("max.poll.records", "1")]).await;
    for partition in [0, 2] {
        consumer.pause("t", partition).unwrap();
    }
    let first = consumer.poll(Duration::from_secs(5)).await.unwrap();
    assert_eq!(
        (first[0].offset, consumer.position("t", 1).await.unwrap()),
        (0, 1)
    );
    consumer.seek("t", 1, 7).unwrap();
    assert_eq!(
        consumer.poll(Duration::from_secs(5)).await.unwrap()[0].offset,
        7
    );
    consumer.seek_to("t", 1, OffsetSpec::Latest).unwrap();
    assert_eq!(consumer.position("t", 1).await.unwrap(), 10);
    assert!(
        consumer
            .poll(Duration::from_millis(900))
            .await
            .unwrap()
            .is_empty()
    );
    consumer
        .seek_to("t", 1, OffsetSpec::Timestamp(i64::MAX))
        .unwrap();
    assert_eq!(
        consumer.position("t", 1).await.unwrap(),
        10,
        "no record is that young"
    );
    consumer.seek_to("t", 1, OffsetSpec::Timestamp(0)).unwrap();
    assert_eq!(consumer.position("t", 1).await.unwrap(), 0);
    let error = consumer.seek("t", 9, 0).unwrap_err();
    assert!(matches!(error, ClientError::NoSuchPartition { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_position_outside_the_log_goes_where_the_setting_says() {
    let paper = Paper::new(1, 3);
    let client = client(&paper);
    fill(&client, 30, "none").await;
    paper.delete_before("t", 1, 5);
    for (reset, expected) in [("earliest", 5), ("latest", 10), ("by_duration:PT1H", 5)] {
        let mut consumer = consumer(&client, &[("auto.offset.reset", reset)]).await;
        consumer.assign([("t".into(), 1)]);
        consumer.seek("t", 1, 2).unwrap();
        let records = consumer.poll(Duration::from_secs(1)).await.unwrap();
        let first = records.first().map_or(10, |record| record.offset);
        assert_eq!(first, expected, "{reset}");
    }
    let mut consumer = consumer(&client, &[("auto.offset.reset", "none")]).await;
    let error = consumer.poll(Duration::from_secs(1)).await.unwrap_err();
    assert!(matches!(error, ClientError::NoOffset { .. }), "{error}");
    for partition in 0..3 {
        consumer.seek("t", partition, 2).unwrap();
    }
    paper.delete_before("t", 0, 0);
    let error = async {
        loop {
            if let Err(error) = consumer.poll(Duration::from_secs(1)).await {
                return error;
            }
        }
    };
    assert!(matches!(
        error.await,
        ClientError::NoOffset { partition: 1, .. }
    ));
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_is_dropped_loses_nothing() {
    let paper = Paper::new(1, 3);
    let client = client(&paper);
    fill(&client, 30, "none").await;
    let mut consumer = consumer(&client, &[]).await;
    for _ in 0..5 {
        let _ = tokio::time::timeout(Duration::ZERO, consumer.poll(Duration::from_secs(5))).await;
    }
    reads_all(&mut consumer, 30).await;
}

/// A poll that is shorter than a look-up must not begin it anew.
#[tokio::test(start_paused = true)]
async fn short_polls_get_there_with_one_look_up() {
    let paper = Paper::new(1, 3);
    let client = client(&paper);
    fill(&client, 30, "none").await;
    let mut consumer = consumer(&client, &[]).await;
    paper.set_faults(|_, key, _| match key {
        ApiKey::ListOffsets => Fault::Late(1_000),
        _ => Fault::None,
    });
    let mut count = 0;
    for _ in 0..500 {
        count += consumer
            .poll(Duration::from_millis(10))
            .await
            .unwrap()
            .len();
    }
    assert_eq!(count, 30);
    let look_ups = paper
        .seen()
        .iter()
        .filter(|(_, key, _)| *key == ApiKey::ListOffsets)
        .count();
    assert_eq!(look_ups, 1);
    // A seek while one is under way has the last word.
    consumer.seek_to("t", 0, OffsetSpec::Earliest).unwrap();
    consumer.poll(Duration::ZERO).await.unwrap();
    consumer.seek("t", 0, 9).unwrap();
    let mut offsets = Vec::new();
    for _ in 0..200 {
        let records = consumer.poll(Duration::from_millis(10)).await.unwrap();
        offsets.extend(records.iter().map(|record| record.offset));
    }
    assert_eq!(offsets, [9]);
}

/// A fetch waits at the broker for records; nothing else may wait behind it.
#[tokio::test(start_paused = true)]
async fn a_fetch_that_waits_holds_nobody_up() {
    let paper = Paper::new(1, 3);
    let client = client(&paper);
    fill(&client, 30, "none").await;
    let mut consumer = consumer(&client, &[("fetch.max.wait.ms", "20000")]).await;
    reads_all(&mut consumer, 30).await;
    assert!(
        consumer
            .poll(Duration::from_millis(1))
            .await
            .unwrap()
            .is_empty()
    );
    let start = tokio::time::Instant::now();
    fill(&client, 3, "none").await;
    consumer.seek_to("t", 1, OffsetSpec::Earliest).unwrap();
    assert_eq!(consumer.position("t", 1).await.unwrap(), 0);
    client.cluster().await.unwrap();
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_does_not_pass_is_told() {
    for code in [
        ErrorCode::TOPIC_AUTHORIZATION_FAILED,
        ErrorCode::CORRUPT_MESSAGE,
    ] {
        let paper = Paper::new(1, 3);
        let client = client(&paper);
        fill(&client, 3, "none").await;
        let mut consumer = consumer(&client, &[]).await;
        paper.set_faults(move |_, key, _| match key {
            ApiKey::Fetch => Fault::Refuse(code),
            _ => Fault::None,
        });
        let error = consumer.poll(Duration::from_secs(9)).await.unwrap_err();
        assert_eq!(error.code(), Some(code));
        paper.set_faults(|_, _, _| Fault::None);
        reads_all(&mut consumer, 3).await;
    }
}

#[tokio::test(start_paused = true)]
async fn metadata_that_got_old_is_asked_for_again_by_readers_and_writers() {
    let paper = Paper::new(1, 1);
    let client = client(&paper);
    let producer = Producer::new(&client, ProducerConfig::default()).unwrap();
    let send = async |value: &str| {
        producer
            .send(Record::new("t", value.to_owned()))
            .await
            .unwrap()
            .await
            .unwrap()
    };
    send("before").await;
    let mut consumer = consumer(&client, &[]).await;
    assert_eq!(
        consumer.poll(Duration::from_secs(1)).await.unwrap().len(),
        1
    );
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_secs(301)).await;
        send("after").await;
        tokio::time::sleep(Duration::from_secs(301)).await;
        assert_eq!(
            consumer.poll(Duration::from_secs(1)).await.unwrap().len(),
            1
        );
    }
    let asked = paper
        .seen()
        .iter()
        .filter(|(_, key, _)| *key == ApiKey::Metadata)
        .count();
    assert!(asked >= 6, "{asked}");
}
