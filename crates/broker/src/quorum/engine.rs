//! The engine: carries out what the raft core asks for, on the disk; replays what is committed; answers who waits.
//!
//! All of it blocks and runs off the reactor. One round takes many decisions, appends them all, syncs once and answers
//! them together (group commit).

mod apply;
mod carry_out;
mod open;
mod propose;
mod snapshots;

pub(super) use snapshots::SnapshotJob;

use super::decision::Proposal;
use super::drive::Command;
use super::folder::MetadataFolder;
use super::metadata_log::MetadataLog;
use super::{MetadataListener, QuorumDescription, QuorumError, QuorumStartError};
use arc_swap::ArcSwap;
use klamm_host::Host;
use klamm_metadata::{Image, Replay};
use klamm_model::{LeaderEpoch, NodeId, Offset};
use klamm_raft::{Input, Quorum, ReplicaInfo, SnapshotPolicy, Voter};
use klamm_settings::{Layers, Settings};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicI16, AtomicI64};
use std::time::Duration;

/// What everybody may read at any time.
#[derive(Debug)]
pub(super) struct Published {
    pub(super) image: ArcSwap<Image>,
    pub(super) layers: ArcSwap<Layers>,
    /// The offset of the newest record that is in the image; -1 before the first.
    pub(super) applied: AtomicI64,
    /// The agreed `kraft.version`, which lives in control records.
    pub(super) kraft_version: AtomicI16,
}

/// Why the engine ends. All are final.
#[derive(Debug, thiserror::Error)]
pub(super) enum EngineError {
    #[error("the metadata log failed: {0}")]
    Disk(String),
    #[error("the metadata log can't be replayed: {0}")]
    Replay(String),
    #[error(transparent)]
    Halt(#[from] klamm_raft::HaltReason),
}

pub(super) struct Engine {
    host: Host,
    node: NodeId,
    settings: Settings,
    folder: MetadataFolder,
    raft: Quorum,
    log: MetadataLog,
    listener: Arc<dyn MetadataListener>,
    published: Arc<Published>,
    /// What is committed and replayed.
    applied: Applied,
    /// While leading: everything written, committed or not. Decisions are made on it.
    pending: Option<Replay>,
    /// Answers that wait for the high watermark, in the order of their ends.
    waiting: VecDeque<Waiting>,
    /// The values of the proposal that the core is just being asked about.
    proposing: Vec<bytes::Bytes>,
    proposed: Option<Result<Offset, QuorumError>>,
    flush_due: bool,
    snapshots: Snapshots,
    halted: bool,
}

struct Applied {
    replay: Replay,
    /// The next offset to replay.
    next: Offset,
    /// Epoch and time of the last batch replayed.
    epoch: LeaderEpoch,
    timestamp_ms: i64,
    /// Something was replayed since the last publication.
    fresh: bool,
}

struct Waiting {
    end: Offset,
    proposal: Box<dyn Proposal>,
}

struct Snapshots {
    policy: SnapshotPolicy,
    /// Bytes replayed since the last snapshot, and when the first of them were.
    bytes_since: u64,
    first_since_ms: Option<i64>,
    running: bool,
    /// One is due, and the log below it is on disk.
    is_ready: bool,
}

impl Engine {
    /// Starts: a node alone elects itself, commits its log and publishes before this returns.
    pub(super) fn begin(&mut self) -> Result<(), QuorumStartError> {
        let voters = self.raft.voters();
        if voters.is_empty() {
            return Err(QuorumStartError::NotFormatted(self.folder.display()));
        }
        if voters.len() != 1 || voters.voter(self.node).is_none() {
            return Err(QuorumStartError::Voters(voters.len()));
        }
        let begun = self
            .step(Input::Tick)
            .and_then(|()| self.settle())
            .and_then(|()| self.activate())
            .and_then(|()| self.hold_room());
        begun.map_err(|error| QuorumStartError::Open(error.to_string()))
    }

    /// Runs one round. Returns whether the task is to stop.
    pub(super) fn run(&mut self, round: Vec<Command>) -> bool {
        let mut stopping = None;
        let mut describing = Vec::new();
        let mut outcome = self.step(Input::Tick);
        for command in round {
            match command {
                Command::Decide(proposal) if outcome.is_ok() => outcome = self.propose(proposal),
                Command::Decide(proposal) => proposal.finish(Err(QuorumError::Stopped)),
                Command::Describe(caller) => describing.push(caller),
                Command::SnapshotWritten(id) => {
                    outcome = outcome.and_then(|()| self.on_snapshot_written(id));
                }
                Command::Shutdown(done) => stopping = Some(done),
            }
        }
        outcome = outcome
            .and_then(|()| self.settle())
            .and_then(|()| self.prepare_snapshot());
        if stopping.is_some() {
            outcome = outcome
                .and_then(|()| self.step(Input::Resign))
                .and_then(|()| self.settle())
                .and_then(|()| self.log.close());
        }
        if let Err(error) = outcome {
            self.halt(&error);
        }
        for caller in describing {
            let _ = caller.send(self.describe());
        }
        match stopping {
            Some(done) => {
                self.refuse_waiting(&QuorumError::Stopped);
                let _ = done.send(());
                true
            }
            None => false,
        }
    }

    /// Syncs, commits, replays, publishes and answers until nothing is left to do.
    pub(super) fn settle(&mut self) -> Result<(), EngineError> {
        while std::mem::take(&mut self.flush_due) {
            self.log.flush()?;
            self.step(Input::Flushed)?;
        }
        self.publish();
        self.answer_committed();
        Ok(())
    }

    /// Ends for good: nothing is acknowledged any more.
    fn halt(&mut self, error: &EngineError) {
        if std::mem::replace(&mut self.halted, true) {
            return;
        }
        tracing::error!(%error, "the metadata quorum stops");
        self.refuse_waiting(&QuorumError::Stopped);
        self.listener.halted(&error.to_string());
    }

    fn refuse_waiting(&mut self, error: &QuorumError) {
        for waiting in self.waiting.drain(..) {
            waiting.proposal.finish(Err(error.clone()));
        }
    }

    pub(super) const fn node(&self) -> NodeId {
        self.node
    }

    pub(super) const fn folder(&self) -> &MetadataFolder {
        &self.folder
    }

    pub(super) fn entropy(&self) -> u128 {
        self.host.entropy.next_u128()
    }

    /// This node as a voter.
    pub(super) fn own_voter(&self) -> Option<&Voter> {
        self.raft.voters().voter(self.node)
    }

    pub(super) const fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(super) const fn is_halted(&self) -> bool {
        self.halted
    }

    /// How long until something is due without being asked. `None`: for ever, and an idle node uses no CPU.
    pub(super) fn next_wait(&self) -> Option<Duration> {
        let raft = self.raft.next_deadline();
        let snapshot = self.snapshots.due_at();
        let at = [raft, snapshot].into_iter().flatten().min()?;
        let wait = at.saturating_sub(self.now_ms()).max(1);
        Some(Duration::from_millis(wait.unsigned_abs()))
    }

    /// The time of the core's timers: monotonic, so that a turned clock starts no election.
    fn now_ms(&self) -> i64 {
        i64::try_from(self.host.clock.monotonic().as_millis()).unwrap_or(i64::MAX)
    }

    fn describe(&self) -> Result<QuorumDescription, QuorumError> {
        let now_ms = self.now_ms();
        let info = self
            .raft
            .describe(now_ms)
            .ok_or(QuorumError::NotController)?;
        // The core's times are monotonic; what is shown is wall-clock.
        let shift = self.host.clock.now_ms().saturating_sub(now_ms);
        let wall = |time: i64| {
            if time < 0 {
                -1
            } else {
                time.saturating_add(shift)
            }
        };
        let shown = |replica: ReplicaInfo| ReplicaInfo {
            fetched_ms: wall(replica.fetched_ms),
            caught_up_ms: wall(replica.caught_up_ms),
            ..replica
        };
        Ok(QuorumDescription {
            leader: info.leader,
            epoch: info.epoch,
            high_watermark: info.high_watermark.unwrap_or(Offset(-1)),
            voters: info.voters.into_iter().map(shown).collect(),
            observers: info.observers.into_iter().map(shown).collect(),
            nodes: self.raft.voters().iter().cloned().collect(),
        })
    }
}
