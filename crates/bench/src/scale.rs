//! Many of everything on one node: partitions, connections, and readers of what is not in memory.

use crate::cases::{Figure, mib};
use crate::frames::{self, Asker};
use crate::load;
use crate::node::Node;
use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use klamm_records::Compression;
use klamm_wire::messages::api_versions::ApiVersionsRequest;
use rustix::fs::Advice;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How many.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Many {
    /// Topics of a thousand partitions each.
    pub(crate) topics: usize,
    pub(crate) connections: usize,
    /// Bytes that a cold reader reads.
    pub(crate) cold_bytes: usize,
    /// Batches to measure the cost of one.
    pub(crate) batches: usize,
}

const PARTITIONS_PER_TOPIC: i32 = 1000;
/// Partitions that are written to, among few and among many.
const WRITTEN: usize = 10;

/// Creates partitions, writes to a few, rests, stops, starts, is killed and starts again.
pub(crate) fn partitions(program: &Path, many: Many) -> Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let setting = format!("num.partitions={PARTITIONS_PER_TOPIC}");
    let settings = [setting.as_str()];
    let count = many.topics * PARTITIONS_PER_TOPIC.unsigned_abs() as usize;
    let alone = |case: String, unit, value, note| Figure::alone(&case, unit, value, note);
    let cost_among_few = {
        let folder = tempfile::tempdir()?;
        let node = Node::start(program, &folder.path().join("data"), &[])?;
        let topics: Vec<_> = (0..WRITTEN).map(|n| format!("few-{n}")).collect();
        frames::create(node.address, &topics)?;
        batch_cost_us(&node, &topics, many.batches)?
    };
    let node = Node::start(program, &data, &settings)?;
    let topics: Vec<_> = (0..many.topics).map(|n| format!("many-{n}")).collect();
    let mut slowest_s: f64 = 0.0;
    let started = Instant::now();
    let (cpu_s, ()) = node.cpu_of(|| {
        for topic in &topics {
            let one = Instant::now();
            frames::create(node.address, std::slice::from_ref(topic))?;
            slowest_s = slowest_s.max(one.elapsed().as_secs_f64());
        }
        Ok(())
    })?;
    let mut figures = vec![alone(
        format!("create {count} partitions"),
        "s",
        started.elapsed().as_secs_f64(),
        format!("{cpu_s:.2} CPU s; slowest thousand {slowest_s:.2} s"),
    )];
    let usage = node.usage()?;
    figures.push(alone(
        format!("{count} partitions: memory"),
        "MiB RSS",
        mib(usage.rss_bytes),
        format!("{} open files, {} threads", usage.files, usage.threads),
    ));
    let written = topics.get(..WRITTEN.min(topics.len())).unwrap_or_default();
    let cost = batch_cost_us(&node, written, many.batches)?;
    figures.push(Figure::beside(
        format!("CPU a batch among {count} partitions, beside among {WRITTEN}"),
        "CPU µs",
        (cost, cost_among_few),
        String::new(),
    ));
    rest_and_start_again(node, (program, &data, &settings), &topics, &mut figures)?;
    Ok(figures)
}

/// Rests, stops, starts, is killed, and starts.
fn rest_and_start_again(
    node: Node,
    (program, data, settings): (&Path, &Path, &[&str]),
    topics: &[String],
    figures: &mut Vec<Figure>,
) -> Result<()> {
    let count = topics.len() * PARTITIONS_PER_TOPIC.unsigned_abs() as usize;
    let alone = |case: String, unit, value, note| Figure::alone(&case, unit, value, note);
    // What was written is synced meanwhile.
    std::thread::sleep(Duration::from_secs(6));
    let (cpu, ()) = node.cpu_of(|| {
        std::thread::sleep(Duration::from_secs(10));
        Ok(())
    })?;
    figures.push(alone(
        format!("idle with {count} partitions"),
        "% CPU",
        cpu * 10.0,
        String::new(),
    ));
    let stop_s = node.stop()?;
    figures.push(alone(
        format!("clean stop of {count} partitions"),
        "s",
        stop_s,
        String::new(),
    ));
    for case in ["clean restart", "restart after kill -9"] {
        let started = Instant::now();
        let node = Node::start(program, data, settings)?;
        all_answer(node.address, topics)?;
        let usage = node.usage()?;
        figures.push(alone(
            format!("{case} of {count} partitions → all answer"),
            "s",
            started.elapsed().as_secs_f64(),
            format!(
                "{:.2} CPU s; {:.0} MiB RSS, {} open files",
                usage.cpu_s(),
                mib(usage.rss_bytes),
                usage.files
            ),
        ));
        node.kill()?;
    }
    Ok(())
}

fn all_answer(address: SocketAddr, topics: &[String]) -> Result<()> {
    let mut asker = Asker::connect(address)?;
    for topic in topics {
        frames::retried(|| {
            let ends = frames::ends(&mut asker, topic, PARTITIONS_PER_TOPIC);
            Ok(Some(i16::from(ends.is_err())))
        })?;
    }
    Ok(())
}

/// CPU of the broker for a batch of one record, in turns to partition 0 of each topic.
fn batch_cost_us(node: &Node, topics: &[String], batches: usize) -> Result<f64> {
    let batch = frames::batch(1, 100, Compression::None)?;
    let frames: Vec<_> = topics
        .iter()
        .map(|topic| frames::produce(topic, batch.clone(), 1))
        .collect::<Result<_>>()?;
    load::drive(node.address, 4, 1, batches / 4, &frames)?;
    let (cpu, _) = node.cpu_of(|| load::drive(node.address, 4, 1, batches, &frames))?;
    Ok(cpu * 1e6 / batches as f64)
}

/// Connections that asked one thing and then say nothing.
pub(crate) fn connections(program: &Path, many: Many) -> Result<Vec<Figure>> {
    let mut limit = getrlimit(Resource::Nofile);
    let wanted = many.connections as u64 + 1000;
    limit.current = limit
        .maximum
        .map_or(Some(wanted), |max| Some(max.min(wanted)));
    setrlimit(Resource::Nofile, Rlimit { ..limit })?;
    let folder = tempfile::tempdir()?;
    let node = Node::start(
        program,
        &folder.path().join("data"),
        &["klamm.accept.rate=1000000"],
    )?;
    let before = node.usage()?;
    let mut open = Vec::with_capacity(many.connections);
    let started = Instant::now();
    for _ in 0..many.connections {
        let mut asker = Asker::connect(node.address)?;
        asker.ask(&ApiVersionsRequest::default(), 0)?;
        open.push(asker);
    }
    let seconds = started.elapsed().as_secs_f64();
    let usage = node.usage()?;
    let more = usage.rss_bytes.saturating_sub(before.rss_bytes);
    let note = format!(
        "{} bytes each; in all {:.0} MiB; opened in {seconds:.1} s",
        more / many.connections.max(1) as u64,
        mib(usage.rss_bytes)
    );
    let (cpu, ()) = node.cpu_of(|| {
        std::thread::sleep(Duration::from_secs(10));
        Ok(())
    })?;
    let count = open.len();
    drop(open);
    node.kill()?;
    Ok(vec![
        Figure::alone(
            &format!("{count} idle connections: more memory"),
            "MiB RSS",
            mib(more),
            note,
        ),
        Figure::alone(
            &format!("idle with {count} connections"),
            "% CPU",
            cpu * 10.0,
            String::new(),
        ),
    ])
}

/// A producer at a steady rate, alone and beside a reader of a log that is not in memory.
pub(crate) fn cold_reads(program: &Path, many: Many) -> Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let node = Node::start(program, &data, &["num.partitions=1"])?;
    frames::create(node.address, &["cold".to_owned(), "hot".to_owned()])?;
    let per_batch = 1016;
    let batch = frames::batch(per_batch, 1000, Compression::None)?;
    let batches = many.cold_bytes.div_ceil(batch.len());
    let produce = frames::produce("cold", batch, 1)?;
    load::drive(node.address, 1, 2, batches, &[produce])?;
    let hot = frames::produce("hot", frames::batch(1, 1000, Compression::None)?, 1)?;
    let rate = 2000;
    let drive = |seconds| load::drive_at_rate(node.address, 4, (rate, seconds), &hot);
    let ms = |seen: &Histogram<u64>, quantile| seen.value_at_quantile(quantile) as f64 / 1e3;
    drive(2.0)?;
    // All of it on the disk, and out of memory.
    rustix::fs::sync();
    let alone = drive(10.0)?;
    forget(&data.join("cold-0"))?;
    let offsets = (0..batches).map(|i| (i * per_batch) as i64);
    let frames: Vec<_> = offsets
        .map(|offset| frames::fetch("cold", offset, 1 << 20))
        .collect::<Result<_>>()?;
    let over = AtomicBool::new(false);
    let (mut beside, mut reads) = (Histogram::new(3)?, None);
    std::thread::scope(|scope| -> Result<()> {
        let reader = scope.spawn(|| {
            let seen = load::drive(node.address, 1, 1, frames.len(), &frames);
            over.store(true, Ordering::Relaxed);
            seen
        });
        while !over.load(Ordering::Relaxed) {
            beside.add(drive(2.0)?)?;
        }
        reads = Some(
            reader
                .join()
                .map_err(|_| anyhow::anyhow!("the reader panicked"))??,
        );
        Ok(())
    })?;
    let reads = reads.context("the reader saw something")?;
    let note = format!(
        "{:.2} GB read at {:.2} GB/s; p99.9 {:.2} ms, without the reader {:.2} ms",
        reads.answer_bytes as f64 / 1e9,
        reads.answer_bytes as f64 / 1e9 / reads.seconds,
        ms(&beside, 0.999),
        ms(&alone, 0.999)
    );
    node.kill()?;
    let case = "producer's p99 beside a cold reader, and without".to_owned();
    let p99 = (ms(&beside, 0.99), ms(&alone, 0.99));
    Ok(vec![Figure::beside(case, "ms", p99, note)])
}

/// Drops a folder's files from the page cache.
fn forget(folder: &Path) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let file = std::fs::File::open(entry?.path())?;
        rustix::fs::fadvise(&file, 0, None, Advice::DontNeed)?;
    }
    Ok(())
}
