//! What members of a classic group wait for, and how long they do.

use super::*;

fn standing(world: &World, member: &str) -> Standing {
    let group = world.shard.describe("g", world.moment()).unwrap();
    let mut members = group.members.into_iter();
    let member = members.find(|one| one.member_id == *member).unwrap();
    member.standing
}

fn waits(world: &World) -> Vec<(&'static str, u64)> {
    let counts = Wait::REASONS.into_iter().zip(world.shard.waits());
    counts.filter(|(_, count)| *count > 0).collect()
}

#[test]
fn a_round_says_of_each_member_what_it_waits_for() {
    let mut world = World::new(config());
    let (a, joined) = world.join("a");
    world.pass(200);
    let first = standing(&world, &a);
    assert_eq!((first.heard_ms, first.moving_ms), (Some(200), Some(200)));
    assert_eq!(
        (first.wait, first.last_pause_ms),
        (Some(Wait::ForMore), None)
    );
    world.pass(100);
    let generation = world.joined(joined).generation;
    assert_eq!(standing(&world, &a).wait, Some(Wait::ToAssign));
    world.sync(&a, generation, &[(&a, "all")]);
    let resting = Standing {
        heard_ms: Some(0),
        last_pause_ms: Some(300),
        ..Standing::default()
    };
    assert_eq!(standing(&world, &a), resting);
    world.pass(1_000);
    let (b, b_joined) = world.join("b");
    world.pass(500);
    assert_eq!(standing(&world, &a).wait, Some(Wait::ToJoin));
    assert_eq!(standing(&world, &a).moving_ms, Some(500));
    let for_a = Wait::ForJoins { members: vec![a.clone()], others: 0 };
    assert_eq!(standing(&world, &b).wait, Some(for_a));
    assert_eq!(waits(&world), [("to_join", 1), ("for_joins", 1)]);
    let joined = world.send(Command::Join(Box::new(join("a", &a))));
    let generation = world.joined(joined).generation;
    assert_eq!(world.joined(b_joined).generation, generation);
    assert_eq!(standing(&world, &a).wait, Some(Wait::ToAssign));
    assert_eq!(standing(&world, &b).wait, Some(Wait::ToSync));
    world.sync(&b, generation, &[]);
    assert_eq!(
        standing(&world, &b).wait,
        Some(Wait::ForLeader { leader: a.clone() })
    );
    world.pass(200);
    world.sync(&a, generation, &[(&a, "one"), (&b, "two")]);
    for member in [&a, &b] {
        let standing = standing(&world, member);
        assert_eq!((standing.wait, standing.last_pause_ms), (None, Some(700)));
    }
    let pauses: Vec<_> = world
        .pauses
        .iter()
        .map(|pause| (pause.kind, pause.ms))
        .collect();
    let classic = |ms| (GroupKind::Classic, ms);
    assert_eq!(pauses, [classic(300), classic(700), classic(700)]);
    assert!(waits(&world).is_empty());
}

#[test]
fn who_was_given_an_id_and_does_not_come_is_waited_for() {
    let mut world = World::new(config());
    let a = world.alone();
    let refused = world.ask(Command::Join(Box::new(join("b", ""))));
    let Reply::Join(Err(JoinRefused { member_id: promised, .. })) = refused else {
        panic!("{refused:?}");
    };
    let joined = world.send(Command::Join(Box::new(join("a", &a))));
    assert!(!world.answers.contains_key(&joined));
    assert_eq!(
        standing(&world, &a).wait,
        Some(Wait::ForJoins { members: vec![promised], others: 0 })
    );
}

#[test]
fn a_restart_forgets_when_members_were_heard() {
    let mut world = World::new(config());
    let a = world.alone();
    world.pass(2_000);
    assert_eq!(standing(&world, &a).heard_ms, Some(2_000));
    world.beat(&a, 1).unwrap();
    assert_eq!(standing(&world, &a).heard_ms, Some(0));
    world.shard = world.replayed();
    let out = world.shard.loaded(world.moment());
    world.take(out);
    assert_eq!(standing(&world, &a), Standing::default());
}
