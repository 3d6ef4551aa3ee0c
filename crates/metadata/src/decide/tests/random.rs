//! Random lives of a cluster: whatever happens, a snapshot says it all and the log says the same.

use klamm_settings::Change;
use proptest::prelude::*;

use super::*;
use crate::image::ConfigResource;

/// One thing that happens.
#[derive(Debug, Clone)]
enum Event {
    Create(u8, i32, i16),
    Delete(u8),
    Grow(u8, i32),
    Configure(u8, u16),
    Fence(i32),
    Unfence(i32),
    Stop(i32),
    Forget(i32),
    Move(u8, i32, Vec<i32>),
    Cancel(u8, i32),
    Elect(u8, i32, bool),
    SyncAll,
}

fn event() -> impl Strategy<Value = Event> {
    let topic = || 0u8..4;
    let node = || 1i32..5;
    prop_oneof![
        3 => (topic(), 1i32..4, 1i16..4).prop_map(|(t, n, r)| Event::Create(t, n, r)),
        1 => topic().prop_map(Event::Delete),
        1 => (topic(), 1i32..70).prop_map(|(t, n)| Event::Grow(t, n)),
        1 => (topic(), 1u16..3).prop_map(|(t, n)| Event::Configure(t, n)),
        3 => node().prop_map(Event::Fence),
        3 => node().prop_map(Event::Unfence),
        1 => node().prop_map(Event::Stop),
        1 => node().prop_map(Event::Forget),
        3 => (topic(), 0i32..4, prop::collection::vec(node(), 1..4))
            .prop_map(|(t, n, ids)| Event::Move(t, n, ids)),
        1 => (topic(), 0i32..4).prop_map(|(t, n)| Event::Cancel(t, n)),
        1 => (topic(), 0i32..4, any::<bool>()).prop_map(|(t, n, u)| Event::Elect(t, n, u)),
        3 => Just(Event::SyncAll),
    ]
}

fn name(topic: u8) -> String {
    format!("topic_{topic}")
}

fn heartbeat_of(controller: &Controller<'_>, id: i32, want_shut_down: bool) -> Vec<MetadataRecord> {
    let Some(broker) = controller.image.cluster().broker(NodeId(id)) else {
        return Vec::new();
    };
    let beat = Heartbeat {
        broker: NodeId(id),
        epoch: broker.epoch,
        caught_up: true,
        want_fence: false,
        want_shut_down,
        others_follow: true,
    };
    heartbeat(controller, beat).unwrap().records
}

/// Every leader reports all its active replicas in sync.
fn sync_all(controller: &Controller<'_>) -> Vec<MetadataRecord> {
    let mut records = Vec::new();
    for topic in controller.image.topics().iter() {
        for (number, partition) in topic.partitions.iter() {
            let Some(leader) = partition.leader() else {
                continue;
            };
            let isr = controller.active(partition.replicas());
            let proposal = AlterIsr {
                topic: topic.id,
                partition: number,
                leader_epoch: partition.leader_epoch().0,
                partition_epoch: partition.partition_epoch(),
                isr: isr
                    .iter()
                    .map(|id| ProposedReplica { broker: *id, epoch: -1 })
                    .collect(),
                recovery: crate::image::RecoveryState::Recovered,
            };
            let Some(broker) = controller.image.cluster().broker(leader) else {
                continue;
            };
            let decision = alter_partition(controller, (leader, broker.epoch), &[proposal]);
            records.extend(decision.unwrap().records);
        }
    }
    records
}

fn happen(controller: &Controller<'_>, event: &Event, random: Random<'_>) -> Vec<MetadataRecord> {
    match event {
        Event::Create(topic, num_partitions, replication_factor) => {
            let topic = NewTopic {
                name: name(*topic),
                num_partitions: *num_partitions,
                replication_factor: *replication_factor,
                ..NewTopic::default()
            };
            create_topics(controller, &[topic], false, random)
                .unwrap()
                .records
        }
        Event::Delete(topic) => {
            let topic = TopicRef { name: Some(name(*topic)), id: klamm_model::Uuid::ZERO };
            delete_topics(controller, &[topic]).records
        }
        Event::Grow(topic, count) => {
            let more = MorePartitions { name: name(*topic), count: *count, assignments: None };
            create_partitions(controller, &[more], false, random).records
        }
        Event::Configure(topic, value) => {
            let resource = ConfigResource::new(ResourceKind::Topic, &name(*topic));
            let change = Change::Set(value.to_string());
            let changes = vec![("min.insync.replicas".to_owned(), change)];
            let alteration = AlterConfig { resource, changes };
            alter_configs_incrementally(controller, &[alteration], false).records
        }
        Event::Fence(id) => fence_broker(controller, NodeId(*id))
            .map(|d| d.records)
            .unwrap_or_default(),
        Event::Unfence(id) => heartbeat_of(controller, *id, false),
        Event::Stop(id) => heartbeat_of(controller, *id, true),
        Event::Forget(id) => unregister_broker(controller, NodeId(*id))
            .map(|d| d.records)
            .unwrap_or_default(),
        Event::Move(topic, partition, replicas) => {
            let wanted = Reassignment { partition: *partition, replicas: Some(replicas.clone()) };
            alter_reassignments(controller, &[(name(*topic), vec![wanted])], true).records
        }
        Event::Cancel(topic, partition) => {
            let wanted = Reassignment { partition: *partition, replicas: None };
            alter_reassignments(controller, &[(name(*topic), vec![wanted])], true).records
        }
        Event::Elect(topic, partition, unclean) => {
            let kind = if *unclean {
                ElectionKind::Unclean
            } else {
                ElectionKind::Preferred
            };
            let topics = [(name(*topic), vec![*partition])];
            elect_leaders(controller, kind, Some(&topics)).records
        }
        Event::SyncAll => sync_all(controller),
    }
}

/// What must hold of every partition at all times.
fn check(image: &Image) {
    for topic in image.topics().iter() {
        for (number, partition) in topic.partitions.iter() {
            let place = format!("{}-{number}: {partition:?}", topic.name);
            let replicas = partition.replicas();
            assert_eq!(partition.directories().len(), replicas.len(), "{place}");
            assert!(
                partition.isr().iter().all(|id| replicas.contains(id)),
                "{place}"
            );
            assert!(
                !partition
                    .elr()
                    .iter()
                    .any(|id| partition.isr().contains(id)),
                "{place}"
            );
            if let Some(leader) = partition.leader() {
                assert!(partition.isr().contains(&leader.0), "{place}");
                assert!(image.cluster().is_active(leader.0), "{place}");
            }
        }
    }
}

fn rebuilt(image: &Image) -> Image {
    let level = image.writing_version();
    let values = image
        .to_records()
        .map(|record| record.to_value(level).unwrap());
    let records: Vec<_> = values
        .map(|value| MetadataRecord::from_value(value).unwrap())
        .collect();
    Image::empty().replay(&records).unwrap().0
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn snapshots_and_the_log_agree_whatever_happens(events in prop::collection::vec(event(), 1..40)) {
        let start = cluster(&[(1, Some("a")), (2, Some("a")), (3, Some("b")), (4, None)]);
        let layers = layers("");
        let mut random = counter();
        let mut image = start.clone();
        let mut log = Vec::new();
        for event in &events {
            let records = happen(&controller(&image, &layers), event, &mut random);
            image = image.replay(&records).unwrap().0;
            log.extend(records);
            check(&image);
            prop_assert_eq!(&rebuilt(&image), &image);
        }
        prop_assert_eq!(start.replay(&log).unwrap().0, image);
    }
}
