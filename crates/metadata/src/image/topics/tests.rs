//! Layout and lookups of the partition table.

use super::*;

fn partition(leader: i32) -> Partition {
    let state = PartitionState { replicas: vec![leader], leader, ..PartitionState::default() };
    Partition::pack(&state, |directories| directories.into())
}

#[test]
fn a_partition_takes_as_many_bytes_as_the_doc_says() {
    assert_eq!(Partition::BYTES, 72);
    assert_eq!(size_of::<Option<Partition>>(), Partition::BYTES);
}

#[test]
fn partitions_arrive_in_any_order_and_leave_in_theirs() {
    let mut partitions = Partitions::default();
    for n in [70, 0, 2, 1_000_000, i32::MAX, 1] {
        assert!(partitions.insert(n, partition(n)));
    }
    assert!(!partitions.insert(-1, partition(1)));
    let numbers: Vec<i32> = partitions.iter().map(|(n, _)| n).collect();
    assert_eq!(numbers, [0, 1, 2, 70, 1_000_000, i32::MAX]);
    assert_eq!(partitions.len(), 6);
    assert_eq!(partitions.get(70).unwrap().leader(), Some(NodeId(70)));
    assert_eq!(partitions.get(3), None);
    assert_eq!(partitions.get(-1), None);
}

#[test]
fn a_change_leaves_the_older_table_alone_and_copies_one_chunk() {
    let mut old = Partitions::default();
    for n in 0..1000 {
        old.insert(n, partition(1));
    }
    let mut new = old.clone();
    new.insert(500, partition(2));
    assert_eq!(old.get(500).unwrap().leader(), Some(NodeId(1)));
    assert_eq!(new.get(500).unwrap().leader(), Some(NodeId(2)));
    let shared = old
        .chunks
        .iter()
        .zip(&new.chunks)
        .filter(|(a, b)| Arc::ptr_eq(&a.1, &b.1));
    assert_eq!(shared.count(), old.chunks.len() - 1);
    assert_eq!(new.len(), 1000);
}
