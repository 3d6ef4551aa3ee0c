//! All or nothing, and nothing of those that were replaced.

use crate::history::{History, Isolation, Op, Outcome};
use crate::index::{Fate, Index};
use crate::report::{Class, Report};
use std::collections::{BTreeMap, BTreeSet, HashMap};

pub(crate) fn check(history: &History, index: &Index<'_>, report: &mut Report) {
    if index.is_drained() {
        all_or_nothing(index, report);
        nothing_open(index, report);
    }
    zombies(history, index, report);
    circles(history, index, report);
}

fn all_or_nothing(index: &Index<'_>, report: &mut Report) {
    for (name, transaction) in &index.transactions {
        // A send of unknown fate may not have reached the log, but then the transaction can not have been committed.
        let counts = |n: &&usize| {
            let sent = index.sends.get(**n);
            sent.is_some_and(|sent| sent.result != Outcome::Fail)
        };
        let sends: Vec<&usize> = transaction.sends.iter().filter(counts).collect();
        let there = |n: &usize| {
            let sent = index.sends.get(*n);
            sent.is_some_and(|sent| index.visible.contains(sent.value))
        };
        let visible = sends.iter().filter(|n| there(n)).count();
        if visible != 0 && visible != sends.len() {
            let what = format!(
                "{name} ({:?}): {visible} of {} visible",
                transaction.fate,
                sends.len()
            );
            report.add(Class::TornTransaction, what);
        }
    }
}

fn nothing_open(index: &Index<'_>, report: &mut Report) {
    for ((key, isolation), last) in &index.last {
        if *isolation == Isolation::Committed && last.stable < last.end {
            let what = format!("{key}: stable to {}, end {}", last.stable, last.end);
            report.add(Class::StuckTransaction, what);
        }
    }
}

/// What was sent after another producer had taken over the id is never shown.
fn zombies(history: &History, index: &Index<'_>, report: &mut Report) {
    let mut takeovers: HashMap<&str, Vec<(u64, u64, &str)>> = HashMap::new();
    for line in &history.lines {
        if let Op::Init { tid, producer } = &line.op {
            takeovers
                .entry(tid)
                .or_default()
                .push((line.t0, line.t1, producer));
        }
    }
    for transaction in index.transactions.values() {
        let (Some(tid), Some(producer)) = (transaction.tid, transaction.producer) else {
            continue;
        };
        let takeovers = takeovers.get(tid).map_or(&[][..], Vec::as_slice);
        let own = takeovers.iter().filter(|(_, _, by)| *by == producer);
        let own = own.map(|(_, t1, _)| *t1).max().unwrap_or(0);
        let replaced = takeovers
            .iter()
            .filter(|(t0, _, by)| *by != producer && *t0 > own)
            .map(|(_, t1, _)| *t1)
            .min();
        for sent in transaction.sends.iter().filter_map(|n| index.sends.get(*n)) {
            if replaced.is_some_and(|t1| t1 < sent.t0) && index.visible.contains(sent.value) {
                let what = format!("{} of {producer}, replaced as {tid}", sent.value);
                report.add(Class::ZombieVisible, what);
            }
        }
    }
}

/// Transactions that read only what was committed can not have read from each other in a circle.
fn circles(history: &History, index: &Index<'_>, report: &mut Report) {
    let mut readers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in &history.lines {
        let Op::Poll { records, txn: Some(reader), .. } = &line.op else {
            continue;
        };
        for (_, _, value) in records {
            let sent = index
                .writer
                .get(value.as_str())
                .and_then(|n| index.sends.get(*n));
            let writer = sent.and_then(|sent| sent.txn);
            if let Some(writer) = writer.filter(|writer| writer != reader) {
                readers.entry(writer).or_default().insert(reader);
            }
        }
    }
    let committed = |txn: &&str| {
        let transaction = index.transactions.get(*txn);
        transaction.is_some_and(|transaction| transaction.fate == Fate::Committed)
    };
    // What has no reader left is in no circle; what stays when nothing more can be taken away, is in one or leads to one.
    let mut left: BTreeMap<&str, BTreeSet<&str>> = readers
        .into_iter()
        .filter(|(writer, _)| committed(writer))
        .collect();
    loop {
        let alive: BTreeSet<&str> = left.keys().copied().collect();
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
        let names: Vec<&str> = left.keys().copied().collect();
        report.add(Class::ReadCycle, names.join(", "));
    }
}
