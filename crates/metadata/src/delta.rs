//! What a run of records changed, for those who act on it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use klamm_model::{TopicName, Uuid};

use crate::image::{ConfigResource, QuotaEntity};

/// The names of what changed between two images; the values are in the images.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delta {
    /// Topics that the older image does not have.
    pub topics_created: BTreeMap<Uuid, TopicName>,
    /// Topics that the newer image does not have.
    pub topics_deleted: BTreeMap<Uuid, TopicName>,
    /// Partitions that are new or changed, by topic; those of created topics included.
    pub partitions: BTreeMap<Uuid, BTreeSet<i32>>,
    /// Resources whose configuration changed, deleted topics included.
    pub configs: BTreeSet<ConfigResource>,
    /// Brokers that were registered, changed or forgotten.
    pub brokers: BTreeSet<i32>,
    /// Controllers that were registered.
    pub controllers: BTreeSet<i32>,
    /// Features whose level was set.
    pub features: BTreeSet<Arc<str>>,
    /// Entities whose quotas changed.
    pub quotas: BTreeSet<QuotaEntity>,
    /// Whether producer ids were handed out.
    pub producer_ids: bool,
    /// Whether an access rule, credential or token changed.
    pub security: bool,
}

impl Delta {
    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn topic_created(&mut self, id: Uuid, name: TopicName) {
        self.topics_created.insert(id, name);
    }

    pub(crate) fn topic_deleted(&mut self, id: Uuid, name: TopicName) {
        self.partitions.remove(&id);
        // A topic that came and went unseen is nobody's business.
        if self.topics_created.remove(&id).is_none() {
            self.topics_deleted.insert(id, name);
        }
    }

    /// Adds what happened after this delta.
    pub(crate) fn append(&mut self, later: Self) {
        for (id, name) in later.topics_deleted {
            self.topic_deleted(id, name);
        }
        self.topics_created.extend(later.topics_created);
        for (id, partitions) in later.partitions {
            self.partitions.entry(id).or_default().extend(partitions);
        }
        self.configs.extend(later.configs);
        self.brokers.extend(later.brokers);
        self.controllers.extend(later.controllers);
        self.features.extend(later.features);
        self.quotas.extend(later.quotas);
        self.producer_ids |= later.producer_ids;
        self.security |= later.security;
    }

    pub(crate) fn partition_changed(&mut self, topic: Uuid, partition: i32) {
        self.partitions.entry(topic).or_default().insert(partition);
    }
}
