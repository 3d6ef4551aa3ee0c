//! The lines of a history.
//!
//! Every line has `t0` and `t1`, when the operation began and ended, in nanoseconds of one monotonic clock, and `proc`,
//! who did it. A *key* is `TOPIC-PARTITION`. Values are unique over the whole history: one send, one value.
//!
//! A worker that may be killed writes what it is about to do before it does it, with `result: info`, and the outcome as a
//! second line; else the checks would blame the broker for what the worker could not write down.

use anyhow::{Context, Result};
use serde::Deserialize;

/// How an operation ended, as its process knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    /// It happened.
    Ok,
    /// It did not happen, and never will.
    Fail,
    /// Nobody told.
    #[default]
    Info,
}

/// What readers are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Isolation {
    /// Everything.
    Uncommitted,
    /// What belongs to no transaction, and what was committed.
    Committed,
}

/// One line.
#[derive(Debug, Deserialize)]
pub(crate) struct Line {
    pub(crate) t0: u64,
    pub(crate) t1: u64,
    pub(crate) proc: String,
    #[serde(flatten)]
    pub(crate) op: Op,
}

/// An offset with the value that was read there.
pub(crate) type Read = (String, i64, String);

/// What was done.
#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case")]
pub(crate) enum Op {
    /// One record.
    Send {
        key: String,
        value: String,
        #[serde(default)]
        offset: Option<i64>,
        #[serde(default)]
        result: Outcome,
        /// The transaction it is part of.
        #[serde(default)]
        txn: Option<String>,
        /// The input (`KEY@OFFSET`) that this record was made from: at most one visible record may be made from it.
        #[serde(default)]
        of: Option<String>,
        /// The record's own key, in a topic that is compacted.
        #[serde(default)]
        record_key: Option<String>,
    },
    /// A producer took over a transactional id; what earlier ones send afterwards must not be seen.
    Init { tid: String, producer: String },
    /// A transaction began.
    Begin { txn: String, tid: String, producer: String },
    /// A transaction was to be committed, or aborted.
    End {
        txn: String,
        commit: bool,
        #[serde(default)]
        result: Outcome,
    },
    /// Records as one call of a reader returned them.
    Poll {
        isolation: Isolation,
        /// Changes with every seek or new assignment; order is promised within it.
        generation: u64,
        records: Vec<Read>,
        /// The transaction that this reading is part of.
        #[serde(default)]
        txn: Option<String>,
    },
    /// A group's offset was committed.
    Commit {
        group: String,
        key: String,
        offset: i64,
        #[serde(default)]
        result: Outcome,
        #[serde(default)]
        txn: Option<String>,
    },
    /// A group's offset was asked for; -1 when there is none.
    Committed { group: String, key: String, offset: i64 },
    /// First offset and end of a partition.
    Offsets { key: String, first: i64, end: i64 },
    /// A fresh reader's whole reading of a partition, after all faults were healed and all writers had ended.
    Final {
        isolation: Isolation,
        key: String,
        records: Vec<(i64, String)>,
        /// The end of the log.
        end: i64,
        /// Where readers of committed records must stop.
        stable: i64,
    },
    /// A fault; `what` it was is for the reader of the file.
    Nemesis {},
}

/// All lines of all files.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) lines: Vec<Line>,
}

impl History {
    /// Adds a file. A last line without an end is cut: its writer was killed.
    pub(crate) fn add(&mut self, text: &str) -> Result<()> {
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        for (number, line) in whole.lines().enumerate() {
            if line.is_empty() || line.starts_with("//") {
                continue;
            }
            let line =
                serde_json::from_str(line).with_context(|| format!("line {}", number + 1))?;
            self.lines.push(line);
        }
        // Order of beginning; the order of lines breaks ties.
        self.lines.sort_by_key(|line: &Line| line.t0);
        Ok(())
    }
}
