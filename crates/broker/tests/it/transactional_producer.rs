//! Our own client's transactional producer against a node, under both versions of transactions.

use crate::node::{Node, run};
use klamm_client::admin::{FeatureUpdate, FeatureUpgrade, NewTopic, TransactionFilter};
use klamm_client::{
    Admin, Client, ClientConfig, ClientError, Consumer, ConsumerConfig, GroupConfig, GroupConsumer,
    GroupOffset, PartitionKey, Producer, ProducerConfig, Record, Subscription,
};
use klamm_wire::ErrorCode;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

const QUICK: &[&str] = &[
    "group.initial.rebalance.delay.ms=0",
    "offsets.topic.num.partitions=3",
    "transaction.state.log.num.partitions=3",
    "num.partitions=2",
];
const PATIENCE: Duration = Duration::from_secs(30);

/// A node for each version of transactions.
async fn nodes() -> Vec<(Node, Client)> {
    let mut nodes = Vec::new();
    for level in [2, 1] {
        let node = Node::start(QUICK).await;
        let client = client(&node);
        if level == 1 {
            let feature = "transaction.version".to_owned();
            let update = FeatureUpdate { feature, level, upgrade: FeatureUpgrade::SafeDowngrade };
            Admin::new(&client)
                .update_features(&[update], false)
                .await
                .unwrap();
        }
        // Connections remember what the node said when they were made.
        let client = self::client(&node);
        nodes.push((node, client));
    }
    nodes
}

fn client(node: &Node) -> Client {
    let config = ClientConfig::new(&node.address().to_string()).unwrap();
    Client::new(klamm_host::os::host(), config).unwrap()
}

async fn producer(client: &Client) -> Producer {
    let producer = idle_producer(client);
    producer.init_transactions().await.unwrap();
    producer
}

fn idle_producer(client: &Client) -> Producer {
    let mut config = ProducerConfig::default();
    config.set("transactional.id", "id").unwrap();
    Producer::new(client, config).unwrap()
}

async fn send(producer: &Producer, values: &[&str]) {
    for value in values {
        producer
            .send(Record::new("t", value.to_string()).with_key(value.to_string()))
            .await
            .unwrap();
    }
}

/// What is there, in order of values; up to the end that a reader may see.
async fn read(client: &Client, isolation: &str) -> Vec<String> {
    let mut config = ConsumerConfig::default();
    config.set("auto.offset.reset", "earliest").unwrap();
    config.set("isolation.level", isolation).unwrap();
    config.set("fetch.max.wait.ms", "20").unwrap();
    let mut consumer = Consumer::new(client, config);
    consumer.assign_topic("t").await.unwrap();
    let mut values = Vec::new();
    let mut silence = 0;
    while silence < 3 {
        let records = consumer.poll(Duration::from_millis(100)).await.unwrap();
        silence = if records.is_empty() { silence + 1 } else { 0 };
        let texts = records
            .into_iter()
            .map(|r| String::from_utf8(r.value.unwrap().to_vec()).unwrap());
        values.extend(texts);
    }
    values.sort();
    values
}

/// Reads until readers of committed records see this: markers arrive after the commit is answered.
async fn sees(client: &Client, expected: &[&str]) {
    let start = Instant::now();
    loop {
        let seen = read(client, "read_committed").await;
        if seen == expected {
            return;
        }
        assert!(
            start.elapsed() < PATIENCE,
            "{seen:?} instead of {expected:?}"
        );
    }
}

#[test]
fn what_is_committed_is_seen_and_what_is_aborted_is_not() {
    run(async {
        for (node, client) in nodes().await {
            let producer = producer(&client).await;
            producer.begin_transaction().unwrap();
            send(&producer, &["a", "b", "c"]).await;
            producer.flush().await;
            assert_eq!(read(&client, "read_uncommitted").await, ["a", "b", "c"]);
            sees(&client, &[]).await;
            producer.commit_transaction().await.unwrap();
            sees(&client, &["a", "b", "c"]).await;

            producer.begin_transaction().unwrap();
            send(&producer, &["no", "never"]).await;
            producer.flush().await;
            producer.abort_transaction().await.unwrap();
            // What waits is given up at once.
            producer.begin_transaction().unwrap();
            let waiting = producer.send(Record::new("t", "given up")).await.unwrap();
            producer.abort_transaction().await.unwrap();
            drop(waiting.await);

            // An empty one costs nothing; many in a row are fine.
            producer.begin_transaction().unwrap();
            producer.commit_transaction().await.unwrap();
            for value in ["d", "e", "f"] {
                producer.begin_transaction().unwrap();
                send(&producer, &[value]).await;
                producer.commit_transaction().await.unwrap();
            }
            sees(&client, &["a", "b", "c", "d", "e", "f"]).await;
            producer.begin_transaction().unwrap();
            send(&producer, &["open"]).await;
            producer.close().await;
            sees(&client, &["a", "b", "c", "d", "e", "f"]).await;
            node.stop().await;
        }
    });
}

#[test]
fn offsets_count_only_with_their_transaction() {
    run(async {
        for (node, client) in nodes().await {
            let producer = producer(&client).await;
            producer.begin_transaction().unwrap();
            send(&producer, &["a", "b"]).await;
            producer.commit_transaction().await.unwrap();
            let mut group = GroupConfig::default();
            for (name, value) in [("group.id", "g"), ("enable.auto.commit", "false")] {
                group.set(name, value).unwrap();
            }
            let mut config = ConsumerConfig::default();
            config.set("auto.offset.reset", "earliest").unwrap();
            config.set("isolation.level", "read_committed").unwrap();
            let mut consumer = GroupConsumer::new(&client, config, group).unwrap();
            consumer
                .subscribe(Subscription::Topics(BTreeSet::from(["t".to_owned()])))
                .unwrap();
            let mut count = 0;
            while count < 2 {
                count += consumer
                    .poll(Duration::from_millis(100))
                    .await
                    .unwrap()
                    .len();
            }
            let keys: Vec<PartitionKey> = consumer.assignment().cloned().collect();
            for (commit, expected) in [(false, 0), (true, 2)] {
                producer.begin_transaction().unwrap();
                let (offsets, metadata) = (consumer.positions(), consumer.group_metadata());
                producer
                    .send_offsets_to_transaction(&offsets, &metadata)
                    .await
                    .unwrap();
                match commit {
                    true => producer.commit_transaction().await.unwrap(),
                    false => producer.abort_transaction().await.unwrap(),
                }
                // The fetch waits until the transaction is decided.
                let committed = consumer.committed(&keys).await.unwrap();
                let past: i64 = committed.values().map(|offset| offset.offset).sum();
                assert!(past >= expected, "{committed:?}");
                assert_eq!(committed.is_empty(), !commit, "{committed:?}");
            }
            // A member that the group does not know cannot commit, and takes the transaction with it.
            producer.begin_transaction().unwrap();
            let mut stranger = consumer.group_metadata();
            stranger.member_id = "stranger".to_owned();
            let offsets = BTreeMap::from([((Arc::from("t"), 0), GroupOffset::at(0))]);
            let error = producer
                .send_offsets_to_transaction(&offsets, &stranger)
                .await
                .unwrap_err();
            let ClientError::MustAbort { reason } = error else {
                panic!("{error}")
            };
            assert_eq!(
                reason.code(),
                Some(ErrorCode::UNKNOWN_MEMBER_ID),
                "{reason}"
            );
            assert!(matches!(
                producer.commit_transaction().await,
                Err(ClientError::MustAbort { .. })
            ));
            producer.abort_transaction().await.unwrap();
            consumer.close().await.unwrap();
            producer.close().await;
            node.stop().await;
        }
    });
}

#[test]
fn a_second_producer_fences_the_first_for_good() {
    run(async {
        for (node, client) in nodes().await {
            let first = producer(&client).await;
            first.begin_transaction().unwrap();
            send(&first, &["lost"]).await;
            first.flush().await;
            let admin = Admin::new(&client);
            let listed = admin
                .list_transactions(&TransactionFilter::default())
                .await
                .unwrap();
            assert_eq!(
                (
                    listed[0].transactional_id.as_str(),
                    listed[0].state.as_str()
                ),
                ("id", "Ongoing")
            );
            let described = admin.describe_transaction("id").await.unwrap();
            assert_eq!(described.partitions.len(), 1);
            assert!(described.started_ms.is_some());

            let second = producer(&client).await;
            let error = first.commit_transaction().await.unwrap_err();
            assert!(matches!(error, ClientError::Fenced { .. }), "{error}");
            for error in [first.begin_transaction(), first.abort_transaction().await] {
                assert!(
                    matches!(error, Err(ClientError::Fenced { .. })),
                    "{error:?}"
                );
            }
            second.begin_transaction().unwrap();
            send(&second, &["kept"]).await;
            second.commit_transaction().await.unwrap();
            sees(&client, &["kept"]).await;

            // Fencing by administration ends the second one too.
            second.begin_transaction().unwrap();
            send(&second, &["lost as well"]).await;
            second.flush().await;
            admin.fence_producer("id").await.unwrap();
            assert!(second.commit_transaction().await.is_err());
            sees(&client, &["kept"]).await;
            node.stop().await;
        }
    });
}

#[test]
fn a_record_that_fails_takes_its_transaction_and_no_other() {
    run(async {
        for (node, client) in nodes().await {
            let configs = vec![("max.message.bytes".to_owned(), Some("2000".to_owned()))];
            let topic = NewTopic { configs, ..NewTopic::new("t") };
            for (_, made) in Admin::new(&client)
                .create_topics(&[topic], false)
                .await
                .unwrap()
            {
                made.unwrap();
            }
            let producer = producer(&client).await;
            producer.begin_transaction().unwrap();
            send(&producer, &["first"]).await;
            producer.flush().await;
            let large = producer
                .send(Record::new("t", vec![b'x'; 9_000]))
                .await
                .unwrap();
            let refused = large.await.unwrap_err();
            assert_eq!(
                refused.code(),
                Some(ErrorCode::MESSAGE_TOO_LARGE),
                "{refused}"
            );
            let error = producer.commit_transaction().await.unwrap_err();
            assert!(matches!(&error, ClientError::MustAbort { .. }), "{error}");
            assert!(matches!(
                producer.send(Record::new("t", "late")).await,
                Err(ClientError::MustAbort { .. })
            ));
            producer.abort_transaction().await.unwrap();
            producer.begin_transaction().unwrap();
            send(&producer, &["second", "third"]).await;
            producer.commit_transaction().await.unwrap();
            sees(&client, &["second", "third"]).await;
            producer.close().await;
            node.stop().await;
        }
    });
}

#[test]
fn calls_at_the_wrong_time_say_what_comes_first() {
    run(async {
        let node = Node::start(QUICK).await;
        let client = client(&node);
        let plain = Producer::new(&client, ProducerConfig::default()).unwrap();
        let said = |result: Result<(), ClientError>| result.unwrap_err().to_string();
        assert!(said(plain.begin_transaction()).contains("transactional.id"));
        let producer = idle_producer(&client);
        assert!(said(producer.begin_transaction()).contains("initialise"));
        producer.init_transactions().await.unwrap();
        assert!(said(producer.init_transactions().await).contains("already"));
        assert!(said(producer.commit_transaction().await).contains("begin"));
        let early = producer.send(Record::new("t", "early")).await;
        assert!(early.unwrap_err().to_string().contains("begin"));
        producer.begin_transaction().unwrap();
        assert!(said(producer.begin_transaction()).contains("open"));
        let pairs = [("transactional.id", "id"), ("enable.idempotence", "false")];
        let pairs = pairs.map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert!(ProducerConfig::from_properties(pairs).is_err());
        producer.close().await;
        node.stop().await;
    });
}
