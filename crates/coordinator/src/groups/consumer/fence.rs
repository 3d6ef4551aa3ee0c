//! Members that leave, or are thrown out.

use super::answer::{ConsumerAnswer, ConsumerHeartbeat};
use super::heartbeat::LEFT_FOR_A_WHILE;
use super::kept::{Change, Current, Owned};
use super::{Became, ConsumerGroup};
use crate::groups::classic::Step;
use crate::groups::command::{GroupError, GroupKind, Leave, LeavingMember};
use crate::groups::departure::{Departure, Gone, Observation};
use klamm_codec::Str;
use std::collections::BTreeSet;

impl ConsumerGroup {
    /// A member says that it goes: for good, or for a while if it is static.
    pub(super) fn leave(
        &mut self,
        heartbeat: &ConsumerHeartbeat,
        step: &mut Step<'_>,
    ) -> (Result<ConsumerAnswer, GroupError>, Became) {
        let member_id = &heartbeat.member_id;
        let is_known = self.kept.members.contains_key(member_id);
        let holder = heartbeat
            .instance_id
            .as_ref()
            .map(|id| self.kept.instances.get(id));
        let refused = match holder {
            None if !is_known => Some(GroupError::UnknownMemberId),
            Some(None) => Some(GroupError::UnknownMemberId),
            Some(Some(holder)) if holder != member_id => Some(GroupError::FencedInstanceId),
            _ => None,
        };
        if let Some(error) = refused {
            return (Err(error), Became::TheSame);
        }
        let answer = ConsumerAnswer {
            member_id: member_id.detached(),
            member_epoch: heartbeat.member_epoch,
            heartbeat_interval_ms: 0,
            assignment: None,
        };
        let member_id = member_id.detached();
        if heartbeat.member_epoch == LEFT_FOR_A_WHILE && heartbeat.instance_id.is_some() {
            if let Some(member) = self.kept.members.get(&member_id) {
                let current = Current {
                    epoch: LEFT_FOR_A_WHILE,
                    revoking: Owned::new(),
                    ..member.current.clone()
                };
                self.set_current(&member_id, current, step);
                self.limit(&member_id, step, |session| session.revoke_by = None);
            }
            return (Ok(answer), Became::TheSame);
        }
        let became = self.fence(&[member_id], Departure::Left, step);
        (Ok(answer), became)
    }

    /// Members leave by the classic protocol's request, or are removed by an administrator.
    pub(in crate::groups) fn leave_classic(
        &mut self,
        leave: &Leave,
        step: &mut Step<'_>,
    ) -> (Vec<Result<(), GroupError>>, Became) {
        let mut gone: BTreeSet<Str> = BTreeSet::new();
        let mut results = Vec::new();
        for leaving in &leave.members {
            let found = self.leaving(leaving);
            results.push(found.as_ref().map(|_| ()).map_err(|error| *error));
            gone.extend(found);
        }
        let gone: Vec<Str> = gone.into_iter().collect();
        let became = self.fence(&gone, Departure::Left, step);
        (results, became)
    }

    fn leaving(&self, leaving: &LeavingMember) -> Result<Str, GroupError> {
        let Some(instance) = &leaving.instance_id else {
            let known = self.kept.members.get_key_value(&leaving.member_id);
            let known = known.map(|(id, _)| id.clone());
            return known.ok_or(GroupError::UnknownMemberId);
        };
        let holder = self.kept.instances.get(instance);
        let holder = holder.ok_or(GroupError::UnknownMemberId)?;
        if !leaving.member_id.is_empty() && *holder != leaving.member_id {
            return Err(GroupError::FencedInstanceId);
        }
        Ok(holder.clone())
    }

    /// Removes members. If only members of the classic protocol are left, the group becomes one of that kind.
    pub(super) fn fence(&mut self, members: &[Str], why: Departure, step: &mut Step<'_>) -> Became {
        if members.is_empty() {
            return Became::TheSame;
        }
        step.out.observations.extend(members.iter().map(|member| {
            Observation::Gone(Gone {
                group: self.id.clone(),
                kind: GroupKind::Consumer,
                member: member.clone(),
                why,
            })
        }));
        if self.may_become_classic_without(members, step) {
            return self.become_classic(members, true, step);
        }
        for member in members {
            self.remove_records(member, step);
        }
        self.drop_unused_patterns(step);
        self.forget_sessions(members, step.now.wall);
        self.bump(step);
        self.plan_target(step);
        Became::TheSame
    }

    pub(super) fn remove_records(&mut self, member: &Str, step: &mut Step<'_>) {
        self.change(Change::Current(member.clone(), None), step);
        self.change(Change::Target(member.clone(), None), step);
        self.change(Change::Subscription(member.clone(), None), step);
    }
}
