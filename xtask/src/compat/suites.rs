//! Suites of tests that client libraries ship, run as published against a broker that is set up as they expect.

use super::families::python_with;
use super::foreign::{copy_crate, excluded, libtest_case};
use super::provision::{cache, must, need, once, packages};
use super::report::{Report, Verdict};
use super::server::Server;
use crate::shell::{cargo, passes_quietly, passes_with, root};
use anyhow::{Context, Result, anyhow, ensure};
use std::path::Path;
use std::process::Command;

/// What the suites expect of a broker beside its defaults: short sessions, no wait for more members.
pub(crate) const SETTINGS: &[&str] = &[
    "num.partitions=4",
    "group.initial.rebalance.delay.ms=0",
    "group.min.session.timeout.ms=1000",
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
/// The npm package that carries librdkafka's source with all its tests.
const LIBRDKAFKA: &str = "@confluentinc/kafka-javascript@1.10.1";
const LIBRDKAFKA_SECONDS_MAX: &str = "180";

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
    let ended = passes_quietly(&mut tests, |line| {
        if let Some((name, verdict)) = pytest_case(line) {
            report.case(name, verdict);
        }
    })?;
    report.case("suite-ends", as_case(ended, "a test failed"));
    Ok(())
}

/// Reads `test/integration/FILE.py::NAME PASSED [ 10%]`.
fn pytest_case(line: &str) -> Option<(&str, Result<Verdict>)> {
    let (name, rest) = line.split_once(' ')?;
    let (_, name) = name.split_once("::")?;
    match rest.split_whitespace().next()? {
        "PASSED" => Some((name, Ok(Verdict::Pass))),
        "SKIPPED" => Some((name, Ok(Verdict::Skip("skipped by the suite".to_owned())))),
        "FAILED" | "ERROR" => Some((name, Err(anyhow!("see the suite's own output")))),
        _ => None,
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

/// librdkafka's tests in quick mode, one process per number: one that hangs takes its runner with it.
pub(crate) fn librdkafka(server: &mut Server, report: &mut Report) -> Result<()> {
    let folder = cache("librdkafka");
    once(&folder, LIBRDKAFKA, build_librdkafka)?;
    let tests = folder.join("package/deps/librdkafka/tests");
    let conf = server.folder().join("librdkafka.conf");
    let settings = format!(
        "metadata.broker.list={}\ntest.topic.prefix=t\ntest.topic.random=true\n",
        server.bootstrap()
    );
    std::fs::write(&conf, settings)?;
    let list = std::fs::read_to_string(root().join("compat/librdkafka/tests.txt"))?;
    let lines = list.lines().filter(|line| !line.starts_with('#'));
    for test in lines.flat_map(str::split_whitespace) {
        let (number, part) = test.split_once(':').unwrap_or((test, ""));
        let mut runner = Command::new("timeout");
        runner.args([
            LIBRDKAFKA_SECONDS_MAX,
            "./test-runner",
            "-Q",
            "-E",
            "-L",
            "-p1",
        ]);
        runner
            .env("TESTS", number)
            .env("RDKAFKA_TEST_CONF", &conf)
            .env("BROKERS", server.bootstrap())
            .env("TEST_KAFKA_VERSION", "4.2.0")
            .env("TEST_LEVEL", "1")
            .env("LD_LIBRARY_PATH", "../src:../src-cpp");
        if !part.is_empty() {
            runner.env("SUBTESTS", part);
        }
        runner.current_dir(&tests);
        report.case(test, quiet(&mut runner));
    }
    Ok(())
}

/// Runs a test program; its last complaint is the reason when it fails.
fn quiet(command: &mut Command) -> Result<Verdict> {
    let out = command.output().context("starting the test")?;
    if out.status.success() {
        return Ok(Verdict::Pass);
    }
    let text =
        String::from_utf8_lossy(&out.stderr).into_owned() + &String::from_utf8_lossy(&out.stdout);
    let why = text.lines().rfind(|line| line.contains("###"));
    Err(anyhow!(
        "{}: {}",
        out.status,
        why.unwrap_or("no reason given")
    ))
}

fn build_librdkafka(folder: &Path) -> Result<()> {
    need(&["npm", "gcc", "g++", "make", "python3"])?;
    packages("libssl-dev libcurl4-openssl-dev libzstd-dev zlib1g-dev liblz4-dev rapidjson-dev")?;
    // The package is unpacked, never installed.
    let script = format!(
        "npm pack --silent {LIBRDKAFKA} && tar xzf confluentinc-kafka-javascript-*.tgz && \
         cd package/deps/librdkafka && chmod +x configure tests/*.sh lds-gen.py && \
         sed -i -E 's/(create_topic_wait_exists\\(.*), 3, 5000\\)/\\1, -1, 5000)/; \
         s/(Test::create_topic\\(.*), 3\\);/\\1, -1);/' tests/0*.c tests/0*.cpp && \
         ./configure --disable-gssapi && make libs && make -C tests build"
    );
    let mut shell = Command::new("sh");
    must(shell.args(["-c", &script]).current_dir(folder))
}

/// The tests of the rdkafka crate.
pub(crate) fn rdkafka(server: &mut Server, report: &mut Report) -> Result<()> {
    let folder = cache("rdkafka");
    let recipe = std::fs::read_to_string(root().join("compat/rdkafka/Cargo.toml.in"))?;
    once(&folder, &recipe, |folder| {
        copy_crate(&recipe, "rdkafka", folder)
    })?;
    let address = server.bootstrap();
    let port = address.rsplit(':').next().unwrap_or_default().to_owned();
    // Two files have the address of a broker written into them.
    for file in ["test_high_producers.rs", "test_metadata.rs"] {
        let (file, published) = (folder.join("crate/tests").join(file), folder.join(file));
        if !published.exists() {
            std::fs::copy(&file, &published)?;
        }
        let text = std::fs::read_to_string(&published)?;
        let named = format!("\"bootstrap.servers\", \"{address}\"");
        let text = text.replace("\"bootstrap.servers\", \"localhost\"", &named);
        std::fs::write(&file, text.replace("9092", &port))?;
    }
    let mut tests = cargo();
    tests.args(["test", "--no-fail-fast", "--", "--test-threads=2"]);
    for name in excluded(&root().join("compat/rdkafka"))? {
        tests.args(["--skip", &name]);
    }
    tests
        .current_dir(folder.join("crate"))
        .env("CARGO_TARGET_DIR", cache("rdkafka-target"))
        .env_remove("RUSTFLAGS")
        .env("KAFKA_HOST", server.bootstrap())
        .env("KAFKA_VERSION", "4.1.0");
    let ended = passes_with(&mut tests, |line| {
        if let Some((name, verdict)) = libtest_case(line) {
            report.case(name, verdict);
        }
    })?;
    report.case("suite-ends", as_case(ended, "a test failed"));
    Ok(())
}

pub(crate) fn as_case(good: bool, why: &str) -> Result<Verdict> {
    ensure!(good, why.to_owned());
    Ok(Verdict::Pass)
}

#[cfg(test)]
mod tests {
    use super::{go_case, pytest_case};

    #[test]
    fn pytest_lines_are_cases() {
        let line = "test/integration/test_a.py::test_b[gzip] PASSED   [ 10%]";
        assert_eq!(pytest_case(line).unwrap().0, "test_b[gzip]");
        let line = "test/integration/test_a.py::TestC::test_b ERROR [ 10%]";
        assert!(pytest_case(line).unwrap().1.is_err());
        assert!(pytest_case("FAILED test/integration/test_a.py::test_b").is_none());
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
