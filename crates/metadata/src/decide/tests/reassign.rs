//! Partitions move, and leaders are elected on request.

use super::*;
use crate::generated::PartitionChangeRecord;

fn moved(
    image: &Image,
    replicas: Option<&[i32]>,
    resize: bool,
) -> (Decision<()>, Result<(), RefusalKind>) {
    let layers = layers("");
    let wanted = Reassignment { partition: 0, replicas: replicas.map(<[i32]>::to_vec) };
    let topics = [("a".to_owned(), vec![wanted])];
    let decision = alter_reassignments(&controller(image, &layers), &topics, resize);
    let result = decision.reply[0].1[0]
        .1
        .clone()
        .map_err(|refusal| refusal.kind);
    (Decision { records: decision.records, reply: () }, result)
}

fn on_three() -> Image {
    let image = cluster(&[(1, None), (2, None), (3, None)]);
    let layers = layers("");
    let topic = NewTopic {
        name: "a".to_owned(),
        num_partitions: -1,
        replication_factor: -1,
        assignments: vec![(0, vec![1, 2])],
        ..NewTopic::default()
    };
    let decision = create_topics(
        &controller(&image, &layers),
        &[topic],
        false,
        &mut counter(),
    );
    applied(&image, &decision.unwrap())
}

fn partition(image: &Image) -> &crate::image::Partition {
    image
        .topics()
        .named("a")
        .unwrap()
        .partitions
        .get(0)
        .unwrap()
}

fn ongoing(image: &Image) -> Vec<OngoingReassignment> {
    let layers = layers("");
    let all = list_reassignments(&controller(image, &layers), None);
    let asked = [("a".to_owned(), vec![0, 5]), ("b".to_owned(), vec![0])];
    assert_eq!(
        list_reassignments(&controller(image, &layers), Some(&asked)),
        all
    );
    all.into_iter().flat_map(|(_, list)| list).collect()
}

/// The leader's report that its in-sync set is now this one.
fn in_sync(image: &Image, isr: &[i32]) -> (Image, Result<AlteredIsr, Refusal>) {
    let layers = layers("");
    let leader = partition(image).leader().unwrap();
    let epoch = image.cluster().broker(leader).unwrap().epoch;
    let proposal = AlterIsr {
        topic: image.topics().named("a").unwrap().id,
        partition: 0,
        leader_epoch: partition(image).leader_epoch().0,
        partition_epoch: partition(image).partition_epoch(),
        isr: isr
            .iter()
            .map(|broker| ProposedReplica { broker: *broker, epoch: -1 })
            .collect(),
        recovery: partition(image).recovery(),
    };
    let decision =
        alter_partition(&controller(image, &layers), (leader, epoch), &[proposal]).unwrap();
    (applied(image, &decision), decision.reply[0].clone())
}

#[test]
fn a_move_is_done_once_the_new_replica_is_in_sync() {
    let image = on_three();
    let (decision, result) = moved(&image, Some(&[2, 3]), false);
    result.unwrap();
    let image = applied(&image, &decision);
    let expected = OngoingReassignment {
        partition: 0,
        replicas: vec![2, 3, 1],
        adding: vec![3],
        removing: vec![1],
    };
    assert_eq!(ongoing(&image), [expected]);
    assert_eq!(partition(&image).leader(), Some(NodeId(1)));
    // The set is complete; the old leader has to go, and is told to look again.
    let (image, reply) = in_sync(&image, &[1, 2, 3]);
    assert_eq!(reply.unwrap_err().kind, RefusalKind::NewLeaderElected);
    assert_eq!(
        (partition(&image).replicas(), partition(&image).isr()),
        (&[2, 3][..], &[2, 3][..])
    );
    assert_eq!(partition(&image).leader(), Some(NodeId(2)));
    assert!(ongoing(&image).is_empty());
}

#[test]
fn a_replica_that_leaves_raises_the_leader_epoch_though_the_leader_stays() {
    let image = on_three();
    let image = applied(&image, &moved(&image, Some(&[1, 3]), false).0);
    assert_eq!(partition(&image).leader_epoch().0, 0);
    let (image, reply) = in_sync(&image, &[1, 2, 3]);
    assert_eq!(reply.unwrap().leader, 1);
    assert_eq!(partition(&image).replicas(), [1, 3]);
    assert_eq!(partition(&image).leader_epoch().0, 1);
}

#[test]
fn fewer_replicas_wait_until_all_that_stay_are_in_sync() {
    let image = cluster(&[(1, None), (2, None), (3, None)]);
    let image = with_topic(&image, "a", 1, 3);
    let leader = partition(&image).leader().unwrap().0;
    let (image, _) = in_sync(&image, &[leader]);
    let others: Vec<i32> = (1..=3).filter(|id| *id != leader).collect();
    let (decision, result) = moved(&image, Some(&[leader, others[0]]), true);
    result.unwrap();
    let image = applied(&image, &decision);
    assert_eq!(
        partition(&image).replicas().len(),
        3,
        "done with one in sync"
    );
    let (image, reply) = in_sync(&image, &[leader, others[0]]);
    reply.unwrap();
    assert_eq!(partition(&image).replicas(), [leader, others[0]]);
}

#[test]
fn a_new_order_takes_effect_at_once() {
    let image = on_three();
    let (decision, result) = moved(&image, Some(&[2, 1]), false);
    result.unwrap();
    let image = applied(&image, &decision);
    assert_eq!(partition(&image).replicas(), [2, 1]);
    assert_eq!(partition(&image).leader(), Some(NodeId(1)));
    assert!(ongoing(&image).is_empty());
    // Nothing to do is no record.
    let (decision, result) = moved(&image, Some(&[2, 1]), false);
    assert_eq!((decision.records.len(), result), (0, Ok(())));
}

#[test]
fn a_cancelled_move_leaves_what_was() {
    let before = on_three();
    let image = applied(&before, &moved(&before, Some(&[2, 3]), false).0);
    let (decision, result) = moved(&image, None, false);
    result.unwrap();
    let image = applied(&image, &decision);
    // Kafka keeps the target's order here, with the leaving replica last.
    assert_eq!(partition(&image).replicas(), [2, 1]);
    assert!(ongoing(&image).is_empty());
    assert_eq!(
        moved(&image, None, false).1,
        Err(RefusalKind::NoReassignmentInProgress)
    );
}

#[test]
fn moves_to_nowhere_or_of_another_size_are_refused() {
    use RefusalKind as K;
    let image = on_three();
    assert_eq!(
        moved(&image, Some(&[1]), false).1,
        Err(K::InvalidReplicationFactor)
    );
    assert_eq!(moved(&image, Some(&[1]), true).1, Ok(()));
    assert_eq!(
        moved(&image, Some(&[]), true).1,
        Err(K::InvalidReplicaAssignment)
    );
    assert_eq!(
        moved(&image, Some(&[1, 9]), false).1,
        Err(K::InvalidReplicaAssignment)
    );
    assert_eq!(
        moved(&image, Some(&[1, 1]), false).1,
        Err(K::InvalidReplicaAssignment)
    );
    let layers = layers("");
    let twice = Reassignment { partition: 0, replicas: Some(vec![2, 1]) };
    let topics = [("a".to_owned(), vec![twice.clone(), twice])];
    let decision = alter_reassignments(&controller(&image, &layers), &topics, false);
    assert_eq!(decision.records.len(), 1);
    assert!(decision.reply[0].1[1].1.is_err());
}

fn elect(image: &Image, kind: ElectionKind, partition: i32) -> (Image, Result<(), RefusalKind>) {
    let layers = layers("");
    let topics = [("a".to_owned(), vec![partition])];
    let decision = elect_leaders(&controller(image, &layers), kind, Some(&topics));
    let result = decision.reply[0].1[0]
        .1
        .clone()
        .map_err(|refusal| refusal.kind);
    (applied(image, &decision), result)
}

#[test]
fn the_preferred_leader_is_elected_when_it_can_lead() {
    use ElectionKind::{Preferred, Unclean};
    let image = on_three();
    assert_eq!(
        elect(&image, Preferred, 0).1,
        Err(RefusalKind::ElectionNotNeeded)
    );
    assert_eq!(
        elect(&image, Unclean, 0).1,
        Err(RefusalKind::ElectionNotNeeded)
    );
    assert_eq!(
        elect(&image, Preferred, 7).1,
        Err(RefusalKind::UnknownTopicOrPartition)
    );
    let image = applied(&image, &moved(&image, Some(&[2, 1]), false).0);
    let (after, result) = elect(&image, Preferred, 0);
    assert_eq!(
        (result, partition(&after).leader()),
        (Ok(()), Some(NodeId(2)))
    );
    let layers = layers("");
    let all = elect_leaders(&controller(&after, &layers), Preferred, None);
    assert_eq!(all.reply, [("a".to_owned(), vec![])]);
    let fenced = fence_broker(&controller(&image, &layers), NodeId(2)).unwrap();
    let (_, result) = elect(&applied(&image, &fenced), Preferred, 0);
    assert_eq!(result, Err(RefusalKind::PreferredLeaderNotAvailable));
}

#[test]
fn a_partition_named_twice_is_elected_once() {
    let image = on_three();
    let image = applied(&image, &moved(&image, Some(&[2, 1]), false).0);
    let layers = layers("");
    let topics = [("a".to_owned(), vec![0, 0])];
    let kind = ElectionKind::Preferred;
    let decision = elect_leaders(&controller(&image, &layers), kind, Some(&topics));
    assert_eq!(decision.records.len(), 1);
    let results: Vec<bool> = decision.reply[0].1.iter().map(|(_, r)| r.is_ok()).collect();
    assert_eq!(results, [true, false]);
}

#[test]
fn an_unclean_election_takes_whoever_is_alive_and_says_so() {
    let image = on_three();
    let change = PartitionChangeRecord {
        topic_id: image.topics().named("a").unwrap().id,
        partition_id: 0,
        isr: Some(vec![]),
        leader: -1,
        leader_recovery_state: -1,
        ..PartitionChangeRecord::default()
    };
    let image = image.replay(&[change.into()]).unwrap().0;
    let (image, result) = elect(&image, ElectionKind::Unclean, 0);
    assert_eq!(
        (result, partition(&image).leader()),
        (Ok(()), Some(NodeId(1)))
    );
    assert_eq!(
        partition(&image).recovery(),
        crate::image::RecoveryState::Recovering
    );
}
