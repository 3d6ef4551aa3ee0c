//! Snapshot files, in Kafka's format (KIP-630): a control batch with the header (and the voters), batches of metadata
//! records, a control batch with the footer.
//!
//! Offsets inside count from 0; each batch carries the epoch of the snapshot's id.

use super::batching::{RecordBatches, decode_records};
use bytes::Bytes;
use klamm_host::{Disk, OpenMode};
use klamm_metadata::{MetadataRecord, MetadataVersion};
use klamm_model::Offset;
use klamm_raft::{ControlRecord, SnapshotId, VoterSet};
use klamm_records::batches;
use std::io::{self, IoSlice};
use std::path::Path;

/// Bytes of records in one batch of a snapshot, as Kafka cuts them.
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What a snapshot holds.
#[derive(Debug, Clone, Default)]
pub(super) struct SnapshotContent {
    /// The voters; `None` if the file does not say (`kraft.version` 0).
    pub(super) voters: Option<VoterSet>,
    pub(super) kraft_version: i16,
    pub(super) last_timestamp_ms: i64,
    pub(super) records: Vec<MetadataRecord>,
}

/// A snapshot can't be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum SnapshotError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("{0}")]
    Damaged(String),
}

/// Bytes of a snapshot file.
///
/// # Errors
/// A record can't be written at this level.
pub(super) fn encode(
    id: SnapshotId,
    content: &SnapshotContent,
    level: MetadataVersion,
    now_ms: i64,
) -> Result<Vec<Bytes>, SnapshotError> {
    let damaged = |error: &dyn std::fmt::Display| SnapshotError::Damaged(error.to_string());
    let mut header =
        vec![ControlRecord::SnapshotHeader { last_timestamp_ms: content.last_timestamp_ms }];
    if let Some(voters) = content
        .voters
        .as_ref()
        .filter(|_| content.kraft_version > 0)
    {
        header.push(ControlRecord::KRaftVersion(content.kraft_version));
        header.push(ControlRecord::Voters(voters.clone()));
    }
    let mut next = Offset(0);
    let control = |records: &[ControlRecord], at| {
        ControlRecord::batch(records, at, id.epoch, now_ms).map_err(|e| damaged(&e))
    };
    let mut parts = vec![control(&header, next)?];
    next = next.plus(header.len() as i64);
    let mut data = RecordBatches::new(next, id.epoch, now_ms, BATCH_BYTES_MAX);
    for record in &content.records {
        data.push(&record.to_value(level).map_err(|e| damaged(&e))?)
            .map_err(|e| damaged(&e))?;
    }
    let (batches, next) = data.finish().map_err(|e| damaged(&e))?;
    parts.extend(batches);
    parts.push(control(&[ControlRecord::SnapshotFooter], next)?);
    Ok(parts)
}

/// Reads a snapshot file. Every batch is checked; a file without its footer is not finished and refused.
///
/// # Errors
/// The bytes are no whole snapshot, or hold records that this release does not know.
pub(super) fn decode(bytes: &[u8]) -> Result<SnapshotContent, SnapshotError> {
    let damaged = |what: String| SnapshotError::Damaged(what);
    let mut content = SnapshotContent::default();
    let (mut begun, mut ended) = (false, false);
    for batch in batches(bytes) {
        let batch = batch.map_err(|e| damaged(e.to_string()))?;
        batch.verify_crc().map_err(|e| damaged(e.to_string()))?;
        if ended {
            return Err(damaged("records follow the footer".into()));
        }
        for (_, record) in ControlRecord::of_batch(&batch).map_err(|e| damaged(e.to_string()))? {
            match record {
                ControlRecord::SnapshotHeader { last_timestamp_ms } => {
                    content.last_timestamp_ms = last_timestamp_ms;
                    begun = true;
                }
                ControlRecord::KRaftVersion(version) => content.kraft_version = version,
                ControlRecord::Voters(voters) => content.voters = Some(voters),
                ControlRecord::SnapshotFooter => ended = true,
                ControlRecord::LeaderChange { .. } => {}
            }
        }
        if !begun {
            return Err(damaged("the first record is not a snapshot header".into()));
        }
        if !batch.header().attributes.is_control() {
            let records = decode_records(&batch).map_err(|e| damaged(e.to_string()))?;
            content.records.extend(records);
        }
    }
    if ended {
        Ok(content)
    } else {
        Err(damaged("the footer is missing".into()))
    }
}

/// The time in a snapshot's header; `head` holds at least the first batch.
pub(super) fn timestamp_ms(head: &[u8]) -> Option<i64> {
    let first = batches(head).next()?.ok()?;
    let records = ControlRecord::of_batch(&first).ok()?;
    records.iter().find_map(|(_, record)| match record {
        ControlRecord::SnapshotHeader { last_timestamp_ms } => Some(*last_timestamp_ms),
        _ => None,
    })
}

/// Writes a snapshot so that a crash leaves all of it or none of it under its name.
///
/// # Errors
/// The disk fails.
pub(super) fn write(
    disk: &dyn Disk,
    folder: &Path,
    name: &str,
    parts: &[Bytes],
) -> Result<(), SnapshotError> {
    // Kafka's name for an unfinished snapshot; it deletes such files when it starts, as we do.
    let part = folder.join(format!("{name}.part"));
    if let Err(error) = write_part(disk, &part, parts) {
        // On a full volume it is in the way.
        let _ = disk.remove_file(&part);
        return Err(error.into());
    }
    disk.rename(&part, &folder.join(name))?;
    Ok(disk.sync_dir(folder)?)
}

fn write_part(disk: &dyn Disk, part: &Path, parts: &[Bytes]) -> io::Result<()> {
    let file = disk.open(part, OpenMode::Overwrite)?;
    let mut position = 0;
    for bytes in parts {
        file.write_all_at(&[IoSlice::new(bytes)], position)?;
        position += bytes.len() as u64;
    }
    file.sync_all()
}
