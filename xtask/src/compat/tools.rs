//! Kafka's own command line tools and verifiable clients.

use super::kafka::tool;
use super::report::{Report, Verdict};
use super::server::{Broker, Server};
use super::tool_clients;
use super::tool_shell::{Said, TOOLS, ToolShell};
use crate::shell::output;
use anyhow::{Context, Result, bail, ensure};
use std::cell::RefCell;

/// Runs all of them against one broker.
pub(crate) fn run(server: &mut Server, report: &mut Report) -> Result<()> {
    let bench = Bench {
        broker: server.broker(),
        folder: server.folder().to_path_buf(),
        shell: RefCell::new(ToolShell::start(server)?),
    };
    let cases: [Case; 8] = [
        ("topics", Bench::topics),
        ("configs", Bench::configs),
        ("console-clients", Bench::console),
        ("offsets", Bench::offsets),
        ("delete-records", Bench::delete_records),
        ("reassignments", Bench::reassignments),
        ("cluster", Bench::cluster),
        ("transactions", Bench::transactions),
    ];
    for (name, case) in tool_clients::CASES.iter().chain(&cases) {
        report.case(name, case(&bench).map(|()| Verdict::Pass));
    }
    Ok(())
}

/// A name, and what is done.
pub(crate) type Case = (&'static str, fn(&Bench) -> Result<()>);

/// The tools, and the broker that they talk to.
pub(crate) struct Bench {
    pub(crate) broker: Broker,
    folder: std::path::PathBuf,
    shell: RefCell<ToolShell>,
}

impl Bench {
    /// Runs a tool with this input.
    fn say(&self, class: &str, arguments: &[&str], input: &str) -> Result<Said> {
        self.shell.borrow_mut().run(class, arguments, input)
    }

    /// Runs a tool that must succeed, and returns what it said.
    pub(crate) fn must(&self, class: &str, arguments: &[&str]) -> Result<String> {
        self.shell.borrow_mut().must(class, arguments)
    }

    /// The same in a process of its own, for a tool that says the last thing as its process ends.
    pub(crate) fn alone(&self, class: &str, arguments: &[&str]) -> Result<String> {
        let address = self.shell.borrow().bootstrap.clone();
        let mut command = tool(&format!("{TOOLS}{class}"))?;
        command.args(["--bootstrap-server", &address]);
        output(command.args(arguments))
    }

    /// Runs a tool whose answer must hold a text, whether it calls that a success or not.
    pub(crate) fn tells(&self, class: &str, arguments: &[&str], wanted: &str) -> Result<()> {
        let said = self.say(class, arguments, "")?.text;
        ensure!(
            said.contains(wanted),
            "{class} {}: {said}",
            arguments.join(" ")
        );
        Ok(())
    }

    pub(crate) fn create(&self, topic: &str, partitions: &str) -> Result<()> {
        let arguments = ["--create", "--topic", topic, "--partitions", partitions];
        self.must("TopicCommand", &arguments).map(drop)
    }

    fn topics(&self) -> Result<()> {
        let topic = "TopicCommand";
        self.create("made", "3")?;
        let refused = |arguments: &[&str], wanted| {
            let said = self.say(topic, arguments, "")?;
            let met = said.text.contains(wanted) || said.log.contains(wanted);
            ensure!(!said.good && met, "{}", said.text);
            anyhow::Ok(())
        };
        refused(&["--create", "--topic", "made"], "already exists")?;
        refused(&["--create", "--topic", "a/b"], "InvalidTopicException")?;
        let nonsense = ["--create", "--topic", "other", "--config", "nonsense=1"];
        refused(&nonsense, "InvalidConfigurationException")?;
        self.must(topic, &["--alter", "--topic", "made", "--partitions", "5"])?;
        let fewer = ["--alter", "--topic", "made", "--partitions", "2"];
        refused(&fewer, "InvalidPartitionsException")?;
        self.tells(
            topic,
            &["--describe", "--topic", "made"],
            "PartitionCount: 5",
        )?;
        self.tells(topic, &["--list"], "made")?;
        self.must(topic, &["--delete", "--topic", "made"])?;
        ensure!(
            !self.must(topic, &["--list"])?.contains("made"),
            "not deleted"
        );
        Ok(())
    }

    fn configs(&self) -> Result<()> {
        let config = "kafka.admin.ConfigCommand";
        self.create("configured", "1")?;
        let of = |kind, name, value: &str, wanted: &str| {
            let place = ["--entity-type", kind, "--entity-name", name];
            let add = ["--alter", "--add-config", value];
            self.must(config, &[&place[..], &add[..]].concat())?;
            self.tells(config, &[&place[..], &["--describe"][..]].concat(), wanted)
        };
        let wanted = "cleanup.policy=compact,delete sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:\
                      cleanup.policy=compact,delete, DEFAULT_CONFIG:log.cleanup.policy=delete}";
        of(
            "topics",
            "configured",
            "cleanup.policy=[compact,delete]",
            wanted,
        )?;
        let wanted = "DYNAMIC_TOPIC_CONFIG:retention.ms=5}";
        of("topics", "configured", "retention.ms=5", wanted)?;
        let wanted = "DYNAMIC_BROKER_CONFIG:log.retention.ms=100000000";
        of("brokers", "0", "log.retention.ms=100000000", wanted)?;
        let wanted = "DEFAULT_CONFIG:group.consumer.session.timeout.ms=45000";
        of("groups", "any", "consumer.session.timeout.ms=50000", wanted)?;
        of(
            "clients",
            "any",
            "producer_byte_rate=1000000",
            "producer_byte_rate=1000000",
        )
    }

    fn console(&self) -> Result<()> {
        self.create("console", "3")?;
        let input: String = (0..1000).map(|n| format!("k{n}:v{n}\n")).collect();
        let how = ["--reader-property", "parse.key=true"];
        let more = ["--reader-property", "key.separator=:", "--topic", "console"];
        let said = self.say(
            "ConsoleProducer",
            &[how, [more[0], more[1]], [more[2], more[3]]].concat(),
            &input,
        )?;
        ensure!(said.good, "{}", said.text);
        let read = [
            "--topic",
            "console",
            "--from-beginning",
            "--max-messages",
            "1000",
        ];
        let limit = ["--timeout-ms", "20000"];
        let text = self.must(
            "consumer.ConsoleConsumer",
            &[&read[..], &limit[..]].concat(),
        )?;
        let mut values: Vec<&str> = text.lines().filter(|line| line.starts_with('v')).collect();
        values.sort_unstable();
        values.dedup();
        ensure!(values.len() == 1000, "{} of 1000 values", values.len());
        Ok(())
    }

    fn offsets(&self) -> Result<()> {
        for (time, wanted) in [
            ("latest", 1000),
            ("earliest", 0),
            ("1000", 0),
            ("earliest-local", 0),
        ] {
            let arguments = ["--topic", "console", "--time", time];
            let text = self.must("GetOffsetShell", &arguments)?;
            let sum: i64 = text
                .lines()
                .filter(|line| line.starts_with("console:"))
                .filter_map(|line| line.rsplit(':').next()?.parse::<i64>().ok())
                .sum();
            ensure!(sum == wanted, "{time}: {text}");
        }
        Ok(())
    }

    fn delete_records(&self) -> Result<()> {
        let topic = "verifiable-classic";
        // How many records the producer gave to this partition is its own affair.
        let ends = self.must("GetOffsetShell", &["--topic", topic, "--time", "latest"])?;
        let of_first = format!("{topic}:0:");
        let end = ends
            .lines()
            .find_map(|line| line.trim().strip_prefix(&of_first))
            .context("the end of partition 0")?;
        let file = self.folder.join("delete.json");
        let json = format!(
            r#"{{"version":1,"partitions":[{{"topic":"{topic}","partition":0,"offset":{end}}}]}}"#
        );
        std::fs::write(&file, json)?;
        let file = file.display().to_string();
        let arguments = ["--offset-json-file", file.as_str()];
        let told = format!("low_watermark: {end}");
        self.tells("DeleteRecordsCommand", &arguments, &told)?;
        let first = ["--topic", topic, "--time", "earliest"];
        self.tells("GetOffsetShell", &first, &format!("{of_first}{end}"))
    }

    fn reassignments(&self) -> Result<()> {
        let file = self.folder.join("reassign.json");
        let json =
            r#"{"version":1,"partitions":[{"topic":"console","partition":0,"replicas":[0]}]}"#;
        std::fs::write(&file, json)?;
        let file = file.display().to_string();
        let reassign = "reassign.ReassignPartitionsCommand";
        self.tells(reassign, &["--list"], "No partition reassignments found")?;
        let which = ["--reassignment-json-file", file.as_str()];
        self.must(reassign, &[&["--execute"][..], &which[..]].concat())?;
        self.tells(
            reassign,
            &[&["--verify"][..], &which[..]].concat(),
            "completed",
        )?;
        let elect = [
            "--election-type",
            "PREFERRED",
            "--topic",
            "console",
            "--partition",
            "0",
        ];
        self.tells("LeaderElectionCommand", &elect, "already elected")
    }

    fn cluster(&self) -> Result<()> {
        self.tells(
            "BrokerApiVersionsCommand",
            &[],
            "Produce(0): 0 to 13 [usable: 13]",
        )?;
        self.tells("FeatureCommand", &["describe"], "metadata.version")?;
        self.tells(
            "MetadataQuorumCommand",
            &["describe", "--status"],
            "LeaderId:",
        )?;
        self.tells(
            "MetadataQuorumCommand",
            &["describe", "--replication"],
            "Leader",
        )?;
        let dirs = ["--describe", "--topic-list", "console"];
        self.tells("LogDirsCommand", &dirs, "\"isFuture\":false")?;
        // This one wants its verb first.
        let id = ["cluster-id", "--bootstrap-server", "{address}"];
        let text = self.must("ClusterTool", &id)?;
        ensure!(text.contains("Cluster ID: "), "{text}");
        Ok(())
    }

    fn transactions(&self) -> Result<()> {
        self.create("copied", "1")?;
        let producer = [
            "--topic",
            "copied",
            "--num-records",
            "2000",
            "--record-size",
            "100",
        ];
        let how = ["--throughput", "-1", "--transactional-id", "measured"];
        let pace = ["--transaction-duration-ms", "50"];
        self.must(
            "ProducerPerformance",
            &[&producer[..], &how[..], &pace[..]].concat(),
        )?;
        self.tells("TransactionsCommand", &["list"], "measured")?;
        let describe = ["describe", "--transactional-id", "measured"];
        self.tells("TransactionsCommand", &describe, "CompleteCommit")?;
        let producers = [
            "describe-producers",
            "--topic",
            "copied",
            "--partition",
            "0",
        ];
        self.tells("TransactionsCommand", &producers, "None")?;
        let read = [
            "--topic",
            "copied",
            "--from-beginning",
            "--max-messages",
            "2000",
        ];
        let how = [
            "--isolation-level",
            "read_committed",
            "--timeout-ms",
            "20000",
        ];
        let said = self.say(
            "consumer.ConsoleConsumer",
            &[&read[..], &how[..]].concat(),
            "",
        )?;
        if !said.text.contains("Processed a total of 2000 messages") {
            bail!(
                "not 2000 committed records: {}",
                said.text.lines().last().unwrap_or_default()
            );
        }
        Ok(())
    }
}
