//! Suites of tests that client libraries ship, run as published against a broker that is set up as they expect.

use super::families::python_with;
use super::foreign::{copy_crate, excluded, libtest_cases, names};
use super::provision::{cache, must, need, once};
use super::report::{Report, Verdict};
use super::server::Server;
use crate::shell::{cargo, passes_quietly, root, say};
use anyhow::{Result, anyhow, ensure};
use std::path::Path;
use std::process::Command;

/// What the suites expect of a broker beside its defaults: short sessions, no wait for more members.
pub(crate) const SETTINGS: &[&str] = &[
    "num.partitions=4",
    "group.initial.rebalance.delay.ms=0",
    "group.min.session.timeout.ms=1000",
];
/// The same for tests that want topics to appear only when they are created.
pub(crate) const SETTINGS_NO_AUTO_CREATE: &[&str] = &[
    "num.partitions=4",
    "group.initial.rebalance.delay.ms=0",
    "group.min.session.timeout.ms=1000",
    "auto.create.topics.enable=false",
];
/// The same with the number of partitions that the tests of the rdkafka crate count on.
pub(crate) const SETTINGS_RDKAFKA: &[&str] = &[
    "num.partitions=3",
    "group.initial.rebalance.delay.ms=0",
    "group.min.session.timeout.ms=1000",
];

const KAFKA_PYTHON: &str = "kafka-python==3.0.12";
const KGO: &str = "github.com/twmb/franz-go/pkg/kgo";
const KGO_VERSION: &str = "v1.22.3";

/// kafka-python's integration tests, from its source archive.
pub(crate) fn kafka_python(server: &mut Server, report: &mut Report) -> Result<()> {
    let stub = root().join("compat/kafka-python");
    let wanted = "pytest pytest-timeout pytest-rerunfailures pytest-mock mock crc32c lz4 python-snappy zstandard xxhash";
    let python = python_with(wanted)?;
    let folder = cache("kafka-python");
    once(&folder, KAFKA_PYTHON, |folder| {
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "download", "--quiet", "--no-deps"]);
        pip.args(["--no-binary", "kafka-python", KAFKA_PYTHON]);
        must(pip.current_dir(folder))?;
        let mut tar = Command::new("sh");
        tar.args(["-c", "tar xzf kafka_python-*.tar.gz --strip-components=1"]);
        must(tar.current_dir(folder))
    })?;
    std::fs::write(folder.join("test/__init__.py"), "")?;
    std::fs::copy(stub.join("service.py"), folder.join("test/service.py"))?;
    let names = excluded(&stub)?.join(" or ");
    let mut tests = Command::new(python);
    tests.args(["-m", "pytest", "-v", "--tb=line", "--timeout=90", "-p"]);
    tests.args(["no:cacheprovider", "-o", "log_cli=false"]);
    // A consumer without a group that subscribes while it bootstraps may lose the wish for metadata for five minutes:
    // a race within the client, which a quick answer loses more often.
    tests.args(["--reruns", "3"]);
    tests.args(["-k", &format!("not ({names})"), "test/integration"]);
    tests
        .env("KAFKA_ROOT", ".")
        .env("KAFKA_URI", format!("kafka://{}", server.bootstrap()))
        .env("KAFKA_VERSION", "4.3.0");
    tests.current_dir(&folder);
    let mut pytest = Pytest::default();
    let ended = passes_quietly(&mut tests, |line| {
        if let Some((name, verdict)) = pytest.case(line) {
            report.case(&name, verdict);
        } else if line.contains(" RERUN ") {
            say(&format!("compat: tried again: {line}"));
        }
    })?;
    report.case("suite-ends", as_case(ended, "a test failed"));
    Ok(())
}

/// Reads `test/integration/FILE.py::NAME PASSED [ 10%]`.
#[derive(Debug, Default)]
struct Pytest {
    /// The test whose verdict is to come: something else wrote into its line.
    waiting: Option<String>,
}

impl Pytest {
    fn case(&mut self, line: &str) -> Option<(String, Result<Verdict>)> {
        let named = line.split_once(' ').and_then(|(path, rest)| {
            let (file, name) = path.split_once("::")?;
            file.ends_with(".py").then(|| (name.to_owned(), rest))
        });
        let rest = match named {
            Some((name, rest)) => {
                self.waiting = Some(name);
                rest
            }
            None => line,
        };
        let verdict = match rest.split_whitespace().next()? {
            "PASSED" => Ok(Verdict::Pass),
            "SKIPPED" => Ok(Verdict::Skip("skipped by the suite".to_owned())),
            "FAILED" | "ERROR" => Err(anyhow!("see the suite's own output")),
            _ => return None,
        };
        Some((self.waiting.take()?, verdict))
    }
}

/// franz-go's tests of its client.
pub(crate) fn kgo(server: &mut Server, report: &mut Report) -> Result<()> {
    need(&["go"])?;
    let folder = cache("kgo");
    once(&folder, KGO_VERSION, |folder| {
        let mut init = Command::new("go");
        must(init.args(["mod", "init", "kgo"]).current_dir(folder))?;
        let mut get = Command::new("go");
        get.args(["get", "-t", &format!("{KGO}@{KGO_VERSION}")]);
        must(get.current_dir(folder))
    })?;
    let mut tests = Command::new("go");
    tests.args(["test", "-count=1", "-v", "-timeout=9m", KGO]);
    for (name, value) in [
        ("KGO_SEEDS", server.bootstrap().as_str()),
        ("KGO_TEST_RF", "1"),
        ("KGO_TEST_RECORDS", "50000"),
        ("KGO_LOG_LEVEL", "none"),
        ("KGO_TEST_STABLE_FETCH", "1"),
    ] {
        tests.env(name, value);
    }
    tests.current_dir(&folder);
    let ended = passes_quietly(&mut tests, |line| {
        if let Some((name, verdict)) = go_case(line) {
            report.case(name, verdict);
        }
    })?;
    report.case("suite-ends", as_case(ended, "a test failed"));
    Ok(())
}

/// Reads `--- PASS: NAME (0.01s)`.
fn go_case(line: &str) -> Option<(&str, Result<Verdict>)> {
    let (verdict, rest) = line.trim_start().strip_prefix("--- ")?.split_once(": ")?;
    let name = rest.split(' ').next()?;
    match verdict {
        "PASS" => Some((name, Ok(Verdict::Pass))),
        "SKIP" => Some((name, Ok(Verdict::Skip("skipped by the suite".to_owned())))),
        "FAIL" => Some((name, Err(anyhow!("see the suite's own output")))),
        _ => None,
    }
}

/// The tests of the rdkafka crate. Those that `no-auto-create.txt` names run on a node that creates no topics by itself.
pub(crate) fn rdkafka(server: &mut Server, report: &mut Report) -> Result<()> {
    let stub = root().join("compat/rdkafka");
    let folder = cache("rdkafka");
    let recipe = std::fs::read_to_string(stub.join("Cargo.toml.in"))?;
    once(&folder, &recipe, |folder| {
        copy_crate(&recipe, "rdkafka", folder)
    })?;
    address_rdkafka(&folder, &server.bootstrap())?;
    let alone = names(&stub.join("no-auto-create.txt"))?;
    let mut arguments = vec!["--test-threads=2"];
    arguments.extend(alone.iter().flat_map(|name| ["--skip", name]));
    let tests = |arguments: &[&str]| rdkafka_tests(&folder, server, arguments);
    let mut ended = libtest_cases(tests, &arguments, report)?;
    let other = cache("runs").join("rdkafka-no-auto-create");
    let server = Server::start_with(server.broker(), &other, SETTINGS_NO_AUTO_CREATE)?;
    let mut arguments = vec!["--exact"];
    arguments.extend(alone.iter().map(String::as_str));
    let tests = |arguments: &[&str]| rdkafka_tests(&folder, &server, arguments);
    ended &= libtest_cases(tests, &arguments, report)?;
    report.case("suite-ends", as_case(ended, "a test failed"));
    Ok(())
}

fn rdkafka_tests(folder: &Path, server: &Server, options: &[&str]) -> Command {
    let mut tests = cargo();
    tests.args(["test", "--no-fail-fast", "--"]).args(options);
    tests
        .current_dir(folder.join("crate"))
        .env("CARGO_TARGET_DIR", cache("rdkafka-target"))
        .env_remove("RUSTFLAGS")
        .env("KAFKA_HOST", server.bootstrap())
        .env("KAFKA_VERSION", "4.1.0");
    tests
}

/// Two files have the address of a broker written into them.
fn address_rdkafka(folder: &Path, address: &str) -> Result<()> {
    let port = address.rsplit(':').next().unwrap_or_default();
    for file in ["test_high_producers.rs", "test_metadata.rs"] {
        let (file, published) = (folder.join("crate/tests").join(file), folder.join(file));
        if !published.exists() {
            std::fs::copy(&file, &published)?;
        }
        let text = std::fs::read_to_string(&published)?;
        let named = format!("\"bootstrap.servers\", \"{address}\"");
        let text = text.replace("\"bootstrap.servers\", \"localhost\"", &named);
        std::fs::write(&file, text.replace("9092", port))?;
    }
    Ok(())
}

pub(crate) fn as_case(good: bool, why: &str) -> Result<Verdict> {
    ensure!(good, why.to_owned());
    Ok(Verdict::Pass)
}

#[cfg(test)]
mod tests {
    use super::{Pytest, go_case};

    #[test]
    fn pytest_lines_are_cases() {
        let mut pytest = Pytest::default();
        let line = "test/integration/test_a.py::test_b[gzip] PASSED   [ 10%]";
        assert_eq!(pytest.case(line).unwrap().0, "test_b[gzip]");
        let line = "test/integration/test_a.py::TestC::test_b ERROR [ 10%]";
        assert!(pytest.case(line).unwrap().1.is_err());
        // The summary at the end names them again.
        assert!(
            pytest
                .case("FAILED test/integration/test_a.py::test_b")
                .is_none()
        );
    }

    #[test]
    fn what_writes_into_a_line_of_pytest_takes_no_case_away() {
        let mut pytest = Pytest::default();
        assert!(
            pytest
                .case("test/integration/test_a.py::test_b Done!")
                .is_none()
        );
        assert_eq!(pytest.case("PASSED [ 10%]").unwrap().0, "test_b");
        assert!(pytest.case("PASSED [ 10%]").is_none());
    }

    #[test]
    fn go_lines_are_cases() {
        assert_eq!(
            go_case("    --- PASS: TestA/b (0.01s)").unwrap().0,
            "TestA/b"
        );
        assert!(go_case("--- FAIL: TestA (0.01s)").unwrap().1.is_err());
        assert!(go_case("=== RUN   TestA").is_none());
    }
}
