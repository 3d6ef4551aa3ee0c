//! Settings in layers: topic over broker over cluster over file over default, and where each value comes from.
//!
//! ```text
//! topic's own            set by AlterConfigs on the topic
//! this broker's          set by AlterConfigs on the broker      (dynamic settings only)
//! cluster-wide           set by AlterConfigs on broker ""       (dynamic settings only)
//! static                 file and command line
//! default                the table
//! ```
//! A stored value that the table refuses counts as not set: a newer or older version may have stored it.

use crate::row::{Key, Kind, Row, Update};
use crate::settings::{Settings, without_listener_prefix};
use crate::topic_config::{SYNONYMS, TopicConfig, synonyms_of};
use crate::value::{FromValue, Value};
use crate::{group, table, topic};
use std::collections::BTreeMap;

/// What was set for one resource at run time, as the metadata log holds it.
pub type Overrides = BTreeMap<String, String>;

/// Where a value comes from. The number of each is `code()` in a DescribeConfigs answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Set on the topic.
    Topic,
    /// Set on this broker at run time.
    Broker,
    /// Set for all brokers at run time.
    ClusterWide,
    /// The file or the command line.
    Static,
    /// The table.
    Default,
    /// Set on a telemetry subscription.
    ClientMetrics,
    /// Set on the group.
    Group,
}

impl Source {
    /// The number on the wire.
    #[must_use]
    pub const fn code(self) -> i8 {
        match self {
            Self::Topic => 1,
            Self::Broker => 2,
            Self::ClusterWide => 3,
            Self::Static => 4,
            Self::Default => 5,
            Self::ClientMetrics => 7,
            Self::Group => 8,
        }
    }
}

/// One line of a DescribeConfigs answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Described {
    /// The setting.
    pub name: String,
    /// Its effective value; `None` if unset or sensitive.
    pub value: Option<String>,
    /// Where the value comes from.
    pub source: Source,
    /// It can't change at run time.
    pub read_only: bool,
    /// Its value is never shown.
    pub sensitive: bool,
    /// The layers below that value and what they hold, the effective one first.
    pub synonyms: Vec<Synonym>,
    /// The type; `None` for a setting that the table does not know.
    pub kind: Option<Kind>,
    /// What it does.
    pub doc: &'static str,
}

/// A layer's value of a setting, perhaps under another name.
#[derive(Debug, Clone, PartialEq)]
pub struct Synonym {
    /// The name in that layer.
    pub name: String,
    /// The value there; `None` if sensitive.
    pub value: Option<String>,
    /// The layer.
    pub source: Source,
}

/// A node's settings with what was changed at run time.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    fixed: Settings,
    cluster_wide: Overrides,
    broker: Overrides,
}

impl Layers {
    /// Nothing changed at run time.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { fixed: settings, ..Self::default() }
    }

    /// Replaces what was set for all brokers (resource broker "").
    pub fn set_cluster_wide(&mut self, overrides: Overrides) {
        self.cluster_wide = overrides;
    }

    /// Replaces what was set for this broker.
    pub fn set_broker(&mut self, overrides: Overrides) {
        self.broker = overrides;
    }

    /// The static layer.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.fixed
    }

    /// A setting's effective value.
    #[must_use]
    pub fn get<T: FromValue>(&self, key: &Key<T>) -> T {
        T::from_value(&self.broker_value(key.row()))
    }

    /// A topic's settings; `overrides` are those set on the topic.
    #[must_use]
    pub fn topic(&self, overrides: &Overrides) -> TopicConfig {
        TopicConfig::from_values(&|row| self.topic_value(row, overrides))
    }

    /// One setting of a topic.
    #[must_use]
    pub fn topic_setting<T: FromValue>(&self, key: &Key<T>, overrides: &Overrides) -> T {
        T::from_value(&self.topic_value(key.row(), overrides))
    }

    /// One setting of a group, clamped to the bounds that the node sets.
    #[must_use]
    pub fn group_setting<T: FromValue>(&self, key: &Key<T>, overrides: &Overrides) -> T {
        T::from_value(&self.group_value(key.row(), overrides))
    }

    /// All settings of this broker.
    #[must_use]
    pub fn describe_broker(&self) -> Vec<Described> {
        let rows = table::BROKER.values().filter(|row| !row.is_internal());
        let mut lines: Vec<_> = rows.filter_map(|row| self.describe_own(row)).collect();
        let dynamic = |name: &String| {
            self.broker
                .get(name)
                .or_else(|| self.cluster_wide.get(name))
        };
        let names = self
            .fixed
            .unknown()
            .keys()
            .chain(self.cluster_wide.keys())
            .chain(self.broker.keys());
        let mut names: Vec<&String> = names
            .filter(|name| !table::BROKER.contains_key(name.as_str()))
            .collect();
        names.sort();
        names.dedup();
        lines.extend(names.into_iter().map(|name| {
            let source = match (self.broker.contains_key(name), dynamic(name)) {
                (true, _) => Source::Broker,
                (false, Some(_)) => Source::ClusterWide,
                (false, None) => Source::Static,
            };
            self.describe_foreign(name, source)
        }));
        lines
    }

    /// A name outside the table. That of one listener, `listener.name.<listener>.<name>`, is shown as `<name>` is, with
    /// the node's values behind it.
    fn describe_foreign(&self, name: &str, source: Source) -> Described {
        let base = without_listener_prefix(name).and_then(|base| table::BROKER.get(base));
        let layers = [
            (Source::Broker, self.broker.get(name)),
            (Source::Static, self.fixed.unknown().get(name)),
        ];
        let own = |row: &Row| {
            let own = layers.iter().filter_map(|(source, text)| {
                let value = text.as_ref()?.parse_as(row)?;
                let value = shown(row, &value);
                Some(Synonym { name: name.to_owned(), value, source: *source })
            });
            own.collect::<Vec<_>>()
        };
        let Some((row, own)) = base
            .map(|row| (*row, own(row)))
            .filter(|(_, own)| !own.is_empty())
        else {
            return unknown(name, source);
        };
        let value = own.first().and_then(|own| own.value.clone());
        let synonyms = own
            .into_iter()
            .chain(self.broker_layers(&broker_names(row), true));
        Described {
            name: name.to_owned(),
            value,
            source,
            read_only: !row.is_dynamic(),
            sensitive: row.is_sensitive(),
            synonyms: synonyms.collect(),
            kind: Some(row.kind),
            doc: row.doc,
        }
    }

    fn describe_own(&self, row: &'static Row) -> Option<Described> {
        let mut found = self.broker_layers(&broker_names(row), true);
        let is_foreign = SHOWN_WHERE_SET.contains(&row.name);
        if is_foreign {
            // Kafka knows no default of them.
            found.retain(|layer| layer.source != Source::Default);
            if found.is_empty() {
                return None;
            }
        }
        if is_foreign && !row.is_dynamic() {
            return Some(unknown(row.name, Source::Static));
        }
        Some(describe(
            row,
            &self.broker_value(row),
            found,
            !row.is_dynamic(),
        ))
    }

    /// What is set for all brokers (resource broker "").
    #[must_use]
    pub fn describe_cluster_wide(&self) -> Vec<Described> {
        let line = |(name, text): (&String, &String)| match table::BROKER.get(name.as_str()) {
            Some(row) => {
                let value = row.parse(text).unwrap_or(Value::Unset);
                let found = self.broker_layers(&[row.name], false);
                describe(row, &value, found, false)
            }
            None => unknown(name, Source::ClusterWide),
        };
        self.cluster_wide.iter().map(line).collect()
    }

    /// All settings of a topic.
    #[must_use]
    pub fn describe_topic(&self, overrides: &Overrides) -> Vec<Described> {
        let rows = table::TOPIC.values().filter(|row| !row.is_internal());
        rows.map(|row| {
            let own = own_layer(row, overrides, Source::Topic);
            let names: Vec<_> = synonyms_of(row.name)
                .iter()
                .map(|(name, _)| *name)
                .collect();
            let found = own.into_iter().chain(self.broker_layers(&names, true));
            describe(
                row,
                &self.topic_value(row, overrides),
                found.collect(),
                false,
            )
        })
        .collect()
    }

    /// All settings of a group.
    #[must_use]
    pub fn describe_group(&self, overrides: &Overrides) -> Vec<Described> {
        let line = |row: &&'static Row| {
            let own = own_layer(row, overrides, Source::Group);
            let node = table::BROKER.get(format!("group.{}", row.name).as_str());
            let default = match node {
                Some(node) => self.broker_layers(&[node.name], true),
                None => vec![synonym(row, &row.default_value(), Source::Default)],
            };
            let found = own.into_iter().chain(default).collect();
            describe(row, &self.group_value(row, overrides), found, false)
        };
        table::GROUP.values().map(line).collect()
    }

    /// All settings of a telemetry subscription.
    #[must_use]
    pub fn describe_client_metrics(overrides: &Overrides) -> Vec<Described> {
        let line = |row: &&'static Row| {
            let own = own_layer(row, overrides, Source::ClientMetrics);
            let value = own
                .as_ref()
                .and_then(|_| overrides.get(row.name)?.parse_as(row));
            let value = value.unwrap_or_else(|| row.default_value());
            describe(row, &value, own.into_iter().collect(), false)
        };
        table::CLIENT_METRICS.values().map(line).collect()
    }

    pub(crate) fn topic_value(&self, row: &Row, overrides: &Overrides) -> Value {
        if let Some(value) = overrides.get(row.name).and_then(|text| text.parse_as(row)) {
            return value;
        }
        for (name, factor) in synonyms_of(row.name) {
            let value = table::BROKER.get(name).map(|row| self.broker_value(row));
            match value {
                None | Some(Value::Unset) => {}
                // Any negative retention time of a node means no limit.
                Some(Value::Whole(..0)) if row.name == topic::RETENTION_MS.name() => {
                    return Value::Whole(-1);
                }
                Some(Value::Whole(number)) => return Value::Whole(number.saturating_mul(*factor)),
                Some(value) => return value,
            }
        }
        row.default_value()
    }

    fn broker_value(&self, row: &Row) -> Value {
        let dynamic = [&self.broker, &self.cluster_wide]
            .into_iter()
            .filter(|_| row.is_dynamic())
            .find_map(|layer| layer.get(row.name)?.parse_as(row));
        dynamic.unwrap_or_else(|| self.fixed.value(row))
    }

    pub(crate) fn broker_number(&self, row: &Row) -> i64 {
        i64::from_value(&self.broker_value(row))
    }

    fn group_value(&self, row: &Row, overrides: &Overrides) -> Value {
        let node = |name: &str| table::BROKER.get(name).map(|row| self.broker_value(row));
        let own = overrides.get(row.name).and_then(|text| text.parse_as(row));
        let value = own
            .or_else(|| node(&format!("group.{}", row.name)))
            .unwrap_or_else(|| row.default_value());
        let Value::Whole(number) = value else {
            return value;
        };
        let bound = |word: &str| match node(&group::bound_name(row.name, word)) {
            Some(Value::Whole(bound)) => Some(bound),
            _ => None,
        };
        let number = bound("max").map_or(number, |max| number.min(max));
        Value::Whole(bound("min").map_or(number, |min| number.max(min)))
    }

    /// What each layer of the node holds under some names, the effective first.
    ///
    /// As in Kafka the list begins at the first of the names: a value under another unit in front of it is not shown,
    /// and if the first name has no value at all, nothing is.
    fn broker_layers(&self, names: &[&'static str], with_broker: bool) -> Vec<Synonym> {
        let rows: Vec<&Row> = names
            .iter()
            .filter_map(|name| table::BROKER.get(name).copied())
            .collect();
        // What Kafka took at run time and this broker takes from its file only is stored, but does not count.
        let dynamic = |layer: &Overrides, row: &Row| {
            let text = layer.get(row.name)?;
            (row.is_dynamic() || !with_broker).then(|| text.parse_as(row))?
        };
        let sources = [
            Source::Broker,
            Source::ClusterWide,
            Source::Static,
            Source::Default,
        ];
        let mut found = Vec::new();
        for source in sources {
            for row in &rows {
                let value = match source {
                    Source::Broker if with_broker => dynamic(&self.broker, row),
                    Source::ClusterWide => dynamic(&self.cluster_wide, row),
                    Source::Static if with_broker => self.fixed.set_value(row.name).cloned(),
                    Source::Default if with_broker => {
                        Some(row.default_value()).filter(|value| *value != Value::Unset)
                    }
                    _ => None,
                };
                found.extend(value.map(|value| synonym(row, &value, source)));
            }
        }
        let asked = names.first().copied().unwrap_or_default();
        found
            .into_iter()
            .skip_while(|synonym: &Synonym| synonym.name != asked)
            .collect()
    }
}

/// Settings that Kafka's broker does not count among its own, those of its authorizer and rates that are set at run time:
/// they are listed only where they are set, and what the authorizer is told is not shown.
const SHOWN_WHERE_SET: [&str; 5] = [
    "allow.everyone.if.no.acl.found",
    "follower.replication.throttled.rate",
    "leader.replication.throttled.rate",
    "replica.alter.log.dirs.io.max.bytes.per.second",
    "super.users",
];

/// The names under which the layers of a node's setting are shown: Kafka shows a time in all its units with the one that
/// stands for them, the first.
fn broker_names(row: &Row) -> Vec<&'static str> {
    let units = SYNONYMS
        .iter()
        .map(|(_, units)| *units)
        .find(|units| units.first().is_some_and(|(name, _)| *name == row.name));
    match units {
        Some(units) => units.iter().map(|(name, _)| *name).collect(),
        None => vec![row.name],
    }
}

/// Reads stored text; `None` if the row refuses it.
trait ParseAs {
    fn parse_as(&self, row: &Row) -> Option<Value>;
}

impl ParseAs for String {
    fn parse_as(&self, row: &Row) -> Option<Value> {
        row.parse(self).ok()
    }
}

fn own_layer(row: &Row, overrides: &Overrides, source: Source) -> Option<Synonym> {
    let value = overrides.get(row.name)?.parse_as(row)?;
    Some(synonym(row, &value, source))
}

fn synonym(row: &Row, value: &Value, source: Source) -> Synonym {
    Synonym { name: row.name.to_owned(), value: shown(row, value), source }
}

fn shown(row: &Row, value: &Value) -> Option<String> {
    (*value != Value::Unset && !row.is_sensitive()).then(|| value.to_string())
}

fn describe(
    row: &'static Row,
    value: &Value,
    synonyms: Vec<Synonym>,
    read_only: bool,
) -> Described {
    Described {
        name: row.name.to_owned(),
        value: shown(row, value),
        source: synonyms
            .first()
            .map_or(Source::Default, |first| first.source),
        read_only,
        sensitive: row.is_sensitive(),
        synonyms,
        kind: Some(row.kind),
        doc: row.doc,
    }
}

/// A name that the table does not know may hold a secret of a plug-in, so its value is not shown.
fn unknown(name: &str, source: Source) -> Described {
    let synonym = Synonym { name: name.to_owned(), value: None, source };
    let base = without_listener_prefix(name).and_then(|base| table::BROKER.get(base));
    Described {
        name: name.to_owned(),
        value: None,
        source,
        read_only: base.is_none_or(|row| row.update == Update::ReadOnly),
        sensitive: true,
        synonyms: vec![synonym],
        kind: base.map(|row| row.kind),
        doc: base.map_or("", |row| row.doc),
    }
}

#[cfg(test)]
mod tests;
