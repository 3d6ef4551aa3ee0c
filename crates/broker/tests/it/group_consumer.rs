//! Our own client's group consumer against a node: partitions are shared, moved and given back, offsets survive.

mod offsets;
mod sharing;
mod topics;

use crate::node::{Node, run};
use klamm_client::admin::{MorePartitions, NewTopic};
use klamm_client::{
    Admin, Client, ClientConfig, ClientError, ConsumerConfig, GroupConfig, GroupConsumer,
    GroupOffset, PartitionKey, Producer, ProducerConfig, RebalanceListener, Record, Subscription,
};
use klamm_wire::ErrorCode;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

const QUICK: &[&str] = &[
    "group.initial.rebalance.delay.ms=0",
    "offsets.topic.num.partitions=3",
    "group.consumer.min.heartbeat.interval.ms=50",
    "group.consumer.heartbeat.interval.ms=100",
];
/// Every way to be a member.
const WAYS: [&[(&str, &str)]; 4] = [
    &[("partition.assignment.strategy", "range")],
    &[("partition.assignment.strategy", "roundrobin")],
    &[("partition.assignment.strategy", "cooperative-sticky")],
    &[("group.protocol", "consumer")],
];
/// A step that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn client(node: &Node, settings: &[(&str, &str)]) -> Client {
    let mut config = ClientConfig::new(&node.address().to_string()).unwrap();
    for (name, value) in settings {
        assert!(config.set(name, value).unwrap(), "{name}");
    }
    Client::new(klamm_host::os::host(), config).unwrap()
}

pub(crate) fn member(
    client: &Client,
    way: &[(&str, &str)],
    more: &[(&str, &str)],
) -> GroupConsumer {
    let mut group = GroupConfig::default();
    let quick = [
        ("group.id", "g"),
        ("heartbeat.interval.ms", "50"),
        ("session.timeout.ms", "10000"),
    ];
    for (name, value) in quick.iter().chain(way).chain(more) {
        assert!(group.set(name, value).unwrap(), "{name}");
    }
    let mut consumer = ConsumerConfig::default();
    consumer.set("auto.offset.reset", "earliest").unwrap();
    consumer.set("fetch.max.wait.ms", "50").unwrap();
    let mut consumer = GroupConsumer::new(client, consumer, group).unwrap();
    consumer
        .subscribe(Subscription::Topics(BTreeSet::from(["t".to_owned()])))
        .unwrap();
    consumer
}

pub(crate) async fn topic(client: &Client, partitions: i32) {
    let admin = Admin::new(client);
    let topic = NewTopic { partitions: Some(partitions), ..NewTopic::new("t") };
    for (name, made) in admin.create_topics(&[topic], false).await.unwrap() {
        made.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

/// A node with topic `t`, and a client of it.
async fn node_with_topic(partitions: i32) -> (Node, Client) {
    let node = Node::start(QUICK).await;
    let client = client(&node, &[]);
    topic(&client, partitions).await;
    (node, client)
}

async fn write(client: &Client, values: std::ops::Range<usize>) {
    let producer = Producer::new(client, ProducerConfig::default()).unwrap();
    let mut deliveries = Vec::new();
    for value in values {
        let record = Record::new("t", value.to_string()).with_key(value.to_string());
        deliveries.push(producer.send(record).await.unwrap());
    }
    producer.flush().await;
    for delivery in deliveries {
        delivery.await.unwrap();
    }
    producer.close().await;
}

/// What one poll gives, as numbers.
async fn poll(consumer: &mut GroupConsumer) -> Vec<usize> {
    let records = consumer.poll(Duration::from_millis(20)).await.unwrap();
    let value = |value: bytes::Bytes| String::from_utf8(value.to_vec()).unwrap().parse().unwrap();
    records
        .into_iter()
        .map(|record| value(record.value.unwrap()))
        .collect()
}

/// Polls all in turn until it is as it should be, and gives what was read.
pub(crate) async fn poll_until(
    consumers: &mut [&mut GroupConsumer],
    mut is_so: impl FnMut(&[&mut GroupConsumer], &[usize]) -> bool,
) -> Vec<usize> {
    let start = Instant::now();
    let mut seen = Vec::new();
    while !is_so(consumers, &seen) {
        assert!(start.elapsed() < PATIENCE, "{:?}", shares(consumers));
        for consumer in consumers.iter_mut() {
            seen.extend(poll(consumer).await);
        }
    }
    seen
}

pub(crate) fn shares(consumers: &[&mut GroupConsumer]) -> Vec<usize> {
    consumers
        .iter()
        .map(|consumer| consumer.assignment().count())
        .collect()
}

fn sorted(mut values: Vec<usize>) -> Vec<usize> {
    values.sort_unstable();
    values
}
