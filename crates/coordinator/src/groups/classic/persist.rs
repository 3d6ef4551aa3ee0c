//! A group as a record, and back.

use super::join::refuse;
use super::{ClassicGroup, GroupState, Member, NO_TIMER, Step, arm};
use crate::groups::command::{GroupError, Reply};
use crate::groups::record;
use crate::groups::standing::Moves;
use crate::records::GroupMetadataValue;
use crate::records::group_metadata::MemberMetadata;
use crate::shard::Record;
use bytes::Bytes;
use klamm_codec::{EncodeError, Str};
use std::collections::BTreeMap;

impl ClassicGroup {
    pub(super) fn to_record(&self) -> Result<Record, EncodeError> {
        record::group(&self.id, Some(&self.to_value()))
    }

    /// What a record keeps of the group.
    pub(in crate::groups) fn to_value(&self) -> GroupMetadataValue {
        let members = self.members.iter().map(|(id, member)| MemberMetadata {
            member_id: id.clone(),
            group_instance_id: member.instance_id.clone(),
            client_id: member.client_id.clone(),
            client_host: member.client_host.clone(),
            rebalance_timeout: member.rebalance_timeout_ms,
            session_timeout: member.session_timeout_ms,
            subscription: self.metadata_of(member),
            assignment: member.assignment.clone(),
        });
        GroupMetadataValue {
            protocol_type: self.protocol_type.clone().unwrap_or_default(),
            generation: self.generation,
            protocol: self.protocol.clone(),
            leader: self.leader.clone(),
            current_state_timestamp: self.state_since,
            members: members.collect(),
        }
    }

    /// The group as a record has it. What waits is lost: the clients ask again.
    pub(in crate::groups) fn from_value(id: Str, value: &GroupMetadataValue) -> Self {
        let mut group = Self::new(id);
        group.state = if value.members.is_empty() {
            GroupState::Empty
        } else {
            GroupState::Stable
        };
        group.state_since = value.current_state_timestamp;
        group.generation = value.generation;
        group.protocol_type =
            (!value.protocol_type.is_empty()).then(|| value.protocol_type.detached());
        group.protocol = value.protocol.as_ref().map(Str::detached);
        group.leader = value.leader.as_ref().map(Str::detached);
        for member in &value.members {
            let id = member.member_id.detached();
            if let Some(instance) = &member.group_instance_id {
                group.instances.insert(instance.detached(), id.clone());
            }
            let rebalance_timeout_ms = match member.rebalance_timeout {
                -1 => member.session_timeout,
                timeout => timeout,
            };
            let protocol = group.protocol.clone().unwrap_or_default();
            let known = Member {
                instance_id: member.group_instance_id.as_ref().map(Str::detached),
                client_id: member.client_id.detached(),
                client_host: member.client_host.detached(),
                session_timeout_ms: member.session_timeout,
                rebalance_timeout_ms,
                protocols: vec![(protocol, Bytes::copy_from_slice(&member.subscription))],
                assignment: Bytes::copy_from_slice(&member.assignment),
                joining: None,
                syncing: None,
                is_new: false,
                owes_sync: false,
                session_ends: 0,
                moves: Moves::default(),
                timer: NO_TIMER,
            };
            group.members.insert(id, known);
        }
        group
    }

    /// A group that was of another protocol, with members that know more protocols than the record has. If its
    /// assignments do not hold any more, a round begins.
    pub(in crate::groups) fn taken_over(
        id: Str,
        value: &GroupMetadataValue,
        mut protocols: BTreeMap<Str, Vec<(Str, Bytes)>>,
        rebalances: bool,
        step: &mut Step<'_>,
    ) -> Self {
        let mut group = Self::from_value(id, value);
        for (id, member) in &mut group.members {
            member.protocols = protocols.remove(id).unwrap_or_default();
        }
        group.state_since = step.now.wall;
        group.protocol = group.choose_protocol();
        if rebalances {
            // So that a coordinator that starts in the middle of that round knows that one is due: the members that are
            // gone are not in the record, and nobody's session would end.
            group.leader = None;
        }
        let record = group.to_record();
        step.record(record);
        group.loaded(step);
        if rebalances && group.state == GroupState::Stable {
            group.prepare(step);
        }
        group
    }

    /// The group becomes one of another protocol: whoever waits joins again.
    pub(in crate::groups) fn send_all_back(&mut self, step: &mut Step<'_>) {
        for (id, member) in &mut self.members {
            if let Some(ticket) = member.joining.take() {
                refuse(ticket, GroupError::RebalanceInProgress, id.clone(), step);
            }
            if let Some(ticket) = member.syncing.take() {
                let refused = Reply::Sync(Err(GroupError::RebalanceInProgress));
                step.reply(ticket, refused);
            }
        }
    }

    /// The log was read: the sessions of all members begin.
    pub(in crate::groups) fn loaded(&mut self, step: &mut Step<'_>) {
        for (id, member) in &mut self.members {
            member.session_ends = step.now.monotonic + i64::from(member.session_timeout_ms);
            arm(&self.id, id, member, step);
        }
        let has_no_leader = self.state == GroupState::Stable && self.leader.is_none();
        if self.members.len() > step.config.members_max || has_no_leader {
            self.prepare(step);
        }
    }
}
