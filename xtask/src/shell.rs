//! Running other programs: their output streams through, their exit status is an answer.

use anyhow::{Context, Result};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Says `line` on stdout at once: a reader of a pipe sees progress while it happens.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A closed pipe is the reader's wish; the work goes on and its exit code still counts.
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

/// Makes the root of the repository the current folder, wherever xtask was called from.
pub(crate) fn enter_root() -> Result<()> {
    std::env::set_current_dir(root()).context("entering the root of the repository")
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Where cargo puts what it builds.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// The cargo that started us, or the one on the path.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs `command` with its output going where ours goes; true when it succeeded.
pub(crate) fn passes(command: &mut Command) -> Result<bool> {
    say(&format!("$ {}", shown(command)));
    let status = command.stdin(Stdio::null()).status();
    Ok(status
        .with_context(|| format!("starting {}", shown(command)))?
        .success())
}

/// Runs `command`, passes each line of its stdout on and to `each`; true when it succeeded.
pub(crate) fn passes_with(command: &mut Command, mut each: impl FnMut(&str)) -> Result<bool> {
    passes_quietly(command, |line| {
        say(line);
        each(line);
    })
}

/// Runs `command` and gives each line of its stdout to `each` alone; true when it succeeded.
pub(crate) fn passes_quietly(command: &mut Command, mut each: impl FnMut(&str)) -> Result<bool> {
    say(&format!("$ {}", shown(command)));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {}", shown(command)))?;
    if let Some(out) = child.stdout.take() {
        for line in BufReader::new(out).split(b'\n') {
            each(&String::from_utf8_lossy(&line?));
        }
    }
    Ok(child.wait()?.success())
}

/// Runs `command` and returns what it printed, or an error that carries what it complained about.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let out = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("starting {}", shown(command)))?;
    anyhow::ensure!(
        out.status.success(),
        "{} ended with {}: {}",
        shown(command),
        out.status,
        String::from_utf8_lossy(&out.stderr).trim()
    );
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}

/// True when a program of this name can be found on the path.
pub(crate) fn has(program: &str) -> bool {
    let Some(path) = std::env::var_os("PATH") else {
        return false;
    };
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn shown(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    if let Some(name) = Path::new(&line).file_name() {
        line = name.to_string_lossy().into_owned();
    }
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}
