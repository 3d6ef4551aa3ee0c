//! The metadata quorum: elections, log agreement, snapshots, voters (KIP-595, 853, 996). Pure.
//!
//! [`Quorum::step`] takes the time and one input and says what to do next. It never touches a disk, a socket or a
//! clock, so a thousand clusters fit into a test. A single node is a quorum of one and takes the same path as three:
//! it votes for itself, persists the vote, appends its leader change and commits by its own flushed log.
//!
//! ```text
//! log start ≤ high watermark ≤ flushed ≤ log end
//!     │             │             │         └ the next offset to assign
//!     │             │             └ survives a crash here: what a voter may acknowledge
//!     │             └ on the disks of a majority: safe to apply
//!     └ what lies before is in a snapshot
//! ```

mod action;
mod control;
mod election_state;
pub mod generated;
mod log_state;
mod message;
mod peers;
mod quorum;
mod snapshot;
mod voters;

pub use action::{Action, ChangeRefusal, ControlRecord, HaltReason, Input, VoterChange};
pub use control::{ControlReadError, ControlWriteError};
pub use election_state::{ElectionState, ElectionStateError};
pub use log_state::{EpochStart, LogState};
pub use message::{
    Batch, BeginQuorumEpoch, EndQuorumEpoch, Fetch, FetchOutcome, FetchReply, FetchSnapshot,
    Refusal, ReplicaKey, Reply, ReplyBody, Request, SnapshotChunk, Vote,
};
pub use quorum::{Config, Quorum, QuorumInfo, ReplicaInfo, Start, StateName};
pub use snapshot::{SnapshotId, SnapshotPolicy};
pub use voters::{Endpoint, Voter, VoterHistory, VoterSet};
