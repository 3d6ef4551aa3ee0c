//! Names of files and folders in a log directory.
//!
//! ```text
//! <log dir>/  meta.properties  .lock  .kafka_cleanshutdown  *-checkpoint
//!   <topic>-<partition>/                    a partition
//!   <topic>-<partition>.<uuid>-delete/      to be removed
//!   <topic>-<partition>.<uuid>-future/      a copy on its way to another directory
//!   <topic>-<partition>.<uuid>-stray/       of a partition that this node does not hold (any more)
//!     00000000000000000042.log  .index .timeindex .txnindex .snapshot    [.deleted | .cleaned | .swap]
//!     leader-epoch-checkpoint  partition.metadata
//! ```

use klamm_model::{TopicName, TopicPartition};

/// A file of a segment, or a producer snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileKind {
    /// Batches.
    Log,
    /// Offset → position.
    OffsetIndex,
    /// Timestamp → offset.
    TimeIndex,
    /// Aborted transactions.
    TxnIndex,
    /// Producer state.
    Snapshot,
}

/// A file name in a partition's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileName {
    /// A file in use: its kind and the offset in its name.
    Live(FileKind, i64),
    /// To be removed once the readers are gone.
    Deleted,
    /// Output of a cleaner that did not finish.
    Cleaned(i64),
    /// Output of a cleaner that finished, on its way to replace segments.
    Swap(FileKind, i64),
    /// Of no concern here.
    Other,
}

/// What a folder in a log directory is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FolderName {
    /// A partition.
    Partition(TopicPartition),
    /// A deleted partition.
    Delete,
    /// A copy that will replace the partition in another directory.
    Future(TopicPartition),
    /// A partition that does not belong here; kept for a person to look at.
    Stray(TopicPartition),
    /// Not ours.
    Other,
}

impl FileKind {
    /// All kinds; the log comes first, so that a crash between removals leaves derived files only.
    pub const ALL: [Self; 5] = [
        Self::Log,
        Self::OffsetIndex,
        Self::TimeIndex,
        Self::TxnIndex,
        Self::Snapshot,
    ];

    const fn extension(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::OffsetIndex => "index",
            Self::TimeIndex => "timeindex",
            Self::TxnIndex => "txnindex",
            Self::Snapshot => "snapshot",
        }
    }

    /// `00000000000000000042.log`.
    #[must_use]
    pub fn file_name(self, offset: i64) -> String {
        format!("{offset:020}.{}", self.extension())
    }
}

/// Suffix of a file that waits for its removal.
pub const DELETED_SUFFIX: &str = ".deleted";
/// Suffix of a file that a cleaner is writing.
pub const CLEANED_SUFFIX: &str = ".cleaned";
/// Suffix of a file that a cleaner finished.
pub const SWAP_SUFFIX: &str = ".swap";

impl FileName {
    /// Reads a file name. Says nothing about the content.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        // KRaft snapshots (`….checkpoint.deleted`) belong to the quorum.
        if name.ends_with(".checkpoint.deleted") {
            return Self::Other;
        }
        if name.ends_with(DELETED_SUFFIX) {
            return Self::Deleted;
        }
        if let Some(stem) = name.strip_suffix(CLEANED_SUFFIX) {
            return split(stem).map_or(Self::Other, |(_, offset)| Self::Cleaned(offset));
        }
        if let Some(stem) = name.strip_suffix(SWAP_SUFFIX) {
            return split(stem).map_or(Self::Other, |(kind, offset)| Self::Swap(kind, offset));
        }
        split(name).map_or(Self::Other, |(kind, offset)| Self::Live(kind, offset))
    }
}

fn split(name: &str) -> Option<(FileKind, i64)> {
    let (digits, extension) = name.split_once('.')?;
    let kind = FileKind::ALL
        .into_iter()
        .find(|k| k.extension() == extension)?;
    let all_digits = digits.len() == 20 && digits.bytes().all(|c| c.is_ascii_digit());
    if all_digits {
        Some((kind, digits.parse().ok()?))
    } else {
        None
    }
}

impl FolderName {
    /// Reads a folder name.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        if let Some((stem, suffix)) = name.rsplit_once('.')
            && let Some((id, state)) = suffix.rsplit_once('-')
            && id.len() == 32
            && id.bytes().all(|c| c.is_ascii_hexdigit())
        {
            // Kafka shortens a deleted partition's name to fit 255 characters, so it may not parse.
            let partition = topic_partition(stem);
            match (state, partition) {
                ("delete", _) => return Self::Delete,
                ("future", Some(p)) => return Self::Future(p),
                ("stray", Some(p)) => return Self::Stray(p),
                _ => {}
            }
        }
        topic_partition(name).map_or(Self::Other, Self::Partition)
    }
}

/// The folder of a partition under deletion. `random` makes it unique; the name is cut so that it fits 255 characters.
#[must_use]
pub fn deleted_folder_name(partition: &TopicPartition, random: u128) -> String {
    suffixed_folder_name(partition, random, "delete")
}

/// The folder of a copy on its way to another directory.
#[must_use]
pub fn future_folder_name(partition: &TopicPartition, random: u128) -> String {
    suffixed_folder_name(partition, random, "future")
}

/// The folder of a partition that this node should not hold.
#[must_use]
pub fn stray_folder_name(partition: &TopicPartition, random: u128) -> String {
    suffixed_folder_name(partition, random, "stray")
}

fn suffixed_folder_name(partition: &TopicPartition, random: u128, state: &str) -> String {
    let suffix = format!("-{}.{random:032x}-{state}", partition.partition);
    let room = 255usize
        .saturating_sub(suffix.len())
        .min(partition.topic.len());
    // Topic names are ASCII: any cut is a character boundary.
    format!(
        "{}{suffix}",
        partition.topic.get(..room).unwrap_or_default()
    )
}

fn topic_partition(name: &str) -> Option<TopicPartition> {
    let (topic, number) = name.rsplit_once('-')?;
    let canonical = number == "0" || !(number.starts_with('0') || number.is_empty());
    if !canonical || !number.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    Some(TopicPartition {
        topic: TopicName::new(topic).ok()?,
        partition: number.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(topic: &str, partition: i32) -> TopicPartition {
        TopicPartition { topic: TopicName::new(topic).unwrap(), partition }
    }

    #[test]
    fn file_names_round_trip() {
        for kind in FileKind::ALL {
            let name = kind.file_name(42);
            assert_eq!(FileName::parse(&name), FileName::Live(kind, 42), "{name}");
            assert_eq!(
                FileName::parse(&format!("{name}.deleted")),
                FileName::Deleted
            );
            assert_eq!(
                FileName::parse(&format!("{name}.swap")),
                FileName::Swap(kind, 42)
            );
        }
        assert_eq!(FileKind::Log.file_name(7), "00000000000000000007.log");
        for other in [
            "",
            "x.log",
            "0.log",
            "00000000000000000001.logx",
            "partition.metadata",
        ] {
            assert_eq!(FileName::parse(other), FileName::Other, "{other}");
        }
        let quorum = "00000000000000000001-0000000001.checkpoint.deleted";
        assert_eq!(FileName::parse(quorum), FileName::Other);
        assert_eq!(FileName::parse("99999999999999999999.log"), FileName::Other);
    }

    #[test]
    fn folder_names_say_what_a_folder_is() {
        let a = partition("a-b.c", 3);
        assert_eq!(
            FolderName::parse("a-b.c-3"),
            FolderName::Partition(a.clone())
        );
        let deleted = deleted_folder_name(&a, 0xabc);
        assert_eq!(deleted, "a-b.c-3.00000000000000000000000000000abc-delete");
        assert_eq!(FolderName::parse(&deleted), FolderName::Delete);
        assert_eq!(
            FolderName::parse(&stray_folder_name(&a, 5)),
            FolderName::Stray(a)
        );
        let long = partition(&"x".repeat(249), 12);
        let name = deleted_folder_name(&long, u128::MAX);
        assert_eq!(name.len(), 255);
        assert_eq!(FolderName::parse(&name), FolderName::Delete);
        for other in [
            "",
            "a",
            "a-",
            "a-01",
            "a-+1",
            "-1",
            "a-99999999999",
            "remote-log-index-cache",
        ] {
            assert_eq!(FolderName::parse(other), FolderName::Other, "{other}");
        }
    }
}
