//! The producer snapshot file: `%020d.snapshot`, the state before the offset in its name.
//!
//! ```text
//! 0 version i16 = 1      2 CRC-32C u32 of everything behind it      6 count i32
//! then per producer, 46 bytes:
//!    0 producer id i64   8 epoch i16   10 last sequence i32   14 last offset i64   22 offset delta i32
//!   26 timestamp i64    34 coordinator epoch i32              38 first offset of the open transaction i64 (-1: none)
//! then, ours (Kafka's reader passes over what follows the array, and its CRC covers it):
//!   "KLAMM1" and per producer in the same order: count u8, and as many older batches of
//!    0 last sequence i32   4 last offset i64   12 offset delta i32   16 timestamp i64
//! ```
//! Kafka keeps only the newest batch of each producer over a restart; the appendix keeps the other four.

use super::entry::{BATCHES_MAX, ProducerEntry, RememberedBatch};

const VERSION: i16 = 1;
const HEAD_BYTES: usize = 6;
const ENTRY_BYTES: usize = 46;
const APPENDIX: &[u8; 6] = b"KLAMM1";

/// A snapshot that cannot be read: as good as none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the producer snapshot is damaged")]
pub struct DamagedSnapshot;

/// Length of a snapshot without producers, with or without our appendix.
pub(crate) const fn is_empty_len(len: u64) -> bool {
    len == (HEAD_BYTES + 4) as u64 || len == (HEAD_BYTES + 4 + APPENDIX.len()) as u64
}

/// The file's bytes.
pub(crate) fn format<'a>(
    entries: impl ExactSizeIterator<Item = &'a ProducerEntry> + Clone,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEAD_BYTES + 10 + entries.len() * (ENTRY_BYTES + 1));
    out.extend_from_slice(&VERSION.to_be_bytes());
    out.extend_from_slice(&[0; 4]);
    let count = i32::try_from(entries.len()).unwrap_or(i32::MAX);
    out.extend_from_slice(&count.to_be_bytes());
    for entry in entries.clone() {
        let last = entry.last_batch();
        out.extend_from_slice(&entry.producer_id.to_be_bytes());
        out.extend_from_slice(&entry.epoch.to_be_bytes());
        out.extend_from_slice(&entry.last_sequence().to_be_bytes());
        out.extend_from_slice(&last.map_or(-1, |b| b.last_offset).to_be_bytes());
        out.extend_from_slice(&last.map_or(0, |b| b.offset_delta).to_be_bytes());
        out.extend_from_slice(&entry.last_timestamp_ms.to_be_bytes());
        out.extend_from_slice(&entry.coordinator_epoch.to_be_bytes());
        out.extend_from_slice(&entry.txn_first_offset.unwrap_or(-1).to_be_bytes());
    }
    out.extend_from_slice(APPENDIX);
    for entry in entries {
        let older = entry
            .batches()
            .split_last()
            .map_or(&[][..], |(_, older)| older);
        // At most four.
        out.push(older.len() as u8);
        for batch in older {
            out.extend_from_slice(&batch.last_sequence.to_be_bytes());
            out.extend_from_slice(&batch.last_offset.to_be_bytes());
            out.extend_from_slice(&batch.offset_delta.to_be_bytes());
            out.extend_from_slice(&batch.timestamp_ms.to_be_bytes());
        }
    }
    let crc = klamm_records::crc32c(out.get(HEAD_BYTES..).unwrap_or_default());
    if let Some(place) = out.get_mut(2..HEAD_BYTES) {
        place.copy_from_slice(&crc.to_be_bytes());
    }
    out
}

/// Reads the file.
///
/// # Errors
/// The version is unknown, the CRC is wrong, or the bytes do not add up.
pub fn parse(bytes: &[u8]) -> Result<Vec<ProducerEntry>, DamagedSnapshot> {
    let mut cursor = Cursor(bytes);
    let version = i16::from_be_bytes(cursor.take()?);
    let crc = u32::from_be_bytes(cursor.take()?);
    if version != VERSION || crc != klamm_records::crc32c(cursor.0) {
        return Err(DamagedSnapshot);
    }
    let count = usize::try_from(cursor.i32()?).map_err(|_| DamagedSnapshot)?;
    if count > cursor.0.len() / ENTRY_BYTES {
        return Err(DamagedSnapshot);
    }
    let mut entries = Vec::with_capacity(count);
    for _ in 0..count {
        entries.push(cursor.entry()?);
    }
    // Without our appendix it is Kafka's file: the newest batch is all that is known.
    if cursor.0.starts_with(APPENDIX) {
        cursor.take::<6>()?;
        for (entry, newest) in &mut entries {
            *entry = cursor.older_batches(*entry, newest.is_some())?;
        }
    }
    let whole = entries.into_iter().map(|(mut entry, newest)| {
        if let Some(batch) = newest {
            entry.push(batch);
        }
        entry
    });
    Ok(whole.collect())
}

/// Whether a good snapshot tells of the older batches as well: Kafka's does not.
pub(crate) fn has_older_batches(bytes: &[u8]) -> bool {
    let count = bytes.get(HEAD_BYTES..).and_then(|rest| rest.first_chunk());
    let count = count.map_or(0, |count| i32::from_be_bytes(*count));
    let end = usize::try_from(count).map_or(0, |count| HEAD_BYTES + 4 + count * ENTRY_BYTES);
    bytes
        .get(end..)
        .is_some_and(|rest| rest.starts_with(APPENDIX))
}

struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], DamagedSnapshot> {
        let (head, rest) = self.0.split_first_chunk().ok_or(DamagedSnapshot)?;
        self.0 = rest;
        Ok(*head)
    }

    fn i32(&mut self) -> Result<i32, DamagedSnapshot> {
        self.take().map(i32::from_be_bytes)
    }

    fn i64(&mut self) -> Result<i64, DamagedSnapshot> {
        self.take().map(i64::from_be_bytes)
    }

    fn entry(&mut self) -> Result<(ProducerEntry, Option<RememberedBatch>), DamagedSnapshot> {
        let mut entry = ProducerEntry::new(self.i64()?);
        entry.epoch = self.take().map(i16::from_be_bytes)?;
        let last_sequence = self.i32()?;
        let last_offset = self.i64()?;
        let offset_delta = self.i32()?;
        entry.last_timestamp_ms = self.i64()?;
        entry.coordinator_epoch = self.i32()?;
        entry.txn_first_offset = Some(self.i64()?).filter(|o| *o >= 0);
        let timestamp_ms = entry.last_timestamp_ms;
        let batch = RememberedBatch { last_sequence, last_offset, offset_delta, timestamp_ms };
        Ok((entry, (last_offset >= 0).then_some(batch)))
    }

    fn older_batches(
        &mut self,
        mut entry: ProducerEntry,
        has_newest: bool,
    ) -> Result<ProducerEntry, DamagedSnapshot> {
        let [count] = self.take()?;
        if usize::from(count) >= BATCHES_MAX || (count > 0 && !has_newest) {
            return Err(DamagedSnapshot);
        }
        for _ in 0..count {
            entry.push(RememberedBatch {
                last_sequence: self.i32()?,
                last_offset: self.i64()?,
                offset_delta: self.i32()?,
                timestamp_ms: self.i64()?,
            });
        }
        Ok(entry)
    }
}
