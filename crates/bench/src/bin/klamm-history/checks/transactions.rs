//! All or nothing, and nothing of those that were replaced.

use crate::history::{Isolation, Line, Op, Outcome};
use crate::index::{Fate, Index};
use crate::names::{Id, NONE};
use crate::report::{Class, Report};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(index: &Index, report: &mut Report) {
    if index.is_drained() {
        all_or_nothing(index, report);
        nothing_open(index, report);
    }
}

fn all_or_nothing(index: &Index, report: &mut Report) {
    let mut counts = vec![(0_u32, 0_u32); index.transactions.len()];
    for (_, value) in index.sent() {
        // A send of unknown fate may not have reached the log, but then the transaction can not have been committed.
        if value.result != Outcome::Fail
            && let Some((all, visible)) = counts.get_mut(value.txn as usize)
        {
            *all += 1;
            *visible += u32::from(value.is_visible);
        }
    }
    for ((txn, transaction), (all, visible)) in (0..).zip(&index.transactions).zip(counts) {
        if visible != 0 && visible != all {
            let (name, fate) = (index.txns.text(txn), transaction.fate);
            let what = format!("{name} ({fate:?}): {visible} of {all} visible");
            report.add(Class::TornTransaction, what);
        }
    }
}

fn nothing_open(index: &Index, report: &mut Report) {
    for ((key, isolation), last) in &index.last {
        if *isolation == Isolation::Committed && last.stable < last.end {
            let (key, stable, end) = (index.keys.text(*key), last.stable, last.end);
            let what = format!("{key}: stable to {stable}, end {end}");
            report.add(Class::StuckTransaction, what);
        }
    }
}

/// Who took over each transactional id, from when to when it took.
#[derive(Debug, Default)]
pub(super) struct Takeovers(BTreeMap<Id, Vec<(u64, u64, Id)>>);

impl Takeovers {
    pub(super) fn learn(&mut self, line: &Line<'_>, index: &mut Index) {
        if let Op::Init { tid, producer } = &line.op {
            let (tid, producer) = (index.tids.id(tid), index.procs.id(producer));
            let takeovers = self.0.entry(tid).or_default();
            takeovers.push((line.t0, line.t1, producer));
        }
    }

    /// What was sent after another producer had taken over the id is never shown.
    pub(super) fn check(&self, index: &Index, report: &mut Report) {
        let mut replaced: BTreeMap<(Id, Id), Option<u64>> = BTreeMap::new();
        for (id, value) in index.sent().filter(|(_, value)| value.is_visible) {
            let Some(transaction) = index.transaction_of(value) else {
                continue;
            };
            let (tid, by) = (transaction.tid, transaction.producer);
            let at = replaced.entry((tid, by));
            let at = *at.or_insert_with(|| self.replaced_at(tid, by));
            if tid != NONE && at.is_some_and(|t1| t1 < value.t0) {
                let (value, by) = (index.value_names.text(id), index.procs.text(by));
                let what = format!("{value} of {by}, replaced as {}", index.tids.text(tid));
                report.add(Class::ZombieVisible, what);
            }
        }
    }

    /// When somebody else had taken over the id after this producer.
    fn replaced_at(&self, tid: Id, producer: Id) -> Option<u64> {
        let takeovers = self.0.get(&tid).map_or(&[][..], Vec::as_slice);
        let own = takeovers.iter().filter(|(_, _, by)| *by == producer);
        let own = own.map(|(_, t1, _)| *t1).max().unwrap_or(0);
        let others = takeovers.iter();
        let others = others.filter(|(t0, _, by)| *by != producer && *t0 > own);
        others.map(|(_, t1, _)| *t1).min()
    }
}

/// Which transactions read from which.
#[derive(Debug, Default)]
pub(super) struct Circles(BTreeMap<Id, BTreeSet<Id>>);

impl Circles {
    pub(super) fn read(&mut self, index: &Index, reader: Id, value: Id) {
        let writer = index.value_of(value).txn;
        let transaction = index.transactions.get(writer as usize);
        if writer != reader && transaction.is_some_and(|txn| txn.fate == Fate::Committed) {
            self.0.entry(writer).or_default().insert(reader);
        }
    }

    /// Transactions that read only what was committed can not have read from each other in a circle.
    pub(super) fn check(self, index: &Index, report: &mut Report) {
        // What has no reader left is in no circle; what stays when nothing more can be taken away, is in one or leads to one.
        let mut left = self.0;
        loop {
            let alive: BTreeSet<Id> = left.keys().copied().collect();
            for readers in left.values_mut() {
                readers.retain(|reader| alive.contains(reader));
            }
            let before = left.len();
            left.retain(|_, readers| !readers.is_empty());
            if left.len() == before {
                break;
            }
        }
        if !left.is_empty() {
            let names: Vec<&str> = left.keys().map(|txn| index.txns.text(*txn)).collect();
            report.add(Class::ReadCycle, names.join(", "));
        }
    }
}
