//! Material for tests: one record of each type, and a cluster to decide on.

use bytes::Bytes;
use klamm_codec::Str;
use klamm_model::{NodeId, Uuid};
use klamm_settings::{Layers, Settings};

use crate::decide::{Controller, InitialLevels, bootstrap};
use crate::generated::client_quota_record::EntityData;
use crate::generated::register_broker_record::{BrokerEndpoint, BrokerFeature};
use crate::generated::register_controller_record::{ControllerEndpoint, ControllerFeature};
use crate::generated::*;
use crate::image::Image;
use crate::level::FEATURES;
use crate::record::MetadataRecord;

fn text(text: &str) -> Str {
    Str::from(text)
}

/// A broker's registration, unfenced, with one directory.
pub(crate) fn broker(id: i32, rack: Option<&str>) -> RegisterBrokerRecord {
    let features = FEATURES.iter().map(|feature| BrokerFeature {
        name: text(feature.name),
        min_supported_version: feature.supported.min,
        max_supported_version: feature.supported.max,
    });
    RegisterBrokerRecord {
        broker_id: id,
        is_migrating_zk_broker: false,
        incarnation_id: Uuid(1000 + u128::from(id.unsigned_abs())),
        broker_epoch: i64::from(id) + 100,
        end_points: vec![BrokerEndpoint {
            name: text("PLAINTEXT"),
            host: text("localhost"),
            port: 9092,
            security_protocol: 0,
        }],
        features: features.collect(),
        rack: rack.map(text),
        fenced: false,
        in_controlled_shutdown: false,
        log_dirs: vec![directory(id)],
        cordoned_log_dirs: None,
    }
}

/// The directory of a broker.
pub(crate) fn directory(id: i32) -> Uuid {
    Uuid(2000 + u128::from(id.unsigned_abs()))
}

/// A bootstrapped cluster with active brokers, without topics.
pub(crate) fn cluster(brokers: &[(i32, Option<&str>)]) -> Image {
    cluster_at(&InitialLevels::default(), brokers)
}

/// As [`cluster`], with chosen feature levels.
pub(crate) fn cluster_at(levels: &InitialLevels, brokers: &[(i32, Option<&str>)]) -> Image {
    let mut records = bootstrap(levels, 1);
    let registrations = brokers.iter().map(|(id, rack)| broker(*id, *rack).into());
    records.extend::<Vec<MetadataRecord>>(registrations.collect());
    Image::empty().replay(&records).unwrap().0
}

/// Settings with some of them set.
pub(crate) fn layers(properties: &str) -> Layers {
    Layers::new(Settings::load(properties, &[]).unwrap().settings)
}

/// A controller on node 1 over an image.
pub(crate) fn controller<'a>(image: &'a Image, layers: &'a Layers) -> Controller<'a> {
    Controller {
        image,
        layers,
        node: NodeId(1),
        voters: &[NodeId(1)],
        kraft_version: 1,
    }
}

/// A record of each type with every field set.
pub(crate) fn records_of_every_type() -> Vec<MetadataRecord> {
    let mut all: Vec<MetadataRecord> = node_records();
    all.extend(topic_records());
    all.extend(security_records());
    all.extend([
        ConfigRecord {
            resource_type: 2,
            resource_name: text("topic"),
            name: text("retention.ms"),
            value: Some(text("1000")),
        }
        .into(),
        FeatureLevelRecord { name: text("group.version"), feature_level: 1 }.into(),
        ClientQuotaRecord {
            entity: vec![
                EntityData { entity_type: text("user"), entity_name: Some(text("alice")) },
                EntityData { entity_type: text("client-id"), entity_name: None },
            ],
            key: text("producer_byte_rate"),
            value: 1.5e6,
            remove: false,
        }
        .into(),
        ProducerIdsRecord { broker_id: 1, broker_epoch: 2, next_producer_id: 3000 }.into(),
        NoOpRecord::default().into(),
        ZkMigrationStateRecord { zk_migration_state: 4 }.into(),
        BeginTransactionRecord { name: Some(text("bootstrap")) }.into(),
        EndTransactionRecord::default().into(),
        AbortTransactionRecord { reason: Some(text("failover")) }.into(),
    ]);
    all
}

fn node_records() -> Vec<MetadataRecord> {
    vec![
        RegisterBrokerRecord {
            in_controlled_shutdown: true,
            cordoned_log_dirs: Some(vec![Uuid(8)]),
            ..broker(1, Some("rack"))
        }
        .into(),
        UnregisterBrokerRecord { broker_id: 1, broker_epoch: 2 }.into(),
        FenceBrokerRecord { id: 1, epoch: 2 }.into(),
        UnfenceBrokerRecord { id: 1, epoch: 2 }.into(),
        BrokerRegistrationChangeRecord {
            broker_id: 1,
            broker_epoch: 2,
            fenced: -1,
            in_controlled_shutdown: 1,
            log_dirs: vec![Uuid(7)],
            cordoned_log_dirs: Some(vec![Uuid(7)]),
        }
        .into(),
        RegisterControllerRecord {
            controller_id: 1,
            incarnation_id: Uuid(6),
            zk_migration_ready: false,
            end_points: vec![ControllerEndpoint {
                name: text("CONTROLLER"),
                host: text("localhost"),
                port: 9093,
                security_protocol: 0,
            }],
            features: vec![ControllerFeature {
                name: text("kraft.version"),
                min_supported_version: 0,
                max_supported_version: 1,
            }],
        }
        .into(),
    ]
}

fn topic_records() -> Vec<MetadataRecord> {
    vec![
        TopicRecord { name: text("topic"), topic_id: Uuid(5) }.into(),
        PartitionRecord {
            partition_id: 1,
            topic_id: Uuid(5),
            replicas: vec![1, 2, 3, 4],
            isr: vec![1, 2],
            removing_replicas: vec![4],
            adding_replicas: vec![3],
            leader: 1,
            leader_recovery_state: 1,
            leader_epoch: 7,
            partition_epoch: 9,
            directories: vec![Uuid(11), Uuid(12), Uuid(13), Uuid(14)],
            eligible_leader_replicas: Some(vec![3]),
            last_known_elr: Some(vec![4]),
        }
        .into(),
        PartitionChangeRecord {
            partition_id: 1,
            topic_id: Uuid(5),
            isr: Some(vec![2]),
            leader: 2,
            replicas: Some(vec![2, 3]),
            removing_replicas: Some(vec![3]),
            adding_replicas: Some(vec![]),
            leader_recovery_state: 0,
            directories: Some(vec![Uuid(12), Uuid(13)]),
            eligible_leader_replicas: Some(vec![]),
            last_known_elr: Some(vec![1]),
        }
        .into(),
        RemoveTopicRecord { topic_id: Uuid(5) }.into(),
        ClearElrRecord { topic_name: text("topic") }.into(),
    ]
}

fn security_records() -> Vec<MetadataRecord> {
    let bytes = Bytes::from_static;
    vec![
        DelegationTokenRecord {
            owner: text("User:alice"),
            requester: text("User:bob"),
            renewers: vec![text("User:carol")],
            issue_timestamp: 1,
            max_timestamp: 2,
            expiration_timestamp: 3,
            token_id: text("token"),
        }
        .into(),
        UserScramCredentialRecord {
            name: text("alice"),
            mechanism: 1,
            salt: bytes(b"salt"),
            stored_key: bytes(b"stored"),
            server_key: bytes(b"server"),
            iterations: 4096,
        }
        .into(),
        AccessControlEntryRecord {
            id: Uuid(4),
            resource_type: 2,
            resource_name: text("topic"),
            pattern_type: 3,
            principal: text("User:alice"),
            host: text("*"),
            operation: 3,
            permission_type: 3,
        }
        .into(),
        RemoveAccessControlEntryRecord { id: Uuid(4) }.into(),
        RemoveUserScramCredentialRecord { name: text("alice"), mechanism: 1 }.into(),
        RemoveDelegationTokenRecord { token_id: text("token") }.into(),
    ]
}
