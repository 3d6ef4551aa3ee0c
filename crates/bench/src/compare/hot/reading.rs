//! Prepared fetches, and the topics that all readers share.

use crate::compare::case::{Load, Value};
use crate::compare::meter::{Moved, measured};
use crate::frames;
use crate::load;
use crate::node::Node;
use anyhow::{Result, ensure};
use bytes::Bytes;
use klamm_records::Compression;
use std::sync::Arc;

/// A topic of one partition that stays, for readers.
pub(crate) const ONE: &str = "hot-1";
/// A topic of twelve.
pub(crate) const TWELVE: &str = "hot-12";
/// Records of a batch of these topics.
pub(crate) const RECORDS: usize = 254;
/// Bytes of a record's value.
pub(crate) const RECORD_BYTES: usize = 1010;
/// So many batches are just short of 1 MiB.
pub(crate) const STEP_BATCHES: usize = 4;
/// Fetches of a run.
pub(crate) const FETCHES: usize = 3072;
/// Places that are fetched in turn.
pub(crate) const PLACES: usize = 240;

const TOPIC_BYTES: usize = 1 << 30;

pub(crate) fn batch() -> Result<Bytes> {
    frames::batch(RECORDS, RECORD_BYTES, Compression::None)
}

/// Fills a topic unless that was done, and says how many records it has.
pub(crate) fn filled(node: &Node, topic: &str, partitions: i32, scale: f64) -> Result<usize> {
    let batch = batch()?;
    if frames::end_offsets(node.address, topic, partitions).is_err() {
        frames::make(node.address, topic, partitions, &[])?;
        let bytes = (TOPIC_BYTES as f64 * scale.max(0.25)) as usize;
        fill(node, topic, partitions, bytes.div_ceil(batch.len()))?;
    }
    let ends = frames::end_offsets(node.address, topic, partitions)?;
    Ok(usize::try_from(ends.iter().sum::<i64>())?)
}

/// Writes so many batches, an equal number into each partition.
pub(crate) fn fill(node: &Node, topic: &str, partitions: i32, batches: usize) -> Result<()> {
    let batch = batch()?;
    let frames: Vec<_> = (0..partitions)
        .map(|partition| frames::produce_to(topic, partition, batch.clone(), 1))
        .collect::<Result<_>>()?;
    let each = batches.div_ceil(frames.len());
    load::drive(node.address, frames.len(), 4, each * frames.len(), &frames)?;
    Ok(())
}

/// The offset of a place: the record that showed that the partition answers lies in front.
pub(super) fn offset_of(place: usize) -> Result<i64> {
    Ok(i64::try_from(1 + place * STEP_BATCHES * RECORDS)?)
}

/// Answers of 1 MiB, each from where the last one ended, as consumers do.
pub(super) fn fetch(node: &Node, load: &Load, readers: usize) -> Result<Vec<Value>> {
    filled(node, &load.topic, 1, load.scale)?;
    let step = STEP_BATCHES * batch()?.len();
    // Readers stay as far behind each other as they begin: each gets its places in turn.
    let mut frames = Vec::new();
    for place in 0..PLACES {
        let frame: Arc<Vec<u8>> = frames::fetch(&load.topic, offset_of(place)?, 1 << 20)?;
        frames.extend(std::iter::repeat_n(frame, readers));
    }
    let requests = load.of(FETCHES).max(PLACES);
    let records = requests * STEP_BATCHES * RECORDS;
    let mut bytes = 0;
    let values = measured(node, Moved::records(records, RECORD_BYTES), || {
        let seen = load::drive(node.address, readers, 1, requests, &frames)?;
        bytes = seen.answer_bytes;
        Ok(seen)
    })?;
    let wanted = (requests * step) as u64;
    ensure!(bytes >= wanted, "{bytes} bytes came instead of {wanted}");
    Ok(values)
}
