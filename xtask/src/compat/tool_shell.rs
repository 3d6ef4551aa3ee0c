//! Kafka's command line tools, all in one process: `compat/tools/Shell.java` runs them as if each were alone.

use super::driver::Driver;
use super::kafka::tool_of_source;
use super::server::Server;
use crate::shell::root;
use anyhow::{Context, Result, ensure};
use std::path::PathBuf;

pub(crate) const TOOLS: &str = "org.apache.kafka.tools.";
const LOG: &str = "tools.log";

/// What a tool said, and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) text: String,
    /// What it logged meanwhile, which is no part of the text.
    pub(crate) log: String,
    pub(crate) good: bool,
}

/// The process, and the broker that it talks to.
#[derive(Debug)]
pub(crate) struct ToolShell {
    driver: Driver,
    pub(crate) bootstrap: String,
    pub(crate) folder: PathBuf,
}

impl ToolShell {
    /// Starts the process for one broker.
    pub(crate) fn start(server: &Server) -> Result<Self> {
        let folder = server.folder().to_path_buf();
        let mut command = tool_of_source(&root().join("compat/tools/Shell.java"))?;
        let driver = Driver::start(&mut command, &server.bootstrap(), &folder.join(LOG))?;
        Ok(Self { driver, bootstrap: server.bootstrap(), folder })
    }

    /// Runs a tool with `input` as its stdin; `{address}` in an argument is the broker's. Where no argument names it, it
    /// comes first, as most tools want it.
    pub(crate) fn run(&mut self, class: &str, arguments: &[&str], input: &str) -> Result<Said> {
        let class = match class.split_once('.') {
            Some(("kafka" | "org", _)) => class.to_owned(),
            _ => format!("{TOOLS}{class}"),
        };
        let (stdin, stdout) = (self.folder.join("stdin"), self.folder.join("stdout"));
        std::fs::write(&stdin, input)?;
        let (stdin, printed) = (stdin.display().to_string(), stdout.display().to_string());
        let mut fields = vec!["run".to_owned(), class.clone(), stdin, printed];
        if !arguments.iter().any(|word| word.contains("{address}")) {
            fields.extend(["--bootstrap-server".to_owned(), self.bootstrap.clone()]);
        }
        let folder = self.folder.display().to_string();
        fields.extend(arguments.iter().map(|word| {
            word.replace("{address}", &self.bootstrap)
                .replace("{folder}", &folder)
        }));
        let log = self.folder.join(LOG);
        let logged_before = std::fs::metadata(&log)?.len() as usize;
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        let answer = self.driver.ask(&fields)?.fields();
        let answer = answer.with_context(|| class.clone())?;
        let text = String::from_utf8_lossy(&std::fs::read(&stdout)?).into_owned();
        let log = std::fs::read(log)?;
        let log = String::from_utf8_lossy(log.get(logged_before..).unwrap_or_default());
        let good = answer.first().is_some_and(|status| status == "0");
        Ok(Said { text, log: log.into_owned(), good })
    }

    /// Runs a tool that must succeed, and returns what it said.
    pub(crate) fn must(&mut self, class: &str, arguments: &[&str]) -> Result<String> {
        let said = self.run(class, arguments, "")?;
        ensure!(said.good, "{class} {}: {}", arguments.join(" "), said.text);
        Ok(said.text)
    }

    /// Another verb of the shell: a member of a group, a transaction.
    pub(crate) fn verb(&mut self, fields: &[&str]) -> Result<()> {
        self.driver.ask(fields)?.fields().map(drop)
    }
}
