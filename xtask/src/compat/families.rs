//! The families: where their software comes from, and how their driver starts.

use super::driver::Driver;
use super::provision::{cache, must, need, once};
use super::report::Report;
use super::server::{Broker, Server, klamm};
use super::{
    applications, connect, dump, foreign, history, kafka, librdkafka, script, suites,
    there_and_back, tools, twin,
};
use crate::shell::root;
use anyhow::Result;
use std::process::Command;

/// Clients of one kind in one version.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) name: &'static str,
    /// Fits into the time of CI.
    pub(crate) in_ci: bool,
    client: Client,
}

#[derive(Debug)]
enum Client {
    Kcat,
    Confluent(&'static str),
    Java(&'static str),
    Franz,
    Kafkajs,
    Klamm,
    Kio,
    Rskafka,
    Dump,
    ThereAndBack,
    History,
    KafkaPython,
    Kgo,
    Librdkafka,
    Rdkafka,
    Tools,
    Twin,
    Faust,
    Rsyslog,
    WordCount,
    Connect,
}

const fn family(name: &'static str, in_ci: bool, client: Client) -> Family {
    Family { name, in_ci, client }
}

/// All families, the quick ones first.
pub(crate) const ALL: &[Family] = &[
    family("kio", true, Client::Kio),
    family("kcat", true, Client::Kcat),
    family("klamm", true, Client::Klamm),
    family("confluent", true, Client::Confluent("2.16.1")),
    family("confluent-2.0.2", true, Client::Confluent("2.0.2")),
    family("kafkajs", true, Client::Kafkajs),
    family("franz", true, Client::Franz),
    family("java", true, Client::Java("4.3.1")),
    family("dump", true, Client::Dump),
    family("there-and-back", true, Client::ThereAndBack),
    family("tools", true, Client::Tools),
    family("tools-twin", true, Client::Twin),
    family("kafka-python", true, Client::KafkaPython),
    family("history", true, Client::History),
    family("kgo", true, Client::Kgo),
    family("librdkafka", false, Client::Librdkafka),
    family("rdkafka", false, Client::Rdkafka),
    family("faust", false, Client::Faust),
    family("rsyslog", false, Client::Rsyslog),
    family("wordcount", true, Client::WordCount),
    family("connect", true, Client::Connect),
    family("rskafka", true, Client::Rskafka),
    family("confluent-2.6.2", false, Client::Confluent("2.6.2")),
    family("confluent-2.11.1", false, Client::Confluent("2.11.1")),
    family("java-3.9.1", false, Client::Java("3.9.1")),
    family("java-2.8.2", false, Client::Java("2.8.2")),
    family("java-2.1.1", false, Client::Java("2.1.1")),
];

impl Family {
    /// Installs what is needed, starts a broker, runs the cases.
    pub(crate) fn run(&self, broker: Broker, report: &mut Report) -> Result<()> {
        match self.client {
            Client::Kio => foreign::kio(&mut self.server(broker)?, report),
            Client::Rskafka => foreign::rskafka(&mut self.server(broker)?, report),
            Client::Dump => dump::run(&mut self.server(broker)?, java_driver("4.3.1")?, report),
            Client::History => history::family(&mut self.server(broker)?, report),
            Client::KafkaPython => suites::kafka_python(&mut self.server(broker)?, report),
            Client::Kgo => suites::kgo(&mut self.server(broker)?, report),
            Client::Librdkafka => librdkafka::run(&mut self.server(broker)?, report),
            Client::Rdkafka => suites::rdkafka(&mut self.server(broker)?, report),
            Client::Tools => tools::run(&mut self.server(broker)?, report),
            Client::Twin => twin::run(&mut self.server(broker)?, report),
            Client::Faust => applications::faust(&mut self.server(broker)?, report),
            Client::Rsyslog => applications::rsyslog(&mut self.server(broker)?, report),
            Client::WordCount => applications::word_count(&mut self.server(broker)?, report),
            Client::Connect => connect::run(&mut self.server(broker)?, report),
            Client::ThereAndBack => {
                let mut server = self.server(Broker::Kafka)?;
                let programs = [java_driver("4.3.1")?, java_program("4.3.1", "Journey")?];
                there_and_back::run(&mut server, programs, broker, report)
            }
            _ => {
                let mut command = self.client.driver()?;
                let mut server = self.server(broker)?;
                let log = server.folder().join("driver.log");
                let driver = Driver::start(&mut command, &server.bootstrap(), &log)?;
                script::run(&mut server, driver, report);
                Ok(())
            }
        }
    }

    fn server(&self, broker: Broker) -> Result<Server> {
        if broker == Broker::Kafka {
            kafka::jars()?;
        }
        let settings = match self.client {
            Client::KafkaPython | Client::Kgo | Client::Librdkafka => suites::SETTINGS,
            Client::Tools | Client::Twin | Client::Faust | Client::WordCount | Client::Connect => {
                suites::SETTINGS
            }
            Client::Rdkafka => suites::SETTINGS_RDKAFKA,
            _ => &[],
        };
        Server::start_with(broker, &cache("runs").join(self.name), settings)
    }
}

impl Client {
    fn driver(&self) -> Result<Command> {
        match self {
            Self::Kcat => {
                need(&["kcat", "python3"])?;
                Ok(python("python3".as_ref(), "kcat"))
            }
            Self::Klamm => {
                need(&["python3"])?;
                let mut command = python("python3".as_ref(), "klamm");
                command.env("KLAMM", klamm());
                Ok(command)
            }
            Self::Confluent(version) => {
                let python3 = python_with(&format!("confluent-kafka=={version}"))?;
                Ok(python(python3.as_ref(), "confluent"))
            }
            Self::Java(version) => java_driver(version),
            Self::Franz => franz_driver(),
            Self::Kafkajs => kafkajs_driver(),
            _ => anyhow::bail!("this family has no driver"),
        }
    }
}

/// The Python of a virtual environment that holds these packages, separated by spaces.
pub(crate) fn python_with(package: &str) -> Result<std::path::PathBuf> {
    need(&["python3"])?;
    let folder = cache(&format!("python-{}", package.replace(' ', "-")));
    once(&folder, package, |folder| {
        must(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
        let mut pip = Command::new(folder.join("bin/pip"));
        pip.args(["install", "--quiet", "--disable-pip-version-check"]);
        must(pip.args(package.split(' ')))
    })?;
    Ok(folder.join("bin/python"))
}

fn python(interpreter: &std::path::Path, folder: &str) -> Command {
    let compat = root().join("compat");
    let mut command = Command::new(interpreter);
    // No byte code beside the sources: a run writes nothing outside the target folder.
    command
        .env("PYTHONPATH", &compat)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command.arg("-u").arg(compat.join(folder).join("driver.py"));
    command
}

fn java_driver(version: &str) -> Result<Command> {
    java_program(version, "Driver")
}

/// A program of `compat/java`, with the clients of a version.
fn java_program(version: &str, class: &str) -> Result<Command> {
    need(&["java", "javac", "mvn"])?;
    let folder = cache(&format!("java-{version}-{class}"));
    let source = root().join(format!("compat/java/{class}.java"));
    let pom = root().join("compat/java/pom.xml");
    let recipe = std::fs::read_to_string(&source)? + &std::fs::read_to_string(&pom)?;
    once(&folder, &recipe, |folder| {
        kafka::maven(&pom, &[format!("-Dkafka={version}")], &folder.join("jars"))?;
        let mut javac = Command::new("javac");
        javac.args(["-nowarn", "-cp"]).arg(folder.join("jars/*"));
        must(javac.arg("-d").arg(folder).arg(&source))
    })?;
    let mut java = Command::new("java");
    java.args([
        "-Xmx384m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-cp",
    ]);
    java.arg(format!(
        "{}:{}",
        folder.display(),
        folder.join("jars/*").display()
    ));
    java.arg(class);
    Ok(java)
}

fn franz_driver() -> Result<Command> {
    need(&["go"])?;
    let source = root().join("compat/franz");
    let folder = cache("franz");
    let program = folder.join("driver");
    let recipe = std::fs::read_to_string(source.join("main.go"))?
        + &std::fs::read_to_string(source.join("go.sum"))?;
    once(&folder, &recipe, |_| {
        let mut go = Command::new("go");
        go.args(["build", "-o"])
            .arg(&program)
            .arg(".")
            .current_dir(&source);
        must(&mut go)
    })?;
    Ok(Command::new(program))
}

fn kafkajs_driver() -> Result<Command> {
    need(&["node", "npm"])?;
    let source = root().join("compat/kafkajs");
    let folder = cache("kafkajs");
    let files = ["driver.mjs", "package.json", "package-lock.json"];
    let mut recipe = String::new();
    for file in files {
        recipe.push_str(&std::fs::read_to_string(source.join(file))?);
    }
    once(&folder, &recipe, |folder| {
        for file in files {
            std::fs::copy(source.join(file), folder.join(file))?;
        }
        let mut npm = Command::new("npm");
        npm.args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--silent",
        ]);
        must(npm.current_dir(folder))
    })?;
    let mut node = Command::new("node");
    node.arg(folder.join("driver.mjs"));
    Ok(node)
}
