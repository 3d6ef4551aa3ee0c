//! The broker as its own process: started, asked, measured, killed.

use anyhow::{Context, Result, bail};
use klamm_wire::messages::metadata::MetadataRequest;
use rustix::process::{Pid, Signal};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running broker.
#[derive(Debug)]
pub(crate) struct Node {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Seconds from the start of the process to its ready line.
    pub(crate) ready_s: f64,
}

/// What the kernel says of a process.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    pub(crate) user_s: f64,
    pub(crate) system_s: f64,
    pub(crate) rss_bytes: u64,
    pub(crate) peak_rss_bytes: u64,
    pub(crate) threads: u64,
    pub(crate) files: u64,
    /// Bytes that went, or are to go, to the device.
    pub(crate) stored_bytes: u64,
}

impl Usage {
    /// User and system time together.
    pub(crate) fn cpu_s(self) -> f64 {
        self.user_s + self.system_s
    }
}

/// Kernel ticks a second in /proc.
const TICKS: f64 = 100.0;

impl Node {
    /// Starts `klamm server` on a free port with its data in `folder`.
    pub(crate) fn start(program: &Path, folder: &Path, settings: &[&str]) -> Result<Self> {
        let started = Instant::now();
        let mut command = Command::new(program);
        command
            .arg("server")
            .arg("--set")
            .arg("listeners=PLAINTEXT://127.0.0.1:0");
        command
            .arg("--set")
            .arg(format!("log.dirs={}", folder.display()));
        for setting in settings {
            command.arg("--set").arg(setting);
        }
        let mut child = spawn(&mut command)?;
        let stdout = child.stdout.take().context("the broker's output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let Some((_, address)) = line.trim().rsplit_once("://") else {
            let _ = child.kill();
            let _ = child.wait();
            bail!("the broker did not get ready: {line:?}");
        };
        let address = address.parse().context("the ready line's address")?;
        Ok(Self { child, address, ready_s: started.elapsed().as_secs_f64() })
    }

    /// Starts Apache Kafka, whose folder was prepared by [`crate::kafka`].
    pub(crate) fn start_kafka(kafka: &crate::kafka::Kafka) -> Result<Self> {
        let started = Instant::now();
        let mut child = spawn(&mut kafka.server())?;
        // It says nothing, but must not wait for a reader.
        drop(child.stdout.take());
        let address = kafka.address;
        let mut node = Self { child, address, ready_s: 0.0 };
        while crate::frames::ask(address, &MetadataRequest::default(), 9).is_err() {
            let elapsed = started.elapsed();
            if elapsed.as_secs() > KAFKA_READY_SECONDS_MAX {
                bail!("Kafka does not answer after {} s", elapsed.as_secs());
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
        node.ready_s = started.elapsed().as_secs_f64();
        Ok(node)
    }

    /// SIGTERM, and the seconds until the process has ended.
    pub(crate) fn stop(mut self) -> Result<f64> {
        let started = Instant::now();
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        rustix::process::kill_process(id.context("a process id")?, Signal::TERM)?;
        self.child.wait()?;
        Ok(started.elapsed().as_secs_f64())
    }

    /// What it has used so far.
    pub(crate) fn usage(&self) -> Result<Usage> {
        let proc = PathBuf::from(format!("/proc/{}", self.child.id()));
        let stat = std::fs::read_to_string(proc.join("stat"))?;
        // The name in brackets may hold spaces; numbers follow the last bracket.
        let (_, numbers) = stat.rsplit_once(')').context("stat")?;
        let field = |n: usize| -> Result<f64> {
            Ok(numbers
                .split_whitespace()
                .nth(n - 3)
                .context("stat field")?
                .parse()?)
        };
        let status = std::fs::read_to_string(proc.join("status"))?;
        let number = |name: &str| -> u64 {
            let line = status.lines().find(|line| line.starts_with(name));
            line.and_then(|l| l.split_whitespace().nth(1)?.parse().ok())
                .unwrap_or(0)
        };
        let counts = std::fs::read_to_string(proc.join("io"))?;
        let io = |name: &str| -> u64 {
            let line = counts.lines().find(|line| line.starts_with(name));
            line.and_then(|l| l.split_whitespace().nth(1)?.parse().ok())
                .unwrap_or(0)
        };
        Ok(Usage {
            user_s: field(14)? / TICKS,
            system_s: field(15)? / TICKS,
            rss_bytes: number("VmRSS:") << 10,
            peak_rss_bytes: number("VmHWM:") << 10,
            threads: number("Threads:"),
            files: std::fs::read_dir(proc.join("fd"))?.count() as u64,
            stored_bytes: io("write_bytes:"),
        })
    }

    /// The peak of memory counts from now on. Without the right to do so it counts from the start.
    pub(crate) fn forget_peak(&self) {
        let _ = std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5");
    }

    /// Seconds that its threads have spent on a core, in nanoseconds' steps: the times of `usage` come in hundredths. What
    /// threads used that have ended since is not in it.
    pub(crate) fn on_core_s(&self) -> Result<f64> {
        let tasks = format!("/proc/{}/task", self.child.id());
        let mut sum = 0.0;
        for task in std::fs::read_dir(&tasks)? {
            // A thread may end between the two looks.
            let Ok(text) = std::fs::read_to_string(task?.path().join("schedstat")) else {
                continue;
            };
            let first = text.split_whitespace().next().context("schedstat")?;
            sum += first.parse::<f64>()? / 1e9;
        }
        Ok(sum)
    }

    /// CPU seconds that `work` cost the broker, with what `work` returns.
    pub(crate) fn cpu_of<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<(f64, T)> {
        let before = self.usage()?.cpu_s();
        let value = work()?;
        Ok((self.usage()?.cpu_s() - before, value))
    }

    /// SIGKILL, as a crash of the process.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

/// Kafka waits nine seconds for its own old session after a kill.
const KAFKA_READY_SECONDS_MAX: u64 = 120;

/// Starts a server on its core.
fn spawn(command: &mut Command) -> Result<Child> {
    crate::pin::to(crate::pin::SERVER);
    let spawned = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("start {}", command.get_program().to_string_lossy()));
    crate::pin::to(crate::pin::LOAD);
    spawned
}

impl Drop for Node {
    fn drop(&mut self) {
        // What was stopped or killed is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
