//! Joining, leaving, and what a member may say.

use super::*;

#[test]
fn the_first_member_gets_everything_with_its_first_answer() {
    let mut world = World::new();
    let answer = world.beat(join("a")).unwrap();
    assert_eq!(answer.member_id, "a");
    assert_eq!(answer.member_epoch, 1);
    assert_eq!(answer.assignment, Some(vec![(topic(1), (0..6).collect())]));
    let group = world.describe();
    assert_eq!(
        (group.state, group.epoch, group.assignment_epoch),
        (ConsumerState::Stable, 1, 1)
    );
    assert_eq!(group.assignor, "uniform");
    world.check_replay();
}

#[test]
fn before_version_1_the_coordinator_gives_the_id() {
    let mut world = World::new();
    let old = ConsumerHeartbeat { brings_its_id: false, ..join("") };
    let answer = world.beat(old).unwrap();
    assert_eq!(answer.member_id, Uuid(7).to_string());
    let refused = world.beat(ConsumerHeartbeat { member_id: " ".into(), ..join("") });
    assert_eq!(
        refused,
        Err(GroupError::InvalidRequest("the member id is empty"))
    );
}

#[test]
fn a_request_that_contradicts_itself_is_refused_and_leaves_nothing() {
    let mut world = World::new();
    let bad = [
        ConsumerHeartbeat { group: " ".into(), ..join("a") },
        ConsumerHeartbeat { instance_id: Some("".into()), ..join("a") },
        ConsumerHeartbeat { rack_id: Some("".into()), ..join("a") },
        ConsumerHeartbeat { rebalance_timeout_ms: -1, ..join("a") },
        ConsumerHeartbeat { owned: None, ..join("a") },
        ConsumerHeartbeat { owned: Some(vec![(topic(1), vec![0])]), ..join("a") },
        ConsumerHeartbeat { topics: None, ..join("a") },
        ConsumerHeartbeat { member_epoch: -2, ..join("a") },
        ConsumerHeartbeat { member_epoch: -3, ..join("a") },
        ConsumerHeartbeat { member_epoch: -1, brings_its_id: false, ..join("") },
        ConsumerHeartbeat { member_epoch: 4, brings_its_id: false, ..join("") },
        ConsumerHeartbeat { member_id: "x".repeat(9_000).into(), ..join("a") },
        ConsumerHeartbeat { topics: Some(vec!["x".repeat(600_000).into()]), ..join("a") },
    ];
    for heartbeat in bad {
        let result = world.beat(heartbeat.clone());
        assert!(
            matches!(result, Err(GroupError::InvalidRequest(_))),
            "{heartbeat:?}"
        );
    }
    let other = ConsumerHeartbeat { assignor: Some("mine".into()), ..join("a") };
    assert_eq!(world.beat(other), Err(GroupError::UnsupportedAssignor));
    assert!(world.log.is_empty() && world.shard.list().next().is_none());
}

#[test]
fn nobody_reports_to_a_group_or_as_a_member_that_is_not_there() {
    let mut world = World::new();
    assert_eq!(world.beat(leave("a", 5)), Err(GroupError::GroupIdNotFound));
    assert_eq!(world.beat(leave("a", -1)), Err(GroupError::GroupIdNotFound));
    Client::join("a", &mut world);
    assert_eq!(world.beat(leave("b", 1)), Err(GroupError::UnknownMemberId));
    assert_eq!(world.beat(leave("b", -1)), Err(GroupError::UnknownMemberId));
}

#[test]
fn an_epoch_ahead_or_behind_is_fenced() {
    let mut world = World::new();
    let mut a = Client::join("a", &mut world);
    let mut b = Client::join("b", &mut world);
    world.settle(&mut [a.clone(), b.clone()][..]);
    a.epoch = world.member("a").epoch;
    b.epoch = world.member("b").epoch;
    let ahead = ConsumerHeartbeat { member_epoch: a.epoch + 1, ..a.heartbeat() };
    assert_eq!(world.beat(ahead), Err(GroupError::FencedMemberEpoch));
    let behind = ConsumerHeartbeat { member_epoch: 1, owned: None, ..a.heartbeat() };
    assert_eq!(world.beat(behind), Err(GroupError::FencedMemberEpoch));
}

#[test]
fn a_member_that_missed_the_answer_with_its_new_epoch_goes_on() {
    let mut world = World::new();
    let a = Client::join("a", &mut world);
    Client::join("b", &mut world);
    world.pass(100);
    // It gives back what b shall have; the answer to that gets lost.
    let told = world.beat(a.heartbeat()).unwrap().assignment.unwrap();
    let gives_back = ConsumerHeartbeat { owned: Some(told.clone()), ..a.heartbeat() };
    let lost = world.beat(gives_back.clone()).unwrap();
    assert!(lost.member_epoch > a.epoch);
    let again = world.beat(gives_back).unwrap();
    assert_eq!(again.member_epoch, lost.member_epoch);
    // With more than it should have it is fenced.
    let too_much = world.beat(a.heartbeat());
    assert_eq!(too_much, Err(GroupError::FencedMemberEpoch));
}

#[test]
fn a_full_request_is_answered_with_the_assignment_and_an_idle_one_is_not() {
    let mut world = World::new();
    let a = Client::join("a", &mut world);
    assert_eq!(world.beat(a.heartbeat()).unwrap().assignment, None);
    let full = ConsumerHeartbeat { member_epoch: 1, owned: Some(a.claim()), ..join("a") };
    assert_eq!(world.beat(full).unwrap().assignment, Some(a.claim()));
    // Joining anew is possible at any time.
    assert_eq!(world.beat(join("a")).unwrap().assignment, Some(a.claim()));
}

#[test]
fn whoever_leaves_is_gone_and_the_others_get_what_it_had() {
    let mut world = World::new();
    let mut a = Client::join("a", &mut world);
    let mut b = Client::join("b", &mut world);
    world.settle(&mut [a.clone(), b.clone()]);
    a.epoch = world.member("a").epoch;
    let answer = world.beat(leave("b", -1)).unwrap();
    assert_eq!((answer.member_epoch, answer.heartbeat_interval_ms), (-1, 0));
    world.pass(1_000);
    a.report(&mut world).unwrap();
    assert_eq!(a.count(), 6);
    b.epoch = 1;
    assert_eq!(b.report(&mut world), Err(GroupError::UnknownMemberId));
    world.check_replay();
    world.beat(leave("a", -1)).unwrap();
    assert_eq!(world.describe().state, ConsumerState::Empty);
    world.check_replay();
}

#[test]
fn a_full_group_takes_no_more_members() {
    let consumer = ConsumerConfig { members_max: 1, ..ConsumerConfig::default() };
    let mut world = World::with(GroupConfig { consumer, ..config() });
    let mut a = Client::join("a", &mut world);
    assert_eq!(world.beat(join("b")), Err(GroupError::GroupMaxSizeReached));
    a.report(&mut world).unwrap();
}

#[test]
fn another_subscription_raises_the_epoch_and_the_same_one_does_not() {
    let mut world = World::new();
    world.create("u", 2, 2);
    let mut a = Client::join("a", &mut world);
    let same = ConsumerHeartbeat { topics: Some(vec!["t".into()]), ..a.heartbeat() };
    a.hear(world.beat(same).unwrap());
    assert_eq!(world.describe().epoch, 1);
    let both = Some(vec!["t".into(), "u".into()]);
    let more = ConsumerHeartbeat { topics: both, ..a.heartbeat() };
    a.hear(world.beat(more).unwrap());
    assert_eq!(world.describe().epoch, 2);
    world.settle(std::slice::from_mut(&mut a));
    assert_eq!(a.count(), 8);
}

#[test]
fn a_topic_that_ends_for_a_member_is_taken_before_there_is_a_new_target() {
    let mut world = World::new();
    world.create("u", 2, 2);
    let both = Some(vec!["t".into(), "u".into()]);
    let mut a = Client::join_with(ConsumerHeartbeat { topics: both, ..join("a") }, &mut world);
    assert_eq!(a.count(), 8);
    let fewer = ConsumerHeartbeat { topics: Some(vec!["u".into()]), ..a.heartbeat() };
    let answer = world.beat(fewer).unwrap();
    assert_eq!(
        world.describe().assignment_epoch,
        1,
        "too early for a target"
    );
    assert_eq!(answer.assignment, Some(vec![(topic(2), vec![0, 1])]));
    assert!(matches!(world.wait_of("a"), Some(Wait::ToRevoke { .. })));
    a.hear(answer);
    world.settle(std::slice::from_mut(&mut a));
    assert_eq!(a.count(), 2);
    world.check_replay();
}

#[test]
fn the_assignor_that_most_like_assigns() {
    let mut world = World::new();
    let range = |id| ConsumerHeartbeat { assignor: Some("range".into()), ..join(id) };
    Client::join("a", &mut world);
    assert_eq!(world.describe().assignor, "uniform");
    Client::join_with(range("b"), &mut world);
    assert_eq!(world.describe().assignor, "range");
}

#[test]
fn a_member_in_a_state_of_the_future_has_to_join_anew() {
    use crate::groups::consumer::kept::{Change, Current};
    use crate::groups::consumer::record;
    let mut world = World::new();
    let a = Client::join("a", &mut world);
    let current = Current { epoch: 1, state: MemberState::Unknown, ..Current::default() };
    let change = Change::Current("a".into(), Some(current));
    world.log.push(record::write(&"g".into(), &change).unwrap());
    world.reload();
    assert_eq!(
        world.beat(a.heartbeat()),
        Err(GroupError::FencedMemberEpoch)
    );
    assert_eq!(world.beat(join("a")).unwrap().assignment, Some(a.claim()));
}
