//! Logs that move between the directories of the node: on request, and those that a stop cut short.

use super::{Directory, FindError, Registry};
use crate::partitions::{MoveError, Partition};
use klamm_metadata::image::is_reserved;
use klamm_model::{TopicPartition, Uuid};
use klamm_settings::broker;
use klamm_storage::LogDir;
use klamm_storage::layout::{future_folder_name, stray_folder_name};
use std::path::Path;
use std::sync::Arc;

/// Why a log does not move.
#[derive(Debug)]
pub(crate) enum MoveRefusal {
    /// The node has no such directory.
    UnknownDirectory,
    /// That directory, or the log's own, is offline.
    Offline,
    /// The folder of a copy would have a longer name than file systems take.
    NameTooLong,
    /// There is no such partition.
    Unknown,
    /// The copy can't be made.
    Failed(MoveError),
}

/// What file systems take as a name.
const NAME_BYTES_MAX: usize = 255;

impl Registry {
    /// Begins to move a partition's log to another directory, or calls a move off by naming the one where it is. Blocks.
    ///
    /// # Errors
    /// See [`MoveRefusal`].
    pub(crate) fn move_log(&self, topic: &str, index: i32, path: &str) -> Result<(), MoveRefusal> {
        let failed_at_start = self.failed_dirs.iter().any(|dir| dir == Path::new(path));
        let unknown = if failed_at_start {
            MoveRefusal::Offline
        } else {
            MoveRefusal::UnknownDirectory
        };
        let to = self.directories().find(|dir| dir.path() == Path::new(path));
        let to = Arc::clone(to.ok_or(unknown)?);
        if !to.is_online() {
            return Err(MoveRefusal::Offline);
        }
        let partition = self
            .find_by_name(topic, index)
            .map_err(|error| match error {
                FindError::Offline => MoveRefusal::Offline,
                FindError::UnknownTopicOrPartition
                | FindError::UnknownTopicId
                | FindError::NotLeader => MoveRefusal::Unknown,
            })?;
        let name = partition.name();
        let bare = future_folder_name(name, 0);
        // The name is cut where it does not fit, and a cut name would not be known again.
        if !bare.starts_with(&name.to_string()) || bare.len() > NAME_BYTES_MAX {
            return Err(MoveRefusal::NameTooLong);
        }
        if partition.begin_move(&to).map_err(MoveRefusal::Failed)? {
            tracing::info!(partition = %name, to = %to.path().display(), "the log moves");
            self.shared.moves.add(partition);
        }
        Ok(())
    }

    /// `replica.alter.log.dirs.io.max.bytes.per.second`, as it is set now.
    pub(crate) fn move_bytes_per_second(&self) -> i64 {
        self.layers
            .read()
            .get(&broker::REPLICA_ALTER_LOG_DIRS_IO_MAX_BYTES_PER_SECOND)
    }

    /// A partition was opened: its move goes on, and the controller hears where it lies if it does not know.
    pub(super) fn go_on_moving(
        &self,
        partition: &Arc<Partition>,
        to: Option<&Arc<LogDir>>,
        noted: Option<Uuid>,
    ) {
        let here = partition.dir().directory_id();
        let is_noted = noted == Some(here);
        if !is_noted && (self.dirs.len() > 1 || noted.is_some_and(|id| !is_reserved(id))) {
            self.shared.moves.add_misplaced(Arc::clone(partition));
        }
        let Some(to) = to.filter(|to| to.directory_id() != here) else {
            return;
        };
        match partition.begin_move(to) {
            Ok(true) => self.shared.moves.add(Arc::clone(partition)),
            Ok(false) => {}
            Err(error) => {
                tracing::error!(partition = %partition.name(), %error, "going on with a move");
            }
        }
    }

    /// Copies of a partition that a stop left unfinished. They begin anew if the log itself is there (gives where to);
    /// else they are set aside: they may be all there is.
    pub(super) fn take_copies(
        &self,
        name: &TopicPartition,
        log_is_there: bool,
    ) -> Option<Arc<LogDir>> {
        let mut to = None;
        for directory in &self.dirs {
            let Some(folders) = directory.copies.lock().remove(name) else {
                continue;
            };
            for folder in folders {
                if log_is_there {
                    let now_ms = self.shared.host.clock.now_ms();
                    let dir = Arc::clone(&directory.dir);
                    self.shared.removals.add_folder(dir, folder, now_ms);
                } else {
                    self.set_copy_aside(directory, name, &folder);
                }
            }
            to = Some(Arc::clone(&directory.dir));
        }
        to.filter(|_| log_is_there)
    }

    /// Copies of partitions that the first complete image does not name.
    pub(super) fn set_copies_aside(&self, directory: &Directory) {
        for (name, folders) in std::mem::take(&mut *directory.copies.lock()) {
            for folder in folders {
                self.set_copy_aside(directory, &name, &folder);
            }
        }
    }

    fn set_copy_aside(&self, directory: &Directory, name: &TopicPartition, folder: &str) {
        tracing::warn!(partition = %name, folder, "a copy without its log is set aside as -stray");
        let path = directory.dir.path();
        let aside = stray_folder_name(name, self.shared.host.entropy.next_u128());
        let disk = directory.dir.disk();
        let moved = disk.rename(&path.join(folder), &path.join(aside));
        if let Err(error) = moved.and_then(|()| disk.sync_dir(path)) {
            tracing::error!(partition = %name, %error, "setting a copy aside");
        }
    }
}
