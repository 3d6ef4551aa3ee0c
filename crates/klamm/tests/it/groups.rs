//! Groups through the program: reading as a member, and administration.

use crate::node::Node;
use serde_json::Value;

const QUICK: &[&str] = &[
    "group.initial.rebalance.delay.ms=0",
    "offsets.topic.num.partitions=3",
];

/// Three records of long ago.
const OF_1970: &[u8] = br#"{"value":"a","timestamp":1000}
{"value":"b","timestamp":2000}
{"value":"c","timestamp":3000}
"#;

fn start(folder: &tempfile::TempDir) -> Node {
    let node = Node::start_with(&folder.path().join("data"), QUICK);
    node.run(&[
        "topic",
        "create",
        "t",
        "--partitions",
        "1",
        "--config",
        "retention.ms=-1",
    ]);
    node
}

fn consume(node: &Node, group: &str, count: &str) -> String {
    let from = ["--from", "beginning", "--count", count];
    node.run(&[&["consume", "t", "--group", group][..], &from].concat())
}

/// A member that stays, until it is dropped.
struct Reader(std::process::Child);

impl Reader {
    fn start(node: &Node, group: &str, more: &[&str]) -> Self {
        use std::io::BufRead;
        let mut child = node.consuming(
            "t",
            &[&["--group", group, "--from", "beginning"], more].concat(),
        );
        let mut line = String::new();
        let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        assert!(!line.is_empty());
        // What it prints later has to go somewhere.
        std::thread::spawn(move || for _ in out.lines() {});
        Self(child)
    }

    /// Waits until it has read enough.
    fn wait(mut self) {
        assert_eq!(self.0.wait().unwrap().code(), Some(0));
    }

    /// Asks it to stop, as Ctrl-C does.
    fn stop(mut self) {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        assert_eq!(self.0.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn partition(described: &[Value]) -> &Value {
    &described[0]["partitions"][0]
}

#[test]
fn a_group_is_read_listed_described_and_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let node = start(&folder);
    node.run_with_input(&["produce", "t", "--input", "json"], OF_1970);
    assert_eq!(consume(&node, "g", "2"), "a\nb\n");
    assert_eq!(consume(&node, "g", "1"), "c\n");

    assert_eq!(node.run(&["group", "list"]), "g\n");
    let listed = node.json(&["group", "list", "--state", "Empty"]);
    assert_eq!(listed[0]["groups"][0]["kind"], "classic");
    assert_eq!(listed[0]["groups"][0]["protocol"], "consumer");
    assert_eq!(node.run(&["group", "list", "--state", "Stable"]), "");
    let described = node.json(&["group", "describe", "g"]);
    assert_eq!(described[0]["state"], "Empty");
    assert_eq!(partition(&described)["committed"], 3);
    assert_eq!(partition(&described)["lag"], 0);
    assert_eq!(partition(&described)["lag_ms"], 0);

    let forgot = node.json(&["group", "delete-offsets", "g", "--topic", "t"]);
    assert_eq!(forgot[0]["deleted"][0]["partition"], 0);
    node.run(&[
        "group",
        "reset-offsets",
        "new",
        "--topic",
        "t",
        "--to",
        "2",
        "--execute",
    ]);
    assert_eq!(consume(&node, "new", "1"), "c\n");
    assert_eq!(node.run(&["group", "delete", "new"]), "deleted new\n");
    let gone = node.try_run(&["group", "describe", "new"], b"");
    assert_eq!(gone.code, 1);
    assert!(
        gone.err.contains("GROUP_ID_NOT_FOUND") && gone.err.contains("group list"),
        "{}",
        gone.err
    );
}

#[test]
fn a_group_is_sent_anywhere_but_only_on_demand() {
    let folder = tempfile::tempdir().unwrap();
    let node = start(&folder);
    node.run_with_input(&["produce", "t", "--input", "json"], OF_1970);
    assert_eq!(consume(&node, "g", "3"), "a\nb\nc\n");
    // Without --execute nothing happens.
    let reset = |more: &[&str]| -> i64 {
        let all = [&["group", "reset-offsets", "g"][..], more].concat();
        node.json(&all)[0]["partitions"][0]["offset"]
            .as_i64()
            .unwrap()
    };
    assert_eq!(reset(&["--topic", "t", "--to", "beginning"]), 0);
    assert_eq!(
        partition(&node.json(&["group", "describe", "g"]))["committed"],
        3
    );
    for (more, offset) in [
        (&["--topic", "t:0", "--to", "end"][..], 3),
        (&["--all-topics", "--to", "1"], 1),
        (&["--all-topics", "--to", "99"], 3),
        (&["--all-topics", "--to", "-1"], 2),
        (&["--all-topics", "--to", "@2000"], 1),
        (&["--all-topics", "--shift", "-2"], 1),
        (&["--all-topics", "--shift", "-20"], 0),
        (&["--all-topics", "--back", "1h"], 3),
        (&["--all-topics", "--to-current"], 3),
    ] {
        assert_eq!(reset(more), offset, "{more:?}");
    }
    assert_eq!(reset(&["--all-topics", "--to", "@2000", "--execute"]), 1);
    let described = node.json(&["group", "describe", "g"]);
    assert_eq!(partition(&described)["lag"], 2);
    // The first unread record is of 1970.
    assert!(partition(&described)["lag_ms"].as_i64().unwrap() > 1_000_000_000_000);
    let text = node.run(&["group", "describe", "g"]);
    assert!(
        text.contains("g (classic): Empty") && text.contains("BEHIND"),
        "{text}"
    );

    let csv = node.run(&[
        "group",
        "reset-offsets",
        "g",
        "--all-topics",
        "--shift",
        "1",
        "--csv",
    ]);
    assert_eq!(csv, "t,0,2\n");
    let file = folder.path().join("offsets.csv");
    std::fs::write(&file, csv).unwrap();
    assert_eq!(
        reset(&["--from-file", file.to_str().unwrap(), "--execute"]),
        2
    );
    assert_eq!(consume(&node, "g", "1"), "c\n");
}

#[test]
fn a_live_classic_group_is_described_and_refuses_to_be_set() {
    let folder = tempfile::tempdir().unwrap();
    let node = start(&folder);
    node.run_with_input(&["produce", "t"], b"a\nb\n");
    let reader = Reader::start(&node, "g", &[]);
    let described = node.json(&["group", "describe", "g"]);
    assert_eq!(described[0]["state"], "Stable");
    let member = &described[0]["members"][0];
    assert_eq!(
        (&member["state"], &member["client"]),
        (&"reads".into(), &"klamm".into())
    );
    assert_eq!(member["assignment"][0]["topic"], "t");
    assert!(member["last_pause_ms"].is_i64() && member["heard_ms"].is_i64());
    assert!(member["wait"].is_null() && member["moving_ms"].is_null());
    let text = node.run(&["group", "describe", "g"]);
    assert!(text.contains("HEARD") && text.contains("PAUSE"), "{text}");
    let set = [
        "group",
        "reset-offsets",
        "g",
        "--topic",
        "t",
        "--to",
        "beginning",
    ];
    assert_eq!(node.json(&set)[0]["live"], true);
    let refused = node.try_run(&[&set[..], &["--execute"]].concat(), b"");
    assert_eq!(refused.code, 1);
    assert!(
        refused.err.contains("1 members of the classic protocol"),
        "{}",
        refused.err
    );
    let refused = node.try_run(&["group", "delete", "g"], b"");
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("stop its members"), "{}", refused.err);
    let refused = node.try_run(&["group", "delete-offsets", "g", "--topic", "t"], b"");
    assert_eq!(refused.code, 1);
    // It commits what it printed, and leaves.
    reader.stop();
    let described = node.json(&["group", "describe", "g"]);
    assert_eq!(described[0]["members"].as_array().unwrap().len(), 0);
    assert_eq!(partition(&described)["committed"], 2);
}

#[test]
fn a_live_group_of_the_consumer_protocol_is_described_and_sent_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let node = start(&folder);
    node.run_with_input(&["produce", "t"], b"a\nb\n");
    let reader = Reader::start(
        &node,
        "g",
        &["-X", "group.protocol=consumer", "--count", "4"],
    );
    let described = node.json(&["group", "describe", "g"]);
    assert_eq!(
        (&described[0]["kind"], &described[0]["assignor"]),
        (&"consumer".into(), &"uniform".into())
    );
    let member = &described[0]["members"][0];
    assert_eq!(member["target"][0]["topic"], "t");
    assert!(member["last_pause_ms"].is_i64() && member["heard_ms"].is_i64());
    assert!(member["fetched_ms"].is_i64(), "{member}");
    assert!(member.get("lag").is_some() && member.get("lag_ms").is_some());
    let listed = node.json(&["group", "list", "--kind", "consumer"]);
    assert_eq!(listed[0]["groups"][0]["group"], "g");
    let set = [
        "group",
        "reset-offsets",
        "g",
        "--topic",
        "t",
        "--to",
        "beginning",
        "--execute",
    ];
    assert_eq!(node.json(&set)[0]["live"], true);
    // It comes back, prints the two again, and has had enough.
    reader.wait();
    let described = node.json(&["group", "describe", "g"]);
    assert_eq!(partition(&described)["committed"], 2);
}
