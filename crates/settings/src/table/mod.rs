//! The table: one row a setting, one file an area.
//!
//! A row reads `HANDLE: Kind "name" = default, range, update, support, "what it does";`. The macro makes a typed handle
//! of it (`broker::LOG_SEGMENT_BYTES: Key<i32>`) and adds it to the rows of its file. A setting without default is
//! `none`, and its handle yields an `Option`.

use crate::row::Row;
use std::collections::BTreeMap;
use std::sync::LazyLock;

pub(crate) mod cleaner;
pub(crate) mod client_metrics;
pub(crate) mod deviations;
pub(crate) mod group;
pub(crate) mod groups;
pub(crate) mod klamm;
pub(crate) mod log;
pub(crate) mod metrics;
pub(crate) mod network;
pub(crate) mod node;
pub(crate) mod quorum;
pub(crate) mod replication;
pub(crate) mod security;
pub(crate) mod share;
pub(crate) mod tiering;
pub(crate) mod topic;
pub(crate) mod transactions;

/// The rust type behind a row: `Bool` with a default is `bool`, without one `Option<bool>`.
macro_rules! rust_type {
    (Bool none) => { Option<bool> };
    (Int none) => { Option<i32> };
    (Long none) => { Option<i64> };
    (Text none) => { Option<String> };
    (Class none) => { Option<String> };
    (Password none) => { Option<String> };
    (List none) => { Option<Vec<String>> };
    (Bool $d:tt) => { bool };
    (Short $d:tt) => { i16 };
    (Int $d:tt) => { i32 };
    (Long $d:tt) => { i64 };
    (Double $d:tt) => { f64 };
    (Text $d:tt) => { String };
    (Class $d:tt) => { String };
    (List $d:tt) => { Vec<String> };
}
pub(crate) use rust_type;

macro_rules! default_of {
    (none) => {
        None
    };
    ($d:literal) => {
        Some($d)
    };
}
pub(crate) use default_of;

macro_rules! rows {
    ($($handle:ident: $kind:ident $name:literal = $default:tt, $range:expr, $update:expr, $support:expr,
        $doc:literal;)*) => {
        #[allow(unused_imports, reason = "a file may not need every word of a row")]
        use $crate::row::{Key, Kind, Range::*, Row, Support::*, Update::*, reason::*};

        $(
            #[doc = $doc]
            pub static $handle: Key<$crate::table::rust_type!($kind $default)> = Key::new(Row {
                name: $name,
                kind: Kind::$kind,
                default: $crate::table::default_of!($default),
                range: $range,
                update: $update,
                support: $support,
                doc: $doc,
            });
        )*

        pub(crate) static ROWS: &[&Row] = &[$(&$handle.row),*];
    };
}
pub(crate) use rows;

/// A part of the table with a heading.
#[derive(Debug)]
pub(crate) struct Area {
    pub(crate) title: &'static str,
    pub(crate) rows: &'static [&'static Row],
}

const fn area(title: &'static str, rows: &'static [&'static Row]) -> Area {
    Area { title, rows }
}

/// The areas of a node's own settings, in the order of the documentation.
pub(crate) static BROKER_AREAS: &[Area] = &[
    area("Node", node::ROWS),
    area("Network", network::ROWS),
    area("Klamm's own", klamm::ROWS),
    area("Logs", log::ROWS),
    area("Compaction", cleaner::ROWS),
    area("Replication", replication::ROWS),
    area("Metadata quorum", quorum::ROWS),
    area("Groups and offsets", groups::ROWS),
    area("Share groups", share::ROWS),
    area("Transactions", transactions::ROWS),
    area("Tiered storage", tiering::ROWS),
    area("Security", security::ROWS),
    area("Metrics and quotas", metrics::ROWS),
];

type Index = BTreeMap<&'static str, &'static Row>;

pub(crate) static BROKER: LazyLock<Index> =
    LazyLock::new(|| index(BROKER_AREAS.iter().flat_map(|area| area.rows)));
pub(crate) static TOPIC: LazyLock<Index> = LazyLock::new(|| index(topic::ROWS));
pub(crate) static GROUP: LazyLock<Index> = LazyLock::new(|| index(group::ROWS));
pub(crate) static CLIENT_METRICS: LazyLock<Index> = LazyLock::new(|| index(client_metrics::ROWS));

fn index<'a>(rows: impl IntoIterator<Item = &'a &'static Row>) -> Index {
    rows.into_iter().map(|row| (row.name, *row)).collect()
}
