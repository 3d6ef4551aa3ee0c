//! Carries out the core's actions, in its order.

use super::{Engine, EngineError};
use crate::quorum::QuorumError;
use crate::quorum::batching::RecordBatches;
use bytes::Bytes;
use klamm_metadata::Replay;
use klamm_model::{LeaderEpoch, Offset};
use klamm_raft::{Action, ControlRecord, Input};

impl Engine {
    /// Feeds one input to the core and does what it says.
    pub(in crate::quorum) fn step(&mut self, input: Input) -> Result<(), EngineError> {
        let mut out = Vec::new();
        self.raft.step(self.now_ms(), input, &mut out);
        let mut actions = out.into_iter().peekable();
        while let Some(action) = actions.next() {
            // Of two states in a row only the last one is ever seen.
            let superseded = matches!(action, Action::Persist(_))
                && matches!(actions.peek(), Some(Action::Persist(_)));
            if !superseded {
                self.carry_out(action)?;
            }
        }
        Ok(())
    }

    fn carry_out(&mut self, action: Action) -> Result<(), EngineError> {
        match action {
            Action::Persist(election) => {
                let voters: Vec<_> = self.raft.voters().ids().collect();
                let kraft_version = self.raft.history().kraft_version();
                self.folder
                    .write_election(&election.encode(kraft_version, &voters))?;
            }
            Action::AppendControl { epoch, base_offset, records } => {
                self.append_control(epoch, base_offset, &records)?;
            }
            Action::AppendProposal { base_offset, epoch, .. } => {
                let end = self.append_proposal(base_offset, epoch)?;
                self.proposed = Some(Ok(end));
            }
            Action::RefuseProposal { .. } => self.proposed = Some(Err(QuorumError::NotController)),
            Action::Flush { .. } => self.flush_due = true,
            Action::Truncate { to } => {
                self.log.truncate(to, self.host.clock.now_ms())?;
                self.pending = None;
            }
            Action::Commit { high_watermark } => self.apply_until(high_watermark)?,
            Action::BecameLeader { epoch } => {
                tracing::info!(epoch = epoch.0, "leads the metadata quorum");
                // Everything in the log is committed now, and replayed.
                let mut pending = self.applied.replay.clone();
                pending.forget_changes();
                self.pending = Some(pending);
            }
            Action::LostLeadership { epoch } => {
                tracing::info!(epoch = epoch.0, "leads the metadata quorum no longer");
                self.pending = None;
                self.refuse_waiting(&QuorumError::NotController);
            }
            Action::LeaderChanged { .. } | Action::VotersChanged { .. } => {}
            Action::RefuseChange { reason, .. } => {
                tracing::warn!(%reason, "the voters stay as they are");
            }
            Action::Halt(reason) => return Err(reason.into()),
            // `begin` has refused every quorum that has anybody to talk to.
            Action::Send { .. }
            | Action::Reply { .. }
            | Action::ReplyWithRecords { .. }
            | Action::ReplyWithChunk { .. }
            | Action::AppendFetched(_)
            | Action::WriteChunk { .. }
            | Action::InstallSnapshot { .. } => {}
        }
        Ok(())
    }

    fn append_control(
        &mut self,
        epoch: LeaderEpoch,
        base_offset: Offset,
        records: &[ControlRecord],
    ) -> Result<(), EngineError> {
        let now_ms = self.host.clock.now_ms();
        let batch = ControlRecord::batch(records, base_offset, epoch, now_ms);
        let batch = batch.map_err(|error| EngineError::Disk(error.to_string()))?;
        self.log.append(&batch, epoch, now_ms)
    }

    /// Appends the values of the decision in hand; returns the log's new end.
    fn append_proposal(&mut self, base: Offset, epoch: LeaderEpoch) -> Result<Offset, EngineError> {
        let now_ms = self.host.clock.now_ms();
        let values = std::mem::take(&mut self.proposing);
        let mut batches = RecordBatches::new(base, epoch, now_ms, self.batch_bytes_max());
        let disk = |error: &dyn std::fmt::Display| EngineError::Disk(error.to_string());
        for value in &values {
            batches.push(value).map_err(|e| disk(&e))?;
        }
        let (batches, end) = batches.finish().map_err(|e| disk(&e))?;
        for batch in &batches {
            self.log.append(batch, epoch, now_ms)?;
        }
        Ok(end)
    }

    /// The state that decisions are made on; `None` while this node does not lead.
    pub(in crate::quorum) fn pending(&mut self) -> Option<&mut Replay> {
        self.pending.as_mut()
    }

    /// Reserves offsets for values and appends them.
    pub(super) fn append_values(
        &mut self,
        values: Vec<Bytes>,
    ) -> Result<Result<Offset, QuorumError>, EngineError> {
        let records = u32::try_from(values.len()).unwrap_or(u32::MAX);
        self.proposing = values;
        self.proposed = None;
        self.step(Input::Propose { id: 0, records })?;
        self.proposing.clear();
        Ok(self
            .proposed
            .take()
            .unwrap_or(Err(QuorumError::NotController)))
    }
}
