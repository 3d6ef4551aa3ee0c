//! The checks. A history is read twice: first all but what readers were shown on the way, then that. In the second
//! reading it is known what became of each record, so that nothing of a poll must be kept.

mod groups;
mod offsets;
mod reads;
mod transactions;
mod writes;

use crate::history::{Line, Op};
use crate::index::Index;
use crate::report::Report;
use anyhow::Result;

/// Judges a history.
#[derive(Debug, Default)]
pub(crate) struct Judge {
    index: Index,
    report: Report,
    ends: offsets::Ends,
    takeovers: transactions::Takeovers,
    commits: groups::Commits,
    order: reads::Order,
    circles: transactions::Circles,
}

impl Judge {
    /// Takes in a line of the first reading.
    pub(crate) fn learn(&mut self, line: &Line<'_>) -> Result<()> {
        self.ends.learn(line, &mut self.index);
        self.takeovers.learn(line, &mut self.index);
        self.commits.learn(line, &mut self.index);
        self.index.learn(line, &mut self.report)
    }

    /// Takes in a line of the second reading.
    pub(crate) fn watch(&mut self, line: &Line<'_>) -> Result<()> {
        let Op::Poll { isolation, generation, records, txn } = &line.op else {
            return Ok(());
        };
        let proc = self.index.procs.id(&line.proc);
        let txn = txn.as_deref().map(|txn| self.index.transaction(txn).0);
        let reader = reads::Reader {
            proc,
            t1: line.t1,
            isolation: *isolation,
            generation: *generation,
        };
        let (index, report) = (&mut self.index, &mut self.report);
        crate::history::each_read(records, |(key, offset, value)| {
            let key = index.key(&key);
            let value = index.saw(key, offset, &value, report);
            reads::hidden(index, reader, value, report);
            self.order.read(index, reader, (key, offset), report);
            if let Some(txn) = txn {
                self.circles.read(index, txn, value);
            }
        })
    }

    /// What was found, and how much was judged.
    pub(crate) fn verdict(mut self) -> (Report, String) {
        let (index, report) = (&self.index, &mut self.report);
        self.ends.check(index, report);
        writes::check(index, report);
        reads::hidden_at_last(index, report);
        self.takeovers.check(index, report);
        transactions::check(index, report);
        self.circles.check(index, report);
        self.commits.check(index, report);
        let summary = index.summary();
        (self.report, summary)
    }
}
