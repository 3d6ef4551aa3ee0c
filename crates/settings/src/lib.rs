//! Every setting: name, type, default, range, scope and meaning.
//!
//! One table (`table/`) serves all: reading `server.properties`, typed access, DescribeConfigs with its layers and
//! synonyms, the checks of AlterConfigs, and `docs/config.md`. Names, defaults and ranges are those of Kafka 4.3; what
//! differs is listed with the reason in `table/deviations.rs`.
//!
//! ```text
//! text ──load──▶ Settings ──Layers::new──▶ Layers ──topic(overrides)──▶ TopicConfig
//!                (static)                  (+ run time)  └─describe_*──▶ rows of an answer
//! ```

mod alter;
pub mod docs;
mod layers;
mod listeners;
mod nearest;
mod properties;
mod row;
mod settings;
mod table;
mod topic_config;
mod value;

pub use alter::{Change, RefusedChange, Resource, apply};
pub use layers::{Described, Layers, Overrides, Source, Synonym};
pub use listeners::{Endpoint, Protocol};
pub use nearest::nearest_name;
pub use properties::{Property, parse_properties};
pub use row::{Key, Kind, Range, Row, Support, Update};
pub use settings::{FixedVoter, Loaded, Refused, Settings};
pub use topic_config::{StoredCodec, TimestampKind, TopicConfig};
pub use value::{BadValue, FromValue, Value, address_counts};

/// Settings of a node.
pub mod broker {
    pub use crate::table::{
        cleaner::*, groups::*, klamm::*, log::*, metrics::*, network::*, node::*, quorum::*,
        replication::*, security::*, share::*, tiering::*, transactions::*,
    };
}

/// Settings of a topic.
pub mod topic {
    pub use crate::table::topic::*;
}

/// Settings of a group.
pub mod group {
    pub use crate::table::group::*;

    /// Session timeout and heartbeat of each kind of group.
    pub(crate) static SESSIONS: [(&crate::Key<i32>, &crate::Key<i32>); 3] = [
        (
            &CONSUMER_SESSION_TIMEOUT_MS,
            &CONSUMER_HEARTBEAT_INTERVAL_MS,
        ),
        (&SHARE_SESSION_TIMEOUT_MS, &SHARE_HEARTBEAT_INTERVAL_MS),
        (&STREAMS_SESSION_TIMEOUT_MS, &STREAMS_HEARTBEAT_INTERVAL_MS),
    ];

    /// The node's setting that bounds a group's: `consumer.session.timeout.ms` → `group.consumer.min.session.timeout.ms`.
    pub(crate) fn bound_name(name: &str, word: &str) -> String {
        match name.split_once('.') {
            // The bound of standbys is named without their number.
            Some(("streams", "num.standby.replicas")) => {
                format!("group.streams.{word}.standby.replicas")
            }
            Some((kind, rest)) => format!("group.{kind}.{word}.{rest}"),
            None => String::new(),
        }
    }
}

/// Settings of a client telemetry subscription.
pub mod client_metrics {
    pub use crate::table::client_metrics::*;
    pub use crate::value::SELECTORS;
}

/// All rows of a node's settings, by name.
pub fn broker_rows() -> impl Iterator<Item = &'static Row> {
    table::BROKER.values().copied()
}

/// All rows of a topic's settings, by name.
pub fn topic_rows() -> impl Iterator<Item = &'static Row> {
    table::TOPIC.values().copied()
}
