//! Suites that others wrote, run as they are: only their results are ours to count.

use super::families::python_with;
use super::provision::{cache, must, once};
use super::report::{Report, Verdict};
use super::server::Server;
use super::suites::{SETTINGS_NO_AUTO_CREATE, as_case};
use crate::shell::{cargo, output, passes_quietly, passes_with, root, say};
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

/// The tests that the rskafka crate ships, without those that `compat/rskafka/excluded.txt` names; those of
/// `no-auto-create.txt` run on a node that creates no topics by itself.
pub(crate) fn rskafka(server: &mut Server, report: &mut Report) -> Result<()> {
    let stub = root().join("compat/rskafka");
    let folder = cache("rskafka");
    let recipe = std::fs::read_to_string(stub.join("Cargo.toml.in"))?;
    once(&folder, &recipe, |folder| {
        copy_crate(&recipe, "rskafka", folder)
    })?;
    let alone = names(&stub.join("no-auto-create.txt"))?;
    let skipped = [excluded(&stub)?, alone.clone()].concat();
    let mut arguments = vec!["--test-threads=2"];
    arguments.extend(skipped.iter().flat_map(|name| ["--skip", name]));
    let tests = |arguments: &[&str]| rskafka_tests(&folder, server, arguments);
    let mut ended = libtest_cases(tests, &arguments, report)?;
    let other = cache("runs").join("rskafka-no-auto-create");
    let server = Server::start_with(server.broker(), &other, SETTINGS_NO_AUTO_CREATE)?;
    let mut arguments = vec!["--exact"];
    arguments.extend(alone.iter().map(String::as_str));
    let tests = |arguments: &[&str]| rskafka_tests(&folder, &server, arguments);
    ended &= libtest_cases(tests, &arguments, report)?;
    report.case(
        "suite-ends",
        as_case(ended, "a test failed or the suite broke off"),
    );
    Ok(())
}

fn rskafka_tests(folder: &Path, server: &Server, options: &[&str]) -> Command {
    let mut tests = cargo();
    tests.args(["test", "--features", "full", "--no-fail-fast", "--"]);
    tests.args(options).current_dir(folder.join("crate"));
    tests
        .env("CARGO_TARGET_DIR", cache("rskafka-target"))
        .env_remove("RUSTFLAGS")
        .env("TEST_INTEGRATION", "1")
        .env("TEST_BROKER_IMPL", "kafka")
        .env("KAFKA_CONNECT", server.bootstrap());
    tests
}

/// Runs tests of libtest, each a case; true when all is well. `tests` makes the command for these arguments behind
/// `--`. What fails is tried once more, alone: on a busy machine some tests lose races within their own client.
pub(crate) fn libtest_cases(
    tests: impl Fn(&[&str]) -> Command,
    arguments: &[&str],
    report: &mut Report,
) -> Result<bool> {
    let mut again = Vec::new();
    let ended = passes_with(&mut tests(arguments), |line| match libtest_case(line) {
        Some((name, Err(_))) => again.push(name.to_owned()),
        Some((name, verdict)) => report.case(name, verdict),
        None => {}
    })?;
    let mut good = ended || !again.is_empty();
    for name in again {
        say(&format!("compat: {name} is tried again, alone"));
        let mut passed = false;
        let ended = passes_with(&mut tests(&["--exact", &name]), |line| {
            passed |= matches!(libtest_case(line), Some((_, Ok(Verdict::Pass))));
        })?;
        good &= ended && passed;
        report.case(
            &name,
            as_case(ended && passed, "failed twice; see its output above"),
        );
    }
    Ok(good)
}

/// Reads `test NAME ... ok|FAILED|ignored`.
fn libtest_case(line: &str) -> Option<(&str, Result<Verdict>)> {
    let (name, verdict) = line.strip_prefix("test ")?.split_once(" ... ")?;
    match verdict.split([',', ' ']).next()? {
        "ok" => Some((name, Ok(Verdict::Pass))),
        "ignored" => Some((name, Ok(Verdict::Skip("ignored by the suite".to_owned())))),
        "FAILED" => Some((name, Err(anyhow!("see its output below")))),
        _ => None,
    }
}

/// The tests that are not run.
pub(crate) fn excluded(stub: &Path) -> Result<Vec<String>> {
    names(&stub.join("excluded.txt"))
}

/// Names before the first space; the rest of a line is the reason.
pub(crate) fn names(file: &Path) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(file)?;
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
