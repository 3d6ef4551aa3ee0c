//! What the table knows of one setting, and the typed handle that reads it.

use crate::value::{FromValue, Value};
use std::marker::PhantomData;

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The name in files and on the wire.
    pub name: &'static str,
    /// The type of its values.
    pub kind: Kind,
    /// The default as text; `None` if the setting is unset by default.
    pub default: Option<&'static str>,
    /// Which values of the type are allowed.
    pub range: Range,
    /// When it may change.
    pub update: Update,
    /// Whether it does anything here.
    pub support: Support,
    /// What it does, in Markdown.
    pub doc: &'static str,
}

/// The type of a setting's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false` in any case.
    Bool,
    /// 16 bits.
    Short,
    /// 32 bits.
    Int,
    /// 64 bits.
    Long,
    /// A floating-point number.
    Double,
    /// Any text.
    Text,
    /// Texts separated by commas.
    List,
    /// Text that is never shown.
    Password,
    /// The name of a Java class. Never loaded.
    Class,
}

/// The values a setting may take beyond its type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Range {
    /// All of the type.
    Any,
    /// A whole number not below this.
    AtLeast(i64),
    /// A whole number from the first to the second.
    Between(i64, i64),
    /// The same, or the third.
    BetweenOr(i64, i64, i64),
    /// A floating-point number from the first to the second.
    Share(f64, f64),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// One of these words in any case.
    OneOfAnyCase(&'static [&'static str]),
    /// A list of these words; may be empty. A word that is there twice counts once.
    ListOf(&'static [&'static str]),
    /// The same, but not empty, and each word at most once.
    SomeOf(&'static [&'static str]),
    /// Any text or list that is not empty.
    NotEmpty,
    /// `*`, or `partition:broker` pairs.
    ThrottledReplicas,
    /// `address:count` pairs, each address once; may be empty.
    AddressCounts,
    /// `earliest`, `latest` or `by_duration:` and an ISO 8601 duration.
    OffsetReset,
    /// `key=pattern` pairs over the properties of a client.
    ClientMatch,
}

/// When a setting may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Update {
    /// Read at the start only.
    ReadOnly,
    /// At run time, for one broker.
    PerBroker,
    /// At run time, for one broker or for all.
    ClusterWide,
    /// Any time: a setting of a topic, group or subscription.
    Dynamic,
    /// Read at the start only, and not shown to clients.
    Internal,
}

/// Whether a setting does anything here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// It does what it says.
    Works,
    /// Accepted so that files of Kafka load; never has an effect, for this reason.
    NoEffect(&'static str),
    /// Accepted; belongs to a part of Klamm that is not built yet.
    NotYet(&'static str),
}

/// Why settings have no effect.
pub(crate) mod reason {
    pub(crate) const JVM: &str = "Klamm has no Java runtime and loads no code";
    pub(crate) const THREADS: &str = "the runtime sizes its pools itself; see `klamm.threads`";
    pub(crate) const WAIT: &str = "waiting requests are removed at once, nothing has to be purged";
    pub(crate) const LIMIT: &str = "a start takes as long as recovery needs";
    pub(crate) const STABLE: &str = "only final versions are offered";
    pub(crate) const READY: &str = "listeners open when the node can serve";
    pub(crate) const METRIC: &str = "metrics are counted, not sampled";
    pub(crate) const BOUNDED: &str =
        "`klamm.connection.max.inflight.requests` and `klamm.max.inflight.bytes` bound them";
    pub(crate) const SOCKETS: &str = "the system sizes the buffers of sockets itself";
    pub(crate) const BACKLOG: &str = "4096 may wait";
    pub(crate) const CHECKPOINTS: &str =
        "all checkpoints are written at `log.flush.offset.checkpoint.interval.ms`";
    pub(crate) const NO_PAUSE: &str =
        "new partitions go on as soon as the transaction before is complete";
    pub(crate) const NO_BUFFER: &str = "a written batch's memory is not kept";
    pub(crate) const AT_ONCE: &str = "patterns are matched anew when topics change";
    pub(crate) const TESTS: &str = "it is for tests of Kafka itself";
    pub(crate) const LZ4: &str = "the lz4 encoder has one level";
    pub(crate) const KERBEROS: &str = "Kerberos is not offered";
    pub(crate) const TLS: &str = "the best common version is chosen";
    pub(crate) const SECURITY: &str = "security";
    pub(crate) const GROUPS: &str = "groups";
    pub(crate) const CLUSTER: &str = "several nodes";
    pub(crate) const MOVES: &str = "moves between data folders";
    pub(crate) const TIERING: &str = "tiered storage";
}

impl Row {
    /// Whether its value is never shown.
    #[must_use]
    pub const fn is_sensitive(&self) -> bool {
        matches!(self.kind, Kind::Password)
    }

    /// Whether it is hidden from clients and from the documentation.
    #[must_use]
    pub const fn is_internal(&self) -> bool {
        matches!(self.update, Update::Internal)
    }

    /// Whether it can change at run time.
    #[must_use]
    pub const fn is_dynamic(&self) -> bool {
        !matches!(self.update, Update::ReadOnly | Update::Internal)
    }

    /// The default, read.
    #[must_use]
    pub fn default_value(&self) -> Value {
        // A test reads every default; one that did not fit would be unset here.
        self.default
            .and_then(|text| self.parse(text).ok())
            .unwrap_or(Value::Unset)
    }
}

impl Kind {
    /// The type's number in a DescribeConfigs answer (KIP-569).
    #[must_use]
    pub const fn code(self) -> i8 {
        match self {
            Self::Bool => 1,
            Self::Text => 2,
            Self::Int => 3,
            Self::Short => 4,
            Self::Long => 5,
            Self::Double => 6,
            Self::List => 7,
            Self::Class => 8,
            Self::Password => 9,
        }
    }

    /// The type's word in the documentation.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Bool => "boolean",
            Self::Text => "string",
            Self::Int => "int",
            Self::Short => "short",
            Self::Long => "long",
            Self::Double => "double",
            Self::List => "list",
            Self::Class => "class",
            Self::Password => "password",
        }
    }
}

/// A handle that knows the Rust type of a setting.
pub struct Key<T> {
    pub(crate) row: Row,
    of: PhantomData<fn() -> T>,
}

impl<T> Key<T> {
    pub(crate) const fn new(row: Row) -> Self {
        Self { row, of: PhantomData }
    }

    /// The setting's row in the table.
    #[must_use]
    pub const fn row(&self) -> &Row {
        &self.row
    }

    /// The setting's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.row.name
    }
}

impl<T: FromValue> Key<T> {
    /// The default.
    #[must_use]
    pub fn default(&self) -> T {
        T::from_value(&self.row.default_value())
    }
}

impl<T> std::fmt::Debug for Key<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.row.name)
    }
}
