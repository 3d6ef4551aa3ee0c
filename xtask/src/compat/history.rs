//! Workers, faults and a judge: what librdkafka's clients were told while the node was killed and stopped, is read by
//! `klamm-history`.

use super::families::python_with;
use super::kafka;
use super::provision::{cache, must};
use super::report::{Report, Verdict};
use super::server::{Broker, Server, build_klamm};
use crate::shell::{cargo, passes_quietly, root, say};
use anyhow::{Context, Result, ensure};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

const CLIENT: &str = "confluent-kafka==2.16.1";
/// Long enough for a transaction to time out and for a member to be thrown out.
const WORKER_PAUSE_SECONDS_MAX: u64 = 12;
const NODE_PAUSE_SECONDS_MAX: u64 = 6;
const BETWEEN_FAULTS_SECONDS_MAX: u64 = 5;
const STOP_SECONDS_MAX: u64 = 120;

/// How long, and with which luck.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Arguments {
    /// How long the workers work.
    #[arg(long, default_value_t = 120)]
    seconds: u64,
    /// Which faults come when, and what the workers do. Threads and disks have a will of their own: a seed makes a run
    /// like another, not the same.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What to run on.
    #[arg(long, value_enum, default_value_t)]
    on: Broker,
    /// The protocol of the groups: classic or consumer.
    #[arg(long, default_value = "classic")]
    protocol: String,
    /// No faults.
    #[arg(long)]
    calm: bool,
}

impl Arguments {
    /// What CI runs.
    pub(crate) fn short() -> Self {
        Self {
            seconds: 25,
            seed: 1,
            on: Broker::Klamm,
            protocol: "classic".to_owned(),
            calm: false,
        }
    }
}

type Kind = (&'static str, &'static str, &'static [&'static str]);

/// Role, name, options of each worker.
const WORKERS: [Kind; 12] = [
    ("producer", "p1", &[]),
    ("producer", "p2", &[]),
    ("keyed", "k1", &[]),
    ("txn", "t1", &["tid=t1"]),
    ("txn", "t2", &["tid=t2"]),
    ("etl", "e1", &["tid=e1"]),
    ("etl", "e2", &["tid=e2"]),
    ("reader", "r1", &["isolation=committed"]),
    ("reader", "r2", &["isolation=uncommitted"]),
    ("member", "m1", &[]),
    ("member", "m2", &[]),
    ("watch", "w1", &[]),
];

/// The verb: builds, runs, judges.
pub(crate) fn run_alone(arguments: &Arguments) -> Result<ExitCode> {
    match arguments.on {
        Broker::Klamm => build_klamm()?,
        Broker::Kafka => drop(kafka::jars()?),
    }
    let folder = cache("runs").join("history");
    let mut server = Server::start(arguments.on, &folder)?;
    let good = run(&mut server, arguments)?;
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The family: a short run.
pub(crate) fn family(server: &mut Server, report: &mut Report) -> Result<()> {
    let arguments = Arguments { on: server.broker(), ..Arguments::short() };
    let outcome = run(server, &arguments).and_then(|good| {
        ensure!(good, "the histories show what must not be; see above");
        Ok(Verdict::Pass)
    });
    report.case("nothing-lost-doubled-or-torn", outcome);
    Ok(())
}

fn run(server: &mut Server, arguments: &Arguments) -> Result<bool> {
    let lines = server.folder().join("history");
    std::fs::create_dir_all(&lines)?;
    let mut run = Run {
        python: python_with(CLIENT)?,
        lines: lines.clone(),
        luck: Luck(arguments.seed),
        arguments: arguments.clone(),
        nemesis: std::fs::File::create(lines.join("nemesis.jsonl"))?,
        workers: Vec::new(),
    };
    must(&mut run.worker(server, "create", "c", &[]))?;
    for kind in WORKERS {
        run.start(server, kind, 1)?;
    }
    let outcome = run.trouble(server);
    run.stop()?;
    outcome?;
    must(&mut run.worker(server, "final", "f", &[]))?;
    judge(&lines)
}

/// Builds the judge and shows it the folder.
fn judge(lines: &Path) -> Result<bool> {
    let mut judge = cargo();
    judge.args(["run", "--release", "--quiet", "--package", "klamm-bench"]);
    judge.args(["--bin", "klamm-history", "--"]).arg(lines);
    passes_quietly(&mut judge, say)
}

struct Run {
    python: PathBuf,
    lines: PathBuf,
    luck: Luck,
    arguments: Arguments,
    nemesis: std::fs::File,
    workers: Vec<Worker>,
}

struct Worker {
    kind: Kind,
    /// Counts those that had this one's place before: no two have one name, since a value is sent once.
    life: u32,
    child: Child,
}

impl Run {
    fn worker(&self, server: &Server, role: &str, name: &str, options: &[&str]) -> Command {
        let mut command = Command::new(&self.python);
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command.arg(root().join("compat/history/worker.py"));
        command.args([role, name, &server.bootstrap()]);
        command.arg(self.lines.join(format!("{name}.jsonl")));
        command.arg(format!("seed={}", self.arguments.seed));
        command.arg(format!("protocol={}", self.arguments.protocol));
        command.args(options).stdin(Stdio::null());
        command
    }

    fn start(&mut self, server: &Server, kind: Kind, life: u32) -> Result<()> {
        let (role, name, options) = kind;
        let name = format!("{name}.{life}");
        let log = std::fs::File::create(self.lines.join(format!("{name}.log")))?;
        let child = self
            .worker(server, role, &name, options)
            .stderr(log)
            .spawn();
        let child = child.with_context(|| format!("starting the worker {name}"))?;
        self.workers.push(Worker { kind, life, child });
        Ok(())
    }

    /// Draws faults until the time is over, and heals the last one.
    fn trouble(&mut self, server: &mut Server) -> Result<()> {
        let end = now() + Duration::from_secs(self.arguments.seconds);
        while now() < end {
            let left = end.saturating_duration_since(now());
            let pause =
                Duration::from_millis(500 + self.luck.below(BETWEEN_FAULTS_SECONDS_MAX * 1000));
            std::thread::park_timeout(pause.min(left));
            if self.arguments.calm || now() >= end {
                continue;
            }
            match self.luck.below(8) {
                0..=2 => {
                    self.note("kill the node")?;
                    server.kill_and_restart()?;
                }
                3 | 4 => {
                    let pause = self.luck.below(NODE_PAUSE_SECONDS_MAX * 1000);
                    self.note("stop the node")?;
                    let id = server.process().context("the broker does not run")?;
                    paused(id, Duration::from_millis(pause))?;
                }
                5 => self.replace_worker(server)?,
                _ => self.pause_worker()?,
            }
        }
        self.note("healed")
    }

    /// Kills a worker with a transactional id and starts one that takes over.
    fn replace_worker(&mut self, server: &Server) -> Result<()> {
        let with_id: Vec<usize> = (0..self.workers.len())
            .filter(|n| {
                let worker = self.workers.get(*n);
                worker.is_some_and(|worker| matches!(worker.kind.0, "txn" | "etl"))
            })
            .collect();
        let Some(at) = with_id.get(self.luck.below(with_id.len() as u64) as usize) else {
            return Ok(());
        };
        let mut worker = self.workers.swap_remove(*at);
        self.note(&format!("kill {}", worker.kind.1))?;
        worker.child.kill()?;
        worker.child.wait()?;
        self.start(server, worker.kind, worker.life + 1)
    }

    fn pause_worker(&mut self) -> Result<()> {
        let at = self.luck.below(self.workers.len() as u64) as usize;
        let pause = self.luck.below(WORKER_PAUSE_SECONDS_MAX * 1000);
        let Some(worker) = self.workers.get(at) else {
            return Ok(());
        };
        let (id, name) = (worker.child.id(), worker.kind.1);
        self.note(&format!("stop {name}"))?;
        paused(id, Duration::from_millis(pause))
    }

    fn note(&mut self, what: &str) -> Result<()> {
        say(&format!("history: {what}"));
        let now = uptime_ns()?;
        let line =
            format!(r#"{{"t0":{now},"t1":{now},"proc":"nemesis","op":"nemesis","what":"{what}"}}"#);
        Ok(writeln!(self.nemesis, "{line}")?)
    }

    /// Asks all workers to end, and waits.
    fn stop(&mut self) -> Result<()> {
        for worker in &self.workers {
            signal("-TERM", worker.child.id())?;
        }
        let end = now() + Duration::from_secs(STOP_SECONDS_MAX);
        for mut worker in std::mem::take(&mut self.workers) {
            let child = &mut worker.child;
            while child.try_wait()?.is_none() {
                if now() > end {
                    child.kill()?;
                    child.wait()?;
                    anyhow::bail!("the worker {} does not end", worker.kind.1);
                }
                std::thread::park_timeout(Duration::from_millis(50));
            }
        }
        Ok(())
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        for worker in &mut self.workers {
            // Nothing of a worker is worth keeping.
            let _ = worker.child.kill();
            let _ = worker.child.wait();
        }
    }
}

/// Stops a process as SIGSTOP does, and lets it go on.
fn paused(id: u32, pause: Duration) -> Result<()> {
    signal("-STOP", id)?;
    std::thread::park_timeout(pause);
    signal("-CONT", id)
}

fn signal(signal: &str, id: u32) -> Result<()> {
    let status = Command::new("kill")
        .args([signal, &id.to_string()])
        .status();
    ensure!(status?.success(), "kill {signal} {id}");
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a run lasts as long as it was asked to, in real time"
)]
fn now() -> Instant {
    Instant::now()
}

/// The workers' clock, to a hundredth of a second.
fn uptime_ns() -> Result<u64> {
    let text = std::fs::read_to_string("/proc/uptime")?;
    let seconds: f64 = text.split(' ').next().unwrap_or_default().parse()?;
    Ok((seconds * 1e9) as u64)
}

/// Numbers from a seed.
struct Luck(u64);

impl Luck {
    /// The next number below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound.max(1)
    }
}
