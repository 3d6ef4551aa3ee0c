//! Topics and partitions come and go.

use klamm_model::Uuid;

use super::*;
use crate::generated::BrokerRegistrationChangeRecord;
use crate::testing::{broker, directory};

fn topic(name: &str, num_partitions: i32, replication_factor: i16) -> NewTopic {
    NewTopic {
        name: name.to_owned(),
        num_partitions,
        replication_factor,
        ..NewTopic::default()
    }
}

fn by_hand(name: &str, assignments: &[(i32, &[i32])]) -> NewTopic {
    let assignments = assignments
        .iter()
        .map(|(n, ids)| (*n, ids.to_vec()))
        .collect();
    NewTopic { assignments, ..topic(name, -1, -1) }
}

fn create(image: &Image, properties: &str, topics: &[NewTopic]) -> Decision<Vec<Outcome>> {
    let layers = layers(properties);
    let decision = create_topics(&controller(image, &layers), topics, false, &mut counter());
    let decision = decision.unwrap();
    let reply = decision.reply.into_iter().map(|(name, result)| {
        (
            name,
            result
                .map(|topic| topic.num_partitions)
                .map_err(|refusal| refusal.kind),
        )
    });
    Decision { records: decision.records, reply: reply.collect() }
}

type Outcome = (String, Result<i32, RefusalKind>);

/// The answer to one topic.
fn refusal(image: &Image, topic: NewTopic) -> RefusalKind {
    let decision = create(image, "", &[topic]);
    assert!(
        decision.records.is_empty(),
        "a refused topic leaves records"
    );
    decision.reply[0].1.unwrap_err()
}

#[test]
fn a_new_topic_is_a_topic_record_its_configuration_and_its_partitions() {
    let image = cluster(&[(1, None)]);
    let configs = vec![("retention.ms".to_owned(), Some("1000".to_owned()))];
    let decision = create(&image, "", &[NewTopic { configs, ..topic("a", 2, 1) }]);
    assert_eq!(decision.reply, [("a".to_owned(), Ok(2))]);
    assert_eq!(
        kinds(&decision),
        ["Topic", "Config", "Partition", "Partition"]
    );
    let image = applied(&image, &decision);
    let found = image.topics().named("a").unwrap();
    assert_eq!(image.topics().by_id(found.id).unwrap(), found);
    assert_eq!(
        found.id.0 >> 76 & 0xf,
        4,
        "the id is a random one: version 4"
    );
    let partition = found.partitions.get(1).unwrap();
    assert_eq!(
        (partition.replicas(), partition.isr()),
        (&[1][..], &[1][..])
    );
    assert_eq!(partition.leader(), Some(NodeId(1)));
    assert_eq!(partition.directories(), [directory(1)]);
    assert_eq!(
        image
            .configs()
            .value(ResourceKind::Topic, "a", "retention.ms"),
        Some("1000")
    );
}

#[test]
fn defaults_come_from_the_settings() {
    let image = cluster(&[(1, None), (2, None)]);
    let decision = create(
        &image,
        "num.partitions=3\ndefault.replication.factor=2",
        &[topic("a", -1, -1)],
    );
    let image = applied(&image, &decision);
    let found = image.topics().named("a").unwrap();
    assert_eq!(found.partitions.len(), 3);
    assert_eq!(found.partitions.get(0).unwrap().replicas().len(), 2);
}

#[test]
fn bad_names_counts_and_configurations_are_refused_each_with_its_code() {
    use RefusalKind as K;
    let image = with_topic(&cluster(&[(1, None)]), "a.b", 1, 1);
    let expected = [
        ("a.b", 1, 1, K::TopicAlreadyExists),
        ("a_b", 1, 1, K::InvalidTopic),
        ("a/b", 1, 1, K::InvalidTopic),
        ("", 1, 1, K::InvalidTopic),
        ("__cluster_metadata", 1, 1, K::InvalidRequest),
        ("c", 0, 1, K::InvalidPartitions),
        ("c", -2, 1, K::InvalidPartitions),
        ("c", 1, 0, K::InvalidReplicationFactor),
        ("c", 0, 0, K::InvalidReplicationFactor),
        ("c", 1, -2, K::InvalidReplicationFactor),
        ("c", 1, 2, K::InvalidReplicationFactor),
    ];
    for (name, partitions, replicas, kind) in expected {
        assert_eq!(
            refusal(&image, topic(name, partitions, replicas)),
            kind,
            "{name}"
        );
    }
    for (key, value) in [
        ("retention.ms", None),
        ("no.such.key", Some("1")),
        ("retention.ms", Some("x")),
    ] {
        let configs = vec![(key.to_owned(), value.map(str::to_owned))];
        let kind = refusal(&image, NewTopic { configs, ..topic("c", 1, 1) });
        assert_eq!(kind, K::InvalidConfig, "{key}={value:?}");
    }
}

#[test]
fn a_name_asked_for_twice_is_answered_once_and_the_others_are_made() {
    let image = cluster(&[(1, None)]);
    let decision = create(
        &image,
        "",
        &[topic("a", 1, 1), topic("b", 1, 1), topic("a", 1, 1)],
    );
    let twice = Err(RefusalKind::InvalidRequest);
    assert_eq!(
        decision.reply,
        [("a".to_owned(), twice), ("b".to_owned(), Ok(1))]
    );
    assert_eq!(applied(&image, &decision).topics().len(), 1);
}

#[test]
fn assignments_by_hand_are_taken_as_they_are_or_refused() {
    use RefusalKind as K;
    let fence = BrokerRegistrationChangeRecord {
        broker_id: 3,
        broker_epoch: broker(3, None).broker_epoch,
        fenced: 1,
        ..BrokerRegistrationChangeRecord::default()
    };
    let image = cluster(&[(1, None), (2, None), (3, None)]);
    let image = image.replay(&[fence.into()]).unwrap().0;
    let decision = create(&image, "", &[by_hand("a", &[(1, &[3, 1]), (0, &[2, 1])])]);
    let after = applied(&image, &decision);
    let partitions = &after.topics().named("a").unwrap().partitions;
    assert_eq!(partitions.get(0).unwrap().replicas(), [2, 1]);
    assert_eq!(partitions.get(1).unwrap().replicas(), [3, 1]);
    assert_eq!(
        partitions.get(1).unwrap().isr(),
        [1],
        "a fenced broker is not in sync"
    );
    assert_eq!(partitions.get(1).unwrap().leader(), Some(NodeId(1)));
    let bad: [&[(i32, &[i32])]; 7] = [
        &[(0, &[])],
        &[(0, &[9])],
        &[(0, &[1, 1])],
        &[(0, &[1]), (0, &[1])],
        &[(0, &[1]), (2, &[1])],
        &[(0, &[1]), (1, &[1, 2])],
        &[(0, &[3])],
    ];
    for assignment in bad {
        let kind = refusal(&image, by_hand("b", assignment));
        assert_eq!(kind, K::InvalidReplicaAssignment, "{assignment:?}");
    }
    let counted = NewTopic { num_partitions: 1, ..by_hand("b", &[(0, &[1])]) };
    assert_eq!(refusal(&image, counted), K::InvalidRequest);
    let counted = NewTopic { replication_factor: 1, ..by_hand("b", &[(0, &[1])]) };
    assert_eq!(refusal(&image, counted), K::InvalidRequest);
}

#[test]
fn brokers_whose_directories_are_all_cordoned_take_no_new_partition() {
    let cordon = BrokerRegistrationChangeRecord {
        broker_id: 2,
        broker_epoch: broker(2, None).broker_epoch,
        cordoned_log_dirs: Some(vec![directory(2)]),
        ..BrokerRegistrationChangeRecord::default()
    };
    let image = cluster(&[(1, None), (2, None)]);
    let image = image.replay(&[cordon.into()]).unwrap().0;
    let image = applied(&image, &create(&image, "", &[topic("a", 9, 1)]));
    let mut partitions = image.topics().named("a").unwrap().partitions.iter();
    assert!(partitions.all(|(_, partition)| partition.replicas() == [1]));
    assert_eq!(
        refusal(&image, topic("b", 1, 2)),
        RefusalKind::InvalidReplicationFactor
    );
}

#[test]
fn a_request_for_too_many_partitions_is_refused_as_a_whole() {
    let image = cluster(&[(1, None)]);
    let layers = layers("");
    let controller = controller(&image, &layers);
    let huge = [topic("a", 1, 1), topic("b", 10_000, 1)];
    let refused = create_topics(&controller, &huge, false, &mut counter()).unwrap_err();
    assert_eq!(refused.kind, RefusalKind::PolicyViolation);
    let huge = [topic("a", i32::MAX, 1), topic("b", i32::MAX, 1)];
    assert!(create_topics(&controller, &huge, false, &mut counter()).is_err());
}

#[test]
fn validation_answers_and_writes_nothing() {
    let image = cluster(&[(1, None)]);
    let layers = layers("");
    let controller = controller(&image, &layers);
    let decision = create_topics(&controller, &[topic("a", 4, 1)], true, &mut counter()).unwrap();
    assert!(decision.records.is_empty());
    assert_eq!(decision.reply[0].1.as_ref().unwrap().num_partitions, 4);
}

fn delete(image: &Image, topics: &[(Option<&str>, u128)]) -> Decision<Vec<DeletedTopic>> {
    let layers = layers("");
    let refs = topics
        .iter()
        .map(|(name, id)| TopicRef { name: name.map(str::to_owned), id: Uuid(*id) });
    delete_topics(&controller(image, &layers), &refs.collect::<Vec<_>>())
}

#[test]
fn topics_are_deleted_by_name_or_by_id() {
    let image = with_topic(&cluster(&[(1, None)]), "a", 1, 1);
    let image = with_topic(&image, "b", 1, 1);
    let a = image.topics().named("a").unwrap().id;
    let decision = delete(
        &image,
        &[(None, a.0), (Some("b"), 0), (Some("c"), 0), (None, 77)],
    );
    let after = applied(&image, &decision);
    assert!(after.topics().is_empty());
    let refused: Vec<_> = decision
        .reply
        .iter()
        .filter_map(|topic| Some((topic.name.as_deref(), topic.result.as_ref().err()?.kind)))
        .collect();
    let unknown_id = (None, RefusalKind::UnknownTopicId);
    assert_eq!(
        refused,
        [
            unknown_id,
            (Some("c"), RefusalKind::UnknownTopicOrPartition)
        ]
    );
}

#[test]
fn a_topic_named_twice_is_not_deleted() {
    let image = with_topic(&cluster(&[(1, None)]), "a", 1, 1);
    let id = image.topics().named("a").unwrap().id.0;
    let requests: [&[(Option<&str>, u128)]; 5] = [
        &[(Some("a"), 0), (Some("a"), 0)],
        &[(None, id), (None, id)],
        &[(Some("a"), 0), (None, id)],
        &[(Some("a"), id)],
        &[(None, 0)],
    ];
    for request in requests {
        let decision = delete(&image, request);
        assert!(decision.records.is_empty(), "{request:?}");
        for topic in decision.reply {
            assert_eq!(topic.result.unwrap_err().kind, RefusalKind::InvalidRequest);
        }
    }
}

#[test]
fn partitions_are_added_and_never_taken() {
    use RefusalKind as K;
    let image = with_topic(&cluster(&[(1, None), (2, None)]), "a", 2, 1);
    let layers = layers("");
    let controller = controller(&image, &layers);
    let grow = |name: &str, count, assignments: Option<&[&[i32]]>| {
        let assignments = assignments.map(|a| a.iter().map(|ids| ids.to_vec()).collect());
        let more = MorePartitions { name: name.to_owned(), count, assignments };
        create_partitions(&controller, &[more], false, &mut counter())
    };
    let kind = |decision: &Decision<Vec<(String, Result<(), Refusal>)>>| {
        decision.reply[0].1.clone().unwrap_err().kind
    };
    let decision = grow("a", 4, None);
    let after = applied(&image, &decision);
    assert_eq!(after.topics().named("a").unwrap().partitions.len(), 4);
    let decision = grow("a", 3, Some(&[&[2]]));
    let after = applied(&image, &decision);
    let partitions = &after.topics().named("a").unwrap().partitions;
    assert_eq!(partitions.get(2).unwrap().replicas(), [2]);
    assert_eq!(kind(&grow("a", 2, None)), K::InvalidPartitions);
    assert_eq!(kind(&grow("a", 1, None)), K::InvalidPartitions);
    assert_eq!(kind(&grow("a", -1, None)), K::InvalidPartitions);
    assert_eq!(kind(&grow("b", 4, None)), K::UnknownTopicOrPartition);
    assert_eq!(
        kind(&grow("a", 4, Some(&[&[1]]))),
        K::InvalidReplicaAssignment
    );
    assert_eq!(
        kind(&grow("a", 3, Some(&[&[1, 2]]))),
        K::InvalidReplicaAssignment
    );
    assert_eq!(kind(&grow("a", 20_000, None)), K::PolicyViolation);
    let more = MorePartitions { name: "a".to_owned(), count: 5, assignments: None };
    let twice = [more.clone(), more];
    let decision = create_partitions(&controller, &twice, false, &mut counter());
    assert_eq!(
        (decision.reply.len(), kind(&decision)),
        (1, K::InvalidRequest)
    );
}
