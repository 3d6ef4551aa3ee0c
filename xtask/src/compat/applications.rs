//! Whole applications with an end that is known exactly: Faust, rsyslog, and the word count of Kafka Streams.

use super::families::python_with;
use super::kafka::tool;
use super::provision::need;
use super::report::{Report, Verdict};
use super::server::Server;
use crate::shell::{passes_quietly, root};
use anyhow::{Context, Result, ensure};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const FAUST: &str = "faust-streaming==0.15.3";
const LINES: usize = 20_000;
const LINES_OF_WORDS: usize = 300;
const TRIES: u32 = 100;

/// Two thousand events through a repartition into a table.
pub(crate) fn faust(server: &mut Server, report: &mut Report) -> Result<()> {
    let python = python_with(FAUST)?;
    // Faust takes no notice of a topic that is created while it runs.
    create(server, "events", 4)?;
    let mut worker = Command::new(python);
    worker.arg(root().join("compat/faust/pipeline.py"));
    worker.args(["worker", "-l", "warn", "--without-web"]);
    worker
        .env("B_", server.bootstrap())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(server.folder());
    let ended = passes_quietly(&mut worker, |line| {
        if line.starts_with("case ") {
            report.foreign_line(line);
        }
    })?;
    report.case(
        "ends",
        super::suites::as_case(ended, "the worker broke off"),
    );
    Ok(())
}

/// Log lines over TCP into a topic, through librdkafka in rsyslog.
pub(crate) fn rsyslog(server: &mut Server, report: &mut Report) -> Result<()> {
    need(&["rsyslogd"])?;
    let outcome = lines_through_rsyslog(server).map(|()| Verdict::Pass);
    report.case("every-line-once", outcome);
    Ok(())
}

fn lines_through_rsyslog(server: &Server) -> Result<()> {
    create(server, "logs", 1)?;
    let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    let conf = server.folder().join("rsyslog.conf");
    let text = format!(
        "module(load=\"imtcp\") module(load=\"omkafka\")\n\
         template(name=\"m\" type=\"string\" string=\"%msg%\")\n\
         ruleset(name=\"k\") {{ action(type=\"omkafka\" topic=\"logs\" broker=\"{}\" template=\"m\" \
         confParam=[\"compression.codec=lz4\",\"enable.idempotence=true\"]) }}\n\
         input(type=\"imtcp\" port=\"{port}\" address=\"127.0.0.1\" ruleset=\"k\")\n",
        server.bootstrap()
    );
    std::fs::write(&conf, text)?;
    let mut command = Command::new("rsyslogd");
    command.arg("-n").arg("-f").arg(&conf);
    command.arg("-i").arg(server.folder().join("rsyslog.pid"));
    let _running = Running(
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?,
    );
    let mut stream = connect(port)?;
    for number in 0..LINES {
        writeln!(stream, "<14>Jan  1 00:00:00 host app: line-{number}")?;
    }
    drop(stream);
    let text = read(server, "logs", LINES, &[])?;
    let mut lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|l| l.starts_with("line-"))
        .collect();
    lines.sort_unstable();
    lines.dedup();
    ensure!(lines.len() == LINES, "{} of {LINES} lines", lines.len());
    Ok(())
}

fn connect(port: u16) -> Result<TcpStream> {
    for _ in 0..TRIES {
        if let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) {
            return Ok(stream);
        }
        std::thread::park_timeout(Duration::from_millis(100));
    }
    anyhow::bail!("rsyslog does not listen")
}

/// Kafka Streams counts words; the last count of each word is exact.
pub(crate) fn word_count(server: &mut Server, report: &mut Report) -> Result<()> {
    // The demo has its topics written into it: the second one counts the lines of the first, too, and its counts go on
    // behind those of the first.
    create(server, "streams-plaintext-input", 2)?;
    create(server, "streams-wordcount-output", 2)?;
    for (round, guarantee) in [(1, "at_least_once"), (2, "exactly_once_v2")] {
        let outcome = count_words(server, guarantee, round);
        report.case(
            &format!("counts-{guarantee}"),
            outcome.map(|()| Verdict::Pass),
        );
    }
    Ok(())
}

fn count_words(server: &Server, guarantee: &str, round: usize) -> Result<()> {
    let properties = server.folder().join("streams.properties");
    let text = format!(
        "bootstrap.servers={}\napplication.id=wordcount-{round}\nstate.dir={}\ncommit.interval.ms=500\n\
         statestore.cache.max.bytes=0\nreplication.factor=1\nprocessing.guarantee={guarantee}\n",
        server.bootstrap(),
        server.folder().join("streams").display()
    );
    std::fs::write(&properties, text)?;
    let mut demo = tool("org.apache.kafka.streams.examples.wordcount.WordCountDemo")?;
    let log = std::fs::File::create(server.folder().join("streams.log"))?;
    demo.arg(&properties).stdout(log.try_clone()?).stderr(log);
    let _running = Running(demo.spawn()?);
    let mut producer = tool("org.apache.kafka.tools.ConsoleProducer")?;
    producer.args([
        "--bootstrap-server",
        &server.bootstrap(),
        "--topic",
        "streams-plaintext-input",
    ]);
    let mut producer = producer
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    let mut input = producer.stdin.take().context("a producer has a stdin")?;
    for number in 0..LINES_OF_WORDS {
        writeln!(input, "all streams lead to word{}", number % 10)?;
    }
    drop(input);
    ensure!(producer.wait()?.success(), "the console producer failed");
    let how = [
        "--isolation-level",
        "read_committed",
        "--formatter-property",
        "print.key=true",
        "--formatter-property",
        "value.deserializer=org.apache.kafka.common.serialization.LongDeserializer",
    ];
    let lines = LINES_OF_WORDS * round;
    let counts = if round == 1 {
        lines
    } else {
        lines + LINES_OF_WORDS
    };
    let text = read(server, "streams-wordcount-output", counts * 5, &how)?;
    let count = |word: &str| {
        let counts = text.lines().filter_map(|line| line.split_once('\t'));
        counts
            .filter(|(key, _)| *key == word)
            .filter_map(|(_, n)| n.parse::<usize>().ok())
            .max()
    };
    for (word, wanted) in [("streams", lines), ("word7", lines / 10)] {
        ensure!(
            count(word) == Some(wanted),
            "{word}: {:?}, not {wanted}",
            count(word)
        );
    }
    Ok(())
}

pub(crate) fn create(server: &Server, topic: &str, partitions: u32) -> Result<()> {
    let mut create = tool("org.apache.kafka.tools.TopicCommand")?;
    create.args([
        "--bootstrap-server",
        &server.bootstrap(),
        "--create",
        "--topic",
        topic,
    ]);
    create.args(["--partitions", &partitions.to_string()]);
    crate::shell::output(&mut create).map(drop)
}

/// Reads so many records of a topic as lines of text.
fn read(server: &Server, topic: &str, count: usize, how: &[&str]) -> Result<String> {
    let mut consumer = tool("org.apache.kafka.tools.consumer.ConsoleConsumer")?;
    consumer.args(["--bootstrap-server", &server.bootstrap(), "--topic", topic]);
    consumer.args(["--from-beginning", "--max-messages", &count.to_string()]);
    consumer.args(["--timeout-ms", "60000"]).args(how);
    crate::shell::output(&mut consumer)
}

/// A program that ends with its owner.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
