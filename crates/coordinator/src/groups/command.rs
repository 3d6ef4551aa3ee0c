//! What a shard is asked, and what it answers.

use super::assign::Assignor;
use super::classic::GroupState;
use super::consumer::{ConsumerAnswer, ConsumerHeartbeat};
use super::standing::Standing;
use crate::shard::OpenTransaction;
use bytes::Bytes;
use klamm_codec::Str;
use klamm_model::Uuid;

/// The settings of a coordinator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupConfig {
    /// `group.min.session.timeout.ms`.
    pub session_timeout_min_ms: i32,
    /// `group.max.session.timeout.ms`.
    pub session_timeout_max_ms: i32,
    /// `group.initial.rebalance.delay.ms`: the longest wait for more members of an empty group.
    pub initial_delay_max_ms: i64,
    /// An empty group begins once nobody has joined for this long.
    pub initial_quiet_ms: i64,
    /// `group.max.size`.
    pub members_max: usize,
    /// `offset.metadata.max.bytes`.
    pub offset_metadata_bytes_max: usize,
    /// `offsets.retention.minutes`, in milliseconds.
    pub offsets_retention_ms: i64,
    /// `offsets.retention.check.interval.ms`.
    pub offsets_check_interval_ms: i64,
    /// Of groups of the consumer protocol.
    pub consumer: ConsumerConfig,
}

/// The settings of a coordinator for groups of the consumer protocol. Times that a group may set for itself come from
/// the [`Surroundings`](super::Surroundings).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerConfig {
    /// `group.consumer.max.size`.
    pub members_max: usize,
    /// `group.consumer.assignors`, the default first.
    pub assignors: Vec<Assignor>,
    /// `group.consumer.migration.policy`.
    pub migration: MigrationPolicy,
    /// Changes that follow each other more closely than this share one target.
    pub quiet_ms: i64,
}

/// Kafka's defaults.
impl Default for ConsumerConfig {
    fn default() -> Self {
        Self {
            members_max: usize::MAX,
            assignors: Assignor::ALL.to_vec(),
            migration: MigrationPolicy::Bidirectional,
            quiet_ms: 50,
        }
    }
}

/// Whether a group may move between the protocols while it has members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MigrationPolicy {
    /// Not at all.
    Disabled,
    /// To the classic protocol.
    Downgrade,
    /// To the consumer protocol.
    Upgrade,
    /// Both ways.
    Bidirectional,
}

/// Why a request is refused. Each has Kafka's error code of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GroupError {
    /// The id is empty.
    #[error("a group's id is not empty")]
    InvalidGroupId,
    /// There is no such group.
    #[error("no group has this id")]
    GroupIdNotFound,
    /// The group has members.
    #[error("the group has members")]
    NonEmptyGroup,
    /// The group has no such member.
    #[error("the group has no such member")]
    UnknownMemberId,
    /// The member must join again with the id that it was given (KIP-394).
    #[error("a member joins with the id that it was given")]
    MemberIdRequired,
    /// Another member has taken over the instance id (KIP-345).
    #[error("another member has taken over the instance id")]
    FencedInstanceId,
    /// The generation is not the current one.
    #[error("the generation is not the current one")]
    IllegalGeneration,
    /// No protocol is common to all members.
    #[error("no protocol is common to all members")]
    InconsistentGroupProtocol,
    /// Outside of the allowed range.
    #[error("the session timeout is outside of the allowed range")]
    InvalidSessionTimeout,
    /// The group is full.
    #[error("the group is full")]
    GroupMaxSizeReached,
    /// Members are joining again.
    #[error("the group rebalances")]
    RebalanceInProgress,
    /// The note beside an offset is too long.
    #[error("the note beside the offset is too long")]
    OffsetMetadataTooLarge,
    /// Members read the topic.
    #[error("members of the group read the topic")]
    GroupSubscribedToTopic,
    /// The member's epoch is not the one that it has.
    #[error("the member's epoch is not the one that it has: it joins again, without partitions")]
    FencedMemberEpoch,
    /// The member's epoch is not the one that it has; a heartbeat brings the newest.
    #[error("the member's epoch is not the one that it has: it asks for it")]
    StaleMemberEpoch,
    /// A member that has not left has the instance id.
    #[error("a member that has not left has the instance id")]
    UnreleasedInstanceId,
    /// There is no such assignor.
    #[error("the coordinator has no such assignor")]
    UnsupportedAssignor,
    /// The pattern can't be read.
    #[error("the pattern of topics can't be read")]
    InvalidRegularExpression,
    /// A member of the consumer protocol used a request that does not know it.
    #[error("members of the consumer protocol commit by version 9 or later")]
    UnsupportedVersion,
    /// The request contradicts itself.
    #[error("{0}")]
    InvalidRequest(&'static str),
}

/// A request that changes state. What is large is in a box: a command passes through several hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// JoinGroup.
    Join(Box<Join>),
    /// SyncGroup.
    Sync(Box<Sync>),
    /// Heartbeat.
    Heartbeat(Box<Heartbeat>),
    /// LeaveGroup.
    Leave(Leave),
    /// ConsumerGroupHeartbeat.
    ConsumerHeartbeat(Box<ConsumerHeartbeat>),
    /// OffsetCommit.
    CommitOffsets(Box<CommitOffsets>),
    /// TxnOffsetCommit.
    CommitOpen {
        /// What; its `retention_ms` says nothing.
        commit: Box<CommitOffsets>,
        /// In whose transaction.
        producer: OpenTransaction,
    },
    /// OffsetDelete: topic and partition of each.
    DeleteOffsets {
        /// The group.
        group: Str,
        /// What to forget.
        partitions: Vec<(Str, i32)>,
    },
    /// Topics are gone from the cluster: what any group has committed for them is forgotten, so that a group does not go on in
    /// a new topic of the same name where it stopped in the old one.
    ForgetTopics {
        /// Their names.
        topics: Vec<Str>,
    },
    /// DeleteGroups, one group.
    DeleteGroup {
        /// The group.
        group: Str,
    },
}

/// A member wants to join, or to join again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    /// The group.
    pub group: Str,
    /// Empty for a member without one.
    pub member_id: Str,
    /// For static members (KIP-345).
    pub instance_id: Option<Str>,
    /// What the client calls itself.
    pub client_id: Str,
    /// Where it comes from.
    pub client_host: Str,
    /// In milliseconds.
    pub session_timeout_ms: i32,
    /// In milliseconds.
    pub rebalance_timeout_ms: i32,
    /// `consumer`, `connect`, …
    pub protocol_type: Str,
    /// Name and metadata, the best first.
    pub protocols: Vec<(Str, Bytes)>,
    /// The client knows MEMBER_ID_REQUIRED (version 4 on).
    pub requires_known_member_id: bool,
    /// The client may be told to skip the assignment (version 9 on).
    pub supports_skipping_assignment: bool,
    /// Becomes part of a new member's id.
    pub random: Uuid,
}

/// A member asks for its assignment; the leader brings everybody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sync {
    /// The group.
    pub group: Str,
    /// The member.
    pub member_id: Str,
    /// For static members.
    pub instance_id: Option<Str>,
    /// The generation that it joined.
    pub generation: i32,
    /// What the client believes, if it says so.
    pub protocol_type: Option<Str>,
    /// What the client believes, if it says so.
    pub protocol_name: Option<Str>,
    /// Member and assignment; from the leader only.
    pub assignments: Vec<(Str, Bytes)>,
}

/// A member lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// The group.
    pub group: Str,
    /// The member.
    pub member_id: Str,
    /// For static members.
    pub instance_id: Option<Str>,
    /// The generation that it joined.
    pub generation: i32,
}

/// Members leave, or are removed by an administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leave {
    /// The group.
    pub group: Str,
    /// Who leaves.
    pub members: Vec<LeavingMember>,
}

/// One of those that leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeavingMember {
    /// Empty if the instance id alone names it.
    pub member_id: Str,
    /// For static members.
    pub instance_id: Option<Str>,
}

/// How far a group has read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitOffsets {
    /// The group.
    pub group: Str,
    /// Empty outside of a membership.
    pub member_id: Str,
    /// For static members.
    pub instance_id: Option<Str>,
    /// A member's epoch in the consumer protocol; -1 outside of a membership.
    pub generation: i32,
    /// The request's version knows epochs of members (version 9 on).
    pub knows_member_epochs: bool,
    /// When the offsets expire, counted from now; -1 leaves it to the group's retention.
    pub retention_ms: i64,
    /// One result is given for each, in this order.
    pub offsets: Vec<NewOffset>,
}

/// An offset to commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOffset {
    /// The topic.
    pub topic: Str,
    /// The partition.
    pub partition: i32,
    /// The next record to read.
    pub offset: i64,
    /// Of the last record read; -1 if unknown.
    pub leader_epoch: i32,
    /// A note of the client.
    pub metadata: Str,
}

/// A committed offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommittedOffset {
    /// The next record to read.
    pub offset: i64,
    /// Of the last record read; -1 if unknown.
    pub leader_epoch: i32,
    /// A note of the client.
    pub metadata: Str,
    /// Wall time of the commit.
    pub committed_ms: i64,
    /// Wall time after which it is dropped; -1 leaves it to the group's retention.
    pub expires_ms: i64,
}

/// The answer to a command. Large ones are in boxes: an answer passes through several hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// To `Join`.
    Join(Result<Box<Joined>, JoinRefused>),
    /// To `Sync`.
    Sync(Result<Box<Synced>, GroupError>),
    /// To `ConsumerHeartbeat`.
    ConsumerHeartbeat(Result<ConsumerAnswer, GroupError>),
    /// To `Heartbeat`, `DeleteGroup` and `ForgetTopics`.
    Done(Result<(), GroupError>),
    /// To `Leave`, `CommitOffsets`, `CommitOpen` and `DeleteOffsets`: a result for each item, in the order of the request.
    Each(Result<Vec<Result<(), GroupError>>, GroupError>),
}

/// A member is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// The generation that begins.
    pub generation: i32,
    /// As the group has it.
    pub protocol_type: Option<Str>,
    /// The chosen protocol.
    pub protocol_name: Option<Str>,
    /// Who assigns.
    pub leader: Str,
    /// The leader need not assign (KIP-814).
    pub skip_assignment: bool,
    /// This member.
    pub member_id: Str,
    /// Everybody, for the leader.
    pub members: Vec<JoinedMember>,
}

/// A member as its leader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinedMember {
    /// Its id.
    pub member_id: Str,
    /// For static members.
    pub instance_id: Option<Str>,
    /// For the chosen protocol.
    pub metadata: Bytes,
}

/// A member is not in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinRefused {
    /// Why.
    pub error: GroupError,
    /// The id to join with after `MemberIdRequired`; else the one that was sent.
    pub member_id: Str,
}

/// What a member has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Synced {
    /// As the group has it.
    pub protocol_type: Option<Str>,
    /// The chosen protocol.
    pub protocol_name: Option<Str>,
    /// From the leader.
    pub assignment: Bytes,
}

/// A group in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedGroup {
    /// Its id.
    pub group: Str,
    /// Empty for a group that only commits offsets.
    pub protocol_type: Str,
    /// Where it stands, in the words of its protocol.
    pub state: String,
    /// Which protocol rules it.
    pub kind: GroupKind,
}

/// Which protocol rules a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupKind {
    /// The clients assign.
    Classic,
    /// The coordinator assigns (KIP-848).
    Consumer,
}

/// A group in detail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribedGroup {
    /// Where it stands.
    pub state: GroupState,
    /// Empty for a group that only commits offsets.
    pub protocol_type: Str,
    /// The chosen protocol of a stable group.
    pub protocol_name: Str,
    /// Its members, by id.
    pub members: Vec<DescribedMember>,
}

/// A member in detail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribedMember {
    /// Its id.
    pub member_id: Str,
    /// For static members.
    pub instance_id: Option<Str>,
    /// What the client calls itself.
    pub client_id: Str,
    /// Where it comes from.
    pub client_host: Str,
    /// For the chosen protocol of a stable group.
    pub metadata: Bytes,
    /// From the leader.
    pub assignment: Bytes,
    /// How it stands.
    pub standing: Standing,
}

/// What a group wants done outside of its log: nothing so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {}

/// What a step did.
pub type Output = crate::shard::Output<super::shard::GroupShard>;
