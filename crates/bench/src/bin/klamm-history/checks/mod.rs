//! The checks: each file reads the history and the index once and adds what it finds.

mod groups;
mod offsets;
mod reads;
mod transactions;
mod writes;

use crate::history::History;
use crate::index::Index;
use crate::report::Report;

/// Runs all checks.
pub(crate) fn judge(history: &History, index: &Index<'_>) -> Report {
    let mut report = Report::default();
    offsets::check(history, index, &mut report);
    writes::check(index, &mut report);
    reads::check(history, index, &mut report);
    transactions::check(history, index, &mut report);
    groups::check(history, index, &mut report);
    report
}
