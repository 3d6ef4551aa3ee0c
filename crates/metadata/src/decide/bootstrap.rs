//! The first records of a new cluster.

use klamm_codec::Str;

use crate::generated::{
    BeginTransactionRecord, ConfigRecord, EndTransactionRecord, FeatureLevelRecord,
};
use crate::image::ResourceKind;
use crate::level::{ELR_VERSION, FEATURES, KRAFT_VERSION, METADATA_VERSION, MetadataVersion};
use crate::record::MetadataRecord;

/// The levels that a new cluster begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitialLevels {
    /// The `metadata.version`.
    pub metadata_version: MetadataVersion,
    /// Levels of other features; those that are not named get their default. 0 leaves one off.
    pub others: Vec<(String, i16)>,
}

impl Default for InitialLevels {
    fn default() -> Self {
        Self {
            metadata_version: MetadataVersion::LATEST,
            others: Vec::new(),
        }
    }
}

/// The records that a controller writes into an empty log, in a transaction where the level has them.
#[must_use]
pub fn bootstrap(levels: &InitialLevels, min_insync_replicas: i32) -> Vec<MetadataRecord> {
    let version = levels.metadata_version;
    let level_record = |name: &str, feature_level: i16| -> MetadataRecord {
        FeatureLevelRecord { name: Str::from(name), feature_level }.into()
    };
    let mut records: Vec<MetadataRecord> = Vec::new();
    if version.has_transactions() {
        let name = Some(Str::from("Bootstrap records"));
        records.push(BeginTransactionRecord { name }.into());
    }
    records.push(level_record(METADATA_VERSION, version.level()));
    let mut elr = false;
    for feature in FEATURES {
        if matches!(feature.name, METADATA_VERSION | KRAFT_VERSION) {
            continue;
        }
        let chosen = levels.others.iter().find(|(name, _)| name == feature.name);
        let level = match chosen {
            Some((_, level)) => *level,
            None => feature.initial_at(version),
        };
        if level > 0 {
            records.push(level_record(feature.name, level));
            elr |= feature.name == ELR_VERSION;
        }
    }
    if elr {
        // From here on it is the cluster's, not each node's file's.
        let record = ConfigRecord {
            resource_type: ResourceKind::Broker.code(),
            resource_name: Str::EMPTY,
            name: Str::from("min.insync.replicas"),
            value: Some(Str::from(min_insync_replicas.to_string())),
        };
        records.push(record.into());
    }
    if version.has_transactions() {
        records.push(EndTransactionRecord::default().into());
    }
    records
}
