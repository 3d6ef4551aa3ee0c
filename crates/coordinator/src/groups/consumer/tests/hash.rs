//! The hash of a group's topics, against what Kafka 4.3.1 makes of the same topics.

use super::*;
use crate::groups::consumer::topic_hash;

fn town() -> Town {
    let mut town = Town::default();
    let ids = [
        ("orders", 0x0123_4567_89ab_cdef_8edc_ba98_7654_3210, 3),
        ("\u{e000}x", (1 << 64) | 2, 1),
        ("😀", (3 << 64) | 4, 2),
    ];
    for (name, id, partitions) in ids {
        town.topics.insert(name.into(), (Uuid(id), partitions));
    }
    let racks = vec![vec!["r2".into(), "r1".into()], vec!["😀".into()]];
    town.racks.insert(Uuid((3 << 64) | 4), racks);
    town
}

fn hash(names: &[&str]) -> i64 {
    let names: Vec<Str> = names.iter().map(|name| Str::from(*name)).collect();
    topic_hash::of_topics(names.iter(), &town())
}

#[test]
fn the_hash_is_kafkas() {
    assert_eq!(hash(&["orders"]), 3_018_461_958_747_099_240);
    // Java puts what lies beyond the basic plane before U+E000.
    assert_eq!(
        hash(&["orders", "\u{e000}x", "😀"]),
        -4_903_140_335_938_491_263
    );
}

#[test]
fn topics_that_do_not_exist_do_not_count() {
    assert_eq!(hash(&["orders", "nope"]), hash(&["orders"]));
    assert_eq!(hash(&["nope"]), 0);
    assert_eq!(hash(&[]), 0);
}
