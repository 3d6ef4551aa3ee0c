//! Requests while the node stands.

use super::{Case, Load, Value, Work};
use crate::frames::{self, Asker};
use crate::load::{self, Seen};
use crate::node::Node;
use anyhow::{Result, ensure};
use klamm_records::Compression;
use klamm_wire::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use std::sync::Arc;

mod pipeline;

const CPU: &str = "CPU";
const CPU_A_REQUEST: &str = "CPU a request";

type Hot = fn(&Node, &Load) -> Result<Vec<Value>>;

fn case(name: &'static str, targets: &'static [(&'static str, f64)], work: Hot) -> Case {
    Case { name, targets, work: Work::Hot(work) }
}

/// All cases, with the ratio to Kafka that each is to reach.
pub(super) fn cases() -> Vec<Case> {
    let mut all = writing();
    all.extend(promptly());
    all.extend(reading());
    all.extend(coordinating());
    all
}

fn writing() -> Vec<Case> {
    vec![
        case(
            "produce 1 KiB records, 1 MB batches",
            &[(CPU, 0.45)],
            |node, load| produce(node, load, Shape::plain(1000, 1010)),
        ),
        case(
            "produce 1 KiB records, 1 MB batches, lz4",
            &[(CPU, 0.35)],
            |node, load| {
                produce(
                    node,
                    load,
                    Shape { codec: Compression::Lz4, ..Shape::plain(1000, 1010) },
                )
            },
        ),
        case(
            "produce 1 KiB, 128 KiB batches, 4 partitions",
            &[(CPU, 0.3)],
            |node, load| {
                produce(
                    node,
                    load,
                    Shape { partitions: 4, ..Shape::plain(127, 1010) },
                )
            },
        ),
        case(
            "produce 1 KiB records, 16 KiB batches",
            &[(CPU, 0.2)],
            |node, load| {
                produce(
                    node,
                    load,
                    Shape { bytes: 256 << 20, ..Shape::plain(16, 1000) },
                )
            },
        ),
        case(
            "produce 100 B records, 16 KiB batches",
            &[(CPU, 0.35)],
            |node, load| {
                produce(
                    node,
                    load,
                    Shape { bytes: 256 << 20, ..Shape::plain(150, 100) },
                )
            },
        ),
        case(
            "one 100 B record a request, 50 connections",
            &[(CPU_A_REQUEST, 0.25)],
            |node, load| small(node, load, &[], 200_000),
        ),
        case(
            "idempotent, 1 KiB records, 16 KiB batches",
            &[(CPU, 0.35)],
            idempotent,
        ),
    ]
}

/// Where latency counts.
fn promptly() -> Vec<Case> {
    vec![
        case(
            "produce at 5,000/s",
            &[
                ("p50", 0.6),
                ("p99", 0.3),
                ("p99.9", 0.3),
                (CPU_A_REQUEST, 0.25),
            ],
            at_rate,
        ),
        case(
            "fsync before the acknowledgement, 50 connections",
            &[("time a request", 0.2), (CPU_A_REQUEST, 0.1)],
            |node, load| small(node, load, &[("flush.messages", "1")], 20_000),
        ),
    ]
}

fn reading() -> Vec<Case> {
    vec![
        case("fetch hot, 1 MiB, 1 reader", &[(CPU, 0.7)], |node, load| {
            fetch(node, load, 1)
        }),
        case(
            "fetch hot, 1 MiB, 4 readers",
            &[(CPU, 0.7)],
            |node, load| fetch(node, load, 4),
        ),
        case(
            "end to end at 1,000/s",
            &[("p50", 0.6), ("p99", 0.5)],
            pipeline::end_to_end,
        ),
    ]
}

fn coordinating() -> Vec<Case> {
    vec![
        case(
            "offset commits, 100 groups",
            &[(CPU_A_REQUEST, 0.2)],
            commits,
        ),
        case(
            "transactions of 256 KiB, 1 KiB records",
            &[(CPU, 0.45), ("commit p50", 0.5), ("commit p99", 0.5)],
            pipeline::transactions,
        ),
    ]
}

/// What a batch looks like, and how many there are.
#[derive(Debug, Clone, Copy)]
struct Shape {
    records: usize,
    record_bytes: usize,
    codec: Compression,
    partitions: i32,
    /// Of all batches before compression.
    bytes: usize,
}

impl Shape {
    fn plain(records: usize, record_bytes: usize) -> Self {
        Self {
            records,
            record_bytes,
            codec: Compression::None,
            partitions: 1,
            bytes: 1 << 30,
        }
    }
}

/// What was moved while a node's use was measured.
#[derive(Debug, Clone, Copy)]
struct Moved {
    bytes: f64,
    requests: usize,
}

/// The usual values of a run.
fn values(node: &Node, moved: Moved, drive: impl FnOnce() -> Result<Seen>) -> Result<Vec<Value>> {
    let before = node.usage()?;
    let seen = drive()?;
    let after = node.usage()?;
    let (user, system) = (
        after.user_s - before.user_s,
        after.system_s - before.system_s,
    );
    let (gb, requests) = (moved.bytes / 1e9, moved.requests as f64);
    let quantile = |q| seen.latency_us.value_at_quantile(q) as f64 / 1e3;
    let mib = f64::from(1 << 20);
    let us = |seconds: f64| seconds * 1e6 / requests;
    let mut all = if moved.bytes >= 1e3 * requests {
        vec![
            Value::new("CPU", "s/GB", (user + system) / gb),
            Value::new("CPU user", "s/GB", user / gb),
            Value::new("CPU system", "s/GB", system / gb),
            Value::new("time", "s/GB", seen.seconds / gb),
        ]
    } else {
        vec![
            Value::new("CPU a request", "µs", us(user + system)),
            Value::new("CPU user", "µs", us(user)),
            Value::new("CPU system", "µs", us(system)),
            Value::new("time a request", "µs", us(seen.seconds)),
        ]
    };
    all.extend([
        Value::new("p50", "ms", quantile(0.5)),
        Value::new("p99", "ms", quantile(0.99)),
        Value::new("p99.9", "ms", quantile(0.999)),
        Value::new("memory", "MiB RSS", after.rss_bytes as f64 / mib),
        Value::new(
            "to disk",
            "bytes a byte",
            (after.stored_bytes - before.stored_bytes) as f64 / moved.bytes,
        ),
    ]);
    Ok(all)
}

/// Pages that the writes of a run will take are asked of the machine's host beforehand: the first touch is dear.
fn fresh_pages(bytes: usize) {
    let mut pages = vec![0u8; bytes];
    for page in pages.chunks_mut(4096) {
        page[0] = 1;
    }
    std::hint::black_box(&pages);
}

fn produce(node: &Node, load: &Load, shape: Shape) -> Result<Vec<Value>> {
    frames::make(node.address, &load.topic, shape.partitions, &[])?;
    let batch = frames::batch(shape.records, shape.record_bytes, shape.codec)?;
    let frames: Vec<_> = (0..shape.partitions)
        .map(|partition| frames::produce_to(&load.topic, partition, batch.clone(), 1))
        .collect::<Result<_>>()?;
    let batch_bytes = shape.records * shape.record_bytes;
    let requests = load.of(shape.bytes).div_ceil(batch_bytes);
    fresh_pages(requests * batch.len());
    let connections = frames.len();
    let moved = Moved { bytes: (requests * batch_bytes) as f64, requests };
    let values = values(node, moved, || {
        load::drive(node.address, connections, 5, requests, &frames)
    })?;
    arrived(node, load, shape.partitions, requests * shape.records)?;
    Ok(values)
}

/// Every record is in the log: answers were not read.
fn arrived(node: &Node, load: &Load, partitions: i32, records: usize) -> Result<()> {
    let ends = frames::end_offsets(node.address, &load.topic, partitions)?;
    // One record a partition showed that it answers.
    let wanted = i64::try_from(records)? + i64::from(partitions);
    let found: i64 = ends.iter().sum();
    ensure!(found == wanted, "{found} records instead of {wanted}");
    frames::delete(node.address, &load.topic)
}

fn small(
    node: &Node,
    load: &Load,
    configs: &[(&str, &str)],
    requests: usize,
) -> Result<Vec<Value>> {
    frames::make(node.address, &load.topic, 1, configs)?;
    let frame = frames::produce(&load.topic, frames::batch(1, 100, Compression::None)?, -1)?;
    let requests = load.of(requests);
    let moved = Moved { bytes: (requests * 100) as f64, requests };
    let values = values(node, moved, || {
        load::drive(node.address, 50, 1, requests, std::slice::from_ref(&frame))
    })?;
    arrived(node, load, 1, requests)?;
    Ok(values)
}

fn idempotent(node: &Node, load: &Load) -> Result<Vec<Value>> {
    const CONNECTIONS: usize = 4;
    const RECORDS: usize = 16;
    let partitions = i32::try_from(CONNECTIONS)?;
    frames::make(node.address, &load.topic, partitions, &[])?;
    let requests = load.of(256 << 20).div_ceil(RECORDS * 1000);
    let mut frames = Vec::with_capacity(requests);
    let mut producers = Vec::new();
    for _ in 0..CONNECTIONS {
        producers.push(frames::producer_id(node.address)?);
    }
    for n in 0..requests {
        let partition = n % CONNECTIONS;
        let sequence = i32::try_from(n / CONNECTIONS * RECORDS)?;
        let batch = frames::numbered((RECORDS, 1000), (producers[partition], 0, sequence), false)?;
        frames.push(frames::produce_to(
            &load.topic,
            i32::try_from(partition)?,
            batch,
            -1,
        )?);
    }
    fresh_pages(requests * RECORDS * 1000);
    let moved = Moved { bytes: (requests * RECORDS * 1000) as f64, requests };
    let values = values(node, moved, || {
        load::drive(node.address, CONNECTIONS, 5, requests, &frames)
    })?;
    arrived(node, load, partitions, requests * RECORDS)?;
    Ok(values)
}

fn fetch(node: &Node, load: &Load, readers: usize) -> Result<Vec<Value>> {
    // Four batches are just short of 1 MiB.
    const RECORDS: usize = 254;
    const PLACES: usize = 60;
    frames::make(node.address, &load.topic, 1, &[])?;
    let batch = frames::batch(RECORDS, 1010, Compression::None)?;
    let produce = frames::produce(&load.topic, batch.clone(), 1)?;
    load::drive(node.address, 1, 4, PLACES * 4, &[produce])?;
    // Behind the record that showed that the partition answers.
    let offset = |i: usize| i64::try_from(1 + i * 4 * RECORDS);
    // Readers stay as far behind each other as they begin: each gets its places in turn.
    let mut frames = Vec::new();
    for i in 0..PLACES {
        let frame: Arc<Vec<u8>> = frames::fetch(&load.topic, offset(i)?, 1 << 20)?;
        frames.extend(std::iter::repeat_n(frame, readers));
    }
    let requests = load.of(4096).max(PLACES);
    let moved = Moved { bytes: (requests * 4 * batch.len()) as f64, requests };
    let mut bytes = 0;
    let values = values(node, moved, || {
        let seen = load::drive(node.address, readers, 1, requests, &frames)?;
        bytes = seen.answer_bytes;
        Ok(seen)
    })?;
    ensure!(
        bytes as f64 >= moved.bytes,
        "{bytes} bytes came instead of {}",
        moved.bytes
    );
    frames::delete(node.address, &load.topic)?;
    Ok(values)
}

fn at_rate(node: &Node, load: &Load) -> Result<Vec<Value>> {
    frames::make(node.address, &load.topic, 1, &[])?;
    let frame = frames::produce(&load.topic, frames::batch(1, 100, Compression::None)?, -1)?;
    let (rate, seconds) = (5_000, 10.0 * load.scale.max(0.1));
    let requests = (rate as f64 * seconds) as usize;
    let moved = Moved { bytes: (requests * 100) as f64, requests };
    let values = values(node, moved, || {
        let latency_us = load::drive_at_rate(node.address, 10, (rate, seconds), &frame)?;
        Ok(Seen { latency_us, answer_bytes: 0, seconds })
    })?;
    arrived(node, load, 1, requests)?;
    Ok(values)
}

fn commits(node: &Node, load: &Load) -> Result<Vec<Value>> {
    const GROUPS: usize = 100;
    frames::make(node.address, &load.topic, 1, &[])?;
    let request = |group: usize, offset| OffsetCommitRequest {
        group_id: format!("{}-{group}", load.topic).as_str().into(),
        generation_id_or_member_epoch: -1,
        topics: vec![OffsetCommitRequestTopic {
            name: load.topic.as_str().into(),
            partitions: vec![OffsetCommitRequestPartition {
                committed_offset: offset,
                committed_leader_epoch: -1,
                committed_metadata: Some("".into()),
                ..OffsetCommitRequestPartition::default()
            }],
            ..OffsetCommitRequestTopic::default()
        }],
        ..OffsetCommitRequest::default()
    };
    let mut asker = Asker::connect(node.address)?;
    frames::coordinator(&mut asker, &load.topic, 0)?;
    let mut frames = Vec::new();
    for group in 0..GROUPS {
        frames::retried(|| {
            let answer = asker.ask(&request(group, 0), 8)?;
            Ok(answer
                .topics
                .iter()
                .flat_map(|t| &t.partitions)
                .map(|p| p.error_code)
                .max())
        })?;
        frames.push(frames::frame(&request(group, 7), 8)?);
    }
    let requests = load.of(100_000);
    let moved = Moved { bytes: requests as f64, requests };
    values(node, moved, || {
        load::drive(node.address, 50, 1, requests, &frames)
    })
}
