//! The same load tools against both brokers: librdkafka's, Kafka's own and ours.

use super::case::{Case, Target, Tool};
use anyhow::{Context, Result, bail, ensure};
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

mod java;
mod klamm;
mod librdkafka;

/// All cases, with what they are to reach.
pub(super) fn cases() -> Vec<Case> {
    let mut all = librdkafka::cases();
    all.extend(java::cases());
    all.extend(klamm::cases());
    all
}

const CPU: &str = "CPU";

/// A tool that runs; what it says goes to a file, so that it never waits for a reader.
#[derive(Debug)]
struct Running {
    child: Child,
    name: String,
    log: PathBuf,
    started: Instant,
}

/// A tool that takes longer hangs.
const SECONDS_MAX: u64 = 120;

impl Running {
    fn start(command: &mut Command, log: PathBuf) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let out = File::create(&log)?;
        command.stdin(Stdio::null()).stdout(out.try_clone()?);
        let child = command
            .stderr(out)
            .spawn()
            .with_context(|| format!("start {name}"))?;
        Ok(Self { child, name, log, started: Instant::now() })
    }

    /// SIGINT: load tools end what they do and report.
    fn interrupt(&self) -> Result<()> {
        let id = i32::try_from(self.child.id()).ok();
        let id = id.and_then(rustix::process::Pid::from_raw);
        let id = id.context("a process id")?;
        Ok(rustix::process::kill_process(
            id,
            rustix::process::Signal::INT,
        )?)
    }

    /// What it said, once it has ended well.
    fn finish(mut self) -> Result<String> {
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            if self.started.elapsed().as_secs() > SECONDS_MAX {
                bail!("{} did not end in {SECONDS_MAX} s", self.name);
            }
            std::thread::park_timeout(Duration::from_millis(2));
        };
        let said = String::from_utf8_lossy(&std::fs::read(&self.log)?).into_owned();
        let last = said.lines().rev().find(|line| !line.trim().is_empty());
        ensure!(
            status.success(),
            "{}: {status}: {}",
            self.name,
            last.unwrap_or_default()
        );
        Ok(said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // What has ended is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
