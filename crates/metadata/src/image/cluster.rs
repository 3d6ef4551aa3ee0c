//! Brokers and controllers of the cluster.

use std::collections::BTreeMap;
use std::sync::Arc;

use klamm_model::{NodeId, Uuid};

use crate::level::LevelRange;

/// Every registered node.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cluster {
    pub(crate) brokers: Arc<BTreeMap<i32, Arc<Broker>>>,
    pub(crate) controllers: Arc<BTreeMap<i32, Arc<ControllerNode>>>,
}

/// An address that a node listens on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// The listener's name, such as `PLAINTEXT` or `INTERNAL`.
    pub name: Arc<str>,
    /// The advertised host.
    pub host: Arc<str>,
    /// The advertised port.
    pub port: u16,
    /// Kafka's number of the security protocol: 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL.
    pub security_protocol: i16,
}

/// A broker's registration: one incarnation of one node.
#[derive(Debug, Clone, PartialEq)]
pub struct Broker {
    /// The node.
    pub id: NodeId,
    /// The registration's epoch: the offset of the record that began this incarnation.
    pub epoch: i64,
    /// Chosen at random by the process at its start.
    pub incarnation: Uuid,
    /// Set by brokers that came out of ZooKeeper mode; never by us.
    pub migrating: bool,
    /// The broker's addresses by listener name.
    pub listeners: Vec<Listener>,
    /// The levels that the broker supports.
    pub features: BTreeMap<Arc<str>, LevelRange>,
    /// The rack; used for placing replicas.
    pub rack: Option<Arc<str>>,
    /// A fenced broker leads nothing and joins no in-sync set.
    pub fenced: bool,
    /// The broker gives its leaderships away before it stops.
    pub in_controlled_shutdown: bool,
    /// The ids of the online log directories (KIP-858).
    pub directories: Vec<Uuid>,
    /// Directories that take no new replica (KIP-1066); `None` when the broker does not say.
    pub cordoned_directories: Option<Vec<Uuid>>,
}

impl Broker {
    /// Neither fenced nor about to stop: may lead and may be in sync.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        !self.fenced && !self.in_controlled_shutdown
    }

    /// The address of a listener.
    #[must_use]
    pub fn listener(&self, name: &str) -> Option<&Listener> {
        self.listeners
            .iter()
            .find(|listener| &*listener.name == name)
    }

    /// Whether some directory accepts new replicas.
    #[must_use]
    pub fn has_uncordoned_directory(&self) -> bool {
        match &self.cordoned_directories {
            Some(cordoned) if !self.directories.is_empty() => self
                .directories
                .iter()
                .any(|directory| !cordoned.contains(directory)),
            _ => true,
        }
    }
}

/// A controller's registration (KIP-919).
#[derive(Debug, Clone, PartialEq)]
pub struct ControllerNode {
    /// The node.
    pub id: NodeId,
    /// Chosen at random by the process at its start.
    pub incarnation: Uuid,
    /// Whether the node could take a cluster over from ZooKeeper; kept because snapshots carry it.
    pub migration_ready: bool,
    /// The controller's addresses by listener name.
    pub listeners: Vec<Listener>,
    /// The levels that the controller supports.
    pub features: BTreeMap<Arc<str>, LevelRange>,
}

impl Cluster {
    /// A broker's registration.
    #[must_use]
    pub fn broker(&self, id: NodeId) -> Option<&Arc<Broker>> {
        self.brokers.get(&id.0)
    }

    /// Every registered broker, by id.
    pub fn brokers(&self) -> impl ExactSizeIterator<Item = &Arc<Broker>> {
        self.brokers.values()
    }

    /// Every registered controller, by id.
    pub fn controllers(&self) -> impl ExactSizeIterator<Item = &Arc<ControllerNode>> {
        self.controllers.values()
    }

    /// Whether a broker is registered and active.
    #[must_use]
    pub fn is_active(&self, id: i32) -> bool {
        self.brokers
            .get(&id)
            .is_some_and(|broker| broker.is_active())
    }

    /// The directory that a new replica on a broker is given: its only one, or "to be chosen by the broker".
    #[must_use]
    pub fn default_directory(&self, id: i32) -> Uuid {
        match self
            .brokers
            .get(&id)
            .map(|broker| broker.directories.as_slice())
        {
            Some([]) => MIGRATING,
            Some([only]) => *only,
            _ => UNASSIGNED,
        }
    }

    /// The broker that owns a directory.
    #[must_use]
    pub fn owner_of(&self, directory: Uuid) -> Option<NodeId> {
        let mut brokers = self.brokers.values();
        brokers
            .find(|broker| broker.directories.contains(&directory))
            .map(|broker| broker.id)
    }
}

/// The directory of a replica from before directories had ids.
pub const MIGRATING: Uuid = Uuid::ZERO;
/// The broker chooses the directory when it makes the replica.
pub const UNASSIGNED: Uuid = Uuid::ONE;
/// The directory of the replica went offline.
pub const LOST: Uuid = Uuid(2);

/// The first ids are reserved for the meanings above.
#[must_use]
pub const fn is_reserved(directory: Uuid) -> bool {
    directory.0 < 100
}
