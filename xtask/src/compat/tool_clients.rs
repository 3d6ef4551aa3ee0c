//! The clients that Kafka's own system tests use: verifiable producer and consumer, the copier of transactions, the test
//! of a client's compatibility; and the group tools on what these left behind.

use super::server::Broker;
use super::tools::{Bench, Case};
use anyhow::{Result, ensure};

const RECORDS: usize = 10_000;
const COPIED: usize = 2_000;

/// In this order: the later ones use the groups of the earlier ones.
pub(crate) const CASES: &[Case] = &[
    ("verifiable-classic", |bench| {
        verifiable(bench, "classic", &[])
    }),
    ("verifiable-consumer", |bench| {
        verifiable(bench, "consumer", &[])
    }),
    ("verifiable-static", |bench| {
        verifiable(bench, "classic", &["--group-instance-id", "one"])
    }),
    ("verifiable-consumer-static", |bench| {
        verifiable(bench, "consumer", &["--group-instance-id", "one"])
    }),
    ("groups", groups),
    ("copier", |bench| copy(bench, "plain", &[])),
    ("copier-random-aborts", |bench| {
        copy(bench, "aborting", &["--enable-random-aborts"])
    }),
    ("copier-group-aborts", |bench| {
        let how = [
            "--enable-random-aborts",
            "--group-mode",
            "--use-group-metadata",
        ];
        copy(bench, "member", &how)
    }),
    ("client-compatibility", client_compatibility),
];

/// The topic, and the group, of a verifiable run.
fn verifiable_topic(protocol: &str, more: &[&str]) -> String {
    let kind = if more.is_empty() { "" } else { "-static" };
    format!("verifiable-{protocol}{kind}")
}

fn verifiable(bench: &Bench, protocol: &str, more: &[&str]) -> Result<()> {
    let topic = verifiable_topic(protocol, more);
    let count = RECORDS.to_string();
    let arguments = ["--topic", &topic, "--max-messages", &count, "--acks", "-1"];
    let text = bench.alone("VerifiableProducer", &arguments)?;
    let sent = format!("\"sent\":{RECORDS},\"acked\":{RECORDS}");
    ensure!(text.contains(&sent), "no {sent}");
    let who = ["--topic", &topic, "--group-id", &topic];
    let how = [
        "--group-protocol",
        protocol,
        "--reset-policy",
        "earliest",
        "--max-messages",
        &count,
    ];
    let text = bench.alone("VerifiableConsumer", &[&who[..], &how[..], more].concat())?;
    let counts = text
        .lines()
        .filter(|line| line.contains("\"records_consumed\""));
    let read: usize = counts.filter_map(first_count).sum();
    ensure!(read == RECORDS, "{read} of {RECORDS} read");
    Ok(())
}

/// Works on the group that `verifiable` left behind.
fn groups(bench: &Bench) -> Result<()> {
    let tool = "consumer.group.ConsumerGroupCommand";
    let (group, topic) = ("verifiable-classic", "verifiable-classic");
    bench.tells(tool, &["--list"], group)?;
    let text = bench.must(tool, &["--describe", "--group", group])?;
    let lag: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with(group))
        .filter_map(|line| line.split_whitespace().nth(5))
        .collect();
    ensure!(
        !lag.is_empty() && lag.iter().all(|lag| *lag == "0"),
        "{text}"
    );
    for to in [
        &["--to-earliest"][..],
        &["--shift-by", "-10"],
        &["--to-datetime", "2030-01-01T00:00:00.000"],
    ] {
        let which = [
            "--reset-offsets",
            "--group",
            group,
            "--topic",
            topic,
            "--execute",
        ];
        bench.tells(tool, &[&which[..], to].concat(), "NEW-OFFSET")?;
    }
    let delete = ["--delete-offsets", "--group", group, "--topic", topic];
    bench.tells(tool, &delete, "Successful")?;
    bench.tells(
        tool,
        &["--delete", "--group", "nope"],
        "GroupIdNotFoundException",
    )?;
    bench.tells("GroupsCommand", &["--list"], "verifiable-consumer-static")
}

/// Each record arrives once, and the offsets are those of the end, however many transactions are aborted on the way.
fn copy(bench: &Bench, name: &str, how: &[&str]) -> Result<()> {
    let (from, to, group) = (
        format!("{name}-in"),
        format!("{name}-out"),
        format!("{name}-copier"),
    );
    bench.create(&from, "1")?;
    bench.create(&to, "1")?;
    let count = COPIED.to_string();
    bench.alone(
        "VerifiableProducer",
        &["--topic", &from, "--max-messages", &count],
    )?;
    let topics = [
        "--input-topic",
        &from,
        "--input-partition",
        "0",
        "--output-topic",
        &to,
    ];
    let who = [
        "--transactional-id",
        name,
        "--consumer-group",
        &group,
        "--broker-list",
        "{address}",
    ];
    let size = ["--transaction-size", "50"];
    let text = bench.must(
        "TransactionalMessageCopier",
        &[&topics[..], &who[..], &size[..], how].concat(),
    )?;
    ensure!(
        text.contains("\"remaining\":\"0\"") || text.contains("\"remaining\":0"),
        "{}",
        last(&text)
    );
    copied(bench, &to)?;
    let describe = ["--describe", "--group", &group, "--offsets"];
    let text = bench.must("consumer.group.ConsumerGroupCommand", &describe)?;
    let line = text.lines().find(|line| line.starts_with(&group));
    let offset = line.and_then(|line| line.split_whitespace().nth(3));
    ensure!(
        offset == Some(count.as_str()),
        "the committed offset: {text}"
    );
    Ok(())
}

/// What was committed: every number that was sent, once.
fn copied(bench: &Bench, topic: &str) -> Result<()> {
    let count = COPIED.to_string();
    let read = ["--topic", topic, "--from-beginning", "--group", "reader"];
    let end = ["--timeout-ms", "30000", "--max-messages", &count];
    let committed = ["--isolation-level", "read_committed"];
    let arguments = [&read[..], &end[..], &committed[..]].concat();
    let text = bench.must("consumer.ConsoleConsumer", &arguments)?;
    let values = text.lines().filter_map(|line| line.trim().parse().ok());
    let mut values: Vec<usize> = values.collect();
    values.sort_unstable();
    ensure!(
        values.iter().copied().eq(0..COPIED),
        "{} of {COPIED}, or not the same",
        values.len()
    );
    Ok(())
}

/// What Kafka's test finds out about a broker; ACLs are not served here yet.
fn client_compatibility(bench: &Bench) -> Result<()> {
    bench.create("compatible", "1")?;
    let acls = if bench.broker == Broker::Kafka {
        "True"
    } else {
        "False"
    };
    let mut arguments = vec!["--topic", "compatible", "--num-cluster-nodes", "1"];
    for (feature, there) in [
        ("--offsets-for-times-supported", "True"),
        ("--cluster-id-supported", "True"),
        ("--expect-record-too-large-exception", "False"),
        ("--create-topics-supported", "True"),
        ("--describe-acls-supported", acls),
        ("--describe-configs-supported", "True"),
        ("--idempotent-producer-supported", "True"),
    ] {
        arguments.extend([feature, there]);
    }
    bench.tells("ClientCompatibilityTest", &arguments, "SUCCESS.")
}

fn last(text: &str) -> &str {
    text.lines().last().unwrap_or_default()
}

/// The number behind the first `"count":`.
fn first_count(line: &str) -> Option<usize> {
    let (_, rest) = line.split_once("\"count\":")?;
    rest.split([',', '}']).next()?.parse().ok()
}
