//! Apache Kafka as a process beside ours: one node, broker and controller, with the same settings.

use anyhow::{Context, Result, ensure};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder that is ready for Kafka to run in.
#[derive(Debug)]
pub(crate) struct Kafka {
    jars: PathBuf,
    folder: PathBuf,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Kafka {
    /// Writes settings and formats the data folder. `jars` holds Kafka's jars.
    pub(crate) fn prepare(jars: &Path, folder: &Path, settings: &[&str]) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        // Both ports are kept until both are known, or they might be the same.
        let ports = [
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?,
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?,
        ];
        let (address, controller) = (ports[0].local_addr()?, ports[1].local_addr()?);
        drop(ports);
        let kafka = Self {
            jars: jars.to_path_buf(),
            folder: folder.to_path_buf(),
            address,
        };
        let mut lines = format!(
            "process.roles=broker,controller\nnode.id=1\n\
             controller.quorum.bootstrap.servers={controller}\n\
             listeners=PLAINTEXT://{address},CONTROLLER://{controller}\n\
             advertised.listeners=PLAINTEXT://{address},CONTROLLER://{controller}\n\
             inter.broker.listener.name=PLAINTEXT\ncontroller.listener.names=CONTROLLER\n\
             listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT\n\
             log.dirs={}\noffsets.topic.replication.factor=1\n\
             transaction.state.log.replication.factor=1\ntransaction.state.log.min.isr=1\n",
            folder.join("data").display()
        );
        for setting in settings {
            lines.push_str(setting);
            lines.push('\n');
        }
        std::fs::write(kafka.settings(), lines)?;
        std::fs::write(
            kafka.folder.join("log4j2.yaml"),
            "Configuration: { Loggers: { Root: { level: OFF } } }\n",
        )?;
        let id = kafka.tool(&["random-uuid"])?;
        let id = id.lines().last().context("a cluster id")?.trim();
        let settings = kafka.settings().display().to_string();
        kafka.tool(&["format", "--standalone", "-t", id, "-c", &settings])?;
        Ok(kafka)
    }

    /// The broker: 1 GiB of heap, as Kafka's start script has it.
    pub(crate) fn server(&self) -> Command {
        let mut java = self.java();
        java.args(["-Xms1g", "-Xmx1g", "-server", "-XX:+UseG1GC"]);
        java.args([
            "-XX:MaxGCPauseMillis=20",
            "-XX:+ExplicitGCInvokesConcurrent",
        ]);
        java.arg("kafka.Kafka").arg(self.settings());
        java
    }

    fn tool(&self, arguments: &[&str]) -> Result<String> {
        let mut java = self.java();
        let output = java
            .arg("kafka.tools.StorageTool")
            .args(arguments)
            .output()
            .context("start java")?;
        ensure!(
            output.status.success(),
            "StorageTool {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn java(&self) -> Command {
        let mut java = Command::new("java");
        java.arg(format!(
            "-Dlog4j2.configurationFile={}",
            self.folder.join("log4j2.yaml").display()
        ));
        java.arg("-cp").arg(self.jars.join("*"));
        java
    }

    fn settings(&self) -> PathBuf {
        self.folder.join("server.properties")
    }
}
