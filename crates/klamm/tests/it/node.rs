//! A node in its own process, and commands against it.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};

/// A running `klamm server`; killed when dropped.
pub(crate) struct Node {
    child: Child,
    stdout: BufReader<ChildStdout>,
    address: String,
    log: PathBuf,
}

/// What a command printed.
pub(crate) struct Printed {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Node {
    /// Starts a node on a free port with its data in `folder`, and waits until it serves.
    pub(crate) fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[])
    }

    /// The same with further settings.
    pub(crate) fn start_with(folder: &Path, settings: &[&str]) -> Self {
        Self::start_as(klamm(), folder, settings)
    }

    /// The same, from a shell that set limits of its own.
    pub(crate) fn start_under(limits: &str, folder: &Path, settings: &[&str]) -> Self {
        let mut shell = Command::new("sh");
        let script = format!("{limits}; exec \"$0\" \"$@\"");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_klamm")]);
        Self::start_as(shell, folder, settings)
    }

    fn start_as(mut command: Command, folder: &Path, settings: &[&str]) -> Self {
        command.args([
            "server",
            "--set",
            "listeners=PLAINTEXT://127.0.0.1:0",
            "--set",
        ]);
        command.arg(format!("log.dirs={}", folder.display()));
        for setting in settings {
            command.args(["--set", setting]);
        }
        if let Some(parent) = folder.parent() {
            command.current_dir(parent);
        }
        let log = folder.with_extension("log");
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("klamm ready: PLAINTEXT://");
        let Some(address) = address.map(str::to_owned) else {
            let log = std::fs::read_to_string(&log).unwrap();
            panic!("not ready: {line:?}\n{log}");
        };
        Self { child, stdout, address, log }
    }

    /// Runs a client command against this node; it must succeed.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        self.run_with_input(arguments, b"")
    }

    /// The same with something on standard input.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> String {
        let printed = self.try_run(arguments, input);
        assert_eq!(
            printed.code, 0,
            "klamm {arguments:?}\n{}{}",
            printed.out, printed.err
        );
        printed.out
    }

    /// The lines of a command's JSON output.
    pub(crate) fn json(&self, arguments: &[&str]) -> Vec<Value> {
        let mut with_json = arguments.to_vec();
        with_json.push("--json");
        let out = self.run(&with_json);
        let parse =
            |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        out.lines().map(parse).collect()
    }

    /// Runs a client command, whatever comes of it.
    pub(crate) fn try_run(&self, arguments: &[&str], input: &[u8]) -> Printed {
        let mut all = arguments.to_vec();
        all.extend(["-b", &self.address]);
        run(&all, input)
    }

    /// Starts a command, reads its first line, goes away, and waits for its end.
    pub(crate) fn first_line(&self, arguments: &[&str]) -> (String, ExitStatus) {
        let mut command = klamm();
        command.args(arguments).args(["-b", &self.address]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::with_capacity(16, child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        drop(stdout);
        (line, child.wait().unwrap())
    }

    /// Starts `klamm produce TOPIC --verbose …`.
    pub(crate) fn producing(&self, topic: &str, more: &[&str]) -> Child {
        let mut command = klamm();
        command.args([
            "produce",
            topic,
            "--verbose",
            "--linger",
            "0ms",
            "-b",
            &self.address,
        ]);
        command.args(more);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        command.spawn().unwrap()
    }

    /// Starts `klamm consume TOPIC …`.
    pub(crate) fn consuming(&self, topic: &str, more: &[&str]) -> Child {
        let mut command = klamm();
        command
            .args(["consume", topic, "-b", &self.address])
            .args(more);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        command.spawn().unwrap()
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Memory that it holds, as the kernel counts it.
    pub(crate) fn rss_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        kib.unwrap() << 10
    }

    /// What the node logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Ends the node in order, and gives what else it printed on standard output.
    pub(crate) fn stop(mut self) -> (ExitStatus, String) {
        self.signal(rustix::process::Signal::TERM);
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap(), rest)
    }

    /// The terminal goes away.
    pub(crate) fn hang_up(&self) {
        self.signal(rustix::process::Signal::HUP);
    }

    /// Waits for its end.
    pub(crate) fn ended(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Ends the node as a crash would.
    pub(crate) fn kill(mut self) {
        self.signal(rustix::process::Signal::KILL);
        self.child.wait().unwrap();
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the program to its end.
pub(crate) fn run(arguments: &[&str], input: &[u8]) -> Printed {
    let mut command = klamm();
    command.args(arguments);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A command that reads no input closes its end early.
    let _ = stdin.write_all(input);
    drop(stdin);
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    Printed {
        code: status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&stdout).into_owned(),
        err: String::from_utf8_lossy(&stderr).into_owned(),
    }
}

fn klamm() -> Command {
    Command::new(env!("CARGO_BIN_EXE_klamm"))
}
