//! `klamm bench latency`: until a record is acknowledged, and until a consumer has it.

use super::produce::{Collectors, Payload, Schedule};
use super::report::{Latencies, Throughput};
use crate::commands::consume::position::Position;
use crate::commands::consume::{config as consumer_config, range};
use crate::connect::{Connect, Session, explain};
use crate::failure::Failure;
use crate::quantity;
use crate::screen::Screen;
use bytes::{Bytes, BytesMut};
use klamm_client::{Consumer, ConsumerConfig, Producer, ProducerConfig, Record};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  klamm bench latency --topic load --rate 1000 --duration 30s --acks all"
)]
pub(crate) struct Arguments {
    /// The topic; made with the broker's defaults if it is not there.
    #[arg(short, long)]
    topic: String,
    /// Records per second.
    #[arg(short, long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// How long.
    #[arg(short, long, default_value = "10s", value_parser = quantity::duration)]
    duration: Duration,
    /// Bytes of a value, at least 16.
    #[arg(short, long, default_value = "100", value_parser = quantity::bytes)]
    size: u64,
    /// When a record counts as written.
    #[arg(long, default_value = "all", value_parser = ["1", "all"])]
    acks: String,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let (session, rest) = arguments.connect.open().await?;
    let (producer, consumer_config) = clients(arguments, &session, rest)?;
    let payload = Payload::new(session.client.host(), arguments.size.max(STAMP_BYTES), 100)?;
    let run = session.client.host().entropy.next_u64();
    // The first record makes connections and perhaps the topic; it is not counted.
    let first = Record::new(arguments.topic.clone(), payload.value(0));
    producer
        .send(first)
        .await
        .map_err(explain)?
        .await
        .map_err(explain)?;

    let distance = Duration::from_secs(1) / arguments.rate;
    let records = (arguments.duration.as_secs_f64() * f64::from(arguments.rate)).ceil() as u64;
    let mut consumer = Consumer::new(&session.client, consumer_config);
    let ranges = range::find(&session, &arguments.topic, &[], Position::End, None).await?;
    range::assign(&mut consumer, &arguments.topic, &ranges)?;
    let (begin, begun) = oneshot::channel();
    let watching = tokio::spawn(watch(consumer, begun, Plan { run, distance, records }));

    let progress = screen.progress("records", Some(records));
    let mut collectors = Collectors::default();
    let start = Instant::now();
    let _ = begin.send(start);
    let mut schedule = Schedule::new(start, Some(arguments.rate));
    for number in 0..records {
        let due = schedule.next().await;
        let record = Record::new(arguments.topic.clone(), stamped(run, number, &payload));
        let delivery = producer.send(record).await.map_err(explain)?;
        collectors.take(due, delivery).await?;
        progress.set_position(number);
    }
    producer.flush().await;
    let acknowledged = collectors.finish().await?;
    let elapsed = start.elapsed();
    let consumed = joined(watching).await?;
    progress.finish_and_clear();
    producer.close().await;
    let bytes = records.saturating_mul(arguments.size.max(STAMP_BYTES));
    let throughput = Throughput { records, bytes, elapsed };
    throughput.print(
        &[("latency", &acknowledged), ("end_to_end", &consumed)],
        screen,
    )
}

fn clients(
    arguments: &Arguments,
    session: &Session,
    rest: Vec<(String, String)>,
) -> Result<(Producer, ConsumerConfig), Failure> {
    let usage = |error: klamm_client::ConfigError| Failure::usage(error.to_string());
    let (mut config, rest) = ProducerConfig::from_properties(rest).map_err(usage)?;
    // Each record goes alone: waiting for company would be measured too.
    config.set("linger.ms", "0").map_err(usage)?;
    config.set("acks", &arguments.acks).map_err(usage)?;
    config.enable_idempotence &= arguments.acks == "all";
    let producer = Producer::new(&session.client, config).map_err(explain)?;
    let consumer = consumer_config(rest, false)?;
    Ok((producer, consumer))
}

/// What the watching consumer must know: record `number` of this run was due `number` distances after the start.
#[derive(Debug, Clone, Copy)]
struct Plan {
    run: u64,
    distance: Duration,
    records: u64,
}

/// A run's id and a record's number stand in front of each value.
const STAMP_BYTES: u64 = 16;

fn stamped(run: u64, number: u64, payload: &Payload) -> Bytes {
    let rest = payload.value(number);
    let mut value = BytesMut::with_capacity(rest.len());
    value.extend_from_slice(&run.to_be_bytes());
    value.extend_from_slice(&number.to_be_bytes());
    value.extend_from_slice(rest.get(16..).unwrap_or_default());
    value.freeze()
}

/// The number of a record of this run.
fn number_of(run: u64, value: &[u8]) -> Option<u64> {
    let (stamp, rest) = value.split_first_chunk()?;
    let number = u64::from_be_bytes(*rest.first_chunk()?);
    (u64::from_be_bytes(*stamp) == run).then_some(number)
}

/// Without a record for this long, the rest is not coming.
const IDLE_MAX: Duration = Duration::from_secs(10);

async fn watch(
    mut consumer: Consumer,
    begun: oneshot::Receiver<Instant>,
    plan: Plan,
) -> Result<Latencies, Failure> {
    let mut latencies = Latencies::new()?;
    let Ok(start) = begun.await else {
        return Ok(latencies);
    };
    let (mut seen, mut last) = (0, start);
    while seen < plan.records && last.elapsed() < IDLE_MAX {
        let records = consumer
            .poll(Duration::from_millis(200))
            .await
            .map_err(explain)?;
        let now = Instant::now();
        for value in records.iter().filter_map(|record| record.value.as_deref()) {
            let Some(number) = number_of(plan.run, value) else {
                continue;
            };
            let due = start + plan.distance * u32::try_from(number).unwrap_or(u32::MAX);
            latencies.add(now.saturating_duration_since(due));
            (seen, last) = (seen + 1, now);
        }
    }
    Ok(latencies)
}

async fn joined(task: JoinHandle<Result<Latencies, Failure>>) -> Result<Latencies, Failure> {
    task.await
        .map_err(|_| Failure::failed("a task ended early"))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_names_run_and_record() {
        let payload = Payload::new(&klamm_host::os::host(), 20, 0).unwrap();
        let value = stamped(7, 9, &payload);
        assert_eq!(value.len(), 20);
        assert_eq!(number_of(7, &value), Some(9));
        assert_eq!(number_of(8, &value), None);
        assert_eq!(number_of(7, b"short"), None);
    }
}
