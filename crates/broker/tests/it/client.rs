//! Our own client against a node: what it is told was written is read back, and its admin calls do what they say.

use crate::node::{Node, run};
use klamm_client::admin::{ConfigOperation, ConfigResource, NewTopic};
use klamm_client::{
    Admin, Client, ClientConfig, Consumer, ConsumerConfig, IsolationLevel, OffsetSpec, Producer,
    ProducerConfig, Record, Target,
};
use klamm_wire::ErrorCode;
use std::collections::BTreeMap;
use std::time::Duration;

fn client(node: &Node) -> Client {
    let config = ClientConfig::new(&node.address().to_string()).unwrap();
    Client::new(klamm_host::os::host(), config).unwrap()
}

fn producer(client: &Client, settings: &[(&str, &str)]) -> Producer {
    let pairs = settings
        .iter()
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
    let (config, rest) = ProducerConfig::from_properties(pairs).unwrap();
    assert!(rest.is_empty(), "{rest:?}");
    Producer::new(client, config).unwrap()
}

async fn consumer(client: &Client, topic: &str, settings: &[(&str, &str)]) -> Consumer {
    let mut config = ConsumerConfig::default();
    config.set("auto.offset.reset", "earliest").unwrap();
    for (name, value) in settings {
        assert!(config.set(name, value).unwrap(), "{name}");
    }
    let mut consumer = Consumer::new(client, config);
    consumer.assign_topic(topic).await.unwrap();
    consumer
}

/// Sends `count` records, and gives the value at each partition and offset as the node acknowledged it.
async fn send(producer: &Producer, topic: &str, count: usize) -> BTreeMap<(i32, i64), String> {
    let mut deliveries = Vec::new();
    for i in 0..count {
        let value = format!("value {i} {}", "klamm ".repeat(i % 50));
        let record = Record::new(topic, value.clone()).with_key(format!("key {i}"));
        deliveries.push((
            value,
            producer.send(record.with_header("h", "x")).await.unwrap(),
        ));
    }
    let mut written = BTreeMap::new();
    for (value, delivery) in deliveries {
        let delivered = delivery.await.unwrap();
        written.insert((delivered.partition, delivered.offset.unwrap()), value);
    }
    assert_eq!(written.len(), count, "no two records at one place");
    written
}

/// Reads until there is nothing more for a while.
async fn read(consumer: &mut Consumer, count: usize) -> BTreeMap<(i32, i64), String> {
    let mut seen = BTreeMap::new();
    while seen.len() < count {
        let records = consumer.poll(Duration::from_secs(20)).await.unwrap();
        assert!(!records.is_empty(), "after {} of {count}", seen.len());
        for record in records {
            assert_eq!(record.headers, [("h".into(), Some("x".into()))]);
            let value = String::from_utf8(record.value.unwrap().to_vec()).unwrap();
            let before = seen.insert((record.partition, record.offset), value);
            assert_eq!(before, None, "read twice");
        }
    }
    assert!(
        consumer
            .poll(Duration::from_millis(20))
            .await
            .unwrap()
            .is_empty()
    );
    seen
}

#[test]
fn what_is_acknowledged_is_read_back_in_every_codec() {
    run(async {
        let node = Node::start(&["num.partitions=3"]).await;
        let client = client(&node);
        for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
            let topic = format!("topic-{codec}");
            let producer = producer(
                &client,
                &[("compression.type", codec), ("batch.size", "2000")],
            );
            let written = send(&producer, &topic, 2000).await;
            producer.close().await;
            let small = [
                ("max.partition.fetch.bytes", "5000"),
                ("isolation.level", "read_committed"),
            ];
            for settings in [&[][..], &small] {
                let mut consumer = consumer(&client, &topic, settings).await;
                assert_eq!(read(&mut consumer, written.len()).await, written, "{codec}");
            }
        }
        node.stop().await;
    });
}

#[test]
fn records_without_idempotence_and_acknowledgements_arrive_too() {
    run(async {
        let node = Node::start(&["num.partitions=1"]).await;
        let client = client(&node);
        let leader = producer(&client, &[("acks", "1")]);
        let written = send(&leader, "t", 100).await;
        assert_eq!(written.keys().next_back(), Some(&(0, 99)));
        let nobody = producer(&client, &[("acks", "0")]);
        let record = Record::new("t", "unheard").with_header("h", "x");
        let delivered = nobody.send(record).await.unwrap().await.unwrap();
        assert_eq!(delivered.offset, None);
        let mut consumer = consumer(&client, "t", &[]).await;
        assert_eq!(read(&mut consumer, 101).await[&(0, 100)], "unheard");
        node.stop().await;
    });
}

#[test]
fn a_restarted_node_has_what_it_acknowledged() {
    run(async {
        let node = Node::start(&["num.partitions=2"]).await;
        let first = client(&node);
        let written = send(&producer(&first, &[]), "t", 500).await;
        drop(first);
        let node = node.restart().await;
        let client = client(&node);
        let mut consumer = consumer(&client, "t", &[]).await;
        assert_eq!(read(&mut consumer, 500).await, written);
        let more = send(&producer(&client, &[]), "t", 100).await;
        assert_eq!(read(&mut consumer, 100).await, more);
        node.stop().await;
    });
}

#[test]
fn offsets_are_found_and_deleted() {
    run(async {
        let node = Node::start(&["num.partitions=1"]).await;
        let client = client(&node);
        let producer = producer(&client, &[]);
        for (i, timestamp_ms) in [1000, 3000, 2000].into_iter().enumerate() {
            let timestamp_ms = Some(timestamp_ms);
            let record = Record { timestamp_ms, ..Record::new("t", i.to_string()) };
            producer.send(record).await.unwrap().await.unwrap();
        }
        let key = ("t".into(), 0);
        let find = async |spec| {
            let wanted = [(("t".into(), 0), spec)];
            let isolation = IsolationLevel::ReadUncommitted;
            let mut found = client.list_offsets(&wanted, isolation).await.unwrap();
            found.remove(&("t".into(), 0)).unwrap().unwrap().offset
        };
        assert_eq!(find(OffsetSpec::Earliest).await, Some(0));
        assert_eq!(find(OffsetSpec::Latest).await, Some(3));
        assert_eq!(find(OffsetSpec::Timestamp(1001)).await, Some(1));
        assert_eq!(find(OffsetSpec::Timestamp(3001)).await, None);
        assert_eq!(find(OffsetSpec::MaxTimestamp).await, Some(1));
        let admin = Admin::new(&client);
        let deleted = admin.delete_records(&[(key, Some(2))]).await.unwrap();
        assert_eq!(deleted.into_values().collect::<Vec<_>>(), [Ok(2)]);
        assert_eq!(find(OffsetSpec::Earliest).await, Some(2));
        node.stop().await;
    });
}

#[test]
fn admin_calls_do_what_they_say() {
    run(async {
        let node = Node::start(&[]).await;
        let client = client(&node);
        let admin = Admin::new(&client);
        let retention = ("retention.ms".to_owned(), Some("123456".to_owned()));
        let topic = NewTopic {
            partitions: Some(3),
            configs: vec![retention],
            ..NewTopic::new("t")
        };
        let tried = admin
            .create_topics(std::slice::from_ref(&topic), true)
            .await
            .unwrap();
        assert!(tried["t"].is_ok(), "{tried:?}");
        assert!(admin.list_topics().await.unwrap().is_empty());
        admin
            .create_topics(std::slice::from_ref(&topic), false)
            .await
            .unwrap()["t"]
            .clone()
            .unwrap();
        let again = admin.create_topics(&[topic], false).await.unwrap();
        let code = again["t"].as_ref().unwrap_err().code();
        assert_eq!(code, Some(ErrorCode::TOPIC_ALREADY_EXISTS));
        assert_eq!(admin.describe_topic("t").await.unwrap().partitions.len(), 3);
        let missing = admin.describe_topic("u").await.unwrap_err();
        assert_eq!(missing.code(), Some(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION));

        let resource = ConfigResource::topic("t");
        let change = (
            "retention.ms".to_owned(),
            ConfigOperation::Set("99000".to_owned()),
        );
        let changed = admin
            .alter_configs(&[(resource.clone(), vec![change])], false)
            .await;
        assert_eq!(changed.unwrap()[&resource], Ok(()));
        let described = admin
            .describe_configs(std::slice::from_ref(&resource), false)
            .await
            .unwrap();
        let entry = &described[&resource].as_ref().unwrap()["retention.ms"];
        assert_eq!(entry.value.as_deref(), Some("99000"));

        let cluster = admin.describe_cluster().await.unwrap();
        assert_eq!(cluster.brokers.len(), 1);
        let id = cluster.brokers[0].id;
        assert_eq!(admin.describe_quorum().await.unwrap().leader_id, id);
        let dirs = admin.describe_log_dirs(id).await.unwrap();
        assert!(dirs[0].partitions.contains_key(&("t".into(), 2)));
        assert!(client.versions(Target::Node(id)).await.unwrap().len() > 20);

        assert_eq!(admin.delete_topics(&["t"]).await.unwrap()["t"], Ok(()));
        assert!(admin.list_topics().await.unwrap().is_empty());
        node.stop().await;
    });
}
