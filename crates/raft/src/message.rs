//! What voters say to each other: Vote, BeginQuorumEpoch, EndQuorumEpoch, Fetch, FetchSnapshot and their replies.
//!
//! The wire's requests carry more (cluster id, topic, endpoints); who decodes them checks those and keeps the addresses.

use crate::action::ControlRecord;
use crate::snapshot::SnapshotId;
use bytes::Bytes;
use klamm_model::{LeaderEpoch, NodeId, Offset, Uuid};

/// A replica: the node and the directory its log is in. A node with a new disk is a new replica (KIP-853).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReplicaKey {
    /// The node.
    pub id: NodeId,
    /// The directory's id; zero if the sender is too old to say.
    pub directory: Uuid,
}

impl ReplicaKey {
    /// Whether both name one replica. An unknown directory matches any.
    #[must_use]
    pub fn is_same(self, other: Self) -> bool {
        self.id == other.id
            && (self.directory == other.directory
                || self.directory == Uuid::ZERO
                || other.directory == Uuid::ZERO)
    }
}

/// A question to another replica.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Vote for me, or would you (KIP-996)?
    Vote(Vote),
    /// I am the leader.
    BeginQuorumEpoch(BeginQuorumEpoch),
    /// I am no longer the leader.
    EndQuorumEpoch(EndQuorumEpoch),
    /// Give me what follows in the log; says at once what I hold.
    Fetch(Fetch),
    /// Give me a piece of a snapshot.
    FetchSnapshot(FetchSnapshot),
}

/// Asks for a vote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vote {
    /// The candidate's epoch.
    pub epoch: LeaderEpoch,
    /// Who asks.
    pub candidate: ReplicaKey,
    /// Who is meant; `None` if the sender does not know directories.
    pub voter: Option<ReplicaKey>,
    /// Epoch of the candidate's last record.
    pub last_epoch: LeaderEpoch,
    /// Where the candidate's log ends.
    pub end_offset: Offset,
    /// Only asks whether a vote could be had; binds nobody.
    pub pre_vote: bool,
}

/// Announces a leader to a voter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeginQuorumEpoch {
    /// The leader, who sends this.
    pub leader: NodeId,
    /// Its epoch.
    pub epoch: LeaderEpoch,
    /// Who is meant.
    pub voter: Option<ReplicaKey>,
}

/// Announces that a leader steps down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndQuorumEpoch {
    /// The former leader, who sends this.
    pub leader: NodeId,
    /// Its epoch.
    pub epoch: LeaderEpoch,
    /// Who should try first, best log first.
    pub preferred_successors: Vec<ReplicaKey>,
}

/// Asks for records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetch {
    /// Who asks. Voters count towards the high watermark.
    pub replica: ReplicaKey,
    /// The epoch in which the sender follows.
    pub epoch: LeaderEpoch,
    /// Where the sender's (durable, if it is a voter) log ends.
    pub offset: Offset,
    /// Epoch of its last record.
    pub last_epoch: LeaderEpoch,
    /// The high watermark it knows; the leader answers at once if its own is higher. `None`: don't.
    pub high_watermark: Option<Offset>,
    /// How long the leader may hold the request if there is nothing to send, in milliseconds.
    pub max_wait_ms: i64,
    /// Roughly how many bytes to send.
    pub max_bytes: u32,
}

/// Asks for a piece of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchSnapshot {
    /// Who asks.
    pub replica: ReplicaKey,
    /// The epoch in which the sender follows.
    pub epoch: LeaderEpoch,
    /// Which snapshot.
    pub snapshot: SnapshotId,
    /// First byte.
    pub position: u64,
    /// Roughly how many bytes to send.
    pub max_bytes: u32,
}

/// An answer. Every answer also says whom the sender takes for the leader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The leader of `epoch`, if the sender knows one.
    pub leader: Option<NodeId>,
    /// The sender's epoch.
    pub epoch: LeaderEpoch,
    /// The answer itself.
    pub body: Result<ReplyBody, Refusal>,
}

/// What a request achieved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplyBody {
    /// Answers [`Vote`].
    Vote {
        /// The vote is yours.
        granted: bool,
    },
    /// Answers [`BeginQuorumEpoch`]: I follow you.
    BeginQuorumEpoch,
    /// Answers [`EndQuorumEpoch`]: understood.
    EndQuorumEpoch,
    /// Answers [`Fetch`].
    Fetch(FetchReply),
    /// Answers [`FetchSnapshot`].
    FetchSnapshot(SnapshotChunk),
}

/// Answers a fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchReply {
    /// The leader's; `None` until it committed a record of its epoch.
    pub high_watermark: Option<Offset>,
    /// Where the leader's log starts.
    pub log_start: Offset,
    /// Records, or what to do first.
    pub outcome: FetchOutcome,
}

/// What a fetch brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchOutcome {
    /// What follows in the log; may be nothing.
    Records(Vec<Batch>),
    /// The logs part: truncate to where this epoch ends in both, then fetch again (KIP-279).
    Diverging {
        /// The largest epoch of the leader that is not above the follower's.
        epoch: LeaderEpoch,
        /// Where it ends in the leader's log.
        end_offset: Offset,
    },
    /// The records are gone: load this snapshot first (KIP-630).
    Snapshot(SnapshotId),
}

/// A batch as fetched: already checked (CRC, format) by who decoded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Its first offset.
    pub base_offset: Offset,
    /// One past its last offset.
    pub end_offset: Offset,
    /// The epoch of the leader that appended it.
    pub epoch: LeaderEpoch,
    /// Its control records with their offsets, if it is a control batch.
    pub control: Vec<(Offset, ControlRecord)>,
    /// The batch, byte for byte.
    pub bytes: Bytes,
}

/// A piece of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotChunk {
    /// Which snapshot.
    pub snapshot: SnapshotId,
    /// Its length in bytes.
    pub size: u64,
    /// Where the piece starts.
    pub position: u64,
    /// The piece.
    pub bytes: Bytes,
}

/// Why a request is refused. Each has one Kafka error code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request's epoch is over.
    #[error("the leader epoch of the request is over")]
    FencedLeaderEpoch,
    /// The request's epoch is ahead of the receiver's.
    #[error("the leader epoch of the request is not known here yet")]
    UnknownLeaderEpoch,
    /// Ask the leader.
    #[error("this node does not lead the quorum")]
    NotLeader,
    /// The request means another replica: same node id, other directory.
    #[error("the request is meant for another replica of this node")]
    InvalidVoterKey,
    /// The request contradicts what the protocol allows.
    #[error("the request contradicts the protocol")]
    InvalidRequest,
    /// The snapshot is not here (any more).
    #[error("there is no such snapshot")]
    SnapshotNotFound,
    /// The position is behind the snapshot's end.
    #[error("the position lies behind the end of the snapshot")]
    PositionOutOfRange,
}
