//! The metadata of a cluster as one immutable value.
//!
//! Readers hold an [`Image`] and never lock: the next one is made beside it by replaying records
//! ([`crate::Replay`]), and shares all that did not change. A clone costs a handful of reference counts.
//!
//! Memory: a partition takes [`Partition::BYTES`] bytes (72 on 64-bit machines) with up to three replicas; its
//! directories are shared with the partitions that are placed alike. A topic takes about 330 bytes more. Measured for
//! one million partitions: 83 MiB in 100 topics, 94 MiB in 10,000, 398 MiB in a million.

mod cluster;
mod configs;
mod quotas;
mod security;
mod topics;

pub use cluster::{
    Broker, Cluster, ControllerNode, LOST, Listener, MIGRATING, UNASSIGNED, is_reserved,
};
pub use configs::{ConfigMap, ConfigResource, Configs, ResourceKind};
pub use quotas::{QuotaEntity, Quotas};
pub use security::Security;
pub use topics::{Partition, PartitionState, Partitions, RecoveryState, Topic, Topics};

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::level::{ELR_VERSION, METADATA_VERSION, MetadataVersion};

/// The metadata of a cluster up to one offset of the metadata log.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    pub(crate) features: Arc<BTreeMap<Arc<str>, i16>>,
    pub(crate) metadata_version: Option<MetadataVersion>,
    pub(crate) cluster: Cluster,
    pub(crate) topics: Topics,
    pub(crate) configs: Configs,
    pub(crate) quotas: Quotas,
    pub(crate) next_producer_id: i64,
    pub(crate) security: Security,
}

impl Default for Image {
    fn default() -> Self {
        Self::empty()
    }
}

impl Image {
    /// The image of an empty log.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            features: Arc::default(),
            metadata_version: None,
            cluster: Cluster::default(),
            topics: Topics::default(),
            configs: Configs::default(),
            quotas: Quotas::default(),
            next_producer_id: -1,
            security: Security::default(),
        }
    }

    /// The agreed `metadata.version`; `None` before the bootstrap records.
    #[must_use]
    pub const fn metadata_version(&self) -> Option<MetadataVersion> {
        self.metadata_version
    }

    /// The version that new records are written in: the oldest one before the bootstrap records.
    #[must_use]
    pub fn writing_version(&self) -> MetadataVersion {
        self.metadata_version.unwrap_or(MetadataVersion::OLDEST)
    }

    /// The agreed level of a feature; 0 when it is off. `kraft.version` is not here: it lives in control records.
    #[must_use]
    pub fn feature(&self, name: &str) -> i16 {
        match self.metadata_version {
            Some(version) if name == METADATA_VERSION => version.level(),
            _ => self.features.get(name).copied().unwrap_or(0),
        }
    }

    /// Every agreed feature with its level, `metadata.version` included.
    pub fn features(&self) -> impl Iterator<Item = (&str, i16)> {
        let version = self
            .metadata_version
            .map(|version| (METADATA_VERSION, version.level()));
        version
            .into_iter()
            .chain(self.features.iter().map(|(name, level)| (&**name, *level)))
    }

    /// Whether partitions keep eligible leader replicas (KIP-966).
    #[must_use]
    pub fn elr_enabled(&self) -> bool {
        self.feature(ELR_VERSION) >= 1
    }

    /// Brokers and controllers.
    #[must_use]
    pub const fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Topics and their partitions.
    #[must_use]
    pub const fn topics(&self) -> &Topics {
        &self.topics
    }

    /// Dynamic configuration.
    #[must_use]
    pub const fn configs(&self) -> &Configs {
        &self.configs
    }

    /// Client quotas.
    #[must_use]
    pub const fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    /// The first producer id that no broker was given yet; -1 before the first block.
    #[must_use]
    pub const fn next_producer_id(&self) -> i64 {
        self.next_producer_id
    }

    /// Access rules, SCRAM credentials and delegation tokens, as records.
    #[must_use]
    pub const fn security(&self) -> &Security {
        &self.security
    }

    /// Whether no record was ever replayed that left a trace.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::empty()
    }
}
