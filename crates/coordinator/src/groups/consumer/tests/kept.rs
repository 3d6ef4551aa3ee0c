//! Partitions that do not move are in every answer, from before a move until after it.

use super::*;

const MEMBERS: usize = 50;
const PARTITIONS: usize = 500;

type Parts = BTreeSet<(Uuid, i32)>;

fn parts(client: &Client) -> Parts {
    let topics = client.owned.iter();
    topics
        .flat_map(|(topic, all)| all.iter().map(move |one| (*topic, *one)))
        .collect()
}

/// Reports until nothing moves any more, and keeps what each member had after each answer.
fn watch(world: &mut World, members: &mut [Client]) -> Vec<(usize, Parts)> {
    let mut seen = Vec::new();
    loop {
        world.pass(100);
        for (number, member) in members.iter_mut().enumerate() {
            member.report(world).unwrap();
            seen.push((number, parts(member)));
        }
        let is_stable = world.describe().state == ConsumerState::Stable;
        let held: usize = members.iter().map(Client::count).sum();
        if is_stable && held == PARTITIONS {
            return seen;
        }
        assert!(seen.len() < 20 * members.len(), "it does not end");
    }
}

/// What each has before and after is never missing in between, and only who gave or got something has a pause.
fn check(world: &World, before: &[Parts], members: &[Client], seen: &[(usize, Parts)]) {
    let mut moved = 0;
    for (number, member) in members.iter().enumerate() {
        let nothing = Parts::new();
        let (had, has) = (before.get(number).unwrap_or(&nothing), parts(member));
        let stays: Parts = had.intersection(&has).copied().collect();
        let answers = seen.iter().filter(|(one, _)| *one == number);
        for (_, told) in answers {
            assert!(told.is_superset(&stays), "{number} lost what it keeps");
        }
        moved += usize::from(*had != has);
    }
    assert_eq!(
        world.pauses.len(),
        moved,
        "pauses of those that moved, and of nobody else"
    );
    assert!(world.pauses.iter().all(|pause| pause.ms <= 500));
}

#[test]
fn what_stays_is_never_missing_while_members_come_and_go() {
    let mut world = World::new();
    world.create("t", 1, PARTITIONS as i32);
    let mut members: Vec<Client> = (0..MEMBERS)
        .map(|number| Client::join(&format!("m{number:02}"), &mut world))
        .collect();
    watch(&mut world, &mut members);
    let before: Vec<Parts> = members.iter().map(parts).collect();
    assert!(
        before
            .iter()
            .all(|parts| parts.len() == PARTITIONS / MEMBERS)
    );

    world.pauses.clear();
    members.push(Client::join("one more", &mut world));
    let seen = watch(&mut world, &mut members);
    check(&world, &before, &members, &seen);
    let stayed: usize = before
        .iter()
        .zip(&members)
        .map(|(had, member)| had.intersection(&parts(member)).count())
        .sum();
    assert_eq!(stayed, PARTITIONS - members[MEMBERS].count());

    world.pauses.clear();
    let gone = members.remove(7);
    let before: Vec<Parts> = members.iter().map(parts).collect();
    world.beat(leave(&gone.id, -1)).unwrap();
    let seen = watch(&mut world, &mut members);
    check(&world, &before, &members, &seen);
    for (had, member) in before.iter().zip(&members) {
        assert!(
            parts(member).is_superset(had),
            "a leave takes nothing from anybody else"
        );
    }
}
