//! Replay: what each record does, and that a snapshot says all of it.

use klamm_codec::Str;
use klamm_model::NodeId;

use super::*;
use crate::decide::{InitialLevels, bootstrap};
use crate::testing::{broker, cluster, directory, records_of_every_type};

fn rebuilt(image: &Image) -> Image {
    let level = image.writing_version();
    // Through bytes, as a snapshot goes.
    let values = image
        .to_records()
        .map(|record| record.to_value(level).unwrap());
    let records: Vec<_> = values
        .map(|v| MetadataRecord::from_value(v).unwrap())
        .collect();
    Image::empty().replay(&records).unwrap().0
}

fn topic(name: &str, id: u128) -> MetadataRecord {
    TopicRecord { name: Str::from(name), topic_id: Uuid(id) }.into()
}

fn partition(topic: u128, n: i32) -> PartitionRecord {
    PartitionRecord {
        partition_id: n,
        topic_id: Uuid(topic),
        replicas: vec![1, 2],
        isr: vec![1, 2],
        leader: 1,
        leader_epoch: 0,
        partition_epoch: 0,
        directories: vec![directory(1), directory(2)],
        ..PartitionRecord::default()
    }
}

#[test]
fn a_snapshot_of_everything_rebuilds_the_image() {
    let mut records = bootstrap(&InitialLevels::default(), 1);
    for record in records_of_every_type() {
        let is_removal = record.name().starts_with("Remove")
            || record.name().starts_with("Unregister")
            || record.name().ends_with("Transaction")
            || record.name() == "ClearElr";
        // Epoch 2 in the material is not the epoch that the broker registers with.
        let is_broker_change = ["FenceBroker", "UnfenceBroker", "BrokerRegistrationChange"];
        if !is_removal && !is_broker_change.contains(&record.name()) {
            records.push(record);
        }
    }
    let (image, delta) = Image::empty().replay(&records).unwrap();
    assert_eq!(image.topics().partition_count(), 1);
    assert_eq!(image.security().acls().count(), 1);
    assert!(delta.security && delta.producer_ids && !delta.quotas.is_empty());
    assert_eq!(rebuilt(&image), image);
    let kinds: Vec<&str> = image.to_records().map(|record| record.name()).collect();
    assert_eq!(kinds[0], "FeatureLevel");
    let position = |kind| kinds.iter().position(|k| *k == kind).unwrap();
    let order = [
        "RegisterBroker",
        "RegisterController",
        "Topic",
        "Partition",
        "Config",
    ];
    let later = [
        "ClientQuota",
        "ProducerIds",
        "AccessControlEntry",
        "UserScramCredential",
    ];
    let positions: Vec<_> = order.into_iter().chain(later).map(position).collect();
    assert!(positions.is_sorted(), "{kinds:?}");
}

#[test]
fn a_change_raises_the_partition_epoch_and_a_word_on_the_leader_the_leader_epoch() {
    let image = cluster(&[(1, None), (2, None)]);
    let (image, _) = image
        .replay(&[topic("a", 9), partition(9, 0).into()])
        .unwrap();
    let change = |leader| PartitionChangeRecord {
        topic_id: Uuid(9),
        partition_id: 0,
        leader,
        ..PartitionChangeRecord::default()
    };
    let shrink = PartitionChangeRecord { isr: Some(vec![1]), ..change(NO_LEADER_CHANGE) };
    let (image, delta) = image.replay(&[shrink.into()]).unwrap();
    let found = image
        .topics()
        .by_id(Uuid(9))
        .unwrap()
        .partitions
        .get(0)
        .unwrap()
        .clone();
    assert_eq!(
        (found.isr(), found.leader_epoch().0, found.partition_epoch()),
        (&[1][..], 0, 1)
    );
    assert_eq!(delta.partitions[&Uuid(9)].iter().collect::<Vec<_>>(), [&0]);
    let (image, _) = image.replay(&[change(1).into()]).unwrap();
    let found = image
        .topics()
        .by_id(Uuid(9))
        .unwrap()
        .partitions
        .get(0)
        .unwrap()
        .clone();
    assert_eq!((found.leader_epoch().0, found.partition_epoch()), (1, 2));
    assert_eq!(found.leader(), Some(NodeId(1)));
}

#[test]
fn records_that_contradict_the_image_are_refused() {
    let image = cluster(&[(1, None)]);
    let refuse = |record: MetadataRecord| image.replay(&[record]).unwrap_err();
    assert!(matches!(
        refuse(partition(9, 0).into()),
        ReplayError::UnknownTopic(_)
    ));
    let gone = RemoveTopicRecord { topic_id: Uuid(9) };
    assert!(matches!(refuse(gone.into()), ReplayError::UnknownTopic(_)));
    let stale = UnregisterBrokerRecord { broker_id: 1, broker_epoch: 5 };
    assert_eq!(
        refuse(stale.into()),
        ReplayError::UnknownBroker { id: 1, epoch: 5 }
    );
    let level = FeatureLevelRecord { name: Str::from("metadata.version"), feature_level: 99 };
    assert!(matches!(
        refuse(level.into()),
        ReplayError::UnsupportedFeature { .. }
    ));
    let end = EndTransactionRecord::default();
    assert!(matches!(refuse(end.into()), ReplayError::Transaction(_)));
    let twice = image.replay(&[topic("a", 9), topic("a", 10)]).unwrap_err();
    assert_eq!(twice, ReplayError::DuplicateTopic("a".to_owned()));
    let ids = |next| ProducerIdsRecord { broker_id: 1, broker_epoch: 1, next_producer_id: next };
    let again = image
        .replay(&[ids(1000).into(), ids(1000).into()])
        .unwrap_err();
    assert!(matches!(
        again,
        ReplayError::InvalidValue { what: "next producer id", .. }
    ));
}

#[test]
fn a_transaction_shows_nothing_before_its_end_and_nothing_after_an_abort() {
    let mut replay = Replay::new(cluster(&[(1, None)]));
    let begin = BeginTransactionRecord::default();
    replay.record(&topic("before", 7)).unwrap();
    replay.record(&begin.clone().into()).unwrap();
    replay.record(&topic("inside", 8)).unwrap();
    let (image, delta) = replay.publish();
    assert!(image.topics().named("before").is_some() && image.topics().named("inside").is_none());
    assert_eq!(delta.topics_created.len(), 1);
    assert!(replay.latest().topics().named("inside").is_some());
    replay
        .record(&EndTransactionRecord::default().into())
        .unwrap();
    let (image, delta) = replay.publish();
    assert!(image.topics().named("inside").is_some());
    assert_eq!(delta.topics_created.keys().collect::<Vec<_>>(), [&Uuid(8)]);

    replay.record(&begin.into()).unwrap();
    replay.record(&topic("void", 9)).unwrap();
    replay.record(&partition(9, 0).into()).unwrap();
    replay
        .record(&AbortTransactionRecord::default().into())
        .unwrap();
    let (after, delta) = replay.publish();
    assert_eq!(after, image);
    assert!(delta.is_empty());
}

#[test]
fn a_deleted_topic_takes_its_configuration_along() {
    let config = ConfigRecord {
        resource_type: 2,
        resource_name: Str::from("a"),
        name: Str::from("retention.ms"),
        value: Some(Str::from("1")),
    };
    let records = [topic("a", 9), partition(9, 0).into(), config.into()];
    let empty = cluster(&[(1, None)]);
    let (image, _) = empty.replay(&records).unwrap();
    let remove = RemoveTopicRecord { topic_id: Uuid(9) };
    let (image, delta) = image.replay(&[remove.clone().into()]).unwrap();
    assert_eq!(image, empty);
    assert_eq!(delta.topics_deleted.len(), 1);
    assert_eq!(delta.configs.len(), 1);
    // Seen from outside, a topic that came and went in one batch never was.
    let came_and_went: Vec<_> = records.into_iter().chain([remove.into()]).collect();
    let (image, delta) = empty.replay(&came_and_went).unwrap();
    assert_eq!(image, empty);
    assert!(delta.topics_deleted.is_empty() && delta.partitions.is_empty());
}

#[test]
fn brokers_are_fenced_unfenced_and_shut_down() {
    let image = cluster(&[(1, None)]);
    let epoch = broker(1, None).broker_epoch;
    let change = |fenced, stop| BrokerRegistrationChangeRecord {
        broker_id: 1,
        broker_epoch: epoch,
        fenced,
        in_controlled_shutdown: stop,
        ..BrokerRegistrationChangeRecord::default()
    };
    let state = |image: &Image| {
        let broker = image.cluster().broker(NodeId(1)).unwrap();
        (
            broker.fenced,
            broker.in_controlled_shutdown,
            broker.is_active(),
        )
    };
    let (fenced, delta) = image.replay(&[change(1, 0).into()]).unwrap();
    assert_eq!(state(&fenced), (true, false, false));
    assert_eq!(delta.brokers.len(), 1);
    let (stopping, _) = fenced.replay(&[change(-1, 1).into()]).unwrap();
    assert_eq!(state(&stopping), (false, true, false));
    assert!(image.replay(&[change(2, 0).into()]).is_err());
}

#[test]
fn cleared_eligible_replicas_are_gone_for_one_topic_or_all() {
    let with_elr = |topic| PartitionRecord {
        isr: vec![1],
        eligible_leader_replicas: Some(vec![2]),
        ..partition(topic, 0)
    };
    let records = [
        topic("a", 8),
        with_elr(8).into(),
        topic("b", 9),
        with_elr(9).into(),
    ];
    let (image, _) = cluster(&[(1, None), (2, None)]).replay(&records).unwrap();
    let elr = |image: &Image, name: &str| {
        image
            .topics()
            .named(name)
            .unwrap()
            .partitions
            .get(0)
            .unwrap()
            .elr()
            .to_vec()
    };
    let clear = |name| ClearElrRecord { topic_name: Str::from(name) };
    let (one, _) = image.replay(&[clear("a").into()]).unwrap();
    assert_eq!((elr(&one, "a"), elr(&one, "b")), (vec![], vec![2]));
    let (all, _) = image.replay(&[clear("").into()]).unwrap();
    assert_eq!((elr(&all, "a"), elr(&all, "b")), (vec![], vec![]));
}

#[test]
fn a_change_of_one_topic_shares_the_others() {
    let mut records = Vec::new();
    for id in 0..2000u128 {
        records.push(topic(&format!("t{id}"), id + 1));
        records.push(partition(id + 1, 0).into());
    }
    let (image, _) = cluster(&[(1, None), (2, None)]).replay(&records).unwrap();
    let changed = PartitionRecord { leader: 2, ..partition(77, 0) };
    let (after, _) = image.replay(&[changed.into()]).unwrap();
    let pairs = image.topics().iter_by_id().zip(after.topics().iter_by_id());
    assert_eq!(pairs.filter(|(old, new)| !Arc::ptr_eq(old, new)).count(), 1);
    // Equal directories are one allocation for all partitions of a replay.
    let directories = |id| {
        let topic = image.topics().by_id(Uuid(id)).unwrap();
        topic.partitions.get(0).unwrap().directories().as_ptr()
    };
    assert_eq!(directories(1), directories(2000));
}
