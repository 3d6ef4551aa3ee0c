//! Random clients of both protocols, restarts and topics that change: the invariants hold after every step.

use super::*;

struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % (n as u64)).unwrap()
    }
}

struct Walk {
    world: World,
    /// Another shard, which only reads the log.
    mirror: GroupShard,
    mirrored: usize,
    dice: Dice,
    clients: Vec<Option<Client>>,
    /// What each reads, and whether an answer to it got lost: then it says everything anew.
    reads: Vec<(ConsumerHeartbeat, bool)>,
    named: usize,
    epochs: (i32, i32),
    acked: BTreeMap<i32, i64>,
    next_offset: i64,
}

impl Walk {
    fn step(&mut self) {
        let index = self.dice.below(self.clients.len());
        match self.dice.below(16) {
            0..=2 => self.join(index),
            3..=9 => self.report(index),
            10 => self.commit(index),
            11 if self.dice.below(3) == 0 => self.leave(index),
            12 if self.dice.below(12) == 0 => self.world.reload(),
            13 if self.dice.below(8) == 0 => self.change_topics(),
            14 if self.dice.below(8) == 0 => self.subscribe(index),
            _ => {
                let ms = self.dice.below(if self.dice.0.is_multiple_of(9) {
                    30_000
                } else {
                    300
                });
                self.world.pass(i64::try_from(ms).unwrap());
            }
        }
        self.check();
    }

    fn join(&mut self, index: usize) {
        if self.clients[index].is_some() {
            return self.report(index);
        }
        // The first two are static; they come back under a new id.
        self.named += 1;
        let mut request = join(&format!("c{index}-{}", self.named));
        if index < 2 {
            request.instance_id = Some(format!("i{index}").into());
        }
        if self.dice.below(3) == 0 {
            request.pattern = Some("[tu]".into());
            request.topics = None;
        }
        self.reads[index] = (request.clone(), false);
        if let Ok(answer) = self.world.beat(request) {
            let id = answer.member_id.clone();
            let mut client = Client { id, epoch: 0, owned: BTreeMap::new() };
            client.hear(answer);
            self.clients[index] = Some(client);
        }
    }

    fn report(&mut self, index: usize) {
        let Some(mut request) = self.request(index) else {
            return;
        };
        match self.dice.below(8) {
            // It has not given anything back yet, or says nothing.
            0 => request.owned = None,
            // The answer gets lost.
            1 => {
                let _ = self.world.beat(request);
                self.reads[index].1 = true;
                return;
            }
            _ => {}
        }
        self.send(index, request);
    }

    fn request(&self, index: usize) -> Option<ConsumerHeartbeat> {
        let mut request = self.clients[index].as_ref()?.heartbeat();
        if index < 2 {
            request.instance_id = Some(format!("i{index}").into());
        }
        let (reads, is_lost) = &self.reads[index];
        if *is_lost {
            request.rebalance_timeout_ms = REBALANCE;
            request.topics.clone_from(&reads.topics);
            request.pattern.clone_from(&reads.pattern);
        }
        Some(request)
    }

    fn send(&mut self, index: usize, request: ConsumerHeartbeat) {
        if request.owned.is_some() {
            self.reads[index].1 = false;
        }
        match self.world.beat(request) {
            Ok(answer) => self.clients[index].as_mut().unwrap().hear(answer),
            Err(_) => self.clients[index] = None,
        }
    }

    fn leave(&mut self, index: usize) {
        let Some(client) = self.clients[index].take() else {
            return;
        };
        let epoch = if index < 2 && self.dice.below(2) == 0 {
            -2
        } else {
            -1
        };
        let mut request = leave(&client.id, epoch);
        if index < 2 {
            request.instance_id = Some(format!("i{index}").into());
        }
        let _ = self.world.beat(request);
    }

    fn subscribe(&mut self, index: usize) {
        let Some(mut request) = self.request(index) else {
            return;
        };
        let all = [
            vec!["t".into()],
            vec!["u".into()],
            vec!["t".into(), "u".into()],
        ];
        request.topics = Some(all[self.dice.below(3)].clone());
        self.reads[index].0.topics.clone_from(&request.topics);
        self.send(index, request);
    }

    fn change_topics(&mut self) {
        match self.dice.below(3) {
            0 => self.world.delete("u"),
            _ => {
                let count = i32::try_from(1 + self.dice.below(9)).unwrap();
                let id = 100 + self.world.town.version as u128;
                let (id, count) = match self.world.town.topics.get("u") {
                    Some((id, partitions)) => (id.0, (*partitions).max(count)),
                    None => (id, count),
                };
                self.world.create("u", id, count);
            }
        }
    }

    fn commit(&mut self, index: usize) {
        let Some(client) = self.clients[index].clone() else {
            return;
        };
        let partition = i32::try_from(self.dice.below(6)).unwrap();
        self.next_offset += 1;
        let mut request = commit(&client.id, client.epoch, partition);
        request.offsets[0].offset = self.next_offset;
        if let Reply::Each(Ok(_)) = self.world.ask(Command::CommitOffsets(Box::new(request))) {
            // 28: only a member gets through, and not with an epoch of the future.
            let member = self.world.member(&client.id);
            assert!(client.epoch <= member.epoch);
            self.acked.insert(partition, self.next_offset);
        }
    }

    fn check(&mut self) {
        for record in &self.world.log[self.mirrored..] {
            assert_eq!(self.mirror.replay(record), Ok(Replayed::Applied));
        }
        self.mirrored = self.world.log.len();
        assert_eq!(self.world.shard.snapshot(), self.mirror.snapshot());
        for (partition, offset) in &self.acked {
            let committed = self.world.shard.offset("g", "t", *partition);
            assert_eq!(committed.map(|committed| committed.offset), Some(*offset));
        }
        let Some(group) = self.world.shard.describe_consumer("g", self.world.moment()) else {
            return;
        };
        // Epochs never fall, and follow each other.
        let epochs = (group.epoch, group.assignment_epoch);
        assert!(epochs.0 >= self.epochs.0 && epochs.1 >= self.epochs.1 && epochs.1 <= epochs.0);
        self.epochs = epochs;
        // 27: one owner for each partition, in the coordinator's books and in what clients were told.
        let mut owners = BTreeSet::new();
        let mut targets = BTreeSet::new();
        for member in &group.members {
            assert!(member.epoch <= group.assignment_epoch, "{member:?}");
            for (topic, _, partitions) in &member.assigned {
                for partition in partitions {
                    assert!(
                        owners.insert((*topic, *partition)),
                        "two own {topic}-{partition}"
                    );
                }
            }
            for (topic, _, partitions) in &member.target {
                for partition in partitions {
                    assert!(targets.insert((*topic, *partition)), "two shall have one");
                }
            }
        }
        let mut held = BTreeSet::new();
        for client in self.clients.iter().flatten() {
            // A client that is not a member any more has not heard of it yet.
            let member = group
                .members
                .iter()
                .find(|member| member.member_id == client.id);
            if member.is_none_or(|member| member.epoch < 0) {
                continue;
            }
            for (topic, partitions) in &client.owned {
                for partition in partitions {
                    assert!(
                        held.insert((*topic, *partition)),
                        "two read {topic}-{partition}"
                    );
                }
            }
        }
    }

    /// Everybody reports often enough for long enough: all partitions have an owner.
    fn settle(&mut self) {
        for round in 0..60 {
            self.world.pass(if round == 0 { 11_000 } else { 100 });
            for index in 0..self.clients.len() {
                if let Some(request) = self.request(index) {
                    self.send(index, request);
                }
                self.check();
            }
        }
        let Some(group) = self.world.shard.describe_consumer("g", self.world.moment()) else {
            return;
        };
        let has_left = group.members.iter().any(|member| member.epoch == -2);
        let is_over = group.members.iter().any(|member| {
            !self
                .clients
                .iter()
                .flatten()
                .any(|client| client.id == member.member_id)
        });
        if !has_left && !is_over {
            let expected = if group.members.is_empty() {
                ConsumerState::Empty
            } else {
                ConsumerState::Stable
            };
            assert_eq!(group.state, expected, "{group:?}");
            for member in &group.members {
                assert_eq!(member.assigned, member.target);
            }
        }
    }
}

#[test]
fn random_members_never_share_a_partition_and_never_lose_a_commit() {
    let (mut epochs, mut settled) = (0, 0);
    for seed in 1..=60 {
        let keeps = GroupConfig { offsets_retention_ms: i64::MAX / 2, ..config() };
        let mut walk = Walk {
            world: World::with(keeps.clone()),
            mirror: GroupShard::new(keeps),
            mirrored: 0,
            dice: Dice(u64::wrapping_mul(seed, 0x9e37_79b9_7f4a_7c15)),
            clients: vec![None; 6],
            reads: vec![(idle(), false); 6],
            named: 0,
            epochs: (0, 0),
            acked: BTreeMap::new(),
            next_offset: 0,
        };
        for _ in 0..400 {
            walk.step();
        }
        walk.settle();
        walk.world.check_replay();
        epochs += walk.epochs.1;
        settled += usize::from(walk.clients.iter().flatten().count() > 1);
    }
    assert!(
        epochs > 1_000,
        "only {epochs} targets: the walk is too tame"
    );
    assert!(settled > 20, "only {settled} walks ended with members");
}
