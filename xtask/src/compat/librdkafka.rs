//! librdkafka's own tests in quick mode, one process per number: one that hangs takes its runner with it.

use super::kafka;
use super::provision::{cache, must, need, once, packages};
use super::report::{Report, Verdict};
use super::server::Server;
use super::suites::SETTINGS_NO_AUTO_CREATE;
use crate::shell::{root, say};
use anyhow::{Context, Result, anyhow, ensure};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The npm package that carries librdkafka's source with all its tests.
const PACKAGE: &str = "@confluentinc/kafka-javascript@1.10.1";
const SECONDS_MAX: &str = "180";
/// The runner's word for a broker that creates no topics by itself.
const NO_AUTO_CREATE: &str = "noautocreate";

/// Runs what `compat/librdkafka/tests.txt` lists.
pub(crate) fn run(server: &mut Server, report: &mut Report) -> Result<()> {
    let folder = cache("librdkafka");
    once(&folder, PACKAGE, build)?;
    let suite = Suite {
        tests: folder.join("package/deps/librdkafka/tests"),
        kafka: kafka_home(&folder)?,
    };
    suite.build_java()?;
    let other = cache("runs").join("librdkafka-no-auto-create");
    let other = Server::start_with(server.broker(), &other, SETTINGS_NO_AUTO_CREATE)?;
    let list = std::fs::read_to_string(root().join("compat/librdkafka/tests.txt"))?;
    let lines = list.lines().filter(|line| !line.starts_with('#'));
    for test in lines.flat_map(str::split_whitespace) {
        let run = || match test.split_once('@') {
            None => suite.run(server, test, "default"),
            Some((test, NO_AUTO_CREATE)) => suite.run(&other, test, NO_AUTO_CREATE),
            Some((_, scenario)) => Err(anyhow!("unknown scenario {scenario}")),
        };
        // Many of them measure time, which a busy machine spoils.
        let outcome = run().or_else(|why| {
            say(&format!("compat: {test} is tried again: {why}"));
            run()
        });
        report.case(test, outcome);
    }
    Ok(())
}

/// Where the tests lie, and the folder that they take for Kafka's.
struct Suite {
    tests: PathBuf,
    kafka: PathBuf,
}

impl Suite {
    /// Some tests let a Java client write what they read.
    fn build_java(&self) -> Result<()> {
        need(&["javac", "make"])?;
        let mut make = Command::new("make");
        make.args(["-s", "-C"]).arg(self.tests.join("java"));
        make.arg(format!("KAFKA_JARS={}", kafka::jars()?.display()));
        must(&mut make)
    }

    /// Runs a number, or a part of one: `0081:do_test_CreateTopics`.
    fn run(&self, server: &Server, test: &str, scenario: &str) -> Result<Verdict> {
        let conf = server.folder().join("librdkafka.conf");
        let settings = format!(
            "metadata.broker.list={}\ntest.topic.prefix=t\ntest.topic.random=true\n",
            server.bootstrap()
        );
        std::fs::write(&conf, settings)?;
        let (number, part) = test.split_once(':').unwrap_or((test, ""));
        let mut runner = Command::new("timeout");
        runner.args([SECONDS_MAX, "./test-runner", "-Q", "-E", "-L", "-p1"]);
        runner.args(["-s", scenario]);
        runner
            .env("TESTS", number)
            .env("RDKAFKA_TEST_CONF", &conf)
            .env("BROKERS", server.bootstrap())
            .env("KAFKA_PATH", &self.kafka)
            .env("TEST_KAFKA_VERSION", "4.2.0")
            .env("TEST_LEVEL", "1")
            .env("LD_LIBRARY_PATH", "../src:../src-cpp");
        if !part.is_empty() {
            runner.env("SUBTESTS", part);
        }
        let out = runner.current_dir(&self.tests).output();
        let out = out.context("starting the test")?;
        let said = [out.stdout, out.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        let why = said.lines().rfind(|line| line.contains("###"));
        ensure!(
            out.status.success(),
            "{}: {}",
            out.status,
            why.unwrap_or("no reason given")
        );
        Ok(verdict(&said))
    }
}

/// The runner calls it a success when it skipped everything: its summary tells.
fn verdict(said: &str) -> Verdict {
    let rows = said.lines().filter(|line| line.contains('|'));
    let mut rows = rows.filter(|row| !row.contains("<MAIN>"));
    if rows.any(|row| row.contains(" PASSED |")) {
        return Verdict::Pass;
    }
    Verdict::Skip("skipped by the suite".to_owned())
}

/// A folder that looks like an installed Kafka: the tests call its scripts.
fn kafka_home(folder: &Path) -> Result<PathBuf> {
    let (home, jars) = (folder.join("kafka"), kafka::jars()?);
    std::fs::create_dir_all(home.join("bin"))?;
    for (name, class) in [
        ("topics", "org.apache.kafka.tools.TopicCommand"),
        ("configs", "kafka.admin.ConfigCommand"),
        ("run-class", ""),
    ] {
        let text = format!(
            "#!/bin/sh\nexec java -Xmx256m -cp \"$CLASSPATH:{}/*\" {class} \"$@\"\n",
            jars.display()
        );
        let script = home.join(format!("bin/kafka-{name}.sh"));
        std::fs::write(&script, text)?;
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755))?;
    }
    Ok(home)
}

fn build(folder: &Path) -> Result<()> {
    need(&["npm", "gcc", "g++", "make", "python3"])?;
    packages("libssl-dev libcurl4-openssl-dev libzstd-dev zlib1g-dev liblz4-dev rapidjson-dev")?;
    // The package is unpacked, never installed.
    let script = format!(
        "npm pack --silent {PACKAGE} && tar xzf confluentinc-kafka-javascript-*.tgz && \
         cd package/deps/librdkafka && chmod +x configure tests/*.sh tests/java/*.sh lds-gen.py && \
         sed -i -E 's/(create_topic_wait_exists\\(.*), 3, 5000\\)/\\1, -1, 5000)/; \
         s/(Test::create_topic\\(.*), 3\\);/\\1, -1);/' tests/0*.c tests/0*.cpp && \
         ./configure --disable-gssapi && make libs && make -C tests build"
    );
    let mut shell = Command::new("sh");
    must(shell.args(["-c", &script]).current_dir(folder))
}

#[cfg(test)]
mod tests {
    use super::{Verdict, verdict};

    #[test]
    fn a_run_that_skipped_everything_has_not_passed() {
        let row = |name, said| format!("| {name} | {said} | 0.1s |\n");
        let main = row("<MAIN>", "    PASSED");
        assert_eq!(
            verdict(&(main.clone() + &row("0001", "    PASSED"))),
            Verdict::Pass
        );
        let skipped = verdict(&(main + &row("0107", "   SKIPPED")));
        assert!(matches!(skipped, Verdict::Skip(_)));
    }
}
