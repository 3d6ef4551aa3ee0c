//! How the members of a classic group stand.

use super::{ClassicGroup, GroupState, Member};
use crate::groups::standing::{Standing, Wait, WaitCounts, count};
use crate::shard::Moment;
use klamm_codec::Str;

/// Of a large group, each of the members that wait for the others names no more of them than this.
const NAMED_MAX: usize = 10;

impl ClassicGroup {
    pub(in crate::groups) fn standing(&self, id: &Str, member: &Member, now: Moment) -> Standing {
        let wait = self.reason(id, member).map(|wait| match wait {
            Wait::ForJoins { .. } => self.missing(),
            other => other,
        });
        member.moves.standing(now.monotonic, wait)
    }

    /// Counts what members wait for.
    pub(in crate::groups) fn count_waits(&self, counts: &mut WaitCounts) {
        let members = self.members.iter();
        let waits = members.filter_map(|(id, member)| self.reason(id, member));
        waits.for_each(|wait| count(counts, &wait));
    }

    /// What a member waits for; those who have not joined are not named.
    fn reason(&self, id: &Str, member: &Member) -> Option<Wait> {
        match self.state {
            GroupState::PreparingRebalance if member.joining.is_none() => Some(Wait::ToJoin),
            GroupState::PreparingRebalance if self.initial.is_some() => Some(Wait::ForMore),
            GroupState::PreparingRebalance => {
                Some(Wait::ForJoins { members: Vec::new(), others: 0 })
            }
            GroupState::CompletingRebalance => Some(match &self.leader {
                Some(leader) if leader == id => Wait::ToAssign,
                Some(leader) if member.syncing.is_some() => {
                    Wait::ForLeader { leader: leader.clone() }
                }
                _ => Wait::ToSync,
            }),
            GroupState::Stable => member.owes_sync.then_some(Wait::ToSync),
            GroupState::Empty | GroupState::Dead => None,
        }
    }

    /// Who has not joined the round: members, and those who were given an id.
    fn missing(&self) -> Wait {
        let members = self.members.iter();
        let late = members.filter(|(_, member)| member.joining.is_none());
        let mut late = late.map(|(id, _)| id).chain(self.promised.keys());
        let members = late.by_ref().take(NAMED_MAX).cloned().collect();
        Wait::ForJoins { members, others: late.count() }
    }
}
