//! Random clients against a shard: nothing double, nothing lost, nothing unanswered.

use super::*;

/// A small generator with a seed: the walk is the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

#[derive(Debug, Default, Clone)]
struct Client {
    member: Str,
    generation: i32,
    leads: Vec<Str>,
    part: Option<Bytes>,
    waits: Option<Ticket>,
}

fn generation_of(group: &KeptGroup) -> i32 {
    match group {
        KeptGroup::Classic(group) => group.generation,
        KeptGroup::Consumer(_) => panic!("nobody speaks that here"),
    }
}

struct Walk {
    world: World,
    dice: Dice,
    clients: Vec<Client>,
    acked: i64,
    next_offset: i64,
    /// What the leader of each generation gave to whom.
    given: BTreeMap<i32, BTreeMap<Str, Bytes>>,
    generation: i32,
}

impl Walk {
    fn step(&mut self) {
        let index = usize::try_from(self.dice.below(self.clients.len() as u64)).unwrap();
        self.hear(index);
        match self.dice.below(12) {
            0..=3 => self.join(index),
            4..=5 => self.sync(index),
            6..=7 => self.beat(index),
            8 => self.commit(index),
            9 if self.dice.below(4) == 0 => self.leave(index),
            10 if self.dice.below(30) == 0 => self.reload(),
            _ => {
                let ms = i64::try_from(self.dice.below(4_000)).unwrap();
                self.world.pass(ms);
            }
        }
        self.check();
    }

    /// Takes in an answer that came meanwhile.
    fn hear(&mut self, index: usize) {
        let client = &mut self.clients[index];
        let Some(reply) = client
            .waits
            .and_then(|ticket| self.world.answers.get(&ticket))
        else {
            return;
        };
        client.waits = None;
        match reply {
            Reply::Join(Ok(joined)) => {
                client.member = joined.member_id.clone();
                client.generation = joined.generation;
                client.leads = joined.members.iter().map(|m| m.member_id.clone()).collect();
                client.part = None;
            }
            Reply::Join(Err(refused)) => {
                client.member = match refused.error {
                    GroupError::UnknownMemberId => Str::EMPTY,
                    _ => refused.member_id.clone(),
                };
            }
            Reply::Sync(Ok(synced)) => client.part = Some(synced.assignment.clone()),
            Reply::Sync(Err(_)) => client.part = None,
            Reply::Done(_) | Reply::Each(_) | Reply::ConsumerHeartbeat(_) => {}
        }
    }

    fn join(&mut self, index: usize) {
        let client = &mut self.clients[index];
        let mut request = join(&format!("c{index}"), &client.member);
        request.random = Uuid(u128::from(self.dice.below(u64::MAX)));
        client.waits = Some(self.world.send(Command::Join(Box::new(request))));
        self.hear(index);
    }

    fn sync(&mut self, index: usize) {
        let client = self.clients[index].clone();
        if client.waits.is_some() || client.generation == 0 {
            return;
        }
        let parts: Vec<(String, String)> = client
            .leads
            .iter()
            .map(|id| (id.to_string(), format!("{}:{id}", client.generation)))
            .collect();
        let all: Vec<(&str, &str)> = parts.iter().map(|(a, b)| (&**a, &**b)).collect();
        let ticket = self.world.sync(&client.member, client.generation, &all);
        let was_taken = self.world.state() == GroupState::Stable
            && matches!(self.world.answers.get(&ticket), Some(Reply::Sync(Ok(_))));
        if was_taken && !parts.is_empty() {
            let given = self.given.entry(client.generation).or_default();
            if given.is_empty() {
                *given = parts
                    .into_iter()
                    .map(|(id, part)| (id.into(), part.into()))
                    .collect();
            }
        }
        self.clients[index].waits = Some(ticket);
        self.hear(index);
    }

    fn beat(&mut self, index: usize) {
        let Client { member, generation, .. } = self.clients[index].clone();
        let result = self.world.beat(&member, generation);
        if result == Err(GroupError::UnknownMemberId) {
            self.clients[index] = Client::default();
        }
    }

    fn commit(&mut self, index: usize) {
        let Client { member, generation, .. } = self.clients[index].clone();
        self.next_offset += 1;
        let result = self.world.try_each(Command::CommitOffsets(Box::new(commit(
            &member,
            generation,
            self.next_offset,
        ))));
        if result.is_ok() {
            // 28: only a current member of the current generation gets through.
            let group = self.world.shard.describe("g", self.world.moment()).unwrap();
            assert!(group.members.iter().any(|m| m.member_id == member));
            assert_eq!(generation, self.generation_now());
            self.acked = self.next_offset;
        }
    }

    fn leave(&mut self, index: usize) {
        let member = std::mem::take(&mut self.clients[index]).member;
        if !member.is_empty() {
            let _ = self.world.each(leave(&member, None));
        }
    }

    fn reload(&mut self) {
        for index in 0..self.clients.len() {
            self.hear(index);
            self.clients[index].waits = None;
        }
        self.world.shard = self.world.replayed();
        let out = self.world.shard.loaded(self.world.moment());
        self.world.take(out);
        self.generation = self.generation_now();
    }

    fn generation_now(&self) -> i32 {
        self.world
            .shard
            .snapshot()
            .groups
            .get("g")
            .map_or(0, |(group, _)| generation_of(group))
    }

    fn check(&mut self) {
        let generation = self.generation_now();
        assert!(
            generation >= self.generation || generation == 0,
            "generations rise"
        );
        self.generation = generation;
        // 27: what a member has in this generation is what the one leader gave it.
        let mut parts = BTreeSet::new();
        for client in self.clients.iter().filter(|c| c.generation == generation) {
            if let (Some(part), Some(given)) = (&client.part, self.given.get(&generation))
                && let Some(mine) = given.get(&client.member)
            {
                assert_eq!(part, mine);
                assert!(parts.insert(part.clone()), "two members have the same part");
            }
        }
        // 28: the last acknowledged commit is there.
        let committed = self.world.shard.offset("g", "t", 0).map_or(0, |c| c.offset);
        assert_eq!(committed, self.acked);
        // 29: the state is what a replay gives, but for a round that is not finished.
        if matches!(
            self.world.state(),
            GroupState::Stable | GroupState::Empty | GroupState::Dead
        ) {
            let mut live = self.world.shard.snapshot();
            live.groups
                .retain(|_, (group, offsets)| generation_of(group) > 0 || !offsets.is_empty());
            assert_eq!(live, self.world.replayed().snapshot());
        }
    }
}

#[test]
fn random_clients_never_share_a_part_and_never_lose_a_commit() {
    let mut stable = 0;
    for seed in 1..=40 {
        let never = GroupConfig { offsets_retention_ms: i64::MAX / 2, ..config() };
        let mut walk = Walk {
            world: World::new(never),
            dice: Dice(u64::wrapping_mul(seed, 0x9e37_79b9_7f4a_7c15)),
            clients: vec![Client::default(); 4],
            acked: 0,
            next_offset: 0,
            given: BTreeMap::new(),
            generation: 0,
        };
        for _ in 0..600 {
            walk.step();
        }
        stable += walk.given.len();
        // 34: every request was answered, or waits for a round that ends.
        walk.world.pass(1_000_000);
        for client in &walk.clients {
            if let Some(ticket) = client.waits {
                assert!(
                    walk.world.answers.contains_key(&ticket),
                    "no answer to {ticket:?}"
                );
            }
        }
    }
    assert!(
        stable > 200,
        "only {stable} generations became stable: the walk is too wild"
    );
}
