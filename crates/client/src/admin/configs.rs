//! Configurations of topics and brokers: describe, change, list.

use super::{Admin, Each};
use crate::client::Target;
use crate::error::ClientError;
use klamm_wire::messages::describe_configs::{
    DescribeConfigsRequest, DescribeConfigsResource, DescribeConfigsResourceResult,
    DescribeConfigsResult,
};
use klamm_wire::messages::incremental_alter_configs::{
    AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequest,
};
use klamm_wire::messages::list_config_resources::ListConfigResourcesRequest;
use std::collections::BTreeMap;

/// What has a configuration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigResource {
    /// Its kind.
    pub kind: ConfigResourceKind,
    /// A topic's or group's name, a broker's id; empty is the default of all brokers.
    pub name: String,
}

/// The kinds of things that have a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConfigResourceKind {
    /// A topic.
    Topic,
    /// A broker, or all brokers.
    Broker,
    /// Log levels of a broker.
    BrokerLogger,
    /// A subscription to client metrics (KIP-714).
    ClientMetrics,
    /// A group (KIP-848).
    Group,
    /// From a later version of Kafka.
    Other(i8),
}

/// A change of one configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigOperation {
    /// Sets a value.
    Set(String),
    /// Goes back to the default.
    Delete,
    /// Adds to a list.
    Append(String),
    /// Takes out of a list.
    Subtract(String),
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConfigSource {
    /// Set on the topic.
    Topic,
    /// Set on the broker, at run time.
    DynamicBroker,
    /// Set on all brokers, at run time.
    DynamicDefaultBroker,
    /// The broker's properties.
    StaticBroker,
    /// The default.
    Default,
    /// A broker's log level.
    DynamicBrokerLogger,
    /// A client metrics subscription.
    ClientMetrics,
    /// Set on the group.
    Group,
    /// Not said, or from a later version of Kafka.
    Other(i8),
}

/// One configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigEntry {
    /// The value; `None` if it is a secret or not set.
    pub value: Option<String>,
    /// Where it comes from.
    pub source: ConfigSource,
    /// Cannot be changed at run time.
    pub is_read_only: bool,
    /// A secret.
    pub is_sensitive: bool,
    /// All places that set it, the one that counts first.
    pub synonyms: Vec<ConfigSynonym>,
    /// What it does, if asked for.
    pub documentation: Option<String>,
}

/// One place that sets a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigSynonym {
    /// The name there.
    pub name: String,
    /// The value there.
    pub value: Option<String>,
    /// The place.
    pub source: ConfigSource,
}

impl ConfigResource {
    /// A topic.
    #[must_use]
    pub fn topic(name: impl Into<String>) -> Self {
        Self { kind: ConfigResourceKind::Topic, name: name.into() }
    }

    /// A broker; `None` is the default of all.
    #[must_use]
    pub fn broker(id: Option<i32>) -> Self {
        let name = id.map(|id| id.to_string()).unwrap_or_default();
        Self { kind: ConfigResourceKind::Broker, name }
    }

    /// Who answers for it: a broker for itself, any for the rest.
    fn target(&self) -> Target<'static> {
        let own = matches!(
            self.kind,
            ConfigResourceKind::Broker | ConfigResourceKind::BrokerLogger
        );
        match self.name.parse() {
            Ok(id) if own => Target::Node(id),
            _ => Target::Controller,
        }
    }
}

impl ConfigResourceKind {
    const fn wire(self) -> i8 {
        match self {
            Self::Topic => 2,
            Self::Broker => 4,
            Self::BrokerLogger => 8,
            Self::ClientMetrics => 16,
            Self::Group => 32,
            Self::Other(kind) => kind,
        }
    }

    const fn of(wire: i8) -> Self {
        match wire {
            2 => Self::Topic,
            4 => Self::Broker,
            8 => Self::BrokerLogger,
            16 => Self::ClientMetrics,
            32 => Self::Group,
            other => Self::Other(other),
        }
    }
}

impl ConfigSource {
    const fn of(wire: i8) -> Self {
        match wire {
            1 => Self::Topic,
            2 => Self::DynamicBroker,
            3 => Self::DynamicDefaultBroker,
            4 => Self::StaticBroker,
            5 => Self::Default,
            6 => Self::DynamicBrokerLogger,
            7 => Self::ClientMetrics,
            8 => Self::Group,
            other => Self::Other(other),
        }
    }
}

impl ConfigOperation {
    const fn wire(&self) -> i8 {
        match self {
            Self::Set(_) => 0,
            Self::Delete => 1,
            Self::Append(_) => 2,
            Self::Subtract(_) => 3,
        }
    }

    fn value(&self) -> Option<&str> {
        match self {
            Self::Set(value) | Self::Append(value) | Self::Subtract(value) => Some(value),
            Self::Delete => None,
        }
    }
}

/// The configurations of one resource, by name.
type Entries = BTreeMap<String, ConfigEntry>;

impl Admin {
    /// The configurations of resources.
    ///
    /// # Errors
    /// No broker answers in time.
    pub async fn describe_configs(
        &self,
        resources: &[ConfigResource],
        with_documentation: bool,
    ) -> Result<Each<ConfigResource, Entries>, ClientError> {
        let mut results = Each::new();
        for (target, resources) in by_target(resources, |resource| resource) {
            let resource = |resource: &&ConfigResource| DescribeConfigsResource {
                resource_type: resource.kind.wire(),
                resource_name: resource.name.as_str().into(),
                configuration_keys: None,
            };
            let request = DescribeConfigsRequest {
                resources: resources.iter().map(resource).collect(),
                include_synonyms: true,
                include_documentation: with_documentation,
            };
            let response = self
                .call("describe configs", target, &request, |_| Ok(()))
                .await?;
            for result in &response.results {
                results.insert(resource_of(result), entries_of(result));
            }
        }
        Ok(results)
    }

    /// Changes single configurations and leaves the others (KIP-339).
    ///
    /// # Errors
    /// No broker answers in time.
    pub async fn alter_configs(
        &self,
        changes: &[(ConfigResource, Vec<(String, ConfigOperation)>)],
        validate_only: bool,
    ) -> Result<Each<ConfigResource, ()>, ClientError> {
        let mut results = Each::new();
        for (target, changes) in by_target(changes, |(resource, _)| resource) {
            let config = |(name, operation): &(String, ConfigOperation)| AlterableConfig {
                name: name.into(),
                config_operation: operation.wire(),
                value: operation.value().map(Into::into),
            };
            let resources = changes
                .iter()
                .map(|(resource, operations)| AlterConfigsResource {
                    resource_type: resource.kind.wire(),
                    resource_name: resource.name.as_str().into(),
                    configs: operations.iter().map(config).collect(),
                });
            let request =
                IncrementalAlterConfigsRequest { resources: resources.collect(), validate_only };
            let response = self
                .call("alter configs", target, &request, |_| Ok(()))
                .await?;
            for result in &response.responses {
                let resource = ConfigResource {
                    kind: ConfigResourceKind::of(result.resource_type),
                    name: result.resource_name.to_string(),
                };
                let message = result.error_message.as_ref();
                results.insert(
                    resource,
                    ClientError::check_with(result.error_code, message),
                );
            }
        }
        Ok(results)
    }

    /// All resources of these kinds that have a configuration of their own (KIP-1142); no kinds means all.
    ///
    /// # Errors
    /// The broker does not know the call, or does not answer in time.
    pub async fn list_config_resources(
        &self,
        kinds: &[ConfigResourceKind],
    ) -> Result<Vec<ConfigResource>, ClientError> {
        let request = ListConfigResourcesRequest {
            resource_types: kinds.iter().map(|kind| kind.wire()).collect(),
        };
        let response = self
            .call("list config resources", Target::Any, &request, |response| {
                ClientError::check(response.error_code)
            })
            .await?;
        let resources = response
            .config_resources
            .iter()
            .map(|resource| ConfigResource {
                kind: ConfigResourceKind::of(resource.resource_type),
                name: resource.resource_name.to_string(),
            });
        Ok(resources.collect())
    }
}

fn by_target<T>(
    items: &[T],
    resource: impl Fn(&T) -> &ConfigResource,
) -> Vec<(Target<'static>, Vec<&T>)> {
    let mut groups: Vec<(Target<'static>, Vec<&T>)> = Vec::new();
    for item in items {
        let target = resource(item).target();
        match groups.iter_mut().find(|(known, _)| *known == target) {
            Some((_, group)) => group.push(item),
            None => groups.push((target, vec![item])),
        }
    }
    groups
}

fn resource_of(result: &DescribeConfigsResult) -> ConfigResource {
    ConfigResource {
        kind: ConfigResourceKind::of(result.resource_type),
        name: result.resource_name.to_string(),
    }
}

fn entries_of(result: &DescribeConfigsResult) -> Result<Entries, ClientError> {
    ClientError::check_with(result.error_code, result.error_message.as_ref())?;
    Ok(result
        .configs
        .iter()
        .map(|config| (config.name.to_string(), entry_of(config)))
        .collect())
}

fn entry_of(config: &DescribeConfigsResourceResult) -> ConfigEntry {
    let text = |text: &Option<klamm_codec::Str>| text.as_ref().map(ToString::to_string);
    ConfigEntry {
        value: text(&config.value),
        source: ConfigSource::of(config.config_source),
        is_read_only: config.read_only,
        is_sensitive: config.is_sensitive,
        synonyms: config
            .synonyms
            .iter()
            .map(|synonym| ConfigSynonym {
                name: synonym.name.to_string(),
                value: text(&synonym.value),
                source: ConfigSource::of(synonym.source),
            })
            .collect(),
        documentation: text(&config.documentation),
    }
}
