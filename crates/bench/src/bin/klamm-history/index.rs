//! What the checks look up: who wrote a value and where it lies, how transactions ended, what is visible.
//!
//! A history may have a hundred million lines, so that nothing here is kept by the line. A value costs its bytes and some
//! 90 more, however often it is read.

use crate::history::{Isolation, Line, Op, Outcome, Send, each_left};
use crate::names::{Id, NONE, Names};
use crate::pages::{Numbers, Offsets};
use crate::report::{Class, Report};
use anyhow::Result;
use std::collections::BTreeMap;

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Committed,
    Aborted,
    Unknown,
}

/// One transaction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Transaction {
    pub(crate) fate: Fate,
    /// When its commit was first asked for.
    pub(crate) commit_asked: Option<u64>,
    pub(crate) tid: Id,
    pub(crate) producer: Id,
}

/// All about one value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value {
    /// When its sending began.
    pub(crate) t0: u64,
    /// As it was acknowledged, else -1.
    pub(crate) offset: i64,
    /// Where somebody was first told that it lies.
    place: (Id, i64),
    /// The input that it was made from.
    pub(crate) of: (Id, i64),
    pub(crate) proc: Id,
    pub(crate) key: Id,
    pub(crate) txn: Id,
    pub(crate) record_key: Id,
    pub(crate) result: Outcome,
    /// The line of its sending was read: not so when its worker was killed before it could write one.
    pub(crate) is_sent: bool,
    /// Any reading showed it.
    pub(crate) is_seen: bool,
    /// The last reading of committed records showed it.
    pub(crate) is_visible: bool,
    /// The last reading of everything showed it.
    pub(crate) is_left: bool,
}

/// What a fresh reader's reading of a partition showed at the end of the run.
#[derive(Debug, Default)]
pub(crate) struct Last {
    pub(crate) offsets: Offsets,
    pub(crate) proc: Id,
    pub(crate) t1: u64,
    pub(crate) end: i64,
    pub(crate) stable: i64,
}

/// What is known of a partition.
#[derive(Debug, Default)]
pub(crate) struct Partition {
    /// The value at each offset.
    pub(crate) at: Numbers,
    /// The highest offset that any reading showed.
    pub(crate) highest_seen: Option<i64>,
}

/// The lookups.
#[derive(Debug, Default)]
pub(crate) struct Index {
    pub(crate) value_names: Names,
    pub(crate) keys: Names,
    /// Processes and producers.
    pub(crate) procs: Names,
    pub(crate) txns: Names,
    pub(crate) tids: Names,
    pub(crate) record_keys: Names,
    pub(crate) values: Vec<Value>,
    /// By the number of their key.
    pub(crate) partitions: Vec<Partition>,
    /// By the number of their name.
    pub(crate) transactions: Vec<Transaction>,
    /// What was read of a partition at the end.
    pub(crate) last: BTreeMap<(Id, Isolation), Last>,
    faults: u64,
}

impl Value {
    const NEW: Self = Self {
        t0: 0,
        offset: -1,
        place: (NONE, -1),
        of: (NONE, -1),
        proc: NONE,
        key: NONE,
        txn: NONE,
        record_key: NONE,
        result: Outcome::Info,
        is_sent: false,
        is_seen: false,
        is_visible: false,
        is_left: false,
    };
}

impl Transaction {
    const NEW: Self = Self {
        fate: Fate::Unknown,
        commit_asked: None,
        tid: NONE,
        producer: NONE,
    };
}

impl Index {
    /// Takes in what is not a poll or about a group.
    pub(crate) fn learn(&mut self, line: &Line<'_>, report: &mut Report) -> Result<()> {
        match &line.op {
            Op::Send(send) => self.send(line, send, report),
            Op::Begin { txn, tid, producer } => {
                let (tid, producer) = (self.tids.id(tid), self.procs.id(producer));
                let transaction = self.transaction(txn).1;
                (transaction.tid, transaction.producer) = (tid, producer);
            }
            Op::End { txn, commit, result } => self.end(line.t0, txn, *commit, *result),
            Op::Nemesis => self.faults += 1,
            Op::Final { isolation, key, records, end, stable } => {
                let (key, proc) = (self.key(key), self.procs.id(&line.proc));
                let (t1, end, stable) = (line.t1, *end, *stable);
                let mut last = Last { offsets: Offsets::default(), proc, t1, end, stable };
                each_left(records, |(offset, value)| {
                    last.offsets.insert(offset);
                    let value = self.saw(key, offset, &value, report);
                    if let Some(value) = self.values.get_mut(value as usize) {
                        match isolation {
                            Isolation::Committed => value.is_visible = true,
                            Isolation::Uncommitted => value.is_left = true,
                        }
                    }
                })?;
                self.last.insert((key, *isolation), last);
            }
            _ => {}
        }
        Ok(())
    }

    fn send(&mut self, line: &Line<'_>, send: &Send<'_>, report: &mut Report) {
        let (id, key) = (self.value(&send.value), self.key(&send.key));
        let before = self.value_of(id);
        let offset = send.offset.unwrap_or(-1);
        let now = if !before.is_sent {
            let txn = send.txn.as_deref();
            let record_key = send.record_key.as_deref();
            Value {
                t0: line.t0,
                offset,
                of: send.of.map_or((NONE, -1), |(key, at)| (self.key(key), at)),
                proc: self.procs.id(&line.proc),
                key,
                txn: txn.map_or(NONE, |txn| self.transaction(txn).0),
                record_key: record_key.map_or(NONE, |key| self.record_keys.id(key)),
                result: send.result,
                is_sent: true,
                ..before
            }
        } else if send.result != Outcome::Info {
            // A worker that may be killed writes a line before it sends, and the outcome in a second one.
            Value { offset, result: send.result, ..before }
        } else {
            before
        };
        if let Some(value) = self.values.get_mut(id as usize) {
            *value = now;
        }
        if offset >= 0 {
            self.told(key, offset, id, report);
        }
    }

    /// A commit or abort may be asked for again: a definite answer stands.
    fn end(&mut self, t0: u64, txn: &str, commit: bool, result: Outcome) {
        let transaction = self.transaction(txn).1;
        if commit {
            let asked = transaction.commit_asked.get_or_insert(t0);
            *asked = t0.min(*asked);
        }
        transaction.fate = match (commit, result) {
            (true, Outcome::Ok) => Fate::Committed,
            (false, Outcome::Ok) | (true, Outcome::Fail) => Fate::Aborted,
            (_, Outcome::Info) | (false, Outcome::Fail) => transaction.fate,
        };
    }

    /// A reader was shown a value. Gives its number.
    pub(crate) fn saw(&mut self, key: Id, offset: i64, value: &str, report: &mut Report) -> Id {
        let id = self.value(value);
        if let Some(value) = self.values.get_mut(id as usize) {
            value.is_seen = true;
        }
        if let Some(partition) = self.partitions.get_mut(key as usize) {
            partition.highest_seen = partition.highest_seen.max(Some(offset));
        }
        self.told(key, offset, id, report);
        id
    }

    /// Somebody was told where a value lies: there is one value at an offset, and one offset for a value.
    fn told(&mut self, key: Id, offset: i64, id: Id, report: &mut Report) {
        let partition = self.partitions.get_mut(key as usize);
        let there = partition.map_or(id, |partition| partition.at.get_or_put(offset, id));
        if there != id {
            let (key, values) = (self.keys.text(key), &self.value_names);
            let (there, value) = (values.text(there), values.text(id));
            let what = format!("{key} at {offset}: {there} and {value}");
            report.add(Class::InconsistentOffsets, what);
        }
        let Some(value) = self.values.get_mut(id as usize) else {
            return;
        };
        if value.place.0 == NONE {
            value.place = (key, offset);
        }
        let (before, at) = value.place;
        if (before, at) != (key, offset) {
            let (value, key) = (self.value_names.text(id), self.keys.text(key));
            let before = self.keys.text(before);
            let what = format!("{value} at {before} {at} and at {key} {offset}");
            report.add(Class::Duplicate, what);
        }
    }

    fn value(&mut self, value: &str) -> Id {
        let id = self.value_names.id(value);
        if id as usize == self.values.len() {
            self.values.push(Value::NEW);
        }
        id
    }

    /// The number of a partition.
    pub(crate) fn key(&mut self, key: &str) -> Id {
        let id = self.keys.id(key);
        if id as usize == self.partitions.len() {
            self.partitions.push(Partition::default());
        }
        id
    }

    /// A transaction, with its number.
    pub(crate) fn transaction(&mut self, txn: &str) -> (Id, &mut Transaction) {
        let id = self.txns.id(txn);
        if id as usize >= self.transactions.len() {
            self.transactions.push(Transaction::NEW);
        }
        match self.transactions.get_mut(id as usize) {
            Some(transaction) => (id, transaction),
            None => unreachable!("numbers count from 0, and each has a transaction"),
        }
    }

    pub(crate) fn value_of(&self, id: Id) -> Value {
        self.values.get(id as usize).copied().unwrap_or(Value::NEW)
    }

    /// The values that somebody sent, with their numbers.
    pub(crate) fn sent(&self) -> impl Iterator<Item = (Id, &Value)> {
        let all = (0..).zip(&self.values);
        all.filter(|(_, value)| value.is_sent)
    }

    /// The transaction that a value is part of.
    pub(crate) fn transaction_of(&self, value: &Value) -> Option<&Transaction> {
        self.transactions.get(value.txn as usize)
    }

    /// How much was judged, so that a run in which nothing happened is seen as such.
    pub(crate) fn summary(&self) -> String {
        let count =
            |is: &dyn Fn(&Value) -> bool| self.values.iter().filter(|value| is(value)).count();
        let result = |result| count(&move |value| value.is_sent && value.result == result);
        let ended = |fate| {
            self.transactions
                .iter()
                .filter(|one| one.fate == fate)
                .count()
        };
        format!(
            "judged: {} records acknowledged, {} refused, {} of unknown fate, {} seen, {} visible at the end; {} \
             transactions committed, {} aborted, {} of unknown fate; {} faults",
            result(Outcome::Ok),
            result(Outcome::Fail),
            result(Outcome::Info),
            count(&|value| value.is_seen),
            count(&|value| value.is_visible),
            ended(Fate::Committed),
            ended(Fate::Aborted),
            ended(Fate::Unknown),
            self.faults,
        )
    }

    /// Whether the run ended with a reading of everything; some promises can only be judged by it.
    pub(crate) fn is_drained(&self) -> bool {
        !self.last.is_empty()
    }

    /// How the transaction of a value ended; `None` without a transaction.
    fn fate_of(&self, value: &Value) -> Option<Fate> {
        self.transaction_of(value)
            .map(|transaction| transaction.fate)
    }

    /// A record that must be visible: acknowledged, and its transaction, if any, was committed.
    pub(crate) fn must_be_visible(&self, value: &Value) -> bool {
        value.result == Outcome::Ok && matches!(self.fate_of(value), None | Some(Fate::Committed))
    }

    /// A record that may not be visible: not sent, or part of what was aborted.
    pub(crate) fn must_be_hidden(&self, value: &Value) -> bool {
        value.result == Outcome::Fail || self.fate_of(value) == Some(Fate::Aborted)
    }
}

#[cfg(test)]
mod tests {
    use super::{Transaction, Value};

    #[test]
    fn what_is_kept_of_a_value_and_of_a_transaction_is_small() {
        assert!(size_of::<Value>() <= 72, "{}", size_of::<Value>());
        assert!(
            size_of::<Transaction>() <= 32,
            "{}",
            size_of::<Transaction>()
        );
    }
}
