//! A topic's settings as storage and the broker use them: typed, with units, defaults filled in.

use crate::row::{Key, Row};
use crate::table;
use crate::topic;
use crate::value::{FromValue, Value};

/// Which settings of the node are the default of a topic's setting, the first that is set winning, and by what a value
/// there is multiplied.
pub(crate) const SYNONYMS: &[(&str, &[(&str, i64)])] = &[
    ("cleanup.policy", &[("log.cleanup.policy", 1)]),
    ("compression.gzip.level", &[("compression.gzip.level", 1)]),
    ("compression.lz4.level", &[("compression.lz4.level", 1)]),
    ("compression.type", &[("compression.type", 1)]),
    ("compression.zstd.level", &[("compression.zstd.level", 1)]),
    (
        "delete.retention.ms",
        &[("log.cleaner.delete.retention.ms", 1)],
    ),
    (
        "file.delete.delay.ms",
        &[("log.segment.delete.delay.ms", 1)],
    ),
    ("flush.messages", &[("log.flush.interval.messages", 1)]),
    (
        "flush.ms",
        &[
            ("log.flush.interval.ms", 1),
            ("log.flush.scheduler.interval.ms", 1),
        ],
    ),
    ("index.interval.bytes", &[("log.index.interval.bytes", 1)]),
    ("local.retention.bytes", &[("log.local.retention.bytes", 1)]),
    ("local.retention.ms", &[("log.local.retention.ms", 1)]),
    (
        "max.compaction.lag.ms",
        &[("log.cleaner.max.compaction.lag.ms", 1)],
    ),
    ("max.message.bytes", &[("message.max.bytes", 1)]),
    (
        "message.timestamp.after.max.ms",
        &[("log.message.timestamp.after.max.ms", 1)],
    ),
    (
        "message.timestamp.before.max.ms",
        &[("log.message.timestamp.before.max.ms", 1)],
    ),
    (
        "message.timestamp.type",
        &[("log.message.timestamp.type", 1)],
    ),
    (
        "min.cleanable.dirty.ratio",
        &[("log.cleaner.min.cleanable.ratio", 1)],
    ),
    (
        "min.compaction.lag.ms",
        &[("log.cleaner.min.compaction.lag.ms", 1)],
    ),
    ("min.insync.replicas", &[("min.insync.replicas", 1)]),
    ("preallocate", &[("log.preallocate", 1)]),
    ("retention.bytes", &[("log.retention.bytes", 1)]),
    (
        "retention.ms",
        &[
            ("log.retention.ms", 1),
            ("log.retention.minutes", 60_000),
            ("log.retention.hours", 3_600_000),
        ],
    ),
    ("segment.bytes", &[("log.segment.bytes", 1)]),
    ("segment.index.bytes", &[("log.index.size.max.bytes", 1)]),
    (
        "segment.jitter.ms",
        &[
            ("log.roll.jitter.ms", 1),
            ("log.roll.jitter.hours", 3_600_000),
        ],
    ),
    (
        "segment.ms",
        &[("log.roll.ms", 1), ("log.roll.hours", 3_600_000)],
    ),
    (
        "unclean.leader.election.enable",
        &[("unclean.leader.election.enable", 1)],
    ),
];

/// The node's settings that stand behind a topic's setting.
pub(crate) fn synonyms_of(topic: &str) -> &'static [(&'static str, i64)] {
    let found = SYNONYMS.iter().find(|(name, _)| *name == topic);
    found.map_or(&[], |(_, synonyms)| synonyms)
}

/// The codec in which a topic's batches are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoredCodec {
    /// Whatever the producer sent.
    Producer,
    /// None.
    Uncompressed,
    /// gzip at a level; `None` is the codec's default.
    Gzip(Option<i32>),
    /// snappy.
    Snappy,
    /// lz4 at a level.
    Lz4(i32),
    /// zstd at a level.
    Zstd(i32),
}

/// Whose time a record carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestampKind {
    /// The producer's.
    CreateTime,
    /// The broker's, at the append.
    LogAppendTime,
}

/// A topic's settings. `None` means: without limit.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicConfig {
    /// Old segments are deleted.
    pub delete: bool,
    /// The newest record of each key is kept.
    pub compact: bool,
    /// How batches are stored.
    pub codec: StoredCodec,
    /// How long a delete marker stays readable after compaction.
    pub delete_retention_ms: u64,
    /// Time between taking a file out of service and removing it.
    pub file_delete_delay_ms: u64,
    /// Records that may be unsynced before a produce waits for fsync.
    pub flush_messages: Option<u64>,
    /// Longest time that a record stays unsynced.
    pub flush_ms: Option<u64>,
    /// Bytes of log per index entry, at least.
    pub index_interval_bytes: u32,
    /// Largest offset index.
    pub segment_index_bytes: u32,
    /// Largest batch.
    pub max_message_bytes: u32,
    /// Whose time a record carries.
    pub timestamp: TimestampKind,
    /// How far a timestamp may lie in the past.
    pub timestamp_before_max_ms: u64,
    /// How far a timestamp may lie in the future.
    pub timestamp_after_max_ms: u64,
    /// Share of a log that must be uncompacted before it is compacted.
    pub min_cleanable_dirty_ratio: f64,
    /// A younger record is not compacted away.
    pub min_compaction_lag_ms: u64,
    /// An older record makes its log due for compaction.
    pub max_compaction_lag_ms: u64,
    /// Replicas that must be in sync for acks=all.
    pub min_insync_replicas: u32,
    /// New segments reserve their full size.
    pub preallocate: bool,
    /// Largest size of a partition.
    pub retention_bytes: Option<u64>,
    /// Longest time that a closed segment is kept.
    pub retention_ms: Option<u64>,
    /// Size at which a segment is closed.
    pub segment_bytes: u32,
    /// Age at which a segment is closed.
    pub segment_ms: u64,
    /// Up to this much is taken off `segment_ms` at random.
    pub segment_jitter_ms: u64,
    /// A replica out of sync may lead.
    pub unclean_leader_election: bool,
    /// Old segments move to the object store.
    pub remote_storage: bool,
    /// No further segment is uploaded.
    pub remote_copy_disable: bool,
    /// Switching remote storage off deletes what is there.
    pub remote_delete_on_disable: bool,
    /// Largest local size of a partition with remote storage.
    pub local_retention_bytes: Option<u64>,
    /// Longest time that an uploaded segment stays on local disk.
    pub local_retention_ms: Option<u64>,
}

impl TopicConfig {
    /// Age at which a segment is closed, before jitter: a compacted log must close segments in time to keep its lag.
    #[must_use]
    pub fn segment_ms_max(&self) -> u64 {
        if self.compact && self.max_compaction_lag_ms > 0 {
            self.segment_ms.min(self.max_compaction_lag_ms)
        } else {
            self.segment_ms
        }
    }

    /// Fills the struct from a function that yields each row's effective value.
    pub(crate) fn from_values(value: &dyn Fn(&Row) -> Value) -> Self {
        let read = Reader { value };
        let policy = read.get(&topic::CLEANUP_POLICY);
        let retention_bytes = read.limit(&topic::RETENTION_BYTES);
        let retention_ms = read.limit(&topic::RETENTION_MS);
        // -2: as much as is kept at all.
        let local = |key: &Key<i64>, all: Option<u64>| match read.get(key) {
            -2 => all,
            _ => read.limit(key),
        };
        Self {
            delete: policy.iter().any(|word| word == "delete"),
            compact: policy.iter().any(|word| word == "compact"),
            codec: read.codec(),
            delete_retention_ms: read.long(&topic::DELETE_RETENTION_MS),
            file_delete_delay_ms: read.long(&topic::FILE_DELETE_DELAY_MS),
            flush_messages: read.unless_max(&topic::FLUSH_MESSAGES),
            flush_ms: read.unless_max(&topic::FLUSH_MS),
            index_interval_bytes: read.int(&topic::INDEX_INTERVAL_BYTES),
            segment_index_bytes: read.int(&topic::SEGMENT_INDEX_BYTES),
            max_message_bytes: read.int(&topic::MAX_MESSAGE_BYTES),
            timestamp: match read.get(&topic::MESSAGE_TIMESTAMP_TYPE).as_str() {
                "LogAppendTime" => TimestampKind::LogAppendTime,
                _ => TimestampKind::CreateTime,
            },
            timestamp_before_max_ms: read.long(&topic::MESSAGE_TIMESTAMP_BEFORE_MAX_MS),
            timestamp_after_max_ms: read.long(&topic::MESSAGE_TIMESTAMP_AFTER_MAX_MS),
            min_cleanable_dirty_ratio: read.get(&topic::MIN_CLEANABLE_DIRTY_RATIO),
            min_compaction_lag_ms: read.long(&topic::MIN_COMPACTION_LAG_MS),
            max_compaction_lag_ms: read.long(&topic::MAX_COMPACTION_LAG_MS),
            min_insync_replicas: read.int(&topic::MIN_INSYNC_REPLICAS),
            preallocate: read.get(&topic::PREALLOCATE),
            retention_bytes,
            retention_ms,
            segment_bytes: match read.get(&topic::INTERNAL_SEGMENT_BYTES) {
                Some(bytes) if bytes > 0 => bytes.unsigned_abs(),
                _ => read.int(&topic::SEGMENT_BYTES),
            },
            segment_ms: read.long(&topic::SEGMENT_MS),
            segment_jitter_ms: read.long(&topic::SEGMENT_JITTER_MS),
            unclean_leader_election: read.get(&topic::UNCLEAN_LEADER_ELECTION_ENABLE),
            remote_storage: read.get(&topic::REMOTE_STORAGE_ENABLE),
            remote_copy_disable: read.get(&topic::REMOTE_LOG_COPY_DISABLE),
            remote_delete_on_disable: read.get(&topic::REMOTE_LOG_DELETE_ON_DISABLE),
            local_retention_bytes: local(&topic::LOCAL_RETENTION_BYTES, retention_bytes),
            local_retention_ms: local(&topic::LOCAL_RETENTION_MS, retention_ms),
        }
    }
}

struct Reader<'a> {
    value: &'a dyn Fn(&Row) -> Value,
}

impl Reader<'_> {
    fn get<T: FromValue>(&self, key: &Key<T>) -> T {
        T::from_value(&(self.value)(key.row()))
    }

    fn int(&self, key: &Key<i32>) -> u32 {
        u32::try_from(self.get(key)).unwrap_or_default()
    }

    fn long(&self, key: &Key<i64>) -> u64 {
        u64::try_from(self.get(key)).unwrap_or_default()
    }

    /// A negative number means no limit.
    fn limit(&self, key: &Key<i64>) -> Option<u64> {
        u64::try_from(self.get(key)).ok()
    }

    /// The largest number means never.
    fn unless_max(&self, key: &Key<i64>) -> Option<u64> {
        let value = self.get(key);
        (value != i64::MAX).then(|| value.unsigned_abs())
    }

    fn codec(&self) -> StoredCodec {
        match self.get(&topic::COMPRESSION_TYPE).as_str() {
            "uncompressed" => StoredCodec::Uncompressed,
            "gzip" => {
                let level = self.get(&topic::COMPRESSION_GZIP_LEVEL);
                StoredCodec::Gzip((level != -1).then_some(level))
            }
            "snappy" => StoredCodec::Snappy,
            "lz4" => StoredCodec::Lz4(self.get(&topic::COMPRESSION_LZ4_LEVEL)),
            "zstd" => StoredCodec::Zstd(self.get(&topic::COMPRESSION_ZSTD_LEVEL)),
            _ => StoredCodec::Producer,
        }
    }
}

/// Values that are good alone, but not together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Contradiction(pub String);

/// A node's setting may allow more than the topic's that it is the default of; the topic's range counts.
fn check_range(row: &Row, value: &Value) -> Result<(), Contradiction> {
    if *value == Value::Unset || row.range.admits(value) {
        return Ok(());
    }
    let names: Vec<&str> = synonyms_of(row.name)
        .iter()
        .map(|(name, _)| *name)
        .collect();
    Err(Contradiction(format!(
        "{} (default of {}): {value} is not allowed: expected {}",
        names.join(", "),
        row.name,
        row.expected()
    )))
}

/// Checks what a topic's settings must keep to among each other.
pub(crate) fn check_rules(value: &dyn Fn(&Row) -> Value) -> Result<(), Contradiction> {
    for row in table::TOPIC.values() {
        check_range(row, &value(row))?;
    }
    let read = Reader { value };
    let (min, max) = (
        read.get(&topic::MIN_COMPACTION_LAG_MS),
        read.get(&topic::MAX_COMPACTION_LAG_MS),
    );
    if min > max {
        return Err(Contradiction(format!(
            "min.compaction.lag.ms ({min}) is above max.compaction.lag.ms ({max})"
        )));
    }
    if !read.get(&topic::REMOTE_STORAGE_ENABLE) {
        return Ok(());
    }
    let policy = read.get(&topic::CLEANUP_POLICY);
    if policy.iter().any(|word| word != "delete") {
        return Err(Contradiction(
            "remote.storage.enable: a compacted topic can't have remote storage; use cleanup.policy=delete".to_owned(),
        ));
    }
    for (local, whole) in [
        (&topic::LOCAL_RETENTION_MS, &topic::RETENTION_MS),
        (&topic::LOCAL_RETENTION_BYTES, &topic::RETENTION_BYTES),
    ] {
        let (local_value, whole_value) = (read.get(local), read.get(whole));
        if local_value == -2 {
            continue;
        }
        let exceeds = whole_value >= 0 && (local_value == -1 || local_value > whole_value);
        if exceeds {
            return Err(Contradiction(format!(
                "{}: {local_value} keeps more on local disk than {} ({whole_value}) keeps at all",
                local.name(),
                whole.name()
            )));
        }
        if read.get(&topic::REMOTE_LOG_COPY_DISABLE) && local_value != whole_value {
            return Err(Contradiction(format!(
                "{}: with remote.log.copy.disable it must be -2 or equal to {}",
                local.name(),
                whole.name()
            )));
        }
    }
    Ok(())
}
