//! Transcripts of transactional ids, and walks at random.

use super::*;
use crate::records::TransactionLogValue;
use crate::shard::{Moment, Output, Record, Replayed, Shard, Ticket};
use klamm_codec::Str;
use std::collections::BTreeMap;

mod beginnings;
mod endings;
mod logs;
mod times;
mod walk;

const TIMEOUT: i32 = 60_000;

fn config(version: TransactionVersion) -> TransactionConfig {
    TransactionConfig {
        timeout_ms_max: 900_000,
        expiration_ms: 604_800_000,
        expiry_interval_ms: 3_600_000,
        abort_interval_ms: 10_000,
        two_phase_commit: false,
        wait_ms_max: 100,
        record_bytes_max: 1_000_000,
        version,
    }
}

/// A shard, its log, its clients' answers, and the markers that it wants.
struct World {
    shard: TransactionShard,
    version: TransactionVersion,
    log: Vec<Record>,
    answers: BTreeMap<Ticket, Reply>,
    markers: Vec<WriteMarkers>,
    now: i64,
    tickets: u64,
    ids: i64,
}

impl World {
    fn new() -> Self {
        Self::at(TransactionVersion::V2)
    }

    fn at(version: TransactionVersion) -> Self {
        Self::with(config(version))
    }

    fn with(config: TransactionConfig) -> Self {
        let version = config.version;
        let mut world = Self {
            shard: TransactionShard::new(config),
            version,
            log: Vec::new(),
            answers: BTreeMap::new(),
            markers: Vec::new(),
            now: 1_000,
            tickets: 0,
            ids: 1_000,
        };
        let out = world.shard.loaded(world.moment());
        world.take(out);
        world
    }

    fn moment(&self) -> Moment {
        Moment { monotonic: self.now, wall: self.now + 1_000_000 }
    }

    fn take(&mut self, out: Output<TransactionShard>) {
        assert_eq!(out.spoiled, None);
        self.log.extend(out.records);
        self.markers.extend(out.effects);
        for (ticket, reply) in out.replies {
            assert!(ticket.0 <= self.tickets, "an answer to nobody");
            let before = self.answers.insert(ticket, reply);
            assert_eq!(before, None, "a request is answered once");
        }
    }

    fn send(&mut self, command: Command) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        let out = self.shard.apply(&command, ticket, self.moment());
        self.take(out);
        ticket
    }

    fn ask(&mut self, command: Command) -> Reply {
        let ticket = self.send(command);
        self.answers[&ticket].clone()
    }

    fn pass(&mut self, ms: i64) {
        let until = self.now + ms;
        while let Some(next) = self.shard.next_deadline().filter(|next| *next <= until) {
            self.now = self.now.max(next);
            let out = self.shard.on_time(self.moment());
            self.take(out);
        }
        self.now = until;
    }

    /// Forgets the shard and reads its log; who waits gets no answer.
    fn reload(&mut self) {
        let mut shard = TransactionShard::new(self.shard.config.clone());
        shard.config.version = self.version;
        for record in &self.log {
            assert_eq!(shard.replay(record), Ok(Replayed::Applied));
        }
        assert_eq!(shard.snapshot(), self.shard.snapshot());
        self.shard = shard;
        let out = self.shard.loaded(self.moment());
        self.markers.clear();
        self.take(out);
    }

    /// As a handler does: once more with a fresh id, if the shard asks for it.
    fn producer(&mut self, mut command: Command) -> Result<Producer, TransactionError> {
        let mut reply = self.ask(command.clone());
        if reply == Reply::NeedsProducerId {
            self.ids += 1;
            match &mut command {
                Command::InitProducerId(init) => init.fresh_id = Some(self.ids),
                Command::EndTransaction(end) => end.fresh_id = Some(self.ids),
                other => panic!("{other:?}"),
            }
            reply = self.ask(command);
        }
        match reply {
            Reply::Producer(result) => result,
            other => panic!("{other:?}"),
        }
    }

    fn init(&mut self, id: &str) -> Result<Producer, TransactionError> {
        self.resume(id, None)
    }

    fn resume(
        &mut self,
        id: &str,
        expected: Option<Producer>,
    ) -> Result<Producer, TransactionError> {
        let command = Command::InitProducerId(self.init_command(id, expected));
        self.producer(command)
    }

    fn init_command(&self, id: &str, expected: Option<Producer>) -> InitProducerId {
        InitProducerId {
            transactional_id: id.into(),
            timeout_ms: TIMEOUT,
            expected,
            two_phase_commit: false,
            keep_prepared: false,
            fresh_id: None,
            finalized: self.version,
        }
    }

    fn add(
        &mut self,
        id: &str,
        producer: Producer,
        partitions: &[i32],
    ) -> Result<(), TransactionError> {
        match self.ask(self.add_command(id, producer, partitions)) {
            Reply::Done(result) => result,
            other => panic!("{other:?}"),
        }
    }

    fn add_command(&self, id: &str, producer: Producer, partitions: &[i32]) -> Command {
        Command::AddPartitions(AddPartitions {
            transactional_id: id.into(),
            producer,
            partitions: vec![("t".into(), partitions.to_vec())],
            client: self.version,
            finalized: self.version,
        })
    }

    fn end(
        &mut self,
        id: &str,
        producer: Producer,
        commit: bool,
    ) -> Result<Producer, TransactionError> {
        let command = Command::EndTransaction(EndTransaction {
            transactional_id: id.into(),
            producer,
            commit,
            client: self.version,
            fresh_id: None,
            finalized: self.version,
        });
        self.producer(command)
    }

    /// Says of all markers that they are written.
    fn write_markers(&mut self) -> Vec<WriteMarkers> {
        let markers = std::mem::take(&mut self.markers);
        for marker in &markers {
            let written = Command::MarkersWritten {
                transactional_id: marker.transactional_id.clone(),
                producer_id: marker.producer_id,
                producer_epoch: marker.producer_epoch,
            };
            assert_eq!(self.ask(written), Reply::Done(Ok(())));
        }
        markers
    }

    fn value(&self, id: &str) -> TransactionLogValue {
        self.shard.snapshot().transactions[id].clone()
    }

    fn state(&self, id: &str) -> TransactionState {
        self.shard.describe(id).unwrap().state
    }

    /// A producer with an epoch near the end of all epochs, as a long life would bring it.
    fn aged(&mut self, id: &str, epoch: i16) -> Producer {
        self.init(id).unwrap();
        self.aged_in_place(id, epoch)
    }

    fn aged_in_place(&mut self, id: &str, epoch: i16) -> Producer {
        let known = self.shard.transactions.get_mut(id).unwrap();
        known.producer_epoch = epoch;
        if record::is_classic(known, self.version) {
            known.previous_producer_id = -1;
        }
        let producer = known.producer();
        // The log says so as well.
        let record = record::write(&id.into(), Some(&*known), self.version).unwrap();
        self.log.push(record);
        producer
    }
}

fn epoch(producer: Producer, epoch: i16) -> Producer {
    Producer { epoch, ..producer }
}
