//! The partition's log moves to another directory of the node (KIP-113): a copy grows there, then takes over.
//!
//! Writers notice nothing: they wait for the lock only while the last few bytes are copied. What a crash leaves is said in
//! `storage::log::transfer`. All here blocks.

use super::{FetchAsk, Partition, ReadError, Reader, Reading};
use bytes::Bytes;
use klamm_storage::{
    AppendError, LogDir, OpenError, PartitionLog, StorageError, SyncScope, UpperBound,
};
use std::sync::Arc;

/// A copy that grows in another directory.
#[derive(Debug)]
pub(super) struct Copy {
    dir: Arc<LogDir>,
    log: PartitionLog,
}

/// Why a move can't go on. The copy is given up; the log stays where it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MoveError {
    /// The copy can't be made.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The disk of the copy.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The copy does not take what the log has.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The log can't be read.
    #[error("the log can't be read: {0:?}")]
    Read(ReadError),
    /// The log's newest segment is empty, and begins behind the last batch.
    #[error("the log has no records before its end")]
    Hole,
    /// The log can't be read.
    #[error("the log can't be read: {0}")]
    ReadBytes(#[from] std::io::Error),
}

/// What a step of a move did.
#[derive(Debug)]
pub(crate) enum MoveStep {
    /// So many bytes were copied; there may be more.
    Copied(usize),
    /// The copy has all that the log had a moment ago, and it is on the disk.
    CaughtUp,
    /// The move was called off, or the topic deleted.
    Over,
}

/// A log that was replaced by its copy, and is kept until all of the copy is on the disk.
#[derive(Debug)]
pub(crate) struct Replaced {
    log: PartitionLog,
    dir: Arc<LogDir>,
    /// Where it ended.
    end: i64,
}

/// The state of a move, for those who ask.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MoveState {
    pub(crate) directory_id: klamm_model::Uuid,
    pub(crate) size_bytes: u64,
    /// Offsets that the copy lacks.
    pub(crate) lag: i64,
}

/// A copy is synced after so many bytes, so that the end of a move has little to sync.
const SYNC_BYTES: u64 = 16 << 20;
/// The last bytes are copied under the lock; before that the gap is made smaller than this.
const LAST_GAP_BYTES: usize = 256 << 10;
const APPROACHES_MAX: usize = 8;

impl Partition {
    /// Begins a move; `false` if there is nothing to do for it.
    pub(in crate::partitions) fn begin_move(&self, to: &Arc<LogDir>) -> Result<bool, MoveError> {
        let id = to.directory_id();
        let mut copy = self.copy.lock();
        if copy
            .as_ref()
            .is_some_and(|copy| copy.dir.directory_id() == id)
        {
            return Ok(false);
        }
        self.discard(copy.take());
        if self.dir().directory_id() == id {
            return Ok(false);
        }
        let Ok(seed) = self.log().map(|log| log.seed()) else {
            return Ok(false);
        };
        let start = self.first_offset()?;
        let (now_ms, random) = (self.now_ms(), self.shared.host.entropy.next_u128());
        let log = PartitionLog::create_future(seed, to, start, random, now_ms)?;
        *copy = Some(Box::new(Copy { dir: Arc::clone(to), log }));
        Ok(true)
    }

    /// Calls a move off.
    pub(crate) fn cancel_move(&self) {
        let copy = self.copy.lock().take();
        self.discard(copy);
    }

    /// Whether the log is being copied. Its files must not be cleaned meanwhile: the copy would miss that a key is gone.
    pub(crate) fn is_moving(&self) -> bool {
        // Held: a step of a move is under way.
        self.copy.try_lock().is_none_or(|copy| copy.is_some())
    }

    pub(crate) fn move_state(&self) -> Option<MoveState> {
        let copy = self.copy.lock();
        let copy = copy.as_ref()?;
        let end = self.marks().log_end_offset;
        Some(MoveState {
            directory_id: copy.dir.directory_id(),
            size_bytes: copy.log.size_bytes(),
            lag: (end - copy.log.log_end_offset()).max(0),
        })
    }

    /// Copies up to so many bytes, or one batch.
    pub(crate) fn copy_some(&self, bytes_max: usize) -> Result<MoveStep, MoveError> {
        let mut copy = self.copy.lock();
        let Some(copy) = copy.as_mut() else {
            return Ok(MoveStep::Over);
        };
        let marks = self.marks();
        if marks.log_end_offset < 0 {
            return Ok(MoveStep::Over);
        }
        let end = copy.log.log_end_offset();
        if end >= marks.log_end_offset {
            copy.log.sync_in_place(SyncScope::All)?;
            return Ok(MoveStep::CaughtUp);
        }
        let start = marks.log_start_offset;
        let bytes = match self.bytes_from(end.max(start), bytes_max) {
            // Retention was faster.
            Err(MoveError::Read(ReadError::OutOfRange)) => return Ok(MoveStep::Copied(0)),
            bytes => bytes?,
        };
        take(&mut copy.log, start, &bytes, self.now_ms())?;
        if copy.log.dirty_bytes() >= SYNC_BYTES {
            copy.log.sync_in_place(SyncScope::All)?;
        }
        Ok(MoveStep::Copied(bytes.len()))
    }

    /// The copy takes over. `None` if there is none any more.
    pub(crate) fn finish_move(&self) -> Result<Option<Replaced>, MoveError> {
        let mut slot = self.copy.lock();
        let Some(copy) = slot.as_mut() else {
            return Ok(None);
        };
        let ready = self.replace_by(copy);
        let mut log = self.log.lock();
        let completed = match (ready, log.as_mut()) {
            (Err(error), _) => Err(error),
            (Ok(()), None) => Ok(None),
            (Ok(()), Some(current)) => {
                let completed = complete(current, &mut copy.log, self.now_ms());
                completed.map(|()| Some(current))
            }
        };
        let ended = match (completed, slot.take()) {
            (Ok(Some(current)), Some(copy)) => {
                let Copy { dir, log: new } = *copy;
                let end = new.log_end_offset();
                let old = std::mem::replace(current, new);
                let dir = self.dir.swap(dir);
                self.note_moved();
                return Ok(Some(Replaced { log: old, dir, end }));
            }
            (completed, copy) => (completed.map(|_| None), copy),
        };
        drop(log);
        let (result, copy) = ended;
        self.discard(copy);
        result
    }

    /// Makes the copy durable under the log's own name, and comes close to the log's end.
    fn replace_by(&self, copy: &mut Copy) -> Result<(), MoveError> {
        copy.log.sync_in_place(SyncScope::All)?;
        copy.log.promote()?;
        for _ in 0..APPROACHES_MAX {
            let (marks, end) = (self.marks(), copy.log.log_end_offset());
            if end >= marks.log_end_offset {
                break;
            }
            let start = marks.log_start_offset;
            let bytes = match self.bytes_from(end.max(start), 16 * LAST_GAP_BYTES) {
                Err(MoveError::Read(ReadError::OutOfRange)) => continue,
                bytes => bytes?,
            };
            take(&mut copy.log, start, &bytes, self.now_ms())?;
            if bytes.len() < LAST_GAP_BYTES {
                break;
            }
        }
        Ok(())
    }

    /// Syncs what took over, once. `true` when all that the replaced log had is on the disk.
    pub(crate) fn is_move_durable(&self, replaced: &Replaced) -> Result<bool, MoveError> {
        if let Some(work) = self.full_sync() {
            self.note_synced(work.run());
        }
        let Ok(log) = self.log() else {
            return Ok(true);
        };
        log.dir().check_online()?;
        Ok(log.flushed_end_offset() >= replaced.end)
    }

    /// Removes the log that was replaced.
    pub(crate) fn remove_replaced(&self, replaced: Replaced) -> Result<(), MoveError> {
        let Replaced { log, dir, .. } = replaced;
        let delay_ms = log.config().file_delete_delay_ms;
        let folder = log.delete(self.shared.host.entropy.next_u128())?;
        let due_ms = self.now_ms().saturating_add(delay_ms);
        self.shared.removals.add_folder(dir, folder, due_ms);
        Ok(())
    }

    pub(super) fn discard(&self, copy: Option<Box<Copy>>) {
        let Some(copy) = copy else {
            return;
        };
        let Copy { dir, log } = *copy;
        match log.delete(self.shared.host.entropy.next_u128()) {
            Ok(folder) => self.shared.removals.add_folder(dir, folder, self.now_ms()),
            Err(error) => {
                tracing::warn!(partition = %self.name, %error, "giving a copy up");
            }
        }
    }

    /// Where a copy begins: at the log's start, which compaction may have left without a batch, or at the batch that holds it.
    fn first_offset(&self) -> Result<i64, MoveError> {
        let marks = self.marks();
        if marks.log_start_offset >= marks.log_end_offset {
            return Ok(marks.log_end_offset.max(0));
        }
        let bytes = self.bytes_from(marks.log_start_offset, 1)?;
        let first = klamm_records::batches(&bytes).next();
        let base = first
            .and_then(Result::ok)
            .map(|batch| batch.header().base_offset.0);
        let start = marks.log_start_offset;
        Ok(base.map_or(start, |base| base.min(start)))
    }

    /// Batches from that of an offset on.
    fn bytes_from(&self, offset: i64, bytes_max: usize) -> Result<Bytes, MoveError> {
        let ask = FetchAsk {
            offset,
            bytes_max,
            min_one_batch: true,
            reader: Reader::Debug,
            last_fetched_epoch: -1,
        };
        let fetched = match self.begin_read(ask).map_err(MoveError::Read)? {
            Reading::Done(fetched) => fetched,
            Reading::LookUp(look_up) => self.end_read(look_up).map_err(MoveError::Read)?,
        };
        Ok(fetched.slice.records.to_bytes()?)
    }

    fn now_ms(&self) -> i64 {
        self.shared.host.clock.now_ms()
    }
}

/// Copies the last bytes, under the log's lock.
fn complete(current: &PartitionLog, copy: &mut PartitionLog, now_ms: i64) -> Result<(), MoveError> {
    while copy.log_end_offset() < current.log_end_offset() {
        let start = current.log_start_offset();
        let slice = current
            .read(
                copy.log_end_offset().max(start),
                16 * LAST_GAP_BYTES,
                true,
                UpperBound::LogEnd,
            )
            .map_err(|_| MoveError::Read(ReadError::Storage))?;
        let bytes = slice.range.map(|range| range.read()).transpose()?;
        take(copy, start, &bytes.unwrap_or_default().into(), now_ms)?;
    }
    Ok(copy.take_over(current)?)
}

/// Appends what was read from the end of a copy, or from the log's start, which has moved past that end. The copy begins
/// anew then, unless the batch that holds the start is the next one: a hole would be taken for lost records.
fn take(copy: &mut PartitionLog, start: i64, bytes: &Bytes, now_ms: i64) -> Result<(), MoveError> {
    let end = copy.log_end_offset();
    let first = klamm_records::batches(bytes).next().and_then(Result::ok);
    let base = match first {
        Some(first) => first.header().base_offset.0,
        // All was deleted.
        None if end < start => start,
        None => return Err(MoveError::Hole),
    };
    if end < start && end != base {
        copy.truncate_fully_and_start_at(base.min(start), now_ms)?;
    }
    if !bytes.is_empty() {
        copy.append_as_follower(bytes, now_ms)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::partitions::partition::Opening;
    use crate::partitions::{AppendRequest, TopicTraits};
    use klamm_host::Disk;
    use klamm_host_sim::{SimDisk, World};
    use klamm_model::{NodeId, Offset, TopicName, TopicPartition, Uuid};
    use klamm_records::{BatchBuilder, BatchFields, Codec, Compression, Deflater, NewRecord};
    use klamm_settings::{Layers, Overrides, Settings};
    use klamm_storage::{ExpectedIdentity, HandleCache, LogConfig, MetaProperties, format_log_dir};
    use std::path::Path;

    fn name() -> TopicPartition {
        TopicPartition { topic: TopicName::new("t").unwrap(), partition: 0 }
    }

    fn directory(disk: &Arc<dyn Disk>, path: &str, id: u128) -> Arc<LogDir> {
        let identity = MetaProperties {
            cluster_id: Uuid(1).to_string(),
            node_id: NodeId(0),
            directory_id: Uuid(id),
        };
        format_log_dir(&**disk, Path::new(path), &identity).unwrap();
        let expected = ExpectedIdentity { cluster_id: None, node_id: NodeId(0) };
        let opened = LogDir::open(Arc::clone(disk), Path::new(path), &expected);
        opened.unwrap().0
    }

    fn empty_copy() -> PartitionLog {
        let disk: Arc<dyn Disk> = Arc::new(SimDisk::new().mount());
        let dir = directory(&disk, "/a", 7);
        let config = Arc::new(LogConfig::default());
        PartitionLog::create(&dir, &HandleCache::new(9), name(), None, config, 0).unwrap()
    }

    /// A batch of two records.
    fn batch(base_offset: i64) -> Bytes {
        let mut builder = BatchBuilder::new();
        for _ in 0..2 {
            let record = NewRecord { timestamp_ms: 1, key: None, value: Some(b"x"), headers: &[] };
            builder.append(&record).unwrap();
        }
        let fields = BatchFields { base_offset: Offset(base_offset), ..BatchFields::default() };
        builder
            .build(
                &fields,
                Codec::from(Compression::None),
                &mut Deflater::new(),
            )
            .unwrap()
    }

    /// Of a topic whose records are shown once they are synced; its log is in the first directory.
    fn partition_that_syncs(host: &klamm_host::Host, dir: &Arc<LogDir>) -> Arc<Partition> {
        let flush = ("log.flush.interval.messages".to_owned(), "1".to_owned());
        let settings = Settings::load("", &[flush]).unwrap().settings;
        let shared = Arc::new(crate::start::shared(host, &settings));
        let traits = Arc::new(TopicTraits::new(
            &Layers::new(settings),
            &Overrides::default(),
        ));
        let opening = Opening {
            places: vec![(dir, None)],
            handles: &HandleCache::new(9),
            name: &name(),
            topic_id: Uuid(5),
            traits: &traits,
        };
        Arc::new(Partition::open(opening, shared).unwrap())
    }

    #[test]
    fn what_a_move_synced_is_shown_before_its_writer_is_told() {
        let run = World::run(1, |mut world| async move {
            let host = world.node().boot();
            let [a, b] = [("/a", 7), ("/b", 8)].map(|(path, id)| directory(&host.disk, path, id));
            let partition = partition_that_syncs(&host, &a);
            let request = AppendRequest {
                records: &batch(0),
                zstd_allowed: true,
                guard: None,
                now_ms: host.clock.now_ms(),
            };
            let end = partition.append(request).unwrap().sync_before_ack.unwrap();
            // The whole move, before the sync that the writer is about to wait for begins.
            assert!(partition.begin_move(&b).unwrap());
            while !matches!(partition.copy_some(1000).unwrap(), MoveStep::CaughtUp) {}
            let replaced = partition.finish_move().unwrap().unwrap();
            assert_eq!(partition.marks().high_watermark, 0);
            assert!(partition.checkpoints_in(&a).is_none());
            assert!(partition.checkpoints_in(&b).is_some());
            partition.wait_until_synced(end).await.unwrap();
            assert_eq!(partition.marks().high_watermark, end);
            assert!(partition.is_move_durable(&replaced).unwrap());
        });
        assert!(run.panics.is_empty(), "{:?}", run.panics);
    }

    #[test]
    fn a_copy_that_retention_overtakes_begins_anew_and_has_no_hole() {
        let mut copy = empty_copy();
        take(&mut copy, 0, &batch(0), 0).unwrap();
        // The start lies within the next batch: it goes on.
        take(&mut copy, 3, &batch(2), 0).unwrap();
        assert_eq!((copy.log_start_offset(), copy.log_end_offset()), (0, 4));
        // The start is far behind the copy's end.
        take(&mut copy, 11, &batch(10), 0).unwrap();
        assert_eq!((copy.log_start_offset(), copy.log_end_offset()), (10, 12));
        // All is gone.
        take(&mut copy, 20, &Bytes::new(), 0).unwrap();
        assert_eq!((copy.log_start_offset(), copy.log_end_offset()), (20, 20));
        assert!(matches!(
            take(&mut copy, 20, &Bytes::new(), 0),
            Err(MoveError::Hole)
        ));
    }
}
