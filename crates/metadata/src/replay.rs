//! Records in, image out: replays the metadata log.
//!
//! [`Replay`] keeps the state after every record, and what is *visible*: inside a metadata transaction (KIP-868) that
//! is the image from before its beginning.

mod brokers;
mod topics;

pub(crate) use topics::{NO_LEADER_CHANGE, apply};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use klamm_model::Uuid;
use thiserror::Error;

use crate::delta::Delta;
use crate::generated::client_quota_record::EntityData;
use crate::generated::*;
use crate::image::{ConfigResource, Image, QuotaEntity, ResourceKind, Topic};
use crate::level::{KRAFT_VERSION, METADATA_VERSION, MetadataVersion, supported_levels};
use crate::record::MetadataRecord;

/// Why a record cannot follow those before it. The log is damaged, or written by a newer release: do not go on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReplayError {
    /// The record speaks of a broker, or an epoch of one, that is not registered.
    #[error("no broker {id} with epoch {epoch} is registered")]
    UnknownBroker {
        /// The broker.
        id: i32,
        /// The epoch in the record.
        epoch: i64,
    },
    /// The record speaks of a topic that does not exist.
    #[error("no topic {0} exists")]
    UnknownTopic(String),
    /// The record speaks of a partition that does not exist.
    #[error("topic {topic} has no partition {partition}")]
    UnknownPartition {
        /// The topic.
        topic: Uuid,
        /// The partition.
        partition: i32,
    },
    /// Two topics of one name or one id.
    #[error("topic {0} exists already")]
    DuplicateTopic(String),
    /// The level of a feature that this build cannot follow.
    #[error("feature {name} at level {level} is not supported")]
    UnsupportedFeature {
        /// The feature.
        name: String,
        /// The level in the record.
        level: i16,
    },
    /// A field holds a value that Kafka never writes.
    #[error("{what} {value} is invalid")]
    InvalidValue {
        /// The field.
        what: &'static str,
        /// The value.
        value: String,
    },
    /// A transaction begins in another, or ends without a beginning.
    #[error("a metadata transaction {0}")]
    Transaction(&'static str),
}

/// Replays records on top of an image.
#[derive(Debug, Clone, Default)]
pub struct Replay {
    image: Image,
    delta: Delta,
    /// Topics under change. They are in `image` as well, in an older state.
    open: BTreeMap<Uuid, Topic>,
    directories: BTreeSet<Arc<[Uuid]>>,
    /// What was visible when the transaction began.
    transaction: Option<Box<(Image, Delta)>>,
}

/// Open topics and shared directories are let go at this number, to bound the memory of a long replay.
const OPEN_MAX: usize = 4096;

impl Replay {
    /// Replays from an image on.
    #[must_use]
    pub fn new(image: Image) -> Self {
        Self { image, ..Self::default() }
    }

    /// Whether a metadata transaction is open.
    #[must_use]
    pub const fn in_transaction(&self) -> bool {
        self.transaction.is_some()
    }

    /// The state after all records so far, those of an open transaction included: what a controller decides on.
    pub fn latest(&mut self) -> &Image {
        self.close_topics();
        &self.image
    }

    /// Forgets what changed so far, for whoever looks at the image only: else each copy would carry all of it along.
    pub fn forget_changes(&mut self) {
        self.delta = Delta::default();
        if let Some(before) = &mut self.transaction {
            before.1 = Delta::default();
        }
    }

    /// What became visible since the last call: the newest image, and the changes that led to it.
    pub fn publish(&mut self) -> (Image, Delta) {
        self.close_topics();
        match &mut self.transaction {
            Some(before) => (before.0.clone(), std::mem::take(&mut before.1)),
            None => (self.image.clone(), std::mem::take(&mut self.delta)),
        }
    }

    /// Replays one record.
    ///
    /// # Errors
    /// The record contradicts those before it. The state is then to be thrown away.
    pub fn record(&mut self, record: &MetadataRecord) -> Result<(), ReplayError> {
        use MetadataRecord as R;
        match record {
            R::RegisterBroker(r) => self.register_broker(r),
            R::UnregisterBroker(r) => self.unregister_broker(r),
            R::FenceBroker(r) => self.fence_broker(r.id, r.epoch, true),
            R::UnfenceBroker(r) => self.fence_broker(r.id, r.epoch, false),
            R::BrokerRegistrationChange(r) => self.change_broker(r),
            R::RegisterController(r) => {
                self.register_controller(r);
                Ok(())
            }
            R::Topic(r) => self.create_topic(r),
            R::RemoveTopic(r) => self.remove_topic(r),
            R::Partition(r) => self.set_partition(r),
            R::PartitionChange(r) => self.change_partition(r),
            R::ClearElr(r) => self.clear_elr(&r.topic_name),
            R::Config(r) => self.set_config(r),
            R::FeatureLevel(r) => self.set_feature(r),
            R::ClientQuota(r) => {
                self.set_quota(r);
                Ok(())
            }
            R::ProducerIds(r) => self.hand_out_producer_ids(r),
            R::BeginTransaction(_) => self.begin(),
            R::EndTransaction(_) => self.end(),
            R::AbortTransaction(_) => self.abort(),
            // History, or nothing at all: neither leaves a trace in Kafka's snapshots.
            R::NoOp(_) | R::ZkMigrationState(_) => Ok(()),
            R::AccessControlEntry(_)
            | R::RemoveAccessControlEntry(_)
            | R::UserScramCredential(_)
            | R::RemoveUserScramCredential(_)
            | R::DelegationToken(_)
            | R::RemoveDelegationToken(_) => {
                self.delta.security = true;
                self.image.security.replay(record);
                Ok(())
            }
        }
    }

    fn begin(&mut self) -> Result<(), ReplayError> {
        if self.transaction.is_some() {
            return Err(ReplayError::Transaction("begins inside another"));
        }
        self.close_topics();
        let before = (self.image.clone(), std::mem::take(&mut self.delta));
        self.transaction = Some(Box::new(before));
        Ok(())
    }

    fn end(&mut self) -> Result<(), ReplayError> {
        let Some(before) = self.transaction.take() else {
            return Err(ReplayError::Transaction("ends that never began"));
        };
        // What the transaction changed comes on top of what had not been published before it.
        let inside = std::mem::replace(&mut self.delta, before.1);
        self.delta.append(inside);
        Ok(())
    }

    fn abort(&mut self) -> Result<(), ReplayError> {
        let Some(before) = self.transaction.take() else {
            return Err(ReplayError::Transaction("is aborted that never began"));
        };
        self.open.clear();
        (self.image, self.delta) = *before;
        Ok(())
    }

    fn set_config(&mut self, record: &ConfigRecord) -> Result<(), ReplayError> {
        let Some(kind) = ResourceKind::from_code(record.resource_type) else {
            let value = record.resource_type.to_string();
            return Err(ReplayError::InvalidValue { what: "config resource type", value });
        };
        let resource = ConfigResource::new(kind, &record.resource_name);
        self.delta.configs.insert(resource.clone());
        self.image
            .configs
            .set(resource, &record.name, record.value.as_deref());
        Ok(())
    }

    fn set_feature(&mut self, record: &FeatureLevelRecord) -> Result<(), ReplayError> {
        let (name, level) = (&*record.name, record.feature_level);
        if !supported_levels(name).is_some_and(|range| range.contains(level)) {
            return Err(ReplayError::UnsupportedFeature { name: name.to_owned(), level });
        }
        if name == METADATA_VERSION {
            self.image.metadata_version = MetadataVersion::from_level(level);
        } else if name == KRAFT_VERSION {
            // Written by mistake in early 4.0 (KAFKA-18979); the true level is in control records.
            return Ok(());
        } else {
            let features = Arc::make_mut(&mut self.image.features);
            if level == 0 {
                features.remove(name);
            } else {
                features.insert(name.into(), level);
            }
        }
        self.delta.features.insert(name.into());
        Ok(())
    }

    fn set_quota(&mut self, record: &ClientQuotaRecord) {
        let part = |data: &EntityData| -> (Arc<str>, Option<Arc<str>>) {
            (
                (&*data.entity_type).into(),
                data.entity_name.as_deref().map(Arc::from),
            )
        };
        let entity: QuotaEntity = record.entity.iter().map(part).collect();
        self.delta.quotas.insert(entity.clone());
        self.image.quotas.set(
            entity,
            &record.key,
            (!record.remove).then_some(record.value),
        );
    }

    fn hand_out_producer_ids(&mut self, record: &ProducerIdsRecord) -> Result<(), ReplayError> {
        let next = record.next_producer_id;
        if next <= self.image.next_producer_id {
            // Handing an id out twice would let two producers silence each other.
            let value = next.to_string();
            return Err(ReplayError::InvalidValue { what: "next producer id", value });
        }
        self.image.next_producer_id = next;
        self.delta.producer_ids = true;
        Ok(())
    }
}

impl Image {
    /// The image after some records, and what they changed.
    ///
    /// # Errors
    /// A record contradicts those before it.
    pub fn replay<'a>(
        &self,
        records: impl IntoIterator<Item = &'a MetadataRecord>,
    ) -> Result<(Self, Delta), ReplayError> {
        let mut replay = Replay::new(self.clone());
        for record in records {
            replay.record(record)?;
        }
        Ok(replay.publish())
    }
}

#[cfg(test)]
mod tests;
