//! Static members that come back while a cooperative round is owed.

use super::*;
use crate::groups::subscription::EmbeddedAssignment;
use klamm_codec::Enc;

fn subscription(owned: &[i32]) -> Bytes {
    let mut enc = Enc::new();
    enc.i16(1);
    enc.array(false, &["t"], |enc, topic| enc.string(false, *topic))
        .unwrap();
    enc.nullable_bytes(false, None).unwrap();
    enc.array(false, &[owned], |enc, owned| {
        enc.string(false, "t")?;
        enc.array(false, owned, |enc, partition| {
            enc.i32(*partition);
            Ok(())
        })
    })
    .unwrap();
    let bytes = enc.finish().into_bytes();
    bytes.unwrap()
}

fn assignment(partitions: &[i32]) -> Bytes {
    let partitions = vec![("t".into(), partitions.to_vec())];
    let assignment = EmbeddedAssignment { partitions, has_user_data: false };
    assignment.write(1).unwrap()
}

/// The name of the assignor is the helpers'; the rule does not look at it.
fn member(instance: &str, id: &Str, owned: &[i32]) -> Join {
    Join {
        instance_id: Some(instance.into()),
        supports_skipping_assignment: true,
        protocols: vec![("range".into(), subscription(owned))],
        ..join(instance, id)
    }
}

/// A group after a round to which `a` came with four partitions, and in which `a` and `b` got these.
fn after_a_round(got: [&[i32]; 2]) -> World {
    let mut world = World::new(config());
    let first = world.send(Command::Join(Box::new(member("a", &Str::EMPTY, &[]))));
    world.pass(300);
    let first = world.joined(first).member_id;
    let all = |ids: &[(&Str, &[i32])], generation| {
        let leader = ids[0].0;
        let assignments = ids
            .iter()
            .map(|(id, got)| ((*id).clone(), assignment(got)))
            .collect();
        Command::Sync(Box::new(Sync {
            assignments,
            instance_id: Some("a".into()),
            ..sync(leader, generation, &[])
        }))
    };
    let _ = world.send(all(&[(&first, &[0, 1, 2, 3])], 1));
    let second = world.send(Command::Join(Box::new(member("b", &Str::EMPTY, &[]))));
    let _ = world.send(Command::Join(Box::new(member("a", &first, &[0, 1, 2, 3]))));
    let second = world.joined(second).member_id;
    let _ = world.send(all(&[(&first, got[0]), (&second, got[1])], 2));
    let asks = Sync { instance_id: Some("b".into()), ..sync(&second, 2, &[]) };
    let _ = world.send(Command::Sync(Box::new(asks)));
    assert_eq!(world.state(), GroupState::Stable);
    world
}

#[test]
fn one_that_comes_back_before_it_gave_away_what_it_gave_up_begins_the_round() {
    // The other two are for the second member, as soon as the first has given them up.
    let mut world = after_a_round([&[0, 1], &[]]);
    let back = world.send(Command::Join(Box::new(member("a", &Str::EMPTY, &[]))));
    assert_eq!(world.state(), GroupState::PreparingRebalance);
    assert!(!world.answers.contains_key(&back));
}

#[test]
fn one_that_owes_no_round_comes_back_without_one() {
    let all_have_owners: [[&[i32]; 2]; 2] = [[&[0, 1, 2, 3], &[]], [&[0, 1], &[2, 3]]];
    let had_nothing_to_give = ("b", [&[0, 1][..], &[]]);
    let cases = all_have_owners.map(|got| ("a", got));
    for (who, got) in cases.into_iter().chain([had_nothing_to_give]) {
        let mut world = after_a_round(got);
        let back = world.send(Command::Join(Box::new(member(who, &Str::EMPTY, &[]))));
        assert_eq!(world.state(), GroupState::Stable);
        assert_eq!(world.joined(back).generation, 2);
    }
}
