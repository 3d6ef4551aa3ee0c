//! An arrow between crates points down, or sideways where the picture says so.
//!
//! Reads the `[dependencies]` of every crate; what only tests use is free.

use super::dependencies::{Manifest, manifests};
use super::{Complaint, Tree, complain};

/// The picture, from the ground up.
const LAYERS: [(&str, &[&str]); 5] = [
    (
        "ground",
        &[
            "klamm-model",
            "klamm-settings",
            "klamm-host",
            "klamm-host-sim",
        ],
    ),
    ("formats", &["klamm-codec", "klamm-records", "klamm-wire"]),
    (
        "cores",
        &[
            "klamm-storage",
            "klamm-raft",
            "klamm-metadata",
            "klamm-coordinator",
        ],
    ),
    ("assembly", &["klamm-broker", "klamm-client"]),
    ("programs", &["klamm", "klamm-sim", "klamm-bench", "xtask"]),
];

/// The only arrows inside a layer.
const SIDEWAYS: [(&str, &str); 5] = [
    ("klamm-settings", "klamm-model"),
    ("klamm-host-sim", "klamm-host"),
    ("klamm-records", "klamm-codec"),
    ("klamm-wire", "klamm-codec"),
    ("klamm-bench", "klamm"),
];

/// Who may depend on what is otherwise forbidden: the thing, those who may, the reason.
const RESERVED: [(&str, &[&str], &str); 6] = [
    (
        "klamm-wire",
        &[
            "klamm-broker",
            "klamm-client",
            "klamm",
            "klamm-sim",
            "klamm-bench",
        ],
        "cores speak their own types, not Kafka's messages",
    ),
    (
        "klamm-host-sim",
        &["klamm-sim"],
        "the simulated host is for simulation and tests",
    ),
    (
        "tokio",
        &[
            "klamm-host",
            "klamm-host-sim",
            "klamm-broker",
            "klamm-client",
            "klamm",
            "klamm-sim",
            "klamm-bench",
        ],
        "formats and cores know no runtime",
    ),
    (
        "rustix",
        &["klamm-host", "klamm-bench"],
        "system calls live in host",
    ),
    ("libc", &["klamm-host"], "system calls live in host"),
    (
        "anyhow",
        &["klamm", "klamm-sim", "klamm-bench", "xtask"],
        "libraries have typed errors",
    ),
];

pub(crate) fn check(tree: &Tree, out: &mut Vec<Complaint>) {
    for manifest in manifests(tree) {
        let Some(layer) = layer_of(&manifest.package) else {
            let what = format!("{} is not in the picture of layers", manifest.package);
            complain(out, &manifest.path, 0, what);
            continue;
        };
        for (line, dependency) in &manifest.dependencies {
            check_arrow(&manifest, layer, *line, dependency, out);
        }
    }
}

fn check_arrow(from: &Manifest, layer: usize, line: usize, to: &str, out: &mut Vec<Complaint>) {
    let package = from.package.as_str();
    if let Some(target) = layer_of(to) {
        let sideways = SIDEWAYS.contains(&(package, to));
        if target > layer || (target == layer && !sideways) {
            let names = (LAYERS.get(layer), LAYERS.get(target));
            let rows = names.0.zip(names.1).map_or(("", ""), |(a, b)| (a.0, b.0));
            let what = format!(
                "{package} ({}) may not depend on {to} ({}): arrows point down",
                rows.0, rows.1
            );
            complain(out, &from.path, line, what);
        }
    }
    for (thing, who, why) in RESERVED {
        if thing == to && !who.contains(&package) {
            complain(
                out,
                &from.path,
                line,
                format!("{package} may not depend on {to}: {why}"),
            );
        }
    }
}

fn layer_of(package: &str) -> Option<usize> {
    LAYERS
        .iter()
        .position(|(_, crates)| crates.contains(&package))
}
