//! Dynamic configuration by resource.

use std::collections::BTreeMap;
use std::sync::Arc;

use imbl::OrdMap;

/// What a configuration belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceKind {
    /// A topic.
    Topic,
    /// A broker, or all of them when the name is empty.
    Broker,
    /// The log levels of a broker; never stored here.
    BrokerLogger,
    /// A subscription of client metrics (KIP-714).
    ClientMetrics,
    /// A group.
    Group,
}

impl ResourceKind {
    /// Kafka's number of the kind.
    #[must_use]
    pub const fn code(self) -> i8 {
        match self {
            Self::Topic => 2,
            Self::Broker => 4,
            Self::BrokerLogger => 8,
            Self::ClientMetrics => 16,
            Self::Group => 32,
        }
    }

    /// The kind of Kafka's number.
    #[must_use]
    pub const fn from_code(code: i8) -> Option<Self> {
        match code {
            2 => Some(Self::Topic),
            4 => Some(Self::Broker),
            8 => Some(Self::BrokerLogger),
            16 => Some(Self::ClientMetrics),
            32 => Some(Self::Group),
            _ => None,
        }
    }
}

/// One thing that has a configuration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConfigResource {
    /// What it is.
    pub kind: ResourceKind,
    /// Its name; empty for the default of all brokers.
    pub name: Arc<str>,
}

impl ConfigResource {
    /// A resource of a kind.
    #[must_use]
    pub fn new(kind: ResourceKind, name: &str) -> Self {
        Self { kind, name: name.into() }
    }

    /// The default of all brokers.
    #[must_use]
    pub fn every_broker() -> Self {
        Self::new(ResourceKind::Broker, "")
    }
}

/// The configuration of one resource.
pub type ConfigMap = BTreeMap<Arc<str>, Arc<str>>;

/// The dynamic configuration of every resource that has one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Configs {
    // Invariant: no map is empty.
    by_resource: OrdMap<ConfigResource, Arc<ConfigMap>>,
}

impl Configs {
    /// The configuration of a resource; `None` when nothing is set.
    #[must_use]
    pub fn of(&self, kind: ResourceKind, name: &str) -> Option<&Arc<ConfigMap>> {
        self.by_resource.get(&ConfigResource::new(kind, name))
    }

    /// One value of a resource.
    #[must_use]
    pub fn value(&self, kind: ResourceKind, name: &str, key: &str) -> Option<&str> {
        self.of(kind, name)?.get(key).map(|value| &**value)
    }

    /// Every resource with a configuration, by kind and name.
    pub fn iter(&self) -> impl Iterator<Item = (&ConfigResource, &Arc<ConfigMap>)> {
        self.by_resource.iter()
    }

    /// Sets a value, or removes it with `None`.
    pub(crate) fn set(&mut self, resource: ConfigResource, key: &str, value: Option<&str>) {
        let mut map = self.by_resource.get(&resource).cloned().unwrap_or_default();
        let values = Arc::make_mut(&mut map);
        match value {
            Some(value) => values.insert(key.into(), value.into()),
            None => values.remove(key),
        };
        if map.is_empty() {
            self.by_resource.remove(&resource);
        } else {
            self.by_resource.insert(resource, map);
        }
    }

    /// Forgets everything about a resource; true when there was something.
    pub(crate) fn remove(&mut self, resource: &ConfigResource) -> bool {
        self.by_resource.remove(resource).is_some()
    }
}
