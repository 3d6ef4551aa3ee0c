//! What groups were promised about partitions: one owner at a time.
//!
//! A member has a partition from the answer that gave it until it says that it gives it back, or until the coordinator may
//! have thrown it out: a session after the last request that was answered. Within that time nobody else may be given it.

use super::{CommitKey, Ending, Offsets};
use std::collections::BTreeMap;
use tokio::time::Instant;

/// A membership as the oracle numbers them: each time somebody joins anew it is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MemberKey(pub u64);

#[derive(Debug, Default)]
struct Group {
    /// Who has a partition, and until when for sure.
    holders: BTreeMap<i32, BTreeMap<MemberKey, Instant>>,
    /// Whom each partition was given to last.
    given: BTreeMap<i32, MemberKey>,
    /// The epoch that a look showed last.
    epoch: i32,
    /// Its epochs may begin anew at any time.
    may_begin_anew: bool,
    /// Members: since when for sure, and until when for sure.
    lives: BTreeMap<MemberKey, (Instant, Instant)>,
}

/// The memory of groups.
#[derive(Debug, Default)]
pub struct Groups {
    members: u64,
    all: BTreeMap<usize, Group>,
    /// What they committed.
    pub offsets: Offsets,
    /// Until when a partition is at work, whoever has it: a power cut takes none of this.
    at_work: BTreeMap<(usize, i32), Instant>,
    /// Groups whose partitions were all at work when nothing was wrong any more.
    settled: BTreeMap<usize, bool>,
}

impl Groups {
    /// Somebody becomes a member.
    pub fn joining(&mut self) -> MemberKey {
        self.members += 1;
        MemberKey(self.members)
    }

    fn group(&mut self, group: usize) -> &mut Group {
        self.all.entry(group).or_default()
    }

    /// A member was given a partition; what that breaks.
    pub fn given(
        &mut self,
        group: usize,
        member: MemberKey,
        partition: i32,
        until: Instant,
    ) -> Option<String> {
        let now = Instant::now();
        let known = self.group(group);
        known.given.insert(partition, member);
        let holders = known.holders.entry(partition).or_default();
        holders.retain(|_, until| *until > now);
        let other = holders.keys().find(|holder| **holder != member).copied();
        holders.insert(member, until);
        let other = other?;
        Some(format!(
            "group {group}: partition {partition} was given to {member:?}, and {other:?} has it"
        ))
    }

    /// The member's session begins anew, and it has these partitions.
    pub fn renewed(
        &mut self,
        group: usize,
        member: MemberKey,
        owned: impl Iterator<Item = i32>,
        until: Instant,
    ) {
        self.at_work
            .extend(owned.map(|partition| ((group, partition), until)));
        let known = self.group(group);
        let life = known
            .lives
            .entry(member)
            .or_insert_with(|| (Instant::now(), until));
        life.1 = until.max(life.1);
        for holders in known.holders.values_mut() {
            if let Some(held) = holders.get_mut(&member) {
                *held = until.max(*held);
            }
        }
    }

    /// The member does without a partition from now on; without any if none is named.
    pub fn gave_back(&mut self, group: usize, member: MemberKey, partition: Option<i32>) {
        let known = self.group(group);
        if partition.is_none() {
            known.lives.remove(&member);
        }
        for (number, holders) in &mut known.holders {
            if partition.is_none_or(|one| one == *number) {
                holders.remove(&member);
            }
        }
    }

    /// A look at a committed offset, where those of groups without members expire; what is wrong with it. *Invariant 29*: not
    /// while somebody was a member all the time.
    pub fn seen_or_expired(
        &mut self,
        place: (usize, i32),
        since: Instant,
        seen: Option<(CommitKey, i64)>,
    ) -> Option<String> {
        let last = self.offsets.last_there(place, since);
        if let (None, Some(last)) = (seen, last)
            && !self.had_a_member(place.0, last)
        {
            self.offsets.expired(place, since);
            return None;
        }
        self.offsets.seen(place, since, seen)
    }

    /// Whether one member was there all the time since then.
    fn had_a_member(&self, group: usize, since: Instant) -> bool {
        let now = Instant::now();
        let lives = self.all.get(&group).map(|known| &known.lives);
        let covers = |(from, until): &(Instant, Instant)| *from <= since && now < *until;
        lives.is_some_and(|lives| lives.values().any(covers))
    }

    /// Whether all can see that the member has lost a partition: somebody else was given it.
    #[must_use]
    pub fn has_lost(&self, group: usize, member: MemberKey, partition: i32) -> bool {
        let given = self.all.get(&group).and_then(|g| g.given.get(&partition));
        given.is_some_and(|to| *to != member)
    }

    /// Partitions of a group's topic that nobody works at now.
    #[must_use]
    pub fn idle(&self, group: usize, partitions: i32) -> Vec<i32> {
        let now = Instant::now();
        let is_idle = |partition: &i32| {
            let until = self.at_work.get(&(group, *partition));
            until.is_none_or(|until| *until <= now)
        };
        (0..partitions).filter(is_idle).collect()
    }

    /// Whether every partition of a group's topic is at work now, or was once at the end.
    pub fn is_settled(&mut self, group: usize, partitions: i32) -> bool {
        let all = self.idle(group, partitions).is_empty();
        let settled = self.settled.entry(group).or_default();
        *settled |= all;
        *settled
    }

    /// A look that nothing overtook showed the group's epoch; what that breaks.
    pub fn epoch(&mut self, group: usize, epoch: i32) -> Option<String> {
        let known = self.group(group);
        let before = std::mem::replace(&mut known.epoch, epoch);
        (before > epoch && !known.may_begin_anew)
            .then(|| format!("group {group} is at epoch {epoch} and was at {before}"))
    }

    /// A group's deletion is sent: its epochs may begin anew.
    pub fn deleting(&mut self, group: usize) {
        self.group(group).epoch = 0;
    }

    /// A deletion was sent, and may be carried out whenever it arrives.
    pub fn may_begin_anew(&mut self, group: usize) {
        self.group(group).may_begin_anew = true;
    }

    /// The node is back: a power cut may have taken who has what.
    pub fn restarted(&mut self, ending: Ending, synced: bool, settled_at: Option<Instant>) {
        self.offsets.restarted(ending, synced, settled_at);
        if !synced && ending == Ending::Power {
            self.all.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::advance;

    const SESSION: Duration = Duration::from_secs(6);

    #[tokio::test(start_paused = true)]
    async fn a_partition_has_one_owner_at_a_time() {
        let mut groups = Groups::default();
        let (a, b) = (groups.joining(), groups.joining());
        let until = Instant::now() + SESSION;
        assert_eq!(groups.given(1, a, 0, until), None);
        assert_eq!(groups.given(1, a, 0, until), None, "once more");
        assert_eq!(groups.given(2, b, 0, until), None, "another group");
        assert!(groups.given(1, b, 0, until).is_some(), "both have it");
        groups.gave_back(1, a, Some(0));
        groups.gave_back(1, b, None);
        assert_eq!(groups.given(1, b, 0, until), None);
        advance(SESSION).await;
        let until = Instant::now() + SESSION;
        assert_eq!(groups.given(1, a, 0, until), None, "b was thrown out");
        groups.renewed(1, a, [0].into_iter(), until + SESSION);
        advance(SESSION).await;
        assert!(groups.given(1, b, 0, until + SESSION).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_member_has_lost_what_others_were_given() {
        let mut groups = Groups::default();
        let (a, b) = (groups.joining(), groups.joining());
        let until = Instant::now() + SESSION;
        groups.given(1, a, 0, until);
        assert!(!groups.has_lost(1, a, 0));
        groups.gave_back(1, a, None);
        assert!(!groups.has_lost(1, a, 0), "nobody else has it");
        groups.given(1, b, 0, until);
        assert!(groups.has_lost(1, a, 0));
        assert!(!groups.has_lost(1, b, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_power_cut_may_take_members_of_groups_that_are_not_synced() {
        for (ending, synced, fine) in [
            (Ending::Process, false, false),
            (Ending::Power, true, false),
            (Ending::Power, false, true),
        ] {
            let mut groups = Groups::default();
            let (a, b) = (groups.joining(), groups.joining());
            let until = Instant::now() + SESSION;
            groups.given(1, a, 0, until);
            groups.restarted(ending, synced, None);
            assert_eq!(groups.given(1, b, 0, until).is_none(), fine);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn offsets_expire_only_while_nobody_is_a_member() {
        for stays in [true, false] {
            let mut groups = Groups::default();
            let a = groups.joining();
            let until = Instant::now() + SESSION;
            groups.renewed(1, a, [0].into_iter(), until);
            advance(Duration::from_millis(1)).await;
            let key = groups.offsets.sending((1, 0), 5, false);
            assert_eq!(groups.offsets.taken(key), None);
            advance(Duration::from_millis(1)).await;
            if !stays {
                groups.gave_back(1, a, None);
            }
            let now = Instant::now();
            let broken = groups.seen_or_expired((1, 0), now, None);
            assert_eq!(broken.is_some(), stays, "{broken:?}");
            advance(Duration::from_millis(1)).await;
            let now = Instant::now();
            let again = groups.seen_or_expired((1, 0), now, Some((key, 5)));
            assert_eq!(again.is_none(), stays, "expired is gone");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn epochs_rise_until_a_group_is_deleted() {
        let mut groups = Groups::default();
        assert_eq!(groups.epoch(1, 4), None);
        assert!(groups.epoch(1, 3).is_some());
        groups.deleting(1);
        assert_eq!(groups.epoch(1, 1), None);
        assert!(!groups.is_settled(1, 1));
        let a = groups.joining();
        let until = Instant::now() + SESSION;
        groups.renewed(1, a, [0].into_iter(), until);
        assert!(!groups.is_settled(1, 2));
        assert!(groups.is_settled(1, 1));
        advance(SESSION).await;
        assert!(groups.is_settled(1, 1), "once is enough");
    }
}
