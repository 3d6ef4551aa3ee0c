//! Changes configuration: single values, or all values of a resource.

use klamm_codec::Str;
use klamm_model::NodeId;
use klamm_settings::{Change, Overrides, RefusedChange, Resource};

use super::{Controller, Decision, Refusal, RefusalKind};
use crate::generated::{ClearElrRecord, ConfigRecord};
use crate::image::{ConfigResource, Image, ResourceKind};
use crate::record::MetadataRecord;

/// Changes to one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterConfig<C> {
    /// The resource.
    pub resource: ConfigResource,
    /// The changes by name. A caller has refused names that appear twice.
    pub changes: Vec<(String, C)>,
}

/// The answer for each resource.
pub type ConfigResults = Vec<(ConfigResource, Result<(), Refusal>)>;

/// Longest value that a later append may lead to, in characters; a longer one would not fit Kafka's older formats.
const VALUE_LENGTH_MAX: usize = 32767;

const MIN_INSYNC_REPLICAS: &str = "min.insync.replicas";
const CORDONED_LOG_DIRS: &str = "cordoned.log.dirs";

/// What is set on a resource, in the form that settings work with.
#[must_use]
pub fn stored(image: &Image, kind: ResourceKind, name: &str) -> Overrides {
    let values = image.configs().of(kind, name);
    let values = values.into_iter().flat_map(|values| values.iter());
    values
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .collect()
}

/// Decides on changes to single values (IncrementalAlterConfigs, KIP-339).
#[must_use]
pub fn alter_configs_incrementally(
    controller: &Controller<'_>,
    alterations: &[AlterConfig<Change>],
    validate_only: bool,
) -> Decision<ConfigResults> {
    decide(
        controller,
        alterations,
        validate_only,
        klamm_settings::apply,
    )
}

/// Decides on whole configurations: what is not named goes back to its default (AlterConfigs).
#[must_use]
pub fn replace_configs(
    controller: &Controller<'_>,
    alterations: &[AlterConfig<String>],
    validate_only: bool,
) -> Decision<ConfigResults> {
    decide(controller, alterations, validate_only, |_, _, values| {
        Ok(values.iter().cloned().collect())
    })
}

fn decide<C>(
    controller: &Controller<'_>,
    alterations: &[AlterConfig<C>],
    validate_only: bool,
    after: impl Fn(Resource, &Overrides, &[(String, C)]) -> Result<Overrides, RefusedChange>,
) -> Decision<ConfigResults> {
    let mut records = Vec::new();
    let mut reply = Vec::with_capacity(alterations.len());
    for alteration in alterations {
        let resource = &alteration.resource;
        let result = settings_resource(resource).and_then(|kind| {
            let before = stored(controller.image, resource.kind, &resource.name);
            let after = after(kind, &before, &alteration.changes).map_err(unfit)?;
            check(controller, (kind, resource), &before, &after)?;
            let name = (resource.kind, &*resource.name);
            let mut own = changed_records(name, &before, &after);
            if resource.kind == ResourceKind::Broker {
                // Brokers reload what a value names (a key store, say) even when the value stays the same.
                own.extend(repeated_records(name, &before, &after, &alteration.changes));
            }
            Ok(own)
        });
        let result = result.map(|own| records.extend(own));
        reply.push((resource.clone(), result));
    }
    let clear = clear_elr_records(controller.image, &records);
    records.extend(clear);
    Decision { records, reply }.validated(validate_only)
}

/// A change that makes no sense for its setting.
fn unfit(refused: RefusedChange) -> Refusal {
    Refusal::new(RefusalKind::InvalidConfig, refused.0)
}

/// A name or value that is not allowed. Brokers and telemetry subscriptions have another code in Kafka (KAFKA-13609).
fn invalid(resource: Resource) -> impl Fn(RefusedChange) -> Refusal {
    let kind = match resource {
        Resource::Broker | Resource::ClusterWide | Resource::ClientMetrics => {
            RefusalKind::InvalidRequest
        }
        Resource::Topic | Resource::Group => RefusalKind::InvalidConfig,
    };
    move |refused| Refusal::new(kind, refused.0)
}

fn settings_resource(resource: &ConfigResource) -> Result<Resource, Refusal> {
    match resource.kind {
        ResourceKind::Topic => Ok(Resource::Topic),
        ResourceKind::Broker if resource.name.is_empty() => Ok(Resource::ClusterWide),
        ResourceKind::Broker => Ok(Resource::Broker),
        ResourceKind::Group => Ok(Resource::Group),
        ResourceKind::ClientMetrics => Ok(Resource::ClientMetrics),
        ResourceKind::BrokerLogger => {
            let message = "Log levels are not part of the cluster's metadata.";
            Err(Refusal::new(RefusalKind::InvalidRequest, message))
        }
    }
}

/// Checks names and values first and the resource's existence last, as Kafka does.
fn check(
    controller: &Controller<'_>,
    (kind, resource): (Resource, &ConfigResource),
    before: &Overrides,
    after: &Overrides,
) -> Result<(), Refusal> {
    let name = &*resource.name;
    match kind {
        Resource::Topic if name.is_empty() => {
            let message = "Default topic resources are not allowed.";
            return Err(Refusal::new(RefusalKind::InvalidRequest, message));
        }
        Resource::Topic => {
            if let Err(error) = klamm_model::TopicName::new(name) {
                let message = format!("Topic name {name:?} is invalid: {error}.");
                return Err(Refusal::new(RefusalKind::InvalidTopic, message));
            }
        }
        Resource::Broker => {
            broker_id(name)?;
        }
        Resource::Group if name.is_empty() => {
            let message = "Default group resources are not allowed.";
            return Err(Refusal::new(RefusalKind::InvalidRequest, message));
        }
        Resource::ClientMetrics if name.is_empty() => {
            let message = "A client metrics subscription needs a name.";
            return Err(Refusal::new(RefusalKind::InvalidRequest, message));
        }
        Resource::ClusterWide | Resource::Group | Resource::ClientMetrics => {}
    }
    controller
        .layers
        .check(kind, before, after)
        .map_err(invalid(kind))?;
    check_guarded(controller, resource, before, after)?;
    check_exists(controller, kind, name)
}

fn broker_id(name: &str) -> Result<i32, Refusal> {
    match name.parse::<i32>() {
        Ok(id) if id >= 0 => Ok(id),
        Ok(_) => Err(Refusal::new(
            RefusalKind::InvalidRequest,
            "Invalid negative broker ID.",
        )),
        Err(_) => {
            let message = format!("Broker name {name:?} is not a number.");
            Err(Refusal::new(RefusalKind::InvalidRequest, message))
        }
    }
}

fn check_exists(controller: &Controller<'_>, kind: Resource, name: &str) -> Result<(), Refusal> {
    match kind {
        Resource::Topic if controller.image.topics().named(name).is_none() => {
            let message = format!("The topic '{name}' does not exist.");
            Err(Refusal::new(RefusalKind::UnknownTopicOrPartition, message))
        }
        Resource::Broker => {
            let id = NodeId(broker_id(name)?);
            let cluster = controller.image.cluster();
            let is_known = cluster.broker(id).is_some()
                || controller.voters.contains(&id)
                || cluster.controllers().any(|known| known.id == id);
            if is_known {
                Ok(())
            } else {
                let message = format!("No node with id {id} found.");
                Err(Refusal::new(RefusalKind::BrokerIdNotRegistered, message))
            }
        }
        _ => Ok(()),
    }
}

/// Values that the controller itself depends on.
fn check_guarded(
    controller: &Controller<'_>,
    resource: &ConfigResource,
    before: &Overrides,
    after: &Overrides,
) -> Result<(), Refusal> {
    let refuse = |message: &str| Err(Refusal::new(RefusalKind::InvalidConfig, message));
    if after
        .values()
        .any(|value| value.chars().count() > VALUE_LENGTH_MAX)
    {
        return refuse("A value is longer than 32767 characters.");
    }
    if resource.kind != ResourceKind::Broker {
        return Ok(());
    }
    let changes = |key: &str| before.get(key) != after.get(key);
    if controller.image.elr_enabled() && changes(MIN_INSYNC_REPLICAS) {
        if !resource.name.is_empty() {
            return refuse(
                "min.insync.replicas cannot differ between brokers while eligible leader replicas are on.",
            );
        }
        if !after.contains_key(MIN_INSYNC_REPLICAS) {
            return refuse(
                "min.insync.replicas of the cluster cannot be removed while eligible leader replicas are on.",
            );
        }
    }
    let level = controller.image.writing_version();
    if changes(CORDONED_LOG_DIRS) && !level.has_cordoned_directories() {
        return refuse("cordoned.log.dirs needs metadata.version 4.3-IV0 or newer.");
    }
    Ok(())
}

fn config_record(
    (kind, resource): (ResourceKind, &str),
    name: &str,
    value: Option<&str>,
) -> MetadataRecord {
    ConfigRecord {
        resource_type: kind.code(),
        resource_name: Str::from(resource),
        name: Str::from(name),
        value: value.map(Str::from),
    }
    .into()
}

/// The records that lead from one configuration to another.
pub(super) fn changed_records(
    resource: (ResourceKind, &str),
    before: &Overrides,
    after: &Overrides,
) -> Vec<MetadataRecord> {
    let set = after
        .iter()
        .filter(|(name, value)| before.get(*name) != Some(value));
    let set = set.map(|(name, value)| config_record(resource, name, Some(value)));
    let removed = before.keys().filter(|name| !after.contains_key(*name));
    let removed = removed.map(|name| config_record(resource, name, None));
    set.chain(removed).collect()
}

fn repeated_records<'a, C: 'a>(
    resource: (ResourceKind, &str),
    before: &Overrides,
    after: &Overrides,
    changes: impl IntoIterator<Item = &'a (String, C)>,
) -> Vec<MetadataRecord> {
    let same = changes
        .into_iter()
        .filter(|(name, _)| before.get(name) == after.get(name));
    same.map(|(name, _)| config_record(resource, name, after.get(name).map(String::as_str)))
        .collect()
}

/// A new `min.insync.replicas` gives "eligible" another meaning: who was so far is so no longer.
pub(super) fn clear_elr_records(image: &Image, records: &[MetadataRecord]) -> Vec<MetadataRecord> {
    if !image.elr_enabled() {
        return Vec::new();
    }
    let changed = records.iter().filter_map(|record| match record {
        MetadataRecord::Config(config) if &*config.name == MIN_INSYNC_REPLICAS => {
            let is_topic = config.resource_type == ResourceKind::Topic.code();
            let topic_name = if is_topic {
                config.resource_name.clone()
            } else {
                Str::EMPTY
            };
            Some(ClearElrRecord { topic_name }.into())
        }
        _ => None,
    });
    changed.collect()
}
