//! Offsets that are committed in transactions (KIP-98): pending until the marker.

use super::command::{CommitOffsets, GroupError, NewOffset, Output};
use super::record::{self, Meaning};
use super::shard::{GroupShard, TEXT_BYTES_MAX, committed_of, new_offset};
use crate::records::{ConsumerGroupMetadataKey, GroupMetadataKey};
use crate::shard::{Moment, OpenTransaction, Record, RecordError, Replayed, Shard};

impl GroupShard {
    /// Whether a transaction that has not ended has committed for the partition.
    #[must_use]
    pub fn is_pending(&self, group: &str, topic: &str, partition: i32) -> bool {
        let group = self.groups.get(group);
        group.is_some_and(|group| group.offsets.is_pending(topic, partition))
    }

    /// Commits in a transaction. The state follows once the records are in the log.
    pub(super) fn commit_open(
        &mut self,
        commit: &CommitOffsets,
        producer: OpenTransaction,
        now: Moment,
        out: &mut Output,
    ) -> Result<Vec<Result<(), GroupError>>, GroupError> {
        if commit.group.is_empty() || commit.group.len() > TEXT_BYTES_MAX {
            return Err(GroupError::InvalidGroupId);
        }
        match self.groups.get(&*commit.group) {
            Some(group) => group.check_open_commit(commit, &*self.around)?,
            None if commit.generation < 0 => {}
            None => return Err(GroupError::IllegalGeneration),
        }
        let metadata_max = self.config.offset_metadata_bytes_max.min(TEXT_BYTES_MAX);
        let mut one = |new: &NewOffset| {
            if new.metadata.len() > metadata_max {
                return Err(GroupError::OffsetMetadataTooLarge);
            }
            let committed = new_offset(new, -1, now.wall);
            let (topic, partition) = (&new.topic, new.partition);
            match record::offset(&commit.group, topic, partition, Some(&committed)) {
                Ok(record) => out.records.push(record),
                Err(error) => out.spoiled = Some(error),
            }
            Ok(())
        };
        let results = commit.offsets.iter().map(&mut one).collect();
        out.transaction = Some(producer);
        Ok(results)
    }

    /// Takes a record of an open transaction in.
    pub(super) fn take_open(
        &mut self,
        producer_id: i64,
        record: &Record,
    ) -> Result<Replayed, RecordError> {
        match record::read(record)? {
            Meaning::Offset(key, Some(value)) => {
                let committed = committed_of(&value);
                let group = self.group(&key.group);
                group
                    .offsets
                    .put_pending(producer_id, &key.topic, key.partition, committed);
                let group = key.group.detached();
                self.open.entry(producer_id).or_default().insert(group);
            }
            Meaning::Offset(..) => return self.replay(record),
            Meaning::Group(..) => return Ok(Replayed::Ignored(GroupMetadataKey::ID)),
            Meaning::Consumer(..) => return Ok(Replayed::Ignored(ConsumerGroupMetadataKey::ID)),
            Meaning::Other(id) => return Ok(Replayed::Ignored(id)),
        }
        Ok(Replayed::Applied)
    }

    /// The transaction of a producer ended.
    pub(super) fn settle(&mut self, producer_id: i64, commits: bool) {
        for group in self.open.remove(&producer_id).unwrap_or_default() {
            if let Some(known) = self.groups.get_mut(&*group) {
                known.offsets.settle(producer_id, commits);
            }
            self.drop_if_untouched(&group);
        }
    }
}
