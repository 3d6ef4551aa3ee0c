//! Prepared produce requests.

use crate::compare::case::{Load, Value};
use crate::compare::meter::{Moved, measured};
use crate::frames;
use crate::load::{self, Seen};
use crate::node::Node;
use crate::raw;
use anyhow::{Result, ensure};
use bytes::Bytes;
use klamm_records::{BatchBuilder, BatchFields, Codec, Compression, Deflater, NewRecord};

/// What a batch looks like, and how many there are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    records: usize,
    record_bytes: usize,
    codec: Compression,
    partitions: i32,
    /// Of all batches before compression.
    bytes: usize,
}

impl Shape {
    pub(super) const fn plain(records: usize, record_bytes: usize) -> Self {
        Self {
            records,
            record_bytes,
            codec: Compression::None,
            partitions: 1,
            bytes: 1 << 30,
        }
    }

    pub(super) const fn packed(mut self, codec: Compression) -> Self {
        self.codec = codec;
        self
    }

    pub(super) const fn over(mut self, partitions: i32) -> Self {
        self.partitions = partitions;
        self
    }

    pub(super) const fn of(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    pub(crate) fn batch(self) -> Result<Bytes> {
        if self.codec == Compression::None {
            return frames::batch(self.records, self.record_bytes, self.codec);
        }
        half_random(self)
    }

    /// Of one batch.
    pub(crate) const fn records(self) -> usize {
        self.records
    }
}

/// Values of which half does not compress: what repeats only would leave nothing to send.
fn half_random(shape: Shape) -> Result<Bytes> {
    let mut builder = BatchBuilder::new();
    let (mut value, mut state) = (vec![b'v'; shape.record_bytes], 1u64);
    for _ in 0..shape.records {
        let (random, _) = value.split_at_mut(shape.record_bytes / 2);
        for byte in random {
            // Knuth's multiplier: its high bits are as good as random.
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            *byte = (state >> 56) as u8;
        }
        builder.append(&NewRecord {
            timestamp_ms: frames::now_ms(),
            key: None,
            value: Some(&value),
            headers: &[],
        })?;
    }
    let fields = BatchFields::default();
    Ok(builder.build(&fields, Codec::from(shape.codec), &mut Deflater::new())?)
}

pub(super) fn produce(node: &Node, load: &Load, shape: Shape) -> Result<Vec<Value>> {
    frames::make(node.address, &load.topic, shape.partitions, &[])?;
    let batch = shape.batch()?;
    let frames: Vec<_> = (0..shape.partitions)
        .map(|partition| frames::produce_to(&load.topic, partition, batch.clone(), 1))
        .collect::<Result<_>>()?;
    let batch_bytes = shape.records * shape.record_bytes;
    let requests = load.of(shape.bytes).div_ceil(batch_bytes);
    raw::fresh_pages(requests * batch.len());
    let connections = frames.len();
    let moved = Moved::records(requests * shape.records, shape.record_bytes);
    let values = measured(node, moved, || {
        load::drive(node.address, connections, 5, requests, &frames)
    })?;
    arrived(node, load, shape.partitions, requests * shape.records)?;
    Ok(values)
}

/// Every record is in the log: answers were not read. The topic goes.
pub(crate) fn arrived(node: &Node, load: &Load, partitions: i32, records: usize) -> Result<()> {
    let ends = frames::end_offsets(node.address, &load.topic, partitions)?;
    // One record a partition showed that it answers.
    let wanted = i64::try_from(records)? + i64::from(partitions);
    let found: i64 = ends.iter().sum();
    ensure!(found == wanted, "{found} records instead of {wanted}");
    frames::delete(node.address, &load.topic)
}

/// One record of 100 bytes a request, on 50 connections.
pub(super) fn small(
    node: &Node,
    load: &Load,
    configs: &[(&str, &str)],
    requests: usize,
) -> Result<Vec<Value>> {
    frames::make(node.address, &load.topic, 1, configs)?;
    let frame = frames::produce(&load.topic, frames::batch(1, 100, Compression::None)?, -1)?;
    let requests = load.of(requests);
    let frames = std::slice::from_ref(&frame);
    let values = measured(node, Moved::requests(requests, 100), || {
        load::drive(node.address, 50, 1, requests, frames)
    })?;
    arrived(node, load, 1, requests)?;
    Ok(values)
}

/// Batches with numbers, of four producers.
pub(super) fn idempotent(node: &Node, load: &Load) -> Result<Vec<Value>> {
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
    raw::fresh_pages(requests * RECORDS * 1000);
    let values = measured(node, Moved::records(requests * RECORDS, 1000), || {
        load::drive(node.address, CONNECTIONS, 5, requests, &frames)
    })?;
    arrived(node, load, partitions, requests * RECORDS)?;
    Ok(values)
}

/// Requests a second of the prompt case, for so long, over so many connections.
pub(crate) const RATE: usize = 5_000;
pub(crate) const RATE_S: f64 = 4.0;
pub(crate) const RATE_CONNECTIONS: usize = 10;

/// One record of 100 bytes a request, each at its time.
pub(super) fn at_rate(node: &Node, load: &Load) -> Result<Vec<Value>> {
    const CONNECTIONS: usize = RATE_CONNECTIONS;
    frames::make(node.address, &load.topic, 1, &[])?;
    let frame = frames::produce(&load.topic, frames::batch(1, 100, Compression::None)?, -1)?;
    let (rate, seconds) = (RATE, load.seconds(RATE_S));
    let mut requests = 0;
    // As many as the load sends: each connection whole ones.
    let expected = (rate as f64 * seconds / CONNECTIONS as f64) as usize * CONNECTIONS;
    let values = measured(node, Moved::requests(expected, 100), || {
        let latency_us = load::drive_at_rate(node.address, CONNECTIONS, (rate, seconds), &frame)?;
        requests = usize::try_from(latency_us.len())?;
        Ok(Seen { latency_us, answer_bytes: 0, seconds })
    })?;
    arrived(node, load, 1, requests)?;
    Ok(values)
}
