//! Segments and metadata snapshots: batches, and the records in them.

use super::Dump;
use crate::failure::Failure;
use crate::payload;
use bytes::Bytes;
use klamm_metadata::MetadataRecord;
use klamm_records::{
    BatchHeader, BatchView, ControlType, HEADER_BYTES, InflateLimit, Inflater, RecordView, Records,
};
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt;
use std::fs::File;
use std::os::unix::fs::FileExt;

#[derive(Serialize)]
struct Batch {
    base_offset: i64,
    last_offset: i64,
    records: i32,
    position: u64,
    bytes: usize,
    leader_epoch: i32,
    compression: String,
    max_timestamp: i64,
    timestamp_type: &'static str,
    producer_id: i64,
    producer_epoch: i16,
    base_sequence: i32,
    transactional: bool,
    control: bool,
    crc: u32,
}

impl fmt::Display for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "  batch {}..{} records {} position {} bytes {} epoch {} {} {} {}",
            self.base_offset,
            self.last_offset,
            self.records,
            self.position,
            self.bytes,
            self.leader_epoch,
            self.compression,
            self.timestamp_type,
            self.max_timestamp,
        )?;
        if self.producer_id >= 0 {
            write!(
                f,
                " producer {} epoch {} sequence {}",
                self.producer_id, self.producer_epoch, self.base_sequence
            )?;
        }
        if self.transactional {
            f.write_str(" transactional")?;
        }
        if self.control {
            f.write_str(" control")?;
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Record {
    offset: i64,
    timestamp: i64,
    key: Value,
    value: Value,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    headers: Vec<(String, Value)>,
    #[serde(skip)]
    line: String,
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl Dump<'_> {
    pub(super) fn segment(&mut self, file: &File, len: u64, metadata: bool) -> Result<(), Failure> {
        let mut position = 0;
        let mut count = 0;
        let mut inflater = Inflater::default();
        while position < len && !self.is_over(count) {
            let bytes = match read_batch(file, position, len) {
                Ok(bytes) => bytes,
                Err(damage) => return self.damage(position, damage),
            };
            let batch = match BatchView::parse(&bytes) {
                Ok(batch) => batch,
                Err(error) => return self.damage(position, error),
            };
            let header = *batch.header();
            let last_offset = header
                .base_offset
                .0
                .saturating_add(header.last_offset_delta.into());
            if last_offset >= self.arguments.from_offset {
                count += 1;
                self.screen.item(&describe(&header, position))?;
                if let Err(error) = batch.validate_stored() {
                    self.damage(position, error)?;
                } else if self.arguments.records {
                    self.records(&batch, position, metadata, &mut inflater)?;
                }
            }
            position += bytes.len() as u64;
        }
        Ok(())
    }

    fn records(
        &mut self,
        batch: &BatchView<'_>,
        position: u64,
        metadata: bool,
        inflater: &mut Inflater,
    ) -> Result<(), Failure> {
        let limit = InflateLimit::bytes(self.arguments.inflate_max);
        let body = match batch.inflate(inflater, limit) {
            Ok(body) => body,
            Err(error) => return self.damage(position, error),
        };
        let header = batch.header();
        for record in Records::new(header, &body) {
            match record {
                Ok(record) => {
                    let shown = show(&record, header.attributes.is_control(), metadata);
                    self.screen.item(&shown)?;
                }
                Err(problem) => return self.damage(position, problem),
            }
        }
        Ok(())
    }
}

/// The bytes of the batch at a position. Allocates no more than the file has.
fn read_batch(file: &File, position: u64, len: u64) -> Result<Vec<u8>, String> {
    let left = len - position;
    let mut header = [0; HEADER_BYTES];
    if left < HEADER_BYTES as u64 {
        return Err(format!(
            "{left} bytes are left, less than the header of a batch"
        ));
    }
    file.read_exact_at(&mut header, position)
        .map_err(|error| error.to_string())?;
    let need = BatchHeader::parse(&header).batch_bytes();
    let need = need.max(HEADER_BYTES);
    if need as u64 > left {
        return Err(format!("the batch needs {need} bytes and {left} are left"));
    }
    let mut bytes = vec![0; need];
    file.read_exact_at(&mut bytes, position)
        .map_err(|error| error.to_string())?;
    Ok(bytes)
}

fn describe(header: &BatchHeader, position: u64) -> Batch {
    let attributes = header.attributes;
    let codec = header.compression();
    Batch {
        base_offset: header.base_offset.0,
        last_offset: header
            .base_offset
            .0
            .saturating_add(header.last_offset_delta.into()),
        records: header.record_count,
        position,
        bytes: header.batch_bytes(),
        leader_epoch: header.leader_epoch.0,
        compression: codec.map_or_else(
            || format!("codec {}", attributes.codec_id()),
            |c| c.to_string(),
        ),
        max_timestamp: header.max_timestamp_ms,
        timestamp_type: match attributes.timestamp_type() {
            klamm_records::TimestampType::CreateTime => "CreateTime",
            klamm_records::TimestampType::LogAppendTime => "LogAppendTime",
        },
        producer_id: header.producer_id.0,
        producer_epoch: header.producer_epoch,
        base_sequence: header.base_sequence,
        transactional: attributes.is_transactional(),
        control: attributes.is_control(),
        crc: header.crc,
    }
}

fn show(record: &RecordView<'_>, control: bool, metadata: bool) -> Record {
    let (key, value) = (record.key, record.value);
    let headers: Vec<(String, Value)> = record
        .headers
        .map(|header| {
            (
                String::from_utf8_lossy(header.key).into_owned(),
                payload::in_json(header.value),
            )
        })
        .collect();
    let decoded = if control {
        control_text(key, value)
    } else if metadata {
        value.map(metadata_text)
    } else {
        None
    };
    let mut line = format!("    {} time {}", record.offset, record.timestamp_ms);
    if let Some((kind, text)) = &decoded {
        line = format!("{line} {kind} {text}");
    } else {
        let shown = |bytes: Option<&[u8]>| bytes.map_or("null".to_owned(), payload::on_one_line);
        line = format!("{line} key {} value {}", shown(key), shown(value));
        for (name, value) in &headers {
            line = format!("{line} header {name}={value}");
        }
    }
    let value = match decoded {
        Some((kind, text)) => json!({ "kind": kind, "fields": text }),
        None => payload::in_json(value),
    };
    Record {
        offset: record.offset.0,
        timestamp: record.timestamp_ms,
        key: payload::in_json(key),
        value,
        headers,
        line,
    }
}

fn control_text(key: Option<&[u8]>, value: Option<&[u8]>) -> Option<(String, String)> {
    let kind = match ControlType::from_key(key?)? {
        ControlType::Abort => "abort",
        ControlType::Commit => "commit",
        ControlType::LeaderChange => "leader change",
        ControlType::SnapshotHeader => "snapshot header",
        ControlType::SnapshotFooter => "snapshot footer",
        ControlType::KraftVersion => "kraft version",
        ControlType::KraftVoters => "kraft voters",
        ControlType::Unknown(_) => "unknown control record",
    };
    Some((
        kind.to_owned(),
        payload::on_one_line(value.unwrap_or_default()),
    ))
}

fn metadata_text(value: &[u8]) -> (String, String) {
    match MetadataRecord::from_value(Bytes::copy_from_slice(value)) {
        Ok(record) => (record.name().to_owned(), fields_of(&record)),
        Err(error) => ("unreadable".to_owned(), error.to_string()),
    }
}

/// `Topic(TopicRecord { name: "t" })` → `name: "t"`: the kind stands in front already.
fn fields_of(record: &MetadataRecord) -> String {
    let text = format!("{record:?}");
    let inner = text
        .split_once(" { ")
        .and_then(|(_, rest)| rest.strip_suffix(" })"));
    inner.unwrap_or_default().to_owned()
}
