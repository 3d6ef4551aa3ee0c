//! Ends what a cleaner of the last run began.
//!
//! A cleaner writes `.cleaned` files, renames them all to `.swap`, removes the segments that they replace, and renames
//! them to their final names. Found at a start: `.cleaned` files are worth nothing (neither are `.swap` files at or above
//! the first of them: a split that did not finish); other `.swap` files are complete and take their place.

use crate::error::StorageError;
use crate::files::Files;
use crate::layout::{FileKind, FileName};
use crate::scan::HeaderWalk;
use klamm_host::{DirEntry, OpenMode};
use std::path::Path;

/// Takes complete replacements in. Gives the folder's content afterwards.
pub(super) fn finish_swaps(
    files: &Files,
    entries: Vec<DirEntry>,
) -> Result<Vec<DirEntry>, StorageError> {
    let name = |entry: &DirEntry| FileName::parse(&entry.name);
    if !entries
        .iter()
        .any(|e| matches!(name(e), FileName::Swap(..)))
    {
        return Ok(entries);
    }
    let path = files.folder_path();
    let cleaned = entries.iter().filter_map(|e| match name(e) {
        FileName::Cleaned(base) => Some(base),
        _ => None,
    });
    let first_cleaned = cleaned.min().unwrap_or(i64::MAX);
    let (mut from, mut to) = (i64::MAX, i64::MIN);
    let mut swaps = Vec::new();
    for entry in &entries {
        let FileName::Swap(kind, base) = name(entry) else {
            continue;
        };
        if base >= first_cleaned {
            files.remove(&path.join(&entry.name))?;
            continue;
        }
        swaps.push((&entry.name, kind, base));
        if kind == FileKind::Log {
            from = from.min(base);
            to = to.max(end_of(files, &path.join(&entry.name), entry.len, base)?);
        }
    }
    for entry in &entries {
        // The producers' state where the new segment begins still holds.
        if let FileName::Live(kind, offset) = name(entry)
            && (from..to).contains(&offset)
            && (kind, offset) != (FileKind::Snapshot, from)
        {
            files.remove(&path.join(&entry.name))?;
        }
    }
    files.sync_folder()?;
    // Logs first: as long as one is a `.swap`, a second crash makes this begin anew and remove what has its name.
    let (logs, others): (Vec<_>, Vec<_>) = swaps
        .into_iter()
        .partition(|(_, kind, _)| *kind == FileKind::Log);
    for part in [logs, others] {
        for (name, kind, base) in part {
            files.rename(&path.join(name), &files.path(kind, base))?;
        }
        files.sync_folder()?;
    }
    files
        .disk()
        .list(&path)
        .map_err(|e| files.read_failed(&path, &e))
}

/// The offset after the last batch of a log file.
fn end_of(files: &Files, path: &Path, len: u64, base: i64) -> Result<i64, StorageError> {
    let failed = |e: &std::io::Error| files.read_failed(path, e);
    let file = files
        .disk()
        .open(path, OpenMode::Read)
        .map_err(|e| failed(&e))?;
    let mut walk = HeaderWalk::headers(&*file, 0, len, i64::MIN);
    let mut end = base;
    while let Ok(Some(found)) = walk.step().map_err(|e| failed(&e))? {
        end = found.header.next_offset().0;
    }
    Ok(end)
}
