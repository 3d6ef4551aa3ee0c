//! Producer snapshots: which producers a partition knows, and their last sequence numbers.

use super::Dump;
use crate::failure::Failure;
use klamm_records::crc32c;
use serde::Serialize;
use std::fmt;
use std::fs::File;
use std::io::Read;

#[derive(Serialize)]
struct Producer {
    producer_id: i64,
    epoch: i16,
    last_sequence: i32,
    last_offset: i64,
    offset_delta: i32,
    timestamp: i64,
    coordinator_epoch: i32,
    transaction_first_offset: i64,
}

impl fmt::Display for Producer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "  producer {} epoch {} last sequence {} last offset {} time {}",
            self.producer_id, self.epoch, self.last_sequence, self.last_offset, self.timestamp
        )?;
        if self.transaction_first_offset >= 0 {
            write!(f, " transaction since {}", self.transaction_first_offset)?;
        }
        Ok(())
    }
}

/// version i16, CRC-32C u32 of the rest, count i32.
const HEAD_BYTES: usize = 10;
const ENTRY_BYTES: usize = 46;
const CRC_FROM: usize = 6;

impl Dump<'_> {
    pub(super) fn producers(&mut self, file: &File) -> Result<(), Failure> {
        let mut bytes = Vec::new();
        let mut source = file;
        source.read_to_end(&mut bytes)?;
        let Some((head, mut rest)) = bytes.split_first_chunk::<HEAD_BYTES>() else {
            return self.damage(0, "the file is shorter than its head");
        };
        let [v0, v1, c0, c1, c2, c3, n0, n1, n2, n3] = *head;
        let version = i16::from_be_bytes([v0, v1]);
        if version != 1 {
            return self.damage(0, format!("version {version} is unknown"));
        }
        let stored = u32::from_be_bytes([c0, c1, c2, c3]);
        let computed = crc32c(bytes.get(CRC_FROM..).unwrap_or_default());
        if stored != computed {
            self.damage(
                2,
                format!("the checksum is {computed:#010x}, but {stored:#010x} was stored"),
            )?;
        }
        let count = i32::from_be_bytes([n0, n1, n2, n3]);
        for number in 0..count {
            if self.is_over(number.unsigned_abs().into()) {
                return Ok(());
            }
            let Some((entry, left)) = rest.split_first_chunk::<ENTRY_BYTES>() else {
                return self.damage(
                    bytes.len() as u64,
                    format!("{count} producers are announced, {number} are there"),
                );
            };
            rest = left;
            let producer = read(entry);
            self.screen.item(&producer)?;
        }
        Ok(())
    }
}

fn read(entry: &[u8; ENTRY_BYTES]) -> Producer {
    let short = |at: usize| i16::from_be_bytes(part(entry, at));
    let int = |at: usize| i32::from_be_bytes(part(entry, at));
    let long = |at: usize| i64::from_be_bytes(part(entry, at));
    Producer {
        producer_id: long(0),
        epoch: short(8),
        last_sequence: int(10),
        last_offset: long(14),
        offset_delta: int(22),
        timestamp: long(26),
        coordinator_epoch: int(34),
        transaction_first_offset: long(38),
    }
}

fn part<const N: usize>(entry: &[u8; ENTRY_BYTES], at: usize) -> [u8; N] {
    let found = entry.get(at..).and_then(<[u8]>::first_chunk);
    found.copied().unwrap_or([0; N])
}
