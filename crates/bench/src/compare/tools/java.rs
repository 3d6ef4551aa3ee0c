//! Kafka's own tools: `ProducerPerformance`, `ConsumerPerformance`, `EndToEndLatency`.

use super::{CPU, Case, Running, Target, Tool};
use crate::compare::case::{Load, Value};
use crate::compare::hot::reading::{self, RECORD_BYTES};
use crate::compare::hot::writing::arrived;
use crate::compare::meter::{Moved, measured};
use crate::compare::stage::Stage;
use crate::frames;
use crate::load::{Seen, clock};
use crate::node::Node;
use crate::raw;
use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use std::process::Command;

pub(super) fn cases() -> Vec<Case> {
    use Tool::Java;
    vec![
        Case::hot(
            "produce 1 KiB, the producer's defaults",
            Java,
            8.0,
            |stage, node, load| produce(stage, node, load, &[]),
        )
        .reaching(&[Target::most(CPU, 0.2)]),
        Case::hot(
            "transactions 1 KiB, commit every 100 ms",
            Java,
            8.0,
            |stage, node, load| {
                produce(
                    stage,
                    node,
                    load,
                    &[
                        "--transaction-duration-ms",
                        "100",
                        "--transactional-id",
                        &load.topic,
                    ],
                )
            },
        )
        .reaching(&[Target::most(CPU, 0.45)]),
        Case::hot("consume hot, 1 reader", Java, 6.0, consume).reaching(&[Target::most(CPU, 0.7)]),
        Case::hot(
            "end to end, one record after another",
            Java,
            8.0,
            end_to_end,
        ),
    ]
}

/// Compiled little and collected simply: the tool's own cost is not what counts, and it has one core.
fn tool(stage: &Stage, class: &str) -> Result<(Command, tempfile::TempDir)> {
    let folder = stage.scratch()?;
    let log = folder.path().join("log4j2.yaml");
    std::fs::write(
        &log,
        "Configuration: { Loggers: { Root: { level: OFF } } }\n",
    )?;
    let mut java = Command::new("java");
    java.args(["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]);
    java.arg(format!("-Dlog4j2.configurationFile={}", log.display()));
    java.arg("-cp").arg(stage.jars.join("*"));
    java.arg(format!("org.apache.kafka.tools.{class}"));
    Ok((java, folder))
}

fn seen(seconds: f64) -> Result<Seen> {
    Ok(Seen { latency_us: Histogram::new(3)?, answer_bytes: 0, seconds })
}

fn produce(stage: &Stage, node: &Node, load: &Load, more: &[&str]) -> Result<Vec<Value>> {
    const RECORD: usize = 1000;
    let (mut java, folder) = tool(stage, "ProducerPerformance")?;
    frames::make(node.address, &load.topic, 1, &[])?;
    let records = load.of(150_000);
    java.args(["--bootstrap-server", &node.address.to_string()]);
    java.args([
        "--topic",
        &load.topic,
        "--num-records",
        &records.to_string(),
    ]);
    java.args(["--record-size", &RECORD.to_string(), "--throughput", "-1"]);
    java.args(more);
    raw::fresh_pages(records * RECORD);
    let mut latencies = Vec::new();
    let mut values = measured(node, Moved::records(records, RECORD), || {
        let said = Running::start(&mut java, folder.path().join("log"))?.finish()?;
        let (rate, all) = produced(&said)?;
        latencies = all;
        seen(records as f64 / rate)
    })?;
    values.extend(latencies);
    if more.is_empty() {
        arrived(node, load, 1, records)?;
    } else {
        // The markers of transactions are records too.
        frames::delete(node.address, &load.topic)?;
    }
    Ok(values)
}

/// `N records sent, R records/sec (…), A ms avg latency, M ms max latency, X ms 50th, … 95th, … 99th, … 99.9th.`
fn produced(said: &str) -> Result<(f64, Vec<Value>)> {
    let line = said.lines().rfind(|line| line.contains("99.9th"));
    let line = line.context("no summary")?.trim_end_matches('.');
    let number = |ends: &str| -> Result<f64> {
        let part = line.split(", ").find(|part| part.contains(ends));
        let number = part.and_then(|part| part.split(' ').next());
        Ok(number.with_context(|| ends.to_owned())?.parse()?)
    };
    let named = [
        ("p50", " ms 50th"),
        ("p99", " ms 99th"),
        ("p99.9", " ms 99.9th"),
        ("max", " ms max"),
    ];
    let latencies = named
        .into_iter()
        .map(|(name, ends)| Ok(Value::new(name, "ms", number(ends)?)))
        .collect::<Result<_>>()?;
    Ok((number(" records/sec")?, latencies))
}

fn consume(stage: &Stage, node: &Node, load: &Load) -> Result<Vec<Value>> {
    let (mut java, folder) = tool(stage, "ConsumerPerformance")?;
    let count = reading::filled(node, reading::ONE, 1, load.scale)? / 2;
    java.args(["--bootstrap-server", &node.address.to_string()]);
    java.args(["--topic", reading::ONE, "--num-records", &count.to_string()]);
    java.args(["--group", &load.topic]);
    measured(node, Moved::records(count, RECORD_BYTES), || {
        let said = Running::start(&mut java, folder.path().join("log"))?.finish()?;
        let (read, seconds) = consumed(&said)?;
        ensure!(read >= count, "{read} records came instead of {count}");
        seen(seconds)
    })
}

/// Records and seconds of fetching, from the line below the heading.
fn consumed(said: &str) -> Result<(usize, f64)> {
    let heading = said.lines().position(|line| line.starts_with("start.time"));
    let below = heading.context("no heading")? + 1;
    let line = said.lines().nth(below).context("no summary")?;
    let fields: Vec<&str> = line.split(", ").collect();
    let field = |n: usize| fields.get(n).context("a field is missing");
    Ok((field(4)?.parse()?, field(7)?.parse::<f64>()?.max(1.0) / 1e3))
}

/// Each record is sent when the one before has come back: the tool does not know a rate.
fn end_to_end(stage: &Stage, node: &Node, load: &Load) -> Result<Vec<Value>> {
    let (mut java, folder) = tool(stage, "EndToEndLatency")?;
    frames::make(node.address, &load.topic, 1, &[])?;
    let records = load.of(3_000);
    java.args(["--bootstrap-server", &node.address.to_string()]);
    java.args([
        "--topic",
        &load.topic,
        "--num-records",
        &records.to_string(),
    ]);
    java.args(["--producer-acks", "all", "--record-size", "100"]);
    let mut mean = 0.0;
    let mut values = measured(node, Moved::requests(records, 100), || {
        let started = clock();
        let said = Running::start(&mut java, folder.path().join("log"))?.finish()?;
        mean = mean_ms(&said)?;
        seen(started.elapsed().as_secs_f64())
    })?;
    // The start of the tool is in the time, so there is no rate.
    values.retain(|value| value.name != "rate");
    values.insert(0, Value::new("mean", "ms", mean));
    frames::delete(node.address, &load.topic)?;
    Ok(values)
}

/// Percentiles come in whole milliseconds, the mean in full.
fn mean_ms(said: &str) -> Result<f64> {
    let line = said
        .lines()
        .find_map(|line| line.strip_prefix("Avg latency: "));
    let number = line.and_then(|line| line.split(' ').next());
    Ok(number.context("no mean")?.parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_tools_say_is_read() {
        let said = "1318 records sent, 262.7 records/sec (0.25 MB/sec), 406.5 ms avg latency, 4037.0 ms max latency.\n\
            100000 records sent, 6943.5 records/sec (6.62 MB/sec), 2226.75 ms avg latency, 4037.00 ms max latency, \
            2039 ms 50th, 3230 ms 95th, 3288 ms 99th, 3337 ms 99.9th.\n";
        let (rate, latencies) = produced(said).unwrap();
        assert!((rate - 6943.5).abs() < 1e-9);
        let values: Vec<f64> = latencies.iter().map(|value| value.value).collect();
        assert_eq!(values, [2039.0, 3288.0, 3337.0, 4037.0]);
        let said = "start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, …\n\
            2026-11-28 09:16:09:100, 2026-11-28 09:16:16:696, 95.6850, 12.5968, 100333, 13208.6625, 3047, 4549, 21.0343, 22056.0563\n";
        assert_eq!(consumed(said).unwrap(), (100_333, 4.549));
        let said = "Avg latency: 6.0029 ms\nPercentiles: 50th = 2, 99th = 60, 99.9th = 169\n";
        assert!((mean_ms(said).unwrap() - 6.0029).abs() < 1e-9);
    }
}
