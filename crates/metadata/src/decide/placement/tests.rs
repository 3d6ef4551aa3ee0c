//! Placement is spread, and never puts two replicas on one broker.

use std::collections::BTreeMap;

use super::*;
use crate::testing::cluster;

fn counter() -> impl FnMut() -> u128 {
    let mut n = 7;
    move || {
        n = (n * 25_214_903_917 + 11) % (1 << 48);
        n >> 16
    }
}

#[test]
fn replicas_lie_in_different_racks_and_leaders_on_all_brokers() {
    let brokers: Vec<(i32, Option<&str>)> =
        [(0, "a"), (1, "a"), (2, "b"), (3, "b"), (4, "c"), (5, "c")]
            .map(|(id, rack)| (id, Some(rack)))
            .into();
    let rack = |id: i32| brokers[usize::try_from(id).unwrap()].1;
    let image = cluster(&brokers);
    let placed = place(image.cluster(), 600, 3, &mut counter()).unwrap();
    let mut leaders: BTreeMap<i32, usize> = BTreeMap::new();
    for replicas in &placed {
        let mut racks: Vec<_> = replicas.iter().map(|id| rack(*id)).collect();
        racks.sort_unstable();
        racks.dedup();
        assert_eq!(racks.len(), 3, "{replicas:?}");
        *leaders.entry(replicas[0]).or_insert(0) += 1;
    }
    assert_eq!(leaders.len(), 6);
    assert!(
        leaders.values().all(|n| (60..=140).contains(n)),
        "{leaders:?}"
    );
}

#[test]
fn uneven_racks_still_give_every_partition_its_replicas() {
    let image = cluster(&[
        (0, Some("a")),
        (1, Some("a")),
        (2, Some("a")),
        (3, Some("b")),
        (4, None),
    ]);
    for replicas in 1..=5i16 {
        for mut chosen in place(image.cluster(), 50, replicas, &mut counter()).unwrap() {
            chosen.sort_unstable();
            chosen.dedup();
            assert_eq!(chosen.len(), usize::try_from(replicas).unwrap());
        }
    }
    let refused = place(image.cluster(), 1, 6, &mut counter()).unwrap_err();
    assert_eq!(refused.kind, RefusalKind::InvalidReplicationFactor);
}

#[test]
fn a_cluster_without_an_active_broker_takes_no_partition() {
    let image = cluster(&[]);
    assert!(place(image.cluster(), 1, 1, &mut counter()).is_err());
}
