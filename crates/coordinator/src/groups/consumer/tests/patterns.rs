//! Topics by pattern.

use super::*;

fn reads(id: &str, pattern: &str) -> ConsumerHeartbeat {
    ConsumerHeartbeat { topics: None, pattern: Some(pattern.into()), ..join(id) }
}

#[test]
fn a_pattern_selects_whole_names_and_new_topics_follow() {
    let mut world = World::new();
    world.create("logs-a", 2, 1);
    world.create("xlogs-b", 3, 1);
    let mut a = Client::join_with(reads("a", "logs-.*"), &mut world);
    assert_eq!(a.owned.keys().copied().collect::<Vec<_>>(), [topic(2)]);
    assert_eq!(world.member("a").pattern, Some("logs-.*".into()));
    world.check_replay();
    world.create("logs-c", 4, 1);
    // Known patterns are matched every ten seconds at most.
    world.pass(100);
    a.report(&mut world).unwrap();
    assert_eq!(world.describe().epoch, 1);
    world.pass(10_000);
    a.report(&mut world).unwrap();
    world.settle(std::slice::from_mut(&mut a));
    assert_eq!((world.describe().epoch, a.count()), (2, 2));
    world.delete("logs-a");
    world.pass(10_000);
    a.report(&mut world).unwrap();
    world.settle(std::slice::from_mut(&mut a));
    assert_eq!(a.owned.keys().copied().collect::<Vec<_>>(), [topic(4)]);
    world.check_replay();
}

#[test]
fn names_and_a_pattern_add_up() {
    let mut world = World::new();
    world.create("logs", 2, 1);
    let both = ConsumerHeartbeat { topics: Some(vec!["t".into()]), ..reads("a", "l.*") };
    assert_eq!(Client::join_with(both, &mut world).count(), 7);
}

#[test]
fn a_named_topic_does_not_wait_for_patterns() {
    let mut world = World::new();
    let both = ConsumerHeartbeat { topics: Some(vec!["t".into()]), ..reads("a", "l.*") };
    let mut a = Client::join_with(both, &mut world);
    world.create("t", 1, 8);
    world.pass(2_000);
    a.report(&mut world).unwrap();
    world.settle(std::slice::from_mut(&mut a));
    assert_eq!(a.count(), 8);
}

#[test]
fn what_can_not_be_read_is_refused_and_changes_nothing() {
    let mut world = World::new();
    for bad in ["(", "a(?=b)", "[a"] {
        assert_eq!(
            world.beat(reads("a", bad)),
            Err(GroupError::InvalidRegularExpression)
        );
    }
    assert!(world.log.is_empty());
    let mut a = Client::join("a", &mut world);
    let other = ConsumerHeartbeat { pattern: Some("(".into()), ..a.heartbeat() };
    assert_eq!(world.beat(other), Err(GroupError::InvalidRegularExpression));
    a.report(&mut world).unwrap();
}

#[test]
fn a_pattern_that_nobody_uses_any_more_is_forgotten() {
    let mut world = World::new();
    let a = Client::join_with(reads("a", "t|u"), &mut world);
    Client::join_with(reads("b", "t|u"), &mut world);
    world
        .beat(ConsumerHeartbeat { pattern: Some("t".into()), ..a.heartbeat() })
        .unwrap();
    world.beat(leave("b", -1)).unwrap();
    let snapshot = format!("{:?}", world.shard.snapshot());
    assert!(!snapshot.contains("t|u"), "{snapshot}");
    world.check_replay();
    world.beat(leave("a", -1)).unwrap();
    world.check_replay();
}

#[test]
fn an_empty_pattern_ends_the_subscription_by_pattern() {
    let mut world = World::new();
    let mut a = Client::join_with(reads("a", "t"), &mut world);
    assert_eq!(a.count(), 6);
    let ends = ConsumerHeartbeat {
        topics: Some(Vec::new()),
        pattern: Some(Str::EMPTY),
        ..a.heartbeat()
    };
    a.hear(world.beat(ends).unwrap());
    world.settle(std::slice::from_mut(&mut a));
    assert_eq!(a.count(), 0);
}
