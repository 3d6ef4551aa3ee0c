//! Our own client's group consumer against a node: partitions are shared, moved and given back, offsets survive.

use crate::node::{Node, run};
use klamm_client::admin::{MorePartitions, NewTopic};
use klamm_client::{
    Admin, Client, ClientConfig, ConsumerConfig, GroupConfig, GroupConsumer, GroupOffset,
    PartitionKey, Producer, ProducerConfig, RebalanceListener, Record, Subscription,
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

#[test]
fn a_group_goes_on_where_it_stopped() {
    run(async {
        for way in WAYS {
            let node = Node::start(QUICK).await;
            let client = client(&node, &[]);
            topic(&client, 4).await;
            write(&client, 0..100).await;
            let mut one = member(&client, way, &[]);
            let seen = poll_until(&mut [&mut one], |_, seen| seen.len() >= 100).await;
            assert_eq!(sorted(seen), (0..100).collect::<Vec<_>>());
            one.close().await.unwrap();
            write(&client, 100..150).await;
            let node = node.restart().await;
            let client = self::client(&node, &[]);
            let mut two = member(&client, way, &[]);
            let seen = poll_until(&mut [&mut two], |_, seen| seen.len() >= 50).await;
            assert_eq!(sorted(seen), (100..150).collect::<Vec<_>>(), "{way:?}");
            two.close().await.unwrap();
            node.stop().await;
        }
    });
}

#[test]
fn members_share_partitions_and_nothing_is_read_twice_or_lost() {
    run(async {
        for way in WAYS {
            let node = Node::start(QUICK).await;
            let client = client(&node, &[]);
            topic(&client, 6).await;
            write(&client, 0..300).await;
            let (mut one, mut two, mut three) = (
                member(&client, way, &[]),
                member(&client, way, &[]),
                member(&client, way, &[]),
            );
            let mut seen = poll_until(&mut [&mut one], |all, _| shares(all) == [6]).await;
            seen.extend(
                poll_until(&mut [&mut one, &mut two], |all, _| shares(all) == [3, 3]).await,
            );
            let mut all = [&mut one, &mut two, &mut three];
            seen.extend(poll_until(&mut all, |all, _| shares(all) == [2, 2, 2]).await);
            let owned: BTreeSet<&PartitionKey> = [&one, &two, &three]
                .into_iter()
                .flat_map(GroupConsumer::assignment)
                .collect();
            assert_eq!(owned.len(), 6, "no partition has two readers");
            two.close().await.unwrap();
            seen.extend(
                poll_until(&mut [&mut one, &mut three], |all, _| shares(all) == [3, 3]).await,
            );
            write(&client, 300..400).await;
            let count = seen.len();
            let mut all = [&mut one, &mut three];
            seen.extend(poll_until(&mut all, |_, more| more.len() + count >= 400).await);
            assert_eq!(sorted(seen), (0..400).collect::<Vec<_>>(), "{way:?}");
            one.close().await.unwrap();
            three.close().await.unwrap();
            node.stop().await;
        }
    });
}

#[derive(Debug, Clone, Default)]
struct Heard(Arc<Mutex<Vec<(&'static str, usize)>>>);

impl Heard {
    fn take(&self) -> Vec<(&'static str, usize)> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    fn add(&self, what: &'static str, partitions: &[PartitionKey]) {
        self.0.lock().unwrap().push((what, partitions.len()));
    }
}

impl RebalanceListener for Heard {
    fn assigned(&mut self, partitions: &[PartitionKey]) {
        self.add("assigned", partitions);
    }

    fn revoked(&mut self, partitions: &[PartitionKey]) -> BTreeMap<PartitionKey, GroupOffset> {
        self.add("revoked", partitions);
        partitions
            .iter()
            .map(|key| (key.clone(), GroupOffset::at(7)))
            .collect()
    }

    fn lost(&mut self, partitions: &[PartitionKey]) {
        self.add("lost", partitions);
    }
}

#[test]
fn a_listener_hears_what_moves_and_its_offsets_are_committed() {
    run(async {
        let node = Node::start(QUICK).await;
        let client = client(&node, &[]);
        topic(&client, 4).await;
        for (way, gone) in [(WAYS[0], 4), (WAYS[2], 2), (WAYS[3], 2)] {
            let by_hand = [("enable.auto.commit", "false"), ("group.id", way[0].1)];
            let mut one = member(&client, way, &by_hand);
            let heard = Heard::default();
            one.set_listener(heard.clone());
            poll_until(&mut [&mut one], |all, _| shares(all) == [4]).await;
            assert_eq!(heard.take(), [("assigned", 4)]);
            let mut two = member(&client, way, &by_hand);
            poll_until(&mut [&mut one, &mut two], |all, _| shares(all) == [2, 2]).await;
            let first = heard.take();
            assert_eq!(first[0], ("revoked", gone), "{first:?}");
            let moved: Vec<PartitionKey> = two.assignment().cloned().collect();
            let committed = two.committed(&moved).await.unwrap();
            assert_eq!(committed.len(), 2);
            assert!(committed.values().all(|offset| offset.offset == 7));
            one.close().await.unwrap();
            two.close().await.unwrap();
            assert!(heard.take().iter().any(|(what, _)| *what == "revoked"));
        }
        node.stop().await;
    });
}

#[test]
fn a_static_member_comes_back_to_its_part_without_a_round() {
    run(async {
        let node = Node::start(QUICK).await;
        let client = client(&node, &[]);
        topic(&client, 4).await;
        for way in [WAYS[0], WAYS[3]] {
            let named = |name| {
                member(
                    &client,
                    way,
                    &[("group.instance.id", name), ("group.id", way[0].1)],
                )
            };
            let (mut one, mut two) = (named("a"), named("b"));
            poll_until(&mut [&mut one, &mut two], |all, _| shares(all) == [2, 2]).await;
            let before: Vec<PartitionKey> = two.assignment().cloned().collect();
            let generation = one.group_metadata().generation;
            two.close().await.unwrap();
            let mut two = named("b");
            poll_until(&mut [&mut one, &mut two], |all, _| shares(all) == [2, 2]).await;
            assert_eq!(two.assignment().cloned().collect::<Vec<_>>(), before);
            assert_eq!(one.group_metadata().generation, generation);

            // Two of one name: in a classic group the second takes over, otherwise the first stays.
            let mut other = named("b");
            let (loser, code) = match way == WAYS[0] {
                true => {
                    poll_until(&mut [&mut one, &mut other], |all, _| shares(all) == [2, 2]).await;
                    (&mut two, ErrorCode::FENCED_INSTANCE_ID)
                }
                false => (&mut other, ErrorCode::UNRELEASED_INSTANCE_ID),
            };
            let start = Instant::now();
            let error = loop {
                assert!(start.elapsed() < PATIENCE);
                if let Err(error) = loser.poll(Duration::from_millis(20)).await {
                    break error;
                }
            };
            assert_eq!(error.code(), Some(code));
        }
        node.stop().await;
    });
}

#[test]
fn the_broker_finds_the_topics_of_a_pattern() {
    run(async {
        let node = Node::start(QUICK).await;
        let client = client(&node, &[]);
        topic(&client, 2).await;
        let mut one = member(&client, WAYS[3], &[]);
        one.subscribe(Subscription::Pattern("[st]".to_owned()))
            .unwrap();
        poll_until(&mut [&mut one], |all, _| shares(all) == [2]).await;
        one.subscribe(Subscription::Pattern("x".to_owned()))
            .unwrap();
        poll_until(&mut [&mut one], |all, _| shares(all) == [0]).await;
        one.subscribe(Subscription::Topics(BTreeSet::from(["t".to_owned()])))
            .unwrap();
        poll_until(&mut [&mut one], |all, _| shares(all) == [2]).await;
        one.subscribe(Subscription::Pattern("[".to_owned()))
            .unwrap();
        let error = loop {
            if let Err(error) = one.poll(Duration::from_millis(20)).await {
                break error;
            }
        };
        assert_eq!(
            error.code(),
            Some(ErrorCode::INVALID_REGULAR_EXPRESSION),
            "{error}"
        );
        one.close().await.unwrap();
        node.stop().await;
    });
}

#[test]
fn a_live_group_of_the_consumer_protocol_is_sent_elsewhere() {
    run(async {
        let node = Node::start(QUICK).await;
        let client = client(&node, &[]);
        topic(&client, 2).await;
        write(&client, 0..100).await;
        let (mut one, mut two) = (member(&client, WAYS[3], &[]), member(&client, WAYS[3], &[]));
        let both =
            |all: &[&mut GroupConsumer], seen: &[usize]| seen.len() >= 100 && shares(all) == [1, 1];
        let seen = poll_until(&mut [&mut one, &mut two], both).await;
        assert_eq!(sorted(seen), (0..100).collect::<Vec<_>>());
        let admin = Admin::new(&client);
        let start: BTreeMap<PartitionKey, GroupOffset> = [0, 1]
            .map(|partition| (("t".into(), partition), GroupOffset::at(0)))
            .into();
        for (key, set) in admin.alter_live_group_offsets("g", &start).await.unwrap() {
            set.unwrap_or_else(|error| panic!("{key:?}: {error}"));
        }
        // Commits of the old membership are refused, and all is read again.
        let seen = poll_until(&mut [&mut one, &mut two], both).await;
        assert_eq!(sorted(seen), (0..100).collect::<Vec<_>>());
        for (_, set) in admin.alter_group_offsets("g", &start).await.unwrap() {
            assert_eq!(set.unwrap_err().code(), Some(ErrorCode::UNKNOWN_MEMBER_ID));
        }
        one.close().await.unwrap();
        two.close().await.unwrap();
        node.stop().await;
    });
}

#[test]
fn a_member_that_does_not_poll_leaves_until_it_does() {
    run(async {
        let node = Node::start(QUICK).await;
        let client = client(&node, &[]);
        topic(&client, 4).await;
        for way in WAYS {
            let group = [("group.id", way[0].1)];
            let mut slow = member(&client, way, &[("max.poll.interval.ms", "1000"), group[0]]);
            let mut other = member(&client, way, &group);
            let heard = Heard::default();
            slow.set_listener(heard.clone());
            poll_until(&mut [&mut slow, &mut other], |all, _| shares(all) == [2, 2]).await;
            poll_until(&mut [&mut other], |all, _| shares(all) == [4]).await;
            heard.take();
            let error = slow.commit_offsets(&offsets(&slow)).await.unwrap_err();
            assert_eq!(error.code(), Some(ErrorCode::UNKNOWN_MEMBER_ID), "{error}");
            poll_until(&mut [&mut slow, &mut other], |all, _| shares(all) == [2, 2]).await;
            assert_eq!(heard.take()[0], ("lost", 2));
            slow.close().await.unwrap();
            other.close().await.unwrap();
        }
        node.stop().await;
    });
}

fn offsets(consumer: &GroupConsumer) -> BTreeMap<PartitionKey, GroupOffset> {
    consumer
        .assignment()
        .map(|key| (key.clone(), GroupOffset::at(1)))
        .collect()
}

#[test]
fn new_partitions_and_new_topics_are_taken_up() {
    run(async {
        let node = Node::start(&[QUICK, &["auto.create.topics.enable=false"]].concat()).await;
        let client = client(&node, &[("metadata.max.age.ms", "100")]);
        for way in WAYS {
            let group = [("group.id", way[0].1)];
            let mut one = member(&client, way, &group);
            poll_until(&mut [&mut one], |all, _| {
                all[0].group_metadata().generation > 0
            })
            .await;
            topic(&client, 2).await;
            poll_until(&mut [&mut one], |all, _| shares(all) == [2]).await;
            let more = MorePartitions { topic: "t".to_owned(), count: 3, assignments: None };
            for (_, done) in Admin::new(&client)
                .create_partitions(&[more], false)
                .await
                .unwrap()
            {
                done.unwrap();
            }
            poll_until(&mut [&mut one], |all, _| shares(all) == [3]).await;
            one.close().await.unwrap();
            Admin::new(&client).delete_topics(&["t"]).await.unwrap();
        }
        node.stop().await;
    });
}

#[test]
fn partitions_come_and_go_although_polls_wait_for_nothing() {
    run(async {
        let node = Node::start(QUICK).await;
        let client = client(&node, &[]);
        topic(&client, 4).await;
        for way in WAYS {
            let group = [("group.id", way[0].1)];
            let (mut one, mut two) = (member(&client, way, &group), member(&client, way, &group));
            let start = Instant::now();
            for expected in [[4, 0], [2, 2]] {
                while [&one, &two].map(|c| c.assignment().count()) != expected {
                    assert!(start.elapsed() < PATIENCE, "{way:?}");
                    one.poll(Duration::ZERO).await.unwrap();
                    if expected == [2, 2] {
                        two.poll(Duration::ZERO).await.unwrap();
                    }
                    tokio::task::yield_now().await;
                }
            }
            one.close().await.unwrap();
            two.close().await.unwrap();
        }
        node.stop().await;
    });
}

#[test]
fn settings_that_cannot_be_are_refused() {
    run(async {
        let node = Node::start(QUICK).await;
        let client = client(&node, &[]);
        let no_group =
            GroupConsumer::new(&client, ConsumerConfig::default(), GroupConfig::default());
        assert!(no_group.unwrap_err().to_string().contains("group.id"));
        let mut one = member(&client, WAYS[0], &[]);
        assert!(
            one.subscribe(Subscription::Pattern("t.*".to_owned()))
                .is_err()
        );
        let mut bad = member(&client, WAYS[0], &[("session.timeout.ms", "1000")]);
        let error = bad.poll(PATIENCE).await.unwrap_err();
        assert_eq!(
            error.code(),
            Some(ErrorCode::INVALID_SESSION_TIMEOUT),
            "{error}"
        );
        bad.close().await.unwrap();
        node.stop().await;
    });
}
