//! Who may vote, as the log says it: the newest voters record counts from the moment it is appended (KIP-853).

use crate::message::ReplicaKey;
use klamm_model::{NodeId, Offset};
use std::collections::BTreeMap;

/// Where a voter listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The listener's name.
    pub name: String,
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// A voter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voter {
    /// Node and directory.
    pub key: ReplicaKey,
    /// Its controller listeners.
    pub endpoints: Vec<Endpoint>,
    /// The lowest `kraft.version` it supports.
    pub kraft_version_min: i16,
    /// The highest `kraft.version` it supports.
    pub kraft_version_max: i16,
}

/// The voters, by node id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VoterSet {
    voters: BTreeMap<NodeId, Voter>,
}

impl VoterSet {
    /// The set of these voters; of two with one id, the last counts.
    pub fn new(voters: impl IntoIterator<Item = Voter>) -> Self {
        Self {
            voters: voters
                .into_iter()
                .map(|voter| (voter.key.id, voter))
                .collect(),
        }
    }

    /// The voters in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &Voter> {
        self.voters.values()
    }

    /// Their ids.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.voters.keys().copied()
    }

    /// A voter by node id.
    #[must_use]
    pub fn voter(&self, id: NodeId) -> Option<&Voter> {
        self.voters.get(&id)
    }

    /// Whether this very replica, not just its node, is a voter.
    #[must_use]
    pub fn contains(&self, key: ReplicaKey) -> bool {
        self.voters
            .get(&key.id)
            .is_some_and(|voter| voter.key.is_same(key))
    }

    /// Whether this replica is the one voter.
    #[must_use]
    pub fn is_only(&self, key: ReplicaKey) -> bool {
        self.voters.len() == 1 && self.contains(key)
    }

    /// How many voters.
    #[must_use]
    pub fn len(&self) -> usize {
        self.voters.len()
    }

    /// Whether there is no voter at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.voters.is_empty()
    }

    /// How many voters decide.
    #[must_use]
    pub fn majority(&self) -> usize {
        self.voters.len() / 2 + 1
    }
}

/// The voters and `kraft.version` over the offsets of the log, so that a truncation can take a change back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoterHistory {
    base: (VoterSet, i16),
    bootstrap: bool,
    changes: Vec<(Offset, VoterSet)>,
    versions: Vec<(Offset, i16)>,
}

impl VoterHistory {
    /// Starts with what the configuration (`kraft_version` 0) or a snapshot says.
    #[must_use]
    pub const fn new(voters: VoterSet, kraft_version: i16) -> Self {
        Self {
            base: (voters, kraft_version),
            bootstrap: false,
            changes: Vec::new(),
            versions: Vec::new(),
        }
    }

    /// Starts with the voters of the checkpoint that formatting wrote: the first leader copies them into the log.
    #[must_use]
    pub const fn from_bootstrap(voters: VoterSet, kraft_version: i16) -> Self {
        Self {
            base: (voters, kraft_version),
            bootstrap: true,
            changes: Vec::new(),
            versions: Vec::new(),
        }
    }

    /// The voters now.
    #[must_use]
    pub fn voters(&self) -> &VoterSet {
        self.changes
            .last()
            .map_or(&self.base.0, |(_, voters)| voters)
    }

    /// Where the newest voters record in the log is; `None` if the voters come from elsewhere.
    #[must_use]
    pub fn last_change(&self) -> Option<Offset> {
        self.changes.last().map(|(offset, _)| *offset)
    }

    /// The voters before the newest voters record. Since changes go one at a time, one of the two sets is committed.
    #[must_use]
    pub fn previous(&self) -> &VoterSet {
        self.changes
            .iter()
            .rev()
            .nth(1)
            .map_or(&self.base.0, |(_, voters)| voters)
    }

    /// The `kraft.version` now.
    #[must_use]
    pub fn kraft_version(&self) -> i16 {
        self.versions
            .last()
            .map_or(self.base.1, |(_, version)| *version)
    }

    /// Voters and version as of an offset: what a snapshot that ends there must contain.
    #[must_use]
    pub fn as_of(&self, end: Offset) -> (&VoterSet, i16) {
        let voters = self.changes.iter().rev().find(|(offset, _)| *offset < end);
        let version = self.versions.iter().rev().find(|(offset, _)| *offset < end);
        (
            voters.map_or(&self.base.0, |(_, v)| v),
            version.map_or(self.base.1, |(_, v)| *v),
        )
    }

    /// Whether the log does not yet contain the voters that formatting chose.
    #[must_use]
    pub const fn is_bootstrap(&self) -> bool {
        self.bootstrap && self.changes.is_empty()
    }

    /// Notes a voters record.
    pub fn add_voters(&mut self, offset: Offset, voters: VoterSet) {
        self.changes.push((offset, voters));
    }

    /// Notes a `kraft.version` record.
    pub fn add_version(&mut self, offset: Offset, version: i16) {
        self.versions.push((offset, version));
    }

    /// Takes back what was appended at and above an offset.
    pub(crate) fn truncate(&mut self, to: Offset) {
        self.changes.retain(|(offset, _)| *offset < to);
        self.versions.retain(|(offset, _)| *offset < to);
    }

    /// Forgets changes that a snapshot contains.
    pub(crate) fn trim(&mut self, end: Offset) {
        let (voters, version) = self.as_of(end);
        self.base = (voters.clone(), version);
        self.bootstrap = self.bootstrap && self.changes.iter().all(|(offset, _)| *offset >= end);
        self.changes.retain(|(offset, _)| *offset >= end);
        self.versions.retain(|(offset, _)| *offset >= end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use klamm_model::Uuid;

    fn set(ids: &[i32]) -> VoterSet {
        VoterSet::new(ids.iter().map(|id| Voter {
            key: ReplicaKey {
                id: NodeId(*id),
                directory: Uuid(u128::from(id.unsigned_abs()) + 100),
            },
            endpoints: Vec::new(),
            kraft_version_min: 0,
            kraft_version_max: 1,
        }))
    }

    #[test]
    fn a_node_with_another_directory_is_another_replica() {
        let voters = set(&[1, 2, 3]);
        assert!(voters.contains(ReplicaKey { id: NodeId(1), directory: Uuid(101) }));
        assert!(voters.contains(ReplicaKey { id: NodeId(1), directory: Uuid::ZERO }));
        assert!(!voters.contains(ReplicaKey { id: NodeId(1), directory: Uuid(999) }));
        assert_eq!(
            (
                set(&[1]).majority(),
                set(&[1, 2]).majority(),
                voters.majority()
            ),
            (1, 2, 2)
        );
    }

    #[test]
    fn truncation_takes_a_change_back_and_a_snapshot_keeps_it() {
        let mut history = VoterHistory::from_bootstrap(set(&[1]), 1);
        assert!(history.is_bootstrap());
        history.add_voters(Offset(5), set(&[1, 2]));
        history.add_voters(Offset(9), set(&[1, 2, 3]));
        assert!(!history.is_bootstrap());
        assert_eq!(history.as_of(Offset(9)).0, &set(&[1, 2]));
        history.truncate(Offset(9));
        assert_eq!(history.voters(), &set(&[1, 2]));
        history.truncate(Offset(5));
        assert!(history.is_bootstrap());
        history.add_voters(Offset(5), set(&[1, 3]));
        history.trim(Offset(6));
        history.truncate(Offset(6));
        assert_eq!(history.voters(), &set(&[1, 3]));
        assert!(!history.is_bootstrap());
    }
}
