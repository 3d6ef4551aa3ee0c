//! The records that go in, and the ones that come out: lines of text, so that every language reads them.

use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// One record to produce. Text without tabs, `&`, `=`, `|` and `~`, so that a line can carry it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) partition: u32,
    pub(crate) key: Option<String>,
    pub(crate) value: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
}

/// One record that a client read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) offset: i64,
    pub(crate) timestamp: i64,
    pub(crate) record: Record,
}

/// A repeatable source of text that does not compress to nothing.
#[derive(Debug)]
pub(crate) struct Source(u64);

impl Source {
    /// The same seed gives the same text.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// `length` letters.
    pub(crate) fn text(&mut self, length: usize) -> String {
        (0..length)
            .map(|_| char::from(b'a' + (self.next() % 20) as u8))
            .collect()
    }

    /// Records with keys, of `size_min` to about twice as many bytes.
    pub(crate) fn keyed(&mut self, partition: u32, count: usize, size_min: usize) -> Vec<Record> {
        (0..count)
            .map(|number| {
                let size = size_min + self.next() as usize % (size_min + 1);
                Record {
                    partition,
                    key: Some(format!("key{}", number % 7)),
                    value: Some(format!("{number}:{}", self.text(size))),
                    headers: Vec::new(),
                }
            })
            .collect()
    }
}

/// Writes what a driver will produce.
pub(crate) fn write(path: &Path, records: &[Record]) -> Result<()> {
    let mut text = String::new();
    for record in records {
        let headers: Vec<String> = record
            .headers
            .iter()
            .map(|(n, v)| format!("{n}={v}"))
            .collect();
        let (key, value) = (shown(record.key.as_deref()), shown(record.value.as_deref()));
        writeln!(
            text,
            "{}\t{key}\t{value}\t{}",
            record.partition,
            headers.join("&")
        )?;
    }
    std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

/// Reads what a driver consumed.
pub(crate) fn read(path: &Path) -> Result<Vec<Read>> {
    let text = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    String::from_utf8_lossy(&text)
        .lines()
        .map(read_line)
        .collect()
}

fn read_line(line: &str) -> Result<Read> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [partition, offset, timestamp, key, value, headers] = fields.as_slice() else {
        bail!("a line with {} fields", fields.len());
    };
    let pairs = headers.split('&').filter(|pair| !pair.is_empty());
    let headers = pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, "~"));
        (name.to_owned(), value.to_owned())
    });
    Ok(Read {
        offset: offset.parse()?,
        timestamp: timestamp.parse()?,
        record: Record {
            partition: partition.parse()?,
            key: unshown(key),
            value: unshown(value),
            headers: headers.collect(),
        },
    })
}

/// Reads the numbers of acknowledged records.
pub(crate) fn read_acknowledged(path: &Path) -> Result<Vec<usize>> {
    let text = std::fs::read_to_string(path)?;
    text.lines().map(|line| Ok(line.parse()?)).collect()
}

/// Checks that `read` is `wanted`, in the same order, at offsets without gaps from `first`.
pub(crate) fn compare(wanted: &[Record], read: &[Read], first: i64) -> Result<()> {
    for (number, (record, got)) in wanted.iter().zip(read).enumerate() {
        let offset = first + number as i64;
        ensure!(
            got.offset == offset,
            "offset {} where {offset} belongs",
            got.offset
        );
        if got.record != *record {
            bail!(
                "record {number}: wrote {}, read {}",
                brief(record),
                brief(&got.record)
            );
        }
    }
    ensure!(
        read.len() == wanted.len(),
        "{} of {} records",
        read.len(),
        wanted.len()
    );
    Ok(())
}

/// Checks that every record of `wanted` was read, once, in the order of writing.
pub(crate) fn compare_as_set(wanted: &[&Record], read: &[Read]) -> Result<()> {
    let mut places: BTreeMap<&Option<String>, Vec<usize>> = BTreeMap::new();
    for (at, got) in read.iter().enumerate() {
        places.entry(&got.record.value).or_default().push(at);
    }
    let mut last = None;
    for record in wanted {
        match places.get(&record.value).map(Vec::as_slice) {
            Some([at]) => {
                ensure!(last < Some(*at), "order changed at {}", brief(record));
                last = Some(*at);
            }
            Some(many) => bail!("{} times: {}", many.len(), brief(record)),
            None => bail!("acknowledged and lost: {}", brief(record)),
        }
    }
    Ok(())
}

fn brief(record: &Record) -> String {
    let short = |text: &Option<String>| match text {
        Some(text) if text.len() > 24 => format!("{}… ({} bytes)", &text[..24], text.len()),
        Some(text) => format!("{text:?}"),
        None => "null".to_owned(),
    };
    format!(
        "{} → {} {:?}",
        short(&record.key),
        short(&record.value),
        record.headers
    )
}

fn shown(field: Option<&str>) -> &str {
    field.unwrap_or("~")
}

fn unshown(field: &str) -> Option<String> {
    (field != "~").then(|| field.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_of(records: &[Record]) -> Vec<Read> {
        let number = |(at, record): (usize, &Record)| Read {
            offset: at as i64,
            timestamp: 0,
            record: record.clone(),
        };
        records.iter().enumerate().map(number).collect()
    }

    #[test]
    fn a_line_comes_back_as_it_was_written() {
        let record = Record {
            partition: 2,
            key: None,
            value: Some(String::new()),
            headers: vec![("a".into(), "b".into()), ("a".into(), String::new())],
        };
        let line = "2\t7\t99\t~\t\ta=b&a=";
        let read = read_line(line).unwrap();
        assert_eq!(read, Read { offset: 7, timestamp: 99, record });
        assert!(read_line("2\t7").is_err());
    }

    #[test]
    fn a_lost_a_changed_and_a_moved_record_are_seen() {
        let wanted = Source::new(1).keyed(0, 5, 10);
        let good = read_of(&wanted);
        compare(&wanted, &good, 0).unwrap();
        assert!(compare(&wanted, &good[..4], 0).is_err());
        assert!(compare(&wanted, &good, 1).is_err());
        let mut changed = good.clone();
        changed[2].record.headers.push(("x".into(), "y".into()));
        assert!(compare(&wanted, &changed, 0).is_err());
    }

    #[test]
    fn after_a_crash_nothing_is_lost_doubled_or_moved() {
        let wanted = Source::new(2).keyed(0, 5, 10);
        let refs: Vec<&Record> = wanted.iter().collect();
        let good = read_of(&wanted);
        compare_as_set(&refs, &good).unwrap();
        compare_as_set(&refs[..3], &good).unwrap();
        assert!(compare_as_set(&refs, &good[1..]).is_err());
        let doubled: Vec<Read> = good.iter().chain(&good[..1]).cloned().collect();
        assert!(compare_as_set(&refs, &doubled).is_err());
        let moved: Vec<Read> = good.iter().rev().cloned().collect();
        assert!(compare_as_set(&refs, &moved).is_err());
    }
}
