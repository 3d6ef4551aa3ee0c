//! Kafka Connect: a file goes through a topic into another file, by a worker alone and by a distributed one that is
//! killed in the middle and writes each line once all the same.

use super::applications::create;
use super::kafka::{free_port, tool};
use super::report::{Report, Verdict};
use super::server::Server;
use anyhow::{Context, Result, bail, ensure};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

const LINES: usize = 5_000;
/// A worker needs some ten seconds to start; a distributed one that was killed is missed by its group for some more.
const SECONDS_MAX: u32 = 180;
const PAUSE_MS: u64 = 200;
const SOURCE: &str = "org.apache.kafka.connect.file.FileStreamSourceConnector";
const SINK: &str = "org.apache.kafka.connect.file.FileStreamSinkConnector";

/// Both kinds of worker.
pub(crate) fn run(server: &mut Server, report: &mut Report) -> Result<()> {
    // One partition: lines keep their order.
    for topic in ["standalone", "distributed"] {
        create(server, topic, 1)?;
    }
    report.case("standalone", standalone(server).map(|()| Verdict::Pass));
    report.case("distributed", distributed(server).map(|()| Verdict::Pass));
    Ok(())
}

fn standalone(server: &Server) -> Result<()> {
    let folder = server.folder().join("standalone");
    std::fs::create_dir_all(&folder)?;
    append(&folder.join("in"), 0, LINES)?;
    let mut more = format!(
        "offset.storage.file.filename={}\n",
        folder.join("offsets").display()
    );
    more.push_str(&format!("listeners=http://127.0.0.1:{}\n", free_port()?));
    let mut command = tool("org.apache.kafka.connect.cli.ConnectStandalone")?;
    command.arg(worker_settings(server, &folder, &more)?);
    for (name, class, more) in connectors(&folder, "standalone") {
        let text = format!(
            "name={name}\nconnector.class={class}\ntasks.max=1\n{}",
            lines_of(&more, "=", "\n")
        );
        let file = folder.join(format!("{name}.properties"));
        std::fs::write(&file, text)?;
        command.arg(file);
    }
    let mut worker = Worker::start(&mut command, &folder)?;
    worker.until("every line is in the sink's file", || {
        Ok(lines(&folder.join("out"))? >= LINES)
    })?;
    compare(&folder.join("out"), LINES)
}

/// The source writes in transactions; the sink reads what was committed.
fn distributed(server: &Server) -> Result<()> {
    let folder = server.folder().join("distributed");
    std::fs::create_dir_all(&folder)?;
    append(&folder.join("in"), 0, LINES / 2)?;
    let port = free_port()?;
    let mut more = format!("group.id=connect\nlisteners=http://127.0.0.1:{port}\n");
    more.push_str("exactly.once.source.support=enabled\nsession.timeout.ms=10000\n");
    more.push_str(
        "consumer.isolation.level=read_committed\nscheduled.rebalance.max.delay.ms=1000\n",
    );
    for kind in ["config", "offset", "status"] {
        more.push_str(&format!(
            "{kind}.storage.topic=connect-{kind}\n{kind}.storage.replication.factor=1\n"
        ));
    }
    let settings = worker_settings(server, &folder, &more)?;
    let mut command = tool("org.apache.kafka.connect.cli.ConnectDistributed")?;
    command.arg(settings);
    let mut worker = Worker::start(&mut command, &folder)?;
    worker.until("the worker answers", || {
        Ok(http(port, "GET", "/connectors", "").is_ok_and(|said| said.contains("[]")))
    })?;
    for (name, class, more) in connectors(&folder, "distributed") {
        let config = format!(
            "{{\"connector.class\":\"{class}\",\"tasks.max\":\"1\",{}}}",
            json(&more)
        );
        let said = http(port, "PUT", &format!("/connectors/{name}/config"), &config)?;
        ensure!(said.contains(" 201 "), "{said}");
    }
    let out = folder.join("out");
    worker.until("half of the lines are there", || {
        Ok(lines(&out)? >= LINES / 2)
    })?;
    append(&folder.join("in"), LINES / 2, LINES)?;
    worker.kill()?;
    let mut worker = Worker::start(&mut command, &folder)?;
    worker.until("every line is there", || Ok(lines(&out)? >= LINES))?;
    // The sink may write a line again after it was killed; in the topic each is once.
    let mut consumer = tool("org.apache.kafka.tools.consumer.ConsoleConsumer")?;
    consumer.args([
        "--bootstrap-server",
        &server.bootstrap(),
        "--topic",
        "distributed",
        "--from-beginning",
    ]);
    consumer.args([
        "--isolation-level",
        "read_committed",
        "--timeout-ms",
        "5000",
    ]);
    let committed = folder.join("committed");
    std::fs::write(&committed, crate::shell::output(&mut consumer)?)?;
    compare(&committed, LINES)
}

type Connector = (String, &'static str, Vec<(&'static str, String)>);

fn connectors(folder: &Path, topic: &str) -> [Connector; 2] {
    let file = |name| folder.join(name).display().to_string();
    let source = vec![("file", file("in")), ("topic", topic.to_owned())];
    let sink = vec![("file", file("out")), ("topics", topic.to_owned())];
    [
        (format!("{topic}-source"), SOURCE, source),
        (format!("{topic}-sink"), SINK, sink),
    ]
}

fn worker_settings(server: &Server, folder: &Path, more: &str) -> Result<std::path::PathBuf> {
    let converter = "org.apache.kafka.connect.storage.StringConverter";
    let text = format!(
        "bootstrap.servers={}\nkey.converter={converter}\nvalue.converter={converter}\n\
         offset.flush.interval.ms=500\nplugin.discovery=service_load\n{more}",
        server.bootstrap()
    );
    let file = folder.join("worker.properties");
    std::fs::write(&file, text)?;
    Ok(file)
}

fn lines_of(pairs: &[(&str, String)], between: &str, after: &str) -> String {
    pairs
        .iter()
        .map(|(name, value)| format!("{name}{between}{value}{after}"))
        .collect()
}

fn json(pairs: &[(&str, String)]) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("\"{name}\":\"{value}\""))
        .collect();
    pairs.join(",")
}

fn append(file: &Path, from: usize, to: usize) -> Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(file)?;
    let text: String = (from..to)
        .map(|number| format!("line {number}\n"))
        .collect();
    Ok(file.write_all(text.as_bytes())?)
}

fn lines(file: &Path) -> Result<usize> {
    match File::open(file) {
        Ok(file) => Ok(BufReader::new(file).lines().count()),
        Err(_) => Ok(0),
    }
}

fn compare(file: &Path, count: usize) -> Result<()> {
    let text = std::fs::read_to_string(file)?;
    let wanted = (0..count).map(|number| format!("line {number}"));
    let first = text
        .lines()
        .zip(wanted)
        .find(|(line, wanted)| line != wanted);
    ensure!(first.is_none(), "{first:?}");
    ensure!(
        text.lines().count() == count,
        "{} of {count} lines",
        text.lines().count()
    );
    Ok(())
}

/// A request to the worker's own interface; the whole answer, with its head.
fn http(port: u16, method: &str, path: &str, body: &str) -> Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut said = String::new();
    stream.read_to_string(&mut said)?;
    Ok(said)
}

/// A worker that ends with its owner.
struct Worker(Child);

impl Worker {
    fn start(command: &mut Command, folder: &Path) -> Result<Self> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(folder.join("worker.log"))?;
        command.stdout(log.try_clone()?).stderr(log);
        Ok(Self(command.spawn().context("starting a worker")?))
    }

    fn until(&mut self, what: &str, good: impl Fn() -> Result<bool>) -> Result<()> {
        for _ in 0..u64::from(SECONDS_MAX) * 1000 / PAUSE_MS {
            if good()? {
                return Ok(());
            }
            if let Some(status) = self.0.try_wait()? {
                bail!("the worker ended with {status}");
            }
            std::thread::park_timeout(Duration::from_millis(PAUSE_MS));
        }
        bail!("not within {SECONDS_MAX} s: {what}")
    }

    fn kill(&mut self) -> Result<()> {
        self.0.kill()?;
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.kill();
    }
}
