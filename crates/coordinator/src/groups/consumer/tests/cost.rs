//! What groups cost: many members, and idle ones.

use super::*;

#[test]
fn a_thousand_members_rebalance_with_bounded_work() {
    let mut world = World::new();
    world.town.topics.clear();
    world.create("t", 1, 2_000);
    let mut members: Vec<Client> = (0..1_000)
        .map(|id| Client::join(&format!("m{id:04}"), &mut world))
        .collect();
    let mut rounds = 0;
    while world.describe().state != ConsumerState::Stable {
        world.pass(500);
        for member in &mut members {
            member.report(&mut world).unwrap();
        }
        rounds += 1;
        assert!(rounds < 6);
    }
    assert!(members.iter().all(|member| member.count() == 2));
    // The whole move in one target: each member is written a few times, not once for every other member.
    assert!(world.log.len() < 12_000, "{}", world.log.len());
    world.check_replay();
}
