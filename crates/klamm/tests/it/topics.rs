//! Topics, settings and the cluster, through the program.

use crate::node::Node;
use serde_json::Value;

fn names(lines: &[Value]) -> Vec<String> {
    let topics = lines[0]["topics"].as_array().unwrap();
    topics
        .iter()
        .map(|t| t["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn topics_live_and_die() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(&folder.path().join("data"));
    node.run(&[
        "topic",
        "create",
        "a",
        "--partitions",
        "3",
        "--config",
        "retention.ms=1000",
    ]);
    node.run(&["topic", "create", "b", "--if-not-exists"]);
    node.run(&["topic", "create", "b", "--if-not-exists"]);
    let again = node.try_run(&["topic", "create", "a"], b"");
    assert_eq!(again.code, 1, "{}", again.out);
    assert!(again.err.contains("already exists"), "{}", again.err);
    assert_eq!(names(&node.json(&["topic", "list"])), ["a", "b"]);
    assert_eq!(node.run(&["topic", "list"]), "a\nb\n");

    let described = node.json(&["topic", "describe", "a"]);
    assert_eq!(
        described[0]["topics"][0]["partitions"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    node.run(&["topic", "alter", "a", "--partitions", "5"]);
    let described = node.json(&["topic", "describe", "a"]);
    assert_eq!(
        described[0]["topics"][0]["partitions"]
            .as_array()
            .unwrap()
            .len(),
        5
    );
    assert!(
        node.run(&["topic", "describe", "a"])
            .contains("retention.ms=1000")
    );

    node.run(&["topic", "delete", "a"]);
    assert_eq!(names(&node.json(&["topic", "list"])), ["b"]);
    let missing = node.try_run(&["topic", "describe", "a"], b"");
    assert_eq!(missing.code, 1);
    assert!(missing.err.contains("→"), "{}", missing.err);
}

#[test]
fn settings_change_at_run_time() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(&folder.path().join("data"));
    node.run(&["topic", "create", "t"]);
    node.run(&[
        "config",
        "alter",
        "topic",
        "t",
        "--set",
        "retention.ms=77",
        "--append",
        "cleanup.policy=compact",
    ]);
    assert_eq!(
        node.run(&["config", "get", "topic", "t", "retention.ms"]),
        "77\n"
    );
    assert_eq!(
        node.run(&["config", "get", "topic", "t", "cleanup.policy"]),
        "delete,compact\n"
    );
    let described = node.json(&["config", "describe", "topic", "t"]);
    let configs = described[0]["configs"].as_array().unwrap();
    assert!(
        configs
            .iter()
            .any(|c| c["name"] == "retention.ms" && c["value"] == "77"),
        "{described:?}"
    );
    let bad = node.try_run(
        &["config", "alter", "topic", "t", "--set", "retention.ms=x"],
        b"",
    );
    assert_eq!(bad.code, 1);
    assert!(bad.err.contains("retention.ms"), "{}", bad.err);
    node.run(&["config", "alter", "topic", "t", "--delete", "retention.ms"]);
    assert_eq!(
        node.run(&["config", "get", "topic", "t", "retention.ms"]),
        "604800000\n"
    );
    node.run(&[
        "config",
        "alter",
        "broker",
        "default",
        "--set",
        "log.retention.ms=99",
    ]);
    assert_eq!(
        node.run(&["config", "get", "topic", "t", "retention.ms"]),
        "99\n"
    );
}

#[test]
fn the_cluster_describes_itself() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start(&folder.path().join("data"));
    let cluster = node.json(&["cluster", "describe"]);
    assert_eq!(cluster[0]["brokers"].as_array().unwrap().len(), 1);
    assert_eq!(cluster[0]["cluster_id"].as_str().unwrap().len(), 22);
    let features = node.json(&["cluster", "features"]);
    assert!(!features[0]["features"].as_array().unwrap().is_empty());
    let quorum = node.json(&["cluster", "quorum"]);
    assert_eq!(quorum[0]["leader_id"], 0);
    let folders = node.json(&["cluster", "log-dirs"]);
    assert_eq!(folders[0]["log_dirs"].as_array().unwrap().len(), 1);
}

#[test]
fn clients_are_told_a_folder_from_the_root_on() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let node = Node::start_with(&data, &["log.dirs=data"]);
    let folders = node.json(&["cluster", "log-dirs"]);
    let told = folders[0]["log_dirs"][0]["folder"].as_str().unwrap();
    assert_eq!(std::path::Path::new(told), data);
}
