//! A driver: a child process that answers verbs, one line each.

use anyhow::{Context, Result, anyhow, bail};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Longer than any driver waits for its client.
const ANSWER_SECONDS_MAX: u64 = 150;

/// What a driver said to a verb.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Done, with what there is to say.
    Ok(Vec<String>),
    /// The client has no such thing.
    Unable(String),
    /// The client refused or broke.
    Error(String),
}

/// A running driver.
#[derive(Debug)]
pub(crate) struct Driver {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

impl Driver {
    /// Starts the driver; what it writes on stderr goes to `log`.
    pub(crate) fn start(command: &mut Command, bootstrap: &str, log: &Path) -> Result<Self> {
        let mut child = command
            .arg(bootstrap)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(log)?)
            .spawn()
            .with_context(|| format!("starting {}", command.get_program().to_string_lossy()))?;
        let input = child.stdin.take().context("a driver has a stdin")?;
        let output = child.stdout.take().context("a driver has a stdout")?;
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, input, lines })
    }

    /// Asks and waits for the answer.
    pub(crate) fn ask(&mut self, fields: &[&str]) -> Result<Answer> {
        self.ask_with(fields, |_| Ok(()))
    }

    /// Asks and waits; `on_progress` hears every count that the driver reports meanwhile.
    pub(crate) fn ask_with(
        &mut self,
        fields: &[&str],
        mut on_progress: impl FnMut(u64) -> Result<()>,
    ) -> Result<Answer> {
        writeln!(self.input, "{}", fields.join("\t")).context("the driver is gone")?;
        self.input.flush()?;
        loop {
            let wait = Duration::from_secs(ANSWER_SECONDS_MAX);
            let line = self.lines.recv_timeout(wait).map_err(|why| {
                anyhow!(
                    "no answer to {}: the driver {why}",
                    fields.first().unwrap_or(&"")
                )
            })?;
            let mut parts = line.split('\t').map(str::to_owned);
            match parts.next().as_deref() {
                Some("ok") => return Ok(Answer::Ok(parts.collect())),
                Some("unable") => return Ok(Answer::Unable(parts.collect())),
                Some("error") => return Ok(Answer::Error(parts.collect())),
                Some("progress") => on_progress(parts.collect::<String>().parse()?)?,
                _ => crate::shell::say(&line),
            }
        }
    }
}

impl Answer {
    /// The fields of a good answer; an error otherwise.
    pub(crate) fn fields(self) -> Result<Vec<String>> {
        match self {
            Self::Ok(fields) => Ok(fields),
            Self::Unable(why) => Err(Unable(why).into()),
            Self::Error(why) => bail!(why),
        }
    }

    /// The whole numbers of a good answer.
    pub(crate) fn numbers(self) -> Result<Vec<i64>> {
        self.fields()?
            .iter()
            .map(|field| Ok(field.parse()?))
            .collect()
    }
}

/// The client cannot do what a case asks.
#[derive(Debug)]
pub(crate) struct Unable(pub(crate) String);

impl std::fmt::Display for Unable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unable {}

impl Drop for Driver {
    fn drop(&mut self) {
        // Nothing of a driver is worth keeping; it may already be gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
