//! A log's life on a simulated disk, told step by step beside a model of what must survive.

use crate::store::{
    check_times, context, marker, numbered, open_dir, open_log, partition, producer, read_all,
};
use klamm_host::Disk;
use klamm_host_sim::{SimDisk, SimRng};
use klamm_records::{BatchFields, EndTransaction};
use klamm_storage::{
    AppendContext, CheckpointFile, HandleCache, LogConfig, LogDir, OpenError, Origin, PartitionLog,
    StorageError, SyncDone, SyncScope, SyncWork, UpperBound,
};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// A batch without a producer.
    Append,
    /// A batch of the idempotent producer 1.
    Produce,
    /// Batches of several requests in one call: producer 1, one without a producer, producer 1 again, and its last
    /// batch once more.
    Together,
    /// A batch of a transaction of producer 2.
    Transact,
    /// The end of that transaction.
    End(EndTransaction),
    /// What an acknowledgement with `flush.messages=1` waits for.
    SyncData,
    /// The same by a sync of the volume.
    SyncVolume,
    /// A full sync and the checkpoints.
    Checkpoint,
    /// A new leader.
    NewEpoch,
    /// Three records off the end.
    Truncate,
    /// Everything but the last segments goes.
    Expire,
    /// An orderly stop and a start.
    Restart,
}

/// What the log holds and what of it was promised.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    /// The batches of the log: base offset → last offset and body.
    batches: BTreeMap<i64, (i64, Vec<u8>)>,
    /// All bodies that were ever written at a base offset.
    ever: BTreeMap<i64, Vec<Vec<u8>>>,
    /// Records below survive anything.
    pub(crate) promised_end: i64,
    /// Records below may be gone.
    start: i64,
    end: i64,
    /// Producer 1: sequence and offset of its batches of one record.
    produced: BTreeMap<i64, i32>,
}

pub(crate) struct Story {
    pub(crate) disk: Arc<dyn Disk>,
    dir: Arc<LogDir>,
    pub(crate) log: PartitionLog,
    pub(crate) model: Model,
    number: i32,
    epoch: i32,
    sequences: [i32; 2],
}

/// How a sync is done.
type Run = fn(SyncWork) -> Result<SyncDone, StorageError>;

/// As it is done for many logs at once.
fn by_volume(work: SyncWork) -> Result<SyncDone, StorageError> {
    assert!(work.dir().can_sync_volume());
    SyncWork::run_together(vec![work]).remove(0)
}

/// The step could not be done: the disk is gone, or its directory offline.
#[derive(Debug)]
pub(crate) struct Stopped;

pub(crate) const DATA: &str = "/data";

pub(crate) fn config() -> LogConfig {
    LogConfig {
        segment_bytes: 700,
        index_interval_bytes: 60,
        retention_bytes: 1400,
        retention_ms: -1,
        ..LogConfig::default()
    }
}

impl Story {
    /// A fresh log on a disk; `None` if the disk fails already.
    pub(crate) fn begin(disk: &SimDisk) -> Option<Self> {
        let disk: Arc<dyn Disk> = Arc::new(disk.mount());
        let (dir, _) = open_dir(&disk, Path::new(DATA))?;
        let (cache, config) = (HandleCache::new(4), Arc::new(config()));
        let log = PartitionLog::create(&dir, &cache, partition("t"), None, config, 0).ok()?;
        let model = Model::default();
        Some(Self {
            disk,
            dir,
            log,
            model,
            number: 0,
            epoch: 0,
            sequences: [0; 2],
        })
    }

    pub(crate) fn step(&mut self, step: Step) -> Result<(), Stopped> {
        match step {
            Step::Append => self.append(&BatchFields::default(), 3),
            Step::Produce => {
                let sequence = self.sequences[0];
                self.append(&producer(1, sequence, false), 1)?;
                self.sequences[0] += 1;
                let offset = self.model.end - 1;
                self.model.produced.insert(offset, sequence);
                Ok(())
            }
            Step::Together => self.together(),
            Step::Transact => {
                self.append(&producer(2, self.sequences[1], true), 2)?;
                self.sequences[1] += 2;
                Ok(())
            }
            Step::End(end) => self.write(&marker(2, end), Origin::Coordinator),
            Step::SyncData => self.sync(SyncScope::Data, SyncWork::run),
            Step::SyncVolume => self.sync(SyncScope::Data, by_volume),
            Step::Checkpoint => self.checkpoint(),
            Step::NewEpoch => {
                self.epoch += 1;
                self.log
                    .assign_epoch_start(self.epoch, self.log.log_end_offset())
                    .map_err(|_| Stopped)
            }
            Step::Truncate => self.truncate(),
            Step::Expire => self.expire(),
            Step::Restart => self.restart(),
        }
    }

    pub(crate) fn is_online(&self) -> bool {
        self.dir.is_online()
    }

    /// The log holds exactly what the model says.
    pub(crate) fn expect_whole(&self, what: &str) {
        let found = read_all(&self.log)
            .into_iter()
            .map(|(base, last, body)| (base, (last, body)));
        let found: BTreeMap<_, _> = found.collect();
        let start = self.log.log_start_offset();
        let mut expected = self.model.batches.clone();
        expected.retain(|base, _| *base >= start);
        assert_eq!(
            found.keys().collect::<Vec<_>>(),
            expected.keys().collect::<Vec<_>>(),
            "{what}"
        );
        assert!(found == expected, "{what}");
        assert_eq!(self.log.log_end_offset(), self.model.end, "{what}");
    }

    /// An offline directory takes nothing and gives nothing.
    pub(crate) fn expect_silence(&mut self, what: &str) {
        let bytes = numbered(1, 1, &BatchFields::default());
        assert!(
            self.log
                .append_as_leader(&bytes, context(Origin::Client))
                .is_err(),
            "{what}"
        );
        assert!(self.log.sync_work(SyncScope::All).is_err(), "{what}");
        assert!(
            self.log.read(0, 1, true, UpperBound::LogEnd).is_err(),
            "{what}"
        );
        assert!(self.dir.mark_clean_stop(1).is_err(), "{what}");
    }

    fn append(&mut self, fields: &BatchFields, count: usize) -> Result<(), Stopped> {
        self.number += 1;
        self.write(&numbered(self.number, count, fields), Origin::Client)
    }

    fn write(&mut self, bytes: &bytes::Bytes, origin: Origin) -> Result<(), Stopped> {
        let context = AppendContext { leader_epoch: self.epoch, ..context(origin) };
        // Even a refused append may leave bytes that a crash brings back.
        let body = bytes[61..].to_vec();
        let base = self.log.log_end_offset();
        self.model.ever.entry(base).or_default().push(body.clone());
        let appended = self
            .log
            .append_as_leader(bytes, context)
            .map_err(|_| Stopped)?;
        assert!(!appended.duplicate);
        self.model
            .batches
            .insert(base, (appended.last_offset, body));
        self.model.end = appended.last_offset + 1;
        self.log.set_high_watermark(self.model.end);
        Ok(())
    }

    fn together(&mut self) -> Result<(), Stopped> {
        self.number += 3;
        let (number, sequence) = (self.number, self.sequences[0]);
        let last = numbered(number, 1, &producer(1, sequence + 1, false));
        let batches = [
            numbered(number - 2, 1, &producer(1, sequence, false)),
            numbered(number - 1, 3, &BatchFields::default()),
            last.clone(),
            last,
        ];
        let sequences = [Some(sequence), None, Some(sequence + 1), Some(sequence + 1)];
        let base = self.log.log_end_offset();
        for batch in &batches {
            // One that is refused leaves its place to those behind it.
            for at in base..base + 5 {
                let bodies = self.model.ever.entry(at).or_default();
                bodies.push(batch[61..].to_vec());
            }
        }
        let context = AppendContext { leader_epoch: self.epoch, ..context(Origin::Client) };
        let results = self.log.append_each_as_leader(&batches, context);
        let is_whole = results.iter().all(Result::is_ok);
        for ((batch, sequence), result) in batches.iter().zip(sequences).zip(results) {
            let Ok(appended) = result else {
                continue;
            };
            let (base, last) = (appended.base_offset, appended.last_offset);
            if appended.duplicate {
                assert_eq!(self.model.produced.get(&base).copied(), sequence);
                continue;
            }
            assert_eq!(base, self.model.end);
            let body = batch[61..].to_vec();
            self.model.batches.insert(base, (last, body));
            self.model.end = last + 1;
            if let Some(sequence) = sequence {
                self.sequences[0] = sequence + 1;
                self.model.produced.insert(base, sequence);
            }
        }
        self.log.set_high_watermark(self.model.end);
        is_whole.then_some(()).ok_or(Stopped)
    }

    fn sync(&mut self, scope: SyncScope, run: Run) -> Result<(), Stopped> {
        let mut result = Ok(());
        if let Some(work) = self.log.sync_work(scope).map_err(|_| Stopped)? {
            let done = run(work);
            result = done.as_ref().map(drop).map_err(|_| Stopped);
            self.log.synced(done);
        }
        result?;
        assert_eq!(self.log.flushed_end_offset(), self.log.log_end_offset());
        self.model.promised_end = self.model.end;
        Ok(())
    }

    fn checkpoint(&mut self) -> Result<(), Stopped> {
        // In turns: both have to do.
        self.number += 1;
        let run = if self.number % 2 == 0 {
            SyncWork::run
        } else {
            by_volume
        };
        self.sync(SyncScope::All, run)?;
        assert_eq!(self.log.recovery_point(), self.log.log_end_offset());
        self.write_checkpoints()
    }

    fn write_checkpoints(&self) -> Result<(), Stopped> {
        let tp = partition("t");
        let log = &self.log;
        for (file, value) in [
            (CheckpointFile::RecoveryPoint, log.recovery_point()),
            (CheckpointFile::LogStart, log.log_start_offset()),
            (CheckpointFile::HighWatermark, log.high_watermark()),
        ] {
            self.dir
                .write_checkpoint(file, [(&tp, value)].into_iter())
                .map_err(|_| Stopped)?;
        }
        Ok(())
    }

    fn truncate(&mut self) -> Result<(), Stopped> {
        let to = (self.model.end - 3).max(self.model.start);
        // Once begun, nothing from the batch on that holds the cut is promised.
        let cut = self
            .model
            .batches
            .range(..=to)
            .next_back()
            .map_or(to, |(base, batch)| if batch.0 < to { to } else { *base });
        self.model.promised_end = self.model.promised_end.min(cut);
        self.model.end = self.log.truncate_to(to, 0).map_err(|_| Stopped)?;
        self.model.batches.retain(|_, batch| batch.0 < to);
        // What was cut is gone for good: it may not come back behind what is written next.
        let end = self.model.end;
        self.model.ever.retain(|base, _| *base < end);
        let end = self.model.end;
        self.model.produced.retain(|offset, _| *offset < end);
        self.sequences[0] = self
            .model
            .produced
            .last_key_value()
            .map_or(0, |(_, s)| s + 1);
        let last = self
            .log
            .producers()
            .find(|p| p.producer_id == 2)
            .map(|p| p.last_sequence);
        self.sequences[1] = last.map_or(0, |s| s + 1);
        Ok(())
    }

    fn expire(&mut self) -> Result<(), Stopped> {
        // What may go is what `expired` will choose; a failure half-way may have removed some of it.
        let segments = self.log.segments();
        let keep = segments.len().saturating_sub(2);
        let may_go = segments.get(keep).map_or(0, |s| s.base_offset);
        self.model.start = self.model.start.max(may_go);
        if let Some(gone) = self.log.expired(0).map_err(|_| Stopped)? {
            gone.mark().map_err(|_| Stopped)?;
            gone.remove().map_err(|_| Stopped)?;
        }
        assert!(self.log.log_start_offset() <= self.model.start);
        Ok(())
    }

    fn restart(&mut self) -> Result<(), Stopped> {
        if let Some(work) = self.log.prepare_close().map_err(|_| Stopped)? {
            let done = by_volume(work).map_err(|_| Stopped)?;
            self.log.synced(Ok(done));
        }
        self.model.promised_end = self.model.end;
        self.write_checkpoints()?;
        self.dir.mark_clean_stop(1).map_err(|_| Stopped)?;
        // Two instances cannot hold the lock; the old one must go first.
        let nowhere: Arc<dyn Disk> = Arc::new(SimDisk::new());
        let (other, last) = open_dir(&nowhere, Path::new(DATA)).ok_or(Stopped)?;
        let cache = HandleCache::new(4);
        let spare = PartitionLog::create(&other, &cache, partition("t"), None, Arc::default(), 0);
        drop(last);
        self.log = spare.map_err(|_| Stopped)?;
        self.dir = other;
        let (dir, last) = open_dir(&self.disk, Path::new(DATA)).ok_or(Stopped)?;
        assert!(last.clean);
        let opened = open_log(&dir, &last, "t", &config()).map_err(|_| Stopped)?;
        assert_eq!(opened.recovery, None);
        (self.dir, self.log) = (dir, opened.log);
        Ok(())
    }
}

/// Starts after a crash, and checks that what was promised is there and nothing else than what was written.
pub(crate) fn check_recovered(disk: &SimDisk, model: &Model, story: &str) {
    let mounted: Arc<dyn Disk> = Arc::new(disk.mount());
    let (dir, last) = open_dir(&mounted, Path::new(DATA)).expect("the directory opens");
    let mut log = match open_log(&dir, &last, "t", &config()) {
        Ok(opened) => opened.log,
        Err(OpenError::Missing(_)) => {
            assert_eq!(model.promised_end, 0, "{story}: the folder is gone");
            return;
        }
        Err(error) => panic!("{story}: {error}"),
    };
    let found = read_all(&log);
    let (start, end) = (log.log_start_offset(), log.log_end_offset());
    assert!(
        end >= model.promised_end,
        "{story}: ends at {end}, promised {}",
        model.promised_end
    );
    // If nothing was promised yet, the first segment may be lost as a whole.
    let begins_well = start <= model.start || model.promised_end <= model.start;
    assert!(begins_well, "{story}: starts at {start}");
    let mut next = start;
    for (base, last, body) in &found {
        assert_eq!(*base, next, "{story}: a hole");
        next = last + 1;
        let written = model
            .ever
            .get(base)
            .is_some_and(|bodies| bodies.contains(body));
        assert!(written, "{story}: garbage at {base}");
        if *base < model.promised_end {
            assert_eq!(
                model.batches.get(base),
                Some(&(*last, body.clone())),
                "{story}: at {base}"
            );
        }
    }
    assert_eq!(next, end, "{story}");
    for offset in start..end {
        let slice = log.read(offset, 1, true, UpperBound::LogEnd).unwrap();
        assert!(slice.next_offset > offset, "{story}: offset {offset}");
    }
    check_times(&log, story);
    log.set_high_watermark(end);
    assert!(log.last_stable_offset() <= end);
    let remembered = model.produced.iter().rev().take(5);
    for (offset, sequence) in remembered.filter(|(o, _)| **o < model.promised_end && **o >= start) {
        let again = numbered(0, 1, &producer(1, *sequence, false));
        let context = AppendContext { leader_epoch: 99, ..context(Origin::Client) };
        // A batch behind the promised ones may have survived and pushed old ones out.
        match log.append_as_leader(&again, context) {
            Ok(a) if a.duplicate => assert_eq!(a.base_offset, *offset, "{story}"),
            other => {
                let newer = log
                    .producers()
                    .any(|p| p.producer_id == 1 && p.last_sequence > *sequence + 4);
                assert!(newer, "{story}: sequence {sequence} gives {other:?}");
            }
        }
    }
    check_goes_on(disk, (dir, log), story);
}

/// A recovered log takes a batch, and a second crash, which loses all that was not synced, keeps it.
fn check_goes_on(disk: &SimDisk, (dir, mut log): (Arc<LogDir>, PartitionLog), story: &str) {
    let bytes = numbered(9999, 2, &BatchFields::default());
    let context = AppendContext { leader_epoch: 100, ..context(Origin::Client) };
    let base = log.append_as_leader(&bytes, context).unwrap().base_offset;
    let work = log
        .sync_work(SyncScope::Data)
        .unwrap()
        .expect("there is something to sync");
    log.synced(work.run());
    let before = read_all(&log);
    drop((dir, log));
    disk.crash(
        klamm_host_sim::CrashPolicy::DropUnsynced,
        &mut SimRng::new(1),
    );
    let mounted: Arc<dyn Disk> = Arc::new(disk.mount());
    let (dir, last) = open_dir(&mounted, Path::new(DATA)).expect("the directory opens");
    let log = open_log(&dir, &last, "t", &config()).unwrap().log;
    assert_eq!(read_all(&log), before, "{story}: after a second crash");
    assert!(log.log_end_offset() > base, "{story}");
}
