//! The one owner of a shard: gathers what waits, lets the shard decide, appends, waits for the commit, replies, and then
//! begins what the shard wants done.

mod transactional;

use super::alarm::Alarm;
use super::company::Company;
use super::effects::Effects;
use super::grace::Grace;
use super::load;
use super::shards::{Kind, Office, Parts, Seen};
use crate::config::millis;
use crate::partitions::{Marker, Partition};
use bytes::Bytes;
use klamm_coordinator::shard::{Moment, OpenTransaction, Output, Record, Shard, Ticket};
use klamm_host::Clock;
use klamm_model::{LeaderEpoch, Offset};
use klamm_records::{BatchBuilder, BatchFields, Codec, Deflater, NewRecord};
use klamm_storage::VerificationGuard;
use klamm_wire::ErrorCode;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// A look at the shard, or at why there is none; what it gives tells the asker.
pub(super) type Look<S> = Box<dyn FnOnce(Result<&S, ErrorCode>) -> Box<dyn FnOnce() + Send> + Send>;

pub(super) type Answer<S> = oneshot::Sender<Result<<S as Shard>::Reply, ErrorCode>>;

/// What a shard is asked for.
pub(super) enum Ask<S: Shard> {
    Command(Asked<S>),
    /// A transaction ended, for this log too.
    Marker(Marker, oneshot::Sender<Result<(), ErrorCode>>),
    /// An effect ended.
    Outcome(S::Command),
    Look(Look<S>),
}

/// A command whose answer somebody waits for.
pub(super) struct Asked<S: Shard> {
    pub(super) command: S::Command,
    /// Of the verification, if the command writes in a transaction.
    pub(super) guard: Option<VerificationGuard>,
    pub(super) answer: Answer<S>,
}

impl<S: Shard<Command: std::fmt::Debug>> std::fmt::Debug for Ask<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Command(asked) => f.debug_tuple("Command").field(&asked.command).finish(),
            Self::Marker(marker, _) => f.debug_tuple("Marker").field(marker).finish(),
            Self::Outcome(command) => f.debug_tuple("Outcome").field(command).finish(),
            Self::Look(_) => f.write_str("Look"),
        }
    }
}

/// A shard that was read from its partition.
struct Loaded<S> {
    shard: S,
    partition: Arc<Partition>,
    /// The leader epoch it was loaded under: the coordinator's epoch.
    epoch: i32,
}

/// The task of one shard.
pub(super) struct ShardTask<K: Kind> {
    parts: Arc<Parts<K>>,
    index: i32,
    loaded: Option<Loaded<K::Shard>>,
    /// Requests without an answer.
    waiting: BTreeMap<Ticket, Answer<K::Shard>>,
    effects: Effects<Option<<K::Shard as Shard>::Command>>,
    /// What the shard was shown last.
    seen: Option<Seen>,
    tickets: u64,
    alarm: Alarm,
    company: Company,
    grace: Grace,
    /// When the round began, or went on after it had to wait.
    now: Moment,
    builder: BatchBuilder,
    deflater: Deflater,
}

/// What is written by itself.
enum Alone<S: Shard> {
    /// Records of a producer's transaction.
    Open {
        output: Output<S>,
        producer: OpenTransaction,
        guard: Option<VerificationGuard>,
    },
    /// The end of one.
    Marker(Marker, oneshot::Sender<Result<(), ErrorCode>>),
}

/// One round of work.
struct Work<S: Shard> {
    records: Vec<Record>,
    record_bytes: usize,
    /// Records that need not be in one batch, where they are many.
    divisible: Vec<Range<usize>>,
    /// To commands of this round.
    answers: Vec<(Answer<S>, S::Reply)>,
    /// To commands of earlier rounds, or several to one command.
    replies: Vec<(Ticket, S::Reply)>,
    told: Vec<Box<dyn FnOnce() + Send>>,
    effects: Vec<S::Effect>,
    observations: Vec<S::Observation>,
    is_spoiled: bool,
}

/// A batch is closed above this; one command's records are never divided.
const BATCH_BYTES: usize = 512 * 1024;
/// A list of work that had room for more than this gives it back.
const KEPT_ROOM_MAX: usize = 64;
/// Between two attempts to load.
const LOAD_AGAIN_AFTER_MS: i64 = 1000;
/// Deadlines are often near, and are mostly moved before they come: a batch that is held open no longer than this does
/// not look at them.
const PATIENCE_MIN: Duration = Duration::from_millis(100);

/// The time, as shards are told it.
pub(crate) fn moment(clock: &dyn Clock) -> Moment {
    Moment { monotonic: monotonic_ms(clock), wall: clock.now_ms() }
}

impl<K: Kind> ShardTask<K> {
    pub(super) fn new(parts: Arc<Parts<K>>, index: i32) -> Self {
        Self {
            now: moment(&*parts.host.clock),
            parts,
            index,
            loaded: None,
            waiting: BTreeMap::new(),
            effects: Effects::default(),
            seen: None,
            tickets: 0,
            alarm: Alarm::default(),
            company: Company::default(),
            grace: Grace::default(),
            builder: BatchBuilder::new(),
            deflater: Deflater::new(),
        }
    }

    /// Runs until the queue is closed and empty.
    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Ask<K::Shard>>) {
        let mut work = Work::default();
        loop {
            if self.loaded.is_none() {
                self.load(&mut work).await;
                self.finish(&mut work).await;
            }
            self.set_alarm();
            let (mut ended, mut asked) = (Vec::new(), None);
            tokio::select! {
                biased;
                outcomes = self.effects.ended() => ended = outcomes,
                ask = queue.recv() => match ask {
                    Some(ask) => asked = Some(ask),
                    None => return,
                },
                () = self.alarm.rings() => {}
            }
            if asked.is_some() && self.parts.log.linger.is_none() && self.company.is_likely() {
                // Those that the reactor has woken with this one ask first: all become one batch.
                tokio::task::yield_now().await;
                self.company.waited_with(queue.len());
            }
            self.now = moment(&*self.parts.host.clock);
            let outcomes = ended.into_iter().flatten().map(Ask::Outcome);
            let asked = outcomes.chain(asked);
            if self.is_stale() {
                self.forget(ErrorCode::NOT_COORDINATOR);
                for ask in asked {
                    refuse(ask, ErrorCode::NOT_COORDINATOR);
                }
                continue;
            }
            self.look_around();
            for ask in asked {
                if let Some(alone) = self.take(ask, &mut work) {
                    self.write_alone(alone, &mut work).await;
                }
            }
            while !work.is_full()
                && let Ok(ask) = queue.try_recv()
            {
                if let Some(alone) = self.take(ask, &mut work) {
                    self.write_alone(alone, &mut work).await;
                }
            }
            // Last: a heartbeat that came in time may have waited in the queue for a slow disk.
            self.on_time(&mut work);
            if let Some(linger) = self.parts.log.linger.filter(|time| !time.is_zero()) {
                self.linger(linger, &mut queue, &mut work).await;
            }
            self.finish(&mut work).await;
        }
    }

    /// Holds a batch open for more records, as long as the settings say and members can wait. Whoever asks meanwhile may
    /// see what is not committed yet, and is answered with the others.
    async fn linger(
        &mut self,
        linger: Duration,
        queue: &mut mpsc::Receiver<Ask<K::Shard>>,
        work: &mut Work<K::Shard>,
    ) {
        let mut ends = Instant::now() + linger;
        while !work.records.is_empty() && !work.is_full() {
            ends = ends.min(Instant::now() + self.patience().min(linger));
            let Ok(Some(ask)) = tokio::time::timeout_at(ends, queue.recv()).await else {
                return;
            };
            self.now = moment(&*self.parts.host.clock);
            if let Some(alone) = self.take(ask, work) {
                self.write_alone(alone, work).await;
            }
        }
    }

    /// How long answers may wait: half of the time to the next deadline. The other half is for whoever has to ask again
    /// before it is over, and can't as long as it has no answer.
    fn patience(&self) -> Duration {
        let deadline = self.loaded.as_ref().and_then(|l| l.shard.next_deadline());
        let left_ms = deadline.map(|due| due.saturating_sub(self.now.monotonic));
        millis(left_ms.unwrap_or(i64::MAX) / 2).max(PATIENCE_MIN)
    }

    /// Shows the shard the metadata, if it has changed.
    fn look_around(&mut self) {
        let quorum = &self.parts.quorum;
        let is_same = self
            .seen
            .as_ref()
            .is_some_and(|seen| quorum.still_has(&seen.image, &seen.layers));
        if let Some(loaded) = &mut self.loaded
            && !is_same
        {
            let (image, layers) = (quorum.image(), quorum.layers());
            let version = quorum.applied_offset();
            let seen = Seen { image, layers, version };
            self.parts.kind.look_around(&mut loaded.shard, &seen);
            self.seen = Some(seen);
        }
    }

    fn set_alarm(&mut self) {
        let clock = &self.parts.host.clock;
        let due_ms = match &self.loaded {
            Some(loaded) => self
                .grace
                .later(loaded.shard.next_deadline().unwrap_or(i64::MAX)),
            None => monotonic_ms(&**clock).saturating_add(LOAD_AGAIN_AFTER_MS),
        };
        self.alarm.set(due_ms, || monotonic_ms(&**clock));
    }

    async fn load(&mut self, work: &mut Work<K::Shard>) {
        let found = self
            .parts
            .partitions
            .find_by_name(self.parts.log.topic, self.index);
        let Ok(partition) = found else { return };
        let epoch = partition.leader_epoch();
        let (shard, bytes) = (self.parts.kind.empty(), self.parts.log.load_bytes);
        let from = Arc::clone(&partition);
        let read = move || load::load(&from, shard, bytes);
        match klamm_host::run_blocking(&*self.parts.host.tasks, read).await {
            Ok(Ok(shard)) => {
                self.loaded = Some(Loaded { shard, partition: Arc::clone(&partition), epoch });
                self.seen = None;
                self.look_around();
                self.now = moment(&*self.parts.host.clock);
                if let Some(loaded) = &mut self.loaded {
                    work.add(loaded.shard.loaded(self.now));
                }
            }
            Ok(Err(error)) => {
                tracing::error!(partition = %partition.name(), %error, "loading a coordinator's shard");
            }
            Err(error) => tracing::debug!(%error, "loading a coordinator's shard"),
        }
    }

    /// Another epoch has begun since the shard was loaded, or the topic is gone.
    fn is_stale(&self) -> bool {
        self.loaded.as_ref().is_some_and(|loaded| {
            let partitions = &self.parts.partitions;
            !partitions.is_led_here(&loaded.partition)
                || loaded.partition.leader_epoch() != loaded.epoch
        })
    }

    fn on_time(&mut self, work: &mut Work<K::Shard>) {
        let now = self.now;
        if self.grace.holds(now.monotonic) {
            return;
        }
        if let Some(loaded) = &mut self.loaded
            && loaded
                .shard
                .next_deadline()
                .is_some_and(|next| next <= now.monotonic)
        {
            work.add(loaded.shard.on_time(now));
        }
    }

    /// Lets the shard decide. What it gives has to be written by itself, before the next is taken.
    fn take(&mut self, ask: Ask<K::Shard>, work: &mut Work<K::Shard>) -> Option<Alone<K::Shard>> {
        let now = self.now;
        let Some(loaded) = &mut self.loaded else {
            refuse(ask, ErrorCode::COORDINATOR_NOT_AVAILABLE);
            return None;
        };
        match ask {
            Ask::Command(asked) => {
                self.tickets += 1;
                let ticket = Ticket(self.tickets);
                let mut output = loaded.shard.apply(&asked.command, ticket, now);
                if let Some(producer) = output.transaction {
                    self.waiting.insert(ticket, asked.answer);
                    return Some(Alone::Open { output, producer, guard: asked.guard });
                }
                match output.replies.pop_if(|(replied, _)| *replied == ticket) {
                    Some((_, reply)) => work.answers.push((asked.answer, reply)),
                    None => {
                        self.waiting.insert(ticket, asked.answer);
                    }
                }
                work.add(output);
            }
            Ask::Marker(marker, answer) => return Some(Alone::Marker(marker, answer)),
            Ask::Outcome(command) => {
                self.tickets += 1;
                work.add(loaded.shard.apply(&command, Ticket(self.tickets), now));
            }
            // It may have seen what is not committed yet, and is told after the commit.
            Ask::Look(look) => work.told.push(look(Ok(&loaded.shard))),
        }
        None
    }

    /// Commits what was decided, and tells it; the work is empty then.
    async fn finish(&mut self, work: &mut Work<K::Shard>) {
        let committed = if work.is_spoiled {
            Err(ErrorCode::UNKNOWN_SERVER_ERROR)
        } else if work.records.is_empty() {
            Ok(())
        } else {
            self.commit(&work.records, &work.divisible).await
        };
        match committed {
            Ok(()) => {
                for (sender, reply) in work.answers.drain(..) {
                    let _ = sender.send(Ok(reply));
                }
                for (ticket, reply) in work.replies.drain(..) {
                    if let Some(sender) = self.waiting.remove(&ticket) {
                        // The one who asked may be gone.
                        let _ = sender.send(Ok(reply));
                    }
                }
                for observation in work.observations.drain(..) {
                    self.parts.kind.observe(observation);
                }
                for tell in work.told.drain(..) {
                    tell();
                }
                self.begin(work.effects.drain(..));
            }
            Err(error) => {
                for (sender, _) in work.answers.drain(..) {
                    let _ = sender.send(Err(error));
                }
                self.forget(error);
            }
        }
        // Dropping what would be told refuses it.
        work.clear();
    }

    fn begin(&mut self, effects: impl Iterator<Item = <K::Shard as Shard>::Effect>) {
        let Some(loaded) = &self.loaded else { return };
        let office = Office { epoch: loaded.epoch };
        for effect in effects {
            let kind = Arc::clone(&self.parts.kind);
            self.effects.push(kind.carry_out(effect, office));
        }
    }

    async fn commit(
        &mut self,
        records: &[Record],
        divisible: &[Range<usize>],
    ) -> Result<(), ErrorCode> {
        let Some(loaded) = &self.loaded else {
            return Ok(());
        };
        let (partition, epoch) = (Arc::clone(&loaded.partition), loaded.epoch);
        let now_ms = self.now.wall;
        let fields = BatchFields {
            base_offset: Offset(0),
            leader_epoch: LeaderEpoch(epoch),
            ..BatchFields::default()
        };
        let failed = |what: &crate::partitions::AppendFailure| {
            tracing::error!(partition = %partition.name(), error = %what.message, "writing a coordinator's records");
            ErrorCode::COORDINATOR_NOT_AVAILABLE
        };
        let mut append = |records: &[Record]| {
            let batch = self.batch(records, &fields, now_ms)?;
            let appended = partition.append_coordinators(&batch, None, now_ms);
            appended.map_err(|failure| failed(&failure))
        };
        let mut rest = records;
        if !divisible.is_empty() {
            let (mut from, mut ends) = (0, ends_of(records, divisible));
            ends.pop();
            for end in ends {
                append(records.get(from..end).unwrap_or_default())?;
                from = end;
            }
            rest = records.get(from..).unwrap_or_default();
        }
        let appended = append(rest)?;
        let begun_ms = monotonic_ms(&*self.parts.host.clock);
        if let Some(end) = appended.sync_before_ack {
            let synced = partition.wait_until_synced(end).await;
            synced.map_err(|failure| failed(&failure))?;
        }
        self.parts.dirty.wait_for_room().await;
        self.note_wait(begun_ms);
        Ok(())
    }

    /// The disk may have taken its time.
    fn note_wait(&mut self, begun_ms: i64) {
        let now_ms = monotonic_ms(&*self.parts.host.clock);
        self.grace.note(begun_ms, now_ms);
    }

    fn batch(
        &mut self,
        records: &[Record],
        fields: &BatchFields,
        now_ms: i64,
    ) -> Result<Bytes, ErrorCode> {
        self.builder.clear();
        for record in records {
            let new = NewRecord {
                timestamp_ms: now_ms,
                key: Some(&record.key),
                value: record.value.as_deref(),
                headers: &[],
            };
            let appended = self.builder.append(&new);
            appended.map_err(|_| ErrorCode::COORDINATOR_NOT_AVAILABLE)?;
        }
        let codec = Codec { compression: self.parts.log.compression, level: None };
        let built = self.builder.build(fields, codec, &mut self.deflater);
        built.map_err(|_| ErrorCode::COORDINATOR_NOT_AVAILABLE)
    }

    /// The state may be ahead of the log: it is read again. Whoever waits asks again. Effects must not outlive the
    /// state that wanted them: a late one would meet what came after it.
    fn forget(&mut self, error: ErrorCode) {
        self.loaded = None;
        self.effects.clear();
        for (_, sender) in std::mem::take(&mut self.waiting) {
            let _ = sender.send(Err(error));
        }
    }
}

impl<S: Shard> Default for Work<S> {
    fn default() -> Self {
        Self {
            records: Vec::new(),
            record_bytes: 0,
            divisible: Vec::new(),
            answers: Vec::new(),
            replies: Vec::new(),
            told: Vec::new(),
            effects: Vec::new(),
            observations: Vec::new(),
            is_spoiled: false,
        }
    }
}

impl<S: Shard> Work<S> {
    fn add(&mut self, output: Output<S>) {
        self.is_spoiled |= output.spoiled.is_some();
        let bytes: usize = output.records.iter().map(bytes_of).sum();
        self.record_bytes += bytes;
        if output.is_divisible && bytes > BATCH_BYTES {
            let from = self.records.len();
            self.divisible.push(from..from + output.records.len());
        }
        join(&mut self.records, output.records);
        join(&mut self.replies, output.replies);
        join(&mut self.effects, output.effects);
        join(&mut self.observations, output.observations);
    }

    /// Keeps the room of its lists, but not that of the largest batches.
    fn clear(&mut self) {
        self.records.clear();
        self.record_bytes = 0;
        self.divisible.clear();
        self.answers.clear();
        self.replies.clear();
        self.told.clear();
        self.effects.clear();
        self.observations.clear();
        self.is_spoiled = false;
        if self.records.capacity().max(self.answers.capacity()) > KEPT_ROOM_MAX {
            *self = Self::default();
        }
    }

    fn is_full(&self) -> bool {
        self.record_bytes >= BATCH_BYTES || self.answers.len() + self.replies.len() >= 4096
    }
}

fn bytes_of(record: &Record) -> usize {
    record.key.len() + record.value.as_ref().map_or(0, Bytes::len)
}

/// Where batches end: within what is divisible, once they are large enough, and at the end of all.
fn ends_of(records: &[Record], divisible: &[Range<usize>]) -> Vec<usize> {
    let (mut ends, mut bytes) = (Vec::new(), 0);
    for (at, record) in records.iter().enumerate() {
        if bytes >= BATCH_BYTES && divisible.iter().any(|range| range.contains(&at)) {
            ends.push(at);
            bytes = 0;
        }
        bytes += bytes_of(record);
    }
    ends.push(records.len());
    ends
}

/// Appends; the first list is taken as it is.
fn join<T>(all: &mut Vec<T>, more: Vec<T>) {
    if all.is_empty() {
        *all = more;
    } else {
        all.extend(more);
    }
}

fn monotonic_ms(clock: &dyn Clock) -> i64 {
    i64::try_from(clock.monotonic().as_millis()).unwrap_or(i64::MAX)
}

fn refuse<S: Shard>(ask: Ask<S>, error: ErrorCode) {
    match ask {
        Ask::Command(asked) => {
            let _ = asked.answer.send(Err(error));
        }
        Ask::Marker(_, answer) => {
            let _ = answer.send(Err(error));
        }
        Ask::Outcome(_) => {}
        Ask::Look(look) => look(Err(error))(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_end_only_where_records_need_not_be_together() {
        let record = |bytes| Record { key: Bytes::from(vec![0; bytes]), value: None };
        let records: Vec<_> = (0..8).map(|_| record(BATCH_BYTES / 2)).collect();
        let ends = |range: Range<usize>| ends_of(&records, std::slice::from_ref(&range));
        assert_eq!(ends_of(&records, &[]), [8]);
        assert_eq!(ends(0..8), [2, 4, 6, 8]);
        assert_eq!(ends(4..6), [4, 8]);
        assert_eq!(ends(0..1), [8]);
    }
}
