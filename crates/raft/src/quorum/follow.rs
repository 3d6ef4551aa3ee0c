//! Following: fetch, append, truncate where the logs part, load a snapshot where records are gone.

use super::{Quorum, Role};
use crate::action::{Action, HaltReason};
use crate::message::{
    Batch, Fetch, FetchOutcome, FetchReply, FetchSnapshot, ReplicaKey, Request, SnapshotChunk,
};
use crate::snapshot::SnapshotId;
use klamm_model::{LeaderEpoch, NodeId, Offset};

#[derive(Debug, Clone)]
pub(super) struct Following {
    pub(super) leader: NodeId,
    pub(super) voted: Option<ReplicaKey>,
    /// Without word of the leader until then, stand for election.
    pub(super) deadline_ms: i64,
    /// Whether the leader ever answered: then nobody is helped against it.
    pub(super) heard: bool,
    pub(super) download: Option<Download>,
}

/// A snapshot that is being fetched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Download {
    id: SnapshotId,
    position: u64,
    /// All is fetched; the driver puts it in place.
    complete: bool,
}

impl Following {
    pub(super) fn new(leader: NodeId, voted: Option<ReplicaKey>, deadline_ms: i64) -> Self {
        Self { leader, voted, deadline_ms, heard: false, download: None }
    }

    /// Whether there is nothing to ask for until the driver has installed the snapshot.
    pub(super) fn is_installing(&self) -> bool {
        self.download.is_some_and(|download| download.complete)
    }
}

impl Quorum {
    pub(super) fn fetch_request(&self) -> Request {
        Request::Fetch(Fetch {
            replica: self.local,
            epoch: self.epoch,
            offset: self.log.end,
            last_epoch: self.log.last_epoch(),
            high_watermark: Some(self.high_watermark),
            max_wait_ms: self.config.fetch_wait_ms_max,
            max_bytes: self.config.fetch_bytes_max,
        })
    }

    pub(super) fn follow_request(&self, following: &Following) -> Request {
        match following.download {
            None => self.fetch_request(),
            Some(download) => Request::FetchSnapshot(FetchSnapshot {
                replica: self.local,
                epoch: self.epoch,
                snapshot: download.id,
                position: download.position,
                max_bytes: self.config.fetch_bytes_max,
            }),
        }
    }

    pub(super) fn on_fetch_reply(
        &mut self,
        now_ms: i64,
        from: NodeId,
        fetched: FetchReply,
        out: &mut Vec<Action>,
    ) {
        if !self.leader_answered(now_ms, from) {
            return;
        }
        match fetched.outcome {
            FetchOutcome::Records(batches) => {
                if !self.append_fetched(batches, out) {
                    self.back_off(from, now_ms);
                    return;
                }
                if let Some(high_watermark) = fetched.high_watermark {
                    self.commit(high_watermark.min(self.log.end), out);
                }
            }
            FetchOutcome::Diverging { epoch, end_offset } => self.truncate(epoch, end_offset, out),
            FetchOutcome::Snapshot(id) => {
                // One that ends below what is committed here would take committed records back.
                if id.end_offset < self.high_watermark || id.end_offset.0 <= 0 {
                    self.back_off(from, now_ms);
                } else if let Role::Follower(following) = &mut self.role {
                    following.download = Some(Download { id, position: 0, complete: false });
                }
            }
        }
    }

    /// Notes a sign of life of the leader; false if it is not ours.
    fn leader_answered(&mut self, now_ms: i64, from: NodeId) -> bool {
        let deadline_ms = now_ms + self.config.fetch_timeout_ms;
        match &mut self.role {
            Role::Follower(following) if following.leader == from => {
                following.heard = true;
                following.deadline_ms = deadline_ms;
                true
            }
            _ => false,
        }
    }

    /// Appends if the batches continue our log; a peer's word is checked, not trusted.
    fn append_fetched(&mut self, batches: Vec<Batch>, out: &mut Vec<Action>) -> bool {
        let mut end = self.log.end;
        let mut epoch = self.log.last_epoch();
        for batch in &batches {
            let continues = batch.base_offset == end && batch.end_offset > end;
            if !continues || batch.epoch < epoch || batch.epoch > self.epoch {
                return false;
            }
            (end, epoch) = (batch.end_offset, batch.epoch);
        }
        if batches.is_empty() {
            return true;
        }
        for batch in &batches {
            self.log.append(batch.epoch, batch.end_offset);
            for (offset, record) in &batch.control {
                self.note_control(*offset, record);
            }
        }
        out.push(Action::AppendFetched(batches));
        true
    }

    fn truncate(&mut self, epoch: LeaderEpoch, end_offset: Offset, out: &mut Vec<Action>) {
        let to = self.log.divergence(epoch, end_offset);
        if to < self.high_watermark {
            let high_watermark = self.high_watermark;
            return self.halt(HaltReason::TruncateCommitted { to, high_watermark }, out);
        }
        if to >= self.log.end {
            return;
        }
        // Else its end would later be taken for that of the records that come in place of these.
        assert!(
            self.flushing.is_none(),
            "a replica that flushes has no fetch under way"
        );
        self.log.truncate(to);
        self.history.truncate(to);
        out.push(Action::Truncate { to });
    }

    pub(super) fn on_chunk(
        &mut self,
        now_ms: i64,
        from: NodeId,
        chunk: SnapshotChunk,
        out: &mut Vec<Action>,
    ) {
        if !self.leader_answered(now_ms, from) {
            return;
        }
        let Role::Follower(following) = &mut self.role else {
            return;
        };
        let Some(download) = &mut following.download else {
            return;
        };
        let (position, count) = (download.position, chunk.bytes.len() as u64);
        let end = position.saturating_add(count);
        let fits = chunk.snapshot == download.id && chunk.position == position && end <= chunk.size;
        if !fits || (count == 0 && end < chunk.size) {
            // Start again with whatever snapshot the leader has now.
            following.download = None;
            self.back_off(from, now_ms);
            return;
        }
        download.position = end;
        download.complete = end == chunk.size;
        let (id, complete) = (download.id, download.complete);
        out.push(Action::WriteChunk { snapshot: id, position, bytes: chunk.bytes });
        if complete {
            out.push(Action::InstallSnapshot { id });
        }
    }
}
