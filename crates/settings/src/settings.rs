//! What a node was started with: file, then command line, checked and typed.

use crate::listeners::{self, split_address};
use crate::nearest::nearest_name;
use crate::properties::parse_properties;
use crate::row::{Key, Row, Support};
use crate::table;
use crate::value::{BadValue, FromValue, Value};
use crate::{broker, topic_config};
use std::collections::BTreeMap;
use std::fmt;

/// A node's static settings. What is not set has its default.
#[derive(Clone, Default, PartialEq)]
pub struct Settings {
    values: BTreeMap<&'static str, Value>,
    /// Set, but not in the table: shown to clients, never read.
    unknown: BTreeMap<String, String>,
}

/// Settings, and what a person should know about them.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// Each a sentence: unknown names, settings without effect.
    pub warnings: Vec<String>,
}

/// Why a node refuses its settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Each a sentence about one setting; never empty.
    pub reasons: Vec<String>,
}

/// Names that mean another name.
const ALIASES: [(&str, &str); 2] = [
    ("broker.id", "node.id"),
    ("metrics.listener", "klamm.metrics.listener"),
];

/// An entry of `controller.quorum.voters`, `ID@HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedVoter {
    /// The node's id.
    pub id: i32,
    /// Host name or address of its controller listener.
    pub host: String,
    /// Port of its controller listener.
    pub port: u16,
}

impl FixedVoter {
    /// Reads an entry; `None` if it has another form.
    #[must_use]
    pub fn parse(entry: &str) -> Option<Self> {
        let (id, address) = entry.trim().split_once('@')?;
        let (host, port) = split_address(address)?;
        let id = id.parse().ok()?;
        (!host.is_empty()).then_some(Self { id, host, port })
    }
}

impl Settings {
    /// Reads a `server.properties` text and then overrides, later entries winning.
    ///
    /// # Errors
    /// A known name with a value out of its range, or values that contradict each other; all reasons at once.
    pub fn load(file: &str, overrides: &[(String, String)]) -> Result<Loaded, Refused> {
        let entries = parse_properties(file);
        let entries = entries.into_iter().map(|p| (p.name, p.value));
        let mut texts: BTreeMap<String, String> = entries.collect();
        texts.extend(overrides.iter().cloned());

        let mut settings = Self::default();
        let mut warnings = Vec::new();
        let mut reasons = Vec::new();
        unify_aliases(&mut texts, &mut reasons);
        for (name, text) in texts {
            let Some(row) = table::BROKER.get(name.as_str()) else {
                warnings.extend(warn_unknown(&name));
                settings.unknown.insert(name, text);
                continue;
            };
            match row.parse(&text) {
                Ok(value) => {
                    warnings.extend(warn_no_effect(row, &value));
                    settings.values.insert(row.name, value);
                }
                Err(error) => reasons.push(error.to_string()),
            }
        }
        if reasons.is_empty() {
            settings.contradictions(&mut reasons, &mut warnings);
        }
        if reasons.is_empty() {
            Ok(Loaded { settings, warnings })
        } else {
            Err(Refused { reasons })
        }
    }

    /// Splits an override of the command line, `NAME=VALUE`.
    ///
    /// # Errors
    /// There is no `=`, or nothing before it.
    pub fn parse_override(text: &str) -> Result<(String, String), Refused> {
        match text.split_once('=') {
            Some((name, value)) if !name.trim().is_empty() => {
                Ok((name.trim().to_owned(), value.to_owned()))
            }
            _ => Err(Refused {
                reasons: vec![format!("'{text}' is not of the form NAME=VALUE")],
            }),
        }
    }

    /// A setting's value.
    #[must_use]
    pub fn get<T: FromValue>(&self, key: &Key<T>) -> T {
        T::from_value(&self.value(key.row()))
    }

    /// Whether a setting was given rather than left to its default.
    #[must_use]
    pub fn is_set<T>(&self, key: &Key<T>) -> bool {
        self.values.contains_key(key.name())
    }

    /// The same settings with one value replaced, for tests and embedding.
    ///
    /// # Errors
    /// The value is out of the setting's range.
    pub fn with<T>(mut self, key: &Key<T>, text: &str) -> Result<Self, BadValue> {
        self.values.insert(key.name(), key.row().parse(text)?);
        Ok(self)
    }

    /// The data folders: `log.dirs`, or else `log.dir`.
    #[must_use]
    pub fn data_folders(&self) -> Vec<String> {
        self.get(&broker::LOG_DIRS)
            .unwrap_or_else(|| self.get(&broker::LOG_DIR))
    }

    /// The folder of the metadata log: `metadata.log.dir`, or else the first data folder.
    #[must_use]
    pub fn metadata_folder(&self) -> String {
        self.get(&broker::METADATA_LOG_DIR)
            .or_else(|| self.data_folders().into_iter().next())
            .unwrap_or_default()
    }

    /// Bytes of requests in work at once: `queued.max.request.bytes` if positive, or else `klamm.max.inflight.bytes`.
    #[must_use]
    pub fn inflight_bytes_max(&self) -> u64 {
        let kafka = self.get(&broker::QUEUED_MAX_REQUEST_BYTES);
        let bytes = if kafka > 0 {
            kafka
        } else {
            self.get(&broker::KLAMM_MAX_INFLIGHT_BYTES)
        };
        bytes.unsigned_abs()
    }

    pub(crate) fn value(&self, row: &Row) -> Value {
        self.set_value(row.name)
            .cloned()
            .unwrap_or_else(|| row.default_value())
    }

    pub(crate) fn set_value(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    pub(crate) fn unknown(&self) -> &BTreeMap<String, String> {
        &self.unknown
    }

    fn contradictions(&self, reasons: &mut Vec<String>, warnings: &mut Vec<String>) {
        listeners::check(self, reasons);
        let roles = self.get(&broker::PROCESS_ROLES);
        if roles.len() < 2 {
            reasons.push(format!(
                "process.roles: '{}' alone needs several nodes, which Klamm can't form yet; use broker,controller",
                roles.join(",")
            ));
        }
        let voters = self.get(&broker::CONTROLLER_QUORUM_VOTERS);
        if voters.len() > 1 {
            reasons.push(
                "controller.quorum.voters: Klamm can't form a quorum of several nodes yet; leave it out"
                    .to_owned(),
            );
        }
        if let [only] = voters.as_slice() {
            let id = self.get(&broker::NODE_ID);
            if FixedVoter::parse(only).is_none_or(|voter| voter.id != id) {
                reasons.push(format!(
                    "controller.quorum.voters: '{only}' is not this node; a quorum of one is {id}@HOST:PORT"
                ));
            }
        }
        self.check_authorizer(reasons, warnings);
        let defaults = crate::layers::Layers::new(self.clone());
        if let Err(error) =
            topic_config::check_rules(&|row| defaults.topic_value(row, &BTreeMap::new()))
        {
            reasons.push(error.to_string());
        }
    }

    /// A node that was meant to check permissions must not serve without doing so.
    fn check_authorizer(&self, reasons: &mut Vec<String>, warnings: &mut Vec<String>) {
        let authorizer = self.get(&broker::AUTHORIZER_CLASS_NAME);
        if authorizer.is_empty() {
            return;
        }
        if self.get(&broker::ALLOW_EVERYONE_IF_NO_ACL_FOUND) {
            warnings.push(
                "authorizer.class.name: Klamm stores no ACLs yet, so everybody may do everything"
                    .to_owned(),
            );
        } else {
            reasons.push(
                "authorizer.class.name: Klamm can't enforce ACLs yet; remove the setting to let everybody do \
                 everything"
                    .to_owned(),
            );
        }
    }
}

fn unify_aliases(texts: &mut BTreeMap<String, String>, reasons: &mut Vec<String>) {
    for (alias, name) in ALIASES {
        let Some(text) = texts.get(alias).cloned() else {
            continue;
        };
        if !table::BROKER.contains_key(alias) {
            texts.remove(alias);
        }
        match texts.get(name) {
            Some(other) if other.trim() != text.trim() => {
                reasons.push(format!(
                    "{alias}: is another name of {name}, but the two differ"
                ));
            }
            Some(_) => {}
            None => {
                texts.insert(name.to_owned(), text);
            }
        }
    }
    // Clients that only know the old name find it, as with Kafka.
    let id = texts
        .get("node.id")
        .map(String::as_str)
        .or(broker::NODE_ID.row().default);
    if let Some(id) = id.map(str::to_owned) {
        texts.entry("broker.id".to_owned()).or_insert(id);
    }
}

/// The plain name inside `listener.name.<listener>.<name>`.
pub(crate) fn without_listener_prefix(name: &str) -> Option<&str> {
    let rest = name.strip_prefix("listener.name.")?;
    rest.split_once('.').map(|(_, base)| base)
}

fn warn_unknown(name: &str) -> Option<String> {
    if let Some(base) = without_listener_prefix(name) {
        // A mechanism may stand before the name: `listener.name.x.scram-sha-256.sasl.jaas.config`.
        let known = |base: &str| table::BROKER.contains_key(base);
        if base.starts_with("max.connection") && known(base) {
            return Some(format!(
                "{name}: has no effect for one listener, only {base} for the node"
            ));
        }
        if known(base) || base.split_once('.').is_some_and(|(_, base)| known(base)) {
            return Some(format!("{name}: has no effect yet, it belongs to security"));
        }
    }
    if name.starts_with("rsm.config.") || name.starts_with("rlmm.config.") {
        return Some(format!("{name}: has no effect, Klamm loads no plug-ins"));
    }
    if let Some((_, synonyms)) = topic_config::SYNONYMS
        .iter()
        .find(|(topic, _)| *topic == name)
        && let Some((broker, _)) = synonyms.first()
    {
        return Some(format!(
            "{name}: is a setting of topics; a node calls its default {broker}"
        ));
    }
    let known = table::BROKER
        .values()
        .filter(|row| !row.is_internal())
        .map(|row| row.name);
    Some(match nearest_name(name, known) {
        Some(near) => format!("{name}: unknown setting, ignored; did you mean {near}?"),
        None => format!("{name}: unknown setting, ignored"),
    })
}

fn warn_no_effect(row: &Row, value: &Value) -> Option<String> {
    // Its own rule judges it, more strictly.
    let judged = row.name == broker::AUTHORIZER_CLASS_NAME.name()
        || row.name == broker::ALLOW_EVERYONE_IF_NO_ACL_FOUND.name();
    if judged || *value == row.default_value() {
        return None;
    }
    match row.support {
        Support::Works => None,
        Support::NoEffect(why) => Some(format!("{}: has no effect: {why}", row.name)),
        Support::NotYet(part) => Some(format!(
            "{}: has no effect yet, it belongs to {part}",
            row.name
        )),
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(&self.values).finish()
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reasons.join("\n"))
    }
}

impl std::error::Error for Refused {}

#[cfg(test)]
mod tests;
