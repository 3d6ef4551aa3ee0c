//! What goes into [`Quorum::step`](crate::Quorum::step) and what comes out.

use crate::election_state::ElectionState;
use crate::message::{Batch, ReplicaKey, Reply, Request};
use crate::snapshot::SnapshotId;
use crate::voters::{Voter, VoterSet};
use bytes::Bytes;
use klamm_model::{LeaderEpoch, NodeId, Offset};

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Time has passed, or the node has just started.
    Tick,
    /// A request of another replica.
    Request {
        /// Names the request in [`Action::Reply`] and its kin. The caller's choice.
        id: u64,
        /// The request.
        request: Request,
    },
    /// An answer to [`Action::Send`].
    Reply {
        /// Who answers.
        from: NodeId,
        /// The correlation of the request.
        correlation: u64,
        /// The answer.
        reply: Reply,
    },
    /// A request will not be answered: the connection is gone.
    Failed {
        /// Who was asked.
        to: NodeId,
        /// The correlation of the request.
        correlation: u64,
    },
    /// Somebody wants records in the log.
    Propose {
        /// Names the proposal in the action that follows.
        id: u64,
        /// How many records; their offsets are reserved as one run.
        records: u32,
    },
    /// The flush asked for by [`Action::Flush`] is done.
    Flushed,
    /// A snapshot of the committed state was written and is durable.
    SnapshotTaken {
        /// Which. Above the high watermark it is ignored.
        id: SnapshotId,
    },
    /// Answers [`Action::InstallSnapshot`]: the snapshot is in place and the log starts (empty) behind it.
    SnapshotInstalled {
        /// Which.
        id: SnapshotId,
        /// The voters in it, if it has any.
        voters: Option<VoterSet>,
        /// The `kraft.version` in it.
        kraft_version: i16,
    },
    /// The log was trimmed behind a snapshot; `id` ends where the log now starts.
    LogTrimmed {
        /// The snapshot at the log's start.
        id: SnapshotId,
    },
    /// Somebody wants other voters. Answered by [`Action::VotersChanged`] or [`Action::RefuseChange`].
    ChangeVoters {
        /// Names the change in the answer.
        id: u64,
        /// The change.
        change: VoterChange,
    },
    /// Step down and don't stand for election again: the node is about to stop.
    Resign,
}

/// What to do. Actions are carried out in order, each completed before the next one starts, except that
/// [`Action::Flush`] and [`Action::Send`] are only started. That order is the promise "durable before told": a
/// `Persist` always precedes the messages that depend on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Write the `quorum-state` file durably. Directly followed by another `Persist`, it may be left out.
    Persist(ElectionState),
    /// Append a control batch.
    AppendControl {
        /// Offset of the first record.
        base_offset: Offset,
        /// The epoch to write into the batch.
        epoch: LeaderEpoch,
        /// The records, in order.
        records: Vec<ControlRecord>,
    },
    /// Append the records of a proposal.
    AppendProposal {
        /// The proposal.
        id: u64,
        /// Offset of the first record.
        base_offset: Offset,
        /// The epoch to write into the batches.
        epoch: LeaderEpoch,
    },
    /// This node can't append: it does not lead, or has not yet committed a record of its epoch.
    RefuseProposal {
        /// The proposal.
        id: u64,
        /// Who leads, if known.
        leader: Option<NodeId>,
    },
    /// A change of the voters is committed.
    VotersChanged {
        /// The change.
        id: u64,
    },
    /// A change of the voters is refused, or (`NotLeader`) may or may not come to pass.
    RefuseChange {
        /// The change.
        id: u64,
        /// Why.
        reason: ChangeRefusal,
    },
    /// Append fetched batches as they are.
    AppendFetched(Vec<Batch>),
    /// Cut the log: drop everything at and above this offset.
    Truncate {
        /// The new log end.
        to: Offset,
    },
    /// Make the log durable (start it; answer with [`Input::Flushed`]). Only one at a time is asked for.
    Flush {
        /// At least up to here.
        to: Offset,
    },
    /// Send a request; feed the answer back as [`Input::Reply`] or [`Input::Failed`].
    Send {
        /// To whom.
        to: NodeId,
        /// Names the request in its answer.
        correlation: u64,
        /// The request.
        request: Request,
    },
    /// Answer a request.
    Reply {
        /// The request.
        id: u64,
        /// The answer.
        reply: Reply,
    },
    /// Answer a fetch with records: read them from the log and fill them into `reply`.
    ReplyWithRecords {
        /// The request.
        id: u64,
        /// First offset.
        from: Offset,
        /// Roughly how many bytes; at least one batch.
        max_bytes: u32,
        /// The answer but for its records.
        reply: Reply,
    },
    /// Answer a snapshot fetch: read a piece of the file and fill it into `reply`.
    ReplyWithChunk {
        /// The request.
        id: u64,
        /// The snapshot.
        snapshot: SnapshotId,
        /// First byte.
        position: u64,
        /// Roughly how many bytes.
        max_bytes: u32,
        /// Refused; replace the body by the chunk, or keep it if the snapshot or position does not exist.
        reply: Reply,
    },
    /// Write a fetched piece into the temporary file of a snapshot.
    WriteChunk {
        /// The snapshot.
        snapshot: SnapshotId,
        /// Where the piece belongs. 0 starts the file anew.
        position: u64,
        /// The piece.
        bytes: Bytes,
    },
    /// All pieces are there: check the snapshot, make it durable, drop the whole log and start it at the snapshot's end.
    InstallSnapshot {
        /// The snapshot.
        id: SnapshotId,
    },
    /// Everything below is committed. Rises only.
    Commit {
        /// The high watermark.
        high_watermark: Offset,
    },
    /// This node leads and its first record is committed: proposals are welcome.
    BecameLeader {
        /// The epoch.
        epoch: LeaderEpoch,
    },
    /// This node leads no longer. What it proposed and did not see committed may or may not survive.
    LostLeadership {
        /// The epoch that it led.
        epoch: LeaderEpoch,
    },
    /// Another leader, or none, is known.
    LeaderChanged {
        /// The leader.
        leader: Option<NodeId>,
        /// The epoch.
        epoch: LeaderEpoch,
    },
    /// Stop the node: going on would lose committed records. Nothing follows.
    Halt(HaltReason),
}

/// A change of the voters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VoterChange {
    /// A replica that follows as an observer becomes a voter.
    Add(Voter),
    /// A voter becomes an observer.
    Remove(ReplicaKey),
    /// A voter listens elsewhere, or supports other versions.
    Update(Voter),
}

/// Why the voters stay as they are. Each has one Kafka error code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChangeRefusal {
    /// Ask the leader.
    #[error("this node does not lead the quorum")]
    NotLeader,
    /// The leader is new, or another change is not committed yet. Ask again.
    #[error("another change of the voters is under way")]
    Busy,
    /// Voters come from the configuration (`kraft.version` 0).
    #[error("the voters are static: kraft.version is 0")]
    Static,
    /// A voter has this node id.
    #[error("the node is a voter already")]
    Duplicate,
    /// No voter has this node id and directory.
    #[error("there is no such voter")]
    NotFound,
    /// The only voter can't go.
    #[error("the last voter can't be removed")]
    Last,
    /// The replica does not follow, or has not caught up. Ask again.
    #[error("the replica has not caught up with the leader")]
    Lagging,
    /// The replica does not support the `kraft.version` in use.
    #[error("the replica does not support the kraft.version in use")]
    Unsupported,
}

/// A record that the quorum itself writes and reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ControlRecord {
    /// First record of an epoch.
    LeaderChange {
        /// Who leads.
        leader: NodeId,
        /// Who may vote.
        voters: Vec<NodeId>,
        /// Who voted for the leader.
        granting: Vec<NodeId>,
    },
    /// The level of `kraft.version` from here on.
    KRaftVersion(i16),
    /// The voters from here on.
    Voters(VoterSet),
    /// First record of a snapshot file.
    SnapshotHeader {
        /// Timestamp of the last batch that the snapshot contains.
        last_timestamp_ms: i64,
    },
    /// Last record of a snapshot file.
    SnapshotFooter,
}

/// Why the node must stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HaltReason {
    /// The leader's log parts from ours below what is committed.
    #[error(
        "the leader asks to truncate committed records: to {to}, high watermark {high_watermark}"
    )]
    TruncateCommitted {
        /// Where the logs part.
        to: Offset,
        /// What is committed.
        high_watermark: Offset,
    },
}
