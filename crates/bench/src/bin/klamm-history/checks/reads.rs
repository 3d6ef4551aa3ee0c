//! What readers were shown, and in which order.

use crate::history::Isolation;
use crate::index::Index;
use crate::names::Id;
use crate::report::{Class, Report};
use std::collections::HashMap;

/// Who reads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader {
    pub(super) proc: Id,
    /// When the records were there.
    pub(super) t1: u64,
    pub(super) isolation: Isolation,
    pub(super) generation: u64,
}

/// Readers of committed records see nothing that failed, was aborted, or was not yet to be committed.
pub(super) fn hidden(index: &Index, reader: Reader, id: Id, report: &mut Report) {
    let value = index.value_of(id);
    if reader.isolation != Isolation::Committed || !value.is_sent {
        return;
    }
    let asked = index.transaction_of(&value).map(|txn| txn.commit_asked);
    let (class, why) = if index.must_be_hidden(&value) {
        (Class::AbortedRead, "")
    } else {
        match asked {
            Some(None) => (Class::AbortedRead, ", whose commit nobody asked for"),
            Some(Some(asked)) if reader.t1 < asked => {
                (Class::PrecommittedRead, " before its commit was asked for")
            }
            _ => return,
        }
    };
    let (proc, name) = (index.procs.text(reader.proc), index.value_names.text(id));
    report.add(class, format!("{proc} saw {name}{why}"));
}

/// The same for the last reading.
pub(super) fn hidden_at_last(index: &Index, report: &mut Report) {
    for (id, value) in index.sent().filter(|(_, value)| value.is_visible) {
        if let Some(last) = index.last.get(&(value.key, Isolation::Committed)) {
            let isolation = Isolation::Committed;
            let reader = Reader { proc: last.proc, t1: last.t1, isolation, generation: 0 };
            hidden(index, reader, id, report);
        }
    }
}

/// Where each reader is, in each generation and partition.
#[derive(Debug, Default)]
pub(super) struct Order(HashMap<(Id, u64, Id), i64>);

impl Order {
    /// Within a generation a reader goes forward and leaves nothing out that is there for it.
    pub(super) fn read(
        &mut self,
        index: &Index,
        reader: Reader,
        (key, offset): (Id, i64),
        report: &mut Report,
    ) {
        let place = (reader.proc, reader.generation, key);
        let Some(before) = self.0.insert(place, offset) else {
            return;
        };
        if offset == before + 1 {
            return;
        }
        let (class, missed) = if offset <= before {
            (Class::NonmonotonicPoll, None)
        } else {
            // The last reading of the same isolation shows what is there.
            let last = index.last.get(&(key, reader.isolation));
            let missed = last.and_then(|last| last.offsets.from(before + 1).next());
            match missed.filter(|missed| *missed < offset) {
                None => return,
                missed => (Class::PollSkip, missed),
            }
        };
        let (proc, key) = (index.procs.text(reader.proc), index.keys.text(key));
        let missed = missed.map_or_else(String::new, |missed| format!(": {missed} is there"));
        let what = format!("{proc} read {key} {before}, then {offset}{missed}");
        report.add(class, what);
    }
}
