//! Indexes of a segment: offsets, times, aborted transactions.
//!
//! An index of the active segment may end in zeros that were reserved; they are passed over.

use super::Dump;
use crate::failure::Failure;
use serde::Serialize;
use std::fmt::{self, Display};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

#[derive(Serialize)]
struct OffsetEntry {
    offset: i64,
    position: i32,
}

#[derive(Serialize)]
struct TimeEntry {
    timestamp: i64,
    offset: i64,
}

#[derive(Serialize)]
struct AbortedEntry {
    version: i16,
    producer_id: i64,
    first_offset: i64,
    last_offset: i64,
    last_stable_offset: i64,
}

impl Display for OffsetEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  offset {} position {}", self.offset, self.position)
    }
}

impl Display for TimeEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  time {} offset {}", self.timestamp, self.offset)
    }
}

impl Display for AbortedEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            version,
            producer_id,
            first_offset,
            last_offset,
            last_stable_offset,
        } = self;
        write!(
            f,
            "  producer {producer_id} aborted {first_offset}..{last_offset} last stable offset {last_stable_offset} \
             version {version}"
        )
    }
}

/// An entry, and whether it follows the one before it.
struct Entry<T> {
    item: T,
    is_sound: bool,
}

impl Dump<'_> {
    pub(super) fn offset_index(&mut self, file: &File, path: &Path) -> Result<(), Failure> {
        let base = base_offset(path);
        let mut last = (-1, -1);
        self.entries(file, |bytes: &[u8; 8]| {
            let (relative, position) = (int(bytes, 0), int(bytes, 4));
            let is_sound = relative > last.0 && position > last.1;
            last = (relative, position);
            let item = OffsetEntry { offset: base.saturating_add(relative.into()), position };
            Entry { item, is_sound }
        })
    }

    pub(super) fn time_index(&mut self, file: &File, path: &Path) -> Result<(), Failure> {
        let base = base_offset(path);
        let mut last = (i64::MIN, -1);
        self.entries(file, |bytes: &[u8; 12]| {
            let (timestamp, relative) = (long(bytes, 0), int(bytes, 8));
            let is_sound = timestamp > last.0 && relative >= last.1;
            last = (timestamp, relative);
            let item = TimeEntry { timestamp, offset: base.saturating_add(relative.into()) };
            Entry { item, is_sound }
        })
    }

    pub(super) fn transaction_index(&mut self, file: &File) -> Result<(), Failure> {
        self.entries(file, |bytes: &[u8; 34]| {
            let item = AbortedEntry {
                version: i16::from_be_bytes([bytes[0], bytes[1]]),
                producer_id: long(bytes, 2),
                first_offset: long(bytes, 10),
                last_offset: long(bytes, 18),
                last_stable_offset: long(bytes, 26),
            };
            let is_sound = item.version == 0 && item.first_offset <= item.last_offset;
            Entry { item, is_sound }
        })
    }

    /// Prints entries of N bytes until the end, or until zeros follow that are reserved room.
    fn entries<const N: usize, T: Serialize + Display>(
        &mut self,
        file: &File,
        mut read: impl FnMut(&[u8; N]) -> Entry<T>,
    ) -> Result<(), Failure> {
        let mut source = BufReader::new(file);
        let mut position = 0;
        while !self.is_over(position / N as u64) {
            let mut bytes = Vec::with_capacity(N);
            source.by_ref().take(N as u64).read_to_end(&mut bytes)?;
            let Ok(entry) = <&[u8; N]>::try_from(bytes.as_slice()) else {
                if !bytes.is_empty() {
                    let left = bytes.len();
                    self.damage(
                        position,
                        format!("{left} bytes are left, less than an entry"),
                    )?;
                }
                return Ok(());
            };
            if position > 0 && *entry == [0; N] {
                return Ok(());
            }
            let Entry { item, is_sound } = read(entry);
            self.screen.item(&item)?;
            if !is_sound {
                self.damage(position, "the entry does not follow the one before")?;
            }
            position += N as u64;
        }
        Ok(())
    }
}

/// A segment's first offset, which is its name.
fn base_offset(path: &Path) -> i64 {
    let stem = path.file_name().unwrap_or_default().to_string_lossy();
    let digits = stem.split('.').next().unwrap_or_default();
    digits.parse().unwrap_or_default()
}

fn int(bytes: &[u8], at: usize) -> i32 {
    bytes
        .get(at..)
        .and_then(<[u8]>::first_chunk)
        .map_or(0, |b| i32::from_be_bytes(*b))
}

fn long(bytes: &[u8], at: usize) -> i64 {
    bytes
        .get(at..)
        .and_then(<[u8]>::first_chunk)
        .map_or(0, |b| i64::from_be_bytes(*b))
}
