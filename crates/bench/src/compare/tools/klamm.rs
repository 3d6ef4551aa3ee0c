//! `klamm bench`: our client, and loops that are open where a rate is given.

use super::{CPU, Case, Running, Target, Tool};
use crate::compare::case::{Load, Value};
use crate::compare::hot::reading::{self, RECORD_BYTES};
use crate::compare::hot::writing::arrived;
use crate::compare::meter::{Moved, measured};
use crate::compare::stage::Stage;
use crate::frames;
use crate::load::Seen;
use crate::node::Node;
use crate::raw;
use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::process::Command;

pub(super) fn cases() -> Vec<Case> {
    use Tool::KlammBench;
    vec![
        Case::hot(
            "produce 1 KiB, 256 KiB batches",
            KlammBench,
            3.0,
            |stage, node, load| produce(stage, node, load, (load.of(400_000), 1000), &[]),
        )
        .reaching(&[Target::most(CPU, 0.45)]),
        Case::hot(
            "produce 1 KiB, 1 MB batches, lz4",
            KlammBench,
            3.0,
            |stage, node, load| {
                produce(
                    stage,
                    node,
                    load,
                    (load.of(400_000), 1000),
                    &["--codec", "lz4", "--batch-size", "1000000"],
                )
            },
        )
        .reaching(&[Target::most(CPU, 0.35)]),
        Case::hot(
            "produce at 5,000/s",
            KlammBench,
            6.5,
            |stage, node, load| {
                let records = load.of(15_000);
                produce(
                    stage,
                    node,
                    load,
                    (records.max(5_000), 100),
                    &["--rate", "5000", "--linger", "0ms"],
                )
            },
        )
        .reaching(&[
            Target::most("p50", 0.6),
            Target::most("p99", 0.3),
            Target::most("p99.9", 0.3),
            Target::most("CPU a million records", 0.25),
        ]),
        Case::hot("end to end at 1,000/s", KlammBench, 6.5, end_to_end)
            .reaching(&[Target::most("p50", 0.6), Target::most("p99", 0.5)]),
        Case::hot("consume hot, 1 reader", KlammBench, 3.0, consume)
            .reaching(&[Target::most(CPU, 0.7)]),
    ]
}

/// What a run says.
#[derive(Debug, Deserialize)]
struct Said {
    records: u64,
    seconds: f64,
    latency_us: Option<BTreeMap<String, f64>>,
    end_to_end_us: Option<BTreeMap<String, f64>>,
}

impl Said {
    fn read(text: &str) -> Result<Self> {
        let line = text.lines().rfind(|line| line.starts_with('{'));
        Ok(serde_json::from_str(line.context("no summary")?)?)
    }
}

fn tool(stage: &Stage, node: &Node, verb: &str, topic: &str) -> Command {
    let mut klamm = Command::new(&stage.program);
    klamm.args(["bench", verb, "--json", "--topic", topic, "-b"]);
    klamm.arg(node.address.to_string());
    klamm
}

/// Runs it, measured; with what it saw of latency.
fn measure(
    stage: &Stage,
    node: &Node,
    moved: Moved,
    klamm: &mut Command,
) -> Result<(Vec<Value>, Said)> {
    let folder = stage.scratch()?;
    let mut all = None;
    let values = measured(node, moved, || {
        let said = Running::start(klamm, folder.path().join("log"))?.finish()?;
        let said = Said::read(&said)?;
        ensure!(
            said.records >= moved.records as u64,
            "{} records instead of {}",
            said.records,
            moved.records
        );
        let seconds = said.seconds;
        all = Some(said);
        Ok(Seen { latency_us: Histogram::new(3)?, answer_bytes: 0, seconds })
    })?;
    Ok((values, all.context("nothing said")?))
}

fn latencies(said: Option<BTreeMap<String, f64>>) -> Vec<Value> {
    let said = said.unwrap_or_default();
    ["p50", "p99", "p99.9", "max"]
        .into_iter()
        .filter_map(|name| Some(Value::new(name, "ms", said.get(name)? / 1e3)))
        .collect()
}

fn produce(
    stage: &Stage,
    node: &Node,
    load: &Load,
    (records, record_bytes): (usize, usize),
    more: &[&str],
) -> Result<Vec<Value>> {
    frames::make(node.address, &load.topic, 1, &[])?;
    let mut klamm = tool(stage, node, "produce", &load.topic);
    klamm.args(["--records", &records.to_string()]);
    klamm.args(["--size", &record_bytes.to_string()]);
    klamm.args(more);
    raw::fresh_pages(records * record_bytes);
    let moved = Moved::records(records, record_bytes);
    let (mut values, said) = measure(stage, node, moved, &mut klamm)?;
    values.extend(latencies(said.latency_us));
    arrived(node, load, 1, records)?;
    Ok(values)
}

fn end_to_end(stage: &Stage, node: &Node, load: &Load) -> Result<Vec<Value>> {
    frames::make(node.address, &load.topic, 1, &[])?;
    let seconds = load.seconds(3.0).round();
    let mut klamm = tool(stage, node, "latency", &load.topic);
    klamm.args(["--rate", "1000", "--duration", &format!("{seconds}s")]);
    let moved = Moved::requests((seconds * 1e3) as usize, 100);
    let (mut values, said) = measure(stage, node, moved, &mut klamm)?;
    values.extend(latencies(said.end_to_end_us));
    frames::delete(node.address, &load.topic)?;
    Ok(values)
}

fn consume(stage: &Stage, node: &Node, load: &Load) -> Result<Vec<Value>> {
    let count = reading::filled(node, reading::ONE, 1, load.scale)?;
    let mut klamm = tool(stage, node, "consume", reading::ONE);
    let moved = Moved::records(count, RECORD_BYTES);
    Ok(measure(stage, node, moved, &mut klamm)?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_says_is_read() {
        let said = Said::read(
            "a warning\n{\"records\":20000,\"seconds\":0.459,\"latency_us\":{\"max\":334079,\"mean\":237130.6,\"p50\":254207}}\n",
        )
        .unwrap();
        assert_eq!(said.records, 20_000);
        let values = latencies(said.latency_us);
        assert_eq!((values[0].name, values[0].value), ("p50", 254.207));
        assert!(Said::read("nothing").is_err());
    }
}
