//! What became of the records that were acknowledged.

use crate::history::{Isolation, Outcome};
use crate::index::{Index, Sent};
use crate::report::{Class, Report};
use std::collections::{BTreeMap, BTreeSet, HashMap};

pub(crate) fn check(index: &Index<'_>, report: &mut Report) {
    if index.is_drained() {
        acknowledged_are_there(index, report);
        last_of_each_key(index, report);
    }
    order_of_sends(index, report);
}

fn acknowledged_are_there(index: &Index<'_>, report: &mut Report) {
    for sent in &index.sends {
        let counts = index.must_be_visible(sent) && sent.record_key.is_none();
        if !counts || index.seen.contains(sent.value) {
            continue;
        }
        let (Some(offset), Some(highest)) = (sent.offset, index.highest_seen.get(sent.key)) else {
            report.add(Class::Unseen, shown(sent));
            continue;
        };
        let class = if *highest > offset {
            Class::LostWrite
        } else {
            Class::Unseen
        };
        report.add(class, shown(sent));
    }
}

fn shown(sent: &Sent<'_>) -> String {
    let offset = sent
        .offset
        .map_or("?".to_owned(), |offset| offset.to_string());
    format!("{} of {} at {} {offset}", sent.value, sent.proc, sent.key)
}

/// In a compacted topic a key's last acknowledged value stays, unless one of unknown fate may have come after it.
fn last_of_each_key(index: &Index<'_>, report: &mut Report) {
    let mut last: BTreeMap<(&str, &str), &Sent<'_>> = BTreeMap::new();
    let mut doubtful: BTreeSet<(&str, &str)> = BTreeSet::new();
    for sent in &index.sends {
        let Some(record_key) = sent.record_key else {
            continue;
        };
        let place = (sent.key, record_key);
        if sent.result == Outcome::Info {
            doubtful.insert(place);
        }
        if index.must_be_visible(sent) {
            let before = last.entry(place).or_insert(sent);
            if before.offset < sent.offset {
                *before = sent;
            }
        }
    }
    for (place, sent) in last {
        let read = index.last.get(&(sent.key, Isolation::Uncommitted));
        let there =
            read.is_none_or(|read| read.records.iter().any(|(_, value)| *value == sent.value));
        if !there && !doubtful.contains(&place) {
            report.add(Class::CompactedAway, shown(sent));
        }
    }
}

/// A process gives its records to one producer in order, and a producer keeps the order of a partition.
fn order_of_sends(index: &Index<'_>, report: &mut Report) {
    let mut before: HashMap<(&str, &str), &Sent<'_>> = HashMap::new();
    for sent in &index.sends {
        if sent.result != Outcome::Ok || sent.offset.is_none() {
            continue;
        }
        if let Some(before) = before.insert((sent.proc, sent.key), sent)
            && before.t0 < sent.t0
            && before.offset > sent.offset
        {
            let what = format!("{}, then {}", shown(before), shown(sent));
            report.add(Class::NonmonotonicSend, what);
        }
    }
}
