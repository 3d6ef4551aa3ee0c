//! `klamm bench produce`.

use super::report::{Latencies, Throughput};
use crate::commands::produce::settings::ProducerOptions;
use crate::connect::{Connect, explain};
use crate::failure::Failure;
use crate::quantity;
use crate::screen::Screen;
use bytes::Bytes;
use klamm_client::{Delivery, Producer, Record};
use klamm_host::Host;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  klamm bench produce --topic load --records 10000000 --size 1k --codec lz4 --acks all"
)]
pub(crate) struct Arguments {
    /// The topic; made with the broker's defaults if it is not there.
    #[arg(short, long)]
    topic: String,
    /// How many records.
    #[arg(short = 'n', long, default_value_t = 1_000_000)]
    records: u64,
    /// Bytes of a value.
    #[arg(short, long, default_value = "1k", value_parser = quantity::bytes)]
    size: u64,
    /// Records per second; as many as possible unless given.
    #[arg(short, long)]
    rate: Option<u32>,
    /// Give records one of this many keys.
    #[arg(long)]
    keys: Option<u32>,
    /// How much of each value is random, in percent; the rest is zeros that compress away.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u8).range(0..=100))]
    random_percent: u8,
    #[command(flatten)]
    producer: ProducerOptions,
    #[command(flatten)]
    connect: Connect,
}

pub(crate) async fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let (session, rest) = arguments.connect.open().await?;
    let producer =
        Producer::new(&session.client, arguments.producer.config(rest)?).map_err(explain)?;
    let payload = Payload::new(
        session.client.host(),
        arguments.size,
        arguments.random_percent,
    )?;
    let progress = screen.progress("records", Some(arguments.records));
    let mut collectors = Collectors::default();
    let begun = Instant::now();
    let mut schedule = Schedule::new(begun, arguments.rate);
    for number in 0..arguments.records {
        let due = schedule.next().await;
        let record = Record {
            topic: arguments.topic.clone(),
            key: arguments
                .keys
                .map(|keys| Bytes::from((number % u64::from(keys.max(1))).to_string())),
            value: Some(payload.value(number)),
            ..Record::default()
        };
        let delivery = producer.send(record).await.map_err(explain)?;
        collectors.take(due, delivery).await?;
        if number % 1024 == 0 {
            progress.set_position(number);
        }
    }
    producer.flush().await;
    let latencies = collectors.finish().await?;
    let elapsed = begun.elapsed();
    progress.finish_and_clear();
    producer.close().await;
    let bytes = arguments.records.saturating_mul(arguments.size);
    let throughput = Throughput { records: arguments.records, bytes, elapsed };
    throughput.print(&[("latency", &latencies)], screen)
}

/// When each record is due: at once, or at even distances.
#[derive(Debug)]
pub(crate) struct Schedule(Option<mpsc::Receiver<Instant>>);

/// Moments that may have come before they are asked for; the clock stops behind them.
const MOMENTS_MAX: usize = 1024;

impl Schedule {
    /// A thread tells the time: the runtime's timers are a millisecond late, which is more than what is measured.
    #[expect(
        clippy::disallowed_methods,
        reason = "the thread has nothing else to do"
    )]
    pub(crate) fn new(begun: Instant, rate: Option<u32>) -> Self {
        let rate = rate.filter(|rate| *rate > 0);
        Self(rate.map(|rate| {
            let distance = Duration::from_secs(1) / rate;
            let (tell, told) = mpsc::channel(MOMENTS_MAX);
            std::thread::spawn(move || {
                let mut due = begun;
                loop {
                    std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    if tell.blocking_send(due).is_err() {
                        return;
                    }
                    due += distance;
                }
            });
            told
        }))
    }

    /// Waits until the next record is due, and gives that moment; it may lie in the past after a stall.
    pub(crate) async fn next(&mut self) -> Instant {
        let told = match &mut self.0 {
            Some(told) => told.recv().await,
            None => None,
        };
        told.unwrap_or_else(Instant::now)
    }
}

/// Values that differ from record to record without costing a random number each.
#[derive(Debug)]
pub(crate) struct Payload {
    pool: Bytes,
    size: usize,
}

/// Values are windows of a pool that is this much longer.
const POOL_EXTRA: usize = 1 << 20;

impl Payload {
    pub(crate) fn new(host: &Host, size: u64, random_percent: u8) -> Result<Self, Failure> {
        let too_large = || Failure::usage("--size: a record has at most 1 GiB");
        let size = usize::try_from(size)
            .ok()
            .filter(|size| *size <= 1 << 30)
            .ok_or_else(too_large)?;
        let mut pool = vec![0; size + POOL_EXTRA];
        let block = 256;
        let random = block * usize::from(random_percent) / 100;
        for chunk in pool.chunks_mut(block) {
            let end = random.min(chunk.len());
            if let Some(part) = chunk.get_mut(..end) {
                host.entropy.fill(part);
            }
        }
        Ok(Self { pool: pool.into(), size })
    }

    pub(crate) fn value(&self, number: u64) -> Bytes {
        // A step that has no factor in common with the pool walks through all windows.
        let at = usize::try_from(number.wrapping_mul(7919) % POOL_EXTRA as u64).unwrap_or(0);
        self.pool.slice(at..at + self.size)
    }
}

/// Awaits deliveries: one task a partition, because the order of answers is certain only within one.
#[derive(Debug, Default)]
pub(crate) struct Collectors {
    tasks: BTreeMap<i32, Collector>,
}

#[derive(Debug)]
struct Collector {
    sender: mpsc::Sender<(Instant, Delivery)>,
    task: JoinHandle<Result<Latencies, Failure>>,
}

/// Deliveries that wait to be awaited. The producer's memory bounds how many are under way.
const QUEUE: usize = 100_000;

impl Collectors {
    pub(crate) async fn take(&mut self, due: Instant, delivery: Delivery) -> Result<(), Failure> {
        let collector = match self.tasks.entry(delivery.partition()) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => entry.insert(Collector::start()?),
        };
        if collector.sender.send((due, delivery)).await.is_err() {
            // The task ended because a record failed.
            return self.finish_first_failure().await;
        }
        Ok(())
    }

    /// All latencies, once everything was delivered.
    pub(crate) async fn finish(self) -> Result<Latencies, Failure> {
        let mut all = Latencies::new()?;
        for Collector { sender, task } in self.tasks.into_values() {
            drop(sender);
            all.merge(
                &task
                    .await
                    .map_err(|_| Failure::failed("a task ended early"))??,
            )?;
        }
        Ok(all)
    }

    async fn finish_first_failure(&mut self) -> Result<(), Failure> {
        std::mem::take(self).finish().await.map(|_| ())
    }
}

impl Collector {
    fn start() -> Result<Self, Failure> {
        let mut latencies = Latencies::new()?;
        let (sender, mut deliveries) = mpsc::channel::<(Instant, Delivery)>(QUEUE);
        let task = tokio::spawn(async move {
            while let Some((due, delivery)) = deliveries.recv().await {
                delivery.await.map_err(explain)?;
                latencies.add(due.elapsed());
            }
            Ok(latencies)
        });
        Ok(Self { sender, task })
    }
}
