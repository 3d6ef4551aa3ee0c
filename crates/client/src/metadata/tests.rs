//! Merging answers, staleness, and leaders that lag.

use super::*;
use klamm_wire::messages::metadata::MetadataResponseBroker;

fn answer(code: i16, leader: i32, epoch: i32) -> MetadataResponse {
    MetadataResponse {
        controller_id: 1,
        brokers: [1, 2]
            .map(|node_id| MetadataResponseBroker {
                node_id,
                host: "h".into(),
                port: 9000 + node_id,
                rack: None,
            })
            .into(),
        topics: vec![MetadataResponseTopic {
            error_code: code,
            name: Some("t".into()),
            topic_id: Uuid(7),
            partitions: vec![MetadataResponsePartition {
                partition_index: 0,
                leader_id: leader,
                leader_epoch: epoch,
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    }
}

const AGE: Duration = Duration::from_secs(300);

fn leader(cache: &MetadataCache) -> Option<i32> {
    cache.cluster().leader("t", 0).map(|(node, _)| node.id)
}

#[tokio::test(start_paused = true)]
async fn a_lagging_brokers_leader_is_not_taken() {
    let cache = MetadataCache::default();
    cache.merge(&answer(0, 1, 5));
    cache.merge(&answer(0, 2, 4));
    assert_eq!(leader(&cache), Some(1));
    cache.merge(&answer(0, 2, 6));
    assert_eq!(leader(&cache), Some(2));
    cache.set_leader("t", 0, 1, 6);
    assert_eq!(leader(&cache), Some(2), "the epoch is not newer");
    cache.set_leader("t", 0, 9, 7);
    assert_eq!(leader(&cache), Some(2), "nobody knows node 9");
    cache.set_leader("t", 0, 1, 7);
    assert_eq!(leader(&cache), Some(1));
}

#[tokio::test(start_paused = true)]
async fn topics_grow_old_stale_and_idle() {
    let cache = MetadataCache::default();
    let fresh = |cache: &MetadataCache| matches!(cache.topic("t", AGE, None), Known::Fresh(_));
    assert!(!fresh(&cache));
    cache.merge(&answer(0, 1, 5));
    assert!(fresh(&cache));
    cache.mark_stale("t");
    assert!(!fresh(&cache));
    let since = cache.answers();
    cache.merge(&answer(0, 1, 5));
    assert!(fresh(&cache));
    tokio::time::advance(AGE).await;
    assert!(!fresh(&cache));
    assert!(matches!(
        cache.topic("t", AGE, Some(since)),
        Known::Fresh(_)
    ));
    assert_eq!(cache.topics_to_ask(&["u"], AGE).len(), 2);
    tokio::time::advance(AGE).await;
    assert_eq!(cache.topics_to_ask(&["u"], AGE), [Arc::from("u")]);
    assert!(cache.cluster().topics.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_counts_only_as_an_answer() {
    let cache = MetadataCache::default();
    let since = cache.answers();
    cache.merge(&answer(3, -1, -1));
    assert!(matches!(cache.topic("t", AGE, None), Known::Unknown));
    assert!(matches!(
        cache.topic("t", AGE, Some(since)),
        Known::Refused(_)
    ));
}
