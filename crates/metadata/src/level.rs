//! Feature levels: which ones exist, which this build supports, and what each allows.
//!
//! A cluster agrees on one level a feature; the level of `metadata.version` decides the version in which metadata
//! records are written, so that an older node can still read them (KIP-584, KIP-778).

use std::fmt;

/// The feature whose level decides how metadata records are written.
pub const METADATA_VERSION: &str = "metadata.version";
/// The feature of dynamic voters (KIP-853). Its level lives in control records of the log, not in the image.
pub const KRAFT_VERSION: &str = "kraft.version";
/// The feature of eligible leader replicas (KIP-966).
pub const ELR_VERSION: &str = "eligible.leader.replicas.version";

/// The feature of the consumer protocol of groups (KIP-848).
pub const GROUP_VERSION: &str = "group.version";

/// The feature of transactions: from level 2 on each end of a transaction bumps the epoch (KIP-890).
pub const TRANSACTION_VERSION: &str = "transaction.version";

/// A level of `metadata.version`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MetadataVersion(i16);

/// One level: number, name, and whether it changed what records say.
struct Level(i16, &'static str, bool);

/// Every level, in order. The last production level is [`MetadataVersion::LATEST`].
const LEVELS: [Level; 24] = [
    Level(7, "3.3-IV3", true),
    Level(8, "3.4-IV0", true),
    Level(9, "3.5-IV0", false),
    Level(10, "3.5-IV1", false),
    Level(11, "3.5-IV2", true),
    Level(12, "3.6-IV0", false),
    Level(13, "3.6-IV1", true),
    Level(14, "3.6-IV2", true),
    Level(15, "3.7-IV0", true),
    Level(16, "3.7-IV1", false),
    Level(17, "3.7-IV2", true),
    Level(18, "3.7-IV3", false),
    Level(19, "3.7-IV4", false),
    Level(20, "3.8-IV0", false),
    Level(21, "3.9-IV0", false),
    Level(22, "4.0-IV0", false),
    Level(23, "4.0-IV1", true),
    Level(24, "4.0-IV2", false),
    Level(25, "4.0-IV3", false),
    Level(26, "4.1-IV0", false),
    Level(27, "4.1-IV1", false),
    Level(28, "4.2-IV0", false),
    Level(29, "4.2-IV1", false),
    Level(30, "4.3-IV0", true),
];

impl MetadataVersion {
    /// The oldest level that a node of ours can join.
    pub const OLDEST: Self = Self(7);
    /// The newest level that this build writes: Kafka 4.3's production level.
    pub const LATEST: Self = Self(30);

    /// The version of a level number, when this build knows it.
    #[must_use]
    pub fn from_level(level: i16) -> Option<Self> {
        (Self::OLDEST.0..=Self::LATEST.0)
            .contains(&level)
            .then_some(Self(level))
    }

    /// The level as a number.
    #[must_use]
    pub const fn level(self) -> i16 {
        self.0
    }

    /// Kafka's name of the level, such as `4.3-IV0`.
    #[must_use]
    pub fn name(self) -> &'static str {
        LEVELS
            .iter()
            .find(|level| level.0 == self.0)
            .map_or("unknown", |level| level.1)
    }

    /// Whether a record changed its meaning or form somewhere above `lower` and up to here.
    #[must_use]
    pub fn changed_records_since(self, lower: Self) -> bool {
        LEVELS
            .iter()
            .any(|level| level.0 > lower.0 && level.0 <= self.0 && level.2)
    }

    /// A shrinking in-sync set must also raise the leader epoch (KAFKA-15021, before 3.6).
    #[must_use]
    pub const fn bumps_epoch_on_isr_shrink(self) -> bool {
        self.0 < 12
    }

    /// Metadata transactions exist (KIP-868).
    #[must_use]
    pub const fn has_transactions(self) -> bool {
        self.0 >= 13
    }

    /// Controllers register themselves (KIP-919).
    #[must_use]
    pub const fn has_controller_registration(self) -> bool {
        self.0 >= 15
    }

    /// Partitions know the directories of their replicas (KIP-858).
    #[must_use]
    pub const fn has_directories(self) -> bool {
        self.0 >= 17
    }

    /// Partition records carry eligible leader replicas (KIP-966).
    #[must_use]
    pub const fn has_elr(self) -> bool {
        self.0 >= 23
    }

    /// Brokers report cordoned log directories (KIP-1066).
    #[must_use]
    pub const fn has_cordoned_directories(self) -> bool {
        self.0 >= 30
    }

    /// The version in which a broker registration is written.
    #[must_use]
    pub const fn register_broker_record(self) -> i16 {
        match self.0 {
            30.. => 4,
            17.. => 3,
            8.. => 2,
            _ => 1,
        }
    }

    /// The version in which a partition, or a change of one, is written.
    #[must_use]
    pub const fn partition_record(self) -> i16 {
        match self.0 {
            23.. => 2,
            17.. => 1,
            _ => 0,
        }
    }
}

impl fmt::Display for MetadataVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A range of levels that a node supports, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelRange {
    /// The lowest supported level.
    pub min: i16,
    /// The highest supported level; 0 means that the feature is not supported.
    pub max: i16,
}

impl LevelRange {
    /// Whether the range includes a level.
    #[must_use]
    pub const fn contains(self, level: i16) -> bool {
        self.min <= level && level <= self.max
    }
}

/// A feature that this build knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feature {
    /// The feature's name on the wire.
    pub name: &'static str,
    /// The levels that this build supports.
    pub supported: LevelRange,
    /// The `metadata.version` from which on a new cluster has the feature at its highest level.
    default_since: i16,
}

impl Feature {
    /// The level in a new cluster of a `metadata.version`.
    #[must_use]
    pub const fn initial_at(&self, version: MetadataVersion) -> i16 {
        if version.0 >= self.default_since {
            self.supported.max
        } else {
            0
        }
    }
}

const fn feature(name: &'static str, (min, max): (i16, i16), default_since: i16) -> Feature {
    Feature { name, supported: LevelRange { min, max }, default_since }
}

/// Every feature, in Kafka 4.3's production ranges, by name.
pub const FEATURES: [Feature; 7] = [
    feature(ELR_VERSION, (0, 1), 26),
    feature(GROUP_VERSION, (0, 1), 22),
    feature(KRAFT_VERSION, (0, 1), 21),
    feature(
        METADATA_VERSION,
        (MetadataVersion::OLDEST.0, MetadataVersion::LATEST.0),
        0,
    ),
    feature("share.version", (0, 1), 28),
    feature("streams.version", (0, 1), 29),
    feature(TRANSACTION_VERSION, (0, 2), 24),
];

/// The levels of a feature that this build supports; `None` when it does not know the name.
#[must_use]
pub fn supported_levels(name: &str) -> Option<LevelRange> {
    FEATURES
        .iter()
        .find(|feature| feature.name == name)
        .map(|feature| feature.supported)
}

/// What a level of a feature needs: the name and lowest level of another feature.
pub(crate) fn needed_by(name: &str, level: i16) -> Option<(&'static str, i16)> {
    (name == ELR_VERSION && level >= 1).then_some((METADATA_VERSION, 23))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_consecutive_and_named() {
        for (slot, level) in LEVELS.iter().enumerate() {
            assert_eq!(usize::try_from(level.0).unwrap(), slot + 7);
        }
        assert_eq!(MetadataVersion::LATEST.to_string(), "4.3-IV0");
        assert_eq!(MetadataVersion::from_level(6), None);
        assert_eq!(MetadataVersion::from_level(31), None);
    }

    #[test]
    fn a_downgrade_is_lossless_only_between_record_changes() {
        let level = |n| MetadataVersion::from_level(n).unwrap();
        assert!(!level(29).changed_records_since(level(23)));
        assert!(level(30).changed_records_since(level(29)));
        assert!(level(23).changed_records_since(level(22)));
        assert!(!level(25).changed_records_since(level(25)));
    }
}
