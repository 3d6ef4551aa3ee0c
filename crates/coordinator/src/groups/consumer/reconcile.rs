//! One member's way from what it has to what it shall have, without waiting for anybody who does not matter:
//!
//! ```text
//! Stable ──▶ UnrevokedPartitions ──▶ UnreleasedPartitions ──▶ Stable
//!            it gives back first      others give back first
//! ```
//! *Invariant:* a partition is given to a member only if no other has it, or has not given it back.

use super::kept::{Current, MemberState, Owned, Partitions};
use klamm_model::Uuid;
use std::collections::{BTreeMap, BTreeSet};

/// What a member says it has.
pub(super) type Claimed = Vec<(Uuid, Vec<i32>)>;

/// What a member is to be brought to, and what is known while that is done.
pub(super) struct Goal<'a, F> {
    pub(super) epoch: i32,
    pub(super) target: &'a Partitions,
    /// The topics that it subscribes to. Nothing of others is given, or left.
    pub(super) subscribed: &'a BTreeSet<Uuid>,
    /// The subscription has changed, so topics that it does not name any more are taken at once.
    pub(super) is_new_subscription: bool,
    /// Whether somebody has the partition, or has not given it back.
    pub(super) is_owned: F,
    pub(super) claimed: Option<&'a Claimed>,
}

impl<F: Fn(Uuid, i32) -> bool> Goal<'_, F> {
    /// The next state; `None` for a member in a state that this broker does not know, which has to join anew.
    pub(super) fn step(&self, current: &Current) -> Option<Current> {
        match current.state {
            MemberState::Stable if current.epoch != self.epoch => {
                Some(self.towards(current, current.epoch))
            }
            MemberState::Stable if self.is_new_subscription => Some(self.without_ended(current)),
            MemberState::Stable => Some(current.clone()),
            MemberState::UnrevokedPartitions if self.still_has(&current.revoking) => {
                Some(if self.is_new_subscription {
                    self.without_ended(current)
                } else {
                    current.clone()
                })
            }
            MemberState::UnrevokedPartitions | MemberState::UnreleasedPartitions => {
                Some(self.towards(current, current.epoch))
            }
            MemberState::Unknown if self.claimed.is_some_and(Vec::is_empty) => {
                Some(self.towards(current, self.epoch))
            }
            MemberState::Unknown => None,
        }
    }

    /// A member that does not say what it has has everything.
    fn still_has(&self, partitions: &Owned) -> bool {
        let Some(claimed) = self.claimed else {
            return true;
        };
        claimed.iter().any(|(topic, claimed)| {
            let partitions = partitions.get(topic);
            partitions.is_some_and(|have| claimed.iter().any(|one| have.contains_key(one)))
        })
    }

    fn towards(&self, current: &Current, epoch: i32) -> Current {
        let mut assigned = Owned::new();
        let mut revoking = Owned::new();
        for (topic, have) in &current.assigned {
            let target = self
                .target
                .get(topic)
                .filter(|_| self.subscribed.contains(topic));
            let stays = |partition: &i32| target.is_some_and(|target| target.contains(partition));
            for (partition, since) in have {
                let side = if stays(partition) {
                    &mut assigned
                } else {
                    &mut revoking
                };
                side.entry(*topic).or_default().insert(*partition, *since);
            }
        }
        if !revoking.is_empty() && self.still_has(&revoking) {
            return Current {
                epoch,
                previous_epoch: current.epoch,
                state: MemberState::UnrevokedPartitions,
                assigned,
                revoking,
            };
        }
        let is_unreleased = self.take_free(current, &mut assigned);
        Current {
            epoch: self.epoch,
            previous_epoch: current.epoch,
            state: if is_unreleased {
                MemberState::UnreleasedPartitions
            } else {
                MemberState::Stable
            },
            assigned,
            revoking: Owned::new(),
        }
    }

    /// Gives the member what is free of its target. Whether something is not free yet.
    fn take_free(&self, current: &Current, assigned: &mut Owned) -> bool {
        let mut is_unreleased = false;
        let target = self.target.iter();
        for (topic, partitions) in target.filter(|(topic, _)| self.subscribed.contains(topic)) {
            let own = current.revoking.get(topic);
            for partition in partitions {
                if assigned
                    .get(topic)
                    .is_some_and(|have| have.contains_key(partition))
                {
                    continue;
                }
                // What it is giving back itself is nobody else's.
                let is_own = own.is_some_and(|own| own.contains_key(partition));
                if !is_own && (self.is_owned)(*topic, *partition) {
                    is_unreleased = true;
                } else {
                    let have: &mut BTreeMap<i32, i32> = assigned.entry(*topic).or_default();
                    have.insert(*partition, self.epoch);
                }
            }
        }
        is_unreleased
    }

    /// Takes topics away that the member does not subscribe to any more.
    fn without_ended(&self, current: &Current) -> Current {
        let is_ended = |topic: &Uuid| !self.subscribed.contains(topic);
        if !current.assigned.keys().any(is_ended) {
            return current.clone();
        }
        let mut next = current.clone();
        next.previous_epoch = current.epoch;
        let mut revoking = current.revoking.clone();
        next.assigned.retain(|topic, partitions| {
            if is_ended(topic) {
                revoking
                    .entry(*topic)
                    .or_default()
                    .extend(partitions.iter());
            }
            !is_ended(topic)
        });
        if self.still_has(&revoking) {
            next.state = MemberState::UnrevokedPartitions;
            next.revoking = revoking;
        }
        next
    }
}
