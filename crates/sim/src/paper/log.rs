//! One partition on paper: a file of batches.

use super::Bug;
use bytes::Bytes;
use klamm_host::{Disk, DiskFile, OpenMode};
use klamm_model::{LeaderEpoch, Offset};
use klamm_records::{
    BatchView, HEADER_BYTES, InflateLimit, Inflater, Records, Stamp, StampTime, batches,
};
use std::collections::BTreeMap;
use std::io::{self, IoSlice};
use std::path::Path;
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Log {
    file: Arc<dyn DiskFile>,
    pub(super) start: i64,
    /// Base offset, last offset, position, bytes.
    places: Vec<(i64, i64, u64, usize)>,
    /// Epoch, first and last sequence and base offset of the last batches of each producer.
    producers: BTreeMap<i64, Vec<(i32, i32, i64)>>,
    bug: Bug,
}

/// What became of a batch.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Appended {
    At(i64),
    OutOfOrder,
}

impl Log {
    pub(super) fn open(disk: &dyn Disk, path: &Path, start: i64, bug: Bug) -> io::Result<Self> {
        let file = disk.open(path, OpenMode::Create)?;
        let len = usize::try_from(file.len()?).unwrap_or(0);
        let mut bytes = vec![0; len];
        file.read_exact_at(&mut bytes, 0)?;
        let mut log = Self {
            file,
            start,
            places: Vec::new(),
            producers: BTreeMap::new(),
            bug,
        };
        for batch in batches(&bytes) {
            let Ok(batch) = batch else { break };
            let believed = bug == Bug::NoChecksums || batch.verify_crc().is_ok();
            if !believed || batch.header().base_offset.0 != log.end() {
                break;
            }
            log.note(&batch);
        }
        if bug == Bug::DropsLastBatch {
            log.places.pop();
        }
        log.file.set_len(log.bytes())?;
        log.file.sync_all()?;
        log.start = log.start.min(log.end());
        Ok(log)
    }

    pub(super) fn end(&self) -> i64 {
        self.places.last().map_or(0, |place| place.1 + 1)
    }

    fn bytes(&self) -> u64 {
        self.places
            .last()
            .map_or(0, |place| place.2 + place.3 as u64)
    }

    fn note(&mut self, batch: &BatchView<'_>) {
        let header = batch.header();
        let base = header.base_offset.0;
        let place = (
            base,
            base + i64::from(header.last_offset_delta),
            self.bytes(),
            batch.bytes().len(),
        );
        self.places.push(place);
        if header.producer_id.0 >= 0 {
            let last = header.base_sequence + header.last_offset_delta;
            let batches = self.producers.entry(header.producer_id.0).or_default();
            batches.push((header.base_sequence, last, base));
        }
    }

    pub(super) fn append(&mut self, bytes: &[u8], sync: bool) -> io::Result<Appended> {
        let batch = BatchView::parse(bytes).map_err(io::Error::other)?;
        let header = batch.header();
        if header.producer_id.0 >= 0 && self.bug != Bug::NoDeduplication {
            let known = self.producers.get(&header.producer_id.0);
            let last = header.base_sequence + header.last_offset_delta;
            let again = known
                .into_iter()
                .flatten()
                .find(|batch| (batch.0, batch.1) == (header.base_sequence, last));
            if let Some(batch) = again {
                return Ok(Appended::At(batch.2));
            }
            let expected = known
                .and_then(|known| known.last())
                .map_or(0, |batch| batch.1 + 1);
            if header.base_sequence != expected {
                return Ok(Appended::OutOfOrder);
            }
        }
        let base = self.end();
        let stamp = Stamp {
            base_offset: Offset(base),
            leader_epoch: LeaderEpoch(0),
            time: StampTime::Keep,
        };
        let mut stamped = bytes.to_vec();
        stamped[..HEADER_BYTES].copy_from_slice(&batch.stamped(stamp));
        let position = self.bytes();
        self.file
            .write_all_at(&[IoSlice::new(&stamped)], position)?;
        if sync {
            self.file.sync_data()?;
        }
        let batch = BatchView::parse(&stamped).map_err(io::Error::other)?;
        self.note(&batch);
        Ok(Appended::At(base))
    }

    /// The first offset of a record that is not older than a time, -1 if there is none.
    pub(super) fn at_time(&self, ms: i64) -> io::Result<i64> {
        let bytes = self.read(self.start, usize::MAX, false)?;
        let mut inflater = Inflater::new();
        for batch in batches(&bytes).flatten() {
            let limit = InflateLimit::bytes(16 << 20);
            let body = batch
                .inflate(&mut inflater, limit)
                .map_err(io::Error::other)?;
            let mut records = Records::new(batch.header(), &body).flatten();
            let found = records.find(|r| r.timestamp_ms >= ms && r.offset.0 >= self.start);
            if let Some(record) = found {
                return Ok(record.offset.0);
            }
        }
        Ok(-1)
    }

    /// Whole batches from an offset on.
    pub(super) fn read(&self, from: i64, bytes_max: usize, mut lucky: bool) -> io::Result<Bytes> {
        let mut all = Vec::new();
        for (base, last, position, len) in &self.places {
            if *last < from {
                continue;
            }
            if !all.is_empty() && all.len() + len > bytes_max {
                break;
            }
            if self.bug == Bug::SkipsBatches && lucky && *base > from {
                lucky = false;
                continue;
            }
            let mut bytes = vec![0; *len];
            self.file.read_exact_at(&mut bytes, *position)?;
            all.extend_from_slice(&bytes);
            if all.len() >= bytes_max {
                break;
            }
        }
        if self.bug == Bug::ChangesBytes && lucky && !all.is_empty() {
            let last = all.len() - 1;
            all[last] ^= 1;
        }
        Ok(all.into())
    }
}
