//! The ends of logs only grow.

use crate::history::{Line, Op};
use crate::index::Index;
use crate::names::Id;
use crate::report::{Class, Report};
use std::collections::BTreeMap;

/// One answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Answer {
    t0: u64,
    t1: u64,
    first: i64,
    end: i64,
}

/// What was told of the ends of each partition.
#[derive(Debug, Default)]
pub(super) struct Ends(BTreeMap<Id, Vec<Answer>>);

impl Ends {
    pub(super) fn learn(&mut self, line: &Line<'_>, index: &mut Index) {
        if let Op::Offsets { key, first, end } = &line.op {
            let answer = Answer { t0: line.t0, t1: line.t1, first: *first, end: *end };
            self.0.entry(index.key(key)).or_default().push(answer);
        }
    }

    /// An answer that begins after another one ended must not be smaller.
    pub(super) fn check(self, index: &Index, report: &mut Report) {
        for (key, mut answers) in self.0 {
            answers.sort_unstable();
            // Answers that have ended give the bound, by the time of their end.
            let (mut first, mut end, mut waiting) = (0, 0, Vec::<Answer>::new());
            for answer in answers {
                waiting.retain(|before| {
                    let over = before.t1 < answer.t0;
                    if over {
                        (first, end) = (before.first.max(first), before.end.max(end));
                    }
                    !over
                });
                if answer.first < first || answer.end < end {
                    let key = index.keys.text(key);
                    let (to_first, to_end) = (answer.first, answer.end);
                    let what = format!("{key}: from {first}..{end} to {to_first}..{to_end}");
                    report.add(Class::OffsetsBack, what);
                }
                waiting.push(answer);
            }
        }
    }
}
