//! What readers were shown, and in which order.

use crate::history::{History, Isolation, Op};
use crate::index::Index;
use crate::report::{Class, Report};
use std::collections::HashMap;

pub(crate) fn check(history: &History, index: &Index<'_>, report: &mut Report) {
    hidden_records(history, index, report);
    order_of_reads(history, index, report);
}

/// Readers of committed records see nothing that failed, was aborted, or was not yet to be committed.
fn hidden_records(history: &History, index: &Index<'_>, report: &mut Report) {
    let mut saw = |proc: &str, t1: u64, value: &str| {
        let Some(sent) = index.writer.get(value).and_then(|n| index.sends.get(*n)) else {
            // Of a worker that was killed before it could write its line.
            return;
        };
        if index.must_be_hidden(sent) {
            report.add(Class::AbortedRead, format!("{proc} saw {value}"));
            return;
        }
        let Some(transaction) = sent.txn.and_then(|txn| index.transactions.get(txn)) else {
            return;
        };
        match transaction.commit_asked {
            None => report.add(
                Class::AbortedRead,
                format!("{proc} saw {value}, whose commit nobody asked for"),
            ),
            Some(asked) if t1 < asked => report.add(
                Class::PrecommittedRead,
                format!("{proc} saw {value} before its commit was asked for"),
            ),
            Some(_) => {}
        }
    };
    for line in &history.lines {
        match &line.op {
            Op::Poll { isolation: Isolation::Committed, records, .. } => {
                for (_, _, value) in records {
                    saw(&line.proc, line.t1, value);
                }
            }
            Op::Final { isolation: Isolation::Committed, records, .. } => {
                for (_, value) in records {
                    saw(&line.proc, line.t1, value);
                }
            }
            _ => {}
        }
    }
}

/// Within a generation a reader goes forward and leaves nothing out that is there for it.
fn order_of_reads(history: &History, index: &Index<'_>, report: &mut Report) {
    let mut before: HashMap<(&str, u64, &str), i64> = HashMap::new();
    for line in &history.lines {
        let Op::Poll { isolation, generation, records, .. } = &line.op else {
            continue;
        };
        for (key, offset, _) in records {
            let place = (line.proc.as_str(), *generation, key.as_str());
            let Some(before) = before.insert(place, *offset) else {
                continue;
            };
            if *offset <= before {
                let what = format!("{} read {key} {before}, then {offset}", line.proc);
                report.add(Class::NonmonotonicPoll, what);
            } else if let Some(missed) = between(index, key, *isolation, before, *offset) {
                let what = format!(
                    "{} read {key} {before}, then {offset}: {missed} is there",
                    line.proc
                );
                report.add(Class::PollSkip, what);
            }
        }
    }
}

/// The first record between two offsets that the last reading of the same isolation showed.
fn between(index: &Index<'_>, key: &str, isolation: Isolation, low: i64, high: i64) -> Option<i64> {
    let last = index.last.get(&(key, isolation))?;
    let next = last.records.partition_point(|(offset, _)| *offset <= low);
    let (offset, _) = last.records.get(next)?;
    (*offset < high).then_some(*offset)
}
