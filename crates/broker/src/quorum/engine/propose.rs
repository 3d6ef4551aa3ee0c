//! Runs a decision: on the newest state, into the log, and into the line of those who wait.

use super::{Engine, EngineError, Waiting};
use crate::quorum::QuorumError;
use crate::quorum::decision::{DecisionContext, Proposal};
use bytes::Bytes;
use klamm_codec::Str;
use klamm_metadata::decide::Controller;
use klamm_metadata::generated::{BeginTransactionRecord, EndTransactionRecord};
use klamm_metadata::{MetadataRecord, Replay};
use klamm_model::NodeId;
use klamm_settings::broker;
use klamm_storage::Room;

/// What a batch needs beside its values, at most: header and per-record framing.
const BATCH_OVERHEAD_BYTES: usize = 128;
const RECORD_OVERHEAD_BYTES: usize = 32;

impl Engine {
    pub(super) fn propose(&mut self, mut proposal: Box<dyn Proposal>) -> Result<(), EngineError> {
        let Some(records) = self.decide(&mut *proposal) else {
            proposal.finish(Err(QuorumError::NotController));
            return Ok(());
        };
        if records.is_empty() {
            // It may have looked at records that are not committed yet: answer when those are.
            let end = self.raft.log().end;
            self.waiting.push_back(Waiting { end, proposal });
            return Ok(());
        }
        match self.write(records)? {
            Ok(end) => self.waiting.push_back(Waiting { end, proposal }),
            Err(refusal) => proposal.finish(Err(refusal)),
        }
        Ok(())
    }

    /// The records of a decision; `None` while this node does not lead.
    fn decide(&mut self, proposal: &mut dyn Proposal) -> Option<Vec<MetadataRecord>> {
        let voters: Vec<NodeId> = self.raft.voters().ids().collect();
        let (next_offset, kraft_version) =
            (self.raft.log().end, self.raft.history().kraft_version());
        let node = self.node;
        let layers = self.published.layers.load_full();
        let entropy = std::sync::Arc::clone(&self.host.entropy);
        let image = self.pending()?.latest();
        let controller =
            Controller { image, layers: &layers, node, voters: &voters, kraft_version };
        let mut random = || entropy.next_u128();
        Some(proposal.decide(&mut DecisionContext { controller, next_offset, random: &mut random }))
    }

    /// Writes records so that all of them take effect or none: one batch, or a metadata transaction over several
    /// (KIP-868). Returns the offset behind them.
    pub(in crate::quorum) fn write(
        &mut self,
        records: Vec<MetadataRecord>,
    ) -> Result<Result<klamm_model::Offset, QuorumError>, EngineError> {
        let Some(pending) = &self.pending else {
            return Ok(Err(QuorumError::NotController));
        };
        let grows = records.iter().any(makes_logs);
        // Replayed on a copy first: what contradicts the state must not reach the log.
        let mut next = pending.clone();
        let values = match encode(&mut next, &records) {
            Ok(values) if self.fits_batch(&values) => values,
            Ok(_) => {
                next = pending.clone();
                match encode(&mut next, &in_transaction(records)) {
                    Ok(values) => values,
                    Err(error) => return Ok(Err(error)),
                }
            }
            Err(error) => return Ok(Err(error)),
        };
        match self.make_room(&values)? {
            Room::Ample => {}
            // What is held is for whoever makes room: deletions, shorter retention.
            Room::Scarce if !grows => {}
            Room::Scarce | Room::None => return Ok(Err(QuorumError::NoRoom)),
        }
        let appended = self.append_values(values)?;
        if appended.is_ok() {
            next.forget_changes();
            self.pending = Some(next);
        }
        Ok(appended)
    }

    /// Takes the room that decisions on a full volume use.
    pub(super) fn hold_room(&mut self) -> Result<(), EngineError> {
        if self.make_room(&[])? != Room::Ample {
            tracing::warn!("hardly any room is left on the volume of the metadata log");
        }
        Ok(())
    }

    fn make_room(&mut self, values: &[Bytes]) -> Result<Room, EngineError> {
        let (batch_bytes_max, now_ms) = (self.batch_bytes_max(), self.host.clock.now_ms());
        self.log.make_room(values, batch_bytes_max, now_ms)
    }

    fn fits_batch(&self, values: &[Bytes]) -> bool {
        let bytes: usize = values
            .iter()
            .map(|value| value.len() + RECORD_OVERHEAD_BYTES)
            .sum();
        values.len() == 1 || bytes + BATCH_OVERHEAD_BYTES <= self.batch_bytes_max()
    }

    pub(super) fn batch_bytes_max(&self) -> usize {
        let setting = self
            .settings
            .get(&broker::INTERNAL_METADATA_MAX_BATCH_SIZE_IN_BYTES);
        usize::try_from(setting).unwrap_or(0).max(1024)
    }

    /// Answers those whose records are committed and published.
    pub(super) fn answer_committed(&mut self) {
        let committed = self.raft.high_watermark();
        while self
            .waiting
            .front()
            .is_some_and(|waiting| waiting.end <= committed)
        {
            if let Some(waiting) = self.waiting.pop_front() {
                waiting.proposal.finish(Ok(()));
            }
        }
    }
}

/// Whether a record is of a new topic or partition, which needs room of its own.
const fn makes_logs(record: &MetadataRecord) -> bool {
    matches!(
        record,
        MetadataRecord::Topic(_) | MetadataRecord::Partition(_)
    )
}

/// Replays and encodes records, each at the level that those before it left.
fn encode(replay: &mut Replay, records: &[MetadataRecord]) -> Result<Vec<Bytes>, QuorumError> {
    let unwritable = |error: &dyn std::fmt::Display| {
        tracing::error!(%error, "a decision contradicts the metadata");
        QuorumError::Unwritable(error.to_string())
    };
    let mut values = Vec::with_capacity(records.len());
    let mut level = replay.latest().writing_version();
    for record in records {
        replay.record(record).map_err(|error| unwritable(&error))?;
        if matches!(record, MetadataRecord::FeatureLevel(_)) {
            level = replay.latest().writing_version();
        }
        values.push(record.to_value(level).map_err(|error| unwritable(&error))?);
    }
    Ok(values)
}

fn in_transaction(records: Vec<MetadataRecord>) -> Vec<MetadataRecord> {
    let name = Some(Str::from("Several batches"));
    let begin = std::iter::once(BeginTransactionRecord { name }.into());
    begin
        .chain(records)
        .chain(std::iter::once(EndTransactionRecord {}.into()))
        .collect()
}
