//! The broker under test: started on a free port, killed with `kill -9`, started again on the same one.

use super::{kafka, provision};
use crate::shell::{cargo, target};
use anyhow::{Context, Result, anyhow, ensure};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// What the clients talk to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Broker {
    /// The `klamm` of this repository.
    #[default]
    Klamm,
    /// Apache Kafka 4.3.1 from Maven: shows that an expectation is Kafka's.
    Kafka,
}

impl Broker {
    /// How often to ask a new partition before it must answer.
    ///
    /// Kafka answers CreateTopics before the leaders know of it, and even drops what is produced with acks=0 until
    /// then. Klamm answers when the topic can be used, so the first try counts.
    pub(crate) fn tries_after_create(self) -> u32 {
        match self {
            Self::Klamm => 1,
            Self::Kafka => 100,
        }
    }
}

/// A running broker with its scratch folder.
#[derive(Debug)]
pub(crate) struct Server {
    broker: Broker,
    folder: PathBuf,
    /// 0 until the broker said which port it got.
    port: u16,
    running: Option<Child>,
    /// More settings of the node, `NAME=VALUE`.
    settings: &'static [&'static str],
}

/// Kafka needs about six seconds, and nine more after a kill: it waits for its own old session.
const READY_SECONDS_MAX: u64 = 60;
const STOP_SECONDS_MAX: u64 = 30;

/// The partitions of a topic that is created by asking for it.
pub(crate) const PARTITIONS: u32 = 3;

impl Server {
    /// Starts a broker with an empty data folder inside `folder`.
    pub(crate) fn start(broker: Broker, folder: &Path) -> Result<Self> {
        Self::start_with(broker, folder, &[])
    }

    /// Starts a broker with settings of its own.
    pub(crate) fn start_with(
        broker: Broker,
        folder: &Path,
        settings: &'static [&'static str],
    ) -> Result<Self> {
        if folder.exists() {
            std::fs::remove_dir_all(folder)?;
        }
        std::fs::create_dir_all(folder)?;
        let port = match broker {
            Broker::Kafka => kafka::prepare(folder, settings)?,
            Broker::Klamm if settings.is_empty() => 0,
            // Suites ask for the advertised address as a setting, which takes a port that is known before.
            Broker::Klamm => kafka::free_port()?,
        };
        let folder = folder.to_path_buf();
        let mut server = Self { broker, folder, port, running: None, settings };
        server.run()?;
        Ok(server)
    }

    /// What runs here.
    pub(crate) fn broker(&self) -> Broker {
        self.broker
    }

    /// `HOST:PORT` for clients.
    pub(crate) fn bootstrap(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Where the partitions lie.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The scratch folder around the data.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The id of the broker's process, while it runs.
    pub(crate) fn process(&self) -> Option<u32> {
        self.running.as_ref().map(Child::id)
    }

    /// Kills the broker as `kill -9` does, and starts it on the same port and data.
    pub(crate) fn kill_and_restart(&mut self) -> Result<()> {
        self.kill();
        self.run()
    }

    /// Starts what was stopped, on the same port and data.
    pub(crate) fn run(&mut self) -> Result<()> {
        let mut command = match self.broker {
            Broker::Klamm => self.klamm_command(),
            Broker::Kafka => kafka::server_command(&self.folder),
        };
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.join("broker.log"))?;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.try_clone()?)
            .spawn()
            .context("starting the broker")?;
        let lines = lines_of(&mut child, log)?;
        self.running = Some(child);
        match self.broker {
            Broker::Klamm => self.wait_for_ready_line(&lines),
            Broker::Kafka => kafka::wait_until_open(self.port, READY_SECONDS_MAX),
        }
    }

    /// Starts another broker on the same port and data.
    pub(crate) fn become_broker(&mut self, broker: Broker) -> Result<()> {
        self.broker = broker;
        self.run()
    }

    /// SIGTERM, and the exit status.
    pub(crate) fn stop(&mut self) -> Result<ExitStatus> {
        let mut child = self.running.take().context("the broker does not run")?;
        provision::must(Command::new("kill").args(["-TERM", &child.id().to_string()]))?;
        // Waiting in a thread, so that a broker that does not stop cannot stop us.
        let (sender, ended) = channel();
        let id = child.id();
        std::thread::spawn(move || sender.send(child.wait()));
        match ended.recv_timeout(Duration::from_secs(STOP_SECONDS_MAX)) {
            Ok(status) => Ok(status?),
            Err(_) => {
                provision::must(Command::new("kill").args(["-KILL", &id.to_string()]))?;
                Err(anyhow!("not stopped {STOP_SECONDS_MAX} s after SIGTERM"))
            }
        }
    }

    fn kill(&mut self) {
        if let Some(mut child) = self.running.take() {
            // It may have died already: then there is nothing left to kill, only to reap.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    fn klamm_command(&self) -> Command {
        let mut command = Command::new(klamm());
        command.arg("server").current_dir(&self.folder);
        for setting in [
            format!("listeners=PLAINTEXT://127.0.0.1:{}", self.port),
            "log.dirs=data".to_owned(),
            format!("num.partitions={PARTITIONS}"),
        ] {
            command.args(["--set", &setting]);
        }
        if !self.settings.is_empty() {
            let address = format!("advertised.listeners=PLAINTEXT://127.0.0.1:{}", self.port);
            command.args(["--set", &address]);
        }
        for setting in self.settings {
            command.args(["--set", setting]);
        }
        command
    }

    fn wait_for_ready_line(&mut self, lines: &Receiver<String>) -> Result<()> {
        loop {
            let line = lines
                .recv_timeout(Duration::from_secs(READY_SECONDS_MAX))
                .map_err(|_| anyhow!("the broker said no ready line; see {}", self.log()))?;
            let Some(address) = line.strip_prefix("klamm ready: ") else {
                continue;
            };
            let port = address.trim().rsplit(':').next().unwrap_or_default();
            let port: u16 = port.parse().with_context(|| format!("in {line:?}"))?;
            ensure!(
                self.port == 0 || self.port == port,
                "port {port} instead of {}",
                self.port
            );
            self.port = port;
            return Ok(());
        }
    }

    fn log(&self) -> String {
        self.folder.join("broker.log").display().to_string()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The program under test.
pub(crate) fn klamm() -> PathBuf {
    target().join("release/klamm")
}

/// Builds the program under test.
pub(crate) fn build_klamm() -> Result<()> {
    provision::must(cargo().args(["build", "--release", "--package", "klamm"]))
}

/// Passes the lines on to the reader and to the log; the pipe never fills.
fn lines_of(child: &mut Child, mut log: File) -> Result<Receiver<String>> {
    let output = child.stdout.take().context("a broker has a stdout")?;
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            // A log that cannot be written costs a hint, not the test.
            let _ = std::io::Write::write_all(&mut log, format!("{line}\n").as_bytes());
            let _ = sender.send(line);
        }
    });
    Ok(lines)
}
