//! A classic group of a thousand members: each move takes one round, and each member is asked once for each step of it.

use super::*;

const MEMBERS: usize = 1_000;

fn world() -> World {
    World::new(GroupConfig { members_max: 2_000, ..config() })
}

/// The members by their ids, each with the join that waits.
type Joining = BTreeMap<Str, Ticket>;

impl World {
    fn come(&mut self, clients: std::ops::Range<usize>, apart_ms: i64) -> Joining {
        let mut joining = Joining::new();
        for client in clients {
            let (member, ticket) = self.join(&format!("client {client}"));
            joining.insert(member, ticket);
            self.pass(apart_ms);
        }
        joining
    }

    /// All were let in, in one generation: the leader assigns, and everybody gets its part.
    fn complete(&mut self, joining: &Joining, generation: i32) {
        let mut leader = None;
        for (member, ticket) in joining {
            let joined = self.joined(*ticket);
            assert_eq!(joined.generation, generation);
            if !joined.members.is_empty() {
                assert_eq!(joined.members.len(), joining.len());
                assert_eq!(leader.replace(member.clone()), None, "one member leads");
            }
        }
        let leader = leader.unwrap();
        let parts: Vec<(&str, &str)> = joining.keys().map(|id| (&**id, &**id)).collect();
        let syncs: Vec<(Str, Ticket)> = joining
            .keys()
            .map(|member| {
                let all: &[(&str, &str)] = if *member == leader { &parts } else { &[] };
                (member.clone(), self.sync(member, generation, all))
            })
            .collect();
        for (member, ticket) in syncs {
            assert_eq!(self.assignment(ticket), member.as_bytes());
        }
        assert_eq!(self.state(), GroupState::Stable);
    }

    /// Each member hears of the round with its heartbeat, and joins again. Nobody is let in before the last one.
    fn come_again(&mut self, members: &[Str], generation: i32, first: Joining) -> Joining {
        let mut joining = first;
        for member in members {
            assert_eq!(
                self.beat(member, generation),
                Err(GroupError::RebalanceInProgress)
            );
            let answered = joining
                .values()
                .any(|ticket| self.answers.contains_key(ticket));
            assert!(!answered, "a member is still to come");
            let ticket = self.send(Command::Join(Box::new(join("again", member))));
            joining.insert(member.clone(), ticket);
        }
        joining
    }
}

#[test]
fn a_thousand_that_come_within_the_wait_share_the_first_generation() {
    let mut world = world();
    // The last comes after two of the three seconds of the whole wait.
    let joining = world.come(0..MEMBERS, 2);
    world.pass(300);
    assert_eq!(joining.len(), MEMBERS);
    world.complete(&joining, 1);
    // Two requests for the join and one for the assignment: no member was sent back.
    assert_eq!(world.tickets, 3 * MEMBERS as u64);
    assert_eq!(world.answers.len(), 3 * MEMBERS);
    assert_eq!(world.records().len(), 1, "a round is one record");
    assert_eq!(world.shard.snapshot(), world.replayed().snapshot());
}

#[test]
fn one_that_joins_or_leaves_a_thousand_costs_one_round() {
    let mut world = world();
    let joining = world.come(0..MEMBERS, 0);
    world.pass(300);
    world.complete(&joining, 1);
    let members: Vec<Str> = joining.into_keys().collect();

    let before = world.tickets;
    let newcomer = world.come(MEMBERS..MEMBERS + 1, 0);
    let joining = world.come_again(&members, 1, newcomer);
    // With the last of them, not with a timer.
    world.complete(&joining, 2);
    // A heartbeat, a join, a sync of each; the newcomer asked for its id instead of sending a heartbeat.
    assert_eq!(world.tickets - before, 3 * (MEMBERS as u64 + 1));

    let mut members: Vec<Str> = joining.into_keys().collect();
    let before = world.tickets;
    let gone = members.remove(500);
    assert_eq!(world.each(leave(&gone, None)), [Ok(())]);
    let joining = world.come_again(&members, 2, Joining::new());
    world.complete(&joining, 3);
    assert_eq!(world.tickets - before, 1 + 3 * MEMBERS as u64);
    assert_eq!(world.records().len(), 3, "a round is one record");
    assert_eq!(world.shard.snapshot(), world.replayed().snapshot());
}

#[test]
fn those_who_crash_together_cost_one_round() {
    let mut world = world();
    let joining = world.come(0..MEMBERS, 0);
    world.pass(300);
    world.complete(&joining, 1);
    let members: Vec<Str> = joining.into_keys().collect();
    let (alive, crashed) = members.split_at(MEMBERS / 2);
    world.pass(i64::from(SESSION) / 2);
    for member in alive {
        assert_eq!(world.beat(member, 1), Ok(()));
    }
    world.pass(i64::from(SESSION) / 2);
    let joining = world.come_again(alive, 1, Joining::new());
    world.complete(&joining, 2);
    for member in crashed {
        assert_eq!(world.beat(member, 2), Err(GroupError::UnknownMemberId));
    }
    assert_eq!(world.records().len(), 2, "a round is one record");
}
