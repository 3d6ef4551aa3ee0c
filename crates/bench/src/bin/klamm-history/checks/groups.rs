//! Committed offsets: they go forward, and count together with the records of their transaction.

use crate::history::{Isolation, Line, Op, Outcome};
use crate::index::{Fate, Index};
use crate::names::{Id, NONE, Names};
use crate::pages::Numbers;
use crate::report::{Class, Report};
use std::collections::BTreeMap;

/// A group and a partition.
type Place = (Id, Id);

/// Commits and answers of one place.
#[derive(Debug, Default)]
struct Told {
    /// What is known from a time on: an offset was committed, or was the answer.
    bounds: Vec<(u64, i64)>,
    /// When was asked, and what was answered.
    answers: Vec<(u64, i64)>,
}

/// What was committed and answered.
#[derive(Debug, Default)]
pub(super) struct Commits {
    groups: Names,
    told: BTreeMap<Place, Told>,
    /// Transaction, place and offset of what counts from the transaction's end on.
    in_transactions: Vec<(Id, Place, i64)>,
}

impl Commits {
    pub(super) fn learn(&mut self, line: &Line<'_>, index: &mut Index) {
        match &line.op {
            Op::Commit { group, key, offset, txn: Some(txn), .. } => {
                let place = (self.groups.id(group), index.key(key));
                let txn = index.transaction(txn).0;
                self.in_transactions.push((txn, place, *offset));
            }
            Op::Commit { group, key, offset, result: Outcome::Ok, txn: None } => {
                let place = (self.groups.id(group), index.key(key));
                let told = self.told.entry(place).or_default();
                told.bounds.push((line.t1, *offset));
            }
            Op::Committed { group, key, offset } => {
                let place = (self.groups.id(group), index.key(key));
                let told = self.told.entry(place).or_default();
                told.bounds.push((line.t1, *offset));
                told.answers.push((line.t0, *offset));
            }
            _ => {}
        }
    }

    pub(super) fn check(mut self, index: &Index, report: &mut Report) {
        self.forward(index, report);
        let made = processed_once(index, report);
        if index.is_drained() {
            self.together(index, &made, report);
        }
    }

    /// Offsets that are committed when a question is asked, are at least what it is answered with.
    fn forward(&mut self, index: &Index, report: &mut Report) {
        for ((group, key), Told { bounds, answers }) in &mut self.told {
            bounds.sort_unstable();
            let mut highest = i64::MIN;
            for (_, offset) in &mut *bounds {
                highest = highest.max(*offset);
                *offset = highest;
            }
            answers.sort_unstable_by_key(|(t0, _)| *t0);
            for (t0, offset) in answers {
                let before = bounds.partition_point(|(t1, _)| *t1 < *t0);
                let bound = before.checked_sub(1).and_then(|n| bounds.get(n));
                if let Some((_, bound)) = bound.filter(|(_, bound)| *bound > *offset) {
                    let (group, key) = (self.groups.text(*group), index.keys.text(*key));
                    let what = format!("{group} {key}: {bound}, then {offset}");
                    report.add(Class::CommittedBack, what);
                }
            }
        }
    }

    /// A group that commits in transactions stands where the last visible one put it, and what lies before has been made
    /// into something.
    fn together(&self, index: &Index, made: &[Numbers], report: &mut Report) {
        // Without records nobody can see whether it was committed, unless its end was answered.
        let answered = index.transactions.iter();
        let mut counts: Vec<bool> = answered.map(|txn| txn.fate == Fate::Committed).collect();
        for is_visible in [false, true] {
            for (_, value) in index
                .sent()
                .filter(|(_, value)| value.is_visible == is_visible)
            {
                if let Some(counts) = counts.get_mut(value.txn as usize) {
                    *counts = is_visible;
                }
            }
        }
        let mut wanted: BTreeMap<Place, i64> = BTreeMap::new();
        for (txn, place, offset) in &self.in_transactions {
            let bound = wanted.entry(*place).or_insert(-1);
            if counts.get(*txn as usize).copied().unwrap_or(false) {
                *bound = (*bound).max(*offset);
            }
        }
        for ((group, key), wanted) in wanted {
            let told = self.told.get(&(group, key));
            let Some((_, at)) = told.and_then(|told| told.answers.last()).copied() else {
                continue;
            };
            if at != wanted {
                let (group, key) = (self.groups.text(group), index.keys.text(key));
                let what =
                    format!("{group} {key}: committed {at}, the visible transactions say {wanted}");
                report.add(Class::SplitCommit, what);
            }
            self.inputs(index, made, ((group, key), at), report);
        }
    }

    fn inputs(
        &self,
        index: &Index,
        made: &[Numbers],
        ((group, key), at): (Place, i64),
        report: &mut Report,
    ) {
        let last = index.last.get(&(key, Isolation::Committed));
        let partition = index.partitions.get(key as usize);
        let (Some(last), Some(partition)) = (last, partition) else {
            return;
        };
        for offset in last
            .offsets
            .from(i64::MIN)
            .take_while(|offset| *offset < at)
        {
            let made = made.get(key as usize);
            if made.and_then(|made| made.get(offset)).is_none() {
                let value = partition.at.get(offset).unwrap_or(NONE);
                let (value, key) = (index.value_names.text(value), index.keys.text(key));
                let group = self.groups.text(group);
                let what = format!("{group} is at {at} in {key}; {value} at {offset} was left out");
                report.add(Class::NotProcessed, what);
            }
        }
    }
}

/// No input leads to two visible records. Gives, by partition and offset, what each input became.
fn processed_once(index: &Index, report: &mut Report) -> Vec<Numbers> {
    let partitions = index.partitions.iter();
    let mut made: Vec<Numbers> = partitions.map(|_| Numbers::default()).collect();
    for (id, value) in index.sent().filter(|(_, value)| value.is_visible) {
        let (key, offset) = value.of;
        let Some(made) = made.get_mut(key as usize) else {
            continue;
        };
        let first = made.get_or_put(offset, id);
        if first != id {
            let (key, values) = (index.keys.text(key), &index.value_names);
            let (first, again) = (values.text(first), values.text(id));
            let what = format!("{key}@{offset} became {first} and {again}");
            report.add(Class::ProcessedTwice, what);
        }
    }
    made
}
