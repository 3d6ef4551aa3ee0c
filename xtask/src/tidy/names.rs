//! Names that say nothing, strangers in the root folder, and blobs.

use super::{Complaint, Tree, complain};
use std::collections::BTreeSet;

const BANNED: [&str; 9] = [
    "common", "util", "utils", "helper", "helpers", "misc", "manager", "managers", "types",
];

/// Everything that may stand in the root folder.
const ROOT_ENTRIES: [&str; 18] = [
    ".cargo",
    ".ci",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "clippy.toml",
    "compat",
    "crates",
    "deny.toml",
    "docs",
    "fuzz",
    "rustfmt.toml",
    "xtask",
];

const FILE_BYTES_MAX: usize = 256 * 1024;

pub(crate) fn check(tree: &Tree, out: &mut Vec<Complaint>) {
    let mut strangers = BTreeSet::new();
    for (path, content) in tree.files() {
        for part in path.split('/') {
            let stem = part.split('.').next().unwrap_or_default();
            if BANNED.contains(&stem) {
                let what = format!("`{stem}` says nothing: name the file after its job");
                complain(out, path, 0, what);
            }
        }
        let entry = path.split('/').next().unwrap_or_default();
        if !ROOT_ENTRIES.contains(&entry) && strangers.insert(entry.to_owned()) {
            complain(out, entry, 0, "does not belong in the root folder");
        }
        if content.len() > FILE_BYTES_MAX {
            let what = format!(
                "{} bytes: keep blobs out, make them in a test",
                content.len()
            );
            complain(out, path, 0, what);
        }
    }
}
