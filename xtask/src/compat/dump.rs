//! Kafka's own DumpLogSegments reads what the broker wrote: segments, indexes, snapshots and the metadata log, and what
//! its cleaner left after Kafka's LogCompactionTester.

use super::driver::Driver;
use super::kafka::tool;
use super::records::{Record, Source, write};
use super::report::{Report, Verdict};
use super::server::Server;
use crate::shell::output;
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;

const DUMP: &str = "org.apache.kafka.tools.DumpLogSegments";
const CODECS: [&str; 5] = ["none", "gzip", "snappy", "lz4", "zstd"];
const RECORDS: usize = 400;
/// How LogCompactionTester names its topics.
const TESTERS_TOPIC: &str = "log-cleaner-test";

/// Writes with each codec, stops the broker, and dumps its files.
pub(crate) fn run(server: &mut Server, mut driver: Command, report: &mut Report) -> Result<()> {
    let log = server.folder().join("driver.log");
    let mut driver = Driver::start(&mut driver, &server.bootstrap(), &log)?;
    report.case("written", fill(server, &mut driver).map(|()| Verdict::Pass));
    report.case(
        "log-compaction-tester",
        compact(server).map(|()| Verdict::Pass),
    );
    report.case("stops-cleanly", stop(server).map(|()| Verdict::Pass));
    for codec in CODECS {
        let folder = server.data().join(format!("dump-{codec}-0"));
        report.case(
            &format!("segment-{codec}"),
            segment(&folder).map(|()| Verdict::Pass),
        );
        report.case(
            &format!("indexes-{codec}"),
            indexes(&folder).map(|()| Verdict::Pass),
        );
    }
    report.case("cleaned-segments", cleaned(server).map(|()| Verdict::Pass));
    report.case(
        "producer-snapshot",
        producer_snapshot(server).map(|()| Verdict::Pass),
    );
    report.case("metadata-log", metadata_log(server).map(|()| Verdict::Pass));
    report.case("starts-again", server.run().map(|()| Verdict::Pass));
    Ok(())
}

fn fill(server: &Server, driver: &mut Driver) -> Result<()> {
    let (source, acks) = (server.folder().join("in"), server.folder().join("acks"));
    for (number, codec) in CODECS.iter().enumerate() {
        let topic = format!("dump-{codec}");
        driver.ask(&["create", &topic, "1"])?.fields()?;
        let records: Vec<Record> = Source::new(number as u64).keyed(0, RECORDS, 500);
        write(&source, &records)?;
        let (source, acks) = (source.display().to_string(), acks.display().to_string());
        let fields = [
            "produce",
            &topic,
            codec,
            "all",
            "idempotent",
            &source,
            &acks,
        ];
        driver.ask(&fields)?.fields()?;
    }
    Ok(())
}

/// Kafka's tester writes, waits for the cleaner, and compares the last value of each key. Small segments and a short pause,
/// set while the broker runs, give the cleaner something to do.
fn compact(server: &Server) -> Result<()> {
    let bootstrap = server.bootstrap();
    let settings = "log.segment.bytes=1048576,log.cleaner.backoff.ms=100,\
                    log.cleaner.min.cleanable.ratio=0.01,log.cleaner.delete.retention.ms=0";
    output(tool("kafka.admin.ConfigCommand")?.args([
        "--bootstrap-server",
        &bootstrap,
        "--alter",
        "--entity-type",
        "brokers",
        "--entity-default",
        "--add-config",
        settings,
    ]))?;
    let text = output(tool("org.apache.kafka.tools.LogCompactionTester")?.args([
        "--bootstrap-server",
        &bootstrap,
        "--messages",
        "150000",
        "--duplicates",
        "10",
        "--percent-deletes",
        "20",
        "--sleep",
        "5",
    ]))?;
    ensure!(text.contains(" 0 mismatches"), "{text}");
    let checkpoint = std::fs::read_to_string(server.data().join("cleaner-offset-checkpoint"))?;
    ensure!(
        checkpoint.contains(TESTERS_TOPIC),
        "the cleaner was not there: {checkpoint}"
    );
    Ok(())
}

/// Every batch and index entry that the cleaner wrote is good.
fn cleaned(server: &Server) -> Result<()> {
    let mut logs = 0;
    for entry in std::fs::read_dir(server.data())? {
        let folder = entry?.path();
        if !name(&folder).starts_with(TESTERS_TOPIC) {
            continue;
        }
        for file in files(&folder, ".log")? {
            // The tool stumbles over files without batches.
            if std::fs::metadata(&file)?.len() == 0 {
                continue;
            }
            logs += 1;
            let text = dump(&file, &["--deep-iteration", "--skip-record-metadata"])?;
            let bad = text.contains("isvalid: false");
            ensure!(!bad, "an invalid batch in {}", name(&file));
            for ending in ["index", "timeindex"] {
                index(&file.with_extension(ending))?;
            }
        }
    }
    ensure!(logs > 0, "no log of the tester");
    Ok(())
}

fn stop(server: &mut Server) -> Result<()> {
    let status = server.stop()?;
    // Java ends with the number of the signal although it stopped as asked.
    let good = status.success() || status.code() == Some(143);
    ensure!(good, "ended with {status}");
    Ok(())
}

/// Every batch is valid and every record is there.
fn segment(folder: &Path) -> Result<()> {
    let mut records = 0;
    for file in files(folder, ".log")? {
        let text = dump(&file, &["--deep-iteration", "--print-data-log"])?;
        ensure!(
            !text.contains("isvalid: false"),
            "an invalid batch in {}",
            name(&file)
        );
        records += text
            .lines()
            .filter(|line| line.starts_with("| offset:"))
            .count();
    }
    ensure!(records == RECORDS, "{records} of {RECORDS} records");
    Ok(())
}

/// Every entry of an index points at what it promises.
fn indexes(folder: &Path) -> Result<()> {
    for ending in [".index", ".timeindex"] {
        for file in files(folder, ending)? {
            index(&file)?;
        }
    }
    Ok(())
}

fn index(file: &Path) -> Result<()> {
    let text = dump(file, &[])?;
    let complaint = text.lines().find(|line| {
        let line = line.to_lowercase();
        line.contains("mismatch") || line.contains("out of order") || line.contains("found")
    });
    let said = complaint.unwrap_or_default();
    ensure!(complaint.is_none(), "{}: {said}", name(file));
    Ok(())
}

/// The clean stop wrote a snapshot of the producers, and Kafka reads it.
fn producer_snapshot(server: &Server) -> Result<()> {
    let folder = server.data().join("dump-none-0");
    let file = files(&folder, ".snapshot")?.pop().context("no snapshot")?;
    let text = dump(&file, &[])?;
    ensure!(
        text.contains("producerId:"),
        "no producer in {}",
        name(&file)
    );
    Ok(())
}

/// The metadata log reads as Kafka's records, and names the topics.
fn metadata_log(server: &Server) -> Result<()> {
    let folder = server.data().join("__cluster_metadata-0");
    let mut text = String::new();
    for file in files(&folder, ".log")? {
        text += &dump(&file, &["--cluster-metadata-decoder"])?;
    }
    for part in [
        "TOPIC_RECORD",
        "PARTITION_RECORD",
        "dump-zstd",
        "REGISTER_BROKER_RECORD",
    ] {
        ensure!(text.contains(part), "no {part} in the metadata log");
    }
    ensure!(
        !text.contains("isvalid: false"),
        "an invalid batch in the metadata log"
    );
    ensure!(
        !text.contains("Skipping record"),
        "a record that Kafka cannot read"
    );
    Ok(())
}

fn dump(file: &Path, options: &[&str]) -> Result<String> {
    output(tool(DUMP)?.arg("--files").arg(file).args(options))
}

/// The files of a folder with this ending, in order.
fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder).with_context(|| format!("no {}", name(folder)))?;
    for entry in entries {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    ensure!(!found.is_empty(), "no {ending} in {}", name(folder));
    Ok(found)
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
