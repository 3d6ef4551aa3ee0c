//! What became of the records that were acknowledged.

use crate::history::{Isolation, Outcome};
use crate::index::{Index, Value};
use crate::names::{Id, NONE};
use crate::report::{Class, Report};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(index: &Index, report: &mut Report) {
    if index.is_drained() {
        acknowledged_are_there(index, report);
        last_of_each_key(index, report);
    }
    order_of_sends(index, report);
}

fn acknowledged_are_there(index: &Index, report: &mut Report) {
    for (id, value) in index.sent() {
        let counts = index.must_be_visible(value) && value.record_key == NONE;
        if !counts || value.is_seen {
            continue;
        }
        let partition = index.partitions.get(value.key as usize);
        let highest = partition.and_then(|partition| partition.highest_seen);
        let is_passed = value.offset >= 0 && highest > Some(value.offset);
        let class = if is_passed {
            Class::LostWrite
        } else {
            Class::Unseen
        };
        report.add(class, shown(index, id, value));
    }
}

fn shown(index: &Index, id: Id, value: &Value) -> String {
    let (name, proc) = (index.value_names.text(id), index.procs.text(value.proc));
    let key = index.keys.text(value.key);
    if value.offset < 0 {
        return format!("{name} of {proc} at {key} ?");
    }
    format!("{name} of {proc} at {key} {}", value.offset)
}

/// In a compacted topic a key's last acknowledged value stays, unless one of unknown fate may have come after it.
fn last_of_each_key(index: &Index, report: &mut Report) {
    let mut last: BTreeMap<(Id, Id), (Id, &Value)> = BTreeMap::new();
    let mut doubtful: BTreeSet<(Id, Id)> = BTreeSet::new();
    for (id, value) in index.sent() {
        if value.record_key == NONE {
            continue;
        }
        let place = (value.key, value.record_key);
        if value.result == Outcome::Info {
            doubtful.insert(place);
        }
        if index.must_be_visible(value) {
            let before = last.entry(place).or_insert((id, value));
            if before.1.offset < value.offset {
                *before = (id, value);
            }
        }
    }
    for (place, (id, value)) in last {
        let was_read = index
            .last
            .contains_key(&(value.key, Isolation::Uncommitted));
        if was_read && !value.is_left && !doubtful.contains(&place) {
            report.add(Class::CompactedAway, shown(index, id, value));
        }
    }
}

/// A process gives its records to one producer in order, and a producer keeps the order of a partition.
fn order_of_sends(index: &Index, report: &mut Report) {
    let acknowledged = index.sent();
    let acknowledged = acknowledged.filter(|(_, v)| v.result == Outcome::Ok && v.offset >= 0);
    let mut ids: Vec<Id> = acknowledged.map(|(id, _)| id).collect();
    ids.sort_unstable_by_key(|id| {
        let value = index.value_of(*id);
        (value.proc, value.key, value.t0, value.offset)
    });
    for pair in ids.windows(2) {
        let [before_id, id] = pair else { continue };
        let (before, value) = (index.value_of(*before_id), index.value_of(*id));
        let is_same = (before.proc, before.key) == (value.proc, value.key);
        if is_same && before.t0 < value.t0 && before.offset > value.offset {
            let (before, value) = (shown(index, *before_id, &before), shown(index, *id, &value));
            report.add(Class::NonmonotonicSend, format!("{before}, then {value}"));
        }
    }
}
