//! Apache Kafka from Maven: a broker to compare with, and its tools that read our files.

use super::provision::{cache, must, need, once};
use super::server::PARTITIONS;
use crate::shell::{output, root};
use anyhow::{Result, bail};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The jars of Kafka's broker and tools.
pub(crate) fn jars() -> Result<PathBuf> {
    need(&["java", "mvn"])?;
    let folder = cache("kafka-jars");
    let pom = root().join("compat/dump/pom.xml");
    once(&folder, &std::fs::read_to_string(&pom)?, |folder| {
        maven(&pom, &[], folder)
    })?;
    Ok(folder)
}

/// Copies the jars that `pom` names, and those that they need, into `folder`.
pub(crate) fn maven(pom: &Path, properties: &[String], folder: &Path) -> Result<()> {
    let mut copy = Command::new("mvn");
    copy.args(["-q", "-B", "-f"]).arg(pom).args(properties);
    copy.args(["dependency:copy-dependencies", "-DincludeScope=runtime"]);
    must(copy.arg(format!("-DoutputDirectory={}", folder.display())))
}

/// A Java program of Kafka's.
pub(crate) fn tool(class: &str) -> Result<Command> {
    let mut java = java()?;
    java.arg(class);
    Ok(java)
}

/// A program of ours in one source file that uses Kafka's jars; Java compiles it as it starts.
pub(crate) fn tool_of_source(source: &Path) -> Result<Command> {
    need(&["javac"])?;
    let mut java = java()?;
    java.arg(source);
    Ok(java)
}

/// Java with Kafka's jars.
fn java() -> Result<Command> {
    let jars = jars()?;
    let mut java = Command::new("java");
    java.args(["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]);
    java.arg(format!(
        "-Dlog4j2.configurationFile={}",
        log_settings().display()
    ));
    java.arg("-cp").arg(jars.join("*"));
    Ok(java)
}

/// Writes the settings of a node into `folder`, formats its data, and returns the port for clients.
pub(crate) fn prepare(folder: &Path, more: &[&str]) -> Result<u16> {
    let (port, controller) = (free_port()?, free_port()?);
    let settings = format!(
        "process.roles=broker,controller\nnode.id=0\n\
         controller.quorum.bootstrap.servers=127.0.0.1:{controller}\n\
         listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}\n\
         advertised.listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}\n\
         inter.broker.listener.name=PLAINTEXT\ncontroller.listener.names=CONTROLLER\n\
         listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT\n\
         log.dirs={}\nnum.partitions={PARTITIONS}\noffsets.topic.replication.factor=1\n\
         transaction.state.log.replication.factor=1\ntransaction.state.log.min.isr=1\n{}\n",
        folder.join("data").display(),
        more.join("\n")
    );
    std::fs::write(settings_file(folder), settings)?;
    let id = output(tool("kafka.tools.StorageTool")?.arg("random-uuid"))?;
    let id = id.lines().last().unwrap_or_default().trim().to_owned();
    let mut format = tool("kafka.tools.StorageTool")?;
    format
        .args(["format", "--standalone", "-t", &id, "-c"])
        .arg(settings_file(folder));
    output(&mut format)?;
    Ok(port)
}

/// The broker, for a folder that was prepared.
pub(crate) fn server_command(folder: &Path) -> Command {
    let mut java = Command::new("java");
    java.arg("-Xmx768m");
    java.arg(format!(
        "-Dlog4j2.configurationFile={}",
        log_settings().display()
    ));
    java.arg("-cp").arg(cache("kafka-jars").join("*"));
    java.arg("kafka.Kafka").arg(settings_file(folder));
    java
}

/// Waits until the port accepts: Kafka opens it last.
pub(crate) fn wait_until_open(port: u16, seconds_max: u64) -> Result<()> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    for _ in 0..seconds_max * 10 {
        if TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok() {
            return Ok(());
        }
        std::thread::park_timeout(Duration::from_millis(100));
    }
    bail!("Kafka did not open its port in {seconds_max} s")
}

fn settings_file(folder: &Path) -> PathBuf {
    folder.join("server.properties")
}

fn log_settings() -> PathBuf {
    root().join("compat/dump/log4j2.yaml")
}

/// A port that was free a moment ago: Kafka must know its port before it starts.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
