//! Where a transaction stands.

use std::fmt::{self, Display, Formatter};

/// Where a transaction stands. The numbers are those of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i8)]
pub enum TransactionState {
    /// The id has a producer, and none of its transactions is known.
    Empty = 0,
    /// Partitions are being added and written.
    Ongoing = 1,
    /// Decided: commit. Markers are being written.
    PrepareCommit = 2,
    /// Decided: abort. Markers are being written.
    PrepareAbort = 3,
    /// The last transaction was committed.
    CompleteCommit = 4,
    /// The last transaction was aborted.
    CompleteAbort = 5,
    /// The id has expired. Never in the log.
    Dead = 6,
    /// A producer is being fenced. Never in the log.
    PrepareEpochFence = 7,
}

impl TransactionState {
    /// All, by number.
    pub const ALL: [Self; 8] = [
        Self::Empty,
        Self::Ongoing,
        Self::PrepareCommit,
        Self::PrepareAbort,
        Self::CompleteCommit,
        Self::CompleteAbort,
        Self::Dead,
        Self::PrepareEpochFence,
    ];

    /// The state of a record. Two states are none of the log's.
    #[must_use]
    pub fn from_log(number: i8) -> Option<Self> {
        let found = Self::ALL.into_iter().find(|state| *state as i8 == number);
        found.filter(|state| !matches!(state, Self::Dead | Self::PrepareEpochFence))
    }

    /// The state that an administrator names.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// As administrators see it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::Ongoing => "Ongoing",
            Self::PrepareCommit => "PrepareCommit",
            Self::PrepareAbort => "PrepareAbort",
            Self::CompleteCommit => "CompleteCommit",
            Self::CompleteAbort => "CompleteAbort",
            Self::Dead => "Dead",
            Self::PrepareEpochFence => "PrepareEpochFence",
        }
    }

    /// No transaction is under way.
    #[must_use]
    pub fn is_at_rest(self) -> bool {
        matches!(
            self,
            Self::Empty | Self::CompleteCommit | Self::CompleteAbort
        )
    }

    /// Decided, and the markers are not all written.
    #[must_use]
    pub fn is_prepared(self) -> bool {
        matches!(self, Self::PrepareCommit | Self::PrepareAbort)
    }
}

impl Display for TransactionState {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
