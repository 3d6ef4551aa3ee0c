//! What groups tell whoever watches them: how long members' assignments moved, and which members are gone, and why.

use super::command::GroupKind;
use super::standing::Pause;
use klamm_codec::Str;

/// Something that happened in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// A member has what it shall have.
    Pause(Pause),
    /// A member is gone.
    Gone(Gone),
}

/// A member that is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// Its group.
    pub group: Str,
    /// The protocol of that group.
    pub kind: GroupKind,
    /// Its id.
    pub member: Str,
    /// Why.
    pub why: Departure,
}

/// Why a member is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Departure {
    /// It said so, or an administrator did for it.
    Left,
    /// It gave no sign of life for its session timeout.
    Session,
    /// It did not join the round again within the rebalance timeout.
    Join,
    /// It did not ask for its assignment, or did not bring everyone's, within the rebalance timeout.
    Sync,
    /// It did not give partitions back within its rebalance timeout.
    Revocation,
    /// The group is full.
    NoRoom,
}

impl Departure {
    /// All of them, in the order of [`Departure::index`].
    pub const ALL: [Self; 6] = [
        Self::Left,
        Self::Session,
        Self::Join,
        Self::Sync,
        Self::Revocation,
        Self::NoRoom,
    ];

    /// Its name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Session => "session_timeout",
            Self::Join => "join_timeout",
            Self::Sync => "sync_timeout",
            Self::Revocation => "revocation_timeout",
            Self::NoRoom => "no_room",
        }
    }

    /// Where it stands among [`Departure::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}
