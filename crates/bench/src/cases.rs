//! What is measured: each case beside its raw limit, in the same run.

use crate::frames;
use crate::load;
use crate::node::Node;
use crate::raw;
use crate::scale::Many;
use anyhow::Result;
use klamm_records::Compression;
use serde::Serialize;
use std::path::Path;
use std::time::Instant;

/// One figure, with the raw limit beside it where there is one.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    pub(crate) case: String,
    pub(crate) unit: &'static str,
    pub(crate) klamm: f64,
    pub(crate) raw: Option<f64>,
    pub(crate) note: String,
}

impl Figure {
    pub(crate) fn alone(case: &str, unit: &'static str, klamm: f64, note: String) -> Self {
        Self { case: case.to_owned(), unit, klamm, raw: None, note }
    }

    pub(crate) fn beside(
        case: String,
        unit: &'static str,
        (klamm, raw): (f64, f64),
        note: String,
    ) -> Self {
        Self { case, unit, klamm, raw: Some(raw), note }
    }

    /// Ours divided by the raw limit.
    pub(crate) fn ratio(&self) -> Option<f64> {
        self.raw.map(|raw| self.klamm / raw)
    }

    fn klamm_to_raw(&self) -> f64 {
        self.ratio().unwrap_or(f64::NAN)
    }
}

/// How large a run is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    pub(crate) produce_bytes: usize,
    pub(crate) fetch_bytes: usize,
    pub(crate) requests: usize,
    /// Turns of ours and the raw loop that count.
    pub(crate) rounds: usize,
    pub(crate) many: Many,
}

impl Scale {
    /// A look, not a result.
    pub(crate) const QUICK: Self = Self {
        produce_bytes: 256 << 20,
        fetch_bytes: 1 << 30,
        requests: 50_000,
        rounds: 1,
        many: Many {
            topics: 5,
            connections: 1000,
            cold_bytes: 256 << 20,
            batches: 20_000,
        },
    };
    pub(crate) const WHOLE: Self = Self {
        produce_bytes: 1 << 30,
        fetch_bytes: 8 << 30,
        requests: 500_000,
        rounds: 5,
        many: Many {
            topics: 100,
            connections: 15_000,
            cold_bytes: 4 << 30,
            batches: 200_000,
        },
    };
}

/// Bytes as MiB.
pub(crate) fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

const GB: f64 = 1e9;
const PARTITIONS: usize = 4;

/// Ours and the raw loop in turns, five times after a round that does not count: what page cache costs changes from
/// one second to the next. The round with the median ratio stands for all.
pub(crate) fn in_turns(scale: Scale, round: impl Fn() -> Result<Figure>) -> Result<Figure> {
    let mut rounds = Vec::new();
    for number in 0..=scale.rounds {
        let figure = round()?;
        if number > 0 {
            rounds.push(figure);
        }
    }
    rounds.sort_by(|a, b| f64::total_cmp(&a.klamm_to_raw(), &b.klamm_to_raw()));
    let ratios: Vec<f64> = rounds.iter().map(Figure::klamm_to_raw).collect();
    let mut middle = rounds.swap_remove(rounds.len() / 2);
    if let [lowest, .., highest] = ratios[..] {
        let range = format!("; ratios {lowest:.2}–{highest:.2}");
        middle.note.push_str(&range);
    }
    Ok(middle)
}

/// Produce 1 KiB records in batches of `batch_bytes` over four partitions.
pub(crate) fn produce(program: &Path, scale: Scale, batch_bytes: usize) -> Result<Figure> {
    let folder = tempfile::tempdir()?;
    raw::fresh_pages(scale.produce_bytes);
    let raw_cpu = raw::receive_and_append(folder.path(), scale.produce_bytes, batch_bytes)?;
    let node = Node::start(program, &folder.path().join("data"), &[])?;
    let topics: Vec<_> = (0..PARTITIONS).map(|i| format!("p{i}")).collect();
    frames::create(node.address, &topics)?;
    let batch = frames::batch(batch_bytes / 1024, 1010, Compression::None)?;
    let bytes = batch.len();
    let frames: Vec<_> = topics
        .iter()
        .map(|topic| frames::produce(topic, batch.clone(), 1))
        .collect::<Result<_>>()?;
    let requests = scale.produce_bytes / bytes;
    raw::fresh_pages(scale.produce_bytes + scale.produce_bytes / 4);
    load::drive(node.address, PARTITIONS, 4, requests / 4, &frames)?;
    let drive = || load::drive(node.address, PARTITIONS, 4, requests, &frames);
    let (cpu, seen) = node.cpu_of(drive)?;
    let rate = requests as f64 * bytes as f64 / GB / seen.seconds;
    let note = format!(
        "{rate:.2} GB/s; p99 {} µs",
        seen.latency_us.value_at_quantile(0.99)
    );
    let total = requests as f64 * bytes as f64 / GB;
    node.kill()?;
    let case = format!("produce 1 KiB records in {} KiB batches", batch_bytes >> 10);
    Ok(Figure::beside(
        case,
        "CPU s/GB",
        (cpu / total, raw_cpu),
        note,
    ))
}

/// Fetch from the page cache in answers of 1 MiB, each from where the last one ended, as consumers do.
pub(crate) fn fetch(program: &Path, scale: Scale) -> Result<Figure> {
    let folder = tempfile::tempdir()?;
    let node = Node::start(program, &folder.path().join("data"), &[])?;
    frames::create(node.address, &["f".to_owned()])?;
    // Four batches are just short of 1 MiB.
    let per_batch = 254;
    let batch = frames::batch(254, 1010, Compression::None)?;
    let produce = frames::produce("f", batch.clone(), 1)?;
    let batches = (64 << 20) / batch.len();
    load::drive(node.address, 1, 4, batches, &[produce])?;
    let step = 1 << 20;
    let offsets = (0..60).map(|i| i64::from(i * 4 * per_batch));
    let frames: Vec<_> = offsets
        .map(|offset| frames::fetch("f", offset, step))
        .collect::<Result<_>>()?;
    let requests = scale.fetch_bytes >> 20;
    load::drive(node.address, 4, 1, requests / 8, &frames)?;
    let log = folder.path().join("data/f-0/00000000000000000000.log");
    let raw_cpu = raw::send_file(&log, scale.fetch_bytes, 4 * batch.len(), frames.len())?;
    let (cpu, seen) = node.cpu_of(|| load::drive(node.address, 1, 1, requests, &frames))?;
    let total = seen.answer_bytes as f64 / GB;
    let note = format!("{:.2} GB/s", total / seen.seconds);
    node.kill()?;
    Ok(Figure::beside(
        "fetch hot, 1 MiB answers".to_owned(),
        "CPU s/GB",
        (cpu / total, raw_cpu),
        note,
    ))
}

/// One record of 100 bytes a request.
pub(crate) fn small(program: &Path, scale: Scale, depth: usize) -> Result<Figure> {
    let folder = tempfile::tempdir()?;
    let node = Node::start(program, &folder.path().join("data"), &[])?;
    frames::create(node.address, &["s".to_owned()])?;
    let frame = frames::produce("s", frames::batch(1, 100, Compression::None)?, 1)?;
    let connections = 50;
    load::drive(
        node.address,
        connections,
        depth,
        scale.requests / 4,
        std::slice::from_ref(&frame),
    )?;
    let raw_us = raw::echo(connections, depth, frame.len(), scale.requests)?;
    let drive = || {
        load::drive(
            node.address,
            connections,
            depth,
            scale.requests,
            std::slice::from_ref(&frame),
        )
    };
    let (cpu, seen) = node.cpu_of(drive)?;
    let us = cpu * 1e6 / scale.requests as f64;
    let note = format!(
        "{:.0} k/s; p50 {} µs, p99 {} µs; peak {:.0} MiB",
        scale.requests as f64 / seen.seconds / 1e3,
        seen.latency_us.value_at_quantile(0.5),
        seen.latency_us.value_at_quantile(0.99),
        mib(node.usage()?.peak_rss_bytes),
    );
    node.kill()?;
    let case = format!("one 100 B record a request, 50 connections, depth {depth}");
    Ok(Figure::beside(case, "CPU µs", (us, raw_us), note))
}

/// An idle node, then one with 10,000 idle partitions.
pub(crate) fn idle(program: &Path) -> Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let node = Node::start(
        program,
        &folder.path().join("data"),
        &["num.partitions=1000"],
    )?;
    let usage = node.usage()?;
    let mut figures = Vec::new();
    let note = format!("{} threads, {} files", usage.threads, usage.files);
    figures.push(Figure::alone(
        "idle node: memory",
        "MiB RSS",
        mib(usage.rss_bytes),
        note,
    ));
    let topics: Vec<_> = (0..10).map(|i| format!("idle-{i}")).collect();
    let started = Instant::now();
    for topic in &topics {
        frames::create(node.address, std::slice::from_ref(topic))?;
    }
    let created_s = started.elapsed().as_secs_f64();
    let usage = node.usage()?;
    let note = format!("{} open files; created in {created_s:.2} s", usage.files);
    figures.push(Figure::alone(
        "10,000 idle partitions",
        "MiB RSS",
        mib(usage.rss_bytes),
        note,
    ));
    let (cpu, ()) = node.cpu_of(|| {
        std::thread::sleep(std::time::Duration::from_secs(10));
        Ok(())
    })?;
    figures.push(Figure::alone(
        "idle with 10,000 partitions",
        "% CPU",
        cpu * 10.0,
        String::new(),
    ));
    node.kill()?;
    Ok(figures)
}

/// From the start of the process to the first acknowledged record: new, and after SIGKILL with an empty tail.
pub(crate) fn starts(program: &Path) -> Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let mut figures = Vec::new();
    for case in ["first start", "start after kill -9"] {
        let started = Instant::now();
        let node = Node::start(program, &folder.path().join("data"), &[])?;
        frames::create(node.address, &["first".to_owned()])?;
        frames::produce_once(node.address, "first")?;
        let ms = started.elapsed().as_secs_f64() * 1e3;
        let note = format!("ready after {:.0} ms", node.ready_s * 1e3);
        figures.push(Figure::alone(
            &format!("{case} → first acknowledged record"),
            "ms",
            ms,
            note,
        ));
        node.kill()?;
    }
    Ok(figures)
}
