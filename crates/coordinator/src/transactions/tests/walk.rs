//! Random clients against a shard, which is loaded again now and then: legal steps only, markers exactly once, and a
//! state that follows from the log.

use super::*;
use TransactionState as S;

/// A small generator with a seed: the walk is the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }

    fn index(&mut self, n: usize) -> usize {
        usize::try_from(self.below(n as u64)).unwrap()
    }
}

/// A client as it knows itself; two share an id, so that they fence each other.
#[derive(Debug, Clone, Copy)]
struct Client {
    id: &'static str,
    producer: Option<Producer>,
    /// Before the last end: what a retry would say.
    before: Option<Producer>,
}

struct Walk {
    world: World,
    dice: Dice,
    clients: Vec<Client>,
    /// Decisions by id, producer id and epoch of the markers.
    decided: BTreeMap<(Str, i64, i16), bool>,
    seen: BTreeMap<Str, TransactionLogValue>,
    read: usize,
}

const IDS: [&str; 3] = ["a", "b", "c"];

impl Walk {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let version = TransactionVersion(i16::try_from(dice.below(3)).unwrap());
        let client = |id| Client { id, producer: None, before: None };
        Self {
            world: World::at(version),
            dice,
            clients: IDS.iter().chain(&IDS).copied().map(client).collect(),
            decided: BTreeMap::new(),
            seen: BTreeMap::new(),
            read: 0,
        }
    }

    fn step(&mut self) {
        let index = self.dice.index(self.clients.len());
        match self.dice.below(24) {
            0..=2 => self.init(index, false),
            3 => self.init(index, true),
            4..=10 => self.add(index),
            11..=15 => self.end(index, false),
            16 => self.end(index, true),
            17..=20 => {
                self.world.write_markers();
            }
            21 if self.dice.below(6) == 0 => self.world.reload(),
            22 if self.dice.below(12) == 0 => self.age(index),
            _ => {
                let ms = i64::try_from(self.dice.below(9_000)).unwrap();
                self.world.pass(ms);
            }
        }
        self.check();
    }

    fn init(&mut self, index: usize, resumes: bool) {
        let client = self.clients[index];
        let expected = client.producer.filter(|_| resumes);
        let result = self.world.resume(client.id, expected);
        let after = &mut self.clients[index];
        if let Ok(producer) = result {
            assert_ne!(producer.epoch, i16::MAX, "no client's");
            *after = Client { producer: Some(producer), before: None, ..client };
        } else if result == Err(TransactionError::ProducerFenced) {
            *after = Client { producer: None, before: None, ..client };
        }
    }

    fn add(&mut self, index: usize) {
        let client = self.clients[index];
        let Some(producer) = client.producer else {
            return;
        };
        let partition = i32::try_from(self.dice.below(4)).unwrap();
        let command = self.world.add_command(client.id, producer, &[partition]);
        let ticket = self.world.send(command);
        let is_in = self.world.answers.get(&ticket) == Some(&Reply::Done(Ok(())));
        if is_in {
            let asked = [(Str::from("t"), vec![partition])];
            let verified = self.world.shard.verify(client.id, producer, &asked);
            assert_eq!(verified, Ok(vec![vec![Ok(())]]));
            self.clients[index].before = None;
        }
    }

    fn end(&mut self, index: usize, is_retry: bool) {
        let client = self.clients[index];
        let said = if is_retry {
            client.before
        } else {
            client.producer
        };
        let Some(said) = said else { return };
        let commit = self.dice.below(2) == 0;
        let result = self.world.end(client.id, said, commit);
        if let Ok(next) = result {
            assert_ne!(next.epoch, i16::MAX, "no client's");
            let next = if next == Producer::NONE { said } else { next };
            self.clients[index].producer = Some(next);
            self.clients[index].before = Some(said);
        }
    }

    /// Most of the epochs of an id have gone by.
    fn age(&mut self, index: usize) {
        let id = self.clients[index].id;
        let rests = |known: &transaction::Transaction| {
            known.state.is_at_rest() && known.producer_epoch < 1_000
        };
        if self.world.shard.transactions.get(id).is_some_and(rests) {
            let producer = self.world.aged_in_place(id, i16::MAX - 4);
            self.clients[index].producer = Some(producer);
            self.seen.remove(id);
            self.read = self.world.log.len();
        }
    }

    fn check(&mut self) {
        for record in &self.world.log[self.read..] {
            let record::Meaning::Transaction(id, Some(next)) = record::read(record).unwrap() else {
                panic!("nothing expires in this walk");
            };
            let next = record::value_of(&next);
            let before = self.seen.insert(id.clone(), next.clone());
            check_edge(before.as_ref(), &next);
            let state = S::from_log(next.transaction_status).unwrap();
            if state.is_prepared() {
                let key = (id, next.producer_id, next.producer_epoch);
                let known = self.decided.insert(key, state == S::PrepareCommit);
                let bumps = self.world.version.bumps_epoch();
                assert!(known.is_none() || !bumps, "an epoch has one transaction");
            }
        }
        self.read = self.world.log.len();
        for marker in &self.world.markers {
            let key = (
                marker.transactional_id.clone(),
                marker.producer_id,
                marker.producer_epoch,
            );
            assert_eq!(self.decided.get(&key), Some(&marker.commit));
            assert!(!marker.partitions.is_empty());
        }
        for id in IDS {
            let prepared = self
                .world
                .shard
                .describe(id)
                .is_ok_and(|described| described.state.is_prepared());
            let markers = self.world.markers.iter();
            let wanted = markers.filter(|marker| &*marker.transactional_id == id);
            assert_eq!(wanted.count(), usize::from(prepared), "{id}");
        }
    }
}

/// Invariant: edges are legal, epochs never fall, and a decision is carried out as it was made.
fn check_edge(before: Option<&TransactionLogValue>, next: &TransactionLogValue) {
    let after = S::from_log(next.transaction_status).unwrap();
    let Some(before) = before else { return };
    let state = S::from_log(before.transaction_status).unwrap();
    let is_legal = match after {
        S::Empty => state.is_at_rest(),
        S::Ongoing => state.is_at_rest() || state == S::Ongoing,
        S::PrepareCommit => state == S::Ongoing,
        S::PrepareAbort => state == S::Ongoing || state.is_at_rest(),
        S::CompleteCommit => state == S::PrepareCommit,
        S::CompleteAbort => state == S::PrepareAbort,
        S::Dead | S::PrepareEpochFence => false,
    };
    assert!(is_legal, "{state} to {after}");
    let previous = next.previous_producer_id;
    assert!(previous == before.producer_id || previous == -1);
    if next.producer_id == before.producer_id {
        assert!(next.producer_epoch >= before.producer_epoch);
    } else {
        assert!(before.producer_epoch >= i16::MAX - 1, "no epoch is wasted");
        assert_eq!(next.producer_epoch, 0);
    }
    if state == S::Ongoing && after == S::Ongoing {
        let began = before.transaction_start_timestamp_ms;
        assert_eq!(next.transaction_start_timestamp_ms, began);
    }
}

#[test]
fn walks() {
    for seed in 0..60 {
        let mut walk = Walk::new(seed);
        for _ in 0..600 {
            walk.step();
        }
        walk.world.reload();
        walk.world.write_markers();
        walk.world.pass(1_000_000);
        walk.world.write_markers();
        let all = TransactionFilter { longer_than_ms: -1, ..TransactionFilter::default() };
        for one in walk.world.shard.list(&all, 0) {
            assert!(one.state.is_at_rest(), "every transaction ends");
        }
    }
}

#[test]
fn the_same_seed_walks_the_same_way() {
    let log = |seed| {
        let mut walk = Walk::new(seed);
        for _ in 0..300 {
            walk.step();
        }
        walk.world.log
    };
    assert_eq!(log(5), log(5));
}
