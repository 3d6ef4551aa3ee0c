//! Sessions, and how often members report.

use super::*;

#[test]
fn a_silent_member_is_removed_after_its_session_and_a_heartbeat_renews_it() {
    let mut world = World::new();
    let mut a = Client::join("a", &mut world);
    world.pass(SESSION - 1);
    a.report(&mut world).unwrap();
    world.pass(SESSION - 1);
    assert_eq!(world.describe().members.len(), 1);
    world.pass(1);
    assert_eq!(world.describe().state, ConsumerState::Empty);
    assert_eq!(world.gone, [("a".into(), Departure::Session)]);
    assert_eq!(a.report(&mut world), Err(GroupError::UnknownMemberId));
    world.check_replay();
}

#[test]
fn sessions_begin_anew_after_a_restart() {
    let mut world = World::new();
    Client::join("a", &mut world);
    world.pass(SESSION - 1);
    world.reload();
    world.pass(SESSION - 1);
    assert_eq!(world.describe().members.len(), 1);
    world.pass(1);
    assert_eq!(world.describe().members.len(), 0);
}

#[test]
fn a_groups_own_times_count() {
    let mut world = World::new();
    world.town.times = ConsumerTimes {
        session_timeout_ms: 50_000,
        heartbeat_interval_ms: 7_000,
        ..world.town.times
    };
    world.show();
    let mut a = Client::join("a", &mut world);
    world.pass(49_999);
    assert_eq!(a.report(&mut world), Ok(7_000));
    world.pass(50_000);
    assert_eq!(world.describe().members.len(), 0);
}

#[test]
fn members_report_often_while_they_move_and_seldom_when_they_rest() {
    let mut world = World::new();
    let mut a = Client::join("a", &mut world);
    let mut b = Client::join("b", &mut world);
    assert_eq!(b.report(&mut world), Ok(100), "a target is wanted");
    world.pass(100);
    assert_eq!(b.report(&mut world), Ok(100), "it waits for a");
    assert_eq!(
        a.report(&mut world),
        Ok(200),
        "it reports by itself once it gave back"
    );
    a.report(&mut world).unwrap();
    b.report(&mut world).unwrap();
    // Others may follow; the quiet makes it slower.
    world.pass(2_000);
    assert_eq!(a.report(&mut world), Ok(500));
    world.pass(6_000);
    assert_eq!(b.report(&mut world), Ok(2_000));
    world.pass(30_000);
    assert_eq!(
        (a.report(&mut world), b.report(&mut world)),
        (Ok(5_000), Ok(5_000))
    );
}

#[test]
fn the_configured_interval_is_never_exceeded() {
    let mut world = World::new();
    world.town.times.heartbeat_interval_ms = 60;
    world.show();
    let mut a = Client::join("a", &mut world);
    assert_eq!(a.report(&mut world), Ok(60));
    world.pass(40_000);
    assert_eq!(a.report(&mut world), Ok(60));
}

#[test]
fn a_large_group_reports_more_slowly() {
    let mut world = World::new();
    for id in 0..1_000 {
        Client::join(&format!("m{id}"), &mut world);
    }
    world.pass(100);
    let mut one = Client::join("one", &mut world);
    assert_eq!(one.report(&mut world), Ok(500));
}

#[test]
fn idle_members_leave_no_records() {
    let mut world = World::new();
    let mut a = Client::join("a", &mut world);
    let records = world.log.len();
    for _ in 0..100 {
        world.pass(5_000);
        a.report(&mut world).unwrap();
        let silent = ConsumerHeartbeat { owned: None, ..a.heartbeat() };
        world.beat(silent).unwrap();
    }
    assert_eq!(world.log.len(), records);
}
