//! Kafka writes a data directory, Klamm serves it and adds to it, Kafka serves it again: nothing is lost on the way.

use super::driver::Driver;
use super::records::{Record, Source, compare, read, write};
use super::report::{Report, Verdict};
use super::server::{Broker, Server};
use anyhow::{Result, ensure};
use std::process::Command;

const CODECS: [&str; 5] = ["none", "gzip", "snappy", "lz4", "zstd"];
const RECORDS: usize = 200;

/// What must be in the directory: topic, and the records of its partition 0.
#[derive(Debug, Default)]
struct Expected {
    topics: Vec<(String, Vec<Record>)>,
    seed: u64,
}

/// Runs the whole way; `server` is a Kafka that has just started on an empty directory. `driver` reads and writes
/// records, `journey` looks after transactions, groups and settings. On `Kafka` no other broker takes part: that shows
/// that the expectations are Kafka's.
pub(crate) fn run(
    server: &mut Server,
    [mut driver, mut journey]: [Command; 2],
    on: Broker,
    report: &mut Report,
) -> Result<()> {
    let folder = server.folder().to_path_buf();
    let start = |command: &mut Command, log: &str| {
        Driver::start(command, &server.bootstrap(), &folder.join(log))
    };
    let mut driver = start(&mut driver, "driver.log")?;
    let mut journey = start(&mut journey, "journey.log")?;
    let mut areas: Vec<_> = journey.ask(&["areas"])?.fields()?;
    let mut expected = Expected::default();
    let stations = [
        ("kafka-writes", None),
        ("klamm-serves-and-adds", Some(on)),
        ("kafka-serves-again", Some(Broker::Kafka)),
        ("klamm-serves-again", Some(on)),
    ];
    for (name, broker) in stations {
        if let Some(broker) = broker {
            server.stop()?;
            server.become_broker(broker)?;
        }
        let outcome = station(server, &mut driver, &mut expected);
        let broken = outcome.is_err();
        report.case(name, outcome.map(|()| Verdict::Pass));
        if broken {
            // What comes after would only repeat the complaint.
            return Ok(());
        }
        areas.retain(|area| {
            let outcome = visit(&mut journey, area, broker.is_some());
            let goes_on = outcome.is_ok();
            report.case(&format!("{name}/{area}"), outcome.map(|()| Verdict::Pass));
            goes_on
        });
    }
    Ok(())
}

/// Looks at one area, if something was left there, and leaves more.
fn visit(journey: &mut Driver, area: &str, arrives: bool) -> Result<()> {
    if arrives {
        journey.ask(&["arrive", area])?.fields()?;
    }
    journey.ask(&["depart", area])?.fields()?;
    Ok(())
}

/// Reads everything, appends to every topic and adds one.
fn station(server: &Server, driver: &mut Driver, expected: &mut Expected) -> Result<()> {
    read_all(server, driver, expected)?;
    expected.seed += 1;
    let topic = format!("station-{}", expected.seed);
    driver.ask(&["create", &topic, "1"])?.fields()?;
    wait_for(server, driver, &topic)?;
    expected.topics.push((topic, Vec::new()));
    for (number, (topic, records)) in expected.topics.iter_mut().enumerate() {
        for codec in CODECS {
            let more = Source::new(expected.seed * 100 + number as u64).keyed(0, RECORDS, 200);
            produce(server, driver, topic, codec, &more)?;
            records.extend(more);
        }
    }
    read_all(server, driver, expected)
}

fn wait_for(server: &Server, driver: &mut Driver, topic: &str) -> Result<()> {
    let mut left = server.broker().tries_after_create();
    while let Err(why) = driver.ask(&["offsets", topic, "0"])?.fields() {
        left -= 1;
        ensure!(left > 0, "a new partition does not answer: {why}");
        std::thread::park_timeout(std::time::Duration::from_millis(100));
    }
    Ok(())
}

fn produce(
    server: &Server,
    driver: &mut Driver,
    topic: &str,
    codec: &str,
    records: &[Record],
) -> Result<()> {
    let (source, acks) = (server.folder().join("in"), server.folder().join("acks"));
    write(&source, records)?;
    let (source, acks) = (source.display().to_string(), acks.display().to_string());
    driver
        .ask(&["produce", topic, codec, "all", "idempotent", &source, &acks])?
        .fields()?;
    Ok(())
}

fn read_all(server: &Server, driver: &mut Driver, expected: &Expected) -> Result<()> {
    let target = server.folder().join("out");
    let shown = target.display().to_string();
    for (topic, records) in &expected.topics {
        let count = records.len().to_string();
        driver
            .ask(&["consume", topic, "0", "beginning", &count, &shown])?
            .fields()?;
        compare(records, &read(&target)?, 0)?;
        let offsets = driver.ask(&["offsets", topic, "0"])?.numbers()?;
        ensure!(
            offsets == [0, records.len() as i64],
            "{topic} has offsets {offsets:?}"
        );
    }
    Ok(())
}
