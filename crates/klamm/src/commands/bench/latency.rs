//! `klamm bench latency`.

use super::produce::{Collectors, Payload, Schedule};
use super::report::Throughput;
use crate::connect::{Connect, explain};
use crate::failure::Failure;
use crate::quantity;
use crate::screen::Screen;
use klamm_client::{Producer, ProducerConfig, Record};
use std::time::Duration;
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
    /// Bytes of a value.
    #[arg(short, long, default_value = "100", value_parser = quantity::bytes)]
    size: u64,
    /// When a record counts as written.
    #[arg(long, default_value = "all", value_parser = ["1", "all"])]
    acks: String,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let (session, mut rest) = arguments.connect.open()?;
    // Each record goes alone: waiting for company would be measured too.
    rest.push(("linger.ms".to_owned(), "0".to_owned()));
    rest.push(("acks".to_owned(), arguments.acks.clone()));
    let (config, rest) =
        ProducerConfig::from_properties(rest).map_err(|error| Failure::usage(error.to_string()))?;
    crate::connect::warn_of_unknown(&rest);
    let producer = Producer::new(&session.client, config).map_err(explain)?;
    let payload = Payload::new(session.client.host(), arguments.size, 100)?;
    // The first record makes connections and perhaps the topic; it is not counted.
    let first = Record::new(arguments.topic.clone(), payload.value(0));
    producer
        .send(first)
        .await
        .map_err(explain)?
        .await
        .map_err(explain)?;

    let seconds = arguments.duration.as_secs_f64();
    let records = (f64::from(arguments.rate) * seconds).ceil() as u64;
    let progress = screen.progress("records", Some(records));
    let mut collectors = Collectors::default();
    let begun = Instant::now();
    let mut schedule = Schedule::new(begun, Some(arguments.rate));
    for number in 0..records {
        let due = schedule.next().await;
        let record = Record::new(arguments.topic.clone(), payload.value(number));
        let delivery = producer.send(record).await.map_err(explain)?;
        collectors.take(due, delivery).await?;
        progress.set_position(number);
    }
    producer.flush().await;
    let latencies = collectors.finish().await?;
    let elapsed = begun.elapsed();
    progress.finish_and_clear();
    producer.close().await;
    let bytes = records.saturating_mul(arguments.size);
    Throughput { records, bytes, elapsed }.print(&[("latency", &latencies)], screen)
}
