//! Committed offsets: they go forward, and count together with the records of their transaction.

use crate::history::{History, Isolation, Op, Outcome};
use crate::index::{Fate, Index};
use crate::report::{Class, Report};
use std::collections::{BTreeMap, HashMap};

pub(crate) fn check(history: &History, index: &Index<'_>, report: &mut Report) {
    forward(history, report);
    processed_once(index, report);
    if index.is_drained() {
        together(history, index, report);
    }
}

/// Offsets that are committed when a question is asked, are at least what it is answered with.
fn forward(history: &History, report: &mut Report) {
    // Commits and answers in the order of their end, as lower bounds for questions that begin later.
    let mut known: BTreeMap<(&str, &str), Vec<(u64, i64)>> = BTreeMap::new();
    let mut asked: Vec<(u64, (&str, &str), i64)> = Vec::new();
    for line in &history.lines {
        match &line.op {
            // Inside a transaction it counts from its end on, which `together` looks at.
            Op::Commit { group, key, offset, result: Outcome::Ok, txn: None } => {
                let bounds = known.entry((group, key)).or_default();
                bounds.push((line.t1, *offset));
            }
            Op::Committed { group, key, offset } => {
                let bounds = known.entry((group, key)).or_default();
                bounds.push((line.t1, *offset));
                asked.push((line.t0, (group, key), *offset));
            }
            _ => {}
        }
    }
    let mut sorted: HashMap<(&str, &str), Vec<(u64, i64)>> = HashMap::new();
    for (place, mut bounds) in known {
        bounds.sort_unstable();
        let mut highest = i64::MIN;
        for (_, offset) in &mut bounds {
            highest = highest.max(*offset);
            *offset = highest;
        }
        sorted.insert(place, bounds);
    }
    for (t0, (group, key), offset) in asked {
        let bounds = sorted.get(&(group, key)).map_or(&[][..], Vec::as_slice);
        let before = bounds.partition_point(|(t1, _)| *t1 < t0);
        let bound = before.checked_sub(1).and_then(|n| bounds.get(n));
        if let Some((_, bound)) = bound.filter(|(_, bound)| *bound > offset) {
            let what = format!("{group} {key}: {bound}, then {offset}");
            report.add(Class::CommittedBack, what);
        }
    }
}

/// No input leads to two visible records.
fn processed_once(index: &Index<'_>, report: &mut Report) {
    let mut made: HashMap<&str, &str> = HashMap::new();
    for sent in &index.sends {
        let Some(of) = sent.of.filter(|_| index.visible.contains(sent.value)) else {
            continue;
        };
        if let Some(before) = made.insert(of, sent.value) {
            let what = format!("{of} became {before} and {}", sent.value);
            report.add(Class::ProcessedTwice, what);
        }
    }
}

/// A group that commits in transactions stands where the last visible one put it, and what lies before has been made
/// into something.
fn together(history: &History, index: &Index<'_>, report: &mut Report) {
    let mut at_last: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for line in &history.lines {
        if let Op::Committed { group, key, offset } = &line.op {
            at_last.insert((group, key), *offset);
        }
    }
    let mut wanted: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for transaction in index.transactions.values() {
        let mut sends = transaction
            .sends
            .iter()
            .filter_map(|n| index.sends.get(*n))
            .peekable();
        // Without records nobody can see whether it was committed, unless its end was answered.
        let counts = match sends.peek() {
            Some(_) => sends.any(|sent| index.visible.contains(sent.value)),
            None => transaction.fate == Fate::Committed,
        };
        for (group, key, offset) in &transaction.offsets {
            let bound = wanted.entry((group, key)).or_insert(-1);
            if counts {
                *bound = (*bound).max(*offset);
            }
        }
    }
    for ((group, key), wanted) in wanted {
        let Some(at) = at_last.get(&(group, key)).copied() else {
            continue;
        };
        if at != wanted {
            let what =
                format!("{group} {key}: committed {at}, the visible transactions say {wanted}");
            report.add(Class::SplitCommit, what);
        }
        inputs(index, (group, key), at, report);
    }
}

fn inputs(index: &Index<'_>, (group, key): (&str, &str), at: i64, report: &mut Report) {
    let Some(last) = index.last.get(&(key, Isolation::Committed)) else {
        return;
    };
    let made: std::collections::HashSet<&str> = index
        .sends
        .iter()
        .filter(|sent| index.visible.contains(sent.value))
        .filter_map(|sent| sent.of)
        .collect();
    for (offset, value) in last.records.iter().filter(|(offset, _)| *offset < at) {
        if !made.contains(format!("{key}@{offset}").as_str()) {
            let what = format!("{group} is at {at} in {key}; {value} at {offset} was left out");
            report.add(Class::NotProcessed, what);
        }
    }
}
