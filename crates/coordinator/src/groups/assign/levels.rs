//! Members by load: who has least, over all and in given racks.

use super::MemberSubscription;
use klamm_codec::Str;
use std::collections::{BTreeMap, BTreeSet};

/// Some members, in the order of their loads and then of their ids.
#[derive(Debug, Default)]
pub(super) struct Levels<'a> {
    all: BTreeSet<(usize, usize)>,
    by_rack: BTreeMap<&'a Str, BTreeSet<(usize, usize)>>,
}

impl<'a> Levels<'a> {
    /// Sorts the given members.
    pub(super) fn new(
        members: &[&'a MemberSubscription],
        loads: &[usize],
        of: impl Iterator<Item = usize>,
    ) -> Self {
        let mut levels = Self::default();
        for index in of {
            if let (Some(member), Some(load)) = (members.get(index), loads.get(index)) {
                levels.all.insert((*load, index));
                if let Some(rack) = &member.rack {
                    levels
                        .by_rack
                        .entry(rack)
                        .or_default()
                        .insert((*load, index));
                }
            }
        }
        levels
    }

    /// The member with the least load.
    pub(super) fn least(&self) -> Option<(usize, usize)> {
        self.all.first().copied()
    }

    /// The member with the least load of those in one of the racks.
    pub(super) fn least_in(&self, racks: &[Str]) -> Option<(usize, usize)> {
        let sets = racks.iter().filter_map(|rack| self.by_rack.get(rack));
        sets.filter_map(BTreeSet::first).min().copied()
    }

    /// Counts one partition more for a member.
    pub(super) fn raise(&mut self, members: &[&'a MemberSubscription], member: (usize, usize)) {
        let (load, index) = member;
        self.all.remove(&member);
        self.all.insert((load + 1, index));
        let rack = members.get(index).and_then(|member| member.rack.as_ref());
        if let Some(set) = rack.and_then(|rack| self.by_rack.get_mut(rack)) {
            set.remove(&member);
            set.insert((load + 1, index));
        }
    }
}
