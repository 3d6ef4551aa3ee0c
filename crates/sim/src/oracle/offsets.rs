//! What groups were promised about committed offsets: each commit carries its number, and so does each look at it.
//!
//! A commit may be seen from when it was sent. It may not be seen any more once another one, sent after this one was
//! surely there, was surely there itself before the look began. A commit that was refused, or whose transaction was
//! aborted, may never be seen.

use super::Ending;
use std::collections::BTreeMap;
use tokio::time::Instant;

/// A partition's place in a group: the group's number, the partition of its topic.
pub(crate) type Place = (usize, i32);

/// A commit, or a deletion, as the oracle numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommitKey(pub u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It may be there, or come to be there.
    Open,
    /// In a transaction whose end nobody has asked for.
    Pending,
    /// It is there since this time at the latest.
    There(Instant),
    /// It must never be seen.
    Never,
}

#[derive(Debug)]
struct Commit {
    place: Place,
    /// `None` for a deletion.
    offset: Option<i64>,
    sent: Instant,
    fate: Fate,
    /// It came from one who had lost the partition, so it must be refused.
    is_late: bool,
}

/// The memory of commits.
#[derive(Debug, Default)]
pub struct Offsets {
    all: Vec<Commit>,
    by_place: BTreeMap<Place, Vec<usize>>,
    /// Commits acknowledged.
    pub acknowledged: u64,
}

impl Offsets {
    fn add(&mut self, place: Place, offset: Option<i64>, fate: Fate, is_late: bool) -> CommitKey {
        let index = self.all.len();
        self.by_place.entry(place).or_default().push(index);
        let sent = Instant::now();
        self.all.push(Commit { place, offset, sent, fate, is_late });
        CommitKey(index as u64)
    }

    fn get(&mut self, key: CommitKey) -> Option<&mut Commit> {
        self.all.get_mut(usize::try_from(key.0).ok()?)
    }

    /// A commit is sent. A late one is of somebody who has lost the partition, for all to see.
    pub fn sending(&mut self, place: Place, offset: i64, is_late: bool) -> CommitKey {
        self.add(place, Some(offset), Fate::Open, is_late)
    }

    /// A commit is sent as part of a transaction.
    pub fn sending_open(&mut self, place: Place, offset: i64, is_late: bool) -> CommitKey {
        self.add(place, Some(offset), Fate::Pending, is_late)
    }

    /// A deletion is sent.
    pub fn deleting(&mut self, place: Place) -> CommitKey {
        self.add(place, None, Fate::Open, false)
    }

    /// A look that began at `since` showed nothing, because what was there has expired. What came after that time may be newer.
    pub(super) fn expired(&mut self, place: Place, since: Instant) {
        let key = self.add(place, None, Fate::There(Instant::now()), false);
        if let Some(expiry) = self.get(key) {
            expiry.sent = since;
        }
    }

    /// The commit was taken; what that breaks. In a transaction it counts once that was committed.
    pub fn taken(&mut self, key: CommitKey) -> Option<String> {
        self.acknowledged += 1;
        let commit = self.get(key)?;
        if commit.fate == Fate::Open {
            commit.fate = Fate::There(Instant::now());
        }
        let text = format!(
            "{key:?} in {:?} was taken from one who had lost it",
            commit.place
        );
        commit.is_late.then_some(text)
    }

    /// It was refused for good.
    pub fn refused(&mut self, key: CommitKey) {
        if let Some(commit) = self.get(key) {
            commit.fate = Fate::Never;
        }
    }

    /// The end of the transaction as a commit is asked for: it may be there from now on.
    pub fn committing(&mut self, key: CommitKey) {
        if let Some(commit) = self.get(key) {
            commit.fate = Fate::Open;
            commit.sent = Instant::now();
        }
    }

    /// The transaction was committed.
    pub fn committed(&mut self, key: CommitKey) {
        if let Some(commit) = self.get(key) {
            commit.fate = Fate::There(Instant::now());
        }
    }

    /// A look that began at `since` showed a commit's number and offset, or nothing; what is wrong with that.
    pub fn seen(
        &mut self,
        place: Place,
        since: Instant,
        seen: Option<(CommitKey, i64)>,
    ) -> Option<String> {
        let now = Instant::now();
        let Some((key, offset)) = seen else {
            return self.seen_nothing(place, since);
        };
        let Some(commit) = self.get(key) else {
            return Some(format!("{place:?}: {key:?} at {offset} was never made"));
        };
        if commit.place != place || commit.offset != Some(offset) {
            return Some(format!(
                "{place:?}: {key:?} at {offset} was made for {:?} at {:?}",
                commit.place, commit.offset
            ));
        }
        match commit.fate {
            Fate::Never | Fate::Pending => {
                return Some(format!(
                    "{place:?}: {key:?} at {offset} is seen, and is {:?}",
                    commit.fate
                ));
            }
            Fate::Open => commit.fate = Fate::There(now),
            Fate::There(_) => {}
        }
        let index = usize::try_from(key.0).unwrap_or(usize::MAX);
        let newer = self.newer(index, since)?;
        Some(format!(
            "{place:?}: {key:?} at {offset} is seen, and {:?} at {:?} came after it",
            CommitKey(newer as u64),
            self.all[newer].offset
        ))
    }

    /// Since when the newest commit is there that was there before `since`; `None` if there is none.
    pub(super) fn last_there(&self, place: Place, since: Instant) -> Option<Instant> {
        let all = self.by_place.get(&place)?.iter();
        let there = all.filter_map(|index| match self.all[*index] {
            Commit { offset: Some(_), fate: Fate::There(at), .. } if at <= since => Some(at),
            _ => None,
        });
        there.max()
    }

    /// Nothing is committed: that was so at the start, and may be so after a deletion.
    fn seen_nothing(&self, place: Place, since: Instant) -> Option<String> {
        let all = self.by_place.get(&place)?;
        let deletions = all.iter().filter(|index| {
            let commit = &self.all[**index];
            commit.offset.is_none() && commit.fate != Fate::Never
        });
        for index in deletions {
            match self.all[*index].fate {
                // Whenever it came to be there.
                Fate::Open => return None,
                _ if self.newer(*index, since).is_none() => return None,
                _ => {}
            }
        }
        let there = all.iter().find(|index| {
            let commit = &self.all[**index];
            commit.offset.is_some() && matches!(commit.fate, Fate::There(at) if at <= since)
        })?;
        let (key, offset) = (CommitKey(*there as u64), self.all[*there].offset);
        Some(format!(
            "{place:?}: nothing is seen, and {key:?} at {offset:?} is there"
        ))
    }

    /// What has surely taken the place of a commit before a look began.
    fn newer(&self, index: usize, since: Instant) -> Option<usize> {
        let commit = &self.all[index];
        let Fate::There(there) = commit.fate else {
            return None;
        };
        let others = self.by_place.get(&commit.place)?.iter().copied();
        others.filter(|other| *other != index).find(|other| {
            let other = &self.all[*other];
            other.sent >= there && matches!(other.fate, Fate::There(at) if at <= since)
        })
    }

    /// The node is back. What was there before `settled_at` stays; a power cut may have taken what came later, as far as the
    /// topic does not ask for syncs.
    pub fn restarted(&mut self, ending: Ending, synced: bool, settled_at: Option<Instant>) {
        if synced || ending == Ending::Process {
            return;
        }
        for commit in &mut self.all {
            if let Fate::There(at) = commit.fate
                && settled_at.is_none_or(|settled| at >= settled)
            {
                commit.fate = Fate::Open;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    const PLACE: Place = (1, 2);

    async fn later() -> Instant {
        advance(std::time::Duration::from_millis(1)).await;
        Instant::now()
    }

    /// Two commits, the second one sent after the first one was taken.
    async fn two(offsets: &mut Offsets) -> [(CommitKey, i64); 2] {
        let mut made = [(CommitKey(0), 5), (CommitKey(0), 7)];
        for (key, offset) in &mut made {
            *key = offsets.sending(PLACE, *offset, false);
            later().await;
            assert_eq!(offsets.taken(*key), None);
            later().await;
        }
        made
    }

    #[tokio::test(start_paused = true)]
    async fn a_commit_gives_way_to_the_next_one_only() {
        let mut offsets = Offsets::default();
        let start = Instant::now();
        assert_eq!(offsets.seen(PLACE, start, None), None);
        let [first, second] = two(&mut offsets).await;
        let now = Instant::now();
        assert_eq!(offsets.seen(PLACE, now, Some(second)), None);
        assert!(
            offsets.seen(PLACE, now, Some(first)).is_some(),
            "an old one"
        );
        assert!(offsets.seen(PLACE, now, None).is_some(), "none");
        // The look began before the second was there.
        assert_eq!(offsets.seen(PLACE, start, Some(first)), None);
        assert_eq!(offsets.seen(PLACE, start, None), None);
        let other = (second.0, second.1 + 1);
        assert!(offsets.seen(PLACE, now, Some(other)).is_some(), "changed");
        assert!(offsets.seen((1, 3), now, Some(second)).is_some(), "moved");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_not_answered_may_be_there_and_once_seen_it_is() {
        let mut offsets = Offsets::default();
        let [_, second] = two(&mut offsets).await;
        let third = (offsets.sending(PLACE, 9, false), 9);
        let now = later().await;
        assert_eq!(offsets.seen(PLACE, now, Some(second)), None);
        assert_eq!(offsets.seen(PLACE, now, Some(third)), None);
        let now = later().await;
        assert!(offsets.seen(PLACE, now, Some(second)).is_some(), "back");
        offsets.refused(third.0);
        assert!(offsets.seen(PLACE, now, Some(third)).is_some(), "refused");
    }

    #[tokio::test(start_paused = true)]
    async fn a_deletion_leaves_nothing() {
        let mut offsets = Offsets::default();
        let [_, second] = two(&mut offsets).await;
        let deletion = offsets.deleting(PLACE);
        let now = later().await;
        assert_eq!(offsets.seen(PLACE, now, None), None, "it may be there");
        assert_eq!(offsets.seen(PLACE, now, Some(second)), None);
        offsets.taken(deletion);
        let now = later().await;
        assert_eq!(offsets.seen(PLACE, now, None), None);
        assert!(
            offsets.seen(PLACE, now, Some(second)).is_some(),
            "it is back"
        );
        let third = (offsets.sending(PLACE, 9, false), 9);
        later().await;
        offsets.taken(third.0);
        let now = later().await;
        assert!(offsets.seen(PLACE, now, None).is_some(), "deleted later");
    }

    #[tokio::test(start_paused = true)]
    async fn a_commit_in_a_transaction_is_seen_once_its_end_was_asked_for() {
        let mut offsets = Offsets::default();
        let key = offsets.sending_open(PLACE, 5, false);
        assert_eq!(offsets.taken(key), None);
        let now = later().await;
        assert_eq!(offsets.seen(PLACE, now, None), None);
        let early = offsets.seen(PLACE, now, Some((key, 5)));
        assert!(early.is_some(), "before its end");
        offsets.committing(key);
        assert_eq!(offsets.seen(PLACE, now, Some((key, 5))), None);
        offsets.committed(key);
        let now = later().await;
        assert!(offsets.seen(PLACE, now, None).is_some(), "committed");
    }

    #[tokio::test(start_paused = true)]
    async fn one_who_lost_the_partition_must_be_refused() {
        let mut offsets = Offsets::default();
        let key = offsets.sending(PLACE, 5, true);
        assert!(offsets.taken(key).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_power_cut_takes_and_only_what_was_not_settled() {
        for (ending, synced, fine) in [
            (Ending::Process, false, false),
            (Ending::Power, true, false),
            (Ending::Power, false, true),
        ] {
            let mut offsets = Offsets::default();
            let [first, second] = two(&mut offsets).await;
            offsets.restarted(ending, synced, None);
            let now = later().await;
            let seen = offsets.seen(PLACE, now, Some(first));
            assert_eq!(seen.is_none(), fine, "{ending:?} {synced}");
            let mut offsets = Offsets::default();
            let old = two(&mut offsets).await[0];
            let settled = later().await;
            offsets.restarted(ending, synced, Some(settled));
            assert!(offsets.seen(PLACE, later().await, Some(old)).is_some());
            assert_eq!(second.1, 7);
        }
    }
}
