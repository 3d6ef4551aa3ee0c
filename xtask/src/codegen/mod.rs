//! Writes Rust for the messages and records that the `*.kschema` files describe.
//!
//! | schema files            | become                           | one module a        |
//! |-------------------------|----------------------------------|---------------------|
//! | `crates/wire/schema`    | `crates/wire/src/messages`       | API                 |
//! | `crates/metadata/schema`| `crates/metadata/src/generated`  | record              |
//! | `crates/raft/schema`    | `crates/raft/src/generated`      | record              |
//! | `crates/coordinator/schema` | `crates/coordinator/src/generated` | key and value |

mod answer;
mod decode;
mod emit;
mod encode;
mod listing;
mod names;
mod schema;
#[cfg(test)]
mod tests;

use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use schema::{Kind, Message};

/// A crate that gets generated code.
struct Room {
    schema: &'static str,
    output: &'static str,
    kind: RoomKind,
}

/// What a crate wants beside the messages themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RoomKind {
    /// Requests with their responses, and a table of all APIs.
    Apis,
    /// Records of one log, and an enum of them.
    Records,
    /// Modules only.
    Plain,
}

const ROOMS: [Room; 4] = [
    Room {
        schema: "crates/wire/schema",
        output: "crates/wire/src/messages",
        kind: RoomKind::Apis,
    },
    Room {
        schema: "crates/metadata/schema",
        output: "crates/metadata/src/generated",
        kind: RoomKind::Records,
    },
    Room {
        schema: "crates/raft/schema",
        output: "crates/raft/src/generated",
        kind: RoomKind::Plain,
    },
    Room {
        schema: "crates/coordinator/schema",
        output: "crates/coordinator/src/generated",
        kind: RoomKind::Plain,
    },
];

/// A schema file, read.
struct SchemaFile {
    /// The file name without its ending; numbered by API or record.
    stem: String,
    /// The module in Rust: the stem without the number.
    module: String,
    messages: Vec<Message>,
}

impl SchemaFile {
    /// The API's name if the file holds a request and a response.
    fn api(&self) -> Option<&str> {
        match self.messages.as_slice() {
            [request, response]
                if request.kind == Kind::Request && response.kind == Kind::Response =>
            {
                request.name.strip_suffix("Request")
            }
            _ => None,
        }
    }
}

/// Writes the generated files; with `check`, fails if one of them is stale and writes nothing.
///
/// # Errors
/// A schema file can't be understood, a file can't be written, `rustfmt` is missing, or (with `check`) files are stale.
pub(crate) fn run(check: bool) -> Result<()> {
    let fresh = format(&generate()?)?;
    let mut stale = Vec::new();
    for room in &ROOMS {
        let entries = std::fs::read_dir(room.output).into_iter().flatten();
        for path in entries
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<Vec<_>>>()?
        {
            if !fresh.contains_key(&path) {
                stale.push(path);
            }
        }
    }
    for (path, text) in &fresh {
        if std::fs::read_to_string(path).ok().as_ref() != Some(text) {
            stale.push(path.clone());
        }
    }
    if check {
        ensure!(
            stale.is_empty(),
            "stale, run `cargo xtask codegen`: {stale:?}"
        );
        return Ok(());
    }
    for path in stale {
        match fresh.get(&path) {
            Some(text) => {
                std::fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
                std::fs::write(&path, text).with_context(|| format!("write {path:?}"))?;
            }
            None => std::fs::remove_file(&path).with_context(|| format!("remove {path:?}"))?,
        }
    }
    Ok(())
}

/// All generated files, not yet formatted.
fn generate() -> Result<BTreeMap<PathBuf, String>> {
    let mut out = BTreeMap::new();
    for room in &ROOMS {
        let files = read(Path::new(room.schema))?;
        for file in &files {
            let doc = listing::doc(file);
            let text = emit::file(&file.messages, &doc, file.api());
            out.insert(
                Path::new(room.output).join(format!("{}.rs", file.stem)),
                text,
            );
        }
        let listing = listing::module(&files, room.kind);
        out.insert(Path::new(room.output).join("mod.rs"), listing);
    }
    Ok(out)
}

/// Reads the schema files of a folder in order, headers aside: those are written by hand.
fn read(folder: &Path) -> Result<Vec<SchemaFile>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("read {folder:?}"))? {
        let path = entry?.path();
        if path
            .extension()
            .is_none_or(|extension| extension != "kschema")
        {
            continue;
        }
        let text = std::fs::read_to_string(&path)?;
        let messages = match schema::parse(&text) {
            Ok(messages) => messages,
            Err(error) => bail!("{}: {error}", path.display()),
        };
        if messages.iter().all(|message| message.kind == Kind::Header) {
            continue;
        }
        let stem = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let module = stem
            .trim_start_matches(|c: char| c.is_ascii_digit() || c == '_')
            .to_owned();
        files.push(SchemaFile { stem, module, messages });
    }
    files.sort_by(|a, b| a.stem.cmp(&b.stem));
    Ok(files)
}

/// Runs everything through `rustfmt`, in a folder of its own below `target`.
fn format(files: &BTreeMap<PathBuf, String>) -> Result<BTreeMap<PathBuf, String>> {
    let folder = Path::new("target/codegen").join(std::process::id().to_string());
    for (path, text) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(&folder))?;
        std::fs::write(path, text)?;
    }
    let roots = ROOMS
        .iter()
        .map(|room| folder.join(room.output).join("mod.rs"));
    let status = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path", "rustfmt.toml"])
        .args(roots)
        .status()
        .context("run rustfmt")?;
    ensure!(
        status.success(),
        "rustfmt refuses the generated code in {folder:?}"
    );
    let mut formatted = BTreeMap::new();
    for path in files.keys() {
        formatted.insert(path.clone(), std::fs::read_to_string(folder.join(path))?);
    }
    std::fs::remove_dir_all(&folder)?;
    Ok(formatted)
}
