//! A log moves to another directory: a copy grows in a `-future` folder there, then takes the log's place.
//!
//! ```text
//! A/t-0                      B/t-0.<uuid>-future     copying            a crash leaves A; the copy begins anew
//! A/t-0                      B/t-0                   promoted, durable  a crash leaves two: the one that goes further is it
//! A/t-0                      B/t-0  ← in use         taken over         the same
//! A/t-0.<uuid>-delete        B/t-0  ← in use         all of it durable  a crash leaves B
//! ```
//! *Invariant:* the old log is given up only when all that it promised is on the disk of the new one. Until then both are
//! prefixes of one history, so the longer one holds all that was promised.

use super::{Identity, OpenError, Opened, PartitionLog};
use crate::config::LogConfig;
use crate::error::StorageError;
use crate::files::Files;
use crate::handle_cache::HandleCache;
use crate::layout::future_folder_name;
use crate::log_dir::{LastOffsets, LogDir};
use klamm_model::{TopicPartition, Uuid};
use std::io;
use std::sync::Arc;

/// What a copy of a log is made of.
#[derive(Debug)]
pub struct LogSeed {
    partition: TopicPartition,
    topic_id: Option<Uuid>,
    cache: Arc<HandleCache>,
    config: Arc<LogConfig>,
}

impl PartitionLog {
    /// What a copy is made of. No disk access.
    #[must_use]
    pub fn seed(&self) -> LogSeed {
        LogSeed {
            partition: self.partition.clone(),
            topic_id: self.topic_id,
            cache: Arc::clone(&self.files.cache),
            config: Arc::clone(&self.config),
        }
    }

    /// Makes an empty copy in a `-future` folder, whose next offset is `start`.
    ///
    /// # Errors
    /// The disk.
    pub fn create_future(
        seed: LogSeed,
        dir: &Arc<LogDir>,
        start: i64,
        random: u128,
        now_ms: i64,
    ) -> Result<Self, OpenError> {
        dir.check_online()?;
        let LogSeed { partition, topic_id, cache, config } = seed;
        let mut copy = Self::bare(dir, &cache, partition, config, now_ms);
        copy.move_to_folder(future_folder_name(&copy.partition, random));
        let path = copy.files.folder_path();
        let fail = |e: &io::Error| OpenError::Storage(dir.judge(&path, e));
        dir.scrub(&copy.partition)?;
        dir.disk().create_dir_all(&path).map_err(|e| fail(&e))?;
        copy.topic_id = topic_id;
        copy.identity = Identity::Unwritten;
        copy.start_file(copy.active_segment())?;
        copy.active_segment().close();
        if start > 0 {
            copy.truncate_fully_and_start_at(start, now_ms)?;
        }
        Ok(copy)
    }

    /// The copy gets the log's own name, durably. All of it must have been synced with `SyncScope::All`.
    ///
    /// # Errors
    /// The disk.
    pub fn promote(&mut self) -> Result<(), StorageError> {
        let dir = Arc::clone(&self.files.dir);
        dir.check_online()?;
        let before = Arc::clone(&self.files);
        let from = before.folder_path();
        // Work that runs without the log must not take the old path for its own.
        before.in_place().moved = true;
        self.move_to_folder(self.partition.to_string());
        let to = self.files.folder_path();
        let disk = dir.disk();
        let moved = disk.rename(&from, &to);
        moved
            .and_then(|()| disk.sync_dir(dir.path()))
            .map_err(|e| dir.fail_io("promoting a copy", &e))
    }

    /// The copy takes over from `old`, which it has to the last record: what readers may see, which batches wait for the
    /// coordinator's word, and that all look-ups begun before are void.
    ///
    /// # Errors
    /// The disk.
    pub fn take_over(&mut self, old: &Self) -> Result<(), StorageError> {
        debug_assert_eq!(
            self.log_end, old.log_end,
            "a copy takes over when it is whole"
        );
        self.config = Arc::clone(&old.config);
        self.set_high_watermark(old.high_watermark);
        self.advance_log_start(old.log_start)?;
        // A guard of the old log must be worth here what it was there, and none be given twice.
        self.producers.take_verifications(&old.producers);
        self.layout = self.layout.max(old.layout);
        self.layout_changed();
        // Syncs and cleanings of the old log that are under way prove nothing about this one.
        self.flush.truncations = self.flush.truncations.max(old.flush.truncations) + 1;
        Ok(())
    }

    /// Opens the log of a partition that has folders in several directories, as a move leaves them that was cut short.
    /// The longest is it; the others are set aside.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open_longest(
        candidates: &[(Arc<LogDir>, LastOffsets)],
        cache: &Arc<HandleCache>,
        partition: &TopicPartition,
        config: &Arc<LogConfig>,
        random: &mut dyn FnMut() -> u128,
        now_ms: i64,
    ) -> Result<Opened, OpenError> {
        let mut best: Option<Opened> = None;
        for (dir, last) in candidates {
            let (name, config) = (partition.clone(), Arc::clone(config));
            let opened = Self::open(dir, cache, name, config, *last, now_ms)?;
            let Some(before) = best.take() else {
                best = Some(opened);
                continue;
            };
            let (kept, other) = if opened.log.log_end > before.log.log_end {
                (opened, before)
            } else {
                (before, opened)
            };
            tracing::warn!(
                %partition, dir = %other.log.dir().path().display(),
                "a move was cut short; the shorter copy is set aside"
            );
            other.log.set_aside(random())?;
            best = Some(kept);
        }
        best.ok_or_else(|| OpenError::Missing(partition.clone()))
    }

    fn move_to_folder(&mut self, folder: String) {
        let (dir, cache) = (&self.files.dir, &self.files.cache);
        self.files = Files::new(dir, cache, folder.into_boxed_str());
    }
}
