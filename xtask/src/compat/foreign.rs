//! Suites that others wrote, run as they are: only their results are ours to count.

use super::families::python_with;
use super::provision::{cache, must, once};
use super::report::{Report, Verdict};
use super::server::Server;
use super::suites::as_case;
use crate::shell::{cargo, output, passes_quietly, passes_with, root};
use anyhow::{Context, Result, anyhow};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Every advertised version of every API, asked once; the driver judges with Kafka's schemas as kio has them.
pub(crate) fn kio(server: &mut Server, report: &mut Report) -> Result<()> {
    let python = python_with("kio==0.6.5")?;
    let mut sweep = Command::new(python);
    sweep.env("PYTHONDONTWRITEBYTECODE", "1");
    sweep
        .arg("-u")
        .arg(root().join("compat/kio/sweep.py"))
        .arg(server.bootstrap());
    let ended = passes_quietly(&mut sweep, |line| report.foreign_line(line))?;
    report.case("sweep-ends", as_case(ended, "the sweep broke off"));
    Ok(())
}

/// The tests that the rskafka crate ships, without those that `compat/rskafka/excluded.txt` names.
pub(crate) fn rskafka(server: &mut Server, report: &mut Report) -> Result<()> {
    let stub = root().join("compat/rskafka");
    let folder = cache("rskafka");
    let recipe = std::fs::read_to_string(stub.join("Cargo.toml.in"))?;
    once(&folder, &recipe, |folder| {
        copy_crate(&recipe, "rskafka", folder)
    })?;
    let mut tests = cargo();
    tests.args([
        "test",
        "--features",
        "full",
        "--no-fail-fast",
        "--",
        "--test-threads=2",
    ]);
    for name in excluded(&stub)? {
        tests.args(["--skip", &name]);
    }
    tests.current_dir(folder.join("crate"));
    tests
        .env("CARGO_TARGET_DIR", cache("rskafka-target"))
        .env_remove("RUSTFLAGS");
    tests
        .env("TEST_INTEGRATION", "1")
        .env("TEST_BROKER_IMPL", "kafka");
    tests.env("KAFKA_CONNECT", server.bootstrap());
    let ended = passes_with(&mut tests, |line| {
        let Some((name, verdict)) = libtest_case(line) else {
            return;
        };
        report.case(name, verdict);
    })?;
    report.case(
        "suite-ends",
        as_case(ended, "a test failed or the suite broke off"),
    );
    Ok(())
}

/// Reads `test NAME ... ok|FAILED|ignored`.
pub(crate) fn libtest_case(line: &str) -> Option<(&str, Result<Verdict>)> {
    let (name, verdict) = line.strip_prefix("test ")?.split_once(" ... ")?;
    match verdict.split([',', ' ']).next()? {
        "ok" => Some((name, Ok(Verdict::Pass))),
        "ignored" => Some((name, Ok(Verdict::Skip("ignored by the suite".to_owned())))),
        "FAILED" => Some((name, Err(anyhow!("see its output below")))),
        _ => None,
    }
}

/// Names before the first space; the rest of a line is the reason.
pub(crate) fn excluded(stub: &Path) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(stub.join("excluded.txt"))?;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    Ok(lines
        .filter_map(|line| Some(line.split_whitespace().next()?.to_owned()))
        .collect())
}

/// Fetches a published crate and copies it: a crate of the registry cannot be tested where it lies.
pub(crate) fn copy_crate(manifest: &str, name: &str, folder: &Path) -> Result<()> {
    let fetch = folder.join("fetch");
    std::fs::create_dir_all(&fetch)?;
    std::fs::write(fetch.join("Cargo.toml"), manifest)?;
    std::fs::write(fetch.join("lib.rs"), "")?;
    let mut metadata = cargo();
    metadata
        .args(["metadata", "--format-version", "1"])
        .current_dir(&fetch);
    let manifest = manifest_of(&output(&mut metadata)?, &format!("/{name}-"))
        .with_context(|| format!("no {name}"))?;
    let source = manifest.parent().context("a manifest lies in a folder")?;
    must(
        Command::new("cp")
            .arg("-r")
            .arg(source)
            .arg(folder.join("crate")),
    )?;
    // The lock that rskafka publishes does not compile, and the toolchain is ours.
    for name in ["Cargo.lock", "rust-toolchain.toml"] {
        let path = folder.join("crate").join(name);
        if path.exists() {
            std::fs::remove_file(path)?;
        }
    }
    // A workspace of its own, although it lies inside ours.
    let path = folder.join("crate/Cargo.toml");
    let text = std::fs::read_to_string(&path)?;
    if !text.contains("[workspace]") {
        std::fs::write(path, text + "\n[workspace]\n")?;
    }
    Ok(())
}

/// The first manifest in cargo's metadata whose path contains `part`.
fn manifest_of(metadata: &str, part: &str) -> Option<PathBuf> {
    metadata
        .split("\"manifest_path\":\"")
        .filter_map(|rest| rest.split('"').next())
        .find(|path| path.contains(part))
        .map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::{libtest_case, manifest_of};

    #[test]
    fn libtest_lines_are_cases() {
        assert_eq!(libtest_case("test a::b ... ok").unwrap().0, "a::b");
        assert!(libtest_case("test a::b ... FAILED").unwrap().1.is_err());
        assert!(libtest_case("test result: ok. 3 passed").is_none());
        assert!(libtest_case("running 3 tests").is_none());
    }

    #[test]
    fn a_manifest_is_found_in_metadata() {
        let text = r#"{"manifest_path":"/r/a-1/Cargo.toml"},{"manifest_path":"/r/rskafka-0.6.0/Cargo.toml"}"#;
        let found = manifest_of(text, "/rskafka-").unwrap();
        assert_eq!(found.to_str(), Some("/r/rskafka-0.6.0/Cargo.toml"));
    }
}
