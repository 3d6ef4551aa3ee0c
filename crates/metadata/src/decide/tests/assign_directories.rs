//! Where replicas lie is noted.

use super::*;
use crate::decide::{DirectoryAssignment, assign_directories};
use klamm_model::Uuid;

#[test]
fn a_replica_that_moved_is_noted_once_and_what_is_not_held_is_passed_over() {
    let image = cluster(&[(1, None), (2, None)]);
    let layers = layers("");
    let topic = NewTopic {
        name: "a".to_owned(),
        num_partitions: -1,
        replication_factor: -1,
        assignments: vec![(0, vec![1, 2]), (1, vec![2, 1])],
        ..NewTopic::default()
    };
    let created = create_topics(
        &controller(&image, &layers),
        &[topic],
        false,
        &mut counter(),
    );
    let image = applied(&image, &created.unwrap());
    let id = image.topics().named("a").unwrap().id;
    let of = |image: &Image, partition| {
        let topic = image.topics().by_id(id).unwrap();
        topic.partitions.get(partition).unwrap().unpack()
    };
    let before = of(&image, 1);
    let directory = Uuid::from_random(77);
    let moved = [
        DirectoryAssignment { topic: id, partition: 1, directory },
        DirectoryAssignment { topic: id, partition: 9, directory },
        DirectoryAssignment { topic: Uuid::from_random(5), partition: 0, directory },
    ];
    let decision = assign_directories(&controller(&image, &layers), NodeId(1), &moved);
    assert_eq!((decision.reply, decision.records.len()), (1, 1));
    let image = applied(&image, &decision);
    let after = of(&image, 1);
    assert_eq!(after.directories, [before.directories[0], directory]);
    assert_eq!(
        after.leader_epoch, before.leader_epoch,
        "nobody has to look anew for the leader"
    );
    let again = assign_directories(&controller(&image, &layers), NodeId(1), &moved);
    assert_eq!(again.reply, 0);
    let stranger = assign_directories(&controller(&image, &layers), NodeId(3), &moved);
    assert_eq!(stranger.reply, 0);
}
