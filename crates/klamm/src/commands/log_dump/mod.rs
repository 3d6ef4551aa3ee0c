//! `klamm log dump`: the files of a data folder as lines or JSON, read without a node.
//!
//! The name of a file decides how it is read: segments, indexes, producer snapshots, metadata snapshots and the small
//! text files. Damage is printed where it is found, the rest of the file is left out, and the exit code is 1.

mod checkpoint;
mod index;
mod producers;
mod segment;

use crate::failure::Failure;
use crate::screen::Screen;
use serde::Serialize;
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

const AFTER_HELP: &str = "Examples:\n  klamm log dump klamm-data/orders-0\n  \
klamm log dump --records klamm-data/orders-0/00000000000000000000.log\n  \
klamm log dump --records --json klamm-data/__cluster_metadata-0";

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// Files, or folders whose files are printed one after the other.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Print each record of a segment, with key and value; those of the metadata log are decoded.
    #[arg(long, short)]
    records: bool,
    /// Leave batches below this offset out.
    #[arg(long, value_name = "OFFSET", default_value_t = 0)]
    from_offset: i64,
    /// Stop after this many batches or entries of a file.
    #[arg(long, value_name = "COUNT")]
    limit: Option<u64>,
    /// Inflate no batch beyond this many bytes.
    #[arg(long, value_name = "BYTES", default_value_t = 128 << 20)]
    inflate_max: usize,
}

/// What is printed first for each file.
#[derive(Serialize)]
struct Heading<'a> {
    file: &'a str,
    bytes: u64,
}

impl fmt::Display for Heading<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.file, self.bytes)
    }
}

/// What is wrong at a place of a file.
#[derive(Serialize)]
struct Damage {
    damage: String,
    position: u64,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  DAMAGED at byte {}: {}", self.position, self.damage)
    }
}

/// One file being printed.
struct Dump<'a> {
    arguments: &'a Arguments,
    screen: &'a mut Screen,
    damaged: u64,
}

pub(crate) fn run(arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let mut files = Vec::new();
    for path in &arguments.paths {
        if path.is_dir() {
            files.extend(files_of(path)?);
        } else {
            files.push(path.clone());
        }
    }
    let mut dump = Dump { arguments, screen, damaged: 0 };
    for path in &files {
        dump.file(path)?;
    }
    if dump.damaged == 0 {
        return Ok(());
    }
    Err(Failure::failed(format!("{} damaged places", dump.damaged))
        .advise("a node cuts a log at the first damaged batch behind its recovery point, and rebuilds indexes and snapshots"))
}

fn files_of(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |error| Failure::failed(format!("{}: {error}", folder.display()));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

impl Dump<'_> {
    fn file(&mut self, path: &Path) -> Result<(), Failure> {
        let unreadable = |error| Failure::failed(format!("{}: {error}", path.display()));
        let file = File::open(path).map_err(unreadable)?;
        let bytes = file.metadata().map_err(unreadable)?.len();
        let shown = path.display().to_string();
        self.screen.item(&Heading { file: &shown, bytes })?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // Files that wait for their deletion keep their form.
        let name = name.strip_suffix(".deleted").unwrap_or(&name);
        match name.rsplit_once('.').map(|(_, suffix)| suffix) {
            Some("log") => self.segment(&file, bytes, is_metadata(path)),
            // KRaft's snapshots are batches too; Klamm and Kafka call other checkpoints by name, without a suffix.
            Some("checkpoint") => self.segment(&file, bytes, true),
            Some("index") => self.offset_index(&file, path),
            Some("timeindex") => self.time_index(&file, path),
            Some("txnindex") => self.transaction_index(&file),
            Some("snapshot") => self.producers(&file),
            _ if bytes <= TEXT_BYTES_MAX => self.text(&file),
            _ => Ok(()),
        }
    }

    fn damage(&mut self, position: u64, damage: impl fmt::Display) -> Result<(), Failure> {
        self.damaged += 1;
        self.screen
            .item(&Damage { damage: damage.to_string(), position })
    }

    fn is_over(&self, count: u64) -> bool {
        self.arguments.limit.is_some_and(|limit| count >= limit)
    }
}

/// Small files are text; a larger unknown file is named but not printed.
const TEXT_BYTES_MAX: u64 = 8 << 20;

/// Whether a segment is of a metadata log: by its folder's name, or because a quorum's state lies beside it.
fn is_metadata(path: &Path) -> bool {
    let Some(folder) = path.parent() else {
        return false;
    };
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("__cluster_metadata") || folder.join("quorum-state").exists()
}
