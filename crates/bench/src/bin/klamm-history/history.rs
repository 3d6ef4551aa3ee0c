//! The lines of a history, read one after the other: a file may be larger than memory.
//!
//! Every line has `t0` and `t1`, when the operation began and ended, in nanoseconds of one monotonic clock, and `proc`,
//! who did it. A *key* is `TOPIC-PARTITION`. Values are unique over the whole history: one send, one value. All lines of
//! a process stand in one file, and its polls and the ends of its transactions in the order in which they happened.
//!
//! A worker that may be killed writes what it is about to do before it does it, with `result: info`, and the outcome as a
//! second line; else the checks would blame the broker for what the worker could not write down.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::io::BufRead;
use std::marker::PhantomData;
use std::ops::Deref;

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

/// Text of a line, without a copy where it has no escapes.
#[derive(Debug, Clone)]
pub(crate) struct Text<'a>(Cow<'a, str>);

/// One line.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    pub(crate) t0: u64,
    pub(crate) t1: u64,
    pub(crate) proc: Text<'a>,
    pub(crate) op: Op<'a>,
}

/// One record.
#[derive(Debug)]
pub(crate) struct Send<'a> {
    pub(crate) key: Text<'a>,
    pub(crate) value: Text<'a>,
    pub(crate) offset: Option<i64>,
    pub(crate) result: Outcome,
    /// The transaction it is part of.
    pub(crate) txn: Option<Text<'a>>,
    /// The input (`KEY@OFFSET`) that this record was made from: at most one visible record may be made from it.
    pub(crate) of: Option<(&'a str, i64)>,
    /// The record's own key, in a topic that is compacted.
    pub(crate) record_key: Option<Text<'a>>,
}

/// What was done.
#[derive(Debug)]
pub(crate) enum Op<'a> {
    /// One record.
    Send(Send<'a>),
    /// A producer took over a transactional id; what earlier ones send afterwards must not be seen.
    Init { tid: Text<'a>, producer: Text<'a> },
    /// A transaction began.
    Begin { txn: Text<'a>, tid: Text<'a>, producer: Text<'a> },
    /// A transaction was to be committed, or aborted.
    End { txn: Text<'a>, commit: bool, result: Outcome },
    /// Records as one call of a reader returned them: `[KEY, OFFSET, VALUE]` each.
    Poll {
        isolation: Isolation,
        /// Changes with every seek or new assignment; order is promised within it.
        generation: u64,
        records: &'a RawValue,
        /// The transaction that this reading is part of.
        txn: Option<Text<'a>>,
    },
    /// A group's offset was committed.
    Commit {
        group: Text<'a>,
        key: Text<'a>,
        offset: i64,
        result: Outcome,
        txn: Option<Text<'a>>,
    },
    /// A group's offset was asked for; -1 when there is none.
    Committed { group: Text<'a>, key: Text<'a>, offset: i64 },
    /// First offset and end of a partition.
    Offsets { key: Text<'a>, first: i64, end: i64 },
    /// A fresh reader's whole reading of a partition, after all faults were healed and all writers had ended:
    /// `[OFFSET, VALUE]` each.
    Final {
        isolation: Isolation,
        key: Text<'a>,
        records: &'a RawValue,
        /// The end of the log.
        end: i64,
        /// Where readers of committed records must stop.
        stable: i64,
    },
    /// A fault; `what` it was is for the reader of the file.
    Nemesis,
}

/// A line with every field that any operation has. (An enum tagged from within would copy each line twice.)
#[derive(Debug, Deserialize)]
struct Fields<'a> {
    t0: u64,
    t1: u64,
    #[serde(borrow)]
    proc: Text<'a>,
    #[serde(borrow)]
    op: Text<'a>,
    #[serde(borrow)]
    key: Option<Text<'a>>,
    #[serde(borrow)]
    value: Option<Text<'a>>,
    offset: Option<i64>,
    #[serde(default)]
    result: Outcome,
    #[serde(borrow)]
    txn: Option<Text<'a>>,
    of: Option<&'a str>,
    #[serde(borrow)]
    record_key: Option<Text<'a>>,
    #[serde(borrow)]
    tid: Option<Text<'a>>,
    #[serde(borrow)]
    producer: Option<Text<'a>>,
    commit: Option<bool>,
    isolation: Option<Isolation>,
    generation: Option<u64>,
    #[serde(borrow)]
    records: Option<&'a RawValue>,
    #[serde(borrow)]
    group: Option<Text<'a>>,
    first: Option<i64>,
    end: Option<i64>,
    stable: Option<i64>,
}

/// Reads a file line by line. A last line without an end is cut: its writer was killed.
pub(crate) fn each_line(
    mut file: impl BufRead,
    mut see: impl FnMut(&Line<'_>) -> Result<()>,
) -> Result<()> {
    let (mut text, mut number) = (Vec::new(), 0_u64);
    loop {
        text.clear();
        number += 1;
        file.read_until(b'\n', &mut text)?;
        let Some(line) = text.strip_suffix(b"\n") else {
            return Ok(());
        };
        if line.is_empty() || line.starts_with(b"//") {
            continue;
        }
        let line = Line::read(line).and_then(|line| see(&line));
        line.with_context(|| format!("line {number}"))?;
    }
}

/// The records of a `poll`.
pub(crate) fn each_read(
    records: &RawValue,
    see: impl FnMut((Text<'_>, i64, Text<'_>)),
) -> Result<()> {
    let each = Each { see, of: PhantomData };
    Ok(serde_json::Deserializer::from_str(records.get()).deserialize_seq(each)?)
}

/// The records of a `final`.
pub(crate) fn each_left(records: &RawValue, see: impl FnMut((i64, Text<'_>))) -> Result<()> {
    let each = Each { see, of: PhantomData };
    Ok(serde_json::Deserializer::from_str(records.get()).deserialize_seq(each)?)
}

impl<'a> Line<'a> {
    fn read(line: &'a [u8]) -> Result<Self> {
        let fields: Fields<'a> = serde_json::from_slice(line)?;
        let (t0, t1) = (fields.t0, fields.t1);
        Ok(Self { t0, t1, proc: fields.proc.clone(), op: fields.op()? })
    }
}

impl<'a> Fields<'a> {
    fn op(self) -> Result<Op<'a>> {
        Ok(match &*self.op {
            "send" => Op::Send(self.send()?),
            "init" => Op::Init {
                tid: self.tid.context("tid")?,
                producer: self.producer.context("producer")?,
            },
            "begin" => Op::Begin {
                txn: self.txn.context("txn")?,
                tid: self.tid.context("tid")?,
                producer: self.producer.context("producer")?,
            },
            "end" => Op::End {
                txn: self.txn.context("txn")?,
                commit: self.commit.context("commit")?,
                result: self.result,
            },
            "poll" => Op::Poll {
                isolation: self.isolation.context("isolation")?,
                generation: self.generation.context("generation")?,
                records: self.records.context("records")?,
                txn: self.txn,
            },
            "commit" => Op::Commit {
                group: self.group.context("group")?,
                key: self.key.context("key")?,
                offset: self.offset.context("offset")?,
                result: self.result,
                txn: self.txn,
            },
            "committed" => Op::Committed {
                group: self.group.context("group")?,
                key: self.key.context("key")?,
                offset: self.offset.context("offset")?,
            },
            "offsets" => Op::Offsets {
                key: self.key.context("key")?,
                first: self.first.context("first")?,
                end: self.end.context("end")?,
            },
            "final" => Op::Final {
                isolation: self.isolation.context("isolation")?,
                key: self.key.context("key")?,
                records: self.records.context("records")?,
                end: self.end.context("end")?,
                stable: self.stable.context("stable")?,
            },
            "nemesis" => Op::Nemesis,
            other => bail!("no operation is called {other}"),
        })
    }

    fn send(self) -> Result<Send<'a>> {
        let of = self.of.map(|of| {
            let (key, offset) = of.rsplit_once('@').context("of is KEY@OFFSET")?;
            anyhow::Ok((key, offset.parse()?))
        });
        Ok(Send {
            key: self.key.context("key")?,
            value: self.value.context("value")?,
            offset: self.offset,
            result: self.result,
            txn: self.txn,
            of: of.transpose()?,
            record_key: self.record_key,
        })
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowed;
        impl<'de> Visitor<'de> for Borrowed {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Borrowed)
    }
}

/// Shows the elements of an array one by one.
struct Each<F, T> {
    see: F,
    of: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> Visitor<'de> for Each<F, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("records")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut records: A) -> Result<(), A::Error> {
        while let Some(record) = records.next_element()? {
            (self.see)(record);
        }
        Ok(())
    }
}
