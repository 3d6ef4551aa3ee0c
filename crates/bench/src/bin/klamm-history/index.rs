//! What several checks need to look up: who wrote a value and where it lies, how transactions ended, what is visible.

use crate::history::{History, Isolation, Op, Outcome};
use std::collections::{BTreeMap, HashMap, HashSet};

/// One send.
#[derive(Debug)]
pub(crate) struct Sent<'h> {
    pub(crate) t0: u64,
    pub(crate) proc: &'h str,
    pub(crate) key: &'h str,
    pub(crate) value: &'h str,
    pub(crate) offset: Option<i64>,
    pub(crate) result: Outcome,
    pub(crate) txn: Option<&'h str>,
    pub(crate) of: Option<&'h str>,
    pub(crate) record_key: Option<&'h str>,
}

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Committed,
    Aborted,
    Unknown,
}

/// One transaction.
#[derive(Debug)]
pub(crate) struct Transaction<'h> {
    pub(crate) fate: Fate,
    /// When its commit was first asked for.
    pub(crate) commit_asked: Option<u64>,
    pub(crate) tid: Option<&'h str>,
    pub(crate) producer: Option<&'h str>,
    /// Indexes of its sends.
    pub(crate) sends: Vec<usize>,
    /// Group, key and offset that it commits.
    pub(crate) offsets: Vec<(&'h str, &'h str, i64)>,
}

/// A fresh reader's reading of a partition at the end of the run.
#[derive(Debug)]
pub(crate) struct Last<'h> {
    pub(crate) records: Vec<(i64, &'h str)>,
    pub(crate) end: i64,
    pub(crate) stable: i64,
}

/// The lookups.
#[derive(Debug, Default)]
pub(crate) struct Index<'h> {
    pub(crate) sends: Vec<Sent<'h>>,
    /// Value → index of its send.
    pub(crate) writer: HashMap<&'h str, usize>,
    pub(crate) transactions: BTreeMap<&'h str, Transaction<'h>>,
    /// What was read of a partition at the end.
    pub(crate) last: BTreeMap<(&'h str, Isolation), Last<'h>>,
    /// Values that the last reading of committed records showed.
    pub(crate) visible: HashSet<&'h str>,
    /// Values that any reading showed.
    pub(crate) seen: HashSet<&'h str>,
    /// The highest offset that any reading of a partition showed.
    pub(crate) highest_seen: HashMap<&'h str, i64>,
}

impl Transaction<'_> {
    fn new() -> Self {
        Self {
            fate: Fate::Unknown,
            commit_asked: None,
            tid: None,
            producer: None,
            sends: Vec::new(),
            offsets: Vec::new(),
        }
    }
}

impl<'h> Index<'h> {
    /// Reads a history once.
    pub(crate) fn new(history: &'h History) -> Self {
        let mut index = Self::default();
        for line in &history.lines {
            match &line.op {
                Op::Send { .. } => index.send(line.t0, &line.proc, &line.op),
                Op::Begin { txn, tid, producer } => {
                    let transaction = index.transaction(txn);
                    transaction.tid = Some(tid);
                    transaction.producer = Some(producer);
                }
                Op::End { txn, commit, result } => index.end(line.t0, txn, *commit, *result),
                Op::Commit { group, key, offset, txn: Some(txn), .. } => {
                    index.transaction(txn).offsets.push((group, key, *offset));
                }
                Op::Poll { records, .. } => {
                    for (key, offset, value) in records {
                        index.saw(key, *offset, value);
                    }
                }
                Op::Final { isolation, key, records, end, stable } => {
                    let records: Vec<_> = records
                        .iter()
                        .map(|(offset, value)| (*offset, value.as_str()))
                        .collect();
                    for (offset, value) in &records {
                        index.saw(key, *offset, value);
                    }
                    if *isolation == Isolation::Committed {
                        index
                            .visible
                            .extend(records.iter().map(|(_, value)| *value));
                    }
                    let last = Last { records, end: *end, stable: *stable };
                    index.last.insert((key, *isolation), last);
                }
                _ => {}
            }
        }
        index
    }

    fn send(&mut self, t0: u64, proc: &'h str, op: &'h Op) {
        let Op::Send { key, value, offset, result, txn, of, record_key } = op else {
            return;
        };
        // A worker that may be killed writes a line before it sends, and the outcome in a second one.
        if let Some(sent) = self
            .writer
            .get(value.as_str())
            .and_then(|n| self.sends.get_mut(*n))
        {
            if *result != Outcome::Info {
                sent.result = *result;
                sent.offset = *offset;
            }
            return;
        }
        let number = self.sends.len();
        self.writer.insert(value, number);
        if let Some(txn) = txn {
            self.transaction(txn).sends.push(number);
        }
        self.sends.push(Sent {
            t0,
            proc,
            key,
            value,
            offset: *offset,
            result: *result,
            txn: txn.as_deref(),
            of: of.as_deref(),
            record_key: record_key.as_deref(),
        });
    }

    /// A commit or abort may be asked for again: a definite answer stands.
    fn end(&mut self, t0: u64, txn: &'h str, commit: bool, result: Outcome) {
        let transaction = self.transaction(txn);
        if commit {
            transaction.commit_asked.get_or_insert(t0);
        }
        transaction.fate = match (commit, result) {
            (true, Outcome::Ok) => Fate::Committed,
            (false, Outcome::Ok) | (true, Outcome::Fail) => Fate::Aborted,
            (_, Outcome::Info) | (false, Outcome::Fail) => transaction.fate,
        };
    }

    fn transaction(&mut self, txn: &'h str) -> &mut Transaction<'h> {
        self.transactions
            .entry(txn)
            .or_insert_with(Transaction::new)
    }

    fn saw(&mut self, key: &'h str, offset: i64, value: &'h str) {
        self.seen.insert(value);
        let highest = self.highest_seen.entry(key).or_insert(offset);
        *highest = offset.max(*highest);
    }

    /// How much was judged, so that a run in which nothing happened is seen as such.
    pub(crate) fn summary(&self, history: &History) -> String {
        let count = |result| {
            self.sends
                .iter()
                .filter(|sent| sent.result == result)
                .count()
        };
        let ended = |fate| {
            let transactions = self.transactions.values();
            transactions
                .filter(|transaction| transaction.fate == fate)
                .count()
        };
        let is_fault = |op: &Op| matches!(op, Op::Nemesis { .. });
        let faults = history
            .lines
            .iter()
            .filter(|line| is_fault(&line.op))
            .count();
        format!(
            "judged: {} records acknowledged, {} refused, {} of unknown fate, {} seen, {} visible at the end; {} \
             transactions committed, {} aborted, {} of unknown fate; {faults} faults",
            count(Outcome::Ok),
            count(Outcome::Fail),
            count(Outcome::Info),
            self.seen.len(),
            self.visible.len(),
            ended(Fate::Committed),
            ended(Fate::Aborted),
            ended(Fate::Unknown),
        )
    }

    /// Whether the run ended with a reading of everything; some promises can only be judged by it.
    pub(crate) fn is_drained(&self) -> bool {
        !self.last.is_empty()
    }

    /// How the transaction of a send ended; `None` without a transaction.
    pub(crate) fn fate_of(&self, sent: &Sent<'_>) -> Option<Fate> {
        let txn = sent.txn?;
        Some(
            self.transactions
                .get(txn)
                .map_or(Fate::Unknown, |transaction| transaction.fate),
        )
    }

    /// A record that must be visible: acknowledged, and its transaction, if any, was committed.
    pub(crate) fn must_be_visible(&self, sent: &Sent<'_>) -> bool {
        sent.result == Outcome::Ok && matches!(self.fate_of(sent), None | Some(Fate::Committed))
    }

    /// A record that may not be visible: not sent, or part of what was aborted.
    pub(crate) fn must_be_hidden(&self, sent: &Sent<'_>) -> bool {
        sent.result == Outcome::Fail || self.fate_of(sent) == Some(Fate::Aborted)
    }
}
