//! A reader of what is not in the page cache, beside a producer whose latency counts.

use super::reading::{self, RECORD_BYTES, RECORDS, STEP_BATCHES, offset_of};
use crate::compare::case::{Load, Value};
use crate::compare::meter::{Moved, latencies, measured};
use crate::compare::stage::{Brand, Stage};
use crate::frames;
use crate::load::{Cutter, Seen, clock, one_by_one, ticks};
use crate::node::Node;
use anyhow::{Context, Result, bail, ensure};
use hdrhistogram::Histogram;
use klamm_records::Compression;
use rustix::fs::Advice;
use std::collections::VecDeque;
use std::fs::File;
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const TOPIC: &str = "cold";
const COLD_BYTES: usize = 4 << 30;
/// Produce requests of 16 KiB a second, so 20 MB.
const RATE: usize = 1_250;
const CONNECTIONS: usize = 10;
const ALONE_S: f64 = 3.0;
/// Fetches of 1 MiB, after which what they read leaves the page cache.
const DROP_FETCHES: usize = 16;

/// The producer's latency while another client reads 4 GiB from the disk, and without that one.
pub(super) fn beside_a_producer(stage: &Stage, node: &Node, load: &Load) -> Result<Vec<Value>> {
    let batch_bytes = reading::batch()?.len();
    let places = load.of(COLD_BYTES) / (STEP_BATCHES * batch_bytes);
    if frames::end_offsets(node.address, TOPIC, 1).is_err() {
        frames::make(node.address, TOPIC, 1, &[])?;
        reading::fill(node, TOPIC, 1, places * STEP_BATCHES)?;
    }
    frames::make(node.address, &load.topic, 1, &[])?;
    let batch = frames::batch(16, 1000, Compression::None)?;
    let produce = frames::produce(&load.topic, batch, -1)?;
    let alone = run(
        node.address,
        &produce,
        Beside::Nobody(load.seconds(ALONE_S)),
    )?;
    let cold = Cold::of(stage)?;
    cold.evict(&(0..u64::MAX))?;
    let fetches: Vec<_> = (0..places)
        .map(|place| frames::fetch(TOPIC, offset_of(place)?, 1 << 20))
        .collect::<Result<_>>()?;
    let records = places * STEP_BATCHES * RECORDS;
    let mut all = measured(node, Moved::records(records, RECORD_BYTES), || {
        run(node.address, &produce, Beside::Reader(fetches, cold))
    })?;
    for (value, alone) in all
        .iter_mut()
        .filter(|value| value.unit == "ms")
        .zip(latencies(&alone.latency_us))
    {
        *value = value.clone().with_alone(alone.value);
    }
    // Latency is what the case is about.
    all.sort_by_key(|value| value.name != "p99");
    let p99 = latencies(&alone.latency_us).into_iter().nth(1);
    all.extend(p99.map(|value| Value { name: "p99 without the reader", ..value }));
    frames::delete(node.address, &load.topic)?;
    Ok(all)
}

/// The topic's files of both brokers, in their order, and which of the topic's bytes each has.
struct Cold(Vec<(File, Range<u64>)>);

impl Cold {
    fn of(stage: &Stage) -> Result<Self> {
        let mut files = Vec::new();
        for brand in Brand::BOTH {
            // The other broker may not have the topic yet.
            let found = std::fs::read_dir(stage.partition(brand, TOPIC, 0));
            let mut paths: Vec<_> = found
                .into_iter()
                .flatten()
                .map(|file| Ok(file?.path()))
                .collect::<Result<_>>()?;
            paths.retain(|path| path.extension().is_some_and(|extension| extension == "log"));
            paths.sort();
            let mut begin = 0;
            for path in paths {
                let file = File::open(&path).with_context(|| path.display().to_string())?;
                file.sync_data()?;
                let end = begin + file.metadata()?.len();
                files.push((file, begin..end));
                begin = end;
            }
        }
        Ok(Self(files))
    }

    /// Takes these bytes out of the page cache.
    fn evict(&self, bytes: &Range<u64>) -> Result<()> {
        for (file, has) in &self.0 {
            let (from, to) = (bytes.start.max(has.start), bytes.end.min(has.end));
            if let Some(len) = NonZeroU64::new(to.saturating_sub(from)) {
                rustix::fs::fadvise(file, from - has.start, Some(len), Advice::DontNeed)?;
            }
        }
        Ok(())
    }
}

/// Reads all, and takes what was read out of the page cache again: memory that lies idle is given back to the host of a
/// virtual machine, and to get it anew stops all that runs there.
async fn read(address: SocketAddr, fetches: &[Arc<Vec<u8>>], cold: Cold) -> Result<u64> {
    let (cold, mut sum) = (Arc::new(cold), 0);
    for some in fetches.chunks(DROP_FETCHES) {
        let (_, bytes) = one_by_one(address, some.to_vec()).await?;
        // What is read ahead stays.
        let (cold, read) = (Arc::clone(&cold), sum..sum + bytes);
        tokio::task::spawn_blocking(move || cold.evict(&read));
        sum += bytes;
    }
    Ok(sum)
}

/// Who else asks while the producer is measured, or how long.
enum Beside {
    Nobody(f64),
    Reader(Vec<Arc<Vec<u8>>>, Cold),
}

fn run(address: SocketAddr, produce: &Arc<Vec<u8>>, beside: Beside) -> Result<Seen> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let (started, done) = (clock(), Arc::new(AtomicBool::new(false)));
        let period = Duration::from_secs_f64(CONNECTIONS as f64 / RATE as f64);
        let producers: Vec<_> = (0..CONNECTIONS)
            .map(|i| {
                let first = started + period.mul_f64(i as f64 / CONNECTIONS as f64);
                let (produce, done) = (Arc::clone(produce), Arc::clone(&done));
                tokio::spawn(produce_until(address, produce, (first, period), done))
            })
            .collect();
        let read = match beside {
            Beside::Nobody(seconds) => {
                tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
                Ok(0)
            }
            Beside::Reader(fetches, cold) => {
                let least = fetches.len() as u64 * 1_000_000;
                read(address, &fetches, cold).await.and_then(|bytes| {
                    ensure!(bytes >= least, "{bytes} bytes came instead of {least}");
                    Ok(bytes)
                })
            }
        };
        let seconds = started.elapsed().as_secs_f64();
        done.store(true, Ordering::Relaxed);
        let mut latency_us = Histogram::new(3)?;
        for producer in producers {
            latency_us.add(producer.await??)?;
        }
        Ok(Seen { latency_us, answer_bytes: read?, seconds })
    })
}

/// Sends a frame each period until told to end; one more then, whose answer ends the reading.
async fn produce_until(
    address: SocketAddr,
    frame: Arc<Vec<u8>>,
    (first, period): (Instant, Duration),
    done: Arc<AtomicBool>,
) -> Result<Histogram<u64>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut reader, mut writer) = stream.into_split();
    let due = Arc::new(Mutex::new(VecDeque::new()));
    let (sent, ended) = (Arc::clone(&due), Arc::new(AtomicBool::new(false)));
    let is_ended = Arc::clone(&ended);
    let answers = tokio::spawn(async move {
        let (mut latency_us, mut cutter) = (Histogram::new(3)?, Cutter::default());
        let mut buffer = vec![0; 64 << 10];
        loop {
            let n = reader.read(&mut buffer).await?;
            if n == 0 {
                bail!("the server closed the connection");
            }
            let answered = cutter.frames_ended(&buffer[..n])?;
            let mut due = sent.lock().unwrap_or_else(PoisonError::into_inner);
            for at in due.drain(..answered) {
                let at: Instant = at;
                latency_us.record(u64::try_from(at.elapsed().as_micros())?.max(1))?;
            }
            if is_ended.load(Ordering::Relaxed) && due.is_empty() {
                return Ok(latency_us);
            }
        }
    });
    let mut times = ticks(first, period);
    while let Some(time) = times.recv().await {
        let is_last = done.load(Ordering::Relaxed);
        ended.store(is_last, Ordering::Relaxed);
        due.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push_back(time);
        writer.write_all(&frame).await?;
        if is_last {
            break;
        }
    }
    answers.await?
}
