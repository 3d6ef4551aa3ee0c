//! `rdkafka_performance`, from librdkafka's examples.

use super::{CPU, Case, Running, Target, Tool};
use crate::compare::case::{Load, Value};
use crate::compare::hot::reading::{self, RECORD_BYTES};
use crate::compare::hot::writing::arrived;
use crate::compare::meter::{Moved, measured};
use crate::compare::stage::Stage;
use crate::frames::{self, Asker};
use crate::load::{Seen, clock};
use crate::node::Node;
use crate::raw;
use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use klamm_wire::messages::offset_fetch::{
    OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

pub(super) fn cases() -> Vec<Case> {
    let mut all = writing();
    all.extend(reading());
    all
}

/// The properties that make batches as large as the case says.
const BIG: &[&str] = &["batch.size=1000000", "linger.ms=20"];
const NUMBERED: &[&str] = &["enable.idempotence=true", "linger.ms=5"];
const SMALL_RECORDS: &[&str] = &["batch.size=16384", "linger.ms=5"];

fn writing() -> Vec<Case> {
    use Tool::Librdkafka;
    vec![
        Case::hot(
            "produce 1 KiB, 1 MB batches",
            Librdkafka,
            4.0,
            |stage, node, load| produce(stage, node, load, (500_000, 1000), BIG),
        )
        .reaching(&[Target::most(CPU, 0.45)]),
        Case::hot(
            "produce 100 B, 16 KiB batches",
            Librdkafka,
            3.0,
            |stage, node, load| produce(stage, node, load, (1_000_000, 100), SMALL_RECORDS),
        )
        .reaching(&[Target::most("CPU a million records", 0.35)]),
        Case::hot("idempotent, 1 KiB", Librdkafka, 3.0, |stage, node, load| {
            produce(stage, node, load, (300_000, 1000), NUMBERED)
        })
        .reaching(&[Target::most(CPU, 0.35)]),
    ]
}

fn reading() -> Vec<Case> {
    use Tool::Librdkafka;
    vec![
        Case::hot(
            "consume hot, 1 reader",
            Librdkafka,
            3.5,
            |stage, node, load| consume(stage, node, load, 1),
        )
        .reaching(&[Target::most(CPU, 0.7)]),
        Case::hot(
            "consume hot, 4 readers",
            Librdkafka,
            8.0,
            |stage, node, load| consume(stage, node, load, 4),
        )
        .reaching(&[Target::most(CPU, 0.7)]),
        Case::hot(
            "group of 3 over 12 partitions, classic protocol",
            Librdkafka,
            6.0,
            |stage, node, load| group(stage, node, load, "classic"),
        )
        .reaching(&[Target::most(CPU, 0.75)]),
        Case::hot(
            "group of 3 over 12 partitions, consumer protocol",
            Librdkafka,
            6.0,
            |stage, node, load| group(stage, node, load, "consumer"),
        )
        .reaching(&[Target::most(CPU, 0.75)]),
    ]
}

fn tool(stage: &Stage, node: &Node) -> Result<Command> {
    let program = stage.rdkafka_performance.as_ref();
    let mut command = Command::new(program.context("rdkafka_performance is not here")?);
    command.arg("-b").arg(node.address.to_string());
    Ok(command)
}

/// What a run says last: `% 300000 messages …(300000000 bytes)… in 3432ms: …`.
fn summary(said: &str) -> Result<(usize, f64)> {
    let is_summary = |line: &&str| line.starts_with("% ") && line.contains(" messages ");
    let line = said.lines().rfind(is_summary).context("no summary")?;
    let messages = line.split(' ').nth(1).context("messages")?;
    let (_, rest) = line.split_once(" in ").context("a time")?;
    let (ms, _) = rest.split_once("ms").context("a time in ms")?;
    Ok((messages.parse()?, ms.parse::<f64>()?.max(1.0) / 1e3))
}

fn seen(seconds: f64) -> Result<Seen> {
    Ok(Seen { latency_us: Histogram::new(3)?, answer_bytes: 0, seconds })
}

fn produce(
    stage: &Stage,
    node: &Node,
    load: &Load,
    (records, record_bytes): (usize, usize),
    properties: &[&str],
) -> Result<Vec<Value>> {
    let folder = stage.scratch()?;
    frames::make(node.address, &load.topic, 1, &[])?;
    let records = load.of(records);
    let mut command = tool(stage, node)?;
    command.args(["-P", "-p", "0", "-a", "-1", "-t", &load.topic]);
    command.args(["-s", &record_bytes.to_string(), "-c", &records.to_string()]);
    for property in properties {
        command.args(["-X", property]);
    }
    raw::fresh_pages(records * record_bytes);
    let values = measured(node, Moved::records(records, record_bytes), || {
        let running = Running::start(&mut command, folder.path().join("log"))?;
        let (_, seconds) = summary(&running.finish()?)?;
        seen(seconds)
    })?;
    arrived(node, load, 1, records)?;
    Ok(values)
}

/// So many readers of the same partition at once.
fn consume(stage: &Stage, node: &Node, load: &Load, readers: usize) -> Result<Vec<Value>> {
    let folder = stage.scratch()?;
    let there = reading::filled(node, reading::ONE, 1, load.scale)?;
    let count = there / readers.min(2);
    let moved = Moved::records(count * readers, RECORD_BYTES);
    measured(node, moved, || {
        let started = clock();
        let mut running = Vec::new();
        for n in 0..readers {
            let mut command = tool(stage, node)?;
            command.args(["-C", "-p", "0", "-o", "beginning", "-t", reading::ONE]);
            command.args(["-c", &count.to_string()]);
            running.push(Running::start(
                &mut command,
                folder.path().join(n.to_string()),
            )?);
        }
        for reader in running {
            let (read, _) = summary(&reader.finish()?)?;
            ensure!(read >= count, "{read} records came instead of {count}");
        }
        seen(started.elapsed().as_secs_f64())
    })
}

/// Three members read until the group has committed everything.
fn group(stage: &Stage, node: &Node, load: &Load, protocol: &str) -> Result<Vec<Value>> {
    const MEMBERS: usize = 3;
    const PARTITIONS: i32 = 12;
    let folder = stage.scratch()?;
    let there = reading::filled(node, reading::TWELVE, PARTITIONS, load.scale)?;
    let mut asker = Asker::connect(node.address)?;
    frames::coordinator(&mut asker, &load.topic, 0)?;
    let mut read = 0;
    let mut values = measured(node, Moved::records(there, RECORD_BYTES), || {
        let started = clock();
        let mut members = Vec::new();
        for n in 0..MEMBERS {
            let log = folder.path().join(n.to_string());
            members.push(member(stage, node, (&load.topic, protocol), &log)?);
        }
        while committed(&mut asker, &load.topic, PARTITIONS)? < i64::try_from(there)? {
            ensure!(
                started.elapsed().as_secs() < 60,
                "the group has not read everything after 60 s"
            );
            std::thread::park_timeout(Duration::from_millis(20));
        }
        let seconds = started.elapsed().as_secs_f64();
        for member in &members {
            member.interrupt()?;
        }
        for member in members {
            read += summary(&member.finish()?)?.0;
        }
        seen(seconds)
    })?;
    // What changed hands before it was committed was sent twice.
    let twice = read as f64 / there as f64;
    for value in &mut values {
        if value.name.starts_with("CPU") {
            value.value /= twice;
        }
    }
    values.push(Value::new("records read a record", "", twice));
    Ok(values)
}

fn member(
    stage: &Stage,
    node: &Node,
    (group, protocol): (&str, &str),
    log: &Path,
) -> Result<Running> {
    let mut command = tool(stage, node)?;
    command.args(["-G", group, "-t", reading::TWELVE, "-i", "100000"]);
    command.args(["-X", "auto.commit.interval.ms=100"]);
    command.args(["-X", &format!("group.protocol={protocol}")]);
    Running::start(&mut command, log.to_path_buf())
}

/// The sum of a group's committed offsets.
fn committed(asker: &mut Asker, group: &str, partitions: i32) -> Result<i64> {
    let request = OffsetFetchRequest {
        groups: vec![OffsetFetchRequestGroup {
            group_id: group.into(),
            member_epoch: -1,
            topics: Some(vec![OffsetFetchRequestTopics {
                name: reading::TWELVE.into(),
                partition_indexes: (0..partitions).collect(),
                ..OffsetFetchRequestTopics::default()
            }]),
            ..OffsetFetchRequestGroup::default()
        }],
        ..OffsetFetchRequest::default()
    };
    let answer = asker.ask(&request, 8)?;
    let topics = answer.groups.iter().flat_map(|group| &group.topics);
    let offsets = topics.flat_map(|topic| &topic.partitions);
    Ok(offsets.map(|p| p.committed_offset.max(0)).sum())
}

#[cfg(test)]
mod tests {
    use super::summary;

    #[test]
    fn the_last_line_counts() {
        let said = "% 5 messages (5 bytes) consumed in 0ms: 0 msgs/s (0.00 MB/s)\n\
            % 300000 messages (300000000 bytes) consumed in 1364ms: 219934 msgs/s (219.93 MB/s)\n\
            % Average application fetch latency: 6us\n";
        assert_eq!(summary(said).unwrap(), (300_000, 1.364));
        let said = "% 9 messages produced (9 bytes), 9 delivered (offset 8, 0 failed) in 12ms: 1 msgs/s and 1 MB/s\n";
        assert_eq!(summary(said).unwrap(), (9, 0.012));
        assert!(summary("% Waiting for group rebalance..\n").is_err());
    }
}
