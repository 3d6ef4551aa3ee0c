//! Once, in order, in spite of everything.

use crate::broker_on_paper::{Fault, Paper};
use crate::network::{NOW_MS, host};
use klamm_client::{
    Acks, Client, ClientConfig, ClientError, Delivery, Producer, ProducerConfig, Record,
};
use klamm_wire::{ApiKey, ErrorCode};
use std::time::Duration;

fn client(paper: &Paper, seed: u64) -> Client {
    Client::new(
        host(paper, seed),
        ClientConfig::new("127.0.0.1:9000").unwrap(),
    )
    .unwrap()
}

fn config(settings: &[(&str, &str)]) -> ProducerConfig {
    let pairs = settings
        .iter()
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
    let (config, rest) = ProducerConfig::from_properties(pairs).unwrap();
    assert!(rest.is_empty(), "{rest:?}");
    config
}

fn producer(client: &Client, settings: &[(&str, &str)]) -> Producer {
    Producer::new(client, config(settings)).unwrap()
}

async fn send(producer: &Producer, partition: i32, value: &str) -> Delivery {
    let record = Record::new("t", value.to_owned()).with_partition(partition);
    producer.send(record).await.unwrap()
}

/// Sends `count` records over three partitions in small batches, and checks that each arrived once, in order, where its
/// delivery says.
async fn all_arrive_once(paper: &Paper, seed: u64, count: usize) {
    let client = client(paper, seed);
    // Each answer that never comes costs 30 s.
    let small = [
        ("batch.size", "200"),
        ("linger.ms", "1"),
        ("delivery.timeout.ms", "3600000"),
    ];
    let producer = producer(&client, &small);
    let mut deliveries = Vec::new();
    for i in 0..count {
        deliveries.push((
            i,
            send(&producer, (i % 3) as i32, &format!("value {i}")).await,
        ));
        if i % 10 == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
    for (i, delivery) in deliveries {
        let delivered = delivery
            .await
            .unwrap_or_else(|e| panic!("seed {seed}, record {i}: {e}"));
        let partition = usize::try_from(delivered.partition).unwrap();
        assert_eq!((partition, delivered.timestamp_ms), (i % 3, NOW_MS));
        if let Some(offset) = delivered.offset {
            let values = paper.values("t", partition);
            assert_eq!(
                values[usize::try_from(offset).unwrap()],
                format!("value {i}"),
                "seed {seed}"
            );
        }
    }
    for partition in 0..3 {
        let expected = (partition..count).step_by(3).map(|i| format!("value {i}"));
        let expected: Vec<_> = expected.collect();
        assert_eq!(
            paper.values("t", partition),
            expected,
            "seed {seed}, partition {partition}"
        );
    }
    producer.close().await;
}

#[tokio::test(start_paused = true)]
async fn records_arrive_once_and_in_order() {
    all_arrive_once(&Paper::new(2, 3), 1, 100).await;
}

/// Faults by lot: connections cut before and after the work, answers that never come, refusals that pass.
#[tokio::test(start_paused = true)]
async fn records_arrive_once_and_in_order_in_spite_of_faults() {
    for seed in 0..30 {
        let paper = Paper::new(2, 3);
        let mut state = seed * 7919 + 13;
        paper.set_faults(move |_, key, _| {
            state = u64::wrapping_mul(state, 6_364_136_223_846_793_005).wrapping_add(1_442_695);
            let lot = (state >> 33) % 100;
            match (key, lot) {
                (_, 0..=3) => Fault::CutBefore,
                (ApiKey::Produce, 4..=15) => Fault::CutAfter,
                (ApiKey::Produce, 16..=17) => Fault::Silence,
                (ApiKey::Produce, 18..=25) => Fault::Refuse(ErrorCode::NOT_LEADER_OR_FOLLOWER),
                (ApiKey::Produce, 26..=30) => Fault::Refuse(ErrorCode::NOT_ENOUGH_REPLICAS),
                (ApiKey::InitProducerId, 4..=30) => {
                    Fault::Refuse(ErrorCode::COORDINATOR_LOAD_IN_PROGRESS)
                }
                _ => Fault::None,
            }
        });
        all_arrive_once(&paper, seed, 150).await;
    }
}

#[tokio::test(start_paused = true)]
async fn records_follow_a_leader_that_moves() {
    let paper = Paper::new(3, 3);
    let mover = paper.clone();
    let mut produced = 0;
    paper.set_faults(move |_, key, _| {
        produced += usize::from(key == ApiKey::Produce);
        if key == ApiKey::Produce && produced % 7 == 0 {
            let (paper, partition) = (mover.clone(), produced % 3);
            let next = i32::try_from(produced % 2 + 1).unwrap();
            // Not under the model's own lock.
            tokio::spawn(async move { paper.move_leader("t", partition, next) });
        }
        Fault::None
    });
    all_arrive_once(&paper, 3, 200).await;
    assert!((0..3).any(|partition| paper.leader("t", partition) != partition as i32));
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_forgot_a_producer_in_the_middle_gets_a_new_epoch() {
    let paper = Paper::new(1, 1);
    let client = client(&paper, 1);
    let producer = producer(&client, &[]);
    send(&producer, 0, "a").await.await.unwrap();
    let mut first = true;
    paper.set_faults(move |_, key, _| {
        if key == ApiKey::Produce && std::mem::take(&mut first) {
            return Fault::Refuse(ErrorCode::UNKNOWN_PRODUCER_ID);
        }
        Fault::None
    });
    paper.forget_producers("t", 0);
    send(&producer, 0, "b").await.await.unwrap();
    send(&producer, 0, "c").await.await.unwrap();
    assert_eq!(paper.values("t", 0), ["a", "b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_batch_fails_alone() {
    let paper = Paper::new(1, 1);
    let client = client(&paper, 1);
    let producer = producer(&client, &[("batch.size", "0")]);
    send(&producer, 0, "a").await.await.unwrap();
    let mut count = 0;
    paper.set_faults(move |_, key, _| {
        count += usize::from(key == ApiKey::Produce);
        if key == ApiKey::Produce && count == 1 {
            return Fault::Refuse(ErrorCode::MESSAGE_TOO_LARGE);
        }
        Fault::None
    });
    let mut deliveries = Vec::new();
    for value in ["b", "c", "d", "e"] {
        deliveries.push(send(&producer, 0, value).await);
    }
    let mut codes = Vec::new();
    for delivery in deliveries {
        codes.push(delivery.await.err().and_then(|error| error.code()));
    }
    assert_eq!(
        codes,
        [Some(ErrorCode::MESSAGE_TOO_LARGE), None, None, None]
    );
    assert_eq!(paper.values("t", 0), ["a", "c", "d", "e"]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_too_large_is_split() {
    for codec in ["none", "lz4"] {
        let paper = Paper::new(1, 1);
        paper.set_batch_bytes_max(400);
        let client = client(&paper, 1);
        let producer = producer(
            &client,
            &[("batch.size", "2000"), ("compression.type", codec)],
        );
        let mut deliveries = Vec::new();
        for i in 0..200u32 {
            let value = format!("{i} {:x}", i.wrapping_mul(0x9E37_79B1));
            deliveries.push((value.clone(), send(&producer, 0, &value).await));
        }
        let huge: String = (0..400u32)
            .map(|i| format!("{:x}", i.wrapping_mul(0x9E37_79B1)))
            .collect();
        let huge = send(&producer, 0, &huge).await;
        producer.flush().await;
        let mut expected = Vec::new();
        for (i, (value, delivery)) in deliveries.into_iter().enumerate() {
            assert_eq!(delivery.await.unwrap().offset, Some(i as i64), "{codec}");
            expected.push(value);
        }
        assert_eq!(paper.values("t", 0), expected, "{codec}");
        let code = huge.await.unwrap_err().code();
        assert_eq!(
            code,
            Some(ErrorCode::MESSAGE_TOO_LARGE),
            "one record cannot be split"
        );
        send(&producer, 0, "next").await.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_delivery_ends_when_its_time_is_over_and_later_ones_arrive() {
    let paper = Paper::new(1, 1);
    let client = client(&paper, 1);
    let producer = producer(&client, &[("delivery.timeout.ms", "5000")]);
    send(&producer, 0, "a").await.await.unwrap();
    paper.set_faults(|_, key, _| {
        if key == ApiKey::Produce {
            Fault::Refuse(ErrorCode::NOT_ENOUGH_REPLICAS)
        } else {
            Fault::None
        }
    });
    let start = tokio::time::Instant::now();
    let error = send(&producer, 0, "late").await.await.unwrap_err();
    assert!(matches!(error, ClientError::Timeout { .. }), "{error}");
    let took = start.elapsed();
    assert!((5000..6100).contains(&took.as_millis()), "{took:?}");
    paper.set_faults(|_, _, _| Fault::None);
    send(&producer, 0, "b").await.await.unwrap();
    assert_eq!(paper.values("t", 0), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn a_full_buffer_holds_senders_until_memory_is_free() {
    let paper = Paper::new(1, 1);
    let client = client(&paper, 1);
    let settings = [
        ("buffer.memory", "1000"),
        ("max.block.ms", "2000"),
        ("linger.ms", "600000"),
    ];
    let producer = producer(&client, &settings);
    for i in 0..50 {
        // Lingering for ten minutes would hold the third record back; waiting for memory is urgent.
        send(&producer, 0, &format!("{i} {}", "x".repeat(300))).await;
    }
    paper.set_faults(|_, key, _| {
        if key == ApiKey::Produce {
            Fault::Refuse(ErrorCode::NOT_ENOUGH_REPLICAS)
        } else {
            Fault::None
        }
    });
    let mut last = None;
    for _ in 0..5 {
        let record = Record::new("t", "x".repeat(300)).with_partition(0);
        last = producer.send(record).await.err();
    }
    assert!(
        matches!(last, Some(ClientError::Timeout { .. })),
        "{last:?}"
    );
    let huge = producer
        .send(Record::new("t", "x".repeat(1000)))
        .await
        .unwrap_err();
    assert!(matches!(
        huge,
        ClientError::RecordTooLarge { setting: "buffer.memory", .. }
    ));
}

#[tokio::test(start_paused = true)]
async fn linger_gathers_and_flush_does_not_wait_for_it() {
    let paper = Paper::new(1, 1);
    let client = client(&paper, 1);
    let producer = producer(&client, &[("linger.ms", "100")]);
    let start = tokio::time::Instant::now();
    let mut deliveries = Vec::new();
    for i in 0..20 {
        deliveries.push(send(&producer, 0, &i.to_string()).await);
    }
    for delivery in deliveries {
        delivery.await.unwrap();
    }
    assert_eq!(paper.batches("t", 0), 1);
    assert!(start.elapsed() >= Duration::from_millis(100));
    let start = tokio::time::Instant::now();
    send(&producer, 0, "now").await;
    producer.flush().await;
    assert!(
        start.elapsed() < Duration::from_millis(50),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(paper.values("t", 0).len(), 21);
}

#[tokio::test(start_paused = true)]
async fn without_acknowledgements_nobody_knows_the_offset() {
    let paper = Paper::new(1, 1);
    let client = client(&paper, 1);
    let settings = config(&[("acks", "0")]);
    assert_eq!(
        (settings.acks, settings.enable_idempotence),
        (Acks::None, false)
    );
    let producer = Producer::new(&client, settings).unwrap();
    let delivered = send(&producer, 0, "a").await.await.unwrap();
    assert_eq!(delivered.offset, None);
    producer.close().await;
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(paper.values("t", 0), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_is_missing_fails_the_send_in_time() {
    let paper = Paper::new(1, 1);
    let client = client(&paper, 1);
    let producer = producer(&client, &[("max.block.ms", "3000")]);
    let start = tokio::time::Instant::now();
    let error = producer
        .send(Record::new("missing", "x"))
        .await
        .unwrap_err();
    assert!(
        matches!(error, ClientError::Timeout { last: Some(_), .. }),
        "{error}"
    );
    assert!(start.elapsed() <= Duration::from_millis(3001));
    let error = producer
        .send(Record::new("t", "x").with_partition(7))
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        ClientError::NoSuchPartition { partition: 7, .. }
    ));
}

#[tokio::test(start_paused = true)]
async fn dropping_a_producer_ends_its_deliveries() {
    let paper = Paper::new(1, 1);
    let client = client(&paper, 1);
    let producer = producer(&client, &[("linger.ms", "1000")]);
    let waiting = send(&producer, 0, "a").await;
    drop(producer);
    assert_eq!(waiting.await, Err(ClientError::Closed));
}

#[tokio::test(start_paused = true)]
async fn keys_decide_and_records_without_keys_stick() {
    let paper = Paper::new(2, 3);
    let client = client(&paper, 1);
    let producer = producer(&client, &[]);
    // The Java client puts these keys there, for three partitions.
    for (key, hash) in [
        ("21", -973_932_308),
        ("foobar", -790_332_482),
        ("abc", 479_470_107),
    ] {
        let delivery = producer
            .send(Record::new("t", "v").with_key(key))
            .await
            .unwrap();
        assert_eq!(delivery.partition(), (hash & i32::MAX) % 3, "{key}");
    }
    let mut partitions = std::collections::BTreeSet::new();
    for _ in 0..10 {
        partitions.insert(
            producer
                .send(Record::new("t", "v"))
                .await
                .unwrap()
                .partition(),
        );
    }
    assert_eq!(partitions.len(), 1);
    producer.close().await;
}
