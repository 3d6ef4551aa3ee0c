//! Changing settings at run time: which names and values are allowed, and what a change makes of what is stored.

use crate::layers::{Layers, Overrides};
use crate::nearest::nearest_name;
use crate::row::{Kind, Row, Update};
use crate::settings::without_listener_prefix;
use crate::table;
use crate::topic_config::check_rules;
use std::collections::BTreeMap;

/// What settings belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// A topic.
    Topic,
    /// One broker.
    Broker,
    /// All brokers (the broker with the empty name).
    ClusterWide,
    /// A group.
    Group,
    /// A telemetry subscription.
    ClientMetrics,
}

/// One change of IncrementalAlterConfigs (KIP-339).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Set to a value.
    Set(String),
    /// Back to the default.
    Delete,
    /// Add words to a list.
    Append(String),
    /// Take words from a list.
    Subtract(String),
}

/// Why a change is refused; INVALID_CONFIG on the wire, except that telemetry subscriptions answer INVALID_REQUEST.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RefusedChange(pub String);

/// What is stored for a resource after changes, which are not checked yet: see [`Layers::check`].
///
/// # Errors
/// Words are added to or taken from a setting that is no list.
pub fn apply(
    resource: Resource,
    stored: &Overrides,
    changes: &[(String, Change)],
) -> Result<Overrides, RefusedChange> {
    let mut after = stored.clone();
    for (name, change) in changes {
        match change {
            Change::Set(value) => {
                after.insert(name.clone(), value.clone());
            }
            Change::Delete => {
                after.remove(name);
            }
            Change::Append(words) => {
                let mut list = list_before(resource, name, &after)?;
                for word in words.split(',').map(str::trim) {
                    if !list.iter().any(|known| known == word) {
                        list.push(word.to_owned());
                    }
                }
                after.insert(name.clone(), list.join(","));
            }
            Change::Subtract(words) => {
                let mut list = list_before(resource, name, &after)?;
                list.retain(|known| !words.split(',').any(|word| word.trim() == known));
                after.insert(name.clone(), list.join(","));
            }
        }
    }
    Ok(after)
}

/// The words of a list that is changed: what is stored, or else its default.
fn list_before(
    resource: Resource,
    name: &str,
    stored: &Overrides,
) -> Result<Vec<String>, RefusedChange> {
    let row = row_of(resource, name).filter(|row| row.kind == Kind::List);
    let row = row.ok_or_else(|| {
        RefusedChange(format!(
            "{name}: is not a list, so nothing can be added to it or taken from it"
        ))
    })?;
    let text = stored
        .get(name)
        .map(String::as_str)
        .or(row.default)
        .unwrap_or_default();
    let words = text
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty());
    Ok(words.map(str::to_owned).collect())
}

fn row_of(resource: Resource, name: &str) -> Option<&'static Row> {
    let index = match resource {
        Resource::Topic => &table::TOPIC,
        Resource::Broker | Resource::ClusterWide => &table::BROKER,
        Resource::Group => &table::GROUP,
        Resource::ClientMetrics => &table::CLIENT_METRICS,
    };
    index.get(name).copied()
}

impl Layers {
    /// Checks what would be stored for a resource: names, values, and what values must keep to among each other.
    /// `stored` is what is there now.
    ///
    /// # Errors
    /// The first rule that is broken, as a sentence for the caller.
    pub fn check(
        &self,
        resource: Resource,
        stored: &Overrides,
        after: &Overrides,
    ) -> Result<(), RefusedChange> {
        for (name, value) in after {
            let unchanged = stored.get(name) == Some(value);
            match row_of(resource, name) {
                Some(row) => {
                    // What is stored already may stay: another version may have let it in.
                    if !unchanged {
                        check_dynamic(resource, row)?;
                    }
                    row.parse(value)
                        .map_err(|error| RefusedChange(error.to_string()))?;
                }
                None => check_unknown(resource, name)?,
            }
        }
        match resource {
            Resource::Topic => self.check_topic(stored, after),
            Resource::Broker | Resource::ClusterWide => self.check_broker(resource, after),
            Resource::Group => self.check_group(after),
            Resource::ClientMetrics => Ok(()),
        }
    }

    fn check_topic(&self, stored: &Overrides, after: &Overrides) -> Result<(), RefusedChange> {
        check_rules(&|row| self.topic_value(row, after)).map_err(|error| RefusedChange(error.0))?;
        let (was, is) = (self.topic(stored), self.topic(after));
        if is.remote_storage && !self.get(&crate::broker::REMOTE_LOG_STORAGE_SYSTEM_ENABLE) {
            return Err(RefusedChange(
                "remote.storage.enable: tiered storage is off on this node (remote.log.storage.system.enable)"
                    .to_owned(),
            ));
        }
        if was.remote_storage && !is.remote_storage && !is.remote_delete_on_disable {
            return Err(RefusedChange(
                "remote.storage.enable: would orphan what is in the object store; set \
                 remote.log.delete.on.disable=true to delete it, or keep remote storage and set \
                 remote.log.copy.disable=true to stop uploads"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    fn check_broker(&self, resource: Resource, after: &Overrides) -> Result<(), RefusedChange> {
        let mut changed = self.clone();
        match resource {
            Resource::ClusterWide => changed.set_cluster_wide(after.clone()),
            _ => changed.set_broker(after.clone()),
        }
        let none = BTreeMap::new();
        check_rules(&|row| changed.topic_value(row, &none)).map_err(|error| RefusedChange(error.0))
    }

    /// A group's times must lie within the node's bounds, and heartbeats must be shorter than the session.
    fn check_group(&self, after: &Overrides) -> Result<(), RefusedChange> {
        for (name, value) in after {
            let Ok(number) = value.trim().parse::<i64>() else {
                continue;
            };
            for (word, below) in [("min", true), ("max", false)] {
                let bound_name = crate::group::bound_name(name, word);
                let Some(row) = table::BROKER.get(bound_name.as_str()) else {
                    continue;
                };
                let bound = self.broker_number(row);
                if (below && number < bound) || (!below && number > bound) {
                    let side = if below { "below" } else { "above" };
                    return Err(RefusedChange(format!(
                        "{name}: {number} is {side} this node's {bound_name} ({bound})"
                    )));
                }
            }
        }
        for (session, heartbeat) in crate::group::SESSIONS {
            let (session_ms, heartbeat_ms) = (
                self.group_setting(session, after),
                self.group_setting(heartbeat, after),
            );
            if heartbeat_ms >= session_ms {
                return Err(RefusedChange(format!(
                    "{}: {heartbeat_ms} must be less than {} ({session_ms})",
                    heartbeat.name(),
                    session.name()
                )));
            }
        }
        Ok(())
    }
}

fn check_dynamic(resource: Resource, row: &Row) -> Result<(), RefusedChange> {
    let allowed = match resource {
        Resource::Broker => row.is_dynamic(),
        Resource::ClusterWide => row.update == Update::ClusterWide,
        Resource::Topic | Resource::Group | Resource::ClientMetrics => true,
    };
    if allowed {
        Ok(())
    } else {
        Err(refuse_static(resource, row))
    }
}

fn refuse_static(resource: Resource, row: &Row) -> RefusedChange {
    RefusedChange(match (resource, row.update) {
        (Resource::ClusterWide, Update::PerBroker) => {
            format!("{}: can only be set on a single broker", row.name)
        }
        _ => format!(
            "{}: can't change at run time; set it in the node's file and restart",
            row.name
        ),
    })
}

/// Names outside the table: Kafka lets brokers carry them for plug-ins, and nothing else.
fn check_unknown(resource: Resource, name: &str) -> Result<(), RefusedChange> {
    let (what, index) = match resource {
        Resource::Broker => return Ok(()),
        Resource::ClusterWide if without_listener_prefix(name).is_none() => return Ok(()),
        Resource::ClusterWide => {
            return Err(RefusedChange(format!(
                "{name}: can only be set on a single broker"
            )));
        }
        Resource::Topic => ("topic", &table::TOPIC),
        Resource::Group => ("group", &table::GROUP),
        Resource::ClientMetrics => ("client metrics", &table::CLIENT_METRICS),
    };
    let hint = match nearest_name(name, index.keys().copied()) {
        Some(near) => format!("; did you mean {near}?"),
        None => String::new(),
    };
    Err(RefusedChange(format!(
        "Unknown {what} config name: {name}{hint}"
    )))
}

#[cfg(test)]
mod tests;
