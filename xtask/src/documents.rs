//! The generated documents: `docs/protocol.md`, `docs/config.md` and `docs/operating/metrics.md`.
//!
//! Each is printed by an example program of the crate that knows the facts, so that xtask itself stays small and
//! builds even while the broker does not.

use crate::shell::{cargo, output, say};
use anyhow::{Context, Result, bail};
use std::path::Path;

/// A document and the example program that prints it.
struct Document {
    path: &'static str,
    package: &'static str,
    example: &'static str,
}

const DOCUMENTS: [Document; 3] = [
    Document {
        path: "docs/protocol.md",
        package: "klamm-broker",
        example: "protocol_md",
    },
    Document {
        path: "docs/config.md",
        package: "klamm-settings",
        example: "config_md",
    },
    Document {
        path: "docs/operating/metrics.md",
        package: "klamm-broker",
        example: "metrics_md",
    },
];

/// Writes what changed; with `check`, writes nothing and fails when something would change.
pub(crate) fn generate(check: bool) -> Result<()> {
    let mut stale = Vec::new();
    for document in &DOCUMENTS {
        let source = crate_folder(document.package).join("examples");
        if !source.join(format!("{}.rs", document.example)).is_file() {
            continue;
        }
        let mut print = cargo();
        print.args(["run", "--quiet", "--package", document.package]);
        let text = output(print.args(["--example", document.example]))?;
        let old = std::fs::read_to_string(document.path).unwrap_or_default();
        if old == text {
            continue;
        }
        if check {
            stale.push(document.path);
        } else {
            std::fs::write(document.path, text)
                .with_context(|| format!("writing {}", document.path))?;
            say(&format!("wrote {}", document.path));
        }
    }
    if !stale.is_empty() {
        bail!("not fresh: {} (run cargo xtask codegen)", stale.join(", "));
    }
    Ok(())
}

fn crate_folder(package: &str) -> &Path {
    Path::new(match package {
        "klamm-broker" => "crates/broker",
        _ => "crates/settings",
    })
}
