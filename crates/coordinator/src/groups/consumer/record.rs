//! A consumer group's records: changes as bytes, and back.

use super::kept::{
    Change, ClassicPart, Current, MemberState, Owned, Partitions, Resolved, Subscription,
};
use crate::groups::record::{bytes_of, value_of};
use crate::records::consumer_group_current_member_assignment as current_record;
use crate::records::consumer_group_member_metadata as member_record;
use crate::records::consumer_group_target_assignment_member as target_record;
use crate::records::{
    ConsumerGroupCurrentMemberAssignmentKey, ConsumerGroupCurrentMemberAssignmentValue,
    ConsumerGroupMemberMetadataKey, ConsumerGroupMemberMetadataValue, ConsumerGroupMetadataKey,
    ConsumerGroupMetadataValue, ConsumerGroupPartitionMetadataKey,
    ConsumerGroupPartitionMetadataValue, ConsumerGroupRegularExpressionKey,
    ConsumerGroupRegularExpressionValue, ConsumerGroupTargetAssignmentMemberKey,
    ConsumerGroupTargetAssignmentMemberValue, ConsumerGroupTargetAssignmentMetadataKey,
    ConsumerGroupTargetAssignmentMetadataValue,
};
use crate::shard::{Record, RecordError};
use bytes::Bytes;
use klamm_codec::{Dec, EncodeError, Message, Str};
use std::collections::BTreeMap;

/// Kafka keeps a missing assignor as the empty text, too.
fn not_empty(text: Option<&Str>) -> Option<Str> {
    text.filter(|text| !text.is_empty()).map(Str::detached)
}

fn record<V: Message>(
    id: i16,
    key: &impl Message,
    value: Option<V>,
) -> Result<Record, EncodeError> {
    Ok(Record {
        key: bytes_of(id, key, 0)?,
        value: value.map(|value| bytes_of(0, &value, 0)).transpose()?,
    })
}

/// A change as a record.
pub(in crate::groups) fn write(group: &Str, change: &Change) -> Result<Record, EncodeError> {
    let group_id = group.clone();
    match change {
        Change::Epoch(value) => {
            let key = ConsumerGroupMetadataKey { group_id };
            let value = value
                .map(|(epoch, metadata_hash)| ConsumerGroupMetadataValue { epoch, metadata_hash });
            record(ConsumerGroupMetadataKey::ID, &key, value)
        }
        Change::OldMetadata(is_there) => {
            let key = ConsumerGroupPartitionMetadataKey { group_id };
            let value = is_there.then(ConsumerGroupPartitionMetadataValue::default);
            record(ConsumerGroupPartitionMetadataKey::ID, &key, value)
        }
        Change::Subscription(member, value) => {
            let key = ConsumerGroupMemberMetadataKey { group_id, member_id: member.clone() };
            let value = value.as_deref().map(subscription_value);
            record(ConsumerGroupMemberMetadataKey::ID, &key, value)
        }
        Change::AssignmentEpoch(value) => {
            let key = ConsumerGroupTargetAssignmentMetadataKey { group_id };
            let value = value.map(|(assignment_epoch, assignment_timestamp)| {
                ConsumerGroupTargetAssignmentMetadataValue {
                    assignment_epoch,
                    assignment_timestamp,
                }
            });
            record(ConsumerGroupTargetAssignmentMetadataKey::ID, &key, value)
        }
        Change::Target(member, value) => {
            let key =
                ConsumerGroupTargetAssignmentMemberKey { group_id, member_id: member.clone() };
            let value = value.as_ref().map(target_value);
            record(ConsumerGroupTargetAssignmentMemberKey::ID, &key, value)
        }
        Change::Current(member, value) => {
            let key =
                ConsumerGroupCurrentMemberAssignmentKey { group_id, member_id: member.clone() };
            let value = value.as_ref().map(current_value);
            record(ConsumerGroupCurrentMemberAssignmentKey::ID, &key, value)
        }
        Change::Pattern(pattern, value) => {
            let key =
                ConsumerGroupRegularExpressionKey { group_id, regular_expression: pattern.clone() };
            let value = value
                .as_ref()
                .map(|resolved| ConsumerGroupRegularExpressionValue {
                    topics: resolved.topics.iter().cloned().collect(),
                    version: resolved.version,
                    timestamp: resolved.at_ms,
                });
            record(ConsumerGroupRegularExpressionKey::ID, &key, value)
        }
    }
}

/// A record of this kind of group; `None` for a type that is another kind's. `key` stands behind the type.
pub(in crate::groups) fn read(
    id: i16,
    key: &mut Dec,
    record: &Record,
) -> Result<Option<(Str, Change)>, RecordError> {
    Ok(Some(match id {
        ConsumerGroupMetadataKey::ID => {
            let key = ConsumerGroupMetadataKey::decode(key, 0)?;
            let value: Option<ConsumerGroupMetadataValue> = value_of(record)?;
            let value = value.map(|value| (value.epoch, value.metadata_hash));
            (key.group_id, Change::Epoch(value))
        }
        ConsumerGroupPartitionMetadataKey::ID => {
            let key = ConsumerGroupPartitionMetadataKey::decode(key, 0)?;
            (key.group_id, Change::OldMetadata(record.value.is_some()))
        }
        ConsumerGroupMemberMetadataKey::ID => {
            let key = ConsumerGroupMemberMetadataKey::decode(key, 0)?;
            let value: Option<ConsumerGroupMemberMetadataValue> = value_of(record)?;
            let value = value.map(|value| Box::new(subscription_of(&value)));
            (
                key.group_id,
                Change::Subscription(key.member_id.detached(), value),
            )
        }
        ConsumerGroupTargetAssignmentMetadataKey::ID => {
            let key = ConsumerGroupTargetAssignmentMetadataKey::decode(key, 0)?;
            let value: Option<ConsumerGroupTargetAssignmentMetadataValue> = value_of(record)?;
            let value = value.map(|value| (value.assignment_epoch, value.assignment_timestamp));
            (key.group_id, Change::AssignmentEpoch(value))
        }
        ConsumerGroupTargetAssignmentMemberKey::ID => {
            let key = ConsumerGroupTargetAssignmentMemberKey::decode(key, 0)?;
            let value: Option<ConsumerGroupTargetAssignmentMemberValue> = value_of(record)?;
            let value = value.map(|value| {
                let topics = value.topic_partitions.into_iter();
                topics
                    .map(|topic| (topic.topic_id, topic.partitions.into_iter().collect()))
                    .collect()
            });
            (
                key.group_id,
                Change::Target(key.member_id.detached(), value),
            )
        }
        ConsumerGroupCurrentMemberAssignmentKey::ID => {
            let key = ConsumerGroupCurrentMemberAssignmentKey::decode(key, 0)?;
            let value: Option<ConsumerGroupCurrentMemberAssignmentValue> = value_of(record)?;
            let value = value.map(|value| current_of(&value));
            (
                key.group_id,
                Change::Current(key.member_id.detached(), value),
            )
        }
        ConsumerGroupRegularExpressionKey::ID => {
            let key = ConsumerGroupRegularExpressionKey::decode(key, 0)?;
            let value: Option<ConsumerGroupRegularExpressionValue> = value_of(record)?;
            let value = value.map(|value| Resolved {
                topics: value.topics.iter().map(Str::detached).collect(),
                version: value.version,
                at_ms: value.timestamp,
            });
            (
                key.group_id,
                Change::Pattern(key.regular_expression.detached(), value),
            )
        }
        _ => return Ok(None),
    }))
}

fn subscription_value(subscription: &Subscription) -> ConsumerGroupMemberMetadataValue {
    let classic = subscription.classic.as_ref().map(|classic| {
        let protocols = classic.protocols.iter();
        Box::new(member_record::ClassicMemberMetadata {
            session_timeout_ms: classic.session_timeout_ms,
            supported_protocols: protocols
                .map(|(name, metadata)| member_record::ClassicProtocol {
                    name: name.clone(),
                    metadata: metadata.clone(),
                })
                .collect(),
        })
    });
    ConsumerGroupMemberMetadataValue {
        instance_id: subscription.instance_id.clone(),
        rack_id: subscription.rack_id.clone(),
        client_id: subscription.client_id.clone(),
        client_host: subscription.client_host.clone(),
        subscribed_topic_names: subscription.topics.iter().cloned().collect(),
        subscribed_topic_regex: subscription.pattern.clone(),
        rebalance_timeout_ms: subscription.rebalance_timeout_ms,
        server_assignor: subscription.assignor.clone(),
        classic_member_metadata: classic,
    }
}

fn subscription_of(value: &ConsumerGroupMemberMetadataValue) -> Subscription {
    let classic = value.classic_member_metadata.as_ref().map(|classic| {
        let protocols = classic.supported_protocols.iter();
        Box::new(ClassicPart {
            session_timeout_ms: classic.session_timeout_ms,
            protocols: protocols
                .map(|protocol| {
                    (
                        protocol.name.detached(),
                        Bytes::copy_from_slice(&protocol.metadata),
                    )
                })
                .collect(),
        })
    });
    Subscription {
        instance_id: value.instance_id.as_ref().map(Str::detached),
        rack_id: value.rack_id.as_ref().map(Str::detached),
        client_id: value.client_id.detached(),
        client_host: value.client_host.detached(),
        topics: value
            .subscribed_topic_names
            .iter()
            .map(Str::detached)
            .collect(),
        pattern: value.subscribed_topic_regex.as_ref().map(Str::detached),
        rebalance_timeout_ms: value.rebalance_timeout_ms,
        assignor: not_empty(value.server_assignor.as_ref()),
        classic,
    }
}

fn target_value(target: &Partitions) -> ConsumerGroupTargetAssignmentMemberValue {
    let topics = target.iter();
    ConsumerGroupTargetAssignmentMemberValue {
        topic_partitions: topics
            .map(|(topic_id, partitions)| target_record::TopicPartition {
                topic_id: *topic_id,
                partitions: partitions.iter().copied().collect(),
            })
            .collect(),
    }
}

fn current_value(current: &Current) -> ConsumerGroupCurrentMemberAssignmentValue {
    ConsumerGroupCurrentMemberAssignmentValue {
        member_epoch: current.epoch,
        previous_member_epoch: current.previous_epoch,
        state: match current.state {
            MemberState::Stable => 0,
            MemberState::UnrevokedPartitions => 1,
            MemberState::UnreleasedPartitions => 2,
            MemberState::Unknown => 127,
        },
        assigned_partitions: owned_value(&current.assigned),
        partitions_pending_revocation: owned_value(&current.revoking),
    }
}

fn owned_value(owned: &Owned) -> Vec<current_record::TopicPartitions> {
    let topics = owned.iter();
    topics
        .map(|(topic_id, partitions)| current_record::TopicPartitions {
            topic_id: *topic_id,
            partitions: partitions.keys().copied().collect(),
            assignment_epochs: Some(partitions.values().copied().collect()),
        })
        .collect()
}

fn current_of(value: &ConsumerGroupCurrentMemberAssignmentValue) -> Current {
    Current {
        epoch: value.member_epoch,
        previous_epoch: value.previous_member_epoch,
        state: match value.state {
            0 => MemberState::Stable,
            1 => MemberState::UnrevokedPartitions,
            2 => MemberState::UnreleasedPartitions,
            _ => MemberState::Unknown,
        },
        assigned: owned_of(&value.assigned_partitions, value.member_epoch),
        revoking: owned_of(&value.partitions_pending_revocation, value.member_epoch),
    }
}

/// Before Kafka 4.3 a record had no epochs: the member's stands for them.
fn owned_of(topics: &[current_record::TopicPartitions], epoch: i32) -> Owned {
    let mut owned = Owned::new();
    let epoch = epoch.max(0);
    for topic in topics {
        let epochs = topic.assignment_epochs.as_deref();
        let epochs = epochs.filter(|epochs| epochs.len() == topic.partitions.len());
        let epochs = epochs.unwrap_or_default();
        let with_epochs: BTreeMap<i32, i32> = topic
            .partitions
            .iter()
            .enumerate()
            .map(|(index, partition)| (*partition, epochs.get(index).copied().unwrap_or(epoch)))
            .collect();
        owned.insert(topic.topic_id, with_epochs);
    }
    owned
}
