//! A simulated disk: a log of batches with a durable prefix, a quorum-state file, snapshots.

use bytes::Bytes;
use klamm_model::{LeaderEpoch, Offset};
use klamm_raft::{
    Batch, ControlRecord, ElectionState, EpochStart, LogState, SnapshotId, VoterHistory, VoterSet,
};
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
pub(crate) struct SimDisk {
    pub(crate) election: ElectionState,
    pub(crate) batches: Vec<Batch>,
    pub(crate) base: Option<SnapshotId>,
    pub(crate) flushed: Offset,
    pub(crate) snapshots: BTreeMap<SnapshotId, Bytes>,
    pub(crate) partial: Vec<u8>,
    /// What the snapshot at the start of the log says of the voters.
    pub(crate) voters: VoterSet,
    pub(crate) kraft_version: i16,
}

impl SimDisk {
    pub(crate) fn new(voters: VoterSet, kraft_version: i16) -> Self {
        Self {
            election: ElectionState::INITIAL,
            batches: Vec::new(),
            base: None,
            flushed: Offset(0),
            snapshots: BTreeMap::new(),
            partial: Vec::new(),
            voters,
            kraft_version,
        }
    }

    pub(crate) fn start(&self) -> Offset {
        self.base.map_or(Offset(0), |base| base.end_offset)
    }

    pub(crate) fn end(&self) -> Offset {
        self.batches
            .last()
            .map_or(self.start(), |batch| batch.end_offset)
    }

    pub(crate) fn append(&mut self, batch: Batch) {
        assert_eq!(batch.base_offset, self.end(), "appends are contiguous");
        self.batches.push(batch);
    }

    pub(crate) fn truncate(&mut self, to: Offset) {
        self.batches.retain(|batch| batch.end_offset <= to);
        assert_eq!(self.end(), to, "truncation falls between batches");
        self.flushed = self.flushed.min(to);
    }

    /// Loses what was not durable, but for some batches that happened to reach the disk.
    pub(crate) fn crash(&mut self, lucky: usize) {
        let durable = self
            .batches
            .iter()
            .take_while(|batch| batch.end_offset <= self.flushed);
        let keep = durable.count() + lucky;
        self.batches.truncate(keep);
        self.flushed = self.end();
        self.partial.clear();
    }

    pub(crate) fn read(&self, from: Offset, max_bytes: u32) -> Vec<Batch> {
        let mut left = i64::from(max_bytes);
        let found = self
            .batches
            .iter()
            .skip_while(|batch| batch.end_offset <= from);
        found
            .take_while(|batch| {
                let fits = left > 0;
                left -= batch.bytes.len() as i64;
                fits
            })
            .cloned()
            .collect()
    }

    /// Epoch and content of the record at an offset.
    pub(crate) fn record(&self, offset: Offset) -> Option<(LeaderEpoch, Bytes)> {
        let at = self
            .batches
            .partition_point(|batch| batch.end_offset <= offset);
        let batch = self
            .batches
            .get(at)
            .filter(|batch| batch.base_offset <= offset)?;
        Some((batch.epoch, batch.bytes.clone()))
    }

    pub(crate) fn log_state(&self) -> LogState {
        let mut epochs: Vec<EpochStart> = Vec::new();
        for batch in &self.batches {
            if epochs.last().is_none_or(|last| last.epoch < batch.epoch) {
                epochs.push(EpochStart { epoch: batch.epoch, start_offset: batch.base_offset });
            }
        }
        LogState {
            start: self.start(),
            end: self.end(),
            flushed: self.end(),
            epochs,
            base: self.base,
            latest: self.snapshots.keys().next_back().copied(),
        }
    }

    pub(crate) fn history(&self) -> VoterHistory {
        let mut history = if self.base.is_none() && self.kraft_version > 0 {
            VoterHistory::from_bootstrap(self.voters.clone(), self.kraft_version)
        } else {
            VoterHistory::new(self.voters.clone(), self.kraft_version)
        };
        for (offset, record) in self.batches.iter().flat_map(|batch| &batch.control) {
            match record {
                ControlRecord::Voters(voters) => history.add_voters(*offset, voters.clone()),
                ControlRecord::KRaftVersion(version) => history.add_version(*offset, *version),
                _ => {}
            }
        }
        history
    }

    /// Drops the log below a snapshot's end.
    pub(crate) fn trim(&mut self, id: SnapshotId) {
        self.batches
            .retain(|batch| batch.base_offset >= id.end_offset);
        self.base = Some(id);
    }
}
