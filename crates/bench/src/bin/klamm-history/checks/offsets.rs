//! What lies where: one value at an offset, one offset for a value, and ends that only grow.

use crate::history::{History, Op};
use crate::index::Index;
use crate::report::{Class, Report};
use std::collections::HashMap;

pub(crate) fn check(history: &History, index: &Index<'_>, report: &mut Report) {
    places(history, index, report);
    ends(history, report);
}

/// Collects every (partition, offset, value) that anybody was told.
fn places(history: &History, index: &Index<'_>, report: &mut Report) {
    let mut at: HashMap<(&str, i64), &str> = HashMap::new();
    let mut place: HashMap<&str, (&str, i64)> = HashMap::new();
    let mut told = |key, offset, value| {
        let before = *at.entry((key, offset)).or_insert(value);
        if before != value {
            let what = format!("{key} at {offset}: {before} and {value}");
            report.add(Class::InconsistentOffsets, what);
        }
        let before = *place.entry(value).or_insert((key, offset));
        if before != (key, offset) {
            let what = format!("{value} at {} {} and at {key} {offset}", before.0, before.1);
            report.add(Class::Duplicate, what);
        }
    };
    for sent in &index.sends {
        if let Some(offset) = sent.offset {
            told(sent.key, offset, sent.value);
        }
    }
    for line in &history.lines {
        match &line.op {
            Op::Poll { records, .. } => {
                for (key, offset, value) in records {
                    told(key, *offset, value);
                }
            }
            Op::Final { key, records, .. } => {
                for (offset, value) in records {
                    told(key, *offset, value);
                }
            }
            _ => {}
        }
    }
}

/// An answer that begins after another one ended must not be smaller.
fn ends(history: &History, report: &mut Report) {
    /// Answers of a partition: those that have ended give the bound, by the time of their end.
    #[derive(Default)]
    struct Bound {
        first: i64,
        end: i64,
        waiting: Vec<(u64, i64, i64)>,
    }
    let mut bounds: HashMap<&str, Bound> = HashMap::new();
    for line in &history.lines {
        let Op::Offsets { key, first, end } = &line.op else {
            continue;
        };
        let bound = bounds.entry(key).or_default();
        bound.waiting.retain(|(t1, first, end)| {
            let over = *t1 < line.t0;
            if over {
                bound.first = bound.first.max(*first);
                bound.end = bound.end.max(*end);
            }
            !over
        });
        if *first < bound.first || *end < bound.end {
            let what = format!(
                "{key}: from {}..{} to {first}..{end}",
                bound.first, bound.end
            );
            report.add(Class::OffsetsBack, what);
        }
        bound.waiting.push((line.t1, *first, *end));
    }
}
