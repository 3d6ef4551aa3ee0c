//! Every foreign dependency stands once, in the root manifest, with what it saves us.

use super::{Complaint, Tree, complain};
use std::collections::BTreeSet;

/// What we need to know of a crate's manifest.
#[derive(Debug)]
pub(crate) struct Manifest {
    pub(crate) path: String,
    pub(crate) package: String,
    /// Line and name of each entry under `[dependencies]` and `[build-dependencies]`.
    pub(crate) dependencies: Vec<(usize, String)>,
    /// The same for `[dev-dependencies]`.
    pub(crate) for_tests: Vec<(usize, String)>,
}

const ROOT: &str = "Cargo.toml";

pub(crate) fn check(tree: &Tree, out: &mut Vec<Complaint>) {
    let manifests = manifests(tree);
    let used: BTreeSet<&str> = manifests
        .iter()
        .flat_map(|manifest| manifest.dependencies.iter().chain(&manifest.for_tests))
        .map(|(_, name)| name.as_str())
        .collect();
    for (line, text, name) in entries(
        tree.text(ROOT).unwrap_or_default(),
        "workspace.dependencies",
    ) {
        let reason = text.split_once(" #").map_or("", |(_, reason)| reason);
        // Our own crates may stand there before somebody needs them.
        if text.contains("path =") {
            continue;
        }
        if reason.trim().is_empty() {
            complain(
                out,
                ROOT,
                line,
                format!("say after `#` what {name} saves us"),
            );
        }
        if !used.contains(name.as_str()) {
            complain(out, ROOT, line, format!("no crate uses {name}"));
        }
    }
    for manifest in &manifests {
        let text = tree.text(&manifest.path).unwrap_or_default();
        for section in SECTIONS {
            for (line, entry, name) in entries(text, section) {
                if !entry.replace(' ', "").contains("workspace=true") {
                    let what = format!("take {name} from the workspace: `{name}.workspace = true`");
                    complain(out, &manifest.path, line, what);
                }
            }
        }
    }
}

const SECTIONS: [&str; 3] = ["dependencies", "build-dependencies", "dev-dependencies"];

/// The manifests of all crates of the workspace.
pub(crate) fn manifests(tree: &Tree) -> Vec<Manifest> {
    tree.texts("/Cargo.toml")
        .filter(|(path, _)| path.starts_with("crates/") || path.starts_with("xtask/"))
        .map(|(path, text)| {
            let names = |section| {
                entries(text, section)
                    .into_iter()
                    .map(|(at, _, name)| (at, name))
            };
            Manifest {
                path: path.to_owned(),
                package: package_name(text),
                dependencies: names("dependencies")
                    .chain(names("build-dependencies"))
                    .collect(),
                for_tests: names("dev-dependencies").collect(),
            }
        })
        .collect()
}

fn package_name(text: &str) -> String {
    entries(text, "package")
        .into_iter()
        .find(|(_, _, key)| key == "name")
        .and_then(|(_, entry, _)| Some(entry.split('"').nth(1)?.to_owned()))
        .unwrap_or_default()
}

/// The entries of one section: line counted from 1, the whole line, and the key before the first dot or `=`.
fn entries<'text>(text: &'text str, section: &str) -> Vec<(usize, &'text str, String)> {
    let header = format!("[{section}]");
    let mut inside = false;
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            inside = line == header;
        } else if inside && line.contains('=') && !line.starts_with('#') {
            let key = line.split(['.', '=', ' ']).next().unwrap_or_default();
            found.push((at + 1, line, key.trim_matches('"').to_owned()));
        }
    }
    found
}
