//! Image in, records out: what a snapshot of the metadata log holds.

use std::sync::Arc;

use klamm_codec::Str;

use crate::generated::client_quota_record::EntityData;
use crate::generated::register_broker_record::{BrokerEndpoint, BrokerFeature};
use crate::generated::register_controller_record::{ControllerEndpoint, ControllerFeature};
use crate::generated::*;
use crate::image::{Broker, ControllerNode, Image, Listener, Partition, QuotaEntity, Topic};
use crate::level::{METADATA_VERSION, MetadataVersion};
use crate::record::MetadataRecord;

impl Image {
    /// The records that rebuild this image, in Kafka's order: features first, since `metadata.version` decides how the
    /// rest is read; then nodes, topics, configuration, quotas, producer ids and security.
    pub fn to_records(&self) -> impl Iterator<Item = MetadataRecord> + '_ {
        let level = self.writing_version();
        let elr = self.elr_enabled();
        let brokers = self
            .cluster
            .brokers()
            .map(move |broker| broker_record(broker, level).into());
        let controllers = self
            .cluster
            .controllers()
            .filter(move |_| level.has_controller_registration());
        let controllers = controllers.map(|controller| controller_record(controller).into());
        let topics = self.topics.iter_by_id();
        let topics = topics.flat_map(move |topic| topic_records(topic, level, elr));
        let producer_ids = (self.next_producer_id >= 0).then(|| {
            let next_producer_id = self.next_producer_id;
            ProducerIdsRecord { broker_id: -1, broker_epoch: -1, next_producer_id }.into()
        });
        self.feature_records()
            .chain(brokers)
            .chain(controllers)
            .chain(topics)
            .chain(self.config_records())
            .chain(self.quota_records())
            .chain(producer_ids)
            .chain(self.security.acls().map(|record| record.clone().into()))
            .chain(
                self.security
                    .credentials()
                    .map(|record| record.clone().into()),
            )
            .chain(self.security.tokens().map(|record| record.clone().into()))
    }

    fn feature_records(&self) -> impl Iterator<Item = MetadataRecord> + '_ {
        let version = self
            .metadata_version
            .map(|version| (METADATA_VERSION, version.level()));
        let others = self.features.iter().map(|(name, level)| (&**name, *level));
        version
            .into_iter()
            .chain(others)
            .map(|(name, feature_level)| {
                FeatureLevelRecord { name: text(name), feature_level }.into()
            })
    }

    fn config_records(&self) -> impl Iterator<Item = MetadataRecord> + '_ {
        self.configs.iter().flat_map(|(resource, values)| {
            values.iter().map(|(name, value)| {
                ConfigRecord {
                    resource_type: resource.kind.code(),
                    resource_name: text(&resource.name),
                    name: text(name),
                    value: Some(text(value)),
                }
                .into()
            })
        })
    }

    fn quota_records(&self) -> impl Iterator<Item = MetadataRecord> + '_ {
        self.quotas.iter().flat_map(|(entity, quotas)| {
            quotas.iter().map(|(key, value)| {
                let entity = quota_entity(entity);
                ClientQuotaRecord { entity, key: text(key), value: *value, remove: false }.into()
            })
        })
    }
}

fn text(text: &str) -> Str {
    Str::from(text)
}

/// A quota's entity as a record names it.
pub(crate) fn quota_entity(entity: &QuotaEntity) -> Vec<EntityData> {
    let part = |(kind, name): (&Arc<str>, &Option<Arc<str>>)| EntityData {
        entity_type: text(kind),
        entity_name: name.as_deref().map(text),
    };
    entity.iter().map(part).collect()
}

/// A broker's registration as a record.
pub(crate) fn broker_record(broker: &Broker, level: MetadataVersion) -> RegisterBrokerRecord {
    let end_points = broker
        .listeners
        .iter()
        .map(|listener: &Listener| BrokerEndpoint {
            name: text(&listener.name),
            host: text(&listener.host),
            port: listener.port,
            security_protocol: listener.security_protocol,
        });
    let features = broker.features.iter().map(|(name, range)| BrokerFeature {
        name: text(name),
        min_supported_version: range.min,
        max_supported_version: range.max,
    });
    // A downgrade that is allowed loses none of these; a field that the level lacks must not be set.
    let cordoned = broker.cordoned_directories.clone();
    RegisterBrokerRecord {
        broker_id: broker.id.0,
        is_migrating_zk_broker: broker.migrating,
        incarnation_id: broker.incarnation,
        broker_epoch: broker.epoch,
        end_points: end_points.collect(),
        features: features.collect(),
        rack: broker.rack.as_deref().map(text),
        fenced: broker.fenced,
        in_controlled_shutdown: broker.in_controlled_shutdown,
        log_dirs: if level.has_directories() {
            broker.directories.clone()
        } else {
            Vec::new()
        },
        cordoned_log_dirs: cordoned.filter(|_| level.has_cordoned_directories()),
    }
}

fn controller_record(controller: &ControllerNode) -> RegisterControllerRecord {
    let end_points = controller
        .listeners
        .iter()
        .map(|listener| ControllerEndpoint {
            name: text(&listener.name),
            host: text(&listener.host),
            port: listener.port,
            security_protocol: listener.security_protocol,
        });
    let features = controller
        .features
        .iter()
        .map(|(name, range)| ControllerFeature {
            name: text(name),
            min_supported_version: range.min,
            max_supported_version: range.max,
        });
    RegisterControllerRecord {
        controller_id: controller.id.0,
        incarnation_id: controller.incarnation,
        zk_migration_ready: controller.migration_ready,
        end_points: end_points.collect(),
        features: features.collect(),
    }
}

fn topic_records(
    topic: &Topic,
    level: MetadataVersion,
    elr: bool,
) -> impl Iterator<Item = MetadataRecord> + '_ {
    let head = TopicRecord { name: text(&topic.name), topic_id: topic.id };
    let partitions = topic.partitions.iter();
    let partitions = partitions
        .map(move |(n, partition)| partition_record(topic.id, n, partition, (level, elr)).into());
    std::iter::once(head.into()).chain(partitions)
}

/// A partition as a record, as far as a level and the ELR feature can say it.
pub(crate) fn partition_record(
    topic_id: klamm_model::Uuid,
    partition_id: i32,
    partition: &Partition,
    (level, elr): (MetadataVersion, bool),
) -> PartitionRecord {
    let state = partition.unpack();
    let keep_elr = elr && level.has_elr();
    let elr_list = |list: Vec<i32>| Some(list).filter(|list| keep_elr && !list.is_empty());
    PartitionRecord {
        partition_id,
        topic_id,
        replicas: state.replicas,
        isr: state.isr,
        removing_replicas: state.removing,
        adding_replicas: state.adding,
        leader: state.leader,
        leader_recovery_state: state.recovery.code(),
        leader_epoch: state.leader_epoch,
        partition_epoch: state.partition_epoch,
        directories: if level.has_directories() {
            state.directories
        } else {
            Vec::new()
        },
        eligible_leader_replicas: elr_list(state.elr),
        last_known_elr: elr_list(state.last_known_elr),
    }
}
